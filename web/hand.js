// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A gauge read at its dial: who stands there enters what it shows, in the unit of the dial,
// and is told at once how far the sensor is from it. Who enters it logs in.
import * as api from "./api.js";
import { h, recall, remember, setText, show } from "./dom.js";
import { fieldOf, fromField, placeOf, valueOf } from "./format.js";
import { t } from "./text.js";

const UNITS = ["MPa", "bar", "kPa"];
const id = (name) => document.getElementById(name);

export class Hand {
  #dialog = id("hand-dialog");
  #form = id("hand-form");

  // session.ask(why); say(text, tone); now().
  constructor(model, session, { say, now }) {
    Object.assign(this, { model, session, say, now });
    id("hand-open").addEventListener("click", () => this.open());
    id("hand-cancel").addEventListener("click", () => this.#dialog.close());
    this.#form.addEventListener("submit", (e) => this.#send(e));
  }

  get #gauges() {
    return this.model.readings.filter((r) => r.unit === "kPa");
  }

  draw() {
    show(id("hand-open"), this.#gauges.length > 0);
  }

  open() {
    if (this.#dialog.open || this.session.open) return;
    this.#form.reset();
    id("hand-point").replaceChildren(...this.#gauges.map((r) =>
      h("option", { value: r.point }, placeOf(r))));
    id("hand-unit").replaceChildren(...UNITS.map((u) => h("option", { value: u }, u)));
    id("hand-unit").value = recall("hand-unit") ?? UNITS[0];
    id("hand-when").value = fieldOf(this.now());
    show(id("hand-error"), false);
    this.#dialog.showModal();
    id("hand-value").focus();
  }

  #refuse(text) {
    setText(id("hand-error"), text);
    show(id("hand-error"), true);
  }

  async #send(e) {
    e.preventDefault();
    const when = id("hand-when").value;
    const body = {
      point: id("hand-point").value,
      value: id("hand-value").value.trim(),
      unit: id("hand-unit").value,
      note: id("hand-note").value.trim(),
    };
    if (!/^-?\d+(\.\d+)?$/.test(body.value)) {
      this.#refuse(t("ui.hand.no_number"));
      return;
    }
    if (when !== fieldOf(this.now())) { // else it is of now
      body.read_at = new Date(fromField(when)).toISOString();
    }
    remember("hand-unit", body.unit);
    if (!this.model.session && !(await this.session.ask(t("ui.login.to_read")))) return;
    try {
      const { data } = await api.enterReading(body);
      this.#dialog.close();
      await this.#tell(body.point, data.seq);
    } catch (error) {
      this.#refuse(error.text);
    }
  }

  // What came of it stands in its event.
  async #tell(point, seq) {
    const reading = this.model.readings.find((r) => r.point === point);
    const place = reading ? placeOf(reading) : point;
    const { is, difference } = (await api.getMade("reading.hand", point, seq)).params;
    const words = [t("ui.hand.said", { place, is: t(`hand.${is}`) })];
    if (difference !== null) words.push(t("ui.hand.difference", { n: valueOf(difference, "kPa").number }));
    this.say(words.join(" · "), is === "agrees" ? "good" : "warn");
  }
}
