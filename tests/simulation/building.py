# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# A busy building as a script for engine-script: its site, and at random what happens in it:
# alarms, acknowledgements, silences, resets, links, clock steps, restarts, a point that is
# taken out of the configuration and comes back.
import random

import chatter as held

DETECTORS = [f"d{i}" for i in range(1, 13)]
CONTACTS = {  # point -> kind, more keys
    "door": ("door", ", on_delay: 5s"),
    "door2": ("door", ", off_delay: 3s"),
    "panic": ("panic", ""),
    "contact": ("fire-contact", ""),
    "run": ("pump-run", ""),
    "auto": ("pump-auto", ""),
    "flow": ("flow-switch", ", latch: own"),
    "trouble": ("fault-contact", ", on_delay: 2s, off_delay: 2s"),
}
GAUGES = ("main", "roof")
DEVICES = {"fap": "lan", "io": "lan2", "io2": "lan2", "gauge1": "line", "gauge2": "line"}
BUSES = ("lan", "lan2", "line")
POINTS_OF = {
    "fap": tuple(DETECTORS),
    "io": ("door", "door2", "panic", "contact"),
    "io2": ("run", "auto", "flow", "trouble"),
    "gauge1": GAUGES[:1],
    "gauge2": GAUGES[1:],
}
# What the second version of the site has no more.
WITHDRAWN = ("d3", "door2", "contact")
WITHDRAWN_LIMIT = ("main", "high")
REALARM_MS = 1800 * 1000
RESOUND_MS = 60 * 1000


def contact_lines(device, second):
    for number, name in enumerate(POINTS_OF[device]):
        kind, more = CONTACTS[name]
        if not (second and name in WITHDRAWN):
            yield (f"      - {{id: {name}, item: di, device: {number}, kind: {kind}, zone: z{more},"
                   f" place: {{zh: 处, en: {name}}}}}")


def detector_lines(second):
    for number, name in enumerate(DETECTORS, 1):
        kind = ("smoke", "heat", "manual-call-point")[number % 3]
        if not (second and name in WITHDRAWN):
            yield (f"      - {{id: {name}, item: detector, loop: 1, device: {number},"
                   f" kind: {kind}, zone: z, place: {{zh: 处, en: {name}}}}}")


def site(regime="here", second=False, chatter=False):
    high = "" if second else ", high: {value: 900kPa, hysteresis: 10kPa, on_delay: 4s, off_delay: 2s}"
    lines = [
        'site: {id: t, name: {zh: 测, en: T}, time_zone: Asia/Shanghai, statistics_day: "08:00"}',
        'console: {listen: "127.0.0.1:0", desk: [127.0.0.1]}',
        f"engine: {{acknowledge: {regime}, realarm: {REALARM_MS // 1000}s,"
        f" resound: {RESOUND_MS // 1000}s, flap_changes: 0, chatter: {held.setting(chatter)}}}",
        "zones: [{id: z, name: {zh: 区, en: Z}}]",
        "buses:",
        *(f'  - {{id: {b}, modbus_tcp: "127.0.0.1:{5020 + i}"}}' for i, b in enumerate(BUSES[:2])),
        "  - {id: line, modbus_rtu: /dev/serial/by-id/none, line: 9600 8N1}",
        "devices:",
        "  - id: fap\n    bus: lan\n    unit: 1\n    profile: notifier-modbus-gw\n    poll: 1s",
        "    points:", *detector_lines(second),
        "  - id: io\n    bus: lan2\n    unit: 1\n    profile: iologik-e1200\n    poll: 1s",
        "    points:", *contact_lines("io", second),
        "  - id: io2\n    bus: lan2\n    unit: 2\n    profile: iologik-e1200\n    poll: 1s",
        "    points:", *contact_lines("io2", second),
        *(f"  - {{id: gauge{i}, bus: line, unit: {i}, profile: pressure-transmitter-ptmb, poll: 1s,"
          f" points: [{{id: {g}, item: pressure, kind: pressure, zone: z, place: {{zh: 泵, en: {g}}},"
          f" limits: {{low_low: {{value: 400kPa, hysteresis: 20kPa}},"
          f" low: {{value: 600kPa, hysteresis: 10kPa, on_delay: 5s}}"
          f"{high if g == WITHDRAWN_LIMIT[0] else ''}}}}}]}}" for i, g in enumerate(GAUGES, 1)),
        'channels: [{id: c, webhook: "http://127.0.0.1:9/x"}, {id: m, webhook: "http://127.0.0.1:9/y"}]',
        "ladders: [{id: l, classes: [fire, security, fault], steps: [{after: 0s, channels: [c]},"
        " {after: 60s, channels: [m], repeat: 120s}]}]",
        "",
    ]
    return "\n".join(lines)


