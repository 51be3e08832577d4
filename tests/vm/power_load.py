# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
#   power_load.py FOLDER    inside the virtual machine, until its power is cut
#
# The daemon on a disk of its own, fires that come and go on real GPIO lines, an operator
# who acknowledges, a duty channel. What was confirmed, and what was posted, is printed
# before anything else happens: the lines are outside the machine by then.
import glob
import http.server
import json
import os
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from rig import Daemon, place, site, until  # noqa: E402

LINES = range(3, 8)
SINK_PORT = 8471
LIMIT_S = 900  # the power is cut long before


def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


class Sink(http.server.BaseHTTPRequestHandler):
    """The duty channel: says what came, then accepts it."""

    def do_POST(self):
        post = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        say("posted", post["id"], json.dumps(post["repeated"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Nothing."""


def site_text():
    points = [{"id": f"fire-{n}", "line": str(n), "kind": "fire-contact",
               "debounce": "0ms", "place": place(f"{n}")} for n in LINES]
    return site([], [], **{
        "gpio": [{"id": "room-io", "chip": "watchroom-vm", "points": points}],
        "channels": [{"id": "duty", "timeout": "30s",
                      "webhook": f"http://127.0.0.1:{SINK_PORT}/duty"}],
        "ladders": [{"id": "l", "classes": ["fire"],
                     "steps": [{"after": "0s", "channels": ["duty"]}]}]})


def play():
    """Fires on and off; the first change of a line is an onset or finds the old one."""
    while True:
        for pull in glob.glob(f"{os.environ['GPIO_SIM']}/gpiochip*/sim_gpio[3-7]/pull"):
            pathlib.Path(pull).write_text(random.choice(("pull-up", "pull-down")), "ascii")
            time.sleep(0.05)


def operate(api, until_s):
    while time.monotonic() < until_s:
        for alarm in api.alarms():
            if alarm["state"] == "latched_acknowledged":
                # Refused where the fire has come again meanwhile.
                api.call("POST", f"/api/v1/points/{alarm['point']}/reset", {})
            elif alarm["state"] != "acknowledged":
                status, answer = api.acknowledge(alarm["occurrence"])
                if status == 200 and answer["durable"]:
                    say("confirmed", alarm["occurrence"], answer["seq"])


def main():
    folder = pathlib.Path(sys.argv[1])
    first = not folder.exists()
    sink = http.server.ThreadingHTTPServer(("127.0.0.1", SINK_PORT), Sink)
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    with Daemon(folder, site_text()) as daemon:
        daemon.start(seconds=120)
        if first:
            daemon.add_user()
        api = daemon.api().login()
        threading.Thread(target=play, daemon=True).start()
        until(api.alarms, 120, "the first fire is there")
        say("loaded")
        operate(api, time.monotonic() + LIMIT_S)
    say("the power was not cut")


main()
