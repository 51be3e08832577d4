# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# I9, I13: blind time by point and day, worked out again from the events of the journal by a program that shares nothing with
# the one that sums it: a plain walk over the events, and over each moment at which something changes. Journals by chance, with
# days of 23, 24 and 25 hours, spans over several days, spans inside of spans, runs of the daemon with another wiring.
import datetime
import json
import os
import pathlib
import sqlite3
import subprocess
import zoneinfo

import pytest

WATCHROOM = os.environ["WATCHROOM"]
MAKE_BLIND = os.environ["MAKE_BLIND"]
SCHEMA = pathlib.Path(os.environ["SCHEMA"])
REASONS = ["link", "quality", "isolated", "down", "clock", "store"]
FAR = 1 << 62
DAYS = 8
JOURNALS = [("Europe/Berlin", "08:00", "2025-03-26", 1), ("Europe/Berlin", "00:00", "2025-10-22", 2),
            ("Asia/Shanghai", "08:00", "2024-02-25", 3), ("America/New_York", "02:30", "2025-10-30", 4)]


def spans_of(events):
    """[point, reason, from, to (None = goes on), measured, seqs], by what the events say, one after the other."""
    spans, running = [], {}
    for e in events:
        p, kind, now = e["params"], e["kind"], e["time_utc_ms"]

        def end(key, at):
            s = running.pop(key)
            s[3], s[4] = max(at, s[2]), at >= s[2]
            s[5].append(e["seq"])
            return s

        def begin(key, point, reason, at):
            if key not in running:
                running[key] = [point, reason, at, None, True, [e["seq"]]]
                spans.append(running[key])

        def whole(point, reason, start, stop, measured=True):
            spans.append([point, reason, start, max(start, stop), measured and stop >= start, [e["seq"]]])
        if kind == "blind":
            key = (e["point"], "own")
            if "to_utc_ms" not in p:
                begin(key, e["point"], p["reason"], p["from_utc_ms"])
            elif key in running:
                running[key][1], running[key][2] = p["reason"], p["from_utc_ms"]
                end(key, p["to_utc_ms"])
            else:
                whole(e["point"], p["reason"], p["from_utc_ms"], p["to_utc_ms"])
        elif kind == "isolate.start":
            begin((e["point"], "isolated"), e["point"], "isolated", now)
        elif kind == "isolate.end" and (e["point"], "isolated") in running:
            end((e["point"], "isolated"), now)
        elif kind == "daemon.down":
            for key in [k for k in running if k[1] != "isolated"]:
                end(key, p.get("from_utc_ms", p.get("last_utc_ms")))
            whole("", "down", p.get("from_utc_ms", now), p["to_utc_ms"], p["by"] != "unknown")
        elif kind == "events_lost":
            whole("", "store", p["from_utc_ms"], p["to_utc_ms"])
        elif kind == "clock.step" and p["by_ms"] > 0:
            whole("", "clock", now - p["by_ms"], now)
        elif kind == "store.mode":
            if p["to"] not in ("ok", "slow"):
                begin(("", "store"), "", "store", now)
            elif ("", "store") in running:
                end(("", "store"), now)
    return [[s[0], "link" if s[1] == "flapping" else s[1], *s[2:]] for s in spans]


def length(spans):
    """Of what at least one covers: each piece between two neighbouring ends is covered or is not."""
    ends = sorted({m for s in spans for m in s})
    return sum(b - a for a, b in zip(ends, ends[1:]) if any(f <= a and b <= t for f, t in spans))


