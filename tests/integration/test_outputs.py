# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Sounder, lamp and heartbeat as coils of a real Modbus server (pymodbus): they follow the
# alarms on the loop whatever the disk and the channels do (I2), a silence stops the
# sounder and says who, what does not follow or cannot be reached is an alarm (I9), and
# what the site does not enable is never written (I8).
import time

import pytest

from field import FIRE, Modbus, panel
from rig import USER, Daemon, place, site, until

SOUNDER, LAMP, BEAT = 2, 3, 4
COIL = 1  # of pymodbus' function codes: coils


class Module(Modbus):
    """An output module: what was written to it, in order, and what its coils hold."""

    def __init__(self, **more):
        self.writes = []
        self.stuck = set()
        super().__init__(**more)
        context = self.units[1]
        plain = context.setValues

        def set_values(function, address, values):
            if function == 5:
                self.writes.append((time.monotonic(), address, bool(values[0])))
            if function == 5 and address in self.stuck:
                return None
            return plain(function, address, values)
        context.setValues = set_values

    def coil(self, number):
        return bool(self.units[1].getValues(COIL, number, 1)[0])

    def written(self, number):
        return [on for _, address, on in list(self.writes) if address == number]


def output(name, role, number, **more):
    return {"id": name, "role": role, "device": "io1", "item": "do", "number": number,
            "name": place(name), "allow_write": True, "within": "2s", "refresh": "1s", **more}


SOUNDER_OUT = output("siren", "sounder", SOUNDER)
LAMP_OUT = output("beacon", "lamp", LAMP)


def tower(fap, io, outputs, points=None, **more):
    buses, devices = panel(fap.port)
    buses.append({"id": "lan2", "modbus_tcp": f"127.0.0.1:{io.port}"})
    devices.append({"id": "io1", "bus": "lan2", "unit": 1, "profile": "iologik-e1200",
                    "poll": "200ms", "timeout": "500ms", "retries": 1,
                    "points": points or []})
    return site(buses, devices, outputs=outputs, **more)


@pytest.fixture(name="field")
def fixture_field():
    fap, io = Modbus(), Module()
    yield fap, io
    fap.stop()
    io.stop()


def changes(daemon, name):
    """The journal's output.on/off of an output, oldest first."""
    return [e for e in daemon.api().events(point=f"@output/{name}")
            if e["kind"].startswith("output.")]


def test_i2_a_fire_sounds_and_lights_and_silence_stops_the_sound_only(tmp_path, field):
    fap, io = field
    with Daemon(tmp_path, tower(fap, io, [SOUNDER_OUT, LAMP_OUT])) as daemon:
        daemon.start()
        daemon.add_user()
        api = daemon.api().login()
        until(lambda: io.written(SOUNDER) and io.written(LAMP), 5, "both are driven")
        assert not io.coil(SOUNDER) and not io.coil(LAMP)
        fap.holding(0, FIRE)
        until(lambda: io.coil(SOUNDER) and io.coil(LAMP), 5, "sound and light")
        fire = api.alarm("d1")
        status, _, _ = api.call("POST", "/api/v1/silence", {})
        assert status == 200
        until(lambda: not io.coil(SOUNDER), 5, "silenced")
        assert io.coil(LAMP), "silence leaves the lamp"
        fap.holding(1, FIRE)
        until(lambda: io.coil(SOUNDER), 5, "a new alarm sounds again")
        for point in ("d1", "d2"):
            assert api.acknowledge(api.alarm(point)["occurrence"])[0] == 200
        until(lambda: not io.coil(SOUNDER) and not io.coil(LAMP), 5, "all is acknowledged")
        seen = changes(daemon, "siren")
        assert [(e["kind"], e["params"]["reason"]) for e in seen] == [
            ("output.on", "alarm"), ("output.off", "silenced"), ("output.on", "alarm"),
            ("output.off", "alarm")]
        assert seen[0]["occurrence"] == fire["occurrence"] and seen[0]["class"] == "fire"
        assert seen[1]["actor"] == USER and seen[3]["actor"] == USER
        assert {e["params"]["role"] for e in seen} == {"sounder"}
        assert daemon.stop() == 0
        daemon.verify()
