# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# docs/detection.md shows what `watchroomd --check` prints for the demonstration's site:
# the same lines in the same order, but for those that it leaves out with "...".
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WATCHROOM_BUILD", ROOT / "build"))
LEFT_OUT = "  ..."


def printed():
    done = subprocess.run(
        [BUILD / "daemon/watchroomd", "-c", "conf/demo/site.yaml", "--check"], cwd=ROOT,
        capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.replace(f"{ROOT}/", "").splitlines()


def shown():
    page = (ROOT / "docs/detection.md").read_text(encoding="utf-8")
    assert "watchroomd -c conf/demo/site.yaml --check" in page
    return re.search(r"```text\n(buses\n.*?)\n```", page, re.S).group(1).splitlines()


def stale(page, program):
    """The first line of the page that the program does not print there, or None."""
    at = 0
    for before, line in zip([LEFT_OUT, *page], page):
        if line == LEFT_OUT:
            continue
        if before == LEFT_OUT:
            if line not in program[at:]:
                return line
            at = program.index(line, at)
        if at == len(program) or program[at] != line:
            return line
        at += 1
    return None


def test_the_page_shows_what_the_program_prints():
    page = shown()
    assert len(page) > 30 and page[0] == "buses"
    assert stale(page, printed()) is None, "see docs/detection.md"


@pytest.mark.parametrize("page, found", [
    (["a", "b"], None), (["a", LEFT_OUT, "d"], None), (["b", "c"], None),
    (["a", "c"], "c"), (["a", LEFT_OUT, "e"], "e"), (["c", LEFT_OUT, "b"], "b"),
    (["d", "e"], "e")])
def test_a_page_that_rots_is_seen(page, found):
    assert stale(page, ["a", "b", "c", "d"]) == found
