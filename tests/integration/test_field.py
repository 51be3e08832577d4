# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The daemon against the field: a real Modbus server (pymodbus), and peers that behave
# badly in one way at a time. Each bad peer stands beside a healthy one that must not
# suffer, and nothing it says may become a value (I6).
import functools
import itertools
import time

import pytest

from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer

import exposition
from field import (ABSENT, CO_FIRE, FIRE, NORMAL, SUPERVISORY, TROUBLE, UNKNOWN_TYPE,
                   Gateway, Hostile, Modbus, gauges, module, panel)
from rig import Daemon, instant, place, site, until


@pytest.fixture(name="run")
def fixture_run(tmp_path):
    """Starts a daemon for buses and devices; ends it afterwards."""
    started = []

    def run(buses, devices, **more):
        daemon = Daemon(tmp_path / f"d{len(started)}", site(buses, devices, **more))
        started.append(daemon)
        return daemon.start()
    yield run
    for daemon in started:
        with daemon:
            assert daemon.stop() == 0
            daemon.verify()


def seen(api, point):
    """The point object once it has been read."""
    p = api.json("GET", f"/api/v1/points/{point}")
    return p if p["quality"] == "good" else None


def test_fire_comes_is_acknowledged_and_returns(run):
    peer = Modbus()
    daemon = run(*panel(peer.port))
    daemon.add_user()
    api = daemon.api().login()
    until(lambda: seen(api, "d3"), 5, "the detector is read")
    assert api.alarm("d3") is None

    peer.holding(2, FIRE)
    alarm = until(lambda: api.alarm("d3"), 5, "the fire is shown")
    assert (alarm["condition"], alarm["class"], alarm["state"]) == \
        ("fire", "fire", "unacknowledged")
    assert alarm["sounds"] and alarm["first_out"]
    until(lambda: api.alarm("d3")["seq"], 5, "the fire is durable")

    status, answer = api.acknowledge(alarm["occurrence"])
    assert status == 200 and answer["durable"] is True
    assert api.alarm("d3")["state"] == "acknowledged"
    assert api.alarm("d3")["acknowledged_by"] == "wang"

    peer.holding(2, NORMAL)
    until(lambda: api.alarm("d3") is None, 5, "the alarm is closed")
    until(lambda: [e["kind"] for e in api.events(point="d3")] == [
        "alarm.onset", "alarm.acknowledge", "alarm.clear", "alarm.close"], 5)
    assert [e["kind"] for e in api.events(point="@device/fap1")].count("panel.reset") == 1
    peer.stop()


def test_i14_unacknowledged_fire_stays_after_the_panel_is_reset(run):
    peer = Modbus()
    daemon = run(*panel(peer.port))
    api = daemon.api()
    peer.holding(4, FIRE)
    until(lambda: api.alarm("d5"), 5, "the fire is shown")
    peer.holding(4, NORMAL)
    alarm = until(lambda: (a := api.alarm("d5")) and a["state"] == "returned" and a, 5)
    assert alarm["cause"] == "panel_reset" and not alarm["sounds"]
    peer.holding(4, FIRE)
    again = until(lambda: (a := api.alarm("d5")) and a["state"] == "unacknowledged" and a,
                  5, "the second occurrence")
    assert again["occurrence"] != alarm["occurrence"]
    assert again["incident"] == alarm["incident"] and again["occurrences"] == 2
    daemon.add_user()
    status, answer = daemon.api().login().acknowledge(alarm["occurrence"])
    assert status == 409 and answer["error"]["code"] == "newer_occurrence"
    peer.stop()


@pytest.mark.parametrize("word,expected", [
    (CO_FIRE, {("fire", "co")}),
    (SUPERVISORY, {("supervisory", None)}),
    (TROUBLE, {("fault", None)}),
    (FIRE | 0x2000, {("fire", None), ("fault", None)}),
    (UNKNOWN_TYPE, {("fire", "unknown-code")}),
    (ABSENT, {("fault", "not-present")}),
])
def test_point_words(run, word, expected):
    peer = Modbus()
    daemon = run(*panel(peer.port))
    api = daemon.api()
    peer.holding(0, word)

    def found():
        alarms = [a for a in api.alarms() if a["point"] == "d1"]
        return {(a["condition"], a["code"]) for a in alarms}

    def matches():
        have = found()
        return len(have) == len(expected) and all(
            any(c == ec and (ec_code is None or code == ec_code) for c, code in have)
            for ec, ec_code in expected)
    until(matches, 5, f"{word:#06x} means {expected}, found {found()}")
    peer.stop()


