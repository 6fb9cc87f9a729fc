#!/bin/bash
# fraudctl, as its manual page has it, against a fraudd of its own.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"
# shellcheck source=tests/fraudd/lib.sh
. "$top_srcdir/tests/fraudd/lib.sh"

need redis-cli python3
FRAUDCTL=$top_builddir/tools/fraudctl
rules='"rules": [{"name": "few", "event": "card", "limit": 3},
	{"name": "tokens", "event": "login", "key": "user",
	"count": "distinct token", "limit": 2, "window": 600},
	{"name": "free", "event": "login", "key": "user", "count": "attempts",
	"limit": 1, "mode": "shadow"}]'

ctl() {
	"$FRAUDCTL" -s "$SOCK" "$@"
}

# json KEY...: a value of the JSON in $T/out; list indices are numbers
json() {
	python3 -c '
import json, sys
value = json.load(open(sys.argv[1]))
for key in sys.argv[2:]:
    value = value[int(key) if isinstance(value, list) else key]
print(value)' "$T/out" "$@"
}

card() {
	r ATTEMPT card ip "$1" last4 "$2" expiry 12/27
}

start_fraudd "$rules"
for last4 in 0001 0002 0003; do
	card 203.0.113.7 $last4 >"$T/answer"
done
id=$(tail -n 1 "$T/answer")
r ATTEMPT login user alice token one >/dev/null

accept "show: an address" ctl show 203.0.113.7
like "$T/out" '^few +ip +203\.0\.113\.7 +blocked +deny +3/3 +' "its entry"
accept "show: several keys, in every form" \
	ctl show 203.0.113.7 user=alice user alice ip 203.0.113.7
is "$(grep -c '203.0.113.7' "$T/out")" 2 "the address twice"
is "$(grep -c '^tokens .* 1/2 ' "$T/out")" 2 "and the user twice"
is "$(grep -c '(shadow)' "$T/out")" 2 "a shadow is called one"
unlike "$T/out" alice "names are not known, so not shown"
refuse 1 "show: nothing there is 1" ctl show 203.0.113.8
refuse 2 "show: what is no key is 2" ctl show nobody
accept "show: JSON" ctl --json show 203.0.113.7
is "$(json 0 count)" 3 "with the count"

accept "why: a key" ctl why 203.0.113.7
like "$T/out" '^ip 203\.0\.113\.7 is denied$' "what is so"
like "$T/out" 'rule +few, for card: 3 distinct card within 1h$' "which rule"
like "$T/out" 'count +3 of 3$' "which count"
like "$T/out" 'since +20[0-9-]+T[0-9:]+Z$' "since when"
like "$T/out" 'until +20[0-9-]+T[0-9:]+Z, in (1h|59m [0-9]+s)' "until when"
sed 's/, in .*//' "$T/out" >"$T/why" # a second may pass in between
accept "why: the id of the attempt" ctl why "$id"
is "$(sed 's/, in .*//' "$T/out")" "$(cat "$T/why")" "says the same"
accept "why: JSON" ctl -j why "$id"
is "$(json 0 value)" 203.0.113.7 "with the key"
refuse 1 "why: an id of nobody" ctl why AAAAAAAAAAAAAAAAAAAAAA

accept "block: a prefix, for a time" ctl block 198.51.100.0/24 2h
accept "block: a user, for ever" ctl block user=bob
accept "block: two words and a time" ctl block user carol 600
refuse 2 "block: no time" ctl block 198.51.100.1 soon
refuse 1 "block: what fraudd refuses" ctl block colour=red
like "$T/err" 'unknown key' "it says why"
is "$(card 198.51.100.9 0001 | head -n 1)" deny "the block is in force"
accept "why: an operator's block" ctl why 198.51.100.9
like "$T/out" 'blocked by an operator' "it says whose"
accept "unblock" ctl unblock 198.51.100.0/24
is "$(card 198.51.100.9 0001 | head -n 1)" allow "it is free"
refuse 1 "unblock: there was none" ctl unblock 198.51.100.0/24
accept "forget" ctl forget 203.0.113.7
refuse 1 "forget: nothing there" ctl forget 203.0.113.7

