// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Runs every unit test of the pages' modules and writes the results into the document.
import "./test_format.js";
import "./test_groups.js";
import "./test_listing.js";
import "./test_model.js";
import "./test_silence.js";
import "./test_stream.js";
import { run } from "./harness.js";

const results = await run();
const list = document.getElementById("results");
for (const { name, error } of results) {
  const item = document.createElement("li");
  item.dataset.name = name;
  item.dataset.error = error ?? "";
  item.textContent = `${error ? "FAILED" : "ok"} ${name} ${error ?? ""}`;
  list.append(item);
}
document.body.dataset.done = String(results.length);
