#!/usr/bin/env python3
"""Takes turns with the workers and compares them, round by round.

	jwt.py BIN_DIR DATA_DIR [ROUNDS]

All workers run on one core. A ratio is the median of the ratios of single
rounds, so that what the machine does meanwhile touches both sides alike.
"""
import os
import subprocess
import sys
from statistics import median

BIN, DATA = sys.argv[1], os.path.abspath(sys.argv[2])
ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 201
ROUND_NS = 2_000_000
ALGS = ["RS256", "ES256", "EdDSA", "HS256"]
SHAPES = ["nothing", "dots", "nobody", "signature", "base64", "blanks",
          "arrays", "utf8", "escapes", "members", "names", "name",
          "letters", "pairs", "quotes"]
PROCESSES = 15
OURS = "jwtgate"
GATE = "the whole gate"
# name, program, mode
RAW = [("prepared", "raw", "prepared"), ("template", "raw", "template"),
       ("ordinary", "raw", "ordinary")]
LIBRARIES = ["libjwt", "cjose", "libjose", "rhonabwy", "cpp_jwt"]


class Worker:
    def __init__(self, program, mode="", cores=None):
        cores = cores or {max(os.sched_getaffinity(0))}
        self.process = subprocess.Popen(
            [os.path.join(BIN, "bench_" + program), DATA, mode],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, cores))
        self.counts = {}

    def ask(self, alg, n, threads=0):
        """Nanoseconds by the clock, and of processor time."""
        self.process.stdin.write(f"{alg} {n} {threads}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit("bench: a worker ended")
        return [int(word) for word in line.split()]

    def knows(self, alg):
        """Warms up, and finds how often fits into one round."""
        n = 1
        while True:
            ns = self.ask(alg, n)[1]
            if ns < 0:
                return False
            if ns > ROUND_NS / 4:
                break
            n *= 2
        self.counts[alg] = max(1, n * ROUND_NS // ns)
        return True

    def turn(self, alg):
        """Nanoseconds of processor time of one verification."""
        n = self.counts[alg]
        return self.ask(alg, n)[1] / n

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def rounds(workers, alg, count):
    times = {name: [] for name in workers}
    for i in range(count):
        names = list(workers)
        if i % 2:
            names.reverse()
        for name in names:
            times[name].append(workers[name].turn(alg))
    return times


# What is aimed at, and what came out: text, measured, whether that is enough.
bars = []


def bar(text, measured, reached):
    bars.append(f"| {text} | {measured} | {'yes' if reached else 'no'} |")


def ratio(a, b):
    return median(x / y for x, y in zip(a, b))


def gap(a, b):
    return median(x - y for x, y in zip(a, b))


def compare(alg, workers):
    known = {k: w for k, w in workers.items() if w.knows(alg)}
    times = rounds(known, alg, ROUNDS)
    libraries = [k for k in LIBRARIES if k in times]
    best = min(libraries, key=lambda k: median(times[k]), default=None)
    print(f"\n### {alg}\n")
    print("| | per second | of raw template | over raw prepared |"
          " of the best library |")
    print("|---|---|---|---|---|")
    for name, t in times.items():
        to_best = f"{1 / ratio(t, times[best]):.2f} ×" if best else ""
        print(f"| {name} | {1e9 / median(t):,.0f} |"
              f" {ratio(t, times['template']):.3f} |"
              f" {gap(t, times['prepared']) / 1000:+.2f} µs | {to_best} |")
    for name in (OURS, GATE):
        if alg != "HS256":
            r = ratio(times[name], times["template"])
            bar(f"{alg}, {name}: ≤ 1.03 of raw template", f"{r:.3f}",
                r <= 1.03)
        if best:
            r = 1 / ratio(times[name], times[best])
            least = 5 if alg == "HS256" else 1
            bar(f"{alg}, {name}: ≥ {least} × {best}", f"{r:.2f} ×", r >= least)
    rows = [k for k in workers if k not in known]
    if rows:
        print(f"\nNot there: {', '.join(rows)}.")
    sys.stdout.flush()


def pairs():
    """Both sides in one process, and many of those: where a process has its
    memory makes more of a difference than what is asked."""
    print(f"\n### Over the prepared form, in one process; {PROCESSES} of"
          " them\n")
    print("| | prepared, µs | template over it | jwtgate over it |"
          " the whole gate over it |")
    print("|---|---|---|---|---|")
    core = {max(os.sched_getaffinity(0))}
    for alg in ALGS:
        runs = []
        for _ in range(PROCESSES):
            done = subprocess.run(
                [os.path.join(BIN, "bench_pair"), DATA, alg, str(ROUNDS)],
                stdout=subprocess.PIPE, text=True, check=True,
                preexec_fn=lambda: os.sched_setaffinity(0, core))
            runs.append([float(word) for word in done.stdout.split()])
        base, *over = [sorted(side) for side in zip(*runs)]
        cells = [f"{median(side):+.2f} ({side[PROCESSES // 4]:+.2f} to"
                 f" {side[-1 - PROCESSES // 4]:+.2f})" for side in over]
        print(f"| {alg} | {median(base):.2f} | {' | '.join(cells)} |")
        if alg != "HS256":
            for name, side in ((OURS, over[1]), (GATE, over[2])):
                bar(f"{alg}, {name}: ≤ 0.6 µs over prepared",
                    f"{median(side):.2f} µs", median(side) <= 0.6)
        sys.stdout.flush()


def scaling():
    print("\n### Two threads\n\n| | one thread, per second |"
          " of it two threads make | by processor time |")
    print("|---|---|---|---|")
    worker = Worker(OURS, "", os.sched_getaffinity(0))
    for alg in ALGS:
        worker.knows(alg)
        n = worker.counts[alg] * 10
        one, two = [], []
        for _ in range(max(1, ROUNDS // 4)):
            one.append(worker.ask(alg, n, 1))
            two.append(worker.ask(alg, n, 2))
        real = median(2 * a[0] / b[0] for a, b in zip(one, two))
        cpu = median(2 * a[1] / b[1] for a, b in zip(one, two))
        rate = n * 1e9 / median(a[0] for a in one)
        bar(f"{alg}: two threads ≥ 1.9 × by the clock", f"{real:.2f} ×",
            real >= 1.9)
        print(f"| {alg} | {rate:,.0f} | {real:.2f} × | {cpu:.2f} × |")
        sys.stdout.flush()
    worker.close()


def lookups():
    print("\n### Search for the key, in sets of several sizes\n")
    print("| keys | ns |\n|---|---|")
    workers = {n: Worker(OURS, f"lookup-{n}") for n in (1, 10, 100, 1000)}
    for worker in workers.values():
        worker.knows("ES256")
    times = rounds(workers, "ES256", ROUNDS)
    for n, t in times.items():
        print(f"| {n} | {median(t):.0f} |")
    r = ratio(times[1000], times[1])
    bar("1000 keys are searched as fast as one: ≤ 1.25", f"{r:.2f}", r <= 1.25)
    for worker in workers.values():
        worker.close()
    sys.stdout.flush()


def hostile():
    print("\n### Hostile tokens of 16 KiB\n")
    print("| shape | µs | of raw RS256 |\n|---|---|---|")
    workers = {s: Worker(OURS, f"hostile-{s}") for s in SHAPES}
    raw = Worker("raw", "prepared")
    raw.knows("RS256")
    for worker in workers.values():
        worker.knows("HS256")
    times = {s: [] for s in SHAPES}
    base = []
    for _ in range(ROUNDS // 2):
        base.append(raw.turn("RS256"))
        for shape in SHAPES:
            times[shape].append(workers[shape].turn("HS256"))
    for shape in SHAPES:
        print(f"| {shape} | {median(times[shape]) / 1000:.2f} |"
              f" {ratio(times[shape], base):.2f} |")
    worst = max(SHAPES, key=lambda shape: ratio(times[shape], base))
    r = ratio(times[worst], base)
    bar(f"a hostile token of 16 KiB < RS256 ({worst})", f"{r:.2f}", r < 1)
    for worker in list(workers.values()) + [raw]:
        worker.close()
    sys.stdout.flush()


def main():
    workers = {name: Worker(program, mode) for name, program, mode in RAW}
    workers[OURS] = Worker(OURS)
    workers[GATE] = Worker(OURS, "gate")
    for name in LIBRARIES:
        if os.path.exists(os.path.join(BIN, "bench_" + name)):
            workers[name] = Worker(name)
    for alg in ALGS:
        compare(alg, workers)
    for worker in workers.values():
        worker.close()
    pairs()
    scaling()
    lookups()
    hostile()
    print("\n### What is aimed at\n\n| aim | measured | reached |")
    print("|---|---|---|")
    print("\n".join(bars))


main()
