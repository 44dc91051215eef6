"""A small server of HTTP for tests/real/http: what each path does stands below.

    http_backend.py ADDRESS FILE     FILE gets the port when it listens
"""
import base64
import hashlib
import os
import socketserver
import sys
import threading


class Talk(socketserver.StreamRequestHandler):
    def say(self, status, body=b"", kind="application/json", more=()):
        head = ["HTTP/1.1 " + status, "Content-Type: " + kind, "Content-Length: %d" % len(body), "Connection: close", *more]
        self.wfile.write(("\r\n".join(head) + "\r\n\r\n").encode() + body)

    def handle(self):
        line = self.rfile.readline().decode("latin-1").split()
        headers = {}
        while (header := self.rfile.readline().decode("latin-1").strip()):
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        path = line[1] if len(line) > 1 else "/"
        if path == "/ws":
            if headers.get("upgrade", "").lower() != "websocket":
                return self.say("400 Bad Request", b"no upgrade")
            accept = base64.b64encode(hashlib.sha1((headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
            more = ["Upgrade: websocket", "Sec-WebSocket-Accept: " + accept]
            if "sec-websocket-protocol" in headers:
                more.append("Sec-WebSocket-Protocol: " + headers["sec-websocket-protocol"].split(",")[0])
            self.wfile.write(("\r\n".join(["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", *more]) + "\r\n\r\n").encode())
            self.rfile.read(1)
        elif path == "/silent":
            self.rfile.read(1)
        elif path == "/large":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10737418240\r\n\r\n")
            for _ in range(10737418240 // 65536):
                self.wfile.write(b"x" * 65536)
        elif path == "/health":
            self.say("200 OK", b'{"status": "ok", "versions": ["r0.0.1", "v1.1"]}', more=["Strict-Transport-Security: max-age=31536000"])
        elif path == "/broken":
            self.say("200 OK", b'{"status": "\x1b[31mdatabase\x1b[0m"}')
        elif path == "/private":
            self.say("200 OK" if headers.get("authorization") == "Bearer t0ken-of-http" else "401 Unauthorized")
        else:
            self.say("200 OK", b"<html>welcome</html>", "text/html")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass


server = Server((sys.argv[1], 0), Talk)
with open(sys.argv[2] + ".new", "w") as f:
    print(server.server_address[1], file=f)
os.rename(sys.argv[2] + ".new", sys.argv[2])
threading.Thread(target=server.serve_forever).start()
