# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# What people set and say, on the real daemon with pymodbus for a fire panel: shelving,
# the isolation ledger, test mode, verdicts, missed alarms; over kills and on a journal
# that anybody can verify.
import json

import pytest

from field import FIRE, NORMAL, TROUBLE, Modbus, panel
from rig import Daemon, site, until

LEADER = ("li", "246810")
DISABLED = 0x1200  # disabled | inactive


@pytest.fixture(name="peer")
def fixture_peer():
    peer = Modbus()
    yield peer
    peer.stop()


@pytest.fixture(name="daemon")
def fixture_daemon(tmp_path, peer):
    with Daemon(tmp_path, site(*panel(peer.port))) as daemon:
        daemon.start()
        daemon.add_user()
        daemon.add_user(*LEADER, role="leader")
        until(lambda: daemon.api().state()["health"]["points_unknown"] == 0, 10)
        yield daemon
        assert daemon.stop() == 0
        daemon.verify()


def again(daemon):
    """Killed, and back with every point seen."""
    daemon.kill()
    daemon.start()
    until(lambda: daemon.api().state()["health"]["points_unknown"] == 0, 15)


def entries(daemon, name):
    return daemon.api().json("GET", f"/api/v1/{name}")[name]


def test_a_shelved_condition_is_quiet_and_i14_a_fire_is_never_shelved(daemon, peer):
    operator = daemon.api().login()
    body = {"minutes": 30, "reason": "回路检修"}
    path = "/api/v1/points/d3/conditions/fault/shelve"
    assert operator.json("POST", path, body)["durable"]
    peer.holding(2, TROUBLE)
    alarm = until(lambda: daemon.api().alarm("d3", "fault"), 10)
    assert (alarm["flags"], alarm["hidden"], alarm["sounds"]) == (["shelved"], True, False)
    again(daemon)
    assert entries(daemon, "shelves")[0]["reason"] == "回路检修"
    assert daemon.api().alarm("d3", "fault")["hidden"]
    operator = daemon.api().login()
    refused = operator.json("POST", "/api/v1/points/d3/conditions/fire/shelve", body, expect=409)
    assert refused["error"]["code"] == "fire_not_shelved"
    assert operator.json("POST", path.replace("/shelve", "/unshelve"), {})["durable"]
    alarm = daemon.api().alarm("d3", "fault")
    assert (alarm["flags"], alarm["state"], alarm["sounds"]) == ([], "unacknowledged", True)


def test_the_ledger_says_who_why_and_what_stands_in(daemon, peer):
    body = {"minutes": 480, "reason": "焊接", "measure": "每 30 分钟巡视"}
    path = "/api/v1/points/d1/isolate"
    refused = daemon.api().login().json("POST", path, body, expect=403)
    assert refused["error"]["code"] == "role_required"
    leader = daemon.api().login(*LEADER)
    assert leader.json("POST", path, body)["durable"]
    again(daemon)
    entry = entries(daemon, "isolations")[0]
    assert (entry["point"], entry["source"], entry["by"], entry["reason"], entry["measure"]) == \
        ("d1", "here", "li", "焊接", "每 30 分钟巡视")
    zone = entries(daemon, "zones")[0]
    assert zone["isolated"] == 1 and zone["detectors"] > 1
    printed = daemon.tool("flags", "--json").stdout
    assert json.loads(printed)["flags"][0]["measure"] == "每 30 分钟巡视"
    peer.holding(3, DISABLED)
    until(lambda: len(entries(daemon, "isolations")) == 2, 10, "the panel's is in it")
    assert (entries(daemon, "isolations")[1]["point"], entries(daemon, "isolations")[1]["source"]) == \
        ("d4", "panel")
    assert entries(daemon, "zones")[0]["isolated"] == 2
    assert daemon.api().state()["flags"]["isolated"] == 2
    peer.holding(3, NORMAL)
    until(lambda: len(entries(daemon, "isolations")) == 1, 10)
    # I14: it is an entry and hides nothing.
    peer.holding(0, FIRE)
    alarm = until(lambda: daemon.api().alarm("d1", "fire"), 10)
    assert (alarm["hidden"], alarm["sounds"]) == (False, True)
    assert daemon.api().login().json("POST", "/api/v1/points/d1/restore", {})["durable"]
    assert entries(daemon, "isolations") == []
    kinds = [(e["kind"], e["actor"]) for e in daemon.api().events(point="d1")
             if e["kind"].startswith("isolate")]
    assert kinds == [("isolate.start", "li"), ("isolate.end", "wang")]


