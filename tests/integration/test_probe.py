# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# `watchroom probe` against servers that nobody here wrote (pymodbus over TCP and on a
# serial line) and against peers that answer badly. It must say what it saw and no more:
# silence, a refusal and garbage never become a value (I6), and it only ever reads (I8).
import json
import os
import socket
import struct
import subprocess
import time

import pytest
from pymodbus.transaction import ModbusRtuFramer

from field import DeviceServer, Hostile, Modbus, ModbusUdp, Serial, gauges
from rig import BUILD, ROOT, Daemon, site, until


def probe(*words, code=0, timeout=120):
    done = subprocess.run(
        [BUILD / "cli" / "watchroom", "probe", *map(str, words)], capture_output=True,
        text=True, timeout=timeout, check=False,
        env=dict(os.environ, WATCHROOM_DATA=str(ROOT)))
    assert done.returncode == code, f"exit {done.returncode}: {done.stdout}{done.stderr}"
    return done


def answer(*words, code=0):
    return json.loads(probe(*words, "--json", code=code).stdout)


@pytest.fixture(name="server")
def fixture_server():
    server = Modbus(units=(1, 7), registers=300, value=0)
    server.target = f"tcp:127.0.0.1:{server.port}"
    yield server
    server.stop()


@pytest.fixture(name="line")
def fixture_line(tmp_path):
    line = Serial(str(tmp_path))
    line.target = f"rtu:{line.tty}"
    yield line
    line.stop()


@pytest.mark.parametrize("order", ["abcd", "cdab", "badc", "dcba"])
def test_w2_the_order_that_fits_the_gauge_is_named_first(server, order):
    wire = struct.pack(">f", 617.3)
    wire = bytes(wire[ord(c) - ord("a")] for c in order)
    server.holding(11, int.from_bytes(wire[:2], "big"))
    server.holding(12, int.from_bytes(wire[2:], "big"))
    r = answer(server.target, "--address", 11, "--gauge", "0.62MPa")
    first = r["candidates"][0]
    assert (first["address"], first["type"], first["order"], first["scale"],
            first["unit"]) == (11, "float32", order, 1, "kPa")
    assert abs(first["value"] - 617.3) < 0.01
    words = {w["address"]: w for w in r["words"]}
    assert words[11]["asked"] and not words[10]["asked"] and not words[13]["asked"]
    assert abs(words[11]["decodings"][f"float32 {order}"] - 617.3) < 0.01


def test_w4_one_address_off_is_seen(server):
    server.holding(19, 4660)
    server.holding(20, 617)
    for asked in (19, 21):
        first = answer(server.target, "--address", asked, "--count", 1, "--gauge",
                       "0.617MPa")["candidates"][0]
        assert (first["address"], first["type"], first["scale"]) == (20, "int16", 1)
    text = probe(server.target, "--address", 19, "--gauge", "0.617MPa").stdout
    assert "address 20 (not asked)" in text or "address 20  type" in text
    assert "*      19    40020  0x1234" in text and "       18    40019" in text


def test_every_decoding_of_a_register_stands_in_its_column(server):
    server.holding(19, 0xF23C)
    text = probe(server.target, "--address", 19, "--count", 1).stdout
    row = next(line for line in text.splitlines() if line.startswith("  *      19"))
    assert row.split() == ["*", "19", "40020", "0xF23C", "-3524", "62012", "15602", "-",
                           "1111", "0010", "0011", "1100"]


def test_a_printed_number_for_an_address_is_told(server):
    text = probe(server.target, "--address", 40020, code=1).stdout
    assert "exception 02" in text
    assert "if 40020 is the number that the manual prints, its address is --address 19" in text
    assert "manual prints" not in probe(server.target, "--address", 400, code=1).stdout


def test_bits_and_the_other_areas(server):
    server.discrete(5, 1)
    r = answer(server.target, "--area", "discrete", "--address", 5, "--count", 2)
    assert [w["raw"] for w in r["words"]] == [0, 1, 0, 0, 0]
    assert [w["printed"] for w in r["words"]][:2] == [10005, 10006]
    assert "decodings" not in r["words"][0]
    server.units[1].setValues(1, 5, [1])
    text = probe(server.target, "--area", "coil", "--address", 5, "--count", 1).stdout
    assert "*       5    00006  1" in text
    assert answer(server.target, "--area", "input", "--address", 3)["answer"] == "good"


