"""Hostile values in the templates of services: every text and secret that reaches a file is either refused, by imops or by the check of
its component, with words; or the real program reads back exactly what was meant.
    templates_services.py IMOPS TEMPLATES WORK    (as root, in namespaces of its own; MariaDB runs at WORK/mysql.sock)
Prints a line for everything that is wrong, and "N passed, N failed, N refused"."""
import base64
import concurrent.futures
import hashlib
import hmac
import itertools
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.parse

imops, templates, work = sys.argv[1:4]
top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
values = {
    "plain": "abc9", "single": "a'b", "double": 'a"b', "in-double": '"ab"', "in-single": "'ab'", "semicolon": "a;b", "braces": "{{ x }}", "statement": "{% if true %}", "home": "$HOME",
    "variable": "${x}", "percent": "%n%s%%", "backslash": "a\\b", "last-backslash": "ab\\", "hash": "#ab", "blank-hash": "a #b", "blank": "a b", "first-blank": " ab", "last-blank": "ab ",
    "chinese": "中文密码", "emoji": "a\U0001f600b", "long": "x" * 200, "very-long": "y" * 3000, "line": "a\nb", "tab": "a\tb", "equals": "=ab", "colon": "a:b", "ticks": "`id`", "call": "$(id)",
    "star": "a*b", "bang": "!a", "at": "@a/b?c&d"}
ports = itertools.count(21001, 7)
numbers = itertools.count(1)
passed = failed = refused = 0
lock, pause = threading.Lock(), threading.Event()
end = time.time() + 300
few = ("plain", "double", "home", "percent", "backslash", "blank-hash", "blank", "chinese", "line", "equals")


def fragments():
    """The templates, with every fragment as a file more, so that it is rendered by the same engine."""
    into = work + "/templates"
    shutil.copytree(templates, into)
    for c in os.listdir(into):
        manifest = f"{into}/{c}/component.yaml"
        if not os.path.exists(manifest):
            continue
        text = open(manifest).read()
        more = ""
        for key in ("functions", "check", "prepare"):
            found = re.search(rf"(?m)^{key}: (?:\|\n((?:(?:  .*)?\n)+)|(.+)\n)", text)
            if found:
                open(f"{into}/{c}/{key}.fragment", "w").write(re.sub("(?m)^  ", "", found[1] or found[2] + "\n"))
                more += f"  - {{template: {key}.fragment, path: /fragments/{key}, format: sh}}\n"
        open(manifest, "w").write(re.sub(r"(?m)^files:\n", lambda m: "files:\n" + more, text, count=1))
    return into


own_templates = fragments()
push = open(top + "/core/render/push.sh").read()
listening = push[push.index("listening()"):]
listening = listening[:listening.index("\n}\n") + 3]


class Refused(Exception):
    pass


def run(command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30, **more)


def rendered(component, product="generic", services=(), settings=None, host=None, secret="secret", deployment=None):
    """The folder of what imops writes; Refused with its words when it does not."""
    folder = f"{work}/{next(numbers)}"
    os.mkdir(folder)
    roles = ["app", "db", "cache", "proxy", "turn"]
    d = {"imops": 1, "name": "hostile", "product": product, "domain": "im.example.com", "names": ["im.example.com"], "workload": {"registered": 100},
         "hosts": [{"name": "here", "address": "127.0.0.1", "roles": roles, **(host or {})}], "services": list(services), "settings": {component: {"use": True, **(settings or {})}}, **(deployment or {})}
    json.dump(d, open(folder + "/imops.yaml", "w"), ensure_ascii=False)
    r = run([imops, "render", "-q", "--templates", own_templates, "-c", folder + "/imops.yaml", "-o", folder + "/out", "--component", component], env={**os.environ, "SECRET": secret, "LC_ALL": "C.UTF-8"})
    if r.returncode or not os.path.isdir(folder + "/out/here"):
        words = r.stdout.decode(errors="replace")
        if "imops:" not in words and "FAIL" not in words and ": " not in words:
            raise AssertionError("refused without words")
        raise Refused(words)
    return folder + "/out/here"


