# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# What happens to a daemon's disk, network and clock: orders to tests/fault/fault.c, which
# is preloaded before it. Orders may change while it runs.
import errno
import mmap
import struct

from rig import BUILD

LAYOUT = "=qiiiiii64s"
OPS = {"write": 1, "sync": 2, "rename": 3, "unlink": 4, "send": 5, "any": 6}
ACTS = {"none": 0, "kill-before": 1, "kill-after": 2, "fail": 3, "hang": 4, "slow": 5}
SYNC = {"real": 0, "synchronised": 1, "unsynchronised": 2}


class Fault:
    """One file of orders; give `env` to the daemon."""

    def __init__(self, file):
        size = struct.calcsize(LAYOUT)
        file.write_bytes(b"\0" * size)
        with open(file, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), size)
        self.env = {"LD_PRELOAD": str(BUILD / "tests/fault/libfault.so"),
                    "WATCHROOM_FAULT": str(file)}

    def clock(self, shift_ms=None, sync=None):
        if shift_ms is not None:
            struct.pack_into("=q", self.map, 0, shift_ms)
        if sync is not None:
            struct.pack_into("=i", self.map, 8, SYNC[sync])

    def order(self, op, act, path="", at=1, error="EIO", ms=None):
        """From the at-th call `op` on a path that contains `path`: `act`; `slow` by ms."""
        self.clear()
        struct.pack_into("=64s", self.map, 32, path.encode())
        struct.pack_into("=iii", self.map, 20, ms if ms is not None else getattr(errno, error), at, 0)
        struct.pack_into("=i", self.map, 12, OPS[op])
        struct.pack_into("=i", self.map, 16, ACTS[act])

    def clear(self):
        struct.pack_into("=i", self.map, 16, 0)

    def seen(self):
        return struct.unpack_from("=i", self.map, 28)[0]
