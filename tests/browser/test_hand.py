# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# A gauge read at its dial, entered on the page at the desk and on a phone.
import types

import pytest

from field import Serial, gauges
from rig import PIN, USER, Daemon, site, until


@pytest.fixture(name="dial")
def fixture_dial(tmp_path):
    line = Serial(str(tmp_path), units=(3,))
    line.pressure(3, 700)
    buses, devices = gauges(line.tty, units=(3,))
    devices[0]["points"][0]["hand_tolerance"] = "0.02MPa"
    with Daemon(tmp_path / "d", site(buses, devices)) as daemon:
        api = daemon.start().api()
        daemon.add_user()
        until(lambda: api.json("GET", "/api/v1/points/gauge3")["value"] == 700, 20)
        yield types.SimpleNamespace(url=f"http://127.0.0.1:{daemon.port}/", api=api)
        assert daemon.stop() == 0
    line.stop()


def enter(page, value):
    page.click("#hand-open")
    page.see(lambda: page.shown("#hand-dialog"), 5)
    page.js(f"document.getElementById('hand-value').value = '{value}'")


@pytest.mark.parametrize("size", [(1920, 1080), (390, 844)])
def test_a_reading_is_entered_and_compared(dial, open_page, size):
    width, height = size
    page = open_page(dial, width=width, height=height)
    page.see(lambda: page.shown("#hand-open"), 5)
    enter(page, "0.690")
    page.screenshot(f"hand-{width}")
    assert page.cut_texts() == [] and page.low_contrast()["bad"] == []
    page.click("#hand-submit")
    page.log_in(USER, PIN)
    page.see(lambda: "相符" in page.text("#said"), 10, "the two agree")
    assert "0.010" in page.text("#said")
    enter(page, "0,6")
    page.click("#hand-submit")
    page.see(lambda: "0.652" in page.text("#hand-error"), 5, "that is no number")
    page.js("document.getElementById('hand-value').value = '0.6'")
    page.click("#hand-submit")
    page.see(lambda: "超出允差" in page.text("#said"), 10, "they differ")
    page.see(lambda: "人工读表与传感器不符" in page.text("#owed"), 10, "it is a fault")
    page.screenshot(f"hand-differs-{width}")
    assert page.cut_texts() == []
