# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Backup, restore and export beside the real daemon, under load.
import csv
import hashlib
import io
import json
import pathlib
import random
import sqlite3
import subprocess
import tarfile
import threading

import pytest

from field import FIRE, NORMAL, Modbus, panel
from old_schema import BACK_TO_4
from rig import BUILD, Daemon, site, until


@pytest.fixture(name="busy")
def fixture_busy(tmp_path):
    """A daemon whose panel changes all the time."""
    peer, stopping = Modbus(), threading.Event()

    def play():
        while not stopping.wait(0.01):
            peer.holding(0, random.choice((FIRE, NORMAL)))
    thread = threading.Thread(target=play, daemon=True)
    with Daemon(tmp_path / "d", site(*panel(peer.port))) as daemon:
        daemon.start()
        daemon.add_user()
        thread.start()
        yield daemon
        stopping.set()
        thread.join(10)
    peer.stop()


def backup(daemon, folder, *words):
    folder.mkdir(exist_ok=True)
    done = daemon.tool(*(words or ("backup",)), str(folder), "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def acknowledged(daemon):
    """Occurrences whose acknowledgement the API confirmed."""
    api, confirmed = daemon.api().login(), []

    def one():
        for alarm in api.alarms():
            status, answer = api.acknowledge(alarm["occurrence"])
            if status == 200 and answer["durable"]:
                confirmed.append(alarm["occurrence"])
        return confirmed
    until(one, 20, "an acknowledgement")
    return confirmed


def test_backup_under_load_then_restore(busy, tmp_path):
    confirmed = acknowledged(busy)
    made = backup(busy, tmp_path / "b")
    until(lambda: busy.api().metric("store_waiting") >= 0
          and len(busy.api().events()) > made["last_seq"] + 5, 30, "more events")
    # Not while the daemon runs.
    done = busy.tool("restore", made["folder"])
    assert done.returncode == 1 and "in use by process" in done.stderr
    assert busy.stop() == 0
    copy = f"{made['folder']}/journal.db"
    assert json.loads(busy.tool("verify", copy, "--json").stdout)["ok"]
    db = sqlite3.connect(f"file:{copy}?mode=ro", uri=True)
    for occurrence in confirmed:
        assert db.execute(
            "SELECT count(*) FROM event WHERE occurrence_id = ? AND"
            " kind = 'alarm.acknowledge'", (occurrence,)).fetchone()[0] >= 1
    db.close()
    done = busy.tool("restore", made["folder"], "--json")
    assert done.returncode == 0, done.stderr
    restored = json.loads(done.stdout)
    assert restored["last_seq"] == made["last_seq"]
    assert restored["seq"] == made["last_seq"] + 1
    assert restored["epoch"] != made["epoch"]
    assert (busy.state / restored["aside"]).exists()
    assert json.loads(busy.tool(
        "verify", str(busy.state / restored["aside"]), "--json").stdout)["ok"]
    busy.verify()
    busy.start()
    events = busy.api().events()
    said = [e for e in events if e["kind"] == "journal.restore"][0]
    assert said["params"]["epoch"] == made["epoch"]
    assert said["params"]["from_utc_ms"] < said["params"]["to_utc_ms"]
    down = [e for e in events if e["kind"] == "daemon.down"][-1]
    assert down["params"]["from_utc_ms"] <= said["params"]["to_utc_ms"]
    busy.api().login()  # who could log in still can
    assert busy.stop() == 0
    busy.verify()


def test_a_backup_that_is_not_sound_is_refused(busy, tmp_path):
    made = backup(busy, tmp_path / "b")
    assert busy.stop() == 0
    db = sqlite3.connect(f"{made['folder']}/journal.db")
    db.executescript("DROP TRIGGER event_no_update;"
                     "UPDATE event SET actor = 'x' WHERE seq = 2")
    db.close()
    before = json.loads(busy.tool("verify", "--json").stdout)
    done = busy.tool("restore", made["folder"])
    assert done.returncode == 1 and "row 2, hash" in done.stderr
    assert json.loads(busy.tool("verify", "--json").stdout) == before
    assert not list(busy.state.glob("*.part")) and not list(busy.state.glob("*.replaced-*"))


def restored_over(daemon, made):
    done = daemon.tool("restore", made["folder"], "--json")
    assert done.returncode == 0, done.stderr
    daemon.verify()
    daemon.start()
    assert [e for e in daemon.api().events() if e["kind"] == "journal.restore"]
    assert daemon.stop() == 0
    daemon.verify()
    return daemon.state / json.loads(done.stdout)["aside"]


def test_a_backup_replaces_a_damaged_journal_which_keeps_its_bytes(busy, tmp_path):
    made = backup(busy, tmp_path / "b")
    assert busy.stop() == 0
    journal = busy.state / "journal.db"
    junk = b"\xa5" * journal.stat().st_size
    journal.write_bytes(junk)
    assert restored_over(busy, made).read_bytes() == junk


def test_a_backup_replaces_a_journal_with_a_damaged_log_which_goes_with_it(busy, tmp_path):
    made = backup(busy, tmp_path / "b")
    until(lambda: len(busy.api().events()) > made["last_seq"] + 20, 30, "more events")
    busy.kill()
    log = busy.state / "journal.db-wal"
    data = bytearray(log.read_bytes())
    data[32 + 24 + 100] ^= 0x40     # in the page of the first frame: no commit is read
    log.write_bytes(data)
    aside = restored_over(busy, made)
    assert aside.with_name(f"{aside.name}-wal").read_bytes() == data


def hash_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make_older(folder, script=BACK_TO_4):
    db = sqlite3.connect(folder / "journal.db")
    db.executescript(script)
    db.close()
    return hash_of(folder / "journal.db")


def test_a_backup_of_before_an_upgrade_is_verified_and_restored(busy, tmp_path):
    """Last week's backup, of a program whose journal had the version before."""
    until(lambda: len(busy.api().events()) > 20, 10)
    kept = acknowledged(busy)
    made = pathlib.Path(backup(busy, tmp_path / "copies")["folder"])
    before = make_older(made)
    said = json.loads(busy.tool("verify", "--json", str(made / "journal.db")).stdout)
    assert said["ok"] and hash_of(made / "journal.db") == before, "it was only read"
    assert busy.stop() == 0
    done = busy.tool("restore", str(made), "--json")
    assert done.returncode == 0, done.stderr
    assert hash_of(made / "journal.db") == before
    busy.verify()
    busy.start()
    assert {e["kind"] for e in busy.api().events()} >= {"journal.restore", "alarm.acknowledge"}
    db = busy.journal()
    for occurrence in kept:
        assert db.execute("SELECT count(*) FROM event WHERE occurrence_id = ? AND kind = 'alarm.acknowledge'",
                          (occurrence,)).fetchone()[0] == 1
    assert db.execute("PRAGMA user_version").fetchone()[0] == 5
    db.close()


def test_an_older_backup_that_is_changed_and_a_newer_one_are_refused(busy, tmp_path):
    until(lambda: len(busy.api().events()) > 20, 10)
    made = pathlib.Path(backup(busy, tmp_path / "copies")["folder"])
    make_older(made, BACK_TO_4 + "DROP TRIGGER event_no_update; UPDATE event SET point = 'd9' WHERE seq = 7;")
    said = json.loads(busy.tool("verify", "--json", str(made / "journal.db")).stdout)
    assert not said["ok"] and said["first_bad_seq"] == 7
    assert busy.stop() == 0
    refused = busy.tool("restore", str(made))
    assert refused.returncode == 1 and "row 7" in refused.stderr
    make_older(made, "PRAGMA user_version = 6;")
    refused = busy.tool("restore", str(made))
    assert refused.returncode == 1 and "newer program" in refused.stderr
    busy.verify()


def test_a_name_that_is_taken_or_a_full_folder_leaves_nothing(busy, tmp_path):
    done = busy.tool("backup", str(tmp_path / "absent"))
    assert done.returncode == 1 and "absent" in done.stderr
    assert busy.tool("backup").returncode == 2


def test_snapshot_for_others(busy, tmp_path):
    """The example of docs/schema.md: a table from a documented view, and no PIN in it."""
    until(lambda: [e for e in busy.api().events(**{"class": "fire"})
                   if e["kind"] == "alarm.onset"], 20, "a fire")
    made = backup(busy, tmp_path / "b", "export", "db")
    db = sqlite3.connect(f"file:{made['folder']}/journal.db?mode=ro", uri=True)
    rows = db.execute("SELECT day, class, sum(onsets) FROM v_alarm_daily"
                      " GROUP BY day, class").fetchall()
    assert any(r[1] == "fire" and r[2] > 0 for r in rows)
    assert db.execute("SELECT count(*) FROM v_event").fetchone()[0] == made["events"]
    assert [r[0] for r in db.execute("SELECT pin_hash FROM person")] == [""]
    db.close()
    with open(f"{made['folder']}/journal.db", "rb") as f:
        assert b"$argon2" not in f.read()


def test_export_of_the_whole_log(busy, tmp_path):
    until(lambda: len(busy.api().events()) > 60, 30, "some events")
    assert busy.stop() == 0
    file = tmp_path / "log.csv"
    done = busy.tool("export", "log", "-o", str(file))
    assert done.returncode == 0, done.stderr
    data = file.read_bytes()
    assert data.startswith(b"\xef\xbb\xbfseq,time,kind,")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    lines = [json.loads(x) for x in busy.tool(
        "export", "log", "--format", "jsonl").stdout.splitlines()]
    seqs = [int(r["seq"]) for r in rows]
    assert seqs == [x["seq"] for x in lines] == list(range(1, len(seqs) + 1))
    assert [r["hash"] for r in rows] == [x["hash"] for x in lines]
    assert all(not f.startswith(("=", "+", "@")) for r in rows for f in r.values())
    middle = lines[len(lines) // 2]["time"][:19] + "Z"
    later = [json.loads(x) for x in busy.tool(
        "export", "log", "--format", "jsonl", "--from", middle).stdout.splitlines()]
    assert 0 < len(later) < len(lines)
    assert all(x["time"] >= middle[:19] for x in later)
    assert busy.tool("export", "log", "--from", "yesterday").returncode == 2
    assert busy.tool("export", "log", "--format", "xml").returncode == 2


HOSTILE = ['=HYPERLINK("http://x","y")', "+1,2", "-1", "@sum", "say \"hi\", twice", "two\nlines"]


def test_what_people_wrote_is_no_formula_in_the_log(busy, tmp_path):
    """In CSV set off by an apostrophe, and one field; in JSON lines as it was."""
    api = busy.api().login()
    moment = api.state()["time"]
    for text in HOSTILE:
        status, _, data = api.call("POST", "/api/v1/missed", {
            "place": text, "happened": moment, "found": "a test"})
        assert status == (400 if "\n" in text else 200), data
    assert busy.stop() == 0
    kept = [x for x in HOSTILE if "\n" not in x]
    rows = list(csv.DictReader(io.StringIO(busy.tool("export", "log").stdout.lstrip("\ufeff"),
                                           newline="")))
    lines = [json.loads(x) for x in busy.tool(
        "export", "log", "--format", "jsonl").stdout.splitlines()]
    told = [r["place_zh"] for r in rows if r["kind"] == "alarm.missed"]
    assert told == [f"'{x}" if x[0] in "=+-@" else x for x in kept]
    assert [x["place"]["zh"] for x in lines if x["kind"] == "alarm.missed"] == kept
    assert all(None not in r and len(r) == len(rows[0]) for r in rows)


EVENT_FILES = ["alarms.csv", "faults.csv", "isolations.csv", "duty.csv", "actions.csv", "other.csv"]


def inspection(daemon, file, *words):
    """What is in the archive, and its files in order."""
    done = daemon.tool("export", "inspection", "-o", str(file), "--json", *words)
    assert done.returncode == 0, done.stderr
    with tarfile.open(file) as tar:
        return json.loads(done.stdout), {m.name: tar.extractfile(m).read() for m in tar}


def rows_of(data):
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_the_inspector_gets_everything_in_one_archive(busy, tmp_path):
    """I13: each event of the span is in a file, each count and checksum is that of the file."""
    acknowledged(busy)
    signed = "SELECT hash, signature FROM v_anchor ORDER BY n"
    until(lambda: busy.journal().execute(signed).fetchall(), 30, "an anchor")
    anchors = busy.journal().execute(signed).fetchall()
    told, files = inspection(busy, tmp_path / "beside.tar")  # while the daemon writes
    assert told["events"] == json.loads(files["manifest.json"])["events"] > 0
    assert busy.stop() == 0
    before = [p.read_bytes() for p in sorted(busy.state.glob("*.db"))]
    told, files = inspection(busy, tmp_path / "all.tar")
    assert [p.read_bytes() for p in sorted(busy.state.glob("*.db"))] == before
    assert list(files) == EVENT_FILES + ["anchors.csv", "manifest.json", "SHA256SUMS"]
    sums = dict(reversed(x.split("  ")) for x in files["SHA256SUMS"].decode().splitlines())
    assert sums == {n: hashlib.sha256(d).hexdigest() for n, d in files.items() if n != "SHA256SUMS"}
    manifest = json.loads(files["manifest.json"])
    for entry in manifest["files"]:
        data = files[entry["name"]]
        assert (entry["rows"], entry["bytes"], entry["sha256"]) == (
            len(rows_of(data)), len(data), sums[entry["name"]])
        assert told["rows"][entry["name"]] == entry["rows"]
    log = rows_of(busy.tool("export", "log").stdout.encode())
    parts = {n: rows_of(files[n]) for n in EVENT_FILES}
    assert sorted({int(r["seq"]) for p in parts.values() for r in p}) == [int(r["seq"]) for r in log]
    assert manifest["events"] == len(log) and manifest["last_seq"] == int(log[-1]["seq"])
    assert {r["class"] for r in parts["alarms.csv"] if r["kind"] == "alarm.onset"} >= {"fire"}
    people = {r["actor"] for r in log if r["kind"] == "alarm.acknowledge"}
    assert people and people <= {r["actor"] for r in parts["actions.csv"]}
    assert all(not r["actor"].startswith("panel:") for r in parts["actions.csv"])
    assert [(r["hash"], r["signature"]) for r in rows_of(files["anchors.csv"])] == anchors


def test_an_inspection_of_a_span_and_what_is_refused(busy, tmp_path):
    acknowledged(busy)
    assert busy.stop() == 0
    _, files = inspection(busy, tmp_path / "none.tar", "--from", "2020-01-01", "--to", "2020-02-01")
    assert all(rows_of(files[n]) == [] for n in EVENT_FILES)  # the headings stand
    assert json.loads(files["manifest.json"])["events"] == 0
    for words, found in [((), "-o: found nothing"),
                         (("-o", "x.tar", "--from", "soon"), "soon"),
                         (("-o", "x.tar", "--from", "2026-02-01", "--to", "2026-01-01"), "2026-02-01"),
                         (("-o", "x.tar", "more"), "more")]:
        done = busy.tool("export", "inspection", *words)
        assert done.returncode == 2 and found in done.stderr, done.stderr
    done = busy.tool("export", "inspection", "-o", "/dev/full/x.tar")
    assert done.returncode == 1 and "/dev/full/x.tar" in done.stderr
    assert sorted(p.name for p in tmp_path.glob("*.tar*")) == ["none.tar"]


def test_no_half_archive_where_the_disk_is_full(busy, tmp_path):
    until(lambda: busy.journal().execute("SELECT max(seq) FROM event").fetchone()[0] > 130, 60,
          "more than fits")
    assert busy.stop() == 0
    whole = tmp_path / "whole.tar"
    inspection(busy, whole)
    assert whole.stat().st_size > 40 * 1024
    done = subprocess.run(  # as a full disk: a write fails in the middle
        ["bash", "-c", "trap '' XFSZ; ulimit -f 40; exec \"$@\"", "-", str(BUILD / "cli/watchroom"),
         "--store", str(busy.state), "export", "inspection", "-o", str(tmp_path / "half.tar")],
        capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1 and "half.tar: File too large" in done.stderr, done.stderr
    assert [p.name for p in tmp_path.glob("*.tar*")] == ["whole.tar"]
