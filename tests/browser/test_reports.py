# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The reports on the page: each is listed, opens as PDF and is saved in other formats, of the day that was chosen.
import datetime
import types
import urllib.request
import zoneinfo

import pytest

from field import Modbus, panel
from rig import PIN, Daemon, site, until

NAMES = ["日统计表", "周统计表", "月统计表", "年统计表", "压力", "操作日志", "调试验证"]


@pytest.fixture(name="reports")
def fixture_reports(tmp_path):
    peer = Modbus()
    buses, devices = panel(peer.port)
    with Daemon(tmp_path, site(buses, devices)) as daemon:
        daemon.start()
        daemon.add_user(user="chen", role="manager")
        yield types.SimpleNamespace(url=f"http://127.0.0.1:{daemon.port}/")
        assert daemon.stop() == 0
    peer.stop()


@pytest.mark.parametrize("size", [(1920, 1080), (390, 844)])
def test_reports_are_listed_opened_and_saved(reports, open_page, size):
    width, height = size
    page = open_page(reports, width=width, height=height)
    page.click("#reports-open")
    page.see(lambda: len(page.texts("#reports li")) == len(NAMES), 5, "the list")
    assert all(name in row for name, row in zip(NAMES, page.texts("#reports li")))
    page.js("document.getElementById('reports-day').value = '2026-01-05';"
            "document.getElementById('reports-day').dispatchEvent(new Event('change'))")
    link = page.js("return document.querySelector('#reports li:nth-child(3) a').href")
    assert "alarms-monthly?day=2026-01-05&format=pdf&lang=zh" in link
    with urllib.request.urlopen(link, timeout=30) as answer:
        assert answer.headers["Content-Disposition"] == 'inline; filename="alarms-monthly-2026-01-05.pdf"'
        assert answer.read(5) == b"%PDF-"
    page.click("#reports li:nth-child(1) button[data-format=csv]")
    page.see(lambda: "alarms-daily-2026-01-05.csv" in page.text("#reports-said"), 20, "saved")
    page.screenshot(f"reports-{width}")
    assert page.cut_texts() == [] and page.low_contrast()["bad"] == []
    page.click("#reports-close")
    page.click("#language")
    page.click("#reports-open")
    page.see(lambda: "Monthly alarm statistics" in page.text("#reports"), 5)
    page.screenshot(f"reports-{width}-en")
    assert page.cut_texts() == []


@pytest.mark.parametrize("size", [(1920, 1080), (390, 844)])
def test_the_action_log_opens_for_a_manager_alone(reports, open_page, size):
    width, height = size
    row = "#reports li:nth-child(6)"
    page = open_page(reports, width=width, height=height)
    page.click("#reports-open")
    page.see(lambda: "仅限经理" in page.text(row), 5, "whose it is")
    assert page.js(f"return document.querySelectorAll('{row} a, {row} button').length") == 0
    page.screenshot(f"reports-not-yours-{width}")
    page.click("#reports-close")
    page.click("#operator")
    page.log_in("chen", PIN)
    page.click("#reports-open")
    page.see(lambda: "PDF" in page.text(row), 5, "it is the manager's")
    page.click(f"{row} button[data-format=xlsx]")
    page.see(lambda: "actions-daily-" in page.text("#reports-said"), 20, "saved")
    page.screenshot(f"reports-manager-{width}")
    assert page.cut_texts() == [] and page.low_contrast()["bad"] == []


@pytest.mark.parametrize("size", [(1920, 1080), (390, 844)])
def test_reports_that_make_themselves_say_how_they_stand(tmp_path, open_page, size):
    """One that has not been yet, and one whose folder is not there."""
    width, height = size
    peer = Modbus()
    now = datetime.datetime.now(zoneinfo.ZoneInfo("Asia/Shanghai"))
    at = now + datetime.timedelta(seconds=65)
    plan = {"report": "alarms-daily", "at": at.strftime("%H:%M"), "formats": ["csv", "pdf"], "folder": "nowhere"}
    plans = [dict(plan, id="soon"), dict(plan, id="month", report="alarms-monthly", post="http://127.0.0.1:1/x")]
    midnight = {"id": "test", "name": {"zh": "测试", "en": "Test"}, "time_zone": "Asia/Shanghai", "statistics_day": "00:00"}
    with Daemon(tmp_path, site(*panel(peer.port), site=midnight, reports=plans)) as daemon:
        daemon.start()
        page = open_page(types.SimpleNamespace(url=f"http://127.0.0.1:{daemon.port}/"), width=width, height=height)
        page.click("#reports-open")
        page.see(lambda: len(page.texts("#plans li")) == 2, 5, "the plans")
        assert "尚未送达过" in page.text("#plans") and "CSV, PDF → " in page.text("#plans")
        assert f"下次 {at:%Y-%m-%d %H:%M}" in page.texts("#plans li")[0] and "网络地址" in page.texts("#plans li")[1]
        page.click("#reports-close")
        until(lambda: daemon.api().json("GET", "/api/v1/reports")["plans"][0]["failing"], 120, "its folder is not there")
        page.click("#reports-open")
        page.see(lambda: "未送达：" in page.texts("#plans li")[0] and "nowhere" in page.texts("#plans li")[0], 5)
        page.screenshot(f"plans-{width}")
        assert page.cut_texts() == [] and page.low_contrast()["bad"] == []
        page.click("#reports-close")
        page.click("#language")
        page.click("#reports-open")
        page.see(lambda: "has not arrived" in page.text("#plans"), 5)
        assert page.cut_texts() == []
        page.screenshot(f"plans-{width}-en")
        page.expected += ["ERR_", "/api/v1/"]  # the daemon ends before the page does
        assert daemon.stop() == 0
    peer.stop()
