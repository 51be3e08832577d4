# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Contacts with a meaning in time, on the real daemon and a real Modbus server that plays
# an input module: doors, what grants them, bypasses, panic buttons.
import sqlite3
import subprocess
import time

import pytest

from field import Modbus
from rig import BUILD, ROOT, Daemon, place, site, until
from webhook_sink import WebhookSink

DOOR, REX, PANIC, HUSH = 0, 1, 2, 3
UNLOCK_S = 2


@pytest.fixture(name="peer")
def fixture_peer():
    peer = Modbus()
    yield peer
    peer.stop()


def contact(name, n, kind, **more):
    return {"id": name, "item": "di", "device": n, "kind": kind, "zone": "z1",
            "place": place(name), **more}


def guarded(port, door=None, **more):
    points = [contact("door", DOOR, "door"), contact("rex", REX, "request-to-exit"),
              contact("panic", PANIC, "panic"), contact("hush", HUSH, "panic", silent=True)]
    rule = {"point": "door", "grants": ["rex"], "held": "4s", "held_warning": "1s",
            "unlock": f"{UNLOCK_S}s", "entry": "0s"}
    return site([{"id": "lan", "modbus_tcp": f"127.0.0.1:{port}"}],
                [{"id": "io", "bus": "lan", "unit": 1, "profile": "iologik-e1200",
                  "poll": "200ms", "timeout": "1500ms", "points": points}],
                doors=[dict(rule, **(door or {}))], **more)


def alarm(daemon, point, code):
    for a in daemon.api().alarms():
        if (a["point"], a["code"]) == (point, code):
            return a
    return None


def door_of(daemon):
    return daemon.api().json("GET", "/api/v1/points/door")["door"]


def known(daemon):
    until(lambda: door_of(daemon)["state"] == "closed", 10, "the door is seen closed")
    time.sleep(UNLOCK_S + 0.5)  # what may have granted before the daemon looked is over


def test_a_door_is_forced_held_and_told_to_people(tmp_path, peer):
    with WebhookSink() as sink:
        told = {"channels": [{"id": "duty", "webhook": f"http://127.0.0.1:{sink.port}/"}],
                "ladders": [{"id": "l", "classes": ["security"],
                             "steps": [{"after": "0s", "channels": ["duty"]}]}]}
        with Daemon(tmp_path, guarded(peer.port, **told)) as daemon:
            daemon.start()
            known(daemon)
            peer.discrete(DOOR, 1)
            forced = until(lambda: alarm(daemon, "door", "forced"), 5, "forced")
            assert (forced["class"], forced["state"]) == ("security", "unacknowledged")
            assert door_of(daemon)["state"] == "forced"
            until(lambda: alarm(daemon, "door", "held"), 8, "held")
            until(lambda: len(sink.received) >= 2, 8, "both are told")
            bodies = " ".join(r["body"] for r in sink.received)
            assert "强行开门" in bodies and "门久开未关" in bodies
            peer.discrete(DOOR, 0)
            until(lambda: alarm(daemon, "door", "held")["state"] == "returned", 5)
            # For 30 s at least: it was closed, but it has been forced.
            assert alarm(daemon, "door", "forced")["state"] == "unacknowledged"
            assert daemon.stop() == 0
            daemon.verify()


def test_the_exit_button_opens_it_lawfully(tmp_path, peer):
    with Daemon(tmp_path, guarded(peer.port, {"held": "10min"})) as daemon:
        daemon.start()
        known(daemon)
        peer.discrete(REX, 1)
        until(lambda: door_of(daemon)["state"] == "granted", 5)
        peer.discrete(DOOR, 1)
        until(lambda: door_of(daemon)["state"] == "open", 5)
        peer.discrete(REX, 0)
        until(lambda: daemon.api().events(point="door"), 5)
        events = daemon.api().events(point="door")
        assert [e["kind"] for e in events] == ["door.access"]
        assert events[0]["params"] == {"by": "rex"}
        assert daemon.api().alarm("door") is None and daemon.api().alarm("rex") is None
        assert daemon.stop() == 0


