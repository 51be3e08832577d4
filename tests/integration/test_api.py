# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The console's API on the real daemon: state, stream, sessions, readings, reports; and
# that the same figures come by command line.
import csv
import http.client
import io
import json

import pytest

import exposition
from field import FIRE, NORMAL, Modbus, panel
from rig import PIN, USER, Daemon, instant, place, site, until


@pytest.fixture(name="both")
def fixture_both(tmp_path):
    peer = Modbus()
    with Daemon(tmp_path, site(*panel(peer.port))) as daemon:
        daemon.start()
        daemon.add_user()
        yield daemon, peer
        assert daemon.stop() == 0
        daemon.verify()
    peer.stop()


def test_stream_snapshot_then_alarm_then_durable(both):
    daemon, peer = both
    stream = daemon.stream()
    until(lambda: stream.of("state"), 3, "the snapshot comes first")
    assert stream.items[0][1] == "state"
    peer.holding(0, FIRE)
    until(lambda: [i for i in stream.of("alarm") if i[3]["point"] == "d1"], 5)
    onset = until(lambda: [i for i in stream.of("journal")
                           if i[3]["kind"] == "alarm.onset" and i[3]["point"] == "d1"], 3)
    n = onset[0][3]["n"]
    durable = until(lambda: [i for i in stream.of("durable") if i[3]["n"] == n], 3)
    assert durable[0][3]["seq"] > 0
    until(lambda: len(stream.of("hb")) >= 4, 10, "heartbeats come every 2 s")
    beats = [instant(i[3]["time"]) for i in stream.of("hb")][:4]
    gaps = [later - before for before, later in zip(beats, beats[1:])]
    # Never sooner; later only where the machine had no time for the daemon.
    assert min(gaps) > 1.9 and min(gaps) < 2.5, gaps
    stream.close()


def test_stream_resumes_after_a_cut_without_a_hole(both):
    daemon, peer = both
    stream = daemon.stream()
    until(lambda: stream.of("state"), 3)
    peer.holding(0, FIRE)
    until(lambda: stream.of("journal"), 5)
    last = [i[2] for i in stream.items if i[2]][-1]
    stream.close()
    peer.holding(1, FIRE)
    until(lambda: daemon.api().alarm("d2"), 5)
    again = daemon.stream(last=last)
    until(lambda: [i for i in again.of("journal") if i[3]["point"] == "d2"], 5,
          "what was missed is replayed")
    assert not again.of("state"), "the same boot needs no new snapshot"
    ids = [int(i[2].split("-")[1]) for i in again.items if i[2]]
    assert ids == sorted(ids) and ids[0] >= int(last.split("-")[1])
    other = daemon.stream(last="99999-1")
    until(lambda: other.of("state"), 3, "another boot gets a snapshot")
    again.close()
    other.close()


def test_sessions_guard_every_write(both):
    daemon, peer = both
    api = daemon.api()
    peer.holding(0, FIRE)
    alarm = until(lambda: api.alarm("d1"), 5)
    path = f"/api/v1/alarms/{alarm['occurrence']}/acknowledge"
    assert api.call("POST", path, {})[0] == 401
    status, _, _ = api.call("POST", "/api/v1/session", {"user": "wang", "pin": "0000"})
    assert status == 401
    api.login()
    good = api.csrf
    api.csrf = "0" * len(good)
    assert api.call("POST", path, {})[0] == 403
    api.csrf = good
    assert api.call("POST", path, {}, {"Origin": "http://evil.example"})[0] == 403
    assert api.call("POST", path, {}, {"Host": "evil.example"})[0] == 421
    assert api.acknowledge(alarm["occurrence"])[0] == 200
    again, answer = api.acknowledge(alarm["occurrence"])
    assert again == 200, answer
    assert api.alarm("d1")["acknowledged_by"] == "wang"
    assert api.call("POST", "/api/v1/alarms/1-999999/acknowledge", {})[0] == 404
    assert api.call("DELETE", "/api/v1/session")[0] == 204
    assert api.call("POST", path, {})[0] == 401
    kinds = {e["kind"] for e in daemon.api().events()}
    assert {"session.open", "session.close", "session.refused"} <= kinds


