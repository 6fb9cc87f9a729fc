"""Honest clients beside some that flood, all over the socket of argv[1].

While fraudd is stopped the hostile fill their connections to the brim with
attempts from ever new addresses, and only then the honest ask; so it is known
who came first, and nothing is measured by the clock. Each honest attempt goes
with a STATS behind it in one write: it is answered in the same turn, and says
how many requests had been served by then. One connection has a turn of 16 KiB
of input at most before all others have theirs.

Lines: ok|not WHAT.
"""
import os
import select
import signal
import socket
import sys

PATH, PID = sys.argv[1], int(sys.argv[2])
HOSTILE, DEAF, HONEST, ROUNDS, LIMIT = 12, 4, 6, 8, 3
READ = 16384
TOGETHER = 100


def connect():
    s = socket.socket(socket.AF_UNIX)
    s.connect(PATH)
    return s


class Client:
    """Asks, and reads whole answers."""

    def __init__(self):
        self.socket = connect()
        self.file = self.socket.makefile("rb")

    def send(self, text):
        self.socket.sendall(text.encode())

    def read(self):
        line = self.file.readline().decode()
        kind, rest = line[0], line[1:-2]
        if kind == "*":
            return [self.read() for _ in range(int(rest))]
        if kind == ":":
            return int(rest)
        if kind == "$" and rest != "-1":
            return self.file.read(int(rest) + 2)[:-2].decode()
        return None if kind == "$" else rest


class Hostile:
    """Never asks twice about the same address."""
    number = 0

    def __init__(self, deaf):
        self.socket, self.deaf = connect(), deaf
        self.socket.setblocking(False)
        self.asked = self.answered = 0
        self.rest = b""

    @staticmethod
    def next():
        n = Hostile.number = Hostile.number + 1
        return (f"ATTEMPT card ip {11 + n % 200}.{n // 200 % 250}."
                f"{n // 50000 % 250}.{n // 12500000} last4 0001"
                " expiry 12/27\r\n").encode()

    def fill(self):
        while True:
            if not self.rest:  # much in one write: the kernel counts those
                self.rest = b"".join(self.next() for _ in range(TOGETHER))
                self.asked += TOGETHER
            try:
                self.rest = self.rest[self.socket.send(self.rest):]
            except BlockingIOError:
                return

    def drain(self):
        """Takes the answers to all that is there whole."""
        want = self.asked - self.rest.count(b"ATTEMPT") - \
            (self.rest != b"" and self.rest[:7] != b"ATTEMPT")
        while self.answered < want:
            if not select.select([self.socket], [], [], 60)[0]:
                raise SystemExit("not fraudd answers those who flood")
            self.answered += self.socket.recv(1 << 16).count(b"*6\r\n")


def say(good, what):
    print("ok" if good else "not", what)


class Stopped:
    """fraudd stands still, as far as the kernel says."""

    def __enter__(self):
        os.kill(PID, signal.SIGSTOP)
        while True:
            with open(f"/proc/{PID}/stat") as f:
                if f.read().rsplit(")", 1)[1].split()[0] == "T":
                    return

    def __exit__(self, *_):
        os.kill(PID, signal.SIGCONT)


def number(stats, name):
    return stats[stats.index(name) + 1]


honest = [Client() for _ in range(HONEST)]
hostile = [Hostile(i < DEAF) for i in range(HOSTILE)]
shortest = len("ATTEMPT card ip 11.0.0.0 last4 0001 expiry 12/27\r\n")
# two turns of each: the one that may have begun, and one before ours
bound = 2 * HOSTILE * (READ // shortest + 1)
wrong, late, least, latest = [], [], 1 << 30, 0
for turn in range(ROUNDS):
    honest[0].send("STATS\r\n")
    before = number(honest[0].read(), "requests")
    with Stopped():
        asked = sum(h.asked for h in hostile)
        for h in hostile:
            h.fill()
        least = min(least, sum(h.asked for h in hostile) - asked)
        for i, c in enumerate(honest):
            c.send(f"ATTEMPT card ip 203.0.113.{i} last4 {turn:04} expiry"
                   " 12/27\r\nSTATS\r\n")
    for i, c in enumerate(honest):
        got, stats = c.read(), c.read()
        count = min(turn + 1, LIMIT)
        want = ["deny" if count == LIMIT else "allow",
                "few" if count == LIMIT else None, count, LIMIT]
        if got[:4] != want:
            wrong.append((turn, i, got))
        served = number(stats, "requests") - before
        latest = max(latest, served)
        if served > bound:
            late.append((turn, i, served))
    for h in hostile:
        if not h.deaf:
            h.drain()
say(not wrong, f"{ROUNDS * HONEST} honest verdicts are right {wrong[:3]}")
say(not late, f"each after {bound} requests at most: {latest} {late[:3]}")
say(least > 2 * bound, f"of {least} that lay there: it was a flood")
honest[0].send("STATS\r\n")
stats = honest[0].read()
say(number(stats, "evicted_single") > 0,
    "and more than the memory holds were asked about")
say(number(stats, "evicted_blocked") == 0, "none that is blocked was let go")
