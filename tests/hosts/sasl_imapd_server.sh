# shellcheck shell=bash disable=SC2034,SC2154
# A private Cyrus IMAP, all of it as user cyrus.
#
#	imapd_config DIR	with lines of imapd.conf from standard input
#	imapd_start DIR		sets IMAP_PORT

imapd_config() {
	local dir=$1
	mkdir -p "$dir"/{spool,run,sock} "$dir"/conf/{db,socket,log,msg,proc,lock}
	{
		cat <<-END
			configdirectory: $dir/conf
			partition-default: $dir/spool
			defaultpartition: default
			servername: localhost
			virtdomains: off
			unixhierarchysep: yes
			failedloginpause: 0
			autocreate_quota: 0
			autocreate_inbox_folders: Sent
			syslog_prefix: cyrus
			lmtpsocket: $dir/sock/lmtp
			idlesocket: $dir/sock/idle
			notifysocket: $dir/sock/notify
			proc_path: $dir/run/proc
			mboxname_lockpath: $dir/run/lock
		END
		cat
	} >"$dir/imapd.conf"
	chown -R cyrus:mail "$dir"
}

imapd_start() {
	local dir=$1
	IMAP_PORT=$(free_port)
	cat >"$dir/cyrus.conf" <<-END
		START {
		  recover cmd="/usr/lib/cyrus/bin/ctl_cyrusdb -C $dir/imapd.conf -r"
		}
		SERVICES {
		  imap cmd="/usr/lib/cyrus/bin/imapd -C $dir/imapd.conf ${IMAPD_OPTIONS--U 30}" listen="127.0.0.1:$IMAP_PORT" prefork=0 maxchild=30
		}
		EVENTS {
		}
	END
	host_start "$IMAP_PORT" env "LD_PRELOAD=$T/shim/hostshim.so" \
		"TEST_SYSLOG=$HOST_LOG" "SASL_PATH=$T/plugins" \
		setpriv --reuid cyrus --regid mail --init-groups \
		/usr/lib/cyrus/bin/master -C "$dir/imapd.conf" \
		-M "$dir/cyrus.conf" -p "$dir/run/master.pid" -D
}
