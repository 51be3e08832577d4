// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Who is heard from: "devices heard 4/5, oldest data 2 s" at all times, and each lost
// device by name. Beside it the calm page: "normal" is said only when nothing speaks
// against it, else the reasons stand there.
import { h, setAttr, setText, show, syncList } from "./dom.js";
import { codeOf, elapsedOf, nameOf, timeOf } from "./format.js";
import { icon, setIcon } from "./icons.js";
import { notNormal, stalestMs } from "./model.js";
import { t } from "./text.js";

export class Devices {
  #chips = new Map();

  constructor(root, summary) {
    Object.assign(this, { root, summary });
  }

  draw(model, { now }) {
    const devices = [...model.devices].sort((a, b) => Number(b.lost) - Number(a.lost));
    const heard = devices.filter((d) => !d.lost).length;
    const stalest = stalestMs(model, now);
    const summary = t("ui.devices.summary", {
      heard, all: devices.length, age: stalest === null ? "—" : elapsedOf(stalest),
    });
    const n = model.health.points_unknown ?? 0;
    const unknown = n > 0 ? ` · ${t("ui.not_normal.unknown", { n })}` : "";
    setText(this.summary, summary + unknown);
    setAttr(this.summary, "data-unknown", n);
    setAttr(this.summary, "data-lost", devices.length - heard);
    const byId = new Map(devices.map((d) => [d.id, d]));
    syncList(this.root, this.#chips, [...byId.keys()],
      () => h("li", { class: "device" }, icon("link"),
        h("span", { class: "name" }), h("span", { class: "age" })),
      (e, id) => this.#draw(e, byId.get(id), now));
  }

  #draw(e, d, now) {
    const at = d.last_heard ? Date.parse(d.last_heard) : null;
    setAttr(e, "data-device", d.id);
    setAttr(e, "data-lost", d.lost ? "" : null);
    setIcon(e.firstElementChild, d.lost ? "cut" : "link");
    setText(e.querySelector(".name"), nameOf(d.name, d.id));
    setText(e.querySelector(".age"), this.#age(d, at, now));
  }

  #age(d, at, now) {
    if (!d.lost) return at === null ? t("ui.devices.never") : elapsedOf(now - at);
    const why = d.code ? ` · ${codeOf(d.code)}` : "";
    return (at === null ? t("ui.devices.never")
      : t("ui.devices.lost", { time: timeOf(at, now) })) + why;
  }
}

export class Calm {
  #icon = icon("normal");

  constructor(root) {
    this.root = root;
    root.prepend(this.#icon);
  }

  // Shown in place of an empty list.
  draw(model, empty, { now }) {
    show(this.root, empty);
    if (!empty) return;
    const reasons = notNormal(model);
    const normal = reasons.length === 0;
    const stalest = stalestMs(model, now);
    setAttr(this.root, "data-normal", normal ? "yes" : "no");
    setIcon(this.#icon, normal ? "normal" : "fault");
    setText(this.root.querySelector(".headline"),
      t(normal ? "ui.calm.normal" : "ui.calm.nothing_owed", { n: model.health.points ?? 0 }));
    setText(this.root.querySelector(".heard"), stalest === null ? t("ui.calm.nothing_heard")
      : t("ui.calm.last_data", { age: elapsedOf(stalest + 999) })); // rounded up
    const list = this.root.querySelector(".reasons");
    const texts = reasons.map(([key, params]) => t(`ui.not_normal.${key}`, params));
    if (model.health.clock_synchronised === false) {
      texts.push(t("ui.strip.clock_unsynchronised"));
    }
    if (list.dataset.texts !== texts.join("\n")) {
      list.dataset.texts = texts.join("\n");
      list.replaceChildren(...texts.map((text) => h("li", {}, text)));
    }
  }
}
