# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# A supervised loop on the real daemon: a real Modbus server plays an analogue input
# module; the wire is at rest, pressed, cut and shorted.
import struct

from field import Modbus
from rig import Daemon, place, site, until

BANDS = [{"below": 1000, "is": "short"}, {"below": 3500, "is": "active"},
         {"below": 8000, "is": "out-of-band"}, {"below": 13000, "is": "normal"},
         {"is": "open"}]


def measure(peer, value, channel=0):
    """The scaled value of an input, as the module keeps it: a float, high word first."""
    words = struct.unpack(">HH", struct.pack(">f", value))
    peer.units[1].setValues(4, 8 + 2 * channel, list(words))


def supervised(port):
    points = [{"id": "panic", "item": "ai", "device": 0, "kind": "panic", "zone": "z1",
               "supervised": "eol", "place": place("panic")}]
    return site([{"id": "lan", "modbus_tcp": f"127.0.0.1:{port}"}],
                [{"id": "io", "bus": "lan", "unit": 1, "profile": "iologik-e1240",
                  "poll": "200ms", "timeout": "1500ms", "points": points}],
                loops=[{"id": "eol", "quantity": "number", "fault_delay": "500ms",
                        "bands": BANDS}])


def codes(daemon):
    return {a["code"]: a["state"] for a in daemon.api().alarms() if a["point"] == "panic"}


def test_i6_a_cut_loop_is_a_fault_and_never_rest(tmp_path):
    peer = Modbus()
    try:
        measure(peer, 10400)
        with Daemon(tmp_path, supervised(peer.port)) as daemon:
            daemon.start()

            def point():
                return daemon.api().json("GET", "/api/v1/points/panic")
            until(lambda: point()["loop"]["band"] == "normal", 10)
            assert point()["quality"] == "good" and codes(daemon) == {}
            measure(peer, 2200)
            until(lambda: codes(daemon).get(None) == "unacknowledged", 5, "pressed")
            measure(peer, 1e6)
            until(lambda: codes(daemon).get("loop-open") == "unacknowledged", 5, "cut")
            seen = point()
            assert seen["quality"] == "bad" and seen["loop"]["band"] == "open"
            assert codes(daemon)[None] == "unacknowledged", "a cut wire clears nothing"
            measure(peer, 50)
            until(lambda: codes(daemon).get("loop-short") == "unacknowledged", 5)
            assert codes(daemon)["loop-open"] == "returned"
            measure(peer, 10400)
            until(lambda: codes(daemon)["loop-short"] == "returned", 5)
            assert codes(daemon)[None] == "latched_unacknowledged"
            assert daemon.stop() == 0
            daemon.verify()
    finally:
        peer.stop()
