#!/usr/bin/env bash
# Logins per second at a stock slapd and a stock Cyrus IMAP, by token and by
# PLAIN, set up as the tests of them are. slapd is asked over ldapi, imapd is
# told that its channel is encrypted: what is compared is the login, not TLS.
#
#	sasl_hosts.sh [SECONDS]	of a turn of one mechanism; prints Markdown
. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/hosts/lib.sh"
. "$top_srcdir/tests/hosts/sasl_lib.sh"
. "$top_srcdir/tests/hosts/sasl_slapd_server.sh"
. "$top_srcdir/tests/hosts/sasl_imapd_server.sh"

seconds=${1:-1}
sasl_init && plugins "$T/plugins" jwtgate plain sasldb || exit 99
sasl_tls
echo -n alice-password >"$T/password"

# sides ROLE: the tokens of alice, of about 400 bytes, by two algorithms
sides() {
	sign "{$(claims alice "$1")}" >"$T/es256"
	"$JWTGATE" keys generate --alg RS256 --kid rsa >"$T/rsa.jwk"
	sign "{$(claims alice "$1")}" "$T/rsa.jwk" >"$T/rs256"
	"$JWTGATE" keys public --keys "$T/rsa.jwk" >"$T/rsa.pub"
	"$JWTGATE" keys public --keys "$T/signing.jwk" >"$T/es.pub"
	/usr/bin/python3 -c 'import json, sys
sets = [json.load(open(name))["keys"] for name in sys.argv[1:]]
json.dump({"keys": sum(sets, [])}, sys.stdout)' "$T/es.pub" "$T/rsa.pub" \
		>"$T/jwtgate/main.json"
}

# compare SERVER ADDRESS
compare() {
	local connections
	for connections in 1 4; do
		/usr/bin/python3 "$top_srcdir/tests/bench/sasl_hosts.py" \
			"$1" "$2" "$seconds" "$connections" \
			"$1 PLAIN=PLAIN:$T/password" \
			"$1 OAUTHBEARER, ES256=OAUTHBEARER:$T/es256" \
			"$1 OAUTHBEARER, RS256=OAUTHBEARER:$T/rs256" || exit 99
	done
}

bench_slapd() {
	local dir=$T/slapd
	sides staff
	slapd_config "$dir" || exit 99
	sed 's/oauthbearer|xoauth2/oauthbearer|xoauth2|plain/' \
		"$top_srcdir/etc/hosts/slapd/jwtgate.ldif" >"$T/plain.ldif"
	slapmodify -F "$dir/slapd.d" -n 0 -l "$T/plain.ldif" >"$T/slapmodify" \
		2>&1 || { cat "$T/slapmodify" >&2; exit 99; }
	host_file slapd/sasl.conf | sed 's/EXTERNAL/PLAIN/' \
		>"$dir/sasl2/slapd.conf"
	SLAPD_DEBUG=none slapd_start "$dir" || exit 99
	compare ldap "$dir/ldapi"
	host_stop
}

bench_imapd() {
	local dir=$T/imap
	sides mail
	echo -n alice-password | saslpasswd2 -p -c -u localhost \
		-f "$T/sasldb2" alice
	chmod 644 "$T/sasldb2"
	imapd_config "$dir" <<-END
		$(host_file imapd/imapd.conf | sed 's/XOAUTH2/PLAIN/')
		sasl_pwcheck_method: auxprop
		sasl_auxprop_plugin: sasldb
		sasl_sasldb_path: $T/sasldb2
	END
	IMAPD_OPTIONS="-p 256 -U 100000" imapd_start "$dir" || exit 99
	compare imap "$IMAP_PORT"
	host_stop
}

echo "| login | best, 1/s | median, 1/s | to PLAIN |"
echo "|---|---|---|---|"
bench_slapd
bench_imapd
tests_planned=0
