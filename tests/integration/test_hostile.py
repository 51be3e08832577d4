# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Every row of the table of hostile peers at once, against one daemon with neighbours that
# behave: on connections of their own, and as other units of a gateway. Nothing that a row
# says becomes a value (I6), no neighbour suffers (I7), memory, sockets and log stay
# bounded, and whoever is cured is read again in time. WATCHROOM_LONG: for an hour.
import contextlib
import os
import re
import sys
import time

import hostile
from field import FIRE, NORMAL, Modbus, gauges, panel
from rig import SANITIZED, Daemon, site, until

LONG = os.environ.get("WATCHROOM_LONG") == "1"
SECONDS = int(os.environ.get("WATCHROOM_HOSTILE_SECONDS", 3600 if LONG else 45))
EACH = 300 if LONG else 15  # seconds between two lines of figures
PERIOD = 0.4
# Memory may grow by so many MiB. In an hour the console's ring of items (4) and the caches
# of the databases (4 for each that is written, 1 for each that is read) fill up.
GROWTH = 64 if SANITIZED else 14 if LONG else 4
# Reads of a healthy neighbour at most so far apart (DESIGN section 10): on a connection of
# its own as those of a bare poller, and 10 ms; behind a gateway 1.2 periods and a time-out.
# What this machine, with all these peers in Python, adds to the gaps of bare pollers of the
# same units in the same run it may add to ours as well, at another moment; and so long as
# the kernel let the daemon wait for a CPU.
SLACK = 0.01


def gap_allowed(name, noise):
    if name.startswith("well"):
        return PERIOD + SLACK + noise
    return 1.2 * PERIOD + hostile.TIMEOUT + SLACK + noise


def ms(seconds):
    return f"{round(seconds * 1000)}ms"


def device(name, port, bus=None, unit=1):
    """A bus, unless it has one, and a panel with three points."""
    buses, devices = panel(port, id=name, poll=ms(PERIOD), timeout=ms(hostile.TIMEOUT),
                           retries=1, unit=unit, bus=bus or name)
    buses[0]["id"] = name
    devices[0]["points"] = devices[0]["points"][:3]
    for p in devices[0]["points"]:
        p["id"] = f"{name}-{p['id']}"
    return ([] if bus else buses), devices


def line(name, tty):
    buses, devices = gauges(tty, units=[3])
    buses[0]["id"] = devices[0]["bus"] = name
    devices[0].update(id=name, poll=ms(PERIOD), timeout=ms(hostile.TIMEOUT), retries=1)
    devices[0]["points"][0]["id"] = f"{name}-d1"
    return buses, devices


class Field:
    """The peers, and the site in front of them."""

    def __init__(self):
        self.rows = {row.__name__.lower(): row() for row in hostile.ROWS}
        self.lines = {row.__name__.lower(): row() for row in hostile.LINES}
        self.healthy = [Modbus() for _ in range(3)]
        self.gateway = Modbus(units=range(1, 6))
        self.buses, self.devices, self.raw, self.waits = [], [], [], None
        for name, row in self.rows.items():
            self.add(device(name, row.port))
        for name, row in self.lines.items():
            self.add(line(name, row.tty))
        self.neighbours = []
        for i, peer in enumerate(self.healthy):
            self.neighbours.append(f"well{i}")
            self.add(device(f"well{i}", peer.port))
        # Behind one gateway: five that live, and one that is not there.
        self.buses.append({"id": "shared", "modbus_tcp": f"127.0.0.1:{self.gateway.port}"})
        for unit in range(1, 7):
            self.add(device(f"unit{unit}", 0, bus="shared", unit=unit))
            self.neighbours += [f"unit{unit}"] if unit < 6 else []

    def measure(self, daemon):
        """What this machine adds to a gap, from now on."""
        self.raw = [*(hostile.BarePoller(p.port, PERIOD) for p in self.healthy),
                    *(hostile.BarePoller(self.gateway.port, PERIOD, u) for u in range(1, 6))]
        self.waits = hostile.CpuWaits(daemon.process.pid, 2 * PERIOD)

    def noise(self):
        raw, waits = max(p.excess() for p in self.raw), self.waits.worst
        print(f"the bare pollers were {1000 * raw:.0f} ms late at most, the daemon waited "
              f"{1000 * waits:.0f} ms for a CPU", file=sys.stderr)
        return 2 * raw + waits

    def add(self, more):
        self.buses += more[0]
        self.devices += more[1]

    def cure(self, burning):
        for name, row in self.rows.items():
            row.cure(FIRE if name in burning or row.burns else NORMAL)
        for row in self.lines.values():
            row.cure()

    def stop(self):
        for one in [*self.raw, *self.rows.values(), *self.lines.values(), *self.healthy,
                    self.gateway]:
            one.stop()


