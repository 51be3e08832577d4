#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# pymodbus on asyncio: a task per device, a read of 100 holding registers each period;
# with period 0 each asks again at once.
# `asyncio_poller.py PERIOD_MS SECONDS PORT:COUNT...`
import asyncio
import contextlib
import logging
import resource
import sys
import time

from pymodbus.client import AsyncModbusTcpClient


async def poll(port, first, period, end):
    client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=1, retries=0)
    due = first
    while due < end:
        await asyncio.sleep(max(0, due - time.monotonic()))
        with contextlib.suppress(Exception):
            if not client.connected:
                await asyncio.wait_for(client.connect(), 1)
            await asyncio.wait_for(client.read_holding_registers(0, 100, slave=1), 1)
        due = due + period if period else time.monotonic()
        while due <= time.monotonic() and period:
            due += period


async def main():
    period, seconds = int(sys.argv[1]) / 1000, int(sys.argv[2])
    ports = [int(port) for word in sys.argv[3:]
             for port, count in [word.split(":")] for _ in range(int(count))]
    start = time.monotonic() + 0.5
    await asyncio.gather(*(poll(port, start + i * period / len(ports), period,
                                start + seconds) for i, port in enumerate(ports)))


limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
logging.disable(logging.CRITICAL)
asyncio.run(main())
