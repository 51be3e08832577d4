# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Reports that make themselves: at their time, to a folder and to an address, again where
# it failed, each with its receipt in the journal.
import base64
import contextlib
import datetime
import hashlib
import http.server
import re
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import zoneinfo

import pytest

from field import FIRE, Modbus, panel
from rig import BUILD, Daemon, site, until
from small_disk import fill, small_disk

ZONE = zoneinfo.ZoneInfo("Asia/Shanghai")


class Inbox(http.server.ThreadingHTTPServer):
    """Takes files by POST; answers with what it is told to."""

    def __init__(self):
        self.got, self.answers = [], []
        super().__init__(("127.0.0.1", 0), InboxHandler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/in?token=geheim"


class InboxHandler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers), body))
        status = self.server.answers.pop(0) if self.server.answers else 204
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(name="inbox")
def fixture_inbox():
    inbox = Inbox()
    yield inbox
    inbox.shutdown()
    inbox.server_close()


@pytest.fixture(name="peer")
def fixture_peer():
    peer = Modbus()
    yield peer
    peer.stop()


MIDNIGHT = {"id": "test", "name": {"zh": "测试", "en": "Test"},
            "time_zone": "Asia/Shanghai", "statistics_day": "00:00"}


def plan(**more):
    return dict({"id": "daily", "report": "alarms-daily", "at": "08:30",
                 "formats": ["csv"], "folder": "reports"}, **more)


def yesterday():
    return (datetime.datetime.now(ZONE) - datetime.timedelta(days=1)).date()


def test_at_its_time_to_folder_and_address_with_receipts(tmp_path, peer, inbox):
    """The one minute of the clock on the wall that this test waits for is the plan's."""
    at = datetime.datetime.now(ZONE) + datetime.timedelta(seconds=75)
    inbox.answers = [500]  # the first post fails and is made again a minute later
    (tmp_path / "address").write_text(inbox.url + "\n", "utf-8")
    (tmp_path / "reports").mkdir()
    day = (at - datetime.timedelta(days=1)).date()
    plans = [plan(at=at.strftime("%H:%M"), formats=["csv", "pdf"], languages=["zh", "en"],
                  post={"file": "address"}),
             plan(id="later", at="23:59" if at.hour < 23 else "00:01", folder="nowhere")]
    with Daemon(tmp_path, site(*panel(peer.port), site=MIDNIGHT, reports=plans)) as daemon:
        daemon.start()
        time.sleep(2)
        assert not list((tmp_path / "reports").iterdir()), "nothing of before it was there"

        def receipts():
            return [e["params"] for e in daemon.api().events()
                    if e["kind"] == "report.deliver"]
        until(lambda: len(receipts()) == 7, 150, "all but the one that failed")
        assert sorted(p.name for p in (tmp_path / "reports").iterdir()) == sorted(
            f"alarms-daily-{day}{lang}.{form}" for lang in ("", "-en") for form in ("csv", "pdf"))
        assert daemon.stop() == 0
        daemon.start()  # what is owed outlives a restart, what was done is not done again
        until(lambda: len(receipts()) == 8, 150, "made again")
        assert len(inbox.got) == 5, "each once, and the failed one twice"
        for r in receipts():
            name = f"alarms-daily-{day}{'' if r['lang'] == 'zh' else '-en'}.{r['format']}"
            assert (r["plan"], r["report"], r["day"]) == ("daily", "alarms-daily", str(day))
            if r["to"] == "folder":
                data = (tmp_path / "reports" / name).read_bytes()
            else:
                headers, data = [g for g in inbox.got if name in g[0]["Content-Disposition"]][-1]
                digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
                assert headers["Content-Digest"] == f"sha-256=:{digest}:"
                assert headers["Idempotency-Key"] == f"test-daily-{name}"
            assert r["bytes"] == len(data) and r["sha256"] == hashlib.sha256(data).hexdigest()
            assert data.startswith(b"%PDF" if r["format"] == "pdf" else b"\xef\xbb\xbf")
        assert "geheim" not in daemon.log(), "an address is a secret"
        assert daemon.stop() == 0
        daemon.verify()


