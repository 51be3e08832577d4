// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The console's voice. Each pattern is one rendered loop, so that it goes on without any
// timer of the page: fire (fire-engine wail), warning (police yelp), fault (two-tone),
// test (single soft ping). Says honestly whether it can sound: the context must be
// running and its clock must move. A browser may forbid sound until a key is pressed;
// wake() is called with each gesture.

const CHECK_MS = 2000;
const STILL_MS = 3 * CHECK_MS;
const REPORT_MS = 60_000;
const RETRY_MS = 5000;
const SETTLE_MS = 2000;

const between = (a, b, x) => a + (b - a) * x;

// seconds: length of the loop; tone(t): {hz, level} at t seconds into it.
const PATTERNS = {
  fire: {
    seconds: 3.2,
    tone: (t) => {
      const x = (t % 1.6) / 1.6;
      return { hz: between(500, 1300, x < 0.6 ? x / 0.6 : (1 - x) / 0.4), level: 0.9 };
    },
  },
  warning: {
    seconds: 2,
    tone: (t) => ({ hz: between(750, 1600, (t % 0.25) / 0.25), level: t < 1 ? 0.7 : 0 }),
  },
  fault: {
    seconds: 5,
    tone: (t) => ({ hz: t % 0.8 < 0.4 ? 960 : 770, level: t < 1.6 ? 0.45 : 0 }),
  },
  test: {
    seconds: 4,
    tone: (t) => ({ hz: 660, level: t < 0.2 ? 0.35 : 0 }),
  },
};

const RAMP_S = 0.006; // no clicks

function render(context, { seconds, tone }) {
  const rate = context.sampleRate;
  const buffer = context.createBuffer(1, Math.round(seconds * rate), rate);
  const out = buffer.getChannelData(0);
  let phase = 0;
  let level = 0;
  const step = 1 / (RAMP_S * rate);
  for (let i = 0; i < out.length; i += 1) {
    const now = tone(i / rate);
    const wanted = out.length - i < RAMP_S * rate ? 0 : now.level;
    level += Math.max(-step, Math.min(step, wanted - level));
    phase += (2 * Math.PI * now.hz) / rate;
    out[i] = 0.5 * level * (Math.sin(phase) + 0.35 * Math.sin(3 * phase));
  }
  return buffer;
}

export class Sound {
  #context = null;
  #buffers = {};
  #playing = null; // {name, source}
  #wanted = null;
  #can = false;
  #settled = false;
  #lastTime = -1;
  #movedAt = -Infinity;
  #reportedAt = -Infinity;
  #reported = null;

  // report(can) sends it to the daemon; changed() when `can` changes.
  constructor(report, changed) {
    this.report = report;
    this.changed = changed;
  }

  get can() {
    return this.#can;
  }

  // Known not to sound; in the first moments of a page nobody knows yet.
  get off() {
    return this.#settled && !this.#can;
  }

  // Off because the browser waits for a person's gesture; nothing else is cured by one.
  get blocked() {
    return this.off && this.#context?.state === "suspended";
  }

  // What is being played: a pattern's name or null.
  get playing() {
    return this.#can ? this.#playing?.name ?? null : null;
  }

  start() {
    try {
      this.#context = new AudioContext();
      this.#context.onstatechange = () => this.check();
      this.wake();
    } catch {
      this.#context = null; // no audio at all: can stays false, and is said
    }
    setInterval(() => this.check(), CHECK_MS);
    this.check();
    // A context that may run says so only after a moment; do not cry wolf before.
    setTimeout(() => this.#settle(), SETTLE_MS);
  }

  #settle() {
    this.#settled = true;
    this.check();
    this.changed();
  }

  // A gesture happened. A refusal shows in the state.
  wake() {
    if (this.#context && this.#context.state !== "running") {
      this.#context.resume().then(() => this.check(), () => {});
    }
  }

  play(name) {
    this.#wanted = name;
    this.#follow();
  }

  #follow() {
    if (!this.#context || this.#playing?.name === (this.#wanted ?? undefined)) return;
    this.#playing?.source.stop();
    this.#playing = null;
    if (!this.#wanted) return;
    const name = this.#wanted;
    this.#buffers[name] ??= render(this.#context, PATTERNS[name]);
    const source = this.#context.createBufferSource();
    source.buffer = this.#buffers[name];
    source.loop = true;
    source.connect(this.#context.destination);
    source.start();
    this.#playing = { name, source };
  }

  check() {
    const running = this.#context?.state === "running";
    const can = running && this.#moves();
    if (!running) this.#movedAt = -Infinity;
    if (this.#can !== can) {
      this.#can = can;
      this.#settled ||= can;
      this.#follow();
      this.changed();
    }
    this.tell(false);
  }

  // A context may say "running" over a device that has stopped: its clock then stands.
  #moves() {
    const now = performance.now();
    const { currentTime } = this.#context;
    if (currentTime !== this.#lastTime || this.#movedAt === -Infinity) this.#movedAt = now;
    this.#lastTime = currentTime;
    return now - this.#movedAt < STILL_MS;
  }

  // To the daemon: on a change, every 60 s, and when `now` is set (a new stream).
  async tell(now) {
    if (!this.#settled) return;
    const age = performance.now() - this.#reportedAt;
    if (!now && this.#reported === this.#can && age < REPORT_MS) return;
    if (!now && this.#reported === null && age < RETRY_MS) return;
    const can = this.#can;
    this.#reportedAt = performance.now();
    this.#reported = can;
    try {
      await this.report(can);
    } catch {
      this.#reported = null; // tried again by the next checks
    }
  }
}
