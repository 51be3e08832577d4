# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Doors, fire doors, patrols and the dead-man watch on the page, on the real daemon with
# pymodbus for the input module: what a tired operator reads, and what the keys do.
import datetime
import time
import zoneinfo

import pytest
from selenium.webdriver.common.keys import Keys

from field import Modbus
from rig import PIN, USER, Daemon, site, until

ASKED_FOR_DOORS = ("return performance.getEntriesByType('resource')"
                   ".filter((e) => e.name.includes('/api/v1/doors')).length")
DOORS = {"archive": ("一层档案室门", "Archive door"), "lobby": ("一层大堂门", "Lobby door"),
         "roof": ("屋面出口门", "Roof exit door")}


class Desk:
    """The daemon with three guarded doors, a panic button and a valve."""

    def __init__(self, daemon, peer):
        self.daemon, self.peer = daemon, peer
        self.url = f"http://127.0.0.1:{daemon.port}/"

    def contact(self, n, on):
        self.peer.discrete(n, int(on))

    def door(self, name):
        return self.daemon.api().json("GET", f"/api/v1/points/{name}")["door"]


def text_of(names):
    return {"zh": names[0], "en": names[1]}


@pytest.fixture(name="guarded")
def fixture_guarded(request, tmp_path):
    peer = Modbus()
    points = [{"id": name, "item": "di", "device": n, "kind": "door", "zone": "z1",
               "place": text_of(names)} for n, (name, names) in enumerate(DOORS.items())]
    points.append({"id": "panic", "item": "di", "device": 5, "kind": "panic",
                   "zone": "z1", "place": text_of(("一层前台紧急按钮", "Reception panic button"))})
    points.append({"id": "valve", "item": "di", "device": 6, "kind": "valve",
                   "zone": "z1", "place": text_of(("B1 湿式报警阀间信号阀", "Signal valve, B1"))})
    text = site([{"id": "lan", "modbus_tcp": f"127.0.0.1:{peer.port}"}],
                [{"id": "io", "bus": "lan", "unit": 1, "profile": "iologik-e1200",
                  "poll": "200ms", "timeout": "1500ms", "points": points}],
                doors=[{"point": name, "held": "4s", "held_warning": "1s"} for name in DOORS],
                **getattr(request, "param", {}))
    with Daemon(tmp_path, text) as daemon:
        daemon.start()
        daemon.add_user()
        desk = Desk(daemon, peer)
        until(lambda: desk.door("roof")["state"] == "closed", 10)
        yield desk
        assert daemon.stop() == 0
    peer.stop()


def forced_and_held(guarded, page):
    guarded.contact(0, True)
    page.see(lambda: len([r for r in page.rows("owed") if r == "archive"]) == 2, 15,
             "forced and held")


SHAKY = {"engine": {"chatter": {"count": 3, "within": "10s", "quiet": "1min"}}}


@pytest.mark.parametrize("guarded", [SHAKY], indirect=True)
@pytest.mark.parametrize("size", [(1920, 1080), (390, 844)])
def test_a_contact_that_chatters_is_one_line_that_says_so(guarded, open_page, size):
    width, height = size
    for on in (1, 0) * 8:
        guarded.contact(6, on)
        time.sleep(0.5)
    page = open_page(guarded, width=width, height=height)
    page.see(lambda: any("频繁抖动" in x for x in page.texts("#owed .row .marks")), 15)
    page.language("en")
    page.see(lambda: any("chatters since" in x for x in page.texts("#owed .row .marks")), 3)
    assert any("needs mending" in x for x in page.texts("#owed .row .what"))
    assert page.cut_texts() == []
    page.screenshot(f"chatter-{width}-en")
    page.language("zh")
    page.screenshot(f"chatter-{width}")
    assert page.cut_texts() == []


OFTEN = {"engine": {"chatter": "none", "repeat": {"count": 4, "within": "7d"}}}


