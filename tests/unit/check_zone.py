#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# check_zone.py TEST_ZONE: our reading of the tz database against Python's zoneinfo, for
# every zone: offsets at many moments, and the begin of statistics days in local time.
import datetime
import random
import subprocess
import sys
import zoneinfo

UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1)
STARTS = [(0, 0), (0, 30), (2, 0), (2, 15), (2, 30), (8, 0)]
rng = random.Random(20260301)


def moments(zone):
    lo, hi = -2_000_000_000, 4_200_000_000
    return [rng.randrange(lo, hi) for _ in range(60)]


def boundaries(zone, days):
    for i in days:
        day = datetime.date(2023, 1, 1) + datetime.timedelta(days=i)
        for hour, minute in STARTS:
            yield datetime.datetime(day.year, day.month, day.day, hour, minute)


CLOSE = {"Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"}
zones = sorted(z for z in zoneinfo.available_timezones() if not z.startswith("right/"))
questions, expected = [], []
for name in zones:
    tz = zoneinfo.ZoneInfo(name)
    for s in moments(name):
        t = datetime.datetime.fromtimestamp(s, UTC).astimezone(tz)
        questions.append(f"{name} utc {s}")
        expected.append(int(t.utcoffset().total_seconds()))
    days = range(0, 365 * 5) if name in CLOSE else range(0, 365 * 5, 41)
    for local in boundaries(name, days):
        s = int((local - EPOCH).total_seconds())
        questions.append(f"{name} local {s}")
        t = local.replace(tzinfo=tz)  # fold=0
        expected.append(s - int(t.utcoffset().total_seconds()))

run = subprocess.run([sys.argv[1], "-"], input="\n".join(questions) + "\n",
                     capture_output=True, text=True, timeout=120)
answers = [int(line) for line in run.stdout.split()]
if run.returncode != 0 or len(answers) != len(expected):
    sys.exit(f"{sys.argv[1]}: {len(answers)} of {len(expected)} answers: {run.stderr}")
wrong = [(q, e, a) for q, e, a in zip(questions, expected, answers) if e != a]
for q, e, a in wrong[:20]:
    print(f"{q}: zoneinfo says {e}, we say {a}")
print(f"{len(questions)} questions about {len(zones)} zones, {len(wrong)} differ")
sys.exit(1 if wrong or len(zones) < 300 else 0)
