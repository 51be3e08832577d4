// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The guarded doors: a dialog with each door's state, and the one place where a door is
// taken out of its rule and put back. Who does it logs in; how long and why must be said.
// Shows what the daemon says now: asked once, and again after each snapshot; between them the
// stream tells what changes.
import * as api from "./api.js";
import { h, setAttr, setText, show, syncList } from "./dom.js";
import { nameOf, timeOf } from "./format.js";
import { Listing } from "./listing.js";
import { t } from "./text.js";

const MINUTES = [15, 30, 60, 240, 480];

// "open" is the word of the button that opens the dialog.
const stateWord = (state) => t(`ui.door.${state === "open" ? "open_lawfully" : state}`);
const id = (name) => document.getElementById(name);

export class Doors {
  #dialog = id("doors");
  #form = id("bypass");
  #rows = new Map();
  #listing = new Listing(() => api.getAll("/doors", "doors"));
  #chosen = null;

  // session.ask(why); say(text, tone); now(); why(point, place).
  constructor(model, session, { say, now, why }) {
    Object.assign(this, { model, session, say, now });
    id("door-why").addEventListener("click", () =>
      why(this.#chosen, nameOf(this.#door?.place, this.#chosen)));
    id("doors-open").addEventListener("click", () => this.open());
    id("doors-close").addEventListener("click", () => this.#dialog.close());
    this.#form.addEventListener("submit", (e) => this.#begin(e));
    id("bypass-end").addEventListener("click", () => this.#end());
    id("bypass-minutes").replaceChildren(...MINUTES.map((n, i) => h("label", {},
      h("input", { type: "radio", name: "minutes", value: n, checked: i === 1 }),
      h("span", { "data-minutes": n }))));
  }

  get shown() {
    return this.#dialog.open;
  }

  // At the start, and whenever the stream begins anew.
  async look() {
    await this.#ask();
    show(id("doors-open"), this.#doors.length > 0);
  }

  // A point as the stream tells it.
  take(point) {
    if (point.door && this.#listing.take(point)) this.draw();
  }

  // `point`: the door that is meant.
  async open(point = null) {
    if (this.#dialog.open || this.session.open) return;
    this.#chosen = point ?? this.#chosen;
    await this.#ask();
    if (this.#doors.length === 0) return;
    this.#dialog.showModal();
  }

  get #doors() {
    return this.#listing.items;
  }

  async #ask() {
    if (!(await this.#listing.ask())) return;
    if (!this.#doors.some((d) => d.id === this.#chosen)) {
      this.#chosen = this.#doors[0]?.id ?? null;
    }
    this.draw();
  }

  get #door() {
    return this.#doors.find((d) => d.id === this.#chosen) ?? null;
  }

  draw() {
    syncList(id("door-list"), this.#rows, this.#doors.map((d) => d.id),
      (key) => h("li", {}, h("button", {
        type: "button",
        onclick: () => {
          this.#chosen = key;
          this.draw();
        },
      }, h("b"), h("span"))),
      (row, key) => this.#drawRow(row.firstElementChild, key));
    for (const e of id("bypass-minutes").querySelectorAll("[data-minutes]")) {
      const n = Number(e.dataset.minutes);
      setText(e, n < 60 ? t("ui.door.minutes", { n }) : t("ui.door.hours", { n: n / 60 }));
    }
    this.#drawChosen();
  }

  #drawRow(button, key) {
    const d = this.#doors.find((door) => door.id === key);
    setText(button.firstElementChild, nameOf(d.place, d.id));
    setText(button.lastElementChild, d.door.bypass ? t("ui.door.bypassed")
      : stateWord(d.door.state));
    setAttr(button, "aria-pressed", key === this.#chosen ? "true" : "false");
    setAttr(button, "data-state", d.door.bypass ? "bypassed" : d.door.state);
  }

  #drawChosen() {
    const d = this.#door;
    if (!d) return;
    const { state, bypass, unlocked, open_since: since } = d.door;
    setText(id("bypass-door"), nameOf(d.place, d.id));
    const words = [stateWord(state)];
    if (since) words.push(t("ui.door.since", { time: timeOf(Date.parse(since), this.now()) }));
    if (unlocked) words.push(t("ui.door.unlocked"));
    setText(id("bypass-state"), words.join(" · "));
    show(id("bypass-now"), Boolean(bypass));
    show(this.#form, !bypass);
    if (bypass) {
      setText(id("bypass-until"), t("ui.door.bypass_until",
        { time: timeOf(Date.parse(bypass.until), this.now()), by: bypass.by }));
      setText(id("bypass-why"), bypass.reason);
    }
  }

  async #person(key) {
    return this.model.session
      || this.session.ask(t(key, { place: nameOf(this.#door.place, this.#door.id) }));
  }

  async #begin(e) {
    e.preventDefault();
    const door = this.#door;
    const reason = id("bypass-reason").value.trim();
    if (!reason) {
      id("bypass-reason").focus();
      return;
    }
    const minutes = Number(this.#form.elements.minutes.value);
    if (!(await this.#person("ui.login.to_bypass"))) return;
    await this.#send(() => api.bypass(door.id, minutes, reason), "ui.door.began", door);
    id("bypass-reason").value = "";
  }

  async #end() {
    const door = this.#door;
    if (!(await this.#person("ui.login.to_end_bypass"))) return;
    await this.#send(() => api.endBypass(door.id), "ui.door.ended", door);
  }

  async #send(call, key, door) {
    const place = nameOf(door.place, door.id);
    try {
      await call();
      this.say(t(key, { place }), "good");
      show(id("bypass-error"), false);
    } catch (error) {
      setText(id("bypass-error"), error.text);
      show(id("bypass-error"), true);
    }
    await this.#ask();
  }
}
