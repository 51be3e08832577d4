// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Silence stops the present sound and nothing else.
import { SilenceBook, pattern } from "/silence.js";
import { equal, test } from "./harness.js";

const fire = (n, more = {}) => ({ occurrence: `7-${n}`, class: "fire", test: false, ...more });
const fault = (n) => ({ occurrence: `7-${n}`, class: "fault", test: false });
const names = (list) => list.map((a) => a.occurrence);

test("what is silenced is quiet, what comes after is not", () => {
  const book = new SilenceBook();
  const first = fire(1);
  book.press([first], 0);
  equal(names(book.audible([first], 10, true)), []);
  equal(names(book.audible([first, fault(2)], 20, true)), ["7-2"]);
});

test("a new occurrence of the same alarm sounds again", () => {
  const book = new SilenceBook();
  book.press([fire(1)], 0);
  book.audible([fire(1)], 1, true);
  equal(names(book.audible([fire(2)], 2, true)), ["7-2"]);
});

test("the daemon's silence, from another desk, silences here", () => {
  const book = new SilenceBook();
  book.daemon(true, [fire(1)], 0);
  equal(book.audible([fire(1)], 1, true), []);
});

test("when the daemon's silence ends everything unacknowledged sounds again", () => {
  const book = new SilenceBook();
  book.daemon(true, [fire(1)], 0);
  book.daemon(false, [fire(1)], 60_000);
  equal(names(book.audible([fire(1)], 60_001, true)), ["7-1"]);
});

test("a health item from before our press does not undo it", () => {
  const book = new SilenceBook();
  book.daemon(false, [fire(1)], 0);
  book.press([fire(1)], 10);
  book.daemon(false, [fire(1)], 20);
  equal(book.audible([fire(1)], 30, true), []);
});

test("without a link a silenced fire sounds again after 60 s, a fault does not", () => {
  const book = new SilenceBook();
  const both = [fire(1), fault(2)];
  book.press(both, 0);
  equal(book.audible(both, 59_999, false), []);
  equal(names(book.audible(both, 60_000, false)), ["7-1"]);
});

test("patterns: fire before warning before fault before test", () => {
  const supervisory = { occurrence: "s", class: "supervisory", test: false };
  const drill = fire(9, { test: true });
  equal(pattern([fault(1), supervisory, drill, fire(2)]), "fire");
  equal(pattern([fault(1), supervisory, drill]), "warning");
  equal(pattern([fault(1), drill]), "fault");
  equal(pattern([drill]), "test");
  equal(pattern([]), null);
});
