# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# What registers mean by the makers' documents, written from these and from nothing of
# the daemon: neither its profiles nor its decoder. Of a point: the set of its conditions
# (codes are left to the tables of the recordings), a pressure in kPa, or None where the
# document says nothing. `reg(area, address)` is a register as it was last answered.
import math
import re
import struct

NORMAL = frozenset()
BROKEN = frozenset(["bad", "fault"])


# ---- Notifier MODBUS-GW (LS10015-000NF-E C2), Honeywell CLSS (LS10248-000HW-E F, G) ----

def types_of_events():
    """Page 45: the lower byte of a word whose bit 11, active, is set."""
    rows = {"fire": [0x10, 0x14, 0xEA, 0xED, 0xEE],
            "security": [0x05, 0x15, 0x11, 0x13, 0x20],
            "process": [0x12, 0x21],
            "supervisory": [0x25, 0x45, 0x30, 0x40, 0xEB, 0xEC, 0xED, 0xEE, 0x52],
            "disabled": [0x52, 0x55],
            "activated": [0x55, 0x71, 0x72],
            "fault": [0xFF]}
    out = {}
    for condition, types in rows.items():
        for kind in types:
            out.setdefault(kind, set()).add(condition)
    return out


TYPES = types_of_events()


def notifier_word(word):
    upper, kind = word >> 8, word & 0xFF
    active = upper & 0x08
    if kind == 0xFF and not active:
        return BROKEN  # not programmed
    if upper & 0x1E == 0 and upper & 0xE1 == 0:
        return frozenset(["fault"])  # none of the flags that say how it is
    found = set()
    for bit, condition in ((0x80, "info"), (0x40, "prealarm"), (0x20, "fault"),
                           (0x02, "disabled"), (0x01, "info")):
        if upper & bit:
            found.add(condition)
    if active:
        found |= TYPES.get(kind, {"fire"})
    return frozenset(found)


def notifier_panel(word):
    return frozenset(["info"]) if word else NORMAL  # bit 1: silenced


def notifier(item, loop, device, reg):
    number = {"detector": 40001 + (loop - 1) * 400 + device - 1,
              "module": 40201 + (loop - 1) * 400 + device - 1,
              "panel-status": 49500}[item]
    word = reg("h", number - 40001)
    return notifier_panel(word) if item == "panel-status" else notifier_word(word)


def clss(item, loop, device, reg):
    first = {"detector": 400001 + (loop - 1) * 600, "module": 400301 + (loop - 1) * 600,
             "bell-circuit": 406001, "zone": 408001, "logic-zone": 410001,
             "trouble-zone": 412001, "releasing-zone": 412101,
             "panel-circuit": 414001 + (loop - 1) * 8, "panel-status": 420001}[item]
    word = reg("h", first - 400001 + max(device, 1) - 1)
    return notifier_panel(word) if item == "panel-status" else notifier_word(word)


# ---- GST: the programs around card GST-INET-03A, the sheet of the T8B interface --------

GST = {1: "fire", 2: "fault", 3: "feedback", 5: "activated", 7: "disabled"}


def gst_value(word):
    """4, 6, 8 and 9 end what was: no state."""
    value = word & 0xFF
    found = {GST[value]} if value in GST else set() if value in (0, 4, 6, 8, 9) else {"fire"}
    return frozenset(found | ({"info"} if word > 0xFF else set()))


def gst_supply(word, restored):
    return NORMAL if word == 0 or restored and word == 9 else frozenset(["fault"])


def gst_200(item, loop, device, reg):
    supplies = {"mains": 242, "backup": 243, "bus": 244}
    if item in supplies:
        return gst_supply(reg("h", supplies[item]), item != "bus")
    return gst_value(reg("h", device - 1))


def gst_5000(item, loop, device, reg):
    supplies = {"mains": 4998, "backup": 4999}
    if item in supplies:
        return gst_supply(reg("h", supplies[item]), True)
    return gst_value(reg("h", loop * 240 + device - 1))


