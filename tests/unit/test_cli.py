# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The command line on real files: a journal that make_store wrote with known figures.
# Run by meson, which names the programs in the environment.
import csv
import datetime
import hashlib
import io
import json
import os
import sqlite3
import subprocess

import pytest

WATCHROOM = os.environ["WATCHROOM"]
MAKE_STORE = os.environ["MAKE_STORE"]
BEGIN = int(datetime.datetime(2026, 11, 20, tzinfo=datetime.timezone.utc).timestamp()) * 1000
DAY = "2026-11-20"
DOORS = 2700


def run(*words, stdin=None, env=None, code=0):
    done = subprocess.run([WATCHROOM, *map(str, words)], input=stdin, capture_output=True,
                          timeout=60, check=False, env={**os.environ, **(env or {})})
    out, err = done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
    assert done.returncode == code, f"exit {done.returncode}: {out}{err}"
    return out if code == 0 else err + out


@pytest.fixture(scope="module", name="made")
def fixture_made(tmp_path_factory):
    directory = tmp_path_factory.mktemp("store")
    subprocess.run([MAKE_STORE, directory, str(BEGIN), str(DOORS)], check=True, timeout=120)
    return directory


@pytest.fixture(name="own")
def fixture_own(tmp_path):
    directory = tmp_path / "store"
    directory.mkdir()
    subprocess.run([MAKE_STORE, directory, str(BEGIN), "3"], check=True, timeout=60)
    return directory


def rows_of(text):
    return list(csv.reader(io.StringIO(text.lstrip("\ufeff"), newline="")))


def report(made, name, *words):
    return run("--store", made, "report", name, "--day", DAY, *words)


def test_alarms_daily_as_json(made):
    r = json.loads(report(made, "alarms-daily", "--format", "json"))
    assert r["site"] == {"id": "tower-a", "name": {"zh": "科技大厦", "en": "Tower A"},
                         "time_zone": "Asia/Shanghai"}
    assert (r["day"], r["from"], r["to"]) == (
        DAY, "2026-11-20T00:00:00.000Z", "2026-11-21T00:00:00.000Z")
    assert r["from_local"] == "2026-11-20T08:00:00+08:00" and r["closed"] is True
    classes = {c.pop("class"): c for c in r["data"]["classes"]}
    assert classes["fire"] == {"onsets": 1, "clears": 1, "acknowledged": 1, "tests": 1,
                               "open": 0}
    assert classes["security"]["onsets"] == classes["security"]["clears"] == DOORS
    assert classes["fault"]["open"] == 1
    assert r["data"]["total"]["onsets"] == DOORS + 2
    assert r["data"]["gaps"][0]["ms"] == 3600000


def test_i13_totals_are_sums_of_rows_and_numbers_of_ids(made):
    r = json.loads(report(made, "alarms-daily", "--format", "json"))
    db = sqlite3.connect(f"file:{made}/journal.db?mode=ro", uri=True)
    for c in r["data"]["classes"]:
        rows = [x for x in r["data"]["rows"] if x["class"] == c["class"]]
        for count, ids, kind, test in (
                ("onsets", "events", "alarm.onset", False),
                ("clears", "clear_events", "alarm.clear", False),
                ("acknowledged", "acknowledge_events", "alarm.acknowledge", False),
                ("tests", "test_events", "alarm.onset", True)):
            found = {seq for (seq,) in db.execute(
                "SELECT seq FROM event WHERE kind = ? AND class = ? AND"
                " (coalesce(params, '') LIKE '%\"test\":true%') = ?",
                (kind, c["class"], test))}
            listed = [i for x in rows for i in x[ids]]
            assert c[count] == sum(x[count] for x in rows) == len(listed)
            assert set(listed) == found
    first = r["data"]["rows"][0]
    kind, point = db.execute("SELECT kind, point FROM event WHERE seq = ?",
                             (first["events"][0],)).fetchone()
    assert (kind, point) == ("alarm.onset", first["point"] or None)


