# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# A fire is never out of sight: not behind a dialog that is open, and with one open the
# small buttons of a phone can be reached. Every key is in the help.
import re

import pytest

from rig import ROOT

UNDER = """
const e = document.querySelector(arguments[0]);
e.scrollIntoView({block: "nearest"});
const box = e.getBoundingClientRect();
const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
return e === top || e.contains(top);
"""
OPEN = {"reports-dialog": "document.getElementById('reports-open').click()",
        "rounds-dialog": "document.getElementById('rounds-dialog').showModal()",
        "hand-dialog": "document.getElementById('hand-open').click()",
        "close-dialog": "document.getElementById('close-dialog').showModal()"}


@pytest.mark.parametrize("size", [(1920, 1080), (390, 844)])
@pytest.mark.parametrize("dialog", OPEN)
def test_a_fire_is_seen_heard_and_answered_over_a_dialog(mock, open_page, dialog, size):
    width, height = size
    page = open_page(mock, width=width, height=height,
                     expected=["404", "501"])  # the stand-in has no reports
    page.js(OPEN[dialog])
    line = f"#{dialog} .dialog-fire"
    page.see(lambda: page.shown(f"#{dialog}"), 5, "the dialog")
    assert not page.shown(line)
    mock.fire(1)
    page.see(lambda: page.shown(line), 5, "the fire in the dialog")
    page.see(lambda: page.data("body", "sound") == "fire", 5, "heard")
    page.js("const d = document.getElementById(arguments[0]); d.scrollTop = d.scrollHeight",
            dialog)
    assert page.js(UNDER, line), "covered"
    page.screenshot(f"fire-over-{dialog}-{width}")
    assert page.low_contrast()["bad"] == []
    if width > 1100:
        assert page.js("return document.getElementById(arguments[0]).getBoundingClientRect().top"
                       " >= document.getElementById('strip').getBoundingClientRect().bottom",
                       dialog), "the strip is covered"
    page.click(line)
    page.see(lambda: not page.shown(f"#{dialog}"), 5, "out of the way")
    assert page.selected() == "d1"


def test_the_line_goes_when_the_fire_is_answered(mock, open_page):
    page = open_page(mock)
    mock.fire(1)
    page.see(lambda: page.rows("owed") == ["d1"], 5)
    page.key("u")
    page.log_in(mock.user, mock.pin)
    page.see(lambda: not page.shown("#login"), 5)
    page.click("#help")
    page.see(lambda: page.shown("#help-dialog .dialog-fire"), 5)
    page.click("#help-dialog .dialog-fire")
    page.hold("\ue007", 1.3)
    page.see(lambda: page.rows("owed") == [], 5, "answered")
    page.click("#help")
    page.passes(1.5)
    assert page.shown("#help-dialog") and not page.shown("#help-dialog .dialog-fire")


@pytest.mark.parametrize("mock", ["busy"], indirect=True)
def test_on_a_phone_the_small_buttons_are_reached_with_a_fire_open(mock, open_page):
    page = open_page(mock, width=390, height=844)
    page.see(lambda: page.shown("#fires"), 5, "a fire")
    for button in ("reports-open", "language", "theme"):
        page.js("scrollTo(0, 0)")
        assert page.js(UNDER, "#acknowledge") and page.js(UNDER, "#silence")
        assert page.js(UNDER, f"#{button}"), button
        assert page.shown("#fires") and page.js(UNDER, "#fire-first")
    page.click("#language")
    page.see(lambda: page.js("return document.documentElement.lang").startswith("en"), 5)
    page.screenshot("fire-390-small-buttons")


def test_every_key_is_in_the_help(mock, open_page):
    page = open_page(mock)
    source = (ROOT / "web/keys.js").read_text()
    table = source.split("const actions = {")[1].split("};")[0]
    keys = set(re.findall(r"^ +(\w+): \(\) =>", table, re.M))
    assert {"Enter", "Home", "F1", "r"} <= keys
    page.click("#help")
    named = set(page.texts("#help-dialog kbd"))
    arrows = {"ArrowUp": "↑", "ArrowDown": "↓"}
    short = {arrows.get(k, k.upper() if len(k) == 1 else k) for k in keys}
    assert short <= named, short - named
    assert page.cut_texts() == [] and page.low_contrast()["bad"] == []
    page.screenshot("help-1920")