class Day:
    """What is true in the building now, and what happens next."""

    def __init__(self, seed, regime="here", chatter=False):
        self.rng = random.Random(seed)
        self.regime, self.chatters = regime, chatter
        self.script = []
        self.sets = {d: [] for d in DETECTORS}
        self.levels = {c: int(c == "auto") for c in CONTACTS}
        self.values = {g: 700.0 for g in GAUGES}
        self.lost = {}  # link point -> code
        self.site = 0
        self.raised = []  # keys that may be open, newest last

    def say(self, *words):
        self.script.append(" ".join(str(w) for w in words))

    def note(self, point, condition, code="-"):
        self.raised = [k for k in self.raised if k != (point, condition, code)][-40:]
        self.raised.append((point, condition, code))

    def quality(self):
        return self.rng.choices(("good", "uncertain", "bad", "unknown"), (90, 4, 4, 2))[0]

    def device_of(self, point):
        return next(d for d, points in POINTS_OF.items() if point in points)

    def deaf(self, device):
        return f"@device/{device}" in self.lost or f"@bus/{DEVICES[device]}" in self.lost

    def tell(self, point):
        """The point's state as its device gives it, unless nobody hears it."""
        if self.deaf(self.device_of(point)):
            return
        quality = self.quality()
        if quality == "bad":
            self.note(point, "fault", "sensor")
        if point in self.sets:
            conditions = [] if quality in ("bad", "unknown") else self.sets[point]
            self.say("set", point, quality, *conditions)
        elif point in self.levels:
            self.say("level", point, quality, self.levels[point])
        else:
            self.say("value", point, quality, f"{self.values[point]:.1f}")

    def detector(self):
        d = self.rng.choice(DETECTORS[:4] if self.rng.random() < 0.6 else DETECTORS)
        now = []
        for condition, chance in (("fire", 0.35), ("fault", 0.15), ("prealarm", 0.1),
                                  ("disabled", 0.07), ("supervisory", 0.05)):
            if self.rng.random() < chance:
                now.append(f"{condition}:-")
                self.note(d, condition)
        if any(c == "fire:-" for c in now) and self.rng.random() < 0.3:
            now.append("info:panel-acknowledged")
        self.sets[d] = now
        self.tell(d)

    def panel_reset(self):
        """Every fire of the panel goes; now and then one comes back at once."""
        burning = [d for d in DETECTORS if "fire:-" in self.sets[d]]
        for d in burning:
            self.sets[d] = [c for c in self.sets[d] if not c.startswith(("fire", "info"))]
            self.tell(d)
        if burning and self.rng.random() < 0.5:
            self.say("pass", self.rng.choice((3000, 19000, 19999, 20000, 20001, 30000)))
            d = self.rng.choice(burning)
            self.sets[d] = ["fire:-"]
            self.note(d, "fire")
            self.tell(d)

    def contact(self):
        c = self.rng.choice(list(CONTACTS))
        self.levels[c] ^= 1
        kind = {"door": "security", "door2": "security", "panic": "security", "contact": "fire",
                "flow": "supervisory", "auto": "supervisory", "trouble": "fault",
                "run": "activated"}[c]
        self.note(c, kind)
        self.tell(c)

    def gauge(self):
        g = self.rng.choice(GAUGES)
        self.values[g] = self.rng.choice((380, 399.9, 405, 430, 595, 600, 605, 612, 700, 880,
                                          895, 899, 901, 950))
        for limit in ("low_low", "low", "high"):
            self.note(g, "process", limit)
        self.tell(g)

    def chatter(self):
        """Something comes and goes, now and then long enough to be held."""
        d = self.rng.choice(DETECTORS[:3])
        what = self.rng.choice(("fault:-", "disabled:-", "supervisory:-", "fire:-"))
        thing = self.rng.choice((*CONTACTS, *GAUGES, d))
        for _ in range(self.rng.randrange(6, 40)):
            if thing == d:
                self.sets[d] = [] if self.sets[d] else [what]
                self.note(d, what.split(":")[0])
            elif thing in self.levels:
                self.levels[thing] ^= 1
            else:
                self.values[thing] = 700 if self.values[thing] < 600 else 380
            self.tell(thing)
            self.say("pass", self.rng.choice((1, 400, 1500, 3000, 5001)))
            if self.rng.random() < 0.05:
                self.rng.choices((self.operator, self.link, self.reset, self.restart),
                                 (4, 4, 2, 1))[0]()
        self.note(thing, "fault", "chatter")

    def link(self):
        kind, names = self.rng.choice((("bus", BUSES), ("device", tuple(DEVICES)),
                                       ("device", tuple(DEVICES))))
        self.turn(f"@{kind}/{self.rng.choice(names)}")

    def turn(self, link):
        if link in self.lost:
            del self.lost[link]
            self.say("back", link)
            if link.startswith("@device/"):
                self.refresh(POINTS_OF[link[8:]])
            return
        self.lost[link] = self.rng.choice(("timeout", "refused", "reset"))
        self.note(link, "link", self.lost[link])
        self.say("lost", link, self.lost[link])

    def refresh(self, points):
        for p in points:
            if self.rng.random() < 0.9:
                self.tell(p)

    def operator(self):
        if not self.raised:
            return
        key = self.rng.choice(self.raised[-12:])
        who = self.rng.choice(("wang", "li"))
        self.say("stale" if self.rng.random() < 0.05 else "ack", *key, who)

    def answer_all(self):
        for key in list(self.raised):
            self.say("ack", *key, "zhao")

    def reset(self):
        point = self.rng.choice(("panic", "contact", "flow", "d1", "door"))
        self.say("reset", point, "wang")

    def silence(self):
        self.say("silence", "desk")

    def clock(self):
        self.say("step", self.rng.choice((-86400000, -3600000, -5000, 2000, 3600000, 86400000)))

    def restart(self):
        self.say("pass", 1)  # what was said is durable
        if self.rng.random() < 0.3:
            self.site ^= 1
        self.say("restart", self.rng.choice((1, 900, 30000, 600000)), self.site)
        for link in [f"@bus/{b}" for b in BUSES] + [f"@device/{d}" for d in DEVICES]:
            if link in self.lost:
                self.say("lost", link, self.lost[link])
            else:
                self.say("back", link)
        for device, points in POINTS_OF.items():
            self.refresh(points if not self.deaf(device) else ())

    def wait(self, mean_ms):
        ms = self.rng.choice((1, 250, 1000, 3000, 5000, 5001, 20000, 60000, 120000)) \
            if self.rng.random() < 0.3 else int(self.rng.expovariate(1 / mean_ms)) + 1
        self.say("pass", ms)
        return ms

    def play(self, length_ms, mean_ms):
        """Fills the script with so much time, one happening each mean_ms or so."""
        happenings = (
            (self.detector, 24), (self.contact, 18), (self.gauge, 14), (self.operator, 30),
            (self.answer_all, 2), (self.link, 7), (self.reset, 6), (self.silence, 5),
            (self.panel_reset, 4), (self.clock, 0.6), (self.restart, 0.6),
        )
        if self.chatters:
            happenings += ((self.chatter, 8),)
        what, weights = zip(*happenings)
        for link in [f"@bus/{b}" for b in BUSES] + [f"@device/{d}" for d in DEVICES]:
            self.say("back", link)
        at = 0
        while at < length_ms:
            self.rng.choices(what, weights)[0]()
            at += self.wait(mean_ms)
        return self.script
