# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The daemon in a dialog with an S2000-PP (pymodbus, RTU frames through TCP): its event
# queue is emptied one record after another, each stored before it is acknowledged, none
# lost and none twice, whatever the converter, the line or a second client does; what is
# written is what the profile declares and nothing else (I8); the log of the day names it.
import collections
import json
import threading
import time

import pytest

from rig import Daemon, place, site, until
from s2000pp import (ACKNOWLEDGE, BUSY, EVENT, FAULT, FIRE, LOG_OVERFLOW, LOST_DEVICE,
                     NUMBER, PENDING, SELECT_NUMBER, S2000PP)

ZONES = 8


def converter(port, **more):
    points = [{"id": f"z{n}", "item": "zone", "device": n, "kind": "smoke", "zone": "z1",
               "place": place(f"Zone {n}")} for n in range(1, ZONES + 1)]
    device = {"id": "pp1", "bus": "orion", "unit": 1, "profile": "bolid-s2000-pp",
              "poll": "250ms", "timeout": "1500ms", "points": points}
    device.update(more)
    return [{"id": "orion", "modbus_rtu_tcp": f"127.0.0.1:{port}", "line": "115200 8N1"}], [device]


@pytest.fixture(name="pp")
def fixture_pp():
    pp = S2000PP()
    yield pp
    pp.stop()


@pytest.fixture(name="run")
def fixture_run(tmp_path):
    """Starts a daemon on a converter; ends it afterwards and proves its journal."""
    started = []

    def run(pp, **more):
        daemon = Daemon(tmp_path / f"d{len(started)}", site(*converter(pp.port, **more)))
        started.append(daemon)
        return daemon.start()
    yield run
    for daemon in started:
        with daemon:
            assert daemon.stop() == 0
            daemon.verify()


def events(daemon, kind="panel.event"):
    """What the journal has of a kind: params with device_time, oldest first."""
    db = daemon.journal()
    rows = db.execute("SELECT params, device_time, point, condition, code, place_en FROM v_event"
                      " WHERE kind = ? ORDER BY seq", (kind,)).fetchall()
    db.close()
    found = []
    for params, device_time, point, condition, code, place_en in rows:
        event = json.loads(params)
        event.update(device_time=device_time, point=point, condition=condition, code=code,
                     place=place_en)
        found.append(event)
    return found


def sequences(daemon):
    return [e["sequence"] for e in events(daemon)]


def drained(pp, seconds=20):
    until(lambda: pp.waiting() == 0, seconds, "the queue is empty")


def test_records_become_events_and_are_acknowledged_in_order(run, pp):
    for n in range(1, 31):
        pp.event(24, zone=n % ZONES + 1, partition=7)
    daemon = run(pp)
    drained(pp)
    until(lambda: len(events(daemon)) == 30, 10)
    assert sequences(daemon) == list(range(1, 31))
    assert pp.acknowledged() == list(range(1, 31))
    first = events(daemon)[0]
    assert first["point"] == "z2" and first["place"] == "Zone 2"
    assert (first["raw"], first["zone"], first["partition"]) == (24, 2, 7)
    assert first["device_clock"] in ("untrusted", "ahead")
    # 2025-11-24 14:05:59 of the site (Asia/Shanghai), in UTC.
    assert first["device_time"] == 1763964359000
    # Each write to the field is an event of its own (I8).
    until(lambda: len(events(daemon, "field.write")) == 30, 10)
    written = events(daemon, "field.write")
    assert [w["value"] for w in written] == list(range(1, 31))
    assert {(w["write"], w["for"], w["function"], w["address"]) for w in written} == \
        {("event-handled", "acknowledge", 6, ACKNOWLEDGE)}
    # Empty: read once a period, and nothing is written.
    reads, writes = pp.reads[EVENT], len(pp.writes)
    until(lambda: pp.reads[EVENT] > reads + 5, 20)
    assert len(pp.writes) == writes


def test_i3_nothing_is_acknowledged_before_it_is_durable(run, pp):
    """At the moment of each acknowledgement the journal on disk has the event."""
    missing = []
    daemon = None

    def check(number):
        db = daemon.journal()
        n = db.execute("SELECT count(*) FROM event WHERE kind = 'panel.event' AND"
                       " json_extract(params, '$.sequence') = ?", (number,)).fetchone()[0]
        db.close()
        if n != 1:
            missing.append((number, n))
    daemon = run(pp)
    until(lambda: pp.reads[EVENT] > 2, 20, "the queue is read")
    pp.before_acknowledge = check
    for n in range(40):
        pp.event(FAULT if n % 2 else 24, zone=n % ZONES + 1)
    drained(pp, 40)
    assert not missing, missing
    assert len(pp.acknowledged()) == 40


