# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# What the integration, crash and browser tests share: a daemon on a site made for the
# test, a client of its API and stream, and waits that have a condition and a deadline.
# Ports are chosen by the kernel; processes are ended by their own handle.
import contextlib
import datetime
import http.client
import json
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WATCHROOM_BUILD", ROOT / "build"))
PYTHON = "/usr/bin/python3"
# A program that a sanitizer watches needs several times the memory.
SANITIZED = BUILD.name in ("build-asan", "build-tsan")
USER, PIN = "wang", "246810"
# A wait says how long a thing takes at most where there is nothing else to do. A machine
# that builds sanitizers beside the tests gets this many times as long. What must be
# quick is measured where it happens and asserted by itself, never by such a wait.
PATIENCE = float(os.environ.get("WATCHROOM_PATIENCE", "4"))


def until(condition, seconds=10.0, what="", step=0.05):
    """Waits for condition() to be true; returns its value or fails with `what`, which may
    be a function: what it says then."""
    seconds *= PATIENCE
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            said = what() if callable(what) else what
            raise AssertionError(f"not within {seconds} s: {said or condition}")
        time.sleep(step)


def instant(text):
    """Seconds since 1970 of an RFC 3339 time."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def yaml_of(value):
    """JSON is YAML; plain scalars stay readable in messages."""
    return json.dumps(value, ensure_ascii=False)


def site(buses, devices, **more):
    """A site file's text. Sections are JSON values, which YAML reads as they are."""
    base = {
        "site": {"id": "test", "name": {"zh": "测试", "en": "Test"},
                 "time_zone": "Asia/Shanghai", "statistics_day": "08:00"},
        "console": {"listen": "127.0.0.1:0", "desk": ["127.0.0.1"]},
        "zones": [{"id": "z1", "name": {"zh": "一区", "en": "Zone 1"}}],
        "buses": buses,
        "devices": devices,
    }
    base.update(more)
    return "".join(f"{k}: {yaml_of(v)}\n" for k, v in base.items())


def place(name):
    return {"zh": name, "en": name}


def strict_json(text):
    """JSON as a strict reader takes it: a name twice in an object is an error."""
    def once(pairs):
        names = [name for name, _ in pairs]
        assert len(names) == len(set(names)), f"a name twice: {names}"
        return dict(pairs)
    return json.loads(text, object_pairs_hook=once)


