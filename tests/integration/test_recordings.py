# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Each profile of panels/ has a recording that is played through the whole line, and
# what comes of it is what was reviewed (tests/lib/recordings.py). A change of a
# profile, of decoding or of the engine that changes an outcome is seen here; after it
# was compared with the maker's document, tools/rebuild-recordings writes it anew.
import copy
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lib"))

import makers  # noqa: E402  (the path comes first)
import recordings  # noqa: E402

BUILD = pathlib.Path(os.environ.get("WATCHROOM_BUILD", ROOT / "build"))
FIXTURES = recordings.FIXTURES


def table_of(name):
    return recordings.load(FIXTURES / f"{name}.yaml")


def text_of(name, ending):
    return (FIXTURES / f"{name}.{ending}").read_text(encoding="utf-8")


def test_each_profile_has_a_recording_and_no_other_is_there():
    for ending in ("yaml", "log", "chk"):
        there = sorted(p.stem for p in FIXTURES.glob(f"*.{ending}"))
        assert there == recordings.tables()
        assert sorted({recordings.profile_of(n) for n in there}) == recordings.profiles()
    assert len(recordings.profiles()) >= 28


@pytest.mark.parametrize("name", recordings.tables())
def test_a_replay_comes_to_what_was_reviewed(name):
    table = table_of(name)
    assert table["device"]["profile"] == recordings.profile_of(name)
    assert text_of(name, "log") == recordings.make_log(table, name)
    seen = recordings.replay(BUILD, FIXTURES / f"{name}.log")
    assert seen == text_of(name, "chk")
    assert recordings.disagreements(table, seen) == []


def judged(name, log, chk):
    """[(ms, point, what the document means, what the replay says)] at the end of each
    span, while the device is not lost."""
    table, profile, out = table_of(name), recordings.profile_of(name), []
    for end, image in makers.spans(log, table["device"]["unit"]):
        seen = recordings.state_at(chk, end)
        if seen["@device/d"] != "up":
            continue
        for point in [p for p in table["rest"] if not p.startswith("@")]:
            wanted = makers.meant(profile, table, point, image)
            if wanted is not None:
                out.append((end, point, wanted, seen.get(point, "")))
    return out


DOCUMENTED = [n for n in recordings.tables() if recordings.profile_of(n) in makers.READERS]


@pytest.mark.parametrize("name", DOCUMENTED)
def test_i6_a_second_reading_of_the_makers_document_comes_to_the_same(name):
    profile = recordings.profile_of(name)
    all_of_it = judged(name, text_of(name, "log"), text_of(name, "chk"))
    assert len(all_of_it) >= 5
    assert [row for row in all_of_it if not makers.agree(profile, *row[2:])] == []


def test_the_second_reading_is_no_echo_of_the_first():
    """An outcome that is not the document's is found, in either direction."""
    for name, right, wrong in (("notifier-modbus-gw", "0C10 fire", "0C10 normal"),
                               ("gst-5000", "0007 disabled", "0007 normal"),
                               ("bolid-s2000-pp", "fault/loop-open", "security/loop-open"),
                               ("pressure-transmitter-ptmb", "18 kPa", "1.8 kPa"),
                               ("pressure-transmitter-ptmb", "bad fault/sensor-range", "good 1700 kPa")):
        chk = text_of(name, "chk")
        assert f" {right}\n" in chk
        rows = judged(name, text_of(name, "log"), chk.replace(f" {right}\n", f" {wrong}\n"))
        assert any(not makers.agree(recordings.profile_of(name), *r[2:]) for r in rows)


# Values behind a selector have no address formula.
NO_FORMULA = {("bolid-s2000-pp", item) for item in
              ("zone-number", "zone-supply", "zone-counter")}


@pytest.mark.parametrize("name", recordings.profiles())
def test_each_item_is_shown_and_not_only_where_it_begins(name):
    """A wrong stride shows at the second device or loop only."""
    profile = recordings.load(ROOT / "panels" / f"{name}.yaml")
    points = [p for n in recordings.tables() if recordings.profile_of(n) == name
              for p in table_of(n)["points"].values()]
    for item in profile["items"]:
        shown = [p for p in points if p["item"] == item["name"]]
        if (name, item["name"]) in NO_FORMULA or (item.get("always") and not shown):
            continue
        assert shown, f"{item['name']}: no point"
        for axis in ("loop", "device"):
            numbers = item.get(axis, {"from": 0, "to": 0})
            assert numbers["to"] == numbers["from"] or any(
                p[axis] != numbers["from"] for p in shown), f"{item['name']}: first {axis}"


