#!/bin/bash
# HTTP on the same socket: curl, nginx's question, Dovecot's, Prometheus.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"
# shellcheck source=tests/fraudd/lib.sh
. "$top_srcdir/tests/fraudd/lib.sh"

need curl nc
start_fraudd '"rules": [
	{"name": "card-shotgun", "event": "card", "key": "ip",
	 "count": "distinct card", "limit": 2, "window": 3600},
	{"name": "users", "event": "login", "key": "ip",
	 "count": "distinct user", "limit": 2, "window": 60}]'

# c PATH OPTION...: the body, then the status on a line of its own
c() {
	local path=$1
	shift
	curl -sS --max-time 10 --unix-socket "$SOCK" -w '\n%{http_code}\n' \
		"$@" "http://fraudd$path"
}
card='{"event":"card","ip":"203.0.113.7","last4":"4242","expiry":"12/27"}'

# says WANT_STATUS REGEX WHAT PATH OPTION...
says() {
	local status=$1 regex=$2 what=$3
	shift 3
	c "$@" >"$T/out" 2>&1
	is "$(tail -n 1 "$T/out")" "$status" "$what: $status"
	like "$T/out" "$regex" "$what: the answer"
}

says 200 '^\{"verdict":"allow","rule":null,"count":1,"limit":2,"retry_after":0,"id":"[A-Za-z0-9_-]{22}"\}$' \
	"an attempt" /v1/attempts -d "$card"
says 200 '^\{"verdict":"deny","rule":"card-shotgun","count":2,"limit":2,"retry_after":36[0-9]+,' \
	"another card" /v1/attempts -d "${card/4242/1111}"
says 200 '"entries":\[\{"rule":"card-shotgun","key":"ip","value":"203.0.113.7"' \
	"a source" /v1/sources/203.0.113.7
says 200 '^\{"forgotten":1\}$' "forget it" /v1/sources/203.0.113.7 -X DELETE
says 200 '"entries":\[\]\}$' "it is forgotten" /v1/sources/203.0.113.7
says 400 '"error":"' "a source that is no address" /v1/sources/nowhere

# What is wrong with a body, next to the one above that is right.
says 400 '"error":"' "no JSON" /v1/attempts -d "${card%\}}"
says 400 '^\{"error":"last4: must be a string"\}$' "a wrong type" \
	/v1/attempts -d "${card/\"4242\"/4242}"
says 400 '"error":"colour: ' "an unknown field" \
	/v1/attempts -d "${card/last4/colour}"
says 400 '"error":"expiry: ' "a wrong value" \
	/v1/attempts -d "${card/12\/27/13\/27}"
says 400 '"error":"event: is missing"' "no event" \
	/v1/attempts -d '{"ip":"203.0.113.7"}'
says 400 '"error":"repeated member name' "a field twice" \
	/v1/attempts -d "${card%\}},\"ip\":\"203.0.113.8\"}"
says 400 '"error":"repeated member name' "the event twice" \
	/v1/attempts -d "${card%\}},\"ev\\u0065nt\":\"login\"}"
deep=$(printf '[%.0s' {1..100})
says 400 '"error":"nested too deeply' "too deep" \
	/v1/attempts -d "${card/\"4242\"/$deep${deep//\[/]}}"
says 400 '"error":"not an object' "no object" /v1/attempts -d "[$card]"
says 400 '"error":"something stands behind' "two objects" \
	/v1/attempts -d "$card$card"
says 400 '"error":"rule card-shotgun needs the field card' "a field too few" \
	/v1/attempts -d '{"event":"card","ip":"203.0.113.7"}'
says 400 '"error":"' "no body" /v1/attempts -X POST
says 415 '"error":"' "a Content-Encoding" \
	/v1/attempts -d "$card" -H 'Content-Encoding: gzip'
