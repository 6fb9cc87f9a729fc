#!/usr/bin/env bash
# Directories for the benchmark: 10 000 people, with and without memberOf, and
# nss-pam-ldapd's daemon beside them where a mount namespace can be had.
#
#	directory.sh BIN_DIR [ROUNDS]
. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/hosts/lib.sh"
. "$top_srcdir/tests/hosts/directory.sh"

bin=$1
rounds=${2:-31}
directory_certs && directory_slapd kept memberof bulk &&
	directory_slapd bare bulk || exit 1
mkdir -p "$T/data" "$T/configs"

# Names: all; some for a cache to hold; those in n1, five groups down.
awk -v to="$T/data" '
	/^dn: uid=u[0-9]/ { name = substr($2, 5); sub(/,.*/, "", name)
		print name >(to "/all"); if (++n <= 500) print name >(to "/few") }
	/^dn: / && !/^dn: uid=u[0-9]/ { name = "" }
	/^memberOf: cn=g[0-9]*0,/ && name != "" && !(name in seen) {
		seen[name]; print name >(to "/deep") }
' "$T/slapd-kept/ldif"

# config NAME URI GROUP MEMBERS
config() {
	ROLES_AUTHORIZE='"role": "cn='$3,$GROUPS_DN'"'
	roles_config "$T/configs/$1.json" "$2" "$4" \
		'{ "*": {"require": {"any": ["role"]}, "minimum_uid": 0} }'
}
flat='"nested_groups": false, "cache_seconds"'
deep='"nested_groups": true, "cache_seconds"'
config flat "${LDAP[kept]}" everyone "$flat: 0"
config flat-cached "${LDAP[kept]}" everyone "$flat: 86400"
config flat-bare "${LDAP[bare]}" everyone "$flat: 0"
config flat-tls "${LDAPS[kept]}" everyone "$flat: 0"
config deep "${LDAP[kept]}" n1 "$deep: 0"
config deep-bare "${LDAP[bare]}" n1 "$deep: 0"

# Its configuration and its socket have fixed places.
cat >"$T/nslcd.conf" <<-END
	uid $(id -un)
	gid $(id -gn)
	uri ${LDAP[kept]}
	base $BASE
	binddn cn=reader,$BASE
	bindpw reader-secret
	pam_authz_search (&(objectClass=groupOfNames)(cn=everyone)(member=\$dn))
END
nslcd=()
if [ -x /usr/sbin/nslcd ] && [ -f /etc/nslcd.conf ]; then
	mkdir -p "$T/run"
	# shellcheck disable=SC2016 # for the inner shell
	unshare -m --propagation private sh -c '
		mount --bind "$1/nslcd.conf" /etc/nslcd.conf &&
		mount --bind "$1/run" /run && mkdir -p /run/nslcd &&
		exec /usr/sbin/nslcd -n' sh "$T" >"$T/nslcd.log" 2>&1 &
	at_exit "kill $! 2>/dev/null; wait $! 2>/dev/null"
	for ((i = 0; i < 250; i++)); do
		[ ! -S "$T/run/nslcd/socket" ] || break
		sleep 0.02
	done
	if [ -S "$T/run/nslcd/socket" ]; then
		nslcd=("nslcd=$T/run/nslcd/socket")
	else
		echo "nslcd did not start:" >&2
		cat "$T/nslcd.log" >&2
	fi
fi

python3 "$top_srcdir/tests/bench/directory.py" "$bin" "$T/data" "$rounds" \
	"$T/configs" "kept=${LDAP[kept]}" "bare=${LDAP[bare]}" \
	"kept-tls=${LDAPS[kept]}" "ca=$CERTS/ca.pem" "${nslcd[@]}"
status=$?
tests_planned=0
exit "$status"
