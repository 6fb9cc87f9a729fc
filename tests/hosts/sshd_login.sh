#!/usr/bin/env bash
# Stock ssh enters a stock sshd with a token, through the service file and
# the sshd_config that lie in etc/.
. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/hosts/lib.sh"
. "$top_srcdir/tests/hosts/sshd.sh"

[ "$(id -u)" -eq 0 ] || skip_all "sshd needs root"

chmod 711 "$T"
CONFIG=$T/jwtgate.json
PAM_D=$T/sshd/pam.d
write_config "$CONFIG" '{ "sshd": { "require": "token_only" } }'
at_exit sshd_done
sshd_init "$T/sshd" || exit 99
service sshd <"$top_srcdir/etc/pam.d/sshd"
sshd_start || exit 99

# --- tokens

claims=$(good_claims alice)
for n in 300 1000 1500 2000 12345 15999; do
	sign_to "$n" "$claims" >"$T/good-$n"
done
sign_to 1500 "$(good_claims bob)" >"$T/bob"
sign_to 1500 "$(good_claims root)" >"$T/root"
sign_to 1500 "$(good_claims alice -60)" >"$T/expired"
tamper 2 "$(cat "$T/good-1500")" >"$T/tampered"
head -c 1500 /dev/zero | tr '\000' x >"$T/junk"
sign_to 16384 "$claims" >"$T/longest"
{ cat "$T/longest" && echo -n A; } >"$T/too-long"
tokens=("$T"/good-* "$T/bob" "$T/root" "$T/expired" "$T/tampered" "$T/longest")

# --- the client

mkdir -p "$T/xdg/jwtgate"
export XDG_CONFIG_HOME=$T/xdg SSH_ASKPASS_REQUIRE=force SSH_ASKPASS=$T/askpass
unset SSH_AUTH_SOCK DISPLAY

# Notes what the real one is asked.
cat >"$T/askpass" <<-END
	#!/bin/sh
	printf '%s\n' "\$1" >>"\$PROMPTS"
	exec "$JWTGATE_ASKPASS" "\$1"
END
chmod 700 "$T/askpass"
cat >"$T/xdg/jwtgate/askpass.json" <<-END
	{ "hosts": ["alice@127.0.0.1", "bob@127.0.0.1", "root@127.0.0.1",
	    "nobody-here@127.0.0.1"] }
END

# login USER TOKENFILE [SSH-OPTION...]: what the far shell said is in $T/out,
# ssh's own words in $T/err, the prompts in $T/prompts, the module's lines
# about this login in $T/lines.
login() {
	local user=$1 token=$2 before
	shift 2
	: >"$T/prompts"
	before=$(wc -l <"$SSHD_DIR/syslog")
	BEARER_TOKEN_FILE=$token PROMPTS=$T/prompts ssh "$@" "${SSHD_CLIENT[@]}" \
		-o PreferredAuthentications=keyboard-interactive \
		"$user@127.0.0.1" 'echo in as $(id -u)' </dev/null \
		>"$T/out" 2>"$T/err"
	tail -n "+$((before + 1))" "$SSHD_DIR/syslog" |
		grep -F 'pam_jwt(' >"$T/lines"
}

# A plain login as alice, and how many prompts it takes.
# enters WHAT PROMPTS TOKENFILE [SSH-OPTION...]
enters() {
	local what=$1 prompts=$2
	shift 2
	login alice "$@"
	is "$(cat "$T/out")" "in as $SSHD_UID" "$what: in"
	[ "$(cat "$T/out")" ] || diag "$T/err" "$T/lines"
	is "$(wc -l <"$T/prompts")" "$prompts" "$what: $prompts prompts"
	like "$T/lines" "user=alice peer=127.0.0.1 service=sshd result=allow" \
		"$what: the log says so"
}

# stays_out WHAT REASON USER TOKENFILE [SSH-OPTION...]
stays_out() {
	local what=$1 reason=$2
	shift 2
	login "$@"
	is "$(cat "$T/out")" "" "$what: stays out"
	like "$T/lines" "user=$1 peer=127.0.0.1 .*result=deny reason=$reason( |\$)" \
		"$what: $reason"
	is "$(grep -c 'result=' "$T/lines")" 1 "$what: one line"
	like "$T/err" 'Permission denied' "$what: ssh hears nothing else"
	unlike "$T/err" "$reason|pam_jwt|token" "$what: no reason goes out"
}

