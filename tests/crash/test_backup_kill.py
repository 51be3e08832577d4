# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# kill -9 in the middle of a backup, a restore and a retention: nothing half stays under
# a final name, and what is there verifies (I4). The seed is printed; WATCHROOM_SEED
# repeats a run.
import json
import os
import random
import subprocess
import time

import pytest

from field import Modbus, panel
from rig import BUILD, Daemon, site

KILLS = 100 if os.environ.get("WATCHROOM_LONG") else 8
MONTH_MS = 31 * 24 * 3600 * 1000


@pytest.fixture(name="rng")
def fixture_rng():
    seed = int(os.environ.get("WATCHROOM_SEED", random.randrange(1 << 32)))
    print(f"WATCHROOM_SEED={seed}")
    return random.Random(seed)


@pytest.fixture(name="filled")
def fixture_filled(tmp_path):
    """A store of 40,000 door events, written four months ago."""
    peer = Modbus()
    with Daemon(tmp_path / "d", site(*panel(peer.port), store={"keep_events": "1mo"})) as d:
        d.state.mkdir(parents=True)
        begin = int(time.time() * 1000) - 4 * MONTH_MS
        subprocess.run([BUILD / "tests/unit/make_store", d.state, str(begin), "20000"],
                       check=True, timeout=300)
        yield d
    peer.stop()


def killed(daemon, words, after):
    process = subprocess.Popen(
        [BUILD / "cli/watchroom", "-c", daemon.file, "--state", daemon.state, *words],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=daemon.env)
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        process.kill()
    return process.wait()


def duration(daemon, words):
    began = time.monotonic()
    done = daemon.tool(*words)
    assert done.returncode == 0, done.stderr
    return time.monotonic() - began


def test_i4_backups_killed(filled, tmp_path, rng):
    target = tmp_path / "b"
    target.mkdir()
    whole = duration(filled, ["backup", str(target)])
    ends = set()
    for _ in range(KILLS):
        time.sleep(1.1)  # a name holds for a second
        ends.add(killed(filled, ["backup", target], rng.uniform(0, whole * 1.2)))
    assert -9 in ends, "none was killed in the middle"
    for folder in target.glob("watchroom-*"):
        assert sorted(p.name for p in folder.iterdir()) == ["journal.db", "readings.db"]
        done = filled.tool("verify", str(folder / "journal.db"))
        assert done.returncode == 0, done.stdout
    filled.verify()


def test_i4_restores_killed(filled, tmp_path, rng):
    target = tmp_path / "b"
    target.mkdir()
    made = json.loads(filled.tool("backup", str(target), "--json").stdout)
    whole = duration(filled, ["restore", made["folder"]])
    ends = set()
    for _ in range(KILLS):
        ends.add(killed(filled, ["restore", made["folder"]], rng.uniform(0, whole * 1.2)))
        filled.verify()  # the old one or the new one, whole
    assert -9 in ends, "none was killed in the middle"
    assert filled.tool("restore", made["folder"]).returncode == 0
    filled.verify()
    for old in filled.state.glob("journal.db.replaced-*"):
        assert filled.tool("verify", str(old)).returncode == 0


def test_i4_retention_killed(filled, rng):
    """Each start cuts some; each kill leaves a chain that begins at a signed cut."""
    seen = []
    for _ in range(KILLS // 2):
        filled.start()
        time.sleep(10 + rng.uniform(0, 1.5))  # it begins ten seconds after the start
        filled.kill()
        filled.verify()
        v = json.loads(filled.tool("verify", "--json").stdout)
        seen.append(v["cut_seq"])
    assert seen == sorted(seen) and seen[-1] > 0
    print(f"cut up to {seen}")
