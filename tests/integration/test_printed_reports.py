# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The sheets as people get them: HTML, PDF and XLSX of one day, each opened by a program
# that nobody here wrote (an HTML parser, poppler, LibreOffice), and held against the JSON
# of the same day.
import html
import html.parser
import json
import re
import subprocess
import zipfile

import pytest

from field import FIRE, Modbus, Serial, gauges, panel
from rig import Daemon, site, until

HOSTILE = {"zh": "<b>三层</b>走廊 & \"办公室\"", "en": "=1+1 <script>alert(1)</script>"}
FORMATS = ("html", "pdf", "xlsx")


@pytest.fixture(name="day", scope="module")
def fixture_day(tmp_path_factory):
    """A day with a fire, a fault and two gauges; returns report(name, format, lang) -> file."""
    folder = tmp_path_factory.mktemp("day")
    line, peer = Serial(str(folder)), Modbus()
    buses, devices = panel(peer.port)
    devices[0]["points"][0]["place"] = HOSTILE
    more = gauges(line.tty, units=(3, 4))
    with Daemon(folder / "d", site(buses + more[0], devices + more[1])) as daemon:
        api = daemon.start().api()
        line.pressure(3, 712)
        line.pressure(4, 350)
        peer.holding(0, FIRE)
        until(lambda: (a := api.alarm("d1")) and a["seq"], 10, "the fire is durable")
        until(lambda: all(g["min"] is not None for g in api.json(
            "GET", "/api/v1/reports/pressure-daily?format=json")["data"]["gauges"]), 90,
              "a minute of the gauges is written")
        yield Sheets(daemon, folder, api)
        assert daemon.stop() == 0
    peer.stop()
    line.stop()


