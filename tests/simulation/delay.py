# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# On- and off-delay, as the oracle has them.


class Delay:
    """On- and off-delay of one condition: it must hold without a break."""

    def __init__(self, on_ms, off_ms, active):
        self.on_ms, self.off_ms = on_ms, off_ms
        self.active = self.raw = active
        self.due = None

    def feed(self, raw, now):
        """True when `active` changed."""
        self.raw = raw
        if raw == self.active:
            self.due = None
            return False
        if self.due is None:
            self.due = now + (self.off_ms if self.active else self.on_ms)
        return self.expire(now)

    def expire(self, now):
        if self.due is None or self.due > now:
            return False
        self.active, self.due = self.raw, None
        return True

    def forget(self):
        self.raw, self.due = self.active, None
