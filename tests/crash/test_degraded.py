# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The degraded ladder, each step for real: a disk that answers with an error, one that does
# not answer at all, a file that is damaged. Each is a named mode in the state, in /healthz
# and as the code of @store's alarm; fires go on (I2); what had to wait is written when it
# can be, and marked late. Full, read-only and locked: test_disk_full.py.
import time

import pytest

from fault import Fault
from field import FIRE, Modbus, panel
from rig import Daemon, site, until


def mode(api, name):
    state = api.state()["health"]["store"]
    return state == name and api.json("GET", "/healthz")["store"] == name and state


@pytest.mark.parametrize(("act", "error", "name"), [
    ("fail", "EIO", "io_error"), ("fail", "ENOSPC", "full"), ("fail", "EROFS", "read_only"),
    ("hang", "EIO", "writer_lost")])
def test_i2_i3_i9_a_disk_that_fails(tmp_path, act, error, name):
    peer = Modbus()
    fault = Fault(tmp_path / "fault")
    with Daemon(tmp_path / "d", site(*panel(peer.port)), env=fault.env) as daemon:
        daemon.start()
        daemon.add_user()
        api = daemon.api().login()
        until(lambda: api.metric("store_waiting") == 0, 10)
        fault.order("sync" if act == "hang" else "any", act, "journal.db", error=error)
        peer.holding(0, FIRE)
        alarm = until(lambda: api.alarm("d1"), 3, "the fire is shown (I2)")
        assert alarm["seq"] is None and alarm["sounds"]
        until(lambda: mode(api, name), 30, f"the mode {name}")
        assert name in [a["code"] for a in api.alarms() if a["point"] == "@store"]
        assert "store" in api.json("GET", "/healthz")["modes"]
        status, answer = api.acknowledge(alarm["occurrence"])
        assert (status, answer["durable"]) == (202, False)
        assert api.alarm("d1")["state"] == "acknowledged"
        peer.holding(1, FIRE)
        until(lambda: api.alarm("d2"), 3, "and the next fire comes as well")

        time.sleep(1.2)
        fault.clear()
        until(lambda: mode(api, "ok"), 30, "it heals by itself")
        until(lambda: api.alarm("d2")["seq"], 10, "and everything is written")
        events = api.events(point="d1")
        assert events[-1]["kind"] == "alarm.acknowledge"
        assert events[-1]["params"]["late_ms"] >= 1000, "marked late"
        onsets = [e["occurrence"] for e in api.events() if e["kind"] == "alarm.onset"]
        assert len(onsets) == len(set(onsets)), "a commit that failed is not written twice"
        assert daemon.stop() == 0
        daemon.verify()
    peer.stop()


def test_i2_i3_i9_a_disk_that_is_slow(tmp_path):
    """Each sync of the journal takes 1.5 s: it is named where it is asked for, an alarm says so,
    fires and acknowledgements are as quick as ever, and what is confirmed was synced."""
    peer = Modbus()
    fault = Fault(tmp_path / "fault")
    with Daemon(tmp_path / "d", site(*panel(peer.port)), env=fault.env) as daemon:
        daemon.start()
        daemon.add_user()
        api = daemon.api().login()
        until(lambda: api.metric("store_waiting") == 0, 10)
        assert "store" not in api.json("GET", "/healthz")["modes"]
        fault.order("sync", "slow", "journal.db", ms=1500)
        before = time.monotonic()
        peer.holding(0, FIRE)
        alarm = until(lambda: api.alarm("d1"), 3, "the fire is shown (I2)")
        assert alarm["sounds"] and time.monotonic() - before < 1.4, "it did not wait for the disk"
        until(lambda: mode(api, "slow"), 20, "the mode slow")
        health = api.json("GET", "/healthz")
        assert "store" in health["modes"] and health["store"] == "slow"
        loud = until(lambda: api.alarm("@store"), 5, "an alarm says so")
        assert (loud["code"], loud["class"]) == ("slow", "system")
        status, answer = api.acknowledge(alarm["occurrence"])
        assert (status, answer["durable"]) in [(200, True), (202, False)]
        assert api.alarm("d1")["state"] == "acknowledged"
        for n in range(1, 4):
            before = time.monotonic()
            peer.holding(n, FIRE)
            until(lambda n=n: api.alarm(f"d{n + 1}"), 3)
            assert time.monotonic() - before < 1.4
        fault.clear()
        until(lambda: mode(api, "ok"), 40, "it heals by itself")
        until(lambda: api.alarm("@store")["state"] in ("returned", "normal"), 10)
        assert "store" not in api.json("GET", "/healthz")["modes"]
        until(lambda: api.alarm("d4")["seq"], 10)
        events = api.events()
        onsets = [e["occurrence"] for e in events if e["kind"] == "alarm.onset"]
        assert len(onsets) == len(set(onsets))
        assert [e["params"]["to"] for e in events if e["kind"] == "store.mode"] == ["slow", "ok"]
        # Slow is not blind: everything was seen, and written.
        assert not [r for r in api.json("GET", "/api/v1/blind")["rows"] if r["by_ms"]["store"]]
        assert daemon.stop() == 0
        daemon.verify()
    peer.stop()


