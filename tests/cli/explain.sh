#!/bin/bash
# jwtgate verify --explain and --json: which step refused, what it saw and
# which line of the configuration it rests on; never the token, never a
# secret, and the verdict of the plain command.

. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/cli/jose.sh"

cd "$T" || exit 99
printf '{"kty":"oct","kid":"a","k":"%s"}' "$(printf %s "$SECRET" | b64url)" \
	>idp.jwk
"$JWTGATE" keys generate --kid e1 >es.jwk
"$JWTGATE" keys public --keys es.jwk >es.jwks
printf '{"revoked":[{"jti":"gone"}]}' >revoked.json
# the lines are counted below
cat >main.json <<END
{
  "common": {
    "authentication": { "authorize": { "role1": "cn=a,dc=example" } },
    "revocation": { "file": "$T/revoked.json" },
    "issuers": [ {
      "issuer": "https://other.example.org",
      "keys_file": "$T/es.jwks",
      "algorithms": ["ES256"],
      "audience": ["ssh"]
    }, {
      "issuer": "https://idp.example.org",
      "keys_file": "$T/idp.jwk",
      "algorithms": ["HS256"],
      "audience": ["ssh"],
      "authorized_parties": ["login-cli"],
      "types": ["JWT"],
      "max_lifetime": 5000,
      "clock_skew": 10,
      "scopes": ["login"],
      "required_claims": {"email_verified": true},
      "user_claim": ["name"],
      "users": {"deny": ["root"]}
    } ]
  },
  "services": {
    "sshd": {"require": "token_only"},
    "sudo": {
      "require": "token_only",
      "max_age": 900
    },
    "a.b:c": {
      "require": {"any": ["ops"]},
      "roles_from": "token",
      "revocation": {"file": "$T/none.json"}
    },
    "ops": {"require": {"any": ["ops"]}, "roles_from": "token"},
    "bound": {
      "proof_of_possession": "required",
      "require": "token_only"
    },
    "own": {
      "require": "token_only",
      "issuers": [ {
        "issuer": "https://idp.example.org",
        "keys_file": "$T/idp.jwk", "algorithms": ["HS256"],
        "audience": ["www"]
      } ]
    }
  }
}
END
H='{"alg":"HS256","typ":"JWT","kid":"a"}'
P='{"iss":"https://idp.example.org","aud":"ssh","azp":"login-cli",
"email_verified":true,"scope":"openid login","name":"alice","jti":"t1",
"auth_time":1000,"iat":1000,"nbf":1000,"exp":2000}'

# ask TOKEN [OPTION]...: what the three forms say, in plain, text and json.
ask() {
	local token=$1 form option
	shift
	printf %s "$token" >token
	for form in plain explain json; do
		option=()
		[ "$form" = plain ] || option=("--$form")
		"$JWTGATE" verify --config main.json --now 1500 \
			"${option[@]}" "$@" \
			<token >"$form" 2>"$form.err"
		echo "$?" >"$form.status"
		cat "$form" "$form.err" >>"$T/said"
	done
	printf '%s\n' "${token##*.}" >>signatures
	cmp -s plain.err explain.err && cmp -s plain.err json.err &&
		cmp -s plain.status explain.status &&
		cmp -s plain.status json.status &&
		[ "$(wc -l <json)" = 1 ] &&
		tail -n "$(wc -l <plain)" explain | cmp -s - plain
}

