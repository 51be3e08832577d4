# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# I13: hours, statistics days and readings at set hours, worked out again from the raw signal by a program that shares nothing
# with the one that made them: plain sums over the samples as they were fed, days by Python's own zoneinfo. A day of 23 and one
# of 25 hours, a sensor that is dead all day, an empty day, one with the daemon down, a kill in the middle of a minute.
import csv
import datetime
import glob
import io
import json
import os
import pathlib
import random
import sqlite3
import subprocess
import tempfile
import zoneinfo

import pytest

WATCHROOM = os.environ["WATCHROOM"]
MAKE_READINGS = os.environ["MAKE_READINGS"]
MINUTE, HOUR = 60 * 1000, 3600 * 1000
HOLD = 60 * 1000
GAUGES = ("hydrant", "domestic")
QUALITIES = ("good", "uncertain", "bad", "unknown")
SITE = """
site: {{id: tower-a, time_zone: {zone}, statistics_day: "{day}", set_hours: ["07:45", "20:00"]}}
buses: [{{id: lan, modbus_tcp: "127.0.0.1:5020"}}]
devices:
  - {{id: g1, bus: lan, unit: 1, profile: pressure-transmitter-ptmb, poll: 24s, points: [
      {{id: hydrant, item: pressure, kind: pressure, place: {{zh: 泵房, en: Pump room}}, domestic_water: true}}]}}
  - {{id: g2, bus: lan, unit: 2, profile: pressure-transmitter-ptmb, poll: 24s, points: [
      {{id: domestic, item: pressure, kind: pressure, place: {{zh: 水箱, en: Tank}}, domestic_water: true}}]}}
"""
# Zone, statistics day, its first day. The clocks of Berlin change on 2025-03-30 and 2025-10-26.
SIGNALS = [("Europe/Berlin", "08:00", "2025-03-28", 1), ("Europe/Berlin", "08:30", "2025-10-24", 2)]


