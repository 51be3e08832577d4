# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The field for the tests: a real Modbus server that nobody here wrote (pymodbus), and a
# server that misbehaves in one named way at a time.
import asyncio
import contextlib
import itertools
import os
import socket
import struct
import subprocess
import threading
import time

from pymodbus.datastore import (ModbusSequentialDataBlock, ModbusServerContext,
                                ModbusSlaveContext)
from pymodbus.server.async_io import (ModbusSerialServer, ModbusTcpServer,
                                      ModbusUdpServer)
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer

NORMAL = 0x1400         # enabled | inactive
ABSENT = 0x00FF
FIRE = 0x0C10           # enabled | active, type 10 fire alarm
CO_FIRE = 0x0C14
SUPERVISORY = 0x0C40
TROUBLE = 0x3400        # enabled | inactive | trouble
UNKNOWN_TYPE = 0x0C99   # active with a type no document names


class Modbus:
    """pymodbus's own TCP server in a thread; registers are set from the test."""

    def __init__(self, units=(1,), port=0, registers=4000, value=NORMAL,
                 framer=ModbusSocketFramer):
        self.framer = framer
        self.units = {
            u: ModbusSlaveContext(
                hr=ModbusSequentialDataBlock(0, [value] * registers),
                ir=ModbusSequentialDataBlock(0, [0] * 200),
                di=ModbusSequentialDataBlock(0, [0] * 64),
                co=ModbusSequentialDataBlock(0, [0] * 64), zero_mode=True)
            for u in units}
        self.port = port
        self.thread = None
        self.start()

    def start(self):
        ready = threading.Event()

        def serve():
            self.loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self.loop)

            async def run():
                self.server = self.listen()
                task = asyncio.ensure_future(self.server.serve_forever())
                await self.server.serving
                self.port = self.where()
                ready.set()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            with contextlib.suppress(RuntimeError):
                self.loop.run_until_complete(run())
        self.thread = threading.Thread(target=serve, daemon=True)
        self.thread.start()
        assert ready.wait(60), "pymodbus did not start"

    def listen(self):
        return ModbusTcpServer(
            ModbusServerContext(slaves=self.units, single=False), framer=self.framer,
            address=("127.0.0.1", self.port), allow_reuse_address=True)

    def where(self):
        return self.server.server.sockets[0].getsockname()[1]

    def stop(self):
        """Closes the listening socket and every connection."""
        def close():
            for handler in list(self.server.active_connections.values()):
                if handler.transport:
                    handler.transport.abort()
            self.server.server.close()
            for task in asyncio.all_tasks(self.loop):
                task.cancel()
        self.loop.call_soon_threadsafe(close)
        self.thread.join(10)

    def connections(self):
        return len(self.server.active_connections)

    def holding(self, address, value, unit=1):
        self.units[unit].setValues(3, address, [value])

    def discrete(self, address, value, unit=1):
        self.units[unit].setValues(2, address, [value])


class ModbusUdp(Modbus):
    """The same server in UDP datagrams."""

    def __init__(self, units=(1,), port=0, registers=4000, value=NORMAL):
        super().__init__(units, port, registers, value, framer=ModbusRtuFramer)

    def listen(self):
        return ModbusUdpServer(ModbusServerContext(slaves=self.units, single=False),
                               framer=self.framer, address=("127.0.0.1", self.port))

    def where(self):
        return self.server.protocol.get_extra_info("sockname")[1]

    def stop(self):
        def close():
            self.server.protocol.close()
            for task in asyncio.all_tasks(self.loop):
                task.cancel()
        self.loop.call_soon_threadsafe(close)
        self.thread.join(10)


class Registers(ModbusSequentialDataBlock):
    """Notes when it was read."""

    def __init__(self, *args):
        super().__init__(*args)
        self.read_at = []

    def getValues(self, address, count=1):
        self.read_at.append(time.monotonic())
        return super().getValues(address, count)


class Gateway(Modbus):
    """A gateway that says nothing where a unit does not answer, and asks others
    meanwhile."""

    def __init__(self, units, registers):
        super().__init__(units)
        for unit in self.units.values():
            unit.store["h"] = Registers(0, registers)

    def listen(self):
        return ModbusTcpServer(
            ModbusServerContext(slaves=self.units, single=False),
            address=("127.0.0.1", self.port), allow_reuse_address=True,
            ignore_missing_slaves=True)

    def kill(self, unit):
        del self.units[unit]

    def worst_gap_s(self, since):
        """Of those that live, from their last poll before `since` until now."""
        worst = 0
        for unit in self.units.values():
            times = [*unit.store["h"].read_at, time.monotonic()]
            worst = max(worst, *(b - a for a, b in itertools.pairwise(times)
                                 if b >= since))
        return worst


