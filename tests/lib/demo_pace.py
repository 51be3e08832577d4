# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Were healthy units read as often as planned while others on their line were dead (I7)?
# Judged from when the units themselves answered, as the simulated building noted it, and
# not from any figure of the monitor.

import collections
import csv

BUS_OF = {"riser": "riser-lan", "pump-room": "pump-room"}  # line of the building: bus

Gap = collections.namedtuple("Gap", "seconds unit dead")


def answers_of(path, since):
    """{line: {unit: [times]}} of what was answered after `since`, oldest first."""
    lines = {name: collections.defaultdict(list) for name in BUS_OF}
    if path.exists():
        with open(path, encoding="utf-8", newline="") as f:
            for row in csv.DictReader(f):
                t = int(row["utc_ms"]) / 1000
                if t >= since:
                    lines[row["station"]][int(row["unit"])].append(t)
    return lines


def silences_of(played, expect, instant):
    """{line: [(unit, from, to)]}; one that has not ended has no end."""
    spans = {name: [] for name in BUS_OF}
    for line in played:
        step = expect[line["step"]]
        if "unit" not in step:
            continue
        t, spans_here = instant(line["utc"]), spans[step["line"]]
        if not step["answers"]:
            spans_here.append([step["unit"], t, float("inf")])
        else:
            for span in spans_here:
                if span[0] == step["unit"] and t < span[2]:
                    span[2] = t
    return spans


def healthy_gaps(times, units, silences, start, end):
    """Every gap between two answers of a unit that was not silent in between, the one
    from the start and the one up to the end among them."""
    for unit in units:
        marks = [start, *times.get(unit, []), end]
        for a, b in zip(marks, marks[1:]):
            others = {u for u, x, y in silences if x <= b and a <= y}
            if unit not in others:
                yield Gap(b - a, unit, len(others))


class Pace:
    """The worst gaps of one line against what it may have at most."""

    def __init__(self, line, devices, gaps):
        self.line, self.units = line, len(devices)
        self.period_s = max(d["poll_ms"] for d in devices) / 1000
        self.timeout_s = max(d["timeout_ms"] for d in devices) / 1000
        self.bound_s = 1.2 * self.period_s + self.timeout_s
        self.worst = {}
        for g in gaps:
            if g.dead not in self.worst or g > self.worst[g.dead]:
                self.worst[g.dead] = g

    def __str__(self):
        found = ", ".join(
            f"{g.seconds:.2f} s with {dead} dead" for dead, g in sorted(self.worst.items())
        )
        return (
            f"{self.units} units every {self.period_s:g} s, worst healthy gap"
            f" {found} (at most {self.bound_s:.2f} s)"
        )

    def complaints(self):
        for dead, g in sorted(self.worst.items()):
            if g.seconds > self.bound_s:
                yield (
                    f"{BUS_OF[self.line]}: unit {g.unit} was not read for {g.seconds:.2f} s"
                    f" with {dead} dead, at most {self.bound_s:.2f} s"
                )


def paces(directory, record, instant):
    """One Pace for each line that the site has."""
    answers = answers_of(directory / "answers.csv", record.start)
    silences = silences_of(record.played, record.expect, instant)
    for line, bus in BUS_OF.items():
        devices = [d for d in record.devices if d["bus"] == bus]
        if not devices:
            continue
        gaps = healthy_gaps(
            answers[line], [d["unit"] for d in devices], silences[line],
            record.start, record.end,
        )
        yield Pace(line, devices, gaps)
