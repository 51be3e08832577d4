# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# An output module for the tests, a real Modbus server (pymodbus) whose coils say what was
# written to them, and a site with a fire panel and outputs on it.
import time

from field import Modbus, panel
from rig import place, site

SOUNDER, LAMP, BEAT = 2, 3, 4
COIL = 1  # of pymodbus' function codes: coils


class Module(Modbus):
    """An output module: what was written to it, in order, and what its coils hold."""

    def __init__(self, **more):
        self.writes = []
        self.stuck = set()
        super().__init__(**more)
        context = self.units[1]
        write, read = context.setValues, context.getValues

        def set_values(function, address, values):
            if function == 5:
                self.writes.append((time.monotonic(), address, bool(values[0])))
            return write(function, address, values)

        def get_values(function, address, count=1):
            """A relay that is stuck: taken and echoed, and it reads off."""
            found = read(function, address, count)
            return [False if function == COIL and address + i in self.stuck else v
                    for i, v in enumerate(found)]
        context.setValues, context.getValues = set_values, get_values

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
