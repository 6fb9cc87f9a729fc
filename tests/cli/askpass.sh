#!/usr/bin/env bash
# jwtgate-askpass as ssh and sudo run it: one argument, an answer on standard
# output or nothing at all.
. "${top_srcdir:?}/tests/lib.sh"

export HOME=$T/home XDG_RUNTIME_DIR=$T/run
unset XDG_CONFIG_HOME BEARER_TOKEN_FILE
mkdir -p "$HOME/.config/jwtgate" "$XDG_RUNTIME_DIR"
OWNER=$HOME/.config/jwtgate/askpass.json

# Letters of a token; no two chunks alike.
letters() {
	seq 100000 | tr -d '\n' | head -c "$1"
}

# owner JSON: what the owner wrote down.
owner() {
	printf '%s\n' "$1" >"$OWNER"
}

# silent WHAT SAYS PROMPT...: exit 1, nothing on standard output, and this
# reason on standard error.
silent() {
	local what=$1 says=$2
	shift 2
	refuse 1 "$what" "$JWTGATE_ASKPASS" "$@"
	nothing "$T/out" "$what: no output"
	like "$T/err" "$says" "$what: it says why"
}

# collect TARGET CHUNK: what pam_jwt would put together, in $T/token.
collect() {
	local offset=0 got
	: >"$T/token"
	while :; do
		"$JWTGATE_ASKPASS" "$1JWT[$offset+$2]: " >"$T/piece" || return
		got=$(($(wc -c <"$T/piece") - 1))
		head -c "$got" "$T/piece" >>"$T/token"
		[ "$got" -eq "$2" ] || break
		offset=$((offset + $2))
	done
}

# --- a token in pieces

letters 2500 >"$T/jwt"
echo >>"$T/jwt"
owner "{ \"hosts\": [\"alice@bastion\", \"sudo\"], \"token_file\": \"$T/jwt\" }"

accept "the first chunk" "$JWTGATE_ASKPASS" '(alice@bastion) JWT[0+1000]: '
is "$(cat "$T/out")" "$(letters 1000)" "it is the first thousand bytes"
is "$(wc -c <"$T/out")" 1001 "and one LF"
accept "the last chunk" "$JWTGATE_ASKPASS" '(alice@bastion) JWT[2000+1000]: '
is "$(wc -c <"$T/out")" 501 "it is what is left"
accept "nothing is left" "$JWTGATE_ASKPASS" '(alice@bastion) JWT[2500+1000]: '
is "$(wc -c <"$T/out")" 1 "it is an empty line"
silent "more than there is" 'more than there is' '(alice@bastion) JWT[2501+1000]: '
accept "sudo" "$JWTGATE_ASKPASS" 'JWT[500+500]: '
is "$(wc -c <"$T/out")" 501 "sudo's chunk"

for n in 1 499 500 501 999 1000 1001 1500 2000 16000 16384; do
	letters "$n" >"$T/jwt"
	for chunk in 1000 500; do
		collect '(alice@bastion) ' "$chunk"
		is "$(cat "$T/token")" "$(letters "$n")" \
			"$n bytes, $chunk at a time"
	done
done

# --- who may ask

letters 100 >"$T/jwt"
silent "a host that is not listed" 'alice@evil is not among' \
	'(alice@evil) JWT[0+1000]: '
silent "another user on the host" 'not among' '(bob@bastion) JWT[0+1000]: '
silent "a server that quotes a listed host's prompt" 'not a prompt' \
	'(alice@evil) (alice@bastion) JWT[0+1000]: '
silent "a host key question" 'not a prompt' \
	"The authenticity of host 'bastion' can't be established.
Are you sure you want to continue connecting (yes/no/[fingerprint])? "
silent "a passphrase" 'not a prompt' "Enter passphrase for key '/k': "
silent "ssh's password method" 'not a prompt' "alice@bastion's password: "
silent "sudo's own prompt" 'not a prompt' "[sudo] password for alice: "
silent "an empty prompt" 'not a prompt' ''
silent "no argument" usage
silent "two arguments" usage 'JWT[0+1000]: ' 'JWT[0+1000]: '

owner "{ \"hosts\": [\"alice@bastion\"], \"token_file\": \"$T/jwt\" }"
silent "sudo, when it is not listed" 'sudo is not among' 'JWT[0+500]: '
owner "{ \"token_file\": \"$T/jwt\" }"
silent "nobody is listed" 'not among' '(alice@bastion) JWT[0+1000]: '

# --- the owner's file

rm "$OWNER"
silent "no file" 'askpass\.json' 'JWT[0+500]: '
owner '{ "hosts": ["sudo"], "token": "/t" }'
silent "an unknown key" 'token: not a known key' 'JWT[0+500]: '
owner "{ \"hosts\": [\"sudo\"], \"token_file\": \"$T/jwt\" }"
chmod 666 "$OWNER"
silent "a file that others may write" 'askpass\.json' 'JWT[0+500]: '
chmod 644 "$OWNER"
accept "the same, when they may not" "$JWTGATE_ASKPASS" 'JWT[0+500]: '
mkdir -p "$T/xdg/jwtgate"
echo '{ "hosts": [] }' >"$T/xdg/jwtgate/askpass.json"
XDG_CONFIG_HOME=$T/xdg silent "XDG_CONFIG_HOME goes first" "$T/xdg" \
	'JWT[0+500]: '
