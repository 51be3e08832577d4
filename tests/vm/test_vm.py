# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The field side on a real GPIO character device, with both generations of libgpiod; and
# the virtual machine itself. The cases run inside (gpio_cases.sh, daemon_cases.sh,
# rig_cases.sh); here each is one test, and the journals they left are read.
import sqlite3
import subprocess

import pytest

import machine

GENERATIONS = [pytest.param(g, marks=pytest.mark.job(g)) for g in ("gpiod1", "gpiod2")]
SLACK = 20  # ms: the cases read the clock to a hundredth of a second


@pytest.mark.parametrize("case", machine.cases("gpio_cases.sh")
                         + machine.cases("daemon_cases.sh"))
@pytest.mark.parametrize("job", GENERATIONS)
def test_gpio(job, case):
    done = machine.result(job)
    assert done.passed(case), done.text


@pytest.mark.parametrize("job, library", [
    pytest.param("gpiod1", "libgpiod.so.2", marks=pytest.mark.job("gpiod1")),
    pytest.param("gpiod2", "libgpiod.so.3", marks=pytest.mark.job("gpiod2"))])
def test_each_generation_is_what_it_says(job, library):
    build = machine.BUILD if job == "gpiod1" else machine.build2()
    for name in ("daemon/watchroomd", "tests/vm/gpio_probe"):
        linked = subprocess.run(["ldd", build / name], capture_output=True, text=True,
                                check=True).stdout
        assert f"{library} => /" in linked, linked


class Journal:
    """The journal that the daemon in the machine has left."""

    def __init__(self, job):
        self.done = machine.result(job)
        self.file = self.done.rw / "journal.db"
        self.db = sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)
        self.db.row_factory = sqlite3.Row

    def events(self, where, *values):
        return self.db.execute(
            f"SELECT * FROM v_event WHERE {where} ORDER BY seq", values).fetchall()

    def onset(self, point, n=0, **more):
        where = "kind = 'alarm.onset' AND point = ?" + "".join(
            f" AND {k} = ?" for k in more)
        return self.events(where, point, *more.values())[n]


@pytest.fixture(params=GENERATIONS)
def journal(request):
    return Journal(request.param)


def test_i4_the_journal_of_the_machine_is_whole(journal):
    done = subprocess.run([machine.BUILD / "cli/watchroom", "verify", journal.file],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_i10_a_contact_is_stamped_with_its_first_edge(journal):
    facts, valve = journal.done.facts(), journal.onset("valve")
    assert facts["valve_before"] - SLACK <= valve["mono_ms"] <= facts["valve_after"] + SLACK
    assert valve["not_before_utc_ms"] == valve["time_utc_ms"], "nothing lies in between"
    between = journal.events("point = 'valve' AND kind = 'alarm.onset' AND mono_ms < ?",
                             facts["panic_before"])
    assert len(between) == 1, "nine edges of a bouncing contact are one change"


def test_a_short_pulse_of_the_panic_button_stands_until_it_is_reset(journal):
    facts, panic = journal.done.facts(), journal.onset("panic")
    assert (panic["condition"], panic["class"]) == ("security", "security")
    assert facts["panic_before"] - SLACK <= panic["mono_ms"] <= facts["panic_after"] + SLACK
    states = journal.db.execute(
        "SELECT state, latch FROM v_alarm WHERE point = 'panic'").fetchall()
    assert [tuple(s) for s in states] == [("latched_unacknowledged", "own")]


def test_i6_points_are_unknown_while_the_chip_is_away(journal):
    found = journal.onset("valve", 1)
    gap = journal.onset("@gpio/room-io", code="chip-gone")
    assert '"found_after_gap":true' in found["params"]
    assert found["not_before_utc_ms"] <= gap["time_utc_ms"] <= found["time_utc_ms"]
    blind = journal.events("kind = 'blind' AND point = '@gpio/room-io' AND seq > ?",
                           gap["seq"])
    assert '"reason":"link"' in blind[0]["params"]


def test_i9_each_loss_is_an_alarm_of_its_own(journal):
    losses = {(e["point"], e["code"], e["class"]) for e in journal.events(
        "kind = 'alarm.onset' AND condition IN ('link', 'fault')")}
    assert {("@gpio/room-io", "line-busy", "fault"), ("busy", "line-busy", "fault"),
            ("@gpio/room-io", "chip-gone", "fault"), ("pump", "overflow", "fault"),
            ("power", None, "fault")} <= losses, losses


@pytest.mark.job("rig")
@pytest.mark.parametrize("case", machine.cases("rig_cases.sh"))
def test_rig(case):
    first, _ = machine.result("rig")
    assert first.passed(case), first.text


@pytest.mark.job("rig")
def test_rig_keeps_what_it_was_asked_to_and_nothing_else():
    first, _ = machine.result("rig")
    assert (first.rw / "kept").read_text("ascii") == "written inside\n"
    assert not (machine.HERE / "written-in-the-machine").exists()


@pytest.mark.job("rig")
def test_i3_what_was_durable_survives_a_power_cut():
    first, second = machine.result("rig")
    assert first.status == 137, first.text
    assert second.status == 0, second.text
    names = second.text.split()
    assert "durable" in names and "lost" not in names, names
    copy = second.rw / "disk/journal.db"
    db = sqlite3.connect(copy)
    kept = db.execute("SELECT kind, point FROM v_event WHERE seq = ?",
                      [first.facts()["panic_seq"]]).fetchone()
    db.close()
    assert kept == ("alarm.onset", "panic")
    done = subprocess.run([machine.BUILD / "cli/watchroom", "verify", copy],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.job("rig")
def test_i4_the_journal_is_whole_after_a_disk_that_refused():
    first, _ = machine.result("rig")
    machine.run(machine.BUILD / "cli/watchroom", "verify", first.rw / "refused.db")


@pytest.mark.job("power")
def test_i3_i4_i5_nothing_confirmed_is_lost_by_power_cuts():
    print(machine.result("power"))
