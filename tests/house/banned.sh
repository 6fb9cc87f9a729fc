#!/bin/bash
# What the code does without. A library inside somebody else's setuid
# program must not log, exit, look at the clock or at the environment; and a
# test must be able to fail.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"

call='(^|[^A-Za-z0-9_.>])'

# what, where, extended regular expression. sasl/command.c alone, for clients,
# starts a program, and ends it.
rules() {
	cat <<END
in common: no clock but the monotonic	common	${call}(time|gettimeofday|localtime|gmtime|ctime)(_r)? *\\(|${call}clock_gettime *\\( *(CLOCK_[^M]|[^C])
in common: no environment	common	${call}(secure_)?getenv *\\(|${call}environ[^A-Za-z0-9_]
in common: no working directory	common	${call}(getcwd|chdir|realpath) *\\(
in common: no output	common	${call}v?(f|d)?printf *\\(|${call}(puts|fputs|perror|syslog|openlog) *\\(
in common: no stdio streams	common	${call}(fopen|fdopen|popen|tmpfile) *\\(|FILE *\\*
in common, pam: no exit	common pam sasl	${call}_?(exit|_Exit|abort|assert|err|errx) *\\(
in common, pam: no signals	common pam sasl/[!c]*	${call}(signal|sigaction|raise|kill|alarm|atexit) *\\(
in common, pam: no threads	common pam sasl	${call}(pthread_|thrd_)[a-z]* *\\(
in common, pam: no foreign programs	common pam sasl/[!c]*	${call}(system|popen|fork|vfork|exec[lvpe]+|posix_spawnp?) *\\(
in pam: no environment	pam	${call}(secure_)?getenv *\\(|${call}(setenv|putenv|unsetenv|openlog) *\\(
everywhere: no unbounded copies	common pam sasl fraudd tools	${call}(strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca|scanf|sscanf|atoi|atol) *\\(
in auth, pam: no memcmp, it tells where secrets differ	common/jwk* common/jws* common/jwe* common/claims* common/keyring* common/mint* common/revocation* common/gate* pam	${call}memcmp *\\(
everywhere: no bare memset on secrets	common pam sasl fraudd tools	${call}bzero *\\(
everywhere: no cleanup attribute	common pam sasl fraudd tools	__cleanup__|\\(cleanup\\(
everywhere: no typedef of a struct	common pam sasl fraudd tools	typedef +(struct|union|enum)
everywhere: block comments only	common pam sasl fraudd tools tests	(^|[^:"])//
END
}

# find_rule ROOT DIRS REGEX: file:line: text of each match in code.
find_rule() {
	local root=$1 regex=$3 dirs dir path
	read -ra dirs <<<"$2"
	for dir in "${dirs[@]}"; do
		# shellcheck disable=SC2086 # a pattern, to be expanded here
		while read -r path; do
			code_of "$path" | grep -nE -e "$regex" |
				sed "s|^|${path#"$root"/}:|"
		done < <(find "$root"/$dir -name '*.[ch]' 2>/dev/null | sort)
	done
}

# opens ROOT: open() without O_CLOEXEC on the same or the next line, where
# the process is somebody else's.
opens() {
	local path
	while read -r path; do
		code_of "$path" | awk -v file="${path#"$1"/}" '
		held != "" {
			if ($0 !~ /O_CLOEXEC/) print held
			held = ""
		}
		/(^|[^A-Za-z0-9_])(open|openat) *\(/ && !/O_CLOEXEC/ {
			held = file ":" NR ": " $0
		}'
	done < <(find "$1/common" "$1/pam" "$1/sasl" -name '*.[ch]' 2>/dev/null |
		sort)
}

# shell ROOT: shell lines that cannot fail, and waits by the clock.
shell() {
	local path
	while read -r path; do
		grep -nE '^[[:space:]]*! |(^|[;&|[:space:]])sleep [1-9]' \
			"$path" | sed "s|^|${path#"$1"/}:|"
	done < <(find "$1/tests" "$1/scripts" -type f -name '*.sh' 2>/dev/null |
		sort)
}

# notes ROOT: what was left for later without an issue's number.
notes() {
	c_files "$1" | xargs grep -HnE '\<(TODO|FIXME|XXX|HACK)\>' |
		grep -vE '#[0-9]+'
}

while IFS=$'\t' read -r what dirs regex; do
	find_rule "$top_srcdir" "$dirs" "$regex" >"$T/found"
	nothing "$T/found" "$what"
done < <(rules)

opens "$top_srcdir" >"$T/found"
nothing "$T/found" "every open says O_CLOEXEC"
shell "$top_srcdir" >"$T/found"
nothing "$T/found" "no shell test that cannot fail or that sleeps"
notes "$top_srcdir" >"$T/found"
nothing "$T/found" "nothing is left for later"

# The test must be able to fail: one planted line for each rule.
mkdir -p "$T/bad/common" "$T/bad/pam" "$T/bad/tools" "$T/bad/tests"
cat >"$T/bad/common/bad.c" <<'END'
	now = time(NULL);
	p = getenv("HOME");
	realpath(a, b);
	fprintf(stderr, "x");
	FILE *f = fopen(name, "re");
	abort();
	signal(SIGPIPE, SIG_IGN);
	pthread_create(&t, NULL, f, NULL);
	execve(path, argv, envp);
	strcpy(a, b);
	bzero(key, n);
	char *p __attribute__((__cleanup__(f)));
typedef struct a a_t;
	x = 1; // no
	fd = open(path, O_RDONLY);
	/* XXX later */
END
printf '\tsetenv("A", "b", 1);\n' >"$T/bad/pam/bad.c"
printf '\tif (memcmp(a, b, n) == 0)\n' >"$T/bad/common/jws_bad.c"
printf 'set -e\n! grep x y\n' >"$T/bad/tests/bad.sh"

while IFS=$'\t' read -r what dirs regex; do
	find_rule "$T/bad" "$dirs" "$regex" >"$T/found"
	like "$T/found" . "a planted breach is seen: $what"
done < <(rules)
opens "$T/bad" >"$T/found"
like "$T/found" O_RDONLY "a planted open is seen"
shell "$T/bad" >"$T/found"
like "$T/found" grep "a planted '! cmd' is seen"
notes "$T/bad" >"$T/found"
like "$T/found" later "a planted note is seen"

# And what only looks like a breach must pass.
cat >"$T/fine.c" <<'END'
	/* time(NULL) is not asked here */
	err_set(e, E_IO, "no time(2) // in a string");
	x->time(y); runtime(z); snprintf(a, n, "x"); mem_open(fd);
END
mkdir -p "$T/fine/common" && mv "$T/fine.c" "$T/fine/common/"
while IFS=$'\t' read -r what dirs regex; do
	find_rule "$T/fine" "$dirs" "$regex"
done < <(rules) >"$T/found"
nothing "$T/found" "comments, strings and longer names are no breach"

done_testing
