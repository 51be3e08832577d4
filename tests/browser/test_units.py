# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The pages' pure modules, tested inside the browser that will run them (unit/), and
# what can be said about the pages as files: every text comes from the catalogue, nothing
# comes from elsewhere, nothing is inline.
import pathlib
import re

import yaml

from rig import ROOT, until

WEB = ROOT / "web"
TESTS_AT_LEAST = 40


def test_the_pure_modules(mock, open_page):
    page = open_page(mock, gestures=False)
    page.driver.get(f"{mock.url}unit/index.html")
    done = until(lambda: page.js("return document.body.dataset.done"), 30, "units ran")
    results = page.js("return [...document.querySelectorAll('#results li')]"
                      ".map((e) => [e.dataset.name, e.dataset.error])")
    assert len(results) == int(done) >= TESTS_AT_LEAST
    assert [r for r in results if r[1]] == []


def catalogue():
    return yaml.safe_load(
        (ROOT / "daemon/lib/text/catalog.yaml").read_text(encoding="utf-8"))


def sources(*suffixes):
    files = [f for f in sorted(WEB.iterdir()) if f.suffix in suffixes]
    assert files
    return {f.name: f.read_text(encoding="utf-8") for f in files}


# Keys that are put together at run time, and what they are put together from.
BUILT = {
    "ui.acknowledge_button.": ["none", "press", "hold", "next", "wait", "console"],
    "ui.deadman.": ["asked", "missed"],
    "ui.door.": ["unknown", "closed", "granted", "opening", "open_lawfully", "held-soon",
                 "held", "forced"],
    "ui.fire_door.": ["unknown", "line-fault", "open", "closed", "open-fault",
                      "closed-fault", "released", "feedback", "not-closed",
                      "normally_open", "normally_closed"],
    "ui.stop.": ["waits", "skipped", "early", "on-time", "late", "missed", "unwatched"],
    "ui.close.": ["running", "gone", "open"],
    "ui.effect.": ["idle", "waits", "came", "missed"],
    "ui.effect.last.": ["present", "in-time", "found", "late", "missed", "over"],
    "ui.effect.reason.": ["not-seen", "unknown", "no-value", "fault", "disabled", "in-test"],
    "ui.pumps.": ["running", "idle", "unknown"],
    "ui.pumps.not_seen.": ["weekly_start", "monthly_run"],
    "ui.pumps.mode_unknown.": ["weekly_start", "monthly_run"],
    "ui.reports.only.": ["manager"],
    "ui.fact.": ["effect", "cause", "judged", "raised", "elapsed", "point", "value", "acknowledged", "verdict"],
    "ui.flag.": ["shelve", "isolate", "test", "what_shelve", "what_isolate", "what_test"],
    "ui.flag.kind.": ["here", "panel", "shelf", "test"],
    "verdict.": ["real", "false", "test", "unknown"],
    "verdict.cause.": ["cooking", "dust", "steam", "smoking", "works", "insects", "device",
                       "mistake", "malicious", "other"],
    "ui.key.": ["space", "enter"],
    "ui.mark.": ["acknowledging", "answer_unsaved", "unsaved", "test", "first_fire",
                 "first_out", "unknown_since", "inferred", "occurrences", "chatters", "repeat"],
    "ui.not_normal.": ["open", "devices", "hosts", "outputs", "unknown", "store",
                       "configuration"],
    "ui.output.": ["on", "off", "silenced", "disabled", "waiting", "failed"],
    "ui.output.role.": ["sounder", "lamp", "heartbeat"],
    "ui.strip.": ["first_fire", "newest_fire", "oldest_fire", "fire"],
    "ui.calm.": ["normal", "nothing_owed", "unknown"],
    "ui.why.": ["on", "off"],
    "ui.why.store.": ["ok", "bad"],
    "ui.why.event.": ["blind", "blind_begins", "daemon.down", "clock.step", "store.mode", "events_lost", "journal.restore",
                      "suppress.change"],
    "ui.sound.": ["sounding", "silenced", "ready", "off"],
    "class.": ["fire", "prealarm", "security", "supervisory", "fault", "disabled",
               "process", "info", "system"],
    "condition.": ["fire", "prealarm", "security", "supervisory", "activated", "feedback",
                   "process", "fault", "disabled", "test", "info", "link"],
    "state.": ["unacknowledged", "acknowledged", "returned", "latched_unacknowledged",
               "latched_acknowledged"],
    "cause.": ["cleared", "panel_reset", "withdrawn"],
    "quality.": ["uncertain", "bad", "unknown"],
    "flag.": ["shelved", "isolated", "suppressed", "test_mode"],
    "store.": ["slow", "full", "read_only", "io_error", "newer", "corrupt"],
    "error.": ["bad_login", "no_session", "forbidden", "bad_csrf", "newer_occurrence",
               "too_many", "not_found"],
}


def test_every_text_is_in_the_catalogue():
    used = {prefix + name for prefix, names in BUILT.items() for name in names}
    for text in sources(".js", ".html").values():
        used |= set(re.findall(r'"((?:ui|class|state|error)\.[a-z_.0-9]+)"', text))
    assert len(used) > 100
    texts = catalogue()
    assert sorted(used - set(texts)) == []


def test_no_text_of_ours_is_unused():
    keys = {k for k in catalogue() if k.startswith("ui.")}
    code = "".join(sources(".js", ".html").values())
    built = {prefix + name for prefix, names in BUILT.items() for name in names}
    built |= {k for k in keys if k.startswith("ui.guide.")}
    unused = {k for k in keys - built if f'"{k}"' not in code}
    assert sorted(unused) == []


def test_chinese_keeps_one_word_per_idea():
    texts = {k: v["zh"] for k, v in catalogue().items() if k.startswith("ui.")}
    assert [k for k, zh in texts.items() if "禁用" in zh] == []
    assert "消音" in texts["ui.silence"] and "确认" not in texts["ui.silence"]


def test_nothing_is_inline_and_nothing_comes_from_elsewhere():
    for name, text in sources(".html").items():
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), name
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text), name
    for name, text in sources(".html", ".js", ".css", ".svg").items():
        links = set(re.findall(r"https?://[^\s\"')]+", text))
        assert links <= {"http://www.w3.org/2000/svg"}, (name, links)
        assert "innerHTML" not in text and "eval(" not in text, name


def test_the_pages_are_small_enough_to_read():
    for name, text in sources(".js").items():
        assert text.count("\n") <= 600, name
        assert text.startswith("// SPDX-FileCopyrightText: 2026 Watchroom"), name
    assert pathlib.Path(WEB / "index.html").stat().st_size < 20_000
