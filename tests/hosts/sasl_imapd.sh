#!/usr/bin/env bash
# Cyrus IMAP with the plugin, through the lines of etc/hosts in its
# imapd.conf; it runs as user cyrus. curl and python know the mechanisms by
# themselves, mbsync learns them from the client side of the plugin.
. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/hosts/lib.sh"
. "$top_srcdir/tests/hosts/sasl_lib.sh"

sasl_needs /usr/lib/cyrus/bin/master curl python3 mbsync
HOST_SERVICE=imap
sasl_init || exit 99
sasl_tls
sasl_tokens mail
. "$top_srcdir/tests/hosts/sasl_imapd_server.sh"
imapd_config "$T/imap" <<<"$(host_file imapd/imapd.conf)"
imapd_start "$T/imap" || exit 99
host_check 0 imapd "/etc/imapd.conf=$T/imap/imapd.conf"

# login MECH CAFILE TOKENFILE [USER]
imaplib() {
	/usr/bin/python3 "$top_srcdir/tests/hosts/imap.py" "$IMAP_PORT" "$2" \
		"$1" "$3" "${4:-alice}"
}
oauthbearer() {
	imaplib OAUTHBEARER "$T/tls/cert.pem" "$@"
}
xoauth2() {
	imaplib XOAUTH2 "$T/tls/cert.pem" "$@"
}

# by_curl TOKENFILE [OPTION]: the token in a file, not among the arguments
by_curl() {
	local rc=$T/curlrc.$BASHPID
	printf 'user = "alice:"\noauth2-bearer = "%s"\n' "$(cat "$1")" \
		>"$rc"
	shift
	curl -sS -K "$rc" --ssl-reqd --cacert "$T/tls/cert.pem" \
		"$@" -X 'STATUS INBOX (MESSAGES)' \
		"imap://127.0.0.1:$IMAP_PORT/INBOX"
}
by_curl_ir() {
	by_curl "$1" --sasl-ir
}

cat >"$T/mbsyncrc" <<-END
	IMAPAccount test
	Host 127.0.0.1
	Port $IMAP_PORT
	User alice
	PassCmd "cat \$TOKENFILE"
	SSLType STARTTLS
	CertificateFile $T/tls/cert.pem
	AuthMechs OAUTHBEARER

	IMAPStore far
	Account test

	MaildirStore near
	Path $T/maildir/
	Inbox $T/maildir/inbox

	Channel all
	Far :far:
	Near :near:
	Create Near
	SyncState *
END
mkdir "$T/maildir"
# by_mbsync TOKENFILE
by_mbsync() {
	SASL_PATH=$T/client TOKENFILE=$1 mbsync -c "$T/mbsyncrc" all
}

oauthbearer "$T/token/good" >"$T/login.out"
like "$T/login.out" ' AUTH=OAUTHBEARER' "OAUTHBEARER is offered"
like "$T/login.out" ' AUTH=XOAUTH2' "XOAUTH2 is offered"
imaplib OAUTHBEARER - "$T/token/good" >"$T/login.out"
is "$?" 1 "nobody gets in on a clear-text channel"
unlike "$T/login.out" ' AUTH=' "nor is it offered there"

host_table oauthbearer
stays_out "another user's name" user_mismatch oauthbearer "$T/token/good" bob
for client in xoauth2 by_curl by_curl_ir; do
	stays_out "$client, an expired token" token_expired "$client" \
		"$T/token/expired"
done
host_expired by_mbsync
for client in xoauth2 by_curl by_curl_ir by_mbsync; do
	enters "$client" "$client" "$T/token/good"
	stays_out "$client, a missing role" role_missing "$client" \
		"$T/token/norole"
done

# What fits: 16 KiB of a decoded message.
for n in 8000 16000 16300; do
	sign_to "$n" "$(claims alice mail)" >"$T/token/size-$n"
	enters "a token of $n bytes" oauthbearer "$T/token/size-$n"
done
sign_to 16384 "$(claims alice mail)" >"$T/token/size-16384"
log_mark
oauthbearer "$T/token/size-16384" >"$T/login.out"
is "$?" 1 "a token of 16384 bytes does not fit into imapd"
log_lines
nothing "$T/lines" "and does not reach us"
tail -c "+$((LOG_MARK + 1))" "$HOST_LOG" >"$T/lines"
like "$T/lines" 'badlogin: .* OAUTHBEARER .*SASL\(-6\)' \
	"its log has a badlogin with SASL(-6), and no reason"

host_parallel 6 oauthbearer
host_rotate oauthbearer mail
host_secret

done_testing