for n in $(seq 1 3000); do
	echo "ATTEMPT card ip 10.0.$((n / 250)).$((n % 250)) last4 0001" \
		"expiry 12/27"
done | talk | grep -c allow >"$T/out"
is "$(cat "$T/out")" 3000 "many addresses"
accept "list: all of them" ctl list single
is "$(grep -c '^few ' "$T/out")" 3001 "over many pages"
accept "list: JSON, one a line" ctl -j list operator
is "$(wc -l <"$T/out")" 2 "both blocks"
refuse 1 "list: no such class" ctl list colour

accept "stats" ctl stats
like "$T/out" '^attempts +[1-9]' "a counter"
like "$T/out" '^few +card +3001 ' "a rule"
accept "stats: JSON" ctl stats --json
is "$(json rules 0 rule)" few "with the rules"
accept "top: what is no terminal gets one screen" ctl top
like "$T/out" '^denied +[0-9.]+/s +#*\.* ' "a bar of verdicts"
like "$T/out" '^memory .* of 1[56]M' "and of memory"
like "$T/out" '^few +allow +10\.0\.' "and the hottest keys"
unlike "$T/out" $'\033' "no control sequence"
accept "top: JSON" ctl top --json --rows 5
is "$(json top 4 rule)" few "as many keys as asked for"
if command -v script >/dev/null; then
	mkfifo "$T/keys"
	script -qec "$FRAUDCTL -s $SOCK top -i 1" /dev/null \
		<"$T/keys" >"$T/out" &
	top=$!
	exec 9>"$T/keys"
	accept "top: on a terminal it draws" until_true grep -q $'\033\\[H' "$T/out"
	printf q >&9
	wait "$top"
	is $? 0 "until q"
	exec 9>&-
	like "$T/out" $'\033\\[H' "it redraws"
	like "$T/out" $'\033\\[\\?25h' "and leaves the cursor visible"
fi

ctl watch >"$T/watch" &
watcher=$!
at_exit 'kill $watcher 2>/dev/null'
until_true sh -c 'redis-cli -s "$1" STATS | grep -A1 -x watchers | grep -x 1' \
	sh "$SOCK"
for last4 in 0001 0002 0003; do
	card 203.0.113.9 $last4 >/dev/null
done
ctl forget 203.0.113.9
until_true grep -q forget "$T/watch"
is "$(wc -l <"$T/watch")" 2 "watch: what is denied, and what is done"
like "$T/watch" "^20[0-9-]+T[0-9:.]+Z deny card few ip 203\.0\.113\.9 3/3 retry 3[0-9]+ id [A-Za-z0-9_-]{22}$" \
	"watch: one line each"
like "$T/watch" 'Z forget ip 203\.0\.113\.9$' "watch: operators too"

accept "reload" ctl reload
accept "rotate" ctl rotate
refuse 1 "rotate: not twice" ctl rotate
like "$T/err" 'previous key is still needed' "it says why"
accept "an orderly end" stop_fraudd
wait $watcher
is $? 3 "watch: ends with 3 when the daemon goes"
refuse 3 "nobody there is 3" ctl stats
refuse 2 "no command is 2" ctl
refuse 2 "an unknown command is 2" ctl shwo 1.2.3.4
like "$T/err" 'did you mean show' "it has a guess"
refuse 2 "too many operands is 2" ctl stats now
refuse 3 "a full standard output is 3" sh -c '"$1" --help >/dev/full' sh \
	"$FRAUDCTL"

start_fraudd "$rules"', "access": [{"user": "'"$ME"'", "may": ["count"]}]'
card 203.0.113.7 0001 >/dev/null
refuse 1 "without the right: 1" ctl show 203.0.113.7
like "$T/err" NOPERM "it says so"
refuse 1 "nor is there a list" ctl list
is "$(cat "$T/out")" "" "not even its head"
accept "top is for everybody" ctl top
unlike "$T/out" '203\.0' "but addresses are not"
stop_fraudd

done_testing
