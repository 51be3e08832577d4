#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# A stand-in for the daemon's console: serves web/ and the part of docs/api.md the pages
# use, with alarms that are raised by POST /mock/do. For developing the pages and for the
# states of the screen that a healthy daemon cannot be brought to. It proves nothing about
# the daemon: what matters is tested against the real one as well.
#
#     tests/browser/mock_server.py --port 8471 --scene busy
#
# Also serves tests/browser/unit/ under /unit/: the tests of the pages' pure modules.

import argparse
import collections
import http.server
import json
import pathlib
import secrets
import signal
import sys
import threading
import time
import urllib.parse

import yaml

from mock_scenes import PLACES, SCENES, utc

ROOT = pathlib.Path(__file__).resolve().parents[2]
WEB = ROOT / "web"
UNIT = ROOT / "tests/browser/unit"
CATALOG = ROOT / "daemon/lib/text/catalog.yaml"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
CSP = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
CLASSES = [
    "fire",
    "prealarm",
    "security",
    "supervisory",
    "fault",
    "disabled",
    "process",
    "info",
    "system",
]
CLASS_OF = {"link": "fault", "activated": "info", "feedback": "info", "test": "info"}
OWED = {"unacknowledged", "returned", "latched_unacknowledged"}
USERS = {
    "wang": ("1234", {"zh": "王建国", "en": "Wang Jianguo"}),
    "li": ("4321", {"zh": "李敏", "en": "Li Min"}),
}
ITEMS_MAX = 4096
BEAT_S = 2.0


