# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# What the alarm table says must be seen after each line of a script. Written from the page,
# not from the program: the table below is the page's text, and every rule beside it cites its
# note. Where the page gives the program a span (a timer that looks once a second), what is
# seen within the span is taken as it is.
import building
from chatter import FAULT, Chatters, Holding
from delay import Delay

# Copied from the alarm table as it was settled; read by read_table.
TABLE = """
| event | N | U | A | R | LU | LA |
|---|---|---|---|---|---|---|
| condition true | U | - | - | U | U | U |
| condition clear, kind none | - | R cleared | N | - | . | . |
| condition clear, kind own | - | LU | LA | . | - | - |
| condition clear, kind panel | - | R panel_reset | N | - | . | . |
| acknowledge | - | A | - | N | LA | - |
| panel reset seen (cause only) | - | - | - | - | - | - |
| own reset, kind own | - | x | x | . | x | N (refused while quality is not good) |
| own reset, kind none or panel | x | x | x | x | . | . |
| re-alarm timer | - | - | U | - | - | LU |
| link lost / link back | - | - | - | - | - | - |
| withdrawn (point removed) | - | R withdrawn | N | - | R withdrawn | N |
| unhide (last hiding flag ended) | - | - | U | N if cause is cleared, else - | - | LU |
"""
STATES = ("N", "U", "A", "R", "LU", "LA")
NAMES = {"unacknowledged": "U", "acknowledged": "A", "returned": "R",
         "latched_unacknowledged": "LU", "latched_acknowledged": "LA"}
OWED = ("U", "R", "LU")      # the ladder runs in U, R and LU
LOUD = ("U", "LU")           # "Sound: U and LU on unless hidden; others off"
STANDING = ("U", "A")
SUPPRESSED = 4               # the flag's bit in the trace
SECOND = 1000
REALARM_SPAN = 1 * SECOND    # re-alarm looks once a second
LADDER_SPAN = 200            # the ladder looks five times a second
UNHIDE_SPAN = 30 * SECOND    # time for every device of a bus to be asked again
RETURN_MS = 20 * SECOND      # note 1
CLASS_OF = {"link": "fault", "activated": "info", "feedback": "info", "test": "info"}
KIND_OF_CONTACT = {"door": "security", "panic": "security", "fire-contact": "fire",
                   "pump-run": "activated", "pump-auto": "supervisory",
                   "flow-switch": "supervisory", "fault-contact": "fault"}
LADDER_CLASSES = ("fire", "security", "fault")
FIRST_REPEAT, REPEAT = 60 * SECOND, 120 * SECOND
# (point, limit) -> value, hysteresis, on-delay, off-delay; low limits trip below.
LIMITS = {("main", "low_low"): (400, 20, 0, 0), ("main", "low"): (600, 10, 5000, 0),
          ("main", "high"): (900, 10, 4000, 2000),
          ("roof", "low_low"): (400, 20, 0, 0), ("roof", "low"): (600, 10, 5000, 0)}
DELAYS = {"door": (5000, 0), "door2": (0, 3000), "trouble": (2000, 2000)}
OWN_LATCH = ("panic", "contact", "flow")


class Wrong(Exception):
    """What was seen is not what the table says."""


def read_table(text=TABLE):
    """(event, latch kind) -> the six cells, in words of the page."""
    rows = {}
    for line in text.strip().splitlines()[2:]:
        event, *cells = (c.strip() for c in line.strip("|").split("|"))
        event, _, kinds = event.partition(", kind ")
        event = event.split(" (")[0]
        for kind in kinds.split(" or ") if kinds else ("none", "own", "panel"):
            rows[event, kind] = dict(zip(STATES, cells))
    return rows


TABLE_ROWS = read_table()


class Incident:
    """Which occurrences belong together; its id is learnt when it is first seen."""

    def __init__(self, perhaps=None):
        self.id, self.perhaps = None, perhaps


