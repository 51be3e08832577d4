# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Modbus RTU frames in UDP datagrams: pymodbus's own server, alone and behind a device
# server that wants to be asked from a port of its choice and answers from another.
import socket
import time

import pytest

from field import DeviceServer, ModbusUdp, gauges
from rig import Daemon, site, until


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def line(units):
    peer = ModbusUdp(units=units, value=700)
    for unit in peer.units.values():
        unit.setValues(3, 0, [1, 3, 0, 3, 700, 0, 1600])
    return peer


def udp_site(port, units, **more):
    _, devices = gauges("unused", units=units)
    bus = {"id": "pump-room", "modbus_rtu_udp": f"127.0.0.1:{port}", **more}
    return site([bus], devices)


@pytest.fixture(name="run")
def fixture_run(tmp_path):
    started = []

    def run(text):
        daemon = Daemon(tmp_path / f"d{len(started)}", text)
        started.append(daemon)
        return daemon.start()
    yield run
    for daemon in started:
        with daemon:
            assert daemon.stop() == 0
            daemon.verify()


def value(api, point):
    p = api.json("GET", f"/api/v1/points/{point}")
    return p["value"] if p["quality"] == "good" else None


def test_units_in_datagrams_and_a_server_that_goes_and_returns(run):
    peer = line((3, 4))
    api = run(udp_site(peer.port, (3, 4))).api()
    until(lambda: value(api, "gauge3") == value(api, "gauge4") == 700, 10, "both are read")
    peer.holding(4, 813, unit=4)
    until(lambda: value(api, "gauge4") == 813, 5, "each has its own value")
    assert value(api, "gauge3") == 700
    peer.stop()
    until(lambda: api.alarm("@bus/pump-room") or api.alarm("@device/pt3"), 20, "it is lost")
    assert api.json("GET", "/api/v1/points/gauge3")["quality"] == "unknown"
    peer.start()
    until(lambda: value(api, "gauge3") == 700, 40, "it is back")
    peer.stop()


def test_a_device_server_with_ports_of_its_own(run):
    peer, port = line((3,)), free_port()
    server = DeviceServer(peer.port, port)
    api = run(udp_site(server.port, (3,), local_port=port)).api()
    until(lambda: value(api, "gauge3") == 700, 10, "it is read")
    server.stop()
    peer.stop()


def test_i6_what_another_host_says_is_no_answer(run):
    """Frames from elsewhere with another value, beside the true ones."""
    peer, port = line((3,)), free_port()
    api = run(udp_site(peer.port, (3,), local_port=port)).api()
    until(lambda: value(api, "gauge3") == 700, 10, "it is read")
    lie = bytes([3, 3, 2]) + (999).to_bytes(2, "big")   # of the length that is waited for
    lie += crc(lie)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.2", 0))
        end = time.monotonic() + 3
        while time.monotonic() < end:
            stranger.sendto(lie, ("127.0.0.1", port))
            assert value(api, "gauge3") in (700, None), "a stranger's word became a value"
    assert value(api, "gauge3") == 700
    peer.stop()


def crc(frame):
    """Modbus over Serial Line V1.02, 6.2.2."""
    c = 0xFFFF
    for byte in frame:
        c ^= byte
        for _ in range(8):
            c = c >> 1 ^ 0xA001 if c & 1 else c >> 1
    return c.to_bytes(2, "little")
