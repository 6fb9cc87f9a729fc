#!/bin/bash
# Exim asks with readsocket, in a session with a host of the test's choice, as
# doc/CLIENTS.md has it. Its files lie beside the system (scripts/deps), its
# user is one of nss_wrapper.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"
# shellcheck source=tests/fraudd/lib.sh
. "$top_srcdir/tests/fraudd/lib.sh"

EXIM=$BESIDE/usr/sbin/exim4
[ -x "$EXIM" ] || skip_all "exim is not unpacked: run scripts/deps"
[ "$(id -u)" -eq 0 ] || skip_all "Exim takes a configuration of root's alone"
start_fraudd '"rules": [{"name": "rate", "event": "smtp", "count": "attempts",
	"limit": 3, "window": 60}], "access": [
	{"user": "root", "may": ["count"]}, {"user": "mail", "may": ["count"]}]'
chmod 711 "$T"
chmod 666 "$SOCK"
{ cat /etc/passwd && echo "Debian-exim:x:8:8::/:/bin/false"; } >"$T/passwd"
{ cat /etc/group && echo "Debian-exim:x:8:"; } >"$T/group"
chmod 644 "$T/passwd" "$T/group"
mkdir "$T/spool"
chown mail:mail "$T/spool"
{
	printf '%s\n' "primary_hostname = mail.example.org" \
		"spool_directory = $T/spool" "exim_user = mail" \
		"exim_group = mail" "acl_smtp_connect = acl_check_connect"
	recipe exim.conf
} >"$T/exim.conf"
chmod 644 "$T/exim.conf"

# exim ADDRESS: a session from there, its answers
exim() {
	printf 'QUIT\r\n' | LD_PRELOAD=libnss_wrapper.so \
		NSS_WRAPPER_PASSWD=$T/passwd NSS_WRAPPER_GROUP=$T/group \
		"$EXIM" -C "$T/exim.conf" -bh "$1" 2>"$T/err" | tr -d '\r'
}
for i in 1 2; do
	exim 192.0.2.1 >"$T/out"
	like "$T/out" '^220 mail\.example\.org' "connection $i is let in"
done
exim 192.0.2.1 >"$T/out"
like "$T/out" '^451 try again later' "the third is not"
unlike "$T/out" '^220' "and not greeted"
exim 192.0.2.2 >"$T/out"
like "$T/out" '^220 ' "another address is let in"
exim 2001:db8::1 >"$T/out"
like "$T/out" '^220 ' "so is one of IPv6"
accept "fraudd ends" stop_fraudd
exim 192.0.2.1 >"$T/out"
like "$T/out" '^220 ' "without fraudd mail still comes in"

done_testing
