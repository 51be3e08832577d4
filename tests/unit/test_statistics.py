# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# I13: every figure of the alarm statistics, worked out again from the events of the journal by a program that shares nothing
# with the one that made it: plain loops over all events, zones and days by Python's own zoneinfo. Journals by chance, with an
# empty day, a day on which the daemon was down, and days of 23 and 25 hours.
import collections
import datetime
import json
import os
import sqlite3
import subprocess
import zoneinfo

import pytest

WATCHROOM = os.environ["WATCHROOM"]
MAKE_STATISTICS = os.environ["MAKE_STATISTICS"]
CLASSES = ["fire", "prealarm", "security", "supervisory", "fault", "disabled", "process", "info", "system"]
HOUR = 3600 * 1000
SPANS = ("daily", "weekly", "monthly", "yearly")
SITE = """
site: {{id: tower-a, time_zone: {zone}, statistics_day: "{day}", shifts: ["07:30", "15:30", "23:30"]}}
buses: [{{id: lan, modbus_tcp: "127.0.0.1:1502"}}]
zones: [{{id: b1, name: {{zh: 地下一层, en: Basement}}}}, {{id: f1, name: {{zh: 一层, en: Floor}}}}]
devices:
  - id: io1
    bus: lan
    unit: 1
    profile: iologik-e1200
    poll: 1s
    points: [{points1}]
  - id: io2
    bus: lan
    unit: 2
    profile: iologik-e1200
    poll: 1s
    points: [{points2}]
"""
# Zone, statistics day, first day; nine days each. The clocks change on 2025-03-30 and 2025-10-26 in Berlin.
JOURNALS = [("Europe/Berlin", "08:00", "2025-03-24", 1), ("Europe/Berlin", "08:00", "2025-10-20", 2),
            ("Europe/Berlin", "00:00", "2025-10-24", 3), ("Asia/Shanghai", "08:00", "2024-12-27", 4),
            ("Asia/Shanghai", "08:00", "2024-02-24", 5)]


def zone_of(point):
    """As in SITE: of the point with this number."""
    return {0: "b1", 1: "f1", 2: ""}[point % 3]


def points(numbers):
    return ", ".join(
        f"{{id: p{n}, item: di, device: {n % 8}, kind: module, place: {{zh: 部位, en: Place}}" + (f", zone: {zone_of(n)}" if zone_of(n) else "") + "}"
        for n in numbers)


