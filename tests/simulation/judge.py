# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Runs a script on the engine and on the oracle, step by step; then looks into the journal that
# the engine has left. Shortens a script that fails.
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import tempfile

import building
from oracle import Oracle, Wrong

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WATCHROOM_BUILD", ROOT / "build"))
FIELDS = ("state", "cause", "latch", "flags", "occurrences", "by", "class", "incident", "test",
          "first_out", "held")
NUMBERS = ("flags", "occurrences", "test", "first_out", "held")


class Failed(Exception):
    """A script that the engine and the oracle see differently."""

    def __init__(self, line, why):
        super().__init__(f"line {line}: {why}")
        self.line = line


def scratch():
    """Memory where there is some: a month is ten thousand commits."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else tempfile.gettempdir()


def run_engine(script, regime, chatter=False):
    """The trace, and the directory that holds the journal."""
    folder = tempfile.mkdtemp(prefix="simulation-", dir=scratch())
    sites = []
    for number in range(2):
        sites.append(os.path.join(folder, f"site{number}.yaml"))
        pathlib.Path(sites[-1]).write_text(building.site(regime, bool(number), chatter), encoding="utf-8")
    done = subprocess.run(
        [BUILD / "tests/simulation/engine-script", *sites], input="\n".join(script) + "\n",
        capture_output=True, text=True, check=False,
        env=dict(os.environ, TMPDIR=folder, TEST_PANELS=str(ROOT / "panels")))
    return done.stdout.splitlines(), folder, done


def step_of(lines):
    """One line of the script as the trace tells it: answer, changed, gone, figures."""
    step = {"answer": None, "changed": {}, "gone": [], "figures": {}}
    for line in lines:
        mark, *words = line.split(" ")
        if mark == "=":
            step["answer"] = words[0]
        elif mark == "+":
            shown = dict(zip(FIELDS, words[3:]))
            for name in NUMBERS:
                shown[name] = int(shown[name])
            for name in ("cause", "by"):
                shown[name] = None if shown[name] == "-" else shown[name]
            step["changed"][tuple(words[:3])] = shown
        elif mark == "-":
            step["gone"].append(tuple(words[:3]))
        elif mark == "~":
            step["figures"][words[0]] = int(words[1])
    return step


def steps_of(trace):
    """(command words, step) of each line; the first has no command."""
    command, lines = None, []
    for line in trace:
        if line.startswith("> "):
            yield command, step_of(lines)
            command, lines = line[2:].split(), []
        elif line.startswith(("=", "+", "-", "~")):
            lines.append(line)
    yield command, step_of(lines)


def compare(trace, regime, chatter=False):
    """The oracle after the last line; raises Failed at the first line that differs."""
    oracle, seen, figures = Oracle(regime, chatter), {}, {}
    for number, (command, step) in enumerate(steps_of(trace)):
        for key in step["gone"]:
            seen.pop(key, None)
        seen.update(step["changed"])
        figures.update(step["figures"])
        try:
            right = oracle.do(command, seen) if command else None
            oracle.compare(seen, figures)
        except Wrong as wrong:
            raise Failed(number, f"{' '.join(command or [])}: {wrong}") from wrong
        if right is not None and step["answer"] not in right:
            raise Failed(number, f"{' '.join(command)}: answered {step['answer']}, not {right}")
    return oracle


def told_as(kinds, right):
    """Whether these are the kinds in their order; those marked "?" may be missing."""
    pattern = "".join(f"(?:{re.escape(k.rstrip('?'))} ){'?' if k.endswith('?') else ''}"
                      for k in right)
    return re.fullmatch(pattern, "".join(k + " " for k in kinds)) is not None


def look_into_journal(path, oracle, length):
    """I4: no hole; each step of each alarm is one event, in its order."""
    journal = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    (count, first, last), = journal.execute("SELECT count(*), min(seq), max(seq) FROM event")
    if count > 0 and count != last - first + 1:
        raise Failed(length, f"{count} events from seq {first} to {last}")
    kinds = {}
    for kind, point, condition, code in journal.execute(
            "SELECT kind, point, condition, code FROM v_event WHERE kind LIKE 'alarm.%'"
            " OR kind IN ('chatter.start', 'chatter.end') ORDER BY seq"):
        kinds.setdefault((point, condition, code or "-"), []).append(kind)
    look_at_counts(journal, oracle, length)
    journal.close()
    for key in set(kinds) | set(oracle.events):
        got, right = kinds.get(key, []), oracle.events.get(key, [])
        if not told_as(got, right):
            raise Failed(length, f"the journal has of {key} {got}, the table {right}")
    return count


def look_at_counts(journal, oracle, length):
    """I4, I13: what was held back is in the counts, all of it; a restart may lose some."""
    told = {}
    for point, condition, code, onsets, clears in journal.execute(
            "SELECT point, condition, code, json_extract(params, '$.onsets'),"
            " json_extract(params, '$.clears') FROM v_event"
            " WHERE kind IN ('chatter.count', 'chatter.end')"):
        key = (point, condition, code or "-")
        told[key] = told.get(key, 0) + onsets + clears
    for key in set(told) | set(oracle.chatters.counted):
        got, right = told.get(key, 0), oracle.chatters.counted.get(key, 0)
        unsure = key in oracle.chatters.unsure or key in oracle.chatters.held
        if got > right or (got < right and not unsure):
            raise Failed(length, f"of {key} {got} changes were counted, {right} were held back")


def judge(script, regime, chatter=False):
    """Runs and judges a script. Returns the number of events; raises Failed."""
    trace, folder, done = run_engine(script, regime, chatter)
    try:
        oracle = compare(trace, regime, chatter)
        if done.returncode != 0 or "! done" not in trace:
            said = (done.stderr + done.stdout)[-600:]
            raise Failed(len(script), f"the engine ended with {done.returncode}: {said}")
        where = next(line[2:] for line in trace if line.startswith("! "))
        return look_into_journal(os.path.join(where, "journal.db"), oracle, len(script))
    finally:
        shutil.rmtree(folder)


def failure(script, regime, chatter):
    try:
        judge(script, regime, chatter)
    except Failed as failed:
        return failed
    return None


def join_passes(script):
    """Two waits in a row are one."""
    out = []
    for line in script:
        if line.startswith("pass ") and out and out[-1].startswith("pass "):
            out[-1] = f"pass {int(out[-1][5:]) + int(line[5:])}"
        else:
            out.append(line)
    return out


def shrink(script, failed, regime, chatter, tries=400):
    """A shorter script that fails as well: pieces are left out, large ones first."""
    script = script[:failed.line]
    piece, length = max(1, len(script) // 2), 0
    while tries > 0 and (piece > 1 or len(script) != length):
        length = len(script)
        at = 0
        while at < len(script) and tries > 0:
            shorter = script[:at] + script[at + piece:]
            tries -= 1
            again = failure(shorter, regime, chatter) if shorter else None
            if again is not None:
                script, failed = shorter[:again.line], again
            else:
                at += piece
        joined = join_passes(script)
        again = failure(joined, regime, chatter)
        if again is not None:
            script, failed = joined, again
        piece = max(1, piece // 2)
    return script, failed
