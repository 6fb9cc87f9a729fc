#!/usr/bin/env python3
"""The engine against a model of it that is as simple as can be.

    engine_model.py DRIVER SEED [OPERATIONS]

Random operations with small sets of keys and values, so that limits, windows,
blocks and their ends are met all the time; the clock goes on by anything from
a millisecond to hours. Every answer of the driver must be the model's. Exits 1
at the first difference and prints the operations that led there.
"""

import ipaddress
import json
import os
import random
import subprocess
import sys
import tempfile

FOREVER = None

RULES = [
    {"name": "card", "event": "card", "limit": 4, "window": 60},
    {"name": "net", "event": "card", "prefix4": 24, "prefix6": 64,
     "limit": 8, "window": 120, "extend": "distinct"},
    {"name": "spread", "event": "card", "key": "card",
     "count": "distinct ip", "limit": 5, "window": 45, "action": "delay"},
    {"name": "guess", "event": "login", "key": "user",
     "count": "distinct password", "limit": 5, "window": 50,
     "extend": "none", "when": ["password", "exists!=0"], "trust": 70},
    {"name": "safe", "event": "vault", "key": "user",
     "count": "distinct password", "limit": 3, "window": 30,
     "when": ["password"], "trust": 12},
    {"name": "strange", "event": "login", "count": "distinct user",
     "prefix6": 64, "limit": 3, "window": 35, "when": ["user", "exists=0"]},
    {"name": "hold", "event": "login", "key": "user",
     "count": "distinct token", "limit": 3, "window": 40, "max_block": 25},
    {"name": "speed", "event": "login", "key": "ip", "count": "attempts",
     "limit": 7, "window": 40, "delay_from": 3, "delay": 2},
    {"name": "quiet", "event": "login", "key": "service",
     "count": "attempts", "limit": 2, "window": 30, "mode": "shadow"},
    {"name": "seats", "event": "seat", "key": "user", "count": "sessions",
     "limit": 3, "window": 30},
    {"name": "one", "event": "one", "key": "user", "count": "distinct name",
     "limit": 1, "window": 20, "extend": "attempt"},
    {"name": "many", "event": "many", "key": "ip",
     "count": "distinct name", "limit": 23, "window": 300, "overflow":
     "deny-new"},
]
SETTINGS = {"rules": RULES, "exempt": ["192.0.2.0/24", "2001:db8:1::/48"],
            "exempt_users": ["root"]}

IPS = ["10.0.0.1", "10.0.0.2", "10.0.1.1", "::ffff:10.0.0.1", "192.0.2.7",
       "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "2001:DB8::0:1",
       "2001:db8:1::5"]
USERS = ["anna", "bert", "root", "carl"]
BLOCKS = IPS + ["10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24", "2001:db8::/32",
                "2001:db8::/64", "0.0.0.0/0", "::/0"]


