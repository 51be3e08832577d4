# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# States of the screen that a healthy daemon cannot be brought to on demand, against the
# stand-in; and how the screen looks: contrast, cut texts, both sizes, both languages, day
# and night, paper. Pictures go to build/screens/.
import time

import pytest
from selenium.webdriver.common.keys import Keys

from rig import until

SIZES = {"desk": (1920, 1080), "small-desk": (1366, 768), "phone": (390, 844),
         "phone-200-percent": (195, 422)}


def log_in(page, mock):
    page.key("u")
    page.log_in(mock.user, mock.pin)
    page.see(lambda: not page.shown("#login"), 5)


def pick(page, point):
    page.click(f"#owed [data-point={point}]")
    page.see(lambda: page.selected() == point, 2)


def burning(page):
    """Rows filled red: fires that are there now and that nobody has answered."""
    return page.js("return [...document.querySelectorAll('.row.burning')]"
                   ".map((e) => e.dataset.point)")


def font_px(page, selector):
    return page.js("return parseFloat(getComputedStyle(document.querySelector("
                   "arguments[0])).fontSize)", selector)


def marks(page, pane, point):
    return page.texts(f"#{pane} [data-point={point}] .mark")


# --- how it looks ---------------------------------------------------------------------

def looks(page):
    """The four looks of a page, one after another, with their names."""
    for theme in ("day", "night"):
        for lang in ("zh", "en"):
            page.language(lang)
            page.theme(theme)
            yield f"{theme}-{lang}"


@pytest.mark.parametrize("mock", ["busy"], indirect=True)
@pytest.mark.parametrize("size", SIZES)
def test_it_can_be_read(mock, open_page, size):
    width, height = SIZES[size]
    page = open_page(mock, width=width, height=height, reduced_motion=True)
    page.see(lambda: len(page.rows("owed")) == 8, 5)
    page.see(lambda: page.shown("#devices .device[data-lost]"), 5)
    for look in looks(page):
        page.screenshot(f"busy-{size}-{look}")
        contrast = page.low_contrast()
        assert contrast["seen"] > 60 and contrast["bad"] == [], look
        assert page.js("return document.documentElement.scrollWidth") <= width, look
        assert page.cut_texts() == [], look


@pytest.mark.parametrize("size", SIZES)
def test_the_calm_page_can_be_read(mock, open_page, size):
    width, height = SIZES[size]
    page = open_page(mock, width=width, height=height)
    page.see(lambda: page.data("#calm", "normal") == "yes", 5)
    for look in looks(page):
        assert "30" in page.text("#calm .headline")
        page.screenshot(f"calm-{size}-{look}")
        assert page.low_contrast()["bad"] == [], look
        assert page.cut_texts() == [], look


@pytest.mark.parametrize("mock", ["busy"], indirect=True)
def test_dialogs_can_be_read(mock, open_page):
    page = open_page(mock)
    for theme in ("day", "night"):
        page.theme(theme)
        for opener, dialog in (("u", "#login"), (Keys.F1, "#help-dialog")):
            page.key(opener)
            page.see(lambda d=dialog: page.shown(d), 3)
            page.screenshot(f"{dialog[1:]}-{theme}")
            assert page.low_contrast()["bad"] == []
            page.key(Keys.ESCAPE)
            page.see(lambda d=dialog: not page.shown(d), 3)


@pytest.mark.parametrize("mock", ["busy"], indirect=True)
def test_on_paper(mock, open_page):
    page = open_page(mock)
    page.see(lambda: len(page.rows("owed")) == 8, 5)
    assert page.print_pdf("busy-paper").startswith(b"%PDF")
    page.cdp("Emulation.setEmulatedMedia", media="print")
    head = page.text("#print-head")
    assert "科技大厦" in head and time.strftime("%Y-") in head and "未登录" in head
    top = "return document.querySelector(arguments[0]).getBoundingClientRect().top"
    assert page.js(top, "#print-head") < page.js(top, "#strip"), "it heads the page"
    assert not page.shown("#bar") and not page.shown("#fires")
    colours = page.js("""return [...document.querySelectorAll('.row, .row *, .counter')]
      .filter((e) => e.checkVisibility()).map((e) => getComputedStyle(e))
      .map((s) => s.color + ' on ' + s.backgroundColor)""")
    assert set(colours) <= {"rgb(0, 0, 0) on rgba(0, 0, 0, 0)",
                            "rgb(0, 0, 0) on rgb(255, 255, 255)"}
    assert all(word.strip() for word in page.texts(".row .class"))