def test_i6_a_refusal_a_silence_and_a_hole_are_no_value(server):
    r = answer(server.target, "--address", 400, code=1)
    assert (r["answer"], r["exception"], r["meaning"]) == (
        "exception", 2, "illegal data address")
    assert all(w["raw"] is None for w in r["words"])
    assert "exception 02, illegal data address" in probe(
        server.target, "--address", 400, code=1).stdout
    r = answer(server.target, "--unit", 9, "--timeout", "200ms", code=1)
    assert r["answer"] == "silent" and all(w["raw"] is None for w in r["words"])
    # The last registers: what lies behind them is a hole, and what is there is read.
    r = answer(server.target, "--address", 299, "--count", 1)
    assert [(w["address"], w["raw"]) for w in r["words"]] == [
        (298, 0), (299, 0), (300, None), (301, None)]


@pytest.mark.parametrize("fault,seen", [
    ({"unit": 9}, "an answer of another unit"),
    ({"fc": 6}, "an answer to another function"),
    ({"bytes": 3}, "an answer of another length"),
    ({"tid": 9}, "silent"),
    ({"protocol": 7}, "bytes that are no Modbus frame"),
])
def test_i6_a_foreign_answer_is_no_answer(fault, seen):
    def wrong(request):
        change = {k: v ^ request[k] if k in request else v for k, v in fault.items()}
        return [(0, peer.frame(request, **change))]
    peer = Hostile()
    peer.answer = wrong
    r = answer(f"tcp:127.0.0.1:{peer.port}", "--timeout", "300ms", code=1)
    assert r["answer"] in ("garbled", "silent")
    assert seen in (r["answer"], r.get("why"))
    assert all(w["raw"] is None for w in r["words"])
    peer.stop()


def test_i6_a_late_answer_is_not_taken_for_the_next():
    late = []

    def slow_once(request):
        if not late:
            late.append(request)
            return [(0.5, peer.frame(request))]
        peer.value = 0x0BAD if request["address"] == late[0]["address"] else 0x600D
        return [(0, peer.frame(request))]
    peer = Hostile(value=0x0BAD)
    peer.answer = slow_once
    r = answer(f"tcp:127.0.0.1:{peer.port}", "--scan", "1-3", "--timeout", "300ms",
               "--address", 5)
    # Unit 1 was late; its answer came while unit 2 was asked, and is nobody's.
    assert [u["unit"] for u in r["units"]] == [2, 3]
    assert r["present"] == 2
    peer.stop()


def test_one_request_in_flight_with_a_gap_and_reads_only(server):
    seen = []

    def note(request):
        seen.append((time.monotonic(), request["fc"], request["count"]))
        return [(0.02, peer.frame(request))]
    peer = Hostile()
    peer.answer = note
    answer(f"tcp:127.0.0.1:{peer.port}", "--time", "--samples", 20, "--gap", "50ms")
    assert len(seen) == 20
    assert min(b[0] - a[0] for a, b in zip(seen, seen[1:])) >= 0.069
    answer(f"tcp:127.0.0.1:{peer.port}", "--find", "0-70")
    answer(f"tcp:127.0.0.1:{peer.port}", "--scan", "1-4")
    assert {fc for _, fc, _ in seen} <= {1, 2, 3, 4}
    assert max(count for _, _, count in seen) <= 125
    peer.stop()


def test_scan_finds_the_units_and_names_the_gateway():
    def gateway(request):
        if request["unit"] in (3, 12):
            return [(0, peer.frame(request))]
        if request["unit"] == 5:
            return peer.exception(2)(request)
        return peer.exception(0x0B)(request)
    peer = Hostile(value=0x1234)
    peer.answer = gateway
    r = answer(f"tcp:127.0.0.1:{peer.port}", "--scan", "1-16", "--gap", "0ms")
    assert [u["unit"] for u in r["units"] if u["present"]] == [3, 5, 12]
    assert r["present"] == 3 and r["asked"] == 16
    text = probe(f"tcp:127.0.0.1:{peer.port}", "--scan", "3-5", "--gap", "0ms").stdout
    assert "unit   3" in text and "holding 0 = 0x1234" in text
    assert "exception 0B, gateway: the unit behind it does not answer" in text
    assert "2 of 3 units answer" in text
    peer.stop()


