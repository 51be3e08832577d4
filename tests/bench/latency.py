# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# From the reply on the wire to the event on the stream, to the commit, and to the line
# on a browser's screen.
import http.client
import json
import re
import tempfile
import threading
import time

from figures import Server, fleet_site, summary
from rig import Daemon, until

FIRE, QUIET = 0x0C10, 0x1400


class Screen:
    """Chromium on the console page. An observer in the page notes when a row is on the
    screen: when the frame that shows it has been painted. It looks at nothing but what
    has changed, and nobody asks the page while it works: the figure is the page's."""

    # A message that is posted within a frame arrives when that frame has been painted.
    OBSERVER = r"""
        window.seen = {};
        const painted = new MessageChannel(), frame = requestAnimationFrame;
        let waiting = [], inFrame = false;
        painted.port1.onmessage = () => {
            const at = performance.timeOrigin + performance.now();
            inFrame = false;
            for (const place of waiting.splice(0)) window.seen[place] = at;
        };
        const within = (work) => frame((time) => {
            inFrame = true;
            painted.port2.postMessage(0);
            work(time);
        });
        window.requestAnimationFrame = within;
        new MutationObserver((changes) => {
            for (const row of changes.flatMap((c) => [...c.addedNodes])) {
                const place = /<p\d+-\d+>/.exec(row.textContent)?.[0];
                if (!place || place in window.seen) continue;
                const wait = () => waiting.push(place);
                if (inFrame) wait(); else within(wait);
            }
        }).observe(document.getElementById("owed"), {childList: true});
    """

    def __init__(self, port, profile):
        from selenium import webdriver
        from selenium.webdriver.chrome.options import Options
        from selenium.webdriver.chrome.service import Service
        o = Options()
        o.binary_location = "/usr/bin/chromium"
        for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic",
                     "--no-first-run", "--disable-background-networking",
                     "--disable-component-update", "--disable-sync",
                     "--window-size=1920,1080", f"--user-data-dir={profile}"):
            o.add_argument(flag)
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=o)
        self.driver.get(f"http://127.0.0.1:{port}/")
        self.driver.execute_script("localStorage.setItem('watchroom.lang', 'en')")
        self.driver.get(f"http://127.0.0.1:{port}/")
        until(lambda: len(self.driver.page_source) > 2000, 20, "the page is there")
        self.driver.execute_script(self.OBSERVER)

    def seen(self, text):
        """Milliseconds of UTC at which the row of a place was painted, or None."""
        return self.driver.execute_script("return window.seen[arguments[0]]", text)

    def close(self):
        self.driver.quit()


class Clocked(threading.Thread):
    """The event stream with wall-clock times of arrival, by point."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.onset, self.durable, self.names = {}, {}, {}
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        c.request("GET", "/api/v1/stream?console=bench")
        self.reply = c.getresponse()
        self.start()

    def run(self):
        event = None
        for raw in self.reply:
            at = time.time() * 1000
            line = raw.decode().rstrip("\n")
            if line.startswith("event: "):
                event = line[7:]
            elif line.startswith("data: ") and event in ("journal", "durable"):
                self.note(at, event, json.loads(line[6:]))

    def note(self, at, event, data):
        if event == "durable":
            name = self.names.get(data["n"])
            if name:
                self.durable[name] = at
        elif data["kind"] in ("alarm.onset", "alarm.return", "alarm.clear"):
            self.names[data["n"]] = data["point"]
            self.onset[data["point"]] = at

    def forget(self):
        """What was told before is of no interest, nor when it becomes durable."""
        self.names.clear()
        self.durable.clear()


def all_change(field, stream, devices, numbers, value, rows):
    """The same detectors of every device change within a second; when each is durable."""
    stream.forget()
    for n in numbers:
        for d in range(devices):
            field.set(d + 1, n - 1, value)
    names = {f"p{d}-{n}": (d + 1, n - 1) for d in range(devices) for n in numbers}
    until(lambda: all(name in stream.durable and where in field.sent
                      for name, where in names.items()), 30, "all durable", 0.05)
    rows += [stream.durable[name] - field.sent[where] for name, where in names.items()]


def bench_durable(options):
    """1,000 events a second, on the field's side all at 1 Hz: reply -> durable."""
    devices, seconds, rows = (options.devices or [100])[0], options.seconds or 10, []
    numbers = [1 + i * 5 for i in range(10)]
    with Server("field_server") as field, tempfile.TemporaryDirectory() as folder:
        text = fleet_site([field.ports["healthy"]] * devices, units=True)
        with Daemon(folder, text) as daemon:
            daemon.start(seconds=60)
            api = daemon.api()
            until(lambda: api.state()["health"]["points_unknown"] == 0, 60, "all read")
            stream, began = Clocked(daemon.port), time.monotonic()
            for k in range(seconds * options.rounds):
                all_change(field, stream, devices, numbers, (FIRE, QUIET)[k % 2], rows)
            took = time.monotonic() - began
            daemon.stop()
    return {"reply to durable, seen on the stream, ms": summary(rows),
            "events_per_s": round(len(rows) / took), "devices": devices}


def one_alarm(field, stream, screen, d, n, rows):
    """One detector burns; the times from its reply on, in milliseconds."""
    point = f"p{d}-{n}"
    field.set(d + 1, n - 1, FIRE)
    sent = until(lambda: field.sent.get((d + 1, n - 1)), 10, "reply", 0.002)
    for name, seen in (("reply to stream", lambda: stream.onset.get(point)),
                       ("reply to durable, seen on the stream",
                        lambda: stream.durable.get(point))):
        rows.setdefault(name, []).append(until(seen, 10, name, 0.003) - sent)
    time.sleep(0.15)  # the page is left alone until it has long shown the row
    painted = until(lambda: screen.seen(f"<{point}>"), 10, "the row", 0.1)
    rows.setdefault("reply to row painted by the browser", []).append(painted - sent)


def bench_latency(options):
    """100 devices: reply on the wire -> event on the stream, -> durable, -> screen."""
    devices, rows = (options.devices or [100])[0], {}
    numbers = [1 + i * 5 for i in range(19)]
    with Server("field_server") as field, tempfile.TemporaryDirectory() as folder:
        text = fleet_site([field.ports["healthy"]] * devices, units=True)
        # A place of its own for each point, so that its line is unique.
        text = re.sub(r'"id": "(p\d+-\d+)",(.*?)"place": \{[^}]*\}',
                      r'"id": "\1",\2"place": {"zh": "<\1>", "en": "<\1>"}', text)
        with Daemon(f"{folder}/d", text) as daemon:
            daemon.start(seconds=60)
            api = daemon.api()
            until(lambda: api.state()["health"]["points_unknown"] == 0, 60, "all read")
            stream = Clocked(daemon.port)
            screen = Screen(daemon.port, f"{folder}/chromium")
            for k in range(60 * options.rounds):
                one_alarm(field, stream, screen, k % devices,
                          numbers[k // devices % len(numbers)], rows)
            screen.close()
            daemon.stop()
    return dict({name: summary(values) for name, values in rows.items()},
                devices=devices, unit="ms")
