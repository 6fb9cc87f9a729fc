#!/bin/bash
# A listener on a loopback address, for clients that know no Unix socket:
# HTTP alone, and nothing without the secret.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"
# shellcheck source=tests/fraudd/lib.sh
. "$top_srcdir/tests/fraudd/lib.sh"

need curl nc python3
SECRET=0123456789abcdef-of-the-test
PORT=$(free_port)
printf '%s\n' "$SECRET" >"$T/secret"
rule='"rules": [{"name": "cards", "event": "card", "limit": 3}]'

# listener [MEMBERS]: the entry, with other members if there are any
listener() {
	local more=${1:-'"may": ["count"], "events": ["card"]'}
	echo '"listeners": [{"tcp": "127.0.0.1:'"$PORT"'",
		"secret_file": "'"$T/secret"'", '"$more"'}]'
}
# c PATH OPTION...: the status
c() {
	local path=$1
	shift
	curl -s --max-time 10 -o "$T/body" -w '%{http_code}' "$@" \
		"http://127.0.0.1:$PORT$path"
}
card='{"event":"card","ip":"203.0.113.7","last4":"4242","expiry":"12/27"}'
key="X-API-Key: $SECRET"

start_fraudd "$rule"
is "$(c /healthz)" 000 "off unless the file says otherwise"
stop_fraudd
start_fraudd "$rule, $(listener)"

# --- the secret

is "$(c /v1/attempts -d "$card" -H "$key")" 200 "the secret in X-API-Key"
is "$(c /v1/attempts -d "$card" -u "any:$SECRET")" 200 \
	"the secret as the password of Basic"
for what in "none:X-Other: x" "a wrong one:X-API-Key: ${SECRET%?}x" \
	"a shorter one:X-API-Key: ${SECRET%?}" "a longer one:${key}x" \
	"none in it:X-API-Key;" "half of Basic:Authorization: Basic QQ==" \
	"no base64:Authorization: Basic ???" \
	"another scheme:Authorization: Bearer $SECRET"; do
	is "$(c /v1/attempts -d "$card" -H "${what#*:}")" 401 \
		"refused: ${what%%:*}"
done
like "$T/body" '"error":"who asks is not known here"' "it says no more"
is "$(c /v1/attempts -d "$card" -u "$SECRET:x")" 401 \
	"the secret as a user's name"
for path in /metrics /healthz '/?command=allow' /nothing; do
	is "$(c "$path")" 401 "$path: not without the secret either"
done
is "$(c /v1/attempts -d "$card" -H "$key"; cat "$T/body")" \
	"$(sed 's/^/200/' "$T/body")" "what was refused does not end it"
like "$T/body" '"count":1' "and was not counted"
is "$(printf 'GET /healthz HTTP/1.1\r\nHost: x\r\n%s\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' "$key" |
	nc -N 127.0.0.1 "$PORT" | grep -c 'HTTP/1.1 200')" 1 \
	"the secret is asked of each request, not of a connection"

# --- the rights of the entry

is "$(c /v1/attempts -d '{"event":"login","user":"a"}' -H "$key")" 403 \
	"an event that the entry does not name"
is "$(c /v1/sources/203.0.113.7 -H "$key")" 403 "it may not read"
is "$(c /v1/sources/203.0.113.7 -X DELETE -H "$key")" 403 "nor forget"
is "$(r PING)" PONG "the socket goes on as before"

# --- HTTP alone

for words in 'PING' 'request=smtpd_access_policy\n' \
	'*0\r\n' "AUTH $SECRET\nPING"; do
	printf '%b\n' "$words" | nc -N 127.0.0.1 "$PORT" >"$T/out"
	is "$(cat "$T/out")" "" "no answer to ${words%%[!A-Z=a-z*]*}"
done

# --- a new secret