@pytest.mark.parametrize("name", recordings.profiles())
def test_a_recording_comes_to_each_meaning_of_its_profile(name):
    profile = recordings.load(ROOT / "panels" / f"{name}.yaml")
    chk = "".join(text_of(n, "chk") for n in recordings.tables()
                  if recordings.profile_of(n) == name)
    assert recordings.not_shown(profile, table_of(name), chk) == []


@pytest.mark.parametrize("name", recordings.tables())
def test_a_made_recording_says_so(name):
    head = yaml.safe_load(text_of(name, "log").split("\n...\n")[0])
    assert head["source"] == "synthetic"
    assert "not taken from a device" in head["recorded"]
    assert head["notes"][0] == " ".join(table_of(name)["reference"].split())


def test_a_table_that_says_otherwise_is_found_out():
    table = copy.deepcopy(table_of("tornatech-gpx"))
    chk = text_of("tornatech-gpx", "chk")
    table["cases"][0][2]["a1"] = "fault/phase-loss"
    assert recordings.disagreements(table, chk) == [
        'phase reversal: a1: the reference says "fault/phase-loss", '
        'the replay "fault/phase-reversal"']
    profile = recordings.load(ROOT / "panels" / "tornatech-gpx.yaml")
    without = "\n".join(line for line in chk.splitlines() if "locked-rotor" not in line)
    assert recordings.not_shown(profile, table, without) == ["fault/locked-rotor"]


def test_a_replay_at_a_speed_says_the_same():
    begin = time.monotonic()
    seen = recordings.replay(BUILD, FIXTURES / "gst-t8b.log", "--speed", "100")
    took = time.monotonic() - begin
    assert seen == text_of("gst-t8b", "chk")
    length_s = int(text_of("gst-t8b", "log").splitlines()[-1].split()[0]) / 1000
    assert took >= length_s / 100 - 0.1


def test_a_replay_that_is_interrupted_leaves_nothing_behind(tmp_path):
    env = dict(os.environ, WATCHROOM_DATA=str(ROOT), TMPDIR=str(tmp_path))
    with subprocess.Popen(
            [BUILD / "cli" / "watchroom", "replay", "--speed", "1", FIXTURES / "gst-t8b.log"],
            env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as played:
        assert played.stdout.readline() != ""  # it has begun
        assert list(tmp_path.iterdir()) != []
        played.send_signal(signal.SIGINT)
        _, said = played.communicate(timeout=60)
    assert played.returncode == 1 and "ended by a signal" in said
    assert list(tmp_path.iterdir()) == []


def test_a_replay_as_json():
    lines = [json.loads(line) for line in recordings.replay(
        BUILD, FIXTURES / "tornatech-gpx.log", "--json").splitlines()]
    assert {line["what"] for line in lines} == {"sample", "link", "event", "open"}
    assert len(lines) == len(text_of("tornatech-gpx", "chk").splitlines())
    onset = next(line for line in lines if line.get("kind") == "alarm.onset")
    assert (onset["ms"], onset["point"], onset["condition"], onset["code"],
            onset["class"]) == (5004, "a1", "fault", "phase-reversal", "fault")


def test_the_rebuild_tool_finds_everything_as_it_is():
    done = subprocess.run(
        [ROOT / "tools" / "rebuild-recordings", "--check", "gst-t8b"],
        env=dict(os.environ, WATCHROOM_BUILD=str(BUILD)), capture_output=True, text=True,
        timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "1 recordings, 0 changed or wrong\n")


def test_a_bad_recording_is_refused_with_its_place(tmp_path):
    bad = tmp_path / "bad.log"
    bad.write_text("recording: 1\nsource: device\n...\n0 > 1 03 0000 0001\n5 < 1 03 02\n")
    done = subprocess.run([BUILD / "cli" / "watchroom", "replay", bad],
                          env=dict(os.environ, WATCHROOM_DATA=str(ROOT)),
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert f"{bad}:5:7: error: not as many bytes as were asked for" in done.stderr
