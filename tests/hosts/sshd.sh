# shellcheck shell=bash disable=SC2034,SC2154
# hosts/sshd.sh: a private sshd, stock, on a free port of 127.0.0.1, with a
# test user of its own. Nothing of this machine's /etc is touched, so it runs
# in a plain chroot too: users come from nss_wrapper, PAM services from a
# folder (hostshim.so). Needs root, as sshd does.
#
#	sshd_init DIR		DIR/home, DIR/pam.d, DIR/hostkey, ...
#	sshd_start [LINE...]	lines of sshd_config that come first
#	sshd_stop, sshd_done	done: and gives /run/sshd back
#
# Sets SSHD_DIR, SSHD_PORT, SSHD_PID, SSHD_CLIENT (options of ssh); logs to $SSHD_DIR/sshd.log and, what
# goes to syslog, $SSHD_DIR/syslog.

SSHD_USER=alice
SSHD_UID=4242
SSHD_PID=

sshd_init() {
	SSHD_DIR=$1
	mkdir -p "$SSHD_DIR/pam.d" "$SSHD_DIR/home" || return
	# The user's shell starts in its home.
	chmod 711 "$SSHD_DIR"
	chown "$SSHD_UID:$SSHD_UID" "$SSHD_DIR/home"
	{
		grep -v "^$SSHD_USER:" /etc/passwd
		echo "$SSHD_USER:x:$SSHD_UID:$SSHD_UID::$SSHD_DIR/home:/bin/sh"
	} >"$SSHD_DIR/passwd"
	{
		grep -v "^$SSHD_USER:" /etc/group
		echo "$SSHD_USER:x:$SSHD_UID:"
	} >"$SSHD_DIR/group"
	chmod 644 "$SSHD_DIR/passwd" "$SSHD_DIR/group"
	[ -f "$SSHD_DIR/hostkey" ] ||
		ssh-keygen -q -t ed25519 -N '' -C '' -f "$SSHD_DIR/hostkey" || return
	: >"$SSHD_DIR/sshd.log"
	: >"$SSHD_DIR/syslog"
	# What a distribution's files include.
	local type
	for type in account session; do
		echo "$type required pam_permit.so" >"$SSHD_DIR/pam.d/common-$type"
	done
	for type in auth account password session; do
		echo "$type required pam_deny.so"
	done >"$SSHD_DIR/pam.d/other"
}

# sshd does not start without /run/sshd, and a machine whose own sshd never
# ran does not have it. Who made it removes it; tests run side by side, so
# the last of them does. The users of one that we made stand in a file.
SSHD_RUN=/run/sshd
SSHD_RUN_USERS=/run/jwtgate-test-sshd

# sshd_run_join PID
sshd_run_join() {
	(
		flock 9
		if [ ! -d "$SSHD_RUN" ]; then
			mkdir -m 755 "$SSHD_RUN" && : >>"$SSHD_RUN_USERS"
		fi
		if [ -f "$SSHD_RUN_USERS" ] && ! grep -qx "$1" "$SSHD_RUN_USERS"; then
			echo "$1" >>"$SSHD_RUN_USERS"
		fi
	) 9</run
}

# sshd_run_leave PID
sshd_run_leave() {
	(
		local pid left=
		flock 9
		[ -f "$SSHD_RUN_USERS" ] || exit 0
		while read -r pid; do
			if [ "$pid" != "$1" ] && kill -0 "$pid" 2>/dev/null; then
				left="$left$pid"$'\n'
			fi
		done <"$SSHD_RUN_USERS"
		printf '%s' "$left" >"$SSHD_RUN_USERS"
		[ -n "$left" ] || { rmdir "$SSHD_RUN"; rm "$SSHD_RUN_USERS"; }
	) 9</run
}

sshd_config() {
	local line
	for line; do
		echo "$line"
	done
	cat <<-END
		Port $SSHD_PORT
		ListenAddress 127.0.0.1
		HostKey $SSHD_DIR/hostkey
		PidFile $SSHD_DIR/sshd.pid
		AuthorizedKeysFile $SSHD_DIR/authorized_keys
		StrictModes no
		MaxStartups 1000
		MaxAuthTries 20
		LogLevel DEBUG3
		PrintMotd no
		Include $top_srcdir/etc/ssh/sshd_config.d/jwtgate.conf
	END
}

# One try on one port. Returns 1 when the port is somebody else's.
sshd_try() {
	local log=$SSHD_DIR/sshd.log i
	sshd_config "$@" >"$SSHD_DIR/sshd_config"
	rm -f "$SSHD_DIR/sshd.pid"
	TEST_PAM_CONFDIR=$SSHD_DIR/pam.d TEST_SYSLOG=$SSHD_DIR/syslog \
		NSS_WRAPPER_PASSWD=$SSHD_DIR/passwd \
		NSS_WRAPPER_GROUP=$SSHD_DIR/group \
		LD_PRELOAD=$preload_first$HOSTSHIM:libnss_wrapper.so \
		setsid /usr/sbin/sshd -D -f "$SSHD_DIR/sshd_config" -E "$log" \
		</dev/null >>"$log" 2>&1 &
	SSHD_PID=$!
	for ((i = 0; i < 500; i++)); do
		[ -s "$SSHD_DIR/sshd.pid" ] && return 0
		kill -0 "$SSHD_PID" 2>/dev/null || break
		sleep 0.02
	done
	sshd_stop
	return 1
}

# Options of a stock ssh that knows this sshd, and nothing of what this
# machine's configuration says.
sshd_know() {
	echo "[127.0.0.1]:$SSHD_PORT $(cat "$SSHD_DIR/hostkey.pub")" \
		>"$SSHD_DIR/known_hosts"
	SSHD_CLIENT=(-F none -p "$SSHD_PORT" -o IdentityAgent=none
		-o "UserKnownHostsFile=$SSHD_DIR/known_hosts"
		-o GlobalKnownHostsFile=none -o StrictHostKeyChecking=yes
		-o NumberOfPasswordPrompts=1)
}

sshd_start() {
	local i
	sshd_run_join $$
	for ((i = 0; i < 20; i++)); do
		SSHD_PORT=$((20000 + RANDOM % 40000))
		if sshd_try "$@"; then
			sshd_know
			return 0
		fi
	done
	echo "sshd did not start:" >&2
	tail -n 5 "$SSHD_DIR/sshd.log" >&2
	return 1
}

sshd_stop() {
	[ -n "$SSHD_PID" ] || return 0
	kill "$SSHD_PID" 2>/dev/null
	wait "$SSHD_PID" 2>/dev/null
	SSHD_PID=
}

# Undoes sshd_init and sshd_start, but for the folder.
sshd_done() {
	sshd_stop
	sshd_run_leave $$
}
