#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# An operator made of script: logs in over the console's API (docs/api.md) and
# acknowledges each alarm a second or two after it appears, and resets what our own latch
# holds after that, as a person at the desk would. Prints one JSON line per thing done. Ends with a log-out on SIGTERM.
#
# Survives a console that is away for a while; refuses to act without a session.

import argparse
import http.client
import json
import random
import signal
import sys
import threading
import time

OWED = {"unacknowledged", "returned", "latched_unacknowledged"}
LATCHED = "latched_acknowledged"  # and the condition is gone: a reset ends it
LOOK_EVERY_S = 0.25
PAGES_MAX = 100


class ApiError(Exception):
    """An answer that is not 2xx: `status`, and the API's `code`."""

    def __init__(self, status, code):
        super().__init__(f"{status} {code}")
        self.status, self.code = status, code


class Console:
    """The API of one console, with a session once log_in has been called."""

    def __init__(self, port, host="127.0.0.1", timeout_s=10):
        self.address = (host, port)
        self.timeout_s = timeout_s
        self.cookie = self.csrf = None

    def call(self, method, path, body=None):
        """(status, JSON document or None); ApiError for anything but 2xx."""
        headers = {"X-Watchroom": "1", "Accept-Language": "en"}
        if self.cookie:
            headers["Cookie"] = self.cookie
        if self.csrf and method != "GET":
            headers["X-CSRF-Token"] = self.csrf
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        link = http.client.HTTPConnection(*self.address, timeout=self.timeout_s)
        try:
            link.request(method, path, data, headers)
            response = link.getresponse()
            text = response.read()
        finally:
            link.close()
        self._keep_cookie(response)
        document = json.loads(text) if text else None
        if not 200 <= response.status < 300:
            error = (document or {}).get("error", {})
            raise ApiError(response.status, error.get("code", ""))
        return response.status, document

    def _keep_cookie(self, response):
        for value in response.headers.get_all("Set-Cookie") or []:
            if value.startswith("watchroom="):
                self.cookie = value.split(";", 1)[0]

    def log_in(self, user, pin):
        _, session = self.call("POST", "/api/v1/session", {"user": user, "pin": pin})
        self.csrf = session["csrf"]

    def log_out(self):
        self.call("DELETE", "/api/v1/session")
        self.cookie = self.csrf = None

    def pages(self, path, key):
        """Every item of a paged list; `path` without a cursor."""
        mark, after = ("&" if "?" in path else "?"), ""
        for _ in range(PAGES_MAX):
            _, page = self.call("GET", path + after)
            yield from page[key]
            if page["next"] is None:
                return
            after = f"{mark}after={page['next']}"
        raise RuntimeError(f"{path}: over {PAGES_MAX} pages")


def say(**what):
    print(json.dumps(what, ensure_ascii=False), flush=True)


class ScriptedOperator:
    """Acknowledges between `soonest` and `latest` seconds after it first sees."""

    def __init__(self, console, user, pin, soonest=1.0, latest=2.0, seed=1):
        self.console, self.user, self.pin = console, user, pin
        self.pause = lambda r=random.Random(seed): r.uniform(soonest, latest)
        self.due = {}  # (occurrence, verb) -> when to answer it

    def look(self):
        """One glance at the screen and what follows from it."""
        if self.console.csrf is None:
            self.console.log_in(self.user, self.pin)
            say(did="log-in", user=self.user)
        now = time.monotonic()
        todo = {}
        for alarm in self.console.pages("/api/v1/alarms?limit=200", "alarms"):
            verb = self.verb(alarm)
            if verb is not None:
                todo[alarm["occurrence"], verb] = alarm
        self.due = {k: self.due.get(k, now + self.pause()) for k in todo}
        for key, when in self.due.items():
            if when <= now:
                self.answer(key[1], todo[key])

    @staticmethod
    def verb(alarm):
        """What this alarm asks of the operator, or None."""
        if alarm["state"] in OWED and not alarm["hidden"]:
            return "acknowledge"
        return "reset" if alarm["state"] == LATCHED else None

    def answer(self, verb, alarm):
        path = f"/api/v1/alarms/{alarm['occurrence']}/acknowledge"
        if verb == "reset":
            path = f"/api/v1/points/{alarm['point']}/reset"
        try:
            status, answer = self.console.call("POST", path, {})
        except ApiError as e:
            if e.status == 409:  # it moved while we reached for the key; look again
                say(did="refused", point=alarm["point"], code=e.code)
                return
            raise
        say(
            did=verb,
            point=alarm["point"],
            occurrence=alarm["occurrence"],
            status=status,
            durable=answer["durable"],
        )

    def work(self, ended):
        """Looks until `ended` is set; a console that is away is tried again."""
        while not ended.wait(LOOK_EVERY_S):
            try:
                self.look()
            except (OSError, http.client.HTTPException) as e:
                say(did="waited", why=str(e))
            except ApiError as e:
                say(did="waited", why=str(e))
                if e.status in (401, 403):
                    self.console.cookie = self.console.csrf = None
        if self.console.csrf is not None:
            self.console.log_out()
            say(did="log-out", user=self.user)


def main():
    p = argparse.ArgumentParser(description="Answer every alarm over the API.")
    p.add_argument("--port", type=int, required=True)
    p.add_argument("--user", required=True)
    p.add_argument("--pin-stdin", action="store_true", required=True)
    o = p.parse_args()
    pin = sys.stdin.readline().strip()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    ScriptedOperator(Console(o.port), o.user, pin).work(ended)
    return 0


if __name__ == "__main__":
    sys.exit(main())