@pytest.mark.parametrize("mock", ["busy"], indirect=True)
def test_only_icons_flash_and_once_a_second(mock, open_page):
    page = open_page(mock)
    beats = page.driver.execute_async_script("""
      const done = arguments[0]; const seen = []; const root = document.documentElement;
      const watch = new MutationObserver(() => seen.push([performance.now(),
        root.dataset.beat,
        getComputedStyle(document.querySelector('#owed .row .icon')).opacity,
        getComputedStyle(document.querySelector('#owed .row .place')).opacity]));
      watch.observe(root, {attributes: true, attributeFilter: ['data-beat']});
      const timer = setInterval(() => {
        if (seen.length < 8) return;
        clearInterval(timer);
        done(seen);
      }, 50);""")
    shown = [b for b in beats if b[1] == "on"]
    seconds = (beats[-1][0] - beats[0][0]) / 1000
    assert seconds > 2.9, f"{len(beats)} changes in {seconds} s is more than 1 Hz"
    assert {b[2] for b in beats if b[1] == "off"} == {"0.12"}
    assert {b[2] for b in shown} == {"1"}
    assert {b[3] for b in beats} == {"1"}, "text never flashes"


@pytest.mark.parametrize("mock", ["busy"], indirect=True)
def test_with_reduced_motion_nothing_flashes(mock, open_page):
    page = open_page(mock, reduced_motion=True)
    seen = page.driver.execute_async_script("""
      const done = arguments[0]; const seen = new Set();
      const timer = setInterval(() => seen.add(getComputedStyle(
        document.querySelector('#owed .row .icon')).opacity), 100);
      setTimeout(() => { clearInterval(timer); done([...seen]); }, 2500);""")
    assert seen == ["1"]
    assert page.js("return getComputedStyle(document.querySelector("
                   "'#owed .row .sign')).outlineStyle") == "solid"


def test_day_and_night_follow_the_sites_hour_and_a_choice_wins(mock, open_page):
    page = open_page(mock)
    hour = int(page.text("#clock-time")[:2])
    by_hour = "day" if 7 <= hour < 19 else "night"
    assert page.data("html", "theme") == by_hour
    page.key("n")
    other = {"day": "night", "night": "day"}[by_hour]
    page.see(lambda: page.data("html", "theme") == other, 2)
    page.driver.refresh()
    page.loaded()
    page.see(lambda: page.data("html", "theme") == other, 3)


# --- what it says ---------------------------------------------------------------------

@pytest.mark.parametrize("mock", ["busy"], indirect=True)
def test_every_doubt_is_said_in_words(mock, open_page):
    page = open_page(mock)
    page.see(lambda: len(page.rows("owed")) == 8, 5)
    assert "①首警" in marks(page, "owed", "smoke-3f-server-room")
    assert "第 2 次" in marks(page, "owed", "smoke-3f-server-room")
    assert marks(page, "owed", "smoke-3f-corridor") == ["未保存"]
    assert marks(page, "owed", "smoke-1f-lobby") == ["测试"]
    assert "点表为推断，未经证实" in marks(page, "held", "module-smoke-damper")
    assert "条件消失" in page.text("#owed [data-point=smoke-2f-corridor] .state")
    link = "#owed [data-point='@device/io1']"
    assert "起状态未知" in page.text(f"{link} .marks")
    assert "无应答" in page.text(f"{link} .what")
    assert burning(page) == ["smoke-3f-server-room", "smoke-3f-corridor"], "no test"
    assert page.text("#fire-first .where") == "三层机房"
    assert page.text("#fire-newest .where") == "三层走廊"


