# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Many devices, each on a connection of its own: processor time and memory, the rate as
# fast as it goes, gaps while some are dead, and the time until a cured one is asked.
# What is measured while it mostly waits runs side by side in the same seconds, each
# before a field of its own, which is the judge.
import contextlib
import tempfile
import time

from figures import DEAD, Server, cpu_s, fleet_site, mixed, ratio, rss_mib, summary, table
from pollers import FIELD, US, Watchroom, chosen
from rig import Daemon, until

# libmodbus cannot use descriptors above 1023; pymodbus makes its connections slowly.
# As many buses as a site may have, but for some; each is asked each 60 ms (50, in slots of 20).
RATE_DEVICES = 4000
RATE_MOST = {"thread_poller": 1000, "asyncio_poller.py": 1000, "collectd": 1000}


def start(who, folder, ports, period_ms=1000):
    if who == US:
        return Watchroom(folder, fleet_site(ports))
    return FIELD[who](folder, ports, period_ms)


@contextlib.contextmanager
def side_by_side(pollers, ports_of):
    """{who: its field}, each polled by its poller, until the block ends."""
    with contextlib.ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        fields = {who: stack.enter_context(Server("field_server")) for who in pollers}
        for who, field in fields.items():
            stack.enter_context(start(who, f"{folder}/{who}", ports_of(field)))
        yield fields


def by_size(options, sizes, one):
    """{"N devices, who": rows} of a measurement of several pollers at each size."""
    rows = {}
    for size in options.devices or sizes:
        for _ in range(options.rounds):
            for who, found in one(size).items():
                rows.setdefault(f"{size} devices, {who}", []).append(found)
    return rows


def spent(field, pid, counted, cpu, began):
    polls, seconds = field.count() - counted, time.monotonic() - began
    used = cpu_s(pid) - cpu
    return {"cpu_per_100k_polls_s": used / max(polls, 1) * 1e5,
            "cpu_percent_of_a_core": 100 * used / seconds, "rss_mib": rss_mib(pid),
            "polls_per_s": polls / seconds}


def spend(pairs, seconds):
    """Of pollers that run side by side, (field, pid) each: processor time, memory."""
    before = [(field, pid, field.count(), cpu_s(pid), time.monotonic())
              for field, pid in pairs]
    time.sleep(seconds)
    return [spent(*row) for row in before]


def bench_cpu(options):
    """CPU per poll and resident memory at N devices x 100 registers x 1 Hz."""
    peers = chosen(options, FIELD)
    shares, seconds = {}, options.seconds or 15

    def one(size):
        found = {US: []}
        with Server("field_server") as field, tempfile.TemporaryDirectory() as folder, \
                start(US, f"{folder}/{US}", [field.ports["healthy"]] * size) as ours:
            ours.all_are_read()
            for who in peers:
                with Server("field_server") as own, \
                        start(who, f"{folder}/{who}", [own.ports["healthy"]] * size) as its:
                    until(lambda f=own: f.count() > 2 * size, 60, f"{who} polls")
                    mine, theirs = spend([(field, ours.pid), (own, its.pid)], seconds)
                found[US].append(mine)
                found[who] = [theirs]
                shares.setdefault(f"{size} devices, cpu, {US} / {who}", []).append(
                    mine["cpu_per_100k_polls_s"] / theirs["cpu_per_100k_polls_s"])
        return found

    rows = by_size(options, [1000], one)
    return dict(table({who: sum(found, []) for who, found in rows.items()}),
                **{name: summary(values) for name, values in shares.items()})


def rate_of(who, devices, seconds):
    """As fast as it goes: the daemon is asked for more than one thread can do."""
    with Server("field_server") as field, tempfile.TemporaryDirectory() as folder:
        ports = [field.ports["healthy"]] * devices
        poller = Watchroom(folder, fleet_site(ports, 1, "50ms")) if who == US \
            else FIELD[who](folder, ports, 0)
        with poller:
            time.sleep(5)
            return spend([(field, poller.pid)], seconds)[0]


def bench_rate(options):
    """Polls/s as fast as it goes: more is asked for than one thread can do. Beside it
    polls in a second of processor time, which other work on the machine changes less."""
    seconds = options.seconds or 10
    pollers = [US, *chosen(options, FIELD)]

    def one(size):
        return {who: rate_of(who, min(size, RATE_MOST.get(who, size)), seconds)
                for who in pollers}

    rows = by_size(options, [RATE_DEVICES], one)
    found = dict(table(rows))
    for size in options.devices or [RATE_DEVICES]:
        ours = f"{size} devices, {US}"
        for who in pollers[1:]:
            its = f"{size} devices, {who}"
            found[f"{size} devices, polls/s, {US} / {who}"] = ratio(
                rows, "polls_per_s", ours, its)
            found[f"{size} devices, polls in a second of processor, {US} / {who}"] = \
                ratio(rows, "cpu_per_100k_polls_s", its, ours)
    return found


def bench_start(options):
    """Start with 20 points of each device until the first poll."""
    def one(size):
        with Server("field_server") as field, tempfile.TemporaryDirectory() as folder:
            daemon = Daemon(folder, fleet_site([field.ports["healthy"]] * size))
            before, began = field.count(), time.monotonic()
            daemon.launch()
            until(lambda: field.count() > before, 60, "the first poll", 0.002)
            took = time.monotonic() - began
            daemon.stop(30)
        return {f"with {size * 20} points": {"start_to_first_poll_s": took}}

    return table(by_size(options, [1000], one))


def bench_gaps(options):
    """Healthy devices' worst gap while 5 % are dead, each in another way, side by side."""
    seconds = options.seconds or 20
    pollers, above = [US, *chosen(options, FIELD)], {}

    def one(size):
        dead = min(max(size // 20, len(DEAD)), size // 2)
        with side_by_side(pollers, lambda f: mixed(f, size, dead)) as fields:
            time.sleep(8)  # all have met the dead ones
            for field in fields.values():
                field.tell("watch")
            time.sleep(seconds)
            found = {who: field.gaps() for who, field in fields.items()}
        for who in pollers[1:]:
            above.setdefault(f"{size} devices, worst gap, {US} - {who}, ms", []).append(
                found[US]["worst_gap_ms"] - found[who]["worst_gap_ms"])
        return found

    rows = by_size(options, [10, 100, 1000], one)
    return dict(table(rows), **{name: summary(values) for name, values in above.items()})


def bench_cure(options):
    """Silent devices on links of their own that answer again: time to the next poll."""
    pollers = [US, *chosen(options, FIELD)]

    def one(size):
        silent = min(10, size // 5)
        with side_by_side(pollers, lambda f: [f.ports["healthy"]] * (size - silent) +
                          [f.ports["silent"]] * silent) as fields:
            time.sleep(12)
            for field in fields.values():
                field.tell("cure")
            return {who: asked_again(field, silent) for who, field in fields.items()}

    return table(by_size(options, [10, 100, 1000], one))


def asked_again(field, silent):
    """When the last of the cured was asked; the field keeps the time."""
    until(lambda: field.ask("cured")[0] >= silent, 90, "all are asked again", 0.05)
    return {"cured": silent, "last_asked_again_ms": field.ask("cured")[1] / 1000}
