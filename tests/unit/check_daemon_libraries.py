#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Reports are drawn by a child process: what draws them must not be loaded into the daemon, directly or by another library.
#   check_daemon_libraries.py WATCHROOMD WATCHROOM
import re
import subprocess
import sys

DRAWING = re.compile(r"lib(cairo|pango|xlsxwriter|harfbuzz|fontconfig)")


def loaded(program):
    out = subprocess.run(["ldd", program], check=True, text=True, capture_output=True).stdout
    return {line.split()[0] for line in out.splitlines() if line.strip()}


def main():
    daemon, tool = (loaded(p) for p in sys.argv[1:3])
    if not any(DRAWING.match(name) for name in tool):
        sys.exit("the tool loads none of them: is this the tool that makes reports?")
    bad = sorted(name for name in daemon if DRAWING.match(name))
    if bad:
        sys.exit(f"{sys.argv[1]} must not load {', '.join(bad)}")
    print(f"{len(daemon)} libraries, none that draws")


main()