@pytest.mark.parametrize("guarded", [OFTEN], indirect=True)
@pytest.mark.parametrize("size", [(1920, 1080), (390, 844)])
def test_a_repeat_offender_says_how_often_and_its_fault_what_to_do(guarded, open_page, size):
    width, height = size
    for on in (1, 0) * 5:
        guarded.contact(6, on)
        time.sleep(0.5)
    page = open_page(guarded, width=width, height=height)
    marks = lambda: page.texts("#owed .row .marks")
    page.see(lambda: any("频繁报警：自" in x and "5 次" in x for x in marks()), 15)
    assert any("频繁报警，请查明原因" in x for x in page.texts("#owed .row .what"))
    page.language("en")
    page.see(lambda: sum("repeat offender: 5 times since" in x for x in marks()) == 2, 3, "the alarm and its fault")
    assert any("repeat offender, find the cause" in x for x in page.texts("#owed .row .what"))
    assert page.cut_texts() == []
    page.screenshot(f"repeat-{width}-en")
    page.language("zh")
    page.screenshot(f"repeat-{width}")
    assert page.cut_texts() == []


@pytest.mark.parametrize("size", [(1920, 1080), (390, 844)])
def test_a_door_reads_clearly_and_is_bypassed_by_name(guarded, open_page, size):
    width, height = size
    page = open_page(guarded, width=width, height=height)
    forced_and_held(guarded, page)
    texts = page.texts("#owed .row .what")
    assert any("强行开门" in text for text in texts), texts
    assert any("门久开未关" in text for text in texts), texts
    guarded.contact(5, True)
    page.see(lambda: "panic" in page.rows("owed"), 8)
    page.screenshot(f"doors-{width}-alarms")
    assert page.cut_texts() == []
    page.language("en")
    page.see(lambda: any("door forced open" in x for x in page.texts("#owed .row .what")), 3)
    assert any("door held open" in x for x in page.texts("#owed .row .what"))
    page.screenshot(f"doors-{width}-alarms-en")
    page.language("zh")

    # On a phone the small buttons stand at the end of the page.
    page.js("scrollTo(0, document.body.scrollHeight)")
    page.click("#doors-open")
    page.see(lambda: page.shown("#doors"), 5)
    page.see(lambda: "强行打开" in page.text("#bypass-state"), 5)
    page.screenshot(f"doors-{width}-dialog")
    asked = page.js(ASKED_FOR_DOORS)
    guarded.contact(0, False)  # the stream tells it: the page does not ask
    page.see(lambda: "已关闭" in page.text("#bypass-state"), 5, "shut again")
    guarded.contact(0, True)
    page.see(lambda: "强行打开" in page.text("#bypass-state"), 8, "forced again")
    assert page.js(ASKED_FOR_DOORS) == asked
    assert page.cut_texts() == []
    assert page.low_contrast()["bad"] == []
    page.click("#bypass-begin")  # without a reason nothing is sent
    assert guarded.door("archive")["bypass"] is None
    page.click("#bypass-reason")
    page.type("锁具维修")
    page.click("#bypass-begin")
    page.see(lambda: page.shown("#login"), 5)
    page.log_in(USER, PIN)
    page.see(lambda: page.shown("#bypass-now"), 8, "it is bypassed")
    seen = guarded.door("archive")["bypass"]
    assert (seen["by"], seen["reason"]) == (USER, "锁具维修")
    assert USER in page.text("#bypass-until")
    assert page.text("#bypass-why") == "锁具维修"
    page.screenshot(f"doors-{width}-bypassed")
    page.click("#bypass-end")
    page.see(lambda: not page.shown("#bypass-now"), 8, "it is guarded again")
    assert guarded.door("archive")["bypass"] is None
    page.click("#doors-close")
    page.see(lambda: not page.shown("#doors"), 3)


ASKED = {"deadman": {"day": "5s", "night": "5s", "answer": "30s"}}


@pytest.mark.parametrize("size", [(1920, 1080), (390, 844)])
@pytest.mark.parametrize("guarded", [ASKED], indirect=True)
def test_the_question_takes_any_key_and_the_key_does_nothing_else(guarded, open_page, size):
    width, height = size
    page = open_page(guarded, width=width, height=height)
    forced_and_held(guarded, page)
    page.see(lambda: page.shown("#deadman"), 15, "asked")
    assert "任意键" in page.text("#deadman") and "秒" in page.text("#deadman")
    page.screenshot(f"deadman-{width}")
    assert page.cut_texts() == []
    page.key(Keys.SPACE)  # would acknowledge, or ask to log in
    page.see(lambda: not page.shown("#deadman"), 5, "answered")
    assert not page.shown("#login")
    answers = [e for e in guarded.daemon.api().events(point="@deadman")
               if e["kind"] == "deadman.answer"]
    assert answers and answers[0]["params"]["by"] == "console"


