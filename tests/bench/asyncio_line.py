#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# pymodbus on asyncio before a shared link: unit after unit, a read of seven holding
# registers with a time-out of one second, then the rest of the period.
# `asyncio_line.py TTY|PORT BAUD UNITS PERIOD_MS SECONDS`
import asyncio
import contextlib
import logging
import sys
import time

from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient


def client(at, baud):
    if at.startswith("/"):
        return AsyncModbusSerialClient(at, baudrate=baud, timeout=1, retries=0)
    return AsyncModbusTcpClient("127.0.0.1", port=int(at), timeout=1, retries=0)


async def turn(link, units):
    for unit in range(1, units + 1):
        with contextlib.suppress(Exception):
            if not link.connected:
                await asyncio.wait_for(link.connect(), 1)
            await asyncio.wait_for(link.read_holding_registers(0, 7, slave=unit), 1)


async def main():
    at, baud, units, period, seconds = sys.argv[1], *map(int, sys.argv[2:])
    link, due = client(at, baud), time.monotonic()
    end = due + seconds
    while due < end:
        await turn(link, units)
        due = max(due + period / 1000, time.monotonic())
        await asyncio.sleep(max(0, due - time.monotonic()))


logging.disable(logging.CRITICAL)
asyncio.run(main())
