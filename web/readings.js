// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The gauges: one tile per reading. A value that is not known is a hatched dash with the
// time since when, never a number and never zero; a doubtful one keeps its number under
// the hatching and says so. An open alarm of the point is named on its tile. Of many gauges
// those that are on no sheet and have no alarm are counted below.
import { h, setAttr, setText, show, syncList } from "./dom.js";
import { placeOf, timeOf, valueOf, whatOf } from "./format.js";
import { foldReadings } from "./groups.js";
import { compareAlarms } from "./model.js";
import { t } from "./text.js";

const STALE_MS = 60_000; // a "good" value nobody refreshed for so long is not shown as such

export class Readings {
  #tiles = new Map();

  // why(point, place): somebody asks why it is as it is.
  constructor(root, section, more, why) {
    Object.assign(this, { root, section, more, why });
  }

  draw(model, { now, lostSince }) {
    const byPoint = new Map(model.readings.map((r) => [r.point, r]));
    const alarmed = new Set([...model.alarms.values()].map((a) => a.point));
    const { shown, folded } = foldReadings(model.readings, alarmed);
    show(this.section, byPoint.size > 0);
    this.#count(folded, { now, lostSince });
    syncList(this.root, this.#tiles, shown.map((r) => r.point),
      (point) => h("li", { class: "tile" },
        h("span", { class: "place" }),
        h("span", { class: "value" }, h("b", { class: "number" }), h("span", { class: "unit" })),
        h("span", { class: "note" }),
        h("button", { type: "button", class: "why",
          onclick: (e) => this.why(point,
            e.target.closest(".tile").querySelector(".place").textContent) }, "?")),
      (tile, key) => this.#draw(tile, byPoint.get(key), model, { now, lostSince }));
  }

  #count(folded, when) {
    const good = folded.filter((r) => this.#quality(r, when).quality === "good").length;
    const unknown = folded.length - good;
    show(this.more, folded.length > 0);
    setAttr(this.more, "data-unknown", unknown);
    setText(this.more, [
      good > 0 && t("ui.readings.more", { n: good }),
      unknown > 0 && t("ui.readings.more_unknown", { n: unknown }),
    ].filter(Boolean).join(" · "));
  }

  #quality(r, { now, lostSince }) {
    const at = lostSince ?? (r.time ? Date.parse(r.time) : null);
    const stale = lostSince !== null
      || (r.quality === "good" && at !== null && now - at > STALE_MS);
    return { at, quality: stale ? "unknown" : r.quality };
  }

  #draw(tile, r, model, { now, lostSince }) {
    const { at, quality } = this.#quality(r, { now, lostSince });
    const known = quality === "good" || quality === "uncertain";
    const v = valueOf(known ? r.value : null, r.unit);
    setText(tile.querySelector(".place"), placeOf(r));
    setAttr(tile.querySelector(".why"), "aria-label", `${t("ui.why.title")} ${placeOf(r)}`);
    setText(tile.querySelector(".number"), v.number);
    setText(tile.querySelector(".unit"), r.unit === "kPa" ? "MPa" : v.unit);
    const alarm = [...model.alarms.values()].filter((a) => a.point === r.point)
      .sort(compareAlarms)[0];
    setAttr(tile, "data-quality", quality);
    setAttr(tile, "data-point", r.point);
    setAttr(tile, "data-alarm", alarm ? alarm.class : null);
    setText(tile.querySelector(".note"), this.#note(r, quality, alarm, at, now));
  }

  #note(r, quality, alarm, at, now) {
    const words = [];
    if (alarm) words.push(whatOf(alarm));
    const since = r.unknown_since ? Date.parse(r.unknown_since) : at;
    if (quality === "unknown" && since !== null) {
      words.push(t("ui.mark.unknown_since", { time: timeOf(since, now) }));
    } else if (quality !== "good") {
      words.push(t(`quality.${quality}`));
    } else if (!alarm) {
      words.push(t("ui.readings.normal"));
    }
    if (r.inferred) words.push(t("ui.mark.inferred"));
    return words.join(" · ");
  }
}
