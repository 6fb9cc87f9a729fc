#!/usr/bin/env bash
# svnserve with the plugin, and svn with the client side of it, through the
# files of etc/hosts.
. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/hosts/lib.sh"
. "$top_srcdir/tests/hosts/sasl_lib.sh"

sasl_needs svnserve svn svnadmin python3
HOST_SERVICE=svn
sasl_init || exit 99
sasl_tokens source
mkdir -p "$T/svn/sasl"
host_file svnserve/svn.conf >"$T/svn/sasl/svn.conf"
svnadmin create "$T/svn/repo"
host_file svnserve/svnserve.conf >"$T/svn/repo/conf/svnserve.conf"

port=$(free_port)
host_start "$port" env "LD_PRELOAD=$T/shim/hostshim.so" \
	"TEST_SYSLOG=$HOST_LOG" "SASL_CONF_PATH=$T/svn/sasl" \
	"SASL_PATH=$T/plugins" svnserve -d --foreground -r "$T/svn" \
	--listen-host 127.0.0.1 --listen-port "$port" \
	--log-file "$T/svnserve.log" || exit 99

host_check 0 svnserve "/etc/sasl2=$T/svn/sasl"

# by_svn TOKENFILE [USER]
by_svn() {
	SASL_PATH=$T/client svn info "svn://127.0.0.1:$port/repo" \
		--config-dir "$T/svn/client" --non-interactive --no-auth-cache \
		--username "${2:-alice}" --password-from-stdin <"$1"
}

# raw MECH TOKENFILE [USER]: a client that looks at nothing
raw() {
	/usr/bin/python3 "$top_srcdir/tests/hosts/svn.py" "$port" "$1" "$2" \
		"${3:-alice}"
}
oauthbearer() {
	raw OAUTHBEARER "$@"
}
xoauth2() {
	raw XOAUTH2 "$@"
}

host_table oauthbearer
stays_out "another user's name" user_mismatch oauthbearer "$T/token/good" bob
like "$T/login.out" '^challenge \{"status":"invalid_token"' \
	"OAUTHBEARER says why in its JSON"

# The stock client, by the client side of the plugin.
enters "svn" by_svn "$T/token/good"
stays_out "svn, a missing role" role_missing by_svn "$T/token/norole"
stays_out "svn, another audience" audience_wrong by_svn "$T/token/audience"
host_expired by_svn "Cannot negotiate authentication mechanism"
enters "XOAUTH2" xoauth2 "$T/token/good"
stays_out "XOAUTH2, an expired token" token_expired xoauth2 "$T/token/expired"
like "$T/login.out" '^challenge \{"status":"401"' "XOAUTH2 has its own JSON"
like "$T/svnserve.log" 'alice ' "svnserve's log knows who it was"
for n in 8000 16384; do
	sign_to "$n" "$(claims alice source)" >"$T/token/size-$n"
	enters "a token of $n bytes" by_svn "$T/token/size-$n"
done
one_more "$T/token/size-16384" >"$T/token/too-long"
stays_out "one byte more" token_too_long oauthbearer "$T/token/too-long"

host_parallel 6 by_svn
host_rotate by_svn source
cat "$T/svnserve.log" >>"$HOST_LOG"
host_secret

done_testing
