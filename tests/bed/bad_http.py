"""One server that misbehaves in another way on each port.

    bad_http.py ADDRESS FILE     FILE gets the lines "WAY PORT" when all listen
"""
import os
import socket
import sys
import threading
import time

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
BODY = b"Content-Length: 10737418240\r\n\r\n"


def request(c):
    data = b""
    while b"\r\n\r\n" not in data:
        got = c.recv(4096)
        if not got:
            break
        data += got


def trickle(c, data):
    for byte in data:
        c.sendall(bytes([byte]))
        time.sleep(1)


def silent(c, port):
    while c.recv(4096):
        pass


def drip(c, port):
    request(c)
    c.sendall(HEAD + b"Content-Length: 100000\r\n\r\n")
    trickle(c, b"x" * 100000)


def endless(c, port):
    request(c)
    c.sendall(HEAD + BODY)
    block = b"x" * 65536
    for _ in range(10737418240 // len(block)):
        c.sendall(block)


def redirect(c, port):
    request(c)
    where = "http://%s:%d/again" % (c.getsockname()[0], port)
    c.sendall(("HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % where).encode())


def invalid(c, port):
    request(c)
    c.sendall(b"\x00\x01 this is no HTTP \xff\xfe\r\n\r\n")


def not_tls(c, port):
    c.recv(4096)
    c.sendall(b"\x16\x03\x09\xff\xff these are no TLS records \x00\x01" * 10)


def slow_headers(c, port):
    request(c)
    c.sendall(HEAD)
    trickle(c, b"X-Slow: " + b"y" * 100000)


def early_close(c, port):
    request(c)
    c.sendall(HEAD + b"Content-Length: 1000\r\n\r\nten bytes.")


WAYS = [silent, drip, endless, redirect, invalid, not_tls, slow_headers, early_close]


def guarded(way, c, port):
    try:
        way(c, port)
    except OSError:
        pass
    finally:
        # What the client still sends must not turn the end into a reset.
        try:
            c.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        c.close()


def serve(way, s):
    port = s.getsockname()[1]
    while True:
        c, _ = s.accept()
        threading.Thread(target=guarded, args=(way, c, port), daemon=True).start()


lines = []
for way in WAYS:
    s = socket.socket()
    s.bind((sys.argv[1], 0))
    s.listen(64)
    threading.Thread(target=serve, args=(way, s), daemon=True).start()
    lines.append("%s %d\n" % (way.__name__.replace("_", "-"), s.getsockname()[1]))
with open(sys.argv[2] + ".new", "w") as f:
    f.writelines(lines)
os.rename(sys.argv[2] + ".new", sys.argv[2])
threading.Event().wait()
