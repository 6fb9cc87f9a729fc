#!/usr/bin/env python3
"""What asking fraudd adds to a login: alone, and beside a thousand clients.

	throttle.py BIN_DIR BUILD_DIR [quick]

A login asks twice and tells once: before the token is looked at, when its
signature held, and how it ended; for the last one nobody waits. So the bytes
alone cost two round trips, on a connection that is kept or on one of its own,
to a server that slept meanwhile: they are measured around the same login that
asks nothing. Under load the bytes go to an echo server under the same load.
Everything lives in a folder of its own and is ended by its pid.
"""
import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BIN, BUILD = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
ROUNDS = 4 if "quick" in sys.argv[3:] else 40
LOAD_MS = 4000 if "quick" in sys.argv[3:] else 60000
JWTGATE = os.path.join(BUILD, "tools/jwtgate")
ANSWER = "*6\r\n$5\r\nallow\r\n$-1\r\n:1\r\n:10\r\n:0\r\n$22\r\n" \
    + "A" * 22 + "\r\n"
ECHO_BYTES = 200
LOAD_BYTES = 116  # of a card attempt, as load_side.c writes it
HOSTS = [("a decision of a long-lived host", "gate"),
         ("a decision by a gate of its own", "login"),
         ("a PAM login, authentication", "pam"),
         ("a SASL exchange", "sasl")]
BAR_US = 100

root = tempfile.mkdtemp(prefix="bench-")
started = []


def end_all():
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait()
    shutil.rmtree(root)


atexit.register(end_all)


def path(name):
    return os.path.join(root, name)


def write(name, text, mode=0o600):
    os.makedirs(os.path.dirname(path(name)), exist_ok=True)
    with open(path(name), "w") as f:
        f.write(text)
    os.chmod(path(name), mode)


def start(argv, wait):
    log = open(path("log"), "ab")
    process = subprocess.Popen(argv, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=log, text=True)
    log.close()
    started.append(process)
    for _ in range(1000):
        if wait is None or os.path.exists(path(wait)):
            return process
        if process.poll() is not None:
            break
        time.sleep(0.01)
    sys.exit("%s did not start: %s" % (argv[0], open(path("log")).read()))


def prepare():
    write("fraudd.json", '{"socket": "%s", "state_dir": "%s", "login_rules": '
          '"enforce", "access": [{"user": "%s", "may": ["count"]}]}' % (
              path("f"), path("state"),
              subprocess.check_output(["id", "-un"], text=True).strip()))
    os.mkdir(path("state"), 0o700)
    write("key", subprocess.check_output(
        [JWTGATE, "keys", "generate", "--alg", "ES256"], text=True))
    write("jwtgate.json", '''{"common": {"authentication": {
        "jwtsigningkey_file": "%s", "issuer": "https://login.example.org",
        "audience": ["bench"]}}, "services": {
        "plain": {"require": "token_only"},
        "asked": {"require": "token_only", "fraud": {"socket": "%s",
            "deadline_ms": 20000, "when_unavailable": "deny"}}}}''' % (
        path("key"), path("f")))
    write("token", subprocess.check_output(
        [JWTGATE, "issue", "--config", path("jwtgate.json"), "--user",
         "alice", "--ttl", "3600"], text=True))
    for name in "plain", "asked":
        write("pam.d/" + name, "auth required %s config=%s\n" % (
            os.path.join(BUILD, "pam/.libs/pam_jwt.so"),
            path("jwtgate.json")), 0o644)
    os.mkdir(path("sasl"))
    os.symlink(os.path.join(BUILD, "sasl/.libs/libjwtgate_sasl.so"),
               path("sasl/libjwtgate_sasl.so"))
    start([os.path.join(BUILD, "fraudd/fraudd"), "-c", path("fraudd.json")],
          "f")
    start([os.path.join(BIN, "bench_echo"), path("e"), str(ECHO_BYTES),
           ANSWER], "e")


def measure(names, rounds=ROUNDS):
    out = subprocess.run([os.path.join(BIN, "bench_throttle"), root,
                          str(rounds)] + names, check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    return {line.split()[0]: [float(v) for v in line.split()[1:]]
            for line in out.splitlines()}


def loaded(side, socket, names):
    """These sides, beside a thousand clients of that socket."""
    load = start([os.path.join(BIN, "bench_load")], None)
    load.stdin.write("open a %s %s 1000 1 mix 0 100000\n" % (
        side, path(socket)))
    load.stdin.flush()
    load.stdout.readline()
    load.stdin.write("run a %d\n" % LOAD_MS)
    load.stdin.flush()
    begun = time.monotonic()
    result = measure(names, 2)
    if time.monotonic() - begun > LOAD_MS / 1000:
        print("the load ended before the measurement", file=sys.stderr)
    load.send_signal(signal.SIGTERM)
    load.wait()
    return result


def sides(*hows):
    """Those of one host stand side by side."""
    return ["%s-%s" % (name, how) for _, name in HOSTS for how in hows]


def bytes_alone(us):
    """What two round trips of bytes add to each host."""
    return {name: us[name + "-bare"][0] - us[name + "-plain"][0]
            for _, name in HOSTS}


def table(title, us, alone):
    print("\n%s, microseconds, median:\n" % title)
    print("| | without | asked | added | two round trips of bytes | "
          "beyond them |\n|---|---|---|---|---|---|")
    worst = 0
    for what, name in HOSTS:
        plain, asked = us[name + "-plain"][0], us[name + "-asked"][0]
        bare = alone[name]
        worst = max(worst, asked - plain - bare)
        print("| %s | %.0f | %.0f | %.0f | %.0f | %.0f (%.2f x) |" % (
            what, plain, asked, asked - plain, bare, asked - plain - bare,
            (asked - plain) / bare))
    return worst


def main():
    prepare()
    us = measure(sides("plain", "bare", "asked"))
    worst = table("Idle", us, bytes_alone(us))
    print("\nBar: at most %d beyond the bytes when idle: %.0f, %s." % (
        BAR_US, worst, "held" if worst <= BAR_US else "MISSED"))
    us = loaded("fraudd", "f", sides("plain", "asked"))
    # an echo server of the load's request length answers ours too late or
    # too early, so the load has one of its own on the same core
    start([os.path.join(BIN, "bench_echo"), path("l"), str(LOAD_BYTES),
           ANSWER], "l")
    alone = loaded("echo", "l", sides("plain", "bare"))
    table("Beside 1000 clients", us, bytes_alone(alone))


if __name__ == "__main__":
    main()
