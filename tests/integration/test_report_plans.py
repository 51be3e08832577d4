# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Reports that make themselves: at their time, to a folder and to an address, again where
# it failed, each with its receipt in the journal.
import base64
import datetime
import hashlib
import http.server
import re
import subprocess
import threading
import time
import zoneinfo

import pytest

from field import Modbus, panel
from rig import BUILD, Daemon, site, until

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
