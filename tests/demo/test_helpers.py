#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The helpers of the demonstration, proven to see what they must: a sink that behaves
# and misbehaves as told, a judge that names each thing missing and accepts a good run.

import copy
import json
import pathlib
import sys
import threading
import time
import types
import urllib.error
import urllib.request

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import demo_judge  # noqa: E402
import demo_site  # noqa: E402
from webhook_sink import WebhookSink  # noqa: E402


def post(port, path="/duty", body=b'{"a": 1}', timeout=30):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=body)
    with urllib.request.urlopen(request, timeout=timeout) as response:
        return response.status


def test_sink_records_each_post(tmp_path):
    log = tmp_path / "posts.jsonl"
    with WebhookSink(log=log) as sink:
        assert post(sink.port, "/duty", "火警".encode()) == 200
        assert post(sink.port, "/manager") == 200
        assert [e["path"] for e in sink.wait_for(2, 5)] == ["/duty", "/manager"]
        assert len(sink.accepted("/manager")) == 1
    lines = demo_judge.json_lines(log)
    assert lines[0]["body"] == "火警" and lines[0]["headers"]["Content-Length"] == "6"


def test_sink_refuses_the_first_n_of_one_path():
    with WebhookSink(fail_first=2, status=503, only="/manager") as sink:
        assert post(sink.port, "/duty") == 200
        for _ in range(2):
            with pytest.raises(urllib.error.HTTPError) as refused:
                post(sink.port, "/manager")
            assert refused.value.code == 503
        assert post(sink.port, "/manager") == 200
        assert [e["status"] for e in sink.received] == [200, 503, 503, 200]


def test_sink_delays_without_holding_up_others():
    with WebhookSink(delay_s=4.0, only="/slow") as sink:
        slow = threading.Thread(target=post, args=(sink.port, "/slow"))
        start = time.monotonic()
        slow.start()
        sink.wait_for(1, 5, "/slow")
        assert post(sink.port, "/duty") == 200
        assert time.monotonic() - start < 3.5
        slow.join()
        assert time.monotonic() - start >= 4.0


def test_sink_never_answers_until_it_ends():
    with WebhookSink(never_answer=True) as sink:
        with pytest.raises(TimeoutError):
            post(sink.port, timeout=0.3)
        assert sink.received[0]["status"] is None
        sink.heal()
        assert post(sink.port) == 200


def test_sink_wait_fails_at_its_deadline():
    with WebhookSink() as sink, pytest.raises(AssertionError, match="0 of 1 posts"):
        sink.wait_for(1, 0.1)


def test_site_copy_insists_on_each_address_once():
    assert demo_site.replace_once("a b", "b", "c", "x") == "a c"
    for text in ("a", "b b"):
        with pytest.raises(SystemExit):
            demo_site.replace_once(text, "b", "c", "x")


def utc(t):
    return f"2026-01-02T03:04:{t:06.3f}Z"


def event(seq, t, kind, point, condition, **more):
    row = {
        "n": None,
        "seq": seq,
        "time": utc(t),
        "kind": kind,
        "point": point,
        "condition": condition,
        "code": "",
        "class": condition,
        "occurrence": f"1-{seq}",
    }
    return row | more


GOOD = {
    "scenario": {
        "steps": [
            {
                "step": name,
                "at_s": at,
                "point": "smoke-1",
                "condition": "fire",
                "code": None,
                "event": kind,
                "within_s": 3.0,
            }
            for name, at, kind in (
                ("smoke", 2, "alarm.onset"),
                ("reset", 20, "alarm.clear"),
            )
        ]
    },
    "building": [
        {"step": "smoke", "utc": utc(2.0), "point": "smoke-1"},
        {"step": "reset", "utc": utc(20.0), "point": "smoke-1"},
    ],
    "events": [
        event(1, 0.5, "daemon.start", "", None, **{"class": None}),
        event(2, 2.9, "alarm.onset", "smoke-1", "fire"),
        event(3, 4.4, "alarm.acknowledge", "smoke-1", "fire", occurrence="1-2"),
        event(4, 20.7, "alarm.clear", "smoke-1", "fire", occurrence="1-2"),
    ],
    "notices": [
        {
            "time": utc(3.1),
            "path": "/duty",
            "status": 200,
            "body": '{"saved": true, "alarm": {"occurrence": "1-2"}}',
        }
    ],
}


