"""Logs in to an XMPP server with STARTTLS: ask_xmpp.py ADDRESS PORT DOMAIN CA USER, with the password from standard input.
Prints what the server said to it; fails unless that is success."""
import base64
import re
import socket
import ssl
import sys

address, port, domain, ca, user = sys.argv[1:]
password = sys.stdin.readline().strip()
s = socket.create_connection((address, int(port)), 5)
s.settimeout(5)


def ask(text, until):
    s.sendall(text.encode())
    got = ""
    while not re.search(until, got):
        part = s.recv(4096)
        if not part:
            sys.exit("ended after: " + got)
        got += part.decode()
    return got


opening = ("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='%s' version='1.0'>" % domain)
ask(opening, "</stream:features>")
ask("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "<proceed")
s = ssl.create_default_context(cafile=ca).wrap_socket(s, server_hostname=domain)
ask(opening, "</stream:features>")
login = base64.b64encode(("\0%s\0%s" % (user, password)).encode()).decode()
said = ask("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>%s</auth>" % login, "<success|</failure>")
print(said)
sys.exit("<success" not in said)
