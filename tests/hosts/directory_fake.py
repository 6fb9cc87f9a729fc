# Servers that are no good directory. Says "port N" on stdout, then a line for
# everything that it hears.
#
#	directory_fake.py MODE [ARGUMENT]
#
#   hole          accepts, reads, never answers
#   full          never accepts; its queue is full
#   trickle       answers with a byte now and then, of a message without end
#   hangup        accepts and closes
#   noise         sends random bytes
#   huge          announces a message of two gigabytes
#   nested        a message of a thousand BER sequences, one in the other
#   cut           half an answer, then it closes
#   plain         takes StartTLS, then goes on without it
#   notls         refuses StartTLS; whoever goes on is heard
#   puppet END    binds everybody; answers each search with the entry of alice,
#                 who is in cn=admins, and then END: success, silence, hangup,
#                 nothing (success without an entry), two (entries), referral,
#                 reference, sizelimit, timelimit, nobase, busy, operations, wrongid,
#                 wrongtype, unsolicited, noentrydn, refuse (the bind),
#                 nul (in the name of the group)
#   password      a puppet that answers binds of anybody but cn=reader as the
#                 password says, "CODE CONTROL TEXT", with that result and text;
#                 CONTROL is "-", "expired", "locked", "reset",
#                 "quality", "netscape", "grace-N", "expires-N", "garbage"
#   dns END       UDP, on port 53 of ARGUMENT's address: silence, noise, or an
#                 address to answer with
import os
import select
import socket
import sys
import threading
import time

BASE = b"dc=example,dc=org"
ALICE = b"uid=alice,ou=people," + BASE
ADMINS = b"cn=admins,ou=groups," + BASE
START_TLS = b"1.3.6.1.4.1.1466.20037"
RESULTS = {"success": 0, "nothing": 0, "two": 0, "reference": 0,
           "operations": 1, "timelimit": 3, "sizelimit": 4, "referral": 10,
           "nobase": 32, "busy": 51}

mode = sys.argv[1]
end = sys.argv[2] if len(sys.argv) > 2 else ""


def say(*words):
    print(*words, flush=True)


# --- BER

