#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Open data, in a spreadsheet: a workbook that LibreOffice opens (flat OpenDocument), with
# two documented views of a snapshot as sheets and one sheet of formulas over them: go on
# from there. Needs nothing but Python.
#
#   watchroom -c site.yaml export db /srv/open      makes /srv/open/watchroom-TIME
#   workbook.py /srv/open/watchroom-TIME days.fods
import os
import sqlite3
import sys
from xml.sax.saxutils import escape, quoteattr

CLASSES = ("fire", "prealarm", "security", "supervisory", "fault", "disabled", "process",
           "info", "system")
# A sheet, its file, its view, its columns.
SHEETS = (
    ("alarms", "journal.db", "v_alarm_daily",
     ("day", "class", "point", "condition", "code", "onsets", "clears", "acknowledged")),
    ("gauges", "readings.db", "v_reading_daily",
     ("day", "point", "min", "mean", "max", "good_ms", "samples")),
)
HEAD = ('<?xml version="1.0" encoding="UTF-8"?>\n<office:document'
        ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
        ' xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2" office:version="1.2"'
        ' office:mimetype="application/vnd.oasis.opendocument.spreadsheet">'
        '<office:body><office:spreadsheet>\n')
TAIL = "</office:spreadsheet></office:body></office:document>\n"


def cell(value):
    """Text stays text: nothing that people wrote becomes a formula."""
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, (int, float)):
        return f'<table:table-cell office:value-type="float" office:value="{value!r}"/>'
    return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'


def formula(text):
    return f"<table:table-cell table:formula={quoteattr('of:=' + text)}/>"


def row(cells):
    return f"<table:table-row>{''.join(cells)}</table:table-row>\n"


def sheet(name, rows):
    return f"<table:table table:name={quoteattr(name)}>{''.join(rows)}</table:table>\n"


def view(folder, file, name, columns):
    db = sqlite3.connect(f"file:{folder}/{file}?mode=ro", uri=True)
    rows = db.execute(f"SELECT {', '.join(columns)} FROM {name} ORDER BY day").fetchall()
    db.close()
    return rows


def onsets_of(line, column, last):
    """Onsets of the day in column A of this line, of the class at the head of the column."""
    return (f"SUMIFS([$alarms.$F$2:$alarms.$F${last}];[$alarms.$A$2:$alarms.$A${last}];[.$A{line}];"
            f"[$alarms.$B$2:$alarms.$B${last}];[.{column}$1])")


def workbook(folder):
    data = {name: view(folder, file, v, columns) for name, file, v, columns in SHEETS}
    last = len(data["alarms"]) + 1
    days = sorted({r[0] for r in data["alarms"]})
    letters = "BCDEFGHIJ"
    figures = [row(cell(x) for x in ("day", *CLASSES, "total"))]
    for line, day in enumerate(days, 2):
        figures.append(row([cell(day), *(formula(onsets_of(line, c, last)) for c in letters),
                            formula(f"SUM([.B{line}:.J{line}])")]))
    sheets = [sheet("figures", figures)]
    for name, _, _, columns in SHEETS:
        sheets.append(sheet(name, [row(cell(x) for x in r) for r in [columns, *data[name]]]))
    return HEAD + "".join(sheets) + TAIL


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: workbook.py SNAPSHOT FILE.fods")
    with open(sys.argv[2] + ".part", "w", encoding="utf-8") as f:
        f.write(workbook(sys.argv[1]))
    os.replace(sys.argv[2] + ".part", sys.argv[2])
