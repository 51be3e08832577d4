// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The selected alarm in full: where, what, since when, what is doubtful about it, who
// answered, and what to do now. Shows; does nothing itself. On a phone it is folded to its
// head until it is pressed.
import { drawMarks, marksOf, stateWord } from "./alarms.js";
import { causeOf, reasonOf, secondsOf } from "./effects.js";
import { h, setAttr, setText, show, syncList } from "./dom.js";
import { elapsedOf, exactOf, nameOf, placeOf, valueOf, whatOf } from "./format.js";
import { icon, setIcon } from "./icons.js";
import { has, t } from "./text.js";

const STEPS_MAX = 9;

function stepsOf(a) {
  const kind = a.effect ? "effect" : has(`ui.guide.${a.class}.1`) ? a.class : "other";
  const steps = [];
  for (let i = 1; i <= STEPS_MAX && has(`ui.guide.${kind}.${i}`); i += 1) {
    steps.push(t(`ui.guide.${kind}.${i}`));
  }
  return steps;
}

export class Detail {
  #facts = new Map();
  #icon = icon("info");

  // door(point): the doors, with this one chosen; act(name): "why", "verdict", "shelve"
  // or "isolate" of the alarm that is shown.
  constructor(root, door, act) {
    this.root = root;
    this.part = (name) => root.querySelector(`.${name}`);
    this.part("sign").prepend(this.#icon);
    root.addEventListener("click", () => root.classList.toggle("open"));
    this.part("door").addEventListener("click", (e) => {
      e.stopPropagation();
      door(root.dataset.point);
    });
    for (const name of ["why", "verdict", "shelve", "isolate"]) {
      this.part(name).addEventListener("click", (e) => {
        e.stopPropagation();
        act(name);
      });
    }
  }

  draw(a, { answers, now, unitOf, incidents }) {
    show(this.part("none"), !a);
    show(this.part("body"), Boolean(a));
    setAttr(this.root, "data-class", a?.class ?? null);
    setAttr(this.root, "data-occurrence", a?.occurrence ?? null);
    setAttr(this.root, "data-point", a?.point ?? null);
    show(this.part("door"), a?.kind === "door");
    if (!a) return;
    // A fire is never shelved; what is of this system is no point of the building.
    show(this.part("shelve"), a.condition !== "fire" && a.class !== "system" && a.kind !== "panic");
    show(this.part("isolate"), !a.point.startsWith("@"));
    setIcon(this.#icon, a.class);
    setText(this.part("class"), t(`class.${a.class}`));
    setText(this.part("state"), stateWord(a));
    setText(this.part("place"), placeOf(a));
    setText(this.part("what"), whatOf(a));
    const stage = answers.stageOf(a);
    drawMarks(this.part("marks"), marksOf(a, { stage, now, incidents }));
    this.#drawFacts(a, now, unitOf);
    this.#drawSteps(stepsOf(a));
  }

  #drawFacts(a, now, unitOf) {
    const raised = Date.parse(a.raised);
    const facts = a.effect ? [
      ["effect", nameOf(a.effect.message, a.effect.rule)],
      ["cause", causeOf(a.effect.cause)],
      ["judged", t("ui.effect.judged", {
        n: secondsOf(a.effect.within_ms), reason: reasonOf(a.effect.reason) })],
    ] : [];
    facts.push(
      ["raised", exactOf(raised)],
      ["elapsed", elapsedOf(now - raised)],
      ["point", a.zone ? `${a.point} · ${a.zone}` : a.point],
    );
    if (a.value !== null && a.value !== undefined) {
      const v = valueOf(a.value, unitOf(a.point));
      facts.push(["value", `${v.number} ${v.unit}`.trim()]);
    }
    if (a.acknowledged) {
      const at = exactOf(Date.parse(a.acknowledged));
      facts.push(["acknowledged", `${a.acknowledged_by ?? ""} ${at}`.trim()]);
    }
    if (a.verdict) facts.push(["verdict", t(`verdict.${a.verdict}`)]);
    const texts = new Map(facts);
    syncList(this.part("facts"), this.#facts, [...texts.keys()],
      () => h("div", {}, h("dt"), h("dd")),
      (e, key) => {
        setText(e.firstElementChild, t(`ui.fact.${key}`));
        setText(e.lastElementChild, texts.get(key));
      });
  }

  #drawSteps(steps) {
    const list = this.part("steps");
    const wanted = steps.join("\n");
    if (list.dataset.steps === wanted) return;
    list.dataset.steps = wanted;
    list.replaceChildren(...steps.map((s) => h("li", {}, s)));
  }
}