def looks(api):
    return {d["id"]: d for d in api.json("GET", "/api/v1/devices")["devices"]}


def sockets(daemon):
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def nothing_was_taken(api, field):
    """No point of a hostile peer has, or ever had, a value that its device never sent."""
    burning = tuple(f"{name}-" for name, row in field.rows.items() if row.burns)
    fires = [e for e in api.events(**{"class": "fire"})
             if not str(e["point"]).startswith(burning)]
    assert not fires, sorted({(e['point'], e['code'], e['value']) for e in fires})
    for name, row in field.rows.items():
        quality = api.json("GET", f"/api/v1/points/{name}-d1")["quality"]
        if row.known == "unknown":
            assert quality == "unknown", f"{name} is {quality}"
        if row.known == "good":
            assert quality == "good", f"{name} is {quality}"
    for name in field.lines:
        assert api.json("GET", f"/api/v1/points/{name}-d1")["quality"] == "unknown", name


def no_fire_was_lost(api, field):
    """What burns was seen, and nothing stale has put it out."""
    for name, row in field.rows.items():
        if row.burns:
            told = [e["kind"] for e in
                    api.events(**{"class": "fire", "point": f"{name}-d1"})]
            assert "alarm.onset" in told and "alarm.clear" not in told, f"{name}: {told}"


def lines_of(daemon, name):
    return len(re.findall(rf"(bus|device) {name}\b", daemon.log()))


def test_i6_i7_hostile_peers_all_at_once(tmp_path):
    field = Field()
    daemon = Daemon(tmp_path, site(field.buses, field.devices)).start()
    field.measure(daemon)
    try:
        watch(daemon, field)
    finally:
        field.waits.stop()
        with daemon:
            assert daemon.stop() == 0
            daemon.verify()
        field.stop()


class Figures:
    """What must stay bounded, from minute to minute: a line of figures for the record."""

    def __init__(self, daemon, api):
        self.daemon, self.api = daemon, api
        self.began = self.said = time.monotonic()
        self.rss, self.fds = daemon.rss_kib(), sockets(daemon)
        self.most_rss, self.most_fds, self.least_fds = self.rss, self.fds, self.fds
        self.half = self.began + SECONDS / 2
        self.say()

    def count(self):
        """Often: they come and go, and one look in seconds may meet them all there."""
        now = sockets(self.daemon)
        self.most_fds = max(self.most_fds, now)
        self.least_fds = now if time.monotonic() < self.half else min(self.least_fds, now)

    def look(self):
        self.most_rss = max(self.most_rss, self.daemon.rss_kib())
        if time.monotonic() - self.said >= EACH:
            self.said = time.monotonic()
            self.say()

    def events(self):
        with contextlib.closing(self.daemon.journal()) as journal:
            return journal.execute("SELECT max(seq) FROM v_event").fetchone()[0]

    def say(self):
        devices = looks(self.api).values()
        print(f"after {time.monotonic() - self.began:.0f} s: "
              f"{self.daemon.rss_kib()} KiB resident, {sockets(self.daemon)} descriptors, "
              f"{len(self.daemon.log().splitlines())} log lines, "
              f"{self.events()} events, "
              f"{sum(d['good'] for d in devices)} good polls, "
              f"{sum(d['timeouts'] for d in devices)} time-outs",
              file=sys.stderr, flush=True)


