# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Expected effects on the real daemon, with pymodbus as the panel and as the input module:
# a fire starts the pump in time, late, never; nobody knows; a crash in between.
import json
import signal

import pytest

from effects import FAN, NOT_STARTED, RUN, effects_site
from field import FIRE, NORMAL, Modbus
from rig import Daemon, until
from webhook_sink import WebhookSink


@pytest.fixture(name="peers")
def fixture_peers():
    peers = Modbus(), Modbus()
    yield peers
    for p in peers:
        p.stop()


def rule(daemon, name="fire-pump"):
    points = daemon.api().json("GET", "/api/v1/effects")["effects"]
    return [r for p in points for r in p["effects"] if r["rule"] == name][0]


def seen(daemon):
    until(lambda: daemon.api().state()["health"]["points_unknown"] == 0, 15)


def missed(daemon):
    """The alarm, once its onset is in the journal."""
    for a in daemon.api().alarms():
        if a["code"] == "no-effect" and a["point"] == "run" and a["seq"]:
            return a
    return None


def results(daemon, point="run"):
    return [(e["kind"], e["params"]["result"]) for e in daemon.api().events(point=point)
            if e["kind"].startswith("effect.")]


def test_in_time_and_how_long_it_took(tmp_path, peers):
    panel, io = peers
    with Daemon(tmp_path, effects_site(panel.port, io.port, within="20s")) as daemon:
        daemon.start()
        seen(daemon)
        assert rule(daemon)["state"] == "idle"
        assert rule(daemon)["causes"] == [{"zone": "z1", "place": {"zh": "一区", "en": "Zone 1"},
                                           "class": "fire", "code": None}]
        panel.holding(0, FIRE)
        until(lambda: rule(daemon)["state"] == "waits", 10)
        assert rule(daemon)["cause"]["point"] == "d1"
        io.discrete(RUN, 1)
        until(lambda: rule(daemon)["state"] == "came", 10)
        assert rule(daemon)["last"] == "in-time" and 0 < rule(daemon)["delay_ms"] < 20000
        told = [e for e in daemon.api().events(point="run") if e["kind"] == "effect.seen"]
        fire = daemon.api().alarm("d1")
        assert [(e["occurrence"], e["cause_seq"]) for e in told] == [
            (fire["occurrence"], fire["seq"])]
        assert told[0]["params"]["delay_ms"] == rule(daemon)["delay_ms"]
        assert results(daemon, "fan") == [("effect.seen", "present")]
        assert missed(daemon) is None
        panel.holding(0, NORMAL)
        until(lambda: rule(daemon)["state"] == "idle", 10)
        assert daemon.stop() == 0


def test_missed_told_and_late(tmp_path, peers):
    panel, io = peers
    with WebhookSink() as sink:
        channels = [{"id": "c", "webhook": f"http://127.0.0.1:{sink.port}/duty"}]
        ladders = [{"id": "faults", "classes": ["fault"],
                    "steps": [{"after": "0s", "channels": ["c"]}]}]
        text = effects_site(panel.port, io.port, channels=channels, ladders=ladders)
        with Daemon(tmp_path, text) as daemon:
            daemon.start()
            seen(daemon)
            panel.holding(0, FIRE)
            alarm = until(lambda: missed(daemon), 20)
            fire = daemon.api().alarm("d1")
            assert alarm["class"] == "fault" and alarm["incident"] == fire["incident"]
            assert alarm["effect"]["reason"] == "not-seen"
            assert alarm["effect"]["message"] == NOT_STARTED
            assert alarm["effect"]["cause"]["occurrence"] == fire["occurrence"]
            assert alarm["effect"]["cause"]["place"]["zh"] == "探测器1"
            assert fire["effect"] is None

            body = until(lambda: sink.received and json.loads(sink.received[0]["body"]), 10)
            assert body["alarm"]["effect"]["cause"]["point"] == "d1"
            assert NOT_STARTED["zh"] + "（起因：探测器1，火警）" in body["text"]["zh"]
            assert NOT_STARTED["en"] + " (cause: Detector 1, fire alarm)" in body["text"]["en"]

            trace = daemon.api().json(
                "GET", f"/api/v1/alarms/{alarm['occurrence']}/explain")
            onset = [s for s in trace["steps"] if s["what"] == "alarm.onset"][0]
            assert onset["cause_seq"] == fire["seq"]
            assert onset["params"]["effect"]["rule"] == "fire-pump"
            of_point = daemon.api().json("GET", "/api/v1/points/run/explain")
            words = [(s["what"], s["code"]) for s in of_point["steps"]
                     if s["source"] == "decision"]
            assert ("effect_waits", "fire-pump") in words
            assert ("effect_missed", "fire-pump") in words
            said = daemon.tool("explain", "run", "--lang", "zh").stdout
            assert "联动规则 fire-pump" in said

            io.discrete(RUN, 1)
            until(lambda: missed(daemon)["state"] == "returned", 10)
            assert results(daemon) == [("effect.missed", "missed"), ("effect.seen", "late")]
            sheet = daemon.api().json("GET", "/api/v1/reports/alarms-daily?day=today&format=json")
            told = {r["rule"]: (r["cause"], r["result"]) for r in sheet["data"]["effects"]
                    if r["result"] != "missed"}
            assert told == {"fire-pump": ("d1", "late"), "fan-stops": ("d1", "present")}
            assert daemon.stop() == 0


