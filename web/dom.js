// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Small helpers for the document: make elements, change only what differs, keep a list
// of keyed children in order, remember choices. Never parses HTML from a string.

export function h(tag, attributes = {}, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) e.addEventListener(name.slice(2), value);
    else e.setAttribute(name, value === true ? "" : value);
  }
  e.append(...children.filter((c) => c !== null && c !== undefined));
  return e;
}

export function setText(e, text) {
  if (e.textContent !== text) e.textContent = text;
}

export function setAttr(e, name, value) {
  if (value === null || value === undefined || value === false) {
    if (e.hasAttribute(name)) e.removeAttribute(name);
  } else if (e.getAttribute(name) !== String(value)) {
    e.setAttribute(name, value);
  }
}

export const show = (e, yes) => setAttr(e, "hidden", yes ? null : "");

// Keeps `parent`'s children as one element per key, in order, moving as few as it can.
// `made` is the caller's Map key -> element.
export function syncList(parent, made, keys, make, update) {
  const wanted = new Set(keys);
  for (const [key, e] of made) {
    if (!wanted.has(key)) {
      e.remove();
      made.delete(key);
    }
  }
  let at = parent.firstElementChild;
  for (const key of keys) {
    if (!made.has(key)) made.set(key, make(key));
    const e = made.get(key);
    update(e, key);
    if (e === at) at = at.nextElementSibling;
    else parent.insertBefore(e, at);
  }
}

// The largest of `sizes` (class names, largest first) at which nothing is cut.
export function fit(e, sizes) {
  for (const size of sizes) {
    e.classList.remove(...sizes);
    e.classList.add(size);
    if (e.scrollWidth <= e.clientWidth) return;
  }
}

// Storage may be forbidden; then a choice lasts as long as the page.
const spare = new Map();

export function remember(name, value) {
  spare.set(name, value);
  try {
    localStorage.setItem(`watchroom.${name}`, value);
  } catch { /* kept in `spare` */ }
}

export function recall(name) {
  try {
    return localStorage.getItem(`watchroom.${name}`) ?? spare.get(name) ?? null;
  } catch {
    return spare.get(name) ?? null;
  }
}

// This console's id: one per tab, the same after a reload.
export function consoleId() {
  const fresh = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(8));
    return `c${[...bytes].map((b) => b.toString(16).padStart(2, "0")).join("")}`;
  };
  try {
    const id = sessionStorage.getItem("watchroom.console") ?? fresh();
    sessionStorage.setItem("watchroom.console", id);
    return id;
  } catch {
    return fresh();
  }
}
