"""A mail server that keeps what it is sent: smtp_sink.py ADDRESS PORT, with login, key.pem, chain.pem in the current folder."""
import base64
import os
import socketserver
import ssl
import sys

TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
TLS.load_cert_chain("chain.pem", "key.pem")
USER, PASSWORD = open("login").read().split()
os.makedirs("mail", exist_ok=True)


class Client(socketserver.StreamRequestHandler):
    timeout = 30
    secure = known = False

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def line(self):
        got = self.rfile.readline(2000)
        if not got:
            raise ConnectionError
        return got.rstrip(b"\r\n").decode("utf-8", "replace")

    def handle(self):
        try:
            self.talk()
        except (OSError, ValueError):
            pass

    def talk(self):
        self.say("220 bed ESMTP")
        while True:
            word, _, rest = self.line().partition(" ")
            word = word.upper()
            if word == "QUIT":
                self.say("221 bye")
                return
            if word in ("EHLO", "HELO"):
                offers = ["bed"] + (["AUTH PLAIN LOGIN"] if self.secure else ["STARTTLS"]) + ["8BITMIME"]
                for offer in offers[:-1]:
                    self.say("250-" + offer)
                self.say("250 " + offers[-1])
            elif word == "STARTTLS" and not self.secure:
                self.say("220 go ahead")
                self.connection = TLS.wrap_socket(self.connection, server_side=True)
                self.rfile = self.connection.makefile("rb")
                self.wfile = self.connection.makefile("wb", 0)
                self.secure = True
            elif word == "NOOP" or word == "RSET":
                self.say("250 fine")
            elif not self.secure:
                self.say("530 5.7.0 Must issue a STARTTLS command first")
            elif word == "AUTH":
                self.log_in(rest)
            elif not self.known:
                self.say("530 5.7.0 Authentication required")
            elif word in ("MAIL", "RCPT"):
                self.say("250 fine")
            elif word == "DATA":
                self.take()
            else:
                self.say("502 5.5.1 Not known here")

    def log_in(self, rest):
        kind, _, answer = rest.partition(" ")
        if kind.upper() == "PLAIN":
            if not answer:
                self.say("334 ")
                answer = self.line()
            said = base64.b64decode(answer).decode().split("\0")[1:]
        else:
            said = []
            for question in ("Username:", "Password:"):
                self.say("334 " + base64.b64encode(question.encode()).decode())
                said.append(base64.b64decode(self.line()).decode())
        self.known = said == [USER, PASSWORD]
        self.say("235 2.7.0 fine" if self.known else "535 5.7.8 Authentication credentials invalid")

    def take(self):
        self.say("354 go ahead")
        lines = []
        while (line := self.line()) != ".":
            lines.append(line[1:] if line.startswith(".") else line)
        with open("mail/%d" % len(os.listdir("mail")), "w") as f:
            f.write("\n".join(lines) + "\n")
        self.say("250 2.0.0 kept")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


Server((sys.argv[1], int(sys.argv[2])), Client).serve_forever()
