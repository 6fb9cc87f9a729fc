#!/usr/bin/env bash
# Postfix with the plugin: Debian's smtpd, which goes into its chroot and
# drops root before the first client comes, through the lines of etc/hosts in
# main.cf and smtpd.conf.
. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/hosts/lib.sh"
. "$top_srcdir/tests/hosts/sasl_lib.sh"
. "$top_srcdir/tests/hosts/sasl_postfix_server.sh"

sasl_needs postfix curl msmtp python3
HOST_SERVICE=smtp
sasl_init || exit 99
sasl_tls
sasl_tokens mail
dir=$T/smtpd
postfix_config "$dir" <<-END
	$(host_file postfix/main.cf)
	default_transport = discard:
	max_use = 10000
END
host_file postfix/smtpd.conf >"$dir/sasl/smtpd.conf"
postfix_listen "$dir" line_length_limit=2048 smtpd_sasl_response_limit=12288
small=$SMTP_PORT
postfix_listen "$dir"
postfix_jail "$dir" || exit 99
postfix_start "$dir" "$T/plugins" || exit 99

# The first smtpd has the limits that Postfix has.
host_check 1 postfix "/etc/postfix=$dir"
sed "s,^$T/machine/etc/postfix/master.cf:[0-9]*: ,," "$T/out" >"$T/found"
is "$(cut -d ' ' -f 1-3 "$T/found" | sort | tr '\n' ' ')" \
	"line_length_limit is 2048: smtpd_sasl_response_limit is 12288: " \
	"it finds the limits of one smtpd, and nothing in the other"

# client MECH HOW TOKENFILE [USER]
client() {
	/usr/bin/python3 "$top_srcdir/tests/hosts/smtp.py" "$SMTP_PORT" \
		"$T/tls/cert.pem" "$1" "$2" "$3" "${4:-alice}"
}
inline() {
	client OAUTHBEARER inline "$@"
}
continued() {
	client OAUTHBEARER continued "$@"
}
xoauth2() {
	client XOAUTH2 inline "$@"
}

# by_curl TOKENFILE [OPTION...]: mail is taken, the token comes from a file
by_curl() {
	local rc=$T/curlrc.$BASHPID
	printf 'user = "alice:"\noauth2-bearer = "%s"\n' "$(cat "$1")" \
		>"$rc"
	shift
	echo hello | curl -sS -K "$rc" --ssl-reqd \
		--cacert "$T/tls/cert.pem" --mail-from alice@example.org \
		--mail-rcpt bob@example.org -T - "$@" \
		"smtp://127.0.0.1:$SMTP_PORT"
}
by_curl_ir() {
	by_curl "$1" --sasl-ir
}

# by_msmtp TOKENFILE: always on the line of AUTH
by_msmtp() {
	echo hello | msmtp -C /dev/null --host=127.0.0.1 --port="$SMTP_PORT" \
		--tls=on --tls-starttls=on --tls-trust-file="$T/tls/cert.pem" \
		--auth=oauthbearer --user=alice --from=alice@example.org \
		--passwordeval="cat $1" bob@example.org
}

inline "$T/token/good" >"$T/login.out"
like "$T/login.out" '^offers .*OAUTHBEARER' "OAUTHBEARER is offered"
like "$T/login.out" '^offers .*XOAUTH2' "XOAUTH2 is offered"
/usr/bin/python3 "$top_srcdir/tests/hosts/smtp.py" "$SMTP_PORT" - \
	OAUTHBEARER inline "$T/token/good" alice >"$T/login.out"
is "$?" 1 "nobody gets in on a clear-text channel"
like "$T/login.out" '^offers None' "nor is it offered there"

host_table inline
stays_out "another user's name" user_mismatch inline "$T/token/good" bob
like "$T/login.out" '^challenge \{"status":"invalid_token"' \
	"OAUTHBEARER says why in its JSON"
like "$T/login.out" '^535 5\.7\.8 ' "the client is told not to try again"
for login in continued xoauth2 by_curl by_curl_ir by_msmtp; do
	enters "$login" "$login" "$T/token/good"
	stays_out "$login, an expired token" token_expired "$login" \
		"$T/token/expired"
	stays_out "$login, a missing role" role_missing "$login" \
		"$T/token/norole"
done
like "$HOST_LOG" 'sasl_method=OAUTHBEARER, sasl_username=alice(@|$)' \
	"the queue knows who sent it"

# What fits, with the two limits raised as in main.cf: whatever we take.
for n in 3000 9200 16384; do
	sign_to "$n" "$(claims alice mail)" >"$T/token/size-$n"
	enters "$n bytes on the line of AUTH" inline "$T/token/size-$n"
	enters "$n bytes after it" continued "$T/token/size-$n"
	enters "$n bytes from curl" by_curl "$T/token/size-$n"
done
enters "3000 bytes from msmtp" by_msmtp "$T/token/size-3000"
one_more "$T/token/size-16384" >"$T/token/too-long"
stays_out "one byte more than we take" token_too_long continued \
	"$T/token/too-long"

# And with Postfix's own limits.
raised=$SMTP_PORT
SMTP_PORT=$small
sign_to 1450 "$(claims alice mail)" >"$T/token/size-1450"
sign_to 1560 "$(claims alice mail)" >"$T/token/size-1560"
sign_to 9000 "$(claims alice mail)" >"$T/token/size-9000"
sign_to 9300 "$(claims alice mail)" >"$T/token/size-9300"
enters "no limit raised, 1450 bytes on the line" inline "$T/token/size-1450"
enters "no limit raised, 9000 bytes after it" continued "$T/token/size-9000"
log_mark
inline "$T/token/size-1560" >"$T/login.out" 2>&1
is "$?" 1 "no limit raised, 1560 bytes do not fit on the line"
like "$T/login.out" '^5[0-9][0-9] ' "and the client fails for good"
continued "$T/token/size-9300" >"$T/login.out" 2>&1
is "$?" 1 "no limit raised, 9300 bytes do not fit after it"
like "$T/login.out" '^500 5\.5\.6 SASL response limit exceeded' \
	"and the client is told so"
log_lines
nothing "$T/lines" "none of the two reaches us"
SMTP_PORT=$raised

host_parallel 6 continued

# A process from before goes on, in its chroot, without root.
smtpds() {
	sed -n 's,.*postfix/smtpd\[\([0-9]*\)\]: connect .*,\1,p' "$HOST_LOG"
}
before=$(smtpds | sort -u)
host_rotate continued mail
last=$(smtpds | tail -n 1)
is "$(grep -cx "$last" <<<"$before")" 1 \
	"it was a process from before that saw it"
host_secret

done_testing