def seconds(now):
    return -(-now // 1000)


def address(text):
    a = ipaddress.ip_address(text)
    if a.version == 6 and a.ipv4_mapped:
        a = a.ipv4_mapped
    return a


def network(text):
    net, _, bits = text.partition("/")
    a = address(net)
    bits = int(bits) if bits else a.max_prefixlen
    return ipaddress.ip_network((a, bits), strict=False)


class Rule:
    def __init__(self, d):
        self.name, self.event = d["name"], d["event"]
        self.key = d.get("key", "ip")
        self.p4, self.p6 = d.get("prefix4", 32), d.get("prefix6", 128)
        count = d.get("count", "distinct card")
        self.kind = count.split()[0]
        self.field = (count.split() + [None])[1]
        self.limit, self.window = d["limit"], d["window"]
        self.delay_from = d.get("delay_from")
        self.delay = d.get("delay")
        self.max_block = d.get("max_block")
        self.extend = d.get("extend", "attempt")
        self.action = d.get("action", "deny")
        self.shadow = d.get("mode") == "shadow"
        self.when, self.trust = d.get("when", []), d.get("trust")
        self.trusted = {}
        self.entries = {}

    def key_of(self, fields):
        if self.key != "ip":
            return fields[self.key]
        a = fields["ip"]
        bits = self.p4 if a.version == 4 else self.p6
        return ipaddress.ip_network((a, bits), strict=False)

    def holds(self, fields):
        for text in self.when:
            if "!=" in text:
                name, value = text.split("!=")
                if fields.get(name) == value:
                    return False
            elif "=" in text:
                name, value = text.split("=")
                if fields.get(name) != value:
                    return False
            elif text not in fields:
                return False
        return True

    def judge(self, count):
        if count >= self.limit:
            return self.action, self.limit
        if self.delay_from and count >= self.delay_from:
            return "delay", count
        return "allow", count


class Entry:
    def __init__(self, rule, stamp):
        self.rule, self.stamp = rule, stamp
        self.values, self.count = [], 0
        self.since = None

    def end(self):
        end = self.stamp + self.rule.window
        if self.since is not None and self.rule.max_block:
            end = min(end, self.since + self.rule.max_block)
        return end * 1000

    def size(self):
        if self.since is not None:
            return self.rule.limit
        return self.count if self.rule.kind == "attempts" else \
            len(self.values)


class Model:
    def __init__(self):
        self.rules = [Rule(d) for d in RULES]
        self.exempt = [ipaddress.ip_network(n) for n in SETTINGS["exempt"]]
        self.ids, self.marks, self.blocks = {}, {}, {}

    # what the text of an attempt means
    def read(self, fields):
        out = {}
        for name, value in fields:
            if name in out or name not in (
                    "ip", "user", "last4", "expiry", "password", "service",
                    "token", "session", "name", "card", "exists"):
                return None
            if name == "ip":
                try:
                    value = address(value if "%" not in value else "no")
                except ValueError:
                    return None
            if name == "last4" and not (len(value) == 4 and value.isdigit()):
                return None
            if name == "expiry":
                digits = value.replace("/", "")
                if not digits.isdigit() or len(digits) not in (4, 6) or \
                        not 1 <= int(digits[:2]) <= 12 or \
                        ("/" in value and value[2] != "/"):
                    return None
                value = digits[:2] + digits[-2:]
            out[name] = value
        if "last4" in out and "expiry" in out:
            out["card"] = out["last4"] + out["expiry"]
        return out

    def is_exempt(self, f):
        ip = f.get("ip")
        return f.get("user") == "root" or (ip is not None and any(
            ip.version == n.version and ip in n for n in self.exempt))

    def matching(self, event, f, sessions):
        return [r for r in self.rules if r.event == event and
                (r.kind == "sessions") == sessions and r.holds(f) and
                (r.key != "ip" or "ip" in f or
                 ("user" not in f and "token" not in f))]

    # user and address, where both are known
    @staticmethod
    def pair(event, f):
        if "user" not in f or "ip" not in f:
            return None
        ip = f["ip"]
        return event, f["user"], ipaddress.ip_network(
            (ip, 32 if ip.version == 4 else 64), strict=False)

    def live(self, rule, key, now):
        entry = rule.entries.get(key)
        if entry is not None and now >= entry.end():
            del rule.entries[key]
            entry = None
        return entry

    def operator(self, f, now):
        end = 0
        for what, until in list(self.blocks.items()):
            if until is not FOREVER and now >= until * 1000:
                del self.blocks[what]
                continue
            kind, value = what
            if kind == "ip":
                ip = f.get("ip")
                if ip is None or ip.version != value.version or \
                        ip not in value:
                    continue
            elif f.get(kind) != value:
                continue
            if until is FOREVER:
                return FOREVER
            end = max(end, until * 1000)
        return end

    def count(self, rule, f, now, write, adds):
        key = rule.key_of(f)
        pair = self.pair(rule.event, f)
        if rule.trust and pair and now < rule.trusted.get(pair, 0):
            key = pair  # an address of this user's own
        entry = self.live(rule, key, now)
        stamp = seconds(now)
        if entry is not None and entry.since is not None:
            if write and rule.extend == "attempt":
                entry.stamp = max(entry.stamp, stamp)
            return rule.judge(rule.limit) + (entry.end(),)
        new, value = True, None
        count = entry.size() if entry else 0
        if rule.kind == "distinct":
            value = f.get(rule.field)
            new = value is not None and not (
                entry and value in entry.values)
        if not write:
            end = entry.end() if entry else now + rule.window * 1000
            return rule.judge(count + new) + (end,)
        if entry is None:
            entry = rule.entries[key] = Entry(rule, stamp)
        count += new
        if rule.extend == "attempt" or (rule.extend == "distinct" and new):
            entry.stamp = max(entry.stamp, stamp)
        if count >= rule.limit:
            entry.since, entry.values = stamp, []
        elif new:
            adds.append((rule, key, entry, value, now))
            if rule.kind == "distinct":
                entry.values.append(value)
            else:
                entry.count += 1
        return rule.judge(count) + (entry.end(),)

    @staticmethod
    def take(best, rule, verdict, count, end, now):
        order = {"deny": 0, "delay": 1, "allow": 2}
        if order[verdict] > order[best[0]]:
            return best
        if order[verdict] == order[best[0]]:
            if verdict != "allow":
                return best
            if best[3] and count * best[3] <= best[2] * rule.limit:
                return best
        retry = 0
        if verdict == "delay" and rule.delay:
            retry = rule.delay
        elif verdict != "allow":
            retry = max(1, -(-(end - now) // 1000))
        return (verdict, "-" if verdict == "allow" else rule.name, count,
                rule.limit, retry)

    def attempt(self, now, uid, event, fields, write):
        """Verdict, rule, count, limit, retry, whether there is an id."""
        f = self.read(fields)
        if f is None:
            return "error syntax_error", None
        best = ("allow", "-", 0, 0, 0)
        if self.is_exempt(f):
            return best, None
        rules = self.matching(event, f, False)
        for rule in rules:
            if rule.key not in f or (write and rule.field and
                                     rule.field not in f):
                return "error syntax_error", None
        adds = []
        for rule in rules:
            result = self.count(rule, f, now, write, adds)
            if not rule.shadow:
                best = self.take(best, rule, *result, now)
        end = self.operator(f, now)
        if end != 0:
            best = ("deny", "operator", 0, 0, 0 if end is FOREVER else
                    -(-(end - now) // 1000))
        if not write or (not rules and best[0] == "allow"):
            return best, None
        return best, (uid, adds, best[0] != "deny" or bool(adds),
                      self.pair(event, f))

    def outcome(self, now, uid, ident, what):
        if ident not in self.ids or self.ids[ident][0] != uid:
            return 0
        _, adds, kept, pair = self.ids.pop(ident)
        if not kept:
            return 0
        for rule, key, entry, value, time in adds:
            life = min(rule.window, rule.max_block or rule.window)
            if what == "failure" or now >= time + life * 1000 or \
                    self.live(rule, key, now) is not entry or \
                    entry.since is not None:
                continue
            if rule.kind == "attempts":
                entry.count -= 1
            elif value in entry.values:
                entry.values.remove(value)
            if entry.size() == 0:
                del rule.entries[key]
        for rule in self.rules:
            if what == "success" and rule.trust and pair:
                rule.trusted[pair] = (seconds(now) + rule.trust) * 1000
        return 1

    def seats(self, now, event, fields):
        f = self.read(fields)
        if f is None:
            return None, None
        rules = self.matching(event, f, True)
        if any(r.key not in f or "session" not in f for r in rules):
            return None, None
        for rule in rules:
            entry = self.live(rule, rule.key_of(f), now)
            if entry is None:
                continue
            entry.values = [v for v in entry.values if v[1] * 1000 > now]
            if not entry.values:
                del rule.entries[rule.key_of(f)]
        return f, rules

    def open(self, now, event, fields):
        f, rules = self.seats(now, event, fields)
        if f is None:
            return "error syntax_error"
        best = ("allow", "-", 0, 0, 0)
        if self.is_exempt(f):
            return best
        for rule in rules:
            entry = self.live(rule, rule.key_of(f), now)
            names = [v[0] for v in entry.values] if entry else []
            there = f["session"] in names
            verdict, count = rule.judge(len(names) + (not there))
            if there:
                verdict = "allow"
            best = self.take(best, rule, verdict, count,
                             entry.end() if entry else now, now)
        if best[0] == "deny":
            return best
        for rule in rules:
            key = rule.key_of(f)
            entry = self.live(rule, key, now)
            if entry is None:
                entry = rule.entries[key] = Entry(rule, seconds(now))
            entry.stamp = max(entry.stamp, seconds(now))
            entry.values = [v for v in entry.values if v[0] != f["session"]]
            entry.values.append((f["session"], seconds(now) + rule.window))
        return best

    def close(self, now, event, fields):
        f, rules = self.seats(now, event, fields)
        if f is None:
            return "error syntax_error"
        closed = 0
        for rule in rules:
            key = rule.key_of(f)
            entry = self.live(rule, key, now)
            if entry is None:
                continue
            left = [v for v in entry.values if v[0] != f["session"]]
            closed = closed or int(len(left) != len(entry.values))
            entry.values = left
            if not left:
                del rule.entries[key]
        return closed

    def once(self, now, scope, value, expires):
        until = self.marks.get((scope, value))
        if expires <= now // 1000:
            return "error out_of_range"
        if until is not None and now < until * 1000:
            return 0
        self.marks[scope, value] = expires
        return 1

    def named(self, kind, value):
        return (kind, network(value) if kind == "ip" else value)

    def block(self, now, kind, value, length):
        self.blocks[self.named(kind, value)] = \
            seconds(now + length * 1000) if length else FOREVER
        return 0

    def unblock(self, now, kind, value):
        what = self.named(kind, value)
        if what not in self.blocks:
            return 0
        until = self.blocks.pop(what)
        return int(until is FOREVER or now < until * 1000)

    def forget(self, now, kind, value):
        gone = 0
        for rule in self.rules:
            if rule.key != kind:
                continue
            key = rule.key_of({kind: address(value) if kind == "ip"
                               else value})
            if self.live(rule, key, now) is not None:
                del rule.entries[key]
                gone += 1
        return gone


class Run:
    def __init__(self, driver, seed):
        self.random = random.Random(seed)
        self.model, self.log, self.recent = Model(), [], []
        self.now = 1_700_000_000_000 + self.random.randrange(5000)
        self.file = tempfile.NamedTemporaryFile("w", suffix=".json")
        json.dump(SETTINGS, self.file)
        self.file.flush()
        os.chmod(self.file.name, 0o600)
        self.pipe = subprocess.Popen(
            [driver, self.file.name], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, bufsize=1)

    def ask(self, *words):
        line = " ".join(str(w) for w in words)
        self.log.append(line)
        self.pipe.stdin.write(line + "\n")
        self.pipe.stdin.flush()
        return self.pipe.stdout.readline().strip()

    def same(self, got, want):
        if got == want:
            return
        print("# the last operations:")
        for line in self.log[-40:]:
            print("#   " + line)
        print("# got:  %s\n# want: %s" % (got, want))
        sys.exit(1)

    def clock(self):
        r = self.random.random()
        step = 0 if r < .3 else self.random.randrange(1, 900) if r < .6 else \
            self.random.randrange(1, 9000) if r < .95 else \
            self.random.randrange(20000, 70000) if r < .995 else \
            self.random.randrange(10 ** 7)
        if self.random.random() < .1:  # the edges of seconds
            step += 1000 - (self.now + step) % 1000
        self.now += step

    def fields(self, event):
        pick = self.random.choice
        ip = ("ip", pick(IPS))
        user = ("user", pick(USERS))
        many = ("name", "n%d" % self.random.randrange(30))
        fields = {
            "card": [ip, ("last4", "424%d" % self.random.randrange(8)),
                     ("expiry", pick(["12/27", "1227", "12/2027", "122027",
                                      "01/30"]))],
            "login": [ip, user,
                      ("password", "p%d" % self.random.randrange(6)),
                      ("token", "t%d" % self.random.randrange(4)),
                      ("service", pick(["sshd", "sudo"])),
                      ("exists", pick(["0", "1", "1", "1"]))],
            "seat": [user, ("session", "s%d" % self.random.randrange(5))],
            "one": [user, many],
            "vault": [("ip", pick(IPS[:3] + IPS[5:7])), ("user", "anna"),
                      ("password", "p%d" % self.random.randrange(4))],
            "many": [("ip", pick(IPS[:2])), many],
            "none": [ip, user],
        }[event]
        r = self.random.random()
        if event == "login" and self.random.random() < .2:
            # without what only some rules ask
            fields = [f for f in fields if f[0] != pick(
                ["password", "exists"])]
        if r < .02:
            fields.pop(self.random.randrange(len(fields)))
        elif r < .03:
            fields.append(pick(fields))
        elif r < .05:
            fields[0] = pick([("ip", "10.0.0"), ("colour", "red"),
                              ("last4", "42x2"), ("expiry", "13/27"),
                              ("expiry", "1/27"), ("ip", "fe80::1%1")])
        return fields

    @staticmethod
    def flat(fields):
        return [word for pair in fields for word in pair]

    def attempt(self, verb):
        event = self.random.choice(
            ["card", "card", "card", "login", "login", "many", "one",
             "none", "vault", "vault"])
        uid, fields = self.random.randrange(2), self.fields(event)
        got = self.ask(verb, self.now, uid, event, *self.flat(fields))
        want, adds = self.model.attempt(
            self.now, uid, event, fields, verb == "attempt")
        if isinstance(want, str):
            return self.same(got, want)
        *answer, ident = got.split(" ")
        self.same(" ".join(answer), " ".join(str(w) for w in want))
        self.same(ident != "-", adds is not None)
        if adds is not None:
            self.model.ids[ident] = adds
            self.recent = (self.recent + [ident])[-30:]

    def seat(self, verb):
        fields = self.fields("seat")
        got = self.ask(verb, self.now, 0, "seat", *self.flat(fields))
        want = getattr(self.model, verb)(self.now, "seat", fields)
        if isinstance(want, tuple):
            want = " ".join(str(w) for w in want) + " -"
        self.same(got, str(want))

    def operator(self, verb):
        pick = self.random.choice
        kind = pick(["ip", "ip", "user"])
        value = pick(USERS) if kind == "user" else pick(
            IPS if verb == "forget" else BLOCKS)
        args = [pick([0, 5, 30, 200])] if verb == "block" else []
        got = self.ask(verb, self.now, kind, value, *args)
        want = getattr(self.model, verb)(self.now, kind, value, *args)
        self.same(got, str(want))

    def outcome(self):
        if not self.recent:
            return
        ident = self.random.choice(self.recent)
        uid = self.random.randrange(2)
        what = self.random.choice(["success", "success", "failure", "error"])
        got = self.ask("outcome", self.now, uid, ident, what)
        self.same(got, str(self.model.outcome(self.now, uid, ident, what)))

    def once(self):
        scope = self.random.choice(["jti", "nonce"])
        value = "v%d" % self.random.randrange(5)
        expires = self.now // 1000 + self.random.randrange(-1, 60)
        got = self.ask("once", self.now, scope, value, expires)
        self.same(got, str(self.model.once(self.now, scope, value, expires)))

    def restart(self):
        self.same(self.ask("restart", self.now, 1), "ok")
        self.model.ids.clear()

    def step(self):
        self.clock()
        r = self.random.random()
        if r < .55:
            self.attempt("attempt")
        elif r < .65:
            self.attempt("check")
        elif r < .75:
            self.outcome()
        elif r < .83:
            self.seat(self.random.choice(["open", "open", "close"]))
        elif r < .88:
            self.once()
        elif r < .94:
            self.operator(self.random.choice(
                ["block", "unblock", "unblock", "forget"]))
        elif r < .975:
            self.same(self.ask("tick", self.now), "ok")
        elif r < .985:
            self.same(self.ask("begin", self.now), "ok")
        elif r < .993:
            self.restart()
        else:
            self.ask("rotate", self.now)

    def end(self):
        self.pipe.stdin.close()
        self.same(self.pipe.wait(), 0)


def main():
    driver, seed = sys.argv[1], int(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 5000
    run = Run(driver, seed)
    for _ in range(count):
        run.step()
    run.end()


if __name__ == "__main__":
    main()
