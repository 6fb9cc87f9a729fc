#!/usr/bin/python3
"""Logins per second at a running server, one mechanism beside another.

sasl_hosts.py SERVER ADDRESS SECONDS CONNECTIONS NAME=MECH:FILE...

SERVER ldap: ADDRESS is a Unix socket; each connection binds again and again.
SERVER imap: ADDRESS is a port of 127.0.0.1; each login is a connection of its
own. FILE holds the password or token of alice. The mechanisms take turns, so
that all of them meet the same machine; the best and the median of the turns
are printed as rows of Markdown, and the first is what the others are
compared with."""

import base64
import socket
import statistics
import sys
import threading
import time

TURNS = 7
USER = b"alice"


def message(mech, secret):
    if mech == "OAUTHBEARER":
        return b"n,a=%s,\1auth=Bearer %s\1\1" % (USER, secret)
    if mech == "XOAUTH2":
        return b"user=%s\1auth=Bearer %s\1\1" % (USER, secret)
    return b"\0%s\0%s" % (USER, secret)


def ber(tag, data):
    n = len(data)
    if n < 128:
        return bytes([tag, n]) + data
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 128 + len(size)]) + size + data


class Ldap:
    def __init__(self, address, mech, text):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(address)
        self.bind = ber(0x60, ber(2, b"\3") + ber(4, b"") + ber(
            0xa3, ber(4, mech.encode()) + ber(4, text)))
        self.number = 0

    def login(self):
        self.number = self.number % 120 + 1
        self.sock.sendall(ber(0x30, ber(2, bytes([self.number])) + self.bind))
        said = self.sock.recv(4096)
        # 30 n, 02 01 id, 61 n, 0a 01 code: with short lengths only
        at = said.index(b"\x61", 5) + 2
        if said[at:at + 3] != b"\x0a\1\0":
            raise RuntimeError("slapd refuses: %r" % said)


class Imap:
    def __init__(self, address, mech, text):
        self.address = ("127.0.0.1", int(address))
        text = base64.b64encode(text)
        self.line = b"a AUTHENTICATE %s %s\r\n" % (mech.encode(), text)

    def login(self):
        with socket.create_connection(self.address) as sock:
            file = sock.makefile("rb")
            file.readline()
            sock.sendall(self.line)
            said = file.readline()
            if not said.startswith(b"a OK"):
                raise RuntimeError("imapd refuses: %r" % said)


def run(side, seconds, counts, i):
    end = time.monotonic() + seconds
    n = 0
    while time.monotonic() < end:
        side.login()
        n += 1
    counts[i] = n / seconds


def turn(make, seconds, connections):
    counts = [0] * connections
    sides = [make() for _ in range(connections)]
    threads = [threading.Thread(target=run, args=(s, seconds, counts, i))
               for i, s in enumerate(sides)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if 0 in counts:
        sys.exit("some connection had no login at all")
    return sum(counts)


def main():
    server, address, seconds, connections = sys.argv[1:5]
    kind = {"ldap": Ldap, "imap": Imap}[server]
    sides = []
    for arg in sys.argv[5:]:
        name, rest = arg.split("=", 1)
        mech, path = rest.split(":", 1)
        with open(path, "rb") as f:
            text = message(mech, f.read())
        sides.append((name, lambda m=mech, t=text: kind(address, m, t)))
    rates = {name: [] for name, _ in sides}
    for _ in range(TURNS):
        for name, make in sides:
            rates[name].append(turn(make, float(seconds), int(connections)))
    first = statistics.median(rates[sides[0][0]])
    for name, _ in sides:
        median = statistics.median(rates[name])
        print("| %s, %s at a time | %.0f | %.0f | %.2f |" % (
            name, connections, max(rates[name]), median, median / first))


main()
