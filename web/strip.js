// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The top strip, on every screen and never scrolled: a counter per class (grey at zero),
// the first and the newest fire, sound, link, clock and operator. The counts are the
// daemon's; nothing is counted here.
import { fit, h, setAttr, setText, show } from "./dom.js";
import { clockOf, dateOf, elapsedOf, nameOf, placeOf, timeOf } from "./format.js";
import { icon, setIcon } from "./icons.js";
import { CLASSES, fires, isBurning } from "./model.js";
import { t } from "./text.js";

const FIRE_SIZES = ["size-56", "size-44", "size-32", "size-26", "size-21", "size-17"];
const HALF_LINE = 2; // two lines share the strip: from the third size on

// The largest letters at which a place is not cut: its end may be the floor.
function fitPlace(where) {
  const single = where.closest("#fires").classList.contains("single");
  where.classList.remove(...FIRE_SIZES);
  fit(where, FIRE_SIZES.slice(single ? 0 : HALF_LINE));
}

export class Strip {
  #counters = new Map();
  #sound = document.getElementById("sound-state");
  #link = document.getElementById("link-state");
  #soundIcon = icon("sound");
  #linkIcon = icon("link");

  // pick(key): a fire line was pressed.
  constructor(pick) {
    const root = document.getElementById("counters");
    for (const name of CLASSES) {
      const e = h("li", { class: `counter is-${name}`, "data-class": name },
        h("span", { class: "name" }, icon(name), h("span", { class: "word" })),
        h("span", { class: "numbers" },
          h("b", { class: "active" }),
          h("span", { class: "owed" }, h("span", { class: "owed-word" }), h("b"))));
      root.append(e);
      this.#counters.set(name, e);
    }
    this.#sound.prepend(this.#soundIcon);
    this.#link.prepend(this.#linkIcon);
    const room = new ResizeObserver((entries) => {
      for (const { target } of entries) fitPlace(target);
    });
    for (const id of ["fire-first", "fire-newest"]) {
      const line = document.getElementById(id);
      room.observe(line.querySelector(".where"));
      line.addEventListener("pointerdown", (e) => e.preventDefault());
      line.addEventListener("click", () => line.dataset.key && pick(line.dataset.key));
    }
  }

  draw(model, { now, lostSince }) {
    for (const [name, e] of this.#counters) {
      const count = model.counters[name] ?? { active: 0, unacknowledged: 0 };
      const { active, unacknowledged: owed } = count;
      setText(e.querySelector(".word"), t(`class.${name}`));
      setText(e.querySelector(".active"), String(active));
      show(e.querySelector(".owed"), owed > 0);
      setText(e.querySelector(".owed-word"), t("ui.strip.owed"));
      setText(e.querySelector(".owed b"), String(owed));
      setAttr(e, "data-active", active);
      setAttr(e, "data-owed", owed);
      e.classList.toggle("zero", active === 0 && owed === 0);
      e.classList.toggle("calling", owed > 0);
      e.classList.toggle("wide", active > 99);
      e.classList.toggle("returned", active === 0 && owed > 0);
    }
    this.#drawFires(model, now);
    // No fire that we know of is no news while nothing is heard.
    setText(document.querySelector("#no-fire .calm-word"),
      t(lostSince === null ? "ui.strip.no_fire" : "ui.calm.unknown"));
    this.#drawPerson(model);
  }

  #drawFires(model, now) {
    const { first, newest, count } = fires(model);
    show(document.getElementById("no-fire"), count === 0);
    show(document.getElementById("fires"), count > 0);
    setText(document.getElementById("site-name"), nameOf(model.site?.name, model.site?.id));
    document.getElementById("fires").classList.toggle("single", count === 1);
    // Only the incident's own first may be called so: it may have been answered and
    // closed while others stay open.
    const oldest = first?.first_out ? "first_fire" : "oldest_fire";
    this.#fireLine("fire-first", first, count === 1 && !first.first_out ? "fire" : oldest, now);
    this.#fireLine("fire-newest", count > 1 ? newest : null, "newest_fire", now);
  }

  #fireLine(id, a, tag, now) {
    const line = document.getElementById(id);
    const where = line.querySelector(".where");
    const when = line.querySelector(".when");
    show(line, Boolean(a));
    if (!a) {
      delete line.dataset.key;
      return;
    }
    line.dataset.key = a.key;
    setAttr(line, "data-state", a.state);
    setText(line.querySelector(".tag"), t(`ui.strip.${tag}`));
    setText(line.querySelector(".note"), isBurning(a) ? "" : t(
      a.state === "acknowledged" ? "state.acknowledged" : "ui.strip.returned"));
    setText(when.firstElementChild, timeOf(Date.parse(a.raised), now));
    setText(when.lastElementChild, elapsedOf(now - Date.parse(a.raised)));
    setText(where, placeOf(a));
    const shape = `${where.textContent} ${line.parentElement.className}`;
    if (line.dataset.shape === shape) return;
    line.dataset.shape = shape;
    fitPlace(where);
  }

  #drawPerson(model) {
    const s = model.session;
    const e = document.getElementById("operator");
    setText(e.querySelector(".word"), s ? nameOf(s.name, s.user) : t("ui.strip.nobody"));
    setText(e.querySelector(".act"), t(s ? "ui.strip.log_out" : "ui.strip.log_in"));
    e.classList.toggle("nobody", !s);
  }

  // state: "sounding", "silenced", "ready" or "off".
  drawSound(state) {
    setAttr(this.#sound, "data-state", state);
    setIcon(this.#soundIcon, state === "off" || state === "silenced" ? "quiet" : "sound");
    setText(this.#sound.querySelector(".word"), t(`ui.sound.${state}`));
  }

  drawLink({ lost, silentMs }) {
    const s = Math.floor(silentMs / 1000);
    setAttr(this.#link, "data-state", lost ? "lost" : "good");
    setIcon(this.#linkIcon, lost ? "cut" : "link");
    setText(this.#link.querySelector(".word"),
      t(lost ? "ui.link.lost_short" : "ui.link.good", { s }));
  }

  drawClock(model, now) {
    setText(document.getElementById("clock-time"), clockOf(now));
    setText(document.getElementById("clock-date"), dateOf(now));
    const bad = model.health.clock_synchronised === false;
    const note = document.getElementById("clock-note");
    show(note, bad);
    if (bad) setText(note, t("ui.strip.clock_unsynchronised"));
  }
}
