// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The catalogue in the browser: both languages are fetched at start, so that switching
// needs no link. Chinese is the default, the choice is remembered. A key without a text
// shows itself and is noted on <html data-missing-text>, where the tests look.
import { recall, remember } from "./dom.js";

const LANGS = ["zh", "en"];
const catalogues = { zh: {}, en: {} };
let current = LANGS.includes(recall("lang")) ? recall("lang") : "zh";

export const lang = () => current;

export async function loadTexts() {
  await Promise.all(LANGS.map(async (l) => {
    const answer = await fetch(`/api/v1/text?lang=${l}`, { cache: "no-cache" });
    if (!answer.ok) throw new Error(`text ${l}: ${answer.status}`);
    catalogues[l] = await answer.json();
  }));
}

export const has = (key) => key in catalogues[current];

function noteMissing(key) {
  const root = document.documentElement;
  const known = new Set((root.dataset.missingText ?? "").split(" ").filter(Boolean));
  root.dataset.missingText = [...known.add(key)].join(" ");
}

// The text of a key with {name} filled from `params`.
export function t(key, params = {}) {
  const text = catalogues[current][key];
  if (text === undefined) {
    noteMissing(key);
    return key;
  }
  return text.replace(/\{(\w+)\}/g, (all, name) => params[name] ?? all);
}

export function setLang(l) {
  current = l;
  remember("lang", l);
  applyTexts(document);
}

// Static places: data-text fills the content, data-label the accessible name.
export function applyTexts(root) {
  document.documentElement.lang = current === "zh" ? "zh-CN" : "en";
  for (const e of root.querySelectorAll("[data-text]")) {
    e.textContent = t(e.dataset.text);
  }
  for (const e of root.querySelectorAll("[data-label]")) {
    e.setAttribute("aria-label", t(e.dataset.label));
  }
}
