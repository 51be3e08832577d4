// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Acknowledging: asks for a log-in where there is none and goes on, sends, and says what
// came of it. Until the daemon answered 200 an acknowledgement is pending and shown as
// such; 202 is "accepted, not saved". Refuses to send twice, and never sends for an
// occurrence other than the one the person saw.
import * as api from "./api.js";
import { placeOf } from "./format.js";
import { isOwed, noteAnswerUnsaved } from "./model.js";
import { t } from "./text.js";

export class Answers {
  #stages = new Map(); // key -> {occurrence, stage: pending | saved | unsaved}

  // changed() redraws; say(text, tone) tells the person.
  constructor(model, session, changed, say) {
    Object.assign(this, { model, session, changed, say });
  }

  // null, "pending", "saved" or "unsaved".
  stageOf(alarm) {
    const s = this.#stages.get(alarm.key);
    if (!s) return null;
    if (s.occurrence === alarm.occurrence && isOwed(alarm)) return s.stage;
    if (s.stage !== "pending") this.#stages.delete(alarm.key);
    return null;
  }

  async acknowledge(alarm) {
    if (!isOwed(alarm) || this.stageOf(alarm)) return;
    if (!this.model.session && !(await this.#ask(alarm))) return;
    this.#set(alarm, "pending");
    try {
      await this.#send(alarm);
    } catch (error) {
      this.#stages.delete(alarm.key);
      this.say(t("ui.message.not_acknowledged", { place: placeOf(alarm), why: error.text }),
        "bad");
    }
    this.changed();
  }

  #ask(alarm) {
    return this.session.ask(t("ui.login.to_acknowledge", { place: placeOf(alarm) }));
  }

  async #send(alarm, again = false) {
    let answer;
    try {
      answer = await api.acknowledge(alarm.occurrence);
    } catch (error) {
      if (error.status !== 401 || again) throw error;
      this.session.changed(null); // it ended without telling us
      if (!(await this.#ask(alarm))) throw error;
      return this.#send(alarm, true);
    }
    const saved = answer.status === 200;
    this.#set(alarm, saved ? "saved" : "unsaved");
    if (!saved) noteAnswerUnsaved(this.model, alarm.key, alarm.occurrence);
    const key = saved ? "ui.message.acknowledged" : "ui.message.accepted";
    this.say(t(key, { place: placeOf(alarm) }), saved ? "good" : "warn");
    return undefined;
  }

  #set(alarm, stage) {
    this.#stages.set(alarm.key, { occurrence: alarm.occurrence, stage });
    this.changed();
  }
}
