#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# check_schema_page.py ROOT: docs/schema.md against the schemas themselves: every table and
# view, every column in its order, every column type of the tables, ids and versions.
import pathlib
import re
import sqlite3
import sys

root = sys.argv[1]
problems = []


def documented():
    """{(file, "table" or "view", name): [(column, type)]} and the rows of the first table"""
    found, file, key, in_columns = {}, None, None, False
    for line in open(f"{root}/docs/schema.md", encoding="utf-8"):
        if m := re.match(r"## (\w+\.db)", line):
            file, key = m[1], None
        elif m := re.match(r"### (table|view) `(\w+)`", line):
            key = (file, m[1], m[2])
            found[key] = []
        elif line.startswith("| column | type |"):
            in_columns = True
        elif not line.startswith("|"):
            in_columns = False
        elif key and in_columns and (m := re.match(r"\| `(\w+)` \| (\w+) \|", line)):
            found[key].append((m[1], m[2]))
    return found


def actual():
    found = {}
    for file in ("journal", "readings"):
        db = sqlite3.connect(":memory:")
        db.execute("PRAGMA trusted_schema = OFF")
        for step in sorted(pathlib.Path(f"{root}/daemon/store/schema").glob(f"{file}-*.sql")):
            db.executescript(step.read_text(encoding="utf-8"))
        rows = db.execute(
            "SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view')"
        ).fetchall()
        for kind, name in rows:
            columns = db.execute(f"SELECT name, type FROM pragma_table_info('{name}')")
            found[(file + ".db", kind, name)] = columns.fetchall()
            db.execute(f"SELECT * FROM {name}").fetchall()
    return found


def check_versions():
    header = open(f"{root}/daemon/store/schema.h", encoding="utf-8").read()
    page = open(f"{root}/docs/schema.md", encoding="utf-8").read()
    for name in ("JOURNAL", "READINGS"):
        app = re.search(rf"{name}_APPLICATION_ID = (0x\w+)", header)[1]
        version = re.search(rf"{name}_VERSION = (\d+)", header)[1]
        row = re.search(rf"\| `{name.lower()}\.db` .*", page)[0]
        if f"`{app}`" not in row or not row.rstrip().endswith(f"| {version} |"):
            problems.append(f"{name}: the page does not say {app}, version {version}")


page, schema = documented(), actual()
for key in sorted(set(page) | set(schema)):
    if key not in page or key not in schema:
        where = "the page" if key not in page else "the schema"
        problems.append(f"{key}: not in {where}")
        continue
    if [c for c, _ in page[key]] != [c for c, _ in schema[key]]:
        problems.append(f"{key}: columns on the page {page[key]}, really {schema[key]}")
    # A view's computed columns have no declared type.
    wrong = [(p, s) for p, s in zip(page[key], schema[key])
             if s[1] and p[1] != s[1] and key[1] == "table"]
    if wrong:
        problems.append(f"{key}: types {wrong}")
check_versions()
for p in problems:
    print(p)
print(f"{len(schema)} tables and views, {len(problems)} problems")
sys.exit(1 if problems or len(schema) < 21 else 0)
