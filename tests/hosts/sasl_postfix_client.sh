#!/usr/bin/env bash
# Postfix's own smtp, which hands mail on and logs in for it, by the client
# side of the plugin and the lines of etc/hosts in main.cf. Both ends are
# chrooted. The token is what its table of passwords holds.
. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/hosts/lib.sh"
. "$top_srcdir/tests/hosts/sasl_lib.sh"
. "$top_srcdir/tests/hosts/sasl_postfix_server.sh"

sasl_needs postfix sendmail postmap
HOST_SERVICE=smtp
sasl_init || exit 99
sasl_tls
sasl_tokens mail

relay=$T/relay
postfix_config "$relay" <<-END
	$(host_file postfix/main.cf)
	default_transport = discard:
END
host_file postfix/smtpd.conf >"$relay/sasl/smtpd.conf"
postfix_listen "$relay"
postfix_jail "$relay" || exit 99
postfix_start "$relay" "$T/plugins" || exit 99
relay_port=$SMTP_PORT

out=$T/out-going
HOST_LOG=$T/client.log
: >"$HOST_LOG"
postfix_config "$out" <<-END
	$(host_file postfix-client/main.cf | sed \
		-e "s,\[smtp\.example\.org\]:587,[127.0.0.1]:$relay_port,")
	smtp_connection_cache_on_demand = no
	minimal_backoff_time = 1s
	maximal_backoff_time = 1s
	queue_run_delay = 1s
	# each mail sees the table as it is
	max_use = 1
END
postfix_listen "$out"
# Postfix never says that its channel is encrypted; what it may do without
# lies where its chroot has /etc.
file=$(grep -ao '/[[:graph:]]*/jwtgate/sasl-client\.json' "$SASL_PLUGIN")
mkdir -p "$out/queue${file%/*}"
host_file postfix-client/sasl-client.json >"$out/queue$file"
CLIENT_DIR=$T/postfix
mkdir -p "$CLIENT_DIR"

# tokens_are TOKENFILE: the table, as an administrator makes it
tokens_are() {
	echo "[127.0.0.1]:$relay_port alice:$(cat "$1")" >"$CLIENT_DIR/tokens"
	chmod 600 "$CLIENT_DIR/tokens"
	postmap -c "$out" "hash:$CLIENT_DIR/tokens"
}
tokens_are "$T/token/good"
postfix_start "$out" "$T/client" || exit 99
CLIENT_LOG=$HOST_LOG
HOST_LOG=$T/host.log

sent() {
	tail -c "+$((sent_mark + 1))" "$CLIENT_LOG" | grep -a 'status=' \
		>"$T/sent"
}

# sends TOKENFILE: mail goes out with it, or waits
sends() {
	tokens_are "$1"
	sent_mark=$(wc -c <"$CLIENT_LOG")
	printf 'Subject: one\n\nhello\n' |
		sendmail -C "$out" -f alice@example.org bob@example.org
	until_true 30 sent || return 2
	cat "$T/sent"
	postsuper -c "$out" -d ALL >/dev/null 2>&1
	grep -q 'status=sent' "$T/sent"
}

enters "a good token" sends "$T/token/good"
like "$HOST_LOG" 'sasl_method=(OAUTHBEARER|XOAUTH2), sasl_username=alice$' \
	"it was one of ours"
stays_out "another audience" audience_wrong sends "$T/token/audience"
like "$T/login.out" 'status=deferred' "the mail waits"
stays_out "a missing role" role_missing sends "$T/token/norole"
stays_out "another user's token" user_mismatch sends "$T/token/bob"
stays_out "a tampered token" signature_invalid sends "$T/token/tampered"
for n in 3000 9000; do
	sign_to "$n" "$(claims alice mail)" >"$T/token/size-$n"
	enters "a token of $n bytes" sends "$T/token/size-$n"
done

# The client knows by itself that a token is too old.
log_mark
sends "$T/token/expired" >"$T/login.out"
is "$?" 1 "an expired token: the mail waits"
log_lines
nothing "$T/lines" "the server never saw it"
like "$CLIENT_LOG" 'expired' "the client's log says why"

cat "$CLIENT_LOG" >>"$HOST_LOG"
host_secret

done_testing
