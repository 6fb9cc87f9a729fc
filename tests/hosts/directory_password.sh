#!/usr/bin/env bash
# Passwords that the directory knows: who gets in, who does not, what they are
# told, and that a bind as a user leaves nothing of it behind.
. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/hosts/lib.sh"
. "$top_srcdir/tests/hosts/directory.sh"

directory_certs || exit 99
directory_slapd main memberof ppolicy || exit 99
directory_slapd bare || exit 99

# --- PAM

CONFIG=$T/pam.json
roles_config "$CONFIG" "${LDAPS[main]}" \
	'"insecure_plaintext": false, "cache_seconds": 0' \
	'{ "*": { "require": {"any": ["users", "policed"]}, "minimum_uid": 0 } }'
sed -i 's/"nobody":/"policed": "cn=policed,ou=groups,dc=example,dc=org", &/' \
	"$CONFIG"
service test <<-END
	auth required pam_jwt.so mode=password
	account required pam_jwt.so
	password required pam_jwt.so
END
sed 's/mode=password/& use_first_pass/' "$PAM_D/test" >"$PAM_D/first"
sed 's/mode=password/& try_first_pass/' "$PAM_D/test" >"$PAM_D/try"

# login WHAT USER PASSWORD PHASE... ; code and log are in $codes, $reasons
login() {
	local user=$1 password=$2
	shift 2
	printf '%s' "$password" >"$T/password"
	: >"$T/syslog"
	drive -u "$user" -p "$T/password" "$@"
	codes=$(sed -n 's/^[a-z_]* \(PAM_[A-Z_]*\).*/\1/p' "$T/out" | paste -sd ' ')
	reasons=$(grep -o 'reason=[a-z_]*' "$T/syslog" | cut -d= -f2 |
		paste -sd ' ')
	cat "$T/syslog" "$T/out" "$T/err" >>"$T/all.log"
}

# logs_in WHAT USER CODES REASONS [PASSWORD]
logs_in() {
	login "$2" "${5-$2-secret}" authenticate acct_mgmt
	is "$codes $reasons" "$3 $4" "$1"
	[ "$codes $reasons" = "$3 $4" ] || diag "$T/out" "$T/syslog"
}
logs_in "the right password" alice "PAM_SUCCESS PAM_SUCCESS" "ok ok"
is "$(head -n 1 "$T/out")" "prompt Password: " "it is asked for as ever"
unlike "$T/out" '^(info|error)' "and nothing is said"
wrong="PAM_AUTH_ERR PAM_SUCCESS"
logs_in "a wrong one" alice "$wrong" "password_wrong ok" alice-secreT
logs_in "another user's" alice "$wrong" "password_wrong ok" bob-secret
logs_in "none" alice "$wrong" "password_wrong ok" ""
logs_in "half of it" alice "$wrong" "password_wrong ok" alice-
logs_in "one byte more" alice "$wrong" "password_wrong ok" alice-secret1
logs_in "a blank more" alice "$wrong" "password_wrong ok" "alice-secret "
logs_in "1024 bytes" alice "$wrong" "password_wrong ok" \
	"$(printf 'a%.0s' {1..1024})"
logs_in "100 kB" alice "$wrong" "password_wrong ok" \
	"$(head -c 100000 /dev/zero | tr '\0' a)"

# What sshd makes up for whom it refuses is nobody's wrong password.
binds() {
	grep -c ' BIND dn="uid=alice,.*method=128' "$T/slapd-main/log"
}
junk=$'\b\n\r\177INCORRECT'
for password in "$junk" "$junk$junk" "${junk:0:1}" "$junk${junk:0:5}"; do
	before=$(binds)
	logs_in "sshd's junk, ${#password} bytes" alice "$wrong" \
		"password_wrong ok" "$password"
	is "$(binds)" "$before" "and no bind as alice"
