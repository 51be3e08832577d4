# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# A disk of a few MB that a test may fill: a tmpfs mounted for it alone.
import contextlib
import os
import subprocess

import pytest


@contextlib.contextmanager
def small_disk(where, mib=3):
    where.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small tmpfs needs root")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs",
                    str(where)], check=True)
    try:
        yield where
    finally:
        subprocess.run(["umount", str(where)], check=True)


def fill(where, free=0):
    """Takes every byte of the disk but so many KiB."""
    name = where / "filler"
    with open(name, "ab", buffering=0) as f:
        for size in (65536, 4096, 512, 1):
            with contextlib.suppress(OSError):
                while f.write(b"\0" * size):
                    pass
        f.truncate(f.tell() - free * 1024)
    return name
