#!/bin/bash
# kill -9 in a loop under load: after each start every count, block, unblock
# and mark that was acknowledged is there. CRASH_ROUNDS says how often.
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

for ((i = 1; i <= ${CRASH_ROUNDS:-8}; i++)); do
	start_fraudd '"rules": [{"name": "card-shotgun", "event": "card",
		"key": "ip", "count": "distinct card", "limit": 10,
		"window": 36000}]'
	whole "round $i"
	accept "round $i: all that was acknowledged is there" \
		load $((i * 400))
	kill -KILL "$FRAUDD_PID" 2>/dev/null # by now it is dead
	wait "$FRAUDD_PID"
	is $? 137 "round $i: it was killed"
	FRAUDD_PID=
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
