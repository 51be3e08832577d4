# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# A storm through the whole daemon: the registers of many devices change at each poll,
# through the decoder, the engine and the store to the journal, and to a client of the
# event stream. Fires burn in it, on a device that is quiet otherwise. The field counts
# what it changed; the journal must have an event for each.
import re
import socket
import tempfile
import threading
import time

from figures import Server, cpu_s, fleet_site, rss_mib, summary
from history import lines_of
from rig import Daemon, until

FAULT, FIRE = 0x3400, 0x0C10
POINTS, POLL_MS = 20, 500
FIRE_UNIT = 2
FIRE_EVERY_S = 0.5
NUMBERS = [1 + i * 5 for i in range(POINTS - 1)] + [100]

CHANGES_SQL = ("SELECT count(*) FROM event WHERE kind IN ('alarm.onset', 'alarm.return',"
               " 'alarm.clear') AND class <> 'fire' AND point GLOB 'p[0-9]*-*'")


class Reader(threading.Thread):
    """A client of the stream that looks for the onset of each fire in whatever comes: an
    item of its own, or a snapshot for one that the storm has overtaken."""

    def __init__(self, port, points):
        super().__init__(daemon=True)
        self.marks = {p: f'"point":"{p}"'.encode() for p in points}
        self.seen, self.bytes, self.states = {}, 0, 0
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.sendall(f"GET /api/v1/stream?console=bench HTTP/1.1\r\nHost: 127.0.0.1:"
                            f"{port}\r\nAccept: text/event-stream\r\n\r\n".encode())
        answer = self.socket.recv(4096)
        assert answer.startswith(b"HTTP/1.1 200"), answer
        self.start()

    def run(self):
        rest = b""
        while data := self.socket.recv(1 << 18):
            at = time.time() * 1000
            self.bytes += len(data)
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self.look(line, at)

    def look(self, line, at):
        self.states += line == b"event: state"
        if b'"fire"' not in line:
            return
        for point, mark in list(self.marks.items()):
            if mark in line:
                self.seen[point] = at
                del self.marks[point]


def figures_now(port):
    """The first of the daemon's figures, without those of each device behind them."""
    with socket.create_connection(("127.0.0.1", port), 60) as one:
        one.sendall(f"GET /metrics HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        data = b""
        while b"watchroom_sounder" not in data:
            data += one.recv(65536)
    return {name: float(value) for name, value in re.findall(
        r"^watchroom_(\w+) (\S+)$", data.decode("utf-8", "replace"), re.M)}


class Gauges(threading.Thread):
    """The worst of what must be bounded, asked twice a second."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.port, self.pid = daemon.port, daemon.process.pid
        self.ended, self.rows = threading.Event(), []
        self.start()

    def run(self):
        while not self.ended.wait(0.5):
            self.rows.append(figures_now(self.port) | {"rss": rss_mib(self.pid)})

    def end(self):
        self.ended.set()
        self.join()

    def worst(self):
        def most(name, factor=1):
            return max(row[name] for row in self.rows) * factor
        return {"waiting at most": most("store_waiting"),
                "loop late, ms": most("loop_late_seconds", 1000),
                "longest callback, ms": most("loop_callback_seconds", 1000),
                "devices lost at most": most("devices_lost"),
                "resident MiB at most": most("rss")}


def storm_site(port, devices):
    """`devices` that the storm shakes, and the last of them that only burns."""
    text = fleet_site([port] * (devices + 1), POINTS, f"{POLL_MS}ms")
    last = f'"id": "p{devices}", "bus": "b{devices}", "unit": 1,'
    assert last in text
    return text.replace(last, last.replace("1,", f"{FIRE_UNIT},")) + \
        "engine: {chatter: none}\n"


def burn(field, stream, devices, seconds):
    """A fire each half second until the storm ends: {point: moment of the register}."""
    began, fires = time.monotonic(), {}
    for n in NUMBERS:
        wait = began + FIRE_EVERY_S * (len(fires) + 1) - time.monotonic()
        if FIRE_EVERY_S * (len(fires) + 1) >= seconds:
            break
        time.sleep(max(0, wait))
        fires[f"p{devices}-{n}"] = (time.time() * 1000, (FIRE_UNIT, n - 1))
        field.set(FIRE_UNIT, n - 1, FIRE)
    time.sleep(max(0, began + seconds - time.monotonic()))
    until(lambda: all(p in stream.seen for p in fires), 30, "each fire on the stream")
    return fires


def all_quiet(field, port):
    """The field is as it was and the daemon has written all of it."""
    until(lambda: field.ask("flips")[1] == 0, 30, "each device is quiet again")
    time.sleep(2 * POLL_MS / 1000)
    until(lambda: figures_now(port)["store_waiting"] == 0, 120, "all is durable")


def written(daemon):
    with daemon.journal() as db:
        (changes,), = db.execute(CHANGES_SQL)
        (events, last, first), = db.execute("SELECT count(*), max(seq), min(seq) FROM event")
        (lost,), = db.execute("SELECT count(*) FROM event WHERE kind = 'events_lost'")
    return changes, last - first + 1 - events, lost


def one_storm(folder, field, devices, seconds):
    with Daemon(folder, storm_site(field.ports["healthy"], devices)) as daemon:
        port, pid = daemon.start(seconds=60).port, daemon.process.pid
        until(lambda: figures_now(port)["points_unknown"] == 0, 60, "all are read")
        stream = Reader(port, [f"p{devices}-{n}" for n in NUMBERS])
        gauges, before, cpu = Gauges(daemon), rss_mib(pid), cpu_s(pid)
        began = time.monotonic()
        field.tell("storm", FAULT)
        fires = burn(field, stream, devices, seconds)
        stormed = field.ask("flips")[0] * POINTS - figures_now(port)["store_waiting"]
        took = time.monotonic() - began
        field.tell("calm")
        all_quiet(field, port)
        gauges.end()
        cpu = cpu_s(pid) - cpu
        changed = field.ask("flips")[0] * POINTS
        changes, holes, lost = written(daemon)
        daemon.stop()
        daemon.verify()
    return figures_of(field, stream, fires) | gauges.worst() | {
        "changes of the field": changed, "events of them": changes,
        "holes in the journal": holes, "events said to be lost": lost,
        "events durable a second, in the storm": stormed / took,
        "processor us an event": cpu / max(1, changes) * 1e6,
        "resident MiB before": before}


def figures_of(field, stream, fires):
    """Of the slowest fire."""
    return {"fires": len(fires), "snapshots": stream.states,
            "stream MiB": stream.bytes / 2 ** 20,
            "fire, register to stream, ms": max(
                stream.seen[p] - at for p, (at, _) in fires.items()),
            "fire, reply to stream, ms": max(
                stream.seen[p] - field.sent[where] for p, (_, where) in fires.items())}


def bench_whole_storm(options):
    """The same from the registers of 1,000 devices to the journal and the stream."""
    per_s, seconds, rows = options.events or 40000, options.seconds or 10, []
    devices = per_s * POLL_MS // 1000 // POINTS
    for _ in range(options.rounds):
        with Server("field_server") as field, tempfile.TemporaryDirectory() as folder:
            rows.append(one_storm(f"{folder}/d", field, devices, seconds))
            peer = lines_of("storm", folder, per_s, seconds)
            for name in ("sqlite_events_per_s", "sqlite_commits_per_s"):
                rows[-1][name] = peer[name][0]
    return {name: summary([r[name] for r in rows]) for name in rows[0]}
