#!/usr/bin/env bash
# pam_jwt.so in a real PAM stack, without a host around it: what it asks,
# returns, shows and logs. Needs no root.
. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/hosts/lib.sh"

CONFIG=$T/jwtgate.json
write_config "$CONFIG"

service test <<-END
	auth required pam_jwt.so
	account required pam_jwt.so
	session required pam_jwt.so
	password required pam_jwt.so
END

sign "{$(good_claims alice)}" >"$T/good"
sign "{$(good_claims alice -60)}" >"$T/expired"
sign "{$(good_claims bob)}" >"$T/bob"
tamper 3 "$(cat "$T/good")" >"$T/tampered"
sign_to 2500 "$(good_claims alice)" >"$T/long"
: >"$T/empty"
head -c 5000 /dev/urandom | tr -d '\000' >"$T/junk"
head -c 1048576 /dev/zero | tr '\000' 'x' >"$T/megabyte"

# outcome WHAT CODE REASON LEVEL: the last drive returned CODE and logged
# exactly one line, with this reason, at this level of syslog.
outcome() {
	local lines
	lines=$(grep -c ' result=' "$T/syslog")
	if tail -n 1 "$T/out" | grep -q " $2\$" && [ "$lines" -eq 1 ] &&
		grep -Eq "^<$4>.* reason=$3( |\$)" "$T/syslog"; then
		pass "$1"
	else
		fail "$1"
		diag "$T/out" "$T/err" "$T/syslog"
	fi
	cat "$T/syslog" >>"$T/all.log"
	cat "$T/out" "$T/err" >>"$T/all.out"
}

# check WHAT CODE REASON LEVEL DRIVE-ARGUMENT...
check() {
	local what=$1 code=$2 reason=$3 level=$4
	shift 4
	rm -f "$T/syslog"
	: >>"$T/syslog"
	drive "$@"
	outcome "$what" "$code" "$reason" "$level"
}

INFO=6 NOTICE=5 ERR=3

# Files with a token of these claims, of this length; their names.
token() {
	sign "$1" >"$T/token" && echo "$T/token"
}

token_to() {
	sign_to "$1" "$(good_claims alice)" >"$T/token" && echo "$T/token"
}

# --- the decision, through libpam

check "a good token" PAM_SUCCESS ok $INFO -t "$T/good" authenticate
is "$(head -n 1 "$T/out")" "prompt JWT[0+1000]: " "the prompt is exact"
check "a token of three chunks" PAM_SUCCESS ok $INFO -t "$T/long" authenticate
is "$(grep -c ^prompt "$T/out")" 3 "three chunks are three prompts"
check "the same in one answer" PAM_SUCCESS ok $INFO -R -t "$T/long" authenticate
is "$(grep -c ^prompt "$T/out")" 1 "a longer answer is whole"
check "an expired token" PAM_AUTH_ERR token_expired $NOTICE \
	-t "$T/expired" authenticate
check "another user's token" PAM_AUTH_ERR user_mismatch $NOTICE \
	-t "$T/bob" authenticate
check "the same for that user" PAM_SUCCESS ok $INFO \
	-u bob -t "$T/bob" authenticate
check "a tampered token" PAM_AUTH_ERR signature_invalid $NOTICE \
	-t "$T/tampered" authenticate
check "no token" PAM_AUTH_ERR token_missing $NOTICE -t "$T/empty" authenticate
check "junk" PAM_AUTH_ERR token_malformed $NOTICE -t "$T/junk" authenticate
check "a megabyte at once" PAM_AUTH_ERR token_too_long $NOTICE \
	-R -t "$T/megabyte" authenticate
is "$(grep -c ^prompt "$T/out")" 1 "a megabyte is one answer"
check "a megabyte in chunks" PAM_AUTH_ERR token_malformed $NOTICE \
	-t "$T/megabyte" authenticate
