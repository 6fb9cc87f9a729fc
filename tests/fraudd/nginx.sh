#!/bin/bash
# nginx asks with auth_request, and stands in front of a shop that submits
# cards, as doc/CLIENTS.md has both.
# shellcheck disable=SC2016,SC2317
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"
# shellcheck source=tests/fraudd/lib.sh
. "$top_srcdir/tests/fraudd/lib.sh"

need nginx curl python3
PORT=$(free_port)
start_fraudd '"rules": [
	{"name": "users", "event": "login", "count": "distinct user",
	 "limit": 3},
	{"name": "cards", "event": "card", "limit": 3}]'

sed -n '/^```python$/,/^```$/p' "$top_srcdir/doc/SHOP.md" |
	grep -v '^```' >"$T/shop.py"
recipe shopd.py | sed "s|/run/shop/shop.sock|$T/shop.sock|" >"$T/shopd.py"
cat >"$T/run.py" <<END
import shop
shop.SOCKET = "$SOCK"
shop.socket.socket.settimeout = lambda self, seconds: None
import shopd
shopd.serve(lambda number, expiry: number.startswith("4"))
END
PYTHONPATH=$T python3 "$T/run.py" 2>"$T/shop.log" &
SHOP_PID=$!
at_exit "kill $SHOP_PID 2>/dev/null; wait $SHOP_PID"

mkdir "$T/www"
echo "come in" >"$T/www/index.html"
{
	[ "$(id -u)" -ne 0 ] || echo "user root;"
	cat <<-END
		daemon off;
		worker_processes 1;
		pid $T/nginx.pid;
		error_log $T/nginx.log;
		events { }
		http {
		    access_log off;
		    client_body_temp_path $T/b; proxy_temp_path $T/p;
		    fastcgi_temp_path $T/f; uwsgi_temp_path $T/u;
		    scgi_temp_path $T/c;
		    server {
		        listen 127.0.0.1:$PORT;
		        root $T/www;
	END
	recipe nginx.conf | sed "s|/run/shop/shop.sock|$T/shop.sock|"
	printf '}\n}\n'
} >"$T/nginx.conf"
nginx -p "$T" -e "$T/nginx.log" -c "$T/nginx.conf" 2>"$T/nginx.err" &
NGINX_PID=$!
at_exit "kill $NGINX_PID 2>/dev/null; wait $NGINX_PID"
answers() {
	[ -S "$T/shop.sock" ] && curl -s -o /dev/null "http://127.0.0.1:$PORT/"
}
until_true answers || {
	diag "$T/nginx.err"
	diag "$T/shop.log"
	echo "Bail out! nginx does not start"
	exit 99
}
# c ADDRESS PATH OPTION...: the status
c() {
	local from=$1 path=$2
	shift 2
	curl -s --max-time 10 --interface "$from" -o "$T/body" \
		-w '%{http_code}' "$@" "http://127.0.0.1:$PORT$path"
}

# --- auth_request

is "$(c 127.0.0.2 /login/ -u anna:x)" 200 "a user is let in"
is "$(c 127.0.0.2 /login/ -u anna:y)" 200 "again"
is "$(c 127.0.0.2 /login/ -u bert:x)" 200 "another"
is "$(c 127.0.0.2 /login/ -u carl:x)" 403 "a third one is not"
is "$(c 127.0.0.2 /login/ -u anna:x -H "X-Fraudd-IP: 192.0.2.1" \
	-H "X-Fraudd-User: dora" -H "X-Forwarded-For: 192.0.2.1")" 403 \
	"nor does another address in a header help"
is "$(c 127.0.0.3 /login/ -u carl:x)" 200 "elsewhere he is"
is "$(c 127.0.0.3 /fraudd)" 404 "the question is nginx's alone"

# --- the shop

# buy ADDRESS NUMBER OPTION...
buy() {
	local from=$1 number=$2
	shift 2
	c "$from" /checkout -d "number=$number&expiry=12/27" "$@" >"$T/status"
	echo "$(cat "$T/status") $(cat "$T/body")"
}
for i in 1 2; do
	is "$(buy 127.0.0.4 "550000000000000$i")" "402 declined" \
		"a stolen card, declined by the bank: $i"
done
is "$(buy 127.0.0.4 4242424242424242)" "402 declined" \
	"a third card of that address is not even tried"
is "$(buy 127.0.0.4 4242424242424242 -H 'X-Real-IP: 192.0.2.1' \
	-H 'X-Forwarded-For: 192.0.2.1')" "402 declined" \
	"nor with an address of his own choice"
for i in 1 2 3 4 5; do
	is "$(buy 127.0.0.5 "400000000000000$i")" "200 paid" \
		"an honest card of one address: $i"
done

accept "fraudd ends" stop_fraudd
is "$(buy 127.0.0.4 4242424242424242)" "200 paid" "without it the shop sells"
is "$(c 127.0.0.2 /login/ -u carl:x)" 200 "and nginx lets in, as it is told"

done_testing
