# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# `watchroom explain` and its API on the real daemon: why an alarm sounded, why one did
# not, with the engine's decisions while it runs and from the files alone when it is down.
import json

import pytest

from field import FIRE, NORMAL, TROUBLE, Modbus, Serial, gauges, panel
from rig import Daemon, site, until

LIMITS = {"low": {"value": "0.60MPa", "hysteresis": "0.01MPa", "on_delay": "3s"}}


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


def seen(daemon, seconds=15):
    until(lambda: daemon.api().state()["health"]["points_unknown"] == 0, seconds)


def names(trace, source):
    return [s["what"] for s in trace["steps"] if s["source"] == source]


def durable(daemon, *which):
    """The alarm once its onset is in the journal, which the trace is of."""
    alarm = daemon.api().alarm(*which)
    return alarm if alarm and alarm["seq"] else None


def point_trace(daemon, point):
    return daemon.api().json("GET", f"/api/v1/points/{point}/explain")


def tool(daemon, word, *more):
    # As the daemon was started: with the site, and the state directory of its socket.
    done = daemon.tool("explain", word, *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_why_it_did_not_sound_and_then_why_it_did(tmp_path, line):
    with Daemon(tmp_path, site(*gauges(line.tty, units=(3,), limits=LIMITS))) as daemon:
        daemon.start()
        seen(daemon)
        line.pressure(3, 712)
        until(lambda: daemon.api().json("GET", "/api/v1/points/gauge3")["value"] > 700, 8)
        line.pressure(3, 590)
        trace = until(lambda: "within_on_delay" in names(point_trace(daemon, "gauge3"),
                                                         "decision")
                      and point_trace(daemon, "gauge3"), 5)
        assert (trace["why"], trace["alarms"], trace["live"]) == ("within_on_delay", [], True)
        line.pressure(3, 700)
        trace = until(lambda: "gone_within_delay" in names(point_trace(daemon, "gauge3"),
                                                           "decision")
                      and point_trace(daemon, "gauge3"), 5)
        gone = [s for s in trace["steps"] if s["what"] == "gone_within_delay"][0]
        assert trace["why"] == "gone_within_delay"
        assert (gone["condition"], gone["code"], gone["seq"]) == ("process", "low", None)
        assert "alarm.onset" not in names(trace, "event")

        line.pressure(3, 580)
        alarm = until(lambda: durable(daemon, "gauge3"), 10)
        trace = daemon.api().json("GET", f"/api/v1/alarms/{alarm['occurrence']}/explain")
        assert trace["why"] == "unacknowledged"
        assert [s["seq"] for s in trace["steps"] if s["what"] == "alarm.onset"] == [
            e["seq"] for e in daemon.api().events(occurrence=alarm["occurrence"])
            if e["kind"] == "alarm.onset"]
        decided = names(trace, "decision")
        assert decided.index("onset") < decided.index("sounds") < decided.index("no_ladder")

        same = json.loads(tool(daemon, alarm["occurrence"], "--json"))
        assert same["live"] and names(same, "decision") == decided
        assert "尚未报警" in tool(daemon, "gauge3")
        english = tool(daemon, "gauge3", "--lang", "en")
        assert "nobody has acknowledged" in english and "within its on-delay" in english
        assert daemon.stop() == 0

        # Of the files alone: events, and the word that the rest is missing.
        trace = json.loads(tool(daemon, "gauge3", "--json"))
        assert not trace["live"] and names(trace, "decision") == []
        assert "alarm.onset" in names(trace, "event")
        assert "from the journal alone" in tool(daemon, "gauge3", "--lang", "en")
        wrong = daemon.tool("explain", "gauge99")
        assert wrong.returncode == 1 and "gauge99" in wrong.stderr
        assert daemon.tool("explain").returncode == 2


def test_what_was_so_of_its_link_and_of_the_whole_site_meanwhile(tmp_path, peer):
    with Daemon(tmp_path, site(*panel(peer.port))) as daemon:
        daemon.start()
        daemon.add_user()
        seen(daemon)
        peer.holding(0, FIRE)
        fire = until(lambda: durable(daemon, "d1", "fire"), 10)
        daemon.kill()
        daemon.start()
        seen(daemon)
        path = f"/api/v1/alarms/{fire['occurrence']}/explain"
        down = until(lambda: [s for s in daemon.api().json("GET", path)["steps"] if s["what"] == "daemon.down"], 5)
        assert len(down) == 1 and down[0]["seq"] == [
            e["seq"] for e in daemon.api().events() if e["kind"] == "daemon.down"][0]
        peer.stop()
        until(lambda: daemon.api().alarm("@device/fap1") or daemon.api().alarm("@bus/lan1"), 10)
        peer.start()
        seen(daemon)
        daemon.api().login().acknowledge(fire["occurrence"])
        peer.holding(0, NORMAL)
        until(lambda: not daemon.api().alarm("d1", "fire"), 10)
        # It is closed: its link and what was so of the site are told all the same.
        trace = until(lambda: (t := daemon.api().json("GET", path))["why"] == "closed" and t, 5)
        steps = [(s["what"], s["point"]) for s in trace["steps"]]
        assert ("daemon.down", None) in steps
        assert steps.count(("blind", "@device/fap1")) == 2, "when it began and when it ended"
        assert ("alarm.onset", "@bus/lan1") in steps or ("alarm.onset", "@device/fap1") in steps
        assert [s["time"] for s in trace["steps"]] == sorted(s["time"] for s in trace["steps"])
        # What happened to the site afterwards is not of it.
        daemon.kill()
        daemon.start()
        until(lambda: len([e for e in daemon.api().events() if e["kind"] == "daemon.down"]) == 2, 10)
        again = daemon.api().json("GET", path)
        assert [s["seq"] for s in again["steps"] if s["what"] == "daemon.down"] == [down[0]["seq"]]
        assert daemon.stop() == 0


def test_what_hid_it_and_who_answered(tmp_path, peer):
    with Daemon(tmp_path, site(*panel(peer.port))) as daemon:
        daemon.start()
        daemon.add_user()
        daemon.add_user("li", "246810", role="leader")
        seen(daemon)
        leader = daemon.api().login("li", "246810")
        body = {"minutes": 60, "reason": "装修", "measure": "巡查"}
        leader.json("POST", "/api/v1/points/d1/isolate", body)
        peer.holding(0, TROUBLE)
        alarm = until(lambda: durable(daemon, "d1", "fault"), 10)
        trace = daemon.api().json("GET", f"/api/v1/alarms/{alarm['occurrence']}/explain")
        assert trace["why"] == "hidden"
        assert [(f["flag"], f["by"], f["reason"]) for f in trace["flags"]] == [
            ("isolated", "li", "装修")]
        assert "hidden_isolated" in names(trace, "decision")
        assert "isolate.start" in names(trace, "event")
        leader.json("POST", "/api/v1/points/d1/restore", {})
        peer.holding(0, FIRE)
        fire = until(lambda: durable(daemon, "d1", "fire"), 10)
        leader.acknowledge(fire["occurrence"])
        peer.holding(0, NORMAL)
        until(lambda: not daemon.api().alarm("d1", "fire"), 10)
        path = f"/api/v1/alarms/{fire['occurrence']}/explain"  # of the journal: a moment later than the list
        trace = until(lambda: (t := daemon.api().json("GET", path))["why"] == "closed" and t, 5)
        own = [s["what"] for s in trace["steps"] if s["occurrence"] == fire["occurrence"]]
        assert own == ["alarm.onset", "alarm.acknowledge", "alarm.clear", "alarm.close"]
        daemon.api().json("GET", "/api/v1/alarms/1-1/explain", expect=404)
        assert daemon.stop() == 0
