#!/usr/bin/python3
"""A login at an IMAP server with python's own imaplib.

imap.py PORT CAFILE MECH TOKENFILE USER [COUNT]

CAFILE "-" is no TLS. Prints what the server offers and says. COUNT logins
follow one another. Exit status 0 when all are in, 1 when one is not."""

import imaplib
import ssl
import sys


def message(mech, user, token):
    if mech == "OAUTHBEARER":
        return b"n,a=%s,\1auth=Bearer %s\1\1" % (user, token)
    if mech == "XOAUTH2":
        return b"user=%s\1auth=Bearer %s\1\1" % (user, token)
    return b"\0%s\0%s" % (user, token)


def login(port, cafile, mech, text):
    imap = imaplib.IMAP4("127.0.0.1", port)
    if cafile != "-":
        imap.starttls(ssl.create_default_context(cafile=cafile))
        imap.capability()
    print("capabilities", " ".join(imap.capabilities))
    asked = []

    def answer(challenge):
        asked.append(challenge)
        if len(asked) == 1:
            return text
        print("challenge", challenge.decode("latin-1"))
        return b"\1"

    try:
        imap.authenticate(mech, answer)
        print("inbox", *imap.select("INBOX"))
        imap.logout()
    except imaplib.IMAP4.error as e:
        print("refused", e)
        return False
    return True


def main():
    port, cafile, mech, path, user = sys.argv[1:6]
    with open(path, "rb") as f:
        text = message(mech, user.encode(), f.read())
    for _ in range(int(sys.argv[6]) if len(sys.argv) > 6 else 1):
        if not login(int(port), cafile, mech, text):
            sys.exit(1)


main()
