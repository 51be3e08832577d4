# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# "Why?" on the page, on the real daemon with pymodbus for a fire panel and an RTU server for
# a gauge: what the trace of an alarm and of a point says, by keyboard alone, at a desk and on
# a phone, in both languages.
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from desks import Desk, Proxy
from field import FIRE, Modbus, Serial, gauges, panel
from rig import PIN, USER, Daemon, place, site, until

SIZES = [(1920, 1080), (390, 844)]


class WhyDesk(Desk):
    def __init__(self, directory):
        self.panel, self.serial = Modbus(), Serial(directory)
        buses, devices = panel(self.panel.port)
        more_buses, more_devices = gauges(self.serial.tty, units=(3,),
                                          limits={"low": {"value": "0.60MPa", "hysteresis": "0.01MPa"}})
        doors = {"id": "io", "bus": "lan2", "unit": 1, "profile": "iologik-e1200", "poll": "200ms", "timeout": "1500ms",
                 "points": [{"id": "roof", "item": "di", "device": 0, "kind": "door", "zone": "z1", "place": place("屋面门")}]}
        self.module = Modbus()
        text = site(buses + more_buses + [{"id": "lan2", "modbus_tcp": f"127.0.0.1:{self.module.port}"}],
                    devices + more_devices + [doors], doors=[{"point": "roof", "held": "60s"}])
        self.daemon = Daemon(directory / "desk", text)
        self.daemon.start()
        self.daemon.add_user()
        self.proxy = Proxy(self.daemon.port)

    @property
    def process(self):
        return self.daemon.process

    def __exit__(self, *_):
        super().__exit__()
        self.serial.stop()
        self.panel.stop()
        self.module.stop()


@pytest.fixture(name="why")
def fixture_why(tmp_path):
    with WhyDesk(tmp_path) as desk:
        yield desk


def good(page):
    assert page.cut_texts() == []
    assert page.low_contrast()["bad"] == []


def focus(page):
    return page.js("return document.activeElement.id || document.activeElement.className")


def sentences(page):
    return page.texts("#why-steps li")


@pytest.mark.parametrize("size", SIZES)
def test_why_a_fire_sounds_and_why_it_is_quiet(why, open_page, size):
    width, height = size
    page = open_page(why, width=width, height=height)
    why.panel.holding(2, FIRE)
    page.see(lambda: page.rows("owed") == ["d3"], 10)
    until(lambda: (a := why.daemon.api().alarm("d3")) and a["seq"], 10)
    page.key("w")
    page.see(lambda: page.texts("#why-answers li"), 5)
    assert page.text("#why-place") == "探测器3 · d3"
    assert "无人确认" in page.text("#why-answers")
    steps = sentences(page)
    assert any("发声" in s for s in steps) and any("报警：火警" in s for s in steps)
    seqs = page.js("return [...document.querySelectorAll('#why-steps .seq')].map((e) => e.textContent).filter(Boolean)")
    assert seqs and all(s.startswith("#") for s in seqs)
    good(page)
    page.screenshot(f"why-{width}-fire")
    page.key(Keys.ESCAPE)
    assert not page.shown("#why-dialog")
    assert page.rows("owed") == ["d3"], "the key of the dialog answered nothing"
    if width < 700:  # a phone acknowledges no fire
        api = why.daemon.api()
        api.login()
        api.acknowledge(api.alarm("d3")["occurrence"])
    else:
        page.passes(1)
        page.hold(Keys.ENTER, 1.3)
        page.log_in(USER, PIN)
    page.see(lambda: page.rows("held") == ["d3"], 10)
    page.language("en")
    page.key("w")
    page.see(lambda: page.texts("#why-answers li"), 5)
    assert "acknowledged by" in page.text("#why-answers")
    page.screenshot(f"why-{width}-acknowledged-en")
    good(page)
    # By keyboard alone: the steps scroll, and the whole point is a button away.
    assert focus(page) == "why-close"
    ActionChains(page.driver).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()
    assert focus(page) == "why-point"
    page.key(Keys.ENTER)
    page.see(lambda: not page.shown("#why-point") and page.texts("#why-answers li"), 5)
    page.key(Keys.ESCAPE)
    page.language("zh")


@pytest.mark.parametrize("size", SIZES)
def test_why_a_gauge_is_as_it_is_while_it_is_lost_and_after(why, open_page, size):
    width, height = size
    page = open_page(why, width=width, height=height)
    page.see(lambda: page.shown(".tile[data-point=gauge3][data-quality=good]"), 15)
    tile = ".tile[data-point=gauge3] .why"
    page.js("document.querySelector(arguments[0]).focus()", tile)
    page.key(Keys.ENTER)
    page.see(lambda: page.texts("#why-answers li"), 5)
    assert page.text("#why-answers") == "当前没有报警"
    page.key(Keys.ESCAPE)
    why.serial.stop()
    page.see(lambda: page.shown(".tile[data-point=gauge3][data-quality=unknown]"), 15)
    page.js("document.querySelector(arguments[0]).scrollIntoView({block: 'center'}); "
            "document.querySelector(arguments[0]).focus()", tile)
    good(page)
    page.screenshot(f"why-{width}-tile")
    page.key(Keys.ENTER)
    page.see(lambda: "状态未知" in (page.text("#why-answers") or ""), 5)
    page.see(lambda: any("起未监视：通信中断" in s for s in sentences(page)), 5)
    page.screenshot(f"why-{width}-gauge")
    good(page)
    page.key(Keys.ESCAPE)


def test_why_a_door_from_its_dialog(why, open_page):
    page = open_page(why)
    page.see(lambda: page.shown("#doors-open"), 10)
    until(lambda: why.daemon.api().json("GET", "/api/v1/points/roof")["door"]["state"] == "closed", 10)
    why.module.discrete(0, 1)
    page.see(lambda: "roof" in page.rows("owed"), 10)
    page.key("d")
    page.see(lambda: page.shown("#doors"), 5)
    page.js("document.getElementById('door-why').focus()")
    page.key(Keys.ENTER)
    page.see(lambda: page.texts("#why-answers li"), 5)
    assert "屋面门" in page.text("#why-place")
    good(page)
    page.screenshot("why-1920-door")
    page.key(Keys.ESCAPE)
    assert page.shown("#doors"), "the dialog below stays"


def test_a_failed_question_says_so_and_a_late_answer_changes_nothing(why, open_page):
    page = open_page(why, expected=["Failed to load", "ERR_"])
    why.panel.holding(2, FIRE)
    page.see(lambda: page.rows("owed") == ["d3"], 10)
    why.freeze()
    page.key("w")
    page.see(lambda: "正在查询" in (page.text("#why-said") or ""), 2)
    page.see(lambda: page.text("#why-said") not in ("", "正在查询…"), 10, "it did not arrive")
    assert page.texts("#why-answers li") == []
    why.thaw()
    page.key(Keys.ESCAPE)
