# shellcheck shell=bash disable=SC2034,SC2154
# A private slapd, as user openldap, with the configuration below cn=config
# as Debian has it. People and groups are in slapd itself: alice is staff,
# bob too, carol is not.
#
#	slapd_config DIR	slapd.d, before the recipe
#	slapd_start DIR [OPTION...]	sets LDAP_URI, LDAPS_URI, LDAPI_URI

slapd_config() {
	local dir=$1
	mkdir -p "$dir/db" "$dir/slapd.d" "$dir/sasl2"
	cat >"$dir/base.conf" <<-END
		include /etc/ldap/schema/core.schema
		include /etc/ldap/schema/cosine.schema
		include /etc/ldap/schema/nis.schema
		include /etc/ldap/schema/inetorgperson.schema
		modulepath /usr/lib/ldap
		moduleload back_mdb
		moduleload memberof
		pidfile $dir/slapd.pid
		loglevel none
		TLSCACertificateFile $T/tls/cert.pem
		TLSCertificateFile $T/tls/cert.pem
		TLSCertificateKeyFile $T/tls/key.pem
		database config
		rootpw config
		database mdb
		maxsize 16777216
		suffix "dc=example,dc=org"
		rootdn "cn=admin,dc=example,dc=org"
		rootpw admin
		directory $dir/db
		index objectClass,uid eq
		overlay memberof
		memberof-group-oc groupOfNames
	END
	# slaptest wants the database to be there
	if slapd_first | slapadd -q -f "$dir/base.conf" \
		-b dc=example,dc=org >"$T/slaptest" 2>&1 &&
		slaptest -f "$dir/base.conf" -F "$dir/slapd.d" \
			>>"$T/slaptest" 2>&1; then
		return 0
	fi
	diag "$T/slaptest" >&2
	return 1
}

slapd_first() {
	cat <<-END
		dn: dc=example,dc=org
		objectClass: dcObject
		objectClass: organization
		o: example
		dc: example
	END
}

slapd_people() {
	cat <<-END
		dn: ou=people,dc=example,dc=org
		objectClass: organizationalUnit
		ou: people

		dn: ou=groups,dc=example,dc=org
		objectClass: organizationalUnit
		ou: groups

	END
	local name
	for name in alice bob carol; do
		cat <<-END
			dn: uid=$name,ou=people,dc=example,dc=org
			objectClass: inetOrgPerson
			uid: $name
			cn: $name
			sn: $name
			userPassword: $name-password

		END
	done
	cat <<-END
		dn: cn=staff,ou=groups,dc=example,dc=org
		objectClass: groupOfNames
		cn: staff
		member: uid=alice,ou=people,dc=example,dc=org
		member: uid=bob,ou=people,dc=example,dc=org
	END
}

slapd_start() {
	local dir=$1
	shift
	chown -R openldap:openldap "$dir"
	local port
	port=$(free_port)
	LDAP_URI=ldap://127.0.0.1:$port
	LDAPS_URI=ldaps://127.0.0.1:$(free_port)
	LDAPI_URI=ldapi://${dir//\//%2F}%2Fldapi
	export LDAPTLS_CACERT=$T/tls/cert.pem
	host_start "$port" env "LD_PRELOAD=$T/shim/saslshim.so" \
		"TEST_SASL_CONFDIR=$dir/sasl2" "SASL_PATH=$T/plugins" \
		slapd -F "$dir/slapd.d" -h "$LDAPS_URI $LDAPI_URI $LDAP_URI" \
		-u openldap -g openldap -d "${SLAPD_DEBUG:-stats}" "$@" || return
	[ -f "$dir/people.ldif" ] && return
	slapd_people >"$dir/people.ldif"
	ldapadd -x -H "$LDAP_URI" -ZZ -D cn=admin,dc=example,dc=org -w admin \
		-f "$dir/people.ldif" >"$T/ldapadd" 2>&1 || {
		diag "$T/ldapadd" >&2
		return 1
	}
}
