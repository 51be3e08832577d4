// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Times and values as a person reads them, in the site's time zone. Pure but for the
// catalogue. A value without good quality is never formatted as a number here.
import { has, lang, t } from "./text.js";

let zone;
const formats = new Map();

export function setZone(name) {
  zone = name || undefined;
  formats.clear();
}

function parts(ms) {
  if (!formats.has("parts")) {
    formats.set("parts", new Intl.DateTimeFormat("en-GB", {
      timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit",
      day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
    }));
  }
  const out = {};
  for (const p of formats.get("parts").formatToParts(ms)) out[p.type] = p.value;
  return out;
}

export const hourOf = (ms) => Number(parts(ms).hour);

export function dateOf(ms) {
  const p = parts(ms);
  return `${p.year}-${p.month}-${p.day}`;
}

export function clockOf(ms) {
  const p = parts(ms);
  return `${p.hour}:${p.minute}:${p.second}`;
}

// What a datetime field holds, "2026-03-01T08:30", in the site's zone; and back to ms.
export const fieldOf = (ms) => `${dateOf(ms)}T${clockOf(ms).slice(0, 5)}`;

export function fromField(text) {
  const guess = Date.parse(`${text}Z`);
  if (!Number.isFinite(guess)) return NaN;
  return guess - (Date.parse(`${dateOf(guess)}T${clockOf(guess)}Z`) - guess);
}

// The time of day; with the date when it is not today.
export function timeOf(ms, now) {
  const today = dateOf(ms) === dateOf(now);
  return today ? clockOf(ms) : `${dateOf(ms).slice(5)} ${clockOf(ms)}`;
}

export const exactOf = (ms) =>
  `${dateOf(ms)} ${clockOf(ms)}.${String(((ms % 1000) + 1000) % 1000).padStart(3, "0")}`;

export function elapsedOf(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return t("ui.elapsed.seconds", { s });
  const m = Math.floor(s / 60);
  if (m < 60) return t("ui.elapsed.minutes", { m, s: s % 60 });
  const h = Math.floor(m / 60);
  if (h < 24) return t("ui.elapsed.hours", { h, m: m % 60 });
  return t("ui.elapsed.days", { d: Math.floor(h / 24), h: h % 24 });
}

// Pressures are kept in kPa and read in MPa on Chinese gauges.
export function valueOf(value, unit) {
  if (value === null || value === undefined) return { number: "—", unit: unit ?? "" };
  if (unit === "kPa") return { number: (value / 1000).toFixed(3), unit: "MPa" };
  return { number: String(Math.round(value * 1000) / 1000), unit: unit ?? "" };
}

// One of {zh, en}, the other where it is empty.
export function nameOf(names, fallback) {
  const other = lang() === "zh" ? "en" : "zh";
  return names?.[lang()] || names?.[other] || fallback || "";
}

export const placeOf = (a) => nameOf(a.place, a.point);

// A symbolic code's word: a limit, a link's trouble, a kind ("fire/smoke"), else the code.
export function codeOf(code) {
  const last = code.split("/").at(-1);
  const names = [`code.${code}`, `limit.${code}`, `code.${last}`, `kind.${last}`];
  const known = names.find(has);
  return known ? t(known) : code;
}

// What was reported: the condition, and the code where it adds something. Of a panic
// button that it is one.
export function whatOf(a) {
  const condition = t(`condition.${a.condition}`);
  const panic = a.kind === "panic" && a.condition === "security" ? t("kind.panic") : "";
  const word = a.reason ?? a.code; // of a lost link, why it is now
  const code = word ? codeOf(word) : panic;
  return code && code !== condition ? `${condition} · ${code}` : condition;
}