def test_by_hand(tmp_path, peer, inbox):
    (tmp_path / "reports").mkdir()
    plans = [plan(formats=["json", "xlsx"], post=inbox.url)]
    with Daemon(tmp_path, site(*panel(peer.port), reports=plans)) as daemon:
        daemon.start()
        day = str(yesterday())
        done = daemon.tool("deliver", "daily", "--day", day)
        assert done.returncode == 0, done.stderr
        assert len(done.stdout.splitlines()) == 4 and len(inbox.got) == 2
        for line in done.stdout.splitlines():
            size, digest, where = line.split(" ", 2)
            if not where.startswith("post "):
                data = open(where, "rb").read()
                assert int(size) == len(data) and digest == hashlib.sha256(data).hexdigest()
        only = daemon.tool("deliver", "daily", "folder", "--format", "json", "--day", day)
        assert only.returncode == 0 and len(only.stdout.splitlines()) == 1
        inbox.answers = [302, 503]
        failed = daemon.tool("deliver", "daily", "post", "--day", day)
        assert failed.returncode == 1 and failed.stdout == ""
        assert "HTTP 302" in failed.stderr and "HTTP 503" in failed.stderr
        for wrong, why in ((("weekly", "--day", day), 'no plan "weekly"'),
                           (("daily",), "--day"),
                           (("daily", "--day", "2026-02-30"), "2026-02-30"),
                           (("daily", "pigeon", "--day", day), "has nothing of this")):
            refused = daemon.tool("deliver", *wrong)
            assert refused.returncode == 2 and why in refused.stderr, refused.stderr
        (tmp_path / "reports").rename(tmp_path / "gone")
        lost = daemon.tool("deliver", "daily", "folder", "--day", day)
        assert lost.returncode == 1 and "reports" in lost.stderr
        assert daemon.stop() == 0


def test_check_lists_the_plans(tmp_path):
    plans = [plan(post="http://127.0.0.1:1/x"), plan(id="m", report="alarms-monthly")]
    daemon = Daemon(tmp_path, site(*panel(1), reports=plans))
    said = subprocess.run(
        [str(BUILD / "daemon/watchroomd"), "-c", str(daemon.file), "--check"], env=daemon.env,
        capture_output=True, text=True, timeout=60, check=True)
    assert re.search(r"daily +report +alarms-daily at 08:30 csv; to folder "
                     rf"{tmp_path}/reports; posted to an address", said.stdout), said.stdout


