# shellcheck shell=bash disable=SC2034,SC2154
# lib.sh: a fraudd of the test's own. Source tests/lib.sh first.
#
#	start_fraudd ['"rules": [...], ...']   members of fraudd.json
#	stop_fraudd                            SIGTERM, and its exit status
#
# It listens at $SOCK, keeps its state in $T/state, and says what it says in
# $T/fraudd.log. Whoever runs the test may do everything, unless the members
# name "access".

: "${FRAUDD:=$top_builddir/fraudd/fraudd}"
SOCK=$T/s
FRAUDD_PID=
ME=$(id -un 2>/dev/null) || skip_all "this uid has no name"

# need CMD...: skips the whole test without them.
need() {
	local cmd
	for cmd in "$@"; do
		command -v "$cmd" >/dev/null || skip_all "$cmd is missing"
	done
}

# write_config MEMBERS
write_config() {
	local members=${1:-}
	case $members in
	*'"access"'*) ;;
	*)
		members=${members:+$members, }
		members+='"access": [{"user": "'$ME'",'
		members+=' "may": ["count", "read", "admin"]}]'
		;;
	esac
	case $members in
	*'"memory"'*) ;;
	*) members+=', "memory": "16M"' ;;
	esac
	printf '{"socket": "%s", "state_dir": "%s",\n%s}\n' \
		"$SOCK" "$T/state" "$members" >"$T/fraudd.json"
	chmod 600 "$T/fraudd.json"
}

# until CMD...: waits until CMD succeeds, at most ten seconds.
until_true() {
	local i
	for ((i = 0; i < 500; i++)); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.02
	done
	return 1
}

start_fraudd() {
	write_config "$@"
	"$FRAUDD" -c "$T/fraudd.json" >"$T/fraudd.out" 2>>"$T/fraudd.log" &
	FRAUDD_PID=$!
	until_true grep -q "is ready" "$T/fraudd.log" || {
		diag "$T/fraudd.log"
		echo "Bail out! fraudd does not start"
		exit 99
	}
}

stop_fraudd() {
	local status
	[ -n "$FRAUDD_PID" ] || return 0
	kill -TERM "$FRAUDD_PID" 2>/dev/null
	wait "$FRAUDD_PID"
	status=$?
	FRAUDD_PID=
	: >"$T/fraudd.log"
	return "$status"
}
at_exit stop_fraudd

# talk: what is on stdin goes to fraudd as it is; CR is left out of answers.
talk() {
	nc -N -U "$SOCK" | tr -d '\r'
}

# r WORD... asks with redis-cli, one line per value
r() {
	redis-cli -s "$SOCK" "$@" 2>&1
}

# told_by SCRIPT ARG...: a script beside this file tests, and says "ok WHAT" or
# "not WHAT" for each; what else it says is for whoever reads the log.
told_by() {
	local verdict what
	python3 "$top_srcdir/tests/fraudd/$1" "${@:2}" >"$T/out" 2>&1
	is $? 0 "the script ends"
	while read -r verdict what; do
		case $verdict in
		ok) pass "$what" ;;
		not) fail "$what" ;;
		*) diag <(echo "$verdict $what") ;;
		esac
	done <"$T/out"
}

free_port() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# recipe NAME [PAGE]: the block of doc/CLIENTS.md of that name, for this fraudd
recipe() {
	awk -v mark="<!-- recipe: $1 -->" '
		/^```/ { if (on == 2) exit; if (on == 1) { on = 2; next } }
		$0 == mark { on = 1 }
		on == 2 { print }' "$top_srcdir/doc/${2:-CLIENTS.md}" |
		sed "s|/run/fraudd/fraudd.sock|$SOCK|g"
}
BESIDE=/usr/local/lib/jwtgate-tests # where scripts/deps unpacks
