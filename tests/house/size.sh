#!/bin/bash
# How big a thing may grow before it must be cut in two. Lines are counted
# as they stand; of a header the comments do not count, they are its purpose.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"

FILE_MAX=600
HEADER_MAX=120
FUNCTION_MAX=70
PARAMS_MAX=6
NESTING_MAX=3
WIDTH_MAX=80
# their parameters are those of the library that calls them
FOREIGN="fraudd/dialect_http.c:on_request sasl/exchange.c:exchange_step
sasl/oauth_client.c:client_step
tests/sasl/test_sasl_traps.c:strict_canon
tests/sasl/test_sasl_traps.c:no_canon
tests/sasl/test_sasl_traps.c:allow_proxy"

is_foreign() {
	case " ${FOREIGN//$'\n'/ } " in
	*" $1 "*) return 0 ;;
	esac
	return 1
}

# functions FILE: name, lines, parameters, deepest nesting of each function.
# It leans on the format: a body opens and closes with a brace in column 0.
functions() {
	code_of "$1" | awk '
	/^[{]/ {
		body = 1; start = NR; depth = 1; deepest = 1
		sig = head; sub(/^[^(]*[^A-Za-z0-9_(]/, "", sig)
		name = sig; sub(/[(].*/, "", name)
		sub(/^[^(]*[(]/, "", sig)
		params = 1; level = 0
		for (i = 1; i <= length(sig); i++) {
			c = substr(sig, i, 1)
			if (c == "(") level++
			if (c == ")") level--
			if (c == "," && level == 0) params++
		}
		next
	}
	body && /^[}]/ {
		print name, NR - start + 1, params, deepest - 1
		body = 0; head = ""
		next
	}
	body {
		for (i = 1; i <= length($0); i++) {
			c = substr($0, i, 1)
			if (c == "{" && ++depth > deepest) deepest = depth
			if (c == "}") depth--
		}
		next
	}
	/^#/ || /;[[:space:]]*$/ || /^$/ { head = ""; next }
	{ head = head " " $0 }'
}

# wide FILE: the lines that are too wide, a tab counting as eight.
wide() {
	expand -t 8 "$1" | awk -v max="$WIDTH_MAX" \
		'length($0) > max { print NR ": " length($0) " columns" }'
}

# check ROOT DIR...: prints what is too big.
check() {
	local root=$1 path file lines limit name params nesting
	shift
	while read -r path; do
		file=${path#"$root"/}
		limit=$FILE_MAX
		lines=$(wc -l <"$path")
		case $file in
		*.h)
			limit=$HEADER_MAX
			lines=$(code_of "$path" | grep -c '[^[:space:]]')
			;;
		esac
		[ "$lines" -le "$limit" ] || echo "$file: $lines lines"
		while read -r name lines params nesting; do
			[ "$lines" -le "$FUNCTION_MAX" ] ||
				echo "$file: $name(): $lines lines"
			[ "$params" -le "$PARAMS_MAX" ] ||
				is_foreign "$file:$name" ||
				echo "$file: $name(): $params parameters"
			[ "$nesting" -le "$NESTING_MAX" ] ||
				echo "$file: $name(): nested $nesting deep"
		done < <(functions "$path")
		wide "$path" | sed "s|^|$file:|"
	done < <(find "$@" -name '*.[ch]' | sort)
}

folders=()
for folder in common pam sasl fraudd tools tests; do
	[ ! -d "$top_srcdir/$folder" ] || folders+=("$top_srcdir/$folder")
done
check "$top_srcdir" "${folders[@]}" >"$T/found"
nothing "$T/found" "files, functions, parameters, nesting, width"

# The test must be able to fail.
plant() {
	printf '%s\n' "$2" >"$T/bad/bad.$1"
	check "$T" "$T/bad" >"$T/found"
	like "$T/found" "$3" "a planted breach is seen: $3"
	rm "$T/bad/bad.$1"
}
mkdir "$T/bad"
many() {
	seq "$1" | sed 's/.*/	call();/'
}
plant c "$(seq 601 | sed 's/.*/int x;/')" '601 lines'
plant h "$(seq 121 | sed 's/.*/int x;/')" '121 lines'
plant c "int
long_one(int a)
{
$(many 69)
}" 'long_one\(\): 71 lines'
plant c "int
broad(int a, int (*f)(int, int), int c, int d,
    int e, int g, int h)
{
}" 'broad\(\): 7 parameters'
plant c "int
deep(void)
{
	if (a) { if (b) { if (c) { if (d) { call(); } } } }
}" 'deep\(\): nested 4 deep'
plant c "/* $(printf '%080d' 0) */" '86 columns'

done_testing
