// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A handful of lines in place of a test framework: tests are collected, run in order,
// and each result is one list item the browser test reads.

export const tests = [];

export const test = (name, body) => tests.push({ name, body });

const text = (value) => JSON.stringify(value, (_, v) =>
  (v instanceof Map ? [...v] : v instanceof Set ? [...v] : v));

export function equal(got, wanted) {
  if (text(got) !== text(wanted)) {
    throw new Error(`got ${text(got)}, wanted ${text(wanted)}`);
  }
}

export async function run() {
  const results = [];
  for (const { name, body } of tests) {
    try {
      await body();
      results.push({ name, error: null });
    } catch (error) {
      results.push({ name, error: String(error.stack ?? error) });
    }
  }
  return results;
}
