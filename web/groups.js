// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What may be counted instead of being shown one by one: the many units of one bus
// while they are well, or all gone with it, and the many gauges that are kept on no sheet
// and have no alarm. A lost device and an alarm always have their own name. Pure.

const GROUP_FROM = 6; // devices of one bus
const TILES = 12;

// How far the register map of a device is a guess: "all", "some" or null.
export function guessOf(d) {
  if (d.maturity === "inferred") return "all";
  return d.inferred_points > 0 ? "some" : null;
}

// Devices to show by name, the lost first, and groups {bus, all, lost, guess, members}.
export function groupDevices(devices) {
  const byBus = new Map();
  for (const d of devices) byBus.set(d.bus, [...(byBus.get(d.bus) ?? []), d]);
  const named = [], groups = [];
  for (const [bus, all] of byBus) {
    const gone = all.every((d) => d.lost);
    const same = all.every((d) => guessOf(d) === guessOf(all[0]));
    const guess = same ? guessOf(all[0]) : null; // then the group says so
    const isPlain = (d) => !d.lost && !d.accepted_budget && guessOf(d) === guess;
    const members = gone ? all : all.filter(isPlain);
    if (all.length < GROUP_FROM || members.length < 2) {
      named.push(...all);
      continue;
    }
    named.push(...all.filter((d) => !members.includes(d)));
    groups.push({ bus, all: all.length, lost: gone, guess, members });
  }
  const lostFirst = (a, b) => Number(b.lost) - Number(a.lost);
  return { named: named.sort(lostFirst), groups: groups.sort(lostFirst) };
}

// Gauges to show, and those that are only counted. `alarmed` holds points.
export function foldReadings(readings, alarmed) {
  if (readings.length <= TILES) return { shown: readings, folded: [] };
  const kept = (r) => r.daily_log !== false || alarmed.has(r.point);
  return { shown: readings.filter(kept), folded: readings.filter((r) => !kept(r)) };
}
