# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Ten years of a site: how long writing, checking, starting, counting and listing take
# with millions of events in the journal, each beside a bare peer on the same file; and a
# storm of events beside bare SQLite. make_history writes the store with a seed; --store
# DIR keeps it there and finds it again.
import contextlib
import os
import pathlib
import subprocess
import tempfile
import time

from figures import PROGRAMS, Server, fleet_site, summary, table
import pollers
from rig import BUILD, Daemon, until

DAY_MS = 86400 * 1000
END_MS = 1795737600 * 1000  # any moment does; the same gives the same store
YEARS = 10
DEVICES = 50  # of 20 points each, as make_history has them


def lines_of(program, *words):
    """What a program of the bench prints: {first word: [numbers]}."""
    done = subprocess.run([PROGRAMS / program, *map(str, words)], text=True, check=True,
                          stdout=subprocess.PIPE)
    found = {}
    for line in done.stdout.splitlines():
        name, *numbers = line.split()
        found[name] = [float(n) for n in numbers if n.replace(".", "").isdigit()]
    return found


class History:
    """A store that make_history wrote."""

    def __init__(self, folder, events, gauges, days, seed=1):
        self.folder, self.events = pathlib.Path(folder), events
        self.begin, self.took = END_MS - days * DAY_MS, None
        if not (self.folder / "readings.db").exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            began = time.monotonic()
            lines_of("make_history", self.folder, self.begin, END_MS, events, gauges, seed)
            self.took = time.monotonic() - began

    def ask_all(self, what):
        """{question: [milliseconds, rows, KiB read from the disk]}."""
        return lines_of("ask_history", what, self.folder, self.begin, END_MS)

    def ask(self, what):
        """{question: milliseconds}."""
        return {name: numbers[0] for name, numbers in self.ask_all(what).items()}

    def size_mib(self, name):
        return (self.folder / name).stat().st_size / 2 ** 20


@contextlib.contextmanager
def history(options):
    """The store of --store, or one for the occasion."""
    events = options.events or 10_000_000
    days = options.days or int(365.25 * YEARS * min(1, events / 1_000_000))
    with tempfile.TemporaryDirectory() as folder:
        yield History(options.store or folder, events, options.gauges, days)


def asked(store, what, rounds):
    return table({name: rows for name, rows in by_name(
        [store.ask(what) for _ in range(rounds)]).items()})


def by_name(rounds):
    """[{name: ms}] -> {name: [{"ms": ms}]}."""
    return {name: [{"ms": r[name]} for r in rounds] for name in rounds[0]}


def start_once(store):
    """Daemon on the store, stopped before by itself: until it watches, seconds."""
    with Server("field_server") as field, tempfile.TemporaryDirectory() as folder:
        text = fleet_site([field.ports["healthy"]] * DEVICES)
        with Daemon(folder, text + f"store: {{directory: {store.folder}}}\n") as daemon:
            before, began = field.count(), time.monotonic()
            daemon.launch()
            until(lambda: field.count() > before, 60, "the first poll", 0.002)
            took = time.monotonic() - began
            daemon.stop(60)
    return took


def start_empty():
    """The peer: the same site with an empty store."""
    with tempfile.TemporaryDirectory() as folder:
        class Nothing:
            pass
        Nothing.folder = pathlib.Path(folder)
        return start_once(Nothing)


def sizes(store):
    found = {"events": store.events,
             "journal MiB per million events":
                 round(store.size_mib("journal.db") / (store.events / 1e6), 1),
             "readings MiB": round(store.size_mib("readings.db"), 1)}
    if store.took is not None:
        found["written, events per s"] = round(store.events / store.took)
    return found