def test_a_fire_in_the_queue_is_the_zones_fire(run, pp):
    daemon = run(pp)
    api = daemon.api()
    until(lambda: api.json("GET", "/api/v1/points/z3")["quality"] == "good", 20)
    pp.zone(3, FIRE)
    pp.event(FIRE, zone=3)
    until(lambda: api.alarm("z3", "fire"), 10, "the zone is in fire")
    drained(pp)
    time.sleep(1)
    assert api.alarm("@panel/pp1", "fire") is None
    fire = events(daemon)[0]
    assert (fire["condition"], fire["point"]) == ("fire", "z3")


@pytest.mark.parametrize("zone", [5, 400])
def test_a_fire_that_no_point_shows_is_the_panels(run, pp, zone):
    """Over before the zone was read, or of a zone that the site does not have."""
    daemon = run(pp)
    api = daemon.api()
    until(lambda: api.json("GET", "/api/v1/points/z5")["quality"] == "good", 20)
    pp.event(FIRE, zone=zone)
    alarm = until(lambda: api.alarm("@panel/pp1", "fire"), 10, "a fire of the panel")
    assert (alarm["code"], alarm["class"]) == ("unlisted", "fire") and alarm["sounds"]
    # It does not go by itself: somebody has to see it.
    until(lambda: api.alarm("@panel/pp1", "fire")["state"] == "latched_unacknowledged", 30)


def test_numbers_wrap(run, pp):
    pp.stop()
    pp = S2000PP(first=65530)
    try:
        daemon = run(pp)
        for n in range(12):
            pp.event(24, zone=1)
            if n % 5 == 0:
                drained(pp)
        drained(pp)
        until(lambda: len(events(daemon)) == 12, 10)
        assert sequences(daemon) == [65530, 65531, 65532, 65533, 65534, 65535, 0, 1, 2, 3, 4, 5]
        assert events(daemon, "panel.gap") == []
    finally:
        pp.stop()


def test_a_second_client_that_takes_events_is_noticed(run, pp):
    daemon = run(pp)
    api = daemon.api()
    for _ in range(3):
        pp.event(24, zone=1)
    drained(pp)
    until(lambda: len(events(daemon)) == 3, 10)
    hold = threading.Event()
    pp.before_acknowledge = lambda number: hold.wait(20)
    pp.event(24, zone=2)                        # 4 is read, its acknowledgement waits
    until(lambda: len(events(daemon)) == 4, 10)
    for _ in range(4):
        pp.event(24, zone=1)                    # 5 to 8
    assert [pp.take() for _ in range(4)] == [4, 5, 6, 7]
    pp.before_acknowledge = None
    hold.set()
    until(lambda: len(events(daemon)) == 5, 20)
    assert sequences(daemon) == [1, 2, 3, 4, 8]
    gap = until(lambda: events(daemon, "panel.gap"), 10)[0]
    assert (gap["reason"], gap["after"], gap["before"], gap["missing"]) == ("missing", 4, 8, 3)
    alarm = until(lambda: api.alarm("@panel/pp1", "fault"), 10)
    assert alarm["code"] == "queue-gap"
    # The refused acknowledgement of 4 is told, and 8 was acknowledged all the same.
    assert any(w.get("refused") == "exception-03" for w in events(daemon, "field.write"))
    drained(pp)


def test_a_log_that_overflows_is_a_gap_and_all_is_read_again(run, pp):
    pp.capacity = 10
    for _ in range(25):
        pp.event(24, zone=1)                    # 1 to 15 are gone
    pp.event(LOG_OVERFLOW)
    daemon = run(pp)
    drained(pp)
    until(lambda: len(events(daemon)) == 10, 10)
    assert sequences(daemon) == list(range(17, 27))
    gaps = until(lambda: events(daemon, "panel.gap"), 10)
    assert [g["reason"] for g in gaps] == ["overflow"]
    until(lambda: daemon.api().alarm("@panel/pp1", "fault"), 10)
    before = pp.reads[40000]
    pp.event(LOST_DEVICE)
    until(lambda: pp.reads[40000] > before, 10, "the zones are read again")


def test_busy_slow_refused_and_lost_echoes(run, pp):
    daemon = run(pp)
    until(lambda: pp.reads[EVENT] > 2, 20)
    pp.fail(ACKNOWLEDGE, BUSY, BUSY, BUSY)
    pp.event(24, zone=1)
    drained(pp)
    pp.fail(EVENT, BUSY, PENDING, BUSY)
    pp.event(24, zone=2)
    drained(pp)
    pp.lose_echo = 2                            # takes effect, and nobody says so
    for n in range(4):
        pp.event(24, zone=n + 1)
    drained(pp, 40)
    pp.delay = 0.25
    for n in range(4):
        pp.event(24, zone=n + 1)
    drained(pp, 60)
    until(lambda: len(events(daemon)) == 10, 10)
    assert sequences(daemon) == list(range(1, 11)), "none lost, none twice"
    assert events(daemon, "panel.gap") == []
    assert daemon.api().alarm("@device/pp1", "link") is None