def verdict(directory, run, verify_status=0, operator=True):
    """(exit status, what was printed)"""
    seen = {
        "start": demo_judge.instant(utc(0)),
        "end": demo_judge.instant(utc(30)),
        "health": {"store": "ok"},
        "devices": run.get("devices", []),
        "events": run["events"],
        "minutes": {"hydrant-main": 1},
    }
    (directory / "seen.json").write_text(json.dumps(seen))
    (directory / "scenario.json").write_text(json.dumps(run["scenario"]))
    for name in ("building", "notices"):
        lines = "".join(json.dumps(line) + "\n" for line in run[name])
        (directory / f"{name}.jsonl").write_text(lines)
    (directory / "verify.txt").write_text("ok\n")
    return demo_judge.judge(
        types.SimpleNamespace(
            dir=directory,
            verify=directory / "verify.txt",
            verify_status=verify_status,
            operator=operator,
        )
    )


def test_judge_accepts_a_good_run(tmp_path, capsys):
    assert verdict(tmp_path, GOOD) == 0
    out = capsys.readouterr().out
    assert "2 of 2 steps seen" in out and "1 of 1 due" in out
    assert "MISSED" not in out


def without(kind):
    def change(run):
        run["events"] = [e for e in run["events"] if e["kind"] != kind]

    return change


def late(run):
    run["events"][1]["time"] = utc(6.0)


def other_condition(run):
    run["events"][1] |= {"condition": "supervisory", "class": "supervisory"}


def false_fire(run):
    run["events"].append(event(9, 12.0, "alarm.onset", "smoke-7", "fire"))


def false_clear(run):
    run["events"].append(event(9, 12.0, "alarm.clear", "smoke-1", "fire"))


def untold(run):
    run["notices"] = []


def refused_notice(run):
    run["notices"][0]["status"] = 500


def of_another(run):
    run["notices"][0]["body"] = '{"saved": true, "alarm": {"occurrence": "1-22"}}'


def unsaved(run):
    run["notices"][0]["body"] = run["notices"][0]["body"].replace("true", "false")


def wrote(run):
    run["building"].append(
        {"refused": "panel", "utc": utc(5), "unit": 1, "function": 6, "address": 0}
    )


@pytest.mark.parametrize(
    "change, complaint",
    [
        (without("alarm.onset"), "no alarm.onset of smoke-1"),
        (without("alarm.clear"), "no alarm.clear of smoke-1"),
        (late, "no alarm.onset of smoke-1"),
        (other_condition, "no alarm.onset of smoke-1"),
        (without("alarm.acknowledge"), "not acknowledged"),
        (false_fire, "alarm.onset of smoke-7 (fire)"),
        (false_clear, "alarm.clear of smoke-1 (fire)"),
        (untold, "no notice to /duty"),
        (refused_notice, "no notice to /duty"),
        (of_another, "no notice to /duty"),
        (unsaved, "sent before it was saved"),
        (wrote, "it must only read"),
    ],
)
def test_judge_names_what_is_missing(tmp_path, capsys, change, complaint):
    run = copy.deepcopy(GOOD)
    change(run)
    assert verdict(tmp_path, run) == 1
    missed = [x for x in capsys.readouterr().out.splitlines() if "MISSED" in x]
    assert any(complaint in line for line in missed)


def test_judge_wants_the_manager_told_when_nobody_answers(tmp_path, capsys):
    run = copy.deepcopy(GOOD)
    without("alarm.acknowledge")(run)
    assert verdict(tmp_path, run, operator=False) == 1
    assert "no notice to /manager" in capsys.readouterr().out
    run["notices"].append(run["notices"][0] | {"path": "/manager", "time": utc(7.2)})
    assert verdict(tmp_path, run, operator=False) == 0


@pytest.mark.parametrize("answered, climbs", [(None, True), (3.0, False), (11.0, True)])
def test_judge_knows_a_fire_that_came_again_before_an_answer(answered, climbs):
    """Its ladder goes on: the manager hears of it at the next turn, not 4 s later."""
    events = [event(2, 2.0, "alarm.onset", "smoke-1", "fire"),
              event(8, 10.0, "alarm.onset", "smoke-1", "fire"),
              event(9, 10.0, "alarm.onset", "smoke-2", "fire")]
    if answered:
        events.append(event(5, answered, "alarm.acknowledge", "smoke-1", "fire"))
    for e in events:
        e["t"] = demo_judge.instant(e["time"])
    record = types.SimpleNamespace(of=lambda kind: [e for e in events if e["kind"] == kind])
    assert demo_judge.climbs(record, events[1]) is climbs
    assert not demo_judge.climbs(record, events[0])
    assert not demo_judge.climbs(record, events[2])


def test_judge_fails_on_an_unsound_journal(tmp_path, capsys):
    assert verdict(tmp_path, GOOD, verify_status=1) == 1
    assert "journal is not sound" in capsys.readouterr().out