def test_b17_time_proposes_a_time_out_above_the_slow_answers():
    turn = []

    def answer_slowly(request):
        turn.append(1)
        return [(0.3 if len(turn) % 10 == 0 else 0.0, peer.frame(request))]
    peer = Hostile()
    peer.answer = answer_slowly
    r = answer(f"tcp:127.0.0.1:{peer.port}", "--time", "--samples", 40, "--gap", "0ms")
    assert (r["asked"], r["answered"], r["silent"]) == (40, 40, 0)
    assert sum(b["count"] for b in r["histogram"]) == 40
    assert r["proposed_timeout_ms"] >= 600
    text = probe(f"tcp:127.0.0.1:{peer.port}", "--time", "--samples", 40, "--gap",
                 "0ms").stdout
    assert "proposed: timeout: " in text and "a time-out here loses" in text
    peer.stop()


def test_time_stops_by_itself_when_nobody_answers():
    peer = Hostile()
    peer.answer = lambda request: []
    r = answer(f"tcp:127.0.0.1:{peer.port}", "--time", "--timeout", "50ms", code=1)
    assert (r["asked"], r["answered"], r["proposed_timeout_ms"]) == (10, 0, None)
    peer.stop()


def test_find_tells_areas_addresses_and_the_longest_read(server):
    r = answer(server.target, "--find", "0-400", "--gap", "0ms")
    areas = {a["area"]: a for a in r["areas"]}
    assert areas["holding"]["ranges"] == [{"from": 0, "to": 299}]
    assert areas["input"]["ranges"] == [{"from": 0, "to": 199}]
    assert areas["coil"]["ranges"] == [{"from": 0, "to": 63}]
    assert areas["holding"]["longest_read"] == 125
    assert r["requests"] < 600


def test_find_meets_holes_limits_and_a_missing_function():
    def device(request):
        last = request["address"] + request["count"] - 1
        if request["fc"] in (1, 2):
            return peer.exception(1)(request)
        if request["fc"] == 4:
            return peer.exception(4)(request)
        if request["count"] > 16:
            return peer.exception(3)(request)
        if request["address"] <= 40 <= last or last > 99:
            return peer.exception(2)(request)
        return [(0, peer.frame(request))]
    peer = Hostile()
    peer.answer = device
    r = answer(f"tcp:127.0.0.1:{peer.port}", "--find", "0-110", "--gap", "0ms")
    areas = {a["area"]: a for a in r["areas"]}
    assert not areas["coil"]["answers"]
    assert areas["coil"]["end"] == "exception 01, illegal function"
    assert areas["input"]["end"] == "exception 04, device failure"
    assert areas["holding"]["ranges"] == [{"from": 0, "to": 39}, {"from": 41, "to": 99}]
    assert (areas["holding"]["longest_read"], areas["holding"]["refused_read"]) == (16, 29)
    peer.stop()


def test_a_serial_line(line):
    line.pressure(3, 617)
    r = answer(line.target, "--unit", 3, "--address", 4, "--count", 1, "--gauge",
               "0.617MPa")
    first = r["candidates"][0]
    assert (first["address"], first["type"], first["scale"], first["unit"]) == (
        4, "int16", 1, "kPa")
    r = answer(line.target, "--scan", "1-6", "--timeout", "300ms")
    assert [u["unit"] for u in r["units"]] == [3, 4, 5]
    assert "no more than" not in probe(line.target + ",9600,8N1", "--unit", 4).stdout


def test_rtu_frames_to_a_device_server(tmp_path):
    server = Modbus(units=(3, 5), framer=ModbusRtuFramer, registers=50, value=617)
    target = f"rtu-tcp:127.0.0.1:{server.port}"
    r = answer(target, "--unit", 5, "--address", 4, "--count", 1, "--gauge", "0.617MPa")
    assert (r["answer"], r["candidates"][0]["type"]) == ("good", "int16")
    assert [u["unit"] for u in answer(
        target, "--scan", "1-6", "--timeout", "200ms")["units"]] == [3, 5]
    # The same as a bus of a site.
    buses, devices = gauges("unused", units=(3,))
    buses = [{"id": "pump-room", "modbus_rtu_tcp": f"127.0.0.1:{server.port}"}]
    (tmp_path / "site.yaml").write_text(site(buses, devices), encoding="utf-8")
    r = answer("-c", tmp_path / "site.yaml", "--device", "pt3", "--address", 4)
    assert (r["target"], r["unit"], r["answer"]) == (target, 3, "good")
    server.stop()


