#!/usr/bin/env bash
# Servers that are named, and resolvers that are silent, lie or are not there:
# in a root of its own, whose /etc/resolv.conf says where to ask.
. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/hosts/lib.sh"
. "$top_srcdir/tests/hosts/directory.sh"
. "$top_srcdir/tests/hosts/root.sh"

[ "$(id -u)" -eq 0 ] || skip_all "a root of one's own needs root"
[ -z "$preload_first" ] || skip_all "sanitizers want a /proc"

directory_certs || exit 99
directory_slapd main memberof || exit 99
root_make && root_jwtgate || exit 99
mkdir -p "$R/etc/jwtgate/certs"
port=${LDAPS[main]##*:}
deadline=500
resolver=127.77.$((RANDOM % 250)).$((1 + RANDOM % 250))

# asks WHAT ROLES [WORD...]: in its root, with the servers of $T/dns.json;
# WORDs for env(1). Milliseconds are in $took.
asks() {
	local what=$1 want=$2 start
	shift 2
	root_config "$T/dns.json"
	cp "$CERTS/ca.pem" "$R/etc/jwtgate/certs/"
	cp "$T/reader-password" "$R/etc/jwtgate/"
	start=$(date +%s%N)
	chroot "$R" /usr/bin/env -i "$@" /usr/bin/jwtgate roles \
		--config /etc/jwtgate/jwtgate.json alice >"$T/out" 2>"$T/err"
	status=$?
	took=$((($(date +%s%N) - start) / 1000000))
	is "$status $(sort "$T/out" | paste -sd ' ')" "$want" "$what"
	[ "$status" = "${want%% *}" ] || diag "$T/err"
}

# config NAME...: servers
config() {
	local name uris=
	for name; do
		uris+=" ldaps://$name:$port"
	done
	roles_config "$T/dns.json" "$uris" \
		'"insecure_plaintext": false, "deadline_ms": '$deadline
}
yes="0 admins byurl users"
no="3 "

echo "hosts: files dns" >"$R/etc/nsswitch.conf"
echo "nameserver $resolver" >"$R/etc/resolv.conf"

# What a process costs here that asks nobody for long.
config 127.0.0.1
asks "an address needs no resolver" "$yes"
base=$took

config directory.test
directory_fake D dns 127.0.0.1 "$resolver" || exit 99
asks "a name, and a resolver that knows it" "$yes"
like "$T/fake-D" '^question 096469726563746f72790474657374' "it was asked"
config another.test
asks "another name for the same server: its certificate does not say so" "$no"
config directory.test
asks "surroundings that would change the name" "$yes" LOCALDOMAIN=evil.test \
	RES_OPTIONS=ndots:15 HOSTALIASES=/etc/aliases
unlike "$T/fake-D" '^question .*046576696c' "nobody was asked for evil.test"
kill "$D_PID"
wait "$D_PID" 2>/dev/null

# in_time WHAT: refused, no later than it may be. What a busy machine adds is
# not the code's: one of three tries has to keep it.
in_time() {
	local i best=999999
	for ((i = 0; i < 3; i++)); do
		asks "$1" "$no"
		[ "$took" -ge "$best" ] || best=$took
		[ "$best" -gt $((deadline + 50 + base)) ] || break
	done
	[ "$best" -le $((deadline + 50 + base)) ]
	is $? 0 "$1: after $best ms, of $deadline, 50, and $base for a process"
}
in_time "nobody listens there"
directory_fake D dns silence "$resolver" || exit 99
in_time "a resolver that never answers"
like "$T/fake-D" '^question' "it was asked"
config directory.test 127.0.0.1
asks "the second server by its address" "$yes"
config directory.test
echo "127.0.0.1 directory.test" >>"$R/etc/hosts"
asks "a name that /etc/hosts knows" "$yes"
sed -i '$d' "$R/etc/hosts"
kill "$D_PID"
wait "$D_PID" 2>/dev/null
directory_fake D dns noise "$resolver" || exit 99
in_time "a resolver that answers with noise"
: >"$R/etc/resolv.conf"
in_time "no resolver in /etc/resolv.conf"
head -c 100000 /dev/urandom >"$R/etc/resolv.conf"
in_time "noise in /etc/resolv.conf"
rm "$R/etc/resolv.conf" "$R/etc/nsswitch.conf" "$R/etc/hosts"
in_time "no /etc/resolv.conf, no /etc/hosts"
config 127.0.0.1
asks "an address needs none of them" "$yes"

done_testing
