# shellcheck shell=bash disable=SC2034,SC2154
# hosts/sasl_lib.sh: stock servers and clients of Cyrus SASL, private, on free
# ports of 127.0.0.1, configured by the files that doc/HOSTS.md shows: those
# in etc/hosts, of which nothing but the paths is changed. Nothing is mounted
# and nothing outside of $T is written. Source tests/lib.sh and hosts/lib.sh
# first.
#
#	sasl_init		keys, jwtgate.json, plugins, a sasldb
#	sasl_tokens ROLE	the tokens of the table, in $T/token
#	host_file NAME		a file of etc/hosts with paths of this test
#	host_start LOG CMD...	a server that stays in the foreground
#	host_table LOGIN	the table: who enters, who stays out and why
#	host_expired LOGIN	our client keeps an expired token to itself
#	host_rotate LOGIN ROLE	keys and revocations that change meanwhile
#
# LOGIN is a function: LOGIN TOKENFILE [USER], status 0 when it is in. The
# server's log is $HOST_LOG, the service's name $HOST_SERVICE.

: "${SASL_PLUGIN:=$top_builddir/sasl/.libs/libjwtgate_sasl.so}"
SASLSHIM=${SASLSHIM:-$top_builddir/tests/hosts/.libs/saslshim.so}
HOST_LOG=$T/host.log
HOST_SERVICE=
HOST_PIDS=()
NOROLE_USER=alice # whose token has no role that counts

sasl_stock=$(dirname "$(find /usr/lib/*/sasl2 /usr/lib/sasl2 /usr/lib64/sasl2 \
	-name 'libsasldb.so' 2>/dev/null | head -n 1)")

# What root alone can do: other users, chroot. A sanitized plugin is not for
# programs that are not.
sasl_needs() {
	local program
	[ "$(id -u)" -eq 0 ] || skip_all "servers that change user need root"
	[ -z "$preload_first" ] ||
		skip_all "stock servers do not carry a sanitizer"
	for program; do
		PATH=$PATH:/usr/sbin command -v "$program" >/dev/null ||
			skip_all "$program is not installed"
	done
}

# host_file NAME: etc/hosts/NAME on stdout, without comments in what SASL
# itself reads, paths turned to this test's.
host_file() {
	sed -e "s,/etc/jwtgate/,$T/jwtgate/,g" \
		-e "s,/var/lib/jwtgate/keys/,$T/jwtgate/,g" \
		-e "s,/etc/ssl/mail/,$T/tls/,g" \
		-e "s,/etc/ssl/certs/ca-certificates.crt,$T/tls/cert.pem,g" \
		-e "s,/etc/postfix/,$T/postfix/,g" \
		"$top_srcdir/etc/hosts/$1"
}

# plugins DIR NAME...: a plugin folder with these and nothing else, because
# of two mechanisms that fit libsasl takes the one readdir() names first.
plugins() {
	local dir=$1 name
	mkdir -p "$dir"
	shift
	for name; do
		case $name in
		jwtgate) cp "$SASL_PLUGIN" "$dir/" || return ;;
		*) cp -L "$sasl_stock/lib$name.so" "$dir/" || return ;;
		esac
	done
	chmod -R a+rX "$dir"
}

sasl_init() {
	umask 022
	chmod 711 "$T"
	mkdir -p "$T/jwtgate" "$T/token" "$T/tls" "$T/shim"
	cp "$HOSTSHIM" "$SASLSHIM" "$T/shim/" || return
	plugins "$T/plugins" jwtgate sasldb || return
	plugins "$T/client" jwtgate || return
	write_config "$T/unused.json"
	"$JWTGATE" keys public --keys "$T/signing.jwk" \
		>"$T/jwtgate/main.json" || return
	host_file jwtgate.json >"$T/jwtgate/jwtgate.json"
	echo '{"revoked": []}' >"$T/jwtgate/revoked.json"
	: >"$HOST_LOG"
	chmod 666 "$HOST_LOG"
	# what our own client may do; in clear text for those that never say
	export XDG_CONFIG_HOME=$T/xdg
	mkdir -p "$T/xdg/jwtgate"
	echo '{"insecure_plaintext_hosts": ["127.0.0.1"]}' \
		>"$T/xdg/jwtgate/sasl.json"
	unset BEARER_TOKEN_FILE
	at_exit host_stop
}