# --- keyboard-interactive

enters "a short token" 1 "$T/good-300"
enters "a token over 1 kB" 2 "$T/good-1500"
is "$(cat "$T/prompts")" "(alice@127.0.0.1) JWT[0+1000]: 
(alice@127.0.0.1) JWT[1000+1000]: " "the prompts, to the letter"
enters "exactly one chunk" 2 "$T/good-1000"
enters "exactly two chunks" 3 "$T/good-2000"
enters "thirteen chunks" 13 "$T/good-12345"
enters "as much as the rounds carry" 16 "$T/good-15999"
is "$(grep -c . "$T/lines")" 2 "auth and account, a line for each"

stays_out "an expired token" token_expired alice "$T/expired"
stays_out "another user's token" user_mismatch alice "$T/bob"
stays_out "a tampered token" signature_invalid alice "$T/tampered"
stays_out "junk" token_malformed alice "$T/junk"
stays_out "a user this machine does not know" token_malformed bob "$T/bob"

# The number of prompts is the same, whoever it is: sshd answers for those
# who may not enter with junk of the same length.
prompts_of() {
	login "$@"
	wc -l <"$T/prompts"
}
for token in good-300 good-1000 good-1500 good-2000 good-15999 bob junk; do
	want=$(prompts_of alice "$T/$token")
	for user in nobody-here root; do
		is "$(prompts_of "$user" "$T/$token")" "$want" \
			"$user and $token: $want prompts, as for alice"
	done
done

# --- the password method: one answer, up to 1024 bytes

sshd_stop
sshd_start "PasswordAuthentication yes" || exit 99
cat >"$T/askpass-password" <<-END
	#!/bin/sh
	printf '%s\n' "\$1" >>"\$PROMPTS"
	cat "\$BEARER_TOKEN_FILE"
END
chmod 700 "$T/askpass-password"

# by_password USER TOKENFILE
by_password() {
	SSH_ASKPASS=$T/askpass-password login "$@" \
		-o PreferredAuthentications=password
}
for n in 999 1000 1001 1022; do
	sign_to "$n" "$claims" >"$T/good-$n" && tokens+=("$T/good-$n")
	by_password alice "$T/good-$n"
	is "$(cat "$T/out")" "in as $SSHD_UID" "a password of $n bytes: in"
	is "$(wc -l <"$T/prompts")" 1 "a password of $n bytes: asked once"
done
by_password alice "$T/expired"
is "$(cat "$T/out")" "" "an expired token as a password: stays out"
by_password nobody-here "$T/good-1000"
is "$(cat "$T/out")" "" "an unknown user's password: stays out"
like "$T/lines" 'user=nobody-here .*reason=token_malformed' \
	"an unknown user's password: the module saw sshd's junk"
login alice "$T/good-300" -o PreferredAuthentications=password
is "$(cat "$T/out")" "" "jwtgate-askpass does not answer for passwords"

# --- clients that are not stock

client() {
	/usr/bin/python3 "$top_srcdir/tests/hosts/sshclient.py" "$SSHD_PORT" "$@" \
		>"$T/out" 2>"$T/err"
}
accept_client() {
	local what=$1
	shift
	client "$@"
	is "$(tail -n 1 "$T/out")" accepted "$what"
	[ "$(tail -n 1 "$T/out")" = accepted ] || diag "$T/err" "$SSHD_DIR/syslog"
}
refuse_client() {
	local what=$1 reason=$2
	shift 2
	client "$@"
	is "$(tail -n 1 "$T/out")" refused "$what"
	tail -n 1 "$SSHD_DIR/syslog" >"$T/last"
	like "$T/last" "reason=$reason( |\$)" "$what: $reason"
}
accept_client "the longest token at once" alice whole "$T/longest"
is "$(grep -c ^prompt "$T/out")" 1 "it is asked for once"
refuse_client "one byte more" token_too_long alice whole "$T/too-long"
accept_client "chunks from another client" alice chunks "$T/good-12345"
accept_client "a client that repeats itself" alice whole "$T/good-1000"
is "$(grep -c ^prompt "$T/out")" 16 "it is asked sixteen times"
client root whole "$T/longest"
is "$(cat "$T/out")" "prompt JWT[0+1000]: 
refused" "root and the longest token: asked once, as alice"
accept_client "a password of 1000 bytes" alice password "$T/good-1000"

