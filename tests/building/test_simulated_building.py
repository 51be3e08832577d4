#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The simulated building seen by Modbus clients it does not know (pymodbus): the maps,
# the refusals, independence of clients, the serial line, and the scenario as it plays.
# The program is given in SIMULATED_BUILDING.

import csv
import datetime
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest
import serial
from pymodbus.client import ModbusSerialClient, ModbusTcpClient

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get(
    "SIMULATED_BUILDING", str(ROOT / "build/tests/building/simulated-building")
)
PATIENCE = 4  # the machine may be busy with other suites
NORMAL, ABSENT = 0x1400, 0x00FF
FAULT, FIRE, SUPERVISORY = 0x3400, 0x0C10, 0x0C40


def wait_for(condition, deadline_s, what):
    """The condition's first true value; polls, and fails at the deadline."""
    deadline_s *= PATIENCE
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {deadline_s} s: {what}")


class Building:
    def __init__(self, directory, *options):
        self.dir = directory
        self.process = subprocess.Popen(
            [PROGRAM, "--dir", str(directory), *options],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.lines = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        ready = directory / "building.json"
        wait_for(ready.exists, 5, "building.json")
        self.ports = json.loads(ready.read_text())

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(json.loads(line))

    def seen(self, step):
        return next((e for e in self.lines if e.get("step") == step), None)

    def tcp(self, port):
        client = ModbusTcpClient("127.0.0.1", self.ports[port], timeout=15)
        assert client.connect()
        return client

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=30)
        self.reader.join(timeout=30)
        return code


@pytest.fixture
def start(tmp_path):
    """Starts one building; ended cleanly whatever the test does."""
    started = []

    def one(*options):
        started.append(Building(tmp_path, *options))
        return started[0]

    yield one
    for building in started:
        assert building.stop() == 0
    assert not (tmp_path / "pump-room.tty").is_symlink()


def answered(building):
    with open(building.dir / "answers.csv", encoding="utf-8", newline="") as f:
        return [(row["station"], int(row["unit"])) for row in csv.DictReader(f)]


@pytest.fixture
def calm(start):
    return start("--no-scenario")


def test_panel_map_present_absent_and_ranges(calm):
    c = calm.tcp("panel_port")
    assert c.read_holding_registers(0, 12, slave=1).registers == [NORMAL] * 12
    assert c.read_holding_registers(12, 88, slave=1).registers == [ABSENT] * 88
    assert c.read_holding_registers(200, 8, slave=1).registers == [NORMAL] * 6 + [
        ABSENT
    ] * 2
    assert c.read_holding_registers(3999, 1, slave=1).registers == [ABSENT]
    assert c.read_holding_registers(9499, 1, slave=1).registers == [0]
    assert c.read_input_registers(5099, 20, slave=250).registers[0] == 1
    assert c.read_input_registers(5118, 1, slave=250).registers == [1]


@pytest.mark.parametrize(
    "function, first, count, unit, exception",
    [
        ("read_holding_registers", 0, 10, 2, 0x0A),
        ("read_holding_registers", 0, 101, 1, 0x03),
        ("read_holding_registers", 3990, 20, 1, 0x02),
        ("read_holding_registers", 4000, 1, 1, 0x02),
        ("read_input_registers", 0, 1, 1, 0x01),
        ("read_input_registers", 5098, 1, 250, 0x02),
    ],
)
def test_panel_refuses(calm, function, first, count, unit, exception):
    answer = getattr(calm.tcp("panel_port"), function)(first, count, slave=unit)
    assert answer.isError() and answer.exception_code == exception


def test_input_module_map(calm):
    c = calm.tcp("io_port")
    bits = c.read_discrete_inputs(0, 16, slave=1).bits
    word = c.read_input_registers(48, 1, slave=1).registers[0]
    assert len(bits) == 16 and bits[4] and bits[5] and not bits[0]
    assert word & 0b110000 == 0b110000 and word & 1 == 0
    name = c.read_input_registers(5000, 10, slave=1).registers
    assert struct.pack(">10H", *name).rstrip(b"\0") == b"E1210"
    assert c.read_discrete_inputs(4, 1, slave=17).bits[0]
    assert c.read_discrete_inputs(10, 10, slave=1).exception_code == 0x02


def test_contacts_module_is_calm(calm):
    c = calm.tcp("contacts_port")
    assert not any(c.read_discrete_inputs(0, 16, slave=1).bits)
    assert struct.pack(">3H", *c.read_input_registers(5000, 3, slave=1).registers)[:5] == b"E1210"


