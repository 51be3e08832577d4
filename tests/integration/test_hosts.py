# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The room's own equipment, watched by the real daemon: real cameras, web servers and hosts
# that are there, are not, or lie; each with the code that says why, at its place.
import datetime
import http.server
import os
import pathlib
import re
import threading
import time

import pytest

import exposition
from field import FIRE, Modbus, panel
from host_peers import (USER, WORD, ForgetfulCamera, Lighttpd, Network, Rtsp, Sshd, free_port,
                        make_certificate, may_make_networks, pin_of)
from rig import SANITIZED, Daemon, place, site, until
from webhook_sink import WebhookSink

needs_networks = pytest.mark.skipif(
    not may_make_networks(), reason="network namespaces cannot be made here (not root)")

# Of the machine that runs the tests, not of the daemon.
PATIENCE = 40


def host(name, kind="server", **more):
    return {"id": name, "kind": kind, "place": place(f"{name} room"), "period": "6s",
            "timeout": "1s", "retries": 0, "lost": {"misses": 1, "of": 1}, **more}


@pytest.fixture(name="watch")
def fixture_watch(tmp_path):
    """watch(hosts, ...) -> the API of a daemon that watches them."""
    running = []

    def start(hosts, buses=(), devices=(), files=None, **more):
        text = site(list(buses), list(devices), hosts=hosts, **more)
        daemon = Daemon(tmp_path, text, files)
        (tmp_path / "word").write_text(WORD + "\n")
        (tmp_path / "wrong").write_text("battery staple\n")
        running.append(daemon)
        daemon.start()
        api = daemon.api()
        api.daemon = daemon
        return api
    yield start
    for daemon in running:
        if daemon.process.poll() is None:
            assert daemon.stop() == 0, daemon.log()
        daemon.verify()
        assert WORD not in daemon.log() and "battery" not in daemon.log()


def one(api, name):
    hosts = api.json("GET", "/api/v1/hosts?limit=1000")["hosts"]
    return next(h for h in hosts if h["id"] == name)


def is_up(api, name, seconds=PATIENCE):
    until(lambda: one(api, name)["state"] == "up", seconds,
          lambda: f"{name} is up: {one(api, name)}")
    until(lambda: api.json("GET", f"/api/v1/points/{name}")["quality"] == "good", 5)
    assert not [a for a in api.alarms() if a["point"] == name and a["state"] != "returned"]


def is_lost(api, name, code, seconds=PATIENCE):
    """The alarm: a fault with its code, at the place of the host."""
    def found():
        return [a for a in api.alarms() if a["point"] == name and a["code"] == code
                and a["state"] != "returned"]
    alarm = until(found, seconds, lambda: f"{name} is {code}: {one(api, name)}")[0]
    assert (alarm["condition"], alarm["class"]) == ("fault", "fault")
    assert alarm["place"]["en"] == f"{name} room"
    assert one(api, name)["state"] == "lost" and one(api, name)["code"] == code
    return alarm


def words_of(name="word", **more):
    return {"user": USER, "password": {"file": name}, **more}


# ---- each way of asking, against real servers -------------------------------------------

def test_cameras_by_rtsp(watch, tmp_path):
    with Rtsp(tmp_path) as free, Rtsp(tmp_path, locked=True) as locked:
        api = watch([
            host("live", "camera", rtsp=free.url("/live")),
            host("audio", "camera", rtsp=free.url("/audio")),
            host("none", "camera", rtsp=free.url("/none")),
            host("server", "camera", rtsp={"url": free.url("/none"), "request": "options"}),
            host("locked", "camera", rtsp={"url": locked.url("/live"), **words_of()}),
            host("wrong", "camera", rtsp={"url": locked.url("/live"), **words_of("wrong")}),
            host("nobody", "camera", rtsp=locked.url("/live")),
        ])
        for name in ("live", "server", "locked"):
            is_up(api, name)
            assert one(api, name)["round_trip_ms"] > 0
        is_lost(api, "audio", "no-stream")
        is_lost(api, "none", "no-stream")
        is_lost(api, "nobody", "auth")
        is_lost(api, "wrong", "auth")
        assert one(api, "wrong")["password_held_until"]
        assert one(api, "locked")["password_held_until"] is None
        # The camera goes and comes back.
        free.stop()
        alarm = is_lost(api, "live", "refused")
        is_lost(api, "server", "refused")
        api.daemon.add_user()
        api.login().acknowledge(alarm["occurrence"])
    text = (tmp_path / "state" / "last-good" / "site.yaml").read_text()
    assert WORD not in text


