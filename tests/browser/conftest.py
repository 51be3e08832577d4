# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Fixtures of the browser tests. `desk` is a console with a field behind it: once the
# stand-in of mock_server.py, once the real daemon with pymodbus for a fire panel, so
# each test of test_console.py proves the page against both. --mock-only leaves the real
# one out, for working on the pages without a build; ./check never uses it.
import os
import sys

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
sys.path.insert(0, os.path.dirname(__file__))

from desks import Elsewhere, MockDesk, RealDesk  # noqa: E402
from pages import Browser, Page  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--mock-only", action="store_true",
                     help="only against mock_server.py, not the real daemon")


def pytest_generate_tests(metafunc):
    if "desk" in metafunc.fixturenames:
        kinds = ["mock"] if metafunc.config.getoption("--mock-only") else ["mock", "real"]
        metafunc.parametrize("desk", kinds, indirect=True)


@pytest.fixture(name="desk")
def fixture_desk(request, tmp_path):
    kind = {"mock": MockDesk, "real": RealDesk}[request.param]
    with kind(tmp_path) as desk:
        yield desk


@pytest.fixture(name="mock")
def fixture_mock(request, tmp_path):
    scene = getattr(request, "param", "calm")
    with MockDesk(tmp_path, scene) as desk:
        yield desk


@pytest.fixture(name="elsewhere")
def fixture_elsewhere(tmp_path):
    with Elsewhere(tmp_path) as desk:
        yield desk


@pytest.fixture(name="kiosk", scope="session")
def fixture_kiosk(tmp_path_factory):
    """One browser for all tests, started as at a desk: sound is allowed at once."""
    browser = Browser(tmp_path_factory.mktemp("kiosk"))
    yield browser
    browser.quit()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call":
        item.call_failed = outcome.get_result().failed


@pytest.fixture(name="open_page")
def fixture_open_page(request, kiosk, tmp_path):
    """open_page(desk, width=..., ...) -> Page. What its console complained of fails the
    test. own=True is a browser of its own,
    not a kiosk, in which nobody has pressed a key yet. What a failed test's page showed
    is printed, with a picture beside it."""
    pages, browsers = [], []

    def open_page(desk, *, own=False, **words):
        browser = kiosk
        if own:
            browser = Browser(tmp_path / f"profile-{len(browsers)}", kiosk=False)
            browsers.append(browser)
            words["expected"] = ["AudioContext was not allowed to start"]
        page = Page(browser, desk.url, **words)
        pages.append(page)
        return page

    yield open_page
    try:
        if getattr(request.node, "call_failed", False):
            for page in pages:
                page.testify(request.node.name)
        complaints = [said for page in pages for said in page.close()]
    finally:
        for browser in browsers:
            browser.quit()
    assert not complaints, complaints
