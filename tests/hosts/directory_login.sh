#!/usr/bin/env bash
# Real logins whose roles come from a directory: sshd with a token and with a
# public key, sudo in hostile surroundings.
. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/hosts/lib.sh"
. "$top_srcdir/tests/hosts/sshd.sh"
. "$top_srcdir/tests/hosts/directory.sh"
. "$top_srcdir/tests/hosts/root.sh"

[ "$(id -u)" -eq 0 ] || skip_all "sshd needs root"
[ -z "$preload_first" ] || skip_all "stock servers do not carry a sanitizer"

chmod 711 "$T"
directory_certs || exit 99
directory_slapd main memberof cert=good || exit 99
directory_slapd evil memberof cert=wrong-ca || exit 99
"$JWTGATE" keys generate --alg ES256 >"$T/signing.jwk"
ROLES_OWN='"jwtsigningkey_file": "'$T/signing.jwk'",
	"issuer": "https://login.example.org", "audience": ["ssh"]'
CONFIG=$T/jwtgate.json
PAM_D=$T/sshd/pam.d

# ask_roles SERVER [MEMBERS]: who is in the group admins may enter.
ask_roles() {
	roles_config "$CONFIG" "$1" "${2:-\"insecure_plaintext\": false}" \
		'{ "sshd": { "require": {"any": ["admins"]} },
		   "sudo": { "require": {"any": ["admins"]} } }'
}
ask_roles "${LDAPS[main]}"
at_exit sshd_done
sshd_init "$T/sshd" || exit 99
service sshd <"$top_srcdir/etc/pam.d/sshd"
sshd_start || exit 99
sign "{$(good_claims alice)}" >"$T/token"
ssh-keygen -q -t ed25519 -N '' -C '' -f "$T/id"
cp "$T/id.pub" "$SSHD_DIR/authorized_keys"
chmod 644 "$SSHD_DIR/authorized_keys"
printf '#!/bin/sh\ncat %s/token\n' "$T" >"$T/askpass"
chmod 700 "$T/askpass"
export SSH_ASKPASS=$T/askpass SSH_ASKPASS_REQUIRE=force
unset SSH_AUTH_SOCK DISPLAY

# login METHOD: the far shell's words in $T/out, the module's in $T/lines.
login() {
	local before
	before=$(wc -l <"$SSHD_DIR/syslog")
	ssh -i "$T/id" "${SSHD_CLIENT[@]}" -o "PreferredAuthentications=$1" \
		alice@127.0.0.1 'echo in as $(id -u)' </dev/null \
		>"$T/out" 2>"$T/err"
	tail -n "+$((before + 1))" "$SSHD_DIR/syslog" |
		grep -F 'pam_jwt(' >"$T/lines"
}
methods="keyboard-interactive publickey"

for method in $methods; do
	directory_mark main
	login $method
	is "$(cat "$T/out")" "in as $SSHD_UID" "$method: in"
	[ -s "$T/out" ] || diag "$T/err" "$T/lines" "$SSHD_DIR/sshd.log"
	like "$T/lines" '\(sshd:account\): .*result=allow' \
		"$method: account says so"
	is "$(directory_searches main)" 1 "$method: in one search"
done

directory_load main <<-END
	dn: cn=admins,$GROUPS_DN
	changetype: modify
	replace: member
	member: uid=bob,$PEOPLE
END
for method in $methods; do
	login $method
	is "$(cat "$T/out")" "" "$method, the role was taken away: out"
	like "$T/lines" '\(sshd:account\): .*reason=role_missing( |$)' \
		"$method: the log says why"
done
login keyboard-interactive
like "$T/err" 'Ask the service desk\.' "they are told whom to ask"
directory_load main <<-END
	dn: cn=admins,$GROUPS_DN
	changetype: modify
	replace: member
	member: uid=alice,$PEOPLE
END
login publickey
is "$(cat "$T/out")" "in as $SSHD_UID" "the role is there again: in"

directory_stop main
for method in $methods; do
	login $method
	is "$(cat "$T/out")" "" "$method, the directory is away: out"
	like "$T/lines" 'reason=directory_unavailable( |$)' \
		"$method: the log says why"
	unlike "$T/err" 'service desk|directory' "$method: they are told nothing"