def test_a_camera_may_forget_its_nonce_with_the_connection(watch):
    """Its password is right at every check, and a fault only where it is not."""
    with ForgetfulCamera() as camera, ForgetfulCamera() as other:
        api = watch([
            host("forgetful", "camera", period="3s",
                 rtsp={"url": camera.url(), **words_of()}),
            host("wrong", "camera", period="3s",
                 rtsp={"url": other.url(), **words_of("wrong")}),
        ])
        is_lost(api, "wrong", "auth")
        until(lambda: camera.asked.count("good") >= 5, PATIENCE, lambda: f"{camera.asked}")
        is_up(api, "forgetful")
        h = one(api, "forgetful")
        assert h["failed"] == 0 and h["password_held_until"] is None
        # From the third check on no old nonce is shown, and its log stays as clean as it can.
        assert camera.asked.count("old") == 2 and "wrong" not in camera.asked
        assert other.asked.count("wrong") == 1 and "old" not in other.asked


def test_a_camera_that_hangs_is_a_fault(watch, tmp_path):
    """It takes the connection and answers OPTIONS; only its description never comes."""
    with Rtsp(tmp_path) as camera:
        api = watch([
            host("hung", "camera", rtsp=camera.url("/hung")),
            host("alive", "camera", rtsp={"url": camera.url("/hung"), "request": "options"}),
        ])
        is_lost(api, "hung", "timeout")
        assert "connected, no answer" in one(api, "hung")["detail"]


def test_web_servers(watch, tmp_path):
    with Lighttpd(tmp_path) as web:
        at = f"http://127.0.0.1:{web.port}"
        api = watch([
            host("open", http=f"{at}/open"),
            host("marked", http={"url": f"{at}/status", "marker": '"DeviceStatus": "ok"'}),
            host("unmarked", http={"url": f"{at}/open", "marker": '"DeviceStatus": "ok"'}),
            host("missing", http=f"{at}/missing"),
            host("expected", http={"url": f"{at}/missing", "status": [404]}),
            host("moved", http=f"{at}/moved"),
            host("locked", http={"url": f"{at}/locked", **words_of()}),
            host("wrong", http={"url": f"{at}/locked?x=1", **words_of("wrong")}),
            host("forbidden", http={"url": f"{at}/private/empty/", **words_of()}, period="30s"),
            host("mute", http=f"http://127.0.0.1:{free_port()}/"),
        ])
        for name in ("open", "marked", "expected", "locked"):
            is_up(api, name)
        is_lost(api, "unmarked", "no-marker")
        is_lost(api, "missing", "wrong-status")
        is_lost(api, "moved", "wrong-status")
        is_lost(api, "wrong", "auth")
        is_lost(api, "mute", "refused")
        # One challenge, and the nonce from then on: a device's log stays clean.
        until(lambda: web.statuses("/locked").count(200) >= 3, PATIENCE)
        seen = web.statuses("/locked")
        assert seen[0] == 401 and seen.count(401) == 1, seen
        # A wrong password went out once; the host was asked on without it.
        until(lambda: one(api, "wrong")["checks"] >= 3, PATIENCE)
        assert one(api, "wrong")["password_held_until"]
        # So does one that is known and may not: asking on would lock the account.
        is_lost(api, "forbidden", "auth")
        assert one(api, "forbidden")["password_held_until"]
        # It was repaired meanwhile.
        (tmp_path / "web-root" / "missing").write_text("found\n")
        is_up(api, "missing")
        closed = api.alarm("missing")
        assert closed is None or closed["state"] == "returned"
        metrics = api.call("GET", "/metrics")[2].decode()
        exposition.parse(metrics)
        assert 'watchroom_host_up{host="open"} 1\n' in metrics
        assert 'watchroom_host_up{host="mute"} 0\n' in metrics
        assert re.search(r'watchroom_host_round_trip_seconds\{host="open"\} 0\.\d+', metrics)
        assert "x=1" not in one(api, "wrong")["target"]