CLOSED, OPEN, RELEASE, FIRST, SECOND = range(5)
ROUND = {"stairs": (CLOSED, "fire-door", ("一层楼梯间防火门", "Stairs fire door")),
         "lobby": (OPEN, "fire-door", ("一层电梯厅防火门", "Lift lobby fire door")),
         "release": (RELEASE, "fire-door-release", ("电梯厅防火门释放", "Lift lobby release")),
         "garage": (FIRST, "patrol-point", ("地下车库巡更点", "Garage patrol point")),
         "top": (SECOND, "patrol-point", ("屋面巡更点", "Roof patrol point"))}


@pytest.fixture(name="rounds")
def fixture_rounds(tmp_path):
    """Two fire doors, and a route with a round that begins soon."""
    peer = Modbus()
    peer.discrete(CLOSED, 1)
    points = [{"id": name, "item": "di", "device": n, "kind": kind, "zone": "z1",
               "place": text_of(names)} for name, (n, kind, names) in ROUND.items()]
    fire_doors = [{"closed": "stairs", "normally": "closed", "open_after": "500ms",
                   "fault_after": "2s"},
                  {"closed": "lobby", "normally": "open", "release": "release",
                   "closed_after": "1s", "feedback_within": "2s"}]
    route = {"id": "night", "name": text_of(("夜间防火巡查", "Night fire patrol")),
             "starts": [next_minute()], "stops": [{"point": "garage", "to": "1min"},
                                          {"point": "top", "to": "1min"}]}
    text = site([{"id": "lan", "modbus_tcp": f"127.0.0.1:{peer.port}"}],
                [{"id": "io", "bus": "lan", "unit": 1, "profile": "iologik-e1200",
                  "poll": "200ms", "timeout": "1500ms", "points": points}],
                fire_doors=fire_doors, patrols=[route])
    with Daemon(tmp_path, text) as daemon:
        daemon.start()
        daemon.add_user()
        desk = Desk(daemon, peer)
        until(lambda: daemon.api().json("GET", "/api/v1/points/stairs")["fire_door"]["state"]
              == "closed", 10)
        yield desk
        assert daemon.stop() == 0
    peer.stop()


def next_minute():
    """The site's time of day at which the next minute but a few seconds begins."""
    now = datetime.datetime.now(zoneinfo.ZoneInfo("Asia/Shanghai"))
    return (now + datetime.timedelta(seconds=75)).strftime("%H:%M")


def test_fire_doors_and_patrols_are_seen_as_they_are(rounds, open_page):
    page = open_page(rounds)
    page.see(lambda: "就位 2/2" in page.text("#rounds"), 10)
    rounds.contact(CLOSED, False)
    page.see(lambda: "一层楼梯间防火门" in page.text("#rounds")
             and "常闭门久开未关" in page.text("#rounds"), 10, "left open, by name")
    assert "就位 1/2" in page.text("#rounds")
    page.see(lambda: "巡更中 0/2" in page.text("#rounds")
             and "下一点 地下车库巡更点" in page.text("#rounds"), 90, "a round began")
    rounds.contact(FIRST, True)
    page.see(lambda: "巡更中 1/2" in page.text("#rounds"), 5, "the first stop was visited")
    page.screenshot("rounds-1920-runs")
    page.see(lambda: "异常 1" in page.text("#rounds"), 75, "the second was missed")
    read_rounds(page, "1920")
    read_rounds(open_page(rounds, width=390, height=844), "390")


def read_rounds(page, name):
    page.see(lambda: "异常 1" in page.text("#rounds"), 5)
    assert page.cut_texts() == []
    page.click("#rounds button")
    page.see(lambda: page.shown("#rounds-dialog"), 5)
    rows = page.texts("#rounds-dialog tr")
    assert any("屋面巡更点" in row and "漏点" in row for row in rows), rows
    assert any("一层电梯厅防火门" in row and "常开" in row for row in rows), rows
    page.screenshot(f"rounds-{name}-dialog")
    assert page.cut_texts() == []
    assert page.low_contrast()["bad"] == []
    page.click("#rounds-close")
    page.language("en")
    page.see(lambda: "Night fire patrol" in page.text("#rounds"), 3)
    assert "left open" in page.text("#rounds")
    page.screenshot(f"rounds-{name}-en")
    assert page.cut_texts() == []
    page.language("zh")