def test_i2_not_saved_until_durable(mock, open_page):
    page = open_page(mock)
    n = mock.do("raise", point="d1", saved=False)["n"]
    page.see(lambda: marks(page, "owed", "d1") == ["未保存"], 5)
    items = mock.do("log")  # the alarm's item is the one before the counters'
    assert items["log"] is not None
    mock.do("durable", n=n - 1, seq=4711)
    page.see(lambda: marks(page, "owed", "d1") == [], 5)


def test_i6_an_unknown_value_is_a_dash_and_never_a_number(mock, open_page):
    page = open_page(mock)
    tile = ".tile[data-point=hydrant-main]"
    page.see(lambda: page.text(f"{tile} .number") == "0.712", 5)
    assert page.text(f"{tile} .unit") == "MPa"
    mock.do("reading", point="hydrant-main", quality="unknown", value=0.0,
            unknown_since="2026-01-02T03:04:05.000Z")
    page.see(lambda: page.text(f"{tile} .number") == "—", 5)
    assert "起状态未知" in page.text(f"{tile} .note")
    assert "repeating-linear-gradient" in page.js(
        "return getComputedStyle(document.querySelector(arguments[0])).backgroundImage",
        tile)
    mock.do("reading", point="hydrant-main", quality="uncertain", value=640.0)
    page.see(lambda: page.text(f"{tile} .number") == "0.640", 5)
    assert "可疑" in page.text(f"{tile} .note")


def test_i6_normal_is_not_said_while_points_are_unknown(mock, open_page):
    page = open_page(mock)
    page.see(lambda: page.data("#calm", "normal") == "yes", 5)
    mock.do("health", points_unknown=7)
    page.see(lambda: page.data("#calm", "normal") == "no", 5)
    assert "7" in page.text("#calm .reasons")
    assert "7 个点位状态未知" in page.text("#devices-summary")
    assert "正常" not in page.text("#calm .headline")


def test_equipment_that_is_not_up_stands_there_by_name(mock, open_page):
    page = open_page(mock)
    page.see(lambda: page.data("#calm", "normal") == "yes", 5)
    assert "室内设备" not in page.text("#devices-summary")
    down = [{"id": "camera-lobby", "place": {"zh": "大堂摄像机", "en": "Lobby camera"},
             "kind": "camera", "state": "lost", "code": "auth", "last_answer": None}]
    mock.do("hosts", all=3, up=2, lost=1, unknown=0, down=down)
    chip = "#devices .device[data-host=camera-lobby]"
    page.see(lambda: page.shown(f"{chip}[data-lost]"), 5)
    assert "大堂摄像机" in page.text(chip) and "用户名或密码错误" in page.text(chip)
    assert "室内设备正常 2/3" in page.text("#devices-summary")
    assert page.data("#calm", "normal") == "no"
    mock.do("hosts", up=3, lost=0, down=[])
    page.see(lambda: not page.shown(chip), 5)
    page.see(lambda: page.data("#calm", "normal") == "yes", 5)


def siren(**more):
    return {"id": "siren", "place": {"zh": "值班室警铃", "en": "Duty room siren"},
            "role": "sounder", "state": "ok", "code": None, "on": False, "pattern": "off",
            "class": None, "silenced": False, **more}


def test_i9_a_sounder_that_does_not_work_is_said_across_the_screen(mock, open_page):
    page = open_page(mock)
    chip = "#devices .device[data-output=siren]"
    mock.do("outputs", outputs=[siren()])
    page.see(lambda: page.shown(chip), 5)
    assert page.data(chip, "state") == "off" and not page.shown("#output-bad")
    page.see(lambda: page.data("#calm", "normal") == "yes", 5)
    mock.do("outputs", outputs=[siren(state="failed", code="output-feedback")])
    page.see(lambda: page.shown("#output-bad"), 5)
    assert "值班室警铃" in page.text("#output-bad") and "未按要求动作" in page.text("#output-bad")
    assert page.shown(f"{chip}[data-lost]") and page.data("#calm", "normal") == "no"
    mock.do("outputs", outputs=[siren(on=True, pattern="steady")])
    page.see(lambda: page.data(chip, "state") == "on", 5)
    assert not page.shown("#output-bad")
    mock.do("outputs", outputs=[siren(state="disabled")])
    page.see(lambda: page.data(chip, "state") == "disabled", 5)
    assert "未启用" in page.text(chip)