def watch(daemon, field):
    api = daemon.api()
    until(lambda: all(looks(api)[n]["state"] == "up" for n in field.neighbours), 30,
          "the neighbours are read")
    time.sleep(8)  # all is met: connections, refusals, splits
    before = {n: d["good"] for n, d in looks(api).items()}
    figures = Figures(daemon, api)
    while time.monotonic() - figures.began < SECONDS:
        for _ in range(20):
            time.sleep(0.25)
            figures.count()
        nothing_was_taken(api, field)
        no_fire_was_lost(api, field)
        figures.look()
    figures.say()
    after = looks(api)
    for name in field.neighbours:
        d = after[name]
        print(f"{name}: worst gap {d['worst_gap_ms']} ms", file=sys.stderr)
    for name in [*field.rows, *field.lines]:
        print(f"{name}: {lines_of(daemon, name)} log lines", file=sys.stderr)
    all_is_bounded(daemon, field, figures, before, after)
    no_line_was_recorded(daemon, field)
    a_fire_beside_them_is_seen(api, field)
    cured_are_read_again(api, field)


def all_is_bounded(daemon, field, figures, before, after):
    noise = field.noise()
    for name in field.neighbours:
        d = after[name]
        assert d["state"] == "up" and not d["overdue"], d
        most = 1000 * gap_allowed(name, noise)
        assert d["worst_gap_ms"] <= most, \
            f"{name} had a gap of {d['worst_gap_ms']} ms, at most {most:.0f}"
        polls = (d["good"] - before[name]) * PERIOD / SECONDS
        assert polls > 0.7, f"{name} was read {polls:.2f} of the time"
    for name, row in field.rows.items():
        assert not row.times_out or after[name]["timeouts"] >= 3, after[name]
    # Many come and go, but each holds one link at most.
    assert figures.most_fds <= figures.fds + len(field.rows), "sockets grow"
    assert figures.least_fds <= figures.fds + 4, "sockets do not come back"
    assert figures.most_rss - figures.rss < GROWTH * 1024, "memory grows"
    for name in [*field.rows, *field.lines]:
        most = 20 + SECONDS // 300
        assert lines_of(daemon, name) <= most, f"{name}: {lines_of(daemon, name)} lines"


def no_line_was_recorded(daemon, field):
    """No minute of a hostile line has a good millisecond."""
    with contextlib.closing(daemon.readings()) as readings:
        points = [f"{name}-d1" for name in field.lines]
        marks = ", ".join("?" * len(points))
        good = readings.execute(f"SELECT point, good_ms FROM v_reading_minute "
                                f"WHERE point IN ({marks}) AND good_ms > 0", points)
        assert not good.fetchall()


def a_fire_beside_them_is_seen(api, field):
    field.healthy[0].holding(1, FIRE)
    until(lambda: api.alarm("well0-d2", "fire"), 3, "the neighbour's fire")
    field.gateway.holding(2, FIRE, unit=4)
    until(lambda: api.alarm("unit4-d3", "fire"), 3, "the fire of a unit of the gateway")


def cured_are_read_again(api, field):
    """On a link of its own: one period and a time-out; a port is opened after a second.
    Some burn by then, and that is seen within the bound of their device."""
    burning = ["silent", "slow", "late", "countson", "wrongtransaction", "garbage", "flood"]
    devices = looks(api)
    field.cure(burning)
    began = time.monotonic()
    for name in burning:
        bound = devices[name]["budget_ms"] / 1000 + (2 if SANITIZED else 0)
        until(lambda: api.alarm(f"{name}-d1", "fire"), began + bound - time.monotonic(),
              f"the fire of {name}")
    print(f"cured: their fires were seen within {time.monotonic() - began:.1f} s",
          file=sys.stderr)

    def missing():
        return [n for n in [*field.rows, *field.lines]
                if api.json("GET", f"/api/v1/points/{n}-d1")["quality"] != "good"]
    # What was refused for good ("no such address") is asked each minute.
    until(lambda: set(missing()) <= {"exceptions"}, 5, lambda: f"not read: {missing()}")
    print(f"cured: all but what was refused read within {time.monotonic() - began:.1f} s")
    until(lambda: not missing(), 20, lambda: f"not read: {missing()}")
