#!/bin/bash
# jwtgate verify: every reason that can be reached from the command, each
# beside the token that differs in one thing and is accepted.

. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/cli/jose.sh"

cd "$T" || exit 99
printf '{"kty":"oct","kid":"a","k":"%s"}' "$(printf %s "$SECRET" | b64url)" \
	>idp.jwk
"$JWTGATE" keys generate --kid e1 >es.jwk
"$JWTGATE" keys public --keys es.jwk >es.jwks
cat >main.json <<END
{ "common": {
    "authentication": { "authorize": { "role1": "cn=a,dc=example" } },
    "issuers": [ {
      "issuer": "https://idp.example.org", "keys_file": "$T/idp.jwk",
      "algorithms": ["HS256"], "audience": ["ssh", "www"],
      "authorized_parties": ["login-cli"], "max_lifetime": 5000,
      "scopes": ["login"], "required_claims": {"email_verified": true},
      "user_claim": ["preferred_username", "sub"],
      "user_domain": {"strip": ["example.org"]},
      "users": {"allow": ["*"], "deny": ["root", "adm*"]},
      "roles_claim": "realm_access.roles"
    }, {
      "issuer": "https://other.example.org", "keys_file": "$T/es.jwks",
      "algorithms": ["ES256"], "audience": ["ssh"]
    } ] },
  "services": {
    "sshd": {"require": "token_only"},
    "sudo": {"also": ["sudo-i"], "require": "token_only", "max_age": 900},
    "ops": {"require": {"any": ["ops", "dev"]}, "roles_from": "token"},
    "both": {"require": {"all": ["role1", "ops"]}, "roles_from": "token"},
    "ldap": {"require": {"any": ["role1"]}},
    "once": {"require": "token_only", "one_time": true},
    "bound": {"require": "token_only", "proof_of_possession": "required"},
    "strict": {"require": "token_only", "revocation": {"file": "$T/gone"}},
    "away": {"require": "token_only",
      "fraud": {"when_unavailable": "deny"}},
    "open": {"require": "token_only",
      "fraud": {"when_unavailable": "allow"}}
  } }
END
CONF=main.json
NOW=1500

# verdict WANT WHAT TOKEN [OPTION]...: WANT is a reason, or the start of the
# line that is printed.
verdict() {
	local want=$1 what=$2 token=$3 status=1
	shift 3
	printf %s "$token" >token
	case $want in
	user=*)
		"$JWTGATE" verify --config "$CONF" --now "$NOW" "$@" \
			<token >"$T/out" 2>"$T/err"
		status=$?
		said
		is "$status $(cut -c"1-${#want}" "$T/out")$(cat "$T/err")" \
			"0 $want" "$what"
		return
		;;
	*_unavailable) status=3 ;;
	config_invalid) status=2 ;;
	esac
	gives "$status" "$want" "$what" "$JWTGATE" verify --config "$CONF" \
		--now "$NOW" "$@" <token
}

H='{"alg":"HS256","typ":"JWT","kid":"a"}'
P='{"iss":"https://idp.example.org","aud":"ssh","azp":"login-cli","sub":"u1",
 "preferred_username":"alice","email_verified":true,"scope":"openid login",
 "iat":1000,"nbf":1000,"auth_time":1000,"exp":2000,"jti":"1",
 "realm_access":{"roles":["ops","x y"]}}'
good=$(hs256 "$H" "$P")
ok="user=alice issuer=https://idp.example.org expires=2000 roles="

verdict "$ok" "a good token" "$good"
like "$T/out" "^$ok\$" "... one line"
is "$(wc -l <"$T/out")" 1 "... and no more"
verdict "$ok" "... as the user it names" "$good" --user alice
verdict "$ok" "... for a service" "$good" --service sshd --user alice
verdict "$ok" "... from an address" "$good" --rhost 192.0.2.7

# The form, and what stands before and behind it.
verdict token_missing "nothing" ""
verdict token_missing "an empty line" $'\n'
verdict "$ok" "one LF behind it" "$good"$'\n'
verdict token_malformed "two LFs behind it" "$good"$'\n\n'
verdict token_malformed "CR LF behind it" "$good"$'\r\n'
verdict token_malformed "a blank behind it" "$good "
verdict token_malformed "a blank before it" " $good"
verdict token_malformed "an LF before it" $'\n'"$good"
verdict token_malformed "Bearer before it" "Bearer $good"
verdict token_malformed "a byte order mark before it" $'\xef\xbb\xbf'"$good"
printf '%s\0' "$good" >nul
gives 1 token_malformed "a NUL behind it" \
	"$JWTGATE" verify --config main.json --now 1500 <nul
