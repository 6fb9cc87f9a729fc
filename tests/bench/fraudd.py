#!/usr/bin/env python3
"""fraudd beside a bare echo server, Redis and memcached, under one load.

	fraudd.py BIN_DIR FRAUDD [quick] [tail]

All servers run from the start to the end, on one core; the load generator has
the other. In a scenario all keep their connections, and short rounds take
turns; a ratio is the median of the ratios of single rounds. Everything lives
in a folder of its own and is ended by its pid.
"""
import atexit
import hashlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from statistics import median

HERE = os.path.dirname(os.path.abspath(__file__))
BIN, FRAUDD = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
QUICK = "quick" in sys.argv[3:]
TAIL = "tail" in sys.argv[3:]  # 1000 clients and a snapshot alone

ROUNDS = 5 if QUICK else 21
ROUND_MS = 150 if QUICK else 300
SMALL = 2_000_000                           # addresses in every scenario
LARGE = 1_000_000 if QUICK else 10_000_000  # while a snapshot is written
GIGABYTE = 1 << 30
FULL = 20_000_000                           # more than 1 GB holds
LONG_MS = 500 if QUICK else 1500
LONG_ROUNDS = 3 if QUICK else 9
PATIENCE = 120  # seconds, for a snapshot to begin
LIMIT, WINDOW = 10, 3600
FIRST = 20_000_000

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = {CORES[0]}, {CORES[-1]}
# what fraudd says when it allows, to the byte
ANSWER = "*6\r\n$5\r\nallow\r\n$-1\r\n:1\r\n:10\r\n:0\r\n$22\r\n" \
    + "A" * 22 + "\r\n"
REQUEST = "*8\r\n$7\r\nATTEMPT\r\n$4\r\ncard\r\n$2\r\nip\r\n$15\r\n" \
    + "1" * 15 + "\r\n$5\r\nlast4\r\n$4\r\n1111\r\n$6\r\nexpiry\r\n" \
    + "$5\r\n12/27\r\n"
SIDES = ["echo", "fraudd", "redis", "memcached"]
# title, clients, pipeline, kind
SCENARIOS = [("1 client", 1, 1, "mix"),
             ("50 clients", 50, 1, "mix"),
             ("1000 clients", 1000, 1, "mix"),
             ("1 client, pipeline of 16", 1, 16, "mix"),
             ("50 clients, pipeline of 16", 50, 16, "mix"),
             ("1000 clients, pipeline of 16", 1000, 16, "mix"),
             ("1 client, a connection for each request", 1, 1, "connect"),
             ("50 clients, a connection for each request", 50, 1, "connect")]

root = tempfile.mkdtemp(prefix="bench-")
bars = []


