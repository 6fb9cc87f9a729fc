#!/bin/bash
# jwtgate sasl-check: the recipes of etc/hosts are right, and each change that
# breaks a host is told, by the line where it stands.

. "${top_srcdir:?}/tests/lib.sh"

R=$T/root
umask 022
"$JWTGATE" keys generate >"$T/idp.jwk"

# fresh: every host as doc/HOSTS.md has it, on a machine that is a folder
fresh() {
	rm -rf "$R"
	mkdir -p "$R"/etc/{jwtgate,ssl/mail,postfix/sasl,sasl2,default} \
		"$R"/etc/ldap/{sasl2,slapd.d/cn=config} \
		"$R"/usr/lib/x86_64-linux-gnu/sasl2 "$R/var/lib/jwtgate/keys" \
		"$R/srv/svn/conf"
	: >"$R/usr/lib/x86_64-linux-gnu/sasl2/libjwtgate_sasl.so"
	local hosts=$top_srcdir/etc/hosts
	printf '%s\n' root:x:0:0::/: postfix:x:104:106::/: \
		openldap:x:105:107::/: cyrus:x:106:8::/: \
		memcache:x:107:109::/: >"$R/etc/passwd"
	printf '%s\n' root:x:0: mail:x:8: sasl:x:45:cyrus >"$R/etc/group"
	cp "$hosts/jwtgate.json" "$R/etc/jwtgate/"
	echo '{"revoked": []}' >"$R/etc/jwtgate/revoked.json"
	"$JWTGATE" keys public --keys "$T/idp.jwk" \
		>"$R/var/lib/jwtgate/keys/main.json"
	mkdir -p "$R/var/spool/postfix/etc" "$R/var/spool/postfix/var/lib"
	cp -r "$R/etc/jwtgate" "$R/var/spool/postfix/etc/"
	cp -r "$R/var/lib/jwtgate" "$R/var/spool/postfix/var/lib/"
	: >"$R/etc/ssl/mail/key.pem"
	cp "$hosts/postfix/main.cf" "$R/etc/postfix/"
	cp "$hosts/postfix/smtpd.conf" "$R/etc/postfix/sasl/"
	cat >"$R/etc/postfix/master.cf" <<-END
		smtp      inet  n       -       y       -       -       smtpd
		submission inet n       -       y       -       -       smtpd
		  -o syslog_name=postfix/submission
		  -o smtpd_tls_security_level=encrypt
		pickup    unix  n       -       y       60      1       pickup
	END
	cp "$hosts/slapd/sasl.conf" "$R/etc/ldap/sasl2/slapd.conf"
	slapd_d
	cp "$hosts/imapd/imapd.conf" "$R/etc/"
	cp "$hosts/memcached/sasl.conf" "$R/etc/sasl2/memcached.conf"
	cp "$hosts/memcached/memcached.conf" "$R/etc/"
	cp "$hosts/svnserve/svn.conf" "$R/etc/sasl2/"
	cp "$hosts/svnserve/svnserve.conf" "$R/srv/svn/conf/"
}

