#!/bin/bash
# No static mutable state in what hosts load: they are threaded, and a module
# outlives the transaction that loaded it.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"

# mutable FILE...: the objects in .data, .bss and common storage.
mutable() {
	objdump -t "$@" | awk '
	$0 ~ / (\.data|\.bss|\.tdata|\.tbss|\*COM\*)(\.[A-Za-z0-9_.]*)?\t/ &&
	    $0 !~ / \.data\.rel\.ro/ && $0 !~ / d / { print $NF }'
}

found=
for lib in "$top_builddir"/common/.libs/libbase.a \
	"$top_builddir"/common/.libs/libauth.a \
	"$top_builddir"/common/.libs/jwtgate_ldap_la-directory_ldap.o \
	"$top_builddir"/pam/.libs/libpamparts.a \
	"$top_builddir"/pam/.libs/pam_jwt.o \
	"$top_builddir"/sasl/.libs/libsaslparts.a \
	"$top_builddir"/sasl/.libs/libjwtgate_sasl_la-plugin.o; do
	[ -f "$lib" ] || found="$found $lib"
done
is "$found" "" "the objects are built"

if nm "$top_builddir"/common/.libs/libbase.a | grep -q __asan_; then
	pass "no static mutable state # SKIP sanitizers add theirs"
else
	mutable "$top_builddir"/common/.libs/lib*.a \
		"$top_builddir"/common/.libs/jwtgate_ldap_la-*.o \
		"$top_builddir"/pam/.libs/*.o "$top_builddir"/sasl/.libs/*.o \
		>"$T/found"
	nothing "$T/found" "no static mutable state in common, pam and sasl"
fi

cat >"$T/bad.c" <<'END'
static int hidden_state;
int open_state = 3;
static const char *const table[] = { "fine" };
int next(void);
const char *word(int i);
int next(void) { return hidden_state++; }
const char *word(int i) { return table[i]; }
END
accept "a planted file builds" ${CC:-cc} -fPIC -c -o "$T/bad.o" "$T/bad.c"
is "$(mutable "$T/bad.o" | sort | tr '\n' ' ')" "hidden_state open_state " \
	"planted state is seen, a constant table is not"

done_testing
