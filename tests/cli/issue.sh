#!/bin/bash
# jwtgate issue: what it makes, verify takes, and it makes nothing else.

# shellcheck disable=SC2317 # functions that accept, refuse and gives run
. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/cli/jose.sh"

cd "$T" || exit 99
"$JWTGATE" keys generate --kid s1 >signing.jwk
cat >own.json <<END
{ "common": { "authentication": {
    "jwtsigningkey_file": "$T/signing.jwk", "jwtalgorithm": "ES256",
    "jwtexpireoffset": 600, "max_lifetime": 3600,
    "issuer": "https://login.example.org", "audience": ["example"],
    "users": {"allow": ["*"], "deny": ["root"]} } },
  "services": {"sshd": {"require": "token_only"}} }
END
cat >first.json <<END
{ "common": { "authentication": { "jwtsecret": "$SECRET",
    "jwtexpireoffset": 1800, "authorize": {"role1": "cn=a,dc=b"} } } }
END
issue() {
	"$JWTGATE" issue --config own.json --now 1000 "$@"
}
verify() {
	"$JWTGATE" verify --config own.json --now 1500 --service sshd "$@"
}
payload() {
	"$JWTGATE" decode <"$T/token" 2>/dev/null | sed -n 2p
}

accept "a token" issue --user alice
cp out token
is "$(wc -l <token)" 1 "... one line"
prints "user=alice issuer=https://login.example.org expires=1600 roles=" \
	"... that verify takes" verify --user alice <token
payload >claims
for claim in '"user":"alice"' '"sub":"alice"' '"iat":1000' '"exp":1600' \
	'"iss":"https://login.example.org"' '"aud":"example"' \
	'"jti":"[A-Za-z0-9_-]{22}"'; do
	like claims "$claim" "... with $claim"
done
issue --user alice >token2
is "$(cmp -s token token2 && echo same)" "" "another one is another"
accept "--ttl" issue --user alice --ttl 60
cp out token
like <(payload) '"exp":1060' "... sets exp"
accept "--ttl as long as max_lifetime" issue --user alice --ttl 3600
refuse 2 "--ttl one second longer" issue --user alice --ttl 3601
usage "--ttl 0" issue --user alice --ttl 0
usage "--ttl -1" issue --user alice --ttl -1
usage "--ttl 1h" issue --user alice --ttl 1h

accept "claims" issue --user alice --claim email_verified=true \
	--claim n=12 --claim mail=a@example.org --claim 'o={"a":[1,null]}' \
	--claim zip=01234 --claim quoted='"true"' --claim empty= \
	--claim eq=a=b --claim 'half={"a":' --claim nbf=1000
cp out token
payload >claims
for claim in '"email_verified":true' '"n":12' '"mail":"a@example.org"' \
	'"o":\{"a":\[1,null\]\}' '"zip":"01234"' '"quoted":"true"' \
	'"empty":""' '"eq":"a=b"' '"half":"\{\\"a\\":"' '"nbf":1000'; do
	like claims "$claim" "... $claim"
done
accept "... verify" verify <token
usage "a claim twice" issue --user alice --claim a=1 --claim a=2
usage "a claim without a value" issue --user alice --claim a
usage "a claim without a name" issue --user alice --claim =a
for name in user sub iss iat exp jti aud; do
	usage "a claim that issue sets: $name" \
		issue --user alice --claim "$name=1"
done
long=$(printf %02000d 0)
accept "a long claim" issue --user alice --claim "x=$long"
size=$(($(wc -c <out) - 1))
accept "--max-bytes that just suffices" \
	issue --user alice --claim "x=$long" --max-bytes "$size"
refuse 2 "--max-bytes one byte less" \
	issue --user alice --claim "x=$long" --max-bytes $((size - 1))
nothing out "... prints nothing"
usage "--max-bytes 0" issue --user alice --max-bytes 0
usage "--max-bytes over the cap" issue --user alice --max-bytes 16385
refuse 2 "a token over 16 KiB" issue --user alice --claim "x=$(printf %013000d 0)"

gives 1 user_invalid "a user that the issuer may not name" issue --user root
gives 1 user_invalid "a user that is no name" issue --user 'a b'
usage "no user" issue
usage "no operand" issue alice --user alice

accept "the first users' form" "$JWTGATE" issue --config first.json \
	--user alice --claim role1=true --now 1000
cp out token
prints "user=alice issuer=common.authentication expires=2800 roles=role1" "... verifies" \
	"$JWTGATE" verify --config first.json --service login --now 1001 <token

echo '{"common":{"directory":{"uri":["ldaps://l"],"base":"dc=a"}}}' >none.json
gives 2 config_invalid "no secret and no key" \
	"$JWTGATE" issue --config none.json --user alice
"$JWTGATE" keys public --keys signing.jwk >public.jwks
sed 's/signing\.jwk/public.jwks/' own.json >public.json
gives 3 keys_unavailable "a public key" \
	"$JWTGATE" issue --config public.json --user alice
sed 's/signing\.jwk/gone.jwk/' own.json >gone.json
gives 3 keys_unavailable "a key that is gone" \
	"$JWTGATE" issue --config gone.json --user alice
gives 2 config_invalid "no configuration" \
	"$JWTGATE" issue --config missing.json --user alice
chmod 644 signing.jwk
gives 3 keys_unavailable "a signing key that all may read" issue --user alice
chmod 600 signing.jwk
accept "... and as it should be" issue --user alice

no_secrets "$(sed 's/.*"d":"\([^"]*\)".*/\1/' signing.jwk)"
done_testing
