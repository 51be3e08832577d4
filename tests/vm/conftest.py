# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(__file__)
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]

import machine  # noqa: E402


def pytest_collection_finish(session):
    """Boots what the chosen tests look at, and nothing else."""
    wanted = {m.args[0] for i in session.items for m in i.iter_markers("job")}
    if wanted and not session.config.option.collectonly:
        machine.start([n for n in machine.JOBS if n in wanted])


def pytest_configure(config):
    config.addinivalue_line("markers", "job(name): the boot this test looks at")
