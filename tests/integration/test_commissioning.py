# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The commissioning ledger through the daemon: a walk on a real Modbus server, what it
# sees, what people confirm, and the same figures in API, command line and report.
import csv
import io
import json
import subprocess

import pytest

from field import FIRE, NORMAL, TROUBLE, Modbus, panel
from rig import BUILD, PIN, USER, Daemon, site, until


@pytest.fixture(name="rig")
def fixture_rig(tmp_path):
    peer = Modbus()
    daemon = Daemon(tmp_path / "d", site(*panel(peer.port))).start()
    daemon.add_user()
    daemon.peer = peer
    with daemon:
        yield daemon
        if daemon.process and daemon.process.poll() is None:
            assert daemon.stop() == 0
        daemon.verify()
    peer.stop()


def ledger(api, **query):
    words = "&".join(f"{k}={v}" for k, v in query.items())
    return api.json("GET", "/api/v1/commissioning" + (f"?{words}" if words else ""))


def point_of(api, name):
    return next(p for p in ledger(api)["points"] if p["point"] == name)


def alarm_and_back(rig, api, n, word=FIRE, point=None):
    """Detector n goes into alarm, is seen, and comes back."""
    point = point or f"d{n}"
    rig.peer.holding(n - 1, word)
    until(lambda: api.alarm(point), 10, "the alarm is shown")
    rig.peer.holding(n - 1, NORMAL)
    until(lambda: [e for e in api.events(point=point) if e["kind"] == "alarm.clear"], 10,
          "it came back")


def cli(rig, *words, code=0, pin=None):
    done = rig.tool("commission", *words, stdin=pin)
    assert done.returncode == code, f"exit {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout if code == 0 else done.stderr


def test_a_walk_from_the_first_point_to_the_percentage(rig):
    api = rig.api().login()
    until(lambda: api.json("GET", "/api/v1/points/d1")["quality"] == "good", 10)
    first = ledger(api)
    assert first["summary"] == {"points": 10, "untested": 10, "seen": 0, "proven": 0,
                                "failed": 0, "changed": 0, "percent": 0}
    assert first["walks"] == [] and first["next"] is None

    assert api.json("POST", "/api/v1/commissioning/walks",
                    {"zone": "z1", "open": True})["durable"] is True
    walks = ledger(api)["walks"]
    assert [(w["zone"], w["device"], w["who"]) for w in walks] == [("z1", None, USER)]
    alarm_and_back(rig, api, 3)
    alarm_and_back(rig, api, 4, TROUBLE)      # a fault is not what should come
    seen = point_of(api, "d3")
    assert (seen["status"], seen["expected"], seen["entry"]) == ("seen", "fire", None)
    assert point_of(api, "d4")["status"] == "untested"

    answer = api.json("POST", "/api/v1/commissioning", {
        "point": "d3", "verdict": "proven", "at_panel": "火警 1-003"})
    assert answer["durable"] is True
    proven = point_of(api, "d3")
    assert proven["status"] == "proven"
    assert {k: proven["entry"][k] for k in (
        "seq", "verdict", "at_panel", "here", "here_seq", "who", "note")} == {
            "seq": answer["seq"], "verdict": "proven", "at_panel": "火警 1-003",
            "here": "fire", "here_seq": seen["seen"]["seq"], "who": USER, "note": None}
    onset = [e for e in api.events(point="d3") if e["seq"] == seen["seen"]["seq"]]
    assert [e["kind"] for e in onset] == ["alarm.onset"]
    event = [e for e in api.events(point="d3") if e["kind"] == "commission.mark"][-1]
    assert (event["actor"], event["cause_seq"], event["params"]["verdict"]) == (
        USER, seen["seen"]["seq"], "proven")

    summary = ledger(api)["summary"]
    assert (summary["proven"], summary["untested"], summary["percent"]) == (1, 9, 10)
    zone = ledger(api)["zones"][0]
    assert (zone["zone"], zone["points"], zone["proven"], zone["percent"]) == (
        "z1", 10, 1, 10)
    assert ledger(api)["devices"][0]["device"] == "fap1"
    api.json("POST", "/api/v1/commissioning/walks", {"zone": "z1", "open": False})
    assert ledger(api)["walks"] == []
    alarm_and_back(rig, api, 5)
    assert point_of(api, "d5")["status"] == "untested"