def test_tcp_and_ping(watch, tmp_path):
    port = free_port()
    with Sshd(tmp_path) as sshd:
        api = watch([
            host("ssh", tcp=f"127.0.0.1:{sshd.port}"),
            host("named", tcp=f"localhost:{sshd.port}"),
            host("closed", tcp=f"127.0.0.1:{port}"),
            host("unnamed", tcp="no-such-host.invalid:22"),
            host("loopback", "network", ping="127.0.0.1"),
        ])
        is_up(api, "ssh")
        is_up(api, "named")
        is_up(api, "loopback")
        is_lost(api, "closed", "refused")
        is_lost(api, "unnamed", "name")
    is_lost(api, "ssh", "refused")


def test_certificates(watch, tmp_path):
    now = datetime.datetime.now(datetime.timezone.utc)
    good, good_both = make_certificate(tmp_path, "good", days=400)
    soon, soon_both = make_certificate(tmp_path, "soon", days=10)
    ended, ended_both = make_certificate(tmp_path, "ended", days=5,
                                         start=now - datetime.timedelta(days=10))
    with Lighttpd(tmp_path, good_both, "a") as a, Lighttpd(tmp_path, soon_both, "b") as b, \
            Lighttpd(tmp_path, ended_both, "c") as c:
        def url(server):
            return f"https://127.0.0.1:{server.port}/open"
        api = watch([
            host("self-signed", http=url(a)),
            host("trusted", http={"url": url(a), "certificate": {"ca": "good.pem"}}),
            host("pinned", http={"url": url(a), "certificate":
                                 {"verify": False, "pin": pin_of(good)}}),
            host("other-pin", http={"url": url(a), "certificate":
                                    {"verify": False, "pin": pin_of(soon)}}),
            host("any", http={"url": url(c), "certificate": {"verify": False}}),
            host("soon", http={"url": url(b), "certificate": {"ca": "soon.pem"}}),
            host("ended", http={"url": url(c), "certificate": {"ca": "ended.pem"}}),
            host("no-tls", http=f"https://127.0.0.1:{free_port()}/"),
        ])
        for name in ("trusted", "pinned", "soon"):
            is_up_but_warned(api, name)
        is_lost(api, "self-signed", "certificate")
        is_lost(api, "other-pin", "certificate")
        is_lost(api, "ended", "certificate")
        assert "expired" in one(api, "ended")["detail"]
        is_lost(api, "no-tls", "refused")
        # The warning: a condition of its own, which asks nothing of anybody at night.
        warning = until(lambda: api.alarm("soon", "info"), PATIENCE)
        assert (warning["code"], warning["class"]) == ("certificate-expires", "info")
        assert warning["state"] == "acknowledged" and not warning["sounds"]
        until(lambda: api.alarm("any", "info"), PATIENCE)
        assert not api.alarm("trusted", "info")
        ends = one(api, "trusted")["certificate_ends"]
        days = datetime.datetime.fromisoformat(ends.replace("Z", "+00:00")) - now
        assert 398 <= days.days <= 400
        assert ended.exists()


def is_up_but_warned(api, name):
    until(lambda: one(api, name)["state"] == "up", PATIENCE, lambda: f"{one(api, name)}")


# ---- slow and dribbling servers, through the daemon --------------------------------------