class Console:
    """The state behind the API; every method is called with the lock held."""

    def __init__(self):
        self.missing = []
        self.lock = threading.Condition()
        self.boot = "7"
        self.n = 100
        self.seq = 1000
        self.items = collections.deque(maxlen=ITEMS_MAX)
        self.alarms = {}
        self.sessions = {}
        self.log = []
        self.sounding = {}
        self.ack_mode = "ok"  # ok, degraded, held (until it changes), newer
        self.beating = True
        self.health = {
            "store": "ok",
            "store_waiting": 0,
            "loop_late_ms": 1,
            "clock_synchronised": True,
            "last_good_configuration": False,
            "config_rev": "5f1d",
            "started": utc(-3600),
            "consoles": 0,
            "consoles_sounding": 0,
            "points": 30,
            "points_unknown": 0,
            "notices_owed": 0,
            "sounder": False,
            "silenced": False,
            "version": "0.1.0",
        }
        self.outputs = []
        self.hosts = {"all": 0, "up": 0, "lost": 0, "unknown": 0, "down": []}
        self.devices = [
            self.device("fap1", "一号火灾报警控制器", "Fire alarm panel 1", 18),
            self.device("io1", "泵房输入模块", "Pump room input module", 6),
            self.device("hydrant-gauge", "消火栓管网压力变送器", "Hydrant main transmitter", 1),
            self.device("sprinkler-gauge", "喷淋管网压力变送器", "Sprinkler main transmitter", 1),
            self.device("domestic-gauge", "生活用水压力变送器", "Domestic water transmitter", 1),
        ]
        self.readings = [
            self.reading("hydrant-main", *PLACES["hydrant-main"][:2], 712.0),
            self.reading(
                "sprinkler-main", "消防泵房喷淋主管", "Sprinkler main, fire pump room", 934.0
            ),
            self.reading(
                "domestic-water", "生活水泵房出水管", "Domestic water main, pump room", 356.0
            ),
        ]

    @staticmethod
    def device(name, zh, en, points):
        return {
            "id": name,
            "name": {"zh": zh, "en": en},
            "bus": "panel-lan",
            "lost": False,
            "code": None,
            "last_heard": utc(),
            "points": points,
            "maturity": "documented",
            "inferred_points": 0,
            "accepted_budget": None,
        }

    @staticmethod
    def reading(point, zh, en, value):
        return {
            "point": point,
            "place": {"zh": zh, "en": en},
            "value": value,
            "unit": "kPa",
            "quality": "good",
            "unknown_since": None,
            "time": utc(),
        }

    # --- items ---

    def emit(self, kind, data):
        self.n += 1
        self.items.append((self.n, kind, json.dumps(data, ensure_ascii=False)))
        self.lock.notify_all()
        return self.n

    def emit_health(self):
        self.refresh()
        self.emit("health", self.live())

    def refresh(self):
        for d in self.devices:
            if not d["lost"]:
                d["last_heard"] = utc()
        for r in self.readings:
            if r["quality"] == "good":
                r["time"] = utc()

    def counters(self):
        out = {c: {"active": 0, "unacknowledged": 0} for c in CLASSES}
        for a in self.alarms.values():
            out[a["class"]]["active"] += a["state"] != "returned"
            if a["state"] in OWED and not a["hidden"]:
                out[a["class"]]["unacknowledged"] += 1
        return out

    def live(self):
        return {
            "counters": self.counters(),
            "devices": self.devices,
            "hosts": self.hosts,
            "outputs": self.outputs,
            "health": self.health,
            "readings": self.readings,
        }

    def ordered(self):
        return sorted(
            self.alarms.values(),
            key=lambda a: (CLASSES.index(a["class"]), a["raised"]),
        )

    def state(self, session=None):
        self.refresh()
        alarms = self.ordered()
        return {
            "time": utc(),
            "id": f"{self.boot}-{self.n}",
            "site": {
                "id": "tower-a",
                "name": {"zh": "科技大厦", "en": "Tower A"},
                "time_zone": "Asia/Shanghai",
                "statistics_day": "08:00",
            },
            "session": session,
            "desk": True,
            "alarms": alarms[:500],
            "alarms_total": len(alarms),
            **self.live(),
        }

    # --- what POST /mock/do may ask for ---

    def do_raise(self, point, condition="fire", code=None, **more):
        zh, en, kind = PLACES.get(point, (point, point, "smoke"))
        key = (point, condition, code)
        before = self.alarms.get(key)
        age_s = more.pop("age_s", 0)
        saved = more.pop("saved", True)
        alarm_class = more.pop("class", CLASS_OF.get(condition, condition))
        self.seq += 1
        occurrence = f"{self.boot}-{self.n + 1}"
        alarm = {
            "occurrence": occurrence,
            "incident": before["incident"] if before else occurrence,
            "point": point,
            "place": {"zh": zh, "en": en},
            "zone": "f3" if "3f" in point else "b1",
            "kind": kind,
            "condition": condition,
            "code": code,
            "class": alarm_class,
            "state": "unacknowledged",
            "cause": None,
            "flags": [],
            "test": False,
            "hidden": False,
            "sounds": True,
            "first_out": False,
            "quality": "good",
            "unknown_since": None,
            "raised": utc(-age_s),
            "acknowledged": None,
            "acknowledged_by": None,
            "occurrences": before["occurrences"] + 1 if before else 1,
            "value": None,
            "seq": self.seq if saved else None,
            "inferred": False,
            **more,
        }
        self.alarms[key] = alarm
        self.health["silenced"] = False
        self.put(alarm)
        return {"occurrence": occurrence, "n": self.n}

    def put(self, alarm):
        self.emit("alarm", alarm)
        self.health["sounder"] = any(a["sounds"] for a in self.alarms.values())
        self.emit_health()

    def find(self, occurrence):
        for key, a in self.alarms.items():
            if a["occurrence"] == occurrence:
                return key, a
        return None, None

    def do_change(self, point, **changes):
        for a in list(self.alarms.values()):
            if a["point"] == point:
                a.update(changes)
                self.put(a)
        return {}

    def do_close(self, point):
        for key, a in list(self.alarms.items()):
            if a["point"] == point:
                del self.alarms[key]
                self.put({**a, "state": "normal", "sounds": False})
        return {}

    def do_lose(self, point):
        """An alarm whose item never reaches the stream, as if it were lost there."""
        zh, en, kind = PLACES.get(point, (point, point, "smoke"))
        a = {**next(iter(self.alarms.values())), "point": point, "kind": kind}
        a.update(place={"zh": zh, "en": en}, occurrence=f"{self.boot}-{self.n + 1}")
        self.alarms[(point, a["condition"], a["code"])] = a
        self.n += 1
        return {}

    def do_durable(self, n, seq):
        self.emit("durable", {"n": n, "seq": seq})
        return {}

    def do_health(self, **changes):
        self.health.update(changes)
        self.emit_health()
        return {}

    def do_reading(self, point, **changes):
        for r in self.readings:
            if r["point"] == point:
                r.update(changes)
        self.emit_health()
        return {}

    def do_device(self, name, **changes):
        for d in self.devices:
            if d["id"] == name:
                d.update(changes)
        self.emit_health()
        return {}

    def do_outputs(self, outputs):
        self.outputs = list(outputs)
        self.emit_health()
        return {}

    def do_hosts(self, **changes):
        self.hosts.update(changes)
        self.emit_health()
        return {}

    def do_mode(self, ack="ok"):
        self.ack_mode = ack
        return {}

    def do_miss(self, path):
        self.missing.append(path)

    def do_beat(self, on):
        self.beating = on
        return {}

    def do_sessions_end(self):
        self.sessions.clear()
        return {}

    def do_reboot(self):
        """As a daemon that was restarted: another boot, no items, same alarms."""
        self.boot = str(int(self.boot) + 1)
        self.n = 10
        self.items.clear()
        return {}

    def do_log(self):
        return {"log": self.log, "sounding": self.sounding}

    # --- the API's writes ---

    def acknowledge(self, occurrence, user):
        _, alarm = self.find(occurrence)
        self.log.append({"acknowledge": occurrence, "by": user, "mode": self.ack_mode})
        if self.ack_mode == "newer" or alarm is None:
            return 409, error("newer_occurrence", "a newer occurrence")
        if alarm["state"] == "returned":
            alarm_after = {**alarm, "state": "normal"}
            del self.alarms[self.find(occurrence)[0]]
        else:
            alarm["state"] = "acknowledged"
            alarm_after = alarm
        alarm_after.update(
            acknowledged=utc(), acknowledged_by=user, sounds=False, first_out=alarm["first_out"]
        )
        self.put(alarm_after)
        self.seq += 1
        if self.ack_mode == "degraded":
            return 202, {"durable": False}
        return 200, {"durable": True, "seq": self.seq}

    def silence(self, who):
        self.log.append({"silence": who})
        self.health["silenced"] = True
        self.emit_health()
        return 200, {}


