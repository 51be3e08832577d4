# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# What every benchmark measures with: spreads, processor time and memory of a process,
# the simulated fields, the peers, and sites made for the occasion.
import pathlib
import re
import statistics
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/lib"))
sys.dont_write_bytecode = True

from rig import BUILD, site, until  # noqa: E402

PROGRAMS = BUILD / "tests/bench"
HERE = pathlib.Path(__file__).resolve().parent
# The ways of being dead that a field server has a port for.
DEAD = ("silent", "slow", "dribble", "reset", "garbage", "refuse", "drop")


def summary(values):
    """Median and spread of a list, rounded for reading."""
    values = sorted(values)

    def at(q):
        return values[min(len(values) - 1, int(q * len(values)))]
    return {"n": len(values), "min": round(values[0], 3),
            "median": round(statistics.median(values), 3), "p95": round(at(0.95), 3),
            "p99": round(at(0.99), 3), "max": round(values[-1], 3)}


def table(rows):
    """{who: [ {figure: value} per round ]} -> {who: {figure: summary}}."""
    return {who: {key: summary([r[key] for r in rounds]) for key in rounds[0]}
            for who, rounds in rows.items() if rounds}


def ratio(rows, figure, ours, peer):
    """Round by round, so that a machine that changes its speed changes both."""
    return summary([a[figure] / b[figure] for a, b in zip(rows[ours], rows[peer])])


def cpu_s(pid):
    """Processor time of all threads of a process, as the scheduler counts it (ns)."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text("ascii").split()[0])
    return total / 1e9


def rss_mib(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text("ascii")
    return int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) / 1024


class Server:
    """A server of the field: a process that takes commands; ended by its own handle."""

    def __init__(self, program, *words):
        self.process = subprocess.Popen([PROGRAMS / program, *words], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ports, self.tty, self.sent, self.answers = {}, None, {}, {}
        for line in self.process.stdout:
            word, *rest = line.split()
            if word == "ready":
                break
            if word == "port":
                self.ports[rest[0]] = int(rest[1])
            else:
                self.tty = rest[0]
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            word, *rest = line.split()
            if word == "sent":
                self.sent[int(rest[0]), int(rest[1])] = int(rest[2]) / 1e6
            else:
                self.answers[word] = [int(x) for x in rest]

    def tell(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def ask(self, word, answer=None):
        self.answers.pop(answer or word, None)
        self.tell(word)
        return until(lambda: self.answers.get(answer or word), 5, word, 0.001)

    def count(self):
        """Reads answered so far, over all connections."""
        return self.ask("count")[0]

    def set(self, unit, address, value):
        self.sent.pop((unit, address), None)
        self.tell("set", unit, address, value)

    def gaps(self, word="gaps"):
        units, worst, median, missing = self.ask(word, "gaps")
        return {"worst_gap_ms": worst / 1000, "median_worst_gap_ms": median / 1000,
                "polls_missing": missing, "units": units}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)


def mixed(field, devices, dead):
    """Ports of `devices` devices of which `dead` are dead, each in the next way."""
    ports = [field.ports["healthy"]] * devices
    for i in range(dead):
        ports[(i * devices // dead + devices // (2 * dead)) % devices] = \
            field.ports[DEAD[i % len(DEAD)]]
    return ports


def words(ports):
    """PORT:COUNT words, in the order of the list."""
    found = []
    for port in ports:
        if found and found[-1][0] == port:
            found[-1][1] += 1
        else:
            found.append([port, 1])
    return [f"{port}:{count}" for port, count in found]


def fleet_site(ports, points=20, poll="1s", units=False):
    """A device on a connection of its own for each port, its points over 100 registers."""
    places = [{"zh": f"点{n}", "en": f"Point {n}"} for n in range(100)]
    numbers = [1 + i * 5 for i in range(points - 1)] + [100]
    buses, rows = [], []
    for d, port in enumerate(ports):
        buses.append({"id": f"b{d}", "modbus_tcp": f"127.0.0.1:{port}"})
        rows.append({
            "id": f"p{d}", "bus": f"b{d}", "unit": d + 1 if units else 1,
            "profile": "notifier-modbus-gw", "poll": poll, "points": [
                {"id": f"p{d}-{n}", "item": "detector", "loop": 1, "device": n,
                 "kind": "smoke", "zone": "z1", "place": places[n % 100]}
                for n in numbers]})
    return site(buses, rows)
