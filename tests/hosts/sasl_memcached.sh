#!/usr/bin/env bash
# memcached -S with the plugin, through the configuration of etc/hosts:
# threads that share one plugin, and no word of the channel's strength.
. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/hosts/lib.sh"
. "$top_srcdir/tests/hosts/sasl_lib.sh"

sasl_needs memcached python3
HOST_SERVICE=memcached
sasl_init || exit 99
sasl_tokens cache
mkdir "$T/memcached"
host_file memcached/sasl.conf >"$T/memcached/memcached.conf"

port=$(free_port)
host_start "$port" env "SASL_CONF_PATH=$T/memcached" "SASL_PATH=$T/plugins" \
	memcached -S -l 127.0.0.1 -p "$port" -U 0 -u nobody -v -t 4 || exit 99

host_file memcached/memcached.conf >"$T/memcached.conf"
host_check 0 memcached "/etc/sasl2=$T/memcached" \
	"/etc/memcached.conf=$T/memcached.conf"

# client MECH TOKENFILE [USER [COUNT]]
client() {
	/usr/bin/python3 "$top_srcdir/tests/hosts/memcached.py" "$port" "$1" \
		"$2" "${3:-alice}" "${4:-1}"
}
oauthbearer() {
	client OAUTHBEARER "$@"
}
xoauth2() {
	client XOAUTH2 "$@"
}

host_table oauthbearer
stays_out "another user's name" user_mismatch oauthbearer "$T/token/good" bob
like "$T/login.out" '^challenge \{"status":"invalid_token"' \
	"OAUTHBEARER says why in its JSON"
enters "XOAUTH2" xoauth2 "$T/token/good"
stays_out "XOAUTH2, expired" token_expired xoauth2 "$T/token/expired"
like "$T/login.out" '^challenge \{"status":"401"' "XOAUTH2 has its own JSON"

# The host takes more than we do.
sign_to 16384 "$(claims alice cache)" >"$T/token/longest"
one_more "$T/token/longest" >"$T/token/too-long"
enters "a token of 16384 bytes" oauthbearer "$T/token/longest"
stays_out "one byte more" token_too_long oauthbearer "$T/token/too-long"

# Sixty connections that are in the middle of it, and processes beside.
client OAUTHBEARER "$T/token/good" alice 60 >"$T/login.out"
is "$?" 0 "sixty connections at once"
client OAUTHBEARER "$T/token/norole" alice 60 >"$T/login.out"
is "$?" 1 "sixty at once without a role, all out"
host_parallel 8 oauthbearer

host_rotate oauthbearer cache
host_secret

done_testing