done
like "$T/slapd-main/log" ' BIND dn="cn=jwtgate-nobody,dc=example,dc=org"' \
	"but as nobody, which takes as long"
for password in "${junk}x" "x$junk" "${junk%T}" INCORRECT; do
	[ "$password" = "${junk%T}" ] && password+=S
	before=$(binds)
	logs_in "junk but for a byte" alice "$wrong" "password_wrong ok" \
		"$password"
	is "$(binds)" $((before + 1)) "is a password, and tried"
done
for ((i = 0; i < 6; i++)); do
	login often often-secret authenticate
	[ "$i" -gt 0 ] || is "$codes" PAM_SUCCESS "before the junk"
	login often "$junk" authenticate
done
login often often-secret authenticate
is "$codes" PAM_SUCCESS "and after more of it than locks an account"
for ((i = 0; i < 5; i++)); do
	login often often-wrong authenticate
done
login often often-secret authenticate
is "$codes $reasons" "PAM_AUTH_ERR account_locked" "as wrong ones do"

# Neither the time nor the directory's own hash tells who is there.
for user in alice nobody-here; do
	printf x >"$T/password"
	drive -m -u "$user" -p "$T/password" authenticate
	ms=$(sed -n 's/^authenticate PAM_AUTH_ERR //p' "$T/out")
	is "$((${ms:-0} >= 160))" 1 "$user: refused after 160 ms"
done
logs_in "a user without a role" dave "PAM_SUCCESS PAM_PERM_DENIED" \
	"ok role_missing"
like "$T/out" '^error Ask the service desk\.' "whom they may ask is said"
logs_in "nobody" nobody-here "PAM_AUTH_ERR PAM_PERM_DENIED" \
	"password_wrong role_missing" x
logs_in "a namesake but for case" Alice "PAM_AUTH_ERR PAM_PERM_DENIED" \
	"password_wrong role_missing" alice-secret
logs_in "two people of one name" twin \
	"PAM_AUTHINFO_UNAVAIL PAM_AUTHINFO_UNAVAIL" \
	"directory_unavailable directory_unavailable"
logs_in "somebody by every name" '*' "PAM_AUTH_ERR PAM_PERM_DENIED" \
	"user_invalid role_missing" alice-secret
login 'alice)(uid=*' alice-secret authenticate
is "$codes" PAM_AUTH_ERR "a name that would be a filter"
login "uid=alice,$PEOPLE" alice-secret authenticate
is "$codes" PAM_AUTH_ERR "a name that would be a DN"
login special special-secret authenticate acct_mgmt
is "$codes" "PAM_SUCCESS PAM_SUCCESS" "a DN with everything in it"

# The name that searches is the reader's again after each bind as a user.
awk '/ BIND dn="/ && match($0, /conn=[0-9]+/) {
		c = substr($0, RSTART, RLENGTH); who[c] = $0 }
	/ SRCH base=/ && match($0, /conn=[0-9]+/) {
		c = substr($0, RSTART, RLENGTH)
		if (who[c] !~ /cn=reader/) print }' "$T/slapd-main/log" >"$T/found"
nothing "$T/found" "no search was made as a user"
like "$T/slapd-main/log" 'BIND dn="uid=alice,ou=people.*mech=SIMPLE' \
	"users were bound, in the log of the server"

# --- what the directory says of a password

logs_in "expired" expired "$wrong" "password_expired ok"
like "$T/out" '^error Your password has expired\.' "expired: they are told"
logs_in "expired, with logins left" graced "PAM_SUCCESS PAM_SUCCESS" "ok ok"
like "$T/out" '^info Your password has expired\. Logins left: 2\.' \
	"grace: they are told how many"
logs_in "expires later" warned "PAM_SUCCESS PAM_SUCCESS" "ok ok"
like "$T/out" '^info Your password expires in days: [0-9]+\.' \
	"expiry: they are told when"
