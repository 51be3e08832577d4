# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The sheets of people and of the pump room on the real daemon: what people did, who may
# read it, and that every figure opens to events of the journal.
import csv
import json
import time

import pytest

from field import FIRE, Modbus, Serial, gauges, panel
from pump_room import MAIN_AUTO, MAIN_RUN, pump_room, pumps_of, run_once
from rig import Daemon, site, until


def report(daemon, name, form, lang="en"):
    done = daemon.tool("report", name, "--day", "today", "--format", form, "--lang", lang)
    assert done.returncode == 0, done.stderr
    return done.stdout


def data_of(daemon, name):
    return json.loads(report(daemon, name, "json"))["data"]


@pytest.fixture(name="worked", scope="module")
def fixture_worked(tmp_path_factory):
    """A fire that Wang acknowledged, and a log-in that was refused."""
    peer = Modbus()
    buses, devices = panel(peer.port)
    with Daemon(tmp_path_factory.mktemp("worked"), site(buses, devices)) as daemon:
        daemon.start()
        daemon.add_user()
        daemon.add_user(user="chen", role="manager")
        api = daemon.api()
        peer.holding(0, FIRE)
        fire = until(lambda: api.alarm("d1"), 10, "the fire")
        api.json("POST", "/api/v1/session", {"user": "wang", "pin": "000000"}, expect=401)
        api.login()
        api.acknowledge(fire["occurrence"])
        yield daemon, api
        assert daemon.stop() == 0
    peer.stop()


def test_the_action_log_is_what_the_journal_has_of_people(worked):
    daemon, api = worked
    events = {e["seq"]: e for e in api.events()}
    data = data_of(daemon, "actions-daily")
    people = {s for s, e in events.items()
              if e["actor"] or e["kind"].startswith("session.") or e["kind"] == "user.change"}
    people = {s for s in people if data["first_seq"] <= s <= data["last_seq"]}
    assert {r["events"][0] for r in data["actions"]} == people
    for table in ("people", "kinds"):
        assert sorted(s for r in data[table] for s in r["events"]) == sorted(people)
        assert all(r["actions"] == len(r["events"]) for r in data[table])
    kinds = {r["kind"] for r in data["kinds"]}
    assert {"session.open", "session.refused", "alarm.acknowledge", "user.change"} <= kinds
    (ack,) = (r for r in data["actions"] if r["kind"] == "alarm.acknowledge")
    assert (ack["by"], ack["point"], ack["class"]) == ("wang", "d1", "fire")
    rows = list(csv.reader(report(daemon, "actions-daily", "csv").lstrip("\ufeff").splitlines()))
    assert sum(r[2] == "acknowledged" for r in rows if len(r) > 2) == 1


def test_the_action_log_is_for_a_manager(worked):
    daemon, api = worked
    desk = daemon.api()
    for who in (api, desk):
        answer = who.json("GET", "/api/v1/reports/actions-daily", expect=403)
        assert answer["error"]["code"] == "manager_required"
    desk.login(user="chen")
    assert desk.json("GET", "/api/v1/reports/actions-daily?format=json")["data"]["actions"]


# --- pumps --------------------------------------------------------------------------------

@pytest.fixture(name="room")
def fixture_room(tmp_path):
    line, peer = Serial(str(tmp_path), units=(3,)), Modbus(value=0)
    peer.discrete(MAIN_AUTO, 1)
    line.pressure(3, 700)
    with Daemon(tmp_path / "d", pump_room(line.tty, peer.port)) as daemon:
        api = daemon.start().api()
        until(lambda: all(p["is"] == "idle" and p["kpa"] == 700 for p in pumps_of(api).values()), 20,
              "both pumps stand still")
        yield daemon, api, line, peer
        assert daemon.stop() == 0
    peer.stop()
    line.stop()


