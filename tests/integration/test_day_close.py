# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The day close on the real daemon, over the end of a real statistics day: what is asked
# for, who signs, and copies of a revision that have the same bytes in every format after
# a late verdict, a restart, another name of the place, and a second revision.
import datetime
import itertools
import json
import sqlite3
import time

import pytest

from field import FIRE, NORMAL, Modbus, panel
from rig import Daemon, site, until

FORMATS = ("html", "pdf", "xlsx", "csv", "json")
LANGS = ("zh", "en")
NAME = "/api/v1/reports/alarms-daily"
SHANGHAI = datetime.timezone(datetime.timedelta(hours=8))


def next_boundary():
    """A minute of local time that begins in 25 to 85 s."""
    now = datetime.datetime.now(SHANGHAI)
    return (now + datetime.timedelta(seconds=85)).replace(second=0, microsecond=0)


def site_of(port, boundary, place=None):
    buses, devices = panel(port)
    if place:
        devices[0]["points"][0]["place"] = place
    return site(buses, devices, site={
        "id": "test", "name": {"zh": "测试", "en": "Test"}, "time_zone": "Asia/Shanghai",
        "statistics_day": f"{boundary:%H:%M}"})


class Close:
    """A daemon, its API for each role, and the day that ends."""

    def __init__(self, folder):
        self.peer = Modbus()
        self.boundary = next_boundary()
        self.day = f"{self.boundary - datetime.timedelta(days=1):%Y-%m-%d}"
        self.daemon = Daemon(folder, site_of(self.peer.port, self.boundary))
        self.log_in()

    def log_in(self):
        self.daemon.start()
        for user, role in (("wang", "operator"), ("lei", "leader")):
            self.daemon.add_user(user, role=role)
        self.desk = self.daemon.api()
        self.operator = self.daemon.api().login("wang")
        self.leader = self.daemon.api().login("lei")

    def close(self, expect=200):
        return self.desk.json("GET", f"{NAME}/close?day={self.day}", expect=expect)

    def sign(self, expect=200, who=None, **more):
        return (who or self.leader).json(
            "POST", f"{NAME}/sign", {"day": self.day, **more}, expect=expect)

    def verdict(self, occurrence, **body):
        self.operator.json("POST", f"/api/v1/alarms/{occurrence}/verify", body)

    def copy(self, revision, form, lang="zh"):
        status, _, data = self.desk.call(
            "GET", f"{NAME}?day={self.day}&revision={revision}&format={form}&lang={lang}")
        assert status == 200, (form, data[:300])
        return data

    def copies(self, revision):
        return {key: self.copy(revision, *key) for key in itertools.product(FORMATS, LANGS)}

    def by_tool(self, revision, form, lang="zh"):
        file = self.daemon.dir / f"copy.{form}"
        done = self.daemon.tool("report", "alarms-daily", "--day", self.day, "--revision",
                                str(revision), "--format", form, "--lang", lang, "-o", str(file))
        assert done.returncode == 0, done.stderr
        return file.read_bytes()

    def days(self):
        return self.desk.json("GET", f"{NAME}/days?limit=3")["days"]


@pytest.fixture(name="at", scope="module")
def fixture_at(tmp_path_factory):
    """The day has two fires and ends; the next one begins."""
    at = Close(tmp_path_factory.mktemp("close"))
    with at.daemon:
        at.peer.holding(0, FIRE)
        at.peer.holding(1, FIRE)
        at.fires = [until(lambda p=p: (a := at.desk.alarm(p)) and a["seq"] and a, 20, p)
                    for p in ("d1", "d2")]
        assert datetime.datetime.now(SHANGHAI) < at.boundary, "the machine was too slow"
        at.running = at.close()
        at.refused_running = at.sign(409)
        time.sleep(max(0, at.boundary.timestamp() - time.time()) + 1.2)
        yield at
        assert at.daemon.stop() == 0
    at.peer.stop()


