# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The sheets of a simulated month (month.py), word for word as they were looked at and committed:
# tests/fixtures/sheets. `python3 tests/simulation/test_month_sheets.py` writes them anew; look at
# the difference before it is committed.
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import month
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WATCHROOM_BUILD", ROOT / "build"))
EXPECTED = ROOT / "tests/fixtures/sheets"
SHEETS = [(name, day, lang) for name, day in (
    ("alarms-monthly", "2025-12-15"), ("alarms-weekly", "2025-12-24"), ("alarms-daily", "2025-12-16"), ("alarms-daily", "2025-12-10"),
    ("pressure-daily", "2025-12-24"), ("pressure-daily", "2025-12-25"), ("actions-daily", "2025-12-10")) for lang in ("zh", "en")]


def play(folder):
    """Plays the month; returns the site's file and the folder of the store. On tmpfs where there is
    one: no power is cut here, and months of commits wait for no disk."""
    site = folder / "site.yaml"
    site.write_text(month.site(), encoding="utf-8")
    env = dict(os.environ, TEST_PANELS=str(ROOT / "panels"), TMPDIR=str(folder), WATCHROOM_SCRIPT_QUIET="1")
    done = subprocess.run([BUILD / "tests/simulation/engine-script", site], env=env, check=True, timeout=600, text=True,
                          input="".join(line + "\n" for line in month.Month().script()), stdout=subprocess.PIPE)
    answers = set(re.findall("^= .*", done.stdout, re.M))
    assert answers == {"= ok -"}, answers
    return site, next(folder.glob("test-engine-*"))


def sheet(played, name, day, lang):
    site, store = played
    env = dict(os.environ, WATCHROOM_PANELS=str(ROOT / "panels"))
    done = subprocess.run([BUILD / "cli/watchroom", "-c", site, "--store", store, "report", name, "--day", day, "--lang", lang, "--format", "csv"],
                          env=env, check=True, timeout=120, stdout=subprocess.PIPE)
    text = done.stdout.decode("utf-8").replace("\r\n", "\n")
    return re.sub("^(生成时间|Produced),[^,]*,", r"\1,WHEN,", text, flags=re.M)


def folder():
    shm = pathlib.Path("/dev/shm")
    return tempfile.TemporaryDirectory(dir=shm if os.access(shm, os.W_OK) and shutil.disk_usage(shm).free > 200 << 20 else None)


@pytest.fixture(name="played", scope="module")
def fixture_played():
    with folder() as path:
        yield play(pathlib.Path(path))


@pytest.mark.parametrize("name,day,lang", SHEETS, ids=lambda x: x)
def test_i13_a_sheet_of_the_month_is_as_it_was_looked_at(played, name, day, lang):
    assert sheet(played, name, day, lang) == (EXPECTED / f"{name}-{day}.{lang}.csv").read_text(encoding="utf-8")


if __name__ == "__main__":
    with folder() as where:
        month_played = play(pathlib.Path(where))
        EXPECTED.mkdir(exist_ok=True)
        for of in SHEETS:
            (EXPECTED / "{}-{}.{}.csv".format(*of)).write_text(sheet(month_played, *of), encoding="utf-8")
            print(*of, file=sys.stderr)
