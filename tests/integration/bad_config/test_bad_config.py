# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# I12 through the daemon itself: each folder NN-name beside this file is a bad site, and
# `watchroomd --check` refuses it with status 2 and exactly the text of its "expected".
import os
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
BUILD = pathlib.Path(os.environ.get("WATCHROOM_BUILD", ROOT / "build"))
CASES = sorted(p for p in HERE.iterdir() if p.is_dir() and p.name[0].isdigit())


def check(folder, data):
    """Runs --check in the folder; profiles come from data/panels."""
    env = dict(os.environ, WATCHROOM_DATA=str(data))
    env.pop("WATCHROOM_PANELS", None)
    return subprocess.run(
        [BUILD / "daemon" / "watchroomd", "--check", "-c", "site.yaml"], cwd=folder,
        env=env, capture_output=True, text=True, timeout=60, check=False)


def test_there_are_cases():
    assert len(CASES) >= 68


@pytest.mark.parametrize("folder", CASES, ids=lambda p: p.name)
def test_i12_bad_site_is_refused_with_every_problem(folder):
    own = (folder / "panels").is_dir()
    result = check(folder, folder if own else ROOT)
    assert result.returncode == 2
    seen = result.stderr.replace(f"{folder}/", "")
    assert seen == (folder / "expected").read_text(encoding="utf-8")
    assert result.stdout == ""


@pytest.mark.parametrize("name", ["example", "demo"])
def test_the_sites_of_the_tree_load_as_they_are(name):
    result = check(ROOT / "conf" / name, ROOT)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert "load " in result.stdout and "contact to event at most" in result.stdout