def lists(store, rounds, kind):
    """First pages of every list and the worst of them, beside pages that are read without
    the store's code: as many rows in one place, and as many pages anywhere as the index by
    point has runs."""
    answers = [store.ask_all(kind) for _ in range(rounds)]
    rows = [{name: numbers[0] for name, numbers in one.items()} for one in answers]
    found = {f"{kind} {name}, ms": row["ms"] for name, row in table(by_name(rows)).items()}
    found[f"{kind}, the most read for a page, KiB"] = summary(
        [max(kib for name, (_, _, kib) in one.items() if not name.startswith("bare"))
         for one in answers])
    worst = [max(ms for name, ms in row.items() if not name.startswith("bare"))
             for row in rows]
    found[f"{kind}, the worst page, ms"] = summary(worst)
    found[f"{kind}, the worst page / bare reads anywhere"] = summary(
        [w / row["bare-reads"] for w, row in zip(worst, rows)])
    found[f"{kind}, fires of a point / bare reads anywhere"] = summary(
        [row["fires-of-a-point"] / row["bare-reads"] for row in rows])
    return found


def charts(store, rounds, kind):
    rows = [store.ask(kind) for _ in range(rounds)]
    found = {f"{kind} {name}, ms": row["ms"] for name, row in table(by_name(rows)).items()}
    found[f"{kind} of a month by 10 minutes / with SQLite alone"] = summary(
        [row["month-by-10-minutes"] / row["bare-month"] for row in rows])
    return found


def counts(store, rounds):
    """Statistics from the roll-ups beside a scan of all events."""
    found = {f"statistics {name}, ms": row["ms"]
             for name, row in asked(store, "statistics", rounds).items()}
    scans = asked(store, "scan", rounds)
    for span in ("day", "month", "year"):
        found[f"counts of a {span} / scan of all events"] = round(
            found[f"statistics {span}, ms"]["median"] /
            scans["scan-all"]["ms"]["median"], 6)
    found["scan of all events, ms"] = scans["scan-all"]["ms"]
    return found


def pages(store, rounds):
    """The cold ones come last, for they empty the memory of the file."""
    return lists(store, rounds, "lists") | lists(store, rounds, "cold-lists")


def bench_lists(options):
    """Millions of events: statistics against a scan, first pages warm and from a cold file."""
    with history(options) as store:
        return sizes(store) | counts(store, options.rounds) | pages(store, options.rounds)


