# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The sheets of people and of the pump room on the real daemon: what people did, who may
# read it, and that every figure opens to events of the journal.
import csv
import json

import pytest

from field import FIRE, Modbus, Serial, panel
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
