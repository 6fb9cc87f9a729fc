#!/bin/bash
# pam_jwt.so and libjwtgate_sasl.so show their hosts the entry points and
# nothing else: another module in the same process must not meet our names.
# Also what the linker was asked for: no lazy binding, no dlclose, no stray
# library. json-c must have symbol versions, for hosts that link jansson.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"

pam_want="pam_sm_acct_mgmt
pam_sm_authenticate
pam_sm_chauthtok
pam_sm_close_session
pam_sm_open_session
pam_sm_setcred"
sasl_want="sasl_client_plug_init
sasl_server_plug_init"
libraries="libc.so.6 libcrypto.so.3 libjson-c.so.5 libpam.so.0"

exported() {
	nm -D --defined-only "$1" | awk '{ print $NF }' | LC_ALL=C sort
}

# foreign FILE: the libraries it needs that are not on the list.
foreign() {
	readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
		while read -r lib; do
			case " $libraries " in
			*" $lib "*) ;;
			*) echo "$lib" ;;
			esac
		done
}

# unversioned FILE: the symbols of json-c that are asked for by name alone.
unversioned() {
	nm -D --undefined-only "$1" | awk '{ print $NF }' |
		grep -E '^json_(object|tokener)' | grep -v '@'
}

# check FILE WANT
check() {
	local file=$1 name=${1##*/}
	if [ ! -f "$file" ]; then
		fail "$name is built"
		return
	fi
	is "$(exported "$file")" "$2" "$name: exactly its entry points are exported"

	readelf -d "$file" >"$T/dynamic"
	readelf -lW "$file" >"$T/segments"
	like "$T/dynamic" 'FLAGS_1.*NODELETE' "$name: it is never unloaded"
	like "$T/dynamic" 'FLAGS.*NOW' "$name: its symbols are bound at once"
	like "$T/segments" 'GNU_RELRO' "$name: its relocations become read-only"
	like "$T/segments" 'GNU_STACK.* RW ' "$name: its stack is not executable"
	unlike "$T/dynamic" 'RPATH|RUNPATH' "$name: it carries no library path"
	unversioned "$file" >"$T/found"
	nothing "$T/found" "$name: what it needs of json-c has versions"

	if nm "$file" | grep -q __asan_init; then
		pass "$name: its libraries are the known ones # SKIP sanitizers add theirs"
	else
		foreign "$file" >"$T/found"
		nothing "$T/found" "$name: its libraries are the known ones"
	fi
}

check "$PAM_JWT" "$pam_want"
libraries="$libraries libldap-2.5.so.0 libldap.so.2 liblber-2.5.so.0 liblber.so.2 libcares.so.2" \
	check "$top_builddir/common/.libs/jwtgate-ldap.so" \
	jwtgate_directory_driver
check "$SASL_JWTGATE" "$sasl_want"

# The test must be able to fail.
printf 'int pam_sm_setcred(void) { return 0; }\nint stray(void) { return 1; }\n' \
	>"$T/bad.c"
accept "a planted module builds" ${CC:-cc} -shared -fPIC -o "$T/bad.so" "$T/bad.c"
exported "$T/bad.so" >"$T/found"
like "$T/found" '^stray$' "a planted stray symbol is seen"

done_testing
