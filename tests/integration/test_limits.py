# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# `watchroom limits` over weeks of minutes: each figure is worked out again here from the
# rows, by the rule of docs/limits.md; what it proposes is taken by --check.
import json
import math
import random
import re
import sqlite3
import subprocess
import time

import pytest
import yaml

from rig import BUILD, Daemon

MINUTE, DAY = 60_000, 86_400_000
NOW = int(time.time() * 1000) // DAY * DAY
BEGIN = NOW - 28 * DAY


def gauge(name, unit, **more):
    point = {"id": name, "item": "pressure", "kind": "pressure", "place": {"zh": f"压力 {name}", "en": f"Gauge {name}"}}
    point.update(more)
    return {"id": f"pt-{name}", "bus": "lan", "unit": unit, "profile": "pressure-transmitter-ptmb", "points": [point]}


def text_of(main_limits):
    run = {"id": "run", "item": "di", "device": 0, "kind": "pump-run", "place": {"en": "Run"}}
    return yaml.safe_dump({
        "site": {"id": "test", "name": {"en": "Test"}, "time_zone": "UTC", "statistics_day": "00:00"},
        "console": {"listen": "127.0.0.1:0"},
        "buses": [{"id": "lan", "modbus_tcp": "127.0.0.1:1"}, {"id": "io", "modbus_tcp": "127.0.0.1:1"}],
        "devices": [gauge("main", 1, limits=main_limits), gauge("dead", 2), gauge("short", 3), gauge("moved", 4),
                    gauge("low", 5),
                    {"id": "io1", "bus": "io", "unit": 1, "profile": "iologik-e1210", "points": [run]}],
        "pumps": [{"id": "p1", "name": {"en": "Pump"}, "role": "main", "gauge": "main", "run": "run"}],
    }, allow_unicode=True)


def signal(name, rng):
    """(minute, min, max, good_ms) of four weeks, as each gauge has them."""
    rows = []
    for i in range(28 * 1440):
        t, good = BEGIN + i * MINUTE, 60_000
        value = 650 + 40 * math.sin(i / 97) + rng.gauss(0, 3)
        if name == "dead":
            value = 300.0
        if name == "short" and i > 13 * 1440 + 600:
            break
        if name == "moved" and i > 14 * 1440:
            value += 200
        if name == "low":
            value = 15 + 8 * math.sin(i / 97)
        if name == "main" and i % 4001 == 0:
            good = 0
        low, high = round(value - abs(rng.gauss(0, 2)), 3), round(value + abs(rng.gauss(0, 2)), 3)
        if name == "dead":
            low = high = value
        if name == "main" and 20_000 <= i < 20_030:
            low, high = 900.0, 980.0  # the weekly run of the main pump
        if name == "main" and i in (500, 9_000, 31_000):
            low = 300.0  # short and rare
        rows.append((t, low if good else None, high if good else None, good))
    return rows


RUN = (BEGIN + 20_000 * MINUTE, BEGIN + 20_030 * MINUTE)


def event(db, kind, t):
    """A row as the daemon writes it, at a time that no test can wait for."""
    seq, = db.execute("SELECT max(seq) + 1 FROM event").fetchone()
    db.execute("INSERT INTO event (seq, epoch, time_utc_ms, mono_ms, boot_id, clock_quality, kind, point, prev_hash, hash) "
               "SELECT ?, epoch, ?, mono_ms, boot_id, clock_quality, ?, '@pump/p1', hash, hash FROM event "
               "ORDER BY seq LIMIT 1", (seq, t, kind))
    db.execute("UPDATE event_block SET min_utc_ms = min(min_utc_ms, ?), last_seq = max(last_seq, ?)", (t, seq))


