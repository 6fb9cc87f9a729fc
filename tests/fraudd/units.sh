#!/bin/bash
# The units: what systemd says of them without running them, and that they,
# the daemon's defaults and the manual name the same things.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"

SERVICE=$top_builddir/etc/systemd/fraudd.service
SOCKET=$top_srcdir/etc/systemd/fraudd.socket
SYSUSERS=$top_srcdir/etc/systemd/fraudd.sysusers
FRAUDD=$top_builddir/fraudd/fraudd

like "$SERVICE" '^ExecStart=/[^@]*/fraudd$' "the program is where it is installed"
like "$SOCKET" '^ListenStream=/run/fraudd/fraudd\.sock$' "the socket is the default"
like "$SOCKET" '^SocketGroup=fraudd$' "and so is its group"
like "$SOCKET" '^SocketMode=0660$' "and its mode"
like "$SERVICE" '^StateDirectory=fraudd$' "so is the state directory"
like "$SERVICE" '^StateDirectoryMode=0700$' "which nobody else may enter"
like "$SERVICE" '^Type=notify$' "it says when it is ready"
like "$SYSUSERS" '^u fraudd - ' "its user is described"

command -v systemd-analyze >/dev/null || {
	pass "systemd is not here # SKIP no systemd-analyze"
	done_testing
}
mkdir "$T/units"
sed "s|^ExecStart=.*|ExecStart=$FRAUDD|" "$SERVICE" >"$T/units/fraudd.service"
cp "$SOCKET" "$T/units/"
accept "systemd-analyze verify" env SYSTEMD_UNIT_PATH="$T/units:" \
	systemd-analyze --man=no verify "$T/units/fraudd.service" \
	"$T/units/fraudd.socket"
nothing "$T/err" "without a complaint"
accept "systemd-analyze security: exposed 1.5 of 10 at most" \
	systemd-analyze security --no-pager --offline=true --threshold=15 \
	"$T/units/fraudd.service"
sed -i 's/^RestartSec=/RestartSecs=/' "$T/units/fraudd.service"
env SYSTEMD_UNIT_PATH="$T/units:" systemd-analyze --man=no verify \
	"$T/units/fraudd.service" >"$T/out" 2>&1
like "$T/out" 'RestartSecs' "a misspelt key would be seen"

# The daemon under the system calls that the unit allows, and no others.
# Sanitizers have calls of their own, and do not like to be traced.
if nm "$FRAUDD" 2>/dev/null | grep -q '__[at]san_init'; then
	pass "the system calls of the daemon # SKIP with a sanitizer"
elif command -v strace >/dev/null && command -v redis-cli >/dev/null; then
	# shellcheck source=tests/fraudd/lib.sh
	. "$top_srcdir/tests/fraudd/lib.sh"
	expand() {
		systemd-analyze syscall-filter "$1" | while read -r word rest; do
			case $word in
			"#" | "#"* | "") ;;
			"$1") ;;
			@*) expand "$word" ;;
			*) [ -n "$rest" ] || echo "$word" ;;
			esac
		done
	}
	expand @system-service | sort -u >"$T/all"
	{ expand @privileged; expand @resources; } | sort -u >"$T/not"
	comm -23 "$T/all" "$T/not" >"$T/allowed"
	write_config
	strace -f -qq -c -o "$T/trace" "$FRAUDD" -c "$T/fraudd.json" \
		2>>"$T/fraudd.log" &
	FRAUDD_PID=$!
	until_true grep -q "is ready" "$T/fraudd.log"
	for word in PING 'BLOCK ip 192.0.2.1 60' ROTATE RELOAD STATS; do
		# shellcheck disable=SC2086 # words
		r $word >/dev/null
	done
	r ATTEMPT card ip 192.0.2.2 last4 4242 expiry 12/27 >/dev/null
	# strace's only child
	read -r child <"/proc/$FRAUDD_PID/task/$FRAUDD_PID/children"
	kill -TERM "$child"
	wait "$FRAUDD_PID"
	FRAUDD_PID=
	awk 'NF >= 4 && $1 ~ /^[0-9.]+$/ { print $NF }' "$T/trace" |
		grep -vx total | sort -u >"$T/used"
	comm -23 "$T/used" "$T/allowed" |
		grep -vx -e execve -e arch_prctl >"$T/found"
	accept "system calls were seen" test "$(wc -l <"$T/used")" -gt 20
	nothing "$T/found" "all of them are allowed by the unit"
else
	pass "the system calls of the daemon # SKIP no strace or redis-cli"
fi

done_testing