def from_elsewhere(daemon, method, path, body=None):
    """(status, error code) of a request from an address that is not the desk's."""
    link = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=20,
                                      source_address=("127.0.0.2", 0))
    try:
        link.request(method, path, json.dumps(body) if body else None,
                     {"X-Watchroom": "1", "Content-Type": "application/json"})
        reply = link.getresponse()
        data = reply.read()
        return reply.status, (json.loads(data)["error"]["code"]
                              if reply.status >= 400 else None)
    finally:
        link.close()


def test_without_tls_only_the_desk_is_answered(both):
    daemon, _ = both
    pin = {"user": USER, "pin": PIN}
    for method, path, body in (("GET", "/", None), ("GET", "/healthz", None),
                               ("GET", "/api/v1/state", None),
                               ("POST", "/api/v1/session", pin)):
        assert from_elsewhere(daemon, method, path, body) == (403, "desk_only"), path


def test_a_site_may_say_why_plain_http_is_safe(tmp_path):
    peer = Modbus()
    text = site(*panel(peer.port), console={
        "listen": "127.0.0.1:0", "accept_plain_http": "loopback of a test"})
    with Daemon(tmp_path, text) as daemon:
        daemon.start()
        daemon.add_user()
        assert "loopback of a test" in daemon.log()
        assert from_elsewhere(daemon, "GET", "/") == (200, None)
        assert from_elsewhere(daemon, "GET", "/api/v1/state") == (401, "no_session")
        assert from_elsewhere(daemon, "POST", "/api/v1/session",
                              {"user": USER, "pin": PIN}) == (200, None)
        assert daemon.stop() == 0
    peer.stop()


def test_silence_stops_sound_and_nothing_else(both):
    daemon, peer = both
    api = daemon.api()
    peer.holding(0, FIRE)
    until(lambda: api.state()["health"]["sounder"], 5, "sound is wanted")
    assert api.call("POST", "/api/v1/silence")[0] == 200
    health = api.state()["health"]
    assert health["silenced"] is True and health["sounder"] is False
    assert api.alarm("d1")["state"] == "unacknowledged"
    peer.holding(1, FIRE)
    until(lambda: api.state()["health"]["sounder"], 5, "the next alarm sounds again")


def test_notes_are_events(both):
    daemon, peer = both
    api = daemon.api().login()
    peer.holding(0, FIRE)
    alarm = until(lambda: api.alarm("d1"), 5)
    path = f"/api/v1/alarms/{alarm['occurrence']}/note"
    assert api.call("POST", path, {"text": "派人查看 \"五层\""})[0] == 200
    assert api.call("POST", path, {"text": "字" * 200})[0] == 200
    assert api.call("POST", path, {"text": "x" * 5000})[0] == 400
    assert api.call("POST", path, {"words": "x"})[0] == 400
    notes = [e for e in api.events(point="d1") if e["kind"] == "alarm.note"]
    assert [n["params"]["note"] for n in notes] == ["派人查看 \"五层\"", "字" * 200]
    assert notes[0]["actor"] == "wang"


def test_counters_and_devices(both):
    daemon, peer = both
    api = daemon.api()
    peer.holding(0, FIRE)
    peer.holding(1, FIRE)
    until(lambda: api.state()["counters"]["fire"] == {"active": 2, "unacknowledged": 2}, 5)
    peer.holding(1, NORMAL)
    until(lambda: api.state()["counters"]["fire"] == {"active": 1, "unacknowledged": 2}, 5)
    device = api.state()["devices"][0]
    assert device["id"] == "fap1" and device["lost"] is False and device["last_heard"]