def test_same_figures_in_csv_and_json(made):
    j = json.loads(report(made, "alarms-daily", "--format", "json"))["data"]
    rows = rows_of(report(made, "alarms-daily", "--lang", "en"))
    begin = rows.index(next(r for r in rows if r[0] == "Class")) + 1
    have = [[int(n) for n in r[1:6]] for r in rows[begin:begin + len(j["classes"])]]
    assert have == [[c[k] for k in ("onsets", "clears", "acknowledged", "tests", "open")]
                    for c in j["classes"]]
    second = next(i for i, r in enumerate(rows) if r[0] == "Class" and r[1] == "Condition")
    doors = [r for r in rows[second + 1:] if "door-1" in r][0]
    at = rows.index(doors)
    numbers = " ".join(r[9] for r in rows[at:at + 2]).split()
    assert [int(n) for n in numbers] == next(
        x for x in j["rows"] if x["point"] == "door-1")["events"]


def test_csv_form(made):
    text = report(made, "alarms-daily", "--lang", "en")
    raw = text.encode("utf-8")
    assert raw.startswith(b"\xef\xbb\xbf") and raw.endswith(b"\r\n")
    rows = rows_of(text)
    assert len({len(r) for r in rows}) == 1
    assert any("'=Corridor, floor 5" in r for r in rows)
    lines = raw.split(b"\r\n")
    body = b"\r\n".join(lines[:-3]) + b"\r\n"
    assert rows[-2][1] == hashlib.sha256(body).hexdigest()
    again = report(made, "alarms-daily", "--lang", "en")
    assert rows_of(again)[-2][1] == rows[-2][1]


def test_json_checksum(made):
    text = report(made, "alarms-daily", "--format", "json")
    r = json.loads(text)
    data = text[text.index('"data":') + 7:text.rindex(',"rows":')]
    assert json.loads(data) == r["data"]
    assert hashlib.sha256(data.encode("utf-8")).hexdigest() == r["sha256"]


def test_an_empty_day_says_none(made):
    text = run("--store", made, "report", "alarms-daily", "--day", "2026-11-01",
               "--lang", "en")
    assert "none (无)" in text and "Total without information,0,0,0,0,0" in text


def test_pressure_daily(made):
    g = json.loads(report(made, "pressure-daily", "--format", "json"))["data"]["gauges"]
    assert len(g) == 1
    g = g[0]
    assert (g["point"], g["min"], g["max"], g["unit"]) == ("hydrant-main", 590, 812.75, "kPa")
    assert abs(g["mean"] - (650 * 60000 + 640 * 30000 + 700 * 60000) / 150000) < 1e-9
    assert (g["good_ms"], g["expected_ms"], g["minutes"]) == (150000, 86400000, 3)
    assert g["coverage_percent"] == 0.1
    assert g["min_at"] == "2026-11-20T00:01:01.000Z"
    rows = rows_of(report(made, "pressure-daily", "--lang", "en"))
    sheet, gauge = (r for r in rows if "hydrant-main" in r and "0.590" in r)
    assert sheet[2:5] == ["0.590", "0.668", "0.813"] and "no value" not in sheet
    assert any("unknown" in cell for cell in sheet)  # 24 h less three minutes are no day
    assert gauge[2:7] == ["0.590", "2026-11-20T08:01:01+08:00", "0.668", "0.813",
                          "2026-11-20T08:10:02+08:00"]
    silent = [r for r in rows if r[1] == "hydrant-main"][2:]
    assert [r[2:5] for r in silent] == [
        ["2026-11-20T08:02:00+08:00", "2026-11-20T08:10:00+08:00", "0:08:00"],
        ["2026-11-20T08:11:00+08:00", "2026-11-21T08:00:00+08:00", "23:49:00"]]


