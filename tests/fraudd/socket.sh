#!/bin/bash
# The socket: other dialects, pieces, silence, greed, and who may open it.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"
# shellcheck source=tests/fraudd/lib.sh
. "$top_srcdir/tests/fraudd/lib.sh"

need nc python3
start_fraudd '"rules": [{"name": "mailers", "event": "smtp", "key": "ip",
	"count": "attempts", "limit": 2, "window": 60}]'

is "$(printf 'PING\nECHO "a b"\n' | talk | tr '\n' ' ')" '+PONG $3 a b ' \
	"nc: lines of words"
is "$(printf 'PI' | talk)" "" "half a word gets no answer"
is "$(printf 'P' | talk)" "" "nor does what could be two dialects"
printf '*1\r\n$4\r\nPING\r\n*1\r\n:1\r\n*1\r\n$4\r\nPING\r\n' | talk >"$T/out"
is "$(cat "$T/out")" "+PONG
-ERR Protocol error: expected '\$'" "bad framing is said, then it is over"
policy='request=smtpd_access_policy\nclient_address=192.0.2.1\nsender=a@b\n\n'
# shellcheck disable=SC2059 # it is a format
printf "$policy$policy" | talk >"$T/out"
is "$(cat "$T/out")" "action=DUNNO

action=REJECT Too many attempts" "Postfix: two requests in a row"
is "$(printf 'request=smtpd_access_policy\nnonsense\n\n' | talk)" "" \
	"Postfix: what is broken gets no answer"

# The rest in Python, which can hold many sockets at once.
told_by peers.py "$SOCK" "$FRAUDD_PID"

is "$(stat -c %a "$SOCK")" 660 "the socket's mode"
refuse any "a second daemon does not take the socket" \
	"$FRAUDD" -c "$T/fraudd.json"
like "$T/err" 'another process' "it says why"
is "$(printf 'PING\n' | talk)" "+PONG" "and the first one serves on"
kill -KILL "$FRAUDD_PID"
wait "$FRAUDD_PID" 2>/dev/null
FRAUDD_PID=
: >"$T/fraudd.log"
start_fraudd
is "$(printf 'PING\n' | talk)" "+PONG" "what a killed one left is replaced"
stop_fraudd
echo precious >"$SOCK"
refuse any "what is no socket is not replaced" "$FRAUDD" -c "$T/fraudd.json"
is "$(cat "$SOCK")" precious "it is still there"
rm "$SOCK"

# Two sockets with different rights, and answers that wait for the disk.
start_fraudd '"durability": "attempt", "listeners": [{"path": "'"$T/two"'",
	"access": [{"user": "'"$ME"'", "may": ["read"]}]}]'
attempt='ATTEMPT card ip 192.0.2.1 last4 4242 expiry 12/27'
is "$(printf '%s\n%s\n' "$attempt" "$attempt" | talk | grep -c allow)" 2 \
	"durability attempt: a pipeline"
like <(printf '%s\n' "$attempt" | nc -N -U "$T/two") '^-NOPERM' \
	"another socket, other rights"
if command -v curl >/dev/null; then
	card='{"event":"card","ip":"192.0.2.1","last4":"0001","expiry":"12/27"}'
	for s in "$SOCK" "$T/two"; do
		curl -s -w ' %{http_code}' --max-time 10 --unix-socket "$s" \
			-d "$card" http://x/v1/attempts
		echo
	done >"$T/out" 2>&1
	is "$(grep -c '"count":2.* 200' "$T/out")" 1 \
		"durability attempt: HTTP waits too"
	is "$(grep -c 'no right to this.* 403' "$T/out")" 1 \
		"HTTP: another socket, other rights"
fi
stop_fraudd

if command -v systemd-socket-activate >/dev/null; then
	write_config
	systemd-socket-activate -l "$SOCK" "$FRAUDD" -c "$T/fraudd.json" \
		2>"$T/fraudd.log" &
	pid=$!
	until_true test -S "$SOCK"
	is "$(printf 'PING\n' | talk)" "+PONG" "a socket from systemd"
	kill -TERM $pid
	wait $pid
	like <(ls "$T") '^s$' "its file is systemd's to remove"
	rm -f "$SOCK"
	systemd-socket-activate -l "$T/other" "$FRAUDD" -c "$T/fraudd.json" \
		2>"$T/fraudd.log" &
	pid=$!
	until_true test -S "$T/other"
	printf 'PING\n' | timeout 10 nc -N -U "$T/other" >"$T/out"
	wait $pid
	is $? 2 "one that the configuration does not name stops it"
	like "$T/fraudd.log" 'must be the same' "and it says why"
	rm -f "$T/other" "$SOCK"
else
	pass "a socket from systemd # SKIP no systemd-socket-activate"
fi

done_testing