def test_i14_a_test_is_a_test_until_it_ends(daemon, peer):
    leader = daemon.api().login(*LEADER)
    path = "/api/v1/zones/z1/test"
    assert leader.json("POST", path, {"minutes": 60, "reason": "季度检测"})["durable"]
    peer.holding(0, FIRE)
    alarm = until(lambda: daemon.api().alarm("d1", "fire"), 10)
    assert (alarm["test"], alarm["hidden"], alarm["sounds"]) == (True, True, True)
    state = daemon.api().state()
    assert state["counters"]["fire"]["active"] == 0
    assert not state["health"]["sounder"]
    assert [z["zone"] for z in state["flags"]["tests"]] == ["z1"]
    again(daemon)
    assert daemon.api().alarm("d1", "fire")["test"]
    assert daemon.api().login().json("POST", path, {"end": True})["durable"]
    alarm = daemon.api().alarm("d1", "fire")
    assert (alarm["test"], alarm["state"], alarm["sounds"]) == (False, "unacknowledged", True)
    assert daemon.api().state()["health"]["sounder"]
    refused = daemon.api().login(*LEADER).json(
        "POST", path, {"minutes": 60, "reason": "x"}, expect=409)
    assert refused["error"]["code"] == "fire_open"


def test_a_verdict_is_revised_and_outlives_the_alarm(daemon, peer):
    api = daemon.api().login()
    peer.holding(1, FIRE)
    occurrence = until(lambda: daemon.api().alarm("d2", "fire"), 10)["occurrence"]
    path = f"/api/v1/alarms/{occurrence}/verify"
    until(lambda: daemon.api().alarm("d2")["seq"], 5)
    assert api.json("POST", path, {"verdict": "unknown"})["durable"]
    assert daemon.api().alarm("d2")["verdict"] == "unknown"
    again(daemon)
    assert daemon.api().alarm("d2")["verdict"] == "unknown"
    api = daemon.api().login()
    api.acknowledge(occurrence)
    peer.holding(1, NORMAL)
    until(lambda: daemon.api().alarm("d2") is None, 10)
    body = {"verdict": "false", "cause": "dust", "note": "已清洁"}
    assert api.json("POST", path, body)["durable"]
    given = [e for e in daemon.api().events(occurrence=occurrence) if e["kind"] == "alarm.verify"]
    assert [e["params"]["verdict"] for e in given] == ["unknown", "false"]
    assert (given[1]["point"], given[1]["class"], given[1]["actor"]) == ("d2", "fire", "wang")
    with daemon.journal() as db:
        assert db.execute("SELECT verdict, cause FROM v_verdict WHERE counts").fetchall() == \
            [("false", "dust")]
    api.json("POST", "/api/v1/alarms/9-9/verify", body, expect=404)


def test_a_missed_alarm_is_entered_by_hand(daemon):
    api = daemon.api().login()
    now = daemon.api().state()["time"]
    body = {"place": "锅炉房", "happened": now, "found": "电缆烧焦，未报警"}
    assert api.json("POST", "/api/v1/missed", body)["durable"]
    entry = daemon.api().json("GET", "/api/v1/missed")["missed"][0]
    assert (entry["place"]["zh"], entry["found"], entry["by"], entry["happened"]) == \
        ("锅炉房", "电缆烧焦，未报警", "wang", now)