def test_output_file_is_whole_or_not_there(made, tmp_path):
    out = tmp_path / "r.csv"
    assert report(made, "alarms-daily", "-o", out) == ""
    lines = report(made, "alarms-daily").encode("utf-8").split(b"\r\n")
    assert out.read_bytes().split(b"\r\n")[:-2] == lines[:-2]  # all but "produced"
    assert [p.name for p in tmp_path.iterdir()] == ["r.csv"]
    assert out.stat().st_mode & 0o111 == 0
    before = out.read_bytes()
    said = run("--store", made, "report", "alarms-daily", "--day", "soon", "-o", out, code=2)
    assert "soon" in said
    assert out.read_bytes() == before and len(list(tmp_path.iterdir())) == 1
    run("--store", made, "report", "alarms-daily", "-o", tmp_path / "no" / "r.csv", code=1)


@pytest.mark.parametrize("words", [("report", "alarms-daily"), ("export", "log"), ("export", "readings")])
def test_an_output_file_never_follows_a_link_that_lies_there(made, tmp_path, words):
    other = tmp_path / "other"
    other.write_text("of somebody else", encoding="utf-8")
    out = tmp_path / "r.csv"
    for name in (out, tmp_path / "r.csv.part"):
        name.symlink_to(other)
    run("--store", made, *words, "-o", out)
    assert other.read_text(encoding="utf-8") == "of somebody else"
    assert out.is_file() and not out.is_symlink() and out.stat().st_size > 100
    assert sorted(p.name for p in tmp_path.iterdir()) == ["other", "r.csv", "r.csv.part"]


@pytest.mark.parametrize("words, parts", [
    (["report", "alarms"], ["alarms", "allowed: alarms-daily, alarms-weekly, alarms-monthly, alarms-yearly, pressure-daily"]),
    (["report", "alarms-daily", "--format", "docx"], ["docx", "allowed: csv, json, html, pdf, xlsx"]),
    (["report", "alarms-daily", "--lang", "fr"], ["fr", "allowed: zh, en"]),
    (["report", "alarms-daily", "--day", "2026-02-30"], ["2026-02-30"]),
    (["log", "--limit", "0"], ["--limit", "0", "from 1 to"]),
    (["log", "--after", "x"], ["--after", "x", "whole number"]),
    (["log", "--class", "smoke"], ["smoke", "allowed: fire,"]),
    (["log", "more"], ["more"]),
    (["log", "--day", "today"], ["--day", "does not belong"]),
    (["reports"], ["reports", "allowed: report, deliver, log"]),
    (["user", "remove"], ["user remove", "user add"]),
    ([], ["allowed: report"]),
    (["--colour"], ["colour"]),
])
def test_wrong_command_lines_are_refused_with_what_is_allowed(made, words, parts):
    said = run("--store", made, *words, code=2)
    for part in parts:
        assert part in said, said


def test_log_pages_through_everything_once(made):
    total = 8 + 2 * DOORS
    lines = run("--store", made, "--json", "log", "--after", "0", "--limit", "100000")
    events = [json.loads(line) for line in lines.splitlines()]
    assert [e["seq"] for e in events][:total] == list(range(1, total + 1))
    fire = events[1]
    assert (fire["kind"], fire["point"], fire["class"], fire["code"]) == (
        "alarm.onset", "d1", "fire", "fire/smoke")
    assert fire["time"] == "2026-11-20T00:01:00.000Z" and fire["place"]["zh"] == "五层走廊"
    assert len(fire["hash"]) == 64
    some = run("--store", made, "--json", "log", "--after", "10", "--limit", "5")
    assert [json.loads(x)["seq"] for x in some.splitlines()] == [11, 12, 13, 14, 15]


def test_log_without_after_is_the_last_ones(made):
    last = [json.loads(x)["seq"] for x in
            run("--store", made, "--json", "log", "--limit", "4").splitlines()]
    everything = run("--store", made, "--json", "log", "--after", "0", "--limit", "100000")
    assert last == [json.loads(x)["seq"] for x in everything.splitlines()][-4:]
    fires = [json.loads(x) for x in run(
        "--store", made, "--json", "log", "--class", "fire", "--limit", "2").splitlines()]
    assert [e["class"] for e in fires] == ["fire", "fire"]
    assert fires[-1]["point"] == "d2"
    doors = [json.loads(x)["seq"] for x in run(
        "--store", made, "--json", "log", "--point", "door-1", "--limit", "3").splitlines()]
    assert len(doors) == 3 and doors[2] - doors[0] == 2


