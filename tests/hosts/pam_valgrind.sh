#!/usr/bin/env bash
# Nothing of a login stays in its host: one that succeeds, those that fail,
# under valgrind.
. "${top_srcdir:?}/tests/lib.sh"
. "$top_srcdir/tests/hosts/lib.sh"

command -v valgrind >/dev/null || skip_all "valgrind is not installed"
[ -r /proc/self/maps ] || skip_all "valgrind needs /proc"
[ -z "$preload_first" ] || skip_all "the sanitizers look already"

CONFIG=$T/jwtgate.json
write_config "$CONFIG"
service test <<-END
	auth required pam_jwt.so
	account required pam_jwt.so
	session required pam_jwt.so
END
sign_to 2500 "$(good_claims alice)" >"$T/good"
sign_to 2500 "$(good_claims bob)" >"$T/bob"
tamper 2 "$(cat "$T/good")" >"$T/tampered"
head -c 1048576 /dev/zero | tr '\000' 'x' >"$T/megabyte"
: >"$T/syslog"

# clean WHAT CODE DRIVE-ARGUMENT...: 99 is valgrind's word for an error.
clean() {
	local what=$1 code=$2 status
	shift 2
	TEST_SYSLOG=$T/syslog LD_PRELOAD=$HOSTSHIM valgrind -q \
		--error-exitcode=99 --leak-check=full \
		--errors-for-leak-kinds=definite,indirect,possible \
		--keep-debuginfo=yes \
		"$PAMDRIVE" -d "$PAM_D" "$@" >"$T/out" 2>"$T/err"
	status=$?
	is "$status" "$code" "$what: no error, no leak"
	[ "$status" -eq "$code" ] || diag "$T/out" "$T/err"
}

clean "a login" 0 -t "$T/good" authenticate acct_mgmt setcred open_session \
	close_session
clean "two in one transaction" 0 -t "$T/good" authenticate authenticate \
	acct_mgmt
clean "another user's token" 1 -t "$T/bob" authenticate
clean "a tampered token" 1 -t "$T/tampered" authenticate
clean "a megabyte" 1 -R -t "$T/megabyte" authenticate
clean "a conversation that fails" 1 -f 2 -t "$T/good" authenticate
mv "$CONFIG" "$CONFIG.away"
clean "no configuration" 1 -t "$T/good" authenticate

done_testing
