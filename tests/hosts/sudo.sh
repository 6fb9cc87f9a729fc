#!/usr/bin/env bash
# Stock sudo with a token, through the service file of etc/, in a small root of
# its own.
. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/hosts/lib.sh"
. "$top_srcdir/tests/hosts/root.sh"

[ "$(id -u)" -eq 0 ] || skip_all "a root of one's own needs root"
[ -z "$preload_first" ] || skip_all "sanitizers are not for setuid programs"
command -v sudo >/dev/null || skip_all "sudo is not installed"

chmod 711 "$T"
umask 022
root_make && root_sudo || exit 99

write_config "$T/jwtgate.json" '{ "sudo": { "also": ["sudo-i"],
	"require": "token_only" } }'
root_config "$T/jwtgate.json"
install -m 600 "$T/signing.jwk" "$R/etc/jwtgate/signing.jwk"
mkdir -p "$R/home/alice/.config/jwtgate"
owner=$R/home/alice/.config/jwtgate/askpass.json
echo '{ "hosts": ["sudo"], "token_file": "/home/alice/token" }' >"$owner"
chown -R 4242:4242 "$R/home/alice"

claims=$(good_claims alice)
for n in 300 500 1000 1250 7999; do
	sign_to "$n" "$claims" >"$T/good-$n"
done
sign_to 1250 "$(good_claims bob)" >"$T/bob"
sign_to 1250 "$(good_claims alice -60)" >"$T/expired"
tamper 2 "$(cat "$T/good-1250")" >"$T/tampered"

as_alice "$T/good-300" -A id -u
if grep -q nosuid "$T/err"; then
	skip_all "the temporary folder takes no setuid programs"
fi

for n in 300 500 1000 1250 7999; do
	as_alice "$T/good-$n" -A id -u
	is "$(cat "$T/out")" 0 "a token of $n bytes makes root"
	[ "$(cat "$T/out")" = 0 ] || diag "$T/err" "$R/tmp/syslog"
	like "$T/lines" \
		'\(sudo:auth\): user=alice peer=local service=sudo result=allow' \
		"$n bytes: the log says so"
done
like "$T/lines" '\(sudo:account\): user=alice .*result=allow' \
	"account was asked too"

refused() {
	as_alice "$T/$2" -A id -u
	is "$(cat "$T/out")" "" "$1: no root"
	like "$T/lines" "user=alice .*result=deny reason=$3( |\$)" "$1: $3"
	unlike "$T/err" "$3" "$1: the reason stays in the log"
}
refused "an expired token" expired token_expired
refused "another user's token" bob user_mismatch
refused "a tampered token" tampered signature_invalid

# Lines of standard input are as good as a program that answers.
fold -w 500 "$T/good-1250" >"$T/lines-of-it"
echo >>"$T/lines-of-it"
as_alice "$T/bob" -S id -u <"$T/lines-of-it"
is "$(cat "$T/out")" 0 "pieces on standard input"
like "$T/err" 'JWT\[0\+500\]: JWT\[500\+500\]: JWT\[1000\+500\]: ' \
	"the prompts, to the letter"
as_alice "$T/bob" -S id -u <"$T/good-1250"
is "$(cat "$T/out")" "" "the whole on one line does not fit into sudo"
like "$T/lines" 'reason=token_missing' "the log says that there was no token"

as_alice "$T/good-1250" -A -i id -u
is "$(cat "$T/out")" 0 "sudo -i, by \"also\""
like "$T/lines" 'service=sudo-i result=allow' "it is a service of its own"

# Nobody authenticates root, but account is asked: doc/HOSTS.md.
as_root() {
	: >"$R/tmp/syslog"
	chroot "$R" /usr/bin/env -i PATH=/usr/bin:/bin TEST_SYSLOG=/tmp/syslog \
		"$(command -v sudo)" -u alice id -u >"$T/out" 2>"$T/err"
	grep -F 'pam_jwt(' "$R/tmp/syslog" >"$T/lines"
}
as_root
is "$(cat "$T/out")" "" "root's own sudo, without allow_root"
like "$T/lines" '\(sudo:account\): user=root .*reason=user_invalid( |$)' \
	"account says why"
sed 's,"also","allow_root": true\, &,' "$R/etc/jwtgate/jwtgate.json" \
	>"$T/allow_root" && cat "$T/allow_root" >"$R/etc/jwtgate/jwtgate.json"
as_root
is "$(cat "$T/out")" 4242 "root's own sudo, with allow_root"
refused "allow_root and another user's token" bob user_mismatch

echo '{ "hosts": ["alice@bastion"], "token_file": "/home/alice/token" }' \
	>"$owner"
as_alice "$T/good-1250" -A id -u
is "$(cat "$T/out")" "" "the owner did not list sudo"

no_secret "no secret in the log" "$T/all.log" -- "$T"/good-* "$T/bob" \
	"$T/expired" "$T/tampered"

done_testing
