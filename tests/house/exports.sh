#!/bin/bash
# pam_jwt.so shows its host the six entry points and nothing else: another
# module in the same process must not meet our names. Also what the linker
# was asked for: no lazy binding, no dlclose, no stray library.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"

want="pam_sm_acct_mgmt
pam_sm_authenticate
pam_sm_chauthtok
pam_sm_close_session
pam_sm_open_session
pam_sm_setcred"
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

if [ ! -f "$PAM_JWT" ]; then
	fail "the module is built"
	done_testing
fi

is "$(exported "$PAM_JWT")" "$want" "exactly the six pam_sm_* are exported"

readelf -d "$PAM_JWT" >"$T/dynamic"
readelf -lW "$PAM_JWT" >"$T/segments"
like "$T/dynamic" 'FLAGS_1.*NODELETE' "it is never unloaded"
like "$T/dynamic" 'FLAGS.*NOW' "its symbols are bound at once"
like "$T/segments" 'GNU_RELRO' "its relocations become read-only"
like "$T/segments" 'GNU_STACK.* RW ' "its stack is not executable"
unlike "$T/dynamic" 'RPATH|RUNPATH' "it carries no library path"

if nm "$PAM_JWT" | grep -q __asan_init; then
	pass "its libraries are the known ones # SKIP sanitizers add theirs"
else
	foreign "$PAM_JWT" >"$T/found"
	nothing "$T/found" "its libraries are the known ones"
fi

# The test must be able to fail.
printf 'int pam_sm_setcred(void) { return 0; }\nint stray(void) { return 1; }\n' \
	>"$T/bad.c"
accept "a planted module builds" ${CC:-cc} -shared -fPIC -o "$T/bad.so" "$T/bad.c"
exported "$T/bad.so" >"$T/found"
like "$T/found" '^stray$' "a planted stray symbol is seen"

done_testing
