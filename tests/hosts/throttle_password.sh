#!/usr/bin/env bash
# Passwords that a real directory judges and a real fraudd counts: distinct
# ones per user, the same one typed again only once, from anywhere; the owner
# comes in where they were before; and a directory that is away counts nothing.
. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/hosts/lib.sh"
. "$top_srcdir/tests/hosts/directory.sh"
. "$top_srcdir/tests/fraudd/lib.sh"

directory_certs || exit 99
directory_slapd main memberof || exit 99
mkdir -m 700 "$T/state"
start_fraudd '"rules": [ { "name": "guesses", "event": "login", "key": "user",
	"when": [ "password" ], "count": "distinct password", "limit": 4,
	"extend": "distinct", "trust": 3600 } ]'

CONFIG=$T/pam.json
head -c 32 /dev/urandom >"$T/fraud.key"
roles_config "$CONFIG" "${LDAPS[main]}" \
	'"insecure_plaintext": false, "cache_seconds": 0' \
	'{ "*": { "require": {"any": ["users"]}, "minimum_uid": 0 } }'
fraud='"fraud": { "socket": "'$SOCK'", "deadline_ms": 20000,
    "when_unavailable": "deny", "away_file": "'$T/away'",
    "password_key_file": "'$T/fraud.key'" },'
config=$(cat "$CONFIG")
printf '%s\n' "${config/\"directory\":/$fraud \"directory\":}" >"$CONFIG"
accept "the configuration" "$JWTGATE" config check --config "$CONFIG"
service test <<-END
	auth required pam_jwt.so mode=password
END

# login USER PASSWORD ADDRESS: the reason
login() {
	printf '%s' "$2" >"$T/password"
	: >"$T/syslog"
	drive -u "$1" -h "$3" -p "$T/password" authenticate
	sed -n 's/.* reason=\([a-z_]*\).*/\1/p' "$T/syslog" | head -n 1
	cat "$T/syslog" >>"$T/all.log"
}

is "$(login alice alice-secret 192.0.2.1)" ok "the owner, at home"
for i in 1 2 3; do
	login alice "guess$i" "203.0.113.$i"
done | sort -u >"$T/reasons"
is "$(cat "$T/reasons")" password_wrong "three guesses from three places"
for i in 4 5 6 7 8 9; do
	login alice guess2 "203.0.113.$i"
done | sort -u >"$T/reasons"
is "$(cat "$T/reasons")" password_wrong "one of them again, six times, is no other"
is "$(login alice guess4 203.0.113.10)" throttled "the fourth is not looked at"
like "$T/syslog" 'reason=throttled rule=guesses retry_after=36[0-9][0-9] attempt=' \
	"and the log says by which rule"
is "$(login alice alice-secret 203.0.113.11)" throttled \
	"nor the right one, from a place that nobody knows"
is "$(login alice alice-secret 192.0.2.1)" ok "the owner is in, where they were"
is "$(login bob bob-secret 203.0.113.11)" ok "and others are not concerned"
for i in 1 2 3 4; do
	login alice "home$i" 192.0.2.1
done | tr '\n' ' ' >"$T/reasons"
is "$(cat "$T/reasons")" \
	"password_wrong password_wrong password_wrong throttled " \
	"at home it is not free to guess either"

# --- what is no guess

directory_stop main
for i in 1 2 3 4 5 6; do
	login carol "away$i" 192.0.2.3
done | sort -u >"$T/reasons"
is "$(cat "$T/reasons")" directory_unavailable \
	"a directory that is away: six passwords, and none is counted"
directory_again main
is "$(login carol carol-secret 192.0.2.3)" ok "carol is in when it is back"
head -c 16 /dev/urandom >"$T/fraud.key"
is "$(login carol carol-secret 192.0.2.3)" throttled \
	"a key that is too short counts as no answer: denied as configured"
like "$T/all.log" 'fraud.key: is shorter than 32 bytes' "and it is said"
grep -anE 'guess[0-9]|home[0-9]|away[0-9]|-secret' "$T/all.log" \
	"$T/fraudd.log" >"$T/found"
nothing "$T/found" "no password stands in a log"

done_testing