def tlv(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    if n < 128:
        return bytes([tag, n]) + body
    size = (n.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + n.to_bytes(size, "big") + body


def result(tag, code, text=b"", more=b""):
    return tlv(tag, tlv(0x0a, bytes([code])), tlv(0x04), tlv(0x04, text), more)


def message(mid, op):
    return tlv(0x30, tlv(0x02, mid), op)


def entry(dn, member_of):
    def attribute(name, *values):
        return tlv(0x30, tlv(0x04, name),
                   tlv(0x31, *[tlv(0x04, v) for v in values]))
    return tlv(0x64, tlv(0x04, dn), tlv(
        0x30, attribute(b"uid", b"alice"), attribute(b"memberOf", member_of)))


def length(data, at):
    """The length at data[at] and where the contents begin, or None."""
    if at >= len(data):
        return None
    n = data[at]
    if n < 128:
        return n, at + 1
    size = n & 0x7f
    if at + 1 + size > len(data):
        return None
    return int.from_bytes(data[at + 1:at + 1 + size], "big"), at + 1 + size


class Peer:
    """One connection; messages of it, as (id, tag, contents)."""

    def __init__(self, sock):
        self.sock, self.data = sock, b""

    def messages(self):
        while True:
            got = length(self.data, 1)
            if got and len(self.data) >= got[0] + got[1]:
                body = self.data[got[1]:got[0] + got[1]]
                self.data = self.data[got[0] + got[1]:]
                n, at = length(body, 1)
                mid, op = body[at:at + n], body[at + n:]
                size, start = length(op, 1)
                yield mid, op[0], op[start:start + size]
                continue
            part = self.sock.recv(65536)
            if not part:
                return
            self.data += part


def next_id(mid):
    return (int.from_bytes(mid, "big") + 7).to_bytes(len(mid), "big")


def search_answer(mid):
    if end == "wrongid":
        mid = next_id(mid)
    alice = entry(b"" if end == "noentrydn" else ALICE,
                  ADMINS + b"\0,dc=com" if end == "nul" else ADMINS)
    out = b"" if end == "nothing" else message(mid, alice)
    if end == "two":
        out += message(mid, entry(b"uid=alice,ou=other," + BASE, ADMINS))
    if end == "reference":
        out += message(mid, tlv(0x73, tlv(
            0x04, b"ldap://127.0.0.1:9/" + BASE)))
    if end == "unsolicited":  # a notice of disconnection, RFC 4511 4.4.1
        out += message(b"\0", result(0x78, 52, b"bye", tlv(
            0x8a, b"1.3.6.1.4.1.1466.20036")))
    elif end == "wrongtype":  # a bind's answer to a search
        out += message(mid, result(0x61, 0))
    elif end not in ("silence", "hangup"):
        more = b""
        if end == "referral":
            more = tlv(0xa3, tlv(0x04, b"ldap://127.0.0.1:9/" + BASE))
        out += message(mid, result(0x65, RESULTS.get(end, 0), b"", more))
    return out


def policy(kind):
    """The control that says more of a bind: draft-behera, and an older one."""
    oid, value = b"1.3.6.1.4.1.42.2.27.8.5.1", b""
    errors = {"expired": 0, "locked": 1, "reset": 2, "quality": 5}
    word, _, n = kind.partition("-")
    if kind == "-":
        return b""
    if kind == "netscape":
        oid, value = b"2.16.840.1.113730.3.4.4", b"0"
    elif word in ("grace", "expires"):
        n = int(n)
        n = n.to_bytes(n.bit_length() // 8 + 1, "big")
        value = tlv(0x30, tlv(0xa0, tlv(0x81 if word == "grace" else 0x80, n)))
    elif kind == "garbage":
        value = b"\x30\x84\xff\xff\xff\xff\xa0"
    else:
        value = tlv(0x30, tlv(0x81, bytes([errors[kind]])))
    return tlv(0xa0, tlv(0x30, tlv(0x04, oid), tlv(0x04, value)))


def bind_answer(mid, body):
    if mode == "password" and b"cn=reader," not in body:
        n, at = length(body, 4)  # behind the version: the name
        n, at = length(body, at + n + 1)
        code, control, text = body[at:at + n].decode().split(" ", 2)
        answer = result(0x61, int(code), text.encode())
        return tlv(0x30, tlv(0x02, mid), answer, policy(control))
    return message(mid, result(0x61, 49 if end == "refuse" else 0))


def puppet(sock):
    for mid, tag, body in Peer(sock).messages():
        if tag == 0x60:
            say("bind", body.hex())
            sock.sendall(bind_answer(mid, body))
        elif tag == 0x63:
            say("search", body.hex())
            sock.sendall(search_answer(mid))
            if end == "hangup":
                return
        elif tag == 0x77:
            say("extended", body.hex())
            sock.sendall(message(mid, result(0x78, 2)))
        elif tag == 0x42:
            say("unbind")
            return
        else:
            say("other", hex(tag), body.hex())


def start_tls(sock):
    for mid, tag, body in Peer(sock).messages():
        say({0x60: "bind", 0x63: "search", 0x77: "extended",
             0x42: "unbind"}.get(tag, hex(tag)), body.hex())
        if tag == 0x77 and START_TLS in body:
            if mode == "notls":
                sock.sendall(message(mid, result(0x78, 52)))
                continue
            # What follows in plain text must not be taken for an answer.
            later = next_id(mid)[:-1] + bytes([mid[-1] + 1])
            sock.sendall(message(mid, result(0x78, 0)) +
                         message(later, result(0x61, 0)) +
                         message(later, entry(ALICE, ADMINS)) +
                         message(later, result(0x65, 0)))
        elif tag == 0x60:
            sock.sendall(message(mid, result(0x61, 0)))


def talk(sock):
    if mode in ("puppet", "password"):
        return puppet(sock)
    if mode in ("plain", "notls"):
        return start_tls(sock)
    if mode == "hangup":
        return None
    if mode == "noise":
        sock.sendall(os.urandom(4096))
        return None
    if mode != "huge" and not sock.recv(65536):
        return None
    if mode == "huge":
        sock.sendall(b"\x30\x84\x7f\xff\xff\xff\x02\x01\x01" + b"a" * 65536)
    elif mode == "nested":
        body = b""
        for _ in range(1000):
            body = tlv(0x30, body)
        sock.sendall(body)
    elif mode == "cut":
        sock.sendall(message(b"\1", result(0x61, 0))[:-4])
        return None
    elif mode == "trickle":
        sock.sendall(b"\x30\x84\x00\x10\x00\x00\x02\x01\x01\x61\x84\x00\x0f"
                     b"\xff\xf0\x0a\x01\x00\x04\x84\x00\x0f\xff\x00")
        while True:
            sock.sendall(b"a")
            time.sleep(0.02)
    while sock.recv(65536):
        pass
    return None


def serve(sock):
    say("connection")
    try:
        talk(sock)
    except OSError:
        pass
    except (TypeError, IndexError):
        say("what is not LDAP")
    finally:
        sock.close()
    say("gone")


def listen():
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(0 if mode == "full" else 64)
    kept = []
    if mode == "full":
        # One is queued, and the kernel drops what comes after the next.
        for _ in range(8):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(server.getsockname())
            kept.append(one)
        time.sleep(0.1)
    say("port", server.getsockname()[1])
    if mode == "full":
        while True:
            select.select([], [], [], 60)
    while True:
        sock, _ = server.accept()
        threading.Thread(target=serve, args=(sock,), daemon=True).start()


def resolver():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((sys.argv[3], 53))
    say("port", 53)
    while True:
        question, peer = server.recvfrom(4096)
        name = question[12:].split(b"\0")[0]
        say("question", name.hex())
        if end == "noise":
            server.sendto(question[:2] + b"\x81\x80" + os.urandom(60), peer)
            server.sendto(os.urandom(300), peer)
        elif end != "silence":
            body = question[12:12 + len(name) + 5]
            found = body[-3] == 1  # an A; nothing else is known
            answer = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4" + socket.inet_aton(end)
            server.sendto(
                question[:2] + b"\x81\x80\0\1" + bytes([0, found]) +
                b"\0\0\0\0" + body + (answer if found else b""), peer)


resolver() if mode == "dns" else listen()
