# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Many devices, each on a connection of its own: processor time and memory, the rate as
# fast as it goes, gaps while some are dead, and the time until a cured one is asked.
import pathlib
import sys
import tempfile
import time

from figures import (Server, collectd, cpu_s, end, fleet_site, mixed, peer, ratio,
                     rss_mib, summary, table, watch, words)
from rig import Daemon, until

PEERS = ("raw_poller", "thread_poller", "asyncio_poller.py")


def watched(folder, text):
    """A daemon that has read every point that can be read."""
    daemon = Daemon(folder, text)
    began = time.monotonic()
    daemon.start(seconds=120)
    return daemon, time.monotonic() - began


def spent(fields, pids, seconds):
    """Of processes that run side by side, each with a field of its own: processor time
    per 100,000 polls, and memory."""
    before = [(cpu_s(pid), field.count()) for field, pid in zip(fields, pids)]
    began = time.monotonic()
    time.sleep(seconds)
    found = []
    for (cpu, counted), field, pid in zip(before, fields, pids):
        polls = field.count() - counted
        found.append({"cpu_per_100k_polls_s": (cpu_s(pid) - cpu) / polls * 1e5,
                      "rss_mib": rss_mib(pid),
                      "polls_per_s": polls / (time.monotonic() - began)})
    return found


def beside(field, daemon, who, devices, seconds):
    """The daemon and a peer, measured in the same seconds."""
    with Server("field_server") as own:
        process = peer(who, 1000, seconds + 60, f"{own.ports['healthy']}:{devices}")
        until(lambda: own.count() > 2 * devices, 60, f"{who} polls")
        pair = spent((field, own), (daemon.process.pid, process.pid), seconds)
        end(process)
    return pair


def bench_cpu(options):
    """CPU per poll and resident memory at N devices x 100 registers x 1 Hz."""
    devices, seconds = options.devices or 1000, options.seconds or 15
    rows = {who: [] for who in ("watchroomd", *PEERS)}
    shares = {who: [] for who in PEERS}
    with Server("field_server") as field, tempfile.TemporaryDirectory() as folder:
        for r in range(options.rounds):
            daemon, _ = watched(f"{folder}/{r}",
                                fleet_site([field.ports["healthy"]] * devices))
            with daemon:
                api = daemon.api()
                until(lambda: api.state()["health"]["points_unknown"] == 0, 120, "read")
                for who in PEERS:
                    ours, theirs = beside(field, daemon, who, devices, seconds)
                    rows["watchroomd"].append(ours)
                    rows[who].append(theirs)
                    shares[who].append(ours["cpu_per_100k_polls_s"] /
                                       theirs["cpu_per_100k_polls_s"])
                daemon.stop()
    return dict(table(rows), devices=devices, **{
        f"cpu, watchroomd / {who}": summary(shares[who]) for who in PEERS})


def bench_rate(options):
    """Polls/s as fast as it goes: more is asked for than one thread can do."""
    devices, seconds = options.devices or 3500, options.seconds or 10
    rows = {"watchroomd": [], "raw_poller": []}
    with Server("field_server") as field, tempfile.TemporaryDirectory() as folder:
        port = field.ports["healthy"]
        for r in range(options.rounds):
            daemon, _ = watched(f"{folder}/{r}",
                                fleet_site([port] * devices, 1, "50ms"))
            with daemon:
                time.sleep(5)
                rows["watchroomd"] += spent([field], [daemon.process.pid], seconds)
                daemon.stop()
            process = peer("raw_poller", 0, seconds + 30, f"{port}:{devices}")
            time.sleep(3)
            rows["raw_poller"] += spent([field], [process.pid], seconds)
            end(process)
    return dict(table(rows), devices=devices, **{
        "polls/s, watchroomd / raw_poller":
            ratio(rows, "polls_per_s", "watchroomd", "raw_poller")})


def bench_start(options):
    """Start with 20,000 points until the first poll of the last device."""
    devices, took = options.devices or 1000, []
    with Server("field_server") as field, tempfile.TemporaryDirectory() as folder:
        for r in range(options.rounds):
            text = fleet_site([field.ports["healthy"]] * devices)
            daemon = Daemon(f"{folder}/{r}", text)
            before, began = field.count(), time.monotonic()
            daemon.launch()
            until(lambda: field.count() > before, 60, "the first poll", 0.002)
            took.append(time.monotonic() - began)
            daemon.stop(30)
    return {"devices": devices, "points": devices * 20,
            "start to first poll, s": summary(took)}


def gap_peers():
    if pathlib.Path("/usr/sbin/collectd").exists():
        return (*PEERS, "collectd")
    print("collectd is not measured: it is not installed (apt-get install collectd-core)",
          file=sys.stderr)
    return PEERS


def daemon_gaps(field, folder, ports, seconds):
    daemon, _ = watched(folder, fleet_site(ports))
    with daemon:
        found = watch(field, seconds)
        daemon.stop()
    return found


def peer_gaps(field, folder, who, ports, seconds):
    if who == "collectd":
        process = collectd(pathlib.Path(folder), ports, 1)
    else:
        process = peer(who, 1000, seconds + 60, *words(ports))
    found = watch(field, seconds)
    end(process)
    return found


def bench_gaps(options):
    """Healthy devices' worst gap while 5 % of N are dead, each in another way."""
    devices, seconds = options.devices or 100, options.seconds or 20
    rows = {who: [] for who in ("watchroomd", *gap_peers())}
    for r in range(options.rounds):
        # A field of its own for each, so that none sees the connections of another.
        for who in rows:
            with Server("field_server") as field, \
                    tempfile.TemporaryDirectory() as folder:
                ports = mixed(field, devices, max(devices // 20, 7))
                rows[who].append(
                    daemon_gaps(field, folder, ports, seconds) if who == "watchroomd"
                    else peer_gaps(field, folder, who, ports, seconds))
    return dict(table(rows), devices=devices, rounds=options.rounds, **{
        "worst gap, watchroomd - raw_poller, ms": summary(
            [a["worst_gap_ms"] - b["worst_gap_ms"]
             for a, b in zip(rows["watchroomd"], rows["raw_poller"])])})


def cure_after(field, started, devices):
    """Time until each of the silent devices is asked again, once they answer."""
    time.sleep(12)
    field.tell("cure")
    until(lambda: field.ask("cured")[0] >= devices, 90, "all are asked again", 0.05)
    started()
    return {"asked_again_ms": field.ask("cured")[1] / 1000}


def bench_cure(options):
    """Silent devices on links of their own that answer again: time to the next poll."""
    devices, dead = options.devices or 100, 10
    rows = {who: [] for who in ("watchroomd", *gap_peers())}
    for r in range(options.rounds):
        for who in rows:
            with Server("field_server") as field, \
                    tempfile.TemporaryDirectory() as folder:
                ports = [field.ports["healthy"]] * (devices - dead) + \
                    [field.ports["silent"]] * dead
                if who == "watchroomd":
                    daemon, _ = watched(folder, fleet_site(ports))
                    with daemon:
                        rows[who].append(cure_after(field, daemon.stop, dead))
                    continue
                process = collectd(pathlib.Path(folder), ports, 1) \
                    if who == "collectd" else peer(who, 1000, 120, *words(ports))
                rows[who].append(cure_after(field, lambda p=process: end(p), dead))
    return dict(table(rows), devices=devices, dead=dead)
