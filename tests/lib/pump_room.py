# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# A pump room for tests: a jockey and a main pump on one gauge. The contacts are pymodbus's,
# the gauge a transmitter on pymodbus's serial line.
from field import gauges, module
from rig import site, until

JOCKEY_RUN, MAIN_RUN, MAIN_AUTO = range(3)


def pump_room(tty, port, **more):
    """A jockey and a main pump on one gauge, their contacts on a module."""
    buses, devices = module(port, points=0)
    devices[0]["points"] = [
        {"id": name, "item": "di", "device": at, "kind": kind, "zone": "z1", "place": {"zh": name, "en": name}}
        for name, at, kind in (("jockey-run", JOCKEY_RUN, "pump-run"), ("main-run", MAIN_RUN, "pump-run"),
                               ("main-auto", MAIN_AUTO, "pump-auto"))]
    more_buses, more_devices = gauges(tty, units=(3,))
    pumps = [{"id": "jockey", "name": {"zh": "稳压泵", "en": "Jockey"}, "role": "jockey",
              "gauge": "gauge3", "run": "jockey-run",
              "short_cycling": {"starts_per_hour": 2, "hysteresis": 1}},
             {"id": "main", "name": {"zh": "消火栓泵", "en": "Main"}, "role": "main",
              "gauge": "gauge3", "run": "main-run", "auto": "main-auto",
              "weekly_start": True, "monthly_run": True}]
    return site(buses + more_buses, devices + more_devices, pumps=pumps, **more)


def pumps_of(api):
    return {p["pump"]["id"]: p["pump"] for p in api.json("GET", "/api/v1/pumps")["pumps"]}


def run_once(api, line, peer, start, stop):
    """The jockey pump starts at one pressure and stops at another."""
    before = pumps_of(api)["jockey"]["starts_today"]
    line.pressure(3, start)
    until(lambda: pumps_of(api)["jockey"]["kpa"] == start, 20, "it has fallen")
    peer.discrete(JOCKEY_RUN, 1)
    until(lambda: pumps_of(api)["jockey"]["starts_today"] == before + 1, 20, "it has started")
    line.pressure(3, stop)
    until(lambda: pumps_of(api)["jockey"]["kpa"] == stop, 20, "it has risen")
    peer.discrete(JOCKEY_RUN, 0)
    until(lambda: pumps_of(api)["jockey"]["is"] == "idle", 20, "it has stopped")