is "$(grep -c ^prompt "$T/out")" 16 "at most sixteen rounds"
check "a conversation that fails" PAM_AUTH_ERR token_missing $NOTICE \
	-f 1 -t "$T/good" authenticate
check "a conversation that fails half way" PAM_AUTH_ERR token_missing $NOTICE \
	-f 2 -t "$T/long" authenticate
check "a user this host does not know" PAM_SUCCESS ok $INFO \
	-u bob -t "$T/bob" authenticate
TEST_NO_USERS=1
export TEST_NO_USERS
check "a name service that is out of order" PAM_AUTHINFO_UNAVAIL \
	directory_unavailable $ERR -t "$T/good" authenticate
is "$(grep -c ^prompt "$T/out")" 0 "nobody is asked for a token then"
unset TEST_NO_USERS
cp -p "$CONFIG" "$T/kept.json"
check "a configuration that breaks while somebody types" PAM_SUCCESS ok $INFO \
	-x "echo '{' >$CONFIG" -t "$T/good" authenticate
like "$T/syslog" '^<4>.*jwtgate\.json:.*last good version stays in use' \
	"the log says why it was not taken over"
is "$(grep -c 'last good' "$T/syslog")" 1 "once"
cp -p "$T/kept.json" "$CONFIG"
check "root, without allow_root" PAM_AUTH_ERR user_invalid $NOTICE -u root \
	-t "$(token "{$(good_claims root)}")" authenticate
check "a system user, below minimum_uid" PAM_AUTH_ERR user_invalid $NOTICE \
	-u daemon -t "$(token "{$(good_claims daemon)}")" authenticate

# --- lengths

check "a token of exactly one chunk" PAM_SUCCESS ok $INFO \
	-t "$(token_to 1000)" authenticate
is "$(grep -c ^prompt "$T/out")" 2 "it needs an empty second answer"
check "a token of exactly two chunks" PAM_SUCCESS ok $INFO \
	-t "$(token_to 2000)" authenticate
is "$(grep -c ^prompt "$T/out")" 3 "it needs an empty third answer"
check "one answer of exactly a chunk, repeated" PAM_SUCCESS ok $INFO \
	-R -t "$(token_to 1000)" authenticate
is "$(grep -c ^prompt "$T/out")" 16 "a repeated chunk is not cut short"
check "the longest token" PAM_SUCCESS ok $INFO \
	-R -t "$(token_to 16384)" authenticate
{ sign_to 16384 "$(good_claims alice)" && echo -n A; } >"$T/too-long"
check "one byte more" PAM_AUTH_ERR token_too_long $NOTICE \
	-R -t "$T/too-long" authenticate

# --- the configuration

service noconf <<-END
	auth required pam_jwt.so
	account required pam_jwt.so
END
sed -i 's,config=[^ ]*,config=/nonexistent/jwtgate.json,' "$T/pam.d/noconf"
check "no configuration" PAM_SERVICE_ERR config_invalid $ERR \
	-s noconf -t "$T/good" authenticate
is "$(grep -c ^prompt "$T/out")" 0 "without one, nothing is asked"
check "no configuration, in account" PAM_SERVICE_ERR config_invalid $ERR \
	-s noconf acct_mgmt

CONFIG=$T/broken.json
echo '{ "common": { "authentification": {} } }' >"$CONFIG"
service broken <<<'auth required pam_jwt.so'
check "a broken configuration" PAM_SERVICE_ERR config_invalid $ERR \
	-s broken -t "$T/good" authenticate
like "$T/syslog" 'broken\.json:1:[0-9]+: ' "the log says where it is broken"

CONFIG=$T/open.json
write_config "$CONFIG"
chmod 666 "$CONFIG"
service open <<<'auth required pam_jwt.so'
check "a configuration that all may write" PAM_SERVICE_ERR config_invalid $ERR \
	-s open -t "$T/good" authenticate