def bench_history(options):
    """The same with charts, and verify against bare hashes."""
    with history(options) as store:
        found = sizes(store) | counts(store, options.rounds)
        if options.gauges:
            found |= charts(store, options.rounds, "chart")
        checks = [store.ask("verify") for _ in range(max(1, options.rounds // 2))]
        found["verify / (bare hashes + integrity check)"] = summary(
            [c["verify"] / (c["bare-hashes"] + c["integrity-check"]) for c in checks])
        found["verify, events per s"] = summary(
            [store.events / c["verify"] * 1000 for c in checks])
        return found | pages(store, options.rounds)


def bench_charts(options):
    """A year of 30 gauges' minutes: charts of one, warm and from a cold file."""
    options.events, options.gauges = options.events or 2000, options.gauges or 30
    options.days = options.days or 365
    with history(options) as store:
        found = {"minutes": options.gauges * options.days * 1440,
                 "readings MiB": round(store.size_mib("readings.db"), 1)}
        found |= charts(store, options.rounds, "chart")
        found |= charts(store, options.rounds, "cold-chart")
    return found


def render(store, *words):
    """A report made by the program: seconds, and what it took of memory, MiB."""
    began = time.monotonic()
    process = subprocess.Popen([BUILD / "cli/watchroom", "--store", store.folder, "report",
                                *words], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, words
    return {"s": time.monotonic() - began, "MiB": usage.ru_maxrss / 1024}


def bench_report(options):
    """The reports of a day, month and year: seconds and memory, beside a scan of the year."""
    rows, scans = {}, []
    with history(options) as store:
        day = time.strftime("%Y-%m-%d", time.gmtime(END_MS / 1000 - 2 * 86400))
        for _ in range(options.rounds):
            for name, form in (("alarms-daily", "csv"), ("alarms-monthly", "csv"),
                               ("alarms-yearly", "csv"), ("alarms-yearly", "pdf")):
                rows.setdefault(f"{name} {form}", []).append(
                    render(store, name, "--day", day, "--format", form))
            scans.append({"s": store.ask("scan")["scan-year"] / 1000})
    return dict(table(rows), **{
        "scan of the year's events, s": summary([row["s"] for row in scans]),
        "alarms-yearly csv / scan of the year's events": summary(
            [a["s"] / b["s"] for a, b in zip(rows["alarms-yearly csv"], scans)])})


def bench_boot(options):
    """Start with millions of events in the journal, and with none: to the first poll."""
    with history(options) as store:
        full = [start_once(store) for _ in range(options.rounds)]
        empty = [start_empty() for _ in range(options.rounds)]
    return {"start with the store, s": summary(full), "start with none, s": summary(empty)}


def bench_storm(options):
    """40,000 events/s for 10 s through the store, beside bare SQLite in the same run."""
    rows, per_s, seconds = [], options.events or 40000, options.seconds or 10
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            found = lines_of("storm", folder, per_s, seconds)
            rows.append({name: numbers[0] for name, numbers in found.items()})
    return {name: summary([r[name] for r in rows]) for name in rows[0]} | {
        "store / bare sqlite": summary(
            [r["events_per_s"] / r["sqlite_events_per_s"] for r in rows])}


def hammer(folder):
    """Another process that writes and syncs as fast as the disk allows."""
    return subprocess.Popen(
        ["/bin/sh", "-c", "while :; do dd if=/dev/zero of=\"$0\" bs=1M count=64 "
         "conv=fsync 2>/dev/null; done", f"{folder}/hammered"], start_new_session=False)


def worst_late(api, seconds):
    """The worst lateness of the loop in so many seconds, ms (a figure of each second)."""
    worst = 0.0
    for _ in range(max(1, seconds)):
        time.sleep(1)
        worst = max(worst, api.metric("loop_late_seconds") * 1000)
    return worst


def exporting(store, folder, what):
    """All of it streams, again and again."""
    return subprocess.Popen(
        ["/bin/sh", "-c", "trap 'kill $! 2>/dev/null; exit' TERM; while :; do \"$0\" --store "
         "\"$1\" export \"$2\" --format csv >/dev/null 2>&1 & wait $!; done",
         str(BUILD / "cli/watchroom"), str(store.folder), what], cwd=folder)


def bench_lag(options):
    """Lateness of the loop at rest, beside a disk hammer, beside exports of all."""
    seconds, rows = options.seconds or 20, {}
    with history(options) as store, Server("field_server") as field, \
            tempfile.TemporaryDirectory() as folder:
        text = fleet_site([field.ports["healthy"]] * DEVICES)
        text += f"store: {{directory: {store.folder}}}\n"
        with Daemon(folder, text) as daemon:
            api = daemon.start(seconds=60).api()
            loads = {"hammered disk": lambda: hammer(folder),
                     "export": lambda: exporting(store, folder, "log"),
                     "export of readings": lambda: exporting(store, folder, "readings")}
            for _ in range(options.rounds):
                for name in ("rest", *pollers.chosen(options, loads)):
                    time.sleep(11)  # the figure is that of the last 10 s
                    load = loads.get(name, lambda: None)()
                    rows.setdefault(name, []).append(worst_late(api, seconds))
                    if load:
                        load.terminate()
                        load.wait(60)
            daemon.stop(60)
    found = {f"loop late, {name}, ms": summary(values) for name, values in rows.items()}
    for name in set(rows) - {"rest"}:
        found[f"loop late, {name} / rest"] = summary(
            [a / max(b, 1) for a, b in zip(rows[name], rows["rest"])])
    return found