class Api:
    """A client of the console's API with one session at most."""

    def __init__(self, port):
        self.port = port
        self.cookie = None
        self.csrf = None

    def call(self, method, path, body=None, headers=None, timeout=60):
        """Returns (status, headers, bytes)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        send = {"Accept-Language": "en", "X-Watchroom": "1"}
        if self.cookie:
            send["Cookie"] = self.cookie
            send["X-CSRF-Token"] = self.csrf
        send.update(headers or {})
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            send["Content-Type"] = "application/json"
        elif method != "GET":
            data = b""
        try:
            connection.request(method, path, body=data, headers=send)
            reply = connection.getresponse()
            return reply.status, dict(reply.getheaders()), reply.read()
        finally:
            connection.close()

    def json(self, method, path, body=None, expect=200):
        status, _, data = self.call(method, path, body)
        assert status == expect, f"{method} {path}: {status} {data[:300]!r}"
        return strict_json(data) if data else None

    def login(self, user=USER, pin=PIN):
        status, headers, data = self.call(
            "POST", "/api/v1/session", {"user": user, "pin": pin})
        assert status in (200, 202), (status, data)  # 202: not saved yet
        self.cookie = headers["Set-Cookie"].split(";")[0]
        self.csrf = json.loads(data)["csrf"]
        return self

    def state(self):
        return self.json("GET", "/api/v1/state")

    def alarms(self):
        return self.state()["alarms"]

    def alarm(self, point, condition=None):
        """The open alarm of a point, or None."""
        for a in self.alarms():
            if a["point"] == point and condition in (None, a["condition"]):
                return a
        return None

    def acknowledge(self, occurrence):
        """Returns (status, answer)."""
        status, _, data = self.call(
            "POST", f"/api/v1/alarms/{occurrence}/acknowledge", {})
        return status, json.loads(data)

    def metric(self, name):
        """A figure as it is now (the state may be half a second old)."""
        status, _, data = self.call("GET", "/metrics")
        assert status == 200, status
        return float(re.search(rf"^watchroom_{name} (\S+)$", data.decode(), re.M).group(1))

    def events(self, **query):
        """All events that match, oldest first. What was seen before is in them: the list
        comes from the journal, so the journal is waited for."""
        until(lambda: self.metric("store_waiting") == 0, 30, "the journal is written")
        found, after = [], None
        while True:
            words = dict(query, limit=1000)
            if after:
                words["after"] = after
            text = "&".join(f"{k}={v}" for k, v in words.items())
            page = self.json("GET", f"/api/v1/events?{text}")
            found += page["events"]
            after = page["next"]
            if not after:
                return found


class Stream(threading.Thread):
    """Reads the SSE stream in a thread; items are (event, id, data) with times."""

    def __init__(self, port, last=None, console="test"):
        super().__init__(daemon=True)
        self.items = []
        self.closed = False
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"Accept": "text/event-stream"}
        if last:
            headers["Last-Event-ID"] = last
        self.connection.request(
            "GET", f"/api/v1/stream?console={console}", headers=headers)
        self.reply = self.connection.getresponse()
        assert self.reply.status == 200, self.reply.status
        self.start()

    def run(self):
        fields = {}
        with contextlib.suppress(OSError, ValueError, AttributeError,
                                 http.client.HTTPException):
            for raw in self.reply:
                line = raw.decode().rstrip("\n")
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif fields:
                    self.items.append((time.monotonic(), fields.get("event"),
                                       fields.get("id"),
                                       strict_json(fields.get("data", "null"))))
                    fields = {}
        self.closed = True

    def of(self, event):
        return [i for i in list(self.items) if i[1] == event]

    def close(self):
        with contextlib.suppress(OSError):
            self.connection.sock.close()


def verify_journal(file):
    """The journal needs no daemon and no configuration to be proven."""
    done = subprocess.run([str(BUILD / "cli/watchroom"), "verify", str(file)],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Daemon:
    """watchroomd on a directory of its own."""

    def __init__(self, directory, site_text, files=None, env=None):
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.state = self.dir / "state"
        self.file = self.dir / "site.yaml"
        self.env = dict(os.environ, WATCHROOM_DATA=str(ROOT), **(env or {}))
        self.process = None
        self.wrap = []  # a command that runs the daemon with other rights
        self.port = None
        self.log_path = self.dir / "log"
        self.write(site_text, files)

    def write(self, site_text, files=None):
        self.file.write_text(site_text, encoding="utf-8")
        for name, text in (files or {}).items():
            (self.dir / name).parent.mkdir(parents=True, exist_ok=True)
            (self.dir / name).write_text(text, encoding="utf-8")

    def log(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace") \
            if self.log_path.exists() else ""

    def add_user(self, user=USER, pin=PIN, role="operator"):
        done = self.tool("user", "add", user, "--name-zh", "王", "--name-en", "Wang",
                         "--role", role, "--pin-stdin", stdin=pin + "\n")
        assert done.returncode == 0, done.stderr

    def tool(self, *words, stdin=None):
        """Runs `watchroom -c site.yaml --state DIR words...`."""
        return subprocess.run(
            [str(BUILD / "cli/watchroom"), "-c", str(self.file), "--state",
             str(self.state), *words],
            input=stdin, stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True, text=True, timeout=120, check=False, env=self.env)

    def launch(self, *extra):
        """Starts the process without waiting for it."""
        before = len(self.log())
        self.state.mkdir(parents=True, exist_ok=True)
        out = open(self.log_path, "a", encoding="utf-8")
        with out:
            self.process = subprocess.Popen(
                [*self.wrap, str(BUILD / "daemon/watchroomd"), "-c", str(self.file), "--state",
                 str(self.state), *extra],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=self.env)
        return before

    def start(self, *extra, seconds=15):
        before = self.launch(*extra)

        def port():
            assert self.process.poll() is None, \
                f"ended with {self.process.returncode}:\n{self.log()[before:]}"
            return re.search(r"console on port (\d+)", self.log()[before:])
        self.port = int(until(port, seconds, "the daemon is ready").group(1))
        until(lambda: "watching " in self.log()[before:], seconds, "the daemon runs")
        return self

    def api(self):
        return Api(self.port)

    def stream(self, **words):
        return Stream(self.port, **words)

    def stop(self, seconds=60):
        """SIGTERM; returns the exit status."""
        if self.process is None or self.process.poll() is not None:
            return self.process.returncode if self.process else None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def journal(self):
        """A read-only connection to the journal."""
        return sqlite3.connect(f"file:{self.state}/journal.db?mode=ro", uri=True,
                               timeout=10)

    def readings(self):
        return sqlite3.connect(f"file:{self.state}/readings.db?mode=ro", uri=True,
                               timeout=10)

    def verify(self):
        return verify_journal(self.state / "journal.db")

    def rss_kib(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        return int(re.search(r"VmRSS:\s+(\d+)", text).group(1))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
