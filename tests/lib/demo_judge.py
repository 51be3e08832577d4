#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Was the building seen? Compares what the simulated building says it did (its list of
# steps with expectations, and its lines as they were played) with what the console's
# API says was recorded and what the webhook sink received. Three commands:
#
#     ready    wait until the console answers and misses nothing
#     collect  save the journal and what goes with it, while the daemon runs
#     judge    summary and verdict; exit 1 and one line for each thing missing
#
# A step counts when its time to be seen was over before the end. Nothing is assumed: an
# onset of fire that no step explains is as much a fault as a step not seen.

import argparse
import collections
import datetime
import http.client
import json
import os
import pathlib
import sys
import time

import demo_pace
from scripted_operator import ApiError, Console

TELL_S = 3.0  # a notice is out this long after it was due, or it is late
EARLY_S = 2.0  # the building prints a step after it has played it, later where it must wait
ANSWER_S = 4.0  # the scripted operator takes up to two seconds, and looks now and then
MANAGER_S = 4.0  # conf/demo/alerts.yaml: fire-ladder, second step
MANAGER_REPEAT_S = 30.0  # the same, its repeat
GAUGES = ("hydrant-main", "sprinkler-main", "domestic-water")
SHARED = set(demo_pace.BUS_OF.values())  # no step loses these, only units of them
LEFT_OVER = {"link", "security", "info"}
LATCHED = {"panic-reception"}
EXPLAINED = {"fire", "prealarm", "security", "supervisory"}


def instant(text):
    """Seconds since 1970 of an RFC 3339 time."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def json_lines(path):
    if not path.exists():
        return []
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.strip()]


# --- ready -----------------------------------------------------------------------


def running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


IN_USE = "is in use"  # what the daemon says of its address; it goes on without it


def log_of(path):
    return path.read_text(encoding="utf-8") if path and path.exists() else ""


def ready(o):
    end = time.monotonic() + o.deadline
    console, last = Console(o.port, timeout_s=2), "nothing tried"
    while time.monotonic() < end and running(o.pid):
        try:
            status, document = console.call("GET", "/healthz")
            if status == 200:
                return 0
            last = json.dumps(document)
        except (OSError, http.client.HTTPException, ApiError, ValueError) as e:
            last = str(e)
        if IN_USE in log_of(o.log):
            last = f"port {o.port} {IN_USE}"
            break
        time.sleep(0.02)
    why = last if running(o.pid) else "the daemon has ended"
    print(f"the console is not ready: {why}", file=sys.stderr)
    return 1


# --- collect ---------------------------------------------------------------------


def minute_rows(console, point, start, end):
    def utc(t):
        time_of = datetime.datetime.fromtimestamp(t, datetime.timezone.utc)
        return time_of.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    whole = (int(start) // 60 * 60, int(end) // 60 * 60 + 60)
    path = f"/api/v1/readings?point={point}&from={utc(whole[0])}&to={utc(whole[1])}"
    _, answer = console.call("GET", path + "&step=60")
    return sum(step["minutes"] for step in answer["steps"])


def collect(o):
    console = Console(o.port)
    end = time.time()
    _, state = console.call("GET", "/api/v1/state")
    document = {
        "start": o.start,
        "end": end,
        "health": state["health"],
        "events": list(console.pages("/api/v1/events?limit=1000", "events")),
        "devices": list(console.pages("/api/v1/devices?limit=500", "devices")),
        "minutes": {p: minute_rows(console, p, o.start, end) for p in GAUGES},
    }
    o.out.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return 0


# --- judge -----------------------------------------------------------------------


class Record:
    """All that is known of one run."""

    def __init__(self, directory):
        seen = json.loads((directory / "seen.json").read_text(encoding="utf-8"))
        listing = json.loads((directory / "scenario.json").read_text(encoding="utf-8"))
        lines = json_lines(directory / "building.jsonl")
        self.start, self.end = seen["start"], seen["end"]
        self.minutes = seen["minutes"]
        self.health = seen["health"]
        self.devices = seen["devices"]
        self.expect = {s["step"]: s for s in listing["steps"]}
        self.played = [e for e in lines if "step" in e]
        self.judged = [e for e in self.played if self.expect[e["step"]]["event"]]
        self.refused = [e for e in lines if "refused" in e]
        self.notices = json_lines(directory / "notices.jsonl")
        self.answers = json_lines(directory / "operator.jsonl")
        self.events = []
        for e in seen["events"]:
            e["t"] = instant(e["time"])
            if e["t"] >= self.start:
                self.events.append(e)

    def of(self, kind):
        return [e for e in self.events if e["kind"] == kind]

    def due(self, line):
        """Whether the monitor was there for this step, and had its time."""
        t, within = instant(line["utc"]), self.expect[line["step"]]["within_s"]
        return self.start <= t <= self.end - within


def matches(event, step):
    return (
        event["kind"] == step["event"]
        and event["point"] == step["point"]
        and (event["condition"] or "") == step["condition"]
        and step["code"] in (None, event["code"] or "")
    )


def judge_steps(record):
    """(seen, due, complaints, the events that steps explain)."""
    seen, complaints, explained = 0, [], set()
    due = [line for line in record.judged if record.due(line)]
    for line in record.judged:
        step, t = record.expect[line["step"]], instant(line["utc"])
        found = [
            e
            for e in record.events
            if matches(e, step) and -EARLY_S <= e["t"] - t <= step["within_s"]
        ]
        explained.update(e["seq"] for e in found)
        if line not in due:
            continue
        if found:
            seen += 1
            continue
        complaints.append(
            f"{line['step']} at {line['utc']}: no {step['event']} of {step['point']}"
            f" ({step['condition']}) within {step['within_s']:g} s"
        )
    return seen, len(due), complaints, explained


def judge_unexplained(record, explained):
    """Onsets and clears at the scenario's points that no step accounts for (I6)."""
    points = {s["point"] for s in record.expect.values() if s["event"]}
    lines = {f"@device/{d['id']}" for d in record.devices if d["bus"] in SHARED}
    lines |= {f"@bus/{bus}" for bus in SHARED}
    begun = {e["occurrence"] for e in record.of("alarm.onset")}
    for e in record.of("alarm.onset") + record.of("alarm.clear"):
        ours = e["point"] in points | lines or e["condition"] in EXPLAINED
        # A unit that dies is overdue before it counts as lost.
        dying = e["point"] in points & lines and e["code"] == "overdue"
        # What a run kept here before had left lost or open.
        older = e["occurrence"] not in begun and e["condition"] in LEFT_OVER
        if ours and not dying and not older and e["seq"] not in explained:
            yield f"{e['kind']} of {e['point']} ({e['condition']}) at {e['time']}: no step did that"


