#!/bin/bash
# jwtgate jwe: encryption without policy, over any bytes, with keys in every
# form; and the whole way: issued, encrypted, decided about.

# shellcheck disable=SC2317 # functions that accept, refuse and gives run
. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/cli/jose.sh"

cd "$T" || exit 99
encrypt() {
	"$JWTGATE" jwe encrypt "$@"
}
decrypt() {
	"$JWTGATE" jwe decrypt "$@"
}

# RFC 7520 section 5: its key and its token.
vector() {
	sed -n '/"key": {/,/}/p' "$VECTORS/cookbook/$1.json" |
		sed -e 's/.*"key": {/{/' -e 's/},/}/' >vector.jwk
	sed -n 's/.*"compact": "\([^"]*\)".*/\1/p' \
		"$VECTORS/cookbook/$1.json" >vector
	sed -n 's/.*"plaintext": "\(.*\)",$/\1/p' \
		"$VECTORS/cookbook/$1.json" >vector.plain
}
for name in jwe/5_4.key_agreement_with_key_wrapping_using_ecdh-es_and_aes-keywrap_with_aes-gcm \
	jwe/5_5.key_agreement_using_ecdh-es_with_aes-cbc-hmac-sha2 \
	jwe/5_6.direct_encryption_using_aes-gcm \
	jwe/5_8.key_wrap_using_aes-keywrap_with_aes-gcm \
	curve25519/ecdh-es; do
	vector $name
	prints "$(cat vector.plain)" "RFC: ${name##*/}" \
		decrypt --keys vector.jwk <vector
done
for name in 5_1.key_encryption_using_rsa_v15_and_aes-hmac-sha2 \
	5_2.key_encryption_using_rsa-oaep_with_aes-gcm \
	5_7.key_wrap_using_aes-gcm_keywrap_with_aes-cbc-hmac-sha2; do
	vector jwe/$name
	gives 1 algorithm_refused "RFC: $name" \
		decrypt --keys vector.jwk <vector
	like "$T/err" 'alg: [A-Z0-9_-]* is never taken' "... by name"
done
vector jwe/5_9.compressed_content
gives 1 header_invalid "RFC: compressed" decrypt --keys vector.jwk <vector
like "$T/err" zip "... by name"

# Every algorithm with every key it is for.
secret() {
	printf '{"kty":"oct","k":"%s"}' \
		"$(openssl rand "$1" | b64url)" >"secret$1.jwk"
}
secret 16
secret 32
secret 64
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
	-out RSA.pem 2>/dev/null
for curve in P-256 P-384 P-521; do
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:$curve \
		-out $curve.pem
done
for key in RSA P-256 P-384 P-521; do
	openssl pkey -in $key.pem -pubout -out $key.pub 2>/dev/null
done
cat >X25519.pem <<EOF
{"kty":"OKP","crv":"X25519","kid":"x",
"x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08",
"d":"XasIfmJKikt54X-Lg4AO5m87sSkmGLb9HC-LJ_-I4Os"}
EOF
sed '/"d":/d;s/IK08",/IK08"}/' X25519.pem >X25519.pub
printf 'any\0bytes\377\n\n' >bytes

# both_ways ALG ENC PRIVATE PUBLIC
both_ways() {
	accept "$1 $2 ${4%.*}: encrypt" encrypt --keys "$4" --alg "$1" \
		--enc "$2" <bytes
	cp "$T/out" token
	decrypt --keys "$3" --alg "$1" --enc "$2" <token >got
	if cmp -s got bytes; then
		pass "... and back"
	else
		fail "... and back"
	fi
}
for enc in A128GCM A256GCM A128CBC-HS256 A256CBC-HS512; do
	for alg in ECDH-ES ECDH-ES+A128KW ECDH-ES+A256KW; do
		for key in P-256 X25519; do
			both_ways $alg $enc $key.pem $key.pub
		done
	done
	both_ways RSA-OAEP-256 $enc RSA.pem RSA.pub
	both_ways A128KW $enc secret16.jwk secret16.jwk
	both_ways A256KW $enc secret32.jwk secret32.jwk
done
openssl genpkey -algorithm X25519 -out x.pem
openssl pkey -in x.pem -pubout -out x.pub
both_ways ECDH-ES+A256KW A256GCM x.pem x.pub
both_ways ECDH-ES A256GCM P-384.pem P-384.pub
both_ways ECDH-ES A256GCM P-521.pem P-521.pub
both_ways dir A128GCM secret16.jwk secret16.jwk
both_ways dir A256GCM secret32.jwk secret32.jwk
both_ways dir A128CBC-HS256 secret32.jwk secret32.jwk
both_ways dir A256CBC-HS512 secret64.jwk secret64.jwk

# What the key chooses.
chosen() {
	encrypt --keys "$1" <bytes >token
	is "$(cut -d. -f1 token | tr '_-' '/+' | base64 -d 2>/dev/null |
		grep -o '"\(alg\|enc\)":"[^"]*"' | tr -d '"\n')" "$2" \
		"$1 chooses $2"
}
chosen P-256.pub alg:ECDH-ES+A256KWenc:A256GCM
chosen RSA.pub alg:RSA-OAEP-256enc:A256GCM
chosen secret16.jwk alg:A128KWenc:A256GCM
chosen secret64.jwk alg:direnc:A256CBC-HS512

# Keys that do not fit.
encrypt --keys P-256.pub <bytes >token
gives 1 algorithm_refused "a secret for a token of a curve" \
	decrypt --keys secret32.jwk <token