CONFIG=$T/nokey.json
write_config "$CONFIG"
sed -i 's,signing\.jwk,missing.jwk,' "$CONFIG"
service nokey <<<'auth required pam_jwt.so'
check "a key that cannot be read" PAM_AUTHINFO_UNAVAIL keys_unavailable $ERR \
	-s nokey -t "$T/good" authenticate
like "$T/syslog" 'missing\.jwk' "the log names the file"

CONFIG=$T/named.json
write_config "$CONFIG" '{ "sshd": { "require": "token_only" } }'
service other-name <<<'auth required pam_jwt.so'
check "a service that is not named" PAM_SERVICE_ERR config_invalid $ERR \
	-s other-name -t "$T/good" authenticate
service as-sshd <<<'auth required pam_jwt.so service=sshd'
check "service= speaks for another" PAM_SUCCESS ok $INFO \
	-s as-sshd -t "$T/good" authenticate

CONFIG=$T/jwtgate.json

# --- arguments

for argument in confg=/x config= service= use_firstpass debug=1 \
	config=jwtgate.json; do
	service args <<-END
		auth required pam_jwt.so $argument
		account required pam_jwt.so $argument
		session required pam_jwt.so $argument
		password required pam_jwt.so $argument
	END
	for phase in authenticate acct_mgmt open_session chauthtok; do
		check "the argument $argument in $phase" PAM_SERVICE_ERR \
			config_invalid $ERR -s args -t "$T/good" "$phase"
	done
	like "$T/syslog" "$argument" "the log names $argument"
	unlike "$T/out" ^prompt "with $argument nothing is asked"
done

service debug <<<'auth required pam_jwt.so debug'
check "debug" PAM_SUCCESS ok $INFO -s debug -t "$T/long" authenticate
like "$T/syslog" '^<7>.*debug: ' "debug says more"

# --- sudo asks for less at a time

for name in sudo sudo-i; do
	service "$name" <<<'auth required pam_jwt.so'
	check "$name" PAM_SUCCESS ok $INFO -s "$name" -t "$T/long" authenticate
	is "$(sed -n 2p "$T/out")" "prompt JWT[500+500]: " "$name: 500 at a time"
done

# --- an earlier module's answer

service use_first <<-END
	auth optional pam_exec.so expose_authtok quiet /bin/true
	auth required pam_jwt.so use_first_pass
	auth optional pam_exec.so expose_authtok quiet /bin/true
END
check "use_first_pass" PAM_SUCCESS ok $INFO -s use_first -p "$T/good" \
	authenticate
unlike "$T/out" '^prompt JWT' "use_first_pass does not ask"
is "$(grep -c '^prompt Password' "$T/out")" 2 "the token does not stay behind"
echo -n secret >"$T/password"
check "use_first_pass with a password" PAM_AUTH_ERR token_malformed $NOTICE \
	-s use_first -p "$T/password" authenticate
unlike "$T/out" '^prompt JWT' "it does not ask then either"
is "$(grep -c '^prompt Password' "$T/out")" 1 "a password stays"
service use_first_alone <<<'auth required pam_jwt.so use_first_pass'
check "use_first_pass without anything" PAM_AUTH_ERR token_missing $NOTICE \
	-s use_first_alone -t "$T/good" authenticate
unlike "$T/out" ^prompt "nothing is asked"

service try_first <<-END
	auth optional pam_exec.so expose_authtok quiet /bin/true
	auth required pam_jwt.so try_first_pass
	auth optional pam_exec.so expose_authtok quiet /bin/true
END
check "try_first_pass" PAM_SUCCESS ok $INFO -s try_first -p "$T/good" \
	authenticate
unlike "$T/out" '^prompt JWT' "a token is used"
is "$(grep -c '^prompt Password' "$T/out")" 2 "and does not stay behind"
check "try_first_pass with a bad token" PAM_AUTH_ERR signature_invalid $NOTICE \
	-s try_first -p "$T/tampered" -t "$T/good" authenticate
unlike "$T/out" '^prompt JWT' "there is no second try"
check "try_first_pass with a password" PAM_SUCCESS ok $INFO \
	-s try_first -p "$T/password" -t "$T/good" authenticate
