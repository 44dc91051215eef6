"""An XMPP server for one domain that is wrong in one thing: xmpp_server.py DOMAIN CHAIN KEY FAULT. Prints its port. Faults: lost, unaccepted,
archive, no_tls, no_password (only EXTERNAL is offered), conflict, busy (temporary-auth-failure), none."""
import re
import socket
import ssl
import sys
import threading

domain, chain, key, fault = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(chain, key)
sessions, kept = {}, []
SASL, TLS = "urn:ietf:params:xml:ns:xmpp-sasl", "urn:ietf:params:xml:ns:xmpp-tls"


class Session:
    def __init__(self, s):
        self.s, self.got, self.jid, self.tls, self.known = s, "", None, False, False
        self.others = []  # what other sessions have for this one: a TLS socket serves one thread

    def say(self, text):
        self.s.sendall(text.encode())

    def until(self, pattern):
        while True:
            m = re.search(pattern, self.got, re.S)
            if m:
                self.got = self.got[m.end():]
                return m
            while self.others:
                self.say(self.others.pop(0))
            try:
                part = self.s.recv(4096)
            except TimeoutError:
                continue
            if not part:
                raise OSError
            self.got += part.decode()

    def open(self):
        self.until("<stream:stream [^>]*>")
        self.say("<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' from='%s' version='1.0'><stream:features>" % domain)
        if not self.tls:
            self.say("" if fault == "no_tls" else "<starttls xmlns='%s'><required/></starttls>" % TLS)
        elif not self.known:
            self.say("<mechanisms xmlns='%s'><mechanism>%s</mechanism></mechanisms>" % (SASL, "EXTERNAL" if fault == "no_password" else "PLAIN"))
        else:
            self.say("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>")
        self.say("</stream:features>")

    def run(self):
        self.open()
        self.until("<starttls [^>]*>")
        self.say("<proceed xmlns='%s'/>" % TLS)
        self.s, self.tls = context.wrap_socket(self.s, server_side=True), True
        self.s.settimeout(0.02)
        self.open()
        self.until("<auth .*?</auth>")
        if fault == "busy":
            return self.say("<failure xmlns='%s'><temporary-auth-failure/></failure>" % SASL)
        self.say("<success xmlns='%s'/>" % SASL)
        self.known = True
        self.open()
        resource = self.until("<resource>(.*?)</resource>.*?</iq>")[1]
        if fault == "conflict":
            return self.say("<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>")
        self.jid = "user%d@%s/%s" % (len(sessions), domain, resource)
        sessions[self.jid] = self
        self.say("<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>%s</jid></bind></iq>" % self.jid)
        while True:
            m = self.until("<(iq|message) .*?</\\1>")
            self.stanza(m[0], re.search("id='(.*?)'", m[0])[1])

    def stanza(self, text, name):
        if text.startswith("<message"):
            kept.append(text)
            if fault not in ("lost", "unaccepted"):
                sessions[re.search("to='(.*?)'", text)[1]].others.append(text)
        elif fault == "unaccepted" and name.endswith("-taken"):
            return
        elif name == "archive" and fault == "archive":
            self.say("<message><result xmlns='urn:xmpp:mam:2'><forwarded xmlns='urn:xmpp:forward:0'>%s</forwarded></result></message>" % kept[-1])
            self.say("<iq type='result' id='archive'/>")
        else:
            self.say("<iq type='%s' id='%s'/>" % ("result" if name == "session" else "error", name))


def serve(s):
    try:
        Session(s).run()
    except (OSError, KeyError):
        pass


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(8)
print(listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
