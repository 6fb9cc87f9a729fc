#!/bin/bash
# WATCH over a real socket, in Python, which can hold many of them at once;
# and what those see who may not read.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"
# shellcheck source=tests/fraudd/lib.sh
. "$top_srcdir/tests/fraudd/lib.sh"

need python3 nc curl
rules='"rules": [{"name": "few", "event": "card", "count": "distinct card",
	"limit": 3}]'
start_fraudd "$rules"
told_by watch.py "$SOCK"

# turns: how many turns of the loop the histogram has
turns() {
	curl -s --unix-socket "$SOCK" http://fraudd/metrics |
		sed -n 's/^fraudd_turn_seconds_count //p'
}
before=$(turns)
curl -s --unix-socket "$SOCK" http://fraudd/healthz >/dev/null
accept "the histogram of turns has HTTP's" test "$(turns)" -ge $((before + 2))
accept "an orderly end" stop_fraudd

start_fraudd "$rules"', "access": [{"user": "'"$ME"'", "may": ["count"]}]'
{
	printf 'WATCH\n'
	for n in 1 2 3; do
		printf 'ATTEMPT card ip 192.0.2.1 last4 000%s expiry 12/27\n' $n
	done
} | talk >"$T/out"
like "$T/out" '^attempt$' "to count is enough to watch"
unlike "$T/out" '192\.0\.2\.1' "but not to see addresses"
is "$(grep -A 2 -x value "$T/out" | sed -n '3p' | wc -c)" 23 \
	"it sees an id instead"
stop_fraudd

# A limit on the size of files is like a full disk: it kills nobody.
(
	ulimit -f 1
	write_config "$rules"
	exec "$FRAUDD" -c "$T/fraudd.json" >"$T/fraudd.out" 2>>"$T/fraudd.log"
) &
FRAUDD_PID=$!
accept "with a limit on the size of files it starts" \
	until_true grep -q "is ready" "$T/fraudd.log"
is "$(printf 'PING\n' | talk)" "+PONG" "and serves"
like "$T/fraudd.log" 'file size limit' "and says what is wrong"
accept "an orderly end again" stop_fraudd

done_testing
