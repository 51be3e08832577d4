#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Runs the suites of ./check, in two lanes side by side, and adds up what they say. A suite is a
# build folder with options, and a command whose results are counted from its own report
# (meson's testlog.json, pytest's JUnit file, or a closing line of the plain form).
# Nothing is skipped without a line that says why.
import argparse
import json
import os
import re
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PYTHON = "/usr/bin/python3"

BUILDS = {
    "build": ["-Dwerror=true"],
    "build-asan": ["-Dwerror=true", "-Db_sanitize=address,undefined", "-Db_lundef=false"],
    "build-tsan": ["-Dwerror=true", "-Db_sanitize=thread", "-Db_lundef=false"],
}

# name, lane, build folder, kind, command or meson suite, limit in seconds. The two lanes
# run side by side: what computes, and what mostly waits. A lane that has no more takes
# the last of the other.
SUITES = [
    ("lint", "compute", "build", "plain", [PYTHON, "tests/lint/run.py"], 1200),
    ("unit", "compute", "build", "meson", ["unit"], 900),
    ("unit-asan", "compute", "build-asan", "meson", ["unit"], 1500),
    ("fuzz", "compute", "build-asan", "meson", ["fuzz"], 600),
    ("unit-tsan", "compute", "build-tsan", "meson", ["threads"], 1500),
    ("field-asan", "compute", "build-asan", "pytest",
     ["tests/integration/test_field.py", "tests/integration/test_readings.py",
      "tests/integration/test_daemon.py", "tests/integration/test_hosts.py"], 1500),
    ("threads-tsan", "compute", "build-tsan", "pytest",
     ["tests/integration/test_alerts.py", "tests/integration/test_api.py"], 1500),
    ("demo", "wait", "build", "pytest", ["tests/demo"], 600),
    ("integration", "wait", "build", "pytest",
     ["tests/integration", "tests/building", "--ignore=tests/integration/test_hostile.py"],
     1500),
    ("hostile", "wait", "build", "pytest", ["tests/integration/test_hostile.py"], 300),
    ("simulation", "wait", "build", "pytest", ["tests/simulation"], 600),
    ("crash", "wait", "build", "pytest", ["tests/crash"], 900),
    ("bench", "wait", "build", "pytest", ["tests/bench"], 600),
    ("vm", "wait", "build", "pytest", ["tests/vm"], 1800),
    ("browser", "wait", "build", "pytest", ["tests/browser"], 1500),
]

SANITIZER_ENV = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=99",
    "LSAN_OPTIONS": f"suppressions={ROOT}/tests/lsan.supp:print_suppressions=0",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": f"halt_on_error=0:exitcode=66:suppressions={ROOT}/tests/tsan.supp",
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


class Log:
    """What a suite says: kept, and printed whole when it is done."""

    def __init__(self, name):
        os.makedirs(os.path.join(ROOT, "build"), exist_ok=True)
        self.path = os.path.join(ROOT, "build", f"check-{name}.log")
        self.file = open(self.path, "w+", encoding="utf-8", errors="replace")

    def say(self, text):
        print(text, file=self.file, flush=True)

    def text(self):
        self.file.flush()
        with open(self.path, encoding="utf-8", errors="replace") as f:
            return f.read()


def run(command, limit, log, env=None):
    """Runs a command below ROOT; returns its exit status, 124 past the limit."""
    full = dict(os.environ, **SANITIZER_ENV, **(env or {}))
    process = subprocess.Popen(command, cwd=ROOT, env=full, stdin=subprocess.DEVNULL,
                               stdout=log.file, stderr=log.file)
    try:
        return process.wait(limit)
    except subprocess.TimeoutExpired:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.say(f"stopped after {limit} s: {' '.join(command)}")
        return 124


def build(folder, log):
    """Configures and builds one folder; returns whether it worked."""
    where = os.path.join(ROOT, folder)
    if not os.path.exists(os.path.join(where, "build.ninja")):
        if run(["meson", "setup", folder, *BUILDS[folder]], 300, log) != 0:
            return False
    elif run(["meson", "configure", folder, *BUILDS[folder]], 300, log) != 0:
        return False
    return run(["ninja", "-C", folder, "--quiet"], 2400, log) == 0


def whole(counts, status):
    """A runner that failed, or ran nothing, has failed a test."""
    if (status != 0 and counts.failed == 0) or counts.passed == 0:
        counts.failed += 1
    return counts