def test_i6_a_module_that_is_silent_did_not_start_the_pump(tmp_path, peers):
    panel, io = peers
    io.discrete(RUN, 1)
    with Daemon(tmp_path, effects_site(panel.port, io.port)) as daemon:
        daemon.start()
        seen(daemon)
        io.stop()
        until(lambda: daemon.api().alarm("@device/io"), 20)
        panel.holding(0, FIRE)
        alarm = until(lambda: missed(daemon), 20)
        assert alarm["effect"]["reason"] == "unknown"
        io.start()
        until(lambda: missed(daemon)["state"] == "returned", 20)
        assert results(daemon)[-1] == ("effect.seen", "found")
        assert daemon.stop() == 0


def test_i11_killed_while_it_waits(tmp_path, peers):
    panel, io = peers
    io.discrete(FAN, 1)
    with Daemon(tmp_path, effects_site(panel.port, io.port, within="15s")) as daemon:
        daemon.start()
        seen(daemon)
        panel.holding(0, FIRE)
        until(lambda: rule(daemon)["state"] == "waits", 10)
        since = rule(daemon)["since"]
        until(lambda: (daemon.api().alarm("d1") or {}).get("seq"), 10)
        until(lambda: daemon.api().metric("store_waiting") == 0, 10)
        daemon.kill()
        daemon.start()
        assert (rule(daemon)["state"], rule(daemon)["since"]) == ("waits", since)
        alarm = until(lambda: missed(daemon), 30)
        assert alarm["effect"]["cause"]["point"] == "d1"
        daemon.kill()
        daemon.start()
        again = until(lambda: missed(daemon), 10)
        assert again["occurrence"] == alarm["occurrence"]
        assert again["effect"] == alarm["effect"]
        seen(daemon)
        assert missed(daemon)["state"] == "unacknowledged"
        panel.holding(0, NORMAL)
        until(lambda: missed(daemon)["state"] == "returned", 10)
        assert results(daemon) == [("effect.missed", "missed")]
        assert results(daemon, "fan") == [("effect.over", "over")]
        assert daemon.stop() == 0


def test_a_rule_that_is_taken_out_withdraws_its_alarm(tmp_path, peers):
    panel, io = peers
    text = effects_site(panel.port, io.port)
    with Daemon(tmp_path, text) as daemon:
        daemon.start()
        seen(daemon)
        panel.holding(0, FIRE)
        occurrence = until(lambda: missed(daemon), 20)["occurrence"]
        lines = [line for line in text.splitlines() if not line.startswith("effects:")]
        daemon.file.write_text("\n".join(lines) + "\n", "utf-8")
        daemon.process.send_signal(signal.SIGHUP)
        until(lambda: daemon.log().count("watching ") == 2, 20)
        daemon.port = int(daemon.log().rsplit("console on port ", 1)[1].split()[0])
        alarm = until(lambda: missed(daemon), 10)
        assert (alarm["occurrence"], alarm["state"], alarm["cause"], alarm["effect"]) == (
            occurrence, "returned", "withdrawn", None)
        assert daemon.api().json("GET", "/api/v1/effects")["effects"] == []
        assert daemon.stop() == 0
