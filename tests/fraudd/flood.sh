#!/bin/bash
# A flood over the socket, by clients that fill it and some that never read:
# the honest beside them get the right verdict, and in their turn.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"
# shellcheck source=tests/fraudd/lib.sh
. "$top_srcdir/tests/fraudd/lib.sh"

need python3
start_fraudd '"memory": "4M", "rules": [
	{"name": "few", "event": "card", "limit": 3}]'
at_exit 'kill -CONT "$FRAUDD_PID" 2>/dev/null'
told_by flood.py "$SOCK" "$FRAUDD_PID"
is "$(wc -l <"$T/out")" 5 "it has said all it has to say"
accept "it ends" stop_fraudd

done_testing