class Resp:
    """A client that reads any answer of RESP2."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def read(self):
        line = self.file.readline()
        if not line:
            raise EOFError("the server closed the connection")
        kind, text = line[:1], line[1:-2]
        if kind == b"-":
            raise RuntimeError(text.decode())
        if kind in b"+":
            return text.decode()
        if kind == b":":
            return int(text)
        if text == b"-1":
            return None
        if kind == b"$":
            return self.file.read(int(text) + 2)[:-2].decode()
        return [self.read() for _ in range(int(text))]

    def send(self, *words):
        words = [str(w).encode() for w in words]
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(
            b"$%d\r\n%s\r\n" % (len(w), w) for w in words))

    def ask(self, *words):
        self.send(*words)
        return self.read()

    def map(self, *words):
        flat = self.ask(*words)
        return dict(zip(flat[::2], flat[1::2]))

    def close(self):
        self.file.close()
        self.socket.close()


class Server:
    """A process on the servers' core, ended by its pid."""
    all = []

    def __init__(self, name, argv):
        self.name = name
        self.path = os.path.join(root, name + ".s")
        log = open(os.path.join(root, name + ".log"), "ab")
        self.process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            preexec_fn=lambda: os.sched_setaffinity(0, SERVER_CORE))
        log.close()
        Server.all.append(self)
        self.wait()
        # of all its threads; see clock_getcpuclockid(3)
        self.clock = (~self.process.pid << 3) | 2

    def wait(self):
        for _ in range(1000):
            with socket.socket(socket.AF_UNIX) as s:
                if s.connect_ex(self.path) == 0:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        with open(os.path.join(root, self.name + ".log")) as log:
            sys.exit(f"bench: {self.name} does not start\n{log.read()}")

    def cpu(self):
        return time.clock_gettime_ns(self.clock)

    def rss(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            return next(int(l.split()[1]) * 1024 for l in f
                        if l.startswith("VmRSS"))

    def stop(self, how=signal.SIGTERM):
        if self in Server.all:
            Server.all.remove(self)
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(how)
            self.process.wait()


class Load:
    """The load generator, on its own core."""

    def __init__(self):
        self.process = subprocess.Popen(
            [os.path.join(BIN, "bench_load")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, LOAD_CORE))

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit("bench: the load generator ended")
        return answer

    def open(self, name, server, clients, pipeline, kind, first, count):
        self.ask(f"open {name} {server.side} {server.path} {clients}"
                 f" {pipeline} {kind} {first} {count}")

    def fill(self, server, first, count):
        self.open("fill", server, 8, 32, "fill", first, count)
        self.ask("run fill 0")
        self.ask("close fill")

    def run(self, name, server, ms):
        return Round(server, self.ask, f"run {name} {ms}")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Round:
    """What one turn of one side gave."""

    def __init__(self, server, ask, line):
        cpu = server.cpu()
        words = [int(word) for word in ask(line).split()]
        self.cpu = (server.cpu() - cpu) / words[0]  # ns of one request
        self.count = words[0]
        self.rate = words[0] * 1e9 / words[1]
        self.busy = words[2] / words[1]             # of the generator
        self.denied = words[3] / words[0]
        self.p50, self.p90, self.p99, self.p999, self.most = words[4:9]


def end():
    for server in list(Server.all):
        server.stop(signal.SIGKILL)
    shutil.rmtree(root, ignore_errors=True)


def start_echo():
    s = Server("echo", [os.path.join(BIN, "bench_echo"),
                        os.path.join(root, "echo.s"), str(len(REQUEST)),
                        ANSWER])
    s.side = "echo"
    return s


def start_fraudd(name, memory):
    config = os.path.join(root, name + ".json")
    me = pwd.getpwuid(os.getuid()).pw_name
    with open(os.open(config, os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
        json.dump({"socket": os.path.join(root, name + ".s"),
                   "state_dir": os.path.join(root, name + ".state"),
                   "memory": memory,
                   "access": [{"user": me,
                               "may": ["count", "read", "admin"]}]}, f)
    s = Server(name, [FRAUDD, "-c", config])
    s.side = "fraudd"
    return s


def start_redis():
    config = os.path.join(root, "redis.conf")
    with open(config, "w") as f:
        f.write(f"port 0\nunixsocket {root}/redis.s\nunixsocketperm 700\n"
                f"daemonize no\nsave \"\"\nappendonly no\ndir {root}\n"
                f"maxclients 4000\n")
    s = Server("redis", ["redis-server", config])
    with open(os.path.join(HERE, "card.lua")) as f:
        script = f.read()
    client = Resp(s.path)
    s.sha = client.ask("SCRIPT", "LOAD", script)
    assert s.sha == hashlib.sha1(script.encode()).hexdigest()
    client.close()
    s.side = "redis:" + s.sha
    return s


def start_memcached():
    user = ["-u", "root"] if os.getuid() == 0 else []
    s = Server("memcached", ["memcached", *user, "-s",
                             os.path.join(root, "memcached.s"),
                             "-m", "4096", "-c", "4000", "-t", "1"])
    s.side = "memcached"
    return s


def bar(what, value, want, unit="", at_most=False):
    bars.append((what, value, want, unit, at_most))


def ratio(a, b, of):
    return median(of(x) / of(y) for x, y in zip(a, b))


def agree(fraudd, redis):
    """The same attempts, the same verdicts and counts, or nothing is said."""
    one, two = Resp(fraudd.path), Resp(redis.path)
    state = 1
    for i in range(4000):
        state = state * 48271 % 2147483647
        ip, card = f"192.0.2.{state % 40}", state // 40 % 14
        ours = one.ask("ATTEMPT", "card", "ip", ip, "last4", f"{card:04}",
                       "expiry", "12/27")
        its = two.ask("EVALSHA", redis.sha, 1, ip, 4815162300000000 + card,
                      WINDOW, LIMIT)
        if ours[:4] != its[:4]:
            sys.exit(f"bench: attempt {i}: {ours} is not {its}")
    one.close()
    two.close()


def settled(server):
    """Waits until the journal is on disk and no snapshot is being written."""
    client = Resp(server.path)
    while True:
        stats = client.map("STATS")
        if stats["journal"] != "ok" or stats["journal_lost"] != 0:
            sys.exit(f"bench: the journal: {stats['journal']}")
        if stats["journal_lag"] == 0 and stats["snapshot_running"] == 0:
            break
        time.sleep(0.05)
    client.close()
    return stats


def memory(load, servers):
    print(f"\n### Memory: {SMALL:,} addresses with one card each\n")
    print("| | growth of VmRSS, MB | bytes for one address |"
          " of fraudd |\n|---|---|---|---|")
    each = {}
    for side in SIDES[1:]:
        before = servers[side].rss()
        load.fill(servers[side], FIRST, SMALL)
        if side == "fraudd":
            settled(servers[side])
        growth = servers[side].rss() - before
        each[side] = growth / SMALL
        print(f"| {side} | {growth / 1e6:.1f} | {each[side]:.1f} |"
              f" {each[side] / each['fraudd']:.2f} × |")
        sys.stdout.flush()
    bar(f"bytes for a one-card address at {SMALL:,}", each["fraudd"], 56,
        " B", at_most=True)


def full(load):
    server = start_fraudd("full", "1G")
    load.fill(server, FIRST, FULL)
    stats = settled(server)
    held = stats["single"] + stats["multi"] + stats["blocked"]
    print(f"\n`memory: 1G` holds {held / 1e6:.2f} million one-card addresses;"
          f" VmRSS is {server.rss() / GIGABYTE:.3f} GB.")
    sys.stdout.flush()
    bar("one-card addresses in 1 GB, millions", held / 1e6, 17, " M")
    server.stop(signal.SIGKILL)


def turns(load, servers, names, rounds, ms):
    """The rounds of each side; the order changes from one to the next."""
    result = {side: [] for side in names}
    for i in range(rounds):
        order = list(names)
        order = order[i % len(order):] + order[:i % len(order)]
        for side in order:
            result[side].append(load.run(side, servers[side], ms))
    return result


def table(result):
    print("| | per second | of echo | of Redis | µs of processor time |"
          " of echo by processor time | p50 µs | p99 µs | p99.9 µs |"
          " generator busy |")
    print("|---|---|---|---|---|---|---|---|---|---|")

    def mid(rows, of):
        return median(of(r) for r in rows)
    for side, rows in result.items():
        redis = result.get("redis")
        to_redis = f"{ratio(rows, redis, lambda r: r.rate):.2f} ×" \
            if redis else ""
        print(f"| {side} | {mid(rows, lambda r: r.rate):,.0f} |"
              f" {ratio(rows, result['echo'], lambda r: r.rate):.3f} |"
              f" {to_redis} | {mid(rows, lambda r: r.cpu) / 1e3:.2f} |"
              f" {ratio(result['echo'], rows, lambda r: r.cpu):.3f} |"
              f" {mid(rows, lambda r: r.p50) / 1e3:,.1f} |"
              f" {mid(rows, lambda r: r.p99) / 1e3:,.1f} |"
              f" {mid(rows, lambda r: r.p999) / 1e3:,.1f} |"
              f" {mid(rows, lambda r: r.busy):.2f} |")
    sys.stdout.flush()


def scenario(load, servers, title, clients, pipeline, kind):
    for side in SIDES:
        load.open(side, servers[side], clients, pipeline, kind, FIRST, SMALL)
        load.run(side, servers[side], 50)
    result = turns(load, servers, SIDES, ROUNDS, ROUND_MS)
    for side in SIDES:
        load.ask(f"close {side}")
    print(f"\n### {title}\n")
    table(result)
    ours, echo, redis = (result[s] for s in ("fraudd", "echo", "redis"))

    def rate(r):
        return r.rate
    if title == "1 client":
        bar("1 client, of echo", ratio(ours, echo, rate), 0.95)
    if title == "50 clients":
        bar("50 clients, of echo", ratio(ours, echo, rate), 0.85)
        bar("50 clients, of Redis", ratio(ours, redis, rate), 2, " ×")
    if title == "50 clients, pipeline of 16":
        bar("50 clients, pipeline of 16, of Redis",
            ratio(ours, redis, rate), 6, " ×")


class Quiet:
    """fraudd does nothing while echo is asked, not even its snapshot."""

    def __init__(self, load, servers):
        self.load, self.servers = load, servers

    def run(self, side, server, ms):
        fraudd = self.servers["fraudd"].process
        if side == "echo":
            fraudd.send_signal(signal.SIGSTOP)
        r = self.load.run(side, server, ms)
        fraudd.send_signal(signal.SIGCONT)
        return r


def begin_snapshot(load, server, client):
    """Asks until the log is long enough for a snapshot to begin."""
    load.open("more", server, 50, 32, "mix", FIRST, LARGE)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and \
            client.map("STATS")["snapshot_running"] == 0:
        load.run("more", server, 200)
    load.ask("close more")


def large(load, echo):
    servers = {"echo": echo, "fraudd": start_fraudd("large", "1G")}
    load.fill(servers["fraudd"], FIRST, LARGE)
    settled(servers["fraudd"])
    quiet = Quiet(load, servers)
    for side, server in servers.items():
        load.open(side, server, 1000, 1, "mix", FIRST, LARGE)
        load.run(side, server, 200)
    print(f"\n### 1000 clients, {LARGE:,} addresses, no snapshot\n")
    result = turns(quiet, servers, ["echo", "fraudd"], LONG_ROUNDS, LONG_MS)
    table(result)
    client = Resp(servers["fraudd"].path)
    begin_snapshot(load, servers["fraudd"], client)
    result = {"echo": [], "fraudd": []}
    for _ in range(LONG_ROUNDS):
        one = turns(quiet, servers, ["echo", "fraudd"], 1, LONG_MS)
        if client.map("STATS")["snapshot_running"] == 0:
            break
        for side in result:
            result[side] += one[side]
    client.close()
    for side in servers:
        load.ask(f"close {side}")
    if not result["fraudd"]:
        print("\nNo snapshot was running during a whole round.")
        servers["fraudd"].stop(signal.SIGKILL)
        return
    print(f"\n### 1000 clients, {LARGE:,} addresses, while a snapshot is"
          f" written ({len(result['fraudd'])} rounds)\n")
    table(result)
    bar("1000 clients, snapshot running: p99.9, of echo's",
        ratio(result["fraudd"], result["echo"], lambda r: r.p999), 1.5,
        " ×", at_most=True)
    servers["fraudd"].stop(signal.SIGKILL)


def say_bars():
    print("\n### What is aimed at, and what was reached\n")
    print("| aim | wanted | measured | |\n|---|---|---|---|")
    for what, value, want, unit, at_most in bars:
        good = value <= want if at_most else value >= want
        sign = "≤" if at_most else "≥"
        verdict = "reached" if good else \
            f"not reached, by {abs(value / want - 1) * 100:.1f} %"
        print(f"| {what} | {sign} {want}{unit} | {value:.3f}{unit} |"
              f" {verdict} |")
    sys.stdout.flush()


def main():
    atexit.register(end)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    load = Load()
    if TAIL:
        large(load, start_echo())
        load.close()
        say_bars()
        return
    servers = {"echo": start_echo(), "fraudd": start_fraudd("fraudd", "512M"),
               "redis": start_redis(), "memcached": start_memcached()}
    agree(servers["fraudd"], servers["redis"])
    memory(load, servers)
    for one in SCENARIOS:
        scenario(load, servers, *one)
    for side in ("fraudd", "redis", "memcached"):
        servers[side].stop()
    large(load, servers["echo"])
    full(load)
    load.close()
    say_bars()


main()
