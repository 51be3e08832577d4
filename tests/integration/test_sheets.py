# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The sheets of people and of the pump room on the real daemon: what people did, who may
# read it, and that every figure opens to events of the journal.
import csv
import json

import pytest

from field import FIRE, Modbus, panel
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
