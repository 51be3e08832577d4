// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The reports: a dialog with one line for each, of the day chosen, to open as a page to
// print or to save in any other format. What there is the server says.
import * as api from "./api.js";
import { h, setText } from "./dom.js";
import { drawPlans } from "./plans.js";
import { t } from "./text.js";

const OPENS = "pdf"; // what a browser shows by itself
const FOR_PROGRAMS = "json";
const id = (name) => document.getElementById(name);

export class Reports {
  #dialog = id("reports-dialog");
  #known = { reports: [], formats: [], plans: [] };
  #session;

  // session() -> the present one, or null. close.load(), close.draw(): the day close
  // below the list.
  constructor(session, close) {
    this.#session = session;
    this.close = close;
    id("reports-open").addEventListener("click", () => this.open());
    id("reports-close").addEventListener("click", () => this.#dialog.close());
    id("reports-day").addEventListener("change", () => this.draw());
  }

  async open() {
    if (this.#dialog.open) return;
    setText(id("reports-said"), "");
    this.#dialog.showModal();
    try {
      this.#known = await api.getReports();
    } catch (error) {
      setText(id("reports-said"), error.text);
    }
    this.draw();
    await this.close.load();
  }

  draw() {
    this.close.draw();
    drawPlans(id("plans-section"), id("plans"), this.#known.plans);
    const formats = this.#known.formats.filter((f) => f !== OPENS && f !== FOR_PROGRAMS);
    id("reports").replaceChildren(...this.#known.reports.map(({ name, role }) => h("li", {},
      h("span", { class: "name" }, t(`report.${name}`)),
      ...(role && this.#session()?.role !== role
        ? [h("span", { class: "not-yours" }, t(`ui.reports.only.${role}`))] : this.#ways(name, formats)))));
  }

  // Opened, or saved in each other format.
  #ways(name, formats) {
    return [
      h("a", { href: api.reportPath(name, id("reports-day").value, OPENS), target: "_blank",
        rel: "noopener" }, `${t("ui.reports.open")} PDF`),
      ...formats.map((format) => h("button", { type: "button", "data-format": format,
        onclick: () => this.#save(name, format) }, format.toUpperCase()))];
  }

  async #save(name, format) {
    setText(id("reports-said"), t("ui.reports.making"));
    try {
      const { file, blob } = await api.getReport(name, id("reports-day").value, format);
      const url = URL.createObjectURL(blob);
      h("a", { href: url, download: file }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60000);
      setText(id("reports-said"), t("ui.reports.saved", { file }));
    } catch (error) {
      setText(id("reports-said"), error.text);
    }
  }
}
