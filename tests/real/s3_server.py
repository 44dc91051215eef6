"""A small store that speaks S3, for tests/real/s3. It reckons each signature (AWS Signature 4) by itself and refuses what does not match.

    s3_server.py ADDRESS FILE KEYS [CERTIFICATE KEY]     FILE gets the port when it listens; KEYS: a line "ID SECRET" for each key

The first key may list everything, the others nothing. Buckets: media; public, which everybody may list; elsewhere, in eu-central-1;
moved, which another address serves; early, where it is an hour later; starting, which has no disks yet; nobody may list private.
"""
import datetime
import hashlib
import hmac
import http.server
import os
import ssl
import sys
import urllib.parse

address, port_file, keys_file = sys.argv[1:4]
with open(keys_file) as lines:
    keys = dict(line.split() for line in lines)
owner = next(iter(keys))


class Refused(Exception):
    def __init__(self, status, code, more="", headers=()):
        super().__init__(code)
        self.status, self.code, self.more, self.headers = status, code, more, headers


def signature(secret, day, region, text):
    key = ("AWS4" + secret).encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def canonical(request, signed):
    """What a client must have signed: every part is written anew from what was understood."""
    url = urllib.parse.urlsplit(request.path)
    query = sorted((urllib.parse.quote(k, safe="-_.~"), urllib.parse.quote(v, safe="-_.~")) for k, v in urllib.parse.parse_qsl(url.query, keep_blank_values=True))
    headers = "".join("%s:%s\n" % (name, " ".join(request.headers.get(name, "").split())) for name in signed)
    body = request.headers.get("x-amz-content-sha256", "")
    return "\n".join([request.command, urllib.parse.quote(urllib.parse.unquote(url.path), safe="/-_.~"), "&".join("=".join(q) for q in query), headers, ";".join(signed), body])


def who(request, region, now):
    """The key that has signed; empty: nobody."""
    value = request.headers.get("Authorization")
    if not value:
        return ""
    scheme, _, rest = value.partition(" ")
    if scheme != "AWS4-HMAC-SHA256":
        raise Refused(400, "InvalidRequest")
    parts = dict(p.strip().split("=", 1) for p in rest.split(","))
    key, day, said_region, service, end = parts["Credential"].split("/")
    signed = parts["SignedHeaders"].split(";")
    if key not in keys:
        raise Refused(403, "InvalidAccessKeyId")
    if said_region != region:
        raise Refused(400, "AuthorizationHeaderMalformed", "<Region>%s</Region>" % region)
    if "host" not in signed or any(h.lower().startswith("x-amz-") and h.lower() not in signed for h in request.headers):
        raise Refused(403, "AccessDenied", "<Message>There were headers present in the request which were not signed</Message>")
    stamp = request.headers["x-amz-date"]
    then = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    if abs((now - then).total_seconds()) > 900:
        raise Refused(403, "RequestTimeTooSkewed", "<ServerTime>%s</ServerTime>" % now.strftime("%Y-%m-%dT%H:%M:%SZ"))
    scope = "/".join([day, region, service, end])
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical(request, signed).encode()).hexdigest()])
    if not hmac.compare_digest(signature(keys[key], day, region, text), parts["Signature"]):
        raise Refused(403, "SignatureDoesNotMatch")
    return key


class Talk(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "TestStore"

    def log_message(self, *_):
        pass

    def say(self, status, body, headers=()):
        body = ('<?xml version="1.0" encoding="UTF-8"?>\n' + body).encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def listed(self, bucket):
        now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=bucket == "early")
        key = who(self, "eu-central-1" if bucket == "elsewhere" else "us-east-1", now)
        if bucket == "moved":
            raise Refused(301, "PermanentRedirect", "<Endpoint>s3.eu-west-1.test.local</Endpoint>", [("x-amz-bucket-region", "eu-west-1")])
        if bucket == "starting":
            raise Refused(503, "XMinioServerNotInitialized")
        if bucket not in ("", "media", "public", "elsewhere", "early", "private"):
            raise Refused(404, "NoSuchBucket")
        if bucket != "public" and (key != owner or bucket == "private"):
            raise Refused(403, "AccessDenied")

    def do_GET(self):
        bucket = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path).strip("/")
        try:
            self.listed(bucket)
        except Refused as r:
            return self.say(r.status, "<Error><Code>%s</Code><Message>refused</Message>%s</Error>" % (r.code, r.more), r.headers)
        if bucket:
            return self.say(200, '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>%s</Name><KeyCount>1</KeyCount><Contents><Key>a/b</Key></Contents></ListBucketResult>' % bucket)
        return self.say(200, "<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>")


class Store(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """A client that trusts nobody goes in the middle of the handshake."""


server = Store((address, 0), Talk)
server.daemon_threads = True
if len(sys.argv) > 4:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[4], sys.argv[5])
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
with open(port_file + ".new", "w") as out:
    out.write(str(server.server_address[1]))
os.rename(port_file + ".new", port_file)
server.serve_forever()