def test_a_gateway_has_32_units_on_one_line(calm):
    """Each is a gauge of its own; an answer takes the time of the line, whoever asks."""
    c = calm.tcp("riser_port")
    start = time.monotonic()
    for unit in range(1, 33):
        words = c.read_holding_registers(2, 5, slave=unit).registers
        level = words[2] + 35 * ((unit - 1) // 8)
        assert words[:2] == [0, 3] and words[3:] == [0, 1600] and 715 <= level <= 805
    # 8 + 5 + 10 characters at 19200 8N1, and 5 ms to turn round.
    assert time.monotonic() - start >= 32 * 0.0169
    assert answered(calm) == [("riser", unit) for unit in range(1, 33)]
    c.close()
    silent = ModbusTcpClient("127.0.0.1", calm.ports["riser_port"], timeout=1, retries=0)
    assert silent.connect() and silent.read_holding_registers(2, 5, slave=33).isError()


def test_a_write_is_refused_and_said(calm):
    c = calm.tcp("panel_port")
    assert c.write_register(0, 0x0100, slave=1).exception_code == 0x01
    said = wait_for(lambda: calm.lines, 2, "a line about the write")[0]
    assert (said["refused"], said["function"], said["address"]) == ("panel", 6, 0)
    assert calm.tcp("panel_port").read_holding_registers(0, 1, slave=1).registers == [
        NORMAL
    ]


def test_a_stuck_client_harms_no_other(calm):
    stuck = socket.create_connection(("127.0.0.1", calm.ports["panel_port"]))
    stuck.sendall(b"\0\1\0\0")
    silent = socket.create_connection(("127.0.0.1", calm.ports["panel_port"]))
    c = calm.tcp("panel_port")
    start = time.monotonic()
    for _ in range(50):
        assert len(c.read_holding_registers(0, 100, slave=1).registers) == 100
    assert time.monotonic() - start < 2 * PATIENCE  # a wait for the stuck one has no end
    stuck.close()
    silent.close()


def test_places_of_ended_clients_are_free_again(calm):
    for _ in range(40):
        c = calm.tcp("panel_port")
        assert c.read_holding_registers(0, 1, slave=1).registers == [NORMAL]
        c.close()


def rtu(building):
    client = ModbusSerialClient(
        port=building.ports["tty"], baudrate=9600, timeout=4, retries=0
    )
    assert client.connect()
    return client


def test_serial_line_four_transmitters(calm):
    c = rtu(calm)
    expected = {3: (0.715, 0.805), 4: (0.990, 1.010), 5: (0.335, 0.365), 6: (0.175, 0.185)}
    for unit, (low, high) in expected.items():
        words = c.read_holding_registers(0, 7, slave=unit).registers
        assert words[:4] == [unit, 3, 0, 3] and words[5:] == [0, 1600]
        assert low <= words[4] / 1000 <= high
    assert c.read_holding_registers(7, 1, slave=3).exception_code == 0x02
    assert c.read_holding_registers(2, 6, slave=3).exception_code == 0x02
    assert c.read_holding_registers(4, 1, slave=9).isError()
    c.close()


def test_serial_line_ignores_a_damaged_frame(calm):
    with serial.Serial(calm.ports["tty"], 9600, timeout=0.3) as line:
        line.write(bytes.fromhex("0300040001c5cb"))
        assert line.read(1) == b""
        line.write(bytes.fromhex("030300040001c428"))
        assert line.read(1) == b""
    c = rtu(calm)
    assert not c.read_holding_registers(4, 1, slave=3).isError()
    c.close()


def test_jockey_pump_and_pressure_agree(calm):
    """The leak ends in a start of the jockey pump that its contact shows."""
    line, io = rtu(calm), calm.tcp("io_port")
    seen = {False: [], True: []}

    def turned():
        value = line.read_holding_registers(4, 1, slave=3).registers[0]
        seen[io.read_discrete_inputs(1, 1, slave=1).bits[0]].append(value)
        # One whole run of the pump, seen from before its start to after its end.
        return seen[True] and seen[False][-1] >= 795 and len(seen[False]) > 20

    wait_for(turned, 20, "a run of the jockey pump")
    assert min(seen[False]) <= 725 and max(seen[True]) >= 790
    line.close()


def test_list_is_ordered_and_its_points_are_the_demo_sites():
    listing = json.loads(subprocess.check_output([PROGRAM, "--list"]))
    times = [s["at_s"] for s in listing["steps"]]
    assert times == sorted(times) and times[-1] < listing["period_s"]
    assert len({s["step"] for s in listing["steps"]}) == len(times)
    with open(ROOT / "conf/demo/points/fap1.csv", encoding="utf-8", newline="") as f:
        site = {
            (r["id"], r["item"], int(r["loop"]), int(r["device"]))
            for r in csv.DictReader(f)
        }
    assert site == {
        (p["id"], p["item"], p["loop"], p["device"]) for p in listing["points"]
    }


@pytest.mark.parametrize("options", [[], ["--dir"], ["--dir", "x", "--duration", "-1"]])
def test_bad_command_line(options):
    result = subprocess.run([PROGRAM, *options], capture_output=True, text=True)
    assert result.returncode == 2 and result.stderr != ""


def test_duration_ends_it(start):
    building = start("--duration", "1")
    assert building.process.wait(timeout=30) == 0


def test_scenario_plays_as_listed(start):
    """Registers and the network show each step when its line has been printed."""
    building = start()
    listing = json.loads(subprocess.check_output([PROGRAM, "--list"]))
    address = {
        p["id"]: p["device"] - 1 + (200 if p["item"] == "module" else 0)
        for p in listing["points"]
    }
    wanted = {
        "fault": {"alarm.onset": FAULT, "alarm.clear": NORMAL},
        "fire": {"alarm.onset": FIRE, "alarm.clear": NORMAL},
        "supervisory": {"alarm.onset": SUPERVISORY, "alarm.clear": NORMAL},
    }
    # What the contacts at the guarded door are after a step: door, button, panic button.
    contacts = {
        "exit-button": [0, 1, 0], "door-used": [1, 1, 0], "exit-button-released": [1, 0, 0],
        "door-shut": [0, 0, 0], "door-forced": [1, 0, 0], "door-held": [1, 0, 0],
        "door-closed-at-last": [0, 0, 0], "panic-pressed": [0, 0, 1],
        "panic-released": [0, 0, 0],
    }
    panel, io = building.tcp("panel_port"), building.tcp("io_port")
    door, previous = building.tcp("contacts_port"), 0
    for step in listing["steps"]:
        said = wait_for(
            lambda s=step: building.seen(s["step"]),
            step["at_s"] - previous + 2,
            step["step"],
        )
        previous = step["at_s"]
        assert 0 <= said["t_ms"] / 1000 - step["at_s"] < 0.5 * PATIENCE
        assert said["point"] == step["point"] and said["loop_no"] == 0
        utc = datetime.datetime.fromisoformat(said["utc"].replace("Z", "+00:00"))
        now = datetime.datetime.now(datetime.timezone.utc)
        assert abs((now - utc).total_seconds()) < 2 * PATIENCE
        if step["step"] in contacts:
            bits = door.read_discrete_inputs(0, 3, slave=1).bits[:3]
            assert bits == [bool(bit) for bit in contacts.pop(step["step"])], step["step"]
        elif "unit" in step:
            ask = tcp_unit if step["line"] == "riser" else serial_unit
            if step["answers"]:
                wait_for(lambda a=ask, s=step: a(building, s["unit"]), 2, step["step"])
            else:
                assert not ask(building, step["unit"]), step["step"]
        elif step["condition"] in wanted:
            word = panel.read_holding_registers(address[step["point"]], 1, slave=1)
            assert word.registers == [wanted[step["condition"]][step["event"]]]
        elif step["point"] == "door-pump-room":
            bit = io.read_discrete_inputs(0, 1, slave=1).bits[0]
            assert bit == (step["event"] == "alarm.onset")
        elif step["step"] == "gateway-lost":
            wait_for(lambda: not reachable(building), 2, "refused connections")
            assert panel.socket.recv(1) == b""
        elif step["step"] == "gateway-back":
            wait_for(lambda: reachable(building), 2, "the gateway's return")
    assert not contacts


def tcp_unit(building, unit):
    """Whether this unit behind the gateway answers."""
    address = ("127.0.0.1", building.ports["riser_port"])
    with socket.create_connection(address, timeout=0.6) as link:
        link.sendall(struct.pack(">HHHBBHH", unit, 0, 6, unit, 3, 2, 5))
        try:
            return link.recv(7)[6] == unit
        except TimeoutError:
            return False


def serial_unit(building, unit):
    client = ModbusSerialClient(
        port=building.ports["tty"], baudrate=9600, timeout=1, retries=0)
    assert client.connect()
    try:
        return not client.read_holding_registers(2, 5, slave=unit).isError()
    finally:
        client.close()


def reachable(building):
    address = ("127.0.0.1", building.ports["panel_port"])
    try:
        with socket.create_connection(address, timeout=10):
            return True
    except ConnectionRefusedError:
        return False