def gst_t8b(item, loop, device, reg):
    index = 242 * loop + device - 1
    pair = reg("h", index // 8) >> 14 - 2 * (index % 8) & 3
    return [NORMAL, frozenset(["fire"]), frozenset(["fault"]), frozenset(["disabled"])][pair]


# ---- Bolid S2000-PP: the code table of the maker's manual -------------------------------

def numbers(text):
    out = set()
    for part in text.split():
        first, _, last = part.partition("-")
        out |= set(range(int(first), int(last or first) + 1))
    return out


BOLID = {
    "fire": numbers("37 40"),
    "prealarm": numbers("43 44"),
    "security": numbers("3 14 18 27 58 118 149 164 237"),
    "process": numbers("36 38 71 74 75 77 76 206 79 94-99 216"),
    "activated": numbers("7 9 130 137 141 144-146 150 159 229"),
    "feedback": numbers("153 220"),
    "fault": numbers("2 4 17 41 42 45 46 69 70 82 90 121 122 126 135 138 139 155 156 165 "
                     "186 187 189 190 192 194 196 198 202 204 205 211 212 214 215 217 221 "
                     "222 224 225 234 250 252"),
    # 117, disarmed and normal, is one: a disarmed fire zone is not watched.
    "disabled": numbers("109 117 119 112 114 142 147 227 228 242 84"),
    "test": numbers("19 20 140"),
    "info": numbers("1 5 6 8 10 13 15 21-26 28-35 39 47 61 62 67 72 73 78 80 83 91 110 111 "
                    "113 123 127 128 131 136 143 148 151 152 154 157 158 160 161 188 "
                    "191 193 195 197 199-201 203 213 218 226 230-233 241 243-245 249 251 "
                    "253-255"),
}


def bolid_codes(codes):
    """What no table has, and no code at all, is no normal; info stands aside."""
    found = set()
    for code in codes:
        of = {condition for condition, listed in BOLID.items() if code in listed}
        found |= of or {"?"}
        if code in (187, 250):
            found.add("bad")
    return frozenset(found or {"?"}) - {"info"}


def bolid(item, loop, device, reg):
    if item in ("zone", "partition"):
        word = reg("h", {"zone": 40000, "partition": 44096}[item] + device - 1)
        return bolid_codes([code for code in (word >> 8, word & 0xFF) if code])
    if item == "zone-codes":
        words = [reg("i", 4096 + 16 * (device - 1) + n) for n in range(16)]
        return bolid_codes([word for word in words if word])
    inputs = {"case-tamper": 10, "supply": 11}
    if item in inputs:
        return NORMAL if reg("d", inputs[item]) == 0 else None
    return None


# ---- PTMB transmitters: the pages of Lobaro, esp32m ------------------------------------

def signed(word):
    return word - 0x10000 if word & 0x8000 else word


def ptmb(item, loop, device, reg):
    """Unit MPa, 3 decimals, 0 to 1.6 MPa on the plate; NAMUR NE 43: at 3.6 mA and below,
    at 21 mA and above, a sensor is broken."""
    if (reg("h", 2), reg("h", 3)) != (0, 3):
        return BROKEN
    raw, zero, full = (signed(reg("h", n)) for n in (4, 5, 6))
    current = 4 + 16 * (raw - zero) / (full - zero)
    return BROKEN if current <= 3.6 or current >= 21 else raw / 10 ** 3 * 1000


def ptmb_b(item, loop, device, reg):
    """Unit 0, kPa."""
    if reg("h", 2) > 2:
        return None  # map A has another device
    pair = [reg("h", 0x16), reg("h", 0x17)]
    if item == "pressure-integer":
        return signed(pair[0]) / 10 ** reg("h", 4)
    if item == "pressure-low-word-first":
        pair.reverse()
    value, = struct.unpack(">f", struct.pack(">2H", *pair))
    return BROKEN if math.isnan(value) else value


READERS = {"notifier-modbus-gw": notifier, "honeywell-clss": clss, "gst-200": gst_200,
           "gst-5000": gst_5000, "gst-t8b": gst_t8b, "bolid-s2000-pp": bolid,
           "pressure-transmitter-ptmb": ptmb, "pressure-transmitter-ptmb-b": ptmb_b}


# ---- a recording ------------------------------------------------------------------------

AREAS = {1: "c", 2: "d", 3: "h", 4: "i"}


def values_of(function, count, data):
    if function > 2:
        return [word for word, in struct.iter_unpack(">H", data)]
    return [data[n // 8] >> n % 8 & 1 for n in range(count)]


def spans(log, unit):
    """[end, registers] of each span between two remarks of a recording, as they were last
    answered; what was refused or not answered is none."""
    image, asked, out = {}, None, []
    for line in log.split("\n...\n", 1)[1].splitlines():
        if line.startswith("#"):
            out.append([None, image])
            continue
        ms, what, *rest = line.split()
        out[-1][0] = int(ms)
        if len(out) > 1 and out[-2][1] is image:
            out[-2][0], out[-2][1] = int(ms), dict(image)
        if what == "!":
            image.clear()
        elif what == ">" and int(rest[0]) == unit:
            asked = [int(text, 16) for text in rest[1:]]
        elif what in ("<", "x") and int(rest[0]) == unit and asked[0] in AREAS:
            function, first, count = asked
            data = bytes.fromhex("".join(rest[3:]))
            got = values_of(function, count, data) if what == "<" else [None] * count
            image.update(((AREAS[function], first + n), v) for n, v in enumerate(got))
    return out


def said(text):
    """The same of a line of a replay: "bad fault/sensor-range", "620 kPa", "normal"."""
    number = re.fullmatch(r"(-?[\d.e+]+) kPa", text)
    if number:
        return float(number.group(1))
    words = text.split(" only ")[0].split()
    return frozenset(w.split("/")[0] for w in words) - {"normal", "uncertain"}


def agree(profile, wanted, text):
    """Whether the line of a replay says what the document means."""
    seen = said(text)
    if isinstance(wanted, float) or isinstance(seen, float):
        return isinstance(wanted, float) and isinstance(seen, float) and \
            abs(wanted - seen) <= 1e-6 * max(1.0, abs(wanted))
    if profile.startswith("bolid"):
        seen -= {"info"}
    if "?" in wanted:  # whatever it is shown as, it is no normal
        return seen >= wanted - {"?"} and seen != NORMAL
    return wanted == seen


def meant(profile, table, point, image):
    """What the point means; None where that is not known."""
    given = table["points"].get(point, {"item": point.removeprefix("d.")})

    def reg(area, address):
        value = image.get((area, address))
        if value is None:
            raise LookupError
        return value

    try:
        return READERS[profile](
            given["item"], given.get("loop", 0), given.get("device", 0), reg)
    except LookupError:
        return None
