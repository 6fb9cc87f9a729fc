#!/bin/bash
# jwtgate jws: signatures without policy, over any bytes, with keys in every
# form; each refusal beside what is accepted.

# shellcheck disable=SC2317 # functions that accept, refuse and gives run
. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/cli/jose.sh"

cd "$T" || exit 99
verify() {
	"$JWTGATE" jws verify "$@"
}
sign() {
	"$JWTGATE" jws sign "$@"
}

# RFC 7515 A.1 to A.4, whose payload has CR LF inside but for A.4's.
# vector FILE: its key and its token.
vector() {
	sed -n '/"key": {/,/}/p' "$VECTORS/$1.json" |
		sed -e 's/.*"key": {/{/' -e 's/},/}/' >vector.jwk
	sed -n 's/.*"compact": "\([^"]*\)".*/\1/p' "$VECTORS/$1.json" >vector
}
for name in rfc7515/a1 rfc7515/a3 rfc7515/a4 rfc8037/a4 rfc8037/a5 \
	cookbook/jws/4_1.rsa_v15_signature \
	cookbook/jws/4_2.rsa-pss_signature \
	cookbook/jws/4_3.ecdsa_signature \
	cookbook/jws/4_4.hmac-sha2_integrity_protection; do
	vector $name
	accept "$name" verify --keys vector.jwk <vector
done
vector rfc7515/a2
cp vector.jwk a2-private.jwk
cp vector a2.token
printf '{"kty":"RSA",%s,"e":"AQAB"}' "$(grep -o '"n": "[^"]*"' vector.jwk)" \
	>a2.jwk
accept "rfc7515/a2 with its private key" verify --keys a2-private.jwk \
	<a2.token
printf '{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}' >a2.want
accept "RFC 7515 A.2" verify --keys a2.jwk <a2.token
if cmp -s "$T/out" a2.want; then
	pass "... its payload, byte for byte"
else
	fail "... its payload, byte for byte"
fi
accept "... named by --alg" verify --keys a2.jwk --alg RS256 <a2.token
accept "... among others" verify --keys a2.jwk --alg ES256,RS256 <a2.token
gives 1 algorithm_refused "... not named" \
	verify --keys a2.jwk --alg RS512,PS256 <a2.token
sed 's/Rw$/Rg/' a2.token |
	gives 1 signature_invalid "... one bit changed" verify --keys a2.jwk
sed 's/Rw$/Rx/' a2.token |
	gives 1 token_malformed "... bits behind the end" verify --keys a2.jwk
sed 's/\.eyJ/.fyJ/' a2.token |
	gives 1 signature_invalid "... another payload" verify --keys a2.jwk

# Every algorithm, through generate, public, sign and verify.
printf 'any\0bytes\377\n\n' >bytes
for alg in HS256 HS384 HS512 RS256 RS384 RS512 PS256 PS384 PS512 ES256 \
	ES384 ES512 EdDSA Ed25519 Ed448; do
	"$JWTGATE" keys generate --alg "$alg" >"$alg.jwk"
	accept "$alg: sign" sign --keys "$alg.jwk" <bytes
	cp "$T/out" "$alg.token"
	public=$alg.jwk
	case $alg in
	HS*) ;;
	*)
		public=$alg.jwks
		"$JWTGATE" keys public --keys "$alg.jwk" >"$public"
		;;
	esac
	accept "$alg: verify" verify --keys "$public" --alg "$alg" <"$alg.token"
	if cmp -s "$T/out" bytes; then
		pass "$alg: the bytes that were signed"
	else
		fail "$alg: the bytes that were signed"
	fi
	is "$("$JWTGATE" decode 2>/dev/null <"$alg.token" | head -n1 |
		sed 's/.*"alg":"\([^"]*\)".*/\1/')" "$alg" "$alg: its header"
done
gives 1 algorithm_refused "an ES256 token, an ES384 key" \
	verify --keys ES384.jwk <ES256.token
gives 1 algorithm_refused "an ES256 token, a secret" \
	verify --keys HS256.jwk <ES256.token
gives 1 algorithm_refused "an HS256 token, a public key" \
	verify --keys RS256.jwks <HS256.token
gives 1 algorithm_refused "an RS256 token, a key for PS256 alone" \
	verify --keys PS256.jwk <RS256.token
"$JWTGATE" keys generate --alg ES256 >other.jwk
sed 's/"kid":"[^"]*",\{0,1\}//' ES256.jwk >nameless.jwk
gives 1 key_unknown "a key of another name" verify --keys other.jwk <ES256.token
accept "a key without a name" verify --keys nameless.jwk <ES256.token
sed 's/"kid":"[^"]*",\{0,1\}//' other.jwk >other-nameless.jwk
gives 1 signature_invalid "another key without a name" \
	verify --keys other-nameless.jwk <ES256.token
