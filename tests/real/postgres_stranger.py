"""A server that is no PostgreSQL, or a slow way to one: prints its port.
    http | ssh | mysql      says what those say
    silent                  takes connections and says nothing
    drip                    says no to TLS, then a byte in 0.2 s of an answer without end
    slow PORT SECONDS       carries each connection to PORT, after so long
"""
import socket
import sys
import threading

FIRST = {"http": b"HTTP/1.1 400 Bad Request\r\n\r\n", "ssh": b"SSH-2.0-OpenSSH_9.2\r\n", "mysql": b"J\0\0\0\n10.11.6-MariaDB\0"}


def drip(c):
    try:
        if c.recv(8)[4:] == (80877103).to_bytes(4, "big"):
            c.sendall(b"N")
            threading.Event().wait(0.5)
        for byte in b"R\0\0\x03\xe8" + b"x" * 100000:
            c.sendall(bytes([byte]))
            threading.Event().wait(0.2)
    except OSError:
        pass


def carry(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    for s in (a, b):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def slow(c):
    threading.Event().wait(float(sys.argv[3]))
    server = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
    threading.Thread(target=carry, args=(c, server), daemon=True).start()
    carry(server, c)


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(64)
print(listener.getsockname()[1], flush=True)
kept = []
while True:
    connection, _ = listener.accept()
    kept.append(connection)
    if sys.argv[1] in FIRST:
        connection.sendall(FIRST[sys.argv[1]])
    elif sys.argv[1] != "silent":
        threading.Thread(target={"drip": drip, "slow": slow}[sys.argv[1]], args=(connection,), daemon=True).start()