def fragment(out, name):
    """Runs it, its functions before it, as a push does."""
    files = {os.path.basename(p): p for p in (os.path.join(d, f) for d, _, fs in os.walk(out) for f in fs)}
    names = {"60-imops.cnf": "imops.cnf", "sentinel.imops.conf": "sentinel.conf", "memcached.users.imops": "users", "coturn": "default"}
    cases = "".join(f"{names.get(b, b)}) echo '{p}' ;; " for b, p in files.items() if "/fragments/" not in p)
    script = 'have() { command -v "$1" >/dev/null 2>&1; }\nnap() { sleep "$1"; }\n' + listening + f'new() {{ case $1 in {cases} esac; }}\ntarget() {{ new "$1"; }}\n'
    script += "".join(open(f"{out}/fragments/{k}").read() for k in ("functions", name) if os.path.exists(f"{out}/fragments/{k}"))
    r = run(["sh", "-c", script])
    if r.returncode:
        words = r.stdout.decode(errors="replace").strip()
        if not words:
            raise AssertionError(f"{name} failed without words")
        raise Refused(words)


def file_of(out, name):
    return next(os.path.join(d, name) for d, _, fs in os.walk(out) if name in fs)


def tried(what, name, meant, body):
    """One value: refused, or read back."""
    global passed, failed, refused
    if time.time() > end:
        said = "no time was left"
    else:
        try:
            back = body(meant)
            said = None if back == meant else f"read back as {str(back)[:300]!r}"
        except Refused as e:
            with lock:
                refused += 1
            said = f"refused: {str(e)[-400:]}" if name == "plain" else None
        except Exception as e:
            said = f"{type(e).__name__}: {str(e)[-400:]}"
    with lock:
        if said is None:
            passed += 1
        else:
            failed += 1
            print(f"FAILED: {what}, {name}: {said}", flush=True)


def until(ready, process=None, seconds=10):
    """What it gives once it is not None; its process must live."""
    stop = time.time() + seconds
    while time.time() < stop:
        found = ready()
        if found is not None:
            return found
        if process and process.poll() is not None:
            raise AssertionError(f"it ended with {process.returncode}")
        pause.wait(0.02)
    raise AssertionError("it was not ready in time")


def connects(port):
    try:
        return socket.create_connection(("127.0.0.1", port), 1)
    except OSError:
        return None


# ---- MariaDB
def mysql(user="im", password="secret", database="im", **settings):
    service = {"name": "db", "type": "mysql", "host": "here", "user": user, "database": database, "password": {"env": "SECRET"}}
    return rendered("mariadb", services=[service], secret=password, settings={"socket": work + "/mysql.sock", **settings})


def asked(user, password, database, sql):
    r = subprocess.run(["mariadb", "--no-defaults", "--default-character-set=utf8mb4", "-S", work + "/mysql.sock", "--user=" + user, "--database=" + database, "-NBr", "-e", sql],
                       env={**os.environ, "MYSQL_PWD": password}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=10)
    if r.returncode:
        raise AssertionError(r.stderr.decode(errors="replace"))
    return r.stdout.decode()[:-1]


def mysql_login(field):
    def body(value):
        given = {"user": f"u{next(numbers)}", "password": "s3cr3t", "database": f"d{next(numbers)}", field: value}
        try:
            fragment(mysql(**given), "prepare")
        except Refused as e:
            if "s3cr3t" in str(e):
                raise AssertionError("the password is shown") from e
            raise
        user, database = asked(given["user"], given["password"], given["database"], "select substring_index(user(), '@', 1)"), None
        asked(given["user"], given["password"], given["database"], "create table if not exists t (a text)")
        database = asked(given["user"], given["password"], given["database"], "select database()")
        if field == "user" and "@" in value:
            user = value if asked(value, given["password"], given["database"], "select user()") == value + "@localhost" else user
        return {"user": user, "password": value, "database": database}[field]
    return body


