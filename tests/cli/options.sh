#!/bin/bash
# The command line itself: words, options in every form, help, and streams
# that are closed or full.

# shellcheck disable=SC2317 # functions that accept, refuse and gives run
. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/cli/jose.sh"

cd "$T" || exit 99
cat >first.json <<END
{"common": {"authentication": {"jwtsecret": "$SECRET",
 "jwtalgorithm": "HS256", "jwtexpireoffset": 1800}}}
END
token=$(hs256 '{"alg":"HS256"}' '{"user":"alice","exp":2000}')
line="user=alice issuer=common.authentication expires=2000 roles="
printf %s "$token" >token

prints "$line" "options behind the word" \
	"$JWTGATE" verify --config first.json --now 1000 <token
prints "$line" "options before the word" \
	"$JWTGATE" --config first.json --now 1000 verify <token
prints "$line" "options around the word" \
	"$JWTGATE" --config first.json verify --now 1000 <token
prints "$line" "values behind an equals sign" \
	"$JWTGATE" verify --config=first.json --now=1000 <token
prints "$line" "both forms" \
	"$JWTGATE" verify --config=first.json --now 1000 <token
prints "$line" "-- ends the options" \
	"$JWTGATE" --config first.json --now 1000 -- verify <token

"$JWTGATE" keys generate >key.jwk
printf hello >hello
"$JWTGATE" jws sign --keys key.jwk <hello >note
prints hello "options between the words" \
	"$JWTGATE" jws --keys key.jwk verify <note
prints hello "options before two words" \
	"$JWTGATE" --keys=key.jwk jws verify --alg ES256 <note

usage "no command" "$JWTGATE"
usage "an unknown command" "$JWTGATE" frobnicate
usage "a misspelt command" "$JWTGATE" verfy
like "$T/err" 'did you mean verify\?' "... names the nearest"
usage "a misspelt second word" "$JWTGATE" jws verfy --keys key.jwk
like "$T/err" 'did you mean jws verify\?' "... names the nearest"
gives 2 "jwtgate: one of jws verify, jws sign is meant; see jwtgate --help" \
	"half a command" "$JWTGATE" jws
usage "an unknown option" "$JWTGATE" verify --frobnicate
usage "a misspelt option" "$JWTGATE" verify --confg first.json
like "$T/err" 'did you mean --config\?' "... names the nearest"
like "$T/err" '^usage: jwtgate verify \[--config FILE\]' \
	"... and shows the command's own usage"
usage "an abbreviation" "$JWTGATE" verify --conf first.json
usage "a short option" "$JWTGATE" verify -c first.json
usage "another command's option" "$JWTGATE" verify --keys key.jwk
like "$T/err" 'verify takes no --keys' "... says so"
usage "an option of a later version" "$JWTGATE" verify --colour
usage "an option without its value" "$JWTGATE" verify --config
usage "an option with an empty value" "$JWTGATE" verify --user ''
usage "an option with nothing behind =" "$JWTGATE" verify --user=
usage "a switch with a value" "$JWTGATE" --help=all
usage "an option given twice" "$JWTGATE" verify --now 1 --now 2
usage "an option given twice, both forms" "$JWTGATE" verify --now=1 --now 1
usage "a missing option" "$JWTGATE" jws verify
like "$T/err" '--keys FILE is missing' "... says which"
usage "a superfluous operand" "$JWTGATE" verify --config first.json "$token"
unlike "$T/err" "$token" "... is not repeated: it may be a token"
usage "a token for a command" "$JWTGATE" "$token"
unlike "$T/err" "$token" "... is not repeated either"
usage "a long unknown option" "$JWTGATE" verify "--$token"
unlike "$T/err" "$token" "... nor this"
for now in -1 +1 1.5 1e3 0x10 ' 1' '1 ' x 9007199254740992 \
	99999999999999999999; do
	usage "--now $now" "$JWTGATE" verify --config first.json --now "$now"
done
gives 1 token_expired "--now 9007199254740991" \
	"$JWTGATE" verify --config first.json --now 9007199254740991 <token
usage "--rhost: no address" "$JWTGATE" verify --rhost example.org
usage "--rhost: a port" "$JWTGATE" verify --rhost 192.0.2.1:22
for rhost in 192.0.2.1 2001:db8::1 ::ffff:192.0.2.1; do
	prints "$line" "--rhost $rhost" "$JWTGATE" verify \
		--config first.json --now 1000 --rhost "$rhost" <token
done

accept "--help" "$JWTGATE" --help
cp "$T/out" help
for words in verify "jws verify" "jws sign" decode issue "keys generate" \
	"keys public" "config check"; do
	like help "^jwtgate $words( |\$)" "--help shows $words"
	# shellcheck disable=SC2086 # words
	accept "$words --help" "$JWTGATE" $words --help
	like "$T/out" "^usage: jwtgate $words( |\$)" "... shows its usage"
done
prints "jwtgate $("$JWTGATE" --version | cut -d' ' -f2)" "--version" \
	"$JWTGATE" --version
like "$T/out" '^jwtgate [0-9]+\.[0-9]+\.[0-9]+' "... is a number"

# Streams. What cannot be written was not said, so it is never a success.
if [ -c /dev/full ]; then
	full() {
		"$@" >/dev/full
	}
	gives 3 "jwtgate: standard output: No space left on device" \
		"verify into a full device" full "$JWTGATE" verify \
		--config first.json --now 1000 <token
	refuse 3 "jws verify into a full device" full \
		"$JWTGATE" jws verify --keys key.jwk <note
	refuse 3 "jws sign into a full device" full \
		"$JWTGATE" jws sign --keys key.jwk <hello
	refuse 3 "decode into a full device" full "$JWTGATE" decode <token
	refuse 3 "issue into a full device" full \
		"$JWTGATE" issue --config first.json --user alice
	refuse 3 "keys generate into a full device" full \
		"$JWTGATE" keys generate
	refuse 3 "keys public into a full device" full \
		"$JWTGATE" keys public --keys key.jwk
	refuse 3 "config check into a full device" full \
		"$JWTGATE" config check --config first.json
	refuse 3 "--help into a full device" full "$JWTGATE" --help
	refuse 3 "--version into a full device" full "$JWTGATE" --version
fi
closed_out() {
	"$@" >&-
}
refuse 3 "verify with standard output closed" closed_out "$JWTGATE" verify \
	--config first.json --now 1000 <token
"$JWTGATE" jws sign --keys key.jwk </dev/null >empty
refuse 3 "an empty payload with standard output closed" closed_out \
	"$JWTGATE" jws verify --keys key.jwk <empty
closed_in() {
	"$@" <&-
}
refuse 3 "verify with standard input closed" closed_in \
	"$JWTGATE" verify --config first.json --now 1000
refuse 3 "jws sign with standard input closed" closed_in \
	"$JWTGATE" jws sign --keys key.jwk
refuse 3 "standard input a directory" \
	"$JWTGATE" verify --config first.json --now 1000 <"$T"
closed_err() {
	"$@" 2>&-
}
accept "verify with standard error closed" closed_err "$JWTGATE" verify \
	--config first.json --now 1000 <token
refuse 1 "... still refuses" closed_err "$JWTGATE" verify \
	--config first.json --now 9999 <token
like first.json authentication "... and wrote into no file of its own"

no_secrets "$token"
done_testing
