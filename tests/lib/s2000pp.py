# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# A Bolid S2000-PP on pymodbus's own server, RTU frames through TCP: zones, identity, the
# converter's own state, the event queue with its acknowledgement, numeric selectors; and
# what goes wrong with each: busy, slow, echoes that are lost, a log that overflows,
# somebody else who takes the events. Addresses and record layout are those of the profile
# panels/bolid-s2000-pp.yaml. Everything that is written to it is kept.
import asyncio
import collections
import contextlib
import threading
import time

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.pdu import ExceptionResponse
from pymodbus.register_read_message import ReadHoldingRegistersRequest
from pymodbus.register_write_message import WriteSingleRegisterRequest
from pymodbus.server.async_io import ModbusTcpServer
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer

ZONES, PARTITIONS = 40000, 44096
ACKNOWLEDGE, EVENT = 46163, 46264
SELECT_NUMBER, NUMBER = 46179, 46328
ARMED, FIRE, FAULT, LOST_DEVICE = 24, 37, 41, 250
LOG_OVERFLOW = 70
PENDING, BUSY, BAD_NUMBER = 15, 6, 3
RECORD_REGISTERS = 14


def record(number, code, zone=None, partition=None, user=None, when=(14, 5, 59, 24, 11, 25)):
    """The 28 bytes of one event: number, length, code, then type, length, data."""
    fields = b""
    for kind, value in ((1, user), (2, partition), (3, zone)):
        if value is not None:
            fields += bytes([kind, 2, value >> 8, value & 0xFF])
    if when is not None:
        fields += bytes([11, 6, *when])
    return (bytes([number >> 8, number & 0xFF, len(fields), code]) + fields).ljust(28, b"\0")


def words(data):
    return [data[i] << 8 | data[i + 1] for i in range(0, len(data), 2)]


class S2000PP:
    """Starts at once; `port` is where it listens. All methods may be called from a test."""

    def __init__(self, zones=16, first=1, capacity=512, last=65535, framer="rtu", port=0):
        self.lock = threading.RLock()
        self.holding = collections.defaultdict(int)
        for z in range(zones):
            self.holding[ZONES + z] = ARMED << 8
        self.holding[46152], self.holding[46153] = 36, 301
        self.queue = collections.deque()
        self.number, self.first, self.last = first, first, last
        self.capacity = capacity
        self.produced = []         # (number, code, zone) of all events there ever were
        self.writes = []           # (function, address, value)
        self.reads = collections.Counter()
        self.exceptions = {}       # address -> list of codes, one a request
        self.before_acknowledge = None  # called with the number, before it takes effect
        self.lose_echo = 0         # acknowledgements that take effect and are not echoed
        self.deaf = False          # acknowledgements are echoed and without effect
        self.delay = 0.0
        self.values = {}           # zone -> raw numeric value
        self.pending = 0           # reads of a result that are not obtained yet
        self.framer = ModbusRtuFramer if framer == "rtu" else ModbusSocketFramer
        self.port = port
        self.thread = None
        self.discretes = ModbusSequentialDataBlock(0, [0] * 9 + [1] + [0] * 20)
        self.start()

    # -- what a test does -----------------------------------------------------

    def zone(self, number, code, second=0):
        with self.lock:
            self.holding[ZONES + number - 1] = code << 8 | second

    def event(self, code, zone=None, **more):
        """A new event at the end of the queue; returns its number."""
        with self.lock:
            number = self.number
            self.number = 0 if number == self.last else number + 1
            self.queue.append((number, record(number, code, zone, **more)))
            self.produced.append((number, code, zone))
            while len(self.queue) > self.capacity:
                self.queue.popleft()
            return number

    def take(self):
        """Somebody else reads and acknowledges the oldest event."""
        with self.lock:
            return self.queue.popleft()[0] if self.queue else None

    def waiting(self):
        with self.lock:
            return len(self.queue)

    def orion(self, connected):
        self.discretes.setValues(9, [1 if connected else 0])

    def fail(self, address, *codes):
        with self.lock:
            self.exceptions.setdefault(address, []).extend(codes)

    def acknowledged(self):
        with self.lock:
            return [v for f, a, v in self.writes if a == ACKNOWLEDGE]

    # -- what the converter does ----------------------------------------------

    def refusal(self, address):
        codes = self.exceptions.get(address)
        return codes.pop(0) if codes else None

    def read(self, address, count):
        """Registers, or an exception code."""
        with self.lock:
            self.reads[address] += 1
            code = self.refusal(address)
            if code is not None:
                return code
            if address == EVENT:
                head = self.queue[0][1] if self.queue else bytes(28)
                return words(head)[:count]
            if address == NUMBER and self.pending > 0:
                self.pending -= 1
                return PENDING
            if address == NUMBER:
                return [self.values.get(self.selected, 0)]
            return [self.holding[address + i] for i in range(count)]

    def write(self, address, value):
        """None, or an exception code."""
        with self.lock:
            self.writes.append((6, address, value))
            code = self.refusal(address)
            if code is not None:
                return code
            if address == SELECT_NUMBER:
                self.selected = value
                return None
            if address != ACKNOWLEDGE:
                return None
            hook = self.before_acknowledge
        if hook is not None and hook(value) is False:
            return None
        with self.lock:
            if self.deaf:
                return None
            if not self.queue or self.queue[0][0] != value:
                return BAD_NUMBER
            self.queue.popleft()
            return None

    def requests(self):
        """pymodbus's requests with the converter behind them."""
        device = self

        class Read(ReadHoldingRegistersRequest):
            def execute(self, context):
                found = device.read(self.address, self.count)
                time.sleep(device.delay)
                if isinstance(found, int):
                    return ExceptionResponse(self.function_code, found)
                for i, value in enumerate(found):
                    context.setValues(3, self.address + i, [value])
                return super().execute(context)

        class Write(WriteSingleRegisterRequest):
            def execute(self, context):
                code = device.write(self.address, self.value)
                time.sleep(device.delay)
                if code is not None:
                    return ExceptionResponse(self.function_code, code)
                return super().execute(context)

        return Read, Write

    def mute(self, response):
        """Swallows the echo of an acknowledgement where the test wants that."""
        if response.function_code == 6 and self.lose_echo > 0 and \
                getattr(response, "address", None) == ACKNOWLEDGE:
            self.lose_echo -= 1
            return b"", True
        return response, False

    def start(self):
        ready = threading.Event()

        def serve():
            self.loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self.loop)

            async def run():
                context = ModbusSlaveContext(
                    hr=ModbusSequentialDataBlock(0, [0] * 65536), di=self.discretes,
                    ir=ModbusSequentialDataBlock(0, [0] * 16384),
                    co=ModbusSequentialDataBlock(0, [0] * 16384), zero_mode=True)
                self.server = ModbusTcpServer(
                    ModbusServerContext(slaves={1: context}, single=False),
                    framer=self.framer, address=("127.0.0.1", self.port),
                    allow_reuse_address=True, ignore_missing_slaves=True,
                    response_manipulator=self.mute)
                for request in self.requests():
                    self.server.decoder.register(request)
                task = asyncio.ensure_future(self.server.serve_forever())
                await self.server.serving
                self.port = self.server.server.sockets[0].getsockname()[1]
                ready.set()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            with contextlib.suppress(RuntimeError):
                self.loop.run_until_complete(run())
        self.thread = threading.Thread(target=serve, daemon=True)
        self.thread.start()
        assert ready.wait(60), "pymodbus did not start"

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
