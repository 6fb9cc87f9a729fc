#!/bin/bash
# Who may include whom (doc/DESIGN.md, "Dependency direction"), and in which
# rooms a foreign header may be seen.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"

# A room sees the rooms named before it, in this order, and itself.
rooms="err mem str b64url file source addr lock deadline ldapuri jscan jwa json schema dn query config
fraud_proto digest jwk jws jwe claims directory fraud_client keyring roles mint revocation gate"
# What fraudctl sees of fraudd: rules, counts and keys, nothing that serves.
engine="engine engine_query hash settings"
# What fraudd may use of them, and what is in libbase.
base="err mem str b64url file source addr lock deadline ldapuri jscan jwa json schema dn query config fraud_proto"

# header prefix, then the files that may include it
foreign='json-c/ common/json.c common/json_*
openssl/ common/jwk.* common/jwk_* common/jws.* common/jws_* common/jwe.* common/jwe_* common/mint.c common/digest.c
ldap.h common/directory.* common/directory_*
openldap.h common/directory_*
lber.h common/directory.* common/directory_*
ares.h common/directory.* common/directory_*
security/ pam/*
sasl/ sasl/*
syslog.h pam/* fraudd/*
getopt.h tools/* fraudd/main.c
sodium.h fraudd/hash.c
microhttpd.h fraudd/dialect_http.c
hiredis/ fraudd/store_redis.c
event2/ fraudd/server.c fraudd/server_peer.c fraudd/server_priv.h
systemd/ fraudd/main.c
pthread.h fraudd/*
threads.h'

# room_of FILE: "jwk" for common/jwk_check.c; nothing for a file of no room.
room_of() {
	local stem=${1##*/} room
	stem=${stem%.[ch]}
	for room in $rooms; do
		case $stem in
		"$room" | "$room"_*) echo "$room" && return ;;
		esac
	done
}

# in_base ROOM
in_base() {
	case " $base " in
	*" $1 "*) return 0 ;;
	esac
	return 1
}

# includes FILE: its #include names, quotes and brackets kept.
includes() {
	sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*\(["<][^">]*[">]\).*/\1/p' "$1"
}

# own_ok FILE NAME: may FILE (common/x.c) include "NAME"?
own_ok() {
	local file=$1 name=$2 mine theirs room
	theirs=$(room_of "$name")
	case $file in
	common/*)
		mine=$(room_of "$file")
		[ -n "$mine" ] && [ -n "$theirs" ] || return 1
		for room in $rooms; do
			[ "$room" = "$theirs" ] && return 0
			[ "$room" = "$mine" ] && return 1
		done
		return 1
		;;
	*) # a host: its own folder, then common; of a daemon, base only
		[ -f "$root/${file%/*}/$name" ] && return 0
		case $file in
		tools/fraudctl*)
			case " $engine " in
			*" ${name%.h} "*) return 0 ;;
			esac
			in_base "$theirs" && return 0
			return 1
			;;
		esac
		[ "${file%%/*}" != fraudd ] || in_base "$theirs" || return 1
		[ -n "$theirs" ]
		;;
	esac
}

# foreign_ok FILE NAME: may FILE include <NAME>?
foreign_ok() {
	local file=$1 name=$2 prefix globs glob
	while read -r prefix globs; do
		case $name in
		"$prefix"*) ;;
		*) continue ;;
		esac
		set -f
		for glob in $globs; do
			# shellcheck disable=SC2254 # it is a pattern
			case $file in
			$glob) set +f && return 0 ;;
			esac
		done
		set +f
		return 1
	done <<<"$foreign"
	return 0
}

# check ROOT: prints every breach.
check() {
	local root=$1 path file inc name
	while read -r path; do
		file=${path#"$root"/}
		case $file in
		common/*)
			[ -n "$(room_of "$file")" ] ||
				echo "$file: belongs to no room of the table"
			;;
		esac
		while read -r inc; do
			name=${inc:1:-1}
			case $inc in
			\"*/*) echo "$file: $inc has a path" ;;
			\"*)
				own_ok "$file" "$name" ||
					echo "$file: may not include $inc"
				;;
			*)
				foreign_ok "$file" "$name" ||
					echo "$file: may not include $inc"
				;;
			esac
		done < <(includes "$path")
		name=${file##*/}
		name=${name%.c}.h
		[ "${file%.c}" = "$file" ] || [ ! -f "${path%.c}.h" ] ||
			includes "$path" | grep -qxF "\"$name\"" ||
			echo "$file: does not include its own header"
	done < <(c_files "$root")
}

# layering: libbase must not need libauth, told by the linker's own eyes
undefined_in_base() {
	local lib=$top_builddir/common/.libs
	if [ ! -f "$lib/libbase.a" ] || [ ! -f "$lib/libauth.a" ]; then
		echo "libbase.a or libauth.a is not built"
		return
	fi
	comm -12 \
		<(nm -u "$lib/libbase.a" | awk 'NF == 2 { print $2 }' | sort -u) \
		<(nm --defined-only "$lib/libauth.a" | awk 'NF == 3 { print $3 }' |
			sort -u)
	nm -u "$lib/libbase.a" | grep -E ' (EVP_|OPENSSL_|CRYPTO_|pam_|syslog)'
}

check "$top_srcdir" >"$T/found"
nothing "$T/found" "includes go one way only, foreign headers stay in their rooms"

undefined_in_base >"$T/found"
nothing "$T/found" "libbase needs nothing of libauth, OpenSSL or PAM"

for room in $base; do
	[ -f "$top_srcdir/common/$room.h" ] || echo "$room"
done >"$T/found"
nothing "$T/found" "the rooms of the table exist"

# The test must be able to fail: one planted breach of each kind.
bad=$T/bad
plant() {
	mkdir -p "$bad/common" "$bad/pam" "$bad/tools" "$bad/fraudd"
	printf '%s\n' "$2" >"$bad/$1"
	check "$bad" >"$T/found"
	like "$T/found" "^$1: " "a planted breach is seen: $3"
	rm -r "$bad"
}
plant common/str.c '#include "gate.h"' "a lower room includes a higher one"
plant common/gate.h '#include "pam_args.h"' "common includes a host"
plant tools/cli.c '#include "pam_args.h"' "a host includes another host"
plant common/claims.c '#include <json-c/json.h>' "json-c outside json.c"
plant common/gate.c '#include <openssl/evp.h>' "OpenSSL outside its rooms"
plant common/err.c '#include <syslog.h>' "common logs"
plant tools/cli.c '#include <security/pam_appl.h>' "PAM outside pam/"
plant common/util.c '#include <stdio.h>' "a file without a room"
plant fraudd/main.c '#include "gate.h"' "fraudd uses more than libbase"
plant tools/fraudctl.c '#include "gate.h"' "fraudctl uses more than libbase"
plant tools/fraudctl.c '#include "server.h"' "fraudctl serves"
plant tools/jwtgate.c '#include "engine.h"' "another command uses the engine"
plant pam/pam_jwt.c '#include "../common/gate.h"' "an include with a path"

done_testing
