// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The day close: how the last days of a report stand, and the dialog in which a leader
// signs one: what nobody has judged yet, each a press away from its verdict; what is
// still open; what changed since the revision before. Who signs logs in. A signature
// counts when the server says that it is on the disk.
import * as api from "./api.js";
import { h, setText, show } from "./dom.js";
import { clockOf, dateOf, nameOf, placeOf, timeOf, whatOf } from "./format.js";
import { t } from "./text.js";

const REVISIONS_SHOWN = 3; // the newest of a day
const SIGNERS = ["leader", "manager"];
const id = (name) => document.getElementById(name);
const minuteOf = (text) => `${dateOf(Date.parse(text))} ${clockOf(Date.parse(text)).slice(0, 5)}`;

export class DayClose {
  #dialog = id("close-dialog");
  #form = id("close-form");
  #list = [];
  #close = null;

  // session.ask(why); verdict.open(alarm); say(text, tone); now().
  constructor(model, session, verdict, { say, now }) {
    Object.assign(this, { model, session, verdict, say, now });
    id("close-cancel").addEventListener("click", () => this.#dialog.close());
    id("close-report").addEventListener("change", () => this.load());
    this.#form.addEventListener("submit", (e) => this.#sign(e));
    // A verdict given from here changes what the day lacks.
    id("verdict-dialog").addEventListener("close", () => {
      if (this.#dialog.open) this.#look(this.#close.day);
    });
  }

  get #report() {
    return id("close-report").value;
  }

  async load() {
    try {
      this.#list = (await api.getDays(this.#report)).days;
      setText(id("close-said"), "");
    } catch (error) {
      this.#list = [];
      setText(id("close-said"), error.text);
    }
    this.draw();
  }

  draw() {
    for (const option of id("close-report").options)
      setText(option, t(`report.${option.value}`));
    id("close-days").replaceChildren(...this.#list.map((d) => this.#line(d)));
    if (this.#dialog.open && this.#close) this.#draw();
  }

  // Who would sign: the one who is logged in, if they may.
  #person() {
    const s = this.model.session;
    return s && SIGNERS.includes(s.role) ? s : null;
  }

  #signer(r) {
    return `${nameOf(r.name, r.by)} (${r.by})`;
  }

  #stateOf(d) {
    const by = d.revision ? this.#signer(d.revision) : "";
    const n = d.revision?.number;
    if (d.state === "open")
      return d.unclassified > 0 ? t("ui.close.open_n", { n: d.unclassified }) : t("ui.close.open");
    if (d.state === "changed") return t("ui.close.changed", { n, by, changes: d.changes });
    if (d.state === "signed") return t("ui.close.signed", { n, by });
    return t(`ui.close.${d.state}`);
  }

  #line(d) {
    const numbers = [];
    for (let n = d.revision?.number ?? 0; n > 0 && numbers.length < REVISIONS_SHOWN; n--)
      numbers.push(n);
    const signs = d.state === "open" || d.state === "changed";
    return h("li", { "data-state": d.state, "data-day": d.day },
      h("span", { class: "day" }, d.day),
      h("span", { class: "state" }, this.#stateOf(d)),
      ...numbers.map((n) => h("a", { href: api.reportPath(this.#report, d.day, "pdf", n),
        target: "_blank", rel: "noopener" }, t("ui.close.revision", { n }))),
      signs ? h("button", { type: "button", onclick: () => this.open(d.day) },
        t("ui.close.sign_day")) : null);
  }

  // --- the dialog ------------------------------------------------------------------

  async open(day) {
    if (this.#dialog.open || this.session.open) return;
    this.#form.reset();
    show(id("close-error"), false);
    if (await this.#look(day)) this.#dialog.showModal();
  }

  async #look(day) {
    try {
      this.#close = await api.getClose(this.#report, day);
    } catch (error) {
      setText(id("close-said"), error.text);
      return false;
    }
    this.#draw();
    return true;
  }

  #draw() {
    const c = this.#close;
    const why = c.refused ?? c.cannot_sign;
    setText(id("close-title"), t("ui.close.title", { day: c.day }));
    setText(id("close-report-name"), `${t(`report.${c.report}`)} · ${minuteOf(c.from)} – ${minuteOf(c.to)}`);
    setText(id("close-state"), why ? t(`error.${why}`) : this.#stateOf(c));
    setText(id("close-lacks"), c.unclassified > 0
      ? t("ui.close.lacks", { n: c.unclassified }) : t("ui.close.lacks_none"));
    show(id("close-lacks"), c.report === "alarms-daily");
    id("close-alarms").replaceChildren(...c.unclassified_alarms.map((a) => h("li", {},
      h("button", { type: "button", onclick: () => this.verdict.open(a) },
        h("span", { class: "what" }, `${whatOf(a)} · ${placeOf(a)}`),
        h("span", { class: "when" }, timeOf(Date.parse(a.raised), this.now()))))));
    show(id("close-more"), c.unclassified > c.unclassified_alarms.length);
    setText(id("close-more"), t("ui.close.more",
      { n: c.unclassified - c.unclassified_alarms.length }));
    show(id("close-open"), c.open > 0);
    setText(id("close-open"), t("ui.close.still_open", { n: c.open }));
    show(id("close-changed-title"), c.changed.length > 0);
    id("close-changed").replaceChildren(...c.changed.map((x) => h("li", {}, this.#changeOf(x))));
    show(id("close-reason").parentElement, c.unclassified > 0);
    id("close-reason").required = c.unclassified > 0;
    const person = this.#person();
    show(id("close-as"), person !== null && !why);
    setText(id("close-as"), person
      ? t("ui.close.as", { by: `${nameOf(person.name, person.user)} (${person.user})` }) : "");
    id("close-submit").disabled = Boolean(why);
    setText(id("close-submit"), t("ui.close.sign", { n: (c.revision?.number ?? 0) + 1 }));
  }

  #changeOf(x) {
    const verdicts = x.after ? `${t(`verdict.${x.before}`)} → ${t(`verdict.${x.after}`)}` : null;
    return [t(`report.change.${x.what}`), placeOf(x), verdicts, x.by,
      timeOf(Date.parse(x.time), this.now())].filter(Boolean).join(" · ");
  }

  async #sign(e) {
    e.preventDefault();
    const c = this.#close;
    const body = { day: c.day };
    const note = id("close-note").value.trim();
    const reason = id("close-reason").value.trim();
    if (note) body.note = note;
    if (c.unclassified > 0) {
      if (!reason) {
        id("close-reason").focus();
        return;
      }
      body.reason = reason;
    }
    // Who is at the desk may be another: a signature is never given in their name.
    if (!(this.#person() || await this.session.ask(t("ui.close.login", { day: c.day })))) return;
    id("close-submit").disabled = true;
    show(id("close-error"), false);
    try {
      const { status, data } = await api.sign(c.report, body);
      this.say(status === 200 ? t("ui.close.done", { day: c.day, n: data.revision ?? "" })
        : t("ui.close.not_saved", { day: c.day }), status === 200 ? "good" : "bad");
      this.#dialog.close();
    } catch (error) {
      await this.#look(c.day);
      setText(id("close-error"), error.text);
      show(id("close-error"), true);
    }
    this.load();
  }
}
