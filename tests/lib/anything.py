# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# A Modbus server (pymodbus) that answers every request of every unit, and keeps each: its
# registers are 0 but for those that a test sets. And sites with all that a profile of
# panels/ has, for such a server.
import asyncio
import collections
import contextlib
import threading

import yaml
from pymodbus.datastore import ModbusServerContext
from pymodbus.interfaces import IModbusSlaveContext
from pymodbus.server.async_io import ModbusTcpServer
from pymodbus.transaction import ModbusSocketFramer

from rig import ROOT, place

READS = (1, 2, 3, 4)
AREAS = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}  # by the function that reads it
GATEWAY, NODE = 200, 3
KINDS = ("pressure", "level", "temperature", "current", "voltage", "resistance", "ratio",
         "duration", "obscuration", "number")


class Unit(IModbusSlaveContext):
    """The registers of one unit; a write goes to `wrote` and changes nothing."""

    def __init__(self, rest=0):
        super().__init__()
        self.rest = rest
        self.values = {}                    # (function, address) -> value
        self.moving = set()                 # addresses that count on with each read
        self.reads = collections.Counter()  # by first address
        self.writes = []                    # (function, address, values)
        self.wrote = lambda address, value: None

    def decode(self, fx):
        return {1: "c", 2: "d", 3: "h", 4: "i"}.get(fx, "h")

    def validate(self, _function, address, count=1):
        return address + count <= 65536

    def getValues(self, function, address, count=1):
        if function not in READS:   # what a write reads back
            return [self.writes[-1][2][0]] * count
        self.reads[address] += 1
        for key in self.moving:
            self.values[key] = (self.values.get(key, 0) + 1) & 0xFFFF
        return [self.values.get((function, address + i), self.rest) for i in range(count)]

    def setValues(self, function, address, values):
        self.writes.append((function, address, list(values)))
        self.wrote(address, values[0])

    def reset(self):
        """pymodbus wants one; what a test set stays."""


class Server:
    """Starts at once. `pdus` has every request as it came."""

    def __init__(self, units):
        self.units = units
        self.pdus = []
        ready = threading.Event()

        def serve():
            self.loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self.loop)
            with contextlib.suppress(RuntimeError):
                self.loop.run_until_complete(self.run(ready))
        self.thread = threading.Thread(target=serve, daemon=True)
        self.thread.start()
        assert ready.wait(60), "pymodbus did not start"

    async def run(self, ready):
        server = ModbusTcpServer(ModbusServerContext(slaves=self.units, single=False),
                                 framer=ModbusSocketFramer, address=("127.0.0.1", 0),
                                 allow_reuse_address=True, ignore_missing_slaves=True)
        decode = server.decoder.decode

        def note(message):
            self.pdus.append(bytes(message))
            return decode(message)
        server.decoder.decode = note
        self.server = server
        task = asyncio.ensure_future(server.serve_forever())
        await server.serving
        self.port = server.server.sockets[0].getsockname()[1]
        ready.set()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    def stop(self):
        def close():
            for handler in list(self.server.active_connections.values()):
                if handler.transport:
                    handler.transport.abort()
            self.server.server.close()
            for task in asyncio.all_tasks(self.loop):
                task.cancel()
        self.loop.call_soon_threadsafe(close)
        self.thread.join(10)


def profiles():
    """Every profile of panels/ as YAML has it, by name."""
    return {path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
            for path in sorted((ROOT / "panels").glob("*.yaml"))}


def unit_of(profile):
    """A unit that the identity check and the dialogs of a profile take for alive."""
    unit = Unit()
    for known in profile.get("identity", []):
        if "value" in known or "from" in known:
            unit.values[AREAS[known["area"]], known["address"]] = \
                known.get("value", known.get("from"))
    for alive in profile.get("dialogs", {}).get("alive", []):
        key = AREAS[alive["area"]], alive["address"]
        if "within" in alive:
            unit.moving.add(key)
        elif "values" in alive and alive.get("of") != "gateway":
            unit.values[key] = alive["values"][0]
    return unit


def points_of(name, profile, selected):
    """One point of each item and, where it has more, the last one."""
    behind = {s["item"] for s in profile.get("dialogs", {}).get("selectors", [])}
    decoders = {d["name"]: d for d in profile["decoders"]}
    places, points = set(), []
    for item in profile["items"]:
        if item["name"] in behind and not selected:
            continue
        decoder = decoders[item["decoder"]]
        kind = decoder.get("quantity", "number") if decoder["form"] in ("analog", "counter") \
            else "module"
        assert kind in KINDS + ("module",)
        for end in ("from", "to"):
            at = {k: item[k][end] for k in ("loop", "device") if k in item}
            here = item["area"], item["base"], item["name"] in behind and item["name"], \
                end if at else "", item.get("pack", {}).get("bits")
            if here in places:
                continue
            places.add(here)
            points.append({"id": f"{name}.{item['name']}.{end}", "item": item["name"],
                           "kind": kind, "place": place(name), **at})
    return points


def dialogs_of(profile):
    """All that a site can enable."""
    has = profile.get("dialogs", {})
    use = {}
    if "selectors" in has:
        use["selectors"] = [s["name"] for s in has["selectors"]]
    off = [a["name"] for a in has.get("alive", []) if "why_off" in a]
    if off:
        use["alive"] = off
    if any(a.get("of") == "gateway" for a in has.get("alive", [])):
        use["gateway"] = {"unit": GATEWAY, "node": NODE}
    if "heartbeat" in has:
        use["allow_writes"] = True
    return use


def site_of(all_profiles, port, everything):
    """Buses and devices: one of each profile, on a connection of its own."""
    buses, devices = [], []
    for number, (name, profile) in enumerate(all_profiles.items(), 1):
        buses.append({"id": f"bus{number}", "modbus_tcp": f"127.0.0.1:{port}"})
        device = {"id": name, "bus": f"bus{number}", "unit": number, "profile": name,
                  "poll": "2s", "accept_budget": {"limit": "1h", "reason": "a test"},
                  "points": points_of(name, profile, everything)}
        tables = [t["name"] for t in profile.get("tables", []) if t.get("from_site")]
        if tables:
            device["tables"] = {t: [{"value": 0, "means": "none"}] for t in tables}
        if everything and dialogs_of(profile):
            device["dialogs"] = dialogs_of(profile)
        devices.append(device)
    return buses, devices