# refuses REASON STEP PLACE WHAT TOKEN [OPTION]...: the step is the last one
# told and the only one that failed; PLACE is "LINE: KEY", or nothing.
refuses() {
	local reason=$1 step=$2 place=$3 what=$4 key
	shift 4
	if ! ask "$@"; then
		fail "$what: the forms differ"
		diag plain plain.err explain explain.err json json.err
		return
	fi
	key=${place#*: }
	[ -z "$place" ] || place=" (main.json:$place"
	if [ "$(sed -n 1p plain.err)" = "$reason" ] &&
		[ "$(grep -c '^FAIL ' explain)" = 1 ] &&
		tail -n 1 explain | grep -qF "FAIL $step: " &&
		tail -n 1 explain | grep -qF -e "$place" &&
		grep -qF "{\"verdict\":\"refuse\",\"reason\":\"$reason\"" json &&
		grep -qF "{\"step\":\"$step\",\"result\":\"failed\"" json &&
		grep -qF "${key:+\"key\":\"${key%%[,)]*}\"}" json; then
		pass "$what"
	else
		fail "$what"
		tail -n 2 explain | diag -
		diag json
	fi
}

good=$(hs256 "$H" "$P")
if ask "$good" --service sudo --user alice; then
	pass "an accepted token"
else
	fail "an accepted token: the forms differ"
	diag plain plain.err explain json
fi
is "$(cat plain.status)" 0 "... it is"
is "$(grep -c '^FAIL' explain)" 0 "... no step failed"
is "$(sed 's/^.... \([a-z -]*\):.*/\1/;/^user=/d' explain | tr '\n' ' ')" \
	"throttle form header algorithm algorithm key signature issuer audience \
party type times age lifetime required claims scopes user entry revocation \
one-time use possession roles " "... the steps in their order"
like explain '^-    algorithm: seen HS256; expected ES256 \(main\.json:8: ' \
	"... an issuer that was passed over, and why"
like explain '^ok   lifetime: .*main\.json:17: common\.issuers\[1\]\.max_l' \
	"... where a number stands"
like explain '^ok   age: .*main\.json:29: services\.sudo\.max_age\)' \
	"... where the service's own stands"
like explain '^ok   entry: .*main\.json:27: services\.sudo.*, by default\)' \
	"... where a default was not overridden"
like json '^\{"verdict":"accept","reason":"ok","user":"alice","issuer":' \
	"... as JSON"
like json '"expires":2000,"auth_time":1000,"roles":\[\],"config":"main.json"' \
	"... its times and roles"
ask "$good" --service a.b:c
like explain 'main\.json:34: services\.a\.b:c\.revocation\.file\)' \
	"a service whose name has dots and colons"

refuses token_missing form "" "no token" ""
refuses token_malformed form "" "two parts" "${good%.*}"
refuses header_invalid header "" "crit" "$(hs256 '{"alg":"HS256","crit":[]}' "$P")"
refuses algorithm_refused algorithm "" "none" "$(hs256 '{"alg":"none"}' "$P")"
refuses algorithm_refused algorithm "" "HS512" \
	"$(hs256 '{"alg":"HS512"}' "$P")"
refuses key_unknown key "" "a kid nobody has" \
	"$(hs256 '{"alg":"HS256","kid":"b"}' "$P")"
like explain '^-    key: seen 1 key, none .*main\.json:12: ' \
	"... whose keys were looked at"
refuses signature_invalid signature "" "another secret" \
	"$(hs256 "$H" "$P" another-secret-that-is-not-the-one-0123)"
like explain '^-    signature: seen does not hold with the key a;' \
	"... with which key"
refuses issuer_unknown issuer "" "another issuer's name" \
	"$(hs256 "$H" "${P/idp.example/other.example}")"
like explain '^-    issuer: .*main\.json:11: common\.issuers\[1\]\.issuer\)' \
	"... whose key it was"
refuses token_malformed payload "" "no JSON" "$(hs256 "$H" "${P%\}}")"
refuses token_malformed times "" "an exp that is a string" \
	"$(hs256 "$H" "${P/2000/\"2000\"}")"
refuses audience_wrong audience "14: common.issuers[1].audience)" \
	"another audience" "$(hs256 "$H" "${P/\"ssh\"/\"www\"}")"
refuses audience_wrong audience "46: services.own.issuers[0].audience)" \
	"another audience of a service's own issuer" "$good" --service own
refuses party_wrong party "15: common.issuers[1].authorized_parties)" \
	"another party" "$(hs256 "$H" "${P/login-cli/shop}")"
refuses type_wrong type "16: common.issuers[1].types)" "another type" \
	"$(hs256 '{"alg":"HS256","typ":"at+jwt"}' "$P")"
refuses token_expired times "18: common.issuers[1].clock_skew)" "expired" \
	"$(hs256 "$H" "${P/2000/1490}")"
refuses token_not_yet_valid times "18: common.issuers[1].clock_skew)" \
	"not yet valid" "$(hs256 "$H" "${P/\"nbf\":1000/\"nbf\":1511}")"
refuses token_too_old age "29: services.sudo.max_age)" "too old" \
	"$(hs256 "$H" "${P/time\":1000/time\":599}")" --service sudo
refuses lifetime_too_long lifetime "17: common.issuers[1].max_lifetime)" \
	"lives too long" "$(hs256 "$H" "${P/2000/6001}")"
refuses claim_missing "required claims" \
	"20: common.issuers[1].required_claims)" "another value" \
	"$(hs256 "$H" "${P/true/false}")"
refuses scope_missing scopes "19: common.issuers[1].scopes)" "no scope" \
	"$(hs256 "$H" "${P/login\"/x\"}")"
refuses claim_missing user "21: common.issuers[1].user_claim)" "no user" \
	"$(hs256 "$H" "${P/\"name\"/\"nome\"}")"
refuses user_invalid user "22: common.issuers[1].users)" "root" \
	"$(hs256 "$H" "${P/alice/root}")"
refuses user_mismatch user "21: common.issuers[1].user_claim)" \
	"another user" "$good" --user bob
refuses token_revoked revocation "4: common.revocation.file)" "revoked" \
	"$(hs256 "$H" "${P/t1/gone}")"
refuses keys_unavailable revocation "34: services.a.b:c.revocation.file)" \
	"no revocation list" "$good" --service a.b:c
refuses possession_missing possession \
	"38: services.bound.proof_of_possession)" "not bound" \
	"$good" --service bound
refuses role_missing roles "36: services.ops.require)" "no role" \
	"$good" --service ops

# What is wrong with the configuration is JSON too.
gives 2 config_invalid "no configuration" \
	"$JWTGATE" verify --config none.json --explain <token
"$JWTGATE" verify --config none.json --json <token >"$T/out" 2>"$T/err"
is "$? $(cut -c1-49 "$T/out")" \
	'2 {"verdict":"refuse","reason":"config_invalid","te' \
	"no configuration, as JSON"

sed -i '/^$/d' signatures
grep -Ff signatures "$T/said" >"$T/found"
nothing "$T/found" "no signature was ever said"
no_secrets "$good"
done_testing
