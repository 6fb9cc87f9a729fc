#!/bin/bash
# Each header compiles alone, twice in a row, and is guarded by its name.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"

# shellcheck disable=SC2046,SC2086 # CC and pkg-config print several words
alone() {
	printf '#include "%s"\n#include "%s"\nint unused;\n' "$1" "$1" \
		>"$T/alone.c"
	${CC:-cc} -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror \
		-fsyntax-only -I"$top_srcdir/common" -I"$top_srcdir/pam" \
		-I"$top_srcdir/tools" -I"$top_srcdir/fraudd" \
		-I"$top_srcdir/sasl" \
		$(pkg-config --cflags json-c libcrypto libsasl2) \
		"$T/alone.c"
}

while read -r path; do
	file=${path#"$top_srcdir"/}
	accept "$file compiles alone" alone "$path"
	name=${file##*/}
	name=${name%.h}
	name=${name#jwtgate-}
	guard=JWTGATE_$(echo "$name" | tr 'a-z-' 'A-Z_')_H
	is "$(grep -m 1 '^#ifndef' "$path")" "#ifndef $guard" \
		"$file is guarded by its name"
done < <(c_files "$top_srcdir" | grep '\.h$')

printf '#ifndef BAD_H\n#define BAD_H\nstruct a { size_t n; };\n#endif\n' \
	>"$T/bad.h"
refuse any "a planted header that needs another is seen" alone "$T/bad.h"

done_testing
