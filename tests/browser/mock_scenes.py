# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# What mock_server.py can begin with: nothing to report, or one of everything a tired
# operator may have to read at once.
import datetime

PLACES = {
    "smoke-3f-server-room": ("三层机房", "Server room, floor 3", "smoke"),
    "smoke-3f-corridor": ("三层走廊", "Corridor, floor 3", "smoke"),
    "mcp-3f-stairs": (
        "三层楼梯间手动报警按钮",
        "Manual call point, stairs, floor 3",
        "manual-call-point",
    ),
    "smoke-1f-lobby": ("一层大厅", "Lobby, floor 1", "smoke"),
    "heat-1f-kitchen": ("一层厨房", "Kitchen, floor 1", "heat"),
    "flow-3f-sprinkler": ("三层喷淋水流指示器", "Sprinkler flow switch, floor 3", "flow-switch"),
    "smoke-2f-corridor": ("二层走廊", "Corridor, floor 2", "smoke"),
    "door-pump-room": ("消防泵房门", "Fire pump room door", "door"),
    "hydrant-main": ("消防泵房消火栓主管", "Hydrant main, fire pump room", "pressure"),
    "hydrant-pump-auto": ("消火栓泵自动位", "Hydrant pump in automatic", "pump-auto"),
    "module-smoke-damper": ("三层排烟阀模块", "Smoke damper module, floor 3", "module"),
    "@device/io1": ("泵房输入模块", "Pump room input module", "link"),
}


def utc(offset_s=0.0):
    at = datetime.datetime.now(datetime.timezone.utc)
    at += datetime.timedelta(seconds=offset_s)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def busy(c):
    """One of everything a tired operator may have to read."""
    c.do_raise(
        "smoke-3f-server-room", code="fire/smoke", age_s=190, first_out=True, occurrences=2
    )
    incident = next(iter(c.alarms.values()))["incident"]
    c.do_raise(
        "smoke-3f-corridor", code="fire/smoke", age_s=75, saved=False, incident=incident
    )
    c.do_raise(
        "smoke-1f-lobby", code="fire/smoke", age_s=60, test=True, flags=["test_mode"]
    )
    c.do_raise("flow-3f-sprinkler", "supervisory", age_s=70)
    c.do_raise("door-pump-room", "security", age_s=900)
    c.do_raise(
        "smoke-2f-corridor",
        "fault",
        age_s=5000,
        state="returned",
        cause="cleared",
        sounds=False,
        occurrences=6,
    )
    c.do_raise(
        "@device/io1", "link", "timeout", age_s=40, quality="unknown", unknown_since=utc(-40)
    )
    c.do_hosts(all=12, up=10, lost=1, unknown=1, down=[
        {"id": "core-switch", "place": {"zh": "弱电间核心交换机", "en": "Core switch"},
         "kind": "network", "state": "lost", "code": "timeout", "last_answer": utc(-90)},
        {"id": "camera-lobby", "place": {"zh": "大堂摄像机", "en": "Lobby camera"},
         "kind": "camera", "state": "blind", "code": "parent", "last_answer": utc(-95)},
    ])
    c.do_raise("hydrant-main", "process", "low", age_s=20, value=588.0)
    c.do_raise(
        "heat-1f-kitchen",
        "disabled",
        age_s=90000,
        state="acknowledged",
        acknowledged=utc(-80000),
        acknowledged_by="li",
        sounds=False,
    )
    c.do_raise(
        "module-smoke-damper",
        "activated",
        age_s=60,
        state="acknowledged",
        acknowledged=utc(-50),
        acknowledged_by="wang",
        sounds=False,
        inferred=True,
    )
    c.do_device("io1", lost=True, code="timeout", last_heard=utc(-42),
                maturity="inferred",
                accepted_budget={"limit_ms": 14000, "reason": "a slow line"})
    c.do_reading("hydrant-main", value=588.0, inferred=True)
    c.do_reading(
        "domestic-water", value=356.0, quality="unknown", unknown_since=utc(-300)
    )
    c.do_health(points_unknown=7)


SCENES = {"calm": lambda c: None, "busy": busy}
