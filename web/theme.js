// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Day or night. Follows the site's hour until a person chooses; the choice holds until
// the next change of hour band would have made the same, so nobody sits in a white glare
// at 03:00 because of a choice made at noon.
import { recall, remember } from "./dom.js";

const DAY_FROM = 7;
const NIGHT_FROM = 19;

export const themeOfHour = (hour) =>
  (hour >= DAY_FROM && hour < NIGHT_FROM ? "day" : "night");

export class Theme {
  #choice = recall("theme") || null; // "day", "night" or null = by the hour

  // At each tick; `hour` is the site's.
  follow(hour) {
    const byHour = themeOfHour(hour);
    if (this.#choice === byHour) this.#choose(null);
    this.#show(this.#choice ?? byHour);
  }

  toggle() {
    const next = document.documentElement.dataset.theme === "night" ? "day" : "night";
    this.#choose(next);
    this.#show(next);
  }

  #choose(theme) {
    this.#choice = theme;
    remember("theme", theme ?? "");
  }

  #show(theme) {
    if (document.documentElement.dataset.theme !== theme) {
      document.documentElement.dataset.theme = theme;
    }
  }
}