def mysql_twice(value):
    """A push again, with another password: the former one does not open any more."""
    user, database = f"u{next(numbers)}", f"d{next(numbers)}"
    for password in ("first", value):
        fragment(mysql(user=user, password=password, database=database), "prepare")
    asked(user, value, database, "select 1")
    try:
        asked(user, "first", database, "select 1")
    except AssertionError:
        return value
    raise AssertionError("the former password still opens")


def mysql_option(variable, option):
    def body(value):
        out = mysql(**{variable: value})
        fragment(out, "check")
        options = run(["my_print_defaults", "--defaults-file=" + file_of(out, "60-imops.cnf"), "mariadbd"]).stdout.decode()
        return re.search(rf"--{option}=(.*)\n--", options).group(1)
    return body


def mysql_client(value):
    database = f"d{next(numbers)}"
    fragment(mysql(user=f"u{database}", database=database, clients=[value]), "prepare")
    found = asked("root", "", "mysql", f"select host from mysql.user where user = 'u{database}' and host not in ('localhost', '127.0.0.1', '::1')")
    return value if found == value.strip().lower() else found  # so it writes a name of a host


# ---- memcached
def memcached(field):
    def body(value):
        given = {"user": "im", "password": "secret", field: value}
        out = rendered("memcached", services=[{"name": "mc", "type": "memcached", "host": "here", "user": given["user"], "password": {"env": "SECRET"}}], secret=given["password"])
        fragment(out, "check")
        lines = [x for x in open(file_of(out, "memcached.users.imops"), newline="\n") if not x.startswith("#")]
        users = f"{work}/users{next(numbers)}"
        open(users, "w", newline="\n").writelines(lines)
        shutil.chown(users, "memcache")
        port = next(ports)
        p = subprocess.Popen(["memcached", "-u", "memcache", "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-Y", users])
        try:
            answers = []
            for password in (given["password"], given["password"] + "x"):
                with until(lambda: connects(port), p) as s:
                    login = f"{given['user']} {password}".encode()
                    s.sendall(b"set login 0 0 %d\r\n" % len(login) + login + b"\r\n")
                    answers.append(s.recv(100))
            return value if answers[0] == b"STORED\r\n" and answers[1] != b"STORED\r\n" else answers
        finally:
            p.kill()
            p.wait()
    return body


# ---- Sentinel
class FakeRedis(threading.Thread):
    """Keeps the last word of the AUTH that it hears."""
    def __init__(self):
        super().__init__(daemon=True)
        self.s = socket.create_server(("127.0.0.1", 0))
        self.port, self.heard = self.s.getsockname()[1], None
        self.start()

    def run(self):
        while True:
            threading.Thread(target=self.talk, args=(self.s.accept()[0],), daemon=True).start()

    def talk(self, c):
        f = c.makefile("rb")
        while line := line_of(f):
            words = []
            for _ in range(int(line[1:])):
                size = int(f.readline()[1:])
                words.append(f.read(size + 2)[:-2])
            if words[0].upper() == b"AUTH":
                self.heard = words[-1]
            c.sendall(b"+PONG\r\n" if words[0].upper() == b"PING" else b"+OK\r\n")


def line_of(f):
    try:
        return f.readline()
    except OSError:  # the other side was ended
        return b""


