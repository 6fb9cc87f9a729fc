#!/usr/bin/env bash
# Names that would be filters, files and variables that would be policy:
# none of them changes an answer.
. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/hosts/lib.sh"
. "$top_srcdir/tests/hosts/directory.sh"

directory_certs || exit 99
directory_slapd good memberof cert=good || exit 99
directory_slapd evil memberof cert=wrong-ca || exit 99

# --- names

# A service that opens to whoever is in any of these.
roles_config "$T/names.json" "${LDAP[good]}" \
	'"insecure_plaintext": true, "cache_seconds": 0' \
	'{ "*": { "require": {"any": ["admins", "users", "ops", "byurl", "self"]},
	    "minimum_uid": 0 } }'
drive_start "$T/names.json"
ask ask alice
is "$verdict" "allow ok" "the honest neighbour: in"
while IFS= read -r name; do
	ask ask "$name"
	[ "${verdict%% *}" = deny ]
	is $? 0 "$name: stays out, $reason"
done <<'END'
*
*)(uid=*
*)(objectClass=*
alice)(uid=alice
alice)(cn=admins
a*
*lice
alic?
\2a
\61lice
alice\00
al\x01ice
alice\x7f
alice,ou=people,dc=example,dc=org
uid=alice
alice+uid=bob
alice#
alice\20
 alice
alice 
al ice
*)(|(uid=alice)
)(&(uid=alice
alice))(|(uid=*
uid=alice,ou=people,dc=example,dc=org)(
{user}
{dn}
{claim:sub}
alice{service}
&
|
!
(uid=alice)
=
~=
>=
:dn:=
:1.2.840.113556.1.4.1941:=alice
*)(memberUid=*
*)(member=*
alice\xff
alice\xc3\x28
\xc0\xaa
\xef\xbc\x8a
\xe2\x80\xae
root
END
for n in 64 65 256 65536 100000; do
	ask long $n
	[ "${verdict%% *}" = deny ]
	is $? 0 "a name of $n letters: stays out, $reason"
done
ask ask alice
is "$verdict" "allow ok" "after all of them: in"
drive_stop
is "$drive_status" 0 "the host lives on"
unlike "$T/slapd-good/log" 'filter="\(uid=\*\)"|\(uid=\*\)|uid=al\*' \
	"no search was for any user"

# The command, and what argv can carry.
for name in '*' '*)(uid=*' 'al ice' '' '-alice' 'a
b' "$(printf 'a%.0s' {1..65})"; do
	roles_of "$name" "$T/names.json"
	what="jwtgate roles '$(tr '\n' ' ' <<<"${name:0:20}")'"
	is "$roles" "" "$what: nothing"
	is "$status" 1 "$what: refused"
	like "$T/err" user_invalid "$what: user_invalid"
done

# Names that are escaped and right.
escaped='"insecure_plaintext": true, "user_filter": "(cn={user})"'
roles_config "$T/cn.json" "${LDAP[good]}" "$escaped" \
	'{ "*": { "require": {"any": ["night"]}, "minimum_uid": 0 } }'
drive_start "$T/cn.json"
ask ask 'Sm,ith+ (x) *\=#'
is "$verdict" "allow ok" "Sm,ith+ (x) *\\=# is found as he is called"
for name in 'Sm,ith+ (x) *' 'Sm,ith*' 'Sm,ith+ \28x\29 \2a\5c=#' 'Sm\2cith'; do
	ask ask "$name"
	[ "${verdict%% *}" = deny ]
	is $? 0 "$name is nobody, $reason"
done
drive_stop

# To the hosts Alice is another than alice, by whatever rule she is found.
# called WHAT MEMBERS VERDICT-OF-alice VERDICT-OF-Alice
called() {
	roles_config "$T/case.json" "${LDAP[good]}" \
		"\"insecure_plaintext\": true, $2"
	drive_start "$T/case.json"
	ask ask alice
	is "$verdict" "$3" "$1: alice"
	ask ask Alice
	is "$verdict" "$4" "$1: Alice"
	drive_stop
}
called "(uid={user})" '"nested_groups": true' \
	"allow ok" "deny role_missing"
called "a rule of the directory" \
	'"user_filter": "(uid:caseIgnoreMatch:={user})"' \
	"allow ok" "deny role_missing"
called "a rule that minds case" \
	'"user_filter": "(uid:caseExactMatch:={user})"' \
	"allow ok" "deny role_missing"
called "case is nothing" '"user_ignore_case": true' "allow ok" "allow ok"

# --- what else names a server, a file or a CA

# URI and CA of the evil one, in which alice is an admin as well.
mkdir -p "$T/home" "$T/cwd"
for file in "$T/home/ldaprc" "$T/home/.ldaprc" "$T/cwd/ldaprc" "$T/other.conf"; do
	cat >"$file" <<-END
		URI ${LDAP[evil]}
		BASE ou=empty,$BASE
		BINDDN cn=admin,$BASE
		TLS_REQCERT never
		TLS_CACERT $CERTS/other-ca.pem
		TLS_CIPHER_SUITE NONE
		SIZELIMIT 1
		TIMELIMIT 1
		DEREF always
		REFERRALS on
		SASL_MECH PLAIN
		NETWORK_TIMEOUT 1
	END
done
hostile=(env "HOME=$T/home" LDAPRC=ldaprc "LDAPCONF=$T/other.conf"
	"LDAPURI=${LDAP[evil]}" "LDAPBASE=ou=empty,$BASE" LDAPTLS_REQCERT=never
	"LDAPTLS_CACERT=$CERTS/other-ca.pem" LDAPTLS_CIPHER_SUITE=NONE
	LDAPSIZELIMIT=1 LDAPTIMELIMIT=1 LDAPDEREF=always LDAPREFERRALS=on
	LDAPSASL_MECH=PLAIN LDAPNETWORK_TIMEOUT=1 LDAPVERSION=2
	"SSL_CERT_FILE=$CERTS/other-ca.pem" "SSL_CERT_DIR=$CERTS"
	"OPENSSL_CONF=$T/other.conf"
	LOCALDOMAIN=evil.test "HOSTALIASES=$T/aliases" "RES_OPTIONS=ndots:9"
	"KRB5_CONFIG=$T/other.conf" "SASL_PATH=$T" "SASL_CONF_PATH=$T"
	"LD_BIND_NOW=1")

# The trap works: stock ldapsearch walks into it.
env "LDAPTLS_CACERT=$CERTS/other-ca.pem" ldapsearch -x -LLL -s base \
	-b '' -H "${LDAPS[evil]}" objectClass >"$T/out" 2>&1
is "$?" 0 "stock ldapsearch believes the evil server, by LDAPTLS_CACERT"

strict='"insecure_plaintext": false, "deadline_ms": 5000'
run_hostile() {
	(cd "$T/cwd" && "${hostile[@]}" "$JWTGATE" roles --config "$1" alice) \
		>"$T/out" 2>"$T/err"
	status=$?
	roles=$(sort "$T/out" | paste -sd ' ')
}
roles_config "$T/good.json" "${LDAPS[good]}" "$strict"
run_hostile "$T/good.json"
is "$status $roles" "0 admins byurl users" "ldaps, hostile surroundings: the same"
[ "$status" -eq 0 ] || diag "$T/err"
roles_config "$T/good.json" "${LDAP[good]}" "$strict"', "start_tls": true'
run_hostile "$T/good.json"
is "$status $roles" "0 admins byurl users" "StartTLS, hostile surroundings: the same"
roles_config "$T/evil.json" "${LDAPS[evil]}" "$strict"
: >"$T/slapd-evil/log"
run_hostile "$T/evil.json"
is "$status $roles" "3 " "the evil server, hostile surroundings: not believed"
roles_config "$T/evil.json" "${LDAP[evil]}" "$strict"', "start_tls": true'
run_hostile "$T/evil.json"
is "$status $roles" "3 " "the evil server, StartTLS: not believed"
unlike "$T/slapd-evil/log" 'BIND|SRCH' "the evil server was told nothing"

# --- what the log may hold

drive_start "$T/names.json"
ask ask $'x\\x1b[31m'
drive_stop
unlike "$T/drive.err" $'\x1b' "no control character of a name comes out"

done_testing