def test_log_lines_are_in_local_time_and_language(made):
    zh = run("--store", made, "log", "--after", "1", "--limit", "1")
    assert "2026-11-20 08:01:00+0800" in zh and "火警" in zh and "五层走廊" in zh
    en = run("--store", made, "log", "--after", "1", "--limit", "1", "--lang", "en")
    assert "Fire" in en and "=Corridor, floor 5" in en


def test_status(made):
    s = json.loads(run("--store", made, "--json", "status"))
    assert s["events"] == s["last_seq"] >= 8 + 2 * DOORS and s["minutes"] == 3
    text = run("--store", made, "status")
    assert "tower-a" in text and f"events: {s['events']}" in text


def test_i4_verify_finds_a_changed_row(own):
    said = run("--store", own, "verify")
    assert said.startswith("ok: ") and len(said.split("head ")[1].strip()) == 64
    run("verify", own / "journal.db")
    db = sqlite3.connect(own / "journal.db")
    db.execute("DROP TRIGGER event_no_update")
    db.execute("UPDATE event SET actor = 'li' WHERE seq = 3")
    db.commit()
    db.close()
    said = run("--store", own, "verify", code=1)
    assert "3" in said, said
    bad = json.loads(run("--store", own, "--json", "verify", code=1))
    assert bad["ok"] is False and bad["first_bad_seq"] in (0, 3)


def test_files_that_are_not_there(tmp_path):
    for words in (["status"], ["log"], ["verify"], ["user", "list"],
                  ["report", "alarms-daily"]):
        said = run("--store", tmp_path / "none", *words, code=1)
        assert str(tmp_path / "none") in said


def test_state_directory_comes_from_the_environment(own):
    run("status", env={"STATE_DIRECTORY": str(own)})
    run("--state", own, "status", env={"STATE_DIRECTORY": "/nonexistent"})


def add(store, *words, pin="4711", code=0):
    return run("--store", store, "user", "add", *words, "--pin-stdin",
               stdin=f"{pin}\n".encode("ascii"), code=code)


WANG = ["wang", "--name-zh", "王伟", "--name-en", "Wang Wei", "--role", "operator"]


def people(store):
    return {p["user"]: p for p in json.loads(run("--store", store, "--json", "user", "list"))}


def test_user_add_and_change(own):
    add(own, *WANG)
    assert people(own)["wang"] == {"user": "wang", "name": {"zh": "王伟", "en": "Wang Wei"},
                                   "role": "operator", "enabled": True}
    db = sqlite3.connect(own / "journal.db")
    first = db.execute("SELECT pin_hash FROM person").fetchone()[0]
    assert first.startswith("$argon2id$v=19$m=19456,t=3,p=1$")
    run("--store", own, "user", "add", "wang", "--role", "leader")
    assert people(own)["wang"]["role"] == "leader"
    assert db.execute("SELECT pin_hash FROM person").fetchone()[0] == first
    add(own, "wang", pin="123456789012")
    assert db.execute("SELECT pin_hash FROM person").fetchone()[0] != first
    kinds = [json.loads(x)["kind"] for x in
             run("--store", own, "--json", "log", "--limit", "3").splitlines()]
    assert kinds == ["user.change"] * 3
    run("--store", own, "verify")
    assert "wang" in run("--store", own, "user", "list")
    db.close()


@pytest.mark.parametrize("pin", ["", "123", "1234567890123", "12a4", "12 34", "１２３４"])
def test_a_pin_that_is_none_is_refused_and_never_printed(own, pin):
    said = run("--store", own, "user", "add", *WANG, "--pin-stdin",
               stdin=(pin + "\n").encode("utf-8"), code=2)
    assert "4 to 12 digits" in said
    assert not pin or pin not in said
    assert not people(own)


