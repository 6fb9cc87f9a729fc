#!/usr/bin/python3
"""A login at an SMTP server, in the two ways that there are.

smtp.py PORT CAFILE MECH inline|continued TOKENFILE USER [COUNT]

Prints what the server says; COUNT logins follow one another. Exit status 0
when all are in, 1 when one is not."""

import base64
import smtplib
import ssl
import sys


def message(mech, user, token):
    if mech == "OAUTHBEARER":
        return b"n,a=%s,\1auth=Bearer %s\1\1" % (user, token)
    if mech == "XOAUTH2":
        return b"user=%s\1auth=Bearer %s\1\1" % (user, token)
    return b"\0%s\0%s" % (user, token)


def login(port, cafile, mech, how, text):
    smtp = smtplib.SMTP("127.0.0.1", port)
    smtp.ehlo("client.example.org")
    if cafile != "-":
        smtp.starttls(context=ssl.create_default_context(cafile=cafile))
        smtp.ehlo("client.example.org")
    print("offers", smtp.esmtp_features.get("auth"))
    text = base64.b64encode(text).decode()
    if how == "inline":
        code, said = smtp.docmd("AUTH", mech + " " + text)
    else:
        code, said = smtp.docmd("AUTH", mech)
        print(code, said.decode())
        if code == 334:
            code, said = smtp.docmd(text)
    if code == 334:
        print("challenge", base64.b64decode(said).decode("latin-1"))
        code, said = smtp.docmd("AQ==")
    print(code, said.decode())
    smtp.close()
    return code == 235


def main():
    port, cafile, mech, how, path, user = sys.argv[1:7]
    with open(path, "rb") as f:
        text = message(mech, user.encode(), f.read())
    for _ in range(int(sys.argv[7]) if len(sys.argv) > 7 else 1):
        if not login(int(port), cafile, mech, how, text):
            sys.exit(1)


main()
