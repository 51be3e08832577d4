// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What people have set: the section with the isolation ledger, shelved conditions and
// zones in test, and the one dialog that sets them. Who does it logs in; how long and
// why must be said, of an isolation what stands in. Shows what the daemon says now.
import * as api from "./api.js";
import { h, setAttr, setText, show, syncList } from "./dom.js";
import { nameOf, timeOf } from "./format.js";
import { t } from "./text.js";

const ASK_MS = 10_000;
const MINUTES = {
  shelve: [15, 30, 60, 240, 480, 1440],
  isolate: [60, 240, 480, 1440, 4320, 10080],
  test: [30, 60, 120, 240, 480],
};
const id = (name) => document.getElementById(name);

// A list of one kind, all of its pages.
async function all(get, name) {
  const out = [];
  let after = null;
  do {
    const page = await get(after);
    out.push(...page[name]);
    after = page.next;
  } while (after && out.length < 2000);
  return out;
}

export class Flags {
  #dialog = id("flag-dialog");
  #form = id("flag-form");
  #rows = new Map();
  #entries = new Map(); // key -> {kind, what}
  #zones = [];
  #asked = -Infinity;
  #counts = "";
  #order = null; // {mode, point, condition, place}

  // session.ask(why); say(text, tone); now().
  constructor(model, session, { say, now }) {
    Object.assign(this, { model, session, say, now });
    id("flag-cancel").addEventListener("click", () => this.#dialog.close());
    id("test-open").addEventListener("click", () => this.open({ mode: "test" }));
    this.#form.addEventListener("submit", (e) => this.#send(e));
  }

  // Once at the start: the zones, which may be tested.
  look() {
    this.#ask();
  }

  // Asks again where the counts have changed, or after a while where anything is set.
  follow() {
    const f = this.model.flags;
    const counts = JSON.stringify([f.shelved, f.isolated, f.forgotten, f.testing]);
    const any = f.shelved + f.isolated + f.testing > 0;
    const old = performance.now() - this.#asked > ASK_MS;
    if (counts === this.#counts && !(any && old)) return;
    this.#counts = counts;
    this.#ask();
  }

  async #ask() {
    this.#asked = performance.now();
    try {
      const [shelves, isolations, zones] = [
        await all(api.getShelves, "shelves"), await all(api.getIsolations, "isolations"),
        await all(api.getZones, "zones")];
      this.#zones = zones;
      this.#entries = new Map([
        ...zones.filter((z) => z.test).map((z) => [`test ${z.zone}`, { kind: "test", what: z }]),
        ...isolations.map((e) => [`${e.source} ${e.point}`, { kind: e.source, what: e }]),
        ...shelves.map((e) => [`shelf ${e.point} ${e.condition}`, { kind: "shelf", what: e }]),
      ]);
    } catch {
      return; // the bar over the page says that the link is lost
    }
    this.draw();
  }

  // --- the section -------------------------------------------------------------------

  draw() {
    show(id("flags-section"), this.#zones.length > 0 || this.#entries.size > 0);
    show(id("test-open"), this.#zones.length > 0);
    setText(id("flags-count"), String(this.#entries.size));
    syncList(id("flags"), this.#rows, [...this.#entries.keys()],
      (key) => h("li", {}, h("span", { class: "tag" }), h("b"), h("span", { class: "why" }),
        h("button", { type: "button", class: "small", onclick: () => this.#end(key) })),
      (row, key) => this.#drawRow(row, this.#entries.get(key)));
    syncCoverage(this.#zones);
  }

  #drawRow(row, { kind, what }) {
    const [tag, place, why, button] = row.children;
    const who = kind === "test" ? what.test : what;
    setAttr(row, "data-kind", kind);
    setAttr(row, "data-forgotten", what.forgotten ? "yes" : null);
    setText(tag, t(`ui.flag.kind.${kind}`));
    const name = kind === "test" ? nameOf(what.name, what.zone) : nameOf(what.place, what.point);
    setText(place, kind === "shelf" ? `${name} · ${t(`condition.${what.condition}`)}` : name);
    setText(why, this.#words(kind, who).join(" · "));
    show(button, kind !== "panel");
    setText(button, t(kind === "test" ? "ui.flag.end_test" : "ui.flag.restore"));
  }

  #words(kind, who) {
    const time = (text) => timeOf(Date.parse(text), this.now());
    if (kind === "panel") return [t("ui.flag.since", { time: time(who.from) })];
    const words = [t(who.forgotten ? "ui.flag.forgotten" : "ui.flag.until",
      { time: time(who.until) }), who.by, who.reason];
    if (who.measure) words.push(t("ui.flag.stand_in", { what: who.measure }));
    return words;
  }

  async #end(key) {
    const { kind, what } = this.#entries.get(key);
    const place = kind === "test" ? nameOf(what.name, what.zone) : nameOf(what.place, what.point);
    if (!(await this.#person(place))) return;
    const call = {
      test: () => api.endTest(what.zone),
      here: () => api.restore(what.point),
      shelf: () => api.unshelve(what.point, what.condition),
    }[kind];
    try {
      await call();
      this.say(t("ui.flag.ended", { place }), "good");
    } catch (error) {
      this.say(t("ui.flag.refused", { place, why: error.text }), "bad");
    }
    this.#ask();
  }

  #person(place) {
    return this.model.session || this.session.ask(t("ui.flag.login", { place }));
  }

  // --- the dialog --------------------------------------------------------------------

  // mode: shelve (point, condition, place), isolate (point, place), test.
  open(order) {
    if (this.#dialog.open || this.session.open) return;
    const { mode } = order;
    this.#order = order;
    this.#form.reset();
    setText(id("flag-title"), t(`ui.flag.${mode}`));
    setText(id("flag-what"), t(`ui.flag.what_${mode}`));
    setText(id("flag-place"), mode === "test" ? "" : order.place);
    show(id("flag-zone").parentElement, mode === "test");
    show(id("flag-measure").parentElement, mode === "isolate");
    show(id("flag-error"), false);
    id("flag-zone").replaceChildren(...this.#zones.map((z) =>
      h("option", { value: z.zone }, nameOf(z.name, z.zone))));
    id("flag-minutes").replaceChildren(...MINUTES[mode].map((n, i) => h("label", {},
      h("input", { type: "radio", name: "minutes", value: n, checked: i === 1 }),
      h("span", {}, spanOf(n)))));
    setText(id("flag-submit"), t(`ui.flag.${mode}`));
    this.#dialog.showModal();
  }

  async #send(e) {
    e.preventDefault();
    const { mode, point, condition, place } = this.#order;
    const need = mode === "isolate" ? ["flag-reason", "flag-measure"] : ["flag-reason"];
    const missing = need.find((name) => !id(name).value.trim());
    if (missing) {
      id(missing).focus();
      return;
    }
    const minutes = Number(this.#form.elements.minutes.value);
    const reason = id("flag-reason").value.trim();
    const zone = id("flag-zone").value;
    const where = place ?? id("flag-zone").selectedOptions[0]?.textContent;
    if (!(await this.#person(where))) return;
    const call = {
      shelve: () => api.shelve(point, condition, minutes, reason),
      isolate: () => api.isolate(point, minutes, reason, id("flag-measure").value.trim()),
      test: () => api.test(zone, minutes, reason),
    }[mode];
    try {
      await call();
      this.say(t("ui.flag.done", { what: t(`ui.flag.${mode}`), place: where }), "good");
      this.#dialog.close();
    } catch (error) {
      setText(id("flag-error"), error.text);
      show(id("flag-error"), true);
    }
    this.#ask();
  }
}

function spanOf(minutes) {
  if (minutes < 60) return t("ui.door.minutes", { n: minutes });
  if (minutes < 2880) return t("ui.door.hours", { n: minutes / 60 });
  return t("ui.flag.days", { n: minutes / 1440 });
}

// Zones that have lost detectors, the worst first.
function syncCoverage(zones) {
  const less = zones.filter((z) => z.isolated > 0);
  less.sort((a, b) => b.isolated / b.detectors - a.isolated / a.detectors);
  show(id("coverage"), less.length > 0);
  setText(id("coverage"), less.map((z) => t("ui.flag.coverage",
    { zone: nameOf(z.name, z.zone), n: z.isolated, all: z.detectors })).join(" · "));
}