def test_i3_the_day_is_closed_signed_and_revised(at):
    occurrences = [f["occurrence"] for f in at.fires]
    # It ran, and could not be signed.
    assert at.running["state"] == "running" and at.running["refused"] == "day_running"
    assert at.refused_running["error"]["code"] == "day_running"

    # What it lacks, with what opens it.
    close = at.close()
    assert (close["state"], close["unclassified"]) == ("open", 2)
    assert len(close["open_alarms"]) == close["open"]
    assert {"d1", "d2"} <= {a["point"] for a in close["open_alarms"]}
    assert [a["occurrence"] for a in close["unclassified_alarms"]] == occurrences
    assert [a["seq"] for a in close["unclassified_alarms"]] == [f["seq"] for f in at.fires]
    assert close["revision"] is None and close["refused"] is None
    assert at.sign(403, who=at.operator)["error"]["code"] == "leader_required"
    refused = at.sign(409)
    assert refused["error"]["code"] == "unclassified"
    assert [a["occurrence"] for a in refused["close"]["unclassified_alarms"]] == occurrences

    # One verdict, and a reason for the other.
    at.verdict(occurrences[0], verdict="real")
    first = at.sign(note="白班已查看", reason="现场无人，明早核实")
    assert first["durable"] is True and first["revision"] == 1
    signed = at.close()
    assert signed["state"] == "signed" and signed["refused"] == "already_signed"
    assert signed["revision"]["unclassified"] == 1
    assert signed["revision"]["reason"] == "现场无人，明早核实"
    assert signed["revision"]["by"] == "lei" and signed["revision"]["role"] == "leader"
    assert at.sign(409)["error"]["code"] == "already_signed"

    # The copies: the same bytes each time, and what was signed.
    once = at.copies(1)
    assert at.copies(1) == once
    for form in FORMATS:
        assert at.by_tool(1, form) == once[form, "zh"], form
    report = json.loads(once["json", "zh"])
    assert report["revision"] == 1 and report["signed"]["reason"] == "现场无人，明早核实"
    assert report["sha256"] == signed["revision"]["data_sha256"]
    assert report["anchor"]["seq"] == first["seq"]
    verdicts = {v["verdict"]: v["onsets"] for v in report["data"]["by_verdict"]}
    # Faults of the daemon's own start are of the day too; of the fires one is pending.
    assert verdicts["real"] == 1
    page = once["html", "zh"].decode()
    for text in ("修订版</th><td>1<", "王 (lei)", "1: 现场无人，明早核实", "白班已查看",
                 report["sha256"], f">{first['seq']} – {report['anchor']['hash']}<"):
        assert text in page, text
    event, = [e for e in at.desk.events() if e["kind"] == "report.sign"]
    assert event["seq"] == first["seq"] and event["actor"] == "lei"
    assert event["params"]["data_sha256"] == report["sha256"]
    draft = at.desk.json("GET", f"{NAME}?day={at.day}&format=json")
    assert draft["revision"] is None and draft["newest"]["revision"] == 1

    # A late verdict, a missed alarm: the day has changed, revision 1 has not.
    at.verdict(occurrences[1], verdict="false", cause="dust")
    at.operator.json("POST", "/api/v1/missed", {
        "place": "锅炉房", "found": "烧焦的电缆",
        "happened": (at.boundary - datetime.timedelta(hours=2)).isoformat()})
    close = at.close()
    assert close["state"] == "changed" and close["unclassified"] == 0
    assert [(c["what"], c["before"], c["after"]) for c in close["changed"]] == [
        ("verdict", "pending", "false"), ("missed", None, None)]
    assert [d["state"] for d in at.days() if d["day"] == at.day] == ["changed"]
    assert at.copies(1) == once

    second = at.sign()
    assert second["revision"] == 2
    again = json.loads(at.copy(2, "json"))
    assert again["revision"] == 2 and again["signed"]["unclassified"] == 0
    assert [(c["since"], c["what"], c["after"]) for c in again["data"]["changes"]] == [
        (1, "verdict", "false"), (1, "missed", None)]
    assert again["data"]["changes"][0]["events"][1] == at.fires[1]["seq"]
    assert "上一修订版签字后的变化" in at.copy(2, "html").decode()
    twice = at.copies(2)
    assert at.copies(1) == once

    # The fires end and are acknowledged: that is of another day, and the day stays.
    at.peer.holding(0, NORMAL)
    at.peer.holding(1, NORMAL)
    for occurrence in occurrences:
        at.operator.acknowledge(occurrence)
    assert at.close()["state"] == "signed"

    # After a restart with another name of the place, another one of the site's zone.
    assert at.daemon.stop() == 0
    at.daemon.write(site_of(at.peer.port, at.boundary, {"zh": "改名后", "en": "Renamed"}))
    at.log_in()
    assert at.copies(1) == once and at.copies(2) == twice
    assert "Renamed" not in at.copy(1, "csv", "en").decode()
    for form in FORMATS:
        assert at.by_tool(2, form) == twice[form, "zh"], form

    # The days of the page, newest first.
    days = at.days()
    assert [d["state"] for d in days] == ["running", "signed"]
    assert days[1]["revision"]["number"] == 2
    done = at.daemon.tool("verify", "--json")
    assert json.loads(done.stdout)["reports"] == 2, done.stdout