def test_statistics_open_to_their_events_and_equal_the_command_line(both):
    daemon, peer = both
    api = daemon.api().login()
    for n in (0, 1, 2):
        peer.holding(n, FIRE)
    until(lambda: len([a for a in api.alarms() if a["seq"] and
                       a["class"] == "fire"]) == 3, 5)
    api.acknowledge(api.alarm("d2")["occurrence"])
    peer.holding(2, NORMAL)
    until(lambda: api.alarm("d3")["state"] == "returned", 5)
    until(lambda: api.state()["health"]["store_waiting"] == 0, 5)

    report = api.json("GET", "/api/v1/reports/alarms-daily?day=today&format=json&lang=en")
    text = json.dumps(report)
    onsets = [e["seq"] for e in api.events()
              if e["kind"] == "alarm.onset" and e["class"] == "fire"]
    assert len(onsets) == 3
    ids = sorted(s for row in find_rows(report) if row.get("class") == "fire"
                 for s in row["events"])
    assert ids == sorted(onsets), text
    by_tool = daemon.tool("report", "alarms-daily", "--day", "today", "--format", "json")
    assert by_tool.returncode == 0, by_tool.stderr
    assert [r for r in find_rows(json.loads(by_tool.stdout)) if r.get("class") == "fire"] \
        == [r for r in find_rows(report) if r.get("class") == "fire"]
    status, headers, data = api.call(
        "GET", "/api/v1/reports/alarms-daily?day=today&format=csv&lang=zh")
    assert status == 200 and data.startswith(b"\xef\xbb\xbf")
    assert headers["Content-Disposition"] == \
        f'attachment; filename="alarms-daily-{report["day"]}.csv"'
    assert "火警" in data.decode("utf-8-sig")
    list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert api.call("GET", "/api/v1/reports/none?day=today&format=csv")[0] == 404
    assert api.call("GET", "/api/v1/reports/alarms-daily?day=soon&format=csv")[0] == 400


def find_rows(report):
    """Every object with event ids, wherever it stands in the report."""
    found, rest = [], [report]
    while rest:
        value = rest.pop()
        if isinstance(value, dict):
            if "events" in value and isinstance(value["events"], list):
                found.append(value)
            rest += value.values()
        elif isinstance(value, list):
            rest += value
    return sorted(found, key=lambda r: json.dumps(r, sort_keys=True))


def test_bad_requests_are_refused_with_the_field(both):
    daemon, _ = both
    api = daemon.api()
    for path in ("/api/v1/events?limit=0", "/api/v1/events?colour=red",
                 "/api/v1/events?from=yesterday", "/api/v1/readings?point=d1&step=7",
                 "/api/v1/events?class=blaze", "/api/v1/events?after=%00"):
        status, _, data = api.call("GET", path)
        assert status == 400, (path, status, data)
    status, _, data = api.call("GET", "/api/v1/events?limit=0")
    assert json.loads(data)["error"]["field"] == "limit"
    for path in ("/api/v1/nothing", "/..%2f..%2fetc/passwd", "/api/v1/points/none"):
        assert api.call("GET", path)[0] in (400, 404), path
    assert api.call("PUT", "/api/v1/state")[0] == 405


def test_health_and_metrics(both):
    daemon, _ = both
    status, _, data = daemon.api().call("GET", "/healthz")
    assert status == 200 and json.loads(data)["store"] == "ok"
    status, headers, data = daemon.api().call("GET", "/metrics")
    assert status == 200 and data.endswith(b"\n") and b"# HELP" in data
    assert exposition.parse(data.decode())["watchroom_store_ok"] == {frozenset(): 1}


@pytest.mark.parametrize("kind, more, status", [
    ("fire-contact", {}, 503), ("valve", {}, 200), ("valve", {"class": {"supervisory": "fire"}}, 503)])
def test_i9_health_says_when_a_fire_contact_on_a_line_is_not_seen(tmp_path, kind, more, status):
    """There is no such chip: nothing of it is seen, and that is no health where a fire is."""
    line = {"id": "contact", "line": "1", "kind": kind, "place": place("Contact"), **more}
    text = site([], [], gpio=[{"id": "room-io", "chip": "/dev/no-such-chip", "points": [line]}])
    with Daemon(tmp_path, text) as daemon:
        daemon.start()
        api = daemon.api()
        until(lambda: api.alarm("@gpio/room-io"), 10, "the chip is missed")
        found, _, data = api.call("GET", "/healthz")
        assert found == status, data
        assert ("fire_unwatched" in json.loads(data)["modes"]) == (status == 503)
        assert "points_unknown" in json.loads(data)["modes"]
        assert daemon.stop() == 0
        daemon.verify()
