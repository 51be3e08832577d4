# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The journal with the real daemon: its head signed and sent outside, old months leaving
# behind a signed cut. Signatures are checked by OpenSSL, from the words of
# docs/schema.md.
import contextlib
import json
import sqlite3
import stat
import subprocess
import time

import pytest

from field import FIRE, Modbus, panel
from rig import BUILD, ROOT, Daemon, site, until
from webhook_sink import WebhookSink

MONTH_MS = 31 * 24 * 3600 * 1000


def cell(kind, value):
    return bytes([kind]) + len(value).to_bytes(4, "big") + value


def number(n):
    return cell(1, n.to_bytes(8, "big", signed=True))


def signed_bytes(word, cells):
    """The canonical bytes: version, the word that says what it is, the cells."""
    return b"\x01" + cell(3, word) + b"".join(
        number(c) if isinstance(c, int) else cell(4, c) for c in cells)


def is_signed(folder, message, public_key, signature):
    """What OpenSSL says of an Ed25519 signature."""
    der = bytes.fromhex("302a300506032b6570032100") + public_key
    files = {"key.der": der, "message": message, "signature": signature}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    done = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey",
         folder / "key.der", "-rawin", "-in", folder / "message", "-sigfile",
         folder / "signature"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode == 0


@contextlib.contextmanager
def running(tmp_path, **more):
    peer = Modbus()
    with Daemon(tmp_path, site(*panel(peer.port), **more)) as daemon:
        daemon.peer = peer
        yield daemon
    peer.stop()


def verify(daemon, *words, code=0):
    done = daemon.tool("verify", "--json", *words)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_i4_the_head_is_signed_sent_and_on_reports(tmp_path):
    with WebhookSink() as sink:
        more = {"channels": [{"id": "outside", "webhook": f"http://127.0.0.1:{sink.port}/a"}],
                "store": {"anchors": {"channel": "outside"}}}
        with running(tmp_path, **more) as daemon:
            daemon.start()
            until(lambda: sink.received, 20, "the anchor is sent")
            notice = json.loads(sink.received[0]["body"])
            assert notice["ladder"] is None and "alarm" not in notice
            sent = notice["anchor"]
            assert f"event {sent['seq']}, hash {sent['hash']}" in notice["text"]["en"]
            db = daemon.journal()
            epoch, seq, digest, at, key, signature = db.execute(
                "SELECT epoch, seq, hash, time_utc_ms, public_key, signature FROM anchor"
                " ORDER BY n LIMIT 1").fetchone()
            assert (sent["seq"], sent["hash"], sent["public_key"], sent["signature"]) == (
                seq, digest.hex(), key.hex(), signature.hex())
            message = signed_bytes(b"watchroom-anchor", (epoch, seq, digest, at))
            assert is_signed(tmp_path, message, key, signature)
            other = signed_bytes(b"watchroom-anchor", (epoch, seq + 1, digest, at))
            assert not is_signed(tmp_path, other, key, signature)
            assert digest == db.execute(
                "SELECT hash FROM event WHERE seq = ?", (seq,)).fetchone()[0]
            until(lambda: [e for e in daemon.api().events() if e["kind"] == "notice.sent"],
                  20, "the receipt is in the journal")
            db.close()
            csv = daemon.tool("report", "alarms-daily", "--lang", "en").stdout
            assert f"Journal anchor (event - hash - public key),{seq},{digest.hex()[:16]}," \
                   f"{key.hex()[:16]}" in csv
            assert daemon.stop() == 0
            mode = (daemon.state / "journal.key").stat().st_mode
            assert stat.S_IMODE(mode) == 0o600
            assert daemon.tool("verify", "--key").stdout.strip() == key.hex()
            v = verify(daemon, "--trust", key.hex())
            assert (v["ok"], v["anchors"], v["anchor_seq"]) == (True, 1, seq)
            bad = verify(daemon, "--trust", "00" * 32, code=1)
            assert (bad["first_bad_seq"], bad["reason"]) == (seq, "key")
            assert daemon.tool("verify", "--trust", "xyz").returncode == 2
            # Cut short, whoever did it: the anchor knows.
            db = sqlite3.connect(daemon.state / "journal.db")
            db.executescript("DROP TRIGGER event_no_delete; DELETE FROM event WHERE"
                             f" seq >= {seq}; UPDATE event_block SET last_seq = {seq - 1}")
            db.close()
            bad = verify(daemon, code=1)
            assert (bad["first_bad_seq"], bad["reason"]) == (seq, "anchor_ahead")


