// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The dead-man watch at the desk: a bar over the whole width that asks, counts down and
// takes any key or a press on it as the answer. The key that answers does nothing else: a
// person who is woken by the question must not acknowledge an alarm with it. Elsewhere
// than at the desk the bar only says that the desk is asked.
import * as api from "./api.js";
import { setAttr, setText, show } from "./dom.js";
import { t } from "./text.js";

const TYPING = "input, textarea, select";
const LET_THROUGH = ["F12", "Tab", "Shift", "Control", "Alt", "Meta"];

export class Deadman {
  #bar = document.getElementById("deadman");
  #sending = null; // the question that is being answered
  #answered = null; // the newest that was

  // wake(): a gesture; say(text, tone).
  constructor(model, { wake, say }) {
    Object.assign(this, { model, wake, say });
    window.addEventListener("keydown", (e) => this.#key(e), true);
    this.#bar.addEventListener("click", () => this.#answer());
  }

  // The question that waits for an answer here, or null.
  get question() {
    const d = this.model.deadman;
    return d?.asked && d.asked !== this.#answered ? d : null;
  }

  // What it sounds like, as an alarm of its own; null while it is quiet.
  get sounds() {
    const d = this.question;
    if (!d || d.missed) return null; // then the alarm sounds
    return { occurrence: `@deadman ${d.asked}`, class: "supervisory", test: false };
  }

  #key(e) {
    const taken = this.question && this.model.desk && !LET_THROUGH.includes(e.key)
      && !e.target.closest?.(TYPING);
    if (!taken) return;
    e.preventDefault();
    e.stopImmediatePropagation();
    this.wake();
    if (!e.repeat) this.#answer();
  }

  async #answer() {
    const d = this.question;
    if (!d || !this.model.desk || this.#sending === d.asked) return;
    this.#sending = d.asked;
    try {
      await api.alive();
      this.#answered = d.asked;
      this.say(t("ui.deadman.answered"), "good");
    } catch (error) {
      if (error.code === "not_asked") this.#answered = d.asked; // somebody else did
      else this.say(t("ui.deadman.not_answered", { why: error.text }), "bad");
    } finally {
      this.#sending = null;
    }
  }

  draw(now) {
    const d = this.question;
    show(this.#bar, Boolean(d));
    if (!d) return;
    const left = Math.max(0, Math.ceil((Date.parse(d.until) - now) / 1000));
    const key = d.missed ? "missed" : "asked";
    setAttr(this.#bar, "data-state", key);
    setText(this.#bar.querySelector(".text"), this.model.desk
      ? t(`ui.deadman.${key}`, { s: left }) : t("ui.deadman.elsewhere"));
  }
}
