// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The pumps: one tile each, under the gauges. What is not known is said to be unknown, a
// finding by its name; what was not seen in this week or month is said so. Nothing says that
// all is well. Asked once and kept true by the stream.
import * as api from "./api.js";
import { h, setAttr, setText, show, syncList } from "./dom.js";
import { nameOf, timeOf, valueOf } from "./format.js";
import { Listing } from "./listing.js";
import { t } from "./text.js";

const EXERCISES = ["weekly_start", "monthly_run"];

// What is to be said of a pump beside how it is, each {text, bad}, the worst first. Pure but
// for the words.
export function notesOf(pump) {
  const stands = [], unknown = [];
  for (const [name, f] of Object.entries(pump.findings)) {
    const word = t(`code.pump-${name.replaceAll("_", "-")}`);
    if (f.is === "stands") stands.push(f.known ? word : t("ui.pumps.stood", { word }));
    else if (f.is === "unknown") unknown.push(t("ui.pumps.not_known", { word }));
  }
  const missing = EXERCISES.filter((x) => pump[x] && !pump[x].seen)
    .map((x) => t(`ui.pumps.not_seen.${x}`));
  const unsure = EXERCISES.filter((x) => pump[x]?.seen && pump[x].mode === "unknown")
    .map((x) => t(`ui.pumps.mode_unknown.${x}`));
  return [
    ...stands.map((text) => ({ text, bad: true })),
    ...[...missing, ...unknown, ...unsure].map((text) => ({ text, bad: false })),
  ];
}

const pressure = (turn) => (turn.time && turn.kpa !== null ? valueOf(turn.kpa, "kPa").number : "—");

export class Pumps {
  #listing = new Listing(() => api.getAll("/pumps", "pumps"));
  #tiles = new Map();

  // changed(): what is shown here is not what it was.
  constructor(root, title, changed) {
    Object.assign(this, { root, title, changed });
  }

  // At the start, and whenever the stream begins anew.
  async look() {
    if (await this.#listing.ask()) this.changed();
  }

  take(point) {
    if (point.pump && this.#listing.take(point)) this.changed();
  }

  // `lostSince`: nothing is known since then; null = the link is good.
  draw({ now, lostSince }) {
    const all = new Map(this.#listing.items.map((p) => [p.id, p]));
    show(this.title, all.size > 0);
    show(this.root, all.size > 0);
    syncList(this.root, this.#tiles, [...all.keys()],
      () => h("li", { class: "tile pump" }, h("span", { class: "place" }), h("b", { class: "state" }),
        h("span", { class: "figures" }), h("ul", { class: "notes" })),
      (tile, key) => this.#draw(tile, all.get(key), { now, lostSince }));
  }

  #draw(tile, point, { now, lostSince }) {
    const { pump } = point;
    const is = lostSince === null ? pump.is : "unknown";
    const notes = lostSince === null ? notesOf(pump)
      : [{ text: t("ui.mark.unknown_since", { time: timeOf(lostSince, now) }), bad: false }];
    setAttr(tile, "data-pump", pump.id);
    setAttr(tile, "data-quality", is === "unknown" ? "unknown" : "good");
    setAttr(tile, "data-alarm", notes.some((n) => n.bad) ? "process" : null);
    setText(tile.querySelector(".place"), nameOf(point.place, pump.id));
    setText(tile.querySelector(".state"), t(`ui.pumps.${is}`));
    setText(tile.querySelector(".figures"), [
      t("ui.pumps.starts", { n: pump.starts_today }),
      (pump.last_start.time || pump.last_stop.time)
        && t("ui.pumps.pressures", { start: pressure(pump.last_start), stop: pressure(pump.last_stop) }),
    ].filter(Boolean).join(" · "));
    const texts = notes.map((n) => n.text).join("\n");
    if (tile.dataset.notes === texts) return;
    tile.dataset.notes = texts;
    tile.querySelector(".notes").replaceChildren(
      ...notes.map((n) => h("li", { "data-bad": n.bad ? "" : null }, n.text)));
  }
}
