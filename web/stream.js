// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The live line to the daemon: one EventSource, watched by our own clock because the
// browser's readyState is not to be believed (a stopped daemon looks open for ever, one
// 502 closes it for good). Nothing heard for 6 s is a lost link; it is closed and opened
// again with 1 to 5 s between, whatever readyState says, from the last item we have.
// Refuses to hand on what is not JSON: that asks for a fresh snapshot instead.

const SILENT_MS = 6000;
const TICK_MS = 250;
const BACK_OFF_MS = [1000, 2000, 3000, 4000, 5000];
const KINDS = ["state", "alarm", "journal", "durable", "point", "patrol", "health", "hb"];

export class Stream {
  #source = null;
  #startedAt = 0; // of the present try
  #heardAt = performance.now();
  #reopenAt = null;
  #tries = 0;
  #lost = false;
  #lastId = null;

  // on.item(kind, data, id), on.link({lost, silentMs}) at each tick.
  constructor(console, on) {
    this.console = console;
    this.on = on;
  }

  start(lastId) {
    this.#lastId = lastId;
    this.#open();
    this.#tick();
    setInterval(() => this.#tick(), TICK_MS);
    document.addEventListener("visibilitychange", () => this.#look());
    window.addEventListener("online", () => this.#look());
    window.addEventListener("pageshow", () => this.#look());
  }

  get lost() {
    return this.#lost;
  }

  get silentMs() {
    return performance.now() - this.#heardAt;
  }

  // Forgets where we were: the next item is a snapshot.
  resync() {
    this.#lastId = null;
    this.#open();
  }

  #open() {
    this.#drop();
    this.#reopenAt = null;
    this.#startedAt = performance.now();
    const query = new URLSearchParams({ console: this.console });
    if (this.#lastId) query.set("last", this.#lastId);
    const source = new EventSource(`/api/v1/stream?${query}`);
    for (const kind of KINDS) {
      source.addEventListener(kind, (e) => this.#take(source, kind, e));
    }
    source.onerror = () => source === this.#source && this.#fail();
    this.#source = source;
  }

  #drop() {
    this.#source?.close();
    this.#source = null;
  }

  #fail() {
    this.#drop();
    const wait = BACK_OFF_MS[Math.min(this.#tries, BACK_OFF_MS.length - 1)];
    this.#tries += 1;
    this.#reopenAt = performance.now() + wait;
  }

  #take(source, kind, e) {
    if (source !== this.#source) return;
    this.#heardAt = performance.now();
    this.#startedAt = this.#heardAt;
    this.#tries = 0;
    if (e.lastEventId) this.#lastId = e.lastEventId;
    let data;
    try {
      data = JSON.parse(e.data);
    } catch {
      this.resync();
      return;
    }
    this.on.item(kind, data, kind === "hb" ? null : e.lastEventId || null);
    if (this.#lost) this.#tick();
  }

  #tick() {
    const now = performance.now();
    const silentMs = now - this.#heardAt;
    this.#lost = silentMs > SILENT_MS;
    if (this.#source && now - this.#startedAt > SILENT_MS) this.#fail();
    if (!this.#source && this.#reopenAt !== null && now >= this.#reopenAt) this.#open();
    this.tell();
  }

  // Says how the link is, also when nothing changed.
  tell() {
    this.on.link({ lost: this.#lost, silentMs: this.silentMs });
  }

  // The page is looked at again, or the network is back: find out now, not later.
  #look() {
    if (document.visibilityState !== "visible") return;
    if (performance.now() - this.#heardAt > SILENT_MS / 2) this.#open();
    this.#tick();
  }
}