class Signal:
    """Six statistics days: two as usual, one on which the second gauge is dead, an empty one, one down, half a usual one."""

    def __init__(self, zone, day, first, seed):
        self.zone, self.start = zoneinfo.ZoneInfo(zone), datetime.time.fromisoformat(day)
        self.first = datetime.date.fromisoformat(first)
        self.dice = random.Random(seed)
        self.days = [self.day_span(n) for n in range(6)]
        self.down = (self.days[4][0] - 3 * HOUR - 20000, self.days[5][0] + 1000)
        self.killed = self.days[0][0] + 5 * HOUR + 40000  # 40 s into a minute
        self.again = self.killed + 150000
        self.end = self.days[5][0] + 13 * HOUR
        self.samples = {g: sorted(self.samples_of(g)) for g in GAUGES}

    def day_span(self, n):
        def begin(date):
            local = datetime.datetime.combine(date, self.start, self.zone)
            return int(local.timestamp()) * 1000
        date = self.first + datetime.timedelta(n)
        return begin(date), begin(date + datetime.timedelta(1))

    def watched(self, at):
        return not self.killed <= at < self.again and not self.down[0] <= at < self.down[1]

    def samples_of(self, gauge):
        at = self.days[0][0] + 1000
        while at < self.end:
            at += self.dice.choice((24000, 24000, 24000, 23988, 24007, 48000, 150000))
            if not self.watched(at) or at >= self.end or self.days[3][0] <= at < self.days[3][1]:
                continue
            dead = gauge == "domestic" and self.days[2][0] <= at < self.days[2][1]
            quality = 2 if dead else self.dice.choice((0,) * 12 + (1, 2))
            yield at, quality, 500 + self.dice.randrange(10 ** 7) / 10 ** 5

    def script(self, site):
        yield f"site {site}"
        yield f"start {self.days[0][0]}"
        lines = [(at, f"{at} {g} {q} {x!r}") for g in GAUGES for at, q, x in self.samples[g]]
        lines += [(self.killed, f"kill {self.killed}"), (self.again, f"start {self.again}"),
                  (self.down[0], f"stop {self.down[0]}"), (self.down[1], f"start {self.down[1]}"), (self.end, f"stop {self.end}")]
        yield from (text for _, text in sorted(lines))

    def pieces(self, gauge):
        """(from, to, value, is sample) of all time with a value, cut at minutes. A value holds up to the next sample."""
        lost = self.killed - self.killed % MINUTE
        rows = self.samples[gauge]
        for n, (at, quality, value) in enumerate(rows):
            if quality != 0:
                continue
            end = at + HOLD
            if n + 1 < len(rows):
                end = min(end, rows[n + 1][0])
            for cut in (self.killed, self.down[0], self.end):
                if at < cut:
                    end = min(end, cut)
            begin, first = at, True
            while first or begin < end:
                to = min(end, begin - begin % MINUTE + MINUTE)
                if not lost <= begin < self.killed:
                    yield begin, to, value, first
                begin, first = to, False

    def figures(self, gauge, span):
        """min, min_at, max, max_at, integral, good_ms, samples, minutes; by a span of time."""
        pieces = [p for p in self.pieces(gauge) if span[0] <= p[0] < span[1]]
        if not pieces:
            return None
        low, high = min(p[2] for p in pieces), max(p[2] for p in pieces)
        return (low, min(p[0] for p in pieces if p[2] == low), high, min(p[0] for p in pieces if p[2] == high),
                sum((p[1] - p[0]) * p[2] for p in pieces), sum(p[1] - p[0] for p in pieces),
                sum(p[3] for p in pieces), len({p[0] // MINUTE for p in pieces}))

    def set_readings(self, gauge, span):
        """(due, value, at, reason) of each set hour in the span."""
        dues = []
        for n in range(-1, 9):
            for clock in ("07:45", "20:00"):
                local = datetime.datetime.combine(self.first + datetime.timedelta(n), datetime.time.fromisoformat(clock), self.zone)
                dues.append(int(local.timestamp()) * 1000)
        for due in sorted(d for d in dues if span[0] <= d < span[1]):
            near = [s for s in self.samples[gauge] if abs(s[0] - due) <= 60000]
            good = [s for s in near if s[1] == 0]
            if good:
                best = min(good, key=lambda s: (abs(s[0] - due), s[0]))
                yield due, best[2], best[0], None
            elif near:
                yield due, None, None, QUALITIES[near[-1][1]]
            else:
                yield due, None, None, self.why_none(gauge, due)

    def why_none(self, gauge, due):
        if not self.watched(due) or due >= self.end:
            return "not_watched"
        seen = [s for s in self.samples[gauge] if s[0] < due and self.days[0][0] <= s[0]]
        return "no_sample" if not seen or seen[-1][1] == 0 else QUALITIES[seen[-1][1]]


@pytest.fixture(scope="module", name="made", params=SIGNALS, ids=lambda p: f"{p[2]}-{p[1]}")
def fixture_made(request):
    zone, day, first, seed = request.param
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as base:  # thousands of commits
        yield make(pathlib.Path(base), zone, day, first, seed)


def make(base, zone, day, first, seed):
    site = base / "site.yaml"
    site.write_text(SITE.format(zone=zone, day=day), encoding="utf-8")
    signal = Signal(zone, day, first, seed)
    script = "\n".join(signal.script(site)) + "\n"
    subprocess.run([MAKE_READINGS], input=script.encode(), env={**os.environ, "TMPDIR": str(base)}, check=True, timeout=280)
    (store,) = glob.glob(str(base / "test-engine-*"))
    return signal, site, store


def close(a, b):
    return (a is None) == (b is None) and (a is None or abs(a - b) <= 1e-9 * max(1, abs(b)))


def ms(text):
    return None if text is None else int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000 + 0.5)


def watchroom(*words):
    done = subprocess.run([WATCHROOM, *map(str, words)], capture_output=True, timeout=120, check=True)
    return done.stdout


def test_i13_hours_are_what_the_signal_was(made):
    signal, _, store = made
    db = sqlite3.connect(f"file:{store}/readings.db?mode=ro", uri=True)
    told = {(p, f): row for p, f, *row in db.execute(
        "SELECT point, from_ms, min, min_at_ms, max, max_at_ms, mean * good_ms, good_ms, samples, minutes FROM v_reading_hourly")}
    hours = range(signal.days[0][0] - signal.days[0][0] % HOUR, signal.days[5][1], HOUR)
    for gauge in GAUGES:
        for hour in hours:
            figures = signal.figures(gauge, (hour, hour + HOUR))
            row = told.pop((gauge, hour), None)
            assert (figures is None) == (row is None), (gauge, hour)
            if figures is not None:
                assert figures[5:] == tuple(row[5:]) and figures[1] == row[1] and figures[3] == row[3], (gauge, hour)
                assert close(row[0], figures[0]) and close(row[2], figures[2]), (gauge, hour)
                assert close(row[4], figures[4] if figures[5] else None), (gauge, hour)
    assert not told


def test_i13_the_sheet_of_each_day_is_what_the_signal_was(made):
    signal, site, store = made
    lengths = []
    for n, span in enumerate(signal.days):
        day = (signal.first + datetime.timedelta(n)).isoformat()
        out = watchroom("-c", site, "--store", store, "report", "pressure-daily", "--day", day, "--format", "json")
        sheet = json.loads(out)
        assert (ms(sheet["from"]), ms(sheet["to"])) == span
        lengths.append((span[1] - span[0]) // HOUR)
        for gauge in sheet["data"]["gauges"]:
            f = signal.figures(gauge["point"], span) or (None,) * 4 + (0,) * 4
            assert close(gauge["min"], f[0]) and close(gauge["max"], f[2])
            assert (ms(gauge["min_at"]), ms(gauge["max_at"])) == (f[1], f[3])
            assert (gauge["good_ms"], gauge["samples"], gauge["minutes"]) == f[5:]
            assert close(gauge["mean"], f[4] / f[5] if f[5] else None)
        wanted = [(g, *s) for g in sorted(GAUGES) for s in signal.set_readings(g, span)]
        got = [(s["point"], ms(s["due"]), s["value"], ms(s["at"]), s["reason"]) for s in sheet["data"]["set_readings"]]
        assert [w[:2] + w[3:] for w in wanted] == [g[:2] + g[3:] for g in got]
        assert all(close(g[2], w[2]) for w, g in zip(wanted, got))
        check_mean_over_gauges(sheet["data"], wanted, {g: signal.figures(g, span) for g in GAUGES})
    assert sorted(lengths) in ([23, 24, 24, 24, 24, 24], [24, 24, 24, 24, 24, 25])


def check_mean_over_gauges(data, set_readings, days):
    """Each hour's and the day's mean, and the gauges it is of (I13)."""
    values = {}
    for gauge, due, value, *_ in set_readings:
        values.setdefault(due, {})[gauge] = value
    values[None] = {g: f[4] / f[5] if f and f[5] else None for g, f in days.items()}
    assert {ms(r["due"]) for r in data["domestic_water"]} == set(values)
    for row in data["domestic_water"]:
        of = values[ms(row["due"])]
        known = sorted(g for g, x in of.items() if x is not None)
        assert (row["points"] or "").split() == known and row["gauges"] == len(known) and row["of"] == len(GAUGES)
        assert (row["without"] or "").split() == sorted(set(GAUGES) - set(known))
        assert close(row["mean"], sum(of[g] for g in known) / len(known) if known else None)


def test_an_export_is_every_minute_of_the_span(made, tmp_path):
    signal, _, store = made
    db = sqlite3.connect(f"file:{store}/readings.db?mode=ro", uri=True)
    stored = db.execute("SELECT point, minute_utc_ms, min, mean, max, last, good_ms, samples FROM v_reading_minute ORDER BY 1, 2").fetchall()
    out = tmp_path / "r.csv"
    assert watchroom("--store", store, "export", "readings", "-o", out) == b""
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8-sig"), newline="")))
    assert len(rows) == len(stored) > 4000
    for row, want in zip(rows, stored):
        assert (row["point"], ms(row["minute"]), int(row["good_ms"]), int(row["samples"])) == (*want[:2], *want[6:])
        assert all(close(float(row[k]), w) for k, w in zip(("min", "mean", "max", "last"), want[2:6]) if w is not None)
    moment = lambda at: datetime.datetime.fromtimestamp(at / 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    begin, end = signal.days[1]
    lines = watchroom("--store", store, "export", "readings", "--point", "hydrant", "--from", moment(begin), "--to", moment(end), "--json")
    some = [json.loads(line) for line in lines.splitlines()]
    assert [ms(r["minute"]) for r in some] == [s[1] for s in stored if s[0] == "hydrant" and begin <= s[1] < end]
    assert {r["point"] for r in some} == {"hydrant"}
    # An empty span is an empty list, a span turned round is refused, and neither leaves half a file.
    assert watchroom("--store", store, "export", "readings", "--from", "2031-01-01", "--format", "jsonl") == b""
    bad = subprocess.run([WATCHROOM, "--store", store, "export", "readings", "--from", "2025-02-01", "--to", "2025-01-01", "-o",
                          tmp_path / "none.csv"], capture_output=True, timeout=60, check=False)
    assert bad.returncode == 2 and b"--to" in bad.stderr and [p.name for p in tmp_path.iterdir()] == ["r.csv"]
    full = subprocess.run([WATCHROOM, "--store", store, "export", "readings"], stdout=open("/dev/full", "wb"),
                          stderr=subprocess.PIPE, timeout=60, check=False)
    assert full.returncode == 1 and b"No space left" in full.stderr