logs_in "must be changed" changeme "PAM_SUCCESS PAM_NEW_AUTHTOK_REQD" "ok ok"
like "$T/out" '^info Your password must be changed\.' "must: they are told"
logs_in "must be changed, wrong" changeme "$wrong" "password_wrong ok" x
unlike "$T/out" '^(info|error)' "a wrong one tells nothing"
logs_in "expired, wrong" expired "$wrong" "password_wrong ok" x
unlike "$T/out" '^(info|error)' "a wrong one tells nothing"
login expired expired-secret -S authenticate
unlike "$T/out" '^(info|error)' "PAM_SILENT: they are not told"
# The server says it before it looks at the password: to whom has it, too.
for password in locked-secret locked-wrong; do
	logs_in "locked, $password" locked "$wrong" "account_locked ok" \
		"$password"
	unlike "$T/out" '^(info|error)' "locked: a stranger is not told"
done
for ((i = 0; i < 3; i++)); do
	login graced graced-secret authenticate
done
is "$codes $reasons" "PAM_AUTH_ERR password_expired" "no login is left"
login changeme changeme-secret authenticate acct_mgmt chauthtok
is "$codes" "PAM_SUCCESS PAM_NEW_AUTHTOK_REQD PAM_AUTHTOK_ERR" \
	"it is not changed here"
login changeme changeme-secret authenticate user=alice acct_mgmt
is "$codes" "PAM_SUCCESS PAM_SUCCESS" \
	"what one user has to change is not another's to change"

# --- from an earlier module

printf '%s' alice-secret >"$T/password"
cat >"$PAM_D/asked" <<-END
	auth optional pam_exec.so expose_authtok quiet /bin/true
	$(sed -n 's/^\(auth .*\)/\1/p' "$PAM_D/first")
END
login alice alice-secret -s asked authenticate
is "$codes" PAM_SUCCESS "use_first_pass: an earlier module's answer"
is "$(grep -c ^prompt "$T/out")" 1 "asked once"
login alice alice-secret -s first authenticate
is "$codes $reasons" "PAM_AUTH_ERR password_wrong" \
	"use_first_pass: nobody asked before"
is "$(grep -c ^prompt "$T/out")" 0 "and it does not ask either"
sed 's/use_first/try_first/' "$PAM_D/asked" >"$PAM_D/asked-try"
login alice alice-secret -s asked-try authenticate
is "$codes $(grep -c ^prompt "$T/out")" "PAM_SUCCESS 1" \
	"try_first_pass: an earlier module's answer"
login alice alice-secret -s try authenticate
is "$codes $(grep -c ^prompt "$T/out")" "PAM_SUCCESS 1" \
	"try_first_pass: asked, when nobody did before"
cat >"$PAM_D/next" <<-END
	$(sed -n 's/^\(auth .*\)/\1/p' "$PAM_D/test")
	auth required pam_exec.so expose_authtok quiet $T/keep
END
printf '#!/bin/sh\ncat >%s/seen\n' "$T" >"$T/keep"
chmod 700 "$T/keep"
login alice alice-secret -s next authenticate
is "$codes $(tr -d '\0' <"$T/seen")" "PAM_SUCCESS alice-secret" \
	"the next module finds it"

# --- the directory is away, or lies

CONFIG=$T/away.json
roles_config "$CONFIG" ldap://127.0.0.1:9 '"insecure_plaintext": true'
service away <<<'auth required pam_jwt.so mode=password'
login alice alice-secret -s away authenticate
is "$codes $reasons" "PAM_AUTHINFO_UNAVAIL directory_unavailable" \
	"the directory is away"
directory_fake P hole || exit 99
roles_config "$CONFIG" "ldap://127.0.0.1:$P" \
	'"insecure_plaintext": true, "deadline_ms": 300'
login alice alice-secret -s away authenticate
is "$codes $reasons" "PAM_AUTHINFO_UNAVAIL directory_unavailable" \
	"a directory that does not answer"
