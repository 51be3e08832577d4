// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Fire doors, expected effects and patrols: a chip for each fire door that is not as it should
// stand, one that counts the others, one for each effect that is awaited or did not come, one
// that counts them all, one for each route with how far its round is; and a dialog with all of
// them, door by door, rule by rule and stop by stop. Shows only; what is wrong is an alarm and is answered
// as one.
import * as api from "./api.js";
import { awaited, missed, rulesOf, secondsOf, stateOf, storyOf, whenOf } from "./effects.js";
import { h, setAttr, setText, show, syncList } from "./dom.js";
import { nameOf, timeOf } from "./format.js";
import { icon, setIcon } from "./icons.js";
import { Listing } from "./listing.js";
import { t } from "./text.js";

const BAD_STOP = new Set(["missed", "late", "unwatched"]);
const VISITED = new Set(["early", "on-time", "late"]);
const WAITING = new Set(["waits", "skipped"]); // it may still be visited in time
const BAD_DOOR = new Set(["open-fault", "closed-fault", "not-closed", "line-fault", "unknown"]);
const ICONS = { unknown: "cut", off: "link", waits: "link", open: "link", closed: "link", released: "link" };
const id = (name) => document.getElementById(name);

export const stands = (d) => d.fire_door.state === d.fire_door.normally;

// How many stops of a round were visited, and the stop whose window closes next; null where none waits.
export function progress(patrol) {
  const done = patrol.stops.filter((s) => VISITED.has(s.result));
  const next = patrol.runs
    ? patrol.stops.filter((s) => WAITING.has(s.result) && s.to)
      .sort((a, b) => Date.parse(a.to) - Date.parse(b.to))[0] ?? null
    : null;
  return { done: done.length, all: patrol.stops.length, next,
    bad: patrol.stops.filter((s) => BAD_STOP.has(s.result)).length };
}

export class Rounds {
  #doors = new Listing(() => api.getAll("/fire-doors", "fire_doors"));
  #effects = new Listing(() => api.getAll("/effects", "effects"));
  #patrols = new Listing(api.getPatrols);
  #chips = new Map();
  #rows = { doors: new Map(), effects: new Map(), stops: new Map() };
  #dialog = id("rounds-dialog");

