// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A fire while a dialog is open: each dialog says so at its top for as long as a fire is
// unanswered, and one press closes the dialogs and selects the newest. The log-in has
// none: it is a step of the answer itself, and leaves the strip in sight.
import { h, setText, show } from "./dom.js";
import { placeOf } from "./format.js";
import { isBurning } from "./model.js";
import { t } from "./text.js";

export class Dialogs {
  #lines = new Map(); // dialog -> its line

  // pick(key): the fire was asked for.
  constructor(pick) {
    this.pick = pick;
    for (const dialog of document.querySelectorAll("dialog:not(#login)")) {
      const line = h("button", { type: "button", class: "dialog-fire", "aria-live": "assertive",
        hidden: true, onclick: () => this.#go() });
      dialog.prepend(line);
      // hidden before it opens again: else it would take the focus of the first field
      dialog.addEventListener("close", () => show(line, false));
      this.#lines.set(dialog, line);
    }
  }

  #go() {
    const key = this.newest?.key;
    for (const dialog of this.#lines.keys()) dialog.close();
    if (key) this.pick(key);
  }

  draw(model) {
    const fires = [...model.alarms.values()].filter(isBurning)
      .sort((a, b) => Date.parse(a.raised) - Date.parse(b.raised));
    this.newest = fires.at(-1);
    for (const [dialog, line] of this.#lines) {
      show(line, dialog.open && fires.length > 0);
      if (!this.newest) continue;
      setText(line, t("ui.dialog.fire", { n: fires.length, place: placeOf(this.newest) }));
    }
  }
}