# What slapd makes of its LDIF, as Debian's files look.
slapd_d() {
	local dir=$R/etc/ldap/slapd.d
	cat >"$dir/cn=config.ldif" <<-END
		# AUTO-GENERATED FILE - DO NOT EDIT!! Use ldapmodify.
		dn: cn=config
		objectClass: olcGlobal
		olcTLSCertificateFile: /etc/ssl/mail/cert.pem
		olcSaslSecProps: noanonymous,noplain
		olcAuthzRegexp: {0}^uid=([^,]+)(,cn=[^,]+)?,cn=(oauthbearer|xoauth2),cn=
		 auth$ uid=\$1,ou=people,dc=example,dc=org
	END
	cat >"$dir/cn=config/olcDatabase={0}config.ldif" <<-END
		dn: olcDatabase={0}config
		olcAccess: {0}to * by dn.exact=gidNumber=0+uidNumber=0,cn=peercred,
		 cn=external,cn=auth manage by * break
	END
	cat >"$dir/cn=config/olcDatabase={1}mdb.ldif" <<-END
		dn: olcDatabase={1}mdb
		olcSuffix: dc=example,dc=org
		olcRootPW:: YWRtaW4=
		olcAccess: {0}to attrs=userPassword by self write by anonymous auth by
		 * none
		olcAccess: {1}to attrs=memberOf by self read by users read by * auth
		olcAccess: {2}to * by self read by users read by * auth
	END
	mkdir "$dir/cn=config/olcDatabase={1}mdb"
	cat >"$dir/cn=config/olcDatabase={1}mdb/olcOverlay={0}memberof.ldif" \
		<<-END
			dn: olcOverlay={0}memberof
			olcOverlay: {0}memberof
		END
}

check() {
	local host=$1
	shift
	"$JWTGATE" sasl-check "$host" --root "$R" "$@"
}

# clean HOST WHAT [OPTION...]
clean() {
	local host=$1 what=$2
	shift 2
	accept "$host: $what" check "$host" "$@"
	like "$T/out" '^nothing wrong in [1-9]' \
		"$host: $what: nothing is said"
}

# told HOST WHAT REGEX [OPTION...]: one finding, and it is this
told() {
	local host=$1 what=$2 regex=$3
	shift 3
	refuse 1 "$host: $what" check "$host" "$@"
	like "$T/out" "^$R$regex" "$host: $what: it is said, and where"
	is "$(sed 's/^[^ ]*: //' "$T/out" | sort -u | wc -l)" 1 \
		"$host: $what: and nothing else"
	fresh
}

# edit FILE SED...: a change of one file of the root
edit() {
	local file=$R/$1
	shift
	sed -i "$@" "$file"
}

fresh
for host in postfix slapd imapd memcached svnserve; do
	clean "$host" "as the recipe has it"
done
clean svnserve "with its repository" --file /srv/svn/conf/svnserve.conf

# --- what libsasl does to a file of its own, in every host that has one

while read -r host conf; do
	edit "$conf" '1s/.*/mech_list: PLAIN SCRAM-SHA-256/'
	told "$host" "mech_list hides us" "/$conf:1: mech_list hides"
	edit "$conf" '1s/.*/mech_list: PLAIN XOAUTH2/'
	clean "$host" "one of ours is enough"
	fresh
	edit "$conf" '1s/.*/mech_list: OAUTHBEARER,XOAUTH2/'
	told "$host" "a comma" "/$conf:1: mech_list is parted by blanks"
	edit "$conf" 1d
	clean "$host" "no mech_list is all of them"
	fresh
	edit "$conf" '1i auxprop.plugin: sasldb'
	told "$host" "a dot in a key" "/$conf:1: no key .* no mechanism at all"
	edit "$conf" '1i keytab:'
	told "$host" "no value" "/$conf:1: no value; libsasl then refuses"
	printf '#%5000s\n' x >>"$R/$conf"
	told "$host" "a long line" "/$conf:[0-9]+: 500[0-9] bytes in a line"
	printf '#%4000s\n' x >>"$R/$conf"
	clean "$host" "a line that is not too long"
	fresh
	echo 'mech_list: PLAIN' >>"$R/$conf"
	told "$host" "said twice" \
		"/$conf:[0-9]+: mech_list was set in line 1"
	echo 'oauthbearer_conf: /etc/jwtgate/jwtgate.json' >>"$R/$conf"
	told "$host" "a misspelt option" "/$conf:[0-9]+: oauthbearer_conf is no \
option of ours; did you mean oauthbearer_config"
	echo 'oauthbearer_min_ssf: strong' >>"$R/$conf"
	told "$host" "no number" "/$conf:[0-9]+: oauthbearer_min_ssf is no number"
	edit "$conf" 's,/etc/jwtgate/,,'
	told "$host" "a relative path" \
		"/$conf:[0-9]+: oauthbearer_config is no absolute path"
	rm "$R/$conf"
	told "$host" "no file" "/$conf: is not there"
	mv "$R/$conf" "$R/usr/lib/sasl2.conf"
	mkdir -p "$R/etc/sasl"
	mv "$R/usr/lib/sasl2.conf" "$R/etc/sasl/${conf##*/}"
	told "$host" "the wrong folder" \
		"/etc/sasl/${conf##*/}: this host does not look here"