def test_the_pressure_sheet_is_signed_in_the_same_way(at):
    name = "/api/v1/reports/pressure-daily"
    answer = at.leader.json("POST", f"{name}/sign", {"day": at.day})
    assert answer["revision"] == 1
    status, _, data = at.desk.call("GET", f"{name}?day={at.day}&revision=1&format=json")
    assert status == 200 and json.loads(data)["signed"]["by"] == "lei"
    assert at.leader.json("POST", f"{name}/sign", {"day": at.day}, expect=409)[
        "error"]["code"] == "already_signed"
    at.desk.json("GET", f"{name}?day={at.day}&revision=2", expect=404)


def test_i4_verify_names_a_report_that_somebody_changed(at, tmp_path):
    file = tmp_path / "journal.db"
    source = at.daemon.journal()
    copy = sqlite3.connect(file)
    source.backup(copy)
    assert "signed reports: 3" in at.daemon.tool("verify", str(file)).stdout
    copy.execute("DROP TRIGGER report_revision_no_update")
    copy.execute("UPDATE report_revision SET document = replace(document, '探测器1', '探测器9')"
                 " WHERE report = 'alarms-daily' AND revision = 1")
    copy.commit()
    copy.close()
    done = at.daemon.tool("verify", str(file))
    assert done.returncode == 1
    assert f"report: alarms-daily {at.day} revision 1" in done.stdout


def test_a_day_before_the_journal_is_not_signed(at):
    before = f"{at.boundary - datetime.timedelta(days=9):%Y-%m-%d}"
    answer = at.leader.json("POST", f"{NAME}/sign", {"day": before}, expect=409)
    assert answer["error"]["code"] == "day_gone"
    assert [d["day"] for d in at.days()][-1] == at.day


def test_i3_nothing_is_signed_while_the_store_is_degraded(at):
    at.verdict(at.fires[0]["occurrence"], verdict="test")
    lock = sqlite3.connect(at.daemon.state / "journal.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")  # somebody else writes, and does not end
    at.operator.acknowledge(at.fires[0]["occurrence"])
    until(lambda: at.close()["cannot_sign"] == "store_degraded", 20, "the store is degraded")
    assert at.sign(503)["error"]["code"] == "store_degraded"
    lock.execute("ROLLBACK")
    lock.close()
    until(lambda: at.close()["cannot_sign"] is None, 20, "the store is well again")
    assert at.close()["state"] == "changed"
    assert at.sign()["revision"] == 3