@pytest.fixture(name="deaf")
def fixture_deaf():
    """A receiver that takes connections and all they send, and never answers."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=64)
    held = []

    def hold():
        with contextlib.suppress(OSError):
            while True:
                held.append(listening.accept()[0])
    threading.Thread(target=hold, daemon=True).start()
    yield listening.getsockname()[1], held
    listening.shutdown(socket.SHUT_RDWR)
    for one in (listening, *held):
        one.close()


def owed_since(daemon, plans, hours=25):
    """The daemon was down for so long: each plan has one report to make up for. (Of a plan
    the journal keeps when the newest that needs no more work fell due.)"""
    with contextlib.closing(sqlite3.connect(daemon.state / "journal.db")) as db, db:
        before = (time.time() - hours * 3600) * 1000
        for one in plans:
            changed = db.execute("UPDATE meta SET value = ? WHERE key = ?",
                                 (f"{before:.0f} 0 0 0", f"rule/report/{one}"))
            assert changed.rowcount == 1, one


def kinds_of(daemon, kind):
    return [e["params"] for e in daemon.api().events() if e["kind"] == kind]


def state_of(daemon):
    plans = daemon.api().json("GET", "/api/v1/reports")["plans"]
    return {p["id"]: p for p in plans}


def now_at(hours):
    return (datetime.datetime.now(ZONE) + datetime.timedelta(hours=hours)).strftime("%H:%M")


def test_a_post_that_hangs_ends_in_time_and_holds_up_nobody(tmp_path, peer, inbox, deaf):
    port, held = deaf
    (tmp_path / "reports").mkdir()
    plans = [plan(id="deaf", at=now_at(-2), timeout="4s",
                  post=f"http://127.0.0.1:{port}/in?token=geheim"),
             {k: v for k, v in plan(id="well", at=now_at(-2), post=inbox.url).items()
              if k != "folder"}]
    with Daemon(tmp_path, site(*panel(peer.port), site=MIDNIGHT, reports=plans)) as daemon:
        daemon.start()
        assert daemon.stop() == 0
        owed_since(daemon, ("deaf", "well"))
        daemon.start()
        until(lambda: held, 30, "the post hangs")
        began = time.monotonic()
        peer.holding(0, FIRE)
        api = daemon.api()
        until(lambda: api.alarm("d1"), 3, "a fire comes while it hangs")
        assert not inbox.got, "one after the other"
        failing = until(lambda: state_of(daemon)["deaf"]["failing"], 20, "it ends by itself")
        assert 2 < time.monotonic() - began < 20
        assert "imeout" in failing["reason"] and "geheim" not in failing["reason"], failing
        until(lambda: inbox.got, 20, "the next plan has its turn")
        until(lambda: len(kinds_of(daemon, "report.deliver")) == 2, 20)
        assert {(r["plan"], r["to"]) for r in kinds_of(daemon, "report.deliver")} == {
            ("deaf", "folder"), ("well", "post")}, "no receipt without an answer"
        assert api.metric("loop_late_seconds") < 0.25
        done = daemon.tool("deliver", "deaf", "post", "--day", str(yesterday()))
        assert done.returncode == 1 and "imeout" in done.stderr and done.stdout == ""
        assert "geheim" not in daemon.log() + done.stderr
        # A stop does not wait for one that hangs.
        assert daemon.stop() == 0
        daemon.start()
        until(lambda: len(held) == 3, 30, "it is owed after a restart")
        began = time.monotonic()
        assert daemon.stop() == 0
        assert time.monotonic() - began < 3
        daemon.verify()


def test_a_full_folder_gets_no_half_file_and_all_of_it_when_there_is_room(tmp_path, peer):
    with small_disk(tmp_path / "reports") as disk:
        plans = [plan(at=now_at(-2), formats=["csv", "json"])]
        text = site(*panel(peer.port), site=MIDNIGHT, reports=plans)
        with Daemon(tmp_path / "run", text.replace('"reports"', f'"{disk}"')) as daemon:
            filler = fill(disk)
            daemon.start()
            assert daemon.stop() == 0
            owed_since(daemon, ("daily",))
            daemon.start()
            failing = until(lambda: state_of(daemon)["daily"]["failing"], 30, "it fails")
            assert "No space left on device" in failing["reason"] and str(disk) in \
                failing["reason"]
            until(lambda: state_of(daemon)["daily"]["failing"]["rounds"] == 1, 30)
            assert list(disk.iterdir()) == [filler], "nothing half"
            assert not kinds_of(daemon, "report.deliver")
            done = daemon.tool("deliver", "daily", "--day", str(yesterday()))
            assert done.returncode == 1 and done.stdout == ""
            assert done.stderr.count("No space left on device") == 2, done.stderr
            filler.unlink()
            assert daemon.stop() == 0
            daemon.start()  # the next round, without its minute
            until(lambda: len(kinds_of(daemon, "report.deliver")) == 2, 30)
            for r in kinds_of(daemon, "report.deliver"):
                data = (disk / f"alarms-daily-{r['day']}.{r['format']}").read_bytes()
                assert r["sha256"] == hashlib.sha256(data).hexdigest()
            assert len(list(disk.iterdir())) == 2
            assert daemon.stop() == 0
            daemon.verify()


def test_a_reload_that_changes_plans(tmp_path, peer, deaf):
    """What is owed of a plan that stays is delivered by its new words; one that has gone is
    dropped; one that is new begins with the next time; one that is done is not done again."""
    port, held = deaf
    (tmp_path / "reports").mkdir()
    (tmp_path / "other").mkdir()
    done, moved = plan(id="done", at=now_at(-3)), plan(id="moved", at=now_at(-3),
                                                      folder="nowhere")
    gone = plan(id="gone", at=now_at(-2), timeout="5min", post=f"http://127.0.0.1:{port}/x")
    with Daemon(tmp_path, site(*panel(peer.port), site=MIDNIGHT,
                               reports=[done, moved, dict(gone, folder="nowhere")])) as daemon:
        daemon.start()
        assert daemon.stop() == 0
        owed_since(daemon, ("done", "moved", "gone"))
        daemon.start()
        until(lambda: held, 30, "the last of them hangs")
        assert [r["plan"] for r in kinds_of(daemon, "report.deliver")] == ["done"]
        plans = [done, dict(moved, folder="other", formats=["csv", "json"]),
                 plan(id="new", at=now_at(-1), folder="other")]
        before = daemon.log().count("watching ")
        daemon.write(site(*panel(peer.port), site=MIDNIGHT, reports=plans))
        daemon.process.send_signal(signal.SIGHUP)
        until(lambda: daemon.log().count("watching ") > before, 20,
              "it renews itself, though a post hangs")
        daemon.port = int(daemon.log().rsplit("console on port ", 1)[1].split()[0])
        until(lambda: len(kinds_of(daemon, "report.deliver")) == 3, 30)
        assert set(state_of(daemon)) == {"done", "moved", "new"}
        state = state_of(daemon)
        assert all(p["failing"] is None for p in state.values())
        assert state["new"]["arrived"] is None and state["moved"]["arrived"]
        time.sleep(2)
        assert sorted((r["plan"], r["format"]) for r in kinds_of(
            daemon, "report.deliver")) == [
                ("done", "csv"), ("moved", "csv"), ("moved", "json")]
        assert len(held) == 1 and not (tmp_path / "nowhere").exists()
        assert len(list((tmp_path / "other").iterdir())) == 2
        assert daemon.stop() == 0
        daemon.verify()
