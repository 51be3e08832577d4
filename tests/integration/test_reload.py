# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# SIGHUP: a configuration is tried beside the watch, refused whole or taken whole, and
# `--check --against` says beforehand what it would change.
import os
import signal
import socket
import subprocess
import time

import pytest

from field import FIRE, NORMAL, Modbus, panel
from rig import BUILD, Daemon, site, until


@pytest.fixture(name="peer")
def fixture_peer():
    peer = Modbus()
    yield peer
    peer.stop()


def hang_up(daemon):
    daemon.process.send_signal(signal.SIGHUP)


def starts(daemon):
    return daemon.log().count("watching ")


def renewed(daemon, lives):
    """Waits for life number `lives` of the same process, and finds its console again."""
    until(lambda: starts(daemon) == lives, 20, f"life {lives}")
    assert daemon.process.poll() is None
    daemon.port = int(daemon.log().rsplit("console on port ", 1)[1].split()[0])


def kinds(daemon, kind):
    return [e for e in daemon.api().events() if e["kind"] == kind]


def test_i12_what_runs_already_changes_nothing(tmp_path, peer):
    with Daemon(tmp_path, site(*panel(peer.port))) as daemon:
        daemon.start()
        text = daemon.file.read_text("utf-8")
        hang_up(daemon)
        until(lambda: "is what runs: nothing changes" in daemon.log(), 20)
        for _ in range(5):  # one that runs is not doubled
            hang_up(daemon)
        until(lambda: daemon.log().count("is what runs: nothing changes") in (2, 3), 20)
        assert starts(daemon) == 1 and len(kinds(daemon, "daemon.start")) == 1
        assert not kinds(daemon, "config.load") and not kinds(daemon, "config.refused")
        daemon.file.write_text(text, "utf-8")
        hang_up(daemon)
        assert daemon.stop() == 0, "a stop does not wait for the check"


def test_i12_a_broken_one_is_refused_whole_and_is_an_alarm_until_it_is_mended(tmp_path, peer):
    with Daemon(tmp_path, site(*panel(peer.port))) as daemon:
        daemon.start()
        good = daemon.file.read_text("utf-8")
        daemon.file.write_text(good.replace('"poll": "200ms"', '"poll": "200"'), "utf-8")
        hang_up(daemon)
        alarm = until(lambda: daemon.api().alarm("@loop"), 20, "a person hears of it")
        assert alarm["code"] == "configuration-refused" and alarm["class"] == "system"
        assert "error: poll:" in daemon.log(), "its errors are named, with their place"
        (refused,) = kinds(daemon, "config.refused")
        assert "site.yaml:" in refused["params"]["first"]
        assert refused["params"]["file"] == str(daemon.file)
        peer.holding(0, FIRE)
        until(lambda: daemon.api().alarm("d1"), 5, "the old one watches on")
        assert starts(daemon) == 1
        daemon.file.write_text(good, "utf-8")
        hang_up(daemon)
        until(lambda: daemon.api().alarm("@loop")["state"] == "returned", 20,
              "mended; a person still acknowledges it")
        assert starts(daemon) == 1, "what runs already needs no renewal"
        assert daemon.stop() == 0
        daemon.verify()


