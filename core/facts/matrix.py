# Both ends of net.matrix in one process and one loop, for Python 2.7 and from 3.5 on: answers whoever connects with this
# host's own token, and dials the others. core/facts/matrix.sh says what is spoken; it puts a line with the variables
# mark, token, ports and limit before this text, and the link to imops is descriptor 3.
# Ends with the link, with its shell, and after `limit` seconds. Status 9: something went wrong after it had begun.
import sys
sys.path[:] = [p for p in sys.path if p]  # the current folder is not ours: a file socket.py may lie there
import errno, os, select, signal, socket, struct, time

clock = getattr(time, "monotonic", time.time)
CONNECT, ANSWER, GUEST, NAME, AT_ONCE, GUESTS = 3.0, 2.0, 2.0, 4.0, 64, 400


def say(*words):
    os.write(1, ("\n%s %s\n" % (mark, " ".join(str(w) for w in words))).encode("utf-8"))


def shown(data):  # foreign bytes, fit to be printed
    return "".join(chr(c) if 32 <= c < 127 else " " for c in bytearray(data[:80])).strip()


def shut(sock, at_once=False):
    # at once: by a reset, so that no port is left waiting in TIME_WAIT for the service that is to come
    if at_once:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def listen(port):
    last = None
    for family, any_address in ((socket.AF_INET6, "::"), (socket.AF_INET, "0.0.0.0")):
        sock = None
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            sock.bind((any_address, port))
            sock.listen(128)
            sock.setblocking(False)
            return sock
        except (OSError, IOError, socket.error) as e:
            last = e.errno
            if sock:
                sock.close()
            if last in (errno.EADDRINUSE, errno.EACCES, errno.EPERM):
                break
    if last == errno.EADDRINUSE:
        say("held", port)
    elif last in (errno.EACCES, errno.EPERM):
        say("no_root", port)
    else:
        say("failed", port, os.strerror(last or 0))
    return None


class Dial(object):
    def __init__(self, number, address, port, expected):
        self.number, self.address, self.port = number, address, int(port)
        self.expected = b"" if expected == "-" else expected.encode("ascii")  # empty: nobody of ours is there
        self.sock, self.connected, self.data, self.found, self.until = None, False, b"", None, 0

    def end(self, *words):
        if self.sock:
            dials.pop(self.sock, None)
            self.sock.close()
        say(self.number, *words)

    def failed(self, code):
        if self.sock:
            dials.pop(self.sock, None)
            self.sock.close()
            self.sock = None
        if self.found:
            self.start()
        elif code == errno.ECONNREFUSED:
            self.end("refused")
        elif code == errno.ETIMEDOUT:
            self.end("timed_out")
        elif code in (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EACCES, errno.EPERM):
            self.end("unreachable", os.strerror(code))
        else:
            self.end("error", os.strerror(code))

    def start(self):
        family, target = self.found.pop(0)
        self.until = self.until or clock() + CONNECT
        try:
            self.sock = socket.socket(family, socket.SOCK_STREAM)
            self.sock.setblocking(False)
            code = self.sock.connect_ex((target[0], self.port) + tuple(target[2:]))
        except (OSError, IOError, socket.error) as e:
            code = e.errno or errno.EINVAL
        if code in (0, errno.EINPROGRESS, errno.EWOULDBLOCK):
            dials[self.sock] = self
        else:
            self.failed(code)

    def writable(self):
        code = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self.failed(code)
        elif not self.expected:
            self.end("open")
        else:
            self.connected, self.until = True, clock() + ANSWER

    def readable(self):
        try:
            data = self.sock.recv(4096)
        except (OSError, IOError, socket.error) as e:
            if e.errno not in (errno.EAGAIN, errno.EINTR):
                self.end("other", os.strerror(e.errno or 0))
            return
        self.data += data
        if self.data.split(b"\n")[0].strip() == self.expected:
            self.end("ok")
        elif not data or b"\n" in self.data or len(self.data) > 1000:
            self.end("other", shown(self.data) or "it closed at once")

    def late(self):
        if not self.connected:
            self.end("timed_out")
        else:
            self.end("other", shown(self.data) or "nothing came")


def numeric(name):
    try:
        return [(i[0], i[4]) for i in socket.getaddrinfo(name, 1, 0, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)]
    except (socket.error, UnicodeError):
        return None