login alice "" -s away authenticate
is "$codes $reasons" "PAM_AUTH_ERR password_wrong" \
	"an empty password: it is not asked"
CONFIG=$T/none.json
write_config "$CONFIG"
service none <<<'auth required pam_jwt.so mode=password'
login alice alice-secret -s none authenticate
is "$codes $reasons" "PAM_SERVICE_ERR config_invalid" "no directory at all"

# --- jwtgate issue --password-stdin

"$JWTGATE" keys generate --alg ES256 >"$T/issue.jwk"
ROLES_OWN='"jwtsigningkey_file": "'$T/issue.jwk'", "jwtalgorithm": "ES256"'
roles_config "$T/issue.json" "${LDAPS[main]}" '"insecure_plaintext": false'
ROLES_OWN+=', "issuer": "https://login.example.org", "audience": ["ssh"]'
roles_config "$T/named.json" "${LDAPS[main]}" '"insecure_plaintext": false'
ROLES_OWN=
issue() {
	local password=$1
	shift
	printf '%s' "$password" >"$T/password"
	"$JWTGATE" issue --password-stdin "$@" <"$T/password"
}
claims() {
	"$JWTGATE" decode <"$T/token" 2>/dev/null | sed -n 2p
}
accept "a token for the right password" issue alice-secret \
	--config "$T/issue.json" --user alice
cp "$T/out" "$T/token"
like <(claims) '"user":"alice".*"admins":true.*"users":true' \
	"the roles of the directory are in it"
unlike <(claims) '"ops"' "and no others"
accept "the password with a line feed" issue $'alice-secret\n' \
	--config "$T/issue.json" --user alice
"$JWTGATE" verify --config "$T/issue.json" --user alice --service any \
	<"$T/out" >"$T/verified" 2>&1
like "$T/verified" '^user=alice .*roles=' "verify takes it, roles and all"
accept "another one, of the other form" issue alice-secret \
	--config "$T/named.json" --user alice
cp "$T/out" "$T/token"
unlike <(claims) '"admins"' "roles are asked for later there"
for password in alice-secreT "" bob-secret $'alice-secret\n\n' ' alice-secret'; do
	refuse 1 "no token for $(printf %q "$password")" issue "$password" \
		--config "$T/issue.json" --user alice
	like "$T/err" '^password_wrong$' "password_wrong"
	nothing "$T/out" "nothing is printed"
done
refuse 1 "a NUL in it" issue "" --config "$T/issue.json" --user alice
printf 'alice-secret\0' >"$T/password"
refuse 1 "a NUL behind it" "$JWTGATE" issue --password-stdin \
	--config "$T/issue.json" --user alice <"$T/password"
refuse 1 "nobody" issue x --config "$T/issue.json" --user nobody-here
refuse 1 "a name that is none" issue x --config "$T/issue.json" --user '*'
like "$T/err" '^user_invalid$' "user_invalid"
refuse 1 "expired" issue expired-secret --config "$T/issue.json" --user expired
like "$T/err" '^password_expired$' "password_expired"
refuse 1 "must be changed" issue changeme-secret --config "$T/issue.json" \
	--user changeme
like "$T/err" '^password_expired$' "password_expired"
refuse 1 "locked" issue locked-secret --config "$T/issue.json" --user locked
like "$T/err" '^account_locked$' "account_locked"
accept "expires later" issue warned-secret --config "$T/issue.json" \
	--user warned
like "$T/err" 'expires in days' "and it is said"
sed 's,ldaps://127.0.0.1:[0-9]*,ldaps://127.0.0.1:9,' "$T/issue.json" \
	>"$T/nobody.json"
chmod 600 "$T/nobody.json"
refuse 3 "the directory is away" issue alice-secret --user alice \
	--config "$T/nobody.json"
refuse 2 "a role by hand that the directory is asked for" issue dave-secret \
	--config "$T/issue.json" --user dave --claim admins=true
