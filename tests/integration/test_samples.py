# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Samples as they arrived, around alarms: pymodbus's RTU server for the gauges, its TCP
# server for a fire panel. From the register to the API, the export and the view.
import csv
import io
import json
import time

import pytest

from field import FIRE, NORMAL, Modbus, Serial, gauges, panel
from rig import Daemon, site, until

LOW = {"low": {"value": "0.60MPa", "hysteresis": "0.01MPa"}}


@pytest.fixture(name="line")
def fixture_line(tmp_path):
    line = Serial(str(tmp_path))
    yield line
    line.stop()


@pytest.fixture(name="peer")
def fixture_peer():
    peer = Modbus()
    yield peer
    peer.stop()


def good(daemon, point="gauge3"):
    return until(lambda: daemon.api().json("GET", f"/api/v1/points/{point}")["quality"] == "good", 10)


def samples(daemon, point="gauge3", more=""):
    return daemon.api().json("GET", f"/api/v1/samples?point={point}{more}")["samples"]


def stamp(at):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1000):03}Z"


def of_journal(daemon, kind, point):
    return [e for e in daemon.api().events() if e["kind"] == kind and e["point"] == point]


def watched(tmp_path, line, store, **more):
    return Daemon(tmp_path, site(*gauges(line.tty, units=(3,), limits=LOW), store=store, **more))


def test_before_and_after_an_alarm_each_sample_is_kept(tmp_path, line):
    with watched(tmp_path, line, {"samples": {"before": "2s", "after": "3s"}}) as daemon:
        daemon.start()
        good(daemon)
        time.sleep(3.5)
        assert samples(daemon) == [], "nothing is kept while nothing is wrong"
        line.pressure(3, 590)
        until(lambda: daemon.api().alarm("gauge3"), 6, "the low limit trips")
        onset = of_journal(daemon, "alarm.onset", "gauge3")[0]
        rows = until(lambda: len(r := samples(daemon)) > 15 and r, 15)
        before = [r for r in rows if r["time"] < onset["time"]]
        assert 6 <= len(before) <= 11, "two seconds of a poll of 200 ms"
        assert {r["value"] for r in before} == {700.0} and all(r["quality"] == "good" for r in rows)
        tripped = [r for r in rows if r["value"] < 600]
        assert tripped[0]["time"] == onset["time"] and all(r["around"] for r in rows)
        assert [r["time"] for r in rows] == sorted(r["time"] for r in rows)
        # It clears; that is worth as much. Then nothing more is kept.
        line.pressure(3, 650)
        until(lambda: of_journal(daemon, "alarm.clear", "gauge3"), 6)
        until(lambda: (a := samples(daemon)) and (time.sleep(2.5) or samples(daemon) == a), 30)
        rows = samples(daemon)
        assert {r["value"] for r in rows} == {700.0, 590.0, 650.0}
        # In pages the same.
        one, after = [], ""
        while True:
            page = daemon.api().json("GET", f"/api/v1/samples?point=gauge3&limit=7{after}")
            one += page["samples"]
            if page["next"] is None:
                break
            after = f"&after={page['next']}"
        assert one == rows and page["unit"] == "kPa"
        # And by the program, for a spreadsheet and for another program.
        done = daemon.tool("export", "samples", "--point", "gauge3")
        assert done.returncode == 0 and done.stdout.startswith("\ufeffpoint,time,value,quality,around")
        table = list(csv.DictReader(io.StringIO(done.stdout.lstrip("\ufeff"))))
        assert [(r["time"], float(r["value"])) for r in table] == [(r["time"], r["value"]) for r in rows]
        lines = daemon.tool("export", "samples", "--format", "jsonl").stdout.splitlines()
        assert [json.loads(x)["time"] for x in lines] == [r["time"] for r in rows]
        wrong = daemon.tool("export", "samples", "--point", "nobody")
        assert wrong.returncode == 1 and "nobody" in wrong.stderr
        assert daemon.stop() == 0
        view = daemon.readings().execute("SELECT time, value, quality, around FROM v_sample").fetchall()
        assert view == [(r["time"], r["value"], "good", 1) for r in rows]


def test_before_a_fall_of_a_gauge_without_limits(tmp_path, line):
    """It is judged by how fast it falls: the fall itself is what came before."""
    rate = {"rate": {"fall": {"change": "0.05MPa", "within": "2s"}}}
    with Daemon(tmp_path, site(*gauges(line.tty, units=(3,), **rate), store={"samples": {"before": "5s"}})) as daemon:
        daemon.start()
        good(daemon)
        time.sleep(3)
        line.pressure(3, 620)
        until(lambda: of_journal(daemon, "alarm.onset", "gauge3"), 10, "it has fallen too fast")
        onset = of_journal(daemon, "alarm.onset", "gauge3")[0]
        before = until(lambda: [r for r in samples(daemon) if r["time"] < onset["time"]], 10)
        assert {r["value"] for r in before} >= {700.0}
        assert daemon.stop() == 0


def test_around_a_fire_each_gauge_is_kept_and_where_it_was_lost_is_said(tmp_path, line, peer):
    buses, devices = panel(peer.port)
    more_buses, more_devices = gauges(line.tty, units=(4,))  # no limits: nothing of its own
    with Daemon(tmp_path, site(buses + more_buses, devices + more_devices,
                               store={"samples": {"after": "20s"}})) as daemon:
        daemon.start()
        good(daemon, "gauge4")
        good(daemon, "d1")
        peer.holding(0, FIRE)
        until(lambda: daemon.api().alarm("d1", "fire"), 10)
        until(lambda: len(samples(daemon, "gauge4")) >= 5, 10)
        line.stop()
        lost = until(lambda: [r for r in samples(daemon, "gauge4") if r["quality"] == "unknown"], 15)
        assert len(lost) == 1 and lost[0]["value"] is None
        assert samples(daemon, "gauge4")[-1] == lost[0]
        peer.holding(0, NORMAL)
        assert daemon.stop() == 0


def test_all_of_them_where_the_site_wants_that_and_none_after_it_does_not(tmp_path, line):
    with watched(tmp_path, line, {"samples": {"before": "0s", "after": "0s", "every": "1h"}}) as daemon:
        daemon.start()
        good(daemon)
        rows = until(lambda: len(r := samples(daemon)) >= 20 and r, 15)
        assert not any(r["around"] for r in rows)
        daemon.kill()  # what was not written is lost, what was is not
        daemon.start()
        assert samples(daemon)[:len(rows)] == rows
        assert daemon.stop() == 0
        stored = daemon.readings().execute("SELECT count(*) FROM v_sample").fetchone()[0]
    assert stored >= len(rows)
    with watched(tmp_path, line, {"samples": {"before": "0s", "after": "0s"}}) as daemon:
        daemon.start()
        until(lambda: daemon.readings().execute("SELECT count(*) FROM v_sample").fetchone()[0] == 0, 25,
              "they leave soon")
        assert daemon.stop() == 0
