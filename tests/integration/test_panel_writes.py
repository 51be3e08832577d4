# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# One daemon with a device of every profile of panels/, on a server (pymodbus) that
# answers anything and keeps every request: nothing is written but what a profile
# declares, and nothing at all where the site enables nothing (I8).
import json

import pytest

from anything import GATEWAY, READS, Server, Unit, profiles, site_of, unit_of
from rig import Daemon, site, until
from s2000pp import ACKNOWLEDGE, EVENT, record, words

RECORDS = 5
PROFILES = profiles()
S2000 = list(PROFILES).index("bolid-s2000-pp") + 1


@pytest.fixture(name="server")
def fixture_server():
    units = {n: unit_of(p) for n, p in enumerate(PROFILES.values(), 1)}
    units[GATEWAY] = Unit(rest=0xFFFF)
    server = Server(units)
    yield server
    server.stop()


def queue(unit, first=1):
    """Records that stay until they are acknowledged, one after the other."""
    def show(number):
        data = words(record(number, 24, zone=1)) if number < first + RECORDS else [0] * 14
        for i, word in enumerate(data):
            unit.values[3, EVENT + i] = word
        unit.wrote = lambda address, value: \
            show(number + 1) if (address, value) == (ACKNOWLEDGE, number) else None
    show(first)


def orders(server):
    """All that is no read, as (function, address, value)."""
    found = []
    for pdu in list(server.pdus):
        if pdu[0] not in READS:
            data = [int.from_bytes(pdu[i:i + 2], "big") for i in (1, 3)]
            found.append((pdu[0], data[0],
                          data[1] if pdu[0] in (5, 6) else int.from_bytes(pdu[6:], "big")))
    return found


def read_by_all(server, times):
    return all(sum(u.reads.values()) >= times for u in server.units.values()
               if u is not server.units[GATEWAY])


def test_i8_nothing_is_written_where_nothing_is_enabled(tmp_path, server):
    with Daemon(tmp_path / "d", site(*site_of(PROFILES, server.port, False))) as daemon:
        daemon.start()
        until(lambda: read_by_all(server, 10), 60, "every device is read")
        until(lambda: server.units[S2000].reads[EVENT] > 5, 60, "the queue is read")
        assert daemon.stop() == 0
        daemon.verify()
    assert orders(server) == []
    assert all(u.writes == [] for u in server.units.values())


def test_i8_all_that_is_written_is_declared_and_an_event(tmp_path, server):
    queue(server.units[S2000])
    with Daemon(tmp_path / "d", site(*site_of(PROFILES, server.port, True))) as daemon:
        daemon.start()
        wanted = {(number, w["address"]) for number, p in enumerate(PROFILES.values(), 1)
                  for w in p.get("dialogs", {}).get("writes", [])}
        assert len(wanted) >= 4

        def seen():
            return {(n, address) for n, u in server.units.items()
                    for _, address, _ in u.writes}
        until(lambda: seen() >= wanted, 90, lambda: f"writes missing: {wanted - seen()}")
        until(lambda: read_by_all(server, 10), 60, "every device is read")
        until(lambda: server.units[S2000].values[3, EVENT] == 0, 60, "the queue is empty")
        assert daemon.stop() == 0
        daemon.verify()
        db = daemon.journal()
        told = [json.loads(p) for (p,) in db.execute(
            "SELECT params FROM v_event WHERE kind = 'field.write'")]
        db.close()
    for number, unit in server.units.items():
        declared = {} if number == GATEWAY else {
            (w["function"], w["address"]): w for w in
            list(PROFILES.values())[number - 1].get("dialogs", {}).get("writes", [])}
        for function, address, values in unit.writes:
            write = declared[function, address]
            assert write["min"] <= values[0] <= write["max"], (number, function, address, values)
    written = orders(server)
    assert len(written) == sum(len(u.writes) for u in server.units.values())
    assert sorted(written) == sorted((t["function"], t["address"], t["value"]) for t in told
                                     if not t.get("refused")), "each write is an event"
    assert [v for _, a, v in written if a == ACKNOWLEDGE] == list(range(1, RECORDS + 1))
