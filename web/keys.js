// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The keyboard and the two big buttons. Silence is one key. Acknowledge is one key, but
// a fire wants a hold of one second, by key or by pointer. Refuses to act on an alarm
// the person has had no time to see (a selection that changed on its own less than
// SEEN_MS ago), and never takes a key from a text field or a dialog.
import { setAttr, setText } from "./dom.js";
import { t } from "./text.js";

const HOLD_MS = 1000;
const SEEN_MS = 700;
// A dialog that Escape has just closed keeps the focus for a moment: open ones only.
const TYPING = "input, textarea, select, dialog[open]";
const PRESSABLE = "button, a[href], summary";

export class Keys {
  #held = null; // {key, timer}
  #swallow = false;

  // act: silence, acknowledge(alarm), move(step), jump(where), language, theme, help,
  // person, doors, rounds, reports, why; selected(): {alarm, sinceMs, mode}; wake(): a gesture; soundBlocked(): boolean.
  constructor(act) {
    this.act = act;
    this.button = document.getElementById("acknowledge");
    document.addEventListener("keydown", (e) => this.#down(e), true);
    document.addEventListener("keyup", (e) => e.key === "Enter" && this.#release(), true);
    window.addEventListener("blur", () => this.#release());
    document.addEventListener("pointerdown", () => act.wake(), true);
    this.#buttons();
  }

  // A press of a button with the mouse leaves the keyboard where it was: Space after a
  // click on "silence" must acknowledge, not silence again.
  #buttons() {
    for (const b of document.querySelectorAll("#bar button, #operator, #sound-off")) {
      b.addEventListener("pointerdown", (e) => e.preventDefault());
    }
    const on = (id, f) => document.getElementById(id).addEventListener("click", f);
    on("silence", () => this.act.silence());
    on("language", () => this.act.language());
    on("theme", () => this.act.theme());
    on("help", () => this.act.help());
    on("operator", () => this.act.person());
    this.button.addEventListener("click", () => this.#press());
    this.button.addEventListener("pointerdown", (e) => e.button === 0 && this.#hold());
    for (const kind of ["pointerup", "pointerleave", "pointercancel"]) {
      this.button.addEventListener(kind, () => this.#release());
    }
    this.button.addEventListener("contextmenu", (e) => e.preventDefault());
  }

  #down(e) {
    // The key that lifts the browser's ban on sound does nothing else: "any key" must
    // not acknowledge. Only once, in case sound cannot be had at all.
    const first = this.act.soundBlocked() && !this.#swallow;
    this.act.wake();
    if (e.key === "F12") {
      e.preventDefault();
      if (!e.repeat) this.act.silence();
      return;
    }
    if (e.ctrlKey || e.altKey || e.metaKey || e.target.closest?.(TYPING)) return;
    if (first && !["Tab", "Shift"].includes(e.key)) {
      this.#swallow = true;
      e.preventDefault();
      e.stopPropagation();
      return;
    }
    this.#plain(e);
  }

  soundOn() {
    this.#swallow = false;
  }

  #plain(e) {
    const pressable = e.target.closest?.(PRESSABLE);
    const ack = e.target === this.button;
    if (pressable && !ack && (e.key === " " || e.key === "Enter")) return;
    const actions = {
      " ": () => e.repeat || this.#press(),
      Enter: () => e.repeat || this.#hold(),
      ArrowDown: () => this.act.move(1),
      ArrowUp: () => this.act.move(-1),
      Home: () => this.act.jump("first"),
      End: () => this.act.jump("last"),
      f: () => this.act.jump("fire"),
      l: () => e.repeat || this.act.language(),
      n: () => e.repeat || this.act.theme(),
      d: () => e.repeat || this.act.doors(),
      p: () => e.repeat || this.act.rounds(),
      r: () => e.repeat || this.act.reports(),
      u: () => e.repeat || this.act.person(),
      w: () => e.repeat || this.act.why(),
      F1: () => e.repeat || this.act.help(),
      "?": () => this.act.help(),
    };
    const action = actions[e.key.length === 1 ? e.key.toLowerCase() : e.key];
    if (!action) return;
    e.preventDefault();
    action();
  }

  // Space, or a click: answers what is not a fire; on an answered one goes to the next.
  #press() {
    const { alarm, sinceMs, mode } = this.act.selected();
    if (!alarm) return;
    if (mode === "next") this.act.jump("next");
    else if (mode === "press" && sinceMs >= SEEN_MS) this.act.acknowledge(alarm);
    else if (mode === "hold" && !this.#held) this.act.hint();
  }

  #hold() {
    const { alarm, mode } = this.act.selected();
    if (!alarm || this.#held) return;
    if (mode !== "hold") {
      if (mode === "press" && document.activeElement !== this.button) this.act.hint();
      return;
    }
    const timer = setTimeout(() => this.#kept(), HOLD_MS);
    this.#held = { key: alarm.key, occurrence: alarm.occurrence, timer };
    this.button.classList.add("holding");
  }

  #kept() {
    const held = this.#held;
    this.#release();
    const { alarm } = this.act.selected();
    if (alarm?.key === held.key && alarm.occurrence === held.occurrence) {
      this.act.acknowledge(alarm);
    }
  }

  #release() {
    if (!this.#held) return;
    clearTimeout(this.#held.timer);
    this.#held = null;
    this.button.classList.remove("holding");
  }

  // What the acknowledge button says; `mode` is press, hold, next, console or none.
  draw(mode, place) {
    setAttr(this.button, "data-mode", mode);
    setAttr(this.button, "aria-disabled", mode === "none" || mode === "console");
    setText(this.button.querySelector(".word"), t(`ui.acknowledge_button.${mode}`));
    setText(this.button.querySelector(".place"), mode === "none" ? "" : place);
    const key = { press: "Space", next: "Space", hold: "Enter" }[mode];
    setText(this.button.querySelector("kbd"), key ? t(`ui.key.${key.toLowerCase()}`) : "");
  }
}