# What another module asked for is junk as well, when they may not enter.
service sshd <<-END
	auth optional pam_exec.so expose_authtok quiet /bin/true
	auth required pam_jwt.so try_first_pass
END
printf 'eyJhbGciOiJIUzI1NiJ9.e30.AAAA' >"$T/shaped"
for token in shaped bob; do
	client alice whole "$T/$token"
	cp "$T/out" "$T/want"
	for user in nobody-here root; do
		client "$user" whole "$T/$token"
		is "$(cat "$T/out")" "$(cat "$T/want")" \
			"try_first_pass, $user and $token: as for alice"
	done
done
service sshd <"$top_srcdir/etc/pam.d/sshd"

# --- many at once

for i in $(seq 12); do
	BEARER_TOKEN_FILE=$T/good-2000 PROMPTS=/dev/null ssh \
		"${SSHD_CLIENT[@]}" alice@127.0.0.1 echo in </dev/null \
		>"$T/out.$i" 2>"$T/err.$i" &
	pids[i]=$!
done
wait "${pids[@]}"
is "$(cat "$T"/out.* | grep -c '^in$')" 12 "twelve logins side by side"

# --- public keys go around auth, not around account

ssh-keygen -q -t ed25519 -N '' -C '' -f "$T/id"
cp "$T/id.pub" "$SSHD_DIR/authorized_keys"
chmod 644 "$SSHD_DIR/authorized_keys"
by_key() {
	login alice /nonexistent -i "$T/id" -o PreferredAuthentications=publickey
}
by_key
is "$(cat "$T/out")" "in as $SSHD_UID" "a public key, where no role is asked"
like "$T/lines" 'user=alice .*result=allow' "account was asked"
write_config "$CONFIG" '{ "sudo": {} }'
by_key
is "$(cat "$T/out")" "" "a public key, where the service is not named"
like "$T/lines" 'user=alice .*reason=config_invalid' "account refused"

# --- the sentence for those without a role

cat >"$CONFIG" <<-END
	{ "common": { "authentication": {
	    "jwtsecret": "0123456789abcdef0123456789abcdef", "jwtalgorithm": "HS256",
	    "authorize": { "role1": "cn=admins,dc=example,dc=org",
	        "unauthorized": "Ask the service desk." } } } }
END
echo '{"kty":"oct","k":"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}' \
	>"$T/first.jwk"
sign "{\"user\":\"alice\",\"role1\":true,\"exp\":$((now + 600))}" \
	"$T/first.jwk" >"$T/role"
sign "{\"user\":\"alice\",\"exp\":$((now + 600))}" "$T/first.jwk" >"$T/norole"
tokens+=("$T/role" "$T/norole")
enters "a role in the token" 1 "$T/role"
login alice "$T/norole"
is "$(cat "$T/out")" "" "no role: stays out"
like "$T/lines" 'reason=role_missing( |$)' "no role: the log says why"
like "$T/err" 'Ask the service desk\.' "no role: they are told whom to ask"

# --- the module fails: nobody enters

mv "$CONFIG" "$CONFIG.away"
login alice "$T/role"
is "$(cat "$T/out")" "" "no configuration: stays out"
is "$(wc -l <"$T/prompts")" 0 "no configuration: nothing is asked"
like "$T/lines" 'reason=config_invalid' "no configuration: the log says why"
mv "$CONFIG.away" "$CONFIG"
enters "and with it again" 1 "$T/role"

# --- nothing went out

no_secret "no secret in sshd's log, at DEBUG3, nor in syslog" \
	"$SSHD_DIR/sshd.log" "$SSHD_DIR/syslog" -- "${tokens[@]}"
unlike "$SSHD_DIR/syslog" 0123456789abcdef "no secret of the configuration"

done_testing
