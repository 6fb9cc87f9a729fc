#!/usr/bin/env bash
# Stock sudo with a token, through the service file of etc/. sudo is setuid
# and reads /etc, so it gets a small root of its own, with copies of what it
# needs; nothing of this machine's /etc is touched, and no mount is made.
. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/hosts/lib.sh"

[ "$(id -u)" -eq 0 ] || skip_all "a root of one's own needs root"
[ -z "$preload_first" ] || skip_all "sanitizers are not for setuid programs"
command -v sudo >/dev/null || skip_all "sudo is not installed"

R=$T/root

# Copies programs and plugins, and the libraries that they load.
bring() {
	local file library
	for file; do
		[ "$file" = "$(command -v sudo)" ] ||
			cp -L --parents "$file" "$R" || return
		for library in $(ldd "$file" | grep -o '/[^ :]*'); do
			cp -L --parents -u "$library" "$R" 2>/dev/null
		done
	done
}

chmod 711 "$T"
umask 022
mkdir -p "$R"/{dev,etc/pam.d,etc/jwtgate,home/alice,run,tmp,usr/bin,usr/lib,usr/lib64,var/lib}
for dir in bin lib lib64; do
	[ ! -L "/$dir" ] || ln -s "usr/$dir" "$R/$dir"
done
mknod -m 666 "$R/dev/null" c 1 3 2>/dev/null || : >"$R/dev/null"
mkdir -p "$R$(dirname "$(command -v sudo)")"
install -m 4755 "$(command -v sudo)" "$R$(command -v sudo)"
security=$(dirname "$(find /lib/ /usr/lib/ -name pam_permit.so | head -n 1)")
# shellcheck disable=SC2046
bring "$(command -v sudo)" $(find /usr/libexec/sudo /usr/lib/sudo -name \
	sudoers.so -type f 2>/dev/null) /bin/sh /usr/bin/id /usr/bin/env \
	/usr/bin/cat /usr/bin/setpriv "$security/pam_permit.so" \
	"$security/pam_deny.so" || exit 99
for file in "$PAM_JWT" "$HOSTSHIM" "$JWTGATE_ASKPASS"; do
	for library in $(ldd "$file" | grep -o '/[^ :]*'); do
		cp -L --parents -u "$library" "$R" 2>/dev/null
	done
done
install -m 644 "$PAM_JWT" "$R$security/pam_jwt.so"
install -m 755 "$JWTGATE_ASKPASS" "$R/usr/bin/jwtgate-askpass"
install -m 644 "$HOSTSHIM" "$R/usr/lib/hostshim.so"
echo /usr/lib/hostshim.so >"$R/etc/ld.so.preload"
printf 'root:x:0:0::/root:/bin/sh\nalice:x:4242:4242::/home/alice:/bin/sh\n' \
	>"$R/etc/passwd"
printf 'root:x:0:\nalice:x:4242:\n' >"$R/etc/group"
echo "127.0.0.1 localhost $(uname -n)" >"$R/etc/hosts"
cat >"$R/etc/sudoers" <<-END
	Defaults timestamp_timeout=0, passwd_tries=1, !lecture
	root ALL=(ALL) ALL
	alice ALL=(ALL) ALL
END
chmod 440 "$R/etc/sudoers"
for name in account session session-noninteractive; do
	echo "${name%%-*} required pam_permit.so" >"$R/etc/pam.d/common-$name"
done
for type in auth account password session; do
	echo "$type required pam_deny.so"
done >"$R/etc/pam.d/other"
for name in sudo sudo-i; do
	sed 's,pam_jwt\.so,& config=/etc/jwtgate/jwtgate.json,' \
		"$top_srcdir/etc/pam.d/sudo" >"$R/etc/pam.d/$name"
done

write_config "$T/jwtgate.json" '{ "sudo": { "also": ["sudo-i"],
	"require": "token_only" } }'
sed "s,$T/,/etc/jwtgate/," "$T/jwtgate.json" >"$R/etc/jwtgate/jwtgate.json"
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

# as_alice TOKENFILE SUDO-ARGUMENT...: sudo, in its root; the module's lines
# are in $T/lines.
as_alice() {
	install -o 4242 -g 4242 -m 600 "$1" "$R/home/alice/token"
	shift
	: >"$R/tmp/syslog"
	chmod 666 "$R/tmp/syslog"
	chroot "$R" /usr/bin/setpriv --reuid 4242 --regid 4242 \
		--clear-groups /usr/bin/env -i HOME=/home/alice PATH=/usr/bin:/bin \
		TEST_SYSLOG=/tmp/syslog SUDO_ASKPASS=/usr/bin/jwtgate-askpass \
		"$(command -v sudo)" "$@" >"$T/out" 2>"$T/err"
	cat "$R/tmp/syslog" "$T/err" >>"$T/all.log"
	grep -F 'pam_jwt(' "$R/tmp/syslog" >"$T/lines"
}

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
