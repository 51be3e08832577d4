// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Why it sounds, or why it does not: the answer first, in one sentence for each alarm,
// then what people have set, then the steps with times and event numbers, the newest
// first. Of one alarm, and from there of all of its point; of a gauge or a door. Shows
// what the daemon says at the moment of asking; does nothing.
import * as api from "./api.js";
import { h, setText, show } from "./dom.js";
import { codeOf, exactOf, nameOf, timeOf, valueOf } from "./format.js";
import { has, t } from "./text.js";

const STEPS_SHOWN = 40;
const id = (name) => document.getElementById(name);

// "fire alarm · smoke detector": the condition and the code, each where there is one.
function whatOf(x) {
  return [x.condition && t(`condition.${x.condition}`), x.code && codeOf(x.code)]
    .filter(Boolean).join(" · ");
}

function wordOf(word) {
  const known = ["flag", "state", "quality", "report.col.blind"].map((p) => `${p}.${word}`).find(has);
  return known ? t(known) : codeOf(word);
}

export class Why {
  #dialog = id("why-dialog");
  #asked = null; // {point, occurrence, place}
  #answer = null;
  #all = false; // every step, not only the newest
  #n = 0; // of questions: a late answer to an older one is dropped

  // unitOf(point); now(); placeOfPoint(point): its name, or null.
  constructor({ unitOf, now, placeOfPoint }) {
    Object.assign(this, { unitOf, now, placeOfPoint });
    id("why-close").addEventListener("click", () => this.#dialog.close());
    id("why-point").addEventListener("click", () =>
      this.open({ point: this.#asked.point, place: this.#asked.place }));
    id("why-more").addEventListener("click", () => {
      this.#all = true;
      this.draw();
    });
  }

  // Of an occurrence, or without one of the whole point.
  async open({ point, occurrence = null, place }) {
    this.#asked = { point, occurrence, place };
    this.#answer = null;
    this.#all = false;
    this.#n += 1;
    const mine = this.#n;
    setText(id("why-said"), t("ui.why.asking"));
    this.draw();
    if (!this.#dialog.open) this.#dialog.showModal();
    id("why-close").focus();
    try {
      const answer = await (occurrence ? api.explainAlarm(occurrence) : api.explainPoint(point));
      if (mine !== this.#n) return;
      this.#answer = answer;
      setText(id("why-said"), "");
    } catch (error) {
      if (mine === this.#n) setText(id("why-said"), error.text);
    }
    this.draw();
  }

  draw() {
    if (!this.#asked) return;
    const x = this.#answer;
    const { point, occurrence, place } = this.#asked;
    setText(id("why-place"), place === point ? point : `${place} · ${point}`);
    show(id("why-point"), Boolean(occurrence));
    show(id("why-not-live"), Boolean(x && !x.live));
    id("why-answers").replaceChildren(...(x ? this.#answers(x) : []));
    id("why-flags").replaceChildren(...(x ? x.flags.map((f) => this.#flag(f)) : []));
    const steps = x ? x.steps.toReversed() : [];
    const shown = this.#all ? steps : steps.slice(0, STEPS_SHOWN);
    show(id("why-order"), steps.length > 0);
    id("why-steps").replaceChildren(...shown.map((s) => this.#step(s)));
    show(id("why-more"), shown.length < steps.length);
    setText(id("why-more"), t("ui.why.more", { n: steps.length - shown.length }));
  }

  #answers(x) {
    if (x.alarms.length === 0) return [h("li", {}, t(`explain.why.${x.why}`))];
    return x.alarms.map((a) => h("li", { "data-why": a.why },
      t(`explain.why.${a.why}`, { what: whatOf(a), actor: a.acknowledged_by ?? "" }),
      ...a.flags.map((f) => h("span", { class: "mark flag" }, t(`flag.${f}`)))));
  }

  #flag(f) {
    return h("li", {}, t("explain.flag", {
      flag: t(`flag.${f.flag}`), target: f.target, actor: f.by, reason: f.reason,
      until: timeOf(Date.parse(f.until), this.now()),
    }));
  }

  #step(s) {
    const at = Date.parse(s.time);
    const other = s.point && s.point !== this.#asked.point;
    return h("li", { "data-what": s.what, "data-source": s.source, "data-seq": s.seq },
      h("time", { datetime: s.time, title: exactOf(at) }, timeOf(at, this.now())),
      h("span", { class: "seq" }, s.seq === null ? "" : `#${s.seq}`),
      h("span", { class: "words" },
        other ? h("b", {}, `${this.placeOfPoint(s.point) ?? s.point} `) : null,
        this.#sentence(s)));
  }

  #sentence(s) {
    const begins = s.what === "blind" && !s.params.to_utc_ms;
    const own = s.source === "decision" ? `decision.${s.what}`
      : `ui.why.event.${s.what}${begins ? "_begins" : ""}`;
    const key = [own, `explain.event.${s.what}`].find(has) ?? `event.${s.what}`;
    const words = t(key, this.#values(s)).replace(/\{\w+\}/g, "").trim();
    return key === `event.${s.what}` && whatOf(s) ? `${words} ${whatOf(s)}` : words;
  }

  #values(s) {
    const p = s.params;
    const unit = this.unitOf(s.point); // of a contact there is nothing to read in a number
    const v = s.value === null || !unit ? null : valueOf(s.value, unit);
    const time = (ms) => (ms ? timeOf(ms, this.now()) : "");
    return {
      ...p,
      what: whatOf(s), actor: s.actor ?? "", word: s.code ? wordOf(s.code) : "",
      value: v ? `${v.number} ${v.unit}`.trim() : "",
      state: p.state ? wordOf(p.state) : "", reason: p.reason ? wordOf(p.reason) : "",
      next: p.next ? timeOf(Date.parse(p.next), this.now()) : "",
      since: time(p.from_utc_ms ?? p.last_utc_ms), till: time(p.to_utc_ms),
      mode: p.to ? t(`ui.why.store.${p.to === "ok" ? "ok" : "bad"}`, { mode: p.to }) : "",
      seconds_by: p.by_ms === undefined ? "" : String(p.by_ms / 1000),
      on: p.on === undefined ? "" : t(p.on ? "ui.why.on" : "ui.why.off"),
    };
  }
}

// The name of a point that the page knows: of an open alarm, a gauge, a device.
export function placeIn(model, point) {
  const of = [...model.alarms.values()].find((a) => a.point === point)
    ?? model.readings.find((r) => r.point === point);
  if (of) return nameOf(of.place, point);
  const device = point.startsWith("@device/")
    && model.devices.find((d) => `@device/${d.id}` === point);
  return device ? nameOf(device.name, device.id) : null;
}