@pytest.mark.parametrize("words, part", [
    (["bad name", *WANG[1:]], "bad name"),
    (["x" * 32, *WANG[1:]], "1 to 31"),
    (["wang", *WANG[1:5], "--role", "chief"], "operator, leader, manager, integrator"),
    (["wang", "--name-zh", "王", "--role", "operator"], "name-en is missing"),
    (["wang", "--name-zh", "王\n伟", *WANG[3:]], "name-zh"),
    (["wang", "li", *WANG[1:]], "one log-in name"),
])
def test_people_that_are_none_are_refused(own, words, part):
    assert part in add(own, *words, code=2)
    assert not people(own)


def test_a_new_person_needs_a_pin(own):
    assert "PIN is missing" in run("--store", own, "user", "add", *WANG, code=2)


def test_user_import(own, tmp_path):
    file = tmp_path / "people.csv"
    file.write_bytes("\ufeffid,name_zh,name_en,role,pin,enabled\r\n"
                     'wang,王伟,"Wang, Wei",operator,4711,yes\r\n'
                     "\r\n"
                     'li,李,"Li ""the leader""",leader,998877,no\r\n'.encode("utf-8"))
    run("--store", own, "user", "import", file)
    assert people(own)["wang"]["name"]["en"] == "Wang, Wei"
    assert people(own)["li"] == {"user": "li", "name": {"zh": "李", "en": 'Li "the leader"'},
                                 "role": "leader", "enabled": False}
    file.write_text("id,role\nwang,manager\n", encoding="utf-8")
    run("--store", own, "user", "import", file)
    assert people(own)["wang"]["role"] == "manager"


@pytest.mark.parametrize("text, parts", [
    ("id,name_zh,name_en,role,pin\nwang,王,Wang,operator,4711\nli,李,Li,boss,4711\n",
     [":3:", "boss", "nothing was changed"]),
    ("id,name_zh,name_en,role,pin\nwang,王,Wang,operator,47\nli,李,,leader,4711\n",
     [":2:", "4 to 12", ":3:", "name-en is missing"]),
    ("id,name_zh,name_en,role,pin\nwang,王,Wang,operator\n", [":2:", "fields"]),
    ("id,name_zh,name_en,role,pin\nwang,王,Wang,operator,4711\nli,李,Li,leader,4712\n"
     "wang,汪,Wang,operator,4713\n", [":4:", "line 2", "nothing was changed"]),
    ("id,colour\nwang,red\n", [":1:", "colour", "allowed headings"]),
    ("id,id\nwang,li\n", [":1:", "twice"]),
    ("name_zh\n王\n", [":1:", "id"]),
    ('id,role\n"wang,operator\n', ["does not end"]),
    ("", [":1:"]),
])
def test_i12_a_bad_import_changes_nothing(own, tmp_path, text, parts):
    file = tmp_path / "people.csv"
    file.write_text(text, encoding="utf-8")
    said = run("--store", own, "user", "import", file, code=2)
    for part in parts:
        assert part in said, said
    assert not people(own)


def test_an_import_file_that_is_not_text(own, tmp_path):
    file = tmp_path / "people.csv"
    file.write_bytes(b"id\0role\n")
    assert "NUL" in run("--store", own, "user", "import", file, code=2)
    file.write_bytes(b"id,role\n" + b"x,y\n" * 300000)
    assert "1 MiB" in run("--store", own, "user", "import", file, code=2)
    assert "none.csv" in run("--store", own, "user", "import", tmp_path / "none.csv", code=2)


def test_help_and_version_name_everything():
    text = run("--help")
    for word in ("report", "log", "verify", "status", "user add", "user list", "user import",
                 "--store", "--pin-stdin"):
        assert word in text
    assert run("--version").startswith("watchroom ")
