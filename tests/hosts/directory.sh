# shellcheck shell=bash disable=SC2034,SC2154
# hosts/directory.sh: private LDAP servers on free ports of 127.0.0.1, with
# people and groups for every trap; certificates that are good and others
# that are not; and servers that are none. Needs no root. Source
# tests/hosts/lib.sh first.
#
#	directory_certs			a CA and what it signed, in $T/certs
#	directory_slapd NAME [OPTION...]	makes and starts a slapd:
#		memberof	groups tell their members (the overlay, and in the data)
#		ppolicy		passwords expire, must change, are locked
#		bulk		10 000 people and 1000 groups beside the others
#		referral	something is on another server, says an entry
#		cert=NAME	the certificate: good, wrong-name, wrong-ca, expired
#		LINE		a line of slapd.conf, for the database
#	directory_stop NAME, directory_again NAME	the same data and ports
#	directory_load NAME <LDIF	changes (ldapmodify), as the administrator
#	directory_mark NAME, directory_searches NAME	how many since then
#	directory_fake PORTVAR MODE	starts directory_fake.py, e.g. "hole"
#	roles_config FILE URIS [MEMBERS] [SERVICES]	a jwtgate.json that asks
#	GATE_SERVICE=S drive_start FILE, ask WORD..., drive_stop
#			a long-lived host (gatedrive) and its answer, in $answer
#
# ${LDAP[NAME]}, ${LDAPS[NAME]}, ${LDAPI[NAME]} are its URIs. The password of
# everybody is their uid and "-secret"; cn=reader may read, root may too by
# ldapi and EXTERNAL.

BASE=dc=example,dc=org
PEOPLE=ou=people,$BASE
GROUPS_DN=ou=groups,$BASE
CERTS=$T/certs
SLAPD=${SLAPD:-/usr/sbin/slapd}
declare -A LDAP LDAPS LDAPI DIRECTORY_PID DIRECTORY_SEEN DIRECTORY_URLS

[ -x "$SLAPD" ] || skip_all "slapd is not installed"
umask 077

# The right address as a name that counts for nothing: one in the subject.
# directory_cert NAME CA SAN DAYS
directory_cert() {
	local at=$CERTS/$1
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj "/CN=127.0.0.1" -keyout "$at.key" -out "$at.csr" 2>/dev/null &&
		openssl x509 -req -in "$at.csr" -CA "$CERTS/$2.pem" \
			-CAkey "$CERTS/$2.key" -CAcreateserial -days "$4" \
			-extfile <(echo "subjectAltName=$3") -out "$at.pem" \
			2>/dev/null
}

directory_certs() {
	local ca here=IP:127.0.0.1,DNS:directory.test
	mkdir -p "$CERTS"
	for ca in ca other-ca; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
			-nodes -subj "/CN=$ca of a test" -days 2 \
			-addext keyUsage=critical,keyCertSign \
			-keyout "$CERTS/$ca.key" -out "$CERTS/$ca.pem" \
			2>/dev/null || return
	done
	directory_cert good ca "$here" 2 &&
		directory_cert wrong-name ca DNS:another.test,IP:127.0.0.2 2 &&
		directory_cert wrong-ca other-ca "$here" 2 &&
		directory_cert expired ca "$here" -1
}

# slapd.conf of NAME; options as above.
directory_conf() {
	local name=$1 cert=good option memberof='' ppolicy='' lines=''
	local at=$T/slapd-$1
	shift
	for option; do
		case $option in
		memberof) memberof=1 ;;
		ppolicy) ppolicy=1 ;;
		bulk | referral) ;;
		cert=*) cert=${option#cert=} ;;
		*) lines+=$option$'\n' ;;
		esac
	done
	cat <<-END
		$(printf 'include /etc/ldap/schema/%s.schema\n' core cosine nis \
		inetorgperson)
		modulepath /usr/lib/ldap
		moduleload back_mdb
		${memberof:+moduleload memberof}
		${ppolicy:+moduleload ppolicy}
		pidfile $at/pid
		argsfile $at/args
		$([ ! -f "$CERTS/$cert.pem" ] || cat <<-TLS
			TLSCACertificateFile $CERTS/ca.pem
			TLSCertificateFile $CERTS/$cert.pem
			TLSCertificateKeyFile $CERTS/$cert.key
			TLSVerifyClient never
		TLS
		)
		threads 4
		database mdb
		maxsize 268435456
		suffix $BASE
		rootdn cn=admin,$BASE
		rootpw admin-secret
		directory $at/db
		dbnosync
		index objectClass,uid,cn,member,memberUid,entryUUID eq
		access to attrs=userPassword by anonymous auth by * none
		access to *
		  by dn.exact=cn=reader,$BASE read
		  by dn.exact=gidNumber=0+uidNumber=0,cn=peercred,cn=external,cn=auth read
		  by * auth
		${memberof:+overlay memberof}
		${memberof:+memberof-refint true}
		${ppolicy:+overlay ppolicy}
		${ppolicy:+ppolicy_default cn=default,ou=policies,$BASE}
		${ppolicy:+ppolicy_use_lockout}
		$lines
	END
}