BAD_WAYS = ["silent", "late", "wrong_tid", "wrong_unit", "wrong_function", "wrong_count",
            "short", "garbage", "babble"]


@pytest.mark.parametrize("way", BAD_WAYS)
def test_i6_a_bad_peer_gives_no_value_and_harms_nobody(run, way):
    healthy, bad = Modbus(), Hostile(value=FIRE)
    bad.answer = getattr(bad, way)
    buses, devices = panel(healthy.port)
    more_buses, more_devices = panel(bad.port, id="fap2", bus="lan2", retries=1,
                                     timeout="500ms")
    more_buses[0]["id"] = "lan2"
    for p in more_devices[0]["points"]:
        p["id"] = "x" + p["id"]
    daemon = run(buses + more_buses, devices + more_devices)
    api = daemon.api()
    until(lambda: seen(api, "d1"), 5, "the healthy neighbour is read")
    until(lambda: api.alarm("@device/fap2") or api.alarm("@bus/lan2"), 12,
          f"the {way} device is a link alarm")
    until(lambda: bad.requests >= 3 or bad.connections >= 2, 12, "it is tried again")
    healthy.holding(6, FIRE)
    until(lambda: api.alarm("d7"), 3, "the neighbour's fire is shown in time")
    onset = until(lambda: [e for e in api.events(point="d7")
                           if e["kind"] == "alarm.onset"], 3)[0]
    gap = instant(onset["time"]) - instant(onset["not_before"])
    assert gap < 3, f"the neighbour was not looked at for {gap} s"
    assert not [a for a in api.alarms() if a["point"].startswith("xd")]
    assert api.json("GET", "/api/v1/points/xd1")["quality"] == "unknown"
    # It is cured: read again within a period and a time-out, and now the fire counts.
    bad.answer = bad.good
    until(lambda: api.alarm("xd1", "fire"), 8, "the cured device is read")
    until(lambda: (a := api.alarm("@device/fap2")) is None or a["state"] == "returned", 5)
    healthy.stop()
    bad.stop()


def test_slow_and_doubled_answers_are_good_answers(run):
    for way in ("dribble", "twice"):
        peer = Hostile(value=NORMAL)
        peer.answer = getattr(peer, way)
        buses, devices = panel(peer.port, timeout="3s", poll="1s", retries=1)
        daemon = run(buses, devices)
        until(lambda a=daemon.api(): seen(a, "d1"), 8, f"{way}: the detector is read")
        assert daemon.api().alarm("@device/fap1") is None
        peer.stop()


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 6, 8, 0x0A, 0x0B, 0x63])
def test_i6_exceptions_never_clear_or_become_values(run, code):
    peer = Hostile(value=FIRE)
    buses, devices = panel(peer.port, retries=1)
    daemon = run(buses, devices)
    api = daemon.api()
    until(lambda: api.alarm("d1", "fire"), 5, "the fire is read")
    peer.answer = peer.exception(code)
    requests = peer.requests
    # A device that says "cannot" (01, 03) is asked less often than one that is busy.
    until(lambda: peer.requests >= requests + 3, 15, "exceptions were answered")
    alarm = api.alarm("d1", "fire")
    assert alarm and alarm["state"] == "unacknowledged"
    if code in (0x0A, 0x0B):
        until(lambda: api.alarm("@device/fap1"), 5, "a link condition of the unit")
        until(lambda: api.alarm("d1", "fire")["quality"] == "unknown", 5)
    peer.stop()


