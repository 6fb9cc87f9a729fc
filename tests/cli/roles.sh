#!/bin/bash
# jwtgate roles, as far as it goes without a directory: what it refuses, and
# with which status. What directories say is in tests/hosts.

. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/cli/jose.sh"

cd "$T" || exit 99
cat >main.json <<END
{ "common": {
    "authentication": { "authorize": { "role1": "cn=a,dc=b",
        "role2": "(member={dn})" } },
    "directory": { "uri": ["ldapi://%2Fnowhere%2Fat%2Fall"], "base": "dc=b" } },
  "services": { "sshd": {"require": {"any": ["role1"]}} } }
END
roles() {
	"$JWTGATE" roles --config main.json "$@"
}
gives 3 directory_unavailable "no server: cannot be asked" roles alice
nothing "$T/out" "... and prints nothing"
like "$T/err" 'no connection: No such file' "... and says why"
gives 3 directory_unavailable "of a service" roles --service sshd alice
gives 3 directory_unavailable "options in any order" roles alice --service sshd
gives 2 config_invalid "of a service that nobody named" \
	roles --service cron alice

# A name that no token could carry is never asked for.
for name in '*)(uid=*' '' ' alice' 'alice*' '../alice' 'al=ice' \
	$'alice\nbob' 'älice' '-alice' \
	"$(head -c 65536 /dev/zero | tr '\0' a)"; do
	gives 1 user_invalid \
		"a name like $(head -c 12 <<<"$name" | tr '\n' ' ')" \
		roles -- "$name"
	nothing "$T/out" "... prints nothing"
done

refuse 2 "nobody" roles
like "$T/err" 'USER is missing' "... says so"
refuse 2 "two names" roles alice bob
refuse 2 "an address that is none" roles --rhost here alice
gives 2 config_invalid "a configuration that is not there" \
	"$JWTGATE" roles --config "$T/none.json" alice

# Without the part there is nobody to ask.
sed '/"directory"/s/"directory": .*/"fraud": {} },/' main.json >bare.json
gives 3 directory_unavailable "no directory at all" \
	"$JWTGATE" roles --config bare.json alice

refuse 3 "--explain ends as it does without" roles --explain alice
like "$T/out" '^FAIL connect: seen no connection: .* ms; expected ldapi://' \
	"... and shows the connection that failed"
refuse 3 "--json too" roles --json alice
like "$T/out" '^\{"reason":"directory_unavailable","roles":\[\],"steps":\[' \
	"... and is one object"

# The files behind it are looked at before the first login.
cat >files.json <<END
{ "common": {
    "authentication": { "authorize": { "role1": "cn=a,dc=b" } },
    "directory": { "uri": ["ldaps://ldap1"], "base": "dc=b",
      "bind_dn": "cn=r", "bind_password_file": "$T/password" } } }
END
check() {
	"$JWTGATE" config check --config files.json
}
refuse 3 "a password file that is not there" check
like "$T/err" '^directory_unavailable$' "... and the reason"
(umask 077 && echo secret >password)
accept "one that is" check
chmod 644 password
refuse 3 "one that the world may read" check
like "$T/err" '^directory_unavailable$' "... and the reason"
chmod 600 password
sed -i 's|"base"|"ca_file": "'"$T"'/ca.pem", "base"|' files.json
refuse 3 "certificates that are not there" check
like "$T/err" '^directory_unavailable$' "... and the reason"

done_testing
