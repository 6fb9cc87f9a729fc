# crash.py SOCKET PID STATE ACKS: first everything that fraudd has ever
# acknowledged to us is asked for; then it is kept busy until it has answered
# ACKS more requests, and killed in the middle of it. STATE is the file in
# which we remember what we were told.
import json
import os
import random
import signal
import socket
import sys
import threading

path, pid, state_file, acks = sys.argv[1], *sys.argv[2:4], int(sys.argv[4])
LIMIT = 10
CARDS = 12  # of each address, so that some are blocked and some are not
BATCH = 16

try:
    with open(state_file) as f:
        state = json.load(f)
except FileNotFoundError:
    state = {"attempts": {}, "blocks": [], "unblocks": [], "once": [],
             "round": 0}
state["round"] += 1
rng = random.Random(state["round"])


class Closed(Exception):
    pass


class Client:
    def __init__(self):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(30)
        self.s.connect(path)
        self.f = self.s.makefile("rb")

    def send(self, requests):
        out = b"".join(
            b"*%d\r\n" % len(r) +
            b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in r)
            for r in ([str(w).encode() for w in q] for q in requests))
        try:
            self.s.sendall(out)
        except OSError:
            raise Closed

    def answer(self):
        try:
            line = self.f.readline()
        except OSError:
            raise Closed
        if not line.endswith(b"\r\n"):
            raise Closed
        kind, rest = line[:1], line[1:-2]
        if kind == b"*":
            return [self.answer() for _ in range(int(rest))]
        if kind == b"$":
            if rest == b"-1":
                return None
            data = self.f.read(int(rest) + 2)
            if len(data) != int(rest) + 2:
                raise Closed
            return data[:-2].decode()
        if kind == b":":
            return int(rest)
        return (kind + rest).decode()

    def ask(self, requests):
        self.send(requests)
        return [self.answer() for _ in requests]


def card(ip, n):
    return ["card", "ip", ip, "last4", "%04d" % n, "expiry", "12/27"]


def address(n):
    return "%d.%d.%d.1" % (10 + n % 180, n // 180 % 250, n // 45000)


def verify():
    c, bad = Client(), []

    def all_of(name, items, request, right):
        for at in range(0, len(items), BATCH):
            part = items[at:at + BATCH]
            for item, got in zip(part, c.ask([request(i) for i in part])):
                if not right(item, got):
                    bad.append("%s %s: %s" % (name, item, got))

    a = state["attempts"]  # address: [acknowledged, sent]
    all_of("attempts", list(a), lambda ip: ["CHECK"] + card(ip, 1),
           lambda ip, got: isinstance(got, list) and
           min(a[ip][0], LIMIT) <= got[2] <= min(max(a[ip][1], 1), LIMIT) and
           (a[ip][0] < LIMIT or got[0] == "deny"))
    all_of("block", state["blocks"], lambda ip: ["CHECK"] + card(ip, 1),
           lambda ip, got: isinstance(got, list) and got[:2] ==
           ["deny", "operator"])
    all_of("unblock", state["unblocks"], lambda ip: ["CHECK"] + card(ip, 1),
           lambda ip, got: isinstance(got, list) and got[0] == "allow")
    all_of("once", state["once"],
           lambda v: ["ONCE", "jti", v, 4102444800],
           lambda v, got: got == 0)
    return bad


lock = threading.Lock()
answered = 0
killed = False


def count(n):
    """Kills fraudd when it has answered enough."""
    global answered, killed
    with lock:
        answered += n
        if answered >= acks and not killed:
            killed = True
            os.kill(int(pid), signal.SIGKILL)


def attempts(worker):
    c = Client()
    serial = 0
    while True:
        batch = []
        for _ in range(BATCH):
            ip = address(state["round"] * 600 + worker * 100 + serial % 100)
            n = state["attempts"].setdefault(ip, [0, 0])
            n[1] = n[1] % CARDS + 1 if n[1] < CARDS else n[1]
            batch.append((ip, n[1]))
            serial += 1
        c.send([["ATTEMPT"] + card(ip, n) for ip, n in batch])
        for ip, n in batch:
            got = c.answer()
            assert got[0] in ("allow", "deny"), got
            state["attempts"][ip][0] = max(state["attempts"][ip][0], n)
            count(1)


def blocks():
    c = Client()
    n = 0
    while True:
        n += 1
        ip = "192.%d.%d.%d" % (state["round"] + 1, n // 250, n % 250)
        got = c.ask([["BLOCK", "ip", ip, 3600]])[0]
        assert got == "+OK", got
        if n % 4 == 0:
            # neither is promised until the answer is here
            got = c.ask([["UNBLOCK", "ip", ip]])[0]
            assert got == 1, got
            state["unblocks"].append(ip)
        else:
            state["blocks"].append(ip)
        count(1)


def marks():
    c = Client()
    n = 0
    while True:
        n += 1
        value = "%d-%d" % (state["round"], n)
        got = c.ask([["ONCE", "jti", value, 4102444800]])[0]
        assert got == 1, got
        state["once"].append(value)
        count(1)


def until_closed(work, *args):
    try:
        work(*args)
    except Closed:
        if not killed:
            failures.append("the connection closed by itself")
    except AssertionError as e:
        failures.append("%s: %s" % (work.__name__, e))
        count(acks)


failures = verify()
if acks > 0 and not failures:
    jobs = [(attempts, i) for i in range(3)] + [(blocks,), (marks,)]
    threads = [threading.Thread(target=until_closed, args=j) for j in jobs]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
for f in failures[:10]:
    print(f, file=sys.stderr)
with open(state_file, "w") as f:
    json.dump(state, f)
print("%d addresses, %d blocks, %d unblocks, %d marks" % (
    len(state["attempts"]), len(state["blocks"]), len(state["unblocks"]),
    len(state["once"])))
sys.exit(1 if failures else 0)