def acknowledged_at(record, onset):
    """When this occurrence or a newer one of the same alarm was answered, or None."""
    for e in record.of("alarm.acknowledge"):
        same = all(e[k] == onset[k] for k in ("point", "condition", "code"))
        if same and e["t"] >= onset["t"]:
            return e["t"]
    return None


def is_owed(record, onset):
    """Whether a person must answer this: not mere information, nor the device behind a
    lost bus, which stands hidden behind the bus's own alarm."""
    bus = {f"@device/{d['id']}": d["bus"] for d in record.devices}.get(onset["point"])
    hidden = bus is not None and bus not in SHARED
    in_time = onset["t"] <= record.end - ANSWER_S
    return in_time and not hidden and onset["class"] != "info"


def judge_answers(record, with_operator):
    """(answered, owed, complaints)."""
    onsets = record.of("alarm.onset") if with_operator else []
    owed = [e for e in onsets if is_owed(record, e)]
    late = []
    for e in owed:
        t = acknowledged_at(record, e)
        if t is None or t - e["t"] > ANSWER_S:
            late.append(f"{e['point']} ({e['condition']}) at {e['time']}: not acknowledged")
    return len(owed) - len(late), len(owed), late


def told(record, path, occurrence):
    """When the sink first accepted a post about this occurrence, or None."""
    for n in record.notices:
        if n["path"] == path and n["status"] == 200:
            if json.loads(n["body"])["alarm"]["occurrence"] == occurrence:
                return instant(n["time"])
    return None


def climbs(record, onset):
    """Whether it came again before anybody answered: its ladder goes on, and who is told
    by its later steps is told at their next turn."""
    before = [e for e in record.of("alarm.onset") if e["seq"] < onset["seq"] and
              all(e[k] == onset[k] for k in ("point", "condition", "code"))]
    answered = acknowledged_at(record, before[-1]) if before else onset["t"]
    return answered is None or answered > onset["t"]


def judge_notices(record):
    """Each fire reaches the duty chat at once, and the manager unless answered."""
    for e in record.of("alarm.onset"):
        if e["class"] != "fire":
            continue
        manager = MANAGER_REPEAT_S if climbs(record, e) else MANAGER_S
        for path, after in (("/duty", 0.0), ("/manager", manager)):
            if e["t"] > record.end - after - TELL_S:
                continue
            answered = acknowledged_at(record, e)
            if after > 0 and answered is not None and answered - e["t"] <= after + 1:
                continue
            t = told(record, path, e["occurrence"])
            if t is None or t - e["t"] > after + TELL_S:
                yield f"fire of {e['point']} at {e['time']}: no notice to {path} in time"