done <<-END
	postfix etc/postfix/sasl/smtpd.conf
	slapd etc/ldap/sasl2/slapd.conf
	memcached etc/sasl2/memcached.conf
	svnserve etc/sasl2/svn.conf
END
for host in postfix:etc/postfix/sasl/smtpd.conf \
	memcached:etc/sasl2/memcached.conf svnserve:etc/sasl2/svn.conf; do
	echo 'oauthbearer_min_ssf: 128' >>"$R/${host#*:}"
	told "${host%:*}" "a strength it never tells" \
		"/${host#*:}:[0-9]+: this host never says how strong"
	echo 'oauthbearer_min_ssf: 0' >>"$R/${host#*:}"
	clean "${host%:*}" "no strength is asked for"
	fresh
done
echo 'oauthbearer_min_ssf: 0' >>"$R/etc/ldap/sasl2/slapd.conf"
told slapd "clear text is let through" \
	"/etc/ldap/sasl2/slapd.conf:[0-9]+: oauthbearer_min_ssf 0 takes tokens"
echo 'oauthbearer_min_ssf: 128' >>"$R/etc/ldap/sasl2/slapd.conf"
clean slapd "a strength it tells"
fresh

# --- jwtgate.json and the files behind it, for the user of each host

while read -r host service user; do
	edit etc/jwtgate/jwtgate.json "s/\"$service\":/\"other\":/"
	told "$host" "no part of the service" \
		"/etc/jwtgate/jwtgate.json: services has no part for $service"
	edit etc/jwtgate/jwtgate.json 's/"audience"/"audiance"/'
	refuse 1 "$host: a broken configuration" check "$host"
	like "$T/out" 'nobody is let in: .*jwtgate\.json:[0-9]+:[0-9]+: ' \
		"$host: a broken configuration: it is said, and where"
	fresh
	echo '{"keys": []' >"$R/var/lib/jwtgate/keys/main.json"
	told "$host" "no keys" "/var/lib/jwtgate/keys/main.json: no keys"
	[ "$user" != - ] || continue
	chmod 600 "$R/var/lib/jwtgate/keys/main.json"
	told "$host" "keys it cannot read" \
		"/var/lib/jwtgate/keys/main.json: $user, as whom .* read this"
	chmod 600 "$R/etc/jwtgate/revoked.json"
	told "$host" "revocations it cannot read" \
		"/etc/jwtgate/revoked.json: $user, as whom"
	chmod 700 "$R/var/lib/jwtgate"
	told "$host" "a folder it cannot enter" \
		"/var/lib/jwtgate: $user, as whom .* enter this folder"
	edit etc/passwd "/^$user:/d"
	refuse 1 "$host: a user who is not there" check "$host"
	like "$T/out" "runs as $user, whom" "$host: no such user: it is said"
	fresh
done <<-END
	postfix smtp -
	slapd ldap openldap
	imapd imap cyrus
	memcached memcached memcache
	svnserve svn -
END
chmod 666 "$R/var/lib/jwtgate/keys/main.json"
told imapd "keys that others may write" \
	"/var/lib/jwtgate/keys/main.json: others than its owner"
chmod 640 "$R/var/lib/jwtgate/keys/main.json"
chgrp 45 "$R/var/lib/jwtgate/keys/main.json" 2>/dev/null &&
	clean imapd "keys for a group of the user"
