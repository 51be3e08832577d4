# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The page on the demonstration's site: real daemon, simulated building with a panel, an
# input modules, a serial line of gauges and 32 more behind one gateway. One pass of its
# scenario as an operator lives it: a fault, gauges that die, a fire seen by two detectors,
# the reset at the panel, the gateway lost and back.
import re
import signal
import subprocess

import pytest
from selenium.webdriver.common.keys import Keys

from rig import BUILD, PIN, PYTHON, ROOT, USER, Daemon, until
from webhook_sink import WebhookSink

RISER = "#devices .device[data-bus=riser-lan]"
LATE_S = 40  # within one pass of the scenario (55 s), from wherever we are in it


@pytest.fixture(name="building")
def fixture_building(tmp_path):
    """The simulated building; its directory holds building.json and the tty."""
    process = subprocess.Popen(
        [str(BUILD / "tests/building/simulated-building"), "--dir", str(tmp_path)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    until((tmp_path / "building.json").exists, 10, "building.json")
    yield tmp_path
    process.send_signal(signal.SIGTERM)
    process.wait(10)


class Site:
    def __init__(self, daemon):
        self.daemon = daemon
        self.url = f"http://127.0.0.1:{daemon.port}/"


@pytest.fixture(name="demo")
def fixture_demo(building):
    with WebhookSink() as sink:
        subprocess.run(
            [PYTHON, str(ROOT / "tests/lib/demo_site.py"), str(ROOT / "conf/demo"),
             str(building), "--console-port", "0", "--sink-port", str(sink.port)],
            check=True, timeout=30)
        text = (building / "site.yaml").read_text(encoding="utf-8")
        with Daemon(building, text) as daemon:
            daemon.start()
            daemon.add_user()
            yield Site(daemon)
            assert daemon.stop() == 0
            daemon.verify()


def test_one_pass_of_the_scenario(demo, open_page):
    page = open_page(demo)
    gauges = ".tile[data-quality=good] .number"
    page.see(lambda: len(page.texts(gauges)) >= 4, 15, "the gauges have good values")
    assert all(re.fullmatch(r"[01]\.\d{3}", text) for text in page.texts(gauges))
    page.see(lambda: "39/39" in page.text("#devices-summary"), LATE_S, "all devices")
    # 32 units behind a gateway are one line, and their gauges are counted.
    page.see(lambda: "riser-lan 线路 32/32" in page.text(RISER), 5)
    assert len(page.texts("#devices .device")) == 8
    page.see(lambda: page.text("#readings-more") == "其余 32 处正常", 15)

    page.see(lambda: "smoke-b1-garage-west" in page.rows("owed"), LATE_S, "the fault")
    page.key("u")
    page.log_in(USER, PIN)
    page.see(lambda: page.text("#operator .word") == "王", 5)

    page.see(lambda: page.rows("owed")[:2] ==
             ["smoke-3f-office-301", "smoke-3f-corridor"], LATE_S, "both fires, on top")
    assert "三层301办公室" in page.text("#fire-first .where")
    assert "三层走廊" in page.text("#fire-newest .where")
    assert page.data("body", "sound") == "fire"
    assert "①首警" in page.texts("#owed [data-point=smoke-3f-office-301] .mark")
    page.screenshot("building-fire")
    page.see(lambda: page.shown("#devices .device[data-device=hydrant-f2-5][data-lost]"),
             LATE_S, "a dead unit is named")
    assert "二层5号消火栓" in page.text("#devices .device[data-device=hydrant-f2-5]")
    assert re.search(r"riser-lan 线路 (28|29|30|31)/32", page.text(RISER))
    page.see(lambda: "强行开门" in page.text("#owed [data-point=door-archive]"), LATE_S)
    assert "一层档案室门" in page.text("#owed [data-point=door-archive] .place")

    page.key("f")
    page.hold(Keys.ENTER, 1.2)
    page.see(lambda: "smoke-3f-office-301" in page.rows("held"), 5, "acknowledged")
    page.key("f")
    page.see(lambda: page.selected() == "smoke-3f-corridor", 3)
    page.hold(Keys.ENTER, 1.2)
    page.see(lambda: "smoke-3f-corridor" in page.rows("held"), 5, "acknowledged")
    page.see(lambda: "flow-3f-sprinkler" in page.rows("owed"), LATE_S)

    page.see(lambda: not page.shown("#fires"), LATE_S, "reset at the panel, both answered")
    assert "控制器复位" in page.text("#owed [data-point=flow-3f-sprinkler] .state") or \
        "条件消失" in page.text("#owed [data-point=flow-3f-sprinkler] .state")

    page.see(lambda: "panic-reception" in page.rows("owed"), LATE_S, "the panic button")
    assert "一层前台紧急按钮" in page.text("#owed [data-point=panic-reception] .place")
    assert "紧急按钮" in page.text("#owed [data-point=panic-reception] .what")
    page.see(lambda: page.shown("#devices .device[data-device=fap1][data-lost]"), LATE_S,
             "the gateway is lost")
    page.see(lambda: "@bus/panel-lan" in page.rows("owed"), 5)
    page.screenshot("building-gateway-lost")
    page.see(lambda: not page.shown("#devices .device[data-device=fap1][data-lost]"), LATE_S, "and back")
    assert not page.shown("#link-lost"), "the page's own link was never in doubt"
    assert page.cut_texts() == []