def sentinel(field):
    def body(value):
        redis = FakeRedis()
        given = {"password": "secret", "master": "mymaster", field: value}
        others = [{"name": f"c{i}", "address": f"127.0.0.{i}", "roles": ["cache"], "ports": {"redis": redis.port}} for i in (2, 3)]
        out = rendered("sentinel", product="ejabberd", services=[{"name": "c", "type": "redis", "host": "here", "port": redis.port, "password": {"env": "SECRET"}}], secret=given["password"],
                       settings={"master": given["master"]}, host={"ports": {"redis": redis.port}}, deployment={"hosts": [{"name": "here", "address": "127.0.0.1", "roles": ["cache", "app"], "ports": {"redis": redis.port}}, *others]})
        fragment(out, "check")
        folder = f"{work}/sentinel{next(numbers)}"
        os.mkdir(folder)
        shutil.copy(file_of(out, "sentinel.imops.conf"), folder + "/conf")
        names = None
        for _ in range(2):  # the second time with the file that Sentinel has written itself
            redis.heard = None
            p = subprocess.Popen(["redis-sentinel", folder + "/conf", "--port", "0", "--unixsocket", folder + "/socket", "--dir", folder, "--logfile", folder + "/log", "--daemonize", "no", "--supervised", "no", "--pidfile", folder + "/pid"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                until(lambda: redis.heard, p)
                names = run(["redis-cli", "-s", folder + "/socket", "sentinel", "masters"]).stdout.decode().split("\n")[1]
            finally:
                p.kill()
                p.wait()
                if os.path.exists(folder + "/socket"):
                    os.unlink(folder + "/socket")
        return {"password": redis.heard.decode(), "master": names}[field]
    return body


# ---- coturn
def attribute(kind, value):
    return struct.pack(">HH", kind, len(value)) + value + b"\0" * (-len(value) % 4)


def turn_ask(s, attributes, key=None, method=3):
    body = b"".join(attribute(k, v) for k, v in attributes)
    name = os.urandom(12)
    if key:
        body += attribute(0x08, hmac.new(key, struct.pack(">HHI", method, len(body) + 24, 0x2112A442) + name + body, hashlib.sha1).digest())
    s.send(struct.pack(">HHI", method, len(body), 0x2112A442) + name + body)
    answer, said, at = s.recv(8192), {}, 20
    while at < len(answer):
        k, size = struct.unpack(">HH", answer[at:at + 4])
        said[k] = answer[at + 4:at + 4 + size]
        at += 4 + size + -size % 4
    return struct.unpack(">H", answer[:2])[0], said


def turn_answer(s):
    try:
        return turn_ask(s, [(0x19, b"\x11\0\0\0")])
    except ConnectionRefusedError:  # TCP comes before UDP
        return None


class Relay:
    """A turnserver with this secret and these settings, and a relay in it."""
    def __init__(self, secret, **settings):
        out = rendered("coturn", services=[{"name": "turn", "type": "turn", "host": "here", "password": {"env": "SECRET"}}], secret=secret, settings=settings)
        fragment(out, "check")
        port, n = next(ports), next(numbers)
        self.p = subprocess.Popen(["turnserver", "-c", file_of(out, "turnserver.conf"), "-L", "127.0.0.1", "-E", "127.0.0.1", "-p", str(port), f"--pidfile={work}/turn{n}.pid", f"--userdb={work}/turn{n}.db", "--log-file=stdout"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        self.s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            until(lambda: connects(port), self.p).close()
            self.s.settimeout(5)
            self.s.connect(("127.0.0.1", port))
            _, said = until(lambda: turn_answer(self.s), self.p)
            self.realm, user = said[0x14], b"%d:x" % (time.time() + 600)
            password = base64.b64encode(hmac.new(secret.encode(), user, hashlib.sha1).digest())
            self.key = hashlib.md5(b":".join([user, self.realm, password])).digest()
            self.me = [(0x06, user), (0x14, self.realm), (0x15, said[0x15])]
            kind, said = turn_ask(self.s, [(0x19, b"\x11\0\0\0"), *self.me], self.key)
            if kind != 0x103:
                raise AssertionError(f"coturn refuses: {said.get(9)}")
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.s.close()
        self.p.kill()
        self.p.wait()

    def may_reach(self, address):
        cookie = 0x2112A442
        peer = struct.pack(">HHI", 1, 9 ^ (cookie >> 16), struct.unpack(">I", socket.inet_aton(address))[0] ^ cookie)
        return turn_ask(self.s, [(0x12, peer), *self.me], self.key, 8)[0] == 0x108


def turn(field):
    def body(value):
        given = {"secret": "secret", "realm": "im.example.com", field: value}
        with Relay(given["secret"], realm=given["realm"]) as r:
            return {"secret": value, "realm": r.realm.decode()}[field]
    return body


def turn_peers(value):
    """Private networks are shut, but for those of clients."""
    with Relay("secret", allowed_peers=["10.20.0.0-10.20.255.255"], denied_peers=["9.9.9.0-9.9.9.255"]) as r:
        open_to = [a for a in ("8.8.8.8", "10.20.3.4", "10.21.0.1", "192.168.1.1", "172.16.0.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "9.9.9.9", "224.0.0.1") if r.may_reach(a)]
    return value if open_to == ["8.8.8.8", "10.20.3.4"] else open_to


def turn_setting(variable):
    """A wrong address must not pass; a right one does."""
    def body(value):
        value = "10.9.8.7" if value == values["plain"] else value
        out = rendered("coturn", services=[{"name": "turn", "type": "turn", "host": "here", "password": {"env": "SECRET"}}], settings={variable: [value]})
        fragment(out, "check")
        return values["plain"] if value == "10.9.8.7" else "accepted"
    return body


def turn_certificate(value):
    folder = f"{work}/turn{next(numbers)}"
    os.mkdir(folder)
    path = f"{folder}/{value}"
    with_file(path, "certificate")
    out = rendered("coturn", services=[{"name": "turn", "type": "turn", "host": "here", "password": {"env": "SECRET"}}], settings={"certificate": path, "key": work + "/key.pem"})
    fragment(out, "check")  # it says that it cannot find the file, if it looks for another
    return value


# ---- HAProxy
def with_file(path, kind):
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copy(f"{work}/{kind}.pem", path)
    except OSError as e:
        raise Refused(f"no file can have this name: {e}") from e


def haproxy_path(variable, kind):
    def body(value):
        path = f"{work}/h{next(numbers)}/{value}"
        with_file(path, kind)
        out = rendered("haproxy", product="ejabberd", settings={"certificate": work + "/combined.pem", "stats_port": next(ports), **{variable: path}})
        fragment(out, "check")
        return value
    return body


def haproxy_health(value):
    value = "/" + value
    back = socket.create_server(("127.0.0.1", 0))
    back.settimeout(10)
    out = rendered("haproxy", settings={"certificate": work + "/combined.pem", "health": value, "application_port": back.getsockname()[1], "http_port": next(ports), "https_port": next(ports), "stats_port": next(ports)})
    fragment(out, "check")
    conf = f"{work}/haproxy{next(numbers)}"
    open(conf, "w").write(re.sub(r"(?m)^    (log|chroot|user|group|stats socket|stats timeout) .*\n", "", open(file_of(out, "haproxy.cfg")).read()))
    p = subprocess.Popen(["haproxy", "-db", "-f", conf], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with back.accept()[0] as c:
            c.settimeout(5)
            return c.recv(8192).decode().split("\r\n")[0].removeprefix("GET /").removesuffix(" HTTP/1.1")
    finally:
        p.kill()
        p.wait()


# ---- Mattermost
def systemd_environment(text):
    """load_env_file of systemd (src/basic/env-file.c): what stands in double quotes; a backslash escapes ", \\, ` and $ alone."""
    found = {}
    for line in text.split("\n"):
        if not line or line[0] in "#;":
            continue
        name, rest = line.split("=", 1)
        if rest[:1] == '"':
            value, at = "", 1
            while rest[at] != '"':
                if rest[at] == "\\":
                    at += 1
                    value += rest[at] if rest[at] in '"\\`$' else "\\" + rest[at]
                else:
                    value += rest[at]
                at += 1
            if rest[at + 1:].strip():
                raise AssertionError("something stands behind the quotes")
        else:
            value = rest.strip()
        found[name] = value
    return found


def mattermost(variable, read=lambda v: v, service=None, field=None, setting=None):
    def body(value):
        kind, host = service or "postgres", {}
        given = {"name": "s", "type": kind, "address": "127.0.0.1", "port": 9000, "user": "im", "database": "im", "password": {"env": "SECRET"}}
        if field and field != "password":
            given[field] = value
        out = rendered("mattermost", product="mattermost", services=[given], secret=value if field == "password" else "secret", settings={setting: value} if setting else {}, host=host)
        fragment(out, "check")
        path = file_of(out, "mattermost.env")
        one = systemd_environment(open(path, newline="\n").read())[variable]
        # Another reader of the same file, by rules of its own.
        other = run(["sh", "-c", '. "$1"; printf %s "$2"'.replace('"$2"', f'"${variable}"'), "sh", path]).stdout.decode()
        if one != other:
            raise AssertionError(f"systemd reads {one!r}, sh {other!r}")
        return read(one)
    return body


def mattermost_data(value):
    data = f"{work}/m{next(numbers)}/{value}"
    try:
        os.makedirs(data + "/bin")
        shutil.copy("/bin/true", data + "/bin/mattermost")
    except OSError as e:
        raise Refused(f"no folder can have this name: {e}") from e
    out = rendered("mattermost", product="mattermost", host={"data": data})
    fragment(out, "check")
    unit = open(file_of(out, "mattermost.service")).read()
    return re.search(r"(?m)^WorkingDirectory=(.*)$", unit).group(1).replace("%%", "%").removeprefix(data.removesuffix(value))


def url(part):
    def read(text):
        u = urllib.parse.urlsplit(text)
        return urllib.parse.unquote({"user": u.username, "password": u.password, "database": u.path[1:]}[part])
    return read


cases = {
    "MariaDB user": mysql_login("user"), "MariaDB password": mysql_login("password"), "MariaDB database": mysql_login("database"), "MariaDB new password": mysql_twice,
    "MariaDB certificate": mysql_option("certificate", "ssl_cert"), "MariaDB client": mysql_client,
    "memcached user": memcached("user"), "memcached password": memcached("password"),
    "Sentinel password": sentinel("password"), "Sentinel master": sentinel("master"),
    "coturn secret": turn("secret"), "coturn realm": turn("realm"), "coturn peers": turn_peers, "coturn certificate": turn_certificate, "coturn external": turn_setting("external"), "coturn denied_peers": turn_setting("denied_peers"),
    "HAProxy certificate": haproxy_path("certificate", "combined"), "HAProxy server_ca": haproxy_path("server_ca", "certificate"), "HAProxy health": haproxy_health,
    "Mattermost database user": mattermost("MM_SQLSETTINGS_DATASOURCE", url("user"), field="user"), "Mattermost database password": mattermost("MM_SQLSETTINGS_DATASOURCE", url("password"), field="password"),
    "Mattermost database": mattermost("MM_SQLSETTINGS_DATASOURCE", url("database"), field="database"),
    "Mattermost S3 key": mattermost("MM_FILESETTINGS_AMAZONS3ACCESSKEYID", service="s3", field="user"), "Mattermost S3 secret": mattermost("MM_FILESETTINGS_AMAZONS3SECRETACCESSKEY", service="s3", field="password"),
    "Mattermost bucket": mattermost("MM_FILESETTINGS_AMAZONS3BUCKET", service="s3", field="database"), "Mattermost SMTP password": mattermost("MM_EMAILSETTINGS_SMTPPASSWORD", service="smtp", field="password"),
    "Mattermost sender": mattermost("MM_EMAILSETTINGS_FEEDBACKEMAIL", service="smtp", setting="sender"), "Mattermost folder": mattermost("MM_FILESETTINGS_DIRECTORY", setting="files"), "Mattermost data": mattermost_data}
# Those whose way into a file is the same as another's are tried with a few values.
short = ("MariaDB new password", "MariaDB client", "coturn certificate", "coturn external", "coturn denied_peers", "HAProxy server_ca", "Mattermost S3 key", "Mattermost bucket", "Mattermost SMTP password", "Mattermost sender", "Mattermost folder", "Mattermost database")
wanted = os.environ.get("ONLY", "")
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    for what, body in cases.items():
        for name, value in values.items():
            if wanted in what and (what not in short or name in few) and (what != "coturn peers" or name == "plain"):
                pool.submit(tried, what, name, value, body)
print(f"{passed} passed, {failed} failed, {refused} refused")
sys.exit(failed != 0)
