#!/bin/bash
# The clock set back and forward, while fraudd runs and while it does not; and
# how long it waits for a peer who says nothing.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"
# shellcheck source=tests/fraudd/lib.sh
. "$top_srcdir/tests/fraudd/lib.sh"

need python3
if ldd "$FRAUDD" | grep -q 'lib[atu]*san'; then
	skip_all "a sanitizer wants the clock for itself"
fi
rules='"rules": [{"name": "few", "event": "card", "limit": 2}]'
# shellcheck disable=SC2086 # several words
accept "the shim builds" ${CC:-cc} -D_GNU_SOURCE -shared -fPIC \
	-o "$T/shim.so" "$top_srcdir/tests/fraudd/clockshim.c" -ldl

# clocks WALL BOOT: what is added to them from now on, in seconds
clocks() {
	python3 -c 'import struct, sys
with open(sys.argv[1], "wb") as f:
    f.write(struct.pack("@qq", int(sys.argv[2]), int(sys.argv[3])))' \
		"$T/clocks" "$@"
}
clocks 0 0
printf '#!/bin/sh\nexec env CLOCK_FILE=%s LD_PRELOAD=%s %s "$@"\n' \
	"$T/clocks" "$T/shim.so" "$(realpath "$FRAUDD")" >"$T/shimmed"
chmod 755 "$T/shimmed"
FRAUDD=$T/shimmed

start_fraudd "$rules"
told_by clock.py "$SOCK" "$T/clocks"

# waits: what somebody who was blocked is told
waits() {
	printf 'CHECK card ip 203.0.113.7 last4 0001 expiry 12/27\n' | talk |
		tr '\n' ' '
}
for last4 in 0001 0002; do
	printf 'ATTEMPT card ip 203.0.113.7 last4 %s expiry 12/27\n' $last4
done | talk >/dev/null
like <(waits) 'deny .* :2 :2 :3(59.|60.) ' "one who is blocked"
printf 'BLOCK ip 203.0.113.9\n' | talk >/dev/null
for set in "an hour ago:-3600" "a year ago:-31536000" "a minute on:60"; do
	accept "$set: it ends" stop_fraudd
	clocks "${set##*:}" 0
	start_fraudd "$rules"
	like <(waits) 'deny .* :2 :2 :3(5[0-9].|60.) ' \
		"set to ${set%%:*} meanwhile: blocked, for no more than the window"
done
accept "it ends" stop_fraudd
clocks 86400 0
start_fraudd "$rules"
like <(waits) 'allow' "set to tomorrow meanwhile: the window is over"
like <(printf 'CHECK card ip 203.0.113.9 last4 0001 expiry 12/27\n' | talk) \
	'^deny' "what an operator blocked for ever is blocked"
stop_fraudd

done_testing
