# shellcheck shell=bash
# lib.sh: what the shell tests share. Source it first:
#
#	. "${top_srcdir:?}/tests/lib.sh"
#
# Every check prints one TAP line; end with done_testing, or plan N first.
# A test gets a folder of its own in $T, removed at the end together with
# what at_exit was told to undo. "! cmd" cannot fail a script under set -e:
# say "refuse cmd".

set -u
umask 077

: "${top_srcdir:=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}"
: "${top_builddir:=$top_srcdir}"
: "${JWTGATE:=$top_builddir/tools/jwtgate}"
: "${JWTGATE_ASKPASS:=$top_builddir/tools/jwtgate-askpass}"
: "${PAM_JWT:=$top_builddir/pam/.libs/pam_jwt.so}"
: "${SASL_JWTGATE:=$top_builddir/sasl/.libs/libjwtgate_sasl.so}"
: "${VECTORS:=$top_srcdir/tests/vectors}"
export top_srcdir top_builddir JWTGATE JWTGATE_ASKPASS PAM_JWT \
	SASL_JWTGATE VECTORS

tests_planned=
tests_undo=()

T=$(mktemp -d "${TMPDIR:-/tmp}/jwtgate-test.XXXXXX") || exit 99

# Counted in files, so that a check counts at the end of a pipe too.
echo 0 >"$T/.run"
echo 0 >"$T/.failed"

# Run when the script ends, however it ends; the last one told runs first.
at_exit() {
	tests_undo+=("$1")
}

tests_end() {
	local status=$? i
	trap - EXIT HUP INT TERM
	for ((i = ${#tests_undo[@]} - 1; i >= 0; i--)); do
		eval "${tests_undo[i]}"
	done
	rm -rf "$T"
	if [ "$status" -eq 0 ] && [ -z "$tests_planned" ]; then
		echo "Bail out! the script ended without a plan"
		status=99
	fi
	exit "$status"
}
trap tests_end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# diag FILE|-: shows it as TAP comments.
diag() {
	sed -e 's/^/# /' -- "$@"
}

# tests_count FILE: adds one and prints the sum.
tests_count() {
	local n
	read -r n <"$T/$1"
	echo $((n + 1)) >"$T/$1"
	echo $((n + 1))
}

pass() {
	echo "ok $(tests_count .run) - $1"
}

fail() {
	tests_count .failed >"$T/.last"
	echo "not ok $(tests_count .run) - $1"
}

# skip_all WHY: for a test that cannot run here at all.
skip_all() {
	echo "1..0 # SKIP $1"
	tests_planned=0
	exit 0
}

plan() {
	tests_planned=$1
	echo "1..$1"
}

done_testing() {
	[ -n "$tests_planned" ] || plan "$(cat "$T/.run")"
	[ "$(cat "$T/.failed")" = 0 ] || exit 1
	exit 0
}

# accept WHAT CMD...: CMD must exit 0. Its output stays in $T/out, $T/err.
accept() {
	local what=$1 status
	shift
	"$@" >"$T/out" 2>"$T/err"
	status=$?
	if [ "$status" -eq 0 ]; then
		pass "$what"
	else
		fail "$what"
		echo "# exit $status: $*"
		diag "$T/err"
	fi
}

# refuse STATUS WHAT CMD...: CMD must exit with STATUS ("any": not 0, and
# not of a signal).
refuse() {
	local want=$1 what=$2 status
	shift 2
	"$@" >"$T/out" 2>"$T/err"
	status=$?
	if [ "$status" -eq "$want" ] 2>/dev/null || { [ "$want" = any ] &&
		[ "$status" -ne 0 ] && [ "$status" -lt 126 ]; }; then
		pass "$what"
	else
		fail "$what"
		echo "# exit $status, wanted $want: $*"
		diag "$T/err"
	fi
}

# is GOT WANT WHAT
is() {
	if [ "$1" = "$2" ]; then
		pass "$3"
	else
		fail "$3"
		printf 'got    %s\nwanted %s\n' "$1" "$2" | diag -
	fi
}

# like FILE REGEX WHAT, unlike FILE REGEX WHAT: some line matches, none does.
# A file that cannot be read is a failure of both.
like() {
	if grep -Eq -e "$2" -- "$1"; then
		pass "$3"
	else
		fail "$3"
		echo "# no line of $1 matches $2"
		tail -n 20 -- "$1" | diag -
	fi
}

unlike() {
	local status
	grep -En -e "$2" -- "$1" >"$T/unlike"
	status=$?
	if [ "$status" -eq 1 ]; then
		pass "$3"
	else
		fail "$3"
		echo "# grep of $1 for $2 said $status"
		diag "$T/unlike"
	fi
}

# nothing FILE WHAT: FILE is empty; what it holds are the findings.
nothing() {
	if [ -f "$1" ] && [ ! -s "$1" ]; then
		pass "$2"
	else
		fail "$2"
		diag "$1"
	fi
}

# code_of FILE: the file without comments, strings emptied, lines kept.
code_of() {
	awk '
	{
		out = ""; n = length($0)
		for (i = 1; i <= n; i++) {
			c = substr($0, i, 1); two = substr($0, i, 2)
			if (comment) {
				if (two == "*/") { comment = 0; i++ }
			} else if (quote != "") {
				if (c == "\\") i++
				else if (c == quote) { quote = ""; out = out c }
			} else if (two == "/*") { comment = 1; i++ }
			else {
				if (c == "\"" || c == "\047") quote = c
				out = out c
			}
		}
		quote = ""
		print out
	}' "$1"
}

# c_files ROOT: the C files of the product under ROOT.
c_files() {
	find "$1/common" "$1/pam" "$1/sasl" "$1/fraudd" "$1/tools" \
		-name '*.[ch]' 2>/dev/null | sort
}
