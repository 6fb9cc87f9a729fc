#!/bin/bash
# The shop of doc/SHOP.md, as it stands there, beside a real fraudd: hundreds
# of cards from one address, and customers who keep buying.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"
# shellcheck source=tests/fraudd/lib.sh
. "$top_srcdir/tests/fraudd/lib.sh"

need python3
mkdir -m 700 "$T/state"
start_fraudd

sed -n '/^```python$/,/^```$/p' "$top_srcdir/doc/SHOP.md" | grep -v '^```' \
	>"$T/shop.py"
cat >"$T/scenario.py" <<'END'
import sys
import threading
import shop

shop.SOCKET = sys.argv[1]
if len(sys.argv) > 2:
    away = shop.checkout("192.0.2.1", "4242", "12/27", lambda *a: True)
    print("away", away)
    sys.exit()
# a busy test machine is no reason to let somebody through
shop.socket.socket.settimeout = lambda self, seconds: None
asked = []


def bank(number, expiry):
    asked.append(number)
    return number.startswith("4")   # the stolen list begins with 5


def attack(first):
    for i in range(first, first + 50):
        shop.checkout("203.0.113.66", "5500%012d" % i, "12/27", bank)


def customers(ip, name):
    for i in range(60):
        card = "4%s%011d" % (name, i // 2)
        bought.append(shop.checkout(ip, card, "01/28", bank))


bought = []
threads = [threading.Thread(target=attack, args=(50 * i,)) for i in range(8)]
threads += [threading.Thread(target=customers, args=("198.51.100.1", "000"))]
threads += [threading.Thread(target=customers,
                             args=("192.0.2.%d" % i, "00%d" % i))
            for i in range(1, 4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print("stolen", sum(1 for n in asked if n[0] == "5"))
print("bought", bought.count(True), "of", len(bought))
print("provider away", shop.checkout("192.0.2.9", "4242", "12/27",
                                      lambda *a: None))
END

accept "the shop runs" env PYTHONPATH="$T" python3 "$T/scenario.py" "$SOCK"
like "$T/out" '^stolen 9$' \
	"of 400 stolen cards, from eight at once, nine reach the bank"
like "$T/out" '^bought 240 of 240$' \
	"no honest customer is refused, thirty cards behind one address included"
like "$T/out" '^provider away False$' "a provider that is away sells nothing"
accept "fraudd ends" stop_fraudd
env PYTHONPATH="$T" python3 "$T/scenario.py" "$SOCK" away >"$T/out"
like "$T/out" '^away True$' "without fraudd the shop still sells"

done_testing
