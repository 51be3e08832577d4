#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# A month of a busy building on the real engine, outbox and store, judged step by step by an oracle
# that was written from the alarm table alone; and a random search for sequences that the two
# see differently. The seed is printed, WATCHROOM_SEED repeats it; a sequence that fails is
# shortened first. `./check --long` searches through 5,000 seeds.
import os
import random
import time

import building
import judge
import pytest
from oracle import TABLE

LONG = os.environ.get("WATCHROOM_LONG") == "1"
SEED = int(os.environ.get("WATCHROOM_SEED", random.SystemRandom().randrange(10**9)))
SEARCHES = 5000 if LONG else 30
DAY_MS = 24 * 3600 * 1000
REGIMES = ("here", "panel")


def fail_with(failed, script, regime, chatter, seed):
    script, failed = judge.shrink(script, failed, regime, chatter)
    pytest.fail(f"seed {seed}, acknowledge: {regime}, chatter: {chatter}: {failed}\nthe shortest script found:\n"
                + "\n".join(script))


def judged(seed, regime, chatter, length_ms, mean_ms):
    """Plays so much time with a happening each mean_ms; the lines and events it had."""
    script = building.Day(seed, regime, chatter).play(length_ms, mean_ms)
    try:
        return len(script), judge.judge(script, regime, chatter)
    except judge.Failed as failed:
        fail_with(failed, script, regime, chatter, seed)
        raise


def test_the_oracle_has_the_table_of_the_page():
    page = (judge.ROOT / "docs/alarm-states.md").read_text(encoding="utf-8")
    rows = TABLE.strip().replace("| link lost / link back* |", "| link lost / link back |")
    page = page.replace("| link lost | - | - | - | - | - | - |\n| link back |",
                        "| link lost / link back |")
    assert rows in page


@pytest.mark.parametrize("regime", REGIMES)
def test_i4_i6_i11_a_month_of_a_busy_building_is_as_the_table_says(regime):
    began, before = time.monotonic(), os.times()
    seed = SEED + REGIMES.index(regime)
    lines, events = judged(seed, regime, regime == "panel", 30 * DAY_MS, 300 * 1000)
    spent = sum(os.times()[:4]) - sum(before[:4])
    print(f"a month: seed {seed}, {lines} lines, {events} events, {spent:.1f} s of CPU, "
          f"{time.monotonic() - began:.1f} s in all")
    assert events > 5000


def test_random_search_finds_no_sequence_that_the_table_forbids():
    lines = 0
    for number in range(SEARCHES):
        seed = SEED + 1000 + number
        print(f"seed {seed}", flush=True)
        regime, chatter = REGIMES[number % 2], number % 4 > 1
        lines += judged(seed, regime, chatter, DAY_MS // 10, 6000)[0]
    print(f"{SEARCHES} seeds from {SEED + 1000}, {lines} lines")


# What a wrong engine would show: a trace with one lie in it is found out (the oracle can fail).
LIES = (
    ("+ d2 fire - acknowledged", "+ d2 fire - unacknowledged"),
    ("~ sound 1", "~ sound 0"),
    (" panel_reset panel ", " cleared panel "),
    ("+ d1 fire - unacknowledged - panel 0 1 ", "+ d1 fire - unacknowledged - panel 0 2 "),
    ("~ owed 2", "~ owed 1"),
)
SHORT = ["set d2 good fire:-", "pass 1000", "ack d2 fire - wang", "pass 1000",
         "set d1 good fire:-", "pass 61000", "set d1 good", "pass 1000", "restart 30000 0",
         "pass 1000"]


def test_i4_an_alarm_that_should_be_held_and_is_not_is_found_out():
    script = ["level flow good 1", "pass 1000", "level flow good 0", "pass 1000"] * 6
    trace, folder, _ = judge.run_engine(script, "here", True)
    try:
        oracle = judge.compare(trace, "here", True)
        assert oracle.chatters.counted == {("flow", "supervisory", "-"): 5}
        told = [line[:-1] + "0" if line.startswith("+ flow supervisory") else line
                for line in trace]
        assert told != trace
        with pytest.raises(judge.Failed):
            judge.compare(told, "here", True)
        with pytest.raises(judge.Failed):
            judge.compare(trace, "here", False)
    finally:
        judge.shutil.rmtree(folder)


@pytest.mark.parametrize("truth,lie", LIES)
def test_a_trace_with_a_lie_in_it_is_found_out(truth, lie):
    trace, folder, _ = judge.run_engine(SHORT, "here")
    try:
        judge.compare(trace, "here")
        told = [line.replace(truth, lie) for line in trace]
        assert told != trace
        with pytest.raises(judge.Failed):
            judge.compare(told, "here")
    finally:
        judge.shutil.rmtree(folder)
