# The clocks of a fraudd that runs with clockshim. argv: the socket, the file
# of the shim. Prints "ok WHAT" or "not WHAT" for each thing that was tried.
import socket
import struct
import sys
import time

path, file = sys.argv[1], sys.argv[2]
DAY = 86400


def clocks(wall, boot):
    with open(file, "r+b") as f:
        f.write(struct.pack("@qq", wall, boot))


def check(what, good):
    print("ok" if good else "not", what, flush=True)


def connect(data=b""):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(20)
    s.connect(path)
    s.sendall(data)
    return s


def pong(s):
    s.sendall(b"PING\r\n")
    return s.recv(100) == b"+PONG\r\n"


def ask(line):
    s = connect(line.encode() + b"\r\n")
    s.shutdown(socket.SHUT_WR)
    return b"".join(iter(lambda: s.recv(4096), b"")).decode().split()


def card(ip, last4, verb="ATTEMPT"):
    a = ask(f"{verb} card ip {ip} last4 {last4} expiry 12/27")
    return a[2], int(a[-3][1:])  # verdict, retry-after


def ended(s):
    try:
        return s.recv(100) == b""
    except ConnectionResetError:
        return True


for wall in (0, -DAY, DAY, -40 * 365 * DAY):
    ip = f"192.0.2.{abs(wall) % 250}"
    clocks(0, 0)
    card(ip, "0001")
    clocks(wall, 0)
    verdict, wait = card(ip, "0002")
    check(f"clock set by {wall} s: caught, for the window",
          verdict == "deny" and 3590 <= wait <= 3601)
clocks(0, 0)

idle, stuck, half = (connect(x) for x in (b"", b"*1\r\n$4\r\nPI", b"GE"))
check("one who is idle is served", pong(idle))
clocks(0, 25)
time.sleep(0.3)
check("25 s: who is in the middle may still go on",
      (stuck.sendall(b"NG\r\n"), stuck.recv(9))[1] == b"+PONG\r\n")
stuck.sendall(b"*1\r\n")
time.sleep(0.3)
clocks(0, 60)
for name, s in (("a command", stuck), ("what may be HTTP", half)):
    check(f"35 s in the middle of {name}: closed", ended(s))
check("who is idle stays", pong(idle))
clocks(0, 60 + 3590)
time.sleep(0.3)
check("and stays for an hour", pong(idle))
check("an hour is over for a block too",
      card("192.0.2.0", "0003", "CHECK")[0] == "allow")
clocks(0, 60 + 3590 + 3602)
check("then it is closed", ended(idle))
clocks(0, 0)
