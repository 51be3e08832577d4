#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# A receiver for webhooks that behaves well or badly on demand: it records each POST
# as one JSON line, and may refuse the first N, answer late, or never answer. Used as a
# program (the demonstration) or as a class (tests):
#
#     with WebhookSink(fail_first=2) as sink:
#         ... f"http://127.0.0.1:{sink.port}/duty" ...
#         sink.wait_for(3, deadline_s=10)

import argparse
import datetime
import http.server
import json
import os
import pathlib
import signal
import sys
import threading

BODY_MAX = 1 << 20


def utc_now():
    now = datetime.datetime.now(datetime.timezone.utc)
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        sink = self.server.sink
        length = int(self.headers.get("Content-Length", 0))
        if not 0 <= length <= BODY_MAX:
            self.send_error(413)
            self.close_connection = True
            return
        body = self.rfile.read(length).decode("utf-8", "replace")
        status = sink.take(self.path, dict(self.headers.items()), body)
        if status is None:  # never: hold the connection until the sink ends
            sink.stopping.wait()
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        answer = b'{"errcode": 0}' if status < 300 else b'{"errcode": 1}'
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        """Nothing: the record is the log."""


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        """A sender that hangs up before our answer is its own affair."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class WebhookSink:
    """Listens on loopback. Misbehaviour applies to paths that begin with `only`."""

    def __init__(
        self,
        port=0,
        log=None,
        fail_first=0,
        status=500,
        delay_s=0.0,
        never_answer=False,
        only="/",
    ):
        self.received = []
        self.stopping = threading.Event()
        self._arrived = threading.Condition()
        self._log = open(log, "a", encoding="utf-8") if log else None
        self._fail_left, self._status = fail_first, status
        self._delay_s, self._never, self._only = delay_s, never_answer, only
        self._server = Server(("127.0.0.1", port), Handler)
        self._server.sink = self
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def start(self):
        self._thread.start()
        return self

    def stop(self):
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        with self._arrived:
            if self._log:
                self._log.close()
                self._log = None

    __enter__ = start

    def __exit__(self, *_):
        self.stop()

    def heal(self):
        """Behaves well from now on."""
        with self._arrived:
            self._fail_left, self._delay_s, self._never = 0, 0.0, False

    def take(self, path, headers, body):
        """Records one POST; the status to answer with, None for never."""
        affected = path.startswith(self._only)
        with self._arrived:
            delay = self._delay_s if affected else 0.0
            status = 200
            if affected and self._never:
                status = None
            elif affected and self._fail_left > 0:
                self._fail_left -= 1
                status = self._status
            self._record(path, headers, body, status)
        self.stopping.wait(delay)
        return status

    def _record(self, path, headers, body, status):
        entry = {
            "time": utc_now(),
            "path": path,
            "status": status,
            "headers": headers,
            "body": body,
        }
        self.received.append(entry)
        if self._log:
            self._log.write(json.dumps(entry, ensure_ascii=False) + "\n")
            self._log.flush()
        self._arrived.notify_all()

    def bodies(self):
        """What was posted, oldest first."""
        with self._arrived:
            return [json.loads(e["body"]) for e in self.received]

    def accepted(self, path="/"):
        """What was answered with 200, oldest first."""
        with self._arrived:
            return [
                e
                for e in self.received
                if e["status"] == 200 and e["path"].startswith(path)
            ]

    def wait_for(self, count, deadline_s, path="/"):
        """The records of `path` once there are `count`; AssertionError if not."""

        def those():
            return [e for e in self.received if e["path"].startswith(path)]

        with self._arrived:
            if not self._arrived.wait_for(lambda: len(those()) >= count, deadline_s):
                raise AssertionError(
                    f"{len(those())} of {count} posts to {path} in {deadline_s} s"
                )
            return those()


def write_port(path, port):
    aside = path.with_suffix(".new")
    aside.write_text(f"{port}\n", encoding="ascii")
    os.replace(aside, path)


def main():
    p = argparse.ArgumentParser(description="Record webhook posts as JSON lines.")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--port-file", type=pathlib.Path, required=True)
    p.add_argument("--log", type=pathlib.Path, required=True)
    p.add_argument("--fail-first", type=int, default=0, metavar="N")
    p.add_argument("--status", type=int, default=500, help="of the refused ones")
    p.add_argument("--delay", type=float, default=0.0, metavar="SECONDS")
    p.add_argument("--never-answer", action="store_true")
    p.add_argument("--only", default="/", help="path prefix that misbehaves")
    o = p.parse_args()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with WebhookSink(
        o.port, o.log, o.fail_first, o.status, o.delay, o.never_answer, o.only
    ) as sink:
        write_port(o.port_file, sink.port)
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
