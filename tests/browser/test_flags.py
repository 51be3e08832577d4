# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Isolating, shelving, testing and judging on the page, on the real daemon with pymodbus
# for a fire panel: what the dialogs ask, what the ledger shows, what the banner says.
import pytest
from selenium.webdriver.common.keys import Keys

from desks import RealDesk
from rig import until

LEADER, LEADER_PIN = "li", "246810"
DISABLED = 0x1200


@pytest.fixture(name="panel")
def fixture_panel(tmp_path):
    with RealDesk(tmp_path) as desk:
        desk.daemon.add_user(LEADER, LEADER_PIN, role="leader")
        yield desk


def entries(panel, name):
    return panel.daemon.api().json("GET", f"/api/v1/{name}")[name]


def alarm(panel, point):
    """A list that is asked for may be a moment older than what the stream has told."""
    return until(lambda: panel.alarm(point), 5, lambda: f"no alarm of {point}")


def unfold(page, width):
    """On a phone the selected alarm is folded to its head."""
    if width < 700:
        page.js("document.getElementById('detail').classList.add('open')")


def press(page, selector):
    page.js("document.querySelector(arguments[0]).scrollIntoView({block: 'center'})", selector)
    page.click(selector)


@pytest.mark.parametrize("size", [(1920, 1080), (390, 844)])
def test_a_point_is_isolated_and_restored_by_name(panel, open_page, size):
    width, height = size
    panel.fault(3)
    page = open_page(panel, width=width, height=height)
    page.see(lambda: "d3" in page.rows("owed"), 10)
    unfold(page, width)
    press(page, "#detail .isolate")
    page.see(lambda: page.shown("#flag-dialog"), 3)
    page.screenshot(f"flags-{width}-isolate")
    assert page.cut_texts() == []
    assert page.low_contrast()["bad"] == []
    page.click("#flag-submit")  # without reason and measure nothing is sent
    assert entries(panel, "isolations") == []
    page.click("#flag-reason")
    page.type("焊接作业" + Keys.TAB + "每 30 分钟巡视一次")
    page.click("#flag-submit")
    page.log_in(LEADER, LEADER_PIN)
    until(lambda: entries(panel, "isolations"), 8)
    entry = entries(panel, "isolations")[0]
    assert (entry["point"], entry["by"], entry["measure"]) == ("d3", LEADER, "每 30 分钟巡视一次")
    page.see(lambda: any("焊接作业" in text for text in page.texts("#flags li")), 8)
    panel.peer.holding(4, DISABLED)
    page.see(lambda: any("控制器屏蔽" in text for text in page.texts("#flags li")), 15)
    page.see(lambda: "10 只探测器中 2 只" in page.text("#coverage"), 5)
    page.js("document.getElementById('flags-section').scrollIntoView()")
    page.screenshot(f"flags-{width}-ledger")
    assert page.cut_texts() == []
    assert page.low_contrast()["bad"] == []
    page.language("en")
    page.see(lambda: any("stands in" in text for text in page.texts("#flags li")), 3)
    page.screenshot(f"flags-{width}-ledger-en")
    assert page.cut_texts() == []
    page.language("zh")
    press(page, "#flags li[data-kind='here'] button")
    page.see(lambda: len(page.texts("#flags li")) == 1, 8, "it is restored")
    assert [e["source"] for e in entries(panel, "isolations")] == ["panel"]


def test_an_operator_may_not_isolate_and_reads_why(panel, open_page):
    panel.fault(3)
    page = open_page(panel)
    page.see(lambda: "d3" in page.rows("owed"), 10)
    page.expected.append("403")
    page.click("#detail .isolate")
    page.see(lambda: page.shown("#flag-dialog"), 3)
    page.click("#flag-reason")
    page.type("x" + Keys.TAB + "y")
    page.click("#flag-submit")
    page.log_in(panel.user, panel.pin)
    page.see(lambda: "权限" in page.text("#flag-error"), 5)
    page.click("#flag-cancel")
    assert entries(panel, "isolations") == []


