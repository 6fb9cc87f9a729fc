#!/bin/bash
# Stock clients of Redis: redis-cli, redis-benchmark, hiredis, Python's redis.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"
# shellcheck source=tests/fraudd/lib.sh
. "$top_srcdir/tests/fraudd/lib.sh"

need redis-cli redis-benchmark
start_fraudd

card() {
	r --raw ATTEMPT card ip "$1" last4 "$2" expiry 12/27 | head -n 5 |
		tr '\n' ' '
}

is "$(r PING)" PONG "redis-cli: PING"
is "$(r ECHO 'a b')" "a b" "redis-cli: a blank in a word"
for i in 1 2 3 4 5 6 7 8 9; do
	is "$(card 203.0.113.7 "000$i")" "allow  $i 10 0 " "card $i is allowed"
done
is "$(card 203.0.113.7 0001)" "allow  9 10 0 " "a card seen before adds nothing"
like <(card 203.0.113.7 9999) '^deny card-shotgun 10 10 36[0-9][0-9] $' \
	"the tenth card is denied, with the rule and the time to wait"
like <(card 203.0.113.7 0001) '^deny card-shotgun 10 10' \
	"and so is everything from there"
is "$(card 203.0.113.8 0001)" "allow  1 10 0 " "a neighbour is not"
is "$(card ::ffff:203.0.113.8 0001)" "allow  1 10 0 " \
	"a mapped address is the IPv4 address"
like <(r ATTEMPT card ip 203.0.113.999 last4 1 expiry 12/27) \
	'^ERR ip: ' "what is no address is an error"
like <(printf 'FOO\nPING\n' | redis-cli -s "$SOCK" 2>&1) '^PONG$' \
	"the connection goes on after an error"
like <(r INFO) '^fraudd_version:' "redis-cli: INFO"
redis-benchmark -s "$SOCK" -q -n 2000 -c 20 -P 16 PING >"$T/out" 2>&1
like "$T/out" 'requests per second' "redis-benchmark, pipelined"
unlike "$T/out" '[Ee]rror|WARN' "redis-benchmark has nothing to complain of"
redis-benchmark -s "$SOCK" -q -n 2000 -c 20 ATTEMPT card ip 192.0.2.1 \
	last4 4242 expiry 12/27 >"$T/out" 2>&1
like "$T/out" 'requests per second' "redis-benchmark: ATTEMPT"
is "$(card 192.0.2.1 4242)" "allow  1 10 0 " "2000 times one card is one card"

if pkg-config --exists hiredis; then
	# shellcheck disable=SC2046,SC2086 # several words
	accept "a program with hiredis builds" ${CC:-cc} -o "$T/client" \
		$(pkg-config --cflags hiredis) \
		"$top_srcdir/tests/fraudd/hiredis.c" \
		$(pkg-config --libs hiredis)
	accept "hiredis: answers have the types they should" \
		"$T/client" "$SOCK"
else
	pass "hiredis # SKIP it is missing"
fi

# Debian's python: another one in PATH has none of Debian's modules.
if /usr/bin/python3 -c 'import redis' 2>/dev/null; then
	accept "Python: redis.Redis works, and pipelines" \
		/usr/bin/python3 "$top_srcdir/tests/fraudd/client.py" "$SOCK"
else
	pass "Python # SKIP python3-redis is missing"
fi

stop_fraudd
is $? 0 "SIGTERM ends it with 0"
is "$(ls "$SOCK" 2>/dev/null)" "" "and its socket file is gone"
start_fraudd
like <(card 203.0.113.7 0001) '^deny card-shotgun 10 10' \
	"who was blocked is blocked after a restart"

done_testing
