# shellcheck shell=bash disable=SC2034,SC2154
# hosts/root.sh: a small root folder of one's own, with copies of what runs in
# it, for programs that are setuid or read /etc. Nothing of this machine's
# /etc is touched, and no mount is made. Source tests/hosts/lib.sh first.
#
#	root_make		in $R: folders, users root and alice, the module,
#				jwtgate-askpass, and the shim
#	root_jwtgate		jwtgate, and what asks directories
#	root_sudo		sudo; as_alice runs it
#	root_bring FILE...	more programs and plugins, with their libraries
#	root_config FROM	$T/... becomes /etc/jwtgate/...

R=$T/root
security=$(dirname "$(find /lib/ /usr/lib/ -name pam_permit.so | head -n 1)")

root_libraries() {
	local file library
	for file; do
		for library in $(ldd "$file" | grep -o '/[^ :]*'); do
			cp -L --parents -u "$library" "$R" 2>/dev/null
		done
	done
}

root_bring() {
	local file
	for file; do
		cp -L --parents "$file" "$R" || return
		root_libraries "$file"
	done
}

root_make() {
	local dir type
	mkdir -p "$R"/{dev,etc/pam.d,etc/jwtgate,home/alice,run,tmp,usr/bin,usr/lib,usr/lib64,var/lib}
	for dir in bin lib lib64; do
		[ ! -L "/$dir" ] || ln -s "usr/$dir" "$R/$dir"
	done
	mknod -m 666 "$R/dev/null" c 1 3 2>/dev/null || : >"$R/dev/null"
	root_bring /bin/sh /usr/bin/id /usr/bin/env /usr/bin/cat \
		/usr/bin/setpriv "$security/pam_permit.so" \
		"$security/pam_deny.so" || return
	root_libraries "$PAM_JWT" "$HOSTSHIM" "$JWTGATE_ASKPASS"
	install -m 644 "$PAM_JWT" "$R$security/pam_jwt.so"
	install -m 755 "$JWTGATE_ASKPASS" "$R/usr/bin/jwtgate-askpass"
	install -m 644 "$HOSTSHIM" "$R/usr/lib/hostshim.so"
	echo /usr/lib/hostshim.so >"$R/etc/ld.so.preload"
	printf 'root:x:0:0::/root:/bin/sh\nalice:x:4242:4242::/home/alice:/bin/sh\n' \
		>"$R/etc/passwd"
	printf 'root:x:0:\nalice:x:4242:\n' >"$R/etc/group"
	echo "127.0.0.1 localhost $(uname -n)" >"$R/etc/hosts"
	for type in auth account password session; do
		echo "$type required pam_deny.so"
	done >"$R/etc/pam.d/other"
}

# root_jwtgate: the command, and what speaks LDAP where a build with this
# prefix looks for it.
root_jwtgate() {
	local prefix object=$top_builddir/common/.libs/jwtgate-ldap.so
	prefix=$(sed -n 's/^prefix = //p' "$top_builddir/Makefile")
	install -m 755 "$JWTGATE" "$R/usr/bin/jwtgate" &&
		install -D -m 644 "$object" \
			"$R${prefix:?}/lib/jwtgate/jwtgate-ldap.so" || return
	root_libraries "$JWTGATE" "$object"
}

# root_sudo: stock sudo, for alice, through the service file of etc/.
root_sudo() {
	local name
	mkdir -p "$R$(dirname "$(command -v sudo)")"
	install -m 4755 "$(command -v sudo)" "$R$(command -v sudo)"
	root_libraries "$(command -v sudo)"
	# shellcheck disable=SC2046
	root_bring $(find /usr/libexec/sudo /usr/lib/sudo -name sudoers.so \
		-type f 2>/dev/null) || return
	cat >"$R/etc/sudoers" <<-END
		Defaults timestamp_timeout=0, passwd_tries=1, !lecture
		root ALL=(ALL) ALL
		alice ALL=(ALL) ALL
	END
	chmod 440 "$R/etc/sudoers"
	for name in account session session-noninteractive; do
		echo "${name%%-*} required pam_permit.so" \
			>"$R/etc/pam.d/common-$name"
	done
	for name in sudo sudo-i; do
		sed 's,pam_jwt\.so,& config=/etc/jwtgate/jwtgate.json,' \
			"$top_srcdir/etc/pam.d/sudo" >"$R/etc/pam.d/$name"
	done
}

root_config() {
	sed "s,$T/,/etc/jwtgate/,g" "$1" >"$R/etc/jwtgate/jwtgate.json"
}

# as_alice TOKENFILE SUDO-ARGUMENT...: sudo, in its root; the module's lines
# are in $T/lines. SUDO_WITH are words for env(1).
SUDO_WITH=()
as_alice() {
	install -o 4242 -g 4242 -m 600 "$1" "$R/home/alice/token"
	shift
	: >"$R/tmp/syslog"
	chmod 666 "$R/tmp/syslog"
	chroot "$R" /usr/bin/setpriv --reuid 4242 --regid 4242 \
		--clear-groups /usr/bin/env -i -C "${SUDO_IN:-/}" \
		HOME=/home/alice PATH=/usr/bin:/bin "${SUDO_WITH[@]}" \
		TEST_SYSLOG=/tmp/syslog SUDO_ASKPASS=/usr/bin/jwtgate-askpass \
		"$(command -v sudo)" "$@" >"$T/out" 2>"$T/err"
	cat "$R/tmp/syslog" "$T/err" >>"$T/all.log"
	grep -F 'pam_jwt(' "$R/tmp/syslog" >"$T/lines"
}
