# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Recordings of panels for the tests (tests/fixtures/panels): from a table PROFILE.yaml,
# written by hand from the maker's document, to PROFILE.log, the frames; what a replay
# makes of them is PROFILE.chk. PROFILE@WHAT.yaml is one more of the same profile. Each
# has one device, so that nothing depends on how devices share a line. Bytes are packed here by the Modbus specification and
# by Python, never by the decoder under test, and each row of a table says what its
# bytes must come to.
#
# A table:
#   title, reference   what it shows, and which pages the values are taken from
#   device             keys of a device of a site: profile, unit, poll, dialogs, ..
#   points             id: {item, loop, device, kind, ..}, as in a site
#   answers            [unit]: others that hold the same registers, and are no devices
#   reads              what the recorder asks: "h1000+2" = holding registers 1000, 1001;
#                      i = input registers, c = coils, d = discrete inputs
#   absent             the same, of what the device refuses at all times
#   start              {h1000: value}: the registers at rest; 0 where nothing is said
#   rest               {point: meaning} at rest
#   moves, turn        registers that count on, and are read, each so many seconds
#   settle             seconds at the end until all is as it was, else 12
#   cases              [what, {register: value}, {point: meaning}], each from rest; a
#                      point that is not named is at rest
# A value is a number, or a text: "f32 0.62 abcd", "u32 70000 cdab", "s16 -5", "s32 ..",
# "bytes 01 02 ..", letters in the order of the wire, A the most significant byte.
# Beside registers a case may have
#   silent: true          nothing answers
#   exception: {h1000: 2} reads with that register are refused; {all: 11} every one
#   link: refused         the connection is lost
#   write: {h46163: 258}  it is written, and echoed; after: {h46264: 0} is what is then
#   dwell: 12             seconds it stands, else as long as the table says, else 4
#   still: true           what else moves stands still
# Outages of the whole device follow by themselves, unless the table says
# `outages: false`.
# A meaning is what the line of a replay says of the point: "fire", "612.5 kPa",
# "normal", "bad fault/sensor-range", or of @device/..: "lost timeout", "up". "-" = do
# not look; {events: [pattern]}: lines of events; {"*": "-"}: nor at any point that is not named. [edge info/restored, normal]: an edge, and what is then.
import os
import pathlib
import re
import struct
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "fixtures" / "panels"
AREAS = {"c": (1, True), "d": (2, True), "h": (3, False), "i": (4, False)}
DWELL_S = 4
SILENT_S = 20
TIMEOUT_MS = 1000
# At the end of each table that does not say `outages: false`.
OUTAGES = [
    ["nothing answers", {"silent": True}, {"@device/d": "lost timeout"}],
    ["it answers again", {"dwell": 12}, {}],
    ["every request fails at the device: exception 04",
     {"exception": {"all": 4}, "dwell": 20}, {"@device/d": "lost exception-04"}],
]
SPECIAL = {"silent", "exception", "link", "dwell", "write", "still", "after"}


def profiles():
    return sorted(p.stem for p in (ROOT / "panels").glob("*.yaml"))


def tables():
    """All there are, those of one profile beside each other."""
    return sorted(p.stem for p in FIXTURES.glob("*.yaml"))


def profile_of(name):
    return name.split("@")[0]


