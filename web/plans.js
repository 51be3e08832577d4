// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The reports that make themselves: when each comes next, which day arrived last, and
// what does not arrive, with its reason.
import { h, show } from "./dom.js";
import { clockOf, dateOf } from "./format.js";
import { t } from "./text.js";

const when = (text) => `${dateOf(Date.parse(text))} ${clockOf(Date.parse(text)).slice(0, 5)}`;

// "PDF, XLSX → /srv/reports"
function whatAndWhere(p) {
  const where = [p.folder, p.posts ? t("ui.plans.posted") : null].filter(Boolean);
  return `${p.formats.map((f) => f.toUpperCase()).join(", ")} → ${where.join(", ")}`;
}

function state(p) {
  if (p.failing) return t("ui.plans.failing", { day: p.next.day, reason: p.failing.reason });
  return p.arrived ? t("ui.plans.arrived", { day: p.arrived.day, at: when(p.arrived.at) }) : t("ui.plans.none_yet");
}

export function drawPlans(section, list, plans) {
  show(section, plans.length > 0);
  list.replaceChildren(...plans.map((p) => h("li", { "data-bad": Boolean(p.failing) },
    h("span", { class: "name" }, t(`report.${p.report}`)),
    h("span", {}, whatAndWhere(p)),
    p.failing ? null : h("span", {}, t("ui.plans.next", { at: when(p.next.due) })),
    h("span", { class: "state" }, state(p)))));
}
