"""Asks a name server over UDP: ask_dns.py ADDRESS PORT NAME A|MX|SRV. Prints the number of answers; fails when there is none."""
import socket
import struct
import sys

address, port, name, kind = sys.argv[1:]
question = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"
question += struct.pack(">HH", {"A": 1, "MX": 15, "SRV": 33}[kind], 1)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(2)
s.connect((address, int(port)))
s.send(struct.pack(">HHHHHH", 4711, 0x0100, 1, 0, 0, 0) + question)
number, flags, _, answers, _, _ = struct.unpack(">HHHHHH", s.recv(4096)[:12])
print(answers)
sys.exit(number != 4711 or flags & 15 != 0 or answers == 0)