def error(code, message, field=None):
    return {"error": {"code": code, "message": message, "field": field}}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "watchroom-mock"

    @property
    def console(self):
        return self.server.console

    # --- answers ---

    def answer(self, status, body, content_type="application/json; charset=utf-8", more=()):
        if not isinstance(body, bytes):
            body = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", CSP)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-cache")
        for name, value in more:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def session(self):
        cookie = self.headers.get("Cookie", "")
        for part in cookie.split(";"):
            name, _, value = part.strip().partition("=")
            if name == "watchroom":
                return self.console.sessions.get(value)
        return None

    # --- reading ---

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/api/v1/stream":
            self.stream(query)
            return
        calls = {
            "/api/v1/state": lambda: (200, self.console.state(self.session())),
            "/api/v1/alarms": lambda: (200, self.page(query)),
            "/api/v1/doors": lambda: (200, {"doors": [], "next": None}),
            "/api/v1/fire-doors": lambda: (200, {"fire_doors": [], "next": None}),
            "/api/v1/effects": lambda: (200, {"effects": [], "next": None}),
            "/api/v1/pumps": lambda: (200, {"pumps": [], "next": None}),
            "/api/v1/patrols": lambda: (200, {"patrols": []}),
            **{f"/api/v1/{name}": lambda name=name: (200, {name: [], "next": None})
               for name in ("shelves", "isolations", "zones")},
            "/api/v1/text": lambda: (200, self.server.texts[query.get("lang", "zh")]),
        }
        if url.path in calls:
            with self.console.lock:
                status, body = calls[url.path]()
            self.answer(status, body)
            return
        self.static(url.path)

    def page(self, query):
        alarms = self.console.ordered()
        at, limit = int(query.get("after", 0)), int(query.get("limit", 100))
        more = at + limit < len(alarms)
        return {"alarms": alarms[at : at + limit], "next": str(at + limit) if more else None}

    def static(self, path):
        if path in self.console.missing:    # cut off, once
            self.console.missing.remove(path)
            self.close_connection = True
            return
        base, name = WEB, path.lstrip("/") or "index.html"
        if path.startswith("/unit/"):
            base, name = UNIT, path.removeprefix("/unit/") or "index.html"
        file = (base / name).resolve()
        if not file.is_relative_to(base) or not file.is_file():
            self.answer(404, error("not_found", path))
            return
        self.answer(200, file.read_bytes(), TYPES.get(file.suffix, "text/plain"))

    def stream(self, query):
        c = self.console
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.close_connection = True
        last = self.headers.get("Last-Event-ID") or query.get("last", "")
        boot, _, n = last.rpartition("-")
        try:
            with c.lock:
                oldest = c.items[0][0] if c.items else c.n + 1
                if boot != c.boot or not n.isdigit() or int(n) + 1 < oldest:
                    self.item("state", json.dumps(c.state()), f"{c.boot}-{c.n}")
                    sent = c.n
                else:
                    sent = int(n)
            self.follow(sent)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def follow(self, sent):
        c = self.console
        beat_at = time.monotonic()
        while not self.server.ending.is_set():
            with c.lock:
                boot = c.boot
                new = [i for i in c.items if i[0] > sent]
                if not new:
                    c.lock.wait(max(0.0, min(0.2, beat_at - time.monotonic())))
                beating, n = c.beating, c.n
            for number, kind, data in new:
                self.item(kind, data, f"{boot}-{number}")
                sent = number
            if time.monotonic() >= beat_at:
                beat_at = time.monotonic() + BEAT_S
                if beating:
                    self.item("hb", json.dumps({"time": utc(), "n": n}), None)

    def item(self, kind, data, number):
        head = f"id: {number}\n" if number else ""
        self.wfile.write(f"{head}event: {kind}\ndata: {data}\n\n".encode())
        self.wfile.flush()

    # --- writing ---

    def body(self):
        length = int(self.headers.get("Content-Length", 0))
        return json.loads(self.rfile.read(length) or b"{}")

    def do_POST(self):
        body = self.body()
        parts = self.path.strip("/").split("/")
        c = self.console
        if self.path == "/mock/do":
            with c.lock:
                self.answer(200, getattr(c, "do_" + body.pop("do"))(**body))
            return
        if self.headers.get("X-Watchroom") != "1":
            self.answer(403, error("forbidden", "X-Watchroom"))
        elif self.path == "/api/v1/session":
            self.log_in(body)
        elif self.path == "/api/v1/silence":
            with c.lock:
                self.answer(*c.silence((self.session() or {}).get("user", "desk")))
        elif parts[2] == "consoles" and parts[4] == "sound":
            with c.lock:
                c.sounding[parts[3]] = body["can_sound"]
                c.log.append({"console": parts[3], "can_sound": body["can_sound"]})
                self.answer(200, {})
        elif parts[2] == "alarms" and parts[4] == "acknowledge":
            self.acknowledge(parts[3])
        else:
            self.answer(404, error("not_found", self.path))

    def log_in(self, body):
        pin, name = USERS.get(body.get("user"), (None, None))
        if pin is None or body.get("pin") != pin:
            self.answer(401, error("bad_login", "wrong name or PIN"))
            return
        session = {"user": body["user"], "name": name, "role": "operator"}
        session["csrf"] = secrets.token_hex(8)
        cookie = secrets.token_hex(16)
        with self.console.lock:
            self.console.sessions[cookie] = session
        kept = f"watchroom={cookie}; HttpOnly; SameSite=Strict; Path=/"
        self.answer(200, session, more=[("Set-Cookie", kept)])

    def acknowledge(self, occurrence):
        c = self.console
        with c.lock:
            session = self.session()
        if session is None:
            self.answer(401, error("no_session", "log in first"))
            return
        if self.headers.get("X-CSRF-Token") != session["csrf"]:
            self.answer(403, error("bad_csrf", "token"))
            return
        while c.ack_mode == "held" and not self.server.ending.wait(0.02):
            pass
        with c.lock:
            status, body = c.acknowledge(occurrence, session["user"])
        self.answer(status, body)

    def do_DELETE(self):
        if self.path != "/api/v1/session":
            self.answer(404, error("not_found", self.path))
            return
        with self.console.lock:
            self.console.sessions.clear()
        self.answer(204, b"")

    def log_message(self, *_):
        """Nothing: tests read what matters through /mock/do."""


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """A browser that hangs up is its own affair."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main():
    p = argparse.ArgumentParser(description="Serve the console pages without a daemon.")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--scene", choices=sorted(SCENES), default="calm")
    o = p.parse_args()
    server = Server(("127.0.0.1", o.port), Handler)
    server.ending = threading.Event()
    server.console = Console()
    catalog = yaml.safe_load(CATALOG.read_text(encoding="utf-8"))
    server.texts = {
        lang: {key: texts[lang] for key, texts in catalog.items()} for lang in ("zh", "en")
    }
    with server.console.lock:
        SCENES[o.scene](server.console)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.ending.set())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_address[1]}), flush=True)
    server.ending.wait()
    server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