@pytest.mark.parametrize("mock", ["busy"], indirect=True)
def test_a_device_that_is_inferred_or_may_be_late_says_so(mock, open_page):
    page = open_page(mock)
    page.language("en")
    page.see(lambda: "register map inferred" in " ".join(
        page.texts("#devices [data-device=io1] .name")), 5)
    assert "14 s late" in page.text("#devices [data-device=io1] .name")
    notes = {page.data(tile, "point"): page.text(f"{tile} .note") for tile in
             ('.tile[data-point="hydrant-main"]', '.tile[data-point="sprinkler-main"]')}
    assert "register map inferred" in notes["hydrant-main"]
    assert "inferred" not in notes["sprinkler-main"]
    plain = page.text("#devices [data-device=fap1] .name")
    assert "inferred" not in plain and "late" not in plain
    mock.do("device", name="fap1", inferred_points=2)
    page.see(lambda: "register map of 2 points inferred" in
             page.text("#devices [data-device=fap1] .name"), 5)


def test_i6_normal_is_not_said_while_the_link_is_lost(mock, open_page):
    page = open_page(mock)
    page.see(lambda: page.data("#calm", "normal") == "yes", 5)
    mock.do("beat", on=False)
    page.see(lambda: page.shown("#link-lost"), 10)
    page.see(lambda: page.data("#calm", "normal") == "no", 3)
    assert page.text("#calm .headline") == "现状未知"
    assert "最后一次收到数据" in page.text("#calm .heard")
    assert set(page.texts(".tile .number")) == {"—"}
    assert "正常" not in page.text("main") and "在线" not in page.text("main")
    assert "无火警" not in page.text("#strip")
    page.screenshot("link-lost-calm")
    mock.do("beat", on=True)
    page.see(lambda: page.data("#calm", "normal") == "yes", 12)


def test_a_single_fire_can_be_read_from_four_metres(mock, open_page):
    """From 4 m a character wants 13 mm; on 24 inches of 1080 lines a pixel is 0.28 mm."""
    page = open_page(mock)
    mock.do("raise", point="smoke-3f-corridor", first_out=True)
    page.see(lambda: page.text("#fire-first .where") == "三层走廊", 5)
    assert font_px(page, "#fire-first .where") >= 48
    page.see(lambda: page.text("#detail .place") == "三层走廊", 3)
    assert font_px(page, "#detail .place") >= 48
    assert not page.shown("#fire-newest") and page.cut_texts() == []
    page.screenshot("one-fire")
    mock.do("raise", point="smoke-2f-corridor")
    page.see(lambda: page.shown("#fire-newest"), 5)
    assert font_px(page, "#fire-first .where") >= 26 and page.cut_texts() == []


def test_only_the_first_fire_is_called_first(mock, open_page):
    page = open_page(mock)
    mock.do("raise", point="d1", first_out=True)
    mock.do("raise", point="d2")
    page.see(lambda: page.text("#fire-newest .where") == "d2", 5)
    assert page.text("#fire-first .tag") == "首警"
    mock.do("close", point="d1")
    page.see(lambda: page.text("#fire-first .where") == "d2", 5)
    assert page.text("#fire-first .tag") == "火警"
    mock.do("raise", point="d3")
    page.see(lambda: page.text("#fire-newest .where") == "d3", 5)
    assert page.text("#fire-first .tag") == "最早火警"


def test_a_fire_that_has_returned_does_not_look_like_one_that_burns(mock, open_page):
    page = open_page(mock)
    mock.do("raise", point="d1", first_out=True)
    page.see(lambda: burning(page) == ["d1"], 5)
    mock.do("change", point="d1", state="returned", cause="panel_reset", sounds=False)
    page.see(lambda: burning(page) == [], 5)
    assert page.rows("owed") == ["d1"]
    assert page.text("#fire-first .note") == "已恢复"
    assert page.low_contrast()["bad"] == []
    page.screenshot("fire-returned")