class Journal:
    def __init__(self, folder, zone, day, first, seed):
        self.folder, self.zone = folder, zoneinfo.ZoneInfo(zone)
        self.minutes = int(day[:2]) * 60 + int(day[3:])
        self.first = datetime.date.fromisoformat(first)
        begin = self.begin(self.first)
        self.middle = begin + DAYS * 24 * 3600000 // 2 + 12345
        subprocess.run([MAKE_BLIND, folder, zone, str(self.minutes), str(begin), str(DAYS), str(seed)], check=True, timeout=120)
        self.db = sqlite3.connect(f"file:{folder}/journal.db?mode=ro", uri=True)
        self.db.row_factory = sqlite3.Row
        self.events = [dict(e) | {"params": json.loads(e["params"] or "{}")}
                       for e in self.db.execute("SELECT * FROM v_event ORDER BY seq")]
        self.last = self.events[-1]["time_utc_ms"]
        self.spans = spans_of(self.events)

    def begin(self, date):
        at = datetime.datetime(date.year, date.month, date.day, self.minutes // 60, self.minutes % 60, tzinfo=self.zone)
        return int(at.astimezone(datetime.timezone.utc).timestamp()) * 1000

    def days(self):
        for i in range(DAYS):
            date = self.first + datetime.timedelta(days=i)
            yield str(date), self.begin(date), self.begin(date + datetime.timedelta(days=1))

    def wired(self, point):
        """(link, from, to): what it hung on when, as make_blind.c has it."""
        old = {"p0": "@device/io1", "p1": "@device/io1", "p2": "@gpio/chip", "p3": "@gpio/chip", "p4": "", "p5": ""}
        new = {"p0": "@device/io1", "p1": "@gpio/chip", "p2": "@gpio/chip", "p4": "", "p5": "", "p6": "@device/io1"}
        if point.startswith("@") or point == "":
            return [("", 0, FAR)]
        if point in old and point in new and old[point] == new[point]:
            return [(old[point], 0, FAR)]
        rows = [(old[point], 0, self.middle)] if point in old else []
        return rows + ([(new[point], self.middle, FAR)] if point in new else [])

    def sums(self, point, begin, end, now):
        """As a row has them, or None."""
        mine = {}
        unmeasured, seqs, goes_on, n = 0, set(), False, 0
        for link, since, until in self.wired(point):
            for where, reason, start, stop, measured, ids in self.spans:
                if where not in {point, link, ""} or start >= end or (stop is not None and stop < begin):
                    continue
                a, b = max(start, since, begin), min(now if stop is None else stop, until, end)
                if a < b or (not measured and a == b and a < end):
                    mine.setdefault(reason, []).append((a, b))
                    unmeasured += not measured
                    seqs |= set(ids)
                    goes_on = goes_on or (stop is None and until == FAR)
                    n += 1
        if not mine:
            return None
        every = [s for of in mine.values() for s in of]
        return {"blind_ms": length(every), **{f"{r}_ms": length(mine.get(r, [])) for r in REASONS},
                "unmeasured": unmeasured, "events": sorted(seqs), "goes_on": goes_on, "spans": n}


@pytest.fixture(scope="module", name="journal", params=JOURNALS, ids=lambda j: f"{j[0]}-{j[1]}")
def fixture_journal(request, tmp_path_factory):
    return Journal(tmp_path_factory.mktemp("blind"), *request.param)


def cli(journal, *words):
    done = subprocess.run([WATCHROOM, "--store", journal.folder, *words], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode("utf-8")
    return json.loads(done.stdout)


POINTS = ["", "@device/io1", "@gpio/chip", "p0", "p1", "p2", "p3", "p4", "p5", "p6"]


def test_i13_the_view_has_each_point_and_day(journal):
    rows = {(r["day"], r["point"] or ""): dict(r) for r in journal.db.execute("SELECT * FROM v_blind_daily")}
    lengths, some, overlaps = set(), 0, 0
    for day, begin, end in journal.days():
        lengths.add((end - begin) // 3600000)
        for point in POINTS:
            want, have = journal.sums(point, begin, end, journal.last), rows.pop((day, point), None)
            if want is None:
                assert have is None, (day, point)
                continue
            some += 1
            overlaps += sum(want[f"{r}_ms"] for r in REASONS) > want["blind_ms"]
            names = ["blind_ms", *(f"{r}_ms" for r in REASONS), "unmeasured", "spans"]
            assert {n: have[n] for n in names} == {n: want[n] for n in names}, (day, point)
            assert (have["from_ms"], have["to_ms"]) == (begin, end)
    outside = {str(journal.first - datetime.timedelta(days=1 + i)) for i in range(3)}
    outside |= {str(journal.first + datetime.timedelta(days=DAYS + i)) for i in range(3)}
    assert {day for day, _ in rows} <= outside  # a day before the first, or behind the last
    assert some > 60 and overlaps > 15
    if str(journal.zone) != "Asia/Shanghai":
        assert lengths in ({23, 24}, {24, 25})
    else:
        assert "2024-02-29" in {day for day, _, _ in journal.days()}


def test_i13_report_and_command_say_the_same_and_open(journal):
    for day, begin, end in journal.days():
        report = cli(journal, "report", "alarms-daily", "--day", day, "--format", "json")["data"]["blind"]
        rows = cli(journal, "blind", "--day", day, "--json")["rows"]
        own = {s[0] for s in journal.spans if s[2] < end and (s[3] is None or s[3] >= begin)}
        want = {p: journal.sums(p, begin, end, FAR) for p in POINTS if p == "" or p in own}
        want = {p: s for p, s in want.items() if s is not None}
        order = sorted(want, key=lambda p: (-want[p]["blind_ms"], p))
        assert [r["point"] or "" for r in rows] == order == [r["point"] or "" for r in report]
        for r, row in zip(report, rows):
            w = want[row["point"] or ""]
            assert {n: r[n] for n in w if n.endswith("_ms")} == {n: w[n] for n in w if n.endswith("_ms")}
            assert row["by_ms"] == {n: w[f"{n}_ms"] for n in REASONS} and row["blind_ms"] == w["blind_ms"]
            assert r["events"] == row["events"] == w["events"]
            assert r["unmeasured"] == row["unmeasured"] == w["unmeasured"]
            assert row["goes_on"] == w["goes_on"]
            on = [p for p in POINTS[3:] if any(link == row["point"] and a < end and b > begin
                                               for link, a, b in journal.wired(p))]
            there = [p for p in POINTS[3:] if any(a < end and b > begin for _, a, b in journal.wired(p))]
            assert r["points"] == row["points"] == (len(there) if row["point"] is None else len(on) or 1)
        for point in POINTS[1:]:
            rows = cli(journal, "blind", "--day", day, "--point", point, "--json")["rows"]
            w = journal.sums(point, begin, end, FAR)
            assert [(r["point"], r["blind_ms"], r["events"]) for r in rows] == (
                [(point, w["blind_ms"], w["events"])] if w else [])


def test_a_longer_span_is_not_the_sum_of_what_overlaps(journal):
    day, begin, _ = list(journal.days())[1]
    *_, end = list(journal.days())[-1]
    monday = journal.first + datetime.timedelta(days=1)
    monday -= datetime.timedelta(days=monday.weekday())
    begin, end = journal.begin(monday), journal.begin(monday + datetime.timedelta(days=7))
    report = cli(journal, "report", "alarms-weekly", "--day", day, "--format", "json")["data"]["blind"]
    site = next(r for r in report if r["point"] is None)
    want = journal.sums("", begin, end, FAR)
    assert (site["blind_ms"], site["down_ms"], site["events"]) == (want["blind_ms"], want["down_ms"], want["events"])


def old_journal(events):
    """A journal of version 4 with these events, and what it is as one of version 5."""
    db = sqlite3.connect(":memory:")
    for version in (1, 2, 3, 4):
        db.executescript((SCHEMA / f"journal-{version}.sql").read_text(encoding="utf-8"))
    db.executemany(
        "INSERT INTO event (seq, epoch, time_utc_ms, mono_ms, boot_id, clock_quality, kind, point, params, prev_hash, hash) "
        "VALUES (?, x'00', ?, 0, x'00', 'synced', ?, ?, ?, x'00', x'00')", events)
    db.execute("INSERT INTO alarm_open VALUES ('@device/d', 'link', '', 'fault', 'acknowledged', '', 'none', 0, 0, '1-1', '1-1', "
               "1, 900, 900, 0, '', '', 0, 0, 0, NULL, 'good', 7)")
    db.executescript((SCHEMA / "journal-5.sql").read_text(encoding="utf-8"))
    return db.execute("SELECT seq, end_seq, point, reason, from_ms, to_ms, measured FROM blind ORDER BY seq, reason").fetchall()


def test_a_journal_of_before_gets_the_rows_of_its_newest_events():
    rows = old_journal([
        (1, 100, "blind", "@device/d", '{"reason":"link","from_utc_ms":40,"to_utc_ms":100,"points":3}'),
        (2, 200, "isolate.start", "p", '{"reason":"x"}'), (3, 210, "isolate.start", "p", '{"reason":"y"}'),
        (4, 300, "isolate.end", "p", None), (5, 310, "isolate.start", "q", ""),
        (6, 400, "store.mode", "@store", '{"from":"ok","to":"full"}'), (7, 450, "store.mode", "@store", '{"from":"full","to":"ok"}'),
        (8, 500, "store.mode", "@store", '{"from":"ok","to":"slow"}'), (9, 600, "store.mode", "@store", '{"from":"slow","to":"io_error"}'),
        (10, 800, "daemon.down", None, '{"from_utc_ms":700,"to_utc_ms":800,"by":"wall"}'),
        (11, 810, "daemon.down", None, '{"last_utc_ms":805,"to_utc_ms":810,"by":"unknown"}'),
        (12, 900, "clock.step", "@clock", '{"by_ms":50}'), (13, 910, "clock.step", "@clock", '{"by_ms":-50}'),
        (14, 920, "clock.step", "@clock", '{"by_ms":60,"while_down":true}'), (15, 930, "blind", "@device/e", "half an ob"),
    ])
    assert rows == [
        (1, 1, "@device/d", "link", 40, 100, 1), (2, 4, "p", "isolated", 200, 300, 1), (5, None, "q", "isolated", 310, None, 1),
        (6, 7, "", "store", 400, 450, 1), (7, None, "@device/d", "link", 900, None, 1), (9, 10, "", "store", 600, 700, 1),
        (10, 10, "", "down", 700, 800, 1), (11, 11, "", "down", 810, 810, 0), (12, 12, "", "clock", 850, 900, 1),
        (13, 13, "", "clock", 910, 910, 1),        (15, 15, "@device/e", "link", 930, 930, 1)]
