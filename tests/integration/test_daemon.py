# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The daemon as a process: start, stop, refusals, restart, broken configuration.
import json
import os
import pathlib
import signal
import socket
import stat
import subprocess
import time

import pytest

from field import FIRE, NORMAL, Modbus, panel
from rig import BUILD, ROOT, Daemon, site, until
from webhook_sink import WebhookSink


@pytest.fixture(name="peer")
def fixture_peer():
    peer = Modbus()
    yield peer
    peer.stop()


def test_sigterm_ends_it_in_order(tmp_path, peer):
    with Daemon(tmp_path, site(*panel(peer.port))) as daemon:
        daemon.start()
        peer.holding(0, FIRE)
        until(lambda: daemon.api().alarm("d1"), 5)
        assert daemon.stop() == 0
        rows = daemon.journal().execute(
            "SELECT kind FROM event ORDER BY seq").fetchall()
        assert rows[0][0] == "daemon.start" and rows[-1][0] == "daemon.stop"
        daemon.verify()
        assert not pathlib.Path(f"{daemon.state}/journal.db-wal").exists() or \
            pathlib.Path(f"{daemon.state}/journal.db-wal").stat().st_size == 0


def test_the_journal_is_not_for_everybody_to_read(tmp_path, peer):
    with Daemon(tmp_path, site(*panel(peer.port))) as daemon:
        daemon.start()
        control = daemon.state / "control"
        assert control.stat().st_mode == stat.S_IFSOCK | 0o660  # the group may ask
        for path in set(daemon.state.rglob("*")) - {control}:
            assert path.stat().st_mode & 0o027 == 0, f"{path} {path.stat().st_mode:o}"
        assert daemon.stop() == 0


def test_second_daemon_on_the_same_store_is_refused(tmp_path, peer):
    with Daemon(tmp_path, site(*panel(peer.port))) as daemon:
        daemon.start()
        second = subprocess.run(
            [str(BUILD / "daemon/watchroomd"), "-c", str(daemon.file), "--state",
             str(daemon.state)], env=daemon.env, capture_output=True, text=True,
            timeout=60, check=False)
        assert second.returncode == 1
        assert str(daemon.process.pid) in second.stderr, second.stderr
        assert daemon.api().call("GET", "/healthz")[0] == 200
        assert daemon.stop() == 0
        daemon.verify()


def test_i5_a_journal_that_was_taken_away_brings_no_id_back(tmp_path, peer):
    with Daemon(tmp_path, site(*panel(peer.port))) as daemon:
        daemon.start()
        peer.holding(0, FIRE)
        first = until(lambda: daemon.api().alarm("d1"), 5)["occurrence"]
        assert daemon.stop() == 0
        for name in daemon.state.glob("journal.db*"):
            name.unlink()
        daemon.start()
        again = until(lambda: daemon.api().alarm("d1"), 5)["occurrence"]
        assert again.split("-")[0] != first.split("-")[0], "an id came back"
        assert daemon.stop() == 0


def test_i2_a_port_in_use_stops_nothing_but_the_console(tmp_path, peer):
    """The fire is watched and told; the console comes when its port is free."""
    with WebhookSink() as sink, socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        more = {
            "console": {"listen": f"127.0.0.1:{port}", "desk": ["127.0.0.1"]},
            "channels": [{"id": "duty", "webhook": f"http://127.0.0.1:{sink.port}/"}],
            "ladders": [{"id": "l", "classes": ["fire", "system"],
                         "steps": [{"after": "0s", "channels": ["duty"]}]}]}
        with Daemon(tmp_path, site(*panel(peer.port), **more)) as daemon:
            daemon.launch()
            until(lambda: f"127.0.0.1:{port} is in use" in daemon.log(), 15)
            peer.holding(0, FIRE)

            def told():
                return {(a["point"], a["code"]) for r in sink.received
                        for a in [json.loads(r["body"])["alarm"]]}
            until(lambda: {("d1", None), ("@console", "not-listening")} <= told(), 15,
                  "people are told of the fire and of the console")
            taken.close()
            until(lambda: f"console on port {port}" in daemon.log(), 15)
            daemon.port = port
            alarm = daemon.api().alarm("@console")
            assert (alarm["code"], alarm["state"]) == ("not-listening", "returned")
            assert daemon.api().alarm("d1")["state"] == "unacknowledged"
            assert daemon.stop() == 0
            daemon.verify()


def test_i12_a_refused_second_daemon_leaves_the_last_good_copy_alone(tmp_path, peer):
    with Daemon(tmp_path, site(*panel(peer.port))) as daemon:
        daemon.start()
        other = tmp_path / "other.yaml"
        other.write_text(site(*panel(peer.port, id="fap2")), "utf-8")
        second = subprocess.run(
            [str(BUILD / "daemon/watchroomd"), "-c", str(other), "--state",
             str(daemon.state)], env=daemon.env, capture_output=True, text=True,
            timeout=60, check=False)
        assert second.returncode == 1 and "in use by process" in second.stderr
        assert daemon.stop() == 0
        daemon.file.write_text("site: [", "utf-8")
        daemon.start()
        assert daemon.api().state()["health"]["last_good_configuration"] is True
        assert daemon.stop() == 0