def judge_unsaved(record):
    """With a healthy store no notice goes out before its row is durable (I5)."""
    if record.health["store"] != "ok":
        return
    for n in record.notices:
        if not json.loads(n["body"])["saved"]:
            yield f"notice to {n['path']} at {n['time']}: sent before it was saved"


def judge_latches(record, with_operator):
    """A panic button stays latched until a person resets it, and not longer."""
    presses = [e for e in record.of("alarm.onset") if e["point"] in LATCHED]
    ends = [e for e in record.of("alarm.close") if e["point"] in LATCHED]
    resets = [e for e in record.of("alarm.reset") if e["point"] in LATCHED]
    for e in ends:
        if not any(r["occurrence"] == e["occurrence"] and r["actor"] for r in resets):
            yield f"{e['point']} at {e['time']}: it ended and nobody had reset it"
    for e in presses:
        in_time = e["t"] <= record.end - 2 * ANSWER_S
        ended = any(x["occurrence"] == e["occurrence"] for x in ends)
        if with_operator and in_time and not ended:
            yield f"{e['point']} at {e['time']}: still latched after its reset"


def by_class(record):
    counts = collections.Counter(e["class"] for e in record.of("alarm.onset"))
    return ", ".join(f"{name} {n}" for name, n in counts.items()) or "none"


def delivered(record):
    counts = collections.Counter(
        n["path"].strip("/") for n in record.notices if n["status"] == 200
    )
    detail = ", ".join(f"{name} {n}" for name, n in sorted(counts.items()))
    return f"{sum(counts.values())} delivered" + (f" ({detail})" if detail else "")


def judge(o):
    record = Record(o.dir)
    seen, due, complaints, explained = judge_steps(record)
    complaints += judge_unexplained(record, explained)
    answered, owed, late = judge_answers(record, o.operator)
    complaints += late
    complaints += judge_notices(record)
    complaints += judge_unsaved(record)
    complaints += judge_latches(record, o.operator)
    paces = list(demo_pace.paces(o.dir, record, instant))
    complaints += [c for pace in paces for c in pace.complaints()]
    complaints += [
        f"the monitor wrote to {r['refused']} (function {r['function']},"
        f" address {r['address']}): it must only read"
        for r in record.refused
    ]
    if o.verify_status != 0:
        complaints.append("watchroom verify: the journal is not sound")
    verified = o.verify.read_text(encoding="utf-8").strip() or "no output"
    answers = f"{answered} of {owed} due" if o.operator else "nobody was at the desk"
    rows = {
        "events": len(record.events),
        "alarms": by_class(record),
        "readings": f"{sum(record.minutes.values())} minute rows",
        "notices": delivered(record),
        "verify": verified.replace("\n", "\n" + " " * 15),
        "scenario": f"{seen} of {due} steps seen",
        "acknowledged": answers,
    }
    rows |= {demo_pace.BUS_OF[pace.line]: str(pace) for pace in paces}
    print()
    for name, value in rows.items():
        print(f"  {name:<13}{value}")
    for c in complaints:
        print(f"  MISSED       {c}")
    return 1 if complaints else 0


def main():
    p = argparse.ArgumentParser(description="Judge a run of the demonstration.")
    commands = p.add_subparsers(dest="command", required=True)
    c = commands.add_parser("ready")
    c.add_argument("--port", type=int, required=True)
    c.add_argument("--pid", type=int, required=True, help="of the daemon")
    c.add_argument("--log", type=pathlib.Path, help="the daemon's")
    c.add_argument("--deadline", type=float, default=60.0)
    c = commands.add_parser("collect")
    c.add_argument("--port", type=int, required=True)
    c.add_argument("--start", type=float, required=True, help="Unix time")
    c.add_argument("--out", type=pathlib.Path, required=True)
    c = commands.add_parser("judge")
    c.add_argument("--dir", type=pathlib.Path, required=True)
    c.add_argument("--verify", type=pathlib.Path, required=True, help="its output")
    c.add_argument("--verify-status", type=int, required=True)
    c.add_argument("--operator", action="store_true", help="one was at the desk")
    o = p.parse_args()
    return {"ready": ready, "collect": collect, "judge": judge}[o.command](o)


if __name__ == "__main__":
    sys.exit(main())