# Starts NAME on the ports that it has, or on free ones.
directory_run() {
	local name=$1 at=$T/slapd-$1 i port tries=20
	[ -z "${DIRECTORY_URLS[$name]-}" ] || tries=100
	for ((; tries > 0; tries--)); do
		if [ -z "${DIRECTORY_URLS[$name]-}" ] || [ "$tries" -lt 20 ]; then
			port=$((20000 + RANDOM % 20000 * 2))
			LDAP[$name]=ldap://127.0.0.1:$port
			LDAPS[$name]=ldaps://127.0.0.1:$((port + 1))
			LDAPI[$name]=ldapi://${at//\//%2F}%2Fldapi
		fi
		: >"$at/log"
		"$SLAPD" -d stats -f "$at/slapd.conf" -h \
			"${LDAP[$name]} ${LDAPS[$name]} ${LDAPI[$name]}" \
			</dev/null >>"$at/log" 2>&1 &
		DIRECTORY_PID[$name]=$!
		for ((i = 0; i < 500; i++)); do
			if grep -q 'slapd starting' "$at/log"; then
				DIRECTORY_URLS[$name]=1
				DIRECTORY_SEEN[$name]=0
				return 0
			fi
			kill -0 "${DIRECTORY_PID[$name]}" 2>/dev/null || break
			sleep 0.02
		done
		directory_stop "$name"
		sleep 0.05
	done
	tail -n 5 "$at/log" >&2
	return 1
}

directory_slapd() {
	local name=$1 at=$T/slapd-$1 flags=()
	shift
	mkdir -p "$at/db" || return
	at_exit "directory_stop $name"
	directory_conf "$name" "$@" >"$at/slapd.conf"
	case " $* " in *" memberof "*) flags+=(--memberof) ;; esac
	case " $* " in *" ppolicy "*) flags+=(--ppolicy) ;; esac
	case " $* " in *" referral "*) flags+=(--referral) ;; esac
	case " $* " in *" bulk "*) flags+=(--bulk) ;; esac
	python3 "$top_srcdir/tests/hosts/directory_people.py" "${flags[@]}" \
		>"$at/ldif" || return
	/usr/sbin/slapadd -q -f "$at/slapd.conf" -b "$BASE" -l "$at/ldif" \
		>"$at/slapadd.log" 2>&1 || {
		cat "$at/slapadd.log" >&2
		return 1
	}
	directory_run "$name"
}

directory_stop() {
	[ -n "${DIRECTORY_PID[$1]-}" ] || return 0
	kill -CONT "${DIRECTORY_PID[$1]}" 2>/dev/null
	kill "${DIRECTORY_PID[$1]}" 2>/dev/null
	wait "${DIRECTORY_PID[$1]}" 2>/dev/null
	DIRECTORY_PID[$1]=
}

directory_again() {
	directory_run "$1"
}

directory_load() {
	ldapmodify -x -H "${LDAPI[$1]}" -D "cn=admin,$BASE" -w admin-secret \
		>"$T/ldapmodify.log" 2>&1 || {
		cat "$T/ldapmodify.log" >&2
		return 1
	}
}

directory_count() {
	grep -c ' SRCH base=' "$T/slapd-$1/log"
}

directory_mark() {
	DIRECTORY_SEEN[$1]=$(directory_count "$1")
}

directory_searches() {
	echo $(($(directory_count "$1") - DIRECTORY_SEEN[$1]))
}

# directory_fake VAR MODE: what it heard is in $T/fake-VAR. VAR becomes the
# port, VAR_PID the process.
directory_fake() {
	local var=$1 mode=$2 i pid
	shift
	: >"$T/fake-$var"
	python3 "$top_srcdir/tests/hosts/directory_fake.py" "$@" \
		</dev/null >"$T/fake-$var" 2>"$T/fake-$var.err" &
	pid=$!
	at_exit "kill $pid 2>/dev/null; wait $pid 2>/dev/null"
	for ((i = 0; i < 500; i++)); do
		if grep -q '^port ' "$T/fake-$var"; then
			printf -v "$var" %s \
				"$(sed -n 's/^port //p' "$T/fake-$var" | head -n 1)"
			printf -v "${var}_PID" %s "$pid"
			return 0
		fi
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.02
	done
	echo "directory_fake.py $mode did not start" >&2
	cat "$T/fake-$var.err" >&2
	return 1
}

