// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What the page knows: the open alarms, counters, devices, hosts, health and readings, fed by
// the snapshot and the stream's items (docs/api.md). Pure: no DOM, no clock, no network.
// Refuses to guess: an alarm leaves only when the daemon says it is normal or a fresh
// snapshot no longer holds it.

// In order of priority, as daemon/core/condition.h.
export const CLASSES = [
  "fire", "prealarm", "security", "supervisory", "fault", "disabled", "process",
  "info", "system",
];

// A person still owes an answer.
const OWED = new Set(["unacknowledged", "returned", "latched_unacknowledged"]);
const AWAITING_MAX = 4096; // as many items as the daemon keeps for replay
const CLOSED_MAX = 64;

export const keyOf = (a) => `${a.point} ${a.condition} ${a.code ?? ""}`;

export function createModel() {
  return {
    loaded: false,
    site: null,
    session: null,
    desk: false,
    counters: {},
    alarms: new Map(), // key -> alarm
    total: 0,
    closed: new Map(), // key -> the alarm as it was, newest last
    awaiting: new Map(), // stream number -> what becomes durable with it
    devices: [],
    hosts: { all: 0, up: 0, lost: 0, unknown: 0, down: [] },
    outputs: [],
    health: {},
    deadman: null,
    flags: { shelved: 0, isolated: 0, forgotten: 0, testing: 0, tests: [] },
    readings: [],
    boot: null,
    lastN: 0,
  };
}

// "7-1234" -> {boot: "7", n: 1234}; null when it is none.
export function parseId(id) {
  const m = /^(.+)-(\d+)$/.exec(id ?? "");
  return m ? { boot: m[1], n: Number(m[2]) } : null;
}

export function noteId(model, id) {
  const parsed = parseId(id);
  if (!parsed) return;
  if (parsed.boot !== model.boot) {
    model.boot = parsed.boot;
    model.awaiting.clear();
    model.lastN = 0;
  }
  model.lastN = Math.max(model.lastN, parsed.n);
}

export const isRealFire = (a) => a.class === "fire" && !a.test;
// A fire in test mode is hidden as an alarm, and attended all the same.
const isTestFire = (a) => a.condition === "fire" && a.test;
export const isOwed = (a) => OWED.has(a.state) && (!a.hidden || isTestFire(a));
// A fire that is reported now and that nobody has answered.
export const isBurning = (a) => isRealFire(a) && !a.hidden && a.state === "unacknowledged";

function await_(model, n, what) {
  if (!Number.isFinite(n)) return;
  model.awaiting.set(n, what);
  if (model.awaiting.size > AWAITING_MAX) {
    model.awaiting.delete(model.awaiting.keys().next().value);
  }
}

function put(model, alarm) {
  const key = keyOf(alarm);
  const state = String(alarm.state);
  const before = model.alarms.get(key);
  const sameAnswer = before && before.occurrence === alarm.occurrence;
  model.alarms.set(key, {
    ...alarm, key, state,
    answerUnsaved: Boolean(sameAnswer && before.answerUnsaved),
  });
  model.closed.delete(key);
  return key;
}

function close(model, key) {
  const was = model.alarms.get(key);
  if (was) {
    model.closed.set(key, { ...was, state: "normal" });
    model.alarms.delete(key);
  }
  if (model.closed.size > CLOSED_MAX) {
    model.closed.delete(model.closed.keys().next().value);
  }
}

// The snapshot replaces everything but what only this page knows. A stream's snapshot
// may be shared between consoles and then has no session: null leaves ours alone unless
// `own` says that it was asked for with our cookie.
export function applySnapshot(model, s, own) {
  noteId(model, s.id);
  const gone = new Set(model.alarms.keys());
  for (const alarm of s.alarms) gone.delete(put(model, alarm));
  for (const key of gone) close(model, key);
  model.closed.clear();
  model.total = s.alarms_total ?? s.alarms.length;
  model.site = s.site ?? model.site;
  model.desk = s.desk ?? model.desk;
  if (own || s.session) model.session = s.session ?? null;
  applyHealth(model, s);
  model.loaded = true;
}

// A further page of open alarms. It may be older than what the stream has said since
// the snapshot, so it only adds what is not known and has not been closed.
export function applyPage(model, alarms) {
  for (const alarm of alarms) {
    const key = keyOf(alarm);
    if (!model.alarms.has(key) && !model.closed.has(key)) put(model, alarm);
  }
}

export function applyAlarm(model, alarm, id) {
  noteId(model, id);
  const key = keyOf(alarm);
  if (alarm.state === "normal") {
    close(model, key);
    return key;
  }
  put(model, alarm);
  if (alarm.seq === null) {
    await_(model, parseId(id)?.n, { key, occurrence: alarm.occurrence, what: "onset" });
  }
  return key;
}

const WATCHED_KINDS = { "alarm.onset": "onset", "alarm.acknowledge": "answer" };

export function applyJournal(model, event, id) {
  noteId(model, id);
  const what = WATCHED_KINDS[event.kind];
  if (!what || event.seq !== null) return;
  const { occurrence } = event;
  await_(model, event.n, { key: keyOf(event), occurrence, what });
}