def test_i6_a_lost_module_leaves_the_door_unknown(tmp_path, peer):
    with Daemon(tmp_path, guarded(peer.port)) as daemon:
        daemon.start()
        known(daemon)
        port = peer.port
        peer.stop()
        until(lambda: door_of(daemon)["state"] == "unknown", 15)
        assert daemon.api().alarm("door") is None
        back = Modbus(port=port)
        try:
            back.discrete(DOOR, 1)  # opened while nobody could see it
            until(lambda: alarm(daemon, "door", "unproven"), 20)
            assert alarm(daemon, "door", "forced") is None
            assert daemon.stop() == 0
        finally:
            back.stop()


def test_a_named_person_bypasses_a_door_and_it_outlives_a_restart(tmp_path, peer):
    with Daemon(tmp_path, guarded(peer.port)) as daemon:
        daemon.start()
        daemon.add_user()
        known(daemon)
        body = {"minutes": 30, "reason": "锁具维修"}
        path = "/api/v1/points/door/bypass"
        daemon.api().json("POST", path, body, expect=401)
        api = daemon.api().login()
        api.json("POST", "/api/v1/points/panic/bypass", body, expect=404)
        api.json("POST", path, {"minutes": 0, "reason": "x"}, expect=400)
        api.json("POST", path, {"minutes": 30, "reason": " "}, expect=400)
        assert api.json("POST", path, body)["durable"]
        seen = door_of(daemon)["bypass"]
        assert (seen["by"], seen["reason"]) == ("wang", "锁具维修")
        line = alarm(daemon, "door", "bypass")
        assert (line["class"], line["state"], line["acknowledged_by"]) == \
            ("disabled", "acknowledged", "wang")
        daemon.kill()
        daemon.start()
        known(daemon)
        assert door_of(daemon)["bypass"] == seen
        peer.discrete(DOOR, 1)
        until(lambda: door_of(daemon)["state"] == "open", 5)
        api = daemon.api().login()
        assert api.json("DELETE", path)["durable"]
        assert api.json("DELETE", path, expect=409)["error"]["code"] == "not_bypassed"
        until(lambda: alarm(daemon, "door", "held"), 8, "its time runs from now")
        assert alarm(daemon, "door", "forced") is None
        kinds = [(e["kind"], e["actor"]) for e in daemon.api().events(point="door")
                 if e["kind"].startswith("bypass")]
        assert kinds == [("bypass.start", "wang"), ("bypass.end", "wang")]
        assert daemon.stop() == 0
        daemon.verify()


def test_a_panic_latches_and_a_silent_one_makes_no_sound(tmp_path, peer):
    with Daemon(tmp_path, guarded(peer.port)) as daemon:
        daemon.start()
        daemon.add_user()
        known(daemon)
        peer.discrete(HUSH, 1)
        quiet = until(lambda: daemon.api().alarm("hush"), 5)
        assert quiet["sounds"] is False and quiet["state"] == "unacknowledged"
        assert daemon.api().state()["health"]["sounder"] is False
        peer.discrete(PANIC, 1)
        loud = until(lambda: daemon.api().alarm("panic"), 5)
        assert loud["sounds"] is True
        until(lambda: daemon.api().state()["health"]["sounder"] is True, 5)
        api = daemon.api().login()
        assert api.acknowledge(loud["occurrence"])[0] == 200
        refused = api.json("POST", "/api/v1/points/panic/reset", {}, expect=409)
        assert refused["error"]["code"] == "condition_active"
        peer.discrete(PANIC, 0)
        until(lambda: daemon.api().alarm("panic")["state"] == "latched_acknowledged", 5)
        assert api.json("POST", "/api/v1/points/panic/reset", {})["durable"]
        until(lambda: daemon.api().alarm("panic") is None, 5)
        assert daemon.stop() == 0
        daemon.verify()


