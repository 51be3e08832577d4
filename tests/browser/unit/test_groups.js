// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Many units of a gateway are counted, and what is unusual among them is named.
import { foldReadings, groupDevices } from "/groups.js";
import { equal, test } from "./harness.js";

const unit = (n, more = {}) => ({ id: `u${n}`, bus: "riser", lost: false, ...more });
const units = (n, more) => Array.from({ length: n }, (_, i) => unit(i + 1, more));
const ids = (list) => list.map((d) => d.id);

test("32 units of one bus are one group, a panel on its own is named", () => {
  const { named, groups } = groupDevices([{ id: "fap1", bus: "lan", lost: false }, ...units(32)]);
  equal(ids(named), ["fap1"]);
  equal(groups.map((g) => [g.bus, g.all, g.lost, g.members.length]), [["riser", 32, false, 32]]);
});

test("each lost unit of a group is named, and first", () => {
  const list = [{ id: "fap1", bus: "lan", lost: false }, ...units(32)];
  list[5].lost = list[9].lost = true;
  const { named, groups } = groupDevices(list);
  equal(ids(named), ["u5", "u9", "fap1"]);
  equal([groups[0].all, groups[0].members.length], [32, 30]);
});

test("a doubtful register map and an accepted budget stay by name", () => {
  const list = units(8);
  list[0].maturity = "inferred";
  list[1].accepted_budget = { limit_ms: 14000, reason: "slow" };
  equal(ids(groupDevices(list).named), ["u1", "u2"]);
});

test("units that are all of a doubtful register map are one group, which says so", () => {
  const list = units(32, { maturity: "inferred" });
  const { named, groups } = groupDevices(list);
  equal([named.length, groups[0].guess, groups[0].members.length], [0, "all", 32]);
  equal(groupDevices(units(8)).groups[0].guess, null);
});

test("a device of which some points are a guess is named, or they all are and the group says so", () => {
  const list = units(8);
  list[3].inferred_points = 2;
  const { named, groups } = groupDevices(list);
  equal([ids(named), groups[0].guess], [["u4"], null]);
  const all = groupDevices(units(8, { inferred_points: 1 }));
  equal([all.named.length, all.groups[0].guess], [0, "some"]);
});

test("a bus that is gone with all its units is one thing", () => {
  const { named, groups } = groupDevices(units(32, { lost: true }));
  equal([named.length, groups[0].lost, groups[0].members.length], [0, true, 32]);
});

test("a few devices of one bus are named", () => {
  const { named, groups } = groupDevices(units(5));
  equal([named.length, groups.length], [5, 0]);
});

const gauges = (n) => Array.from({ length: n }, (_, i) => ({ point: `p${i}`, daily_log: false }));
const points = (list) => list.map((r) => r.point);

test("a dozen gauges are all shown", () => {
  equal(foldReadings(gauges(12), new Set()).folded, []);
});

test("of many gauges those on the sheet and those in alarm are shown", () => {
  const all = gauges(36);
  all[0].daily_log = true;
  delete all[1].daily_log; // a daemon that does not say keeps it on the sheet
  const { shown, folded } = foldReadings(all, new Set(["p7", "p35"]));
  equal(points(shown), ["p0", "p1", "p7", "p35"]);
  equal(folded.length, 32);
});
