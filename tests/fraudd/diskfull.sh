#!/bin/bash
# A full disk: fraudd counts on and says what is wrong, refuses to promise
# what it cannot keep, and is whole again when there is room.
#
# In a plain chroot nothing can be made private, for its root is no mount:
# there the small file system is mounted as it is, and unmounted at the end.
if [ -z "${DISKFULL_INSIDE:-}" ] && unshare -m true 2>/dev/null; then
	exec env DISKFULL_INSIDE=1 unshare -m bash "$0"
fi
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"
# shellcheck source=tests/fraudd/lib.sh
. "$top_srcdir/tests/fraudd/lib.sh"

need redis-cli redis-benchmark curl
mkdir -m 700 "$T/state"
[ -z "${DISKFULL_INSIDE:-}" ] || mount --make-rprivate /
mount -t tmpfs -o size=22m,mode=700 none "$T/state" 2>/dev/null ||
	skip_all "no file system of our own here"
at_exit 'umount "$T/state"'

# stat_of NAME: its value in STATS
stat_of() {
	r STATS | grep -A 1 -x "$1" | tail -n 1
}

# journal WORDS: STATS says that of the journal
journal() {
	[ "$(stat_of journal)" = "$1" ]
}

# refuses: a block cannot be promised
refuses() {
	r BLOCK ip 192.0.2.7 600 | grep -q 'the disk is full'
}

start_fraudd '"rules": [{"name": "many", "event": "card", "key": "ip",
	"count": "attempts", "limit": 1000000, "window": 36000}]'
is "$(r BLOCK ip 192.0.2.1 3600)" OK "with room, a block is promised"
accept "more attempts than there is room for" redis-benchmark -s "$SOCK" -q \
	-n 800000 -P 64 -c 4 ATTEMPT card ip 198.51.100.1 last4 4242 \
	expiry 12/27
accept "STATS says that the disk is full" \
	until_true journal 'the disk is full'
accept "a block is refused" until_true refuses
accept "some attempts could not be written" \
	test "$(stat_of journal_lost)" -gt 1000
is "$(r ATTEMPT card ip 198.51.100.2 last4 4242 expiry 12/27 | head -n 1)" \
	allow "attempts are answered"
is "$(r CHECK card ip 192.0.2.1 last4 4242 expiry 12/27 | head -n 1)" \
	deny "the block from before stands"
curl -sS --unix-socket "$SOCK" http://fraudd/healthz >"$T/out"
like "$T/out" 'the disk is full' "/healthz says it"
like "$T/fraudd.log" 'the disk is full' "the log says it"

mount -o remount,size=100m "$T/state"
accept "with room again, the journal is well" until_true journal ok
is "$(r BLOCK ip 192.0.2.2 3600)" OK "a block is promised again"
kill -KILL "$FRAUDD_PID"
wait "$FRAUDD_PID" 2>/dev/null
: >"$T/fraudd.log"
start_fraudd '"rules": [{"name": "many", "event": "card", "key": "ip",
	"count": "attempts", "limit": 1000000, "window": 36000}]'
like "$T/fraudd.log" ' 0 files bad, 0 records missing' "the journal is whole"
is "$(r CHECK card ip 198.51.100.1 last4 4242 expiry 12/27 | sed -n 3p)" \
	800001 "no attempt was forgotten, not even of the worst time"
for ip in 192.0.2.1 192.0.2.2; do
	is "$(r CHECK card ip $ip last4 4242 expiry 12/27 | head -n 1)" \
		deny "the block of $ip is there"
done
accept "an orderly end" stop_fraudd

done_testing
