# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# December 2025 of a tower as a script for engine-script, the same each time: false alarms of a
# kitchen and a dusty store, one fire at night, a test, hot work with its isolation, a panel that
# is gone for a while, a detector that only comes and goes, pumps that run as they should and once
# not, and for three days the gauges, one of them dead for a day. The sheets of it are
# held against those that were looked at and committed (test_month_sheets.py).
import datetime
import random
import zoneinfo

ZONE = zoneinfo.ZoneInfo("Asia/Shanghai")
BEGIN = datetime.datetime(2025, 11, 25, tzinfo=ZONE)  # where the clock of engine-script stands
POLL_S = 24
PLACES = {  # detector -> kind, zone, place
    "d1": ("smoke", "b1", "地下车库A区", "Car park A"), "d2": ("smoke", "b1", "地下车库B区", "Car park B"),
    "d3": ("heat", "b1", "地下一层库房", "Basement store"), "d4": ("smoke", "b1", "消防泵房", "Fire pump room"),
    "d5": ("heat", "f1", "一层餐厅后厨", "Restaurant kitchen"), "d6": ("smoke", "f1", "一层大堂", "Lobby"),
    "d7": ("smoke", "f1", "一层弱电间", "Telecom room"), "d8": ("manual-call-point", "f1", "一层东侧出口", "East exit"),
    "d9": ("smoke", "f2", "二层会议室", "Meeting room"), "d10": ("smoke", "f2", "二层走廊", "Corridor, floor 2"),
    "d11": ("smoke", "f3", "三层开放办公区", "Open office"), "d12": ("manual-call-point", "f3", "三层西侧楼梯间", "West stairs"),
}
ZONES = {"b1": ("地下一层", "Basement 1"), "f1": ("一层", "Floor 1"), "f2": ("二层", "Floor 2"), "f3": ("三层", "Floor 3")}
CONTACTS = {"jockey-run": ("pump-run", "消火栓稳压泵运行", "Hydrant jockey pump runs"),
            "hydrant-run": ("pump-run", "消火栓泵运行", "Hydrant pump runs"),
            "hydrant-auto": ("pump-auto", "消火栓泵自动位", "Hydrant pump in automatic"),
            "sprinkler-run": ("pump-run", "喷淋泵运行", "Sprinkler pump runs")}
GAUGES = {  # kPa at rest; limits; place
    "hydrant-main": (760, ", limits: {low: {value: 0.60MPa, hysteresis: 0.01MPa, on_delay: 10s}}", "消火栓主管", "Hydrant header"),
    "sprinkler-main": (820, ", limits: {low: {value: 0.65MPa, hysteresis: 0.01MPa, on_delay: 10s}}", "喷淋主管", "Sprinkler header"),
    "domestic": (380, ", domestic_water: true", "生活用水泵房", "Domestic water pumps")}


def place(zh, en):
    return f"place: {{zh: {zh}, en: '{en}'}}"


def site():
    lines = [
        'site: {id: tower-a, name: {zh: 科技大厦, en: Tower A}, time_zone: Asia/Shanghai, statistics_day: "08:00",'
        ' shifts: ["07:30", "15:30", "23:30"], set_hours: ["08:00", "20:00"]}',
        'console: {listen: "127.0.0.1:0", desk: [127.0.0.1]}',
        "zones:", *(f"  - {{id: {z}, name: {{zh: {zh}, en: '{en}'}}}}" for z, (zh, en) in ZONES.items()),
        "buses:", '  - {id: lan, modbus_tcp: "127.0.0.1:5020"}', '  - {id: lan2, modbus_tcp: "127.0.0.1:5021"}',
        "  - {id: line, modbus_rtu: /dev/serial/by-id/none, line: 9600 8N1}",
        "devices:",
        "  - id: fap1\n    name: {zh: 一号火灾报警控制器, en: Fire alarm panel 1}\n    bus: lan\n    unit: 1\n"
        "    profile: notifier-modbus-gw\n    poll: 1s\n    points:",
        *(f"      - {{id: {d}, item: detector, loop: 1, device: {n}, kind: {kind}, zone: {zone}, {place(zh, en)}}}"
          for n, (d, (kind, zone, zh, en)) in enumerate(PLACES.items(), 1)),
        "  - id: io1\n    name: {zh: 泵房输入模块, en: Pump room module}\n    bus: lan2\n    unit: 1\n"
        "    profile: iologik-e1200\n    poll: 1s\n    points:",
        *(f"      - {{id: {c}, item: di, device: {n}, kind: {kind}, zone: b1, {place(zh, en)}}}"
          for n, (c, (kind, zh, en)) in enumerate(CONTACTS.items())),
        *(f"  - {{id: pt{n}, bus: line, unit: {n}, profile: pressure-transmitter-ptmb, poll: {POLL_S}s, points: [\n"
          f"      {{id: {g}, item: pressure, kind: pressure, zone: b1, daily_log: true{more}, {place(zh, en)}}}]}}"
          for n, (g, (_, more, zh, en)) in enumerate(GAUGES.items(), 1)),
        "pumps:",
        "  - {id: jockey, name: {zh: 消火栓稳压泵, en: Hydrant jockey pump}, role: jockey, gauge: hydrant-main, run: jockey-run}",
        "  - {id: hydrant, name: {zh: 消火栓泵, en: Hydrant pump}, role: main, gauge: hydrant-main, run: hydrant-run,"
        " auto: hydrant-auto, not_in_auto: {after: 5s, clear_after: 2s}, weekly_start: true, monthly_run: true}",
        "  - {id: sprinkler, name: {zh: 喷淋泵, en: Sprinkler pump}, role: main, gauge: sprinkler-main, run: sprinkler-run,"
        " weekly_start: true, monthly_run: true}",
        "",
    ]
    return "\n".join(lines)