class Journal:
    def __init__(self, folder, zone, day, first, seed):
        self.folder, self.zone = folder, zoneinfo.ZoneInfo(zone)
        self.minutes = int(day[:2]) * 60 + int(day[3:])
        self.first = datetime.date.fromisoformat(first)
        subprocess.run([MAKE_STATISTICS, folder, zone, str(self.minutes), str(self.begin(self.first)), "9", str(seed)],
                       check=True, timeout=120)
        self.site = folder / "site.yaml"
        self.site.write_text(SITE.format(zone=zone, day=day, points1=points(range(7)), points2=points(range(7, 14))),
                             encoding="utf-8")
        db = sqlite3.connect(f"file:{folder}/journal.db?mode=ro", uri=True)
        db.row_factory = sqlite3.Row
        self.events = [dict(e) | {"params": json.loads(e["params"] or "{}")}
                       for e in db.execute("SELECT * FROM v_event ORDER BY seq")]

    def begin(self, date):
        at = datetime.datetime(date.year, date.month, date.day, self.minutes // 60, self.minutes % 60, tzinfo=self.zone)
        return int(at.timestamp()) * 1000

    def local(self, ms):
        return datetime.datetime.fromtimestamp(ms / 1000, self.zone)

    def span(self, kind, date):
        """First day and the first day after it."""
        one = datetime.timedelta(days=1)
        if kind == "daily":
            return date, date + one
        if kind == "weekly":
            monday = date - one * date.weekday()
            return monday, monday + 7 * one
        if kind == "monthly":
            month = date.replace(day=1)
            return month, (month + 31 * one).replace(day=1)
        return date.replace(month=1, day=1), date.replace(year=date.year + 1, month=1, day=1)

    def report(self, kind, date):
        done = subprocess.run(
            [WATCHROOM, "-c", self.site, "--store", self.folder, "report", f"alarms-{kind}", "--day", str(date),
             "--format", "json"], capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr.decode("utf-8")
        return json.loads(done.stdout)

    def of(self, kind, begin, end):
        return [e for e in self.events if e["kind"] == kind and begin <= e["time_utc_ms"] < end
                and not e["params"].get("test")]


@pytest.fixture(scope="module", name="journal", params=JOURNALS, ids=lambda j: f"{j[0]}-{j[1]}-{j[2]}")
def fixture_journal(request, tmp_path_factory):
    return Journal(tmp_path_factory.mktemp("statistics"), *request.param)


def alarms(events):
    """Information is counted by class, and nowhere else."""
    return [e for e in events if e["class"] != "info"]


def time_ms(text):
    return None if text is None else int(datetime.datetime.fromisoformat(text).timestamp() * 1000 + 0.5)


def half_up(n, of, scale):
    return ((n * scale + of // 2) // of) / 10


def seqs(events):
    return sorted(e["seq"] for e in events)


def every_report(journal):
    for day in range(-1, 10):
        date = journal.first + datetime.timedelta(days=day)
        for kind in SPANS if day in (1, 8) else SPANS[:1]:
            first, after = journal.span(kind, date)
            begin, end = journal.begin(first), journal.begin(after)
            yield kind, date, begin, end, journal.report(kind, date)


def test_i13_every_figure_is_that_of_the_events(journal):
    lengths, onsets, information = set(), 0, 0
    for kind, date, begin, end, report in every_report(journal):
        assert (time_ms(report["from"]), time_ms(report["to"])) == (begin, end), (kind, date)
        data = report["data"]
        all_new = journal.of("alarm.onset", begin, end)
        informed = sum(e["class"] == "info" for e in all_new)
        new = alarms(all_new)
        if kind == "daily":
            lengths.add((end - begin) // HOUR)
            onsets += len(new)
            information += informed
        check_classes(journal, kind, begin, end, data)
        check_groups(journal, new, data)
        check_responses(journal, new, data)
        check_load(new, begin, end, data)
        check_held(journal, begin, end, data)
        check_repeat(journal, begin, end, data)
        check_standing(journal, begin, end, data)
        check_words(journal, begin, end, data)
    assert onsets > 500 and information > 50
    if str(journal.zone) == "Europe/Berlin":
        assert lengths in ({23, 24}, {24, 25})


def test_a_leap_day_is_a_day_of_its_month(journal):
    """The 29th of February has a report of its own, is one of 29 in that of its month, and the month after begins behind it."""
    leap = datetime.date(2024, 2, 29)
    if journal.first > leap or journal.first.year != leap.year:
        assert journal.first.month != 2
        return
    begin, end = journal.begin(leap), journal.begin(leap + datetime.timedelta(days=1))
    assert end - begin == 24 * HOUR
    day = journal.report("daily", leap)
    assert (day["day"], time_ms(day["from"]), time_ms(day["to"])) == ("2024-02-29", begin, end)
    onsets = sum(c["onsets"] for c in day["data"]["classes"])
    information = sum(c["onsets"] for c in day["data"]["classes"] if c["class"] == "info")
    assert onsets == len(journal.of("alarm.onset", begin, end)) > 0
    month = journal.report("monthly", leap)["data"]
    assert [d["day"] for d in month["days"]] == [f"2024-02-{n:02}" for n in range(1, 30)]
    assert month["days"][-1]["onsets"] == onsets - information
    march = journal.report("monthly", leap + datetime.timedelta(days=1))
    assert time_ms(march["from"]) == end and march["data"]["days"][0]["day"] == "2024-03-01"
    db = sqlite3.connect(f"file:{journal.folder}/journal.db?mode=ro", uri=True)
    assert db.execute("SELECT sum(onsets) FROM v_alarm_daily WHERE day = '2024-02-29'").fetchone() == (onsets,)


def check_classes(journal, kind, begin, end, data):
    for name, event in (("onsets", "alarm.onset"), ("clears", "alarm.clear"), ("acknowledged", "alarm.acknowledge")):
        have = {c["class"]: c[name] for c in data["classes"]}
        events = journal.of(event, begin, end)
        assert have == {c: sum(e["class"] == c for e in events) for c in CLASSES}
        ids = {"onsets": "events", "clears": "clear_events", "acknowledged": "acknowledge_events"}[name]
        assert sorted(i for r in data["rows"] for i in r[ids]) == seqs(events)
        assert all(r[name] == len(r[ids]) for r in data["rows"])
        assert len({(r["class"], r["point"], r["condition"], r["code"]) for r in data["rows"]}) == len(data["rows"])
    first = journal.local(begin).date()
    before, _ = journal.span(kind, first - datetime.timedelta(days=1))
    previous = journal.of("alarm.onset", journal.begin(before), begin)
    week = journal.of("alarm.onset", journal.begin(first - datetime.timedelta(days=7)), begin)
    for c in data["comparison"]:
        assert c["previous"] == sum(e["class"] == c["class"] for e in previous)
        n = sum(e["class"] == c["class"] for e in week)
        assert c.get("mean7") == (half_up(n, 7, 10) if kind == "daily" else None)
    assert ("days" in data) == (kind != "daily")
    day, count = first, 0
    for row in data.get("days", []):
        after = day + datetime.timedelta(days=1)
        by_class = journal.of("alarm.onset", journal.begin(day), journal.begin(after))
        events = alarms(by_class)
        assert row["day"] == str(day) and row["events"] == seqs(events)
        assert [row[c] for c in CLASSES] == [sum(e["class"] == c for e in by_class) for c in CLASSES]
        assert row["onsets"] == len(events)
        day, count = after, count + row["onsets"]
    assert kind == "daily" or (journal.begin(day) == end and count == data["total"]["onsets"])


def verdicts(journal, onset):
    return [e for e in journal.events if e["kind"] == "alarm.verify" and e["occurrence_id"] == onset["occurrence_id"]]


def shift_of(local):
    minute = local.hour * 60 + local.minute
    if 450 <= minute < 930:
        return "07:30-15:30"
    return "15:30-23:30" if 930 <= minute < 1410 else "23:30-07:30"


def check_groups(journal, new, data):
    def last(e):
        said = verdicts(journal, e)
        return said[-1]["params"] if said else {"verdict": "pending"}
    number = {e["seq"]: int(e["point"][1:]) for e in new}
    false = [e for e in new if last(e)["verdict"] == "false"]
    for table, column, of, key in (
            ("by_verdict", "verdict", new, lambda e: last(e)["verdict"]),
            ("by_cause", "cause", false, lambda e: last(e)["cause"]),
            ("by_zone", "zone", new, lambda e: zone_of(number[e["seq"]]) or None),
            ("by_device", "device", new, lambda e: "io1" if number[e["seq"]] < 7 else "io2"),
            ("by_shift", "shift", new, lambda e: shift_of(journal.local(e["time_utc_ms"]))),
            ("by_hour", "hour", new, lambda e: f"{journal.local(e['time_utc_ms']).hour:02}")):
        want = collections.defaultdict(list)
        for e in of:
            want[key(e)].append(e)
        assert {r[column]: r["events"] for r in data[table]} == {k: seqs(v) for k, v in want.items()}, table
        assert all(r["onsets"] == len(r["events"]) and r["share"] == half_up(r["onsets"], len(new), 1000)
                   for r in data[table])
    count = collections.Counter(e["point"] for e in new)
    top = sorted(count.items(), key=lambda item: (-item[1], item[0]))[:10]
    assert [(r["point"], r["onsets"]) for r in data["repeaters"]] == top
    for r in data["repeaters"]:
        assert r["events"] == seqs(e for e in new if e["point"] == r["point"])
        assert r["share"] == half_up(r["onsets"], len(new), 1000)


def check_responses(journal, new, data):
    first = {}
    for e in journal.events:
        if e["kind"] == "alarm.acknowledge":
            first.setdefault(e["occurrence_id"], e)
    rows = {r["class"]: r for r in data["responses"]} | {None: data["response_total"]}
    assert set(rows) - {None} == {e["class"] for e in new}
    for name, row in rows.items():
        of = [e for e in new if name in (None, e["class"])]
        waited = sorted((first[e["occurrence_id"]]["time_utc_ms"] - e["time_utc_ms"], first[e["occurrence_id"]]["seq"])
                        for e in of if e["occurrence_id"] in first)
        open_ = [e for e in of if e["occurrence_id"] not in first]
        assert (row["onsets"], row["answered"], row["unanswered"]) == (len(of), len(waited), len(open_))
        assert sorted(row["answered_events"]) == sorted(seq for _, seq in waited)
        assert row["unanswered_events"] == seqs(open_)
        times = [ms for ms, _ in waited]
        # Nearest rank: the least of the times that at least p % of them do not exceed.
        for column, percent in (("median_ms", 50), ("p95_ms", 95), ("longest_ms", 100)):
            least = next((t for t in times if sum(u <= t for u in times) * 100 >= percent * len(times)), None)
            assert row[column] == least
        if times:
            (seq,) = row["longest_events"]
            assert (times[-1], seq) in waited


def check_load(new, begin, end, data):
    counts = []
    for at in range(begin, end, 600000):
        counts.append([e for e in new if at <= e["time_utc_ms"] < at + 600000] if new else [])
    rate = data["rate"]
    assert (rate["onsets"], rate["periods"]) == (len(new), len(counts))
    assert rate["mean"] == half_up(len(new), len(counts), 10)
    busiest = max(counts, key=len)
    assert (rate["busiest"], rate["busiest_events"]) == (len(busiest), seqs(busiest))
    assert rate["over"] == sum(len(c) > 10 for c in counts)
    assert rate["over_share"] == half_up(rate["over"], len(counts), 1000)
    floods, running = [], None
    for i, c in enumerate(counts + [[]]):
        if running is None and len(c) > 10:
            running = i
        elif running is not None and len(c) < 5:
            inside = [e for p in counts[running:i] for e in p]
            floods.append((begin + running * 600000, min(begin + i * 600000, end), seqs(inside)))
            running = None
    assert [(time_ms(f["from"]), time_ms(f["to"]), f["events"]) for f in data["floods"]] == floods
    assert all(f["onsets"] == len(f["events"]) and f["ms"] == time_ms(f["to"]) - time_ms(f["from"])
               for f in data["floods"])
    assert rate["flood_ms"] == sum(f["ms"] for f in data["floods"])
    marked = set()
    for e in new:
        near = [o for o in new if (o["point"], o["condition"], o["code"]) == (e["point"], e["condition"], e["code"])
                and 0 <= o["time_utc_ms"] - e["time_utc_ms"] < 60000]
        if len(near) >= 3:
            marked |= {o["seq"] for o in near}
    assert sorted(i for c in data["chattering"] for i in c["events"]) == sorted(marked)
    assert all(c["onsets"] == len(c["events"]) for c in data["chattering"])


def check_held(journal, begin, end, data):
    by_alarm = {}
    for e in journal.events:
        if e["kind"] in ("chatter.count", "chatter.end") and begin <= e["time_utc_ms"] < end:
            by_alarm.setdefault((e["point"], e["condition"], e["code"]), []).append(e)
    assert len(data["held"]) == len(by_alarm)
    for r in data["held"]:
        of = by_alarm[(r["point"], r["condition"], r["code"])]
        assert r["events"] == seqs(of)
        assert r["onsets"] == sum(e["params"]["onsets"] for e in of)
        assert r["clears"] == sum(e["params"]["clears"] for e in of)


def check_repeat(journal, begin, end, data):
    want = [e for e in journal.events if e["kind"].startswith("repeat.") and begin <= e["time_utc_ms"] < end]
    assert sum(e["kind"].startswith("repeat.") for e in journal.events) > 10
    assert [r["events"] for r in data["repeat"]] == [[e["seq"]] for e in want]
    for row, e in zip(data["repeat"], want):
        assert (row["point"], row["condition"], row["code"]) == (e["point"], e["condition"], e["code"])
        assert row["result"] == {"repeat.start": "began", "repeat.end": "over"}[e["kind"]]
        assert row["onsets"] == e["params"]["onsets"]
        assert time_ms(row["since"]) == e["params"]["since_utc_ms"]


def check_standing(journal, begin, end, data):
    over = {}
    for e in journal.events:
        if e["kind"] in ("alarm.clear", "alarm.close"):
            over.setdefault(e["occurrence_id"], e["time_utc_ms"])
    want = [e for e in alarms(journal.of("alarm.onset", begin - 31 * 24 * HOUR, end))
            if end - e["time_utc_ms"] > 24 * HOUR and not over.get(e["occurrence_id"], end + 1) <= end]
    assert [r["events"] for r in data["standing"]] == [[e["seq"]] for e in want]
    assert [r["ms"] for r in data["standing"]] == [end - e["time_utc_ms"] for e in want]


def check_effects(journal, begin, end, data):
    want = [e for e in journal.events if e["kind"].startswith("effect.") and begin <= e["time_utc_ms"] < end]
    assert sum(e["kind"].startswith("effect.") for e in journal.events) > 20
    assert [r["events"] for r in data["effects"]] == [[e["seq"]] for e in want]
    for row, e in zip(data["effects"], want):
        p = e["params"]
        assert (row["rule"], row["cause"], row["point"]) == (p["rule"], p["cause"]["point"], "p1")
        assert row["result"] == p["result"] + ("-most" if p.get("at_most") else "")
        assert row["reason"] == p.get("reason")
        assert row["delay"] == (None if "delay_ms" not in p else {4149: 4.1, 61050: 61.1}[p["delay_ms"]])
        assert row["real"] == ("test" if p.get("test") else "real")


def check_words(journal, begin, end, data):
    inside = [e for e in journal.events if e["kind"] == "alarm.onset" and begin <= e["time_utc_ms"] < end]
    changed = [v for v in (verdicts(journal, e) for e in inside) if len(v) > 1]
    assert [r["events"] for r in data["verdict_revisions"]] == [seqs(v) for v in changed]
    assert [r["verdict"] for r in data["verdict_revisions"]] == [v[-1]["params"]["verdict"] for v in changed]
    missed = [e for e in journal.events if e["kind"] == "alarm.missed" and begin <= e["params"]["happened_utc_ms"] < end]
    assert sorted(r["events"][0] for r in data["missed"]) == seqs(missed)
    assert all(r["found"] == 'burnt "bin"' and r["who"] == "wang" for r in data["missed"])
    want, running = [], None
    for e in journal.events:
        if e["kind"] == "isolate.start" and running is None:
            running = e
        elif e["kind"] == "isolate.end" and running is not None:
            want.append((running, e))
            running = None
    if running is not None:
        want.append((running, None))
    want = [(s, e) for s, e in want if s["time_utc_ms"] < end and (e is None or e["time_utc_ms"] > begin)
            and s["time_utc_ms"] >= begin - 31 * 24 * HOUR]
    rows = data["isolations"]
    assert [r["events"][0] for r in rows] == [s["seq"] for s, _ in want]
    for row, (start, stop) in zip(rows, want):
        ended = stop is not None and stop["time_utc_ms"] < end
        to = stop["time_utc_ms"] if ended else end
        assert row["reason"] == 'hot work "B1"' and row["who"] == "li"
        assert row["ms"] == to - max(start["time_utc_ms"], begin)
        assert time_ms(row["to"]) == (to if ended else None)
        assert row["events"] == ([start["seq"], stop["seq"]] if ended else [start["seq"]])
    check_effects(journal, begin, end, data)
    down = [e for e in journal.events if e["kind"] == "daemon.down"]
    want = [[e["seq"]] for e in down if e["params"]["from_utc_ms"] < end and e["params"]["to_utc_ms"] >= begin]
    assert [g["events"] for g in data["gaps"]] == want
    for gap in data["gaps"]:
        e = down[0]["params"]
        assert gap["ms"] == min(e["to_utc_ms"], end) - max(e["from_utc_ms"], begin)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("form", ["csv", "html", "pdf", "xlsx"])
def test_each_format_of_each_span(journal, tmp_path, form, lang):
    for kind in SPANS:
        out = tmp_path / f"{kind}.{form}"
        subprocess.run([WATCHROOM, "--store", journal.folder, "report", f"alarms-{kind}", "--day", str(journal.first),
                        "--format", form, "--lang", lang, "-o", out], check=True, timeout=60)
        assert out.stat().st_size > 2000
