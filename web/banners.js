// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Full-width bars under the strip for what makes the whole screen less than it seems:
// link lost, sound off, zones in test mode, a sounder or lamp that does not work, the record not being saved, an old configuration, an unknown
// clock. And the one line that answers what a person just did.
import { setText, show } from "./dom.js";
import { codeOf, nameOf, timeOf } from "./format.js";
import { failedOutputs } from "./model.js";
import { has, t } from "./text.js";

const SAID_MS = 12_000;

export class Banners {
  #bar = (id) => document.getElementById(id);
  #said = document.getElementById("said");
  #saidUntil = 0;

  drawLink({ lost, silentMs }) {
    document.body.dataset.link = lost ? "lost" : "good";
    show(this.#bar("link-lost"), lost);
    if (lost) {
      setText(this.#bar("link-lost").querySelector(".text"),
        t("ui.link.lost", { s: Math.floor(silentMs / 1000) }));
    }
  }

  drawSound(off) {
    show(this.#bar("sound-off"), off);
  }

  drawOutputs(model) {
    const failed = failedOutputs(model);
    show(this.#bar("output-bad"), failed.length > 0);
    setText(this.#bar("output-bad").querySelector(".text"), failed.map((o) =>
      t("ui.banner.output", {
        role: t(`ui.output.role.${o.role}`), place: nameOf(o.place, o.id), why: codeOf(o.code),
      })).join(" · "));
  }

  drawTests(model, now) {
    const { tests, testing } = model.flags;
    show(this.#bar("test-mode"), tests.length > 0);
    const named = tests.slice(0, 3).map((z) => t("ui.banner.test_zone",
      { zone: nameOf(z.name, z.zone), time: timeOf(Date.parse(z.until), now), by: z.by }));
    if (testing > 3) named.push(t("ui.banner.test_more", { n: testing - 3 }));
    setText(this.#bar("test-mode").querySelector(".text"),
      t("ui.banner.test", { zones: named.join(" · ") }));
  }

  drawHealth(health) {
    const store = health.store ?? "ok";
    show(this.#bar("store-bad"), store !== "ok");
    if (store !== "ok") {
      const mode = has(`store.${store}`) ? t(`store.${store}`) : store;
      setText(this.#bar("store-bad").querySelector(".text"),
        t("ui.banner.store", { mode, n: health.store_waiting ?? 0 }));
    }
    show(this.#bar("old-configuration"), Boolean(health.last_good_configuration));
  }

  // tone: good, warn, bad or plain.
  say(text, tone = "plain") {
    setText(this.#said, text);
    this.#said.dataset.tone = tone;
    this.#saidUntil = performance.now() + SAID_MS;
  }

  tick() {
    if (performance.now() > this.#saidUntil) setText(this.#said, "");
  }
}
