# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The examples of docs/open-data as a stranger runs them: on a snapshot of a daemon, the
# workbook calculated by LibreOffice, both held against our own report of the day.
import csv
import json
import subprocess
import sys

import pytest

from field import FIRE, NORMAL, Modbus, panel
from rig import ROOT, Daemon, site, until

EXAMPLES = ROOT / "docs" / "open-data"


@pytest.fixture(name="day", scope="module")
def fixture_day(tmp_path_factory):
    """A snapshot of a day with fires, one acknowledged, and the report of that day."""
    folder, peer = tmp_path_factory.mktemp("open"), Modbus()
    buses, devices = panel(peer.port)
    devices[0]["points"][0]["place"] = {"zh": "=1+1 <三层>", "en": "=1+1"}
    with Daemon(folder / "d", site(buses, devices)) as daemon:
        daemon.start()
        daemon.add_user()
        api = daemon.api().login()
        for value in (FIRE, NORMAL, FIRE):
            peer.holding(0, value)
            until(lambda value=value: bool((a := api.alarm("d1")) and a["seq"] and
                                           a["state"] == "unacknowledged") == (value == FIRE),
                  10, "the panel is heard")
        assert api.acknowledge(api.alarm("d1")["occurrence"])[0] == 200
        assert daemon.stop() == 0
        (folder / "out").mkdir()
        done = daemon.tool("export", "db", str(folder / "out"), "--json")
        assert done.returncode == 0, done.stderr
        report = json.loads(daemon.tool("report", "alarms-daily", "--format", "json").stdout)
    peer.stop()
    return json.loads(done.stdout)["folder"], report


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True,
                          timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def onsets_of(report):
    return {c["class"]: c["onsets"] for c in report["data"]["classes"] if c["onsets"]}


def test_the_example_in_python_says_what_the_report_says(day):
    folder, report = day
    lines = [json.loads(x) for x in run(sys.executable, EXAMPLES / "days.py", folder).splitlines()]
    line = next(x for x in lines if x["day"] == report["day"])
    assert onsets_of(report)["fire"] == 2
    assert line["onsets"] == onsets_of(report)
    assert line["seconds_to_acknowledge"] >= 0


def test_the_example_in_a_spreadsheet_says_what_the_report_says(day, tmp_path):
    folder, report = day
    file = tmp_path / "days.fods"
    run(sys.executable, EXAMPLES / "workbook.py", folder, file)
    run("soffice", f"-env:UserInstallation=file://{tmp_path}/office", "--headless",
        "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1",
        "--outdir", tmp_path, file)
    with open(tmp_path / "days-figures.csv", encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    row = next(r for r in rows if r["day"] == report["day"])
    figures = {k: int(v) for k, v in row.items() if k not in ("day", "total") and v != "0"}
    assert figures == onsets_of(report)
    assert int(row["total"]) == sum(figures.values())
