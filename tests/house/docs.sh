#!/bin/bash
# The manual says what the code does: every reason word, configuration key,
# command, option and module argument is in its page, every command of fraudd
# in PROTOCOL.md, and every page is mdoc without a complaint.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"

man=$top_srcdir/man

# words PAGE: the words of a page, without its comments and escapes.
words() {
	sed -e '/^\.\\"/d' -e 's/\\&//g' -e 's/\\-/-/g' -e 's/Fl -/--/g' "$1" |
		grep -oE '[A-Za-z0-9_.+*-]+' | sed 's/\.$//' | sort -u
}

# absent PAGE: those of the words on stdin that PAGE does not have.
absent() {
	if [ ! -f "$1" ]; then
		echo "${1##*/} does not exist"
		return
	fi
	sort -u | comm -23 - <(words "$1")
}

# The rows of ERR_REASONS; the general codes before it are nobody's contract.
reasons() {
	sed -n '/define ERR_REASONS/,$s/^[[:space:]]*X([A-Z_]*, "\([a-z_]*\)".*/\1/p' \
		"$top_srcdir/common/err.h"
}

keys() {
	grep -ohE '(\<(BOOL|INTEGER|STRING|WORD|URI|SOME|ANY|OBJECT|OBJECTS)\(|\.name = )"[A-Za-z_]+"' \
		"$top_srcdir"/common/config_schema.c | sed 's/.*"\(.*\)"/\1/'
}

options() {
	"$JWTGATE" --help | grep -oE -e '--[a-z-]+'
}

commands() {
	"$JWTGATE" --help | sed -n 's/^jwtgate \([a-z ]*[a-z]\(-[a-z][a-z ]*\)*\).*/\1/p' |
		tr ' ' '\n'
}

arguments() {
	code_strings=$(grep -ohE '"[a-z_]{4,}=?"' "$top_srcdir/pam/pam_args.c")
	printf '%s\n' "$code_strings" | tr -d '"='
}

# Options of a SASL configuration, and the keys of a client's file.
sasl_words() {
	grep -ohE '"oauthbearer_[a-z_]+"' "$top_srcdir/sasl/oauth_settings.c" |
		tr -d '"'
	sed -n 's/^	{ "\([a-z_]*\)", take_[a-z]* },/\1/p' \
		"$top_srcdir/sasl/owner.c"
}

# The rows of both tables of fraudd; a key stands in a macro or in a member.
fraudd_keys() {
	grep -ohE '(\<[A-Z_]+\(|\.name = )"[a-z0-9_]+"' \
		"$top_srcdir/fraudd/settings.c" | sed 's/.*"\(.*\)"/\1/'
}

fraudd_commands() {
	sed -n -e 's/^	{ "\([a-z.]*\)", [0-9].*/\1/p' \
		-e 's/^	{ FRAUD_\([A-Z]*\), [0-9].*/\1/p' \
		"$top_srcdir/fraudd/command.c" | tr "[:lower:]" "[:upper:]"
}

fraudctl_options() {
	sed -n 's/^	{ "\([a-z]*\)", [a-z]*_argument, .*/--\1/p' \
		"$top_srcdir/tools/fraudctl.c"
}

fraudctl_commands() {
	sed -n 's/^	{ "\([a-z ]*\)", fraudctl_[a-z_]*,.*/\1/p' \
		"$top_srcdir/tools/fraudctl.c" | tr ' ' '\n'
}

# found WHAT LEAST COUNT: the words were found at all, or the test is blind.
found() {
	if [ "$3" -ge "$2" ]; then
		pass "$1 were found in the code"
	else
		fail "$1 were found in the code: $3"
	fi
}

found "reason words" 30 "$(reasons | wc -l)"
found "configuration keys" 40 "$(keys | sort -u | wc -l)"
found "options" 10 "$(options | sort -u | wc -l)"
found "commands" 8 "$(commands | wc -l)"
found "module arguments" 5 "$(arguments | sort -u | wc -l)"
found "words of the SASL plugin" 7 "$(sasl_words | sort -u | wc -l)"
found "keys of fraudd" 30 "$(fraudd_keys | sort -u | wc -l)"
found "commands of fraudd" 20 "$(fraudd_commands | wc -l)"
found "commands of fraudctl" 13 "$(fraudctl_commands | wc -l)"
found "options of fraudctl" 11 "$(fraudctl_options | wc -l)"

reasons | absent "$man/jwtgate.1" >"$T/found"
nothing "$T/found" "every reason word is in jwtgate.1"
keys | absent "$man/jwtgate.json.5" >"$T/found"
nothing "$T/found" "every configuration key is in jwtgate.json.5"
options | absent "$man/jwtgate.1" >"$T/found"
nothing "$T/found" "every option is in jwtgate.1"
commands | absent "$man/jwtgate.1" >"$T/found"
nothing "$T/found" "every command is in jwtgate.1"
arguments | absent "$man/pam_jwt.8" >"$T/found"
nothing "$T/found" "every module argument is in pam_jwt.8"
sasl_words | absent "$man/jwtgate_sasl.8" >"$T/found"
nothing "$T/found" "every option and key of the SASL plugin is in jwtgate_sasl.8"
fraudd_keys | absent "$man/fraudd.json.5" >"$T/found"
nothing "$T/found" "every key of fraudd is in fraudd.json.5"
fraudd_commands | absent "$top_srcdir/doc/PROTOCOL.md" >"$T/found"
nothing "$T/found" "every command of fraudd is in PROTOCOL.md"

fraudctl_commands | absent "$man/fraudctl.1" >"$T/found"
nothing "$T/found" "every command of fraudctl is in fraudctl.1"
fraudctl_options | absent "$man/fraudctl.1" >"$T/found"
nothing "$T/found" "every option of fraudctl is in fraudctl.1"

for page in "$man"/*.[1-8]; do
	page=${page##*/}
	like "$man/$page" '^\.Sh EXAMPLES' "$page has an example"
	if command -v mandoc >/dev/null; then
		accept "$page is clean mdoc" mandoc -T lint -W warning \
			"$man/$page"
	else
		pass "$page is clean mdoc # SKIP mandoc is not installed"
	fi
done

# The sample configuration shows every key.
sample=$top_srcdir/etc/jwtgate.json
keys | sort -u | while read -r key; do
	grep -q "\"$key\"" "$sample" || echo "$key"
done >"$T/found"
nothing "$T/found" "every configuration key is in the sample"

# The test must be able to fail.
printf 'token_missing\nno_such_word\n' | absent "$man/jwtgate.1" >"$T/found"
is "$(cat "$T/found")" no_such_word "a planted word is missed"

done_testing