XDG_CONFIG_HOME=xdg accept "a relative one does not count" \
	"$JWTGATE_ASKPASS" 'JWT[0+500]: '
HOME=home silent "neither does a relative home" 'HOME' 'JWT[0+500]: '

# --- the token

chmod 644 "$T/jwt"
silent "a token that all may read" "$T/jwt" 'JWT[0+500]: '
chmod 600 "$T/jwt"
for bad in 'a b' 'a\tb' 'a\nb' 'Bearer x' 'a\r\n' 'a\n\n'; do
	printf "$bad" >"$T/jwt"
	silent "a token like '$bad'" 'blank or a control' 'JWT[0+500]: '
done
: >"$T/jwt"
silent "an empty token" 'empty' 'JWT[0+500]: '
letters 16385 >"$T/jwt"
silent "a token over 16 KiB" 'over|larger|long|16384' 'JWT[0+500]: '
rm "$T/jwt"
silent "no token" "$T/jwt" 'JWT[0+500]: '

owner '{ "hosts": ["sudo"] }'
silent "no source at all" 'BEARER_TOKEN_FILE' 'JWT[0+500]: '
letters 10 >"$T/bearer"
BEARER_TOKEN_FILE=$T/bearer accept "BEARER_TOKEN_FILE" \
	"$JWTGATE_ASKPASS" 'JWT[0+500]: '
is "$(cat "$T/out")" "$(letters 10)" "its token"

# --- a program, which prints another token each time

cat >"$T/program" <<-END
	#!/bin/sh
	echo run >>"$T/runs"
	n=\$(wc -l <"$T/runs")
	[ ! -f "$T/fails" ] || exit 3
	printf "%0\$(cat "$T/length")d\n" "\$n"
END
chmod 700 "$T/program"
owner "{ \"hosts\": [\"alice@bastion\"], \"token_command\": [\"$T/program\"] }"

# Which tokens are kept, in $T/kept.
kept() {
	find "$XDG_RUNTIME_DIR" ! -type d >"$T/kept"
}

# program LENGTH RUNS WHAT: one login with it.
program() {
	: >"$T/runs"
	echo "$1" >"$T/length"
	collect '(alice@bastion) ' 1000
	is "$(wc -c <"$T/token")" "$1" "$3: $1 bytes"
	is "$(wc -l <"$T/runs")" "$2" "$3: run $2 times"
}
keeps() {
	program 2500 1 "a program"
	is "$(tail -c 1 "$T/token")" 1 "one token, not three"
	program 100 1 "a short one"
	program 2000 1 "two full chunks"
	kept
	nothing "$T/kept" "nothing is kept afterwards"
	is "$(stat -c %a "$XDG_RUNTIME_DIR/jwtgate")" 700 "the folder is private"

	program 2500 1 "another login"
	"$JWTGATE_ASKPASS" '(alice@bastion) JWT[0+1000]: ' >"$T/out"
	is "$(find "$XDG_RUNTIME_DIR" -type f -perm 600 | wc -l)" 1 \
		"between the chunks it is kept, for the owner only"
	"$JWTGATE_ASKPASS" '(alice@bastion) JWT[0+1000]: ' >"$T/out"
	is "$(wc -l <"$T/runs")" 3 "a new login asks the program again"
	sh -c '"$JWTGATE_ASKPASS" "(alice@bastion) JWT[1000+1000]: "; :' >"$T/out"
	is "$(wc -l <"$T/runs")" 4 "another process does not find it"

	# What a login that was broken off left behind goes with the next one.
	sh -c '"$JWTGATE_ASKPASS" "(alice@bastion) JWT[0+1000]: "; :' >"$T/out"
	collect '(alice@bastion) ' 1000
	kept
	nothing "$T/kept" "nothing of the dead is kept"

	# A link in its place is not followed.
	"$JWTGATE_ASKPASS" '(alice@bastion) JWT[0+1000]: ' >"$T/out"
	kept
	printf %02500d 7 >"$T/planted"
	ln -sf "$T/planted" "$(cat "$T/kept")"
	"$JWTGATE_ASKPASS" '(alice@bastion) JWT[1000+1000]: ' >"$T/out"
	is "$(tr -d '0\n' <"$T/planted")" 7 "what a link points to is left alone"
	is "$(wc -l <"$T/runs")" 8 "and not used: the program runs again"
	"$JWTGATE_ASKPASS" '(alice@bastion) JWT[2000+1000]: ' >"$T/out"
}

# Who asks is known by /proc, which a chroot may not have; then nothing is
# kept.
if [ -r /proc/self/stat ]; then
	keeps
else
	program 2500 3 "without /proc"
fi

mkdir -p "$XDG_RUNTIME_DIR/jwtgate"
chmod 755 "$XDG_RUNTIME_DIR/jwtgate"
program 2500 3 "a folder that others may enter"
chmod 700 "$XDG_RUNTIME_DIR/jwtgate"
unset XDG_RUNTIME_DIR
program 2500 3 "without XDG_RUNTIME_DIR"

: >"$T/fails"
silent "a program that fails" 'exit status 3' '(alice@bastion) JWT[0+1000]: '

done_testing
