# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The two things a page can be opened on: the stand-in and the real daemon. Both are
# reached through a TCP proxy of the test, so that the link can be cut and the daemon
# behind it replaced without the page's address changing. Processes are ended by their
# own handle.
import contextlib
import http.client
import json
import pathlib
import signal
import socket
import subprocess
import threading

from field import FIRE, NORMAL, SUPERVISORY, TROUBLE, Modbus, panel
from rig import PIN, USER, Api, Daemon, site, until

HERE = pathlib.Path(__file__).resolve().parent


class Proxy:
    """Forwards TCP to `target`, from the address `source`; cut() drops everything and
    refuses until heal()."""

    def __init__(self, target, source=""):
        self.target = target
        self.source = source
        self.listener = None
        self.pairs = set()
        self.lock = threading.Lock()
        self.port = 0
        self.heal()

    def heal(self):
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def cut(self):
        self._close(self.listener)
        with self.lock:
            pairs, self.pairs = self.pairs, set()
        for ends in pairs:
            for end in ends:
                self._close(end)

    @staticmethod
    def _close(end):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()

    def _accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.target), timeout=60,
                                               source_address=(self.source, 0))
                far.settimeout(None)
            except OSError:
                near.close()
                continue
            with self.lock:
                self.pairs.add((near, far))
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(a, b, (near, far)),
                                 daemon=True).start()

    def _pump(self, a, b, pair):
        with contextlib.suppress(OSError):
            while data := a.recv(65536):
                b.sendall(data)
        for end in pair:
            self._close(end)
        with self.lock:
            self.pairs.discard(pair)


class Desk:
    """What both kinds have. Point names are d1..d10 on the panel."""

    process = None
    proxy = None
    user, pin = USER, PIN

    @property
    def url(self):
        return f"http://127.0.0.1:{self.proxy.port}/"

    def freeze(self):
        """The daemon stops working without its connections being closed."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.proxy.cut()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()


class MockDesk(Desk):
    """mock_server.py. Its `do` reaches what a daemon cannot be asked for."""

    user, pin = "wang", "1234"

    def __init__(self, _directory, scene="calm"):
        self.process = subprocess.Popen(
            ["/usr/bin/python3", str(HERE / "mock_server.py"), "--scene", scene],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.port = json.loads(self.process.stdout.readline())["port"]
        self.proxy = Proxy(self.port)

    def do(self, what, **words):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            link.request("POST", "/mock/do", json.dumps({"do": what, **words}))
            reply = link.getresponse()
            assert reply.status == 200, (what, words, reply.status)
            return json.loads(reply.read())
        finally:
            link.close()

    def _raise(self, n, condition, code=None):
        self.do("raise", point=f"d{n}", condition=condition, code=code)

    def fire(self, n):
        self._raise(n, "fire")

    def fault(self, n):
        self._raise(n, "fault")

    def supervisory(self, n):
        self._raise(n, "supervisory")

    def clear(self, n):
        """As the panel's reset: an answered alarm closes, another is returned."""
        state = self.alarm(f"d{n}")["state"]
        if state == "acknowledged":
            self.do("close", point=f"d{n}")
        else:
            self.do("change", point=f"d{n}", state="returned", cause="panel_reset",
                    sounds=False)

    def alarm(self, point):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            link.request("GET", "/api/v1/state")
            state = json.loads(link.getresponse().read())
        finally:
            link.close()
        return next((a for a in state["alarms"] if a["point"] == point), None)

    def sound_reports(self):
        """What consoles have said so far: a list of booleans."""
        return [e["can_sound"] for e in self.do("log")["log"] if "can_sound" in e]

    def silences(self):
        return sum("silence" in e for e in self.do("log")["log"])

    def restart(self):
        self.proxy.cut()
        self.do("reboot")
        self.proxy.heal()


class RealDesk(Desk):
    """watchroomd, polling a pymodbus panel whose points the test sets."""

    source = ""

    def __init__(self, directory, **more):
        self.peer = Modbus()
        self.daemon = Daemon(directory / "desk", site(*panel(self.peer.port), **more))
        try:
            self.daemon.start()
            self.daemon.add_user()
        except BaseException:
            self.daemon.__exit__()
            self.peer.stop()
            raise
        self.proxy = Proxy(self.daemon.port, self.source)

    @property
    def process(self):
        return self.daemon.process

    def _word(self, n, word):
        self.peer.holding(n - 1, word)

    def fire(self, n):
        self._word(n, FIRE)

    def fault(self, n):
        self._word(n, TROUBLE)

    def supervisory(self, n):
        self._word(n, SUPERVISORY)

    def clear(self, n):
        self._word(n, NORMAL)

    def alarm(self, point):
        return Api(self.daemon.port).alarm(point)

    def _events(self, kind):
        return [e for e in Api(self.daemon.port).events() if e["kind"] == kind]

    def sound_reports(self):
        return [e["params"]["can_sound"] for e in self._events("console.sound")]

    def silences(self):
        return len(self._events("silence"))

    def restart(self):
        """kill -9 and start again, on whatever port the kernel gives."""
        self.proxy.cut()
        self.daemon.kill()
        self.daemon.start()
        self.proxy.target = self.daemon.port
        self.proxy.heal()

    def __exit__(self, *_):
        super().__exit__()
        self.peer.stop()


class Elsewhere(RealDesk):
    """The same daemon, reached from an address that is not the desk's; its site says
    that plain HTTP is safe there."""

    source = "127.0.0.2"

    def __init__(self, directory):
        super().__init__(directory, console={
            "listen": "127.0.0.1:0", "desk": ["127.0.0.1"],
            "accept_plain_http": "loopback of a test"})


__all__ = ["Elsewhere", "MockDesk", "RealDesk", "until"]
