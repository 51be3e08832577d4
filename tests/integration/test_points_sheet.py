# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# `watchroom points check`: sheets written here by Python's own csv module and codecs, in
# every form that spreadsheet programs save, tried for the panel of conf/example.
import csv
import io
import json
import os
import shutil
import subprocess

import pytest

from rig import BUILD, ROOT

SITE = ROOT / "conf" / "example" / "site.yaml"
ENGLISH = ["id", "item", "loop", "device", "kind", "zone", "latch", "place_zh", "place_en"]
CHINESE = ["编号", "条目", "回路", "地址", "类型", "分区", "锁存", "部位", "英文部位"]


def plan(n):
    """Rows of a building with n points: 159 detectors and 159 modules a loop."""
    for i in range(n):
        detector, loop = i % 318 < 159, 1 + i // 318
        yield [f"p{i:04}", "detector" if detector else "module", str(loop),
               f"{1 + i % 159:03}", "点型光电感烟火灾探测器" if detector else "输入模块",
               ["地下一层", "f1", "二层"][i % 3], "", f"{i // 50} 层, \"东\"侧\n走廊 {i}",
               f"Corridor {i}"]


def sheet(headings, rows, separator=",", end="\r\n"):
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator=end)
    writer.writerow(headings)
    writer.writerows(rows)
    return out.getvalue()


