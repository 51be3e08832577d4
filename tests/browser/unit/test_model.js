// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The page's model: what the stream says is what it knows, in the order a person needs.
import * as m from "/model.js";
import { equal, test } from "./harness.js";

let counter = 0;

function alarm(point, more = {}) {
  counter += 1;
  const condition = more.condition ?? "fire";
  return {
    occurrence: `7-${counter}`, incident: `7-${counter}`, point, condition, code: null,
    place: { zh: point, en: point }, class: condition, state: "unacknowledged", cause: null,
    flags: [], test: false, hidden: false, sounds: true, first_out: false, quality: "good",
    unknown_since: null, raised: "2026-01-02T03:04:05.000Z", acknowledged: null,
    acknowledged_by: null, occurrences: 1, value: null, seq: 1, inferred: false, ...more,
  };
}

function snapshot(alarms, more = {}) {
  return {
    id: "7-1000", time: "2026-01-02T03:04:05.000Z", session: null, desk: true,
    site: { id: "s" }, counters: {}, alarms, alarms_total: alarms.length, devices: [],
    health: { store: "ok", points: 3, points_unknown: 0 }, readings: [], ...more,
  };
}

function loaded(...alarms) {
  const model = m.createModel();
  m.applySnapshot(model, snapshot(alarms), true);
  return model;
}

const points = (list) => list.map((a) => a.point);

test("order is class first, then oldest first", () => {
  const at = (s) => `2026-01-02T03:04:${s}.000Z`;
  const model = loaded(
    alarm("fault-old", { condition: "fault", raised: at("01") }),
    alarm("fire-new", { raised: at("30") }),
    alarm("supervisory", { condition: "supervisory", raised: at("02") }),
    alarm("fire-old", { raised: at("20") }),
  );
  equal(points(m.lists(model).owed), ["fire-old", "fire-new", "supervisory", "fault-old"]);
});

test("a test fire stands behind every real fire and before other classes", () => {
  const model = loaded(
    alarm("drill", { test: true, raised: "2026-01-01T00:00:00.000Z" }),
    alarm("real"),
    alarm("intruder", { condition: "security" }),
  );
  equal(points(m.lists(model).owed), ["real", "drill", "intruder"]);
});

test("equal times keep the order of their occurrence numbers", () => {
  const model = loaded(
    alarm("b", { occurrence: "7-20" }), alarm("a", { occurrence: "7-9" }));
  equal(points(m.lists(model).owed), ["a", "b"]);
});

test("returned and latched alarms are still owed an answer", () => {
  const model = loaded(
    alarm("r", { state: "returned", cause: "cleared" }),
    alarm("l", { state: "latched_unacknowledged" }),
    alarm("a", { state: "acknowledged" }),
    alarm("la", { state: "latched_acknowledged" }),
  );
  equal(points(m.lists(model).owed).sort(), ["l", "r"]);
  equal(points(m.lists(model).held).sort(), ["a", "la"]);
});

test("a hidden alarm is kept, behind those that were acknowledged", () => {
  const model = loaded(
    alarm("hidden", { hidden: true, flags: ["suppressed"] }),
    alarm("held", { state: "acknowledged", condition: "info" }),
  );
  equal(points(m.lists(model).owed), []);
  equal(points(m.lists(model).held), ["held", "hidden"]);
});

test("a new occurrence of the same alarm replaces it in place", () => {
  const model = loaded(alarm("p", { occurrence: "7-1" }));
  m.applyAlarm(model, alarm("p", { occurrence: "7-2", occurrences: 2 }), "7-1001");
  equal(model.alarms.size, 1);
  equal(m.lists(model).owed[0].occurrence, "7-2");
});

test("codes of one point are alarms of their own", () => {
  const model = loaded(
    alarm("g", { condition: "process", code: "low" }),
    alarm("g", { condition: "process", code: "low_low" }));
  equal(m.lists(model).owed.length, 2);
});