def test_i14_a_fire_has_no_button_to_shelve_and_a_fault_has(panel, open_page):
    panel.fire(1)
    page = open_page(panel)
    page.see(lambda: page.rows("owed") == ["d1"], 10)
    assert not page.shown("#detail .shelve")
    panel.clear(1)
    panel.fault(2)
    page.see(lambda: "d2" in page.rows("owed"), 10)
    page.js("document.querySelector('#owed .row[data-point=d2]').click()")
    page.see(lambda: page.shown("#detail .shelve"), 5)
    page.click("#detail .shelve")
    page.click("#flag-reason")
    page.type("回路检修" + Keys.ENTER)
    page.log_in(panel.user, panel.pin)
    page.see(lambda: "d2" in page.rows("held"), 8, "it is hidden")
    assert alarm(panel, "d2")["flags"] == ["shelved"]


@pytest.mark.parametrize("size", [(1920, 1080), (390, 844)])
def test_a_zone_in_test_is_on_a_banner_until_it_ends(panel, open_page, size):
    width, height = size
    page = open_page(panel, width=width, height=height)
    page.see(lambda: page.shown("#test-open"), 8)
    press(page, "#test-open")
    page.see(lambda: page.shown("#flag-dialog"), 3)
    page.click("#flag-reason")
    page.type("季度检测")
    page.screenshot(f"flags-{width}-test")
    page.click("#flag-submit")
    page.log_in(LEADER, LEADER_PIN)
    page.see(lambda: page.shown("#test-mode"), 8)
    assert "一区" in page.text("#test-mode")
    panel.fire(1)
    page.see(lambda: "d1" in page.rows("owed"), 8, "a test is attended, too")
    assert alarm(panel, "d1")["test"]
    page.see(lambda: page.data("body", "sound") == "test", 5, "its own sound")
    page.screenshot(f"flags-{width}-testing")
    assert page.cut_texts() == []
    press(page, "#flags li[data-kind='test'] button")
    page.see(lambda: not page.shown("#test-mode"), 8)
    page.see(lambda: page.data("body", "sound") == "fire", 5, "it is real now")


@pytest.mark.parametrize("size", [(1920, 1080), (390, 844)])
def test_a_verdict_is_given_revised_and_shown(panel, open_page, size):
    width, height = size
    panel.fire(1)
    page = open_page(panel, width=width, height=height)
    page.see(lambda: page.rows("owed") == ["d1"], 10)
    until(lambda: alarm(panel, "d1")["seq"], 5)
    unfold(page, width)
    press(page, "#detail .verdict")
    page.see(lambda: page.shown("#verdict-dialog"), 3)
    assert not page.shown("#verdict-cause")
    page.click("#verdict-choice input[value='false']")
    page.see(lambda: page.shown("#verdict-cause"), 3)
    page.screenshot(f"flags-{width}-verdict")
    assert page.cut_texts() == []
    assert page.low_contrast()["bad"] == []
    page.click("#verdict-submit")
    page.log_in(panel.user, panel.pin)
    until(lambda: alarm(panel, "d1")["verdict"] == "false", 8)
    page.see(lambda: not page.shown("#verdict-dialog"), 5)
    unfold(page, width)
    press(page, "#detail .verdict")
    page.see(lambda: "误报" in page.text("#verdict-history"), 5)
    page.click("#verdict-choice input[value='real']")
    page.click("#verdict-submit")
    until(lambda: alarm(panel, "d1")["verdict"] == "real", 8)


def test_a_missed_alarm_is_entered(panel, open_page):
    page = open_page(panel)
    page.see(lambda: page.shown("#missed-open"), 8)
    page.click("#missed-open")
    page.see(lambda: page.shown("#missed-dialog"), 3)
    page.screenshot("flags-1920-missed")
    page.click("#missed-submit")
    assert entries(panel, "missed") == []
    page.click("#missed-place")
    page.type("锅炉房")
    page.click("#missed-found")
    page.type("电缆烧焦，未报警")
    page.click("#missed-submit")
    page.log_in(panel.user, panel.pin)
    until(lambda: entries(panel, "missed"), 8)
    entry = entries(panel, "missed")[0]
    assert (entry["place"]["zh"], entry["found"]) == ("锅炉房", "电缆烧焦，未报警")
