# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Fire doors and patrols on the real daemon and a real Modbus server that plays an input
# module. A round begins on a whole minute of the wall clock, so one is waited for.
import datetime
import zoneinfo

import pytest

from field import Modbus
from rig import Daemon, place, site, until

STAIRS, LOBBY, RELEASE, FIRST, SECOND = range(5)


@pytest.fixture(name="peer")
def fixture_peer():
    peer = Modbus()
    peer.discrete(STAIRS, 1)
    yield peer
    peer.stop()


def contact(name, n, kind):
    return {"id": name, "item": "di", "device": n, "kind": kind, "zone": "z1",
            "place": place(name)}


def building(port, **more):
    points = [contact("stairs", STAIRS, "fire-door"), contact("lobby", LOBBY, "fire-door"),
              contact("release", RELEASE, "fire-door-release"),
              contact("first", FIRST, "patrol-point"),
              contact("second", SECOND, "patrol-point")]
    return site([{"id": "lan", "modbus_tcp": f"127.0.0.1:{port}"}],
                [{"id": "io", "bus": "lan", "unit": 1, "profile": "iologik-e1200",
                  "poll": "200ms", "timeout": "1500ms", "points": points}], **more)


def alarm(daemon, point, code):
    for a in daemon.api().alarms():
        if (a["point"], a["code"]) == (point, code):
            return a
    return None


def state_of(daemon, point):
    return daemon.api().json("GET", f"/api/v1/points/{point}")["fire_door"]["state"]


def test_fire_doors_open_too_long_released_and_closed_by_hand(tmp_path, peer):
    doors = [{"closed": "stairs", "normally": "closed", "open_after": "1s",
              "fault_after": "3s"},
             {"closed": "lobby", "normally": "open", "release": "release",
              "closed_after": "1s", "feedback_within": "2s"}]
    with Daemon(tmp_path, building(peer.port, fire_doors=doors)) as daemon:
        daemon.start()
        until(lambda: state_of(daemon, "stairs") == "closed", 10)
        until(lambda: state_of(daemon, "lobby") == "open", 10)
        peer.discrete(STAIRS, 0)
        until(lambda: alarm(daemon, "stairs", "fire-door-open"), 5)
        fault = until(lambda: alarm(daemon, "stairs", "open-fault"), 8)
        assert (fault["class"], fault["state"]) == ("fault", "unacknowledged")
        peer.discrete(STAIRS, 1)
        until(lambda: state_of(daemon, "stairs") == "closed", 5)

        peer.discrete(RELEASE, 1)
        until(lambda: state_of(daemon, "lobby") == "not-closed", 8)
        assert alarm(daemon, "lobby", "released")["condition"] == "activated"
        peer.discrete(LOBBY, 1)
        until(lambda: state_of(daemon, "lobby") == "feedback", 5)
        assert alarm(daemon, "lobby", "door-closed")["condition"] == "feedback"
        peer.discrete(RELEASE, 0)
        peer.discrete(LOBBY, 0)
        until(lambda: state_of(daemon, "lobby") == "open", 5)
        peer.discrete(LOBBY, 1)
        until(lambda: alarm(daemon, "lobby", "closed-fault"), 8, "closed by hand")
        assert daemon.stop() == 0
        daemon.verify()


def next_minute():
    """The time of day in Shanghai at which the next minute but a few seconds begins."""
    now = datetime.datetime.now(zoneinfo.ZoneInfo("Asia/Shanghai"))
    return (now + datetime.timedelta(seconds=75)).strftime("%H:%M")


def test_a_patrol_point_that_nobody_visits_is_an_alarm(tmp_path, peer):
    route = {"id": "night", "starts": [next_minute()],
             "stops": [{"point": "first", "to": "1min"}, {"point": "second", "to": "1min"}]}
    with Daemon(tmp_path, building(peer.port, patrols=[route])) as daemon:
        daemon.start()

        def night():
            return daemon.api().json("GET", "/api/v1/patrols")["patrols"][0]

        def results():
            return [s["result"] for s in night()["stops"]]
        until(lambda: night()["runs"], 90, "the round begins")
        assert results() == ["waits", "waits"]
        peer.discrete(FIRST, 1)
        until(lambda: results() == ["on-time", "waits"], 5)
        peer.discrete(FIRST, 0)
        missed = until(lambda: alarm(daemon, "second", "patrol-missed"), 75)
        assert (missed["class"], missed["state"]) == ("security", "unacknowledged")
        assert results() == ["on-time", "missed"]
        assert alarm(daemon, "first", "patrol-missed") is None
        peer.discrete(SECOND, 1)
        until(lambda: results() == ["on-time", "late"], 5)
        until(lambda: alarm(daemon, "second", "patrol-missed")["state"] == "returned", 5)
        stops = [(e["point"], e["params"]["result"]) for e in daemon.api().events()
                 if e["kind"] == "patrol.stop"]
        assert stops == [("first", "on-time"), ("second", "missed"), ("second", "late")]
        rounds = [e["params"] for e in daemon.api().events() if e["kind"] == "patrol.round"]
        assert [(r["route"], r["on-time"], r["missed"]) for r in rounds] == [("night", 1, 1)]
        assert daemon.stop() == 0
        daemon.verify()
