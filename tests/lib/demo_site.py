#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# demo_site.py FROM TO --console-port N --sink-port N: copies the demo site of FROM to
# the directory TO with the addresses of this run in place of its fixed ones. TO holds
# the simulated building's building.json already. Each fixed address must occur exactly
# once, so that a change of the site cannot leave one behind unseen.

import argparse
import json
import pathlib
import shutil
import sys


def replace_once(text, old, new, name):
    if text.count(old) != 1:
        raise SystemExit(f"{name}: '{old}' occurs {text.count(old)} times, not once")
    return text.replace(old, new)


def main():
    p = argparse.ArgumentParser(description="Copy the demo site with real addresses.")
    p.add_argument("source", type=pathlib.Path)
    p.add_argument("target", type=pathlib.Path)
    p.add_argument("--console-port", type=int, required=True)
    p.add_argument("--sink-port", type=int, required=True)
    o = p.parse_args()
    building = json.loads((o.target / "building.json").read_text(encoding="utf-8"))
    site = (o.source / "site.yaml").read_text(encoding="utf-8")
    for old, new in {
        "127.0.0.1:5020": f"127.0.0.1:{building['panel_port']}",
        "127.0.0.1:5021": f"127.0.0.1:{building['io_port']}",
        "127.0.0.1:5023": f"127.0.0.1:{building['contacts_port']}",
        "./pump-room.tty": json.dumps(building["tty"]),
        "127.0.0.1:8470": f"127.0.0.1:{o.console_port}",
        "store: {directory: ./state}\n": "",  # the state directory of --state
    }.items():
        site = replace_once(site, old, new, "site.yaml")
    riser = replace_once(
        (o.source / "riser.yaml").read_text(encoding="utf-8"),
        "127.0.0.1:5022", f"127.0.0.1:{building['riser_port']}", "riser.yaml")
    alerts = (o.source / "alerts.yaml").read_text(encoding="utf-8")
    for channel in ("duty", "manager"):
        old, new = (f"http://127.0.0.1:{n}/{channel}" for n in (9000, o.sink_port))
        alerts = replace_once(alerts, old, new, "alerts.yaml")
    (o.target / "site.yaml").write_text(site, encoding="utf-8")
    (o.target / "riser.yaml").write_text(riser, encoding="utf-8")
    (o.target / "alerts.yaml").write_text(alerts, encoding="utf-8")
    shutil.copytree(o.source / "points", o.target / "points", dirs_exist_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
