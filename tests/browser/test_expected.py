# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Expected effects on the page, on the real daemon with pymodbus for the panel and the
# input module: what is awaited, what did not come, and which alarm asked for it.
import pytest

from effects import NOT_STARTED, RUN, effects_site
from field import FIRE, Modbus
from rig import Daemon, until


class Desk:
    def __init__(self, daemon, panel, io):
        self.daemon, self.panel, self.io = daemon, panel, io
        self.url = f"http://127.0.0.1:{daemon.port}/"


@pytest.fixture(name="desk")
def fixture_desk(tmp_path):
    panel, io = Modbus(), Modbus()
    with Daemon(tmp_path, effects_site(panel.port, io.port, within="15s")) as daemon:
        daemon.start()
        daemon.add_user()
        until(lambda: daemon.api().state()["health"]["points_unknown"] == 0, 15)
        yield Desk(daemon, panel, io)
        assert daemon.stop() == 0
    panel.stop()
    io.stop()


def read(page, name):
    page.see(lambda: "未按时出现：确知未动作" in page.text("#rounds"), 5)
    page.see(lambda: "应有的联动未出现" in page.text("#owed"), 5)
    assert page.cut_texts() == []
    assert page.low_contrast()["bad"] == []
    page.screenshot(f"effects-{name}-missed")
    page.click("#rounds button")
    page.see(lambda: page.shown("#rounds-dialog"), 5)
    rows = page.texts("#rounds-dialog tr")
    assert any("消火栓泵" in row and "15 秒内" in row and "探测器1 火警" in row
               for row in rows), rows
    assert any("空调机组" in row and "起因前已在" in row for row in rows), rows
    page.screenshot(f"effects-{name}-dialog")
    assert page.cut_texts() == []
    page.click("#rounds-close")


def test_what_is_awaited_and_what_did_not_come(desk, open_page):
    page = open_page(desk)
    page.see(lambda: "规则 2 条，无等待" in page.text("#rounds"), 10)
    desk.panel.holding(0, FIRE)
    page.see(lambda: "消火栓泵" in page.text("#rounds")
             and "等待中，应在" in page.text("#rounds"), 10, "it is awaited")
    page.screenshot("effects-1920-waits")
    read(page, "1920")
    page.click("#owed .row[data-point='run']")
    page.see(lambda: NOT_STARTED["zh"] in page.text("#detail"), 5, "what to do")
    detail = page.text("#detail")
    assert "探测器1 火警" in detail and "15 秒内未出现：确知未动作" in detail, detail
    page.screenshot("effects-1920-detail")
    assert page.cut_texts() == []
    read(open_page(desk, width=390, height=844), "390")
    page = open_page(desk)
    desk.io.discrete(RUN, 1)
    page.see(lambda: "等待或未出现" not in page.text("#rounds"), 10, "it came")
    page.click("#rounds button")
    page.see(lambda: any("迟到" in row for row in page.texts("#rounds-dialog tr")), 5)