def test_i11_a_changed_one_is_taken_whole_and_nothing_is_forgotten(tmp_path, peer):
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(str(tmp_path / "notify"))
    notify.settimeout(20)
    with notify, Daemon(tmp_path, site(*panel(peer.port)),
                        env={"NOTIFY_SOCKET": str(tmp_path / "notify")}) as daemon:
        daemon.start()
        daemon.add_user()
        pid = daemon.process.pid
        peer.holding(0, FIRE)
        fire = until(lambda: daemon.api().alarm("d1"), 5)
        api = daemon.api().login()
        assert api.acknowledge(fire["occurrence"])[0] == 200
        text = daemon.file.read_text("utf-8")
        daemon.file.write_text(text.replace('"poll": "200ms"', '"poll": "300ms"'), "utf-8")
        hang_up(daemon)
        renewed(daemon, 2)
        assert daemon.process.pid == pid, "the same process, for whoever keeps it"
        (load,) = kinds(daemon, "config.load")
        assert load["params"]["changes"] == 1
        assert load["params"]["first"] == "devices fap1 poll: 200ms -> 300ms"
        first, second = kinds(daemon, "daemon.start")
        assert load["params"]["from"] == first["params"]["config_rev"]
        assert load["params"]["to"] == second["params"]["config_rev"]
        (down,) = kinds(daemon, "daemon.down")
        assert down["params"]["clean"] is True, "the gap is said"
        again = daemon.api().alarm("d1")
        assert again["occurrence"] == fire["occurrence"] and again["state"] == "acknowledged"
        peer.holding(0, NORMAL)
        until(lambda: daemon.api().alarm("d1") is None, 5, "it watches")
        words = []
        while len(words) < 3:
            if (word := notify.recv(4096).decode()) != "WATCHDOG=1":
                words.append(word)
        assert words[0] == words[2] == "READY=1" and words[1].startswith("RELOADING=1\n")
        held = os.listdir(f"/proc/{pid}/fd")
        daemon.file.write_text(text, "utf-8")
        hang_up(daemon)
        renewed(daemon, 3)
        until(lambda: len(os.listdir(f"/proc/{pid}/fd")) <= len(held) + 1, 10,
              "no descriptor is left over")
        assert daemon.stop() == 0
        daemon.verify()


def test_a_point_that_is_taken_out_withdraws_its_alarm(tmp_path, peer):
    with Daemon(tmp_path, site(*panel(peer.port))) as daemon:
        daemon.start()
        peer.holding(0, FIRE)
        fire = until(lambda: daemon.api().alarm("d1"), 5)
        text = daemon.file.read_text("utf-8")
        daemon.file.write_text(text.replace('"id": "d1"', '"id": "d1-new"'), "utf-8")
        hang_up(daemon)
        renewed(daemon, 2)
        until(lambda: daemon.api().alarm("d1-new"), 5, "its contact has a new name")
        assert daemon.api().alarm("d1")["cause"] == "withdrawn", "nobody watches the old one"
        assert daemon.api().alarm("d1")["occurrence"] == fire["occurrence"]
        assert daemon.stop() == 0
        daemon.verify()


def test_a_stop_outdoes_a_renewal(tmp_path, peer):
    with Daemon(tmp_path, site(*panel(peer.port))) as daemon:
        text = daemon.file.read_text("utf-8")
        for n in range(12):  # at each moment of it, the next start included
            poll = 300 + n
            daemon.start()
            before = daemon.log().count("renews itself")
            daemon.file.write_text(
                text.replace('"poll": "200ms"', f'"poll": "{poll}ms"'), "utf-8")
            hang_up(daemon)
            until(lambda: daemon.log().count("renews itself") > before, 20, step=0.0005)
            time.sleep(n * 0.01)
            daemon.process.send_signal(signal.SIGTERM)
            assert daemon.process.wait(60) == 0, daemon.log()
        daemon.start()
        assert daemon.stop() == 0
        daemon.verify()


def test_i12_a_daemon_on_its_last_good_copy_takes_the_mended_file(tmp_path, peer):
    with Daemon(tmp_path, site(*panel(peer.port))) as daemon:
        daemon.start()
        good = daemon.file.read_text("utf-8")
        assert daemon.stop() == 0
        daemon.file.write_text("site: [", "utf-8")
        daemon.start()
        assert daemon.api().state()["health"]["last_good_configuration"] is True
        daemon.file.write_text(good, "utf-8")
        hang_up(daemon)
        renewed(daemon, 3)
        assert daemon.api().state()["health"]["last_good_configuration"] is False
        assert daemon.stop() == 0
        daemon.verify()


def against(old, new, **env):
    return subprocess.run(
        [str(BUILD / "daemon/watchroomd"), "-c", str(new.file), "--check", "--against",
         str(old)], env=dict(new.env, **env), capture_output=True, text=True, timeout=60,
        check=False)


