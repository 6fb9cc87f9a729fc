#!/usr/bin/env bash
# scripts/demo as a newcomer runs it; then by hand what --keep says. Builds
# everything, so it is a stage of scripts/test and no part of "make check".
. "${top_srcdir:?}/tests/lib.sh"

[ "$(id -u)" -eq 0 ] || skip_all "sshd needs root"

# Every file of the source, and when it was changed.
source_state() {
	find "$top_srcdir" -path "$top_srcdir/.git" -prune -o \
		-path "$top_srcdir/build" -prune -o -type f -printf '%p %T@\n' |
		sort
}

export TMPDIR=$T/tmp
mkdir "$TMPDIR"
chmod 711 "$T" "$TMPDIR"
had_run=$([ -d /run/sshd ] && echo yes)
source_state >"$T/before"

accept "the demo" "$top_srcdir/scripts/demo" --keep
cp "$T/out" "$T/demo"
for words in 'Hello from uid 4242' 'JWT\[1000\+1000\]: $' \
	'result=allow reason=ok' 'result=deny reason=token_expired' \
	'result=deny reason=user_mismatch' 'result=deny reason=signature_invalid' \
	'All as it should be, in [0-9]+ seconds'; do
	like "$T/demo" "$words" "it shows: $words"
done
seconds=$(sed -n 's/^All as it should be, in \([0-9]*\) .*/\1/p' "$T/demo")
is "$((${seconds:-999} < 120))" 1 "in under two minutes of its own"

dir=$(find "$TMPDIR" -maxdepth 1 -name 'jwtgate-demo.*')
at_exit '[ ! -x "$dir/stop" ] || "$dir/stop"'
is "$("$dir/login" echo in </dev/null 2>"$T/err")" in "by hand: the login"
is "$(BEARER_TOKEN_FILE=$dir/tokens/expired "$dir/login" echo in \
	</dev/null 2>"$T/err")" "" "by hand: the expired token"
accept "by hand: the end" "$dir/stop"
find "$TMPDIR" -mindepth 1 >"$T/left"
nothing "$T/left" "nothing is left in the temporary folder"
if [ -z "$had_run" ]; then
	# unless another test uses it at this moment
	accept "/run/sshd is gone again" \
		test ! -d /run/sshd -o -s /run/jwtgate-test-sshd
fi
source_state >"$T/after"
accept "the source is as it was" cmp "$T/before" "$T/after"
refuse 2 "an argument that it does not know" "$top_srcdir/scripts/demo" --kep

done_testing
