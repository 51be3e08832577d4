# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# From an alarm to people: the outbox, the webhook, the ladder. The receiver is an HTTP
# server of Python's own.
import json
import time

import pytest

from field import FIRE, NORMAL, Modbus, panel
from rig import Daemon, site, until
from webhook_sink import WebhookSink


def alerts(duty, manager, after="2s", repeat=None):
    second = {"after": after, "channels": ["manager"]}
    if repeat:
        second["repeat"] = repeat
    return {
        "channels": [
            {"id": "duty", "webhook": f"http://127.0.0.1:{duty}/duty", "timeout": "2s"},
            {"id": "manager", "webhook": f"http://127.0.0.1:{manager}/m",
             "timeout": "2s"}],
        "ladders": [{"id": "fire-ladder", "classes": ["fire"], "steps": [
            {"after": "0s", "channels": ["duty"]}, second]}]}


def bodies(sink, path=None):
    return [json.loads(r["body"]) for r in sink.received
            if path is None or r["path"] == path]


@pytest.fixture(name="rig")
def fixture_rig(tmp_path):
    """A panel, a daemon with a two-step ladder; the sinks are the test's."""
    peer = Modbus()
    started = []

    def run(duty, manager, **more):
        daemon = Daemon(tmp_path, site(*panel(peer.port), **alerts(duty, manager, **more)))
        started.append(daemon)
        daemon.start()
        daemon.add_user()
        return daemon, peer
    yield run
    for daemon in started:
        with daemon:
            assert daemon.stop() == 0
            daemon.verify()
    peer.stop()


def test_two_steps_then_stopped_by_acknowledge(rig):
    with WebhookSink() as sink:
        daemon, peer = rig(sink.port, sink.port, repeat="1s")
        api = daemon.api().login()
        peer.holding(0, FIRE)
        until(lambda: bodies(sink, "/duty"), 5, "the first step")
        first = bodies(sink, "/duty")[0]
        assert first["alarm"]["point"] == "d1" and first["alarm"]["class"] == "fire"
        assert first["saved"] is True and first["repeated"] is False
        assert "探测器1" in first["text"]["zh"] and "Detector 1" in first["text"]["en"]
        until(lambda: bodies(sink, "/m"), 6, "the second step")
        until(lambda: len(bodies(sink, "/m")) >= 2, 4, "the second step repeats")
        status, _ = api.acknowledge(api.alarm("d1")["occurrence"])
        assert status == 200
        # What was on its way at that moment still arrives.
        until(lambda: api.state()["health"]["notices_owed"] == 0, 5)
        after = len(sink.received)
        events = until(lambda: (e := api.events(point="d1")) and e[-1]["kind"] in
                       ("alarm.acknowledge", "notice.sent", "notice.cancelled") and e, 3)
        # Two further repeats would be due: nothing more may come.
        peer.holding(5, FIRE)
        until(lambda: [b for b in bodies(sink) if b["alarm"]["point"] == "d6"], 5)
        until(lambda: [b for b in bodies(sink, "/m") if b["alarm"]["point"] == "d6"], 6)
        mine = [b for b in bodies(sink) if b["alarm"]["point"] == "d1"]
        assert len(mine) <= after, "the ladder went on after the acknowledge"
        sent = [e for e in events if e["kind"] == "notice.sent"]
        assert sent, "receipts are events"
        ids = [b["id"] for b in bodies(sink)]
        assert len(ids) == len(set(ids)), "a notice was delivered twice"


def test_retry_with_back_off_until_it_is_taken(rig):
    with WebhookSink(fail_first=2) as sink, WebhookSink() as other:
        daemon, peer = rig(sink.port, other.port, after="60s")
        api = daemon.api()
        peer.holding(0, FIRE)
        until(lambda: len(sink.received) >= 3, 15, "two refusals, then taken")
        records = sink.received
        assert len({json.loads(r["body"])["id"] for r in records}) == 1
        keys = {r["headers"].get("Idempotency-Key") for r in records}
        assert len(keys) == 1 and None not in keys
        until(lambda: [e for e in api.events() if e["kind"] == "notice.sent"], 5)
        sent = [e for e in api.events() if e["kind"] == "notice.sent"][0]
        assert sent["params"]["attempts"] >= 3
        events = [e["kind"] for e in api.events(point="@channel/duty")]
        assert events[0] == "alarm.onset", "a channel that fails is an alarm (I9)"
        assert "alarm.clear" in events