class DeviceServer(threading.Thread):
    """In front of a server in UDP, as some device servers are: it hears only who asks
    from port `from_port`, and answers from another port than the one it was asked on."""

    def __init__(self, behind, from_port):
        super().__init__(daemon=True)
        self.behind, self.from_port = behind, from_port
        self.asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.asked.bind(("127.0.0.1", 0))
        self.asked.settimeout(0.2)
        self.port = self.asked.getsockname()[1]
        self.answers = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.answers.bind(("127.0.0.1", 0))
        self.answers.settimeout(0.5)
        self.going = True
        self.start()

    def run(self):
        while self.going:
            with contextlib.suppress(TimeoutError):
                request, client = self.asked.recvfrom(512)
                if client[1] == self.from_port:
                    self.answers.sendto(request, ("127.0.0.1", self.behind))
                    self.answers.sendto(self.answers.recv(512), client)

    def stop(self):
        self.going = False
        self.join(5)
        self.asked.close()
        self.answers.close()


class Hostile(threading.Thread):
    """A TCP peer that answers reads of FC 01-04 in one way, changeable at any time.

    `answer(request) -> list of (delay_s, bytes)`; the request is a dict of tid, unit,
    fc, address, count. Registers read as `self.value`."""

    def __init__(self, answer=None, value=NORMAL, port=0):
        super().__init__(daemon=True)
        self.answer = answer or self.good
        self.value = value
        self.requests = 0
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", port), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.open = []
        self.start()

    def run(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.open.append(peer)
            threading.Thread(target=self.attend, args=(peer,), daemon=True).start()

    def attend(self, peer):
        """One connection, from its begin until either side ends it."""
        try:
            self.serve(peer)
        finally:
            peer.close()
            with contextlib.suppress(ValueError):
                self.open.remove(peer)

    def serve(self, peer):
        data = b""
        with contextlib.suppress(OSError):
            while True:
                more = peer.recv(4096)
                if not more:
                    return
                data += more
                while len(data) >= 12:
                    tid, _, length, unit, fc, address, count = struct.unpack(
                        ">HHHBBHH", data[:12])
                    data = data[6 + length:]
                    self.requests += 1
                    request = {"tid": tid, "unit": unit, "fc": fc, "address": address,
                               "count": count}
                    for delay, piece in self.answer(request):
                        time.sleep(delay)
                        if piece is None:
                            peer.close()
                            return
                        peer.sendall(piece)

    def frame(self, request, **change):
        """A reply with some fields wrong."""
        r = dict(request, **change)
        if r["fc"] in (1, 2):
            size = (r["count"] + 7) // 8
            body = bytes([1] * size)
        else:
            size = 2 * r["count"]
            body = struct.pack(">H", self.value) * r["count"]
        pdu = bytes([r["unit"], r["fc"], r.get("bytes", size) & 0xFF]) + body
        return struct.pack(">HHH", r["tid"], r.get("protocol", 0),
                           r.get("length", len(pdu))) + pdu

    def good(self, request):
        return [(0, self.frame(request))]

    def silent(self, request):
        return []

    def late(self, request):
        return [(1.6, self.frame(request))]

    def wrong_tid(self, request):
        return [(0, self.frame(request, tid=request["tid"] ^ 0x55))]

    def wrong_unit(self, request):
        return [(0, self.frame(request, unit=request["unit"] + 1))]

    def wrong_function(self, request):
        return [(0, self.frame(request, fc=request["fc"] ^ 1))]

    def wrong_count(self, request):
        return [(0, self.frame(request, count=request["count"] + 1))]

    def short(self, request):
        return [(0, self.frame(request)[:-3]), (0, None)]

    def garbage(self, request):
        return [(0, b"\x9c\x01 not modbus at all \xff\xfe" * 3)]

    def dribble(self, request):
        return [(0.02, bytes([b])) for b in self.frame(request)]

    def twice(self, request):
        return [(0, self.frame(request) * 2)]

    def exception(self, code):
        def answer(request):
            return [(0, struct.pack(">HHHBBB", request["tid"], 0, 3, request["unit"],
                                    request["fc"] | 0x80, code))]
        return answer

    def babble(self, request):
        return [(0, self.frame(request, tid=(request["tid"] + n) & 0xFFFF))
                for n in range(1, 200)]

    def drop(self):
        """Cuts every open connection. Closing alone would wait for the thread that reads."""
        for peer in list(self.open):
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
            with contextlib.suppress(OSError):
                peer.close()
        self.open = []

    def stop(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.drop()


def panel(port, **more):
    """A bus, a device and its points for a Notifier gateway on this port. The time-out is
    long, for a healthy peer of Python's that has to wait for its turn is no dead one."""
    def at(n):
        return {"zh": f"探测器{n}", "en": f"Detector {n}"}
    points = [{"id": f"d{n}", "item": "detector", "loop": 1, "device": n, "kind": "smoke",
               "zone": "z1", "place": at(n)} for n in range(1, 11)]
    device = {"id": "fap1", "bus": "lan1", "unit": 1, "profile": "notifier-modbus-gw",
              "poll": "200ms", "timeout": "1500ms", "points": points}
    device.update(more)
    return [{"id": "lan1", "modbus_tcp": f"127.0.0.1:{port}"}], [device]


def module(port, name="io1", bus="lan2", points=4):
    """A bus and an ioLogik input module with door contacts."""
    rows = [{"id": f"{name}-door{n}", "item": "di", "device": n, "kind": "door",
             "zone": "z1", "place": {"zh": f"门{n}", "en": f"Door {n}"}}
            for n in range(points)]
    return ([{"id": bus, "modbus_tcp": f"127.0.0.1:{port}"}],
            [{"id": name, "bus": bus, "unit": 1, "profile": "iologik-e1200",
              "poll": "200ms", "timeout": "1500ms", "points": rows}])


class Serial:
    """pymodbus's own RTU server on one end of a pair of pseudo-terminals (socat); the
    daemon opens `tty`. PTMB transmitters, variant A."""

    def __init__(self, directory, units=(3, 4, 5)):
        self.tty = os.path.join(directory, "line-a")
        far = os.path.join(directory, "line-b")
        self.socat = subprocess.Popen(
            ["socat", f"pty,raw,echo=0,link={self.tty}", f"pty,raw,echo=0,link={far}"],
            stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not (os.path.exists(self.tty) and os.path.exists(far)):
            assert time.monotonic() < deadline, "socat made no pseudo-terminals"
            time.sleep(0.02)
        self.units = {
            u: ModbusSlaveContext(
                # id, baud, unit MPa, 3 decimals, value, zero, full
                hr=ModbusSequentialDataBlock(0, [u, 3, 0, 3, 700, 0, 1600] + [0] * 20),
                zero_mode=True) for u in units}
        ready = threading.Event()

        def serve():
            self.loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self.loop)

            async def run():
                server = ModbusSerialServer(
                    ModbusServerContext(slaves=self.units, single=False),
                    framer=ModbusRtuFramer, port=far, baudrate=9600, timeout=1,
                    ignore_missing_slaves=True)
                await server.start()
                ready.set()
                with contextlib.suppress(asyncio.CancelledError):
                    await server.serve_forever()
            with contextlib.suppress(RuntimeError):
                self.loop.run_until_complete(run())
        self.thread = threading.Thread(target=serve, daemon=True)
        self.thread.start()
        assert ready.wait(60), "pymodbus did not start"

    def pressure(self, unit, thousandths):
        """Sets the value in 0.001 MPa."""
        self.units[unit].setValues(3, 4, [thousandths & 0xFFFF])

    def set(self, unit, address, value):
        self.units[unit].setValues(3, address, [value])

    def stop(self):
        self.loop.call_soon_threadsafe(
            lambda: [t.cancel() for t in asyncio.all_tasks(self.loop)])
        self.thread.join(10)
        self.socat.terminate()
        self.socat.wait()


def gauges(tty, units=(3, 4, 5), **more):
    """A serial bus and one pressure point per unit."""
    devices = []
    for u in units:
        point = {"id": f"gauge{u}", "item": "pressure", "kind": "pressure", "zone": "z1",
                 "place": {"zh": f"压力{u}", "en": f"Gauge {u}"}, "daily_log": True}
        point.update(more)
        devices.append({"id": f"pt{u}", "bus": "pump-room", "unit": u,
                        "profile": "pressure-transmitter-ptmb", "poll": "200ms",
                        "timeout": "900ms", "retries": 1, "points": [point]})
    return [{"id": "pump-room", "modbus_rtu": tty, "line": "9600 8N1"}], devices
