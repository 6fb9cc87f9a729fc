# Difficult peers. argv: the socket, fraudd's pid. Prints "ok WHAT" or
# "not WHAT" for each thing that was tried.
import os
import random
import resource
import signal
import socket
import sys
import threading
import time

path, pid = sys.argv[1], int(sys.argv[2])


def connect():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(20)
    s.connect(path)
    return s


def ask(s, data):
    s.sendall(data)
    return s.recv(4096)


def check(what, good):
    print("ok" if good else "not", what, flush=True)


def rss():
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if "VmRSS" in line)


def all_of(s):
    parts = []
    while True:
        part = s.recv(65536)
        if not part:
            return b"".join(parts)
        parts.append(part)


def cpu():
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


s = connect()
for byte in b"*2\r\n$4\r\nECHO\r\n$3\r\na\r\n\r\n":
    s.sendall(bytes([byte]))
check("byte by byte", s.recv(100) == b"$3\r\na\r\n\r\n")

s = connect()
s.sendall(b"ECHO one\r\nECHO two\r\n")
s.shutdown(socket.SHUT_WR)
check("half closed: what was asked is answered",
      all_of(s) == b"$3\r\none\r\n$3\r\ntwo\r\n")

# All that comes while the daemon stands still is one event for it.
s, full, end = connect(), connect(), connect()
for one in (s, full):
    ask(one, b"PING\r\n")
os.kill(pid, signal.SIGSTOP)
line = b"ECHO " + b"x" * 57 + b"\r\n"
s.sendall(line)
s.shutdown(socket.SHUT_WR)
full.sendall(line * 512)  # twice what is read at once, to the byte
end.sendall(b"GE")
end.shutdown(socket.SHUT_WR)
os.kill(pid, signal.SIGCONT)
check("one event for a request and the end: answered, then closed",
      all_of(s) == b"$57\r\n" + line[5:])
got = b""
while len(got) < 512 * 64:
    got += full.recv(1 << 16)
check("one event for two reads: all is read", got == 512 * (
    b"$57\r\n" + line[5:]))
check("and what comes later too", ask(full, b"PING\r\n") == b"+PONG\r\n")
check("one event for half a word and the end: closed", all_of(end) == b"")

# All of them at once, so that they are worked on in one batch; some leave,
# some make mistakes, some ask for more than is sent in one go.
rng = random.Random(1)
peers = [connect() for i in range(150)]
wants = [b""] * len(peers)
for turn in range(30):
    for i, s in enumerate(peers):
        if s is None:
            continue
        words = [b"%d.%d.%d." % (i, turn, k) +
                 b"x" * rng.choice([0, 1, 50, 3000])
                 for k in range(rng.choice([0, 1, 1, 2, 5, 40]))]
        send = b"".join(b"ECHO " + w + b"\r\n" for w in words)
        wants[i] += b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)
        if turn > 5 and rng.random() < 0.01:
            send += b"QUIT\r\n"
            wants[i] += b"+OK\r\n"
        half = rng.randrange(len(send) + 1)
        # of its own thread, for it may have to wait for us to read
        threading.Thread(target=lambda s=s, a=send[:half], b=send[half:]:
                         (s.sendall(a), s.sendall(b))).start()
    for i, s in enumerate(peers):
        got = b""
        while s is not None and len(got) < len(wants[i]):
            part = s.recv(1 << 20)
            if not part:
                break
            got += part
        if got != wants[i]:
            check(f"peer {i} gets its own answers", False)
        if wants[i].endswith(b"+OK\r\n"):
            s.close()
            peers[i] = None
        wants[i] = b""
check("150 at once: each gets its own answers, in order", True)
check("some of them had left", None in peers)
for s in peers:
    if s is not None:
        s.close()

s = connect()
s.sendall(b"x" * 20000)
check("a line over the cap", s.recv(100).startswith(b"-ERR Protocol error"))
try:
    rest = s.recv(100)
except ConnectionResetError:  # what it did not read
    rest = b""
check("and it is over", rest == b"")

s = connect()
word = b"x" * 8000
s.setblocking(False)
sent = 0
started = time.monotonic()
try:
    while sent < 64 << 20 and time.monotonic() - started < 10:
        sent += s.send(b"ECHO " + word + b"\r\n")
except BlockingIOError:
    pass
check("who does not read is not read from", 0 < sent < 8 << 20)
check("others go on meanwhile", ask(connect(), b"PING\r\n") == b"+PONG\r\n")
before = cpu()
time.sleep(0.3)
check("and nobody spins", cpu() - before < 10)
s.setblocking(True)
s.settimeout(20)
s.shutdown(socket.SHUT_WR)
got = all_of(s)
check("then it gets everything it asked for",
      got.count(b"$8000\r\n") == sent // (len(word) + 7))

resource.setrlimit(resource.RLIMIT_NOFILE,
                   (min(2048, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),
                    resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
before = rss()
stuck = []
for i in range(1000):
    s = connect()
    s.sendall(b"*2\r\n$4\r\nECHO\r\n$16000\r\n" + b"x" * 15900)
    stuck.append(s)
check("1000 peers in the middle of a request: one more is served",
      ask(connect(), b"PING\r\n") == b"+PONG\r\n")
grown = rss() - before
print("#", "1000 stuck peers cost", grown, "KiB", flush=True)
check("their memory is bounded", grown < 40000)
for s in stuck:
    s.sendall(b"x" * 100 + b"\r\n")
check("and each of them gets its answer",
      all(s.recv(100).startswith(b"$16000\r\n") for s in stuck))
for s in stuck:
    s.close()

if os.path.exists("/usr/bin/prlimit"):
    limit = len(os.listdir(f"/proc/{pid}/fd")) + 5
    old = os.popen(f"prlimit -p {pid} -n -o SOFT --noheadings").read().strip()
    check("few descriptors",
          os.system(f"prlimit -p {pid} --nofile={limit}:") == 0)
    many = [connect() for i in range(40)]
    before = cpu()
    time.sleep(0.3)
    check("out of descriptors: it does not spin", cpu() - before < 10)
    check("those inside are served", ask(many[0], b"PING\r\n") == b"+PONG\r\n")
    for s in many[:-1]:
        s.close()
    check("those outside come in when there is room",
          ask(many[-1], b"PING\r\n") == b"+PONG\r\n")
    os.system(f"prlimit -p {pid} --nofile={old}:")