fresh
rm "$R/usr/lib/x86_64-linux-gnu/sasl2/libjwtgate_sasl.so"
refuse 1 "the plugin is not there" check imapd
like "$T/out" '^libjwtgate_sasl\.so: is in none of' "it is said"
fresh

# --- Postfix

# main WHAT SED REGEX: a change of main.cf
main() {
	edit etc/postfix/main.cf "$2"
	told postfix "$1" "/etc/postfix/main.cf$3"
}
main "no AUTH" '/sasl_auth_enable/d' ': no smtpd has smtpd_sasl_auth_enable'
edit etc/postfix/main.cf '/sasl_auth_enable/d'
edit etc/postfix/master.cf 's/  -o syslog_name.*/&\n  -o smtpd_sasl_auth_enable=yes/'
clean postfix "AUTH in one service"
fresh
main "Dovecot's" 's/= cyrus/= dovecot/' ':[0-9]+: smtpd_sasl_type is dovecot'
main "noplaintext" 's/= noanonymous/= noanonymous, noplaintext/' \
	':[0-9]+: smtpd_sasl_(tls_)?security_options hides .* noplaintext'
main "noplaintext with TLS" '$a smtpd_sasl_tls_security_options = noplaintext' \
	':[0-9]+: smtpd_sasl_tls_security_options hides'
main "a filter" '$a smtpd_sasl_mechanism_filter = plain' \
	':[0-9]+: smtpd_sasl_mechanism_filter hides'
edit etc/postfix/main.cf '$a smtpd_sasl_mechanism_filter = plain oauthbearer'
clean postfix "a filter with one of ours"
fresh
main "clear text" 's/tls_auth_only = yes/tls_auth_only = no/' \
	':[0-9]+: tokens are taken over clear text'
edit etc/postfix/main.cf -e '/tls_auth_only/d' \
	-e 's/security_level = may/security_level = encrypt/'
clean postfix "nothing without TLS at all"
fresh
main "no TLS" '/tls_security_level/d' ': no TLS, and smtpd_tls_auth_only'
main "a short line" '/line_length_limit/d' \
	': line_length_limit is 2048: a token of more than about 14[0-9]{2}'
main "a short answer" '/response_limit/d' \
	': smtpd_sasl_response_limit is 12288: .* about 9[0-9]{3} bytes'
main "another name" 's/sasl_path = smtpd/sasl_path = mail/' \
	'|/etc/postfix/sasl/mail.conf: is not there'
edit etc/postfix/main.cf 's/sasl_path = smtpd/sasl_path = mail/'
mv "$R/etc/postfix/sasl/smtpd.conf" "$R/etc/postfix/sasl/mail.conf"
told postfix "a name we do not know" \
	"/etc/postfix/sasl/mail.conf: smtpd_sasl_path is not smtpd"
edit etc/postfix/main.cf 's/^smtpd_sasl_path = smtpd/smtpd_sasl_path =\n   # why\n   smtpd/'
clean postfix "a value on lines of its own"
fresh
mkdir -p "$R/srv/sasl"
mv "$R/etc/postfix/sasl/smtpd.conf" "$R/srv/sasl/"
edit etc/postfix/main.cf '$a cyrus_sasl_config_path = /srv/sasl'
clean postfix "another folder"
fresh
rm "$R/etc/postfix/main.cf"
refuse 2 "no Postfix" check postfix
like "$T/err" '/etc/postfix/main.cf is not there' "it is said"
fresh

