#!/bin/bash
# The program: its options, its configuration, SIGHUP, RELOAD, rights.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"
# shellcheck source=tests/fraudd/lib.sh
. "$top_srcdir/tests/fraudd/lib.sh"

need nc

accept "-V" "$FRAUDD" -V
like "$T/out" '^fraudd \(jwtgate\) [0-9]' "the version"
accept "-h" "$FRAUDD" -h
refuse 2 "an unknown option" "$FRAUDD" -x
refuse 2 "an operand" "$FRAUDD" x
refuse 2 "-t: a file that is not there" "$FRAUDD" -t -c "$T/none.json"
default=$("$FRAUDD" -h | sed -n 's/.*, else //p')
if [ ! -e "$default" ]; then
	accept "-t: no file at all" "$FRAUDD" -t
	like "$T/err" "$default is not there" "it says so"
fi
write_config
accept "-t: a good file" "$FRAUDD" -t -c "$T/fraudd.json"
like "$T/out" 'fraudd.json: ok$' "it says so"
write_config '"limmit": 3'
refuse 2 "-t: a misspelt key" "$FRAUDD" -t -c "$T/fraudd.json"
like "$T/err" 'fraudd.json:[0-9]+:[0-9]+: .*limmit' "it says where and what"
refuse 2 "nor does it start" "$FRAUDD" -c "$T/fraudd.json"
write_config '"access": [{"user": "no-such-user", "may": ["count"]}]'
refuse 2 "-t: a user that does not exist" "$FRAUDD" -t -c "$T/fraudd.json"
like "$T/err" 'no user no-such-user' "it says which"
for members in '"socket_group": "no-such-group"' \
	'"listeners": [{"path": "'"$T/two"'", "group": "no-such-group"}]'; do
	write_config "$members"
	refuse 2 "-t: a socket's group that does not exist" \
		"$FRAUDD" -t -c "$T/fraudd.json"
	like "$T/err" 'no group no-such-group' "it says which"
done
write_config '"user": "no-such-user"'
refuse 2 "-t: a user to become that does not exist" \
	"$FRAUDD" -t -c "$T/fraudd.json"

rule() {
	echo '"rules": [{"name": "'"$1"'", "event": "card", "key": "ip",
		"count": "distinct card", "limit": '"$2"', "window": 3600}]'
}
attempt() {
	printf 'ATTEMPT card ip 192.0.2.1 last4 %s expiry 12/27\n' "$1" |
		talk | sed -n '3p;/^:/p' | tr '\n' ' '
}
start_fraudd "$(rule a 2)"
is "$(attempt 0001)" "allow :1 :2 :0 " "limit 2: the first card"
write_config "$(rule a 3)"
kill -HUP "$FRAUDD_PID"
until_true grep -q "new configuration is in force" "$T/fraudd.log"
is "$(attempt 0002)" "allow :2 :3 :0 " "SIGHUP: limit 3, and the count stays"
write_config '"rules": 5'
kill -HUP "$FRAUDD_PID"
until_true grep -q "old configuration stays" "$T/fraudd.log"
like "$T/fraudd.log" 'fraudd.json:[0-9]+:[0-9]+: rules: .*the old config' \
	"a bad file: it says what is wrong, and that the old one stays"
like <(attempt 0003) '^deny .*:3 :3 ' "and so it does"
like <(printf 'RELOAD\n' | talk) '^-ERR .*rules' "RELOAD says it to the caller"
write_config "$(rule a 4), \"state_dir\": \"$T/other\""
is "$(printf 'RELOAD\n' | talk | cut -c1-4)" "-ERR" "a key twice is refused"
write_config "$(rule a 4)"
is "$(printf 'RELOAD\n' | talk)" "+OK" "RELOAD of a good file"
sed -i 's|/s"|/t"|' "$T/fraudd.json"
like <(printf 'RELOAD\n' | talk) '^-ERR other sockets take a restart' \
	"RELOAD: what needs a restart is refused"

# Rights are taken away from those who are connected, too.
write_config
mkfifo "$T/in"
nc -U "$SOCK" <"$T/in" >"$T/got" &
pid=$!
exec 9>"$T/in"
echo "FORGET ip 192.0.2.1" >&9
until_true grep -q '^:' "$T/got"
write_config '"access": [{"user": "'"$ME"'", "may": ["count"]}]'
kill -HUP "$FRAUDD_PID"
until_true test "$(grep -c 'in force' "$T/fraudd.log")" -ge 3
echo "PING" >&9
until_true grep -q '^+PONG' "$T/got"
echo "FORGET ip 192.0.2.1" >&9
until_true grep -q '^-NOPERM' "$T/got"
like "$T/got" '^-NOPERM' "a reload takes rights from an open connection"
exec 9>&-
kill $pid 2>/dev/null
wait $pid 2>/dev/null
# Nor do requests that stand behind RELOAD have the rights from before it, in
# the same read and in memory that is free by now: freed memory is overwritten
# here, so that a look into it is seen.
stop_fraudd
export MALLOC_PERTURB_=170
start_fraudd '"access": [{"user": "'"$ME"'", "may": ["count", "admin"]}]'
write_config '"access": [{"user": "'"$ME"'", "may": ["count", "admin"],
	"events": ["login"]}]'
