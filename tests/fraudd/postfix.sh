#!/bin/bash
# A private Postfix asks with check_policy_service, as doc/CLIENTS.md has it.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"
# shellcheck source=tests/hosts/sasl_lib.sh
. "$top_srcdir/tests/hosts/sasl_lib.sh"
# shellcheck source=tests/hosts/sasl_postfix_server.sh
. "$top_srcdir/tests/hosts/sasl_postfix_server.sh"
# shellcheck source=tests/fraudd/lib.sh
. "$top_srcdir/tests/fraudd/lib.sh"

[ "$(id -u)" -eq 0 ] || skip_all "Postfix needs root"
[ -x /usr/sbin/postfix ] || skip_all "postfix is missing"
chmod 711 "$T"
umask 022
at_exit host_stop
P=$T/postfix
mkdir -m 755 "$P"
{
	printf "%s\n" "smtpd_relay_restrictions =" "relay_domains = example.org"
	recipe postfix.cf
} | postfix_config "$P"
mkdir -p "$P/queue/fraudd"
SOCK=$P/queue/fraudd/s
start_fraudd '"socket_mode": "0666", "rules": [{"name": "rate",
	"event": "smtp", "count": "attempts", "limit": 3, "window": 60}],
	"access": [{"user": "postfix", "may": ["count"]}]'
sed -i "s|unix:.*fraudd.sock|unix:fraudd/s|" "$P/main.cf"
postfix_listen "$P"
: >"$HOST_LOG"
chmod 666 "$HOST_LOG"
postfix_start "$P" /nonexistent || {
	echo "Bail out! Postfix does not start"
	exit 99
}
# rcpt: what smtpd says to a recipient
rcpt() {
	python3 - "$SMTP_PORT" <<-'END'
		import smtplib, sys
		s = smtplib.SMTP("127.0.0.1", int(sys.argv[1]), timeout=20)
		s.ehlo("client.example.org")
		s.mail("a@example.org")
		code, text = s.rcpt("b@example.org")
		print(code, text.decode())
	END
}
for i in 1 2; do
	rcpt >"$T/out"
	like "$T/out" '^250 ' "mail $i is taken"
done
rcpt >"$T/out"
like "$T/out" '^554 .*Too many attempts' \
	"the third is"

done_testing
