# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The day close on the page, over the end of a real statistics day: at the desk a leader
# is asked for the verdict that is missing, gives it and signs; later, on a phone, the day
# has changed and is signed again.
import datetime
import time
import types
import urllib.request

import pytest

from field import FIRE, Modbus, panel
from rig import Daemon, site, until

SHANGHAI = datetime.timezone(datetime.timedelta(hours=8))


@pytest.fixture(name="ended")
def fixture_ended(tmp_path):
    """A day with three fires has ended; two of them nobody has judged."""
    peer = Modbus()
    buses, devices = panel(peer.port)
    boundary = (datetime.datetime.now(SHANGHAI) + datetime.timedelta(seconds=85)).replace(
        second=0, microsecond=0)
    text = site(buses, devices, site={
        "id": "test", "name": {"zh": "科技大厦", "en": "Tower A"}, "time_zone": "Asia/Shanghai",
        "statistics_day": f"{boundary:%H:%M}"})
    with Daemon(tmp_path, text) as daemon:
        daemon.start()
        daemon.add_user("lei", pin="135790", role="leader")
        daemon.add_user("wang", role="operator")
        for n in range(3):
            peer.holding(n, FIRE)
        api = daemon.api().login("wang")
        fires = [until(lambda p=f"d{n + 1}": (a := api.alarm(p)) and a["seq"] and a, 20)
                 for n in range(3)]
        api.json("POST", f"/api/v1/alarms/{fires[2]['occurrence']}/verify", {"verdict": "real"})
        time.sleep(max(0, boundary.timestamp() - time.time()) + 1.2)
        yield types.SimpleNamespace(
            url=f"http://127.0.0.1:{daemon.port}/", api=api, fires=fires,
            day=f"{boundary - datetime.timedelta(days=1):%Y-%m-%d}")
        assert daemon.stop() == 0
    peer.stop()


def line(ended):
    return f"#close-days li[data-day='{ended.day}']"


def state(page, ended):
    return "".join(page.texts(f"{line(ended)} .state"))


def choose(page, value):
    page.click(f"#verdict-choice input[value='{value}']")


def test_a_leader_is_asked_for_verdicts_and_signs(ended, open_page):
    page = open_page(ended)
    page.click("#reports-open")
    page.see(lambda: "2 条报警尚未核实" in state(page, ended), 10, "the day")
    assert page.text("#close-days li:first-child .state") == "进行中，日结后才能签字"
    page.screenshot("close-list-1920")
    assert page.cut_texts() == [] and page.low_contrast()["bad"] == []
    page.click(f"{line(ended)} button")
    page.see(lambda: len(page.texts("#close-alarms li")) == 2, 5, "what is missing")
    assert "探测器1" in page.texts("#close-alarms li")[0]
    page.screenshot("close-dialog-1920")
    assert page.cut_texts() == [] and page.low_contrast()["bad"] == []

    # Without a reason nothing is sent.
    page.click("#close-submit")
    assert page.js("return document.activeElement.id") == "close-reason"
    assert not page.shown("#login")

    # The verdict that is missing, a press away.
    page.click("#close-alarms li:first-child button")
    choose(page, "test")
    page.click("#verdict-submit")
    page.see(lambda: page.shown("#login"), 5, "who says so")
    page.log_in("lei", "135790")
    page.see(lambda: len(page.texts("#close-alarms li")) == 1, 10, "one is left")
    page.click("#close-reason")
    page.type("现场无人")
    page.click("#close-submit")
    page.see(lambda: "修订版 1" in state(page, ended), 20, "signed")
    assert not page.shown("#close-dialog")
    assert state(page, ended) == "已签字：修订版 1，王 (lei)"
    page.screenshot("close-signed-1920")
    link = page.js(f"return document.querySelector(\"{line(ended)} a\").href")
    assert f"alarms-daily?day={ended.day}&format=pdf&lang=zh&revision=1" in link
    with urllib.request.urlopen(link, timeout=30) as answer:
        assert answer.read(5) == b"%PDF-"

    # A late verdict: on a phone, in English, the day has changed and is signed again.
    ended.api.json("POST", f"/api/v1/alarms/{ended.fires[1]['occurrence']}/verify",
                   {"verdict": "false", "cause": "dust"})
    phone = open_page(ended, width=390, height=844)
    phone.language("en")
    phone.key("r")
    phone.see(lambda: "changed since revision 1" in state(phone, ended), 10)
    phone.js("document.getElementById('close').scrollIntoView()")
    phone.screenshot("close-list-390-en")
    assert phone.cut_texts() == [] and phone.low_contrast()["bad"] == []
    phone.click(f"{line(ended)} button")
    phone.see(lambda: len(phone.texts("#close-changed li")) == 1, 5, "what changed")
    assert "nobody has said → false alarm" in phone.text("#close-changed")
    assert not phone.shown("#close-reason")
    assert phone.text("#close-as") == "You sign as Wang (lei)"
    phone.screenshot("close-dialog-390-en")
    assert phone.cut_texts() == [] and phone.low_contrast()["bad"] == []

    phone.click("#close-submit")
    phone.see(lambda: "signed: revision 2" in state(phone, ended), 20, "signed again")
    phone.screenshot("close-signed-390-en")
    assert phone.cut_texts() == []
    links = phone.js(f"return [...document.querySelectorAll(\"{line(ended)} a\")].map((a) => a.href)")
    assert [link.split("=")[-1] for link in links] == ["2", "1"]
    for link in links:
        with urllib.request.urlopen(link, timeout=30) as answer:
            assert answer.read(5) == b"%PDF-"
