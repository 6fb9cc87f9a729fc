#!/bin/bash
# kill -9 in a loop under load: after each start every count, block, unblock
# and mark that was acknowledged is there. CRASH_ROUNDS says how often. With
# redis-benchmark beside it segments are rotated and snapshots written too; no
# more of it than a slow disk can take, or fraudd may say that it lost some.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"
# shellcheck source=tests/fraudd/lib.sh
. "$top_srcdir/tests/fraudd/lib.sh"

need python3

# whole WHAT: what the start said about the state that it found
whole() {
	like "$T/fraudd.log" ' 0 files bad, 0 records missing' \
		"$1: the journal is whole"
}

# shellcheck disable=SC2317 # accept calls it
# load ACKS: checks what there was, adds to it, kills it
load() {
	python3 "$top_srcdir/tests/fraudd/crash.py" "$SOCK" "$FRAUDD_PID" \
		"$T/told" "$1"
}

# Ends with the daemon, or with the test.
stop_flood() {
	[ -z "$flood" ] || kill "$flood" 2>/dev/null
	flood=
}
flood=
at_exit stop_flood

for ((i = 1; i <= ${CRASH_ROUNDS:-8}; i++)); do
	start_fraudd '"rules": [{"name": "card-shotgun", "event": "card",
		"key": "ip", "count": "distinct card", "limit": 10,
		"window": 36000}]'
	whole "round $i"
	if command -v redis-benchmark >/dev/null; then
		redis-benchmark -s "$SOCK" -q -n 150000 -P 64 -c 4 \
			ATTEMPT card ip 203.0.113.7 last4 4242 expiry 12/27 \
			>"$T/flood" 2>&1 &
		flood=$!
	fi
	accept "round $i: all that was acknowledged is there" \
		load $((i * 400 + 2000))
	kill -KILL "$FRAUDD_PID" 2>/dev/null # by now it is dead
	wait "$FRAUDD_PID"
	is $? 137 "round $i: it was killed"
	FRAUDD_PID=
	stop_flood
	: >"$T/fraudd.log"
done

start_fraudd
whole "in the end"
accept "in the end: all that was acknowledged is there" load 0
accept "an orderly end" stop_fraudd

start_fraudd
whole "after an orderly end"
accept "after an orderly end: it is still there" load 0

done_testing
