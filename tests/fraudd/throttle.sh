#!/bin/bash
# The gate asks a real fraudd: what is refused, what is taken back, and that
# guessing in parallel wins nothing.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"
# shellcheck source=tests/fraudd/lib.sh
. "$top_srcdir/tests/fraudd/lib.sh"

need redis-cli
GUESSES=$top_builddir/tests/fraudd/guesses

mkdir -m 700 "$T/state"
start_fraudd '"login_rules": "enforce"'

# gate_config FILE WHEN_UNAVAILABLE
gate_config() {
	cat >"$1" <<-END
		{ "common": { "authentication": {
		    "jwtsigningkey_file": "$T/signing.jwk", "jwtalgorithm": "ES256",
		    "issuer": "https://login.example.org", "audience": ["ssh"] },
		    "fraud": { "socket": "$SOCK", "deadline_ms": 20000,
		      "away_file": "$T/away",
		      "when_unavailable": "$2" } },
		  "services": { "sshd": { "require": "token_only" } } }
	END
}
"$JWTGATE" keys generate --alg ES256 >"$T/signing.jwk"
gate_config "$T/jwtgate.json" allow
gate_config "$T/deny.json" deny
for user in alice bob; do
	"$JWTGATE" issue --config "$T/jwtgate.json" --user "$user" \
		--ttl 600 >"$T/$user"
done
echo "no.to.ken" >"$T/junk"

# verify USER ADDRESS TOKENFILE [OPTION...]: the reason, or "ok"
verify() {
	local user=$1 address=$2 token=$3
	shift 3
	if "$JWTGATE" verify --config "$T/jwtgate.json" --service sshd \
		--user "$user" --rhost "$address" "$@" <"$token" \
		>"$T/out" 2>"$T/err"; then
		echo ok
	else
		head -n 1 "$T/err"
	fi
}

is "$(verify alice 192.0.2.1 "$T/alice")" ok "a good token"
for i in $(seq 19); do
	verify "x$i" 192.0.2.1 "$T/junk"
done | sort | uniq -c | tr -s ' ' >"$T/reasons"
is "$(cat "$T/reasons")" " 19 token_malformed" \
	"the good one was taken back: nineteen more are looked at"
is "$(verify x20 192.0.2.1 "$T/junk")" throttled "and the twentieth is not"
is "$(verify alice 192.0.2.1 "$T/alice")" throttled "nor any other from there"
is "$(verify alice 192.0.2.2 "$T/alice")" ok "a neighbour is let in"
verify alice 192.0.2.1 "$T/alice" --explain >/dev/null
like "$T/out" 'FAIL throttle: seen rule login-users: 20 of 20, again in 3[56]' \
	"--explain says by which rule"
verify alice 192.0.2.1 "$T/alice" --json >/dev/null
like "$T/out" '"rule": *"login-users"' "--json names the rule"
id=$(sed -n 's/.*"attempt": *"\([A-Za-z0-9_-]\{22\}\)".*/\1/p' "$T/out")
is "${#id}" 22 "and the attempt"
like <(r WHY "$id") '^login-users$' "which fraudd can explain"

# --- a stolen token

for i in 1 2 3 4 5; do
	verify alice "203.0.113.$i" "$T/alice"
done | sort | uniq -c | tr -s ' ' >"$T/reasons"
like "$T/reasons" '^ . throttled$' "one token from many addresses is stopped"
is "$(verify bob 203.0.113.1 "$T/bob")" ok "another's is not"

# --- without an address: a terminal

accept "a login at a terminal is let in" "$JWTGATE" verify \
	--config "$T/jwtgate.json" --service sshd --user bob <"$T/bob"
accept "and so is one of a user who is not named" "$JWTGATE" verify \
	--config "$T/jwtgate.json" <"$T/bob"

# --- all at once

for how in one many; do
	[ "$how" = one ] && address=198.51.100.1 || address=198.51.100.2
	is "$("$GUESSES" "$T/deny.json" 500 "$how" "$address")" \
		"looked at 19, throttled 481, other 0" \
		"500 at once ($how): exactly as many as one by one"
	is "$("$GUESSES" "$T/deny.json" 500 "$how" "$address" 1000)" \
		"looked at 0, throttled 500, other 0" \
		"and 500 more: none"
done

# --- fraudd is away

accept "fraudd ends" stop_fraudd
is "$(verify alice 192.0.2.1 "$T/alice")" ok "away and allow: in"
is "$("$GUESSES" "$T/deny.json" 50 one 198.51.100.3)" \
	"looked at 0, throttled 50, other 0" "away and deny: out"
start_fraudd '"login_rules": "enforce"'
is "$(verify alice 192.0.2.1 "$T/alice")" throttled \
	"it comes back and knows what it knew"

done_testing