class Slow(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/late":
            time.sleep(3)
        self.send_response(200)
        self.end_headers()
        with_body = self.path == "/drip"
        for _ in range(60 if with_body else 0):
            try:
                self.wfile.write(b"x")
            except OSError:
                return
            time.sleep(0.1)

    def log_message(self, *_):
        pass


def test_slow_servers(watch):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    at = f"http://127.0.0.1:{server.server_port}"
    api = watch([
        host("late", http=f"{at}/late", period="12s"),
        host("patient", http=f"{at}/late", period="24s", timeout="8s"),
        host("hurried", http=f"{at}/late", period="24s", timeout="8s",
             deadlines={"first_byte": "1s"}),
        host("drip", period="12s", http={"url": f"{at}/drip", "marker": "never"}),
    ])
    is_lost(api, "late", "timeout")
    is_lost(api, "drip", "timeout")
    is_lost(api, "hurried", "timeout")
    assert one(api, "hurried")["detail"] == "connected, no answer"
    assert one(api, "drip")["detail"] == "the answer does not end"
    is_up(api, "patient")
    server.shutdown()


# ---- a network of our own ----------------------------------------------------------------

@needs_networks
def test_a_dead_switch_is_one_fault_and_a_pulled_cable_is_ours(watch):
    with Network() as net:
        hosts = [host("switch", "network", ping=net.switch, period="1s", timeout="500ms")]
        hosts += [host(f"camera-{i}", "camera", ping=a, parent="switch")
                  for i, a in enumerate(net.behind)]
        hosts.append(host("alone", ping="127.0.0.1"))
        cameras = [h["id"] for h in hosts[1:-1]]
        api = watch(hosts)
        for h in hosts:
            is_up(api, h["id"])
        # One camera of a living switch is a fault of its own.
        net.hide(net.behind[0])
        is_lost(api, "camera-0", "timeout")
        net.show()
        is_up(api, "camera-0")

        # The switch dies, and all behind it with it: one fault, at the switch.
        before = len(api.events())
        net.hide(net.switch, *net.behind)
        is_lost(api, "switch", "timeout")
        until(lambda: all(one(api, c)["state"] == "blind" for c in cameras), PATIENCE)
        for c in cameras:
            assert one(api, c)["code"] == "parent"
            assert api.json("GET", f"/api/v1/points/{c}")["quality"] == "unknown"
        onsets = [e["point"] for e in api.events()[before:] if e["kind"] == "alarm.onset"]
        assert onsets == ["switch"], onsets
        net.show()
        for c in ["switch", *cameras]:
            is_up(api, c)

        # The cable of this machine: no host is at fault, and nothing is known.
        before = len(api.events())
        net.cable(False)
        ours = until(lambda: api.alarm("@network"), PATIENCE)
        assert (ours["condition"], ours["code"], ours["class"]) == \
            ("fault", "link-down", "system")
        until(lambda: all(one(api, c)["state"] == "blind" for c in ["switch", *cameras]),
              PATIENCE)
        onsets = [e["point"] for e in api.events()[before:] if e["kind"] == "alarm.onset"]
        assert onsets == ["@network"], onsets
        assert one(api, "alone")["state"] == "up"
        net.cable(True)
        for c in ["switch", *cameras]:
            is_up(api, c)
        until(lambda: (a := api.alarm("@network")) is None or a["state"] == "returned",
              PATIENCE)


@needs_networks
def test_an_address_that_nobody_has_is_unreachable(watch):
    with Network() as net:
        api = watch([host("empty", ping=net.nobody[0], timeout="5s", period="10s"),
                     host("tcp", tcp=f"{net.nobody[1]}:80", timeout="5s", period="10s")])
        is_lost(api, "empty", "unreachable", 60)
        is_lost(api, "tcp", "unreachable", 60)


@needs_networks
def test_without_a_route_nothing_is_lost(watch):
    with Network() as net:
        api = watch([host("far", tcp=f"{net.no_route}:80"), host("near", ping="127.0.0.1")])
        assert until(lambda: api.alarm("@network"), PATIENCE)["code"] == "no-route"
        assert (one(api, "far")["state"], one(api, "far")["code"]) == ("blind", "no-route")
        assert not api.alarm("far")
        is_up(api, "near")


def holes(net, n):
    checks = [lambda a: {"ping": a}, lambda a: {"tcp": f"{a}:80"},
              lambda a: {"http": f"http://{a}/"}, lambda a: {"rtsp": f"rtsp://{a}/live"}]
    return [host(f"hole-{i}", "camera", timeout="3s", **checks[i % 4](a))
            for i, a in enumerate(net.holes[:n])]


def worst_lags(apis, seconds):
    """Of each daemon, over the same seconds."""
    worst, end = [0] * len(apis), time.monotonic() + seconds
    while time.monotonic() < end:
        for i, api in enumerate(apis):
            worst[i] = max(worst[i], api.state()["health"]["loop_late_ms"])
        time.sleep(0.5)
    return worst


@needs_networks
def test_i1_black_holes_delay_nobody(watch, tmp_path):
    """200 hosts whose packets disappear: the loop does not notice (beside a daemon without
    them), a fire is seen in time, a notice goes out, and who is there keeps its period."""
    peer, other = Modbus(), Modbus()
    with Network() as net, WebhookSink() as sink, \
            Daemon(tmp_path / "beside", site(*panel(other.port))) as beside:
        buses, devices = panel(peer.port)
        api = watch(
            [*holes(net, 200), host("there", ping=net.switch, period="2s")], buses, devices,
            channels=[{"id": "duty", "webhook": f"http://127.0.0.1:{sink.port}/duty"}],
            ladders=[{"id": "l", "classes": ["fire"],
                      "steps": [{"after": "0s", "channels": ["duty"]}]}])
        beside.start()
        until(lambda: api.state()["hosts"]["lost"] == 200, 120, "all are found gone")
        checks, since = one(api, "there")["checks"], time.monotonic()
        lag, lag_beside = worst_lags([api, beside.api()], 12)
        print(f"loop late: {lag} ms with 200 black holes, {lag_beside} ms without")
        assert lag < max(250, 3 * lag_beside)
        peer.holding(0, FIRE)
        began = time.monotonic()
        until(lambda: api.alarm("d1", "fire"), 10, "the fire is seen")
        until(lambda: [r for r in sink.received if '"d1"' in r["body"]], 10, "and told")
        assert time.monotonic() - began < 10
        did = one(api, "there")["checks"] - checks
        assert did >= (time.monotonic() - since) / 2 * 0.7, "its period is kept"
        if not SANITIZED:  # it keeps what was freed
            assert api.daemon.rss_kib() - beside.rss_kib() < 24 * 1024
        assert one(api, "there")["state"] == "up"
        assert beside.stop() == 0
    peer.stop()
    other.stop()


# ---- permission ---------------------------------------------------------------------------

def test_without_permission_to_ping_it_says_how_to_get_it(tmp_path):
    """No ping socket and no CAP_NET_RAW: the hosts are unknown, the fault is ours."""
    if os.geteuid() != 0:
        pytest.skip("needs root to give rights up")
    group = pathlib.Path("/proc/sys/net/ipv4/ping_group_range").read_text().split()
    if int(group[0]) <= int(group[1]):
        pytest.skip("ping sockets are allowed to a group here")
    daemon = Daemon(tmp_path, site([], [], hosts=[host("lo", "network", ping="127.0.0.1")]))
    daemon.wrap = ["setpriv", "--inh-caps=-all", "--bounding-set=-net_raw", "--"]
    with daemon:
        daemon.start()
        api = daemon.api()
        alarm = until(lambda: api.alarm("@network"), PATIENCE)
        assert (alarm["code"], alarm["class"]) == ("permission", "system")
        assert not api.alarm("lo")
        assert one(api, "lo")["state"] == "blind"
        line = re.findall(r".*cannot ping.*", daemon.log())
        assert len(line) == 1
        assert "net.ipv4.ping_group_range" in line[0] and "CAP_NET_RAW" in line[0]
        assert "AmbientCapabilities" in line[0]
        daemon.stop()


def test_faults_of_hosts_survive_a_restart(watch, tmp_path):
    """I11: what was lost before is unknown at first, and the alarm stands."""
    port = free_port()
    api = watch([host("gone", tcp=f"127.0.0.1:{port}")])
    first = is_lost(api, "gone", "refused")
    api.daemon.kill()
    api.daemon.start()
    api = api.daemon.api()
    again = until(lambda: api.alarm("gone"), 10)
    assert again["occurrence"] == first["occurrence"]
    with Sshd(tmp_path) as sshd:
        assert sshd.port
    until(lambda: one(api, "gone")["state"] == "lost", PATIENCE)
    assert api.alarm("gone")["occurrence"] == first["occurrence"]
