#!/bin/bash
# jwtgate decode: shows what verify would refuse, and steers no terminal.

. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/cli/jose.sh"

# shows HEADER PAYLOAD WHAT: standard input is a token that says so.
shows() {
	local status
	"$JWTGATE" decode >"$T/out" 2>"$T/err"
	status=$?
	is "$status $(cat "$T/out")" "0 $1
$2" "$3"
	like "$T/err" 'nothing of this was verified' "... not verified, it says"
}

token=$(hs256 '{"alg":"HS256"}' '{"user":"alice","exp":2000}')
printf %s "$token" |
	shows '{"alg":"HS256"}' '{"user":"alice","exp":2000}' "a token"
printf '%s\n' "$token" |
	shows '{"alg":"HS256"}' '{"user":"alice","exp":2000}' "with an LF"
printf %s "${token}A" | cut -c1-$((${#token} - 4)) |
	shows '{"alg":"HS256"}' '{"user":"alice","exp":2000}' \
		"a signature that does not hold"
printf %s.%s. "$(printf '{"alg":"none"}' | b64url)" \
	"$(printf '{"user":"root"}' | b64url)" |
	shows '{"alg":"none"}' '{"user":"root"}' "an unsigned token"
hs256 '{"alg":"HS256","crit":["x"],"x":1}' '{}' |
	shows '{"alg":"HS256","crit":["x"],"x":1}' '{}' "an unknown crit"
hs256 $'{"alg":\r\n"HS256"}' $'{\n\t"a": "\\n\\u2028"\n}' |
	shows '{"alg":  "HS256"}' '{  "a": "\n\u2028" }' \
		"blanks between JSON's tokens become spaces"
hs256 '{"alg":"HS256"}' $'{"a":"\x7f\xc2\x9b31m\xe2\x80\xae\xc3\xa9\xf3\xa0\x81\x81"}' |
	shows '{"alg":"HS256"}' \
		$'{"a":"\\u007f\\u009b31m\\u202e\xc3\xa9\\udb40\\udc41"}' \
		"what steers a terminal is escaped, letters are not"
hs256 '{"alg":"HS256"}' $'It\x1b[2J is' |
	shows '{"alg":"HS256"}' 'It\x1b[2J is' "a payload that is no JSON"
like "$T/err" 'payload is not a JSON object' "... and says that it is none"
hs256 '{"alg":"HS256"}' '' | accept "an empty payload" "$JWTGATE" decode
is "$(wc -l <"$T/out")" 2 "... is an empty line"

gives 1 token_missing "nothing" "$JWTGATE" decode </dev/null
echo | gives 1 token_missing "an empty line" "$JWTGATE" decode
echo 'no token' | gives 1 token_malformed "words" "$JWTGATE" decode
echo a.b.c.d.e | gives 1 token_malformed "five parts" "$JWTGATE" decode
like "$T/err" encrypted "... says that it is encrypted"
echo 'e30.e30' | gives 1 token_malformed "two parts" "$JWTGATE" decode
echo 'e30=.e30.' | gives 1 token_malformed "padding" "$JWTGATE" decode
echo 'ew.e30.' | gives 1 header_invalid "half a header" "$JWTGATE" decode
hs256 '{"alg":"HS256","alg":"none"}' '{}' |
	gives 1 header_invalid "a header that says it twice" "$JWTGATE" decode
head -c 16385 /dev/zero | tr '\0' a |
	gives 1 token_too_long "too long" "$JWTGATE" decode

done_testing
