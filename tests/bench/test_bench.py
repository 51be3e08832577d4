# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The benchmarks of the store work: small ones, of which only what holds on any machine is
# judged. Their tool writes a store that is whole, and the same for the same seed.
import hashlib
import json
import os
import pathlib
import sqlite3
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from figures import HERE, PROGRAMS  # noqa: E402
import history  # noqa: E402
from rig import PYTHON, verify_journal  # noqa: E402

EVENTS, DAYS = 20000, 40
# ./check --long: the size that the design asks for.
STORM, STORM_S = (40000, 10) if os.environ.get("WATCHROOM_LONG") else (4000, 3)
FIRE_BUDGET_MS = 1000


def bench(name, *words):
    done = subprocess.run([PYTHON, HERE / "run", name, "--rounds", "1", "--json", *words],
                          capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def make(folder, seed=1):
    return history.History(folder, EVENTS, 1, DAYS, seed)


def rows_of(folder, sql):
    with sqlite3.connect(f"file:{folder}/journal.db?mode=ro", uri=True) as db:
        return db.execute(sql).fetchall()


def digest(folder):
    """Of what happened, without what differs from journal to journal."""
    return hashlib.sha256(repr(rows_of(
        folder, "SELECT time_utc_ms, kind, point, class, params FROM event"))
        .encode()).hexdigest()


def test_the_tool_writes_a_whole_journal_and_roll_ups_that_are_those_of_its_events(tmp_path):
    make(tmp_path)
    verify_journal(tmp_path / "journal.db")
    (n, last), = rows_of(tmp_path, "SELECT count(*), max(seq) FROM event")
    assert n == last == EVENTS
    assert rows_of(tmp_path, "SELECT class, sum(onsets + tests) FROM class_day"
                             " GROUP BY class HAVING sum(onsets + tests) > 0") == \
        rows_of(tmp_path, "SELECT class, count(*) FROM event"
                          " WHERE kind = 'alarm.onset' GROUP BY class")
    kinds = {k for k, in rows_of(tmp_path, "SELECT DISTINCT kind FROM event")}
    assert {"alarm.onset", "alarm.clear", "alarm.acknowledge", "alarm.verify",
            "isolate.start", "isolate.end"} <= kinds
    classes = {c for c, in rows_of(tmp_path, "SELECT DISTINCT class FROM event")}
    assert {"fire", "fault", "supervisory", "process"} <= classes


def test_the_same_seed_gives_the_same_history_and_another_seed_another(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        make(tmp_path / name, seed)
    a, b, c = (digest(tmp_path / name) for name in "abc")
    assert a == b != c


def test_counts_come_from_roll_ups_and_every_list_has_an_answer(tmp_path):
    found = bench("history", "--events", str(EVENTS), "--gauges", "1",
                  "--store", str(tmp_path / "store"))
    # A scan of 20,000 events is short: the wide margin of any machine, not the budget.
    assert found["counts of a day / scan of all events"] < 0.5
    assert found["lists all, ms"]["n"] == 1
    assert found["chart month-by-hour, ms"]["median"] > 0
    assert found["verify / (bare hashes + integrity check)"]["median"] < 20


def test_a_storm_through_the_store_loses_nothing():
    found = bench("storm", "--events", "2000", "--seconds", "2")
    assert found["sent"]["median"] == found["durable"]["median"] == 4000
    assert found["lost"]["median"] == 0
    assert found["store / bare sqlite"]["median"] > 0


def test_i2_i4_a_storm_from_the_field_loses_nothing_and_each_fire_is_on_the_stream():
    rows = bench("whole-storm", "--events", str(STORM), "--seconds", str(STORM_S))
    found = {name: row["median"] for name, row in rows.items() if name != "bench"}
    print(json.dumps(found))
    # A machine that cannot keep up polls less often: what was read has its event.
    assert found["changes of the field"] == found["events of them"] > STORM
    assert found["holes in the journal"] == found["events said to be lost"] == 0
    assert found["devices lost at most"] == 0
    assert found["fires"] == STORM_S * 2 - 1
    assert found["waiting at most"] < 1000000 and found["resident MiB at most"] < 512
    if found["events durable a second, in the storm"] > 0.9 * STORM:
        assert found["fire, register to stream, ms"] < FIRE_BUDGET_MS


def test_a_start_and_the_lag_beside_a_hammered_disk_are_measured(tmp_path):
    words = ("--events", str(EVENTS), "--store", str(tmp_path / "store"))
    assert bench("boot", *words)["start with the store, s"]["median"] > 0
    found = bench("lag", "--seconds", "1", *words)
    assert set(found) >= {"loop late, rest, ms", "loop late, hammered disk, ms",
                          "loop late, export, ms"}


def test_a_bench_says_what_it_does_not_know():
    done = subprocess.run([PYTHON, HERE / "run", "history", "--events", "many"],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and "many" in done.stderr
    assert subprocess.run([PROGRAMS / "make_history", "/nonexistent", "0", "1", "1", "0",
                           "1"], capture_output=True, check=False).returncode != 0

