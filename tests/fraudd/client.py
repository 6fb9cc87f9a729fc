# What redis-py makes of fraudd: argv[1] is the socket.
import sys

import redis

r = redis.Redis(unix_socket_path=sys.argv[1], client_name="test")
assert r.ping()
assert r.echo("x") == b"x"
a = r.execute_command(
    "ATTEMPT", "card", "ip", "198.51.100.2", "last4", "4242", "expiry", "12/27"
)
assert a[:5] == [b"allow", None, 1, 10, 0] and len(a[5]) == 22, a
assert r.execute_command("OUTCOME", a[5], "success") == 1
assert r.execute_command("OUTCOME", a[5], "success") == 0
p = r.pipeline(transaction=False)
for i in range(100):
    p.execute_command("CHECK", "card", "ip", "198.51.100.3", "last4", "4242",
                      "expiry", "12/27")
assert len(p.execute()) == 100
assert r.execute_command("ONCE", "jti", "abc", 4102444800) == 1
assert r.execute_command("ONCE", "jti", "abc", 4102444800) == 0
assert r.execute_command("BLOCK", "ip", "198.51.100.9") == b"OK"
assert r.execute_command("UNBLOCK", "ip", "198.51.100.9") == 1
t = r.execute_command("CL.THROTTLE", "k", 2, 10, 60)
assert t == [0, 3, 2, -1, 6], t
stats = r.execute_command("STATS")
stats = dict(zip(stats[::2], stats[1::2]))
assert stats[b"journal"] == b"ok", stats
assert r.info()["redis_mode"] == "standalone"
try:
    r.execute_command("ATTEMPT", "card", "ip", "nowhere")
    raise SystemExit("an error did not come")
except redis.ResponseError as e:
    assert "ip" in str(e), e
