// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What somebody found: the verdict on an alarm, with those given before, and alarms that
// never came, entered by hand. Who says it logs in. A verdict may be revised; none is
// taken away.
import * as api from "./api.js";
import { h, setText, show } from "./dom.js";
import { fieldOf, fromField, placeOf, timeOf, whatOf } from "./format.js";
import { t } from "./text.js";

const VERDICTS = ["real", "false", "test", "unknown"];
const CAUSES = ["cooking", "dust", "steam", "smoking", "works", "insects", "device",
  "mistake", "malicious", "other"];
const id = (name) => document.getElementById(name);

export class Verdict {
  #dialog = id("verdict-dialog");
  #form = id("verdict-form");
  #missed = id("missed-dialog");
  #missedForm = id("missed-form");
  #alarm = null;

  // session.ask(why); say(text, tone); now().
  constructor(model, session, { say, now }) {
    Object.assign(this, { model, session, say, now });
    id("verdict-cancel").addEventListener("click", () => this.#dialog.close());
    id("missed-cancel").addEventListener("click", () => this.#missed.close());
    id("missed-open").addEventListener("click", () => this.openMissed());
    this.#form.addEventListener("submit", (e) => this.#send(e));
    this.#form.addEventListener("change", () => this.#drawCause());
    this.#missedForm.addEventListener("submit", (e) => this.#sendMissed(e));
  }

  open(alarm) {
    if (!alarm || this.#dialog.open || this.session.open) return;
    this.#alarm = alarm;
    this.#form.reset();
    setText(id("verdict-place"), placeOf(alarm));
    setText(id("verdict-what"), whatOf(alarm));
    id("verdict-choice").replaceChildren(...VERDICTS.map((v) => h("label", {},
      h("input", { type: "radio", name: "verdict", value: v, checked: v === alarm.verdict }),
      h("span", {}, t(`verdict.${v}`)))));
    id("verdict-cause").replaceChildren(...CAUSES.map((c) =>
      h("option", { value: c }, t(`verdict.cause.${c}`))));
    show(id("verdict-error"), false);
    this.#drawCause();
    this.#history(alarm.occurrence);
    this.#dialog.showModal();
  }

  #drawCause() {
    const choice = this.#form.elements.verdict.value;
    show(id("verdict-cause").parentElement, choice === "false");
  }

  async #history(occurrence) {
    id("verdict-history").replaceChildren();
    let events;
    try {
      events = (await api.getEventsOf(occurrence)).events;
    } catch {
      return;
    }
    const given = events.filter((e) => e.kind === "alarm.verify");
    id("verdict-history").replaceChildren(...given.map((e) => h("li", {}, [
      timeOf(Date.parse(e.time), this.now()), e.actor, t(`verdict.${e.params.verdict}`),
      e.params.cause ? t(`verdict.cause.${e.params.cause}`) : null, e.params.note,
    ].filter(Boolean).join(" · "))));
  }

  #person(place) {
    return this.model.session || this.session.ask(t("ui.verdict.login", { place }));
  }

  async #send(e) {
    e.preventDefault();
    const alarm = this.#alarm;
    const verdict = this.#form.elements.verdict.value;
    if (!verdict) return;
    const body = { verdict };
    if (verdict === "false") body.cause = id("verdict-cause").value;
    const note = id("verdict-note").value.trim();
    if (note) body.note = note;
    if (!(await this.#person(placeOf(alarm)))) return;
    try {
      await api.verify(alarm.occurrence, body);
      this.say(t("ui.verdict.saved",
        { place: placeOf(alarm), verdict: t(`verdict.${verdict}`) }), "good");
      this.#dialog.close();
    } catch (error) {
      setText(id("verdict-error"), error.text);
      show(id("verdict-error"), true);
    }
  }

  // --- missed alarms -----------------------------------------------------------------

  openMissed() {
    if (this.#missed.open || this.session.open) return;
    this.#missedForm.reset();
    id("missed-when").value = fieldOf(this.now());
    id("missed-when").max = fieldOf(this.now());
    show(id("missed-error"), false);
    this.#missed.showModal();
  }

  async #sendMissed(e) {
    e.preventDefault();
    const names = ["missed-place", "missed-when", "missed-found"];
    const missing = names.find((name) => !id(name).value.trim());
    if (missing) {
      id(missing).focus();
      return;
    }
    const place = id("missed-place").value.trim();
    const happened = new Date(Math.min(fromField(id("missed-when").value), this.now()));
    const body = { place, happened: happened.toISOString(), found: id("missed-found").value.trim() };
    if (!(await this.#person(place))) return;
    try {
      await api.enterMissed(body);
      this.say(t("ui.missed.saved", { place }), "good");
      this.#missed.close();
    } catch (error) {
      setText(id("missed-error"), error.text);
      show(id("missed-error"), true);
    }
  }
}