def test_a_dead_target_delays_nobody_else(rig):
    with WebhookSink(never_answer=True) as dead, WebhookSink() as sink:
        daemon, peer = rig(dead.port, sink.port, after="1s")
        peer.holding(0, FIRE)
        until(lambda: bodies(sink), 6, "the second channel is told in time")
        alarm = until(lambda: daemon.api().alarm("@channel/duty"), 8)
        assert alarm["class"] == "system"


def test_a_dead_target_is_owed_one_notice_of_each_step(rig):
    with WebhookSink(never_answer=True) as dead:
        daemon, peer = rig(dead.port, dead.port, after="1s", repeat="1s")
        api = daemon.api()
        peer.holding(0, FIRE)

        def owed():
            return api.state()["health"]["notices_owed"]
        until(lambda: owed() == 2, 6, "both steps are owed")
        for _ in range(10):  # five repeats fall due meanwhile
            time.sleep(0.5)
            assert owed() == 2


def test_i5_owed_notices_survive_a_restart_and_are_marked(rig):
    with WebhookSink(never_answer=True) as dead:
        daemon, peer = rig(dead.port, dead.port, after="60s")
        peer.holding(0, FIRE)
        until(lambda: daemon.api().alarm("d1") and daemon.api().alarm("d1")["seq"], 5)
        until(lambda: dead.received, 5, "it was on its way")
        daemon.kill()
    with WebhookSink() as sink:
        text = daemon.file.read_text("utf-8").replace(f":{dead.port}/", f":{sink.port}/")
        daemon.file.write_text(text, "utf-8")
        daemon.start()
        until(lambda: bodies(sink), 5, "the owed notice goes out after the restart")
        assert bodies(sink)[0]["repeated"] is True
        peer.holding(0, NORMAL)


def test_refused_for_good_is_said(rig):
    with WebhookSink(fail_first=100, status=404) as sink:
        daemon, peer = rig(sink.port, sink.port, after="60s")
        peer.holding(0, FIRE)
        api = daemon.api()
        failed = until(lambda: [e for e in api.events() if e["kind"] == "notice.failed"],
                       5, "a 404 is final and is an event")
        assert failed[0]["params"]["status"] == 404
        assert len(sink.received) == 1


def test_a_notice_and_its_receipt_open_to_the_onset(rig):
    with WebhookSink() as sink:
        daemon, peer = rig(sink.port, sink.port, after="60s")
        peer.holding(0, FIRE)
        until(lambda: bodies(sink), 5)
        api = daemon.api()
        sent = until(lambda: [e for e in api.events() if e["kind"] == "notice.sent"], 5)[0]
        onset = [e for e in api.events(point="d1") if e["kind"] == "alarm.onset"][0]
        assert bodies(sink)[0]["alarm"]["seq"] == onset["seq"]
        assert sent["cause_seq"] == onset["seq"]


def test_acknowledged_while_on_its_way_both_facts_are_journaled(rig):
    with WebhookSink(delay_s=1.0) as sink:
        daemon, peer = rig(sink.port, sink.port, after="60s")
        api = daemon.api().login()
        peer.holding(0, FIRE)
        until(lambda: sink.received, 5, "it is on its way")
        assert api.acknowledge(api.alarm("d1")["occurrence"])[0] == 200

        def kinds():
            return [e["kind"] for e in api.events(point="d1")
                    if e["kind"].startswith("notice.")]
        until(lambda: kinds() == ["notice.cancelled", "notice.sent"], 10,
              "what was taken back and arrived all the same is said to have arrived")
        assert daemon.stop() == 0
        states = daemon.journal().execute("SELECT state FROM outbox").fetchall()
        assert states == [("delivered",)]


def test_acknowledged_before_they_go_out_they_stay_here(rig):
    with WebhookSink(never_answer=True) as sink:
        daemon, peer = rig(sink.port, sink.port, after="60s")
        api = daemon.api().login()
        for n in range(4):
            peer.holding(n, FIRE)
        until(lambda: api.state()["health"]["notices_owed"] == 4, 5)
        until(lambda: sink.received, 5)
        for n in range(4):
            assert api.acknowledge(api.alarm(f"d{n + 1}")["occurrence"])[0] == 200
        assert api.state()["health"]["notices_owed"] == 0
        until(lambda: api.alarm("@channel/duty") is None and
              len([e for e in api.events() if e["kind"] == "notice.cancelled"]) == 4, 5,
              "taking back says nothing of the channel")
        assert len(sink.received) == 1, "one at a time, and the others never went"