def test_gateway_vanishes_and_returns(run):
    peer = Modbus()
    daemon = run(*panel(peer.port))
    api = daemon.api()
    peer.holding(1, FIRE)
    until(lambda: api.alarm("d2"), 5)
    before = api.json("GET", "/api/v1/points/d1")["time"]
    peer.stop()
    until(lambda: api.alarm("@bus/lan1") or api.alarm("@device/fap1"), 10, "link alarm")
    sounding = [a for a in api.alarms() if a["condition"] == "link" and not a["hidden"]]
    assert len(sounding) == 1, "one link alarm, not one per unit"

    def row(point):
        return next(iter(api.json("GET", f"/api/v1/blind?point={point}")["rows"]), None)
    # I13: what is not watched is summed while it lasts, for the link and for each point behind it.
    away = until(lambda: (b := row("@device/fap1")) and b["goes_on"] and b["by_ms"]["link"] > 0 and b, 5)
    begun = [e for e in api.events() if e["kind"] == "blind" and e["point"] == "@device/fap1"]
    assert away["events"] == [e["seq"] for e in begun]
    assert row("d1")["events"] == away["events"]
    point = until(lambda: (p := api.json("GET", "/api/v1/points/d1"))
                  and p["quality"] == "unknown" and p, 5)
    # Both clocks are cut to the millisecond, each for itself.
    assert instant(before) - 0.0015 <= instant(point["unknown_since"])
    assert api.alarm("d2")["state"] == "unacknowledged"
    assert api.alarm("d2")["quality"] == "unknown"

    peer.units[1].setValues(3, 1, [NORMAL])
    peer.units[1].setValues(3, 8, [FIRE])
    peer.start()
    until(lambda: api.alarm("d9", "fire"), 10, "a fire of the gap is found")
    onset = until(lambda: [e for e in api.events(point="d9")
                           if e["kind"] == "alarm.onset"], 5)[0]
    assert onset["params"]["found_after_gap"] is True and onset["not_before"]
    clear = until(lambda: [e for e in api.events(point="d2")
                           if e["kind"] == "alarm.clear"], 5)[0]
    assert clear["params"]["found_after_gap"] is True
    blind = until(lambda: [e for e in api.events() if e["kind"] == "blind" and "to_utc_ms" in e["params"]], 5)
    assert blind[0]["params"]["to_utc_ms"] > blind[0]["params"]["from_utc_ms"]
    done = row(blind[0]["point"])
    assert not done["goes_on"] and blind[0]["seq"] in done["events"]
    assert done["by_ms"]["link"] == blind[0]["params"]["to_utc_ms"] - blind[0]["params"]["from_utc_ms"]
    assert done["by_ms"]["link"] >= away["by_ms"]["link"] > 0
    assert row("d1")["by_ms"]["link"] == done["by_ms"]["link"]
    peer.stop()


def test_refused(run):
    refusing = Hostile()
    refusing.stop()
    healthy = Modbus()
    buses, devices = panel(healthy.port)
    more_buses, more_devices = module(refusing.port)
    daemon = run(buses + more_buses, devices + more_devices)
    api = daemon.api()
    until(lambda: seen(api, "d1"), 5, "the healthy neighbour is read")
    until(lambda: api.alarm("@bus/lan2"), 8, "a refused connection is a bus alarm")
    assert api.json("GET", "/api/v1/points/io1-door0")["quality"] == "unknown"
    healthy.stop()


def test_door_contact_on_a_module(run):
    peer = Modbus()
    buses, devices = module(peer.port, bus="lan1")
    daemon = run(buses, devices)
    api = daemon.api()
    until(lambda: seen(api, "io1-door1"), 5)
    peer.discrete(1, 1)
    alarm = until(lambda: api.alarm("io1-door1"), 5, "the door is open")
    assert alarm["class"] == "security"
    peer.discrete(1, 0)
    until(lambda: api.alarm("io1-door1")["state"] == "returned", 5)
    peer.stop()


def test_absent_register_is_split_off_and_named(run):
    """A block that answers "illegal address" is halved until the bad one is known."""
    peer = Hostile(value=NORMAL)
    good = peer.good

    def answer(request):
        last = request["address"] + request["count"] - 1
        if request["address"] <= 4 <= last:
            return peer.exception(2)(request)
        return good(request)
    peer.answer = answer
    daemon = run(*panel(peer.port))
    api = daemon.api()
    until(lambda: all(seen(api, f"d{n}") for n in range(1, 11) if n != 5), 15,
          "all others are read")
    until(lambda: api.alarm("d5", "fault"), 5, "the absent point is a fault")
    assert api.json("GET", "/api/v1/points/d5")["quality"] == "bad"
    peer.stop()


