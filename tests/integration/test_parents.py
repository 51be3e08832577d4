# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# The example conf/parents on the real daemon and a real Modbus server that plays its
# input module: what explains an alarm is shown and heard, what follows from it is
# secondary, on two levels; what is unknown hides nothing, and nothing hides a fire.
import subprocess

import pytest

from field import Modbus
from rig import BUILD, ROOT, Daemon, until

SUPPLY, PUMP, WORKS, VALVE, FLOW, SMOKE = range(6)
EXAMPLE = ROOT / "conf/parents/site.yaml"


@pytest.fixture(name="peer")
def fixture_peer():
    peer = Modbus()
    yield peer
    peer.stop()


@pytest.fixture(name="daemon")
def fixture_daemon(tmp_path, peer):
    text = EXAMPLE.read_text(encoding="utf-8")
    here = text.replace("192.0.2.11:502", f"127.0.0.1:{peer.port}").replace("poll: 500ms", "poll: 100ms, timeout: 500ms")
    assert here.count("127.0.0.1") == 1 and "timeout" in here
    here = here.replace("    poll: 100ms, timeout: 500ms", "    poll: 100ms\n    timeout: 500ms")
    with Daemon(tmp_path, here + '\nconsole: {listen: "127.0.0.1:0", desk: [127.0.0.1]}\n') as daemon:
        daemon.start()
        until(lambda: daemon.api().state()["health"]["points_unknown"] == 0, 15)
        yield daemon
        assert daemon.stop() == 0
        daemon.verify()


def now(daemon, point):
    """Of the alarm of a point: whether it is hidden; None: there is none."""
    alarm = daemon.api().alarm(point)
    if alarm is None:
        return None
    assert alarm["hidden"] == ("suppressed" in alarm["flags"])
    return alarm["hidden"]


def are(daemon, **wanted):
    wanted = {k.replace("_", "-"): v for k, v in wanted.items()}
    until(lambda: {k: now(daemon, k) for k in wanted} == wanted, 15, str(wanted))


def test_two_levels_the_one_at_the_top_is_shown(daemon, peer):
    peer.discrete(PUMP, 1)
    are(daemon, pump_fault=False)
    peer.discrete(FLOW, 1)
    are(daemon, pump_fault=False, flow_low=True)
    peer.discrete(SUPPLY, 1)
    are(daemon, supply_lost=False, pump_fault=True, flow_low=True)
    said = daemon.api().json("GET", "/api/v1/points/flow-low")["suppressions"]
    assert {s["rule"]: s["on"] for s in said} == {"no-supply": True, "no-pump": True, "pump-works": False, "shut": False}
    # The supply is back and the pump is not: now the pump is the one to look at.
    peer.discrete(SUPPLY, 0)
    are(daemon, pump_fault=False, flow_low=True)
    peer.discrete(PUMP, 0)
    are(daemon, flow_low=False)


def test_i6_an_unknown_parent_explains_nothing(daemon, peer):
    for contact in (PUMP, FLOW):
        peer.discrete(contact, 1)
    are(daemon, pump_fault=False, flow_low=True)
    peer.stop()
    are(daemon, pump_fault=False, flow_low=False)
    assert daemon.api().alarm("flow-low")["quality"] == "unknown"
    peer.start()
    are(daemon, pump_fault=False, flow_low=True)


def test_maintenance_and_a_shut_valve_explain_and_i14_hide_no_fire(daemon, peer):
    peer.discrete(WORKS, 1)
    are(daemon, pump_works=False)
    for contact in (PUMP, FLOW, SMOKE):
        peer.discrete(contact, 1)
    are(daemon, pump_fault=True, flow_low=True, room_smoke=False)
    assert daemon.api().alarm("room-smoke", "fire")["sounds"]
    for contact in (PUMP, WORKS):
        peer.discrete(contact, 0)
    are(daemon, flow_low=False)
    peer.discrete(VALVE, 1)
    are(daemon, valve_shut=False, flow_low=True)


def test_the_example_loads():
    done = subprocess.run([str(BUILD / "daemon/watchroomd"), "--check", "-c", str(EXAMPLE)],
                          env={"WATCHROOM_DATA": str(ROOT)}, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no-supply" in done.stdout