def test_i11_a_signal_during_the_start_is_a_stop_in_order(tmp_path, peer):
    """From the moment the store is taken SIGHUP ends nothing, and SIGTERM is in order."""
    with Daemon(tmp_path, site(*panel(peer.port))) as daemon:
        for run in range(10):
            (daemon.state / "lock").unlink(missing_ok=True)
            daemon.launch()
            until((daemon.state / "lock").exists, 15, "the store is taken", step=0.0005)
            daemon.process.send_signal(signal.SIGHUP)
            time.sleep(run / 1000)
            daemon.process.send_signal(signal.SIGTERM)
            assert daemon.process.wait(60) == 0, daemon.log()
        daemon.start()
        def downs():
            return [e["params"]["clean"] for e in daemon.api().events()
                    if e["kind"] == "daemon.down"]
        until(lambda: len(downs()) == 10, 10, "each start says how long nobody watched")
        assert all(downs()), "a start that was stopped is no crash"
        assert daemon.stop() == 0
        daemon.verify()


def test_i12_broken_configuration_starts_the_last_good_copy(tmp_path, peer):
    with Daemon(tmp_path, site(*panel(peer.port))) as daemon:
        daemon.start()
        assert daemon.stop() == 0
        daemon.file.write_text(daemon.file.read_text("utf-8").replace(
            '"poll": "200ms"', '"poll": "200"'), "utf-8")
        daemon.start()
        assert "unit" in daemon.log()
        health = daemon.api().state()["health"]
        assert health["last_good_configuration"] is True
        alarm = until(lambda: daemon.api().alarm("@loop"), 5, "a loud alarm")
        assert alarm["class"] == "system"
        peer.holding(0, FIRE)
        until(lambda: daemon.api().alarm("d1"), 5, "the old configuration monitors")
        assert daemon.stop() == 0
        daemon.verify()


def test_i12_broken_configuration_without_a_copy_ends_with_2(tmp_path, peer):
    text = site(*panel(peer.port)).replace("notifier-modbus-gw", "notifier-modbus-gv")
    with Daemon(tmp_path, text) as daemon:
        daemon.launch()
        assert daemon.process.wait(60) == 2
        assert "site.yaml:" in daemon.log() and "did you mean" in daemon.log()


def test_i11_restart_says_what_was_and_what_changed(tmp_path, peer):
    with Daemon(tmp_path, site(*panel(peer.port))) as daemon:
        daemon.start()
        daemon.add_user()
        api = daemon.api().login()
        for n in (0, 1, 2):
            peer.holding(n, FIRE)
        until(lambda: len([a for a in api.alarms() if a["class"] == "fire"]) == 3, 5)
        assert api.acknowledge(api.alarm("d1")["occurrence"])[0] == 200
        daemon.kill()
        peer.holding(1, NORMAL)   # went while down
        peer.holding(3, FIRE)     # came while down
        daemon.start()
        api = daemon.api()
        first = api.alarm("d1")
        assert first["state"] == "acknowledged" and first["acknowledged_by"] == "wang"
        until(lambda: api.alarm("d2")["state"] == "returned", 5)
        until(lambda: api.alarm("d4"), 5)
        events = api.events()
        down = [e for e in events if e["kind"] == "daemon.down"][0]["params"]
        assert down["clean"] is False and down["open_alarms"] >= 3
        assert down["from_utc_ms"] < down["to_utc_ms"]
        for point, kind in (("d2", "alarm.clear"), ("d4", "alarm.onset")):
            e = [e for e in events if e["point"] == point and e["kind"] == kind][-1]
            assert e["params"]["found_after_gap"] is True and e["not_before"]
        assert len([e for e in events if e["point"] == "d3" and
                    e["kind"] == "alarm.onset"]) == 1, "a standing alarm is no new one"
        assert daemon.stop() == 0
        daemon.verify()


def test_i11_point_removed_from_the_site_is_withdrawn_not_lost(tmp_path, peer):
    buses, devices = panel(peer.port)
    with Daemon(tmp_path, site(buses, devices)) as daemon:
        daemon.start()
        peer.holding(9, FIRE)
        until(lambda: (a := daemon.api().alarm("d10")) and a["seq"], 5)
        assert daemon.stop() == 0
        devices[0]["points"] = devices[0]["points"][:9]
        daemon.write(site(buses, devices))
        daemon.start()
        alarm = daemon.api().alarm("d10")
        assert (alarm["state"], alarm["cause"]) == ("returned", "withdrawn")
        daemon.add_user()
        assert daemon.api().login().acknowledge(alarm["occurrence"])[0] == 200
        assert daemon.api().alarm("d10") is None
        assert daemon.stop() == 0


def test_check_prints_budgets_and_runs_nothing(tmp_path, peer):
    with Daemon(tmp_path, site(*panel(peer.port))) as daemon:
        done = subprocess.run([str(BUILD / "daemon/watchroomd"), "-c", str(daemon.file),
                               "--check"], env=daemon.env, capture_output=True, text=True,
                              timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        assert "fap1" in done.stdout and "lan1" in done.stdout
        assert not daemon.state.exists()


@pytest.mark.parametrize("path", sorted(
    str(p.relative_to(ROOT)) for p in (ROOT / "conf").glob("*/site.yaml")))
def test_example_sites_load_as_they_are(path):
    done = subprocess.run([str(BUILD / "daemon/watchroomd"), "-c", path, "--check"],
                          cwd=ROOT, capture_output=True, text=True, timeout=60,
                          check=False, env=dict(os.environ, WATCHROOM_DATA=str(ROOT)))
    assert done.returncode == 0, done.stderr


def test_bad_options(tmp_path):
    for words in ([], ["--nonsense"], ["-c", str(tmp_path / "none.yaml")]):
        done = subprocess.run([str(BUILD / "daemon/watchroomd"), "--state",
                               str(tmp_path / "s"), *words], capture_output=True,
                              text=True, timeout=60, check=False)
        assert done.returncode == 2 and done.stderr
