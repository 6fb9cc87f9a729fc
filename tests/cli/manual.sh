#!/bin/bash
# The manual page says what the program does: its examples are run as they
# stand and must print what stands below them; commands, options and the
# words of the reasons are those of the source.

. "${top_srcdir:?}/tests/lib.sh"

page=$top_srcdir/man/jwtgate.1
cd "$T" || exit 99
mkdir bin work
ln -s "$JWTGATE" bin/jwtgate
PATH=$T/bin:$PATH

# Lines of the examples' displays, as mandoc would show them.
sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE ALSO/p' "$page" |
	sed -n '/^\.Bd /,/^\.Ed/p' | sed -e '/^\.[BE]d/d' -e 's/\\e/\\/g' >lines

# "$ " begins a command, "> " goes on with it, the rest is what it prints.
awk -v dir="$T" '
	/^\$ / { n++; sub(/^\$ /, ""); print >(dir "/do." n); next }
	/^> / { sub(/^> /, ""); print >(dir "/do." n); next }
	{ print >(dir "/want." n) }
	END { print n >(dir "/count") }' lines
count=$(cat count)
is "$((count > 10))" 1 "the page has examples"

cd work || exit 99
for ((i = 1; i <= count; i++)); do
	touch "$T/want.$i"
	# in this very shell: examples build on each other
	# shellcheck source=/dev/null
	. "$T/do.$i" >"$T/got" 2>&1
	is "$(cat "$T/got")" "$(cat "$T/want.$i")" \
		"example: $(head -n1 "$T/do.$i")"
done
umask 077
cd "$T" || exit 99

# What --help lists stands in the page.
jwtgate --help >help
sed -n 's/^jwtgate \([a-z ]*[a-z]\(-[a-z][a-z ]*\)*\).*/\1/p' help | sed 's/ *$//' >commands
while read -r words; do
	like "$page" "^\\.It Cm $words( Ar [A-Z]+)?\$" "describes $words"
	# shellcheck disable=SC2086 # words
	jwtgate $words --help | grep -o '^  --[a-z-]*' | tr -d ' -' |
		sort -u >>options
done <commands
is "$(sed -n 's/^\.It Fl -\([a-z-]*\).*/\1/p' "$page" | tr -d - | sort -u |
	grep -vxE 'help|version' | tr '\n' ' ')" \
	"$(sort -u options | tr '\n' ' ')" "describes exactly the options"

# The reasons, in the order and with the status of the one table.
sed -n '/^#define ERR_REASONS/,/^$/p' "$top_srcdir/common/err.h" |
	tr -d '\n' | grep -o '"[a-z_]*", [A-Z]*' | tr -d '",' |
	sed -e 's/REFUSED/1/;s/CONFIG/2/;s/UNAVAILABLE/3/' >table
sed -n 's/^\.It Li \([a-z_]*\) Ta \([0-9]\) Ta .*/\1 \2/p' "$page" >listed
is "$(cat listed)" "$(cat table)" "lists the reasons and their status"
is "$(($(wc -l <listed) > 25))" 1 "... all of them"

if command -v mandoc >mandoc.path; then
	mandoc -Tlint -Wwarning "$page" >lint 2>&1
	nothing lint "mandoc has no warning"
fi
done_testing