def test_i8_nothing_but_reads_reaches_the_field(run):
    peer = Hostile()
    functions = set()
    good = peer.good

    def answer(request):
        functions.add(request["fc"])
        return good(request)
    peer.answer = answer
    daemon = run(*panel(peer.port))
    daemon.add_user()
    api = daemon.api().login()
    peer.value = FIRE
    alarm = until(lambda: api.alarm("d1"), 5)
    api.acknowledge(alarm["occurrence"])
    api.call("POST", "/api/v1/silence")
    api.call("POST", "/api/v1/points/d1/reset")
    requests = peer.requests
    until(lambda: peer.requests > requests + 5, 5)
    assert functions <= {1, 2, 3, 4}, functions
    peer.stop()


@pytest.mark.parametrize("kind", ["modbus_tcp", "modbus_rtu_tcp"])
def test_units_behind_a_gateway_and_a_device_server(run, kind):
    """Many units on one connection; one that is silent costs the others nothing."""
    framer = ModbusSocketFramer if kind == "modbus_tcp" else ModbusRtuFramer
    units = range(1, 9)
    peer = Modbus(units=units, framer=framer, value=700)
    for unit in peer.units.values():
        unit.setValues(3, 0, [1, 3, 0, 3, 700, 0, 1600])
    buses, devices = gauges("unused", units=[*units, 99])
    buses = [{"id": "pump-room", kind: f"127.0.0.1:{peer.port}"}]
    buses[0].update({"window": 4} if kind == "modbus_tcp" else {"line": "115200 8N1"})
    for device in devices:
        device["poll"] = "500ms"
    daemon = run(buses, devices)
    api = daemon.api()
    until(lambda: all(seen(api, f"gauge{u}") for u in units), 15, "all units are read")
    until(lambda: api.alarm("@device/pt99"), 15, "the absent unit is named")
    connections = peer.connections()
    for unit in units:
        peer.holding(4, 800 + unit, unit=unit)
    until(lambda: all(abs(seen(api, f"gauge{u}")["value"] - 800 - u) < 0.01
                      for u in units), 10, "each unit has its own value")
    assert api.json("GET", "/api/v1/points/gauge99")["quality"] == "unknown"
    assert api.alarm("@bus/pump-room") is None
    assert peer.connections() == connections == 1
    peer.stop()


@pytest.mark.parametrize("branch", [False, True], ids=["spread", "branch"])
def test_i7_units_that_die_at_once_behind_a_gateway_that_is_not_told(run, branch):
    """Eight of 24, each third or one after another: the site does not say how long the
    gateway waits, and the others are read within 1.2 periods and one time-out."""
    units = range(1, 25)
    dead = set(range(9, 17) if branch else units[1::3])
    peer = Gateway(units, [1, 3, 0, 3, 700, 0, 1600])
    buses, devices = gauges("unused", units=units, daily_log=False)
    buses = [{"id": "pump-room", "modbus_tcp": f"127.0.0.1:{peer.port}"}]
    for device in devices:
        device.update(poll="1s", timeout="1s", retries=2,
                      accept_budget={"limit": "200s", "reason": "a test"})
    daemon = run(buses, devices)
    api = daemon.api()
    until(lambda: all(seen(api, f"gauge{u}") for u in units), 15, "all units are read")
    since = time.monotonic()
    for unit in dead:
        peer.kill(unit)
    until(lambda: all(api.alarm(f"@device/pt{u}") for u in dead), 40, "each is named")
    time.sleep(5)
    assert peer.worst_gap_s(since) < 1.2 + 1 + 0.3, "with what a busy machine adds"
    assert {a["point"] for a in api.alarms() if a["point"].startswith("@device/")} == \
        {f"@device/pt{u}" for u in dead}
    assert peer.connections() == 1
    peer.stop()


