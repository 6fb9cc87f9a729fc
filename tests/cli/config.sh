#!/bin/bash
# jwtgate config check: what it says of a good file, where it points in a
# bad one, and the keys behind it.

. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/cli/jose.sh"

cd "$T" || exit 99
"$JWTGATE" keys generate >signing.jwk
"$JWTGATE" keys generate >idp.jwk
"$JWTGATE" keys public --keys idp.jwk >idp.jwks
check() {
	"$JWTGATE" config check --config "${1:-main.json}"
}
cat >main.json <<END
{
  // comments are allowed
  "webshop": { "anything": true },
  "common": {
    "authentication": {
      "jwtsigningkey_file": "$T/signing.jwk",
      "jwtalgorithm": "ES256", "jwtexpireoffset": 1800,
      "issuer": "https://login.example.org", "audience": ["example"],
      "authorize": { "role1": "cn=a,dc=b", "role2": "cn=c,dc=d" }
    },
    "issuers": [ {
      "issuer": "https://idp.example.org",
      "keys_file": "$T/idp.jwks",
      "algorithms": ["ES256"], "audience": ["ssh"]
    } ],
    "directory": { "uri": ["ldaps://ldap1"], "base": "dc=b" }
  },
  "services": {
    "sshd": { "require": {"any": ["role1", "role2"]} },
    "sudo": { "require": {"all": ["role1"]} },
    "cron": { "require": "token_only" },
    "*": {}
  }
}
END
prints "main.json: ok
main.json: left to another application: webshop
main.json: service sshd asks for any of the roles role1 role2
main.json: service sudo asks for all of the roles role1
main.json: service cron asks for a token alone
main.json: service * asks for any of the roles role1 role2" \
	"a good configuration" check

# wrong WHAT EDIT WHERE: main.json after sed EDIT is refused at WHERE.
wrong() {
	sed -e "$2" main.json >wrong.json
	gives 2 config_invalid "$1" check wrong.json
	like "$T/err" "^jwtgate: wrong\.json:$3" "... says where and what"
}
wrong "an unknown key" 's/"base"/"basis"/' '16:[0-9]+: common\.directory'
wrong "a misspelt key" 's/"audience": \["ssh"\]/"audiense": ["ssh"]/' \
	'14:[0-9]+: common\.issuers\[0\].*audience'
wrong "a misspelt part" 's/"services"/"service"/' '18:[0-9]+: .*services'
wrong "a wrong type" 's/1800/"1800"/' \
	'7:[0-9]+: common\.authentication\.jwtexpireoffset'
wrong "a number out of range" 's/1800/-1/' \
	'7:[0-9]+: common\.authentication\.jwtexpireoffset'
wrong "an unknown algorithm" 's/"jwtalgorithm": "ES256"/"jwtalgorithm": "ES265"/' \
	'7:[0-9]+: common\.authentication\.jwtalgorithm.*ES256'
wrong "a key twice" 's/"base": "dc=b"/"base": "dc=b", "base": "dc=b"/' \
	'16:[0-9]+: .*'
wrong "a role nobody defines" 's/\["role1"\]/["rolle1"]/' \
	'20:[0-9]+: services\.sudo\.require\.all\[0\].*role1'
wrong "a missing key" '/"keys_file"/d' '11:[0-9]+: common\.issuers\[0\].*keys_file'
wrong "ldap:// in the clear" 's/ldaps:/ldap:/' '16:[0-9]+: common\.directory\.uri'
wrong "a relative path" "s,$T/idp,idp," \
	'13:[0-9]+: common\.issuers\[0\]\.keys_file'
wrong "a comma too many" 's/"audience": \["ssh"\]/&,/' '15:[0-9]+: '
printf '' >empty.json
gives 2 config_invalid "an empty file" check empty.json
gives 2 config_invalid "a directory" check .
gives 2 config_invalid "no file" check missing.json
like "$T/err" 'missing\.json' "... names it"
head -c 2000000 /dev/zero | tr '\0' ' ' >big.json
gives 2 config_invalid "two megabytes" check big.json
mkfifo fifo
gives 2 config_invalid "a FIFO, which nobody writes" check fifo
chmod 620 main.json
gives 2 config_invalid "a file that others may write" check
chmod 644 main.json
accept "a file that others may read" check

