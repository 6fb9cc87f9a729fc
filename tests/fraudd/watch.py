"""Those who watch a fraudd. Prints "ok WHAT" or "not WHAT" for each check."""
import socket
import sys
import time

PATH = sys.argv[1]


def check(good, what):
    print("ok" if good else "not", what)


class Client:
    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(PATH)
        self.file = self.socket.makefile("rb")

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, *words):
        data = b"*%d\r\n" % len(words)
        for word in words:
            word = word.encode()
            data += b"$%d\r\n%s\r\n" % (len(word), word)
        self.socket.sendall(data)

    def read(self):
        head = self.file.readline()
        kind, rest = head[:1], head[1:].strip()
        if kind == b"*":
            return [self.read() for _ in range(int(rest))]
        if kind == b"$":
            if int(rest) < 0:
                return None
            data = self.file.read(int(rest) + 2)
            return data[:-2].decode()
        if kind == b":":
            return int(rest)
        if kind == b"":
            raise EOFError
        return (kind + rest).decode()

    def ask(self, *words):
        self.send(*words)
        return self.read()

    def event(self):
        flat = self.read()
        return dict(zip(flat[::2], flat[1::2]))


def attempt(client, ip, last4):
    return client.ask("ATTEMPT", "card", "ip", ip, "last4", last4,
                      "expiry", "12/27")


client, quiet, all_of_it = Client(), Client(), Client()
check(quiet.ask("WATCH") == "+OK", "WATCH is taken")
check(all_of_it.ask("WATCH", "ALL") == "+OK", "WATCH ALL is taken")
for i in range(3):
    answer = attempt(client, "192.0.2.1", "%04d" % i)
event = quiet.event()
check(event["verdict"] == "deny" and event["rule"] == "few" and
      event["key"] == "ip" and event["value"] == "192.0.2.1" and
      event["count"] == 3 and event["limit"] == 3 and
      event["id"] == answer[5], "a denied attempt is seen")
check(abs(float(event["time"]) - time.time()) < 30, "its time is now's")
verdicts = [all_of_it.event()["verdict"] for i in range(3)]
check(verdicts == ["allow", "allow", "deny"], "ALL shows the others too")
why = client.ask("WHY", event["id"])
check(len(why) == 1 and dict(zip(why[0][::2], why[0][1::2]))["value"]
      == "192.0.2.1", "the id of an event leads to why")

client.ask("BLOCK", "ip", "192.0.2.8", "60")
client.ask("UNBLOCK", "ip", "192.0.2.8")
client.ask("FORGET", "ip", "192.0.2.1")
client.ask("BLOCK", "user", "alice", "60")
events = [quiet.event() for i in range(4)]
check([e["what"] for e in events] == ["block", "unblock", "forget", "block"],
      "what an operator does is seen")
check([e["value"] for e in events] == ["192.0.2.8", "192.0.2.8", "192.0.2.1",
                                       ""], "addresses, never names")
check(quiet.ask("PING") == "+PONG", "a watcher may ask as well")
for i in range(4):
    all_of_it.event()

# One that does not read: the others are served, it is told what it lost.
slow = Client()
slow.ask("WATCH", "ALL")
started = time.time()
many = 20000
batch = b"ATTEMPT card ip 192.0.2.2 last4 0001 expiry 12/27\r\n" * 100
for i in range(many // 100):
    client.socket.sendall(batch)
    for j in range(100):
        client.read()
check(time.time() - started < 30, "one that does not read stalls nobody")
stats = client.ask("STATS")
stats = dict(zip(stats[::2], stats[1::2]))
check(stats["watchers"] == 3, "STATS counts those who watch")
seen = lost = 0
while seen + lost < many:
    event = slow.event()
    if event["what"] == "lost":
        lost += event["count"]
    else:
        seen += 1
check(lost > 0 and seen > 0 and seen + lost == many,
      "it is told how many it lost, to the last one")
check(stats["watch_lost"] >= lost, "STATS counts them too")
slow.close()
quiet.close()
all_of_it.close()
for i in range(500):
    stats = client.ask("STATS")
    stats = dict(zip(stats[::2], stats[1::2]))
    if stats["watchers"] == 0:
        break
    time.sleep(0.01)
check(stats["watchers"] == 0, "those who go are forgotten")

crowd = [Client() for i in range(17)]
answers = [c.ask("WATCH") for c in crowd]
check(answers == ["+OK"] * 16 + ["-ERR too many are watching"],
      "there may be sixteen")
