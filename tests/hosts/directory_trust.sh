#!/usr/bin/env bash
# Who is believed: servers with a good certificate and nobody else, and no
# word before that is settled.
. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/hosts/lib.sh"
. "$top_srcdir/tests/hosts/directory.sh"

directory_certs || exit 99
for cert in good wrong-name wrong-ca expired; do
	directory_slapd "$cert" "cert=$cert" || exit 99
done

# The same question to all; they are good servers in all other respects.
strict='"insecure_plaintext": false'
tls=$strict', "start_tls": true'

# trusts WHAT URI MEMBERS
trusts() {
	roles_config "$T/trust.json" "$2" "$3"
	roles_of alice "$T/trust.json"
	is "$status $roles" "0 admins byurl users" "$1: believed"
	[ "$status" -eq 0 ] || diag "$T/err"
}

# doubts WHAT SERVER URI MEMBERS: no answer, and nobody was bound there.
doubts() {
	local what=$1 server=$2
	roles_config "$T/trust.json" "$3" "$4"
	roles_of alice "$T/trust.json"
	is "$status $roles" "3 " "$what: not believed"
	like "$T/err" directory_unavailable "$what: it says so"
	unlike "$T/slapd-$server/log" 'BIND|SRCH' "$what: nothing was said to it"
}

trusts "ldaps" "${LDAPS[good]}" "$strict"
trusts "StartTLS" "${LDAP[good]}" "$tls"
for cert in wrong-name wrong-ca expired; do
	doubts "ldaps, $cert" "$cert" "${LDAPS[$cert]}" "$strict"
	doubts "StartTLS, $cert" "$cert" "${LDAP[$cert]}" "$tls"
done
trusts "ldaps, the other CA for the other server" "${LDAPS[wrong-ca]}" \
	"$strict"', "ca_file": "'"$CERTS/other-ca.pem"'"'
for cert in wrong-name expired; do
	directory_stop "$cert" && directory_again "$cert"
	doubts "ldaps, $cert, insecure_plaintext" "$cert" "${LDAPS[$cert]}" \
		'"insecure_plaintext": true'
done

# A CA file that is not there, or holds nothing, is not "any CA".
: >"$CERTS/empty.pem"
for ca in empty none; do
	directory_stop good && directory_again good
	doubts "ldaps, the CA file is $ca" good "${LDAPS[good]}" \
		"$strict"', "ca_file": "'"$CERTS/$ca.pem"'"'
done
directory_stop good && directory_again good
roles_config "$T/trust.json" "${LDAPS[good]}" "$strict"
sed -i 's/, "ca_file": "[^"]*"//' "$T/trust.json"
roles_of alice "$T/trust.json"
is "$status $roles" "3 " "ldaps, without a CA file: this machine's CAs decide"
unlike "$T/slapd-good/log" 'BIND|SRCH' "ldaps, without a CA file: nothing was said"

# --- a password of our own that would bind as nobody, or that others read

directory_fake FAKE puppet success || exit 99
for content in "" "\n"; do
	printf "$content" >"$T/empty-password"
	roles_config "$T/fake.json" "ldap://127.0.0.1:$FAKE" \
		'"insecure_plaintext": true,
		"bind_dn": "cn=reader,dc=example,dc=org",
		"bind_password_file": "'"$T/empty-password"'"'
	roles_of alice "$T/fake.json"
	is "$roles" "" "an empty password file: nothing"
	[ "$status" -ge 2 ]
	is $? 0 "an empty password file: exit $status"
done
unlike "$T/fake-FAKE" '^(bind|search)' "no bind as nobody was made"
roles_config "$T/open.json" "${LDAPS[good]}" "$strict"
chmod 644 "$T/reader-password"
roles_of alice "$T/open.json"
is "$roles" "" "a password file that all may read: nothing"
[ "$status" -ge 2 ]
is $? 0 "a password file that all may read: exit $status"
chmod 600 "$T/reader-password"
roles_of alice "$T/open.json"
is "$status $roles" "0 admins byurl users" "and that nobody else may: believed"

# --- readable on the way

roles_config "$T/plain.json" "${LDAP[good]}" '"insecure_plaintext": false'
refuse 2 "ldap:// alone is not a configuration" \
	"$JWTGATE" config check --config "$T/plain.json"
like "$T/err" insecure_plaintext "it names the key that would allow it"
roles_of alice "$T/plain.json"
is "$status $roles" "2 " "and nobody is asked"
trusts "ldap:// with insecure_plaintext" "${LDAP[good]}" \
	'"insecure_plaintext": true'

# --- StartTLS that does not take place

for mode in notls plain; do
	directory_fake FAKE $mode || exit 99
	for more in "" ', "insecure_plaintext": true'; do
		what="StartTLS, $mode${more:+, insecure_plaintext}"
		roles_config "$T/fake.json" "ldap://127.0.0.1:$FAKE" \
			'"start_tls": true, "deadline_ms": 1000'"$more"
		roles_of alice "$T/fake.json"
		is "$status $roles" "3 " "$what: not believed"
	done
	like "$T/fake-FAKE" '^extended .*312e332e362e312e342e31' \
		"$mode: it was asked for TLS"
	unlike "$T/fake-FAKE" '^(bind|search)' "$mode: and told nothing else"
done

# TLS to a server that has none.
directory_fake FAKE puppet success || exit 99
roles_config "$T/fake.json" "ldaps://127.0.0.1:$FAKE" \
	"$strict"', "deadline_ms": 1000'
roles_of alice "$T/fake.json"
is "$status $roles" "3 " "ldaps to a server without TLS"
unlike "$T/fake-FAKE" '^(bind|search)' "it was told nothing"

done_testing
