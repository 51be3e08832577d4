# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# `watchroom record` at a real daemon with real Modbus peers (pymodbus), and back: what
# was recorded is played, and the same conditions come and go in the same order.
import json
import pathlib
import re
import signal
import stat
import subprocess
import sys
import time

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lib"))

import recordings  # noqa: E402  (the path comes first)
from field import FIRE, NORMAL, SUPERVISORY, TROUBLE, UNKNOWN_TYPE, Modbus, Serial  # noqa: E402
from field import gauges, panel  # noqa: E402
from output_module import LAMP, LAMP_OUT, SOUNDER, SOUNDER_OUT, Module  # noqa: E402
from rig import BUILD, Daemon, site, until  # noqa: E402
from s2000pp import S2000PP  # noqa: E402
from webhook_sink import WebhookSink  # noqa: E402

CHANGES = ("alarm.onset", "alarm.clear")


@pytest.fixture(name="run")
def fixture_run(tmp_path):
    started = []

    def run(buses, devices, **more):
        daemon = Daemon(tmp_path / f"d{len(started)}", site(buses, devices, **more))
        started.append(daemon)
        return daemon.start()
    yield run
    for daemon in started:
        with daemon:
            assert daemon.stop() == 0
            daemon.verify()


def unfinished(file):
    """What stands beside a file that is not whole yet."""
    file = pathlib.Path(file)
    return list(file.parent.glob(f"{file.name}.??????"))


