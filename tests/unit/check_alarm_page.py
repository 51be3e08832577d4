#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The table printed in docs/alarm-states.md is the table the program follows: compares
# it, cell by cell, with what alarm_apply really does.
#   check_alarm_page.py TEST_ALARM PAGE
import subprocess
import sys


def tables(lines):
    """Rows of cells, of each table whose first heading cell is a wanted one."""
    found, heading = {}, None
    for line in lines:
        if not line.startswith("|"):
            heading = None
            continue
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if heading is None:
            heading = cells[0]
            found.setdefault(heading, [])
        if not set("".join(cells)) <= set("-: ") or "-" in cells[1:]:
            found[heading].append(cells)
    return found


def main():
    program, page = sys.argv[1:3]
    code = tables(subprocess.run([program, "--print-table"], check=True, text=True,
                                 capture_output=True).stdout.splitlines())
    with open(page, encoding="utf-8") as f:
        text = tables(f.read().splitlines())
    problems = 0
    for name, rows in code.items():
        documented = text.get(name)
        if documented is None:
            sys.exit(f"{page}: no table headed '{name}'")
        for i in range(max(len(rows), len(documented))):
            want = rows[i] if i < len(rows) else None
            have = documented[i] if i < len(documented) else None
            if want != have:
                problems += 1
                print(f"table '{name}' row {i}:\n  code {want}\n  page {have}")
    if problems or not code:
        sys.exit(f"{page}: {problems} rows differ from the code")
    print(f"{sum(len(r) for r in code.values())} rows agree")


main()