def test_what_wants_no_answer_names_nobody(mock, open_page):
    page = open_page(mock)
    mock.do("raise", point="d1", condition="activated", state="acknowledged",
            sounds=False)
    page.see(lambda: page.text("#held [data-point=d1] .state") == "无需确认", 5)


def test_i9_a_stalled_sound_device_is_said_and_swallows_no_key(mock, open_page):
    page = open_page(mock)
    mock.do("raise", point="d1", condition="fault")
    page.see(lambda: page.rows("owed") == ["d1"], 5)
    pick(page, "d1")
    page.js("Object.defineProperty(BaseAudioContext.prototype, 'currentTime',"
            " {get: () => 1})")
    page.see(lambda: page.shown("#sound-off"), 12, "a clock that stands is no sound")
    until(lambda: mock.sound_reports()[-1] is False, 5, "reported that it cannot")
    page.key(" ")  # a key would cure a browser that waits for one, but not this
    page.see(lambda: page.shown("#login"), 3)


def test_i9_a_degraded_store_is_said_across_the_screen(mock, open_page):
    page = open_page(mock)
    mock.do("health", store="full", store_waiting=12)
    page.see(lambda: page.shown("#store-bad"), 5)
    assert "存储已满" in page.text("#store-bad") and "12" in page.text("#store-bad")
    page.screenshot("store-full")
    mock.do("health", store="ok", store_waiting=0)
    page.see(lambda: not page.shown("#store-bad"), 5)


def test_i10_an_unsynchronised_clock_is_said_at_the_clock(mock, open_page):
    page = open_page(mock)
    mock.do("health", clock_synchronised=False)
    page.see(lambda: page.shown("#clock-note"), 5)
    assert page.text("#clock-note") == "时钟未同步"
    assert page.data("#calm", "normal") == "yes" and "时钟" in page.text("#calm .reasons")


def test_i12_the_last_good_configuration_is_said(mock, open_page):
    page = open_page(mock)
    mock.do("health", last_good_configuration=True)
    page.see(lambda: page.shown("#old-configuration"), 5)


def test_a_fire_in_test_mode_has_its_own_sound_and_no_fire_line(mock, open_page):
    page = open_page(mock)
    mock.do("raise", point="d1", test=True, flags=["test_mode"])
    page.see(lambda: page.data("body", "sound") == "test", 5)
    assert not page.shown("#fires")


def test_a_counter_of_what_has_returned_shows_what_is_owed(mock, open_page):
    page = open_page(mock)
    mock.do("raise", point="d1", condition="fault", state="returned", cause="cleared",
            sounds=False)
    page.see(lambda: page.rows("owed") == ["d1"], 5)
    size = ("return ['.active', '.owed b'].map((s) => parseFloat(getComputedStyle("
            "document.querySelector('.is-fault.counter ' + s)).fontSize))")
    page.see(lambda: page.text(".is-fault.counter .owed b") == "1", 5)
    page.see(lambda: page.text(".is-fault.counter .active") == "0", 5)
    present, owed = page.js(size)
    assert owed > present


def test_patterns_follow_the_most_urgent(mock, open_page):
    page = open_page(mock)
    for point, condition, sound in (("d1", "fault", "fault"),
                                    ("d2", "supervisory", "warning"),
                                    ("d3", "fire", "fire")):
        mock.do("raise", point=point, condition=condition)
        page.see(lambda s=sound: page.data("body", "sound") == s, 5)


def test_what_the_daemon_resounds_is_heard_again(mock, open_page):
    page = open_page(mock)
    mock.do("raise", point="d1")
    page.see(lambda: page.data("body", "sound") == "fire", 5)
    page.key(Keys.F12)
    page.see(lambda: page.data("body", "sound") == "none", 2)
    until(lambda: mock.silences() == 1, 5)
    page.see(lambda: "已消音" in page.text("#said"), 3)
    mock.do("health", silenced=False)
    page.see(lambda: page.data("body", "sound") == "fire", 3)