def ask_name(name):
    # Looking up a name blocks, so a child does it. It keeps nothing open and ends by itself.
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid:
        os.close(theirs)
        names[ours] = [name, pid, clock() + NAME, b""]
        return
    try:
        signal.alarm(int(NAME) + 1)
        os.dup2(theirs, 0)
        os.closerange(1, 1024)
        for i in socket.getaddrinfo(name, 1, 0, socket.SOCK_STREAM)[:4]:
            os.write(0, (i[4][0] + "\n").encode("ascii"))
    finally:
        os._exit(0)


def named(pipe, why):
    name, pid, _, data = names.pop(pipe)
    os.close(pipe)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    known[name] = [a for line in data.decode("ascii").split() for a in numeric(line) or []]
    for dial in waiting.pop(name):
        if known[name]:
            queue.append(dial)
        else:
            dial.end("error", "the name %s %s" % (name, why))


def begin(dial):
    if dial.address not in known:
        addresses = numeric(dial.address)
        if addresses is None:
            if dial.address not in waiting:
                waiting[dial.address] = []
                ask_name(dial.address)
            waiting[dial.address].append(dial)
            return
        known[dial.address] = addresses
    if not known[dial.address]:
        return dial.end("error", "the name %s is not known there" % dial.address)
    dial.found = list(known[dial.address])
    dial.start()


def welcome(listener):
    try:
        sock = listener.accept()[0]
        sock.setblocking(False)
        guests[sock] = clock() + GUEST
        sock.send((token + "\n").encode("ascii"))
    except (OSError, IOError, socket.error):
        pass  # gone again: readable() of it will tell


def farewell(sock):
    # The caller closes first; so it is its port that waits in TIME_WAIT, not ours.
    try:
        if sock.recv(4096):
            return
    except (OSError, IOError, socket.error) as e:
        if e.errno in (errno.EAGAIN, errno.EINTR):
            return
    del guests[sock]
    shut(sock)


def obey(line):
    """False: it is over."""
    words = line.split()
    if words[:1] == ["to"]:
        queue.append(Dial(*words[1:5]))
    elif words[:1] == ["go"]:
        state["going"] = True
    return words[:1] != ["bye"]


def expire(now):
    for sock in [s for s in guests if guests[s] <= now]:
        del guests[sock]
        shut(sock, True)
    for dial in [d for d in dials.values() if d.until <= now]:
        dial.late()
    for pipe in [p for p in names if names[p][2] <= now]:
        named(pipe, "was not resolved in %d s" % NAME)


def turn():
    """Goes on as far as possible, then waits. False: it is over."""
    now = clock()
    if now >= state["end"] or os.getppid() != state["parent"]:
        return False
    expire(now)
    while state["going"] and queue and len(dials) < AT_ONCE:
        begin(queue.pop(0))
    if state["going"] and not (queue or dials or waiting or state["done"]):
        say("done")
        state["done"] = True
    reads = [3] + list(guests) + list(names) + [s for s, d in dials.items() if d.connected]
    if len(guests) < GUESTS:
        reads += listeners
    writes = [s for s, d in dials.items() if not d.connected]
    wake = min([now + 1, state["end"]] + list(guests.values()) + [d.until for d in dials.values()] + [n[2] for n in names.values()])
    try:
        readable, writable, _ = select.select(reads, writes, [], max(0, wake - now))
    except (OSError, select.error):
        return True
    for sock in writable:
        dials[sock].writable()
    for one in readable:
        if one == 3:
            data = os.read(3, 65536)
            if not data:
                return False
            state["input"] += data.decode("ascii", "replace")
            lines = state["input"].split("\n")
            state["input"] = lines.pop()
            if not all([obey(line) for line in lines]):
                return False
        elif one in names:
            data = os.read(one, 4096)
            names[one][3] += data
            if not data:
                named(one, "is not known there")
        elif one in dials:
            dials[one].readable()
        elif one in guests:
            farewell(one)
        else:
            welcome(one)
    return True


guests, dials, names, waiting, known, queue = {}, {}, {}, {}, {}, []
state = {"end": clock() + limit, "parent": os.getppid(), "going": False, "done": False, "input": ""}
try:
    say("tool", "python", "python")
    listeners = [s for s in [listen(p) for p in ports] if s]
    say("ready")
    while turn():
        pass
except Exception as e:
    try:
        say("broken", type(e).__name__, e)
    finally:
        os._exit(9)
for _, child, _, _ in names.values():
    os.kill(child, signal.SIGKILL)
os._exit(0)
