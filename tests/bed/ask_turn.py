"""Asks a TURN server for a relay: ask_turn.py ADDRESS PORT, with "user password" from standard input, or "secret WORD" with the
shared secret. Prints "allocated", or "refused" and the code of the error; the status says which."""
import base64
import hashlib
import hmac
import os
import socket
import struct
import sys
import time

COOKIE = 0x2112A442
USERNAME, INTEGRITY, ERROR, REALM, NONCE, TRANSPORT = 0x06, 0x08, 0x09, 0x14, 0x15, 0x19


def attribute(kind, value):
    return struct.pack(">HH", kind, len(value)) + value + b"\0" * (-len(value) % 4)


def ask(s, attributes, key=None):
    body = b"".join(attribute(k, v) for k, v in attributes)
    name = os.urandom(12)
    if key:
        head = struct.pack(">HHI", 3, len(body) + 24, COOKIE) + name
        body += attribute(INTEGRITY, hmac.new(key, head + body, hashlib.sha1).digest())
    s.send(struct.pack(">HHI", 3, len(body), COOKIE) + name + body)
    answer = s.recv(4096)
    kind, said, at = struct.unpack(">H", answer[:2])[0], {}, 20
    while at < len(answer):
        k, size = struct.unpack(">HH", answer[at:at + 4])
        said[k] = answer[at + 4:at + 4 + size]
        at += 4 + size + -size % 4
    return kind, said


user, password = sys.stdin.read().split()
if user == "secret":
    user = "%d:bed" % (time.time() + 600)
    password = base64.b64encode(hmac.new(password.encode(), user.encode(), hashlib.sha1).digest()).decode()
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(3)
s.connect((sys.argv[1], int(sys.argv[2])))
wanted = [(TRANSPORT, b"\x11\0\0\0")]
_, said = ask(s, wanted)
key = hashlib.md5(b":".join([user.encode(), said[REALM], password.encode()])).digest()
kind, said = ask(s, wanted + [(USERNAME, user.encode()), (REALM, said[REALM]), (NONCE, said[NONCE])], key)
print("allocated" if kind == 0x103 else "refused %d" % (said[ERROR][2] * 100 + said[ERROR][3]))
sys.exit(kind != 0x103)