def test_i2_a_panic_and_an_answer_count_while_nothing_can_be_saved(tmp_path, peer):
    """The journal is locked by somebody else: the button is heard and stays, though
    its module is lost, the desk answers its question, and all of it is saved later."""
    deadman = {"deadman": {"day": "5s", "night": "5s", "answer": "60s"}}
    with Daemon(tmp_path, guarded(peer.port, **deadman)) as daemon:
        daemon.start()
        known(daemon)
        api = daemon.api()
        until(lambda: api.state()["deadman"]["asked"], 15)
        until(lambda: api.metric("store_waiting") == 0, 10)
        holder = sqlite3.connect(daemon.state / "journal.db", timeout=10,
                                 isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        peer.discrete(PANIC, 1)
        heard = until(lambda: api.alarm("panic"), 5, "the panic is shown (I2)")
        assert heard["sounds"] and heard["seq"] is None
        peer.discrete(PANIC, 0)
        until(lambda: api.alarm("panic")["state"] == "latched_unacknowledged", 5)
        until(lambda: api.json("GET", "/healthz")["store"] != "ok", 20)
        answer = api.json("POST", "/api/v1/deadman/answer", {}, expect=202)
        assert answer["durable"] is False
        assert api.state()["deadman"]["asked"] is None
        peer.stop()
        until(lambda: api.alarm("@device/io", "link") or api.alarm("@bus/lan", "link"), 30)
        assert api.alarm("panic")["state"] == "latched_unacknowledged"
        holder.execute("ROLLBACK")
        holder.close()
        until(lambda: api.alarm("panic")["seq"], 20, "it is saved")
        kinds = [e["kind"] for e in api.events()]
        assert kinds.count("deadman.answer") == 1
        assert [e["kind"] for e in api.events(point="panic")] == \
            ["alarm.onset", "alarm.clear"]
        assert daemon.stop() == 0
        daemon.verify()


def test_a_question_that_nobody_at_the_desk_answers_is_told(tmp_path, peer):
    with WebhookSink() as sink:
        told = {"channels": [{"id": "duty", "webhook": f"http://127.0.0.1:{sink.port}/"}],
                "ladders": [{"id": "l", "classes": ["security"],
                             "steps": [{"after": "0s", "channels": ["duty"]}]}],
                "deadman": {"day": "5s", "night": "5s", "answer": "30s"}}
        with Daemon(tmp_path, guarded(peer.port, **told)) as daemon:
            daemon.start()

            def watch():
                return daemon.api().state()["deadman"]
            asked = until(lambda: watch()["asked"], 15)
            assert daemon.api().json("POST", "/api/v1/deadman/answer", {})["durable"]
            until(lambda: watch()["asked"] not in (None, asked), 15, "asked again")
            missed = until(lambda: alarm(daemon, "@deadman", "no-answer"), 45)
            assert (missed["class"], missed["state"]) == ("security", "unacknowledged")
            until(lambda: sink.received, 10)
            until(lambda: watch()["missed"] is True, 5)
            assert daemon.api().json("POST", "/api/v1/deadman/answer", {})["durable"]
            daemon.api().json("POST", "/api/v1/deadman/answer", {}, expect=409)
            until(lambda: alarm(daemon, "@deadman", "no-answer")["state"] == "returned", 5)
            answers = [e for e in daemon.api().events(point="@deadman")
                       if e["kind"] == "deadman.answer"]
            assert len(answers) == 2 and answers[0]["actor"] == "desk"
            assert 0 <= answers[0]["params"]["seconds"] < 30 <= \
                answers[1]["params"]["seconds"]
            assert daemon.stop() == 0
            daemon.verify()


def test_the_example_with_all_of_them_loads():
    done = subprocess.run(
        [str(BUILD / "daemon/watchroomd"), "--check", "-c",
         str(ROOT / "conf/contacts/site.yaml")],
        env={"WATCHROOM_DATA": str(ROOT)}, capture_output=True, text=True, timeout=60,
        check=False)
    assert done.returncode == 0, done.stdout + done.stderr
