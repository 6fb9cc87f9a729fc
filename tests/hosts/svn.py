#!/usr/bin/python3
"""A login at svnserve, in its own protocol, by a client that looks at nothing.

svn.py PORT MECH TOKENFILE USER

Prints what the server offers and says. Exit status 0 when it is in."""

import base64
import socket
import sys


def message(mech, user, token):
    if mech == "OAUTHBEARER":
        return b"n,a=%s,\1auth=Bearer %s\1\1" % (user, token)
    return b"user=%s\1auth=Bearer %s\1\1" % (user, token)


class Wire:
    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.file = self.sock.makefile("rb")

    def item(self):
        """A list, or a string, or a word or number, as bytes."""
        text = self.file.read(1)
        while text.isspace():
            text = self.file.read(1)
        if text == b"(":
            items = []
            while True:
                one = self.item()
                if one is None:
                    return items
                items.append(one)
        while not text[-1:].isspace() and text[-1:] != b":":
            more = self.file.read(1)
            if not more:
                raise EOFError
            text += more
        if text[-1:] == b":":
            return self.file.read(int(text[:-1]))
        return None if text.strip() == b")" else text.strip()

    def send(self, text):
        self.sock.sendall(text)

    @staticmethod
    def string(data):
        return b"%d:%s " % (len(data), data)


def main():
    port, mech, path, user = sys.argv[1:5]
    with open(path, "rb") as f:
        text = base64.b64encode(message(mech, user.encode(), f.read()))
    wire = Wire(int(port))
    wire.item()
    url = b"svn://127.0.0.1:%s/repo" % port.encode()
    wire.send(b"( 2 ( edit-pipeline svndiff1 ) %s) " % wire.string(url))
    print("offers", wire.item())
    wire.send(b"( %s ( %s) ) " % (mech.encode(), wire.string(text)))
    said = wire.item()
    if said[0] == b"step":
        print("challenge", base64.b64decode(said[1][0]).decode("latin-1"))
        wire.send(wire.string(base64.b64encode(b"\1")))
        said = wire.item()
    print(said)
    sys.exit(0 if said[0] == b"success" else 1)


main()