printf '%s\0x' "$good" >nul
gives 1 token_malformed "a NUL and more behind it" \
	"$JWTGATE" verify --config main.json --now 1500 <nul
verdict token_malformed "two parts" "${good%.*}"
verdict token_malformed "four parts" "$good.e30"
verdict token_malformed "no signature" "${good%.*}."
verdict token_malformed "padding" "$good="
verdict token_malformed "JSON instead" "{\"token\":\"$good\"}"
verdict token_malformed "a payload that is no JSON" "$(hs256 "$H" "${P%\}}")"
verdict token_malformed "a member twice" \
	"$(hs256 "$H" "${P/\"sub\"/\"aud\":\"ssh\",\"sub\"}")"
verdict token_malformed "an exp that is a string" \
	"$(hs256 "$H" "${P/2000/\"2000\"}")"
verdict "user=alice issuer=https://idp.example.org expires=2000" \
	"an exp with a fraction" "$(hs256 "$H" "${P/2000/2000.5}")"

# A token of exactly the longest length, and one byte more.
long() {
	local room=$((16384 - 44 - 1 - ${#1} + $2)) payload pad
	# room characters of base64url for the payload
	payload=$((room * 3 / 4))
	pad=$(printf "%$((payload - ${#P}))s" '')
	hs256 "$3" "$P$pad"
}
for gap in '' ' ' '  ' '   '; do
	header="{\"alg\":\"HS256\"$gap}"
	coded=$(printf %s "$header" | b64url)
	token=$(long "$coded" 0 "$header")
	[ "${#token}" -eq 16384 ] && break
done
is "${#token}" 16384 "a token of 16384 bytes"
verdict "$ok" "... is taken" "$token"
verdict "$ok" "... with an LF" "$token"$'\n'
verdict token_too_long "... with two LFs it is not" "$token"$'\n\n'
verdict token_too_long "one byte more is not" "${token}A"
verdict token_too_long "nor with an LF" "${token}A"$'\n'
head -c 1000000 /dev/zero | tr '\0' A >megabyte
gives 1 token_too_long "a megabyte" \
	"$JWTGATE" verify --config main.json <megabyte

# The header.
verdict "$ok" "no kid" "$(hs256 '{"alg":"HS256","typ":"JWT"}' "$P")"
verdict header_invalid "crit" \
	"$(hs256 '{"alg":"HS256","crit":["exp"],"exp":1}' "$P")"
verdict header_invalid "b64" "$(hs256 '{"alg":"HS256","b64":true}' "$P")"
verdict header_invalid "zip" "$(hs256 '{"alg":"HS256","zip":"DEF"}' "$P")"
verdict header_invalid "a kid that is a number" \
	"$(hs256 '{"alg":"HS256","kid":1}' "$P")"
verdict header_invalid "alg twice" \
	"$(hs256 '{"alg":"HS256","alg":"HS256"}' "$P")"
verdict header_invalid "no alg" "$(hs256 '{"typ":"JWT"}' "$P")"
verdict algorithm_refused "none" "$(hs256 '{"alg":"none"}' "$P")"
verdict algorithm_refused "NONE" "$(hs256 '{"alg":"NONE"}' "$P")"
verdict algorithm_refused "HS512, which no issuer lists" \
	"$(hs256 '{"alg":"HS512"}' "$P")"
verdict algorithm_refused "hs256" "$(hs256 '{"alg":"hs256"}' "$P")"
verdict key_unknown "a kid nobody has" \
	"$(hs256 '{"alg":"HS256","kid":"b"}' "$P")"
verdict signature_invalid "another secret" \
	"$(hs256 "$H" "$P" another-secret-that-is-not-the-one-0123)"
verdict signature_invalid "a signature that was cut" "${good%????}"
verdict signature_invalid "a public key for a secret" \
	"$(hs256 "$H" "$P" "$(cat es.jwks)")"

# Whose token: the key decides, then iss must agree.
printf '%s' "${P//idp.example/other.example}" |
	"$JWTGATE" jws sign --keys es.jwk >es.token
verdict "user=u1 issuer=https://other.example.org expires=2000 roles=" \
	"the other issuer" "$(cat es.token)"
printf '%s' "$P" | "$JWTGATE" jws sign --keys es.jwk >es.token
verdict issuer_unknown "one issuer in the other's name" "$(cat es.token)"
verdict issuer_unknown "no iss" "$(hs256 "$H" "${P/\"iss\"/\"isx\"}")"
verdict issuer_unknown "a slash behind it" \
	"$(hs256 "$H" "${P/example.org/example.org\/}")"

# Claims, in the order in which they are asked.
verdict "$ok" "an audience among others" \
	"$(hs256 "$H" "${P/\"ssh\"/[\"x\",\"www\"]}")"
verdict audience_wrong "another audience" "$(hs256 "$H" "${P/\"ssh\"/\"ssh2\"}")"
verdict audience_wrong "no audience" "$(hs256 "$H" "${P/\"aud\"/\"aux\"}")"
verdict party_wrong "another party" "$(hs256 "$H" "${P/login-cli/shop}")"
verdict "$ok" "at+jwt" "$(hs256 '{"alg":"HS256","typ":"at+jwt"}' "$P")"
verdict "$ok" "application/AT+JWT" \
	"$(hs256 '{"alg":"HS256","typ":"application/AT+JWT"}' "$P")"
verdict "$ok" "no typ" "$(hs256 '{"alg":"HS256"}' "$P")"
verdict type_wrong "logout+jwt" \
	"$(hs256 '{"alg":"HS256","typ":"logout+jwt"}' "$P")"
NOW=2029 verdict "$ok" "the last second of exp and the skew" "$good"
NOW=2030 verdict token_expired "one second later" "$good"
NOW=970 verdict "$ok" "the first second of nbf and the skew" "$good"
NOW=969 verdict token_not_yet_valid "one second earlier" "$good"
NOW=1900 verdict "$ok" "max_age, the last second" "$good" --service sudo
NOW=1901 verdict token_too_old "one second later" "$good" --service sudo
NOW=1901 verdict token_too_old "... by another name of the service" \
	"$good" --service sudo-i
NOW=1901 verdict "$ok" "... for a service that asks for none" \
	"$good" --service sshd
verdict "user=alice" "the longest lifetime" "$(hs256 "$H" "${P/2000/6000}")"
verdict lifetime_too_long "one second more" "$(hs256 "$H" "${P/2000/6001}")"
verdict claim_missing "no exp" "$(hs256 "$H" "${P/\"exp\"/\"exq\"}")"
verdict claim_missing "a required claim of another value" \
	"$(hs256 "$H" "${P/true/false}")"
verdict claim_missing "a required claim that is a string" \
	"$(hs256 "$H" "${P/true/\"true\"}")"
verdict scope_missing "no scope" "$(hs256 "$H" "${P/ login\"/\"}")"
verdict scope_missing "a scope that begins so" \
	"$(hs256 "$H" "${P/ login\"/ login2\"}")"

# The user.
verdict user_mismatch "another user" "$good" --user bob
verdict user_mismatch "a user in capitals" "$good" --user Alice
verdict user_mismatch "the user's subject" "$good" --user u1
verdict "$ok" "a domain that is stripped" \
	"$(hs256 "$H" "${P/alice/alice@example.org}")" --user alice
verdict user_invalid "another domain" \
	"$(hs256 "$H" "${P/alice/alice@example.com}")"
verdict "user=u1" "the next claim where the first is not there" \
	"$(hs256 "$H" "${P/preferred_/}")"
verdict claim_missing "neither is there" \
	"$(x=${P/preferred_/} && hs256 "$H" "${x/\"sub\"/\"sux\"}")"
verdict user_invalid "a user that is denied" "$(hs256 "$H" "${P/alice/root}")"
verdict user_invalid "a user that a pattern denies" \
	"$(hs256 "$H" "${P/alice/admin}")"
verdict "user=dmin" "a user that it does not" \
	"$(hs256 "$H" "${P/alice/dmin}")"
verdict user_invalid "a path" "$(hs256 "$H" "${P/alice/..\/alice}")"
verdict user_invalid "a dash before it" "$(hs256 "$H" "${P/alice/-alice}")"
verdict token_malformed "a NUL in it" "$(hs256 "$H" "${P/alice/alice\\u0000}")"
printf '%s' '{"iss":"https://other.example.org","aud":"ssh","sub":"root",
	"exp":2000}' | "$JWTGATE" jws sign --keys es.jwk >root.token
verdict "user=root" "root, where no service is asked for" "$(cat root.token)"
verdict user_invalid "root, where one is" "$(cat root.token)" --service sshd

# The service.
verdict config_invalid "a service that is not named" "$good" --service login
verdict "${ok}ops" "a role that the token grants" "$good" --service ops
verdict role_missing "a token without it" \
	"$(hs256 "$H" "${P/\"ops\"/\"opt\"}")" --service ops
verdict "${ok%roles=}" "... without a service" \
	"$(hs256 "$H" "${P/\"ops\"/\"opt\"}")"
verdict role_missing "one of two that are asked for" "$good" --service both
verdict directory_unavailable "roles that the directory has" \
	"$good" --service ldap
verdict token_replayed "one-time use, which nobody counts yet" \
	"$good" --service once
verdict possession_missing "proof of possession, which nobody gives yet" \
	"$good" --service bound
bound=$(hs256 "$H" "${P/\"jti\"/\"cnf\":\{\"jkt\":\"x\"\},\"jti\"}")
verdict possession_missing "a token bound to a key" "$bound"
verdict keys_unavailable "revocations that are not there" \
	"$good" --service strict
verdict throttled "fraudd away, and the service says deny" \
	"$good" --service away
verdict "$ok" "fraudd away, and the service says allow" "$good" --service open

# Keys that cannot be read are not the token's fault.
chmod 644 idp.jwk
verdict keys_unavailable "a secret that all may read" "$good"
like "$T/err" 'idp\.jwk' "... says which file"
chmod 600 idp.jwk
mv idp.jwk idp.jwk.away
verdict keys_unavailable "a key file that is gone" "$good"
mv idp.jwk.away idp.jwk
verdict "$ok" "and back again" "$good"
chmod 622 es.jwks
printf '%s' "${P//idp.example/other.example}" |
	"$JWTGATE" jws sign --keys es.jwk >es.token
verdict keys_unavailable "public keys that others may write" "$(cat es.token)"
chmod 644 es.jwks
verdict "user=u1" "public keys that others may read" "$(cat es.token)"

# The first users' form: a secret, user, roles as members, exp.
cat >first.json <<END
{ "webshop": { "anything": [1, 2] },
  "common": { "authentication": {
    "jwtsecret": "$SECRET", "jwtalgorithm": "HS256",
    "jwtexpireoffset": 1800,
    "authorize": { "role1": "cn=admins,ou=groups,dc=example,dc=org",
      "role2": "(&(objectClass=posixGroup)(cn=ops)(memberUid={user}))",
      "unauthorized": "Contact the service desk." } } } }
END
CONF=first.json
F='{"user":"alice","role1":true,"exp":2000}'
H='{"alg":"HS256","typ":"JWT"}'
ok="user=alice issuer=common.authentication expires=2000 roles="
verdict "$ok" "first form" "$(hs256 "$H" "$F")"
verdict "${ok}role1" "first form: a role" "$(hs256 "$H" "$F")" --service any
verdict "${ok}role1,role2" "first form: two roles" \
	"$(hs256 "$H" "${F/true/true,\"role2\":true}")" --service any
verdict role_missing "first form: no role" \
	"$(hs256 "$H" "${F/role1/role3}")" --service any
verdict role_missing "first form: a role that is false" \
	"$(hs256 "$H" "${F/true/false}")" --service any
verdict role_missing "first form: a role that is a word" \
	"$(hs256 "$H" "${F/true/\"true\"}")" --service any
verdict role_missing "first form: a role that is 1" \
	"$(hs256 "$H" "${F/true/1}")" --service any
verdict claim_missing "first form: no exp" "$(hs256 "$H" "${F/exp/exq}")"
verdict user_mismatch "first form: another user" \
	"$(hs256 "$H" "$F")" --user bob
NOW=2030 verdict token_expired "first form: expired" "$(hs256 "$H" "$F")"
verdict user_invalid "first form: root" \
	"$(hs256 "$H" "${F/alice/root}")" --service any

# Configurations that are none: their own lines and no verdict.
CONF=gone.json
verdict config_invalid "no configuration" "$(hs256 "$H" "$F")"
printf '{' >broken.json
CONF=broken.json
verdict config_invalid "half a configuration" "$(hs256 "$H" "$F")"
like "$T/err" '^jwtgate: broken\.json:1:2: ' "... says where"
sed 's/jwtalgorithm/jwtalgoritm/' first.json >typo.json
CONF=typo.json
verdict config_invalid "a misspelt key" "$(hs256 "$H" "$F")"
like "$T/err" 'typo\.json:3:[0-9]+: common\.authentication\..*jwtalgorithm' \
	"... line, path and the nearest"
cp first.json loose.json && chmod 666 loose.json
CONF=loose.json
verdict config_invalid "a configuration that all may write" \
	"$(hs256 "$H" "$F")"
chmod 644 loose.json
verdict config_invalid "a secret in it that all may read" "$(hs256 "$H" "$F")"
chmod 600 loose.json
verdict "$ok" "... and as it should be" "$(hs256 "$H" "$F")"

no_secrets "${good##*.}" "$(cat es.token)"
done_testing
