#!/bin/bash
# jwtgate keys: new keys in every algorithm, and public halves that hold
# nothing private.

. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/cli/jose.sh"

cd "$T" || exit 99

# members FILE: the names of a JWK's members, sorted, in one line.
members() {
	grep -o '"[a-z0-9_]*":' "$1" | tr -d '":' | sort | tr '\n' ' '
}

key() {
	local alg=$1 kty=$2 private=$3 public=$4
	accept "$alg" "$JWTGATE" keys generate --alg "$alg"
	cp out "$alg.jwk"
	is "$(wc -l <"$alg.jwk")" 1 "$alg: one line"
	like "$alg.jwk" "\"kty\":\"$kty\"" "$alg: its kty"
	like "$alg.jwk" "\"alg\":\"$alg\"" "$alg: its alg"
	if [ "$kty" = oct ]; then
		like "$alg.jwk" '"kid":"[A-Za-z0-9_-]{22}"' "$alg: a random kid"
	else
		like "$alg.jwk" '"kid":"[A-Za-z0-9_-]{43}"' \
			"$alg: a thumbprint for a kid"
	fi
	is "$(members "$alg.jwk" | tr ' ' '\n' |
		grep -vxE 'use|key_ops|' | tr '\n' ' ')" "$private " \
		"$alg: its members"
	if [ -z "$public" ]; then
		refuse 2 "$alg: has no public half" \
			"$JWTGATE" keys public --keys "$alg.jwk"
		nothing out "$alg: ... and shows none"
		return
	fi
	accept "$alg: public" "$JWTGATE" keys public --keys "$alg.jwk"
	cp out "$alg.jwks"
	like "$alg.jwks" '^\{"keys":\[\{.*\}\]\}$' "$alg: public is a set"
	is "$(members "$alg.jwks" | tr ' ' '\n' |
		grep -vxE 'use|key_ops|' | tr '\n' ' ')" "$public " \
		"$alg: public has no private member"
	is "$(grep -o '"kid":"[^"]*"' "$alg.jwks")" \
		"$(grep -o '"kid":"[^"]*"' "$alg.jwk")" "$alg: the same kid"
	accept "$alg: public of the public" \
		"$JWTGATE" keys public --keys "$alg.jwks"
	is "$(cat out)" "$(cat "$alg.jwks")" "$alg: ... is the same"
}

for alg in HS256 HS384 HS512; do
	key $alg oct 'alg k kid kty' ''
done
for alg in RS256 PS512; do
	key $alg RSA 'alg d dp dq e kid kty n p q qi' 'alg e keys kid kty n'
done
for alg in ES256 ES384 ES512; do
	key $alg EC 'alg crv d kid kty x y' 'alg crv keys kid kty x y'
done
for alg in EdDSA Ed25519 Ed448; do
	key $alg OKP 'alg crv d kid kty x' 'alg crv keys kid kty x'
done

accept "no --alg" "$JWTGATE" keys generate
like out '"alg":"ES256"' "... is ES256"
accept "--kid" "$JWTGATE" keys generate --kid '2026-01 "a"'
like out '"kid":"2026-01 \\"a\\""' "... is in the key"
accept "a kid of 255 bytes" "$JWTGATE" keys generate --kid "$(printf %0255d 0)"
usage "one byte more" "$JWTGATE" keys generate --kid "$(printf %0256d 0)"
usage "an unknown algorithm" "$JWTGATE" keys generate --alg ES257
like "$T/err" 'did you mean ES256\?' "... names the nearest"
usage "two algorithms" "$JWTGATE" keys generate --alg ES256,RS256
usage "none" "$JWTGATE" keys generate --alg none
"$JWTGATE" keys generate >one
"$JWTGATE" keys generate >two
is "$(cmp -s one two && echo same)" "" "two keys are two keys"

openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem
accept "public of PEM" "$JWTGATE" keys public --keys ec.pem
cp out ec.jwks
unlike ec.jwks '"d"' "... has no private member"
printf hello | "$JWTGATE" jws sign --keys ec.pem >note
prints hello "... verifies what the key signs" \
	"$JWTGATE" jws verify --keys ec.jwks <note
openssl pkey -in ec.pem -pubout -out ec.pub
accept "public of a public PEM" "$JWTGATE" keys public --keys ec.pub
is "$(cat out)" "$(cat ec.jwks)" "... is the same"
printf '{"keys":[%s,%s]}' "$(cat RS256.jwk)" "$(cat ES256.jwk)" >both.jwks
accept "public of a set" "$JWTGATE" keys public --keys both.jwks
is "$(grep -o '"kid"' out | wc -l)" 2 "... has both"
unlike out '"(d|p|q|dp|dq|qi|k)":' "... and nothing private"
refuse 2 "no file" "$JWTGATE" keys public --keys missing.jwk
like "$T/err" '^jwtgate: .*missing\.jwk' "... names it"
usage "no --keys" "$JWTGATE" keys public
usage "an operand instead" "$JWTGATE" keys public ec.pem
cat "$T/err" ec.jwks >>"$T/said"

no_secrets "$(sed 's/.*"d":"\([^"]*\)".*/\1/' RS256.jwk)"
done_testing
