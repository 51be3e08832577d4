#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Runs the suites of ./check one after another and adds up what they say. A suite is a
# build folder with options, and a command whose results are counted from its own report
# (meson's testlog.json, pytest's JUnit file, or a closing line of the plain form).
# Nothing is skipped without a line that says why.
import argparse
import json
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PYTHON = "/usr/bin/python3"

BUILDS = {
    "build": ["-Dwerror=true"],
    "build-asan": ["-Dwerror=true", "-Db_sanitize=address,undefined", "-Db_lundef=false"],
    "build-tsan": ["-Dwerror=true", "-Db_sanitize=thread", "-Db_lundef=false"],
}

# name, build folder, kind, command or meson suite, limit in seconds
SUITES = [
    ("lint", "build", "plain", [PYTHON, "tests/lint/run.py"], 900),
    ("unit", "build", "meson", ["unit"], 300),
    ("unit-asan", "build-asan", "meson", ["unit"], 900),
    ("unit-tsan", "build-tsan", "meson", ["unit"], 900),
    ("integration", "build", "pytest", ["tests/integration", "tests/building"], 900),
    ("crash", "build", "pytest", ["tests/crash"], 900),
    ("browser", "build", "pytest", ["tests/browser"], 900),
    ("demo", "build", "pytest", ["tests/demo"], 300),
]

SANITIZER_ENV = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=99",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": "halt_on_error=0:exitcode=66",
}


class Counts:
    """How many tests passed, failed and were skipped."""

    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed, self.failed, self.skipped = passed, failed, skipped

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def run(command, limit, env=None):
    """Runs a command below ROOT; returns its exit status, 124 past the limit."""
    full = dict(os.environ, **SANITIZER_ENV, **(env or {}))
    process = subprocess.Popen(command, cwd=ROOT, env=full, stdin=subprocess.DEVNULL)
    try:
        return process.wait(limit)
    except subprocess.TimeoutExpired:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        print(f"stopped after {limit} s: {' '.join(command)}")
        return 124


def build(folder):
    """Configures and builds one folder; returns whether it worked."""
    where = os.path.join(ROOT, folder)
    if not os.path.exists(os.path.join(where, "build.ninja")):
        if run(["meson", "setup", folder, *BUILDS[folder]], 300) != 0:
            return False
    return run(["ninja", "-C", folder, "--quiet"], 1200) == 0


def count_meson(folder, suite, limit):
    log = os.path.join(ROOT, folder, "meson-logs", "testlog.json")
    if os.path.exists(log):
        os.unlink(log)
    status = run(["meson", "test", "-C", folder, "--no-rebuild", "--print-errorlogs",
                  "--suite", suite, "--timeout-multiplier", "10"], limit)
    counts = Counts()
    if os.path.exists(log):
        with open(log, encoding="utf-8") as lines:
            for line in lines:
                result = json.loads(line)["result"]
                if result in ("OK", "EXPECTEDFAIL"):
                    counts.passed += 1
                elif result == "SKIP":
                    counts.skipped += 1
                else:
                    counts.failed += 1
    if status != 0 and counts.failed == 0 or counts.passed == 0:
        counts.failed += 1
    return counts


def count_pytest(folder, paths, limit, extra):
    report = os.path.join(ROOT, folder, "pytest-" + paths[0].replace("/", "-") + ".xml")
    if os.path.exists(report):
        os.unlink(report)
    status = run([PYTHON, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider",
                  f"--junitxml={report}", *extra, *paths], limit,
                 {"WATCHROOM_BUILD": os.path.join(ROOT, folder),
                  "PYTHONDONTWRITEBYTECODE": "1"})
    counts = Counts()
    if os.path.exists(report):
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            total = int(suite.get("tests"))
            bad = int(suite.get("failures")) + int(suite.get("errors"))
            skipped = int(suite.get("skipped"))
            counts.add(Counts(total - bad - skipped, bad, skipped))
    if status != 0 and counts.failed == 0 or counts.passed == 0:
        counts.failed += 1
    return counts


def count_plain(command, limit, folder):
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        env=dict(os.environ, WATCHROOM_BUILD=os.path.join(ROOT, folder)))
    last = ""
    deadline = time.monotonic() + limit
    for line in process.stdout:
        print(line, end="", flush=True)
        last = line.strip() or last
        if time.monotonic() > deadline:
            process.terminate()
    status = process.wait()
    found = re.fullmatch(r"(\d+) passed, (\d+) failed, (\d+) skipped", last)
    if not found:
        return Counts(0, 1, 0)
    counts = Counts(*map(int, found.groups()))
    if status != 0 and counts.failed == 0:
        counts.failed += 1
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    names = [s[0] for s in SUITES]
    parser.add_argument("--only", action="append", choices=names, help="just this suite")
    parser.add_argument("--long", action="store_true",
                        help="full campaigns: more kills, longer soak (hours)")
    options = parser.parse_args()
    if options.long:
        os.environ["WATCHROOM_LONG"] = "1"

    total = Counts()
    table = []
    built = {}
    for name, folder, kind, what, limit in SUITES:
        if options.only and name not in options.only:
            continue
        began = time.monotonic()
        print(f"== {name}", flush=True)
        limit = limit * 40 if options.long else limit
        if folder not in built:
            built[folder] = build(folder)
        if not built[folder]:
            counts = Counts(0, 1, 0)
            print(f"{folder} does not build")
        elif kind == "meson":
            counts = count_meson(folder, what[0], limit)
        elif kind == "pytest":
            counts = count_pytest(folder, what, limit, [])
        else:
            counts = count_plain(what, limit, folder)
        total.add(counts)
        table.append((name, counts, time.monotonic() - began))
        print(f"-- {name}: {counts}", flush=True)
    print()
    for name, counts, seconds in table:
        print(f"{name:14} {str(counts):36} {seconds:6.0f} s")
    print(total)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
