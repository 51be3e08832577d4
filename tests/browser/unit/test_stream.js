// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The stream's care of itself, with a source we control: an error opens again from the
// last item, rubbish asks for a snapshot, an old source is not listened to.
import { Stream } from "/stream.js";
import { equal, test } from "./harness.js";

class FakeSource {
  static made = [];

  constructor(url) {
    this.url = url;
    this.listeners = {};
    this.closed = false;
    FakeSource.made.push(this);
  }

  addEventListener(kind, f) {
    this.listeners[kind] = f;
  }

  close() {
    this.closed = true;
  }

  send(kind, data, lastEventId = "") {
    this.listeners[kind]({ data, lastEventId });
  }
}

async function within(ms, condition) {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function started() {
  const real = window.EventSource;
  FakeSource.made = [];
  window.EventSource = FakeSource;
  const seen = [];
  const stream = new Stream("c1", {
    item: (kind, data, id) => seen.push([kind, data, id]), link: () => {} });
  stream.start("7-100");
  return { seen, stream, made: FakeSource.made, end: () => { window.EventSource = real; } };
}

test("it starts from the snapshot's place and names its console", () => {
  const { made, end } = started();
  end();
  equal(made[0].url, "/api/v1/stream?console=c1&last=7-100");
});

test("after an error it closes, waits a second, and goes on from the last item", async () => {
  const { made, seen, end } = started();
  made[0].send("alarm", "{}", "7-105");
  const at = performance.now();
  made[0].onerror();
  equal(made[0].closed, true);
  await within(2500, () => made.length === 2);
  end();
  if (performance.now() - at < 900) throw new Error("did not back off");
  equal(made[1].url, "/api/v1/stream?console=c1&last=7-105");
  made[0].send("alarm", "{}", "7-200");
  equal(seen.length, 1);
});

test("what is not JSON asks for a fresh snapshot", () => {
  const { made, seen, end } = started();
  made[0].send("alarm", "{", "7-105");
  end();
  equal(made.length, 2);
  equal(made[1].url, "/api/v1/stream?console=c1");
  equal(seen, []);
});

test("a heartbeat has no id, though the browser remembers the last one", () => {
  const { made, seen, end } = started();
  made[0].send("hb", "{\"n\":1}", "7-105");
  end();
  equal(seen[0], ["hb", { n: 1 }, null]);
});