sign --keys nameless.jwk <bytes >nameless.token
accept "a token without a kid" verify --keys ES256.jwk <nameless.token

# A set: each token finds its key, four keys that fit are the most.
join() {
	local file sep=
	printf '{"keys":['
	for file in "$@"; do
		printf %s "$sep"
		cat "$file"
		sep=,
	done
	printf ']}\n'
}
join ES384.jwk other.jwk ES256.jwk RS256.jwk >set.jwks
accept "the key of its kid in a set" verify --keys set.jwks <ES256.token
accept "another one" verify --keys set.jwks <RS256.token
accept "each key is tried" verify --keys set.jwks <nameless.token
for i in 1 2 3; do
	"$JWTGATE" keys generate --kid "k$i" >"k$i.jwk"
done
join k1.jwk k2.jwk k3.jwk ES256.jwk >four.jwks
accept "the last of four keys" verify --keys four.jwks <nameless.token
join k1.jwk k2.jwk k3.jwk other.jwk ES256.jwk >five.jwks
gives 1 key_unknown "no kid and five keys" \
	verify --keys five.jwks <nameless.token
accept "a kid and five keys" verify --keys five.jwks <ES256.token
sign --keys set.jwks --alg RS256 <bytes >chosen.token
accept "--alg chooses the key that signs" verify --keys RS256.jwks <chosen.token

# PEM, as openssl writes it.
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
	-out rsa.pem 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem
openssl genpkey -algorithm ED25519 -out ed.pem
openssl ecparam -name secp384r1 -genkey -noout -out sec1.pem
for name in rsa ec ed sec1; do
	openssl pkey -in $name.pem -pubout -out $name.pub 2>/dev/null
	accept "$name.pem: sign" sign --keys $name.pem <bytes
	cp "$T/out" $name.token
	accept "$name.pem: verify with the public key" \
		verify --keys $name.pub <$name.token
	accept "$name.pem: verify with the private key" \
		verify --keys $name.pem <$name.token
done
for alg in RS384 PS256; do
	sign --keys rsa.pem --alg $alg <bytes >rsa-$alg.token
	accept "an RSA key that names no algorithm: $alg" \
		verify --keys rsa.pub <rsa-$alg.token
done
gives 1 algorithm_refused "... unless --alg says so" \
	verify --keys rsa.pub --alg RS256 <rsa-PS256.token
gives 1 signature_invalid "another key's token" verify --keys ec.pub < \
	<(sign --keys nameless.jwk <bytes)

# What a token is.
gives 1 token_missing "nothing" verify --keys ES256.jwk </dev/null
echo | gives 1 token_missing "an empty line" verify --keys ES256.jwk
echo a.b | gives 1 token_malformed "two parts" verify --keys ES256.jwk
tr -d '\n' <ES256.token >bare.token
accept "no LF at the end" verify --keys ES256.jwk <bare.token
{ cat ES256.token && echo; } |
	gives 1 token_malformed "two LFs" verify --keys ES256.jwk
{ cat bare.token && printf '\r\n'; } |
	gives 1 token_malformed "CR LF" verify --keys ES256.jwk
{ cat bare.token && printf '\0'; } |
	gives 1 token_malformed "a NUL behind it" verify --keys ES256.jwk
{ printf 'Bearer ' && cat bare.token; } |
	gives 1 token_malformed "Bearer before it" verify --keys ES256.jwk
{ printf ' ' && cat bare.token; } |
	gives 1 token_malformed "a blank before it" verify --keys ES256.jwk
printf '{"kty":"oct","k":"%s"}' "$(printf %s "$SECRET" | b64url)" >secret.jwk
hs256 '{"alg":"HS256"}' hello |
	prints hello "our own token" verify --keys secret.jwk
hs256 '{"alg":"HS256","typ":1}' hello |
	gives 1 header_invalid "a typ that is a number" verify --keys secret.jwk
hs256 '{"typ":"JWT"}' hello |
	gives 1 header_invalid "no alg" verify --keys secret.jwk
hs256 '{"alg":"HS256","crit":["exp"],"exp":1}' hello |
	gives 1 header_invalid "crit" verify --keys secret.jwk
hs256 '{"alg":"HS256","b64":false}' hello |
	gives 1 header_invalid "b64" verify --keys secret.jwk