class Alarm:
    def __init__(self, key, latch, alarm_class):
        self.key, self.latch, self.alarm_class = key, latch, alarm_class
        self.state, self.cause, self.suppressed = "N", None, False
        self.occurrences, self.by, self.acknowledged_at = 0, None, None
        self.acknowledged_utc = None
        self.incident, self.first_out = None, False
        self.notices, self.climb, self.told_late = [], None, False
        self.late_due, self.slack = 0, 0  # the 60 s step: not before, and so much later
        self.loose = False  # how often the 60 s step was told cannot be said: the wall clock
        #                     moved before a restart, or two things fell into one span

    def hidden(self):
        return self.suppressed and self.key[1] != "fire"  # note 3

    def loud(self):
        return self.state in LOUD and not self.hidden()


class Oracle(Holding):
    def __init__(self, regime="here", chatter=False):
        self.regime = regime
        self.chatters = Chatters(chatter)
        self.now, self.utc = 0, 0
        self.alarms = {}
        self.delays = {}       # key -> Delay
        self.quality = {}      # point -> quality
        self.silenced, self.resound = False, None
        self.lost = set()
        self.unhide_by = {}    # bus -> latest time at which its devices show again
        self.resets = []       # (time, device, incident)
        self.running = None    # the incident of the fires that are open
        self.clock_moved = -1  # when the wall clock was last stepped
        self.restarted = -1
        self.ahead = {}
        self.before = 0        # when it was looked at last
        self.site = 0
        self.seen_incidents = set()
        self.events = {}       # key -> kinds, in order
        self.begin_run()

    # ---- facts of the site

    def device_of(self, point):
        for device, points in building.POINTS_OF.items():
            if point in points:
                return device
        return None

    def points(self):
        gone = building.WITHDRAWN if self.site else ()
        return [p for points in building.POINTS_OF.values() for p in points if p not in gone]

    def known(self, point):
        return point.startswith("@") or point in self.points()

    def begin_run(self):
        self.quality = {p: "unknown" for p in self.points()}
        self.heard = set()  # links of which something was heard in this run

    def latch_of(self, key):
        point, condition, _ = key
        if point in building.DETECTORS and condition == "fire":
            return "panel"
        if point in OWN_LATCH and condition != "fault":
            return "own"
        return "none"

    # ---- one step of the table

    def event(self, alarm, kind):
        self.events.setdefault(alarm.key, []).append(kind)

    def apply(self, alarm, event):
        """Moves by the table; returns the cell."""
        cell = TABLE_ROWS[event, alarm.latch][alarm.state]
        if cell == ".":
            raise Wrong(f"{alarm.key}: {event} in {alarm.state} cannot happen")
        if cell.startswith("N if cause is cleared"):
            cell = "N" if alarm.cause == "cleared" else "-"
        target = cell.split()[0]
        if target in STATES:
            alarm.state = target
            alarm.cause = cell.split()[1] if target == "R" else None
        return cell

    def settle(self, alarm):
        if alarm.state == "N":
            self.event(alarm, "alarm.close")
            alarm.notices, alarm.climb = [], None
            del self.alarms[alarm.key]
        if not any(a.loud() for a in self.alarms.values()):
            self.silenced = False

    # ---- the ladder: step 0 at once, step 1 after 60 s and each 120 s until answered

    def climb(self, alarm, earliest=None, slack=0):
        if alarm.alarm_class not in LADDER_CLASSES:
            return
        self.run_ladders()
        if alarm.climb is not None and alarm.late_due <= self.now:
            alarm.loose = True  # told late before this, or after: both are right
        if alarm.climb is None:
            alarm.climb = self.now if earliest is None else earliest
            alarm.late_due = alarm.climb + FIRST_REPEAT
            alarm.slack = slack
        alarm.told_late = False
        alarm.notices.append("c")

    def answered(self, alarm):
        alarm.notices, alarm.climb, alarm.told_late = [], None, False
        alarm.loose = False

    def run_ladders(self):
        """Steps that were due long enough ago; a channel that has not delivered its last
        notice gets no further one of the same step."""
        for a in self.alarms.values():
            while a.climb is not None and \
                    max(a.late_due, self.restarted) + a.slack + LADDER_SPAN <= self.now:
                if not a.told_late:
                    a.notices.append("m")
                a.told_late = True
                a.late_due += REPEAT

    # ---- conditions

    def began(self, key):
        alarm = self.alarms.get(key)
        if alarm is None:
            point, condition, _ = key
            alarm_class = CLASS_OF.get(condition, condition)
            alarm = self.alarms[key] = Alarm(key, self.latch_of(key), alarm_class)
            if point.startswith("@device/"):
                bus = "@bus/" + building.DEVICES[point[8:]]
                alarm.suppressed = bus in self.lost
        self.apply(alarm, "condition true")
        alarm.occurrences += 1
        alarm.by = alarm.acknowledged_at = None
        self.join_incident(alarm)
        self.event(alarm, "alarm.onset")
        if alarm.alarm_class == "info":  # asks nothing of anybody
            self.apply(alarm, "acknowledge")
        if alarm.loud():
            self.silenced = False
        if alarm.state in OWED and not alarm.hidden():
            self.climb(alarm)
        self.settle(alarm)
        if self.chatters.onset(key, self.now):
            self.event(alarm, "chatter.start")
            self.still(key, True)
            self.condition((key[0], *FAULT), True)

    def join_incident(self, alarm):
        if alarm.incident is not None:
            return
        if alarm.alarm_class != "fire":
            alarm.incident, alarm.first_out = Incident(), True
            return
        if any(a.incident is not None for a in self.fires()):
            alarm.incident = self.running
            return
        device = self.device_of(alarm.key[0])
        recent = [r for r in self.resets if r[1] == device and self.now - r[0] <= RETURN_MS]
        alarm.first_out = not recent
        alarm.incident = recent[-1][2] if recent else Incident()
        if recent and recent[-1][0] <= self.restarted:  # a restart may have forgotten it
            alarm.incident, alarm.first_out = Incident(perhaps=recent[-1][2]), None
        self.running = alarm.incident

    def fires(self):
        return [a for a in self.alarms.values() if a.alarm_class == "fire"]

    def ended(self, key):
        alarm = self.alarms[key]
        self.apply(alarm, "condition clear")
        self.event(alarm, "alarm.clear")
        device = self.device_of(key[0])
        running = self.running
        self.settle(alarm)
        if alarm.latch != "panel":
            return
        standing = [a for a in self.fires()
                    if a.state in STANDING and self.device_of(a.key[0]) == device]
        if not standing:  # note 1: seen as a reset of the panel
            self.resets.append((self.now, device, running))

    def standing(self, key):
        return key in self.alarms and self.alarms[key].state in STANDING

    def condition(self, key, true):
        if key in self.chatters.held:
            self.still(key, true)
            return
        was = self.standing(key)
        if true and not was:
            self.began(key)
            if key[1:] == ("info", "panel-acknowledged") and self.regime == "panel":
                self.panel_acknowledged(key[0])
        elif was and not true:
            self.ended(key)

    def panel_acknowledged(self, point):  # note 5
        actor = "panel:" + self.device_of(point)
        for alarm in [a for a in self.alarms.values() if a.key[0] == point]:
            if alarm.state in OWED:
                self.acknowledge(alarm, actor)

    def feed(self, key, raw, delays=None):
        on_ms, off_ms = delays or DELAYS.get(key[0], (0, 0))
        if (on_ms, off_ms) == (0, 0) and delays is None:
            self.condition(key, raw)
            return
        delay = self.delays.setdefault(key, Delay(on_ms, off_ms, self.standing(key)))
        if delay.feed(raw, self.now):
            self.condition(key, delay.active)
        elif delay.due is None:
            self.still(key, delay.active)

    def whole_set(self, point, keys):
        """All that the point says now: what it does not say is over."""
        for key in keys:
            self.feed(key, True)
        limits = ("low_low", "low", "high")
        old = [k for k in (*self.alarms, *self.delays)
               if k[0] == point and not (k[1] == "process" and k[2] in limits)
               and k[1:] != FAULT]
        for key in dict.fromkeys(old):
            if key not in keys and (self.standing(key) or
                                    (key in self.delays and self.delays[key].raw)):
                self.feed(key, False)

    def forget_pending(self, point):
        for key, delay in self.delays.items():
            if key[0] == point:
                delay.forget()

    def sample(self, point, quality, keys, value=None):
        if quality in ("bad", "unknown"):  # I6: it clears nothing
            if self.quality[point] != quality:
                self.forget_pending(point)
            self.quality[point] = quality
            self.chatters.lost(point)
            if quality == "bad":
                self.feed((point, "fault", "sensor"), True)
            return
        self.quality[point] = quality
        self.whole_set(point, keys)
        if value is not None:
            self.limits(point, value)

    def limits(self, point, value):
        for (owner, name), (at, hysteresis, on_ms, off_ms) in LIMITS.items():
            if owner != point or (self.site and (owner, name) == building.WITHDRAWN_LIMIT):
                continue
            key = (point, "process", name)
            known = self.delays.setdefault(key, Delay(on_ms, off_ms, self.standing(key)))
            back = hysteresis if known.raw else 0
            tripped = value > at - back if name == "high" else value < at + back
            self.feed(key, tripped, (on_ms, off_ms))

    # ---- commands

    def do_pass(self, ms):
        end = self.now + int(ms)
        while True:
            due = [(d.due, k) for k, d in self.delays.items() if d.due is not None]
            due += self.chatters.dues()
            if self.resound is not None:
                due.append((self.resound, None))
            if not due or min(due, key=lambda x: x[0])[0] > end:
                break
            at, key = min(due, key=lambda x: x[0])
            self.utc += max(at, self.now) - self.now
            self.now = max(at, self.now)
            if key is None:
                self.silenced, self.resound = False, None
            elif key[0] == "quiet":
                self.quiet(key[1])
            elif self.delays[key].expire(self.now):
                if key in self.alarms:
                    self.adopt_realarm(self.alarms[key], self.ahead.get(key))
                self.condition(key, self.delays[key].active)
        self.utc += end - self.now
        self.now = end

    def do_step(self, ms):
        self.utc += int(ms)
        self.clock_moved = self.now

    def do_set(self, point, quality, *words):
        keys = []
        for word in words:
            condition, code = word.split(":")
            keys.append((point, condition, code))
        self.sample(point, quality, keys)

    def do_level(self, point, quality, level):
        kind = building.CONTACTS[point][0]
        active = (level == "1") != (kind == "pump-auto")
        self.sample(point, quality, [(point, KIND_OF_CONTACT[kind], "-")] if active else [])

    def do_value(self, point, quality, value):
        self.sample(point, quality, [], float(value))

    def do_lost(self, link, code):
        if link in self.lost:
            return
        self.lost.add(link)
        self.heard.add(link)
        for point in self.behind(link):
            self.quality[point] = "unknown"
            self.forget_pending(point)
            self.chatters.lost(point)
        self.whole_set(link, [(link, "link", code)])
        if link.startswith("@bus/"):
            self.unhide_by.pop(link[5:], None)
            for alarm in self.links_of_bus(link[5:]):
                self.hide(alarm)

    def behind(self, link):
        if not link.startswith("@device/"):
            return ()
        return [p for p in building.POINTS_OF[link[8:]] if p in self.quality]

    def links_of_bus(self, bus):
        return [a for a in list(self.alarms.values())
                if a.key[0].startswith("@device/") and building.DEVICES[a.key[0][8:]] == bus]

    def hide(self, alarm):
        if not alarm.suppressed:
            alarm.suppressed = True
            self.answered(alarm)  # hidden: no sound, no ladder
            self.settle(alarm)

    def unhide(self, alarm, earliest=None, slack=0):  # the operator must see it again
        if not alarm.suppressed:
            return
        alarm.suppressed = False
        self.apply(alarm, "unhide")
        if alarm.state in OWED:
            self.raise_again(alarm, earliest, slack)
        self.settle(alarm)

    def raise_again(self, alarm, earliest=None, slack=0):
        alarm.by = alarm.acknowledged_at = None
        self.event(alarm, "alarm.realarm")
        if alarm.loud():
            self.silenced = False
        if not alarm.hidden():
            self.climb(alarm, earliest, slack)

    def do_back(self, link):
        if link not in self.lost and link in self.heard:
            return
        self.heard.add(link)
        self.lost.discard(link)
        self.whole_set(link, [])
        if link.startswith("@bus/"):
            self.unhide_by[link[5:]] = self.now + UNHIDE_SPAN
        else:
            for alarm in [a for a in list(self.alarms.values()) if a.key[0] == link]:
                self.unhide(alarm)

    def acknowledge(self, alarm, actor):
        if alarm.hidden():  # note 4: while hidden it changes nothing
            self.event(alarm, "alarm.seen")
            return
        cell = self.apply(alarm, "acknowledge")
        if cell == "-":
            self.event(alarm, "alarm.seen")
            return
        alarm.by, alarm.acknowledged_at = actor, self.now
        alarm.acknowledged_utc = self.utc
        self.event(alarm, "alarm.acknowledge")
        self.answered(alarm)
        self.settle(alarm)

    def do_ack(self, point, condition, code, actor):
        alarm = self.alarms.get((point, condition, code))
        if alarm is None:
            return ["no_alarm"]
        self.acknowledge(alarm, actor)
        return ["ok"]

    def do_stale(self, *_):  # note 4: one that is not the newest answers for nothing
        return ["no_alarm", "newer_occurrence", "not_found"]

    def do_reset(self, point, _actor):
        mine = [a for a in list(self.alarms.values()) if a.key[0] == point]
        if not mine:
            return ["not_found"]
        moved = False
        for alarm in mine:
            cell = TABLE_ROWS["own reset", alarm.latch][alarm.state]
            self.event(alarm, "alarm.reset")
            if cell.startswith("N") and self.quality[point] == "good":
                alarm.state, alarm.cause = "N", None
                self.settle(alarm)
                moved = True
        return ["ok"] if moved else ["refused"]

    def do_silence(self, _actor):  # stops the present sound, nothing else
        if any(a.loud() for a in self.alarms.values()):
            self.silenced, self.resound = True, self.now + building.RESOUND_MS

    def do_restart(self, ms, site):  # note 2, I11
        self.run_ladders()
        self.now += int(ms)
        self.utc += int(ms)
        self.site = int(site)
        self.silenced, self.resound = False, None
        self.lost, self.unhide_by = set(), {}
        self.delays = {}
        self.chatters.restart()
        self.begin_run()
        for alarm in list(self.alarms.values()):
            if self.clock_moved >= 0 and alarm.climb is not None and \
                    self.clock_moved >= alarm.climb:
                alarm.loose = True
            if alarm.acknowledged_at is not None:
                alarm.acknowledged_at = self.now - max(0, self.utc - alarm.acknowledged_utc)
            self.withdraw_if_gone(alarm)
        self.withdraw_faults()
        self.restarted = self.now

    def withdraw_if_gone(self, alarm):
        point = alarm.key[0]
        limit = self.site and alarm.key[0] == building.WITHDRAWN_LIMIT[0] and \
            alarm.key[2] == building.WITHDRAWN_LIMIT[1]
        if self.known(point) and not limit:
            return
        self.drop(alarm)
        self.withdraw(alarm)

    def withdraw(self, alarm):
        if self.apply(alarm, "withdrawn") != "-":
            self.event(alarm, "alarm.clear")
            self.settle(alarm)

    def do(self, words, seen):
        """The answers that are right, or None where the line has none. `seen` settles what
        came first where two things fall into one span."""
        self.ahead = seen
        command, *rest = words
        if command in ("set", "level", "value", "reset", "lost", "back") and \
                not self.known(rest[0]):
            return ["no_point"]
        return getattr(self, "do_" + command)(*rest)

    # ---- what may have happened within a span

    def adopt(self, seen):
        for key in list(self.alarms):
            alarm, shown = self.alarms[key], seen.get(key)
            hidden, events = alarm.suppressed, len(self.events[key])
            self.adopt_realarm(alarm, shown)
            self.adopt_unhide(alarm, shown)
            told = self.events[key][events:]
            if hidden and told == 2 * ["alarm.realarm"]:  # shown again first, it was not due
                self.events[key][events] += "?"
        for bus in [b for b, by in self.unhide_by.items() if by < self.now]:
            del self.unhide_by[bus]

    def adopt_realarm(self, alarm, shown):
        if alarm.acknowledged_at is None or alarm.state not in ("A", "LA"):
            return
        due = max(alarm.acknowledged_at + building.REALARM_MS, self.restarted)
        must = due + REALARM_SPAN <= self.now
        may = due <= self.now and shown is not None and NAMES[shown["state"]] in OWED
        if must or may:
            self.apply(alarm, "re-alarm timer")
            self.raise_again(alarm, due, REALARM_SPAN)
            self.settle(alarm)

    def adopt_unhide(self, alarm, shown):
        point = alarm.key[0]
        if not alarm.suppressed or not point.startswith("@device/"):
            return
        by = self.unhide_by.get(building.DEVICES[point[8:]])
        if by is None:
            return
        if by <= self.now or shown is None or not shown["flags"] & SUPPRESSED:
            earliest = max(self.before, by - UNHIDE_SPAN)
            self.unhide(alarm, earliest, min(by, self.now) - earliest)

    # ---- comparing

    def compare(self, seen, figures):
        self.run_ladders()
        self.adopt(seen)
        self.run_ladders()
        self.before = self.now
        if set(seen) != set(self.alarms):
            raise Wrong(f"open are {sorted(set(seen) - set(self.alarms))} too many, "
                        f"{sorted(set(self.alarms) - set(seen))} too few")
        for key, alarm in self.alarms.items():
            self.compare_alarm(alarm, seen[key])
        self.compare_figures(figures)

    def compare_alarm(self, alarm, shown):
        wanted = {"state": alarm.state, "cause": alarm.cause, "latch": alarm.latch,
                  "flags": SUPPRESSED if alarm.suppressed else 0,
                  "occurrences": alarm.occurrences, "by": alarm.by,
                  "class": alarm.alarm_class, "test": 0,
                  "held": int(alarm.key in self.chatters.held)}
        got = dict(shown, state=NAMES[shown["state"]])
        for name, value in wanted.items():
            if got[name] != value:
                raise Wrong(f"{alarm.key}: {name} is {got[name]}, the table says {value}")
        self.compare_incident(alarm, shown)

    def compare_incident(self, alarm, shown):
        incident = alarm.incident
        if incident.id is None:
            old = incident.perhaps
            if old is not None and shown["incident"] == old.id:
                incident.id = old.id
            elif shown["incident"] in self.seen_incidents:
                raise Wrong(f"{alarm.key}: a new incident has the id of an old one")
            else:
                incident.id = shown["incident"]
                self.seen_incidents.add(incident.id)
        if alarm.first_out is None:
            alarm.first_out = bool(shown["first_out"])
        if shown["incident"] != incident.id or bool(shown["first_out"]) != alarm.first_out:
            raise Wrong(f"{alarm.key}: incident {shown['incident']} first-out "
                        f"{shown['first_out']}, expected {incident.id} {alarm.first_out}")

    def compare_figures(self, figures):
        loud = any(a.loud() for a in self.alarms.values())
        wanted = {"sound": int(loud and not self.silenced), "silenced": int(self.silenced),
                  "unknown": sum(q == "unknown" for q in self.quality.values())}
        for name, value in wanted.items():
            if figures[name] != value:
                raise Wrong(f"{name} is {figures[name]}, expected {value}")
        self.compare_owed(figures["owed"])

    def compare_owed(self, owed):
        least = most = 0
        for a in self.alarms.values():
            least += len(a.notices)
            most += len(a.notices)
            if a.climb is not None and not a.told_late and a.late_due <= self.now:
                most += 1
            if a.loose:
                least -= a.notices.count("m")
                most += 1000
        if not least <= owed <= most:
            raise Wrong(f"{owed} notices are owed, expected {least} to {most}")