echo "${SECRET}-anew" >"$T/secret"
kill -HUP "$FRAUDD_PID"
until_true grep -q "new configuration is in force" "$T/fraudd.log"
is "$(c /healthz -H "$key")" 401 "after a reload the old one is refused"
is "$(c /healthz -H "$key-anew")" 200 "and the new one taken"
echo short >"$T/secret"
: >"$T/fraudd.log"
kill -HUP "$FRAUDD_PID"
until_true grep -q "old configuration stays" "$T/fraudd.log"
is "$(c /healthz -H "$key-anew")" 200 "a bad file changes nothing"
unlike "$T/fraudd.log" "$SECRET|short" "no secret in the log"
accept "it ends" stop_fraudd

# --- a flood: everybody may connect, and holds a part of the places at most

cat >"$T/flood" <<'END'
import select, socket, sys, time
held = [socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        for _ in range(200)]
until = time.monotonic() + 60
while time.monotonic() < until:
    closed = select.select(held, [], [], 1)[0]
    if len(closed) >= 200 - int(sys.argv[2]):
        break
for s in held:
    if s not in closed:
        s.sendall(b"GET /healthz HTTP/1.1\r\n")
print(200 - len(closed), flush=True)
sys.stdin.read()
END
printf '#!/bin/sh\nulimit -n 120\nexec %s "$@"\n' "$(realpath "$FRAUDD")" \
	>"$T/limited"
chmod 755 "$T/limited"
unlimited=$FRAUDD
FRAUDD=$T/limited
echo "$SECRET" >"$T/secret"
start_fraudd "$rule, $(listener)"
is "$(c /healthz -H "$key")" 200 "few descriptors, and a place"
mkfifo "$T/hold"
python3 "$T/flood" "$PORT" 30 <"$T/hold" >"$T/out" &
exec 9>"$T/hold"
until_true test -s "$T/out"
is "$(cat "$T/out")" 30 "of 200 connections a quarter of 120 are held"
is "$(c /healthz -H "$key")" 000 "no more of them"
is "$(r PING)" PONG "who uses the socket does not notice"
is "$(curl -s --unix-socket "$SOCK" -o /dev/null -w '%{http_code}' \
	http://x/healthz)" 200 "nor over HTTP"
is "$(for _ in $(seq 40); do echo "PING"; done | talk | grep -c PONG)" 40 \
	"again and again"
until_true grep -q "more than 30 connections over TCP" "$T/fraudd.log"
pass "the log says so"
is "$(grep -c "over TCP" "$T/fraudd.log")" 1 "once"
exec 9>&-
wait $!
serves() {
	[ "$(c /healthz -H "$key")" = 200 ]
}
accept "when they have gone there is room again" until_true serves
accept "it ends" stop_fraudd
FRAUDD=$unlimited
echo short >"$T/secret"

# --- what is no configuration

# bad WHAT REGEX MEMBERS
bad() {
	write_config "$3"
	refuse 2 "-t: $1" "$FRAUDD" -t -c "$T/fraudd.json"
	like "$T/err" "$2" "it says why"
}
bad "a short secret" 'must hold 16 to 256' "$(listener)"
echo "$SECRET with blanks" >"$T/secret"
bad "blanks in a secret" 'no blanks' "$(listener)"
echo "$SECRET" >"$T/secret"
chmod 644 "$T/secret"
refuse any "-t: a secret that all may read" "$FRAUDD" -t -c "$T/fraudd.json"
unlike "$T/err" "$SECRET" "it is not quoted"
chmod 600 "$T/secret"
write_config "$(listener)"
accept "-t: the file as it should be" "$FRAUDD" -t -c "$T/fraudd.json"
mv "$T/secret" "$T/elsewhere"
refuse any "-t: a secret that is not there" "$FRAUDD" -t -c "$T/fraudd.json"
mv "$T/elsewhere" "$T/secret"
bad "a socket's key beside it" 'not with \\"tcp\\"|not with "tcp"' \
	"$(listener '"may": ["count"], "mode": "0600"')"

start_fraudd "$rule, $(listener)"
write_config "$rule, $(listener | sed "s/:$PORT/:1/")"
kill -HUP "$FRAUDD_PID"
until_true grep -q "other sockets take a restart" "$T/fraudd.log"
pass "another port takes a restart"
is "$(c /healthz -H "$key")" 200 "the old one is served on"

done_testing
