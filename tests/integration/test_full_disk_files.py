# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Exports and reports onto a full disk: no half file, the one that was there stays, and
# the message says which file and why.
import subprocess

import pytest

from rig import BUILD
from small_disk import fill, small_disk

END_MS = 1795737600 * 1000
DAY_MS = 86400 * 1000
DAY = "2026-11-26"  # its last whole one
COMMANDS = {
    "log": ("export", "log"),
    "log-jsonl": ("export", "log", "--format", "jsonl"),
    "readings": ("export", "readings"),
    "inspection": ("export", "inspection"),
    "report-csv": ("report", "alarms-monthly", "--day", DAY),
    "report-pdf": ("report", "alarms-monthly", "--day", DAY, "--format", "pdf"),
}


@pytest.fixture(name="store", scope="module")
def fixture_store(tmp_path_factory):
    """20 days of a busy site: what is made of them is larger than a buffer."""
    folder = tmp_path_factory.mktemp("store")
    subprocess.run([BUILD / "tests/bench/make_history", folder, str(END_MS - 20 * DAY_MS),
                    str(END_MS), "5000", "1", "1"], check=True, stdout=subprocess.DEVNULL)
    return folder


def run(store, *words, out=subprocess.PIPE):
    return subprocess.run([BUILD / "cli/watchroom", "--store", store, *words], stdout=out,
                          stderr=subprocess.PIPE, text=True, timeout=120, check=False)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("free", (0, 64))
def test_no_half_file_on_a_full_disk(tmp_path, store, name, free):
    """The disk is full from the first byte on, or after 64 KiB, of which each needs more."""
    with small_disk(tmp_path / "disk", mib=8) as disk:
        new, old = disk / "new", disk / "old"
        old.write_text("as it was", "utf-8")
        filler = fill(disk, free)
        before = sorted(disk.iterdir())
        for file in (new, old):
            done = run(store, *COMMANDS[name], "-o", file)
            assert done.returncode == 1 and done.stdout == "", done
            assert f"{file}: No space left on device" in done.stderr, done.stderr
            assert len(done.stderr.splitlines()) == 1, done.stderr
            assert sorted(disk.iterdir()) == before, "nothing new, nothing half"
        assert old.read_text("utf-8") == "as it was"
        filler.unlink()
        done = run(store, *COMMANDS[name], "-o", old)
        assert done.returncode == 0, done.stderr
        assert old.stat().st_size > 64 * 1024, "it was larger than what was left"


def test_a_file_smaller_than_a_buffer_fails_as_well(tmp_path, store):
    """Here nothing is written before the end."""
    with small_disk(tmp_path / "disk") as disk:
        old = disk / "old"
        old.write_text("as it was", "utf-8")
        fill(disk)
        before = sorted(disk.iterdir())
        done = run(store, "export", "log", "--from", "2026-11-20T00:00:00Z", "--to",
                   "2026-11-20T00:30:00Z", "-o", old)
        assert done.returncode == 1, done
        assert f"{old}: No space left on device" in done.stderr, done.stderr
        assert sorted(disk.iterdir()) == before and old.read_text("utf-8") == "as it was"


@pytest.mark.parametrize("name", [n for n in COMMANDS if n != "inspection"])
def test_a_full_standard_output_is_said(store, name):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = run(store, *COMMANDS[name], out=full)
    assert done.returncode == 1, done
    assert "standard output: No space left on device" in done.stderr, done.stderr
