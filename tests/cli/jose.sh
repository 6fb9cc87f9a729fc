# shellcheck shell=bash
# jose.sh: what the tests of jwtgate(1) share: tokens that jwtgate itself
# would not make, and a word about each verdict. Source it after lib.sh.

# "TOKEN | gives ..." must count its case in this very shell.
shopt -s lastpipe

# The secret of these tests, and of nothing else.
SECRET=this-is-a-secret-for-tests-only-0123456789

# Everything that jwtgate said, for the search for secrets at the end.
: >"$T/said"

b64url() {
	openssl base64 -A | tr '+/' '-_' | tr -d '='
}

# hs256 HEADER PAYLOAD [SECRET]: a token of exactly these texts, no LF.
hs256() {
	local input
	input=$(printf %s "$1" | b64url).$(printf %s "$2" | b64url)
	printf '%s.%s' "$input" "$(printf %s "$input" |
		openssl dgst -sha256 -hmac "${3:-$SECRET}" -binary | b64url)"
}

# said: adds what the last command printed to the search.
said() {
	cat "$T/out" "$T/err" >>"$T/said"
}

# gives STATUS LINE WHAT CMD...: CMD exits so, and LINE is the first line on
# stderr, nothing is on stdout. Standard input is the caller's.
gives() {
	local want="$1 $2" what=$3 status line
	shift 3
	"$@" >"$T/out" 2>"$T/err"
	status=$?
	read -r line <"$T/err"
	said
	if [ "$status ${line-}" = "$want" ] && [ ! -s "$T/out" ]; then
		pass "$what"
	else
		fail "$what"
		printf 'exit %s, wanted %s: %s\n' "$status" "$want" "$*" | diag -
		diag "$T/out" "$T/err"
	fi
}

# prints TEXT WHAT CMD...: CMD exits 0, TEXT is its whole output without the
# last LFs, stderr is empty.
prints() {
	local want=$1 what=$2 status
	shift 2
	"$@" >"$T/out" 2>"$T/err"
	status=$?
	said
	if [ "$status" -eq 0 ] && [ "$(cat "$T/out")" = "$want" ] &&
		[ ! -s "$T/err" ]; then
		pass "$what"
	else
		fail "$what"
		printf 'exit %s, wanted "%s": %s\n' "$status" "$want" "$*" |
			diag -
		diag "$T/out" "$T/err"
	fi
}

# usage WHAT CMD...: exit 2, a sentence, the usage line, no output.
usage() {
	local what=$1 status
	shift
	"$@" >"$T/out" 2>"$T/err" </dev/null
	status=$?
	said
	if [ "$status" -eq 2 ] && [ ! -s "$T/out" ] &&
		sed -n 1p "$T/err" | grep -q '^jwtgate: ' &&
		sed -n 2p "$T/err" | grep -q '^usage: jwtgate '; then
		pass "$what"
	else
		fail "$what"
		echo "# exit $status: $*"
		diag "$T/out" "$T/err"
	fi
}

# no_secrets TEXT...: none of them, nor any private member of a key, was
# ever said.
no_secrets() {
	local text
	: >"$T/found"
	for text in "$SECRET" "$@"; do
		grep -F -e "$text" "$T/said" >>"$T/found"
	done
	nothing "$T/found" "no secret was ever said"
}