like "$T/out" '^prompt JWT' "then it asks"
is "$(grep -c '^prompt Password' "$T/out")" 1 "and the password stays"
echo -n my.secret.word >"$T/dotted"
check "a password with two dots" PAM_SUCCESS ok $INFO \
	-s try_first -p "$T/dotted" -t "$T/good" authenticate
# Only the length decides, or the number of prompts would tell sshd's junk from
# what was typed.
shape=eyJhbGciOiJIUzI1NiJ9.e30.
for n in 99 100; do
	printf '%s%*s' "$shape" $((n - ${#shape})) '' | tr ' ' A >"$T/shaped"
	head -c "$n" /dev/zero | tr '\000' '\b' >"$T/junk"
	for answer in shaped junk; do
		drive -s try_first -p "$T/$answer" -t "$T/tampered" authenticate
		grep ^prompt "$T/out" >"$T/prompts-$answer"
	done
	is "$(cat "$T/prompts-junk")" "$(cat "$T/prompts-shaped")" \
		"try_first_pass and $n bytes: the same prompts"
done
is "$(grep -c '^prompt JWT' "$T/prompts-junk")" 0 "100 bytes are a token"

# --- the time that a refusal takes

# What is refused at a glance takes as long as what was looked at: junk is all
# that sshd lets the module see of those who do not exist.
printf %s junk >"$T/junk"
for token in junk tampered expired; do
	drive -m -t "$T/$token" authenticate
	ms=$(sed -n 's/^authenticate PAM_AUTH_ERR //p' "$T/out")
	is "$((${ms:-0} >= 20))" 1 "$token: refused after 20 ms"
done

# --- the peer

check "an address in PAM_RHOST" PAM_SUCCESS ok $INFO \
	-h 192.0.2.7 -t "$T/good" authenticate
like "$T/syslog" ' peer=192\.0\.2\.7 ' "it is the peer"
check "SSH_CONNECTION" PAM_SUCCESS ok $INFO -h name.example.org \
	-e "SSH_CONNECTION=2001:DB8::1 4711 2001:db8::2 22" \
	-t "$T/good" authenticate
like "$T/syslog" ' peer=2001:db8::1 ' "its first word, in one form"
check "SSH_CONNECTION with a zone" PAM_SUCCESS ok $INFO \
	-e "SSH_CONNECTION=fe80::1%eth0 4711 fe80::2%eth0 22" \
	-t "$T/good" authenticate
like "$T/syslog" ' peer=fe80::1 ' "without the zone"
check "a mapped address" PAM_SUCCESS ok $INFO -h ::ffff:192.0.2.7 \
	-t "$T/good" authenticate
like "$T/syslog" ' peer=192\.0\.2\.7 ' "it is the IPv4 address"
for rhost in name.example.org 192.0.2 192.0.2.7x "" UNKNOWN; do
	check "\"$rhost\" in PAM_RHOST" PAM_SUCCESS ok $INFO \
		-h "$rhost" -t "$T/good" authenticate
	like "$T/syslog" ' peer=local ' "no address is local"
done

# --- account

check "account after a token" PAM_SUCCESS ok $INFO -t "$T/good" acct_mgmt
for phase in setcred open_session close_session; do
	drive "$phase"
	is "$(cat "$T/out")" "$phase PAM_SUCCESS" "$phase"
done
rm -f "$T/syslog"
drive chauthtok
is "$(cat "$T/out")" "chauthtok PAM_AUTHTOK_ERR" "a token cannot be changed"
like "$T/syslog" '^<5>.* cannot be changed here' "and the log says so"

# The first users' form: roles stand in the token.
CONFIG=$T/first.json
cat >"$CONFIG" <<-END
	{ "common": { "authentication": {
	    "jwtsecret": "0123456789abcdef0123456789abcdef", "jwtalgorithm": "HS256",
	    "authorize": { "role1": "cn=admins,dc=example,dc=org",
	        "unauthorized": "Ask the service desk." } } } }
END
chmod 600 "$CONFIG"
cat >"$T/first.jwk" <<-END
	{"kty":"oct","k":"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}
END
service first <<-END
	auth required pam_jwt.so
	account required pam_jwt.so
END
first() {
	sign "{\"user\":\"$1\",\"exp\":$((now + 600))$2}" "$T/first.jwk"
}
first alice ',"role1":true' >"$T/role"
first alice '' >"$T/norole"

# both WHAT CODE REASON DRIVE-ARGUMENT...: auth is fine, account decides.
both() {
	local what=$1 code=$2 reason=$3
	shift 3
	rm -f "$T/syslog"
	drive "$@"
	is "$(sed -n '/^authenticate/p' "$T/out")" "authenticate PAM_SUCCESS" \
		"$what: auth"
	is "$(sed -n '/^acct_mgmt/p' "$T/out")" "acct_mgmt $code" \
		"$what: account"
	is "$(grep -c ' result=' "$T/syslog")" 2 "$what: a line for each"
	tail -n 1 "$T/syslog" >"$T/last"
	like "$T/last" " reason=$reason( |\$)" "$what: $reason"
	cat "$T/syslog" >>"$T/all.log"
	cat "$T/out" "$T/err" >>"$T/all.out"
}

both "a role in the token" PAM_SUCCESS ok \
	-s first -t "$T/role" authenticate acct_mgmt
unlike "$T/out" '^(error|info)' "nothing is said to those who may"
both "no role in the token" PAM_PERM_DENIED role_missing \
	-s first -t "$T/norole" authenticate acct_mgmt
like "$T/out" '^error Ask the service desk\.$' "they are told whom to ask"
both "the same, silently" PAM_PERM_DENIED role_missing \
	-S -s first -t "$T/norole" authenticate acct_mgmt
unlike "$T/out" '^(error|info)' "PAM_SILENT is heard"
both "another user in account" PAM_AUTHINFO_UNAVAIL directory_unavailable \
	-s first -t "$T/role" authenticate user=bob acct_mgmt
check "account without a token asks the directory" PAM_AUTHINFO_UNAVAIL \
	directory_unavailable $ERR -s first acct_mgmt

# A refused second try takes the first one's roles with it.
first bob ',"role1":true' >"$T/first-bob"
drive -s first -t "$T/first-bob" user=bob authenticate user=alice \
	authenticate user=bob acct_mgmt
is "$(sed -n '/^[a-z_]* PAM/p' "$T/out" | tr '\n' ' ')" \
	"authenticate PAM_SUCCESS authenticate PAM_AUTH_ERR acct_mgmt PAM_AUTHINFO_UNAVAIL " \
	"a refused try forgets the one before"

# The way in of doc/HOSTS.md: one line past the role check.
service breakglass <<-END
	account [success=1 default=ignore] pam_succeed_if.so quiet user = root
	account requisite pam_jwt.so
	account required pam_permit.so
END
drive -s breakglass -u root acct_mgmt
is "$(cat "$T/out")" "acct_mgmt PAM_SUCCESS" "root's key goes past the check"
drive -s breakglass -u daemon acct_mgmt
is "$(cat "$T/out")" "acct_mgmt PAM_AUTH_ERR" "nobody else's does"

# --- what goes out

no_secret "no secret in the log" "$T/all.log" -- "$T/good" "$T/expired" \
	"$T/bob" "$T/tampered" "$T/long" "$T/role" "$T/norole"
no_secret "no secret on the screen" "$T/all.out" -- "$T/good" "$T/expired" \
	"$T/bob" "$T/tampered" "$T/long" "$T/role" "$T/norole"
is "$(LC_ALL=C grep -c '[^[:print:]]' "$T/all.log")" 0 \
	"no control byte of the junk in the log"
unlike "$T/all.log" 'abcdef0123456789' "no secret of the configuration either"

done_testing
