#!/bin/bash
# doc/HOSTS.md shows the very files that the tests of real hosts run: the
# indented block behind a link to a file of etc/ is that file, but for
# comments and empty lines.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"

# bare: without comments, empty lines and the blanks at the ends of lines
bare() {
	sed -e 's/[[:space:]]*$//' -e '/^[[:space:]]*\(#\|\/\/\)/d' -e '/^$/d'
}

# block PAGE FILE: the first indented block behind the link to FILE
block() {
	awk -v link="](../$2)" '
		index($0, link) { armed = 1; next }
		armed && /^    / { shown = 1; print substr($0, 5); next }
		shown && !/^$/ { exit }' "$1"
}

# differ PAGE: each linked file that is shown otherwise
differ() {
	local file
	grep -o '](\.\./etc/[^)]*)' "$1" | sed 's/](\.\.\/\(.*\))/\1/' |
		sort -u | while read -r file; do
		if [ ! -f "$top_srcdir/$file" ]; then
			echo "$file does not exist"
		elif [ "$(block "$1" "$file" | bare)" != \
			"$(bare <"$top_srcdir/$file")" ]; then
			echo "$file is not what is shown"
		fi
	done
}

page=$top_srcdir/doc/HOSTS.md
differ "$page" >"$T/found"
nothing "$T/found" "every block of HOSTS.md is the file behind its link"

(cd "$top_srcdir" && find etc/hosts etc/pam.d etc/ssh -type f) |
	while read -r file; do
		grep -qF "](../$file)" "$page" || echo "$file"
	done >"$T/found"
nothing "$T/found" "every file for a host is shown in HOSTS.md"

# The test must be able to fail.
sed 's/^    mech_list: OAUTHBEARER XOAUTH2$/    mech_list: PLAIN/' "$page" \
	>"$T/page"
differ "$T/page" >"$T/found"
like "$T/found" '^etc/hosts/postfix/smtpd\.conf is not what is shown$' \
	"a planted difference is seen"
sed 's/\(etc\/hosts\/imapd\/imapd\)\.conf/\1.cfg/g' "$page" >"$T/page"
differ "$T/page" >"$T/found"
like "$T/found" 'imapd\.cfg does not exist' "a planted name is missed"

done_testing
