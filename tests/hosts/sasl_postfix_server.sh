# shellcheck shell=bash disable=SC2034,SC2154
# A private Postfix: own configuration, queue, data and log, own ports, and
# Debian's chroots, of which the queue is the root. It is master itself that
# runs, not "postfix start", which would go into the background.
#
#	postfix_config DIR	with lines of main.cf from standard input
#	postfix_listen DIR [OPTION...]	one more smtpd, sets SMTP_PORT
#	postfix_jail DIR	jwtgate's files, in the chroot and outside
#	postfix_start DIR PLUGINS	waits for the last of them

postfix_config() {
	local dir=$1
	mkdir -p "$dir/sasl" "$dir/queue" "$dir/data"
	chown postfix "$dir/data"
	cat >"$dir/master.cf" <<-END
		pickup   unix n - y 60 1 pickup
		cleanup  unix n - y - 0 cleanup
		qmgr     unix n - n 1 1 qmgr
		tlsmgr   unix - - y 1000? 1 tlsmgr
		rewrite  unix - - y - - trivial-rewrite
		bounce   unix - - y - 0 bounce
		defer    unix - - y - 0 bounce
		trace    unix - - y - 0 bounce
		verify   unix - - y - 1 verify
		flush    unix n - y 1000? 0 flush
		proxymap unix - - n - - proxymap
		error    unix - - y - - error
		retry    unix - - y - - error
		discard  unix - - y - - discard
		smtp     unix - - y - - smtp
		anvil    unix - - y - 1 anvil
		scache   unix - - y - 1 scache
		postlog  unix-dgram n - n - 1 postlogd
	END
	{
		cat <<-END
			compatibility_level = 3.6
			myhostname = mail.example.org
			inet_interfaces = 127.0.0.1
			inet_protocols = ipv4
			queue_directory = $dir/queue
			data_directory = $dir/data
			command_directory = /usr/sbin
			daemon_directory = /usr/lib/postfix/sbin
			shlib_directory = /usr/lib/postfix
			meta_directory = /etc/postfix
			cyrus_sasl_config_path = $dir/sasl
			import_environment = MAIL_CONFIG MAIL_LOGTAG TZ SASL_PATH
			maillog_file = $HOST_LOG
			maillog_file_prefixes = $T
			mydestination =
			mynetworks =
			alias_maps =
			alias_database =
			local_recipient_maps =
			smtpd_peername_lookup = no
			anvil_rate_time_unit = 1s
		END
		cat -
	} >"$dir/main.cf"
}

postfix_listen() {
	local dir=$1 option
	shift
	SMTP_PORT=$(free_port)
	echo "127.0.0.1:$SMTP_PORT inet n - y - - smtpd" >>"$dir/master.cf"
	for option; do
		echo "  -o $option" >>"$dir/master.cf"
	done
}

# Inside and outside they have one name, and are the same: what a bind mount
# does, without a mount.
postfix_jail() {
	mkdir -p "$1/queue$T"
	mv "$T/jwtgate" "$1/queue$T/jwtgate" &&
		ln -s "$1/queue$T/jwtgate" "$T/jwtgate"
}

# postfix_start DIR PLUGINS
postfix_start() {
	# makes the folders of the queue, and says what is wrong
	postfix -c "$1" check >"$T/postfix-check" 2>&1 || {
		diag "$T/postfix-check" >&2
		return 1
	}
	host_start "$SMTP_PORT" env "SASL_PATH=$2" \
		/usr/lib/postfix/sbin/master -c "$1" -d
}