done
directory_fake P hole || exit 99
ask_roles "ldap://127.0.0.1:$P" '"insecure_plaintext": true,
	"deadline_ms": 300'
login publickey
is "$(cat "$T/out")" "" "a black hole: out"
directory_again main || exit 99
ask_roles "${LDAPS[evil]}"
login publickey
is "$(cat "$T/out")" "" "a server of another CA: out"
ask_roles "${LDAPS[main]}"
login publickey
is "$(cat "$T/out")" "in as $SSHD_UID" "and with ours again: in"

# --- a password that the directory knows, then its roles

service sshd <<-END
	$(sed 's/^auth .*/auth requisite pam_jwt.so mode=password/' \
	"$top_srcdir/etc/pam.d/sshd")
END
echo alice-secret >"$T/token"
login keyboard-interactive
is "$(cat "$T/out")" "in as $SSHD_UID" "a password and a role: in"
[ -s "$T/out" ] || diag "$T/err" "$T/lines"
echo alice-wrong >"$T/token"
login keyboard-interactive
is "$(cat "$T/out")" "" "a wrong password: out"
like "$T/lines" 'reason=password_wrong( |$)' "the log says why"
cat "$SSHD_DIR/syslog" "$SSHD_DIR/sshd.log" | grep -aE 'alice-(secret|wrong)' \
	>"$T/found"
nothing "$T/found" "no password in a log"

# --- sudo, whose caller brings files and variables

[ -z "$preload_first" ] || done_testing
umask 022
root_make && root_jwtgate && root_sudo || exit 99
ask_roles "${LDAPS[main]}"
root_config "$CONFIG"
mkdir -p "$R/etc/jwtgate/certs" "$R/home/alice/.config/jwtgate"
cp "$CERTS/ca.pem" "$CERTS/other-ca.pem" "$R/etc/jwtgate/certs/"
install -m 600 "$T/signing.jwk" "$T/reader-password" "$R/etc/jwtgate/"
echo '{ "hosts": ["sudo"], "token_file": "/home/alice/token" }' \
	>"$R/home/alice/.config/jwtgate/askpass.json"
cp "$CERTS/other-ca.pem" "$R/home/alice/other-ca.pem"
for file in ldaprc .ldaprc other.conf; do
	cat >"$R/home/alice/$file" <<-END
		URI ${LDAPS[evil]}
		BASE ou=empty,$BASE
		TLS_REQCERT never
		TLS_CACERT /home/alice/other-ca.pem
		TLS_CIPHER_SUITE NONE
		SIZELIMIT 1
	END
done
chown -R 4242:4242 "$R/home/alice"
chmod -R go+rX "$R/home/alice"
chmod 600 "$R/home/alice/.config/jwtgate/askpass.json"
sign "{$(good_claims alice)}" >"$T/token"
SUDO_IN=/home/alice
SUDO_WITH=(LDAPRC=ldaprc LDAPCONF=/home/alice/other.conf
	"LDAPURI=${LDAPS[evil]}" LDAPTLS_REQCERT=never
	LDAPTLS_CACERT=/home/alice/other-ca.pem LDAPTLS_CIPHER_SUITE=NONE
	LDAPSIZELIMIT=1 SSLKEYLOGFILE=/home/alice/keylog
	SSL_CERT_FILE=/home/alice/other-ca.pem)

directory_mark main
as_alice "$T/token" -A id -u
if grep -q nosuid "$T/err"; then
	echo "# the temporary folder takes no setuid programs"
	done_testing
fi
is "$(cat "$T/out")" 0 "sudo, hostile surroundings: root, by our server"
[ -s "$T/out" ] || diag "$T/err" "$T/lines"
like "$T/lines" '\(sudo:account\): .*result=allow' "sudo: account says so"
is "$(directory_searches main)" 1 "sudo: in one search"
: >"$T/slapd-evil/log"
ask_roles "${LDAPS[evil]}"
root_config "$CONFIG"
as_alice "$T/token" -A id -u
is "$(cat "$T/out")" "" "sudo, hostile surroundings and a server of another CA"
like "$T/lines" 'reason=directory_unavailable( |$)' "the log says why"
unlike "$T/slapd-evil/log" 'BIND|SRCH' "that server was told nothing"
[ ! -e "$R/home/alice/keylog" ]
is $? 0 "no session key was written for the caller"

done_testing