  // now(); changed(): what is shown here is not what it was.
  constructor({ now, changed }) {
    Object.assign(this, { now, changed });
    id("rounds-close").addEventListener("click", () => this.#dialog.close());
  }

  // At the start, and whenever the stream begins anew.
  async look() {
    const asked = [this.#doors.ask(), this.#effects.ask(), this.#patrols.ask()];
    if ((await Promise.all(asked)).includes(true)) this.changed();
  }

  takePoint(point) {
    const door = point.fire_door && this.#doors.take(point);
    const effect = point.effects && this.#effects.take(point);
    if (door || effect) this.changed();
  }

  takePatrol(patrol) {
    if (this.#patrols.take(patrol)) this.changed();
  }

  open() {
    if (this.#chips.size === 0 || this.#dialog.open) return;
    this.#drawDialog();
    this.#dialog.showModal();
  }

  // `lostSince`: nothing is known since then; null = the link is good.
  draw({ lostSince }) {
    const known = lostSince === null;
    const off = this.#doors.items.filter((d) => !known || !stands(d));
    const well = this.#doors.items.length - off.length;
    const rules = new Map(rulesOf(this.#effects.items).map((row) => [row.key, row]));
    const keys = [
      ...(known ? off.map((d) => `door ${d.id}`) : []),
      ...(this.#doors.items.length > 0 ? ["doors"] : []),
      ...[...rules.values()].filter((x) => known && awaited(x)).map((x) => `effect ${x.key}`),
      ...(rules.size > 0 ? ["effects"] : []),
      ...this.#patrols.items.map((p) => `patrol ${p.id}`),
    ];
    syncList(id("rounds"), this.#chips, keys,
      () => h("li", {}, h("button", { type: "button", class: "device", onclick: () => this.open() },
        icon("link"), h("span", { class: "name" }), h("span", { class: "age" }))),
      (li, key) => {
        const chip = li.firstElementChild;
        const [kind, name, rule] = key.split(" ");
        if (kind === "effect") this.#drawEffect(chip, rules.get(`${name} ${rule}`));
        else if (kind === "effects") this.#drawEffects(chip, [...rules.values()], known);
        else if (kind === "doors") this.#drawCount(chip, well, known);
        else if (kind === "door") this.#drawDoor(chip, this.#doors.items.find((d) => d.id === name));
        else this.#drawPatrol(chip, this.#patrols.items.find((p) => p.id === name), known);
      });
    show(id("rounds"), keys.length > 0);
    if (this.#dialog.open) this.#drawDialog();
  }

  #draw(chip, { state, bad, name, note }) {
    setAttr(chip, "data-state", state);
    setAttr(chip, "data-bad", bad ? "" : null);
    setIcon(chip.firstElementChild, bad ? "fault" : ICONS[state] ?? "normal");
    setText(chip.querySelector(".name"), name);
    setText(chip.querySelector(".age"), note);
  }

  #drawCount(chip, n, known) {
    const all = this.#doors.items.length;
    this.#draw(chip, { state: known ? n === all ? "well" : "off" : "unknown", bad: false, name: t("ui.rounds.fire_doors"),
      note: known ? t("ui.rounds.stand", { n, all }) : t("quality.unknown") });
  }

  #drawDoor(chip, d) {
    const { state } = d.fire_door;
    this.#draw(chip, { state, bad: BAD_DOOR.has(state), name: nameOf(d.place, d.id),
      note: t(`ui.fire_door.${state}`) });
  }

  #drawEffect(chip, row) {
    this.#draw(chip, { state: row.rule.state, bad: missed(row), name: row.place,
      note: stateOf(row.rule, this.now()) });
  }

  #drawEffects(chip, rows, known) {
    const open = rows.filter(awaited).length;
    this.#draw(chip, { state: known ? (open > 0 ? "off" : "well") : "unknown", bad: false,
      name: t("ui.rounds.effects"),
      note: known ? t(open > 0 ? "ui.effect.open" : "ui.effect.rules", { n: rows.length, open })
        : t("quality.unknown") });
  }

  #drawPatrol(chip, p, known) {
    const { done, all, next, bad } = progress(p);
    const words = [];
    if (!known) words.push(t("quality.unknown"));
    else if (!p.begun) words.push(t("ui.rounds.none_yet"));
    else words.push(t(p.runs ? "ui.rounds.runs" : "ui.rounds.over", { done, all }));
    if (known && bad > 0) words.push(t("ui.rounds.bad", { n: bad }));
    if (known && next) {
      words.push(t("ui.rounds.next", { place: nameOf(next.place, next.point),
        time: timeOf(Date.parse(next.to), this.now()).slice(0, -3) }));
    }
    this.#draw(chip, { state: known ? (p.runs ? "runs" : "over") : "unknown",
      bad: known && bad > 0, name: nameOf(p.name, p.id), note: words.join(" · ") });
  }

  #drawDialog() {
    const stops = this.#patrols.items.flatMap((p) => p.stops.map((s, i) => [`${p.id} ${i}`, p, s]));
    const byKey = new Map(stops.map(([key, p, s]) => [key, { p, s }]));
    this.#table("doors", this.#doors.items.map((d) => d.id), (key) => {
      const d = this.#doors.items.find((x) => x.id === key);
      return { bad: BAD_DOOR.has(d.fire_door.state), cells: [
        nameOf(d.place, d.id), t(`ui.fire_door.normally_${d.fire_door.normally}`),
        t(`ui.fire_door.${d.fire_door.state}`)] };
    });
    const rules = new Map(rulesOf(this.#effects.items).map((row) => [row.key, row]));
    this.#table("effects", [...rules.keys()], (key) => {
      const row = rules.get(key);
      const { rule } = row;
      return { bad: missed(row), cells: [row.place,
        t("ui.effect.within", { n: secondsOf(rule.within_ms), when: whenOf(rule) }),
        storyOf(rule, this.now())] };
    });
    this.#table("stops", [...byKey.keys()], (key) => {
      const { p, s } = byKey.get(key);
      return { bad: BAD_STOP.has(s.result), cells: [nameOf(p.name, p.id), nameOf(s.place, s.point),
        this.#window(s), t(`ui.stop.${s.result}`)] };
    });
  }

  #window(s) {
    const at = (time) => timeOf(Date.parse(time), this.now()).slice(0, -3);
    return s.from ? `${at(s.from)}–${at(s.to)}` : "—";
  }

  #table(which, keys, row) {
    const table = id(`rounds-${which}`);
    show(table, keys.length > 0);
    syncList(table.tBodies[0], this.#rows[which], keys,
      (key) => h("tr", {}, ...row(key).cells.map(() => h("td"))),
      (tr, key) => {
        const { bad, cells } = row(key);
        setAttr(tr, "data-bad", bad ? "" : null);
        cells.forEach((text, i) => setText(tr.cells[i], text));
      });
  }
}