# The cap, and one byte more.
printf '%s%*s' "$card" $((16384 - ${#card})) '' >"$T/cap"
says 200 '"verdict":"allow"' "a body of 16 KiB" \
	/v1/attempts --data-binary @"$T/cap"
echo >>"$T/cap"
says 413 '"error":"' "one of a byte more" /v1/attempts --data-binary @"$T/cap"
head -c 20000 /dev/zero | tr '\0' a >"$T/big"
says 413 '"error":"' "a body over the cap" /v1/attempts -d @"$T/big"
says 413 '"error":"' "a chunked body over the cap" \
	/v1/attempts -d @"$T/big" -H 'Transfer-Encoding: chunked'
says 200 '"verdict":"allow"' "a chunked body under it" \
	/v1/attempts -d "$card" -H 'Transfer-Encoding: chunked'
says 431 . "headers over the cap" /healthz -H "X: $(cat "$T/big")"
says 404 '"error":"' "another path" /v1/nothing
says 405 '"error":"' "another method" /v1/attempts
says 405 '"error":"' "another method" /metrics -X PUT -d x
says 200 '^\{"status":"ok","journal":"ok"\}$' "the absolute form" / \
	--request-target http://fraudd/healthz

# An id of an answer can be amended, once.
id=$(c /v1/attempts -d "$card" | sed -n 's/.*"id":"\(.*\)"}/\1/p')
says 200 '^\{"amended":1\}$' "an outcome" /v1/outcomes \
	-d '{"id":"'"$id"'","outcome":"success"}'
says 200 '^\{"amended":0\}$' "again" /v1/outcomes \
	-d '{"id":"'"$id"'","outcome":"success"}'

# nginx: three headers and a status.
ask() {
	c /v1/auth_request -H "X-Fraudd-Event: login" \
		-H "X-Fraudd-IP: 198.51.100.1" -H "X-Fraudd-User: $1" -i
}
ask alice >"$T/out"
is "$(tail -n 1 "$T/out")" 204 "auth_request: allowed"
ask bob >"$T/out"
is "$(tail -n 1 "$T/out")" 403 "auth_request: denied"
like "$T/out" '^Retry-After: 6[01]' "auth_request: when to come back"
says 400 '"error":"' "auth_request: no address" /v1/auth_request \
	-H "X-Fraudd-User: alice" -H "X-Fraudd-IP: nowhere"

# Dovecot: allow counts, the second question of a session looks, report
# amends.
dove() {
	says 200 "^\\{\"status\":$1," "$2" "/?command=$3" -d '{"login":"'"$4"'",
		"remote":"192.0.2.1","session_id":"'"$5"'","pwhash":"00",
		"protocol":"imap","device_id":"","tls":false'"${6:-}"'}'
}
dove 0 "auth_policy: the first user" allow alice s1
dove 0 "auth_policy: asked again" allow alice s1
dove 0 "auth_policy: reported" report alice s1 ',"success":true'
dove 0 "auth_policy: a second user, for the first did no harm" allow bob s2
dove -1 "auth_policy: a third user" allow carol s3
says 400 '"error":"' "auth_policy: another command" '/?command=reset' -d '{}'

says 200 '^fraudd_verdicts_total\{rule="card-shotgun",shadow="0",verdict="deny"\} 1$' \
	"metrics" /metrics
unlike "$T/out" '203\.0\.113|198\.51\.100|192\.0\.2' "metrics hold no key"
like "$T/out" '^fraudd_journal_healthy 1$' "metrics: the journal is healthy"

# Several requests of one connection, one of them in two parts.
{
	printf 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nPO'
	sleep 0.1
	printf 'ST /v1/attempts HTTP/1.1\r\nHost: x\r\nConnection: close\r\n'
	printf 'Content-Length: %d\r\n\r\n%s' ${#card} "$card"
} | talk >"$T/out"
is "$(grep -o 'HTTP/1.1 200' "$T/out" | wc -l)" 2 "keep-alive, and a request in parts"
{
	printf 'GE'
	sleep 0.1
	printf 'T /healthz HTTP/1.0\r\n\r\n'
} | talk >"$T/out"
like "$T/out" '^HTTP/1.. 200' "the first bytes in two parts"

# A body never becomes a request of another dialect, nor the other way.
printf 'POST /v1/attempts HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\nPING\r\nPING\r\n' |
	talk >"$T/out"
unlike "$T/out" PONG "words in a body are not commands"
like "$T/out" '^HTTP/1.1 400' "they are bad JSON"
printf 'PING\r\nGET /healthz HTTP/1.1\r\n\r\n' | talk >"$T/out"
unlike "$T/out" HTTP/ "HTTP after words is not HTTP"
like "$T/out" '^-ERR unknown command .GET' "it is an unknown command"

done_testing
