# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# kill -9 and SIGTERM at random instants, under load, with acknowledgements (I3, I4, I5,
# I11). The seed is printed; WATCHROOM_SEED repeats a run. `./check --long` kills 1,000 times.
import contextlib
import http.client
import json
import os
import random
import threading
import time

import pytest

from aftermath import check_journal, check_notices
from field import FIRE, NORMAL, TROUBLE, Modbus, panel
from rig import Daemon, site, until
from webhook_sink import WebhookSink

KILLS = 50  # of one journal: it is checked whole after each
JOURNALS = 20 if os.environ.get("WATCHROOM_LONG") else 1
STOPS = 5
POINTS = 40


class Load:
    """Alarms that come and go, and an operator who acknowledges; remembers what the
    API confirmed."""

    def __init__(self, daemon, peer, rng):
        self.daemon, self.peer, self.rng = daemon, peer, rng
        self.confirmed = {}  # occurrence -> seq
        self.errors = []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=t, daemon=True)
                        for t in (self.play, self.operate)]
        for t in self.threads:
            t.start()

    def play(self):
        while not self.stopping.wait(0.004):
            value = self.rng.choice((FIRE, NORMAL, TROUBLE, FIRE | 0x2000))
            self.peer.holding(self.rng.randrange(POINTS), value)

    def operate(self):
        try:
            api = self.daemon.api().login()
            while not self.stopping.is_set():
                for alarm in api.alarms()[:30]:
                    if alarm["state"] in ("acknowledged", "latched_acknowledged"):
                        continue
                    status, answer = api.acknowledge(alarm["occurrence"])
                    if status == 200 and answer["durable"]:
                        self.confirmed[alarm["occurrence"]] = answer["seq"]
        except (OSError, http.client.HTTPException, json.JSONDecodeError, KeyError):
            return  # the daemon was killed under us: that is the test
        except AssertionError as error:
            if not self.stopping.is_set():
                self.errors.append(str(error))

    def stop(self):
        self.stopping.set()
        for t in self.threads:
            t.join(20)


@contextlib.contextmanager
def under_load(tmp_path):
    """A daemon with POINTS detectors and a duty channel; yields daemon, peer, sink, rng."""
    seed = int(os.environ.get("WATCHROOM_SEED", random.randrange(1 << 32)))
    print(f"WATCHROOM_SEED={seed}")
    peer = Modbus()
    buses, devices = panel(peer.port)
    devices[0]["points"] = [
        dict(devices[0]["points"][0], id=f"d{n}", device=n) for n in range(1, POINTS + 1)]
    with WebhookSink() as sink:
        more = {
            "channels": [{"id": "duty", "timeout": "30s",
                          "webhook": f"http://127.0.0.1:{sink.port}/duty"}],
            "ladders": [{"id": "l", "classes": ["fire"],
                         "steps": [{"after": "0s", "channels": ["duty"]}]}]}
        with Daemon(tmp_path, site(buses, devices, **more)) as daemon:
            daemon.start()
            daemon.add_user()
            yield daemon, peer, sink, random.Random(seed)
    peer.stop()


def check_confirmed_are_known(daemon, confirmed):
    open_now = {a["occurrence"]: a for a in daemon.api().alarms()}
    for occurrence in confirmed:
        alarm = open_now.get(occurrence)
        assert alarm is None or alarm["acknowledged_by"] == "wang", \
            "an acknowledgement was forgotten (I11)"


def finish(daemon, confirmed):
    until(lambda: daemon.api().state()["health"]["notices_owed"] == 0, 60,
          "all owed notices go out")
    assert daemon.stop() == 0
    check_journal(daemon.state, confirmed)


@pytest.mark.parametrize("journal", range(JOURNALS))
def test_i3_i4_i5_i11_kills_at_random_instants(tmp_path, journal):
    with under_load(tmp_path) as (daemon, peer, sink, rng):
        confirmed, events = {}, 0
        for _ in range(KILLS):
            load = Load(daemon, peer, rng)
            time.sleep(rng.uniform(0.3, 1.5))
            daemon.kill()
            load.stop()
            assert not load.errors, load.errors
            confirmed.update(load.confirmed)
            events = check_journal(daemon.state, confirmed)
            daemon.start()
        check_confirmed_are_known(daemon, confirmed)
        assert len(confirmed) >= KILLS, f"only {len(confirmed)} acknowledgements"
        assert events > 20 * KILLS, f"only {events} events"
        finish(daemon, confirmed)
        repeats = check_notices(daemon.state, sink.bodies())
        assert repeats <= KILLS, f"{repeats} repeats on one channel in {KILLS} kills (I5)"
        print(f"journal {journal}: {KILLS} kills, {events} events, {len(confirmed)} confirmed"
              f" acknowledgements, {len(sink.received)} posts, {repeats} repeats")


def test_i3_i4_i5_i11_stops_in_the_middle_of_it(tmp_path):
    """SIGTERM under the same load: all that was queued is written, and it says so."""
    with under_load(tmp_path) as (daemon, peer, sink, rng):
        confirmed = {}
        for _ in range(STOPS):
            load = Load(daemon, peer, rng)
            time.sleep(rng.uniform(0.3, 1.0))
            assert daemon.stop(60) == 0
            load.stop()
            assert not load.errors, load.errors
            confirmed.update(load.confirmed)
            check_journal(daemon.state, confirmed)
            db = daemon.journal()
            last, = db.execute("SELECT kind FROM event ORDER BY seq DESC LIMIT 1").fetchone()
            db.close()
            assert last == "daemon.stop"
            assert "were not written" not in daemon.log()
            daemon.start()
        check_confirmed_are_known(daemon, confirmed)
        def downs():
            return [e["params"]["clean"] for e in daemon.api().events()
                    if e["kind"] == "daemon.down"]
        until(lambda: len(downs()) == STOPS, 20, "each start says how long nobody watched")
        assert all(downs()), "a stop in order is no crash"
        finish(daemon, confirmed)
        check_notices(daemon.state, sink.bodies())