# A certificate for localhost, ldap.example.org and 127.0.0.1, by itself.
sasl_tls() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$T/tls/key.pem" -out "$T/tls/cert.pem" -days 2 \
		-subj /CN=localhost -addext \
		'subjectAltName=DNS:localhost,DNS:127.0.0.1,DNS:ldap.example.org,IP:127.0.0.1' \
		>/dev/null 2>&1
	chmod 644 "$T/tls/key.pem"
}

# --- servers

# free_port: one that nobody listened on a moment ago.
free_port() {
	/usr/bin/python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

port_open() {
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# until_true SECONDS CMD...: asks until it says yes. Returns 1 when it never
# does.
until_true() {
	local end=$((SECONDS + $1))
	shift
	while [ "$SECONDS" -lt "$end" ]; do
		"$@" && return 0
		sleep 0.02
	done
	return 1
}

# host_start PORT CMD...: the server in a session of its own, until it
# listens. What it writes goes to $HOST_LOG.
host_start() {
	local port=$1 pid i
	shift
	setsid "$@" </dev/null >>"$HOST_LOG" 2>&1 &
	pid=$!
	HOST_PIDS+=("$pid")
	for ((i = 0; i < 1500; i++)); do
		port_open "$port" && return 0
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.02
	done
	echo "# $1 does not listen on port $port" >&2
	tail -n 20 "$HOST_LOG" | diag - >&2
	return 1
}

# Ends what host_start started, with the children each has in its session.
host_stop() {
	local pid
	for pid in "${HOST_PIDS[@]}"; do
		kill -TERM -- "-$pid" 2>/dev/null
	done
	for pid in "${HOST_PIDS[@]}"; do
		until_true 5 all_gone "$pid" || kill -KILL -- "-$pid"
		wait "$pid" 2>/dev/null
	done
	HOST_PIDS=()
}

# all_gone SESSION: nobody of it is left.
all_gone() {
	if kill -0 -- "-$1" 2>/dev/null; then
		jobs >/dev/null # reaps the leader
		if kill -0 -- "-$1" 2>/dev/null; then
			return 1
		fi
	fi
	return 0
}

# --- tokens

# claims USER ROLE [AUDIENCE [LIFETIME [JTI]]]: without braces
claims() {
	printf '"iss":"https://idp.example.org/realms/main","aud":"%s"' \
		"${3:-servers}"
	printf ',"sub":"%s","preferred_username":"%s","roles":["%s"]' \
		"f-$1" "$1" "$2"
	printf ',"iat":%d,"exp":%d,"jti":"%s"' "$((now - 5))" \
		"$((now + ${4:-900}))" "${5:-t-$RANDOM$RANDOM}"
}

# sasl_tokens ROLE: good, and each neighbour one change apart.
sasl_tokens() {
	local dir=$T/token
	sign "{$(claims alice "$1")}" >"$dir/good"
	sign "{$(claims alice "$1" servers -60)}" >"$dir/expired"
	sign "{$(claims alice "$1" ssh)}" >"$dir/audience"
	sign "{$(claims bob "$1")}" >"$dir/bob"
	sign "{$(claims "$NOROLE_USER" nothing)}" >"$dir/norole"
	tamper 2 "$(cat "$dir/good")" >"$dir/tampered"
	tamper 3 "$(cat "$dir/good")" >"$dir/forged"
	sign "{$(claims alice "$1" servers 900 revoke-me)}" >"$dir/revoked"
}

# one_more TOKENFILE: the longest token and one byte, which nobody can sign
one_more() {
	cat "$1"
	printf A
}

# user_of TOKENFILE: who logs in with it
user_of() {
	case ${1##*/} in
	norole) echo "$NOROLE_USER" ;;
	*) echo alice ;;
	esac
}

# --- what the log says

log_mark() {
	LOG_MARK=$(wc -c <"$HOST_LOG")
}

# The lines about decisions since log_mark, in $T/lines.
log_lines() {
	tail -c "+$((LOG_MARK + 1))" "$HOST_LOG" | grep -a 'result=' >"$T/lines"
}

log_has_line() {
	log_lines
	[ -s "$T/lines" ]
}

# enters WHAT LOGIN TOKENFILE [USER]
enters() {
	local what=$1
	shift
	log_mark
	if "$@" >"$T/login.out" 2>&1; then
		pass "$what: in"
	else
		fail "$what: in"
		tail -c "+$((LOG_MARK + 1))" "$HOST_LOG" | tail -n 20 |
			cat "$T/login.out" - | diag -
	fi
}

# stays_out WHAT REASON LOGIN TOKENFILE [USER]: and the log has one line
# about it, with the reason, and nothing of the token.
stays_out() {
	local what=$1 reason=$2
	shift 2
	log_mark
	if "$@" >"$T/login.out" 2>&1; then
		fail "$what: stays out"
	else
		pass "$what: stays out"
	fi
	until_true 20 log_has_line
	like "$T/lines" "service=$HOST_SERVICE result=deny reason=$reason( |\$)" \
		"$what: $reason"
	is "$(wc -l <"$T/lines")" 1 "$what: one line in the log"
	unlike "$T/login.out" "$reason" "$what: the peer is not told why"
}

# host_table LOGIN [LOGIN-FOR-EXPIRED]: our own client does not even send a
# token that has expired, so another one has to do that.
host_table() {
	local login=$1
	enters "a good token" "$login" "$T/token/good"
	stays_out "an expired token" token_expired "${2:-$login}" \
		"$T/token/expired"
	stays_out "another audience" audience_wrong "$login" "$T/token/audience"
	stays_out "another user's token" user_mismatch "$login" "$T/token/bob"
	stays_out "a missing role" role_missing "$login" "$T/token/norole"
	stays_out "a tampered token" signature_invalid "$login" \
		"$T/token/tampered"
	stays_out "a forged signature" signature_invalid "$login" \
		"$T/token/forged"
	enters "the good token again" "$login" "$T/token/good"
}

# host_expired LOGIN [WORDS]: by the client side of the plugin, which says why
# as far as the program lets it; the server's log has no line.
host_expired() {
	log_mark
	if "$1" "$T/token/expired" >"$T/login.out" 2>&1; then
		fail "$1, an expired token: stays out"
	else
		pass "$1, an expired token: stays out"
	fi
	like "$T/login.out" "${2:-the token expired [0-9]+ seconds ago}" \
		"$1, an expired token: the client says so"
	log_lines
	nothing "$T/lines" "$1, an expired token: the server never sees it"
}

# denials_are N: that many refusals are in the log by now
denials_are() {
	log_lines
	[ "$(grep -c 'result=deny' "$T/lines")" -ge "$1" ]
}

# denials N WHAT: no less and no more since log_mark; a log may come late
denials() {
	until_true 20 denials_are "$1"
	is "$(grep -c 'result=deny' "$T/lines")" "$1" "$2"
}

# host_parallel N LOGIN: that many at a time, a bad one beside each good one.
host_parallel() {
	local n=$1 login=$2 i pids=()
	log_mark
	for ((i = 0; i < n; i++)); do
		("$login" "$T/token/good" && echo in) >"$T/par.$i" 2>&1 &
		pids+=($!)
		("$login" "$T/token/norole" && echo in) >"$T/parno.$i" 2>&1 &
		pids+=($!)
	done
	wait "${pids[@]}"
	is "$(cat "$T"/par.* | grep -c '^in$')" "$n" "$n good logins side by side"
	is "$(cat "$T"/parno.* | grep -c '^in$')" 0 \
		"and $n without a role, all out"
	denials "$n" "and a line for each of those"
}

# seen WHAT in|out LOGIN TOKENFILE: comes true while the server runs on. Each
# process of a server looks at its files once in a second, so it is true when
# it was for longer than that.
seen() {
	local what=$1 want=$2 got refused=0 end=$((SECONDS + 20)) since=
	shift 2
	log_mark
	while [ "$SECONDS" -lt "$end" ]; do
		if "$@" >"$T/login.out" 2>&1; then
			got=in
		else
			got=out
			refused=$((refused + 1))
		fi
		[ "$got" = "$want" ] || since=
		[ "$got" != "$want" ] || since=${since:-$SECONDS}
		[ -z "$since" ] || [ "$SECONDS" -lt $((since + 3)) ] || break
	done
	is "$got" "$want" "$what"
	denials "$refused" "$what: a line for each refusal meanwhile"
}

# host_rotate LOGIN ROLE: the server runs on meanwhile.
host_rotate() {
	local login=$1 role=$2
	"$JWTGATE" keys generate --alg ES256 --kid rotated >"$T/rotated.jwk"
	sign "{$(claims alice "$role")}" "$T/rotated.jwk" >"$T/token/rotated"
	stays_out "a key it does not know yet" \
		'(key_unknown|signature_invalid)' "$login" "$T/token/rotated"
	enters "a token that will be revoked" "$login" "$T/token/revoked"

	"$JWTGATE" revoke --config "$T/jwtgate/jwtgate.json" --jti revoke-me
	seen "a new revocation is seen" out "$login" "$T/token/revoked"
	stays_out "a revoked token" token_revoked "$login" "$T/token/revoked"
	enters "a token that is not revoked" "$login" "$T/token/good"

	cat "$T/signing.jwk" "$T/rotated.jwk" >"$T/both.jwk"
	"$JWTGATE" keys public --keys "$T/rotated.jwk" >"$T/jwtgate/new.json"
	/usr/bin/python3 -c 'import json, sys
sets = [json.load(open(name))["keys"] for name in sys.argv[1:]]
json.dump({"keys": sum(sets, [])}, sys.stdout)' "$T/jwtgate/main.json" \
		"$T/jwtgate/new.json" >"$T/jwtgate/main.json.new"
	mv "$T/jwtgate/main.json.new" "$T/jwtgate/main.json"
	seen "a new key is seen" in "$login" "$T/token/rotated"
	enters "the old key while both are there" "$login" "$T/token/good"

	mv "$T/jwtgate/new.json" "$T/jwtgate/main.json"
	seen "a key that is gone is seen" out "$login" "$T/token/good"
	stays_out "a token of the old key" '(key_unknown|signature_invalid)' \
		"$login" "$T/token/good"
	enters "a token of the new key" "$login" "$T/token/rotated"
}

# host_check STATUS HOST LINK=FILE...: jwtgate sasl-check looks at these files
# as if they were those of a machine.
host_check() {
	local status=$1 host=$2 root=$T/machine link
	shift 2
	rm -rf "$root"
	mkdir -p "$root/etc" "$root/usr/lib/sasl2" "$root${T%/*}"
	ln -s "$T" "$root$T"
	ln -s "$SASL_PLUGIN" "$root/usr/lib/sasl2/"
	ln -s /etc/passwd /etc/group "$root/etc/"
	for link; do
		mkdir -p "$root$(dirname "${link%%=*}")"
		ln -s "${link#*=}" "$root${link%%=*}"
	done
	refuse "$status" "sasl-check of the configuration that runs" \
		"$JWTGATE" sasl-check "$host" --root "$root"
	[ "$status" != 0 ] || diag "$T/out"
}

# No piece of any token in the log.
host_secret() {
	cat "$HOST_LOG" >"$T/all.log"
	no_secret "no secret in the log" "$T/all.log" -- "$T"/token/*
}