# What the roles of these tests are: every way to say one.
ROLES_AUTHORIZE='
	"admins": "cn=admins,ou=groups,dc=example,dc=org",
	"users": "cn=users,ou=groups,dc=example,dc=org",
	"night": "cn=Ops\\2C (night),ou=groups,dc=example,dc=org",
	"depth1": "cn=depth1,ou=groups,dc=example,dc=org",
	"depth5": "cn=depth5,ou=groups,dc=example,dc=org",
	"left1": "cn=left1,ou=groups,dc=example,dc=org",
	"long1": "cn=long1,ou=groups,dc=example,dc=org",
	"long36": "cn=long36,ou=groups,dc=example,dc=org",
	"tail": "cn=tail,ou=groups,dc=example,dc=org",
	"self": "cn=self,ou=groups,dc=example,dc=org",
	"ops": "(&(objectClass=posixGroup)(cn=ops)(memberUid={user}))",
	"byurl": "ldap:///ou=groups,dc=example,dc=org??sub?(&(cn=users)(member={dn}))",
	"nobody": "cn=no-such-group,ou=groups,dc=example,dc=org"'

# roles_config FILE URIS [MEMBERS-OF-DIRECTORY] [SERVICES]; "members" win over
# what is said here, by standing in its place; ROLES_OWN are members of
# "authentication", ROLES_AS=nobody leaves out whom to bind as.
ROLES_OWN=
ROLES_AS=
roles_config() {
	local file=$1 uris=$2 members=${3-} services=${4-} uri list=
	for uri in $uris; do
		list+=${list:+, }\"$uri\"
	done
	case $members in *'"start_tls"'* | *'"insecure_plaintext"'*) ;;
	*) members+=${members:+, }'"insecure_plaintext": true' ;;
	esac
	case $members$ROLES_AS in *'"bind_dn"'* | *nobody) ;;
	*)
		echo reader-secret >"$T/reader-password"
		members+=', "bind_dn": "cn=reader,dc=example,dc=org",
		    "bind_password_file": "'$T/reader-password'"'
		;;
	esac
	case $members in *'"ca_file"'*) ;;
	*)
		[ ! -f "$CERTS/ca.pem" ] ||
			members+=', "ca_file": "'$CERTS/ca.pem'"'
		;;
	esac
	cat >"$file" <<-END
		{ "common": {
		    "authentication": { ${ROLES_OWN:+$ROLES_OWN,}
		      "authorize": { ${ROLES_AUTHORIZE},
		        "unauthorized": "Ask the service desk." } },
		    "directory": { "uri": [ $list ], "base": "$BASE", $members } },
		  "services": ${services:-{ \"*\": { \"require\": {\"any\":
		    [\"admins\"]\}, \"minimum_uid\": 0 \}\}} }
	END
	chmod 600 "$file"
}

# roles_of USER CONFIG [OPTION...]: its words in one line, in $roles; the
# status in $status, what was said in $T/err.
roles_of() {
	local user=$1 config=$2
	shift 2
	"$JWTGATE" roles --config "$config" "$@" -- "$user" \
		>"$T/out" 2>"$T/err"
	status=$?
	roles=$(sort "$T/out" | paste -sd ' ')
}

GATEDRIVE=${GATEDRIVE:-$top_builddir/tests/hosts/gatedrive}
drive_pid=

drive_start() {
	coproc DRIVE { exec "$GATEDRIVE" "$1" "${GATE_SERVICE:-any}" \
		2>"$T/drive.err"; }
	drive_pid=$DRIVE_PID
	drive_in=${DRIVE[1]}
	drive_out=${DRIVE[0]}
}

# ask_to COMMAND: something that has no answer.
ask_to() {
	echo "$*" >&"$drive_in"
}

# ask COMMAND: tells the host, and has the first line of its answer in
# $answer, its verdict and reason in $verdict, milliseconds in $took, roles
# in $roles.
ask() {
	local more
	echo "$*" >&"$drive_in"
	answer=
	IFS= read -r -t 30 answer <&"$drive_out" ||
		answer="the host does not answer"
	read -r verdict reason took roles <<<"$answer"
	more="$verdict $reason"
	verdict=$more
}

# The next line of an answer that has more.
ask_more() {
	IFS= read -r -t 30 answer <&"$drive_out" || answer="no answer"
}

drive_stop() {
	[ -n "$drive_pid" ] || return 0
	eval "exec $drive_in>&-"
	wait "$drive_pid" 2>/dev/null
	drive_status=$?
	drive_pid=
}
at_exit drive_stop
