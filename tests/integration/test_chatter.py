# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Contacts that only come and go, on the real daemon and a real Modbus server that plays
# an input module: one is held, people are told once, and a fire is heard each time.
import subprocess
import time

import pytest

from field import Modbus
from rig import BUILD, Daemon, place, site, until
from webhook_sink import WebhookSink

VALVE, FIRE = 0, 1
COUNT, QUIET_S = 3, 6


@pytest.fixture(name="peer")
def fixture_peer():
    peer = Modbus()
    yield peer
    peer.stop()


def contact(name, n, kind, **more):
    return {**more, "id": name, "item": "di", "device": n, "kind": kind, "zone": "z1",
            "place": place(name)}


def shaky(port, sink):
    points = [contact("valve", VALVE, "valve"), contact("hand", FIRE, "fire-contact")]
    return site([{"id": "lan", "modbus_tcp": f"127.0.0.1:{port}"}],
                [{"id": "io", "bus": "lan", "unit": 1, "profile": "iologik-e1200",
                  "poll": "100ms", "timeout": "500ms", "points": points}],
                engine={"chatter": {"count": COUNT, "within": f"{QUIET_S}s",
                                    "quiet": f"{QUIET_S}s"}},
                channels=[{"id": "duty", "webhook": f"http://127.0.0.1:{sink.port}/"}],
                ladders=[{"id": "l", "classes": ["supervisory"],
                          "steps": [{"after": "0s", "channels": ["duty"]}]},
                         {"id": "f", "classes": ["fault"],
                          "steps": [{"after": "0s", "channels": ["duty"]}]}])


def valve(daemon):
    return daemon.api().alarm("valve", "supervisory")


def fault(daemon):
    return daemon.api().alarm("valve", "fault")


def flip(peer, times, n=VALVE):
    for _ in range(times):
        peer.discrete(n, 1)
        time.sleep(0.3)
        peer.discrete(n, 0)
        time.sleep(0.3)


def events(daemon, kind):
    return [e for e in daemon.api().events(point="valve") if e["kind"] == kind]


def seen(daemon):
    until(lambda: daemon.api().state()["health"]["points_unknown"] == 0, 15)


def test_it_is_held_told_once_and_counted(tmp_path, peer):
    with WebhookSink() as sink, Daemon(tmp_path, shaky(peer.port, sink)) as daemon:
        daemon.start()
        daemon.add_user()
        seen(daemon)
        flip(peer, 12)
        held = until(lambda: (valve(daemon) or {}).get("chatter") and valve(daemon), 5, "held")
        assert (held["state"], held["occurrences"]) == ("unacknowledged", COUNT)
        assert fault(daemon)["code"] == "chatter"
        point = daemon.api().json("GET", "/api/v1/points/valve")["chatter"]
        assert [c["condition"] for c in point] == ["supervisory"]
        trace = daemon.api().json("GET", f"/api/v1/alarms/{held['occurrence']}/explain")
        assert {"chatters", "held_chatters"} <= {s["what"] for s in trace["steps"]}
        assert "held, it chatters" in daemon.tool(
            "explain", "valve", "--lang", "en").stdout
        api = daemon.api()
        api.login()
        for alarm in (valve(daemon), fault(daemon)):
            assert api.acknowledge(alarm["occurrence"])[0] == 200
        until(lambda: valve(daemon) is None and fault(daemon) is None, QUIET_S + 5, "over")
        end, = until(lambda: events(daemon, "chatter.end"), 5)
        assert end["params"]["reason"] == "quiet" and "at_least" not in end["params"]
        # Each of the twelve is an event, or in the count.
        onsets = [e for e in events(daemon, "alarm.onset") if e["condition"] == "supervisory"]
        assert len(onsets) == COUNT
        assert len(onsets) + end["params"]["all_onsets"] == 12
        assert end["params"]["all_clears"] == end["params"]["all_onsets"] + 1
        told = [b["alarm"]["condition"] for b in sink.bodies() if "alarm" in b]
        assert told.count("fault") == 1
        assert 1 <= told.count("supervisory") <= COUNT, "none for what was held"
        assert daemon.stop() == 0
        daemon.verify()


def test_i14_a_fire_that_comes_again_is_heard_again(tmp_path, peer):
    with WebhookSink() as sink, Daemon(tmp_path, shaky(peer.port, sink)) as daemon:
        daemon.start()
        seen(daemon)
        flip(peer, 8, FIRE)
        fire = until(lambda: daemon.api().alarm("hand", "fire"), 5)
        assert (fire["occurrences"], fire["chatter"]) == (8, None)
        assert daemon.api().alarm("hand", "fault") is None
        assert daemon.stop() == 0


def test_i6_i11_neither_a_lost_link_nor_a_crash_ends_it(tmp_path, peer):
    with WebhookSink() as sink, Daemon(tmp_path, shaky(peer.port, sink)) as daemon:
        daemon.start()
        seen(daemon)
        flip(peer, 6)
        until(lambda: (valve(daemon) or {}).get("chatter"), 5, "held")
        peer.stop()
        until(lambda: valve(daemon)["quality"] == "unknown", 10, "lost")
        time.sleep(QUIET_S + 1)
        assert valve(daemon)["chatter"], "unknown ends nothing"
        daemon.kill()
        daemon.start()
        again = until(lambda: valve(daemon), 10)
        assert again["chatter"] and again["occurrences"] == COUNT
        assert fault(daemon)["state"] == "unacknowledged"
        peer.start()
        seen(daemon)
        assert valve(daemon)["chatter"]
        until(lambda: valve(daemon)["state"] == "returned", QUIET_S + 5, "over")
        until(lambda: fault(daemon)["state"] == "returned", 5)
        end, = until(lambda: events(daemon, "chatter.end"), 5)
        assert end["params"]["at_least"] is True
        assert len(events(daemon, "chatter.start")) == 1
        assert daemon.stop() == 0
        daemon.verify()


def test_check_says_when_alarms_are_held(tmp_path):
    points = [contact("valve", 0, "valve", chatter={"count": 5}), contact("gate", 1, "valve", chatter="none"),
              contact("flow", 2, "flow-switch")]
    daemon = Daemon(tmp_path, site([{"id": "lan", "modbus_tcp": "127.0.0.1:1"}],
                                   [{"id": "io", "bus": "lan", "unit": 1, "profile": "iologik-e1200", "points": points}]))
    said = subprocess.run([str(BUILD / "daemon/watchroomd"), "-c", str(daemon.file), "--check"], env=daemon.env,
                          capture_output=True, text=True, timeout=60, check=True).stdout
    lines = [line.split(maxsplit=2 if line.startswith("  valve") or line.startswith("  gate") else 1)
             for line in said.splitlines() if " chatter " in line]
    rest = "is held until it is quiet for 5 min; never a fire"
    assert lines == [["chatter", f"an alarm that comes 10 times within 1 min {rest}"],
                     ["valve", "chatter", f"an alarm that comes 5 times within 1 min {rest}"],
                     ["gate", "chatter", "no alarm is held"]], said