def test_pumps_as_the_page_and_the_sheet_have_them(room):
    daemon, api, line, peer = room
    for start, stop in ((600, 710), (590, 705), (610, 715)):
        run_once(api, line, peer, start, stop)
    jockey = pumps_of(api)["jockey"]
    assert jockey["starts_today"] == 3 and jockey["by"] == "contact"
    assert jockey["last_start"]["kpa"] == 610 and jockey["last_stop"]["kpa"] == 715
    assert jockey["findings"]["short_cycling"]["is"] == "stands"
    main = pumps_of(api)["main"]
    assert main["starts_today"] == 0 and main["weekly_start"]["seen"] is False
    peer.discrete(MAIN_RUN, 1)
    until(lambda: pumps_of(api)["main"]["weekly_start"]["seen"], 20, "the weekly start is seen")
    assert pumps_of(api)["main"]["monthly_run"]["seen"] is False  # that was no run by hand
    events = {e["seq"]: e for e in api.events()}
    data = data_of(daemon, "pressure-daily")
    rows = {r["pump"]: r for r in data["pumps"]}
    assert (rows["jockey"]["starts"], rows["main"]["starts"], rows["main"]["automatic"]) == (3, 1, 1)
    assert (rows["jockey"]["start_min"], rows["jockey"]["start_max"]) == (590, 610)
    assert (rows["jockey"]["stop_min"], rows["jockey"]["stop_max"]) == (705, 715)
    assert rows["jockey"]["short_cycling"] == "found"
    assert rows["main"]["short_cycling"] == "unwatched"
    for row in rows.values():  # I13
        assert [events[s]["kind"] for s in row["start_events"]] == ["pump.start"] * row["starts"]
        assert all(events[s]["kind"] == "pump.stop" for s in row["stop_events"])
        assert all(events[s]["point"] == "@pump/" + row["pump"] for s in row["alarm_events"])
    assert 0 < rows["jockey"]["ran_ms"] < 200000
    (sheet,) = data["sheet"]
    assert (sheet["jockey_starts"], sheet["start_events"]) == (3, rows["jockey"]["start_events"])
    weekly, monthly = data["exercises"]
    assert weekly["is"] == "seen" and events[weekly["events"][0]]["point"] == "@pump/main"
    # Before the journal began nobody watched.
    assert (monthly["is"], monthly["events"]) == ("not_seen_month_gaps", [])


def test_I6_a_pump_that_cannot_be_heard_is_unknown(room):
    daemon, api, line, peer = room
    run_once(api, line, peer, 600, 710)
    peer.stop()
    until(lambda: pumps_of(api)["jockey"]["is"] == "unknown", 30, "nobody knows whether it runs")
    assert pumps_of(api)["jockey"]["findings"]["short_cycling"]["is"] != "normal"
    until(lambda: api.alarm("@device/io1") or api.alarm("@bus/lan2"), 30, "the link is lost")
    until(lambda: {r["pump"]: r for r in data_of(daemon, "pressure-daily")["pumps"]}
          ["jockey"]["unwatched_ms"] > 0, 20, "the sheet says that it is not watched")
    row = {r["pump"]: r for r in data_of(daemon, "pressure-daily")["pumps"]}["jockey"]
    assert row["starts"] == 1 and row["short_cycling"] == "not_found_gaps"
    assert {r["is"] for r in data_of(daemon, "pressure-daily")["exercises"]} == {
        "not_seen_week_gaps", "not_seen_month_gaps"}


# --- gauges read by hand --------------------------------------------------------------------

@pytest.fixture(name="dial")
def fixture_dial(tmp_path):
    """Two gauges, of which the first has a tolerance of 0.02 MPa."""
    line = Serial(str(tmp_path), units=(3, 4))
    buses, devices = gauges(line.tty, units=(3, 4))
    devices[0]["points"][0]["hand_tolerance"] = "0.02MPa"
    line.pressure(3, 700)
    line.pressure(4, 320)
    with Daemon(tmp_path / "d", site(buses, devices)) as daemon:
        daemon.start()
        daemon.add_user()
        api = daemon.api().login()
        until(lambda: value_of(api, "gauge3") == 700 and value_of(api, "gauge4") == 320, 20)
        yield daemon, api, line
        assert daemon.stop() == 0
    line.stop()


def value_of(api, point):
    got = api.json("GET", f"/api/v1/points/{point}")
    return got["value"] if got["quality"] == "good" else None


def read(api, point, value, unit="MPa", **more):
    """Enters a reading; returns its event."""
    seq = api.json("POST", "/api/v1/readings/hand", {"point": point, "value": value, "unit": unit, **more})["seq"]
    event = [e for e in api.events(point=point) if e["kind"] == "reading.hand"][-1]
    assert event["actor"] == "wang" and seq - 2 < event["seq"] <= seq  # the alarm it makes comes after it
    return event