test("an alarm leaves only when it is normal", () => {
  const model = loaded(alarm("p"));
  m.applyAlarm(model, alarm("p", { state: "returned", cause: "panel_reset" }), "7-1001");
  equal(m.lists(model).owed.length, 1);
  m.applyAlarm(model, alarm("p", { state: "normal" }), "7-1002");
  equal(model.alarms.size, 0);
});

test("a snapshot removes what it no longer holds and keeps our session", () => {
  const model = loaded(alarm("gone"), alarm("stays"));
  model.session = { user: "wang" };
  m.applySnapshot(model, snapshot([alarm("stays")]), false);
  equal(points(m.lists(model).owed), ["stays"]);
  equal(model.session.user, "wang");
  m.applySnapshot(model, snapshot([]), true);
  equal(model.session, null);
});

test("a late page does not bring back what was closed since", () => {
  const model = loaded();
  m.applyAlarm(model, alarm("closed"), "7-1001");
  m.applyAlarm(model, alarm("closed", { state: "normal" }), "7-1002");
  m.applyPage(model, [alarm("closed"), alarm("other")]);
  equal(points(m.lists(model).owed), ["other"]);
});

test("a late page does not overwrite what is newer", () => {
  const model = loaded(alarm("p", { state: "acknowledged" }));
  m.applyPage(model, [alarm("p")]);
  equal(m.lists(model).owed.length, 0);
});

test("I2 an onset is unsaved until its item is durable", () => {
  const model = loaded();
  m.applyAlarm(model, alarm("p", { occurrence: "7-50", seq: null }), "7-1001");
  equal(m.lists(model).owed[0].seq, null);
  m.applyDurable(model, { n: 1001, seq: 42 }, null);
  equal(m.lists(model).owed[0].seq, 42);
});

test("I2 the journal's number of the onset also makes it durable", () => {
  const model = loaded();
  const a = alarm("p", { occurrence: "7-50", seq: null });
  const event = { n: 1000, seq: null, kind: "alarm.onset", point: "p", condition: "fire",
    code: null, occurrence: "7-50" };
  m.applyJournal(model, event, "7-1000");
  m.applyAlarm(model, a, "7-1001");
  m.applyDurable(model, { n: 1000, seq: 42 }, null);
  equal(m.lists(model).owed[0].seq, 42);
});

test("durable of an older occurrence does not mark the newer one saved", () => {
  const model = loaded();
  m.applyAlarm(model, alarm("p", { occurrence: "7-50", seq: null }), "7-1001");
  m.applyAlarm(model, alarm("p", { occurrence: "7-60", seq: null }), "7-1002");
  m.applyDurable(model, { n: 1001, seq: 42 }, null);
  equal(m.lists(model).owed[0].seq, null);
});

test("I3 an accepted answer stays unsaved until it is durable", () => {
  const model = loaded(alarm("p", { occurrence: "7-50" }));
  const key = m.keyOf(alarm("p"));
  m.noteAnswerUnsaved(model, key, "7-50");
  m.applyAlarm(model, alarm("p", { occurrence: "7-50", state: "acknowledged" }), "7-1001");
  equal(model.alarms.get(key).answerUnsaved, true);
  m.applyJournal(model, { n: 1002, seq: null, kind: "alarm.acknowledge", point: "p",
    condition: "fire", code: null, occurrence: "7-50" }, "7-1002");
  m.applyDurable(model, { n: 1002, seq: 43 }, null);
  equal(model.alarms.get(key).answerUnsaved, false);
});

test("another boot forgets what the old one still owed", () => {
  const model = loaded();
  m.applyAlarm(model, alarm("p", { seq: null }), "7-1001");
  m.applySnapshot(model, snapshot([], { id: "8-3" }), false);
  equal(model.awaiting.size, 0);
  equal([model.boot, model.lastN], ["8", 3]);
});

test("first and newest fire leave out tests and other classes", () => {
  const at = (s) => `2026-01-02T03:04:${s}.000Z`;
  const model = loaded(
    alarm("drill", { test: true, raised: at("00") }),
    alarm("second", { raised: at("20") }),
    alarm("first", { raised: at("10"), state: "acknowledged" }),
    alarm("intruder", { condition: "security", raised: at("59") }),
  );
  const { first, newest, count } = m.fires(model);
  equal([first.point, newest.point, count], ["first", "second", 2]);
});

