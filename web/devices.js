// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Who is heard from: "devices heard 4/5, oldest data 2 s" at all times, each lost device
// by name, the room's own equipment: how much of it answers, and what does not; and each
// sounder, lamp and heartbeat relay with what it shows. A device whose register map nobody
// has proven says so, and one that may be late. Beside it the calm page: "normal" is said
// only when nothing speaks against it, else the reasons stand there.
import { h, setAttr, setText, show, syncList } from "./dom.js";
import { codeOf, elapsedOf, nameOf, timeOf } from "./format.js";
import { groupDevices, guessOf } from "./groups.js";
import { icon, setIcon } from "./icons.js";
import { notNormal, stalestMs } from "./model.js";
import { t } from "./text.js";

function guessText(guess, devices) {
  if (guess === "all") return [t("ui.mark.inferred")];
  if (guess !== "some") return [];
  const n = devices.reduce((sum, d) => sum + d.inferred_points, 0);
  return [t("ui.mark.partly_inferred", { n })];
}

export class Devices {
  #chips = new Map();

  constructor(root, summary) {
    Object.assign(this, { root, summary });
  }

  draw(model, { now, lostSince }) {
    const { devices } = model;
    const { named, groups } = groupDevices(devices);
    const heard = devices.filter((d) => !d.lost).length;
    const stalest = stalestMs(model, now);
    const summary = t("ui.devices.summary", {
      heard, all: devices.length, age: stalest === null ? "—" : elapsedOf(stalest),
    });
    const n = model.health.points_unknown ?? 0;
    const unknown = n > 0 ? ` · ${t("ui.not_normal.unknown", { n })}` : "";
    const lost = lostSince !== null;
    const { all, up, down } = model.hosts;
    const hosts = all > 0 ? ` · ${t("ui.hosts.summary", { up, all })}` : "";
    setText(this.summary, lost ? t("ui.calm.last_heard", { time: timeOf(lostSince, now) })
      : summary + hosts + unknown);
    setAttr(this.summary, "data-unknown", lost ? "all" : n);
    setAttr(this.summary, "data-lost", devices.length - heard + model.hosts.lost);
    const byId = new Map([
      ...model.outputs.map((output) => [`output ${output.id}`, { output }]),
      ...down.map((host) => [`host ${host.id}`, { host }]),
      ...groups.filter((g) => g.lost).map((group) => [`bus ${group.bus}`, { group }]),
      ...named.map((device) => [`device ${device.id}`, { device }]),
      ...groups.filter((g) => !g.lost).map((group) => [`bus ${group.bus}`, { group }]),
    ]);
    syncList(this.root, this.#chips, [...byId.keys()],
      () => h("li", { class: "device" }, icon("link"),
        h("span", { class: "name" }), h("span", { class: "age" })),
      (e, id) => {
        const { output, host, group, device } = byId.get(id);
        if (output) this.#drawOutput(e, output);
        else if (group) this.#drawGroup(e, group, now);
        else if (host) this.#drawHost(e, host, now);
        else this.#draw(e, device, now);
      });
  }

  #drawOutput(e, o) {
    const failed = o.state === "failed";
    const shown = o.state !== "ok" ? o.state
      : o.silenced ? "silenced" : o.pattern === "off" ? "off" : "on";
    setAttr(e, "data-output", o.id);
    setAttr(e, "data-state", shown);
    setAttr(e, "data-lost", failed ? "" : null);
    setIcon(e.firstElementChild, failed ? "cut" : "link");
    setText(e.querySelector(".name"),
      `${t(`ui.output.role.${o.role}`)} ${nameOf(o.place, o.id)}`);
    setText(e.querySelector(".age"),
      t(`ui.output.${shown}`, { why: o.code ? codeOf(o.code) : "" }));
  }

  // Only those that are not up are shown one by one.
  #drawHost(e, host, now) {
    const at = host.last_answer ? Date.parse(host.last_answer) : null;
    const isLost = host.state === "lost";
    setAttr(e, "data-host", host.id);
    setAttr(e, "data-lost", isLost ? "" : null);
    setIcon(e.firstElementChild, "cut");
    setText(e.querySelector(".name"), nameOf(host.place, host.id));
    const since = at === null ? t("ui.devices.never")
      : t(isLost ? "ui.devices.lost" : "quality.unknown_since", { time: timeOf(at, now) });
    setText(e.querySelector(".age"), since + (host.code ? ` · ${codeOf(host.code)}` : ""));
  }

  // The well units of one bus, counted, or a bus that is gone with all of them.
  #drawGroup(e, { bus, all, lost, guess, members }, now) {
    const heard = members.filter((d) => d.last_heard).map((d) => Date.parse(d.last_heard));
    const oldest = heard.length > 0 ? (lost ? Math.max : Math.min)(...heard) : null;
    const n = lost ? 0 : members.length;
    setAttr(e, "data-bus", bus);
    setAttr(e, "data-lost", lost ? "" : null);
    setIcon(e.firstElementChild, lost ? "cut" : "link");
    const name = [t("ui.devices.group", { bus, n, all }), ...guessText(guess, members)];
    setText(e.querySelector(".name"), name.join(" · "));
    setText(e.querySelector(".age"), this.#age({ lost, code: members[0].code }, oldest, now));
  }

  #draw(e, d, now) {
    const at = d.last_heard ? Date.parse(d.last_heard) : null;
    setAttr(e, "data-device", d.id);
    setAttr(e, "data-lost", d.lost ? "" : null);
    setIcon(e.firstElementChild, d.lost ? "cut" : "link");
    const doubts = guessText(guessOf(d), [d]);
    if (d.accepted_budget) {
      const limit = elapsedOf(d.accepted_budget.limit_ms);
      doubts.push(t("ui.mark.accepted_budget", { limit }));
    }
    setText(e.querySelector(".name"), [nameOf(d.name, d.id), ...doubts].join(" · "));
    setAttr(e, "title", d.accepted_budget?.reason ?? null);
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

  // Shown in place of an empty list. An empty list that nobody keeps up to date says
  // nothing at all.
  draw(model, empty, { now, lostSince }) {
    show(this.root, empty);
    if (!empty) return;
    const lost = lostSince !== null;
    const reasons = lost ? [] : notNormal(model);
    const normal = !lost && reasons.length === 0;
    setAttr(this.root, "data-normal", normal ? "yes" : "no");
    setIcon(this.#icon, lost ? "cut" : normal ? "normal" : "fault");
    const headline = lost ? "unknown" : normal ? "normal" : "nothing_owed";
    setText(this.root.querySelector(".headline"),
      t(`ui.calm.${headline}`, { n: model.health.points ?? 0 }));
    setText(this.root.querySelector(".heard"), lost
      ? t("ui.calm.last_heard", { time: timeOf(lostSince, now) }) : this.#heard(model, now));
    const list = this.root.querySelector(".reasons");
    const texts = reasons.map(([key, params]) => t(`ui.not_normal.${key}`, params));
    if (!lost && model.health.clock_synchronised === false) {
      texts.push(t("ui.strip.clock_unsynchronised"));
    }
    if (list.dataset.texts !== texts.join("\n")) {
      list.dataset.texts = texts.join("\n");
      list.replaceChildren(...texts.map((text) => h("li", {}, text)));
    }
  }

  #heard(model, now) {
    const stalest = stalestMs(model, now);
    return stalest === null ? t("ui.calm.nothing_heard")
      : t("ui.calm.last_data", { age: elapsedOf(stalest + 999) }); // rounded up
  }
}
