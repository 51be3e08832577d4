# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Doors and the dead-man watch on the page, on the real daemon with pymodbus for the input
# module: what a tired operator reads, and what the keys do.
import pytest
from selenium.webdriver.common.keys import Keys

from field import Modbus
from rig import PIN, USER, Daemon, site, until

ASKED_FOR_DOORS = ("return performance.getEntriesByType('resource')"
                   ".filter((e) => e.name.includes('/api/v1/doors')).length")
DOORS = {"archive": ("一层档案室门", "Archive door"), "lobby": ("一层大堂门", "Lobby door"),
         "roof": ("屋面出口门", "Roof exit door")}


class Desk:
    """The daemon with three guarded doors and a panic button."""

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
