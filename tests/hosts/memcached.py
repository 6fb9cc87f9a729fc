#!/usr/bin/python3
"""A login at memcached -S, over its binary protocol.

memcached.py PORT MECH TOKENFILE USER [COUNT]

Prints what the server says to the token, its final word, and whether a
command is let through. With COUNT, that many connections are open and in the
middle of it at a time. Exit status 0 when all are in, 1 when none is."""

import socket
import struct
import sys


def ask(sock, opcode, key=b"", value=b""):
    sock.sendall(struct.pack(">BBHBBHIIQ", 0x80, opcode, len(key), 0, 0, 0,
                             len(key) + len(value), 0, 0) + key + value)
    head = receive(sock, 24)
    status, = struct.unpack(">H", head[6:8])
    size, = struct.unpack(">I", head[8:12])
    return status, receive(sock, size)


def receive(sock, n):
    data = b""
    while len(data) < n:
        more = sock.recv(n - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def message(mech, user, token):
    if mech == b"OAUTHBEARER":
        return b"n,a=%s,\1auth=Bearer %s\1\1" % (user, token)
    if mech == b"XOAUTH2":
        return b"user=%s\1auth=Bearer %s\1\1" % (user, token)
    return b"\0%s\0%s" % (user, token)


def main():
    port, mech, path, user = sys.argv[1:5]
    count = int(sys.argv[5]) if len(sys.argv) > 5 else 1
    mech, user = mech.encode(), user.encode()
    with open(path, "rb") as f:
        text = message(mech, user, f.read())
    entered = 0
    socks = [socket.create_connection(("127.0.0.1", int(port)))
             for _ in range(count)]
    for sock in socks:
        try:
            status, said = ask(sock, 0x21, mech, text)
            if status == 0x21:  # it goes on: the error, in JSON
                print("challenge", said.decode("latin-1"))
                status, said = ask(sock, 0x22, mech, b"\1")
            print("status", hex(status), said.decode("latin-1"))
            allowed, _ = ask(sock, 0x00, b"key")
            print("get", hex(allowed))
            entered += status == 0 and allowed == 1
        except (EOFError, ConnectionError) as e:
            print("closed", type(e).__name__)
    sys.exit(0 if entered == count else 1 if entered == 0 else 2)


main()
