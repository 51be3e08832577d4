# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The wall clock is set while the daemon runs and while it does not, has no time service,
# or no time at all: the journal stays in order, and people are told (I9, I10, I11).
import time

from fault import Fault
from field import FIRE, NORMAL, Modbus, panel
from rig import Daemon, site, until

HOUR_MS = 3600 * 1000


def of_clock(daemon, kind):
    return [e for e in daemon.api().events(point="@clock") if e["kind"] == kind]


def test_i9_no_time_service_is_an_alarm(tmp_path):
    peer = Modbus()
    fault = Fault(tmp_path / "fault")
    fault.clock(sync="unsynchronised")
    text = site(*panel(peer.port)).replace(
        '"statistics_day"', '"clock_fault_after": "2s", "statistics_day"')
    with Daemon(tmp_path / "d", text, env=fault.env) as daemon:
        api = daemon.start().api()
        alarm = until(lambda: api.alarm("@clock"), 20, "an alarm of the clock")
        assert (alarm["code"], alarm["condition"]) == ("unsynchronised", "fault")
        assert "clock" in api.json("GET", "/healthz")["modes"]
        fault.clock(sync="synchronised")
        until(lambda: api.alarm("@clock")["state"] == "returned", 20, "and its end")
        until(lambda: "clock" not in api.json("GET", "/healthz")["modes"], 20)
        assert daemon.stop() == 0
        # A site that has none says so.
        fault.clock(sync="unsynchronised")
        daemon.write(text.replace('"2s"', '"0s"'))
        api = daemon.start().api()
        time.sleep(11)
        assert api.alarm("@clock")["state"] == "returned"
        assert daemon.stop() == 0
    peer.stop()


def test_i10_steps_are_events_and_reorder_nothing(tmp_path):
    peer = Modbus()
    fault = Fault(tmp_path / "fault")
    with Daemon(tmp_path / "d", site(*panel(peer.port)), env=fault.env) as daemon:
        api = daemon.start().api()
        for shift, value in ((2 * HOUR_MS, FIRE), (-26 * HOUR_MS, NORMAL), (0, FIRE)):
            seen = len(of_clock(daemon, "clock.step"))
            fault.clock(shift_ms=shift)
            until(lambda: len(of_clock(daemon, "clock.step")) > seen, 10)
            peer.holding(0, value)
            until(lambda: (api.alarm("d1") or {}).get("state") is not None, 10)
            time.sleep(1.5)
        steps = [e["params"]["by_ms"] for e in of_clock(daemon, "clock.step")]
        for got, want in zip(steps, (2, -28, 26), strict=True):
            assert abs(got - want * HOUR_MS) < 2000, steps
        events = api.events()
        assert [e["seq"] for e in events] == sorted(e["seq"] for e in events)
        monos = [e["mono_ms"] for e in events]
        assert all(a <= b + 50 for a, b in zip(monos, monos[1:])), "in the order they came"
        assert len([e for e in events if e["kind"] == "alarm.onset" and e["point"] == "d1"]) == 2
        assert daemon.stop() == 0
        daemon.verify()
    peer.stop()


def test_i10_i11_put_back_while_down(tmp_path):
    """The monotonic clock knows how long it was, whatever the other says."""
    peer = Modbus()
    fault = Fault(tmp_path / "fault")
    with Daemon(tmp_path / "d", site(*panel(peer.port)), env=fault.env) as daemon:
        daemon.start()
        peer.holding(0, FIRE)
        until(lambda: (a := daemon.api().alarm("d1")) and a["seq"], 10)
        daemon.kill()
        began = time.monotonic()
        time.sleep(2)
        fault.clock(shift_ms=-24 * HOUR_MS)
        api = daemon.start().api()
        down = until(lambda: [e["params"] for e in api.events() if e["kind"] == "daemon.down"], 10)[0]
        lasted = down["to_utc_ms"] - down["from_utc_ms"]
        assert 1500 <= lasted <= (time.monotonic() - began + 60) * 1000, down
        assert down["by"] == "monotonic"
        step = of_clock(daemon, "clock.step")[0]["params"]
        assert step["while_down"] and abs(step["by_ms"] + 24 * HOUR_MS) < 5000
        alarm = until(lambda: api.alarm("@clock"), 10, "somebody is told")
        assert alarm["code"] == "behind-journal"
        assert api.alarm("d1")["state"] == "unacknowledged"
        assert daemon.stop() == 0
        daemon.verify()
    peer.stop()


def test_i10_no_time_at_boot(tmp_path):
    """A clock that begins in 1970, and is set when the network is there."""
    peer = Modbus()
    fault = Fault(tmp_path / "fault")
    fault.clock(shift_ms=-int(time.time() * 1000) + 60000)
    with Daemon(tmp_path / "d", site(*panel(peer.port)), env=fault.env) as daemon:
        api = daemon.start().api()
        alarm = until(lambda: api.alarm("@clock"), 10, "an alarm says so")
        assert alarm["code"] == "no-time"
        peer.holding(0, FIRE)
        until(lambda: (a := api.alarm("d1")) and a["seq"], 10, "a fire is a fire in 1970 too")
        fault.clock(shift_ms=0)
        until(lambda: api.alarm("@clock")["state"] == "returned", 10, "the clock is set")
        step = until(lambda: of_clock(daemon, "clock.step"), 10)[0]["params"]
        assert step["by_ms"] > 50 * 365 * 24 * HOUR_MS
        assert daemon.stop() == 0
        daemon.verify()
    peer.stop()
