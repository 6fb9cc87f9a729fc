# shellcheck shell=bash disable=SC2034,SC2154
# hosts/lib.sh: keys, configurations and tokens for tests of real hosts; and
# service files like the ones in etc/pam.d, with the module that was built.
# Source tests/lib.sh first. Everything lies in $T.

HOSTSHIM=${HOSTSHIM:-$top_builddir/tests/hosts/.libs/hostshim.so}
PAMDRIVE=${PAMDRIVE:-$top_builddir/tests/hosts/pamdrive}

# What a preloading host must preload before the module can be loaded: a
# sanitized one needs its runtime, and libpam never gives modules back.
preload_first=
if ldd "$PAM_JWT" 2>/dev/null | grep -q libasan; then
	preload_first=$(gcc -print-file-name=libasan.so):
	export ASAN_OPTIONS=detect_leaks=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}
fi

now=$(date +%s)

# sign CLAIMS [KEYS]: a token with exactly these claims.
sign() {
	local token
	token=$(printf '%s' "$1" |
		"$JWTGATE" jws sign --keys "${2:-$T/signing.jwk}") || return
	printf '%s' "$token"
}

# A token of exactly N bytes: padded, then the header too, because three
# bytes of base64url in four lengths are what padding alone reaches.
# sign_to N CLAIMS-WITHOUT-BRACES
sign_to() {
	local n=$1 claims=$2 pad kid key token
	for kid in k kk kkk; do
		key=$T/signing-$kid.jwk
		[ -f "$key" ] || sed 's/^{/{"kid":"'$kid'",/' \
			"$T/signing.jwk" >"$key"
		token=$(sign "{$claims,\"pad\":\"\"}" "$key") || return
		pad=$(((n - ${#token}) * 3 / 4 - 1))
		while [ "${#token}" -lt "$n" ]; do
			token=$(sign "{$claims,\"pad\":\"$(printf '%*s' "$pad" '' |
				tr ' ' x)\"}" "$key") || return
			pad=$((pad + 1))
		done
		if [ "${#token}" -eq "$n" ]; then
			printf '%s' "$token"
			return 0
		fi
	done
	echo "# no token of $n bytes" >&2
	return 1
}

# The same token with one character of one part turned into another.
# tamper PART(1..3) TOKEN
tamper() {
	local i=$(($1 - 1)) c parts IFS=.
	read -r -a parts <<<"$2"
	c=${parts[i]:10:1}
	[ "$c" = A ] && c=B || c=A
	parts[i]=${parts[i]:0:10}$c${parts[i]:11}
	printf '%s' "${parts[*]}"
}

# An ES256 key of ours, without a kid so that it serves any; and a configuration in which common.authentication
# is an issuer with it. MORE are services, and what else is to be said.
# write_config FILE [SERVICES]
write_config() {
	[ -f "$T/signing.jwk" ] || "$JWTGATE" keys generate --alg ES256 \
		--kid k | sed 's/,"kid":"k"//' >"$T/signing.jwk"
	cat >"$1" <<-END
		{ "common": { "authentication": {
		    "jwtsigningkey_file": "$T/signing.jwk", "jwtalgorithm": "ES256",
		    "jwtexpireoffset": 1800, "issuer": "https://login.example.org",
		    "audience": ["ssh"] } },
		  "services": ${2:-{ \"*\": { \"require\": \"token_only\" \}\}} }
	END
	chmod 600 "$1"
}

# Claims that this configuration accepts, without braces.
# good_claims USER [LIFETIME]
good_claims() {
	printf '"iss":"https://login.example.org","aud":"ssh","sub":"%s"' "$1"
	printf ',"user":"%s","iat":%d,"exp":%d' "$1" "$((now - 5))" \
		"$((now + ${2:-600}))"
}

# service NAME: a service file from standard input in $PAM_D, with the
# module that was built and its config= in place of pam_jwt.so. (Debian's
# @include always means /etc/pam.d.)
PAM_D=$T/pam.d
service() {
	mkdir -p "$PAM_D"
	sed -e "s,pam_jwt\.so,$PAM_JWT config=$CONFIG," \
		-e "s,^@include ,&$PAM_D/," >"$PAM_D/$1"
	[ -f "$PAM_D/other" ] || for type in auth account password session; do
		echo "$type required pam_deny.so"
	done >"$PAM_D/other"
}

# drive OPTION... PHASE...: runs a stack; output in $T/out, log in $T/syslog.
drive() {
	TEST_SYSLOG=$T/syslog LD_PRELOAD=$preload_first$HOSTSHIM \
		"$PAMDRIVE" -d "$PAM_D" "$@" >"$T/out" 2>"$T/err"
}

# No part of these tokens, nor a long piece of one, stands in any of the
# logs. no_secret WHAT LOG... -- TOKENFILE...
no_secret() {
	local what=$1 logs=() file part
	shift
	while [ "$1" != -- ]; do
		logs+=("$1")
		shift
	done
	shift
	: >"$T/pieces"
	for file; do
		tr '.' '\n' <"$file" | fold -w 24 | grep -E '^.{24}$' \
			>>"$T/pieces"
	done
	: >"$T/found"
	if [ ! -s "$T/pieces" ]; then
		echo "there was nothing to look for" >"$T/found"
	fi
	for file in "${logs[@]}"; do
		[ -s "$file" ] || echo "$file is empty" >>"$T/found"
		grep -anFf "$T/pieces" -- "$file" >>"$T/found"
	done
	nothing "$T/found" "$what"
}