class Recorder:
    """`watchroom record` beside a daemon, until it is ended by a signal."""

    def __init__(self, daemon, bus, *options):
        self.file = daemon.dir / f"{bus}.log"
        self.process = subprocess.Popen(
            [BUILD / "cli" / "watchroom", "-c", daemon.file, "--state", daemon.state,
             "record", bus, "-o", self.file, *options], env=daemon.env,
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        until(lambda: unfinished(self.file), 20, "it records")

    def end(self):
        self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, said
        assert " 0 frames missed" in said
        return self.file.read_text(encoding="utf-8")


def replayed(daemon, log, *options):
    """Of each point: (what, condition/code) of its alarms, in order."""
    env = {k: v for k, v in daemon.env.items() if k != "WATCHROOM_PANELS"}
    done = subprocess.run([BUILD / "cli" / "watchroom", *options, "replay", log], env=env,
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    out = {}
    for line in done.stdout.splitlines():
        _, what, point, kind, *rest = line.split()
        if what == "event" and kind in CHANGES:
            out.setdefault(point, []).append((kind, rest[0]))
    return out, done.stdout


def lived(api):
    out = {}
    for e in api.events(limit=500):
        if e["kind"] in CHANGES and e["point"] != "@console":
            code = e["code"] or ""
            named = code if code.startswith(e["condition"] + "/") else \
                f"{e['condition']}/{code}" if code else e["condition"]
            out.setdefault(e["point"], []).append((e["kind"], named))
    return out


def without_reason(changes):
    """Links go for one reason or another; that they go is what must be the same."""
    return {p: [(k, c.split("/")[0]) for k, c in found] if p.startswith("@") else found
            for p, found in changes.items()}


def test_what_a_panel_did_is_what_its_replay_does(run):
    peer = Modbus()
    daemon = run(*panel(peer.port, retries=1))
    api = daemon.api()
    until(lambda: api.json("GET", "/api/v1/points/d10")["quality"] == "good", 20)
    recorder = Recorder(daemon, "lan1", "--note", "a fire, a silence, what nobody knows")
    for address, word, point in ((2, FIRE, "d3"), (3, SUPERVISORY, "d4"),
                                 (4, UNKNOWN_TYPE, "d5")):
        peer.holding(address, word)
        until(lambda p=point: api.alarm(p), 20, f"{point} is in alarm")
    peer.stop()
    until(lambda: api.alarm("@device/fap1"), 30, "the panel is lost")
    peer.holding(3, NORMAL)
    peer.holding(7, TROUBLE)
    peer.start()
    until(lambda: api.alarm("d8"), 60, "the panel is back")
    peer.holding(2, NORMAL)
    until(lambda: api.alarm("d3")["state"] == "returned", 20, "the fire is over")
    time.sleep(1)
    text = recorder.end()
    head = yaml.safe_load(text.split("\n...\n")[0])
    assert head["source"] == "device" and head["bus"] == "lan1"
    assert head["notes"] == ["a fire, a silence, what nobody knows"]
    assert [d["id"] for d in head["devices"]] == ["fap1"]
    assert "探测器" not in text and "Detector" not in text
    live = without_reason(lived(api))
    assert live["d3"] == [("alarm.onset", "fire"), ("alarm.clear", "fire")]
    assert live["d5"] == [("alarm.onset", "fire/unknown-code")]
    alone, seen = replayed(daemon, recorder.file)
    alone["@bus/lan1"] = alone.pop("@bus/bus", [])
    assert {p: c for p, c in without_reason(alone).items() if c} == live, seen
    played, seen = replayed(daemon, recorder.file, "-c", daemon.file)
    assert without_reason(played) == live, seen
    peer.stop()


def test_what_gauges_on_a_line_did_is_what_their_replay_does(run, tmp_path):
    line = Serial(str(tmp_path))
    limits = {"limits": {"low": {"value": "0.60MPa", "hysteresis": "0.01MPa"},
                         "high": "1.20MPa"}}
    daemon = run(*gauges(line.tty, **limits))
    api = daemon.api()
    until(lambda: all(api.json("GET", f"/api/v1/points/gauge{u}")["quality"] == "good"
                      for u in (3, 4, 5)), 30)
    recorder = Recorder(daemon, "pump-room")
    line.pressure(3, 550)
    until(lambda: api.alarm("gauge3"), 20, "the pressure is low")
    line.pressure(4, 1300)
    until(lambda: api.alarm("gauge4"), 20, "the pressure is high")
    line.pressure(5, 1700)  # beyond the transmitter's own range
    until(lambda: api.alarm("gauge5"), 20, "the sensor is out of range")
    line.pressure(3, 700)
    until(lambda: api.alarm("gauge3")["state"] == "returned", 20)
    time.sleep(1)
    text = recorder.end()
    assert " > 3 03 0002 0005" in text
    live = lived(api)
    assert live["gauge3"] == [("alarm.onset", "process/low"), ("alarm.clear", "process/low")]
    alone, seen = replayed(daemon, recorder.file)
    assert alone == live, seen
    played, seen = replayed(daemon, recorder.file, "-c", daemon.file)
    assert played == live, seen
    line.stop()


def test_a_recording_is_a_bus_of_a_site(run, tmp_path):
    log = recordings.FIXTURES / "tornatech-gpx.log"
    daemon = run([{"id": "demo", "replay": str(log), "speed": 20}], [])
    api = daemon.api()
    alarm = until(lambda: api.alarm("a1"), 30, "an alarm of the recording")
    assert alarm["condition"] == "fault"
    bus = api.json("GET", "/api/v1/buses")["buses"][0]
    assert (bus["kind"], bus["where"]) == ("replay", str(log))
    until(lambda: (a := api.alarm("@bus/demo")) and a["code"] == "recording-end", 60,
          "it ends, and the bus is lost")
    # The last good copy has the recording, too.
    done = subprocess.run([BUILD / "daemon" / "watchroomd", "--check", "-c",
                           daemon.state / "last-good" / "site.yaml"], env=daemon.env,
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and f"replay {log}, speed 20" in done.stdout
    recorder = Recorder(daemon, "demo")
    text = recorder.end()
    assert yaml.safe_load(text.split("\n...\n")[0])["source"] == "synthetic"


FIRE_LOG = """recording: 1
source: synthetic
devices:
  - id: played
    unit: 1
    profile: notifier-modbus-gw
    poll: 1s
    points:
      - {id: s1, item: detector, loop: 1, device: 1, kind: smoke, place: {en: Lobby}}
...
    0 > 1 03 0000 0001
    4 < 1 03 02 1400
 2000 > 1 03 0000 0001
 2004 < 1 03 02 0C10
99000 .
"""


@pytest.mark.parametrize("alerts", (False, True))
def test_i8_what_is_played_stays_indoors_unless_the_site_says_so(run, tmp_path, alerts):
    io = Module()
    log = tmp_path / "fire.log"
    log.write_text(FIRE_LOG, encoding="utf-8")
    demo = {"id": "demo", "replay": str(log), **({"alerts": True} if alerts else {})}
    module = {"id": "io1", "bus": "lan2", "unit": 1, "profile": "iologik-e1200",
              "poll": "200ms", "timeout": "500ms", "points": []}
    with WebhookSink() as sink:
        daemon = run(
            [demo, {"id": "lan2", "modbus_tcp": f"127.0.0.1:{io.port}"}], [module],
            outputs=[SOUNDER_OUT, LAMP_OUT],
            channels=[{"id": "duty", "webhook": f"http://127.0.0.1:{sink.port}/duty"}],
            ladders=[{"id": "all", "classes": ["fire", "fault"],
                      "steps": [{"after": "0s", "channels": ["duty"]}]}])
        api = daemon.api()
        until(lambda: io.written(SOUNDER) and io.written(LAMP), 20, "both are driven")
        until(lambda: api.alarm("s1"), 20, "the fire is on the screen")
        if alerts:
            until(lambda: io.coil(SOUNDER) and io.coil(LAMP) and sink.received, 20)
        else:
            time.sleep(3)
            assert not any(io.written(SOUNDER) + io.written(LAMP))
            assert sink.received == []
    io.stop()


def test_record_for_a_while_and_who_may(run):
    peer = Modbus()
    daemon = run(*panel(peer.port))
    control = daemon.state / "control"
    assert stat.S_IMODE(control.stat().st_mode) == 0o660
    begin = time.monotonic()
    done = daemon.tool("record", "lan1", "--for", "2s")
    assert done.returncode == 0, done.stderr
    assert 1.9 < time.monotonic() - begin < 30
    last = done.stdout.splitlines()[-1].split()
    assert last[1] == "." and int(last[0]) >= 2000
    assert " > 1 03 0000 000A" in done.stdout
    second = subprocess.run([BUILD / "daemon" / "watchroomd", "-c", daemon.file, "--state",
                             daemon.state], env=daemon.env, capture_output=True, text=True,
                            timeout=60, check=False)
    assert second.returncode != 0  # and it left the socket of the first alone
    out = daemon.dir / "some.log"
    done = daemon.tool("record", "lan1", "--for", "1s", "-o", str(out), "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["bus"] == "lan1" and said["missed"] == 0
    assert said["lines"] == len(out.read_text().split("\n...\n")[1].splitlines()) - 1
    done = daemon.tool("record", "lan9")
    assert done.returncode == 2 and 'found "lan9"' in done.stderr and "lan1" in done.stderr
    assert daemon.stop() == 0
    assert not control.exists()
    out = daemon.dir / "none.log"
    done = daemon.tool("record", "lan1", "--for", "1s", "-o", str(out))
    assert done.returncode == 1 and "no daemon at" in done.stderr
    assert not out.exists() and not unfinished(out)
    peer.stop()


def test_what_cannot_be_written_is_said(run):
    peer = Modbus()
    daemon = run(*panel(peer.port))
    tool = [BUILD / "cli" / "watchroom", "-c", daemon.file, "--state", daemon.state,
            "record", "lan1", "--for", "2s"]

    def full(*options):
        with open("/dev/full", "wb") as out:
            done = subprocess.run([*tool, *options], env=daemon.env, stdout=out,
                                  stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        assert done.returncode == 1, done.stderr
        assert re.search("cannot be written|No space left on device", done.stderr)
    full()
    assert daemon.stop() == 0
    full("--direct")
    peer.stop()


def test_the_head_holds_what_it_can_and_names_the_rest(run):
    def at(name):
        return {"zh": name, "en": name}
    peer = Modbus(units=(1, 2, 3, 4))
    devices = [
        {"id": "fap", "bus": "lan", "unit": 1, "profile": "notifier-modbus-gw", "poll": "1s",
         "timeout": "1500ms", "gap": "5ms", "dialogs": {"gateway": {"unit": 4, "node": 7}},
         "accept_budget": {"limit": "20s", "reason": "an old gateway: \"slow\""},
         "points": [
             {"id": "s1", "item": "detector", "loop": 2, "device": 3, "kind": "smoke",
              "latch": "own", "on_delay": "2s", "class": {"fault": "process"},
              "place": at("秘密")}]},
        {"id": "io", "bus": "lan", "unit": 2, "profile": "adam-6024", "points": [
            {"id": "level", "item": "ai", "device": 0, "kind": "level", "place": at("池"),
             "scale": {"0": "0m", "65535": "4m"}},
            {"id": "plain", "item": "ai", "device": 1, "kind": "number", "place": at("数"),
             "limits": {"high": {"value": "60000", "on_delay": "1s"}}}]},
        {"id": "moved", "bus": "lan", "unit": 3, "profile": "iologik-e1200",
         "address_shift": 1, "points": [
             {"id": "door", "item": "di", "device": 0, "kind": "door", "place": at("门")}]}]
    daemon = run([{"id": "lan", "modbus_tcp": f"127.0.0.1:{peer.port}"}], devices)
    log = daemon.dir / "lan.log"
    done = daemon.tool("record", "lan", "--for", "3s", "-o", str(log))
    assert done.returncode == 0, done.stderr
    text = log.read_text(encoding="utf-8")
    assert "秘密" not in text
    assert "# with a profile that the site completes, so only with -c: moved" in text
    assert "# scaled or supervised, so only with -c: level" in text
    fap, io = yaml.safe_load(text.split("\n...\n")[0])["devices"]
    point = fap.pop("points")[0]
    assert fap == {
        "id": "fap", "unit": 1, "profile": "notifier-modbus-gw", "poll": "1000ms",
        "timeout": "1500ms", "retries": 2, "gap": "5ms",
        "dialogs": {"gateway": {"unit": 4, "node": 7}},
        "accept_budget": {"limit": "20000ms", "reason": "an old gateway: \"slow\""}}
    assert point == {
        "id": "s1", "item": "detector", "loop": 2, "device": 3, "kind": "smoke",
        "latch": "own", "on_delay": "2000ms", "class": {"fault": "process"},
        "place": {"en": "s1"}}
    assert [p["id"] for p in io["points"]] == ["plain"]
    assert io["points"][0]["limits"] == {"high": {"value": "60000.000000000",
                                                 "on_delay": "1000ms"}}
    _, alone = replayed(daemon, log)
    assert " plain " in alone and " level " not in alone and " door " not in alone
    _, whole = replayed(daemon, log, "-c", daemon.file)
    assert " plain " in whole and " level " in whole
    peer.stop()


def test_requests_side_by_side_are_told_apart(run):
    peer = Modbus()
    points = [{"id": f"l{n}", "item": "detector", "loop": n, "device": 1, "kind": "smoke",
               "place": {"en": f"L{n}"}} for n in range(1, 9)]
    buses, devices = panel(peer.port, window=4, points=points)
    daemon = run([{**buses[0], "window": 4}], devices)
    api = daemon.api()
    until(lambda: api.json("GET", "/api/v1/points/l8")["quality"] == "good", 20)
    recorder = Recorder(daemon, "lan1")
    for loop in (5, 2, 8):
        peer.holding((loop - 1) * 400, FIRE)
        until(lambda n=loop: api.alarm(f"l{n}"), 20, f"l{loop} burns")
    peer.holding(4 * 400, NORMAL)
    until(lambda: api.alarm("l5")["state"] == "returned", 20, "one is over")
    time.sleep(1)
    lines = recorder.end().split("\n...\n")[1].splitlines()
    assert all(" @" in line for line in lines[:-1])
    marks = "".join(line.split()[1] for line in lines)
    assert ">>" in marks, "several were in flight"
    live = lived(api)
    for options in ((), ("-c", daemon.file)):
        played, seen = replayed(daemon, recorder.file, *options)
        assert played == live, seen
    peer.stop()


def test_a_state_directory_too_deep_for_a_socket_keeps_nothing_from_watching(tmp_path):
    peer = Modbus()
    with Daemon(tmp_path / ("deep" * 25), site(*panel(peer.port))) as daemon:
        daemon.start()
        until(lambda: daemon.api().json("GET", "/api/v1/points/d1")["quality"] == "good", 20)
        assert "the path of the control socket is longer than 107 bytes" in daemon.log()
        done = daemon.tool("record", "lan1", "--for", "1s")
        assert done.returncode == 2 and "too long for a socket" in done.stderr
        # Whether a daemon has the bus cannot be asked: it is left alone.
        done = daemon.tool("record", "lan1", "--direct", "--for", "1s")
        assert done.returncode == 2 and done.stdout == "", done.stderr
        assert "--direct: whether a daemon runs cannot be asked" in done.stderr
        assert daemon.stop() == 0
    peer.stop()


def test_a_bus_is_recorded_without_a_daemon(run, tmp_path):
    line = Serial(str(tmp_path), units=(3, 4))
    daemon = run(*gauges(line.tty, units=(3, 4)))
    done = daemon.tool("record", "pump-room", "--direct", "--for", "1s")
    assert done.returncode == 2 and "a daemon runs" in done.stderr
    assert daemon.stop() == 0
    line.pressure(4, 800)
    log = daemon.dir / "direct.log"
    done = daemon.tool("record", "pump-room", "--direct", "--for", "4s", "-o", str(log))
    assert done.returncode == 0, done.stderr
    text = log.read_text(encoding="utf-8")
    assert " < 3 03 0A 0000 0003 02BC 0000 0640" in text
    assert " < 4 03 0A 0000 0003 0320 0000 0640" in text
    _, seen = replayed(daemon, log)
    assert "sample gauge3               analog good 700 kPa" in seen
    assert "sample gauge4               analog good 800 kPa" in seen
    line.stop()


def test_i8_without_a_daemon_nothing_is_written(run):
    peer = S2000PP()
    device = {"id": "pp", "bus": "orion", "unit": 1, "profile": "bolid-s2000-pp",
              "poll": "1s", "dialogs": {"selectors": ["numeric"]},
              "points": [{"id": "z1", "item": "zone", "device": 1, "kind": "smoke",
                          "place": {"en": "Z1"}},
                         {"id": "n2", "item": "zone-number", "device": 2, "kind": "number",
                          "place": {"en": "N2"}}]}
    daemon = run([{"id": "orion", "modbus_rtu_tcp": f"127.0.0.1:{peer.port}"}], [device])
    assert daemon.stop() == 0
    peer.event(37, zone=1)
    peer.writes.clear()
    done = daemon.tool("record", "orion", "--direct", "--for", "4s")
    assert done.returncode == 0, done.stderr
    assert " > 1 03 9C40 " in done.stdout  # the zone is read
    assert " 06 " not in done.stdout and peer.writes == [] and len(peer.queue) == 1
    peer.stop()
