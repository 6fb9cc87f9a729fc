# The people and groups of the test directories, as LDIF for slapadd.
#
#	directory_people.py [--memberof] [--ppolicy] [--bulk] [--referral]
#
# slapadd runs no overlay, so memberOf is written where --memberof says that
# the server keeps it. Everybody's password is the uid and "-secret".
import base64
import random
import sys

BASE = "dc=example,dc=org"
PEOPLE = "ou=people," + BASE
GROUPS = "ou=groups," + BASE
OTHER = "ou=other," + BASE
BULK_PEOPLE, BULK_GROUPS, BULK_EACH = 10000, 1000, 10

memberof = "--memberof" in sys.argv
ppolicy = "--ppolicy" in sys.argv
bulk = "--bulk" in sys.argv
referral = "--referral" in sys.argv

entries = []  # [dn, [(attribute, value)]]
groups = {}  # dn of a member: the groups that name it


def add(dn, *pairs):
    entries.append([dn, list(pairs)])
    return dn


def person(uid, where=PEOPLE, rdn=None, more=()):
    return add(
        (rdn or "uid=" + uid) + "," + where,
        ("objectClass", "inetOrgPerson"),
        ("objectClass", "posixAccount"),
        ("uid", uid),
        ("cn", uid),
        ("sn", uid),
        ("uidNumber", str(5000 + len(entries))),
        ("gidNumber", "5000"),
        ("homeDirectory", "/nonexistent"),
        ("userPassword", uid + "-secret"),
        *more)


def group(cn, *members, where=GROUPS, rdn=None):
    dn = (rdn or "cn=" + cn) + "," + where
    for member in members:
        groups.setdefault(member, []).append(dn)
    return add(dn, ("objectClass", "groupOfNames"), ("cn", cn),
               *[("member", m) for m in members])


def unit(name, where=BASE):
    add(f"ou={name},{where}", ("objectClass", "organizationalUnit"),
        ("ou", name))


add(BASE, ("objectClass", "dcObject"), ("objectClass", "organization"),
    ("o", "example"), ("dc", "example"))
add("cn=reader," + BASE, ("objectClass", "organizationalRole"),
    ("objectClass", "simpleSecurityObject"), ("cn", "reader"),
    ("userPassword", "reader-secret"))
unit("people")
unit("groups")
unit("other")
unit("empty")

alice = person("alice", more=[("description", "192.0.2.7")])
bob = person("bob")
carol = person("carol")
dave = person("dave")  # in no group
erin = person("erin")
mallory = person("mallory")
# Twice the same name, in two places.
twin = person("twin")
person("twin", OTHER)
# A name with everything that RFC 4514 and RFC 4515 escape.
special = person("special", rdn=r"cn=Sm\2Cith\2B \28x\29 \2A\5C\3D\23+uid=special")
for dn, pairs in entries:
    if dn == special:
        pairs.append(("cn", "Sm,ith+ (x) *\\=#"))
utf8 = person("jörg")

group("admins", alice)
group("users", alice, bob, carol, special)
group("special", special)
group("Ops, (night)", special, rdn=r"cn=Ops\2C (night)")
group("spoken", utf8)
# A namesake, elsewhere: a group is its DN and nothing else.
group("admins", mallory, twin, "uid=twin," + OTHER, where=OTHER)
add("cn=ops," + GROUPS, ("objectClass", "posixGroup"), ("cn", "ops"),
    ("gidNumber", "6001"), ("memberUid", "bob"), ("memberUid", "twin"))
# carol is in depth5, which is in depth4, ... which is in depth1.
for i in range(1, 5):
    group(f"depth{i}", f"cn=depth{i + 1},{GROUPS}")
group("depth5", carol)
# And a chain that is longer than any cap.
for i in range(1, 40):
    group(f"long{i}", f"cn=long{i + 1},{GROUPS}")
group("long40", carol)
# A circle with a tail, and one that holds itself.
group("circle1", f"cn=circle2,{GROUPS}")
group("circle2", f"cn=circle3,{GROUPS}", erin)
group("circle3", f"cn=circle1,{GROUPS}")
group("tail", f"cn=circle1,{GROUPS}")
group("self", f"cn=self,{GROUPS}", erin)
# Many paths to one place: 2^8 of them.
for i in range(1, 9):
    group(f"left{i}", f"cn=left{i + 1},{GROUPS}", f"cn=right{i + 1},{GROUPS}")
    group(f"right{i}", f"cn=left{i + 1},{GROUPS}", f"cn=right{i + 1},{GROUPS}")
group("left9", erin)
group("right9", erin)
# Somewhere else, says this one.
if referral:
    add("ou=elsewhere," + BASE, ("objectClass", "referral"),
        ("objectClass", "extensibleObject"), ("ou", "elsewhere"),
        ("ref", "ldap://127.0.0.1:9/ou=elsewhere," + BASE))

if ppolicy:
    unit("policies")

    def policy(cn, *pairs):
        return add(f"cn={cn},ou=policies,{BASE}", ("objectClass", "device"),
                   ("objectClass", "pwdPolicy"), ("cn", cn),
                   ("pwdAttribute", "userPassword"), *pairs)

    policy("default", ("pwdMustChange", "TRUE"))
    lockout = policy("lockout", ("pwdLockout", "TRUE"), ("pwdMaxFailure", "5"))
    old = ("pwdChangedTime", "20010101000000Z")
    grace = policy("grace", ("pwdMaxAge", "86400"),
                   ("pwdGraceAuthNLimit", "3"))
    strict = policy("strict", ("pwdMaxAge", "86400"))
    # As long as this test can be young, and warned about all that time.
    warning = policy("warning", ("pwdMaxAge", "2147483647"),
                     ("pwdExpireWarning", "2147483647"))
    people = [
        person("expired", more=[old, ("pwdPolicySubentry", strict)]),
        person("graced", more=[old, ("pwdPolicySubentry", grace)]),
        person("warned", more=[("pwdChangedTime", "20260101000000Z"),
                               ("pwdPolicySubentry", warning)]),
        person("often", more=[("pwdPolicySubentry", lockout)]),
        person("changeme", more=[("pwdReset", "TRUE")]),
        person("locked", more=[("pwdAccountLockedTime", "000001010000Z"),
                               ("pwdPolicySubentry", lockout)])]
    group("policed", alice, *people)

if bulk:
    random.seed(1)
    members = {}
    for i in range(BULK_PEOPLE):
        dn = person(f"u{i}")
        for g in random.sample(range(BULK_GROUPS), BULK_EACH):
            members.setdefault(g, []).append(dn)
    for g in range(BULK_GROUPS):
        group(f"g{g}", *members[g])
    group("everyone", *[f"uid=u{i},{PEOPLE}" for i in range(BULK_PEOPLE)])
    # Each tenth group is nested: n1 holds n2 ... holds n5 holds g0, g10, ...
    group("n5", *[f"cn=g{g},{GROUPS}" for g in range(0, BULK_GROUPS, 10)])
    for i in range(4, 0, -1):
        group(f"n{i}", f"cn=n{i + 1},{GROUPS}")


def line(name, value):
    raw = value.encode()
    if not raw.isascii() or value[:1] in " :<" or value[-1:] == " ":
        return f"{name}:: {base64.b64encode(raw).decode()}\n"
    return f"{name}: {value}\n"


out = sys.stdout
for dn, pairs in entries:
    out.write(line("dn", dn))
    for name, value in pairs:
        out.write(line(name, value))
    if memberof:
        for name in groups.get(dn, ()):
            out.write(line("memberOf", name))
    out.write("\n")