def test_i2_i11_a_damaged_journal_at_the_start(tmp_path):
    """What was open comes into the new journal, acknowledged by whom it was."""
    peer = Modbus()
    with Daemon(tmp_path, site(*panel(peer.port))) as daemon:
        daemon.start()
        daemon.add_user()
        api = daemon.api().login()
        for register in (0, 1):
            peer.holding(register, FIRE)
        before = until(lambda: (a := api.alarm("d1")) and a["seq"] and api.alarm("d2") and a, 10)
        assert api.acknowledge(before["occurrence"])[0] == 200
        assert daemon.stop() == 0
        db = daemon.journal()
        root, = db.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'event_point'").fetchone()
        db.close()
        with open(daemon.state / "journal.db", "r+b") as f:
            f.seek((root - 1) * 4096)
            f.write(b"\xa5" * 4096)

        api = daemon.start().api()
        alarm = api.alarm("d1")
        assert alarm["occurrence"] == before["occurrence"]
        assert (alarm["state"], alarm["acknowledged_by"]) == ("acknowledged", "wang")
        assert api.alarm("d2")["state"] == "unacknowledged"
        loud = until(lambda: api.alarm("@store"), 10, "a loud alarm")
        assert loud["code"] == "corrupt"
        api.login()
        until(lambda: mode(api, "ok"), 10)
        kinds = [e["kind"] for e in api.events()]
        assert kinds[0] == "journal.carry" and kinds.count("alarm.carry") >= 2
        assert len(list(daemon.state.glob("journal.db.corrupt-*"))) >= 1, "the old file is kept"
        assert api.acknowledge(api.alarm("d2")["occurrence"])[0] == 200
        assert daemon.stop() == 0
        daemon.verify()
    peer.stop()


def test_i9_a_key_that_is_none_is_an_alarm(tmp_path):
    """Without its key the journal is not signed: that is told, and stands until it is
    mended."""
    peer = Modbus()
    with Daemon(tmp_path, site(*panel(peer.port))) as daemon:
        daemon.state.mkdir()
        key = daemon.state / "journal.key"
        key.write_text("this is no key\n", encoding="ascii")
        api = daemon.start().api()
        alarm = until(lambda: api.alarm("@store"), 10, "an alarm says so")
        assert (alarm["code"], alarm["state"]) == ("no-key", "unacknowledged")
        peer.holding(0, FIRE)
        until(lambda: (a := api.alarm("d1")) and a["seq"], 10, "and a fire is a fire")
        assert key.read_text(encoding="ascii") == "this is no key\n", "it is left as it is"
        assert daemon.stop() == 0
        key.unlink()
        api = daemon.start().api()
        until(lambda: api.alarm("@store")["state"] == "returned", 10)
        assert daemon.stop() == 0
    peer.stop()
