# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Power cuts: one disk, boot after boot, each ended on the spot while fires come, are
# acknowledged and sent. After each the disk is looked at from outside, as it lies: e2fsck
# replays the file system's own log, debugfs takes the files out.
import os
import random
import shutil
import subprocess

from aftermath import check_journal, check_notices

CUTS = 100 if os.environ.get("WATCHROOM_LONG") else 5
SPREAD_S = 8.0  # a cut comes within this time after the load began


class Told:
    """What the machine had said by the time its power went, over all cuts."""

    def __init__(self):
        self.confirmed, self.posts = set(), []

    def take(self, text):
        """Returns how many acknowledges were confirmed in this boot."""
        before = len(self.confirmed)
        for line in text.splitlines():
            word, *rest = line.split()[:3] or [""]
            if word == "confirmed" and len(rest) == 2:
                self.confirmed.add(rest[0])
            elif word == "posted" and len(rest) == 2:
                self.posts.append({"id": rest[0], "repeated": rest[1] == "true"})
        return len(self.confirmed) - before


def files_of(disk, folder):
    """The state directory as the cut left it."""
    copy, out = folder / "copy.img", folder / "left"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    subprocess.run(["cp", "--sparse=always", disk, copy], check=True)
    repaired = subprocess.run(["e2fsck", "-fy", copy], capture_output=True, text=True,
                              check=False)
    assert repaired.returncode in (0, 1), repaired.stdout + repaired.stderr
    subprocess.run(["debugfs", "-R", f"rdump /watchroom/state {out}", copy], check=True,
                   capture_output=True)
    copy.unlink()
    return out / "state"


def cut_power(new_job, command):
    """Cuts the power CUTS times and checks what is left each time; returns a line that
    says what was seen. `new_job` makes a Job."""
    seed = int(os.environ.get("WATCHROOM_SEED", random.randrange(1 << 32)))
    print(f"WATCHROOM_SEED={seed}")
    rng, told, events, repeats = random.Random(seed), Told(), 0, 0
    folder = new_job().rw
    disk = folder / "disk.img"
    for n in range(CUTS):
        job = new_job().boot(*command, disk=disk, power_cut=f"{rng.uniform(0, SPREAD_S):.2f}",
                             cut_after="loaded")
        assert job.status == 137, f"cut {n}, seed {seed}: {job.status}\n{job.text}"
        told.take(job.text)
        state = files_of(disk, folder)
        had, events = events, check_journal(state, told.confirmed)
        assert events > had, f"cut {n}: no event came in this boot"
        repeats = check_notices(state, told.posts, all_sent=False)
        assert repeats <= n + 1, f"cut {n}: {repeats} repeats on one channel (I5)"
        assert not list(state.glob("*.corrupt-*")), f"cut {n}: a journal was set aside"
    assert len(told.confirmed) >= CUTS, f"only {len(told.confirmed)} acknowledges"
    return (f"{CUTS} power cuts, {events} events, {len(told.confirmed)} confirmed"
            f" acknowledges, {len(told.posts)} posts, {repeats} repeats, seed {seed}")
