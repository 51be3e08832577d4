# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Contacts that alarm again and again, on the real daemon and a real Modbus server that
# plays an input module: the alarm is marked and is one fault, nothing is hidden, each
# time is told to people, and a crash forgets nothing.
import datetime
import subprocess
import time

import pytest

from field import Modbus
from rig import BUILD, Daemon, place, site, until
from webhook_sink import WebhookSink

VALVE, FIRE = 0, 1
COUNT = 4


@pytest.fixture(name="peer")
def fixture_peer():
    peer = Modbus()
    yield peer
    peer.stop()


def contact(name, n, kind, **more):
    return {**more, "id": name, "item": "di", "device": n, "kind": kind, "place": place(name)}


def room(port, sink, repeat):
    points = [contact("valve", VALVE, "valve"), contact("hand", FIRE, "fire-contact")]
    return site([{"id": "lan", "modbus_tcp": f"127.0.0.1:{port}"}],
                [{"id": "io", "bus": "lan", "unit": 1, "profile": "iologik-e1200",
                  "poll": "100ms", "timeout": "500ms", "points": points}],
                engine={"chatter": "none", "repeat": repeat},
                channels=[{"id": "duty", "webhook": f"http://127.0.0.1:{sink.port}/"}],
                ladders=[{"id": "l", "classes": ["fire", "supervisory", "fault"],
                          "steps": [{"after": "0s", "channels": ["duty"]}]}])


def alarm(daemon, point, condition):
    return daemon.api().alarm(point, condition)


def come(peer, daemon, times, n=VALVE):
    point, condition = ("valve", "supervisory") if n == VALVE else ("hand", "fire")
    for _ in range(times):
        before = (alarm(daemon, point, condition) or {}).get("occurrences", 0)
        peer.discrete(n, 1)
        until(lambda b=before: (alarm(daemon, point, condition) or {}).get("occurrences") == b + 1, 5)
        peer.discrete(n, 0)
        time.sleep(0.4)


def events(daemon, kind, point="valve"):
    return [e for e in daemon.api().events(point=point) if e["kind"] == kind]


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def seen(daemon):
    until(lambda: daemon.api().state()["health"]["points_unknown"] == 0, 15)


def told(sink, point, condition):
    return [b["alarm"]["occurrence"] for b in sink.bodies()
            if b.get("alarm", {}).get("point") == point and b["alarm"]["condition"] == condition]


def test_i11_it_is_marked_told_once_and_outlives_a_crash(tmp_path, peer):
    with WebhookSink() as sink, Daemon(
            tmp_path, room(peer.port, sink, {"count": COUNT, "within": "1h"})) as daemon:
        daemon.start()
        daemon.add_user()
        seen(daemon)
        come(peer, daemon, COUNT - 1)
        assert alarm(daemon, "valve", "supervisory")["repeat"] is None
        assert alarm(daemon, "valve", "fault") is None
        daemon.kill()
        daemon.start()
        seen(daemon)
        come(peer, daemon, 1)
        fault = until(lambda: alarm(daemon, "valve", "fault"), 5)
        assert (fault["code"], fault["class"], fault["repeat"]["onsets"]) == ("repeat", "fault", COUNT)
        valve = alarm(daemon, "valve", "supervisory")
        assert valve["repeat"]["onsets"] == COUNT and valve["chatter"] is None
        assert (valve["hidden"], valve["flags"]) == (False, [])
        daemon.kill()
        daemon.start()
        seen(daemon)
        come(peer, daemon, 2)
        valve = alarm(daemon, "valve", "supervisory")
        assert (valve["repeat"]["onsets"], valve["occurrences"]) == (COUNT + 2, COUNT + 2)
        first = moment(events(daemon, "alarm.onset")[0]["time"])
        assert 0 <= (moment(valve["repeat"]["since"]) - first).total_seconds() < 60, "kept to the minute"
        point = daemon.api().json("GET", "/api/v1/points/valve")["repeat"]
        assert [(p["condition"], p["onsets"]) for p in point] == [("supervisory", COUNT + 2)]
        assert alarm(daemon, "valve", "fault")["occurrence"] == fault["occurrence"], "one fault"
        start, = events(daemon, "repeat.start")
        assert start["params"]["onsets"] == COUNT
        assert "repeat offender" in daemon.tool("explain", "valve", "--lang", "en").stdout
        assert "频繁报警" in daemon.tool("explain", "valve", "--lang", "zh").stdout
        # Nothing was held back: each time was an onset of its own, and told.
        onsets = [e["occurrence"] for e in events(daemon, "alarm.onset") if e["condition"] == "supervisory"]
        assert len(onsets) == COUNT + 2
        until(lambda: set(onsets) <= set(told(sink, "valve", "supervisory")), 10, "told each time")
        assert set(told(sink, "valve", "fault")) == {fault["occurrence"]}
        assert daemon.stop() == 0
        daemon.verify()


def test_i14_a_fire_is_counted_and_heard_each_time(tmp_path, peer):
    with WebhookSink() as sink, Daemon(
            tmp_path, room(peer.port, sink, {"count": COUNT, "within": "7d"})) as daemon:
        daemon.start()
        daemon.add_user()
        seen(daemon)
        api = daemon.api()
        api.login()
        come(peer, daemon, COUNT, FIRE)
        fault = until(lambda: alarm(daemon, "hand", "fault"), 5)
        assert api.acknowledge(fault["occurrence"])[0] == 200
        come(peer, daemon, 1, FIRE)
        fire = alarm(daemon, "hand", "fire")
        assert (fire["class"], fire["sounds"], fire["hidden"], fire["flags"]) == ("fire", True, False, [])
        assert (fire["occurrences"], fire["repeat"]["onsets"]) == (COUNT + 1, COUNT + 1)
        assert daemon.api().json("GET", "/api/v1/alarms")["alarms"][0]["occurrence"] == fire["occurrence"]
        assert alarm(daemon, "hand", "fault")["state"] == "acknowledged", "no new fault for the next"
        until(lambda: len(set(told(sink, "hand", "fire"))) == COUNT + 1, 10, "told each time")
        assert daemon.stop() == 0
        daemon.verify()


def test_without_the_rule_nothing_is_counted(tmp_path, peer):
    with WebhookSink() as sink, Daemon(tmp_path, room(peer.port, sink, "none")) as daemon:
        daemon.start()
        seen(daemon)
        come(peer, daemon, 6)
        assert alarm(daemon, "valve", "supervisory")["repeat"] is None
        assert alarm(daemon, "valve", "fault") is None
        assert daemon.stop() == 0


def test_check_says_when_an_alarm_is_a_repeat_offender(tmp_path):
    points = [contact("valve", 0, "valve", repeat={"count": 9}), contact("gate", 1, "valve", repeat="none")]
    daemon = Daemon(tmp_path, site([{"id": "lan", "modbus_tcp": "127.0.0.1:1"}],
                                   [{"id": "io", "bus": "lan", "unit": 1, "profile": "iologik-e1200", "points": points}],
                                   engine={"repeat": {"within": "7d"}}))
    said = subprocess.run([str(BUILD / "daemon/watchroomd"), "-c", str(daemon.file), "--check"], env=daemon.env,
                          capture_output=True, text=True, timeout=60, check=True).stdout
    lines = [" ".join(line.split()) for line in said.splitlines() if " repeat " in line]
    assert lines == ["repeat an alarm that comes 5 times within 7 d is a fault, repeat; no alarm is hidden",
                     "valve repeat an alarm that comes 9 times within 7 d is a fault, repeat; no alarm is hidden",
                     "gate repeat no alarm is counted"], said