OLD = """
site: {id: t, name: {zh: 大厦, en: Tower}, time_zone: Asia/Shanghai}
buses:
  - {id: lan, modbus_tcp: "127.0.0.1:5020"}
  - {id: spare, modbus_tcp: "127.0.0.1:5021"}
devices:
  - {id: fap1, bus: lan, unit: 1, profile: notifier-modbus-gw, poll: 1s, points: a.csv}
  - id: gauge
    bus: spare
    unit: 3
    profile: pressure-transmitter-ptmb
    poll: 1s
    points:
      - {id: main, item: pressure, kind: pressure, place: {zh: 泵房, en: Pump room},
         limits: {low: {value: 0.60MPa, on_delay: 5s}}}
zones: [{id: b1, name: {zh: 地下, en: Basement}}]
console: {listen: "127.0.0.1:0"}
"""
SHEET = "id,item,loop,device,kind,zone,latch,place_zh,place_en\n" \
        "d1,detector,1,1,smoke,b1,,一,One\n" "d2,detector,1,2,smoke,b1,,二,Two\n"


def test_what_would_change_is_said_by_section_and_id(tmp_path):
    old = Daemon(tmp_path / "old", OLD, {"a.csv": SHEET})
    copy = tmp_path / "old/site.yaml"
    new = Daemon(tmp_path / "new", OLD.replace(
        "poll: 1s, points", "poll: 2s, points").replace("0.60MPa", "0.55MPa").replace(
        "zones: [", "zones: [{id: b2, name: {zh: 二, en: B2}}, ").replace(
        "on_delay: 5s", "on_delay: 5s, hysteresis: 0.01MPa").replace(
        '  - {id: spare, modbus_tcp: "127.0.0.1:5021"}', "").replace(
        "bus: spare", "bus: lan"), {"a.csv": SHEET.replace("d2,", "d3,")})
    said = against(copy, new)
    assert said.returncode == 0, said.stderr
    lines = said.stdout.splitlines()
    assert lines[0].startswith("revision ") and " -> " in lines[0]
    assert sorted(lines[1:]) == sorted([
        "buses spare: removed",
        "devices fap1 poll: 1s -> 2s",
        "devices gauge bus: spare -> lan",
        "devices gauge points main limits low value: 0.60MPa -> 0.55MPa",
        "devices gauge points main limits low hysteresis: not given -> 0.01MPa",
        "zones b2: added",
        f"file {tmp_path}/new/a.csv: not used before",
        "points: 1 added, 1 removed",
    ])
    # The order of items and of keys says nothing.
    turned = Daemon(tmp_path / "old", OLD, {"a.csv": SHEET})
    turned.file = tmp_path / "old/turned.yaml"
    turned.file.write_text(OLD.replace(
        "bus: lan, unit: 1", "unit: 1, bus: lan"), "utf-8")
    assert against(copy, turned).stdout.splitlines()[1:] == ["nothing changes"]
    # Against the copy of what runs: the same file with other rows, another file.
    with old:
        old.start()
        assert old.stop() == 0
    copy = old.state / "last-good/site.yaml"
    assert against(copy, old).stdout.splitlines()[1:] == ["nothing changes"]
    old.write(OLD, {"a.csv": SHEET.replace("One", "Uno")})
    assert against(copy, old).stdout.splitlines()[1:] == [f"file {tmp_path}/old/a.csv: changed"]
    old.write(OLD.replace("a.csv", "b.csv"), {"b.csv": SHEET})
    assert against(copy, old).stdout.splitlines()[1:] == [
        "devices fap1 points: a.csv -> b.csv",
        f"file {tmp_path}/old/b.csv: not used before"]
    old.write(OLD + 'channels: [{id: duty, webhook: "http://127.0.0.1/x?token=alt"}]\n')
    turned.file.write_text(OLD + 'channels: [{id: duty, webhook: "http://127.0.0.1/x?token=neu"}]\n',
                           "utf-8")
    assert against(old.file, turned).stdout.splitlines()[1:] == [
        "channels duty webhook: an address -> an address"], "an address is a secret"
    gone = against(tmp_path / "nowhere.yaml", new)
    assert gone.returncode == 0 and gone.stdout.startswith("revision unknown -> ")
    new.file.write_text("site: [", "utf-8")
    broken = against(copy, new)
    assert broken.returncode == 2 and broken.stdout == "" and "site.yaml:" in broken.stderr