def test_read_more_seldom_than_planned_is_a_fault(run):
    """A device that answers, but not in time for what the plan promises."""
    peer = Hostile(value=NORMAL)
    daemon = run(*panel(peer.port))
    api = daemon.api()
    until(lambda: seen(api, "d1"), 5, "the detector is read")
    peer.answer = peer.exception(6)  # busy: lost only after 10 s
    alarm = until(lambda: api.alarm("@device/fap1", "fault"), 9, "the plan is broken")
    assert alarm["code"] == "overdue" and api.alarm("@device/fap1", "link") is None
    peer.answer = peer.good
    until(lambda: (a := api.alarm("@device/fap1", "fault")) is None or
          a["state"] == "returned", 5, "as planned again")
    peer.stop()


def test_faults_within_the_bound_are_no_fault(run):
    """Two replies of three are lost, which the bound holds for: nothing is told, and the
    figure that is kept stays below it, but well above the period."""
    peer = Hostile(value=NORMAL)
    buses, devices = panel(peer.port, retries=2, poll="400ms", timeout="300ms")
    devices[0]["points"] = devices[0]["points"][:1]
    daemon = run(buses, devices)
    api = daemon.api()
    until(lambda: seen(api, "d1"), 5, "the detector is read")
    asked = itertools.count(1)
    peer.answer = lambda request: [] if next(asked) % 3 else peer.good(request)

    def device():
        return api.json("GET", "/api/v1/devices")["devices"][0]
    until(lambda: device()["timeouts"] >= 12, 30, "a dozen replies are lost")
    d = device()
    assert (d["state"] == "lost", d["overdue"]) == (False, False), d
    assert d["budget_faults"]["lost_replies"] == 2
    assert 2 * 300 <= d["worst_gap_ms"] <= d["budget_ms"], d
    for condition in ("fault", "link"):
        assert api.alarm("@device/fap1", condition) is None
    assert not [e for e in api.events(point="@device/fap1") if e["code"] == "overdue"]
    peer.stop()


def test_answers_that_slow_down_beyond_the_bound_are_a_fault(run):
    """A device that answers each request, but so slowly that its points are read later
    than the plan promises; and it ends with that."""
    peer = Hostile(value=NORMAL)
    buses, devices = panel(peer.port, retries=0)
    # Ten blocks of their own: a pass takes ten answers.
    for p in devices[0]["points"]:
        p["loop"] = p.pop("device")
        p["device"] = 1
    daemon = run(buses, devices)
    api = daemon.api()
    until(lambda: all(seen(api, f"d{n}") for n in range(1, 11)), 8, "all are read")
    bound = api.json("GET", "/api/v1/devices")["devices"][0]["budget_ms"]
    assert bound < 1000
    good = peer.good
    peer.answer = lambda request: [(0.25, good(request)[0][1])]  # a pass takes 2.5 s
    alarm = until(lambda: api.alarm("@device/fap1", "fault"), 10, "the plan is broken")
    assert alarm["code"] == "overdue" and api.alarm("@device/fap1", "link") is None
    assert seen(api, "d1"), "it is read, if late"
    peer.answer = good
    until(lambda: (a := api.alarm("@device/fap1", "fault")) is None or
          a["state"] == "returned", 8, "as planned again")
    kinds = [e["kind"] for e in api.events(point="@device/fap1") if e["code"] == "overdue"]
    assert kinds[0] == "alarm.onset" and "alarm.clear" in kinds
    peer.stop()