def count_meson(folder, suite, limit, log):
    report = os.path.join(ROOT, folder, "meson-logs", f"check-{suite}.json")
    if os.path.exists(report):
        os.unlink(report)
    status = run(["meson", "test", "-C", folder, "--no-rebuild", "--print-errorlogs",
                  "--suite", suite, "--logbase", f"check-{suite}",
                  "--timeout-multiplier", "10"], limit, log)
    counts = Counts()
    if os.path.exists(report):
        with open(report, encoding="utf-8") as lines:
            for line in lines:
                result = json.loads(line)["result"]
                if result in ("OK", "EXPECTEDFAIL"):
                    counts.passed += 1
                elif result == "SKIP":
                    counts.skipped += 1
                else:
                    counts.failed += 1
    return whole(counts, status)


def count_pytest(folder, paths, limit, log):
    report = os.path.join(ROOT, folder, "pytest-" + paths[0].replace("/", "-") + ".xml")
    if os.path.exists(report):
        os.unlink(report)
    status = run([PYTHON, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider",
                  "--durations=5", f"--junitxml={report}",
                  "-s" if os.environ.get("WATCHROOM_LONG") else "--show-capture=stdout",
                  *paths], limit, log,
                 {"WATCHROOM_BUILD": os.path.join(ROOT, folder),
                  "PYTHONDONTWRITEBYTECODE": "1"})
    counts = Counts()
    if os.path.exists(report):
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            total = int(suite.get("tests"))
            bad = int(suite.get("failures")) + int(suite.get("errors"))
            skipped = int(suite.get("skipped"))
            counts.add(Counts(total - bad - skipped, bad, skipped))
    return whole(counts, status)


def count_plain(folder, command, limit, log):
    status = run(command, limit, log,
                 {"WATCHROOM_BUILD": os.path.join(ROOT, folder)})
    lines = log.text().strip().splitlines()
    found = re.fullmatch(r"(\d+) passed, (\d+) failed, (\d+) skipped",
                         lines[-1] if lines else "")
    counts = Counts(*map(int, found.groups())) if found else Counts()
    return whole(counts, status)


KINDS = {"meson": lambda f, what, limit, log: count_meson(f, what[0], limit, log),
         "pytest": count_pytest, "plain": count_plain}


class Check:
    """The run: which suites, what they counted."""

    def __init__(self, options):
        self.options = options
        self.built = {}
        self.building = {folder: threading.Lock() for folder in BUILDS}
        self.taking = threading.Lock()
        self.printing = threading.Lock()
        self.table = []

    def suite(self, name, folder, kind, what, limit):
        began = time.monotonic()
        log = Log(name)
        with self.building[folder]:
            if folder not in self.built:
                self.built[folder] = build(folder, log)
        if self.built[folder]:
            limit = limit * 40 if self.options.long else limit
            counts = KINDS[kind](folder, what, limit, log)
        else:
            counts = Counts(0, 1, 0)
            log.say(f"{folder} does not build")
        with self.printing:
            print(f"== {name}\n{log.text()}-- {name}: {counts}", flush=True)
            self.table.append((name, counts, time.monotonic() - began))

    def take(self, own, other):
        """The next of a lane: its own first one, else the other's last."""
        with self.taking:
            return own.pop(0) if own else other.pop() if other else None

    def lane(self, own, other):
        while (taken := self.take(own, other)) is not None:
            name, _, folder, kind, what, limit = taken
            try:
                self.suite(name, folder, kind, what, limit)
            except Exception as error:  # a broken runner is a failed test
                with self.printing:
                    print(f"== {name}: {error!r}", flush=True)
                    self.table.append((name, Counts(0, 1, 0), 0.0))

    def run(self):
        wanted = [s for s in SUITES if not self.options.only or s[0] in self.options.only]
        if any(s[2] == "build" for s in wanted):
            log = Log("build")
            self.built["build"] = build("build", log)
            print(f"== build\n{log.text()}", flush=True)
        compute, wait = ([s for s in wanted if s[1] == lane] for lane in ("compute", "wait"))
        lanes = [threading.Thread(target=self.lane, args=pair)
                 for pair in ((compute, wait), (wait, compute))]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
        total = Counts()
        print()
        for name, counts, seconds in self.table:
            print(f"{name:14} {str(counts):36} {seconds:6.0f} s")
            total.add(counts)
        print(total)
        return 1 if total.failed or not self.table else 0


def main():
    parser = argparse.ArgumentParser(
        prog="check", description="Builds and runs every test, or some suites of them.")
    names = [s[0] for s in SUITES]
    parser.add_argument("--only", action="append", choices=names, metavar="SUITE",
                        help="just this suite (repeatable): " + ", ".join(names))
    parser.add_argument("--long", action="store_true",
                        help="full campaigns (hours): 1,000 kills, an hour of hostile "
                        "peers, twenty times the fuzzing")
    options = parser.parse_args()
    if options.long:
        os.environ["WATCHROOM_LONG"] = "1"
    return Check(options).run()


if __name__ == "__main__":
    sys.exit(main())
