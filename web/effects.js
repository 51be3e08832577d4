// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What must follow an alarm within a time, in words: what a rule waits for, since when,
// by when, and what became of it. Pure but for the catalogue.
import { codeOf, nameOf, timeOf } from "./format.js";
import { has, t } from "./text.js";

// A list of points as the API has it, as rows: one for each rule of each point.
export const rulesOf = (points) => points.flatMap((p) => (p.effects ?? []).map((rule) => (
  { key: `${p.id} ${rule.rule}`, place: nameOf(p.place, p.id), rule })));

export const awaited = (row) => row.rule.state === "waits" || row.rule.state === "missed";
export const missed = (row) => row.rule.state === "missed";

export const secondsOf = (ms) => (ms % 1000 === 0 ? ms / 1000 : (ms / 1000).toFixed(1));

export function reasonOf(reason) {
  return has(`ui.effect.reason.${reason}`) ? t(`ui.effect.reason.${reason}`) : reason;
}

// The alarm that asked for it: where, and what.
export function causeOf(cause) {
  const condition = t(`condition.${cause.condition}`);
  const code = cause.code ? codeOf(cause.code) : "";
  const what = code && code !== condition ? `${condition} · ${code}` : condition;
  return `${nameOf(cause.place, cause.point)} ${what}`;
}

// "Floor 1 Fire": any of these asks for it.
export function whenOf(rule) {
  return rule.causes.map((c) => {
    const what = c.class ? t(`class.${c.class}`)
      : c.conditions.map((x) => t(`condition.${x}`)).join(t("ui.effect.or"));
    return [nameOf(c.place, c.zone ?? c.point), what, c.code ? codeOf(c.code) : null].filter(Boolean).join(" ");
  }).join(t("ui.effect.or"));
}

export function stateOf(rule, now) {
  const took = !rule.delay_ms ? "" : t("ui.effect.took", { n: secondsOf(rule.delay_ms) });
  if (rule.state === "waits") {
    return t("ui.effect.waits", { time: timeOf(Date.parse(rule.due), now) });
  }
  if (rule.state === "missed") return t("ui.effect.missed", { reason: reasonOf(rule.reason) });
  const last = rule.last && has(`ui.effect.last.${rule.last}`) ? t(`ui.effect.last.${rule.last}`) : "";
  return [t(`ui.effect.${rule.state}`), last, took].filter(Boolean).join(" · ");
}

// The same with the alarm that asked for it.
export function storyOf(rule, now) {
  const state = stateOf(rule, now);
  return rule.cause ? t("ui.effect.because", { state, cause: causeOf(rule.cause) }) : state;
}