@pytest.fixture(name="weeks", scope="module")
def fixture_weeks(tmp_path_factory):
    rng = random.Random(4711)
    folder = tmp_path_factory.mktemp("limits")
    site = text_of({"low": "0.60MPa", "high_high": {"value": "0.70MPa", "hysteresis": "0.01MPa"}})
    with Daemon(folder, site) as daemon:
        daemon.start()
        assert daemon.stop() == 0
        signals = {n: signal(n, rng) for n in ("main", "dead", "short", "moved", "low")}
        db = sqlite3.connect(daemon.state / "readings.db")
        for name, rows in signals.items():
            db.execute("INSERT OR IGNORE INTO point (name) VALUES (?)", (name,))
            n, = db.execute("SELECT id FROM point WHERE name = ?", (name,)).fetchone()
            db.executemany("INSERT INTO minute VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                           [(n, t, low, high, t, t, (low or 0) * good, good, 60, low) for t, low, high, good in rows])
        db.commit()
        db.close()
        db = sqlite3.connect(daemon.state / "journal.db")
        event(db, "pump.start", RUN[0])
        event(db, "pump.stop", RUN[1])
        db.commit()
        db.close()
        yield daemon, signals


SPAN = ("--from", time.strftime("%Y-%m-%d", time.gmtime(BEGIN / 1000)),
        "--to", time.strftime("%Y-%m-%d", time.gmtime(NOW / 1000)))


def asked(daemon, *more):
    done = daemon.tool("limits", "--json", *SPAN, *more)
    assert done.returncode == 0, done.stderr
    return {g["point"]: g for g in json.loads(done.stdout)}


def counted(rows, run=None):
    return [(t, low, high) for t, low, high, good in rows if good >= 30_000
            and not (run and run[0] - 60_000 <= t < run[1] + 600_000)]


def times(rows, low, limit):
    """How often a limit trips, strictly beyond, and back by its hysteresis."""
    n, on = 0, False
    for _, least, most in rows:
        value = least if low else most
        beyond = -1 if low else 1
        edge = limit["value"] - (beyond * limit["hysteresis"] if on else 0)
        now = value * beyond > edge * beyond
        n += now and not on
        on = now
    return n


def test_each_figure_is_that_of_the_rows(weeks):
    daemon, signals = weeks
    said = asked(daemon)["main"]
    rows = counted(signals["main"], RUN)
    assert (said["minutes"], said["refusal"], said["unit"], said["days"]) == (len(rows), None, "kPa", 28)
    assert said["without_value"] == sum(good < 30_000 for *_, good in signals["main"])
    # From a minute before its start to ten after its stop; some may have no value.
    assert 0 <= 41 - said["pump_ran"] <= 1
    lows, highs = sorted(r[1] for r in rows), sorted(r[2] for r in rows)
    low, high = lows[int(0.001 * (len(rows) - 1))], highs[int(0.999 * (len(rows) - 1))]
    assert (said["low_edge"], said["high_edge"]) == (low, high)
    assert (said["lowest"], said["highest"]) == (lows[0], highs[-1]) == (300.0, highs[-1])
    margin = max((high - low) / 10, high / 100)
    wanted = {"low": math.floor(low - margin), "high": math.ceil(high + margin),
              "low_low": math.floor(low - 3 * margin),
              "high_high": math.ceil(high + 3 * margin)}
    for name, limits in said["limits"].items():
        assert limits["proposed"]["value"] == wanted[name], name
        assert limits["proposed"]["hysteresis"] == math.floor(margin / 2)
        assert limits["proposed"]["times"] == times(rows, name.startswith("low"), limits["proposed"])
    assert said["limits"]["low"]["proposed"]["times"] == 3 == said["limits"]["low_low"]["proposed"]["times"]
    assert said["limits"]["low_low"]["now"] is None
    assert said["limits"]["low"]["now"]["times"] == times(rows, True, {"value": 600, "hysteresis": 0}) > 3
    assert said["limits"]["high_high"]["now"]["times"] == times(rows, False, {"value": 700, "hysteresis": 10})


def test_what_says_too_little_is_refused_with_the_reason(weeks):
    daemon, _ = weeks
    said = asked(daemon)
    assert {n: g["refusal"] for n, g in said.items()} == {
        "main": None, "dead": "stands_still", "short": "few_days", "moved": "level_moved", "low": None}
    for name in ("dead", "short", "moved"):
        assert all(limits["proposed"] is None for limits in said[name]["limits"].values())
    assert said["short"]["days"] == 13
    # A limit at 0 or below says nothing, and is not proposed.
    assert said["low"]["limits"]["low_low"]["proposed"] is None
    after = asked(daemon, "--point", "moved", "--from", time.strftime("%Y-%m-%d", time.gmtime(BEGIN / 1000 + 14 * 86400)))
    assert after["moved"]["refusal"] in (None, "few_days")


def test_what_is_proposed_is_taken_by_the_check(weeks, tmp_path):
    daemon, _ = weeks
    done = daemon.tool("limits", "--lang", "en", "--point", "main", *SPAN)
    assert done.returncode == 0, done.stderr
    line = re.search(r"^ *limits: (\{.*\})$", done.stdout, re.M).group(1)
    proposed = yaml.safe_load(line)
    assert set(proposed) == {"low_low", "low", "high", "high_high"}
    file = tmp_path / "site.yaml"
    file.write_text(text_of(proposed), "utf-8")
    checked = subprocess.run([str(BUILD / "daemon/watchroomd"), "-c", str(file), "--check"], env=daemon.env,
                             capture_output=True, text=True, timeout=60, check=False)
    assert checked.returncode == 0, checked.stderr
    now = {n: limits["proposed"]["value"] for n, limits in asked(daemon, "--point", "main")["main"]["limits"].items()}
    assert {n: round(float(v["value"].removesuffix("MPa")) * 1000) for n, v in proposed.items()} == now


def test_for_a_person_in_both_languages(weeks):
    daemon, _ = weeks
    zh, en = (daemon.tool("limits", "--lang", lang, *SPAN).stdout for lang in ("zh", "en"))
    assert "压力 main" in zh and "建议" in zh and "读数从未变化" in zh and "0.300 MPa" in zh
    assert "Gauge main" in en and "proposed" in en and "too few days with data" in en and "13 / 14" in en
    assert not re.search("[一-鿿]", en), "no Chinese in the English text"
    for text in (zh, en):
        assert text.count("limits: {") == 2  # main and low


def test_wrong_questions_are_refused_with_what_is_allowed(weeks):
    daemon, _ = weeks
    for words, code, why in ((("--point", "none"), 1, 'found "none"'), (("--lang", "fr"), 2, "zh, en"),
                             (("more",), 2, "more"), (("--from", "2026-02-30"), 2, "2026-02-30"),
                             (("--from", "2026-02-02", "--to", "2026-02-01"), 2, "--to")):
        done = daemon.tool("limits", *words)
        assert done.returncode == code and why in done.stderr, done.stderr
    empty = daemon.tool("limits", "--lang", "en", "--from", "2001-01-01", "--to", "2001-02-01")
    assert empty.returncode == 0 and empty.stdout.startswith("none"), empty.stdout
