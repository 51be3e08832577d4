# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Many units on one link: a serial line, or a gateway on one connection. Gaps of the
# healthy ones while 0, 1, 4 or 8 are dead, and the time until a cured one is asked.
import tempfile

from figures import Server, end, peer, table, watch
from rig import Daemon, site, until

BAUD = 38400
PLACE = {"zh": "泵房", "en": "Pump room"}


def line_site(tty, units, poll):
    return site(
        [{"id": "line", "modbus_rtu": tty, "line": f"{BAUD} 8N1"}],
        [{"id": f"g{u}", "bus": "line", "unit": u, "poll": poll,
          "profile": "pressure-transmitter-ptmb",
          "points": [{"id": f"g{u}-p", "item": "pressure", "kind": "pressure",
                      "zone": "z1", "place": PLACE}]} for u in range(1, units + 1)])


def gateway_site(port, units, poll):
    return site(
        [{"id": "gw", "modbus_tcp": f"127.0.0.1:{port}"}],
        [{"id": f"g{u}", "bus": "gw", "unit": u, "poll": poll,
          "profile": "notifier-modbus-gw",
          "accept_budget": {"limit": "60s", "reason": "a benchmark"},
          "points": [{"id": f"g{u}-{n}", "item": "detector", "loop": 1, "device": n,
                      "kind": "smoke", "zone": "z1", "place": PLACE}
                     for n in (1, 50, 100)]} for u in range(1, units + 1)])


def measure(server, daemon, dead, seconds, poll_s):
    """Gaps of the healthy with some dead, then how soon one of the dead is back."""
    server.tell("period", int(poll_s * 1000))
    daemon.start(seconds=60)
    api = daemon.api()
    until(lambda: api.state()["health"]["points_unknown"] == 0, 60, "all are read")
    for unit in dead:
        server.tell("dead", unit)
    found = watch(server, seconds, "units", settle=20 if dead else 3)
    found["worst_gap_by_period"] = found["worst_gap_ms"] / 1000 / poll_s
    if dead:
        server.tell("cure", dead[0])
        until(lambda: server.ask("cured")[0] > 0, 120, "it is asked again", 0.02)
        found["cured_asked_again_ms"] = server.ask("cured")[1] / 1000
    daemon.stop()
    return found


def peer_gaps(server, where, dead, seconds, poll_s):
    server.tell("period", int(poll_s * 1000))
    for unit in dead:
        server.tell("dead", unit)
    process = peer("line_poller", where, BAUD, 32, int(poll_s * 1000), seconds + 60)
    found = watch(server, seconds, "units", settle=20 if dead else 3)
    found["worst_gap_by_period"] = found["worst_gap_ms"] / 1000 / poll_s
    end(process)
    return found


def bench(options, program, words, where, text):
    poll_s, seconds = 1.0, options.seconds or 30
    rows = {}
    for _ in range(options.rounds):
        for dead in ((), (7,), (3, 11, 19, 27), (2, 6, 10, 14, 18, 22, 26, 30)):
            who = f"watchroomd, {len(dead)} of 32 dead"
            with Server(program, *words) as server, \
                    tempfile.TemporaryDirectory() as folder:
                daemon = Daemon(folder, text(where(server), 32, f"{poll_s:.0f}s"))
                with daemon:
                    rows.setdefault(who, []).append(
                        measure(server, daemon, dead, seconds, poll_s))
            who = f"line_poller, {len(dead)} of 32 dead"
            with Server(program, *words) as server:
                rows.setdefault(who, []).append(
                    peer_gaps(server, where(server), dead, seconds, poll_s))
    return dict(table(rows), period_s=poll_s, timeout_s=1.0)


def bench_line(options):
    """32 units on one serial line of 38,400 baud, 1 s period, 0, 1, 4 and 8 dead."""
    return bench(options, "line_server", [str(BAUD)], lambda s: s.tty, line_site)


def bench_gateway(options):
    """32 units behind one gateway, 1 s period, 0, 1, 4 and 8 dead."""
    return bench(options, "field_server", [], lambda s: s.ports["gateway"], gateway_site)
