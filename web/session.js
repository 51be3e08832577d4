// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Who is at the desk. The dialog asks for a log-in name and a PIN and goes on with what
// the person was about to do; names used here before are one press away. Seeing and
// silencing never ask. The PIN is never kept.
import * as api from "./api.js";
import { h, recall, remember, setText, show } from "./dom.js";
import { t } from "./text.js";

const NAMES_MAX = 4;

export class Session {
  #dialog = document.getElementById("login");
  #form = document.getElementById("login-form");
  #user = document.getElementById("login-user");
  #pin = document.getElementById("login-pin");
  #why = document.getElementById("login-why");
  #error = document.getElementById("login-error");
  #submit = document.getElementById("login-submit");
  #names = document.getElementById("login-names");
  #settle = null;

  // changed(session or null)
  constructor(changed) {
    this.changed = changed;
    this.#form.addEventListener("submit", (e) => this.#try(e));
    // A key still held from "hold Enter" must not press the button.
    this.#form.addEventListener("keydown", (e) => {
      if (e.key === "Enter" && e.repeat) e.preventDefault();
    });
    document.getElementById("login-cancel")
      .addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("close", () => this.#done(null));
  }

  get open() {
    return this.#dialog.open;
  }

  // The session after a log-in, null when the person turned away. `why` is shown.
  ask(why) {
    if (this.#dialog.open) return Promise.resolve(null);
    setText(this.#why, why);
    show(this.#error, false);
    this.#showNames();
    this.#pin.value = "";
    this.#user.value = this.#known()[0] ?? "";
    this.#dialog.showModal();
    (this.#user.value ? this.#pin : this.#user).focus();
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  async leave() {
    try {
      await api.logOut();
    } catch (error) {
      if (error.status !== 401) throw error;
    }
    this.changed(null);
  }

  #done(session) {
    this.#pin.value = "";
    const settle = this.#settle;
    this.#settle = null;
    settle?.(session);
  }

  #known() {
    return (recall("names") ?? "").split("\n").filter(Boolean);
  }

  #showNames() {
    this.#names.replaceChildren(...this.#known().map((name) => h("button", {
      type: "button",
      class: "name",
      onclick: () => {
        this.#user.value = name;
        this.#pin.focus();
      },
    }, name)));
  }

  async #try(e) {
    e.preventDefault();
    const user = this.#user.value.trim();
    if (!user) return this.#user.focus();
    if (!this.#pin.value) return this.#pin.focus();
    if (this.#submit.disabled) return undefined;
    this.#submit.disabled = true;
    try {
      const session = await api.logIn(user, this.#pin.value);
      const names = [user, ...this.#known().filter((n) => n !== user)];
      remember("names", names.slice(0, NAMES_MAX).join("\n"));
      this.changed(session);
      this.#done(session);
      this.#dialog.close();
    } catch (error) {
      setText(this.#error, error.text ?? t("ui.message.not_delivered"));
      show(this.#error, true);
      this.#pin.value = "";
      this.#pin.focus();
    } finally {
      this.#submit.disabled = false;
    }
    return undefined;
  }
}