def at(day, clock, month=12, seconds=0):
    """ms since BEGIN of a local time in December."""
    hour, minute = map(int, clock.split(":"))
    when = datetime.datetime(2025, month, day, hour, minute, tzinfo=ZONE)
    return int((when - BEGIN).total_seconds()) * 1000 + seconds * 1000


class Month:
    def __init__(self):
        self.dice, self.said, self.runs = random.Random(12), [], []

    def say(self, ms, *words):
        self.said.append((ms, len(self.said), " ".join(map(str, words))))

    # ---- alarms
    def alarm(self, ms, point, condition, lasts_s, answer_s=None, who="wang", verdict=None, cause="-"):
        self.say(ms, "set", point, "good", f"{condition}:-")
        if answer_s is not None:
            self.say(ms + answer_s * 1000, "ack", point, condition, "-", who)
        if verdict is not None:
            self.say(ms + lasts_s * 1000 - 1000, "verify", point, condition, "-", who, verdict, cause)
        self.say(ms + lasts_s * 1000, "set", point, "good")

    def who(self, ms):
        """Three shifts; who has which is the same each day."""
        hour = (ms // 3600000) % 24
        return "wang" if 8 <= hour < 16 else "li" if hour >= 16 else "zhao"

    def false_alarms(self):
        for day, clock, point, cause in ((3, "11:42", "d5", "cooking"), (6, "12:05", "d5", "cooking"), (9, "18:20", "d5", "cooking"),
                                         (14, "11:58", "d5", "cooking"), (19, "12:11", "d5", "cooking"), (27, "18:02", "d5", "cooking"),
                                         (4, "15:10", "d3", "dust"), (11, "09:33", "d3", "dust"), (18, "14:47", "d3", "dust"),
                                         (8, "22:15", "d9", "smoking"), (22, "07:40", "d10", "steam"), (30, "16:25", "d8", "mistake")):
            ms = at(day, clock)
            self.alarm(ms, point, "fire", 300 + self.dice.randrange(600), 15 + self.dice.randrange(60), self.who(ms), "false", cause)

    def small_things(self):
        for day in range(1, 32):
            for _ in range(self.dice.randrange(4)):
                ms = at(day, f"{self.dice.randrange(24):02}:{self.dice.randrange(60):02}")
                point = self.dice.choice(("d1", "d2", "d4", "d6", "d11"))
                if point == "d6" and 16 <= day <= 18:
                    continue
                late = self.dice.random() < 0.1
                self.alarm(ms, point, self.dice.choice(("fault", "fault", "supervisory")), 900 + self.dice.randrange(3000),
                           None if self.dice.random() < 0.08 else (700 if late else 20 + self.dice.randrange(120)), self.who(ms))

    def the_fire(self):
        """Of the 17th by the clock, of the 16th by the statistics day."""
        ms = at(17, "02:14", seconds=37)
        self.alarm(ms, "d7", "fire", 2400, 28, "zhao", "real")
        self.alarm(ms + 95000, "d6", "fire", 2250, 20, "zhao", "real")
        self.alarm(ms + 130000, "d8", "fire", 2200, 12, "zhao", "real")
        self.run_pump("hydrant", ms + 150000, 1500)

    def the_rest(self):
        self.say(at(10, "10:00"), "test", "f2", "chen", 5400, "季度联动测试")
        for n, point in enumerate(("d9", "d10", "d9")):
            ms = at(10, "10:10") + n * 900000
            self.alarm(ms, point, "fire", 240, 30, "wang")
        self.say(at(10, "11:20"), "ended", "f2", "chen")
        self.say(at(5, "09:05"), "isolate", "d3", "chen", 7 * 3600, "库房动火作业", "专人看护，灭火器到位")
        self.say(at(5, "15:40"), "restore", "d3", "chen")
        self.say(at(26, "13:00"), "isolate", "d11", "li", 48 * 3600, "装修粉尘_(fit-out_dust)", "每小时巡查")
        self.say(at(28, "10:30"), "restore", "d11", "li")
        self.say(at(12, "03:20"), "lost", "@device/fap1", "timeout")
        self.say(at(12, "03:34"), "back", "@device/fap1")
        for d in PLACES:
            self.say(at(12, "03:34", seconds=1), "set", d, "good")
        for n in range(30):  # a loose contact
            self.alarm(at(23, "21:00") + n * 20000, "d2", "fault", 8)
        self.say(at(29, "10:02"), "level", "hydrant-auto", "good", 0)
        self.say(at(29, "10:02", seconds=40), "ack", "@pump/hydrant", "supervisory", "pump-not-in-auto", "wang")
        self.say(at(29, "10:31"), "level", "hydrant-auto", "good", 1)

    # ---- pumps and gauges
    def run_pump(self, pump, ms, lasts_s):
        self.say(ms, "level", f"{pump}-run", "good", 1)
        self.say(ms + lasts_s * 1000, "level", f"{pump}-run", "good", 0)
        self.runs.append((pump, ms, ms + lasts_s * 1000))

    def pumps(self):
        for day in (1, 8, 15, 22, 29):
            self.run_pump("hydrant", at(day, "09:30"), 720)
            if day != 15:  # a week in which nobody did it
                self.run_pump("sprinkler", at(day, "09:50"), 660)
        self.say(at(3, "09:58"), "level", "hydrant-auto", "good", 0)  # by hand, as it must be once a month
        self.say(at(3, "09:59"), "ack", "@pump/hydrant", "supervisory", "pump-not-in-auto", "wang")
        self.run_pump("hydrant", at(3, "10:00"), 1860)
        self.say(at(3, "10:33"), "level", "hydrant-auto", "good", 1)
        self.run_pump("sprinkler", at(3, "10:40"), 1900)
        ms = at(25, "00:30", month=11)
        while ms < at(31, "23:00") + 8 * 3600000:
            self.run_pump("jockey", ms, 36 + self.dice.randrange(12))
            ms += (170 + self.dice.randrange(20)) * 60000

    def pressure(self, gauge, ms, rest, jockeys):
        if gauge != "hydrant-main":
            return rest + (9 if gauge == "domestic" else 3) * (((ms // 3600000) * 7) % 5 - 2) + self.dice.randrange(30) / 10
        last, coming = jockeys
        return 800 - 90 * (ms - last) / max(1, coming - last) + self.dice.randrange(20) / 10

    def gauges(self):
        starts = sorted(a for pump, a, _ in self.runs if pump == "jockey")
        big = [(a, b, pump) for pump, a, b in self.runs if pump != "jockey"]
        ms, n = at(23, "08:00") + 1000, 0
        while ms < at(26, "08:00") + 60000:
            while n + 1 < len(starts) and starts[n + 1] <= ms:
                n += 1
            running = {p for a, b, p in big if a <= ms < b}
            for gauge, (rest, _, _, _) in GAUGES.items():
                kpa = self.pressure(gauge, ms, rest, starts[n:n + 2]) + (150 if gauge.split("-", maxsplit=1)[0] in running else 0)
                dead = gauge == "sprinkler-main" and at(25, "08:00") <= ms < at(26, "08:00")
                if gauge == "hydrant-main" and at(24, "14:00") <= ms < at(24, "14:06"):
                    kpa = 560.0  # a hydrant is opened
                self.say(ms, "value", gauge, "bad" if dead else "good", f"{kpa:.1f}")
            ms += POLL_S * 1000
        self.say(at(24, "14:01"), "ack", "hydrant-main", "process", "low", "wang")
        self.say(at(25, "08:03"), "ack", "sprinkler-main", "fault", "sensor", "wang")

    def script(self):
        for d in PLACES:
            self.say(1000, "set", d, "good")
        for g, (rest, _, _, _) in GAUGES.items():
            self.say(1000, "value", g, "good", rest)
        for c in CONTACTS:
            self.say(1000, "level", c, "good", int(c == "hydrant-auto"))
        self.false_alarms()
        self.small_things()
        self.the_fire()
        self.the_rest()
        self.pumps()
        self.gauges()
        now = 0
        for ms, _, words in sorted(self.said):
            if ms > now:
                yield f"pass {ms - now}"
                now = ms
            yield words
