#!/usr/bin/env python3
"""Several SASL binds on one connection to an LDAP server.

	sasl_twice.py SOCKET USER=TOKENFILE...

Prints the result code of each bind, one in a line: 0, 49, 50, ...
"""
import socket
import sys

SASL_BIND_IN_PROGRESS = 14


def ber(tag, data):
    n = len(data)
    if n < 128:
        return bytes([tag, n]) + data
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 128 | len(size)]) + size + data


def bind(msgid, credentials):
    sasl = ber(0x04, b"OAUTHBEARER") + ber(0x04, credentials)
    body = ber(0x02, b"\3") + ber(0x04, b"") + ber(0xA3, sasl)
    return ber(0x30, ber(0x02, bytes([msgid])) + ber(0x60, body))


def read(file):
    """The tag and the content of one element."""
    tag, n = file.read(1)[0], file.read(1)[0]
    if n & 128:
        n = int.from_bytes(file.read(n & 127), "big")
    return tag, file.read(n)


def result(file):
    """messageID and, in a BindResponse, an enumerated: the code."""
    _, message = read(file)
    at = 2 + message[1]  # past messageID
    at += 2 if message[at + 1] < 128 else 2 + (message[at + 1] & 127)
    return message[at + 2]


def main():
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.settimeout(30)
    server.connect(sys.argv[1])
    file = server.makefile("rb")
    msgid = 0
    for login in sys.argv[2:]:
        user, path = login.split("=", 1)
        with open(path, encoding="ascii") as token:
            text = f"n,a={user},\1auth=Bearer {token.read().strip()}\1\1"
        credentials = text.encode()
        code = SASL_BIND_IN_PROGRESS
        while code == SASL_BIND_IN_PROGRESS:
            msgid += 1
            server.sendall(bind(msgid, credentials))
            code = result(file)
            credentials = b"\1"
        print(code, flush=True)


main()
