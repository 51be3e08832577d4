# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The pumps on the page, on the real daemon with pymodbus for their contacts and their gauge.
import types

import pytest

from field import Modbus, Serial
from pump_room import MAIN_AUTO, MAIN_RUN, pump_room, pumps_of, run_once
from rig import Daemon, until

JOCKEY, MAIN = "#pumps [data-pump=jockey]", "#pumps [data-pump=main]"


@pytest.fixture(name="room")
def fixture_room(tmp_path):
    line, peer = Serial(str(tmp_path), units=(3,)), Modbus(value=0)
    peer.discrete(MAIN_AUTO, 1)
    line.pressure(3, 700)
    with Daemon(tmp_path / "d", pump_room(line.tty, peer.port)) as daemon:
        api = daemon.start().api()
        until(lambda: all(p["is"] == "idle" and p["kpa"] == 700 for p in pumps_of(api).values()), 20)
        yield types.SimpleNamespace(url=f"http://127.0.0.1:{daemon.port}/", api=api, line=line, peer=peer)
        assert daemon.stop() == 0
    peer.stop()
    line.stop()


@pytest.mark.parametrize("size", [(1920, 1080), (390, 844)])
def test_pumps_say_how_they_are_and_never_that_all_is_well(room, open_page, size):
    width, height = size
    page = open_page(room, width=width, height=height)
    page.see(lambda: page.shown("#pumps"), 5, "the pumps")
    page.see(lambda: "停止" in page.text(JOCKEY), 5)
    # Nobody has watched an hour yet, and no run was seen in this week or month.
    page.see(lambda: "水泵启动过于频繁：未知" in page.text(JOCKEY), 5)
    assert "本周未见自动启动" in page.text(MAIN) and "本月未见手动运行" in page.text(MAIN)
    assert "正常" not in page.text(JOCKEY) + page.text(MAIN)
    for start, stop in ((600, 710), (590, 705), (610, 715)):
        run_once(room.api, room.line, room.peer, start, stop)
    page.see(lambda: "今日见到启动 3 次" in page.text(JOCKEY), 10)
    page.see(lambda: "启动 0.610、停止 0.715" in page.text(JOCKEY), 5)
    page.see(lambda: page.js(f"return document.querySelector('{JOCKEY} [data-bad]')?.textContent")
             == "水泵启动过于频繁", 5, "short cycling by its name")
    room.peer.discrete(MAIN_RUN, 1)
    page.see(lambda: "运行" in page.text(f"{MAIN} .state"), 10)
    page.see(lambda: "本周" not in page.text(MAIN), 10, "the weekly start was seen")
    assert "本月未见手动运行" in page.text(MAIN)
    page.js("document.getElementById('pumps').scrollIntoView()")
    page.screenshot(f"pumps-{width}")
    assert page.cut_texts() == [] and page.low_contrast()["bad"] == []
    room.peer.stop()
    page.see(lambda: "状态未知" in page.text(JOCKEY) and "状态未知" in page.text(MAIN), 40, "nobody knows")
    page.see(lambda: page.js(f"return document.querySelector('{JOCKEY}').dataset.quality") == "unknown", 5)
    page.language("en")
    page.see(lambda: "not known" in page.text(JOCKEY), 5)
    page.js("document.getElementById('pumps').scrollIntoView()")
    page.screenshot(f"pumps-unknown-{width}")
    assert page.cut_texts() == []
