#!/usr/bin/env bash
# Roles from a real slapd: by group DN, by filter, by URL, nested, in circles;
# with and without memberOf; and in how many searches.
. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/hosts/lib.sh"
. "$top_srcdir/tests/hosts/directory.sh"

directory_slapd kept memberof referral || exit 99
directory_slapd bare referral || exit 99

# holds SERVER USER ROLES
holds() {
	roles_of "$2" "$T/$1.json"
	is "$status $roles" "0 $3" "$1: $2 holds ${3:-nothing}"
	[ "$status $roles" = "0 $3" ] || diag "$T/err"
}

for server in kept bare; do
	roles_config "$T/$server.json" "${LDAP[$server]}"
	holds $server alice "admins byurl users"
	holds $server bob "byurl ops users"
	holds $server carol "byurl depth1 depth5 long36 users"
	holds $server dave ""
	holds $server erin "left1 self tail"
	holds $server mallory ""
	holds $server special "byurl night users"
	# Below the base something refers to another server: it is not asked.
	holds $server nobody-here ""

	# Nobody is two people.
	roles_of twin "$T/$server.json"
	is "$roles" "" "$server: a name that two entries have holds nothing"
	[ "$status" -ne 0 ]
	is $? 0 "$server: and that is a refusal"

	# Without nesting only what is said outright.
	roles_config "$T/$server.json" "${LDAP[$server]}" \
		'"nested_groups": false, "insecure_plaintext": true'
	holds $server carol "byurl depth5 users"
	holds $server erin "self"
	holds $server alice "admins byurl users"
done

# --- how many searches

# GROUPS-ONLY: roles by DN, so many searches for them
only() {
	ROLES_AUTHORIZE=$1
}
all=$ROLES_AUTHORIZE
by_dn='"admins": "cn=admins,ou=groups,dc=example,dc=org",
	"users": "cn=users,ou=groups,dc=example,dc=org",
	"night": "cn=Ops\\2C (night),ou=groups,dc=example,dc=org"'
filter='"ops": "(&(objectClass=posixGroup)(cn=ops)(memberUid={user}))"'
filter2='"ops2": "(&(cn=users)(member={dn}))"'
flat='"nested_groups": false, "cache_seconds": 0, "insecure_plaintext": true'
deep='"nested_groups": true, "cache_seconds": 0, "insecure_plaintext": true'

# A host that has asked before: only what a role check costs.
# searches SERVER MEMBERS USER ROLES COUNT WHAT
searches() {
	local server=$1 any
	any=$(grep -o '"[a-z0-9]*":' <<<"$ROLES_AUTHORIZE" | tr -d : |
		paste -sd ,)
	roles_config "$T/$server.json" "${LDAP[$server]}" "$2" \
		"{ \"*\": {\"require\": {\"any\": [$any]}, \"minimum_uid\": 0} }"
	drive_start "$T/$server.json"
	ask ask dave
	directory_mark "$server"
	ask ask "$3"
	is "$(tr ' ' '\n' <<<"$roles" | sort | paste -sd ' ')" "$4" \
		"$server, $6: $3 holds $4"
	is "$(directory_searches "$server")" "$5" "$server, $6: in $5 searches"
	drive_stop
}

only "$by_dn"
searches kept "$flat" alice "admins users" 1 "three roles by DN"
searches bare "$flat" alice "admins users" 2 "three roles by DN"
only "$by_dn, $filter"
searches kept "$flat" bob "ops users" 2 "and a filter"
searches bare "$flat" bob "ops users" 3 "and a filter"
only "$by_dn, $filter, $filter2"
searches kept "$flat" bob "ops ops2 users" 3 "and two filters"
searches bare "$flat" bob "ops ops2 users" 4 "and two filters"

# At most one per level: depth1 is four groups above depth5.
# at_most SERVER USER ROLE COUNT
at_most() {
	local n
	roles_config "$T/$1.json" "${LDAP[$1]}" "$deep" \
		"{ \"*\": {\"require\": {\"any\": [\"$3\"]}, \"minimum_uid\": 0} }"
	drive_start "$T/$1.json"
	ask ask dave
	directory_mark "$1"
	ask ask "$2"
	is "$verdict $roles" "allow ok $3" "$1: $2 holds $3"
	n=$(directory_searches "$1")
	[ "$n" -le "$4" ]
	is $? 0 "$1: $3 is found in $n searches, of $4"
	drive_stop
}
only '"depth1": "cn=depth1,ou=groups,dc=example,dc=org"'
at_most kept carol depth1 5
at_most bare carol depth1 6
only '"left1": "cn=left1,ou=groups,dc=example,dc=org"'
at_most kept erin left1 9
at_most bare erin left1 10
only '"tail": "cn=tail,ou=groups,dc=example,dc=org"'
at_most kept erin tail 4
at_most bare erin tail 5
only "$all"

