# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# A full disk (a small tmpfs), a read-only one, a lock held by others: the fire still comes
# to screen, sound and people (I2); what is not durable says so (I3); when the disk is well
# again everything is written, in order.
import json
import sqlite3
import subprocess

import pytest

from field import FIRE, Modbus, panel
from output_module import BEAT, LAMP, LAMP_OUT, SOUNDER, SOUNDER_OUT, Module, tower
from rig import Daemon, site, until
from small_disk import fill, small_disk
from webhook_sink import WebhookSink


def test_i2_i3_fire_on_a_full_disk(tmp_path):
    peer = Modbus()
    with small_disk(tmp_path / "disk") as disk, WebhookSink() as sink:
        more = {
            "channels": [{"id": "duty", "timeout": "2s",
                          "webhook": f"http://127.0.0.1:{sink.port}/duty"}],
            "ladders": [{"id": "l", "classes": ["fire"],
                         "steps": [{"after": "0s", "channels": ["duty"]}]}]}
        with Daemon(disk / "run", site(*panel(peer.port), **more)) as daemon:
            daemon.log_path = tmp_path / "log"
            daemon.start()
            daemon.add_user()
            api = daemon.api().login()
            stream = daemon.stream()
            until(lambda: api.state()["health"]["store_waiting"] == 0, 5)
            filler = fill(disk)

            peer.holding(0, FIRE)
            alarm = until(lambda: api.alarm("d1"), 3, "the fire is shown (I2)")
            assert alarm["sounds"] and api.state()["health"]["sounder"]
            until(lambda: [i for i in stream.of("alarm") if i[3]["point"] == "d1"], 3)
            posts = until(lambda: sink.received, 5, "people are told (I2)")
            body = json.loads(posts[0]["body"])
            until(lambda: api.state()["health"]["store"] == "full", 10)
            assert body["saved"] is False, "the notice says that it is not saved"
            assert api.alarm("d1")["seq"] is None, "the screen says so too"
            assert api.alarm("@store")["class"] == "system"

            status, answer = api.acknowledge(alarm["occurrence"])
            assert (status, answer["durable"]) == (202, False)
            assert api.alarm("d1")["state"] == "acknowledged", "sound and ladder stop"
            peer.holding(1, FIRE)
            until(lambda: api.alarm("d2"), 3, "and the next fire comes as well")

            filler.unlink()
            until(lambda: api.alarm("d2")["seq"], 10, "it is written on heal")
            until(lambda: api.state()["health"]["store"] == "ok", 10)
            acknowledged = [e for e in api.events(point="d1")
                            if e["kind"] == "alarm.acknowledge"]
            assert len(acknowledged) == 1 and acknowledged[0]["actor"] == "wang"
            modes = [e["params"]["to"] for e in api.events() if e["kind"] == "store.mode"]
            assert "full" in modes and modes[-1] == "ok"
            stream.close()
            assert daemon.stop() == 0
            daemon.verify()
    peer.stop()


def test_i2_i9_sounder_lamp_and_heartbeat_on_a_full_disk(tmp_path):
    """A full disk and every channel down: the fire sounds, a silence stops it, and the
    heartbeat beats, for people are still alerted."""
    fap, io = Modbus(), Module()
    beat = {"id": "dead-man", "role": "heartbeat", "device": "io1", "item": "do",
            "number": BEAT, "period": "2s", "allow_write": True}
    dead = {
        "channels": [{"id": "duty", "webhook": "http://127.0.0.1:9/x", "timeout": "1s"}],
        "ladders": [{"id": "l", "classes": ["fire"],
                     "steps": [{"after": "0s", "channels": ["duty"]}]}]}
    with small_disk(tmp_path / "disk") as disk, \
            Daemon(disk / "run", tower(fap, io, [SOUNDER_OUT, LAMP_OUT, beat], **dead)) as daemon:
        daemon.log_path = tmp_path / "log"
        daemon.start()
        api = daemon.api()
        until(lambda: io.written(SOUNDER) and io.written(BEAT), 10)
        until(lambda: api.state()["health"]["store_waiting"] == 0, 5)
        filler = fill(disk)
        fap.holding(0, FIRE)
        until(lambda: io.coil(SOUNDER) and io.coil(LAMP), 3, "sound and light (I2)")
        until(lambda: api.state()["health"]["store"] == "full", 10)
        before = len(io.written(BEAT))
        until(lambda: len(io.written(BEAT)) > before + 4, 20, "the heartbeat goes on")
        assert api.call("POST", "/api/v1/silence", {})[0] == 202
        until(lambda: not io.coil(SOUNDER), 5, "silenced")
        assert io.coil(LAMP)
        filler.unlink()
        until(lambda: api.state()["health"]["store"] == "ok", 10)
        kinds = [e["kind"] for e in api.events(point="@output/siren")]
        assert kinds[:2] == ["output.on", "output.off"], "it is in the journal on heal"
        assert daemon.stop() == 0
        daemon.verify()
    fap.stop()
    io.stop()


def test_i2_journal_locked_by_somebody_else(tmp_path):
    """A foreign program that holds the database's lock delays the journal, not the fire."""
    peer = Modbus()
    with Daemon(tmp_path, site(*panel(peer.port))) as daemon:
        daemon.start()
        api = daemon.api()
        until(lambda: api.state()["health"]["store_waiting"] == 0, 5)
        holder = sqlite3.connect(daemon.state / "journal.db", timeout=5,
                                 isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        peer.holding(0, FIRE)
        until(lambda: api.alarm("d1"), 3, "the fire is shown (I2)")
        until(lambda: api.state()["health"]["store"] != "ok", 10, "the mode says so")
        assert api.alarm("d1")["seq"] is None
        holder.execute("ROLLBACK")
        holder.close()
        until(lambda: api.alarm("d1")["seq"], 10, "it is written when the lock goes")
        assert daemon.stop() == 0
        daemon.verify()
    peer.stop()


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_i2_i3_i11_start_on_a_read_only_disk(tmp_path, end):
    """As a file system that found errors is mounted: what was open is known, people can
    log in and acknowledge, and when it can be written again, it is."""
    peer = Modbus()
    with small_disk(tmp_path / "disk") as disk, \
            Daemon(disk / "run", site(*panel(peer.port))) as daemon:
        daemon.log_path = tmp_path / "log"
        daemon.start()
        daemon.add_user()
        peer.holding(0, FIRE)
        before = until(lambda: (a := daemon.api().alarm("d1")) and a["seq"] and a, 10)
        if end == "stop":
            assert daemon.stop() == 0
        else:
            daemon.kill()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        daemon.start()
        api = daemon.api()
        assert api.alarm("d1")["occurrence"] == before["occurrence"]
        until(lambda: api.state()["health"]["store"] == "read_only", 10)
        assert api.alarm("@store")["code"] == "read_only"
        api.login()
        assert api.acknowledge(before["occurrence"])[0] == 202
        peer.holding(1, FIRE)
        until(lambda: api.alarm("d2"), 5, "the next fire is shown")

        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        until(lambda: api.state()["health"]["store"] == "ok", 20, "it heals by itself")
        until(lambda: api.alarm("d2")["seq"], 10, "and everything is written")
        kinds = [e["kind"] for e in api.events(point="d1")]
        assert kinds[-1] == "alarm.acknowledge"
        assert daemon.stop() == 0
        daemon.verify()
    peer.stop()
