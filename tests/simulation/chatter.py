# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# What must be seen of alarms that only come and go, written from the page (docs/alarm-states.md),
# not from the program: which are held, which onsets are counted, when it is over.
COUNT, WITHIN_MS, QUIET_MS = 4, 30 * 1000, 61357
NEVER = ("fire", "prealarm", "info", "link", "activated")  # the last is of the class info
FAULT = ("fault", "chatter")


def setting(on):
    return f"{{count: {COUNT}, within: {WITHIN_MS}ms, quiet: {QUIET_MS}ms}}" if on else "none"


def may_chatter(key):
    point, condition, code = key
    return not (point.startswith("@") or condition in NEVER or (condition, code) == FAULT
                or (point, condition) == ("panic", "security"))


class Held:
    """An alarm that chatters: it stands, and what the field says of it is counted."""

    def __init__(self, now):
        self.active, self.known, self.quiet_from = True, True, now
        self.restarts = 0


class Chatters:
    def __init__(self, on):
        self.on = on
        self.held = {}    # key -> Held
        self.onsets = {}  # key -> when, since it was last over
        self.counted = {}  # key -> onsets and clears that have no event of their own
        self.unsure = set()  # keys that were held over a restart: some may be lost

    def onset(self, key, now):
        """True where it chatters from now on."""
        if not self.on or not may_chatter(key):
            return False
        times = self.onsets.setdefault(key, [])
        times.append(now)
        if sum(now - t <= WITHIN_MS for t in times) < COUNT:
            return False
        self.held[key] = Held(now)
        return True

    def told(self, key, active, known, now):
        held = self.held[key]
        if active != held.active or not held.known:
            held.quiet_from = now
        if active != held.active:
            self.counted[key] = self.counted.get(key, 0) + 1
        held.active, held.known = active, known

    def lost(self, point=None):
        for key, held in self.held.items():
            if point in (None, key[0]):
                held.known = False

    def dues(self):
        return [(h.quiet_from + QUIET_MS, ("quiet", k)) for k, h in self.held.items() if h.known]

    def over(self, key):
        """Whether the field says that it is true."""
        self.onsets.pop(key, None)
        return self.held.pop(key).active

    def restart(self):
        self.lost()
        self.onsets = {}
        self.unsure |= set(self.held)

    def any_of(self, point):
        return any(k[0] == point for k in self.held)


class Holding:
    """The part of the oracle that holds alarms."""

    def still(self, key, active):
        """What the field says of one that is held."""
        if key in self.chatters.held:
            known = self.quality.get(key[0]) in ("good", "uncertain")
            self.chatters.told(key, active, known, self.now)

    def quiet(self, key):  # the alarm is what the field says
        for k in (key, (key[0], *FAULT)):
            if k in self.alarms:
                self.adopt_realarm(self.alarms[k], self.ahead.get(k))
        active = self.chatters.over(key)
        self.event(self.alarms[key], "chatter.end")
        if not active:
            self.ended(key)
        if not self.chatters.any_of(key[0]):
            self.condition((key[0], *FAULT), False)

    def drop(self, alarm):
        if alarm.key in self.chatters.held:
            self.chatters.over(alarm.key)
            self.event(alarm, "chatter.end")

    def withdraw_faults(self):  # nothing else would ever end them
        for key in [k for k in self.alarms if k[1:] == FAULT]:
            if not self.chatters.any_of(key[0]):
                self.withdraw(self.alarms[key])
