# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Pressure transmitters on a serial line: pymodbus's RTU server behind a pair of
# pseudo-terminals. From the register to the daily sheet.
import csv
import io
import json

import pytest

from field import Serial, gauges
from rig import Daemon, site, until


@pytest.fixture(name="line")
def fixture_line(tmp_path):
    line = Serial(str(tmp_path))
    yield line
    line.stop()


def good(api, point):
    p = api.json("GET", f"/api/v1/points/{point}")
    return p if p["quality"] == "good" else None


def value(api, point):
    """What the gauge shows; a number that equals nothing while it shows none."""
    p = good(api, point)
    return p["value"] if p else float("nan")


def test_three_units_on_one_line_are_read_in_kpa(tmp_path, line):
    with Daemon(tmp_path, site(*gauges(line.tty))) as daemon:
        daemon.start()
        api = daemon.api()
        for unit, kpa in ((3, 712), (4, 1234), (5, 350)):
            line.pressure(unit, kpa)
            until(lambda u=unit, v=kpa: abs(value(api, f"gauge{u}") - v) < 0.01, 8,
                  f"gauge{unit} shows {kpa} kPa")
        # Its register map is not the maker's: each screen that shows the gauge can say so.
        assert api.json("GET", "/api/v1/points/gauge3")["inferred"] is True
        assert [r["inferred"] for r in api.state()["readings"]] == [True] * 3
        day = api.json("GET", "/api/v1/reports/pressure-daily?day=today&format=json")
        assert {g["maturity"] for g in day["data"]["gauges"]} == {"inferred"}
        assert daemon.stop() == 0


def test_limit_with_delay_and_hysteresis(tmp_path, line):
    limits = {"low": {"value": "0.60MPa", "hysteresis": "0.01MPa", "on_delay": "1s"}}
    with Daemon(tmp_path, site(*gauges(line.tty, units=(3,), limits=limits))) as daemon:
        daemon.start()
        api = daemon.api()
        until(lambda: good(api, "gauge3"), 8)
        line.pressure(3, 590)
        alarm = until(lambda: api.alarm("gauge3"), 6, "the low limit trips")
        assert (alarm["condition"], alarm["code"]) == ("process", "low")
        assert alarm["value"] < 600
        line.pressure(3, 605)
        until(lambda: abs(value(api, "gauge3") - 605) < 0.01, 5)
        assert api.alarm("gauge3")["state"] == "unacknowledged", "within the hysteresis"
        line.pressure(3, 611)
        until(lambda: api.alarm("gauge3")["state"] == "returned", 5)
        assert daemon.stop() == 0


def test_i6_a_changed_unit_in_the_device_is_a_fault_not_a_rescale(tmp_path, line):
    with Daemon(tmp_path, site(*gauges(line.tty, units=(3,)))) as daemon:
        daemon.start()
        api = daemon.api()
        until(lambda: good(api, "gauge3"), 8)
        line.pressure(3, 5000)  # beyond the device's own full scale of 1600
        until(lambda: api.alarm("gauge3", "fault"), 8, "out of range is a sensor fault")
        assert api.json("GET", "/api/v1/points/gauge3")["quality"] == "bad"
        line.pressure(3, 700)
        until(lambda: good(api, "gauge3"), 8)
        assert daemon.stop() == 0


def test_i7_dead_unit_on_the_line_harms_nobody(tmp_path, line):
    with Daemon(tmp_path, site(*gauges(line.tty, units=(3, 9)))) as daemon:
        daemon.start()
        api = daemon.api()
        until(lambda: good(api, "gauge3"), 8)
        until(lambda: api.alarm("@device/pt9"), 15, "the dead unit is named")
        for kpa in (701, 702, 703):
            line.pressure(3, kpa)
            until(lambda v=kpa: abs(value(api, "gauge3") - v) < 0.01, 3)
        assert api.json("GET", "/api/v1/points/gauge9")["quality"] == "unknown"
        assert daemon.stop() == 0


def test_daily_sheet_reconciles_with_the_minutes(tmp_path, line):
    with Daemon(tmp_path, site(*gauges(line.tty, units=(3,)))) as daemon:
        daemon.start()
        api = daemon.api()
        for kpa in (700, 640, 820, 710):
            line.pressure(3, kpa)
            until(lambda v=kpa: abs(value(api, "gauge3") - v) < 0.01, 8)
        assert daemon.stop() == 0
        db = daemon.readings()
        rows = db.execute("SELECT min, max, mean * good_ms, good_ms, samples"
                          " FROM v_reading_minute WHERE point = 'gauge3'").fetchall()
        assert rows, "the running minute is written at stop"
        low, high = min(r[0] for r in rows), max(r[1] for r in rows)
        mean = sum(r[2] for r in rows) / sum(r[3] for r in rows)
        assert (round(low), round(high)) == (640, 820)

        done = daemon.tool("report", "pressure-daily", "--day", "today", "--format",
                           "json")
        assert done.returncode == 0, done.stderr
        text = json.dumps(json.loads(done.stdout))
        gauge = find(json.loads(done.stdout), "gauge3")
        assert abs(gauge["min"] - low) < 1e-6 and abs(gauge["max"] - high) < 1e-6, text
        assert abs(gauge["mean"] - mean) < 1e-6, text
        out = daemon.dir / "pressure.csv"
        done = daemon.tool("report", "pressure-daily", "--day", "today", "--format",
                           "csv", "--lang", "zh", "-o", str(out))
        assert done.returncode == 0, done.stderr
        data = out.read_bytes()
        assert data.startswith(b"\xef\xbb\xbf")
        cells = [c for row in csv.reader(io.StringIO(data.decode("utf-8-sig")))
                 for c in row]
        assert "0.640" in cells and "0.820" in cells and "压力3" in cells
        daemon.verify()


def test_i9_a_journal_that_was_taken_away_is_an_alarm(tmp_path, line):
    with Daemon(tmp_path, site(*gauges(line.tty, units=(3,)))) as daemon:
        daemon.start()
        until(lambda: good(daemon.api(), "gauge3"), 8)
        assert daemon.stop() == 0
        for name in daemon.state.glob("journal.db*"):
            name.unlink()
        daemon.start()
        alarm = until(lambda: daemon.api().alarm("@store"), 5, "the readings tell")
        assert (alarm["class"], alarm["code"]) == ("system", "corrupt")
        assert daemon.stop() == 0


def find(value, point):
    """The row of a gauge, wherever it stands in the report."""
    rest = [value]
    while rest:
        v = rest.pop()
        if isinstance(v, dict):
            if v.get("point") == point and "mean" in v:
                return v
            rest += v.values()
        elif isinstance(v, list):
            rest += v
    raise AssertionError(f"no row of {point}")