card='ATTEMPT card ip 192.0.2.9 last4 0001 expiry 12/27'
is "$(printf '%s\nRELOAD\n%s\nPING\n' "$card" "$card" | talk |
	sed -n '3p;/^+/p;/^-/p' | cut -c1-7 | tr '\n' ' ')" \
	"allow +OK -NOPERM +PONG " "behind RELOAD the event is refused"
write_config '"access": [{"user": "'"$ME"'", "may": ["count"]}]'
is "$(printf 'RELOAD\n%s\nFORGET ip 192.0.2.9\n' "$card" | talk |
	sed -n '/^+/p;/^-/p;/^allow/p' | cut -c1-7 | tr '\n' ' ')" \
	"+OK allow -NOPERM " "behind RELOAD an event is allowed, a right gone"
unset MALLOC_PERTURB_
stop_fraudd
start_fraudd '"access": [{"user": "'"$ME"'", "may": ["count"]}]'
like <(printf 'BLOCK ip 192.0.2.1\n' | talk) '^-NOPERM' "count is not admin"
like <(printf 'SHOW ip 192.0.2.1\n' | talk) '^-NOPERM' "count is not read"
like <(attempt 0001) '^allow' "count is count"

# A state folder that takes nothing: counts go on, promises do not.
stop_fraudd
rm -rf "$T/state"
echo x >"$T/state"
start_fraudd
like "$T/fraudd.log" 'the journal keeps nothing' "no journal: the log says so"
is "$(attempt 0001)" "allow :1 :10 :0 " "no journal: counts go on"
like <(printf 'BLOCK ip 192.0.2.1\n' | talk) '^-UNAVAILABLE' \
	"no journal: a block is not promised"
like <(printf 'ONCE jti x 4102444800\n' | talk) '^-UNAVAILABLE' \
	"no journal: nor a mark"
if command -v curl >/dev/null; then
	curl -s --unix-socket "$SOCK" -i http://x/healthz >"$T/out"
	like "$T/out" '^HTTP/1.1 503' "no journal: /healthz"
fi
stop_fraudd
rm -f "$T/state"

if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null &&
	setpriv --reuid nobody --regid nogroup --clear-groups true; then
	chmod 755 "$T"
	start_fraudd '"socket_mode": "0666", "access": [
		{"user": "root", "may": ["count", "read", "admin"]},
		{"group": "daemon", "may": ["count"], "events": ["card"]}]'
	as() {
		printf '%s\n' "$2" | setpriv --reuid nobody --regid nogroup \
			--groups "$1" nc -N -U "$SOCK" | tr -d '\r' | sed -n 1p
	}
	like <(as nogroup "PING") '^.PONG' "nobody: PING"
	like <(as nogroup "STATS") '^-NOPERM' "nobody: nothing else"
	like <(as daemon "ATTEMPT card ip 192.0.2.7 last4 1111 expiry 01/27") \
		'^\*6' "a supplementary group: its event"
	like <(as daemon "ATTEMPT login ip 192.0.2.7 user x") '^-NOPERM' \
		"a supplementary group: not another event"
	like <(as daemon "BLOCK ip 192.0.2.7") '^-NOPERM' "nor a block"
	like <(printf 'BLOCK ip 192.0.2.7\n' | talk) '^.OK' "root: a block"
	if command -v curl >/dev/null; then
		is "$(setpriv --reuid nobody --regid nogroup --clear-groups \
			curl -s -o /dev/null -w '%{http_code}' --unix-socket \
			"$SOCK" http://x/v1/sources/192.0.2.7)" 403 \
			"HTTP: nobody may not read"
	fi
	stop_fraudd
	rm -rf "$T/state"
	: >"$T/fraudd.log"
	start_fraudd '"user": "nobody"'
	is "$(ps -o user= -p "$FRAUDD_PID" | tr -d ' ')" nobody \
		"user: it is somebody else now"
	is "$(stat -c %U "$T/state")" nobody "and its state is theirs"
	is "$(printf 'BLOCK ip 192.0.2.7\n' | talk)" "+OK" "which it keeps"
else
	pass "rights of other users # SKIP not root"
fi

done_testing