# --- answers --------------------------------------------------------------------------

def test_i3_accepted_but_not_saved_is_said(mock, open_page):
    page = open_page(mock)
    log_in(page, mock)
    mock.do("mode", ack="degraded")
    mock.do("raise", point="d1", condition="fault")
    page.see(lambda: page.rows("owed") == ["d1"], 5)
    pick(page, "d1")
    page.key(" ")
    page.see(lambda: "确认已受理，未保存" in marks(page, "held", "d1"), 5)
    assert "未保存" in page.text("#said")


def test_i3_pending_until_the_answer(mock, open_page):
    page = open_page(mock)
    log_in(page, mock)
    mock.do("mode", ack="held")
    mock.do("raise", point="d1", condition="fault")
    page.see(lambda: page.rows("owed") == ["d1"], 5)
    pick(page, "d1")
    page.watch("pending", "return document.querySelector('#owed [data-point=d1] .mark')"
               "?.textContent === '正在确认…' && document.querySelector("
               "'#owed [data-point=d1] .state').textContent")
    page.key(" ", " ", " ")
    assert page.watched("pending")["what"] == "未确认"
    mock.do("mode", ack="ok")
    page.see(lambda: page.rows("held") == ["d1"], 6)
    sent = [e for e in mock.do("log")["log"] if "acknowledge" in e]
    assert len(sent) == 1, "pressed three times, sent once"


def test_a_newer_occurrence_is_not_acknowledged_unseen(mock, open_page):
    page = open_page(mock)
    log_in(page, mock)
    mock.do("mode", ack="newer")
    mock.do("raise", point="d1", condition="fault")
    page.see(lambda: page.rows("owed") == ["d1"], 5)
    pick(page, "d1")
    page.expected.append("acknowledge")
    page.key(" ")
    page.see(lambda: "再次报警" in page.text("#said"), 5)
    assert page.rows("owed") == ["d1"]


def test_an_answer_that_does_not_arrive_is_said(mock, open_page):
    page = open_page(mock)
    log_in(page, mock)
    mock.do("raise", point="d1", condition="fault")
    page.see(lambda: page.rows("owed") == ["d1"], 5)
    pick(page, "d1")
    page.expected += ["acknowledge", "ERR_", "/api/v1/"]
    mock.freeze()
    page.key(" ")
    page.see(lambda: "未收到答复" in page.text("#said"), 8)
    assert page.rows("owed") == ["d1"] and marks(page, "owed", "d1") == []
    mock.thaw()


def test_a_session_that_ended_is_asked_for_again(mock, open_page):
    page = open_page(mock)
    log_in(page, mock)
    mock.do("raise", point="d1", condition="fault")
    page.see(lambda: page.rows("owed") == ["d1"], 5)
    mock.do("sessions_end")
    pick(page, "d1")
    page.expected.append("acknowledge")
    page.key(" ")
    page.log_in(mock.user, mock.pin)
    page.see(lambda: page.rows("held") == ["d1"], 5)


def test_a_name_goes_when_the_daemon_has_ended_the_session(mock, open_page):
    page = open_page(mock)
    log_in(page, mock)
    page.see(lambda: page.text("#operator .word") == "王建国", 5)
    mock.do("sessions_end")
    page.see(lambda: page.text("#operator .word") == "未登录", 15)
    assert "登录已失效" in page.text("#said")


def test_a_name_used_here_is_one_press_away_and_the_pin_is_not_kept(mock, open_page):
    page = open_page(mock)
    log_in(page, mock)
    page.key("u")
    page.see(lambda: page.text("#operator .word") == "未登录", 3)
    page.key("u")
    page.see(lambda: page.shown("#login"), 3)
    assert page.texts("#login-names button") == [mock.user]
    assert page.js("return document.activeElement.id") == "login-pin"
    kept = page.js("return JSON.stringify([{...localStorage}, {...sessionStorage},"
                   " document.cookie])")
    assert mock.pin not in kept
    page.type(mock.pin + Keys.ENTER)
    page.see(lambda: page.text("#operator .word") == "王建国", 3)


