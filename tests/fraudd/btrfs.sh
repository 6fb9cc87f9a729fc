#!/bin/bash
# A file system that copies on write, and is full: what is reserved for a file
# is not there when its pages are written anew, so that a mapping would kill
# the daemon. It serves on, says so, and forgets nothing once there is room.
if [ -z "${BTRFS_INSIDE:-}" ] && unshare -m true 2>/dev/null; then
	exec env BTRFS_INSIDE=1 unshare -m bash "$0"
fi
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"
# shellcheck source=tests/fraudd/lib.sh
. "$top_srcdir/tests/fraudd/lib.sh"

need redis-cli redis-benchmark mkfs.btrfs mount
[ -z "${BTRFS_INSIDE:-}" ] || mount --make-rprivate /
truncate -s 200M "$T/image"
mkfs.btrfs -q "$T/image" >/dev/null || skip_all "mkfs.btrfs fails"
mkdir "$T/disk"
mount -o loop "$T/image" "$T/disk" 2>/dev/null ||
	skip_all "no btrfs of our own here"
at_exit 'umount "$T/disk"'
mkdir -m 700 "$T/disk/state"
ln -s "$T/disk/state" "$T/state"

journal_ok() {
	r STATS | grep -A 1 -x journal | grep -qx ok
}

# attempts COUNT: so many, by stock clients, in a minute at most
attempts() {
	timeout 60 redis-benchmark -s "$SOCK" -q -n "$1" -P 64 -c 4 \
		ATTEMPT card ip 198.51.100.1 last4 4242 expiry 12/27
}

rules='"rules": [{"name": "many", "event": "card", "key": "ip",
	"count": "attempts", "limit": 1000000, "window": 36000}]'
start_fraudd "$rules"
is "$(r BLOCK ip 192.0.2.1 3600)" OK "with room, a block is promised"
accept "and attempts are counted" attempts 51200
dd if=/dev/zero of="$T/disk/fill" bs=1M status=none 2>/dev/null
dd if=/dev/zero of="$T/disk/more" bs=4k status=none 2>/dev/null
sync -f "$T/disk"
accept "on a full disk it serves, and no slower" attempts 102400
refuse any "STATS says what is wrong" journal_ok
r BLOCK ip 192.0.2.7 600 >"$T/out"
like "$T/out" '^UNAVAILABLE' "a block is not promised"
rm "$T/disk/fill" "$T/disk/more"
sync -f "$T/disk"
# a snapshot that failed is tried again after ten seconds
until_true journal_ok || until_true journal_ok
accept "with room again, the journal is well" until_true journal_ok
is "$(r BLOCK ip 192.0.2.2 3600)" OK "a block is promised again"
kill -KILL "$FRAUDD_PID"
wait "$FRAUDD_PID" 2>/dev/null
: >"$T/fraudd.log"
start_fraudd "$rules"
like "$T/fraudd.log" ' 0 files bad, 0 records missing' "the journal is whole"
is "$(r CHECK card ip 198.51.100.1 last4 4242 expiry 12/27 | sed -n 3p)" \
	153601 "no attempt was forgotten, not even of the worst time"
for ip in 192.0.2.1 192.0.2.2; do
	is "$(r CHECK card ip $ip last4 4242 expiry 12/27 | head -n 1)" \
		deny "the block of $ip is there"
done
accept "an orderly end" stop_fraudd

done_testing