def test_rtu_frames_in_datagrams(tmp_path):
    peer = ModbusUdp(units=(3,), registers=50, value=617)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    server = DeviceServer(peer.port, port)
    target = f"rtu-udp:127.0.0.1:{peer.port}"
    r = answer(target, "--unit", 3, "--address", 4, "--count", 1, "--gauge", "0.617MPa")
    assert (r["answer"], r["candidates"][0]["type"]) == ("good", "int16")
    # The same as a bus of a site, behind a device server with ports of its own.
    _, devices = gauges("unused", units=(3,))
    bus = {"id": "pump-room", "modbus_rtu_udp": f"127.0.0.1:{server.port}",
           "local_port": port}
    (tmp_path / "site.yaml").write_text(site([bus], devices), encoding="utf-8")
    r = answer("-c", tmp_path / "site.yaml", "--device", "pt3", "--address", 4)
    assert (r["target"], r["unit"], r["answer"]) == (
        f"rtu-udp:127.0.0.1:{server.port}", 3, "good")
    server.stop()
    peer.stop()


def test_the_point_of_a_site_as_its_profile_reads_it(line, tmp_path):
    buses, devices = gauges(line.tty)
    path = tmp_path / "site.yaml"
    path.write_text(site(buses, devices), encoding="utf-8")
    line.pressure(4, 617)
    r = answer("-c", path, "--point", "gauge4", "--gauge", "0.617MPa")
    assert (r["unit"], r["address"], r["target"]) == (
        4, 4, f"rtu:{line.tty},9600,8N1")
    assert r["profile"] == {"id": "pressure-transmitter-ptmb", "point": "gauge4",
                            "inferred": True, "quality": "good", "value": 617, "unit": "kPa",
                            "conditions": []}
    text = probe("-c", path, "--point", "gauge4").stdout
    assert "profile pressure-transmitter-ptmb reads point gauge4 as 617 kPa (register map inferred)" \
        in text
    line.set(4, 4, 1700)  # beyond the device's own range
    text = probe("-c", path, "--point", "gauge4").stdout
    assert "reads point gauge4 as bad fault/sensor-range" in text
    # A device by its id, at an address of one's own.
    assert answer("-c", path, "--device", "pt5", "--address", 2)["unit"] == 5


def test_i7_a_port_that_the_daemon_polls_is_refused(line, tmp_path):
    buses, devices = gauges(line.tty)
    daemon = Daemon(tmp_path / "d", site(buses, devices)).start()
    with daemon:
        api = daemon.api()
        until(lambda: api.json("GET", "/api/v1/points/gauge3")["quality"] == "good", 10,
              "the gauge is read")
        done = probe(line.target, "--unit", 3, code=1)
        assert "is held by watchroomd (process " in done.stderr
        assert "stop the other one first" in done.stderr and done.stdout == ""
        assert daemon.stop() == 0
    assert answer(line.target, "--unit", 3, "--address", 4)["answer"] == "good"


@pytest.mark.parametrize("words,why", [
    ([], "one target is needed"),
    (["tcp:localhost"], "names are not looked up"),
    (["rtu-tcp:192.0.2.1"], "the port is missing"),
    (["rtu-udp:192.0.2.1"], "the port is missing"),
    (["udp:192.0.2.1"], "tcp:HOST[:PORT]"),
    (["rtu:/dev/ttyS9,9600,7E1"], "8 data bits"),
    (["tcp:192.0.2.1", "--unit", "256"], "must be 0 to 255"),
    (["rtu:/dev/ttyS9", "--unit", "248"], "must be 1 to 247"),
    (["tcp:192.0.2.1", "--area", "register"], "coil, discrete, holding, input"),
    (["tcp:192.0.2.1", "--address", "40001", "--count", "33"], "must be 1 to 32"),
    (["tcp:192.0.2.1", "--address", "65535"], "no more than to address 65535"),
    (["tcp:192.0.2.1", "--timeout", "500"], "unit required"),
    (["tcp:192.0.2.1", "--scan", "1-2", "--time"], "only one of"),
    (["--point", "x"], "need -c FILE"),
    (["tcp:127.0.0.1:1"], "Connection refused"),
])
def test_wrong_words_on_the_command_line(words, why):
    code = 1 if "refused" in why else 2
    assert why in probe(*words, code=code).stderr


@pytest.mark.parametrize("gauge,why", [
    ("0.62", "a number and its unit"), ("0MPa", "tells nothing"), ("x", "a number")])
def test_a_gauge_that_tells_nothing(server, gauge, why):
    assert why in probe(server.target, "--gauge", gauge, code=2).stderr
