# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# kill -9 while the journal is looked after: when its head is signed, when a month leaves it,
# when its schema goes to the next version. At each of these commits the file is as before or
# as after, never in between, and the next start finishes what was begun (I4, I11).
import datetime
import shutil
import sqlite3
import subprocess

import pytest

from fault import Fault
from field import FIRE, Modbus, panel
from old_schema import BACK_TO_4, OF_5
from rig import BUILD, Daemon, site, until

EVENTS = 6000


def ended(daemon, seconds):
    """Whether it was killed within so many seconds."""
    try:
        return daemon.process.wait(seconds) == -9
    except subprocess.TimeoutExpired:
        return False


def one(daemon, sql):
    db = daemon.journal()
    row = db.execute(sql).fetchone()
    db.close()
    return row if len(row) > 1 else row[0]


def quiet_before_the_anchor(daemon):
    """Started, all written, nothing more to come, and the anchor of 2 s after the start not
    made yet. A machine that was too slow for that starts it again."""
    for _ in range(8):
        n = 0 if not (daemon.state / "journal.db").exists() else one(daemon, "SELECT count(*) FROM anchor")
        daemon.start()
        until(lambda: daemon.api().metric("store_waiting") == 0
              and daemon.api().state()["health"]["points_unknown"] == 0, 10)
        if one(daemon, "SELECT count(*) FROM anchor") == n:
            return n
        assert daemon.stop() == 0
    raise AssertionError("eight starts, and each was signed before all was written")


@pytest.mark.parametrize("act", ["kill-before", "kill-after"])
@pytest.mark.parametrize("op", ["write", "sync"])
def test_i4_killed_while_the_head_is_signed(tmp_path, op, act):
    peer = Modbus()
    fault = Fault(tmp_path / "fault")
    with Daemon(tmp_path / "d", site(*panel(peer.port)), env=fault.env) as daemon:
        signed = quiet_before_the_anchor(daemon)
        before = one(daemon, "SELECT max(seq) FROM event")
        fault.order(op, act, "journal.db-wal")
        assert ended(daemon, 10), "killed at the anchor"
        fault.clear()
        daemon.verify()
        assert one(daemon, "SELECT count(*) FROM anchor") in (signed, signed + 1)
        assert one(daemon, "SELECT max(seq) FROM event") >= before
        daemon.start()
        until(lambda: one(daemon, "SELECT count(*) FROM anchor WHERE seq > " + str(before)) >= 1, 10, "it is signed")
        assert daemon.stop() == 0
        daemon.verify()
    peer.stop()


def old_months(state):
    """A journal of three months that ended a while ago."""
    state.mkdir(parents=True)
    end = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=40)
    begin = end - datetime.timedelta(days=92)
    subprocess.run([BUILD / "tests/bench/make_history", state, str(int(begin.timestamp() * 1000)),
                    str(int(end.timestamp() * 1000)), str(EVENTS), "1", "1"], check=True, timeout=120)


@pytest.mark.parametrize(("op", "act", "at"), [
    ("sync", "kill-before", 1), ("sync", "kill-after", 1), ("write", "kill-before", 2), ("sync", "kill-before", 2)])
def test_i4_killed_while_a_month_leaves(tmp_path, op, act, at):
    peer = Modbus()
    fault = Fault(tmp_path / "fault")
    text = site(*panel(peer.port), store={"keep_events": "1mo", "anchors": {"every": "24h"}})
    with Daemon(tmp_path / "d", text, env=fault.env) as daemon:
        old_months(daemon.state)
        all_events = one(daemon, "SELECT count(*) FROM event")
        daemon.start()
        until(lambda: one(daemon, "SELECT count(*) FROM anchor WHERE time_utc_ms > (SELECT max(time_utc_ms) FROM event) - 60000"), 15)
        fault.order(op, act, "journal.db-wal", at=at)
        assert ended(daemon, 30), "killed at the retention"
        fault.clear()

        def account():
            """What stands begins where the cut says, and nothing is missing between."""
            daemon.verify()
            first, last, n = one(daemon, "SELECT min(seq), max(seq), count(*) FROM event")
            cut = one(daemon, "SELECT coalesce(max(last_seq), 0) FROM cut")
            assert first == cut + 1 and n == last - cut
            assert one(daemon, "SELECT coalesce(sum(events), 0) FROM cut") == cut
            assert last >= all_events
            return cut
        cut = account()
        daemon.start()
        until(lambda: one(daemon, "SELECT count(*) FROM event WHERE kind = 'journal.cut'"), 40, "the month has left")
        assert daemon.stop() == 0
        assert account() > cut
    peer.stop()


def version_of(path):
    db = sqlite3.connect(path)
    version, = db.execute("PRAGMA user_version").fetchone()
    tables = {name for name, in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    db.close()
    return version, OF_5 & tables


def test_i11_killed_while_the_schema_goes_to_the_next_version(tmp_path):
    peer = Modbus()
    fault = Fault(tmp_path / "fault")
    with Daemon(tmp_path / "d", site(*panel(peer.port)), env=fault.env) as daemon:
        daemon.start()
        daemon.add_user()
        peer.holding(0, FIRE)
        fire = until(lambda: (a := daemon.api().alarm("d1")) and a["seq"] and a, 10)
        peer.stop()
        until(lambda: daemon.api().alarm("@device/fap1"), 10)
        peer.start()
        until(lambda: [e for e in daemon.api().events() if e["kind"] == "blind" and "to_utc_ms" in e["params"]], 10)
        daemon.kill()
        daemon.start()  # it was down for a while, and says so
        assert daemon.stop() == 0
        events = one(daemon, "SELECT count(*) FROM event")
        db = sqlite3.connect(daemon.state / "journal.db")
        spans = "SELECT point, reason, from_ms, to_ms FROM blind WHERE to_ms IS NOT NULL ORDER BY 1, 2, 3"
        wanted = [r for r in db.execute(spans) if r[1] in ("link", "down")]
        db.executescript(BACK_TO_4)
        db.close()
        assert len(wanted) >= 2
        keep = tmp_path / "keep"
        shutil.copytree(daemon.state, keep)
        killed, seen = 0, set()
        for op in ("write", "sync"):
            for at in (1, 2, 3, 5, 8, 13, 21):
                for act in ("kill-before", "kill-after"):
                    shutil.rmtree(daemon.state)
                    shutil.copytree(keep, daemon.state)
                    fault.order(op, act, "journal.db", at=at)
                    before = daemon.launch()
                    until(lambda b=before: daemon.process.poll() is not None or "watching " in daemon.log()[b:], 20)
                    was = daemon.process.poll() == -9
                    killed += was
                    fault.clear()
                    daemon.kill()
                    version, tables = version_of(daemon.state / "journal.db")
                    assert (version, tables) in [(4, set()), (5, OF_5)], (op, at, act)
                    seen.add(version if was else None)
                    if at not in (1, 3, 8):
                        continue
                    daemon.start()
                    alarm = daemon.api().alarm("d1")
                    assert alarm and alarm["occurrence"] == fire["occurrence"]
                    daemon.kill()
                    daemon.verify()
                    assert one(daemon, "SELECT count(*) FROM event") >= events
                    db = daemon.journal()
                    have = [r for r in db.execute(spans) if r[1] in ("link", "down")]
                    db.close()
                    assert set(wanted) <= set(have), "the spans of before are there, once"
                    assert len(have) == len(set(have))
        assert killed >= 8 and {4, 5} <= seen, (killed, seen)
    peer.stop()