jail=var/spool/postfix
rm -r "${R:?}/$jail/etc"
told postfix "nothing in the chroot" "/$jail/etc/jwtgate/[a-z]*.json: is not"
rm "$R/$jail/var/lib/jwtgate/keys/main.json"
told postfix "no keys in the chroot" "/$jail/var/lib/jwtgate/keys/main.json: is"
chmod 700 "$R/$jail/var/lib/jwtgate"
told postfix "keys in the chroot for root" "/$jail/var/lib/jwtgate: postfix, as"
rm -r "${R:?}/$jail/etc"
edit etc/postfix/master.cf 's/       y       /       n       /'
clean postfix "no chroot"
edit etc/postfix/master.cf 's/       n       -       -       smtpd/       -       -       -       smtpd/'
refuse 1 "postfix: a chroot by default" check postfix
edit etc/postfix/main.cf '$a compatibility_level = 3.6'
clean postfix "no chroot by default"
edit etc/postfix/main.cf '$a queue_directory = /srv/queue'
edit etc/postfix/master.cf 's/       -       -       -       smtpd/       y       -       -       smtpd/'
told postfix "another chroot" "/srv/queue/.*: is not there"

# --- slapd

config=etc/ldap/slapd.d/cn=config
edit "$config.ldif" '/TLSCert/d'
told slapd "no TLS" "/$config.ldif: no TLSCertificateFile"
edit "$config.ldif" '/^olcAuthzRegexp/,/^ /d'
told slapd "no rule" "/$config.ldif: no authz-regexp"
edit "$config.ldif" 's/(oauthbearer|xoauth2)/oauthbearer/'
told slapd "a rule for one of two" "/$config.ldif: no authz-regexp"
edit "$config.ldif" '$a olcSaslRealm: example.org'
clean slapd "a realm that the rule takes"
fresh
edit "$config.ldif" -e '$a olcSaslRealm: example.org' -e 's/(,cn=\[^,\]+)?//'
told slapd "a realm that it does not" "/$config.ldif: no authz-regexp .*example"
edit "$config.ldif" 's/noplain/noplain,noactive/'
told slapd "noactive" "/$config.ldif:[0-9]+: sasl-secprops .* noactive"
edit "$config.ldif" '$a olcSockbufMaxIncoming: 4096'
told slapd "a small buffer" "/$config.ldif:[0-9]+: sockbuf_max_incoming"
mdb="$config/olcDatabase={1}mdb"
edit "$mdb.ldif" 's/users read by \* auth/users read by * none/'
refuse 1 "slapd: no right to see groups" check slapd
like "$T/out" 'this rule forbids it for memberOf: add' "slapd: it is said"
like "$T/out" 'this rule forbids it for entry: add' "slapd: and of the entry"
fresh
edit "$mdb.ldif" '/{1}to/s/auth/none/'
told slapd "no right to one attribute" \
	"/$config/olcDatabase=\\{1\\}mdb.ldif:[0-9]+: the groups .* for memberOf"
rm -r "$R/${mdb:?}"
told slapd "no overlay" "/$config.ldif: no overlay memberof"
edit etc/jwtgate/jwtgate.json 's/"ldap": {.*/"ldap": {"require": "token_only"},/'
rm -r "$R/${mdb:?}"
clean slapd "no overlay, and no roles asked for"
fresh
rm -r "$R/etc/ldap/slapd.d"
refuse 2 "no slapd" check slapd
cat >"$R/etc/ldap/slapd.conf" <<-'END'
	TLSCertificateFile /etc/ssl/mail/cert.pem
	sasl-secprops noanonymous,noplain
	authz-regexp
	    "^uid=([^,]+)(,cn=[^,]+)?,cn=(oauthbearer|xoauth2),cn=auth$"
	    "uid=$1,ou=people,dc=example,dc=org"
	database mdb
	suffix "dc=example,dc=org"
	overlay memberof
	access to attrs=userPassword by anonymous auth by * none
	access to *
	    by users read
	    by * auth
END
clean slapd "slapd.conf"
edit etc/ldap/slapd.conf '/by \* auth$/d'
refuse 1 "slapd.conf, no right" check slapd
like "$T/out" 'etc/ldap/slapd\.conf:10: the groups .* for memberOf' \
	"slapd.conf, no right: it is said, and where"