def differs(api):
    return any(a["point"] == "gauge3" and a["code"] == "hand-differs" and a["state"] in (
        "unacknowledged", "acknowledged") for a in api.alarms())


def test_a_dial_beside_the_sensor_in_each_unit(dial):
    daemon, api, _ = dial
    for value, unit in (("0.690", "MPa"), ("6.90", "bar"), ("690", "kPa")):
        event = read(api, "gauge3", value, unit)
        assert abs(event["value"] - 690) < 1e-9
        assert event["params"]["is"] == "agrees" and event["params"]["unit"] == unit
        assert abs(event["params"]["difference"] - 10) < 1e-9
    assert read(api, "gauge4", "0.5")["params"]["is"] == "no_tolerance"
    assert not differs(api)
    event = read(api, "gauge3", "6.5", "bar", note="指针抖动")
    assert event["params"]["is"] == "differs" and event["params"]["note"] == "指针抖动"
    until(lambda: differs(api), 10, "the two disagree")
    data = data_of(daemon, "pressure-daily")
    sheet = {r["point"]: r for r in data["sheet"]}
    assert (sheet["gauge3"]["hand"], sheet["gauge3"]["hand_difference"]) == (650, 50)
    assert sheet["gauge3"]["judgement"] == "alarm" and sheet["gauge3"]["hand_events"] == [event["seq"]]
    assert [r["is"] for r in data["hand_readings"]] == ["agrees"] * 3 + ["no_tolerance", "differs"]
    assert {r["by"] for r in data["hand_readings"]} == {"wang"}
    rows = list(csv.reader(report(daemon, "pressure-daily", "csv").lstrip("\ufeff").splitlines()))
    assert any("0.650" in r and "0.050" in r and "differ by more than the tolerance" in r for r in rows)


def test_I6_the_disagreement_ends_with_a_reading_that_agrees_and_with_nothing_else(dial):
    daemon, api, line = dial
    read(api, "gauge3", "0.60")
    until(lambda: differs(api), 10, "the two disagree")
    # A new value, an older reading and a restart say nothing of it.
    line.pressure(3, 601)
    until(lambda: value_of(api, "gauge3") == 601, 20)
    assert differs(api)
    earlier = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600))
    old = read(api, "gauge3", "0.601", read_at=earlier)
    assert old["params"]["is"] == "no_sensor" and old["params"]["sensor"] is None  # nobody watched then
    assert differs(api)
    assert daemon.stop() == 0
    daemon.start()
    api.port = daemon.port
    api.login()
    until(lambda: value_of(api, "gauge3") == 601, 20)
    assert differs(api)
    line.stop()
    until(lambda: value_of(api, "gauge3") is None, 20, "the sensor is lost")
    assert read(api, "gauge3", "0.601")["params"]["is"] == "no_sensor"
    assert differs(api)


def test_a_reading_that_agrees_ends_it(dial):
    _, api, _ = dial
    read(api, "gauge3", "0.60")
    until(lambda: differs(api), 10, "the two disagree")
    read(api, "gauge3", "0.70")
    until(lambda: not differs(api), 10, "they agree again")


def test_what_is_no_reading_is_refused(dial):
    daemon, api, _ = dial
    good = {"point": "gauge3", "value": "0.7", "unit": "MPa"}
    for change, status, field in (
            ({"value": "0,7"}, 400, "value"), ({"value": "700"}, 400, "value"),
            ({"value": "1e3"}, 400, "value"), ({"unit": "psi"}, 400, "unit"),
            ({"read_at": "2020-01-01T00:00:00Z"}, 400, "read_at"),
            ({"read_at": "2099-01-01T00:00:00Z"}, 400, "read_at"),
            ({"point": "nowhere"}, 404, "point"), ({"point": "@bus/pump-room"}, 404, "point")):
        answer = api.json("POST", "/api/v1/readings/hand", {**good, **change}, expect=status)
        assert answer["error"]["field"] == field
    daemon.api().json("POST", "/api/v1/readings/hand", good, expect=401)  # a person's word
    assert not any(e["kind"] == "reading.hand" for e in api.events())
