#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Open data, in Python: figures of a snapshot's statistics days, from the documented views
# (docs/schema.md). Needs nothing but Python.
#
#   watchroom -c site.yaml export db /srv/open      makes /srv/open/watchroom-TIME
#   days.py /srv/open/watchroom-TIME                prints one line of JSON a day
import json
import sqlite3
import sys


def days(folder):
    """A dict for each statistics day: onsets by class, the median seconds to the first
    acknowledgement, and the mean of each gauge in its base unit (pressure: kPa)."""
    journal = sqlite3.connect(f"file:{folder}/journal.db?mode=ro", uri=True)
    readings = sqlite3.connect(f"file:{folder}/readings.db?mode=ro", uri=True)
    found = {}

    def of(day):
        return found.setdefault(
            day, {"day": day, "onsets": {}, "seconds_to_acknowledge": None, "means": {}})
    for day, alarm_class, onsets in journal.execute(
            "SELECT day, class, sum(onsets) FROM v_alarm_daily"
            " GROUP BY day, class HAVING sum(onsets) > 0"):
        of(day)["onsets"][alarm_class] = onsets
    waits = {}
    for day, wait in journal.execute(
            "SELECT d.day, (o.acknowledged_utc_ms - o.onset_utc_ms) / 1000.0"
            " FROM v_occurrence o JOIN (SELECT DISTINCT day, from_ms, to_ms FROM v_alarm_daily) d"
            " ON o.onset_utc_ms >= d.from_ms AND o.onset_utc_ms < d.to_ms"
            " WHERE o.acknowledged_utc_ms IS NOT NULL AND NOT o.test ORDER BY 2"):
        waits.setdefault(day, []).append(wait)
    for day, sorted_waits in waits.items():  # nearest rank
        of(day)["seconds_to_acknowledge"] = sorted_waits[(len(sorted_waits) - 1) // 2]
    for day, point, mean in readings.execute("SELECT day, point, mean FROM v_reading_daily"):
        of(day)["means"][point] = mean  # None: no good value all day
    journal.close()
    readings.close()
    return [found[day] for day in sorted(found)]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: days.py SNAPSHOT")
    for line in days(sys.argv[1]):
        print(json.dumps(line, ensure_ascii=False))
