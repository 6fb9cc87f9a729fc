#!/bin/bash
# Dovecot's auth_policy over the TCP listener, as doc/CLIENTS.md has both: a
# private Dovecot, whose files lie beside the system (scripts/deps). What
# imap-login would ask its auth process is asked in its own protocol.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"
# shellcheck source=tests/fraudd/lib.sh
. "$top_srcdir/tests/fraudd/lib.sh"

need curl python3 redis-cli
LIB=$BESIDE/usr/lib/dovecot
[ -x "$LIB/auth" ] || skip_all "dovecot is not unpacked: run scripts/deps"
[ "$(id -u)" -eq 0 ] || skip_all "dovecot's master needs root"

SECRET=fedcba9876543210-of-the-test
PORT=$(free_port)
place() {
	sed "s|127.0.0.1:4001|127.0.0.1:$PORT|; s|THE-SECRET|$SECRET|
		s|/etc/jwtgate/fraudd.secret|$T/secret|"
}
echo "$SECRET" >"$T/secret"
rule='"rules": [{"name": "users", "event": "login", "count": "distinct user",
	"limit": 3, "window": 60}]'
mkdir -m 700 "$T/state"
start_fraudd "$rule, $(recipe dovecot.json | place)"

chmod 711 "$T"
mkdir -m 755 "$T/run"
DOVE_PATH=$LIB:$LIB/modules/old-stats
{
	cat <<-END
		base_dir = $T/run
		state_dir = $T/run
		libexec_dir = $LIB
		log_path = $T/dovecot.log
		import_environment = TZ LD_LIBRARY_PATH=$DOVE_PATH
		default_internal_user = nobody
		default_internal_group = nogroup
		default_login_user = daemon
		protocols =
		ssl = no
		auth_failure_delay = 0
		auth_verbose = yes
		service anvil {
		  unix_listener anvil-auth-penalty {
		    mode = 0
		  }
		}
		passdb {
		  driver = static
		  args = password=right
		}
		userdb {
		  driver = static
		  args = uid=nobody gid=nogroup home=$T
		}
	END
	recipe dovecot.conf | place
} >"$T/dovecot.conf"
LD_LIBRARY_PATH=$DOVE_PATH "$BESIDE/usr/bin/doveconf" -f service=master \
	-c "$T/dovecot.conf" -m master -e "$BESIDE/usr/sbin/dovecot" -F \
	-c "$T/dovecot.conf" >"$T/dovecot.out" 2>&1 &
DOVE_PID=$!
at_exit "kill $DOVE_PID 2>/dev/null; wait $DOVE_PID"
until_true [ -S "$T/run/auth-client" ] || {
	diag "$T/dovecot.out"
	diag "$T/dovecot.log"
	echo "Bail out! dovecot does not start"
	exit 99
}

cat >"$T/login.py" <<'END'
import base64
import os
import socket
import sys

path, user, password, ip, session = sys.argv[1:]
s = socket.socket(socket.AF_UNIX)
s.settimeout(10)
s.connect(path)
f = s.makefile("rw")
f.write("VERSION\t1\t1\nCPID\t%d\n" % os.getpid())
f.flush()
while f.readline() not in ("DONE\n", ""):
    pass
resp = base64.b64encode(("\0%s\0%s" % (user, password)).encode()).decode()
f.write("AUTH\t1\tPLAIN\tservice=imap\trip=%s\tsession=%s\tresp=%s\n"
        % (ip, session, resp))
f.flush()
print(f.readline().split("\t")[0].strip())
END
denied() {
	curl -s --unix-socket "$SOCK" http://fraudd/metrics |
		sed -n 's/^fraudd_access_denied_total //p'
}
# login USER PASSWORD [IP]: OK or FAIL
n=0
login() {
	n=$((n + 1))
	python3 "$T/login.py" "$T/run/auth-client" "$1" "$2" \
		"${3:-192.0.2.1}" "session$n.$RANDOM"
}
is "$(login anna right)" OK "the right password"
is "$(login bert right)" OK "of another user"
is "$(login carl right)" OK "of a third: successes were taken back"
is "$(login anna wrong)" FAIL "a wrong password"
is "$(login bert wrong)" FAIL "another"
is "$(login carl right)" FAIL "the third user, with the right one: refused"
like "$T/dovecot.log" 'policy|too many' "dovecot's log says why"
is "$(login carl right 192.0.2.2)" OK "elsewhere it is let in"
is "$(denied)" 0 "the secret was right"
unlike "$T/fraudd.log" "$SECRET" "and is in no log"

accept "fraudd ends" stop_fraudd
is "$(login carl right)" OK "without fraudd: as auth_policy_reject_on_fail says"
echo "another-secret-altogether" >"$T/secret"
start_fraudd "$rule, $(recipe dovecot.json | place)"
is "$(login dora right 192.0.2.9)" OK "a secret that is not fraudd's"
is "$(r SHOW ip 192.0.2.9)" "" "counts nothing"
like <(denied) '^[1-9]' "and is counted as denied"

done_testing