# --- answers are kept for a while, and no longer

roles_config "$T/kept.json" "${LDAP[kept]}" '"cache_seconds": 60,
	"insecure_plaintext": true'
drive_start "$T/kept.json"
ask ask dave
is "$verdict" "deny role_missing" "dave has no role"
directory_load kept <<-END
	dn: cn=admins,ou=groups,$BASE
	changetype: modify
	add: member
	member: uid=dave,$PEOPLE
END
ask_to later 61
ask ask dave
is "$verdict" "allow ok" "dave was given one: in, after cache_seconds"
directory_mark kept
ask ask dave
is "$verdict $(directory_searches kept)" "allow ok 0" \
	"again at once: nothing is searched"
directory_load kept <<-END
	dn: cn=admins,ou=groups,$BASE
	changetype: modify
	delete: member
	member: uid=dave,$PEOPLE
END
ask_to later 61
ask ask dave
is "$verdict" "deny role_missing" "it was taken away: out, after cache_seconds"
directory_load kept <<-END
	dn: cn=admins,ou=groups,$BASE
	changetype: modify
	add: member
	member: uid=dave,$PEOPLE
END
ask_to later 59
ask ask dave
is "$verdict" "allow ok" "a refusal is not kept as long as a yes"

# A new configuration asks anew.
directory_mark kept
touch -d '2001-01-01' "$T/kept.json"
ask_to later 1
ask ask dave
[ "$(directory_searches kept)" -gt 0 ]
is $? 0 "another version of the file: nothing of before is kept"
drive_stop

# What is kept for one address is not for another.
only '"here": "(&(objectClass=posixAccount)(uid={user})(description={rhost}))"'
roles_config "$T/kept.json" "${LDAP[kept]}" '"cache_seconds": 600,
	"insecure_plaintext": true' \
	'{ "*": {"require": {"any": ["here"]}, "minimum_uid": 0} }'
drive_start "$T/kept.json"
for try in first second; do
	ask_to from 192.0.2.7
	ask ask alice
	is "$verdict" "allow ok" "a role of an address, from there, the $try time"
	ask_to from 192.0.2.8
	ask ask alice
	[ "$verdict" = "deny role_missing" ]
	is $? 0 "a role of an address, from another, the $try time"
done
ask_to from '*'
ask ask alice
[ "${verdict%% *}" = deny ]
is $? 0 "a role of an address, from *"
ask_to from ''
ask ask alice
[ "${verdict%% *}" = deny ]
is $? 0 "a role of an address, from nowhere"
drive_stop
only "$all"

# One name in many spellings.
uuid=$(ldapsearch -x -LLL -o ldif-wrap=no -H "${LDAP[kept]}" \
	-D "cn=reader,$BASE" -w reader-secret -b "cn=admins,$GROUPS_DN" -s base \
	entryUUID | sed -n 's/^entryUUID: //p')
only '"one": "CN=Admins, OU=Groups , DC=Example,DC=ORG",
	"two": "cn=\\61dmins,ou=groups,dc=example,dc=org",
	"uuid": "entryUUID='"$uuid"'",
	"part": "cn=admin,ou=groups,dc=example,dc=org",
	"longer": "cn=admins,ou=groups,dc=example,dc=org,dc=com",
	"shorter": "cn=admins,ou=groups,dc=example"'
roles_config "$T/kept.json" "${LDAP[kept]}" '' '{}'
holds kept alice "one two uuid"
holds kept mallory ""
only "$all"

# --- other ways to a server

roles_config "$T/ldapi.json" "${LDAPI[kept]}" '"insecure_plaintext": false'
roles_of alice "$T/ldapi.json"
is "$status $roles" "0 admins byurl users" "ldapi with a password"
if [ "$(id -u)" -eq 0 ]; then
	ROLES_AS=nobody roles_config "$T/ldapi.json" "${LDAPI[kept]}" \
		'"insecure_plaintext": false'
	roles_of alice "$T/ldapi.json"
	is "$status $roles" "0 admins byurl users" "ldapi, as who we are"
	[ "$status" -eq 0 ] || diag "$T/err" "$T/ldapi.json"
	like "$T/slapd-kept/log" 'BIND dn="gidNumber=0\+uidNumber=0,cn=peercred' \
		"it was EXTERNAL"
fi
echo wrong >"$T/wrong-password"
roles_config "$T/wrong.json" "${LDAP[kept]}" '"insecure_plaintext": true,
	"bind_dn": "cn=reader,dc=example,dc=org",
	"bind_password_file": "'"$T/wrong-password"'"'
roles_of alice "$T/wrong.json"
is "$status $roles" "3 " "a wrong password of our own is no answer"
like "$T/err" directory_unavailable "and says so"

done_testing