hs256 '{"alg":"none"}' hello |
	gives 1 algorithm_refused "alg none" verify --keys secret.jwk
hs256 '{"alg":"hs256"}' hello |
	gives 1 algorithm_refused "alg hs256" verify --keys secret.jwk
hs256 '{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"}}' hello |
	prints hello "a key in the header is ignored" verify --keys secret.jwk
hs256 '{"alg":"HS256"}' hello another-secret-that-is-not-the-one-0123 |
	gives 1 signature_invalid "another secret" verify --keys secret.jwk
sign --keys ES256.jwk </dev/null >empty.token
prints "" "an empty payload" verify --keys ES256.jwk <empty.token
sign --keys ES256.jwk --typ at+jwt <bytes >typ.token
is "$("$JWTGATE" decode <typ.token 2>/dev/null | grep -ao '"typ":"[^"]*"')" \
	'"typ":"at+jwt"' "--typ stands in the header"
accept "... and verifies" verify --keys ES256.jwk <typ.token

# Sizes.
head -c 12000 /dev/zero >big
accept "a long payload" sign --keys secret.jwk <big
cp "$T/out" big.token
accept "... verifies" verify --keys secret.jwk <big.token
head -c 13000 /dev/zero |
	refuse 2 "one that makes too long a token" sign --keys secret.jwk
nothing "$T/out" "... prints nothing"
head -c 1000000 /dev/zero |
	refuse 2 "a megabyte to sign" sign --keys secret.jwk
head -c 1000000 /dev/zero | tr '\0' a |
	gives 1 token_too_long "a megabyte to verify" verify --keys secret.jwk

# --alg and --keys.
usage "an unknown algorithm" verify --keys a2.jwk --alg RS265
like "$T/err" 'did you mean RS256\?' "... names the nearest"
usage "a name in lower case" verify --keys a2.jwk --alg rs256
usage "none" verify --keys a2.jwk --alg none
usage "an empty name" verify --keys a2.jwk --alg RS256,
usage "a blank behind the comma" verify --keys a2.jwk --alg 'RS256, ES256'
usage "a list to sign with" sign --keys RS256.jwk --alg RS256,PS256
usage "a public key to sign with" sign --keys a2.jwk
usage "a key of another algorithm" sign --keys ES256.jwk --alg RS256
usage "a type that is too long" sign --keys ES256.jwk \
	--typ "$(printf %064d 0)"

# Bad key files are the caller's mistake: exit 2, the file and what.
bad() {
	local what=$1 file=$2
	refuse 2 "keys: $what" verify --keys "$file" <ES256.token
	like "$T/err" "^jwtgate: (.*[^a-z])?$file" "... names the file"
	said
}
bad "no file" missing.jwk
bad "a directory" .
: >empty.jwk
bad "an empty file" empty.jwk
echo words >words.jwk
bad "words" words.jwk
echo '{"kty":"EC"}' >half.jwk
bad "half a key" half.jwk
echo '{"keys":[]}' >none.jwks
bad "a set without keys" none.jwks
join ES256.jwk ES256.jwk >twice.jwks
bad "a kid twice" twice.jwks
join ES256.jwk HS256.jwk >mixed.jwks
bad "a secret among public keys" mixed.jwks
join k1.jwk k2.jwk >pair.jwks
accept "keys: two keys of two names" sign --keys pair.jwks <bytes
printf '{"kty":"oct","k":"%s"}' "$(printf short | b64url)" >short.jwk
refuse 2 "keys: a short secret signs nothing" sign --keys short.jwk <bytes
sed 's/"n": "/"n": "A/' a2.jwk >zero.jwk
bad "a modulus with a zero before it" zero.jwk
sed 's/AQAB/AQ/' a2.jwk >one.jwk
bad "an exponent of one" one.jwk
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 \
	-out small.pem 2>/dev/null
bad "an RSA key of 1024 bits" small.pem
openssl pkey -in ec.pem -aes256 -passout pass:test -out locked.pem
bad "an encrypted PEM" locked.pem
mkfifo fifo
bad "a FIFO, which nobody writes" fifo
head -c 4200000 /dev/zero | tr '\0' ' ' >huge.jwk
bad "more than four megabytes" huge.jwk
chmod 666 ES256.jwk
accept "keys: owner and mode are not judged" verify --keys ES256.jwk \
	<ES256.token

# shellcheck disable=SC2046 # one word each
no_secrets $(sed 's/.*"\(k\|d\)":"\([^"]*\)".*/\2/' HS256.jwk secret.jwk \
	RS256.jwk ES256.jwk EdDSA.jwk) "$(cat bare.token)"
done_testing
