"""A Matrix homeserver (client-server API v3) that is wrong in one thing, which the user's name says: matrix_server.py. Prints its port.
It has no memory but the text of the last message; /counts tells how often each path was asked for and what is not cleared away."""
import json
import re
import sys
import urllib.parse
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

counts, last = Counter(), {}
late = Counter()


class Answer(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def say(self, status, body, kind="application/json"):
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def wrong(self, status, code, **more):
        self.say(status, {"errcode": code, "error": "as told", **more})

    def any(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        path = urllib.parse.unquote(self.path.split("?")[0])
        step = re.sub(r"^/_matrix/client/v3|/(rooms|user)/[^/]+|/imops-[a-z0-9-]+|\$[a-z0-9]+", "", path) or path
        who = body["identifier"]["user"] if path.endswith("/login") else (self.headers.get("Authorization") or " ").split("-")[-1]
        if path == "/counts":
            return self.say(200, counts)
        if path == "/health":
            return self.say(404 if last.get("no_health") else 200, "OK", "text/plain")
        counts[step] += 1
        if step == "/login":
            if who == "page":
                return self.say(404, "<html>not here</html>", "text/html")
            if who == "moved":
                return self.say(502, "<html>bad gateway</html>", "text/html")
            if who in ("forbidden", "gone"):
                return self.wrong(403, "M_FORBIDDEN" if who == "forbidden" else "M_USER_DEACTIVATED")
            if who == "sso":
                return self.wrong(400, "M_UNKNOWN")
            if who == "limited" or (who == "soon" and late[who] < 1):
                late[who] += 1
                return self.wrong(429, "M_LIMIT_EXCEEDED", retry_after_ms=600000 if who == "limited" else 300)
            if who == "store":
                return self.wrong(500, "M_UNKNOWN")
            return self.say(200, {"user_id": "@" + who + ":im.test", "access_token": "token-" + who, "device_id": body["device_id"]})
        if step.startswith("/account_data"):
            return self.wrong(404, "M_NOT_FOUND") if self.command == "GET" else self.say(200, {})
        if step == "/createRoom":
            return self.wrong(403, "M_FORBIDDEN") if who == "roomless" else self.say(200, {"room_id": "!room:im.test"})
        if step.startswith("/send"):
            if who == "unstored":
                return self.wrong(500, "M_UNKNOWN")
            if who == "slow":
                return self.server.silent.append(self.connection.recv(1))
            last[who] = body["body"]
            return self.say(200, {"event_id": "$" + who})
        if step == "/sync":
            sender = last.get("sender")
            if sender == "unsynced":
                return self.wrong(500, "M_UNKNOWN") if last.get("no_health") else self.wrong(400, "M_INVALID_PARAM")
            events = [{"event_id": "$" + w} for w in last if w not in ("lost", "sender", "no_health")]
            return self.say(200, {"next_batch": "s1", "rooms": {"join": {"!room:im.test": {"timeline": {"events": events}}}}})
        if step.startswith("/redact"):
            return self.wrong(403, "M_FORBIDDEN") if who == "unredacted" else self.say(200, {"event_id": "$r"})
        if step == "/logout":
            return self.wrong(500, "M_UNKNOWN") if who == "staying" else self.say(200, {})
        self.say(200, {})

    do_GET = do_POST = do_PUT = any


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    server.silent = []
    print(server.server_address[1], flush=True)
    server.serve_forever()


if len(sys.argv) > 1:
    last["sender"] = sys.argv[1]
main()