class Sheets:
    """Reports of the day as files, and what independent programs read in them."""

    def __init__(self, daemon, folder, api):
        self.daemon, self.folder, self.api = daemon, folder, api

    def file(self, name, form, lang="zh"):
        file = self.folder / f"{name}-{lang}.{form}"
        done = self.daemon.tool("report", name, "--day", "today", "--format", form,
                                "--lang", lang, "-o", str(file))
        assert done.returncode == 0, done.stderr
        return file

    def json(self, name):
        return json.loads(self.file(name, "json").read_text(encoding="utf-8"))["data"]

    def file_and_figures(self, name, form, lang="zh"):
        """Of the same events: the day goes on, and may bring one between the two."""
        for _ in range(5):
            before, file = self.json(name), self.file(name, form, lang)
            if self.json(name) == before:
                return file, before
        raise AssertionError("the day does not come to rest")

    def pdf_text(self, file):
        return run("pdftotext", "-layout", file, "-")

    def office(self, file, form, *options):
        """What LibreOffice makes of it."""
        run("soffice", f"-env:UserInstallation=file://{self.folder}/office", "--headless",
            *options, "--convert-to", form, "--outdir", self.folder, file)
        out = file.with_suffix("." + form.split(":")[0])
        assert out.exists(), f"LibreOffice made no {out.name}"
        return out


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True,
                          timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Page(html.parser.HTMLParser):
    """The tables of a page as texts, and which elements there are."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.elements, self.cell = [], [], None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.cell = ""

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.rows[-1].append(self.cell)
            self.cell = None


def counts_of(data):
    return [str(data["total"][k]) for k in
            ("onsets", "clears", "acknowledged", "tests", "open")]


def test_html_shows_data_as_text_and_the_same_counts(day):
    file, data = day.file_and_figures("alarms-daily", "html")
    text = file.read_text(encoding="utf-8")
    page = Page(text)
    assert ["合计（不含信息）", *counts_of(data)] in page.rows
    assert any(HOSTILE["zh"] in row for row in page.rows), "the place, letter by letter"
    english = Page(day.file("alarms-daily", "html", "en").read_text(encoding="utf-8"))
    assert any(HOSTILE["en"] in row for row in english.rows)
    for found in (page, english):
        assert not {"script", "b", "img", "link", "iframe"} & set(found.elements)
    assert not re.search(r'(src|href)=|url\(|@import', text), "nothing is fetched"
    assert any(cell == "消防领班（签名、日期）" for cell in re.findall(r"<div>([^<]*)</div>", text))


def test_pdf_has_its_fonts_and_the_same_figures(day):
    for lang, title, place in (("zh", "消防中控室报警情况日统计表", "三层"),
                               ("en", "Daily alarm statistics", "=1+1 <script>")):
        file, data = day.file_and_figures("alarms-daily", "pdf", lang)
        text = day.pdf_text(file)
        assert title in text and place in text
        total = next(line.split() for line in text.splitlines()
                     if line.strip().startswith(("合计", "Total")))
        assert [word for word in total if word.isdigit()] == counts_of(data)
        pages = int(re.search(r"Pages:\s+(\d+)", run("pdfinfo", file)).group(1))
        assert re.findall(r"^ *(\d+) ?/ ?(\d+)$", text, re.M) == \
            [(str(n), str(pages)) for n in range(1, pages + 1)]
        fonts = run("pdffonts", file).splitlines()[2:]
        assert fonts and all(line.split()[-5] == "yes" for line in fonts), "embedded"


def test_pdf_draws_the_curve_of_each_gauge(day):
    text = day.pdf_text(day.file("pressure-daily", "pdf"))
    for gauge in day.json("pressure-daily")["gauges"]:
        assert f"({gauge['point']}), MPa" in text
        assert f"{gauge['min'] / 1000:.3f}" in text and f"{gauge['max'] / 1000:.3f}" in text
    # Values at the left of each box, times beneath it (one begins and ends each); above all the
    # set hours that are over are columns of the sheet.
    over = {r["due"] for r in day.json("pressure-daily")["set_readings"]}
    at_eight = sum(d.endswith("T00:00:00.000Z") for d in over)
    assert len(re.findall(r"(?<![+\d])08:00(?!:)", text)) == 4 + at_eight


def test_xlsx_holds_numbers_and_no_formula(day):
    file = day.file("alarms-daily", "xlsx", "en")
    with zipfile.ZipFile(file) as z:
        sheets = [z.read(n).decode() for n in z.namelist() if "worksheets/sheet" in n]
    assert not any("<f>" in s for s in sheets), "a text is no formula"
    assert all(word in sheets[1] for word in ('state="frozen"', "<autoFilter", 'orientation="landscape"',
                                              'paperSize="9"'))
    total = counts_of(day.json("alarms-daily"))
    assert re.findall(r"<v>(\d+)</v></c></row></sheetData>", sheets[1]) == total[-1:]


def test_xlsx_is_read_by_libreoffice(day):
    for name, lang in (("alarms-daily", "zh"), ("pressure-daily", "zh")):
        file, data = day.file(name, "xlsx", lang), day.json(name)
        text = day.pdf_text(day.office(file, "pdf"))
        if name == "alarms-daily":
            assert "三层" in text and "合计" in text
            assert re.search(r"合计（不含信息）\s+" + r"\s+".join(counts_of(data)), text), text
        else:
            for gauge in data["gauges"]:
                assert gauge["point"] in text and f"{gauge['mean'] / 1000:.3f}" in text


def test_csv_is_read_by_libreoffice_with_its_chinese(day):
    file = day.file("alarms-daily", "csv")
    assert file.read_bytes()[:3] == b"\xef\xbb\xbf", "by which a spreadsheet knows UTF-8"
    # Without a window it does not look for that mark: comma, quote, UTF-8.
    text = html.unescape(day.office(file, "html:HTML (StarCalc)", "--infilter=CSV:44,34,76")
                         .read_text(encoding="utf-8"))
    assert "消防中控室报警情况日统计表" in text and "三层" in text
    assert "#NAME?" not in text and "Err:" not in text


def test_the_console_serves_each_format(day):
    kinds = {"html": "text/html; charset=utf-8", "pdf": "application/pdf",
             "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
    for form, kind in kinds.items():
        status, headers, data = day.api.call(
            "GET", f"/api/v1/reports/alarms-daily?day=today&format={form}&lang=en")
        assert (status, headers["Content-Type"]) == (200, kind)
        assert headers["Content-Disposition"].endswith(f'.{form}"')
        assert data[:4] in (b"<!do", b"%PDF", b"PK\x03\x04")


def test_an_unknown_format_names_those_there_are(day):
    done = day.daemon.tool("report", "alarms-daily", "--format", "docx")
    assert done.returncode == 2
    assert 'format: found "docx", allowed: csv, json, html, pdf, xlsx' in done.stderr