export function applyDurable(model, durable, id) {
  noteId(model, id);
  const w = model.awaiting.get(durable.n);
  if (!w) return;
  model.awaiting.delete(durable.n);
  const alarm = model.alarms.get(w.key);
  if (!alarm || alarm.occurrence !== w.occurrence) return;
  if (w.what === "onset") alarm.seq ??= durable.seq;
  else alarm.answerUnsaved = false;
}

export function applyHealth(model, h, id) {
  noteId(model, id);
  model.counters = h.counters ?? model.counters;
  model.devices = h.devices ?? model.devices;
  model.hosts = h.hosts ?? model.hosts;
  model.outputs = h.outputs ?? model.outputs;
  model.health = h.health ?? model.health;
  model.flags = h.flags ?? model.flags;
  if (h.deadman !== undefined) model.deadman = h.deadman;
  model.readings = h.readings ?? model.readings;
}

// The daemon took our acknowledgement and could not save it yet (202).
export function noteAnswerUnsaved(model, key, occurrence) {
  const alarm = model.alarms.get(key);
  if (alarm && alarm.occurrence === occurrence) alarm.answerUnsaved = true;
}

function rank(a) {
  const i = CLASSES.indexOf(a.class);
  const priority = i < 0 ? CLASSES.length : i;
  return priority + (a.class === "fire" && a.test ? 0.5 : 0);
}

// Class, then oldest first; a test fire stands behind the real ones.
export function compareAlarms(a, b) {
  return rank(a) - rank(b)
    || Date.parse(a.raised) - Date.parse(b.raised)
    || (parseId(a.occurrence)?.n ?? 0) - (parseId(b.occurrence)?.n ?? 0)
    || (a.key < b.key ? -1 : 1);
}

// owed: somebody must answer. held: answered and still there, or hidden by a flag.
export function lists(model) {
  const owed = [];
  const held = [];
  for (const a of model.alarms.values()) (isOwed(a) ? owed : held).push(a);
  owed.sort(compareAlarms);
  held.sort((a, b) => Number(a.hidden) - Number(b.hidden) || compareAlarms(a, b));
  return { owed, held };
}

// How many open alarms each incident has.
export function incidents(model) {
  const sizes = new Map();
  for (const { incident } of model.alarms.values()) {
    sizes.set(incident, (sizes.get(incident) ?? 0) + 1);
  }
  return sizes;
}

export function fires(model) {
  const open = [...model.alarms.values()].filter(isRealFire);
  open.sort((a, b) => Date.parse(a.raised) - Date.parse(b.raised) || compareAlarms(a, b));
  return { first: open[0] ?? null, newest: open.at(-1) ?? null, count: open.length };
}

// The order to show. While `frozen` (a hand is at the list) nothing moves: what went
// keeps its place, what came is appended.
export function arrange(before, sorted, frozen) {
  if (!frozen) return sorted;
  const known = new Set(before);
  return [...before, ...sorted.filter((key) => !known.has(key))];
}

// Which alarm is selected now. A person's choice stays as long as its alarm does; only
// an automatic choice gives way to a fire, and only an answered one to a new arrival.
export function choose(before, model, owed, owedBefore) {
  const now = model.alarms.get(before.key);
  const top = owed[0];
  if (!now) return { key: top?.key ?? null, auto: true };
  if (!top || top.key === before.key) return before;
  const arrived = owed.some((a) => !owedBefore.has(a.key));
  const giveWay = isOwed(now)
    ? before.auto && isRealFire(top) && !isRealFire(now)
    : arrived;
  return giveWay ? { key: top.key, auto: true } : before;
}

// Sounders first: a siren that is dead is worse than a lamp.
export function failedOutputs(model) {
  const order = ["sounder", "lamp", "heartbeat"];
  return model.outputs.filter((o) => o.state === "failed")
    .sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role));
}

// What keeps "normal" from being said: keys of the catalogue under ui.not_normal, with
// their parameters. Empty means that all points are watched and none is in alarm.
export function notNormal(model) {
  const h = model.health;
  const lost = model.devices.filter((d) => d.lost);
  const reasons = [];
  if (model.alarms.size > 0) reasons.push(["open", { n: model.alarms.size }]);
  if (lost.length > 0) reasons.push(["devices", { n: lost.length }]);
  if (model.hosts.lost > 0) reasons.push(["hosts", { n: model.hosts.lost }]);
  const dead = failedOutputs(model).length;
  if (dead > 0) reasons.push(["outputs", { n: dead }]);
  if (h.points_unknown > 0) reasons.push(["unknown", { n: h.points_unknown }]);
  if (h.store !== "ok") reasons.push(["store", {}]);
  if (h.last_good_configuration) reasons.push(["configuration", {}]);
  return reasons;
}

// The age of the stalest device that counts as heard, in ms; null when there is none.
export function stalestMs(model, now) {
  const heard = model.devices.filter((d) => !d.lost && d.last_heard);
  if (heard.length === 0) return null;
  return Math.max(...heard.map((d) => Math.max(0, now - Date.parse(d.last_heard))));
}