def test_space_answers_nothing_the_person_had_no_time_to_see(mock, open_page):
    page = open_page(mock)
    log_in(page, mock)
    page.js("""const seen = new MutationObserver(() => {
      if (!document.querySelector('[data-point=d1]')) return;
      seen.disconnect();
      document.body.dispatchEvent(new KeyboardEvent('keydown', {key: ' ', bubbles: true}));
    }); seen.observe(document.getElementById('owed'), {childList: true, subtree: true});""")
    mock.do("raise", point="d1", condition="fault")
    page.see(lambda: page.rows("owed") == ["d1"], 5)
    mock.do("raise", point="d2", condition="fault")
    page.see(lambda: page.rows("owed") == ["d1", "d2"], 5)
    assert [e for e in mock.do("log")["log"] if "acknowledge" in e] == []


# --- the list -------------------------------------------------------------------------

def test_rows_do_not_move_under_the_pointer(mock, open_page):
    page = open_page(mock)
    for n in (1, 2):
        mock.do("raise", point=f"d{n}", condition="fault")
    page.see(lambda: page.rows("owed") == ["d1", "d2"], 5)
    d2 = "#owed [data-point=d2]"
    page.point_at(d2)
    top = "return document.querySelector('[data-point=d2]').getBoundingClientRect().top"
    before = page.js(top)
    mock.do("raise", point="d3")
    page.see(lambda: page.stroke(d2) or page.rows("owed") == ["d1", "d2", "d3"], 2)
    mock.do("close", point="d1")
    page.see(lambda: page.stroke(d2) or page.rows("owed") == ["d2", "d3"], 2)
    assert page.js(top) == before
    assert page.data("body", "sound") == "fire", "the fire is heard meanwhile"
    assert page.shown("#fires"), "and stands in the strip"
    page.point_away()
    page.see(lambda: page.rows("owed") == ["d3", "d2"], 3)


def test_a_hand_that_rests_does_not_hold_a_fire_back(mock, open_page):
    page = open_page(mock)
    mock.do("raise", point="d1", condition="fault")
    page.see(lambda: page.rows("owed") == ["d1"], 5)
    page.point_at("#owed [data-point=d1]")
    mock.do("raise", point="d2")
    page.see(lambda: page.rows("owed") == ["d2", "d1"], 7)


def test_six_hundred_alarms_are_all_counted_and_no_fire_is_folded(mock, open_page):
    for n in range(600):
        mock.do("raise", point=f"f{n:03}", condition="fault", age_s=700 - n)
    for n in range(3):
        mock.do("raise", point=f"fire{n}")
    page = open_page(mock)
    page.see(lambda: page.text("#owed-count") == "603", 15, "all pages fetched")
    assert page.rows("owed")[:3] == ["fire0", "fire1", "fire2"]
    assert len(page.rows("owed")) == 300
    assert "303" in page.text("#owed-more")
    assert page.data(".counter.is-fault", "active") == "600"
    assert page.cut_texts() == []
    page.screenshot("flood")


def test_a_missed_item_is_noticed_and_made_good(mock, open_page):
    page = open_page(mock)
    mock.do("raise", point="d1", condition="fault")
    page.see(lambda: page.rows("owed") == ["d1"], 5)
    mock.do("lose", point="d2")
    page.see(lambda: page.rows("owed") == ["d2", "d1"] or
             sorted(page.rows("owed")) == ["d1", "d2"], 12)


def test_heartbeats_that_stop_on_an_open_line_are_a_lost_link(mock, open_page):
    page = open_page(mock)
    mock.do("beat", on=False)
    page.see(lambda: page.shown("#link-lost"), 10)
    page.see(lambda: page.js("return document.querySelector('#link-lost').innerText"
                             ".match(/\\d+/)[0] >= 7"), 5, "the seconds count on")
    page.screenshot("link-lost")
    mock.do("beat", on=True)
    page.see(lambda: not page.shown("#link-lost"), 12)
