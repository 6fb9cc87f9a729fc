#!/bin/bash
# Another hash key while counts are there: they go on, before and after a
# restart; the old key goes with the last of them, and not before.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"
# shellcheck source=tests/fraudd/lib.sh
. "$top_srcdir/tests/fraudd/lib.sh"

need redis-cli
rules='"rules": [{"name": "tokens", "event": "login", "key": "user",
	"count": "distinct token", "limit": 4, "window": 36000}]'

# count_of USER: the count of an attempt with a token not seen before
count_of() {
	r CHECK login user "$1" token another | sed -n 3p
}

# keys: how many keys the file holds
keys() {
	grep -c '^[0-9]* [0-9a-f]*$' "$T/state/hash.key"
}

one_key() {
	[ "$(keys)" = 1 ]
}

restart() {
	kill -KILL "$FRAUDD_PID"
	wait "$FRAUDD_PID" 2>/dev/null
	: >"$T/fraudd.log"
	start_fraudd "$rules"
}

start_fraudd "$rules"
for token in a b; do
	r ATTEMPT login user alice token $token
done >/dev/null
r BLOCK user bob >/dev/null
is "$(keys)" 1 "at first there is one key"
is "$(r ROTATE)" OK "ROTATE makes another"
is "$(keys)" 2 "the file holds both"
is "$(r ATTEMPT login user alice token a | sed -n 3p)" 2 \
	"what was counted is known under the old key"
is "$(r ATTEMPT login user carol token a | sed -n 3p)" 1 "a new one begins"
r ROTATE >"$T/out"
like "$T/out" '^ERR the previous key is still needed' \
	"a second rotation is refused"
restart
is "$(count_of alice)" 3 "after a restart the old count goes on"
is "$(count_of carol)" 2 "and the new one"
is "$(r CHECK login user bob token a | head -n 1)" deny "the block stands"
is "$(keys)" 2 "both keys are needed still"
r ROTATE >"$T/out"
like "$T/out" '^ERR the previous key is still needed' "and one more refused"
is "$(r FORGET user alice)" 1 "the old count goes"
is "$(r BLOCK user bob)" OK "the old block is said again"
accept "then the old key goes by itself" until_true one_key
like "$T/fraudd.log" 'previous hash key is not needed' "the log says it"
is "$(count_of carol)" 2 "the new count stays"
is "$(r CHECK login user bob token a | head -n 1)" deny "so does the block"
is "$(r ROTATE)" OK "now it may be done again"
restart
is "$(count_of carol)" 2 "the count is older now, and known"
unlike "$T/state/hash.key" 'alice|bob|carol' "no name is in the file"
is "$(stat -c %a "$T/state/hash.key")" 600 "nobody else reads it"
accept "an orderly end" stop_fraudd

done_testing