def test_an_acknowledgement_without_effect_is_a_fault_and_no_second_event(run, pp):
    pp.deaf = True
    pp.event(24, zone=1)
    daemon = run(pp)
    api = daemon.api()
    alarm = until(lambda: api.alarm("@panel/pp1", "fault"), 20)
    assert alarm["code"] == "queue-stuck"
    assert len(events(daemon)) == 1
    pp.deaf = False
    pp.event(24, zone=2)
    drained(pp)
    until(lambda: sequences(daemon) == [1, 2], 10)
    until(lambda: (a := api.alarm("@panel/pp1", "fault")) is None or a["state"] == "returned", 10)


def test_i6_a_live_converter_with_a_dead_orion_line(run, pp):
    daemon = run(pp)
    api = daemon.api()
    until(lambda: api.json("GET", "/api/v1/points/z1")["quality"] == "good", 20)
    pp.orion(False)
    pp.zone(1, FIRE)                            # whatever it answers now
    alarm = until(lambda: api.alarm("@device/pp1", "link"), 20, "the source is lost")
    assert alarm["code"] == "source"
    assert api.json("GET", "/api/v1/points/z1")["quality"] == "unknown"
    assert api.alarm("z1", "fire") is None
    pp.event(24, zone=1)
    writes = len(pp.writes)
    time.sleep(1.5)
    assert len(pp.writes) == writes, "a device that is lost is not written to"
    pp.orion(True)
    until(lambda: api.alarm("z1", "fire"), 20, "the fire of the gap is found")
    drained(pp)


def test_i8_selectors_are_off_until_the_site_enables_them(run, pp, tmp_path):
    point = {"id": "t2", "item": "zone-number", "device": 2, "kind": "pressure",
             "scale": {"0": "0kPa", "100": "100kPa"}, "place": place("Warm")}
    buses, devices = converter(pp.port)
    devices[0]["points"].append(point)
    refused = Daemon(tmp_path / "refused", site(buses, devices))
    refused.launch("--check")
    assert refused.process.wait(30) == 2
    assert "which is off" in refused.log() and "four" in refused.log()

    devices[0].update(dialogs={"selectors": ["numeric"]}, poll="400ms")
    pp.values[2] = 0x1B80
    pp.pending = 2
    daemon = run(pp, **devices[0])
    api = daemon.api()
    value = until(lambda: api.json("GET", "/api/v1/points/t2")["value"], 30)
    assert value == pytest.approx(27.5)
    selects = [(a, v) for f, a, v in pp.writes]
    assert selects and set(selects) == {(SELECT_NUMBER, 2)}
    assert pp.reads[NUMBER] >= 3, "not obtained yet: only the result is asked again"
    assert "selector numeric" in daemon.log(), "the reason is told at start"


def test_i3_i8_kill_9_loses_no_event_and_makes_none_twice(tmp_path, pp):
    """kill -9 at the worst moments: when the acknowledgement is on its way and has no
    effect yet, when it took effect and its echo did not, right after the read, and at
    random."""
    with Daemon(tmp_path / "d", site(*converter(pp.port))) as daemon:
        daemon.start()
        until(lambda: pp.reads[EVENT] > 1, 20)
        stop = threading.Event()

        def feed():
            n = 0
            while not stop.wait(0.03):
                pp.event(FIRE if n % 7 == 0 else 24, zone=n % ZONES + 1)
                n += 1
        feeder = threading.Thread(target=feed)
        feeder.start()
        try:
            for n in range(12):
                kill_at(daemon, pp, n)
                daemon.start()
        finally:
            stop.set()
            feeder.join()
        drained(pp, 60)
        until(lambda: len(events(daemon)) >= len(pp.produced), 20)
        assert daemon.stop() == 0
        daemon.verify()
        counts = collections.Counter(sequences(daemon))
        assert sorted(counts) == [number for number, _, _ in pp.produced], "an event was lost"
        assert set(counts.values()) == {1}, "an event came twice"
        assert events(daemon, "panel.gap") == []
        assert {a for _, a, _ in pp.writes} == {ACKNOWLEDGE}


def kill_at(daemon, pp, n):
    """Kills the daemon at one of four kinds of moment."""
    reached = threading.Event()
    if n % 4 == 0:      # stored, written, without effect: it comes again
        def before(number):
            reached.set()
            daemon.process.kill()
            return False
    elif n % 4 == 1:    # stored, written, with effect, and nobody hears of it
        def before(number):
            reached.set()
            daemon.process.kill()
            return True
    else:
        before = None
    if before is not None:
        pp.before_acknowledge = before
        assert reached.wait(60), "an acknowledgement comes"
        pp.before_acknowledge = None
    elif n % 4 == 2:    # read, and perhaps not stored
        reads = pp.reads[EVENT]
        until(lambda: pp.reads[EVENT] > reads, 20, step=0.001)
        daemon.process.kill()
    else:
        time.sleep(0.3 + 0.05 * n)
        daemon.process.kill()
    daemon.process.wait()
