"""An SSH client that stock ssh is not: answers of any length.

sshclient.py PORT USER METHOD TOKENFILE

METHOD is "whole" (keyboard-interactive, the whole token to each prompt),
"chunks" (what each prompt asks for) or "password". Prints the prompts it
saw, then "accepted" or "refused"; the exit status is 0 or 1.
"""

import re
import sys

import paramiko


def main():
    port, user, method, path = sys.argv[1:]
    with open(path, "rb") as file:
        token = file.read().decode("latin-1")

    def answer(prompt):
        m = re.fullmatch(r"JWT\[(\d+)\+(\d+)\]: ", prompt)
        print("prompt " + prompt)
        if method == "chunks" and m:
            offset, chunk = int(m[1]), int(m[2])
            return token[offset:offset + chunk]
        return token

    def handler(_title, _instructions, prompts):
        return [answer(prompt) for prompt, _echo in prompts]

    transport = paramiko.Transport(("127.0.0.1", int(port)))
    try:
        transport.start_client(timeout=20)
        if method == "password":
            transport.auth_password(user, token, fallback=False)
        else:
            transport.auth_interactive(user, handler)
        accepted = transport.is_authenticated()
    except (paramiko.SSHException, EOFError):
        accepted = False
    finally:
        transport.close()
    print("accepted" if accepted else "refused")
    return 0 if accepted else 1


if __name__ == "__main__":
    sys.exit(main())