gives 1 key_unknown "another curve" decrypt --keys P-384.pem <token
gives 1 algorithm_refused "the public key" decrypt --keys P-256.pub <token
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out other.pem
gives 1 signature_invalid "another key" decrypt --keys other.pem <token
gives 1 algorithm_refused "not named" \
	decrypt --keys P-256.pem --alg ECDH-ES <token
gives 1 algorithm_refused "enc not named" \
	decrypt --keys P-256.pem --enc A128GCM,A128CBC-HS256 <token
accept "named among others" decrypt --keys P-256.pem \
	--alg dir,ECDH-ES+A256KW --enc A128GCM,A256GCM <token
encrypt --keys X25519.pub <bytes >named
sed 's/"x",/"y",/' X25519.pem >renamed.jwk
gives 1 key_unknown "a key of another name" decrypt --keys renamed.jwk <named
sed 's/"kid":"x",//' X25519.pem >nameless.jwk
accept "a key without a name" decrypt --keys nameless.jwk <named

# Damage. All of it is one and the same.
for part in 2 3 4 5; do
	awk -F. -v OFS=. -v p=$part '{
		c = substr($p, 3, 1)
		$p = substr($p, 1, 2) (c == "A" ? "B" : "A") substr($p, 4)
		print }' token >bent
	gives 1 signature_invalid "part $part bent" \
		decrypt --keys P-256.pem <bent
	cp "$T/err" "err.$part"
done
is "$(cat err.2)" "$(cat err.5)" "a bad key and a bad tag look the same"
gives 1 token_malformed "a signed token" decrypt --keys P-256.pem < \
	<(hs256 '{"alg":"HS256"}' '{}')
gives 1 token_missing "nothing" decrypt --keys P-256.pem </dev/null
head -c 1000000 /dev/zero | tr '\0' . |
	gives 1 token_too_long "a megabyte" decrypt --keys P-256.pem
refuse 2 "a megabyte to encrypt" encrypt --keys P-256.pub < \
	<(head -c 1000000 /dev/zero)
encrypt --keys P-256.pub </dev/null >empty
prints "" "nothing inside" decrypt --keys P-256.pem <empty

# --alg, --enc, --keys.
usage "an unknown algorithm" decrypt --keys P-256.pem --alg ECDH
usage "a misspelt one" encrypt --keys P-256.pem --enc A265GCM
like "$T/err" 'did you mean A256GCM\?' "... names the nearest"
for alg in RSA1_5 RSA-OAEP PBES2-HS256+A128KW A128GCMKW; do
	usage "$alg" encrypt --keys RSA.pub --alg $alg
	like "$T/err" "${alg/+/.} is never taken" "... by name"
done
usage "a signature algorithm" encrypt --keys P-256.pub --alg ES256
"$JWTGATE" keys generate --alg ES256 >signing.jwk
refuse 2 "a key that signs cannot encrypt" encrypt --keys signing.jwk <bytes
refuse 2 "... nor decrypt" decrypt --keys signing.jwk <token
refuse 2 "a private key of another alg" encrypt --keys P-256.pub --alg dir \
	<bytes
refuse 2 "no file" decrypt --keys missing <token
echo '{"kty":"oct","k":"AAAA"}' >short.jwk
refuse 2 "three bytes are no key" encrypt --keys short.jwk <bytes
gives 1 algorithm_refused "what encrypts does not sign" \
	"$JWTGATE" jws verify --keys secret32.jwk < \
	<(hs256 '{"alg":"HS384"}' '{}')

# The whole way.
"$JWTGATE" keys generate --alg ES256 --kid k >sign.jwk
printf '{"common":{"authentication":{"jwtsigningkey_file":"%s/sign.jwk",
"issuer":"https://i.example","audience":["a"]%s}}}' "$T" \
	',"encryption":{"keys_file":"'"$T"'/P-256.pem"}' >with.json
printf '{"common":{"authentication":{"jwtsigningkey_file":"%s/sign.jwk",
"issuer":"https://i.example","audience":["a"]}}}' "$T" >without.json
"$JWTGATE" issue --config with.json --user alice --now 1800000000 >signed
encrypt --keys P-256.pub --cty JWT <signed >letter
accept "an encrypted token" "$JWTGATE" verify --config with.json \
	--now 1800000001 <letter
like "$T/out" '^user=alice issuer=https://i.example ' "... is read"
accept "one that is not" "$JWTGATE" verify --config with.json \
	--now 1800000001 <signed
gives 1 token_malformed "not turned on" "$JWTGATE" verify \
	--config without.json --now 1800000001 <letter
encrypt --keys P-256.pub <letter >twice
gives 1 token_malformed "encrypted twice" "$JWTGATE" verify \
	--config with.json --now 1800000001 <twice
encrypt --keys other.pem <signed |
	gives 1 signature_invalid "for somebody else" "$JWTGATE" verify \
		--config with.json --now 1800000001
gives 1 token_expired "expired" "$JWTGATE" verify --config with.json \
	--now 1900000000 <letter
accept "config check" "$JWTGATE" config check --config with.json
chmod 644 P-256.pem
refuse 3 "a key that others may read" "$JWTGATE" config check \
	--config with.json
gives 3 keys_unavailable "... opens nothing" "$JWTGATE" verify \
	--config with.json --now 1800000001 <letter
accept "... and closes nothing else" "$JWTGATE" verify --config with.json \
	--now 1800000001 <signed

# shellcheck disable=SC2046 # one word each
no_secrets $(sed 's/.*"k":"\([^"]*\)".*/\1/' secret*.jwk) \
	XasIfmJKikt54X-Lg4AO5m87sSkmGLb9HC-LJ_-I4Os
done_testing