# The keys behind it: the configuration is ok, the keys are not there.
# keyless WHAT EDIT REGEX
keyless() {
	local status
	sed -e "$2" main.json >keyless.json
	check keyless.json >out 2>err
	status=$?
	said
	is "$status $(head -n1 out) $(head -n1 err)" \
		"3 keyless.json: ok keys_unavailable" "$1"
	like err "^jwtgate: .*$3" "... says which"
}
keyless "a key file that is gone" 's/idp\.jwks/gone.jwks/' 'gone\.jwks'
is "$(grep -c gone err)" 1 "... once, though four services use it"
keyless "two that are gone" 's/idp\.jwks/gone.jwks/;s/signing\.jwk/away.jwk/' \
	'gone\.jwks'
like err 'away\.jwk' "... says both"
echo '{"kty":"EC"}' >half.jwk
keyless "half a key" 's/idp\.jwks/half.jwk/' 'half\.jwk'
chmod 644 signing.jwk
keyless "a signing key that all may read" '' 'signing\.jwk'
chmod 600 signing.jwk
"$JWTGATE" keys generate --alg RS256 >rs.jwk
keyless "a key for another algorithm" 's/idp\.jwks/rs.jwk/' 'rs\.jwk'
accept "... and as it was" check

# A revocation list is one of the files too: without it nobody gets in.
revocations() {
	printf 's,"directory":,"revocation": {"file": "%s/%s"}\, &,' "$T" "$1"
}
keyless "a revocation list that is not there" "$(revocations gone.json)" \
	'gone\.json: cannot open'
is "$(grep -c gone err)" 1 "... once, though four services name it"
echo '{"revoked": [{"jit": "x"}]}' >slip.json
keyless "a revocation list with a slip" "$(revocations slip.json)" \
	'slip\.json:1:[0-9]+: unknown key'
cp "$top_srcdir/etc/revoked.json" revoked.json
sed -e "$(revocations revoked.json)" main.json >listed.json
accept "the sample of a revocation list" check listed.json

# Secrets: long enough for the algorithm, and secret.
secret_ok="secret.json: ok
secret.json: every service asks for a token alone"
secret() {
	printf '{"common":{"authentication":{"jwtalgorithm":"%s",%s}}}' \
		"$1" "$2" >secret.json
	check secret.json
}
prints "$secret_ok" "a secret of 32 bytes for HS256" \
	secret HS256 "\"jwtsecret\":\"$(echo "$SECRET" | cut -c1-32)\""
secret HS256 "\"jwtsecret\":\"$(echo "$SECRET" | cut -c1-31)\"" >out 2>err
is "$(($? > 1))" 1 "31 bytes are too few"
like err '32 bytes' "... says how many it takes"
said
secret HS384 "\"jwtsecret\":\"$SECRET\"" >out 2>err
is "$(($? > 1))" 1 "a secret for HS256 is too short for HS384"
said
printf '%s\n' "$SECRET" >secret
prints "$secret_ok" "a secret in a file" \
	secret HS256 "\"jwtsecret_file\":\"$T/secret\""
printf short >short
secret HS256 "\"jwtsecret_file\":\"$T/short\"" >out 2>err
is "$? $(head -n1 err)" "3 keys_unavailable" "a short secret in a file"
said
chmod 644 secret
secret HS256 "\"jwtsecret_file\":\"$T/secret\"" >out 2>err
is "$? $(head -n1 err)" "3 keys_unavailable" "a secret file that all may read"
said
printf '{"common":{"authentication":{"jwtsecret":"%s"}}}' "$SECRET" >mine.json
chmod 644 mine.json
gives 2 config_invalid "a file with a secret that all may read" check mine.json
chmod 600 mine.json
prints "mine.json: ok
mine.json: every service asks for a token alone" "... and as it should be" check mine.json
usage "an operand" "$JWTGATE" config check mine.json

no_secrets "$(sed 's/.*"d":"\([^"]*\)".*/\1/' signing.jwk)"
done_testing
