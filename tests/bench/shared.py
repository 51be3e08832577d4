# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Many units on one link: a serial line, or a gateway on one connection. Gaps of the
# healthy ones while 0, 1, 4 or 8 are dead, and the time until a cured one is asked.
import contextlib
import tempfile
import time

from figures import Server, table
from pollers import LINK, US, Watchroom, chosen
from rig import site, until

BAUD, UNITS, CURE_MOST_S = 38400, 32, 100
DEAD = ((), (7,), (3, 11, 19, 27), (2, 6, 10, 14, 18, 22, 26, 30))
DEAD_BY_NUMBER = {len(units): units for units in DEAD}
PLACE = {"zh": "泵房", "en": "Pump room"}


def line_site(tty, units, poll):
    return site(
        [{"id": "line", "modbus_rtu": tty, "line": f"{BAUD} 8N1"}],
        [{"id": f"g{u}", "bus": "line", "unit": u, "poll": poll,
          "profile": "pressure-transmitter-ptmb",
          "points": [{"id": f"g{u}-p", "item": "pressure", "kind": "pressure",
                      "zone": "z1", "place": PLACE}]} for u in range(1, units + 1)])


def gateway_site(port, units, poll):
    """The gateway of field_server asks others while a unit does not answer. The site does
    not say so, as most do not know."""
    return site(
        [{"id": "gw", "modbus_tcp": f"127.0.0.1:{port}"}],
        [{"id": f"g{u}", "bus": "gw", "unit": u, "poll": poll,
          "profile": "notifier-modbus-gw",
          "accept_budget": {"limit": "60s", "reason": "a benchmark"},
          "points": [{"id": f"g{u}-{n}", "item": "detector", "loop": 1, "device": n,
                      "kind": "smoke", "zone": "z1", "place": PLACE}
                     for n in (1, 50, 100)]} for u in range(1, units + 1)])


def start(who, folder, text, at, period_s):
    if who == US:
        return Watchroom(folder, text(at, UNITS, f"{period_s}s"))
    return LINK[who](folder, at, BAUD, UNITS, period_s * 1000)


def gaps(server, period_s):
    found = server.gaps("units")
    found["worst_gap_by_period"] = found["worst_gap_ms"] / 1000 / period_s
    return found


def asked_again(servers):
    """Milliseconds until the cured unit of each was asked: the servers keep the time. Who
    did not ask within CURE_MOST_S is said to have taken that long."""
    end, left = time.monotonic() + CURE_MOST_S, dict(servers)
    while left and time.monotonic() < end:
        time.sleep(0.5)
        left = {name: one for name, one in left.items() if one.ask("cured")[0] == 0}
    return {name: 1000 * CURE_MOST_S if name in left else one.ask("cured")[1] / 1000
            for name, one in servers.items()}


def one_round(pollers, server, where, text, period_s, seconds):
    """Every poller with each number of dead units, all side by side: they mostly wait,
    and each has a link of its own."""
    with contextlib.ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        servers = {}
        for dead in DEAD:
            for who in pollers:
                name = f"{len(dead)} of {UNITS} dead, {who}"
                one = servers[name] = stack.enter_context(server())
                one.tell("period", period_s * 1000)
                stack.enter_context(start(who, f"{folder}/{len(servers)}", text,
                                          where(one), period_s))
        time.sleep(4)
        tell_all(servers, "dead")
        for one in servers.values():
            one.tell("watch")
        time.sleep(seconds)
        found = {name: gaps(one, period_s) for name, one in servers.items()}
        tell_all(servers, "cure")
        with_dead = {n: one for n, one in servers.items() if not n.startswith("0 ")}
        for name, took in asked_again(with_dead).items():
            found[name]["cured_asked_again_ms"] = took
    return found


def tell_all(servers, word):
    """To each server about its dead units; just the first of them is cured."""
    for name, one in servers.items():
        for unit in DEAD_BY_NUMBER[int(name.split()[0])][:1 if word == "cure" else None]:
            one.tell(word, unit)


def bench(options, server, where, text):
    period_s, rows = 1, {}
    pollers = [US, *chosen(options, LINK)]
    for _ in range(options.rounds):
        found = one_round(pollers, server, where, text, period_s, options.seconds or 30)
        for name, row in found.items():
            rows.setdefault(name, []).append(row)
    return dict(table(rows), period_s=period_s, timeout_s=1.0)


def bench_line(options):
    """32 units on one serial line of 38,400 baud, 1 s period, 0, 1, 4 and 8 dead."""
    return bench(options, lambda: Server("line_server", str(BAUD)), lambda s: s.tty,
                 line_site)


def bench_gateway(options):
    """32 units behind one gateway, 1 s period, 0, 1, 4 and 8 dead."""
    return bench(options, lambda: Server("field_server"), lambda s: s.ports["gateway"],
                 gateway_site)