nothing "$T/out" "dave is no admin"
accept "without --password-stdin nobody is asked" "$JWTGATE" issue \
	--config "$T/issue.json" --user alice </dev/null

# --- whatever a server may say

ad="80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data"
CONFIG=$T/said.json
service said <<-END
	auth required pam_jwt.so mode=password
	account required pam_jwt.so
END
# said CODE CONTROL TEXT CODES REASON [MESSAGE]
said() {
	local what="result $1, control $2${3:+, ${3##*, }}"
	login alice "$1 $2 $3" -s said authenticate
	is "$codes $reasons" "$4 $5" "$what: $5"
	if [ -n "${6-}" ]; then
		like "$T/out" "^[a-z]+ $6\$" "$what: they are told"
	else
		unlike "$T/out" '^(info|error)' "$what: nothing is said"
	fi
}
directory_fake P password || exit 99
roles_config "$CONFIG" "ldap://127.0.0.1:$P" '"insecure_plaintext": true,
	"cache_seconds": 0, "deadline_ms": 5000'
in=PAM_SUCCESS out=PAM_AUTH_ERR away=PAM_AUTHINFO_UNAVAIL
said 0 - "" $in ok
said 0 - "$ad 532, v2580" $in ok
said 0 expired "" $out password_expired 'Your password has expired\.'
said 0 locked "" $out account_locked 'Your account is locked\.'
said 0 reset "" $in ok 'Your password must be changed\.'
said 0 netscape "" $in ok 'Your password must be changed\.'
said 0 quality "" $out password_expired 'Your password has expired\.'
said 0 grace-3 "" $in ok 'Your password has expired\. Logins left: 3\.'
said 0 grace-0 "" $in ok 'Your password has expired\. Logins left: 0\.'
said 0 expires-172799 "" $in ok 'Your password expires in days: 1\.'
said 0 expires-5 "" $in ok 'Your password expires today\.'
said 0 garbage "" $away directory_unavailable
said 49 - "" $out password_wrong
said 49 expired "" $out password_expired 'Your password has expired\.'
said 49 locked "" $out account_locked
said 49 reset "" $out password_wrong
said 49 grace-3 "" $out password_wrong
said 49 netscape "" $out password_expired 'Your password has expired\.'
said 49 garbage "" $away directory_unavailable
said 49 - "$ad 52e, v2580" $out password_wrong
said 49 - "$ad 532, v2580" $out password_expired 'Your password has expired\.'
said 49 - "$ad 773, v2580" $out password_expired 'Your password has expired\.'
said 49 - "$ad 775, v2580" $out account_locked
said 49 - "$ad 701, v2580" $out account_locked 'Your account is locked\.'
said 49 - "$ad 533, v2580" $out account_locked 'Your account is locked\.'
said 19 - "Exceed password retry limit" $out account_locked
said 53 - "Account inactivated. Contact system administrator." $out \
	account_locked
said 53 - "unauthenticated bind disallowed" $away directory_unavailable
for code in 32 48; do
	said $code - "" $out password_wrong
done
for code in 1 2 7 8 10 13 14 51 52 80; do
	said $code - "" $away directory_unavailable
done

# --- a server that has no policies; and one readable on the way

CONFIG=$T/bare.json
roles_config "$CONFIG" "${LDAP[bare]}" '"start_tls": false,
	"insecure_plaintext": true'
service bare <<<'auth required pam_jwt.so mode=password'
login alice alice-secret -s bare authenticate
is "$codes" PAM_SUCCESS "a server without policies: in"
login alice alice-wrong -s bare authenticate
is "$codes $reasons" "PAM_AUTH_ERR password_wrong" \
	"a server without policies, the wrong one"

cat "$T/err" >>"$T/all.log"
: >"$T/found"
grep -aE '(alice|bob|graced|changeme)-secre' "$T/all.log" >"$T/found"
nothing "$T/found" "no password in a log"

done_testing