def make_old(daemon, months):
    """A store that was written months ago by the store itself: a day with 300 doors."""
    daemon.state.mkdir(parents=True)
    begin = int(time.time() * 1000) - months * MONTH_MS
    subprocess.run([BUILD / "tests/unit/make_store", daemon.state, str(begin), "300"],
                   check=True, timeout=120)


def test_i4_old_months_leave_a_signed_cut(tmp_path):
    with running(tmp_path, store={"keep_events": "1mo", "keep_minutes": "1mo"}) as daemon:
        make_old(daemon, 4)
        before = verify(daemon)["events"]
        open_onset = daemon.journal().execute(
            "SELECT min(onset_seq) FROM alarm_open").fetchone()[0]
        daemon.start()
        daemon.peer.holding(0, FIRE)
        cut = until(lambda: [e for e in daemon.api().events() if e["kind"] == "journal.cut"],
                    60, "the old month leaves")[0]["params"]
        assert daemon.stop() == 0
        v = verify(daemon)
        assert v["ok"] and v["cut_seq"] == cut["last_seq"] == cut["events"]
        db = daemon.journal()
        epoch, last, digest, events, lo, hi, at, until_ms, key, signature = db.execute(
            "SELECT epoch, last_seq, hash, events, from_utc_ms, to_utc_ms, time_utc_ms,"
            " before_utc_ms, public_key, signature FROM cut").fetchone()
        message = signed_bytes(b"watchroom-cut",
                               (epoch, last, digest, at, until_ms, events, lo, hi))
        assert is_signed(tmp_path, message, key, signature)
        assert last < before and (open_onset is None or last < open_onset)
        first, previous = db.execute(
            "SELECT seq, prev_hash FROM event ORDER BY seq LIMIT 1").fetchone()
        assert (first, previous) == (last + 1, digest)
        db.close()


# The schema of each release, and of what came before the first. Add a line for a release.
RELEASED = {"before 0.1.0": (1, 1), "0.1.0": (2, 1)}


def step_back(folder, name, version):
    """The rows of a database in a file with the schema of an older version."""
    new, old = folder / name, folder / f"{name}.old"
    db = sqlite3.connect(old)
    for step in range(1, version + 1):
        stem = name.split(".", maxsplit=1)[0]
        db.executescript((ROOT / f"daemon/store/schema/{stem}-{step}.sql").read_text("utf-8"))
    db.execute("ATTACH ? AS new", (str(new),))
    tables = [r[0] for r in db.execute(
        "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name <> 'tally'")]
    for table in tables:
        db.execute(f"INSERT INTO main.{table} SELECT * FROM new.{table}")
    application_id = db.execute("PRAGMA new.application_id").fetchone()[0]
    db.commit()
    db.executescript(f"PRAGMA application_id = {application_id};"
                     f"PRAGMA user_version = {version}; PRAGMA journal_mode = WAL")
    db.close()
    for end in ("-wal", "-shm"):
        (folder / f"{name}{end}").unlink(missing_ok=True)
    old.rename(new)


@pytest.mark.parametrize("release", RELEASED)
def test_files_of_each_release_are_stepped_up(tmp_path, release):
    with running(tmp_path) as daemon:
        make_old(daemon, 1)
        before = verify(daemon)
        for name, version in zip(("journal.db", "readings.db"), RELEASED[release]):
            step_back(daemon.state, name, version)
        assert verify(daemon) == before, "an older file is verified as it lies there"
        assert sqlite3.connect(daemon.state / "journal.db").execute(
            "PRAGMA user_version").fetchone()[0] == RELEASED[release][0], "and stays as it was"
        listed = daemon.tool("blind")
        assert listed.returncode == 1 and "start the daemon once" in listed.stderr
        daemon.start()
        daemon.add_user()
        until(lambda: daemon.journal().execute("SELECT count(*) FROM anchor").fetchone()[0],
              20, "an anchor in the new table")
        assert daemon.stop() == 0
        assert not list(daemon.state.glob("*.corrupt-*")), daemon.log()
        after = verify(daemon)
        assert after["ok"] and after["epoch"] == before["epoch"]
        assert after["events"] > before["events"]
        assert daemon.journal().execute("SELECT hash FROM event WHERE seq = ?",
                                        (before["events"],)).fetchone()[0].hex() \
            == before["head"]
        assert daemon.readings().execute("SELECT count(*) FROM v_reading_minute").fetchone()[0]