def check(path, *words, code=0, site=SITE):
    done = subprocess.run(
        [BUILD / "cli" / "watchroom", "-c", site, "points", "check", path, "--device",
         "fap1", *words], env=dict(os.environ, WATCHROOM_DATA=str(ROOT)),
        capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("headings", [ENGLISH, CHINESE], ids=["english", "chinese"])
def test_every_form_of_a_sheet_means_the_same(tmp_path, codec, separator, headings):
    path = tmp_path / "sheet.csv"
    path.write_bytes(sheet(headings, plan(40), separator).encode(codec))
    r = json.loads(check(path, "--json").stdout)
    assert r["ok"] and r["rows"] == 40 and r["errors"] == []
    assert r["encoding"] == ("gb18030" if codec == "gb18030" else "utf-8")
    assert r["separator"] == {",": "comma", ";": "semicolon", "\t": "tab"}[separator]
    p = r["points"][7]
    assert p == {"line": 16, "id": "p0007", "item": "detector", "loop": 1, "device": 8,
                 "area": "holding", "pdu": 7, "printed": "40008", "kind": "smoke",
                 "latch": "panel", "inferred": False, "zone": "f1",
                 "place": {"zh": "0 层, \"东\"侧 走廊 7", "en": "Corridor 7"}}


def test_every_character_of_gb18030_reaches_the_place(tmp_path):
    # One of each form: ASCII, two bytes, four bytes inside the basic plane and beyond.
    text = "A大㐀𠮷ǹ€"
    path = tmp_path / "sheet.csv"
    path.write_bytes(sheet(ENGLISH, [["a", "detector", "1", "1", "smoke", "", "", text, ""]])
                     .encode("gb18030"))
    assert json.loads(check(path, "--json").stdout)["points"][0]["place"]["zh"] == text


def test_i12_an_invalid_byte_is_named_with_its_place(tmp_path):
    path = tmp_path / "sheet.csv"
    data = bytearray(sheet(CHINESE, plan(20), end="\n").encode("gb18030"))
    at = data.index("走廊 9\"".encode("gb18030"))
    data[at + 2] = 0xFF  # the first half of 廊
    path.write_bytes(data)
    before = bytes(data[:at + 2]).decode("gb18030")
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    error = check(path, "--json", code=2)
    found = json.loads(error.stdout)["errors"]
    assert [(e["line"], e["column"]) for e in found] == [(line, column)]
    assert f"nor GB 18030 ({line}:{column}: byte 0x" in found[0]["text"]


def test_i12_all_errors_at_once_and_nothing_else(tmp_path):
    rows = list(plan(12))
    rows[1][0] = "p0000"                 # used twice
    rows[2][3] = "160"                   # beyond the formula
    rows[3][5] = "b9"                    # no such zone
    rows[4][1] = "detektor"
    rows[5][2:4] = ["1", "1"]            # the address of the first
    rows[6][4] = "烟"
    path = tmp_path / "sheet.csv"
    path.write_text(sheet(ENGLISH, rows), encoding="utf-8")
    done = check(path, code=2)
    for text in ('id "p0000" is already used by the point in',
                 'device: item detector: must be 1 to 159, found "160"',
                 'zone: there is no "b9", did you mean "b1"?',
                 'has no "detektor", did you mean "detector"?',
                 'point "p0005" has the address of point "p0000"',
                 'kind: unknown value "烟"'):
        assert text in done.stderr
    assert "6 errors: this file would be refused whole" in done.stderr
    assert "points of device" not in done.stdout


def test_the_plain_report_shows_mapping_notes_and_sums(tmp_path):
    path = tmp_path / "sheet.csv"
    rows = [r + ["查过"] for r in plan(320)]
    rows[0][3] = "００１"
    path.write_bytes(sheet(CHINESE + ["备注"], rows).encode("gb18030"))
    out = check(path).stdout
    assert "gb18030, separator comma, 320 rows" in out
    assert "编号 = id, 条目 = item, 回路 = loop" in out and "备注 left out" in out
    assert 'note: device: "００１" is read as "001"' in out
    assert "320 points of device fap1 (notifier-modbus-gw)" in out
    assert "kinds: smoke 161 module 159" in out
    assert "zones: b1 107 f1 107 f2 106 (none) 0" in out
    assert "5 requests a pass" in out or "requests a pass, contact to event" in out
    assert " p0318               " in out and "holding    400 40401" in out


@pytest.mark.parametrize("data,why", [
    (b"PK\x03\x04\x14\x00\x06\x00", "a workbook (.xlsx)"),
    ("编号,类型".encode("utf-16"), "UTF-16"),
    (b"", "the file is empty"),
    (b"\x00\x01\x02", "a NUL byte"),
])
def test_i12_what_is_no_sheet_is_refused_by_name(tmp_path, data, why):
    path = tmp_path / "sheet.csv"
    path.write_bytes(data)
    assert why in check(path, code=2).stderr


def test_the_sheets_of_other_panels_are_no_part_of_a_trial(tmp_path):
    """Each panel of the site has a sheet of its own, in other forms than the one tried."""
    shutil.copytree(SITE.parent, tmp_path / "site")
    site = tmp_path / "site" / "site.yaml"
    first = site.read_text("utf-8").index("  - id: fap1\n")
    rest = site.read_text("utf-8")
    for n, codec in ((2, "utf-8"), (3, "gb18030")):
        (tmp_path / f"site/points/fap{n}.csv").write_bytes(sheet(
            CHINESE + ["备注"], [[f"fap{n}-{r[0]}", *r[1:], "x"] for r in plan(n)], ";"
        ).encode(codec))
        rest = rest[:first] + (
            f"  - {{id: fap{n}, bus: panel-lan, unit: {n}, profile: notifier-modbus-gw,\n"
            f"     poll: 1s, points: points/fap{n}.csv}}\n\n") + rest[first:]
    site.write_text(rest, "utf-8")
    path = tmp_path / "sheet.csv"
    path.write_text(sheet(ENGLISH, plan(40)), "utf-8")
    r = json.loads(check(path, "--json", site=site).stdout)
    assert r["ok"] and r["rows"] == 40 and len(r["points"]) == 40
    assert (r["encoding"], r["separator"]) == ("utf-8", "comma")
    assert {note["file"] for note in r["notes"]} == {str(path)}
    lost = check(path, "--device", "fap4", code=2, site=site)
    assert lost.stdout == "", "nothing was read"
    assert "1 error: this file" in lost.stderr


def test_wrong_words_on_the_command_line(tmp_path):
    path = tmp_path / "sheet.csv"
    path.write_text(sheet(ENGLISH, plan(2)), encoding="utf-8")
    assert 'found "utf8", allowed: utf-8, gb18030' in check(
        path, "--encoding", "utf8", code=2).stderr
    assert 'there is no "fap2", did you mean "fap1"?' in check(
        path, "--device", "fap2", code=2).stderr
    assert "cannot read" in check(tmp_path / "none.csv", code=2).stderr


def test_two_thousand_points_load_as_the_site_and_as_a_trial(tmp_path):
    """A plan of 2,000 points through the daemon's own check, in GB 18030."""
    (tmp_path / "points.csv").write_bytes(sheet(CHINESE, plan(2000)).encode("gb18030"))
    (tmp_path / "site.yaml").write_text(
        "site: {id: s, time_zone: Asia/Shanghai}\n"
        "zones: [{id: b1, name: {zh: 地下一层}}, {id: f1}, {id: f2, name: {zh: 二层}}]\n"
        'buses: [{id: lan, modbus_tcp: "192.0.2.1:502"}]\n'
        "devices: [{id: fap1, bus: lan, unit: 1, profile: notifier-modbus-gw,\n"
        "  points: points.csv}]\n", encoding="utf-8")
    done = subprocess.run(
        [BUILD / "daemon" / "watchroomd", "--check", "-c", tmp_path / "site.yaml"],
        env=dict(os.environ, WATCHROOM_DATA=str(ROOT)), capture_output=True, text=True,
        timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "2000 points of the site" in done.stdout
