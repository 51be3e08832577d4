# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# kill -9 at named points: before and after the calls that make a commit, the sending of a
# notice, an anchor, a retention, a backup and a change of names are each interrupted. At
# any of them nothing confirmed is lost, the chain holds, every notice goes out, and what
# goes out twice is marked (I3, I4, I5, I11).
import json
import shutil
import subprocess
import time

import pytest

from aftermath import check_notices
from fault import Fault
from field import FIRE, NORMAL, Modbus, panel
from rig import BUILD, Daemon, site, until
from webhook_sink import WebhookSink

# What is interrupted, by the call that does it.
POINTS = [
    ("the log is written", "write", "journal.db-wal"),
    ("the log is synced: the commit", "sync", "journal.db-wal"),
    ("the file is written: a checkpoint", "write", "journal.db"),
    ("readings are synced", "sync", "readings.db-wal"),
    ("a notice is sent", "send", "socket"),
]


def told_site(sink, peer):
    return site(*panel(peer.port), **{
        "channels": [{"id": "duty", "timeout": "30s",
                      "webhook": f"http://127.0.0.1:{sink.port}/duty"}],
        "ladders": [{"id": "l", "classes": ["fire"],
                     "steps": [{"after": "0s", "channels": ["duty"]}]}]})


# Of a call that comes now and then, not with each alarm, a few seconds are played.
SELDOM = {"readings.db-wal", "journal.db"}
TURN_S = 0.3  # longer than the panel is polled


def answer_all(api):
    """Acknowledges what is open; what was confirmed."""
    confirmed = set()
    for alarm in api.alarms():
        if alarm["state"] in ("unacknowledged", "returned"):
            status, answer = api.acknowledge(alarm["occurrence"])
            if status == 200 and answer["durable"]:
                confirmed.add(alarm["occurrence"])
    return confirmed


def play(daemon, peer, ends, seconds):
    """Fires come and go and are acknowledged until the daemon ends or the time is over;
    returns what was confirmed."""
    confirmed, turn, over = set(), 0, time.monotonic() + seconds
    try:
        api = daemon.api().login()
        while not ends() and time.monotonic() < over:
            peer.holding(turn % 2, FIRE if turn % 4 < 2 else NORMAL)
            turn += 1
            next_turn = time.monotonic() + TURN_S
            while not ends() and time.monotonic() < next_turn:
                confirmed |= answer_all(api)
                time.sleep(0.02)
    except (OSError, KeyError, json.JSONDecodeError, AssertionError):
        if not ends(wait=True):
            raise
    return confirmed


@pytest.mark.parametrize("act", ["kill-before", "kill-after"])
@pytest.mark.parametrize(("op", "path"), [p[1:] for p in POINTS], ids=[p[0] for p in POINTS])
def test_i3_i4_i5_i11_killed_at(tmp_path, op, path, act):
    peer = Modbus()
    fault = Fault(tmp_path / "fault")
    with WebhookSink() as sink, \
            Daemon(tmp_path / "d", told_site(sink, peer), env=fault.env) as daemon:
        daemon.start()
        daemon.add_user()
        confirmed, killed = set(), 0

        def ended(wait=False):
            if wait:
                try:
                    daemon.process.wait(10)
                except subprocess.TimeoutExpired:
                    return False
            return daemon.process.poll() is not None
        for at in (1, 2, 7):
            until(lambda: daemon.api().metric("store_waiting") == 0, 10)
            fault.order(op, act, path, at=at)
            confirmed |= play(daemon, peer, ended, 3 if path in SELDOM else 20)
            killed += ended()
            fault.clear()
            if not ended():
                daemon.kill()
            daemon.verify()
            db = daemon.journal()
            for occurrence in confirmed:
                rows, = db.execute(
                    "SELECT count(*) FROM event WHERE occurrence_id = ? AND"
                    " kind = 'alarm.acknowledge'", (occurrence,)).fetchone()
                assert rows == 1, f"a confirmed acknowledge of {occurrence} is gone (I3)"
            db.close()
            daemon.start()
        if path not in SELDOM:
            assert killed == 3, f"killed {killed} times at {op} {path}"
        time.sleep(2)  # what is found at the first look is told too
        until(lambda: daemon.api().state()["health"]["notices_owed"] == 0, 60)
        assert daemon.stop() == 0
        daemon.verify()
        assert check_notices(daemon.state, sink.bodies()) <= 3
    peer.stop()


def test_i4_a_backup_killed_at_each_step(tmp_path):
    """At each of its calls in turn: never half a backup under a final name, and what a
    killed one left behind is gone with the next."""
    peer = Modbus()
    fault = Fault(tmp_path / "fault")
    target = tmp_path / "b"
    target.mkdir()
    with Daemon(tmp_path / "d", site(*panel(peer.port)), env=fault.env) as daemon:
        daemon.start()
        assert daemon.stop() == 0
        killed = 0
        for op, steps in (("write", (1, 2, 9)), ("sync", range(1, 20)),
                          ("rename", (1,)), ("unlink", range(1, 9))):
            for at in steps:
                fault.order(op, "kill-before", target.name + "/", at=at)
                done = daemon.tool("backup", str(target))
                killed += done.returncode == -9
                for folder in target.glob("watchroom-*Z"):
                    verified = subprocess.run(
                        [BUILD / "cli/watchroom", "verify", folder / "journal.db"],
                        capture_output=True, text=True, check=False)
                    assert verified.returncode == 0, verified.stdout
                    shutil.rmtree(folder)
                if done.returncode == 0:
                    break
        fault.clear()
        assert killed >= 5, killed
        assert daemon.tool("backup", str(target)).returncode == 0
        assert [p.name[:10] for p in target.iterdir()] == ["watchroom-"]
        daemon.verify()
    peer.stop()


def test_i11_a_change_of_names_killed_at_each_step(tmp_path):
    """A damaged journal is set aside; killed at each call that changes a name or syncs:
    the next start has all that was open."""
    peer = Modbus()
    fault = Fault(tmp_path / "fault")
    with Daemon(tmp_path / "d", site(*panel(peer.port)), env=fault.env) as daemon:
        daemon.start()
        daemon.add_user()
        peer.holding(0, FIRE)
        fire = until(lambda: (a := daemon.api().alarm("d1")) and a["seq"] and a, 10)
        assert daemon.stop() == 0
        db = daemon.journal()
        root, = db.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'event_point'").fetchone()
        db.close()
        with open(daemon.state / "journal.db", "r+b") as f:
            f.seek((root - 1) * 4096)
            f.write(b"\xa5" * 4096)
        keep = tmp_path / "keep"
        shutil.copytree(daemon.state, keep)
        killed = 0
        for at in range(1, 12):
            for op in ("rename", "sync", "unlink"):
                shutil.rmtree(daemon.state)
                shutil.copytree(keep, daemon.state)
                fault.order(op, "kill-before", "journal.db", at=at)
                before = daemon.launch()
                until(lambda: daemon.process.poll() is not None
                      or "watching " in daemon.log()[before:], 20)
                killed += daemon.process.poll() == -9
                fault.clear()
                daemon.kill()
                daemon.start()
                alarm = daemon.api().alarm("d1")
                assert alarm and alarm["occurrence"] == fire["occurrence"], (op, at)
                daemon.kill()
                daemon.verify()
        assert killed >= 4, killed
    peer.stop()