fresh

# --- imapd

edit etc/imapd.conf '/tls_server/d'
told imapd "no TLS" "/etc/imapd.conf: no TLS"
chmod 600 "$R/etc/ssl/mail/key.pem"
told imapd "a key it cannot read" "/etc/ssl/mail/key.pem: cyrus, as whom"
edit etc/imapd.conf 's/^sasl_mech_list.*/sasl_mech_list: PLAIN/'
told imapd "mech_list" "/etc/imapd.conf:[0-9]+: sasl_mech_list hides"
edit etc/imapd.conf '$a sasl_oauthbearer_minssf: 1'
told imapd "a misspelt option" \
	"/etc/imapd.conf:[0-9]+: sasl_oauthbearer_minssf is no option .* \
sasl_oauthbearer_min_ssf"
edit etc/imapd.conf '$a allowplaintext: no'
told imapd "said twice" "/etc/imapd.conf:[0-9]+: allowplaintext was set"
edit etc/imapd.conf '$a virtdomains: on'
told imapd "a domain out of nowhere" "/etc/imapd.conf:[0-9]+: virtdomains on"
edit etc/imapd.conf '$a virtdomains: userid'
clean imapd "a domain out of the name"
fresh
mails='s/"user_claim": \["preferred_username"\]/"user_claim": ["email"], '
mails+='"user_pattern": "[a-z.]+@[a-z.]+"/'
edit etc/jwtgate/jwtgate.json "$mails"
told imapd "domains that imapd refuses" "/etc/imapd.conf: users of https"
edit etc/jwtgate/jwtgate.json "$mails"
edit etc/imapd.conf '$a loginrealms: example.org'
clean imapd "domains that are named"
fresh

# --- memcached, svnserve

edit etc/memcached.conf '/^-S/d'
told memcached "no SASL" "/etc/memcached.conf: no line -S"
edit etc/memcached.conf '/^-v/d'
told memcached "no log" "/etc/memcached.conf: no line -v"
edit etc/memcached.conf 's/^-l .*/-l 0.0.0.0/'
told memcached "the world" "/etc/memcached.conf:[0-9]+: listens on more"
edit etc/memcached.conf 's/^-u .*/-u nobody/'
told memcached "another user" "/.*: the host runs as nobody, whom"
cp "$R/etc/sasl2/svn.conf" "$R/etc/sasl2/subversion.conf"
told svnserve "the name of the manual" "/etc/sasl2/subversion.conf: svnserve reads"
edit etc/sasl2/svn.conf '/log_level/d'
told svnserve "no log" "/etc/sasl2/svn.conf: no log_level: 2"
edit etc/sasl2/svn.conf 's/log_level: 2/log_level: 1/'
told svnserve "a log of errors only" "/etc/sasl2/svn.conf:3: no log_level: 2"
repository=(--file /srv/svn/conf/svnserve.conf)
edit srv/svn/conf/svnserve.conf 's/use-sasl = true/use-sasl = false/'
told svnserve "no SASL" "/srv/svn/conf/svnserve.conf: \[sasl\] has no" \
	"${repository[@]}"
edit srv/svn/conf/svnserve.conf '/anon-access/d'
told svnserve "anonymous readers" "/srv/svn/conf/svnserve.conf: \[general\]" \
	"${repository[@]}"
edit srv/svn/conf/svnserve.conf '$a min-encryption = 128'
told svnserve "encryption" \
	"/srv/svn/conf/svnserve.conf:[0-9]+: min-encryption 128" \
	"${repository[@]}"

# --- how it is called

refuse 2 "no such host" check exim
refuse 2 "no host" "$JWTGATE" sasl-check
refuse 2 "a relative file" check svnserve --file svnserve.conf
refuse 2 "no such root" "$JWTGATE" sasl-check imapd --root "$T/nowhere"

done_testing
