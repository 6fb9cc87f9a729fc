#!/usr/bin/env python3
"""Takes turns with the workers and compares them, round by round.

	directory.py BIN_DIR DATA_DIR ROUNDS CONFIG_DIR URI...

URI: NAME=URI of the servers, and ca=FILE, nslcd=SOCKET. A ratio is the median
of the ratios of single rounds, so that what the machine does meanwhile
touches both sides alike.
"""
import os
import subprocess
import sys
from statistics import median

BIN, DATA, ROUNDS, CONFIGS = (sys.argv[1], sys.argv[2], int(sys.argv[3]),
                              sys.argv[4])
PLACES = dict(word.split("=", 1) for word in sys.argv[5:])
ROUND_NS = 10_000_000
CORE = {max(os.sched_getaffinity(0))}


class Worker:
    def __init__(self, program, names, answer, *args, warm=1):
        self.process = subprocess.Popen(
            [os.path.join(BIN, "bench_directory_" + program),
             os.path.join(DATA, names), answer, *args],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, CORE))
        self.ask(warm)  # what is to be kept is there then
        self.count = 1
        while True:
            ns = self.ask(self.count)
            if ns > ROUND_NS / 4:
                break
            self.count *= 2
        self.count = max(1, self.count * ROUND_NS // ns)

    def ask(self, n):
        self.process.stdin.write(f"{n}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit("bench: a worker ended")
        return int(line)

    def turn(self):
        return self.ask(self.count) / self.count

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def libldap(names, uri, mode, group, *more):
    return Worker("libldap", names, "yes", PLACES[uri], mode, group, *more)


def jwtgate(names, config, mode="warm", warm=1):
    return Worker("jwtgate", names, "yes",
                  os.path.join(CONFIGS, config + ".json"), mode, warm=warm)


def compare(title, workers):
    """The first of them is what the others are compared with."""
    times = {name: [] for name in workers}
    for i in range(ROUNDS):
        names = list(workers)
        if i % 2:
            names.reverse()
        for name in names:
            times[name].append(workers[name].turn())
    base = next(iter(times))
    print(f"\n### {title}\n")
    print(f"| | per second | µs | of \"{base}\" |\n|---|---|---|---|")
    for name, t in times.items():
        of = median(a / b for a, b in zip(t, times[base]))
        print(f"| {name} | {1e9 / median(t):,.0f} | {median(t) / 1000:.1f} |"
              f" {of:.3f} |")
    sys.stdout.flush()
    for worker in workers.values():
        worker.close()


def main():
    ca = PLACES["ca"]
    workers = {
        "libldap, the search": libldap("all", "kept", "search", "everyone"),
        "libldap, and the values": libldap(
            "all", "kept", "memberof", "everyone"),
        "jwtgate": jwtgate("all", "flat"),
        "jwtgate, kept for cache_seconds": jwtgate(
            "few", "flat-cached", warm=500)}
    if "nslcd" in PLACES:
        workers["nslcd, pam_authz_search"] = Worker(
            "nslcd", "all", "yes", PLACES["nslcd"])
    compare("One role by group DN, warm, memberOf", workers)
    compare("The same without memberOf", {
        "libldap": libldap("all", "bare", "member", "everyone"),
        "jwtgate": jwtgate("all", "flat-bare")})
    compare("Nested to depth 5, memberOf", {
        "libldap, level by level": libldap("deep", "kept", "nested", "n1"),
        "jwtgate": jwtgate("deep", "deep")})
    compare("Nested to depth 5, without memberOf", {
        "libldap, level by level": libldap("deep", "bare", "walk", "n1"),
        "jwtgate": jwtgate("deep", "deep-bare")})
    compare("Cold: connection, bind, search", {
        "libldap": libldap("all", "kept", "cold-memberof", "everyone"),
        "jwtgate": jwtgate("all", "flat", "cold")})
    compare("Cold, ldaps", {
        "libldap": libldap(
            "all", "kept-tls", "cold-memberof", "everyone", ca),
        "jwtgate": jwtgate("all", "flat-tls", "cold")})


main()
