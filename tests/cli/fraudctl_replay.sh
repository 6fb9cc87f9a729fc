#!/bin/bash
# fraudctl without a daemon: rules checked, and logs run through them.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"

FRAUDCTL=$top_builddir/tools/fraudctl
cd "$T" || exit 99

cat >rules.json <<'END'
{"rules": [
 {"name": "logins", "event": "login", "count": "attempts", "limit": 3,
  "window": 60, "extend": "none"},
 {"name": "paths", "event": "login", "count": "distinct path", "limit": 2,
  "mode": "shadow"},
 {"name": "names", "event": "login", "key": "ip", "prefix4": 24,
  "count": "distinct user", "limit": 3, "action": "delay", "delay": 5}]}
END
accept "rules check: a good file" "$FRAUDCTL" rules check rules.json
like out '^logins: event login, for each ip: deny at 3 attempts within 1m; nothing' \
	"a rule in words"
like out '^names: .*\(/24, IPv6 /128\): delay at 3 distinct user' "another"
like out '^paths: .*shadow, decides nothing$' "a shadow is called one"
accept "rules check: JSON" "$FRAUDCTL" -j rules check rules.json
like out '"limit": 3' "with limits"
sed 's/limit/limmit/' rules.json >bad.json
refuse 2 "rules check: a bad one" "$FRAUDCTL" rules check bad.json
like err 'bad.json:2:.*limmit.*did you mean "limit"' "where and what"
refuse 2 "rules check: none" "$FRAUDCTL" rules check nothing.json

# web IP USER SECOND METHOD PATH STATUS
web() {
	printf '%s - %s [27/Nov/2026:23:00:%02d +0000] "%s %s HTTP/1.1" %s 1 "-" "x"\n' \
		"$@"
}
{
	for second in 1 2 3 4 5; do
		web 203.0.113.7 - $second POST /login 401
	done
	web 203.0.113.7 - 6 GET / 200
	web 192.0.2.1 alice 7 POST /login 401
	web 192.0.2.2 bob 8 POST /login 401
	web 192.0.2.3 carol 9 POST /login2 401
	web 192.0.2.1 alice 8 POST /login 401
	echo 'no line of any log'
} >access.log
accept "replay: a web server's log" "$FRAUDCTL" replay --config rules.json \
	--event login --match 'POST /login*' --status 401,403 access.log
like out '^11 lines: 4 attempts, 1 of other kinds, 6 bad, 1 older' \
	"a rule needs a user whom the log has not always"
sed -i '/"names"/,$d; s/"shadow"},/"shadow"}]}/' rules.json
accept "replay: rules that fit" "$FRAUDCTL" replay --config rules.json \
	--event login --match 'POST /login*' --status 401,403 access.log
like out '^11 lines: 9 attempts, 1 of other kinds, 1 bad, 1 older than' "lines"
like out '^denied 3, delayed 0, allowed 6$' "verdicts"
like out '^logins +login +3 +0 +6$' "by rule"
like out '^203\.0\.113\.7 +logins +3 +2026-11-27T23:00:03Z 2026-11-27T23:00:05Z +#' \
	"who would have been stopped, from when to when"
like out '^2026-11-27T23:00:0[345]Z \|#+ 1$' "a picture"
like err 'line 11: does not begin with a time' "the bad line"
"$FRAUDCTL" replay -c rules.json -e login -m 'POST /login*' -S 401 -j \
	access.log >replay.json 2>err
accept "replay: JSON" python3 -c '
import json
o = json.load(open("replay.json"))
assert o["deny"] == 3 and o["attempts"] == 9 and o["late"] == 1, o
assert o["keys"][0]["key"] == "203.0.113.7", o
assert sum(s["deny"] for s in o["spans"]) == 3, o
assert [r["deny"] for r in o["rules"]] == [3, 0], o'
refuse 2 "replay: no such list" "$FRAUDCTL" replay -S 4x access.log
refuse 2 "replay: no such log" "$FRAUDCTL" replay nothing.log
refuse 1 "replay: without an event no line is one" \
	"$FRAUDCTL" replay -c rules.json access.log

# Our own two forms, through standard input; a window ends with the time
# of the log.
{
	echo '1795820400.5 ATTEMPT login ip 192.0.2.9 path /a'
	echo '{"time": "2026-11-27T23:00:01Z", "event": "login", "ip": "192.0.2.9", "path": "/a"}'
	echo '2026-11-28T00:00:02+01:00 ATTEMPT login ip 192.0.2.9 path "/a"'
	echo '1795820463 ATTEMPT login ip 192.0.2.9 path /a'
} >own.log
accept "replay: our own forms" "$FRAUDCTL" replay -c rules.json - <own.log
like out '^4 lines: 4 attempts, 0 of other kinds, 0 bad$' "all of them"
like out '^denied 1, delayed 0, allowed 3$' "a window later it is free again"
like out '^from 2026-11-27T23:00:00Z to 2026-11-27T23:01:03Z$' "its span"

# As much as a day of a busy server, and lines that are too long.
python3 -c '
for i in range(200000):
    print("%d ATTEMPT login ip 10.%d.%d.%d path /" % (1795820400 + i,
          i * 7 >> 16 & 255, i * 7 >> 8 & 255, i * 7 & 255))
print("1796020401 ATTEMPT login ip 10.0.0.1 path /" + "x" * 20000)' >big.log
accept "replay: a long log" "$FRAUDCTL" replay -c rules.json big.log
like out '^200001 lines: 200000 attempts, 0 of other kinds, 1 bad$' "all of it"
is "$(grep -c '^20.*|' out)" 25 "a picture that fits"

done_testing
