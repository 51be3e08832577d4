// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A list of alarms: rows that are updated in place, in the model's order, and that never
// move while a hand is at the list. A row is icon, class word, place, what, state, marks,
// time and elapsed. Refuses to cut fires off; of the others at most ROWS_MAX are drawn
// and the rest is counted.
import { h, setAttr, setText, show, syncList } from "./dom.js";
import { elapsedOf, exactOf, placeOf, timeOf, whatOf } from "./format.js";
import { icon, setIcon } from "./icons.js";
import { arrange, isBurning, isOwed, isRealFire } from "./model.js";
import { t } from "./text.js";

const ROWS_MAX = 300;
const HAND_MS = 4000; // a hand that rests this long is away

let rowIds = 0;

export function stateWord(a) {
  // What wants no answer stands as acknowledged from the start, by nobody.
  if (a.state === "acknowledged" && !a.acknowledged_by) return t("ui.state.no_answer");
  const state = t(`state.${a.state}`);
  return a.state === "returned" && a.cause ? `${state} · ${t(`cause.${a.cause}`)}` : state;
}

// [class, text] of each thing a person must know beside state and class.
export function marksOf(a, { stage, now, incidents }) {
  const marks = [];
  const mark = (kind, key, params) => marks.push([kind, t(`ui.mark.${key}`, params)]);
  if (stage === "pending") mark("busy", "acknowledging");
  if (stage === "unsaved" || a.answerUnsaved) mark("unsaved", "answer_unsaved");
  if (a.seq === null && a.state !== "normal") mark("unsaved", "unsaved");
  if (a.test) mark("test", "test");
  // Each incident has a first; it is worth saying where others follow from it.
  if (a.first_out && incidents.get(a.incident) > 1) {
    mark("first", a.class === "fire" ? "first_fire" : "first_out");
  }
  if (a.unknown_since) {
    mark("doubt", "unknown_since", { time: timeOf(Date.parse(a.unknown_since), now) });
  } else if (a.quality && a.quality !== "good") {
    marks.push(["doubt", t(`quality.${a.quality}`)]);
  }
  if (a.inferred) mark("doubt", "inferred");
  if (a.occurrences > 1) mark("plain", "occurrences", { n: a.occurrences });
  if (a.chatter) {
    mark("doubt", "chatters",
      { time: timeOf(Date.parse(a.chatter.since), now), n: a.chatter.onsets });
  }
  if (a.repeat) {
    mark("doubt", "repeat",
      { time: timeOf(Date.parse(a.repeat.since), now), n: a.repeat.onsets });
  }
  for (const flag of a.flags ?? []) {
    if (flag !== "test_mode" || !a.test) marks.push(["flag", t(`flag.${flag}`)]);
  }
  return marks;
}

export function drawMarks(e, marks) {
  const wanted = JSON.stringify(marks);
  if (e.dataset.marks === wanted) return;
  e.dataset.marks = wanted;
  e.replaceChildren(...marks.map(([kind, text]) =>
    h("span", { class: `mark ${kind}` }, text)));
}

function makeRow() {
  rowIds += 1;
  const row = h("li", { class: "row", role: "option", id: `row-${rowIds}` },
    h("span", { class: "sign" }, icon("info"), h("b", { class: "class" })),
    h("span", { class: "place" }),
    h("span", { class: "what" }),
    h("span", { class: "marks" }),
    h("span", { class: "state" }),
    h("time", { class: "time" }),
    h("span", { class: "elapsed" }));
  const [sign, place, what, marks, state, time, elapsed] = row.children;
  row.parts = {
    icon: sign.firstElementChild, word: sign.lastElementChild,
    place, what, marks, state, time, elapsed,
  };
  return row;
}

function byWhom(a) {
  return a.acknowledged_by ? ` ${a.acknowledged_by}` : "";
}

function updateRow(row, a, { stage, selected, gone, now, incidents }) {
  const p = row.parts;
  setAttr(row, "class", ["row", `is-${a.class}`, isOwed(a) ? "owed" : "held",
    isBurning(a) && "burning", gone && "gone", a.unknown_since && "unknown"]
    .filter(Boolean).join(" "));
  setAttr(row, "aria-selected", selected ? "true" : "false");
  setAttr(row, "data-occurrence", a.occurrence);
  setAttr(row, "data-point", a.point);
  setAttr(row, "data-state", a.state);
  setIcon(p.icon, a.class);
  setText(p.word, t(`class.${a.class}`));
  setText(p.place, placeOf(a));
  setText(p.what, whatOf(a));
  setText(p.state, stateWord(a) + byWhom(a));
  drawMarks(p.marks, marksOf(a, { stage, now, incidents }));
  const raised = Date.parse(a.raised);
  setText(p.time, timeOf(raised, now));
  setAttr(p.time, "datetime", a.raised);
  setAttr(p.time, "title", exactOf(raised));
  setText(p.elapsed, elapsedOf(now - raised));
}

export class AlarmList {
  #rows = new Map(); // key -> element
  #last = new Map(); // key -> the alarm as it was drawn
  #order = [];
  #handUntil = 0;

  // list: the <ul>; more: where the count of rows not drawn goes; pick(key).
  constructor(list, more, pick) {
    Object.assign(this, { list, more });
    list.addEventListener("click", (e) => {
      const row = e.target.closest(".row");
      const key = [...this.#rows].find(([, r]) => r === row)?.[0];
      if (key && !row.classList.contains("gone")) pick(key);
    });
    for (const kind of ["pointermove", "pointerdown", "wheel"]) {
      list.addEventListener(kind, () => this.#hand(), { passive: true });
    }
    list.addEventListener("pointerleave", (e) => {
      if (e.pointerType === "mouse") this.#handUntil = 0;
    });
  }

  #hand() {
    this.#handUntil = performance.now() + HAND_MS;
  }

  // The keys as they stand on the screen, without those that are gone.
  get order() {
    return this.#order.filter((key) => !this.#rows.get(key)?.classList.contains("gone"));
  }

  draw(alarms, { answers, selected, now, incidents }) {
    const present = new Map(alarms.map((a) => [a.key, a]));
    const frozen = performance.now() < this.#handUntil;
    const sorted = alarms.filter((a, i) => i < ROWS_MAX || isRealFire(a)).map((a) => a.key);
    this.#order = arrange(this.#order, sorted, frozen);
    const find = (key) => present.get(key) ?? answers.model.alarms.get(key)
      ?? answers.model.closed.get(key) ?? this.#last.get(key);
    syncList(this.list, this.#rows, this.#order, makeRow, (row, key) => {
      const a = find(key);
      this.#last.set(key, a);
      updateRow(row, a, {
        stage: answers.stageOf(a), selected: key === selected,
        gone: !present.has(key), now, incidents,
      });
    });
    for (const key of this.#last.keys()) if (!this.#rows.has(key)) this.#last.delete(key);
    const hidden = alarms.length - sorted.length;
    show(this.more, hidden > 0);
    if (hidden > 0) setText(this.more, t("ui.alarms.more", { n: hidden }));
    setAttr(this.list, "aria-activedescendant", this.#rows.get(selected)?.id ?? null);
  }

  reveal(key) {
    this.#rows.get(key)?.scrollIntoView({ block: "nearest" });
  }
}