def load(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


# ---- bytes --------------------------------------------------------------------------

def place(text):
    """"h1000" -> ("h", 1000)"""
    m = re.fullmatch(r"([cdhi])(0x[0-9a-fA-F]+|\d+)", text)
    if not m:
        raise ValueError(f"no register: {text}")
    return m.group(1), int(m.group(2), 0)


def words(value):
    """The registers of a value, as they go over the wire."""
    if isinstance(value, int):
        return [value]
    kind, number, *order = value.split()
    if kind == "bytes":
        packed = bytes.fromhex("".join([number, *order]))
        return [w[0] for w in struct.iter_unpack(">H", packed + bytes(len(packed) % 2))]
    packed = {"f32": lambda n: struct.pack(">f", float(n)),
              "u32": lambda n: struct.pack(">I", int(n)),
              "s32": lambda n: struct.pack(">i", int(n)),
              "s16": lambda n: struct.pack(">h", int(n))}[kind](number)
    if order:
        packed = bytes(packed["abcd".index(c)] for c in order[0])
    return [w[0] for w in struct.iter_unpack(">H", packed)]


def poke(image, registers):
    for key, value in registers.items():
        area, address = place(key)
        for n, word in enumerate(words(value)):
            image[area, address + n] = word
    return image


def answer(image, area, address, count):
    function, bits = AREAS[area]
    got = [image.get((area, address + n), 0) for n in range(count)]
    if not bits:
        data = b"".join(struct.pack(">H", w) for w in got)
    else:
        data = bytes(sum(1 << k for k in range(8) if n + k < count and got[n + k])
                     for n in range(0, count, 8))
    return bytes([function, len(data)]) + data


def groups(data):
    """Bytes as a person reads a PDU: the first ones alone, then pairs."""
    head, rest = data[:2], data[2:]
    pairs = [rest[i:i + 2].hex().upper() for i in range(0, len(rest), 2)]
    return " ".join([f"{b:02X}" for b in head] + pairs)


def request_text(function, address, count):
    return f"{function:02X} {address:04X} {count:04X}"


# ---- table -> log -------------------------------------------------------------------

def read_list(texts):
    out = []
    for text in texts:
        where, count = text.split("+")
        out.append((*place(where), int(count)))
    return out


def refusal(case, read):
    for key, code in case.get("exception", {}).items():
        if key == "all":
            return code
        area, address = place(key)
        if area == read[0] and read[1] <= address < read[1] + read[2]:
            return code
    return None


def frames(case, image, reads, unit, at, first):
    """The lines of one unit in one case, which begins at this time; and when they end."""
    out = []
    if "link" in case:
        return [f"{at:8} ! link lost {case['link']}"] if first else [], at
    for area, address, count in reads:
        function = AREAS[area][0]
        code = refusal(case, (area, address, count))
        # A device that is out is seen to be so twice, whatever is asked.
        twice = case.get("silent") or (code is not None and "all" in case["exception"])
        for _ in range(2 if twice else 1):
            out.append(f"{at:8} > {unit} {request_text(function, address, count)}")
            if case.get("silent"):
                at += TIMEOUT_MS
                out.append(f"{at:8} ! {unit} timeout")
                continue
            at += 4
            if code is not None:
                out.append(f"{at:8} x {unit} {function | 0x80:02X} {code:02X}")
            else:
                out.append(f"{at:8} < {unit} "
                           f"{groups(answer(image, area, address, count))}")
            at += 2
        if case.get("silent"):
            break
    return out, at


def asides(case, absent, unit, at):
    """What a device does not have, and what is written to it."""
    out = []
    for area, address, count in absent:
        function = AREAS[area][0]
        out += [f"{at:8} > {unit} {request_text(function, address, count)}",
                f"{at + 4:8} x {unit} {function | 0x80:02X} 02"]
        at += 6
    for key, value in case.get("write", {}).items():
        pdu = f"06 {place(key)[1]:04X} {value:04X}"
        out += [f"{at:8} > {unit} {pdu}", f"{at + 4:8} < {unit} {pdu}"]
        at += 6
    return out, at


def steps(table):
    """(begin, end, what, registers, expected) of rest, each case, and rest again."""
    at = 0
    cases = [["at rest", {}, {}], *table["cases"]]
    if table.get("outages", True):
        cases += OUTAGES
    cases.append(["at rest again", {"dwell": table.get("settle", 12)}, {}])
    for what, change, *expected in cases:
        out = change.get("silent") or "link" in change
        dwell = change.get(
            "dwell", SILENT_S if out else table.get("dwell", DWELL_S)) * 1000
        yield at, at + dwell, what, change, expected[0] if expected else {}
        at += dwell


def head(table, name):
    lines = ["# SPDX-FileCopyrightText: 2026 Watchroom contributors",
             "# SPDX-License-Identifier: Apache-2.0",
             "#",
             f"# Made by tools/rebuild-recordings from {name}.yaml: no device was asked.",
             "recording: 1",
             "source: synthetic"]
    plain = {"title": table["title"],
             "recorded": "made from the reference, not taken from a device",
             "notes": [" ".join(table["reference"].split())]}
    lines += yaml.safe_dump(plain, allow_unicode=True, sort_keys=False,
                            width=88).rstrip().splitlines()
    points = [{"id": k, **v, "place": {"en": k}} for k, v in table["points"].items()]
    device = {"id": "d", "poll": "1s", **table["device"], "points": points}
    lines += yaml.safe_dump({"devices": [device]}, allow_unicode=True, sort_keys=False,
                            width=88).rstrip().splitlines()
    return [*lines, "..."]


def make_log(table, name):
    reads = read_list(table["reads"])
    absent = read_list(table.get("absent", []))
    units = [table["device"]["unit"], *table.get("answers", [])]
    lines = head(table, name)
    lost = False
    end = beat = 0
    for begin, end, what, change, _ in steps(table):
        lines.append(f"# {what}")
        if lost:
            lines.append(f"{begin:8} ! link open")
        lost = "link" in change
        image = poke(poke({}, table.get("start", {})),
                     {k: v for k, v in change.items() if k not in SPECIAL})
        out = change.keys() & {"silent", "link", "exception"}
        for turn in range(begin, end, table.get("turn", 3600) * 1000):
            if not change.get("still"):
                beat += 1
            poke(image, {k: beat for k in table.get("moves", [])})
            at = turn
            for unit in units:
                more, at = frames(change, image, reads, unit, at, at == begin)
                lines += more
                if "after" in change:
                    more, at = asides(change, [], unit, at)
                    again = poke(dict(image), change["after"])
                    lines += more
                    more, at = frames({}, again, reads, unit, at, False)
                    lines += more
                elif not out:
                    more, at = asides(change, absent, unit, at)
                    lines += more
            if out:
                break
    lines.append(f"{end:8} .")
    return "\n".join(lines) + "\n"


# ---- replay -------------------------------------------------------------------------

def replay(build, log, *options):
    """What `watchroom replay` prints of the file."""
    env = dict(os.environ, WATCHROOM_DATA=str(ROOT))
    env.pop("WATCHROOM_PANELS", None)
    done = subprocess.run([build / "cli" / "watchroom", "replay", *options, log], env=env,
                          capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{log}: status {done.returncode}\n{done.stderr[:2000]}")
    return done.stdout


def meaning(line):
    """(time, point, what is said) of a line about a sample or link, or None."""
    ms, what, point, said = (line.split(maxsplit=3) + [""] * 3)[:4]
    if what == "link":
        return int(ms), point, said
    if what != "sample":
        return None
    kind, quality, *rest = said.split(" ")
    if kind in ("code", "edge") and quality in ("good", "uncertain"):
        rest = rest[1:]
    said = ([] if quality == "good" else [quality]) + rest
    return int(ms), point, " ".join((["edge"] if kind == "edge" else []) + said)


def state_at(chk, ms):
    """What each point and link is said to be then."""
    out = {}
    for line in chk.splitlines():
        found = meaning(line)
        if found and found[0] <= ms and not found[2].startswith("edge "):
            out[found[1]] = found[2]
    return out


def edges_within(chk, point, begin, end):
    found = [meaning(line) for line in chk.splitlines()]
    return [f[2] for f in found if f and f[1] == point and begin <= f[0] <= end and
            f[2].startswith("edge ")]


def events_within(chk, begin, end):
    return [line for line in chk.splitlines()
            if " event " in line and begin <= int(line.split()[0]) <= end]


def same(expected, seen):
    """A number is one within a millionth; the order of meanings is nobody's business."""
    a, b = sorted(str(expected).split()), sorted(str(seen).split())
    if len(a) != len(b):
        return False
    for x, y in zip(a, b):
        try:
            if abs(float(x) - float(y)) > 1e-6 * max(1.0, abs(float(x))):
                return False
        except ValueError:
            if x != y:
                return False
    return True


def disagreements(table, chk):
    """Where the table says otherwise than the replay, as lines for people."""
    out = []
    for begin, end, what, change, expected in steps(table):
        wanted = dict(expected)
        # While nothing answers points keep their last state; they are not looked at.
        if not change.get("silent") and "link" not in change and \
                "all" not in change.get("exception", {}) and "*" not in wanted:
            wanted = {**table["rest"], **expected}
        wanted.pop("*", None)
        for pattern in wanted.pop("events", []):
            if not any(re.search(pattern, line) for line in events_within(chk, begin, end)):
                out.append(f"{what}: no event \"{pattern}\"")
        seen = state_at(chk, end)
        for point, said in wanted.items():
            if isinstance(said, list):
                edge, said = said
                if edge not in edges_within(chk, point, begin, end):
                    out.append(f"{what}: {point}: no \"{edge}\"")
            if said != "-" and not same(said, seen.get(point)):
                out.append(f"{what}: {point}: the reference says \"{said}\", "
                           f"the replay \"{seen.get(point)}\"")
    return out


# ---- what a profile can say ---------------------------------------------------------

def said_by(node):
    """Every meaning that a profile gives to a value."""
    out = set()
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("means", "edge", "unknown", "if_empty") and \
                    isinstance(value, (str, list)):
                out |= set([value] if isinstance(value, str) else value)
            else:
                out |= said_by(value)
    elif isinstance(node, list):
        for value in node:
            out |= said_by(value)
    return out - {"none", "empty"}


def not_shown(profile, table, chk):
    """Meanings of the profile that its recordings (their .chk, one behind the other)
    never come to, and that its table does not say it leaves out."""
    shown = set(re.findall(r"[a-z]+(?:/[a-z0-9-]+)?", "\n".join(
        line for line in chk.splitlines() if " sample " in line or " event " in line)))
    left_out = set(table.get("not_shown", {}))
    return sorted(said_by(profile.get("decoders", [])) - shown - left_out) + sorted(
        said_by(profile.get("tables", [])) - shown - left_out)