def test_what_the_ledger_refuses(rig):
    api = rig.api()
    for method, path, body in (
            ("GET", "/api/v1/commissioning", None),
            ("POST", "/api/v1/commissioning", {"point": "d1", "verdict": "proven"}),
            ("POST", "/api/v1/commissioning/walks", {"zone": "z1", "open": True})):
        assert api.call(method, path, body)[0] in (401, 403), path
    api.login()

    def refused(path, body, status, code, field=None):
        error = api.json("POST", path, body, expect=status)["error"]
        assert (error["code"], error["field"]) == (code, field)
    marks, walks = "/api/v1/commissioning", "/api/v1/commissioning/walks"
    # Nobody saw anything: a proof needs words, a failure does not.
    refused(marks, {"point": "d1", "verdict": "proven"}, 409, "note_required", "note")
    refused(marks, {"point": "d1", "verdict": "proven", "note": "  "}, 409,
            "note_required", "note")
    refused(marks, {"point": "d99", "verdict": "proven"}, 404, "not_found", "point")
    refused(marks, {"point": "@loop", "verdict": "failed"}, 404, "not_found", "point")
    refused(marks, {"point": "d1", "verdict": "ok"}, 400, "bad_member", "verdict")
    refused(marks, {"point": "d1"}, 400, "missing_member", "verdict")
    refused(marks, {"point": "d1", "verdict": "failed", "here": "fire"}, 400,
            "unknown_member", "here")
    refused(marks, {"point": "d1", "verdict": "failed", "note": "x" * 161}, 400,
            "bad_member", "note")
    refused(walks, {"zone": "z9", "open": True}, 404, "not_found", "zone")
    refused(walks, {"zone": "z1", "device": "fap1", "open": True}, 400, "bad_member",
            "zone")
    refused(walks, {"open": True}, 400, "missing_member", "zone")
    refused(walks, {"zone": "z1", "open": False}, 409, "walk_not_open")
    api.json("POST", walks, {"device": "fap1", "open": True})
    refused(walks, {"device": "fap1", "open": True}, 409, "walk_open")
    assert api.json("GET", "/api/v1/commissioning?status=good", expect=400)
    assert api.json("GET", "/api/v1/commissioning?zone=z9", expect=404)
    api.json("POST", marks, {"point": "d1", "verdict": "failed"})
    api.json("POST", marks, {"point": "d2", "verdict": "proven", "note": "by the alarm "
                             "of the panel's own test"})
    assert point_of(api, "d1")["status"] == "failed"
    assert point_of(api, "d2")["entry"]["here"] is None


def test_pages_and_filters(rig):
    api = rig.api().login()
    api.json("POST", "/api/v1/commissioning", {"point": "d4", "verdict": "failed"})
    names, after = [], None
    while True:
        page = ledger(api, limit=4, **({"after": after} if after else {}))
        names += [p["point"] for p in page["points"]]
        assert page["summary"]["points"] == 10
        after = page["next"]
        if after is None:
            break
    assert names == [f"d{n}" for n in range(1, 11)]
    assert [p["point"] for p in ledger(api, status="failed")["points"]] == ["d4"]
    page = ledger(api, status="untested", limit=3)
    assert [p["point"] for p in page["points"]] == ["d1", "d2", "d3"]
    rest = ledger(api, status="untested", after=page["next"])["points"]
    assert [p["point"] for p in rest] == ["d5", "d6", "d7", "d8", "d9", "d10"]
    assert len(ledger(api, device="fap1")["points"]) == 10