def test_links_and_their_figures(run):
    """What the API and /metrics say of buses, devices and blocks, and that it adds up."""
    healthy, silent = Modbus(), Hostile()
    silent.answer = silent.silent
    buses, devices = panel(healthy.port)
    more_buses, more_devices = panel(silent.port, id="fap2", bus="lan2", retries=0)
    more_buses[0]["id"] = "lan2"
    for p in more_devices[0]["points"]:
        p["id"] = "x" + p["id"]
    daemon = run(buses + more_buses, devices + more_devices)
    api = daemon.api()
    until(lambda: seen(api, "d1"), 5, "the panel is read")

    def device(name):
        found = api.json("GET", "/api/v1/devices")["devices"]
        return next(d for d in found if d["id"] == name)
    until(lambda: device("fap2")["state"] == "lost", 8, "the silent one is lost")
    d = until(lambda: (x := device("fap1"))["good"] > 10 and x, 8)
    assert (d["state"], d["sick"], d["overdue"]) == ("up", False, False)
    assert d["requests"] - d["good"] in (0, 1) and d["timeouts"] == 0
    assert 0 < d["reply_ms"]["last"] <= d["reply_ms"]["max"]
    assert d["worst_gap_ms"] >= 190
    assert d["health"]["good"] == d["health"]["of"] == 11 or d["health"]["of"] == 16
    lost = device("fap2")
    assert lost["code"] == "timeout" and lost["good"] == 0 and lost["last_good"] is None
    only = api.json("GET", "/api/v1/devices?bus=lan2")["devices"]
    assert [d["id"] for d in only] == ["fap2"]
    bus = {b["id"]: b for b in api.json("GET", "/api/v1/buses")["buses"]}
    assert bus["lan1"]["connects"] == 1 and bus["lan1"]["devices_lost"] == 0
    assert bus["lan2"]["devices_lost"] == 1 and bus["lan2"]["wasted_ms"] > 0
    blocks = api.json("GET", "/api/v1/devices/fap1/blocks")["blocks"]
    assert [(b["address"], b["count"], b["points"], b["state"]) for b in blocks] == \
        [(0, 10, 10, "read")]
    figures = exposition.parse(api.call("GET", "/metrics?blocks=1")[2].decode())
    of = functools.partial(exposition.total, figures)
    assert of("watchroom_device_up", bus="lan1", device="fap1") == 1
    assert of("watchroom_device_up", bus="lan2", device="fap2") == 0
    assert of("watchroom_device_timeouts_total", bus="lan2", device="fap2") > 0
    assert of("watchroom_block_good_total", bus="lan1", device="fap1", kind="points",
              area="holding", address="0") > 10
    healthy.stop()
    silent.stop()


def test_figures_of_blocks_add_up_to_those_of_their_device(run):
    """A panel with summaries, absent registers and lost answers: each of its requests is
    in one block, and no two blocks have the same labels."""
    peer = Hostile(value=0)
    good = peer.good
    absent, lost = peer.exception(2), itertools.count()

    def answer(request):
        if request["address"] <= 5 < request["address"] + request["count"]:
            return absent(request)
        return [] if next(lost) % 7 == 6 else good(request)
    peer.answer = answer
    points = [{"id": f"l{loop}d{n}", "item": "detector", "loop": loop, "device": n,
               "kind": "smoke", "zone": "z1", "place": place(f"{loop}-{n}")}
              for loop in (1, 2, 10) for n in (1, 6, 7)]
    daemon = run([{"id": "lan1", "modbus_tcp": f"127.0.0.1:{peer.port}"}],
                 [{"id": "fap1", "bus": "lan1", "unit": 1, "profile": "honeywell-clss",
                   "poll": "1s", "timeout": "200ms", "points": points}])
    api = daemon.api()

    def device():
        return api.json("GET", "/api/v1/devices")["devices"][0]
    until(lambda: device()["good"] > 40 and device()["exceptions"] > 1, 40, "it is read")
    figures = exposition.parse(api.call("GET", "/metrics?blocks=1")[2].decode())
    of = functools.partial(exposition.total, figures, device="fap1")
    ends = [of(f"watchroom_block_{end}_total") for end in ("good", "missed", "refused")]
    assert ends[0] == of("watchroom_device_good_total")
    assert ends[2] == of("watchroom_device_exceptions_total") > 1
    assert of("watchroom_block_requests_total") == of("watchroom_device_requests_total")
    assert of("watchroom_block_requests_total") - sum(ends) in (0, 1), "one in flight"
    blocks = api.json("GET", "/api/v1/devices/fap1/blocks")["blocks"]
    shown = {(b["kind"], b["area"], b["address"]) for b in blocks}
    assert {("summary", "holding", 14100), ("summary", "holding", 59999),
            ("points", "holding", 0)} <= shown, shown
    assert len(shown) == len(blocks)
    peer.stop()
