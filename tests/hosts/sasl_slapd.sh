#!/usr/bin/env bash
# slapd with the plugin, through the LDIF and the file of etc/hosts, applied
# as an administrator does. Roles are groups that slapd knows itself: it is
# asked from within, over no connection, even when all its threads are busy.
. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/hosts/lib.sh"
. "$top_srcdir/tests/hosts/sasl_lib.sh"
. "$top_srcdir/tests/hosts/sasl_slapd_server.sh"

sasl_needs slapd ldapwhoami curl
HOST_SERVICE=ldap
NOROLE_USER=carol
sasl_init || exit 99
sasl_tls
sasl_tokens staff
dir=$T/slapd
slapd_config "$dir" || exit 99
slapmodify -F "$dir/slapd.d" -n 0 -l "$top_srcdir/etc/hosts/slapd/jwtgate.ldif" \
	>"$T/slapmodify" 2>&1 || { diag "$T/slapmodify"; exit 99; }
host_file slapd/sasl.conf >"$dir/sasl2/slapd.conf"
slapd_start "$dir" || exit 99
host_check 0 slapd "/etc/ldap/slapd.d=$dir/slapd.d" "/etc/ldap/sasl2=$dir/sasl2"

# whoami MECH URI TOKENFILE [USER] [OPTION...]
whoami() {
	chmod 600 "$3"
	SASL_PATH=$T/client ldapwhoami -Q -H "$2" -Y "$1" \
		-U "${4:-$(user_of "$3")}" -y "$3" "${@:5}"
}
oauthbearer() {
	whoami OAUTHBEARER "$LDAP_URI" "$1" "${2-}" -ZZ
}
xoauth2() {
	whoami XOAUTH2 "$LDAP_URI" "$1" "${2-}" -ZZ
}
ldapi() {
	whoami OAUTHBEARER "$LDAPI_URI" "$1" "${2-}"
}
by_curl() {
	local rc=$T/curlrc.$BASHPID
	printf 'user = "%s:"\noauth2-bearer = "%s"\n' "$(user_of "$1")" \
		"$(cat "$1")" >"$rc"
	curl -sS -K "$rc" --cacert "$T/tls/cert.pem" --login-options 'AUTH=*' \
		"$LDAPS_URI/uid=alice,ou=people,dc=example,dc=org?uid?base"
}

ldapsearch -x -H "$LDAP_URI" -LLL -s base -b '' supportedSASLMechanisms \
	>"$T/login.out" 2>&1
unlike "$T/login.out" 'OAUTH' "nothing of ours is offered in clear text"
ldapsearch -x -H "$LDAP_URI" -ZZ -LLL -s base -b '' supportedSASLMechanisms \
	>"$T/login.out" 2>&1
like "$T/login.out" 'supportedSASLMechanisms: OAUTHBEARER' \
	"OAUTHBEARER is offered with TLS"
like "$T/login.out" 'supportedSASLMechanisms: XOAUTH2' \
	"XOAUTH2 is offered with TLS"

enters "a good token" oauthbearer "$T/token/good"
like "$T/login.out" '^dn:uid=alice,ou=people,dc=example,dc=org$' \
	"and it is the entry of alice"
host_table oauthbearer by_curl
host_expired oauthbearer
like "$HOST_LOG" 'err=50 ' "a missing role is insufficient access"
like "$HOST_LOG" 'err=49 ' "all else is invalid credentials"
stays_out "another user's name" user_mismatch oauthbearer "$T/token/good" bob
for login in xoauth2 ldapi by_curl; do
	enters "$login" "$login" "$T/token/good"
	stays_out "$login, a missing role" role_missing "$login" \
		"$T/token/norole"
done

# One connection, one after the other: what slapd found for the first is not
# the second's.
twice() {
	timeout 60 python3 "$top_srcdir/tests/hosts/sasl_twice.py" \
		"$dir/ldapi" "$@" 2>"$T/err" | paste -sd ' '
}
is "$(twice "alice=$T/token/good" "carol=$T/token/norole" \
	"alice=$T/token/good")" "0 50 0" \
	"on one connection: staff, nobody in particular, staff again"
is "$(twice "carol=$T/token/norole" "alice=$T/token/good" \
	"carol=$T/token/norole")" "50 0 50" "and the other way round"

# slapd itself takes 256 KiB before anybody is known.
sign_to 16384 "$(claims alice staff)" >"$T/token/longest"
one_more "$T/token/longest" >"$T/token/too-long"
enters "a token of 16384 bytes" oauthbearer "$T/token/longest"
stays_out "one byte more" token_too_long by_curl "$T/token/too-long"

host_parallel 8 oauthbearer
host_rotate oauthbearer staff

# A membership that ends is seen at the next login.
ldapmodify -x -H "$LDAP_URI" -ZZ -D cn=admin,dc=example,dc=org -w admin \
	>"$T/ldapmodify" 2>&1 <<-END
		dn: cn=staff,ou=groups,dc=example,dc=org
		changetype: modify
		delete: member
		member: uid=alice,ou=people,dc=example,dc=org
	END
stays_out "alice, who is no longer staff" role_missing oauthbearer \
	"$T/token/rotated"

# --- every thread busy: two threads, logins that all ask for groups

ldapmodify -x -H "$LDAP_URI" -ZZ -D cn=admin,dc=example,dc=org -w admin \
	>"$T/ldapmodify" 2>&1 <<-END
		dn: cn=staff,ou=groups,dc=example,dc=org
		changetype: modify
		add: member
		member: uid=alice,ou=people,dc=example,dc=org
	END
ldapmodify -x -H "$LDAP_URI" -ZZ -D cn=config -w config \
	>"$T/ldapmodify" 2>&1 <<-END
		dn: cn=config
		changetype: modify
		replace: olcThreads
		olcThreads: 2
	END
log_mark
for i in $(seq 24); do
	timeout 60 bash -c 'SASL_PATH=$1 ldapwhoami -Q -ZZ -H "$2" \
		-Y OAUTHBEARER -U alice -y "$3"' - "$T/client" "$LDAP_URI" \
		"$T/token/rotated" >"$T/busy.$i" 2>&1 &
	pids[i]=$!
done
wait "${pids[@]}"
is "$(cat "$T"/busy.* | grep -c '^dn:uid=alice')" 24 \
	"24 logins through two threads, none waits for itself"
is "$(tail -c "+$((LOG_MARK + 1))" "$HOST_LOG" | grep -ac ' ACCEPT from ')" 24 \
	"and over no other connections than theirs"

host_secret

done_testing
