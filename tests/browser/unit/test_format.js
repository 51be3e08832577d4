// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Times in the site's zone and values in the units of its gauges.
import * as f from "/format.js";
import { themeOfHour } from "/theme.js";
import { loadTexts } from "/text.js";
import { equal, test } from "./harness.js";

const AT = Date.parse("2026-01-02T19:04:05.678Z"); // 03:04 on the 3rd in Shanghai

test("times are the site's, whatever the browser's zone is", () => {
  f.setZone("Asia/Shanghai");
  equal(f.exactOf(AT), "2026-01-03 03:04:05.678");
  equal(f.hourOf(AT), 3);
  f.setZone("UTC");
  equal(f.exactOf(AT), "2026-01-02 19:04:05.678");
});

test("a time of another day carries its date", () => {
  f.setZone("Asia/Shanghai");
  equal(f.timeOf(AT, AT + 60_000), "03:04:05");
  equal(f.timeOf(AT, AT + 86_400_000), "01-03 03:04:05");
});

test("pressure is kept in kPa and read in MPa", () => {
  equal(f.valueOf(712, "kPa"), { number: "0.712", unit: "MPa" });
  equal(f.valueOf(3.25, "m"), { number: "3.25", unit: "m" });
});

test("I6 no value is a dash, and zero is a value", () => {
  equal(f.valueOf(null, "kPa").number, "—");
  equal(f.valueOf(0, "kPa").number, "0.000");
});

test("elapsed time names its units", async () => {
  await loadTexts();
  equal(f.elapsedOf(42_000), "42 秒");
  equal(f.elapsedOf(133_000), "2 分 13 秒");
  equal(f.elapsedOf(3_900_000), "1 小时 5 分");
  equal(f.elapsedOf(183_600_000), "2 天 3 小时");
  equal(f.elapsedOf(-5), "0 秒");
});

test("an unknown code shows itself", async () => {
  await loadTexts();
  equal(f.codeOf("vendor/0x17"), "vendor/0x17");
});

test("a panic button says that it is one, and a forced door what it is", async () => {
  await loadTexts();
  equal(f.whatOf({ condition: "security", code: null, kind: "panic" }), "技防报警 · 紧急按钮");
  equal(f.whatOf({ condition: "security", code: "forced", kind: "door" }), "技防报警 · 强行开门");
  equal(f.whatOf({ condition: "fault", code: null, kind: "panic" }), "故障");
});

test("night is from 19 to 7", () => {
  equal([3, 6, 7, 18, 19, 23].map(themeOfHour),
    ["night", "night", "day", "day", "night", "night"]);
});
