#!/bin/bash
# jwtgate revoke: what it writes, that it can be read, and that two at once
# do not lose each other's entries.

. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/cli/jose.sh"

cd "$T" || exit 99
umask 077
printf %s "$SECRET" >secret
cat >main.json <<END
{ "common": {
    "authentication": { "jwtsecret_file": "$T/secret",
      "issuer": "https://login.example.org", "audience": ["ssh"] },
    "revocation": { "file": "$T/revoked.json" } },
  "services": {
    "sshd": {"require": "token_only"},
    "sudo": {"require": "token_only",
      "revocation": {"file": "$T/sudo.json"}} } }
END
printf '{"common":{"authentication":{"jwtsecret_file":"%s"}}}' "$T/secret" \
	>bare.json
H='{"alg":"HS256","kid":"k1"}'
P='{"iss":"https://login.example.org","aud":"ssh","user":"alice","sub":"u1",
"jti":"j1","sid":"s1","iat":1000,"exp":2000}'
revoke() {
	"$JWTGATE" revoke --config main.json "$@"
}
check() {
	printf %s "$1" | "$JWTGATE" verify --config main.json --now 1500 \
		"${@:2}"
}
good=$(hs256 "$H" "$P")

gives 3 keys_unavailable "no list yet" check "$good"
accept "the first entry makes the list" revoke --jti other
is "$(stat -c %a revoked.json)" 644 "... that all may read"
accept "another token is taken" check "$good"
accept "an entry for a user, later" revoke --user bob --now 1200
accept "another user is taken" check "$good"

# one OPTION...: each refuses, in a list of its own.
one() {
	local what=$1
	shift
	rm -f revoked.json
	accept "revoke $what" revoke "$@"
	gives 1 token_revoked "... refuses" check "$good"
}
one "a jti" --jti j1
one "a jti of its issuer" --jti j1 --issuer https://login.example.org
one "a sid" --sid s1
one "a kid" --kid k1
one "a subject" --subject u1 --issuer https://login.example.org --now 1001
one "a user" --user alice --now 1001
one "a user, in the very second" --user alice --now 1000
rm revoked.json
accept "revoke a user before the token was made" revoke --user alice --now 999
accept "... the token is taken" check "$good"
accept "revoke another issuer's jti" revoke --jti j1 --issuer https://x
accept "... the token is taken" check "$good"
accept "revoke another issuer's subject" \
	revoke --subject u1 --issuer https://x
accept "... the token is taken" check "$good"
accept "a service's own list" revoke --service sudo --jti j1
accept "... is nobody else's" check "$good" --service sshd
gives 1 token_revoked "... but its own" check "$good" --service sudo

chmod 640 revoked.json
accept "a name in quotes" revoke --user 'a"b\c'
like revoked.json '"a\\"b\\\\c"' "... is written as JSON"
is "$(stat -c %a revoked.json)" 640 "... the mode stays"
accept "... and the list can be read" check "$good"
cp revoked.json before
for i in $(seq 12); do
	revoke --jti "many-$i" &
done
wait
is "$(grep -c '"many-' revoked.json)" 12 "twelve at once"
head -n "$(($(wc -l <before) - 3))" before >first
head -n "$(wc -l <first)" revoked.json | cmp - first >"$T/found" 2>&1
nothing "$T/found" "... and what was there stays as it was"
accept "... all of it a list" check "$good"

printf '{"revoked":[{"jti":1}]}' >revoked.json
cp revoked.json before
refuse 2 "a broken list is not touched" revoke --jti x
like "$T/err" 'revoked\.json:1:20: must be a string' "... and says where"
accept "... it is as it was" cmp revoked.json before
rm revoked.json
mkdir revoked.json
refuse any "a folder" revoke --jti x
rmdir revoked.json
mkdir -m 700 away
sed "s,$T/revoked,$T/gone/revoked," main.json >gone.json
refuse 3 "a folder that is not there" \
	"$JWTGATE" revoke --config gone.json --jti x
gives 2 config_invalid "no list in the configuration" \
	"$JWTGATE" revoke --config bare.json --jti x
gives 2 config_invalid "a service that is not named" \
	revoke --service su --jti x
usage "nothing" revoke
usage "two things" revoke --jti a --sid b
usage "a subject alone" revoke --subject a
usage "an issuer alone" revoke --issuer a

no_secrets "$good"
done_testing