test("an incident is counted by the alarms that are open in it", () => {
  const model = loaded(
    alarm("a", { incident: "7-1" }), alarm("b", { incident: "7-1" }),
    alarm("c", { incident: "7-9" }));
  equal([...m.incidents(model)], [["7-1", 2], ["7-9", 1]]);
});

test("nothing moves while a hand is at the list", () => {
  equal(m.arrange(["a", "b", "c"], ["new", "a", "c"], true), ["a", "b", "c", "new"]);
  equal(m.arrange(["a", "b", "c"], ["new", "a", "c"], false), ["new", "a", "c"]);
});

test("a person's selection survives a fire, an automatic one gives way", () => {
  const model = loaded(alarm("fault", { condition: "fault" }), alarm("fire"));
  const { owed } = m.lists(model);
  const [fire, fault] = owed;
  const before = new Set([fault.key]);
  const kept = { key: fault.key, auto: false };
  equal(m.choose(kept, model, owed, before), kept);
  equal(m.choose({ key: fault.key, auto: true }, model, owed, before),
    { key: fire.key, auto: true });
});

test("an automatic selection on a fire does not hop to an older fire", () => {
  const model = loaded(alarm("a"), alarm("b"));
  const { owed } = m.lists(model);
  const chosen = { key: owed[1].key, auto: true };
  equal(m.choose(chosen, model, owed, new Set()), chosen);
});

test("an answered selection stays until something new arrives", () => {
  const model = loaded(
    alarm("done", { state: "acknowledged" }), alarm("waiting", { condition: "fault" }));
  const { owed } = m.lists(model);
  const done = { key: m.keyOf(alarm("done")), auto: false };
  equal(m.choose(done, model, owed, new Set([owed[0].key])), done);
  equal(m.choose(done, model, owed, new Set()), { key: owed[0].key, auto: true });
});

test("a selection that closed goes to the top, or to none", () => {
  const model = loaded(alarm("left"));
  const { owed } = m.lists(model);
  equal(m.choose({ key: "gone", auto: false }, model, owed, new Set()),
    { key: owed[0].key, auto: true });
  equal(m.choose({ key: "gone", auto: false }, loaded(), [], new Set()),
    { key: null, auto: true });
});

test("I6 normal is never said while something is unknown", () => {
  const reasons = (more) => {
    const model = loaded();
    m.applyHealth(model, more);
    return m.notNormal(model).map(([key]) => key);
  };
  const health = { store: "ok", points: 3, points_unknown: 0 };
  equal(reasons({ health }), []);
  equal(reasons({ health: { ...health, points_unknown: 1 } }), ["unknown"]);
  equal(reasons({ health, devices: [{ lost: true }] }), ["devices"]);
  equal(reasons({ health, hosts: { all: 2, up: 1, lost: 1, unknown: 0, down: [] } }), ["hosts"]);
  equal(reasons({ health: { ...health, store: "full" } }), ["store"]);
  equal(reasons({ health: { ...health, last_good_configuration: true } }),
    ["configuration"]);
});

test("the age shown is that of the stalest device that counts as heard", () => {
  const model = loaded();
  const now = Date.parse("2026-01-02T03:04:10.000Z");
  equal(m.stalestMs(model, now), null);
  m.applyHealth(model, { devices: [
    { lost: false, last_heard: "2026-01-02T03:04:09.000Z" },
    { lost: false, last_heard: "2026-01-02T03:04:06.000Z" },
    { lost: true, last_heard: "2026-01-02T03:00:00.000Z" },
  ] });
  equal(m.stalestMs(model, now), 4000);
});

test("ids are read from the right, whatever the boot is called", () => {
  equal(m.parseId("7-1234"), { boot: "7", n: 1234 });
  equal(m.parseId("a-b-9"), { boot: "a-b", n: 9 });
  equal(m.parseId("nonsense"), null);
  equal(m.parseId(null), null);
});