def silent_from(record, line, unit, at, until):
    """A unit of a line that falls silent, as the building would list and play it."""
    for name, answers, t in ((f"lost-{unit}", False, at), (f"back-{unit}", True, until)):
        record["scenario"]["steps"].append({
            "step": name, "at_s": t, "point": f"@device/g{unit}", "condition": "link",
            "code": None, "event": "alarm.clear" if answers else "alarm.onset",
            "line": line, "unit": unit, "answers": answers, "within_s": 5.0})
        record["building"].append({"step": name, "utc": utc(t), "point": f"@device/g{unit}"})
        record["events"].append(event(
            100 * unit + t, t + 1, record["scenario"]["steps"][-1]["event"],
            f"@device/g{unit}", "link", **{"class": "fault", "occurrence": f"9-{unit}"}))


def paced(directory, late_at=None, late_s=0.0):
    """A run of three units, read each 2 s; unit 3 is dead from 8 s to 20 s. Unit 1 may be
    late once."""
    run = copy.deepcopy(GOOD)
    run["devices"] = [{"id": f"g{n}", "bus": "riser-lan", "unit": n, "poll_ms": 2000,
                       "timeout_ms": 500} for n in (1, 2, 3)]
    silent_from(run, "riser", 3, 8, 20)
    zero = demo_judge.instant(utc(0))
    with open(directory / "answers.csv", "w", encoding="utf-8") as f:
        f.write("utc_ms,station,unit\n")
        for t in range(0, 30, 2):
            for unit in (1, 2, 3):
                late = late_s if (unit, t) == (1, late_at) else 0.0
                if unit != 3 or not 8 <= t < 20:
                    f.write(f"{(zero + t + late + 0.1 * unit) * 1000:.0f},riser,{unit}\n")
    return run


def verdict_of_pace(directory, capsys, run):
    status = verdict(directory, run, operator=False)
    lines = capsys.readouterr().out.splitlines()
    return status, next(x for x in lines if x.startswith("  riser-lan")), [
        x for x in lines if "MISSED" in x and "was not read" in x]


def test_judge_measures_the_pace_of_healthy_units(tmp_path, capsys):
    _, row, missed = verdict_of_pace(tmp_path, capsys, paced(tmp_path))
    assert "2.00 s with 0 dead, 2.00 s with 1 dead (at most 2.90 s)" in row and not missed
    _, row, missed = verdict_of_pace(tmp_path, capsys, paced(tmp_path, 12, 0.85))
    assert "2.00 s with 0 dead, 2.85 s with 1 dead" in row and not missed


@pytest.mark.parametrize("late_at, dead", [(12, 1), (26, 0)])
def test_judge_names_a_healthy_unit_that_waited(tmp_path, capsys, late_at, dead):
    run = paced(tmp_path, late_at, 0.95)
    status, _, missed = verdict_of_pace(tmp_path, capsys, run)
    assert status == 1 and len(missed) == 1
    assert f"riser-lan: unit 1 was not read for 2.95 s with {dead} dead" in missed[0]


def test_judge_names_a_unit_that_was_never_read(tmp_path, capsys):
    run = paced(tmp_path)
    run["devices"].append(run["devices"][0] | {"id": "g4", "unit": 4})
    status, _, missed = verdict_of_pace(tmp_path, capsys, run)
    assert status == 1 and "unit 4 was not read for 30.00 s" in missed[0]


def panic(run, reset):
    """A panic button that ended, reset by a person or not."""
    more = {"class": "security", "occurrence": "1-7", "actor": None}
    run["scenario"]["steps"].append(run["scenario"]["steps"][0] | {
        "step": "panic", "point": "panic-reception", "condition": "security"})
    run["building"].append({"step": "panic", "utc": utc(5), "point": "panic-reception"})
    kinds = ["alarm.onset", "alarm.acknowledge", "alarm.reset", "alarm.close"]
    for i, kind in enumerate(kinds):
        if kind != "alarm.reset" or reset:
            run["events"].append(event(50 + i, 6 + i, kind, "panic-reception", "security",
                                       **more | {"actor": "wang"}))
    return run


def test_judge_wants_a_panic_latched_until_a_person_resets_it(tmp_path, capsys):
    assert verdict(tmp_path, panic(copy.deepcopy(GOOD), reset=True)) == 0
    capsys.readouterr()
    assert verdict(tmp_path, panic(copy.deepcopy(GOOD), reset=False)) == 1
    assert "it ended and nobody had reset it" in capsys.readouterr().out
    run = panic(copy.deepcopy(GOOD), reset=True)
    run["events"].pop()
    assert verdict(tmp_path, run) == 1
    assert "still latched after its reset" in capsys.readouterr().out
