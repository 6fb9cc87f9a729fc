#!/usr/bin/env bash
# A stock sshd whose logins a real fraudd counts: who tries many names is
# refused as throttled and hears nothing of it, who gets in is taken back, and
# without fraudd it is as configured, said once.
. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/hosts/lib.sh"
. "$top_srcdir/tests/hosts/sshd.sh"
. "$top_srcdir/tests/fraudd/lib.sh"

[ "$(id -u)" -eq 0 ] || skip_all "sshd needs root"

chmod 711 "$T"
mkdir -m 700 "$T/state"
CONFIG=$T/jwtgate.json
PAM_D=$T/sshd/pam.d
RULES='"rules": [
    { "name": "names", "event": "login", "when": [ "exists=0" ],
      "count": "distinct user", "limit": 3 },
    { "name": "seats", "event": "login", "key": "user",
      "count": "sessions", "limit": 3 },
    { "name": "tries", "event": "login", "when": [ "exists=1" ],
      "count": "attempts", "limit": 6 } ]'

# jwtgate_config WHEN_UNAVAILABLE: read anew by the next login.
jwtgate_config() {
	write_gate_config "$CONFIG.new" "$1"
	mv "$CONFIG.new" "$CONFIG"
}

write_gate_config() {
	[ -f "$T/signing.jwk" ] || "$JWTGATE" keys generate --alg ES256 \
		--kid k | sed 's/,"kid":"k"//' >"$T/signing.jwk"
	cat >"$1" <<-END
		{ "common": { "authentication": {
		    "jwtsigningkey_file": "$T/signing.jwk", "jwtalgorithm": "ES256",
		    "issuer": "https://login.example.org", "audience": ["ssh"] },
		    "fraud": { "socket": "$SOCK", "deadline_ms": 20000,
		      "away_file": "$T/away/last", "when_unavailable": "$2" } },
		  "services": { "sshd": { "require": "token_only" } } }
	END
	chmod 600 "$1"
}

jwtgate_config deny
start_fraudd "$RULES"
at_exit sshd_done
sshd_init "$T/sshd" || exit 99
service sshd <"$top_srcdir/etc/pam.d/sshd"
sshd_start || exit 99

sign "{$(good_claims alice)}" >"$T/good"
tamper 3 "$(cat "$T/good")" >"$T/forged"
sign "{$(good_claims alice -600)}" >"$T/expired"

mkdir -p "$T/xdg/jwtgate"
export XDG_CONFIG_HOME=$T/xdg SSH_ASKPASS_REQUIRE=force \
	SSH_ASKPASS=$JWTGATE_ASKPASS
unset SSH_AUTH_SOCK DISPLAY
for name in alice who1 who2 who3 who4; do
	hosts="${hosts:+$hosts, }\"$name@127.0.0.1\""
done
echo "{ \"hosts\": [$hosts] }" >"$T/xdg/jwtgate/askpass.json"

# login USER TOKENFILE: the reason of the log, or what the far shell said.
login() {
	local before
	before=$(wc -l <"$SSHD_DIR/syslog")
	BEARER_TOKEN_FILE=$2 ssh "${SSHD_CLIENT[@]}" \
		-o PreferredAuthentications=keyboard-interactive \
		"$1@127.0.0.1" 'echo in' </dev/null >"$T/out" 2>"$T/err"
	tail -n "+$((before + 1))" "$SSHD_DIR/syslog" |
		grep -F 'pam_jwt(' >"$T/lines"
	if [ -s "$T/out" ]; then
		cat "$T/out"
	else
		sed -n 's/.* reason=\([a-z_]*\).*/\1/p' "$T/lines" | head -n 1
	fi
}

# --- one who tries

for i in 1 2 3 4 5 6 7 8; do
	login alice "$T/good"
done | sort -u >"$T/reasons"
is "$(cat "$T/reasons")" in "eight logins are taken back and count nothing"
is "$(login alice "$T/expired")" token_expired "an expired token is no attack"
for i in 1 2 3 4 5; do
	login alice "$T/forged"
done | sort -u >"$T/reasons"
is "$(cat "$T/reasons")" signature_invalid "five forged tokens are looked at"
is "$(login alice "$T/forged")" throttled "the sixth is not"
like "$T/lines" 'reason=throttled rule=tries retry_after=36[0-9][0-9] attempt=[A-Za-z0-9_-]{22} ' \
	"the log says by which rule, until when, and which attempt"
like "$T/err" 'Permission denied' "the peer hears what everybody hears"
unlike "$T/err" 'throttled|too many|tries' "and no more"
id=$(sed -n 's/.* attempt=\([^ ]*\) .*/\1/p' "$T/lines")
like <(redis-cli -s "$SOCK" WHY "$id") '^tries$' \
	"fraudd knows that attempt by its id"
is "$(login alice "$T/good")" throttled "a good one from there is refused too"
is "$(redis-cli -s "$SOCK" FORGET ip 127.0.0.1)" 1 "an operator forgives"
is "$(login alice "$T/good")" in "and alice is in"

# --- names that nobody has

is "$(login who1 "$T/good")" token_malformed "a name that nobody has"
is "$(login who2 "$T/good")" token_malformed "another"
is "$(login who3 "$T/good")" throttled "a third is one too many"
is "$(login alice "$T/good")" in "users who exist are counted apart"

# --- sessions

# hold N: a session that lasts until its end of the pipe is closed.
hold() {
	mkfifo "$T/hold$1"
	BEARER_TOKEN_FILE=$T/good ssh "${SSHD_CLIENT[@]}" \
		-o PreferredAuthentications=keyboard-interactive \
		"alice@127.0.0.1" 'echo held; read line' <"$T/hold$1" \
		>"$T/held$1" 2>/dev/null &
	held[$1]=$!
}
held=()
hold 1 && exec 7>"$T/hold1"
hold 2 && exec 8>"$T/hold2"
accept "two sessions are held" until_true test -s "$T/held1" -a -s "$T/held2"
login alice "$T/good" >/dev/null
is "$(cat "$T/out")" "" "a third one is too many"
like "$T/lines" 'pam_jwt\(sshd:session\).*reason=throttled rule=seats ' \
	"and the log says so"
exec 7>&-
wait "${held[1]}"
seat_is_free() {
	[ "$(login alice "$T/good")" = in ]
}
accept "when one has ended there is a seat again" until_true seat_is_free
exec 8>&-
wait "${held[2]}"

# --- without fraudd

: >"$SSHD_DIR/syslog"
accept "fraudd ends" stop_fraudd
is "$(login alice "$T/good")" throttled "away and deny: out"
is "$(login alice "$T/good")" throttled "again"
jwtgate_config allow
for i in 1 2 3; do
	is "$(login alice "$T/good")" in "away and allow: in"
done
is "$(grep -c 'fraudd could not be asked, attempts are' "$SSHD_DIR/syslog")" 1 \
	"five logins, five processes: said once in the minute"
is "$(stat -c %a "$T/away/last")" 600 \
	"and nobody else can hold the lock of that file, which would silence all"
echo $((now - 61)) | tr -d '\n' >"$T/away/last"
login alice "$T/good" >/dev/null
is "$(grep -c 'attempts are let through: .*there is no such socket\|attempts are let through: .*nobody listens' \
	"$SSHD_DIR/syslog")" 1 "and in the next minute once more"
start_fraudd "$RULES"
is "$(login who3 "$T/good")" throttled "fraudd comes back and is asked"
no_secret "no token is in any log" "$SSHD_DIR/syslog" "$T/lines" -- \
	"$T/good" "$T/forged"

done_testing