def test_the_command_line_beside_the_daemon_and_without_it(rig):
    api = rig.api().login()
    until(lambda: api.json("GET", "/api/v1/points/d1")["quality"] == "good", 10)
    by = ("--as", USER, "--pin-stdin")
    assert "entered as event" in cli(rig, "open", "--device", "fap1", *by, pin=PIN + "\n")
    assert "open already" in cli(rig, "open", "--device", "fap1", *by, pin=PIN, code=1)
    alarm_and_back(rig, api, 6)
    assert "wrong name or PIN" in cli(rig, "mark", "d6", "--verdict", "proven", *by,
                                      pin="000000\n", code=1)
    assert "an entry has an author" in cli(rig, "mark", "d6", "--verdict", "proven", code=2)
    assert "say with --note" in cli(rig, "mark", "d7", "--verdict", "proven", *by, pin=PIN,
                                    code=2)
    assert "allowed: proven, failed" in cli(rig, "mark", "d6", "--verdict", "good", *by,
                                            pin=PIN, code=2)
    cli(rig, "mark", "d6", "--verdict", "proven", "--panel", "火警 1-006", *by, pin=PIN)
    assert point_of(api, "d6")["status"] == "proven"
    cli(rig, "mark", "d7", "--verdict", "failed", "--note", "lamp dark", *by, pin=PIN)
    assert rig.stop() == 0

    # The same without a daemon.
    cli(rig, "close", "--device", "fap1", *by, pin=PIN)
    text = cli(rig, "list")
    assert "all: 1 of 10 points proven, 10.0 %" in text
    assert "device fap1: 1 of 10 points proven" in text and "zone z1: 1 of 10" in text
    assert "failed by wang, note: lamp dark" in text
    assert "proven by wang, here: fire, panel: 火警 1-006" in text
    listed = json.loads(cli(rig, "list", "--status", "proven", "--json"))
    assert [p["point"] for p in listed["points"]] == ["d6"]
    assert listed["summary"]["percent"] == 10 and listed["walks"] == []


def test_the_report_in_both_formats(rig):
    api = rig.api().login()
    api.json("POST", "/api/v1/commissioning", {
        "point": "d2", "verdict": "proven", "note": "=1+1", "at_panel": "火警"})
    api.json("POST", "/api/v1/commissioning", {"point": "d3", "verdict": "failed"})
    status, _, data = api.call("GET", "/api/v1/reports/commissioning?format=json", timeout=60)
    assert status == 200, data
    report = json.loads(data)["data"]
    assert report["total"] == {"points": 10, "proven": 1, "seen": 0, "failed": 1,
                               "changed": 0, "untested": 8, "percent": 10.0}
    assert report["zones"][0]["zone"] == "z1" and report["devices"][0]["device"] == "fap1"
    # I13: the figure is the number of rows behind it.
    rows = {p["point"]: p for p in report["points"]}
    assert len(rows) == 10
    assert sum(p["status"] == "proven" for p in rows.values()) == report["total"]["proven"]
    assert (rows["d2"]["who"], rows["d2"]["at_panel"], rows["d2"]["expected"]) == (
        USER, "火警", "fire")
    assert rows["d2"]["wiring"] == rows["d2"]["proven_wiring"] == \
        "fap1 unit 1 holding 1 smoke"
    sheet = list(csv.reader(io.StringIO(
        cli(rig, "report", "--lang", "zh").lstrip("\ufeff"), newline="")))
    assert sheet[0][0] == "调试验证台账"
    d2 = next(r for r in sheet if len(r) > 1 and r[1] == "d2")
    assert d2[0] == "已验证" and "'=1+1" in d2     # no formula
    assert any(r[0] == "合计" and r[1:3] == ["10", "1"] for r in sheet)
    assert "-c FILE is needed" in subprocess.run(
        [BUILD / "cli" / "watchroom", "--state", rig.state, "commission", "list"],
        capture_output=True, text=True, timeout=60, check=False).stderr


def test_i11_a_restart_keeps_the_ledger_and_the_open_walk(rig):
    api = rig.api().login()
    until(lambda: api.json("GET", "/api/v1/points/d1")["quality"] == "good", 10)
    api.json("POST", "/api/v1/commissioning/walks", {"zone": "z1", "open": True})
    alarm_and_back(rig, api, 8)
    assert rig.stop() == 0
    rig.start()
    api = rig.api().login()
    until(lambda: api.json("GET", "/api/v1/points/d1")["quality"] == "good", 10)
    assert point_of(api, "d8")["status"] == "seen"
    assert len(ledger(api)["walks"]) == 1
    alarm_and_back(rig, api, 9)
    assert point_of(api, "d9")["status"] == "seen"
