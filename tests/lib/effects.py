# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# A site where a fire must start a pump and stop a fan: a panel and an input module, both
# pymodbus's own servers.
from field import panel
from rig import site

RUN, FAN = 0, 1
PUMP = {"zh": "消火栓泵", "en": "Hydrant pump"}
NOT_STARTED = {"zh": "消火栓泵未启动，立即到泵房手动启动",
               "en": "the hydrant pump did not start: start it by hand"}


def effects_site(panel_port, io_port, within="6s", **more):
    buses, devices = panel(panel_port)
    buses.append({"id": "io-lan", "modbus_tcp": f"127.0.0.1:{io_port}"})
    points = [{"id": "run", "item": "di", "device": RUN, "kind": "pump-run", "zone": "z1",
               "place": PUMP},
              {"id": "fan", "item": "di", "device": FAN, "kind": "module", "zone": "z1",
               "place": {"zh": "空调机组", "en": "Air handler"}}]
    devices.append({"id": "io", "bus": "io-lan", "unit": 1, "profile": "iologik-e1200",
                    "poll": "200ms", "timeout": "1500ms", "points": points})
    effects = [{"id": "fire-pump", "causes": [{"zone": "z1", "class": "fire"}],
                "effect": {"point": "run"}, "within": within, "message": NOT_STARTED},
               {"id": "fan-stops", "causes": [{"class": "fire"}],
                "effect": {"point": "fan", "is": "idle"}, "within": "1min",
                "message": {"zh": "空调未停，手动切断", "en": "the air handler runs: cut it off"}}]
    return site(buses, devices, effects=effects, **more)
