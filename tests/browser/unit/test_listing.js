// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A list that the stream keeps true: what was told while it was on its way is the newer;
// and how far a patrol's round is.
import { Listing } from "/listing.js";
import { progress, stands } from "/rounds.js";
import { equal, test } from "./harness.js";

// A fetch that is answered when the test says so.
function held() {
  let answer;
  const fetch = () => new Promise((resolve, reject) => { answer = { resolve, reject }; });
  return { fetch, get answer() { return answer; } };
}

const at = (id, n) => ({ id, n });

test("an item takes the place of the one with its id, a foreign one is nothing", async () => {
  const list = new Listing(async () => [at("a", 1), at("b", 1)]);
  equal(await list.ask(), true);
  equal(list.take(at("b", 2)), true);
  equal(list.take(at("c", 2)), false);
  equal(list.items, [at("a", 1), at("b", 2)]);
});

test("what the stream said while the list was on its way is the newer", async () => {
  const source = held();
  const list = new Listing(source.fetch);
  const asked = list.ask();
  equal(list.take(at("a", 2)), false); // not in the list yet
  source.answer.resolve([at("a", 1), at("b", 1)]);
  equal(await asked, true);
  equal(list.items, [at("a", 2), at("b", 1)]);
});

test("an answer that was overtaken by a newer question is dropped", async () => {
  const first = held();
  let fetch = first.fetch;
  const list = new Listing(() => fetch());
  const old = list.ask();
  fetch = async () => [at("a", 2)];
  equal(await list.ask(), true);
  first.answer.resolve([at("a", 1)]);
  equal(await old, false);
  equal(list.items, [at("a", 2)]);
});

test("a list that cannot be had leaves what was known", async () => {
  const source = held();
  const list = new Listing(source.fetch);
  list.items = [at("a", 1)];
  const asked = list.ask();
  source.answer.reject(new Error("gone"));
  equal(await asked, false);
  equal(list.items, [at("a", 1)]);
});

const stop = (point, result, to) => ({ point, result, from: "2026-01-01T00:00:00Z", to });

test("of a round: what was visited, what is not in order, and what closes next", () => {
  const stops = [stop("a", "late", "2026-01-01T00:10:00Z"), stop("b", "skipped", "2026-01-01T00:40:00Z"),
    stop("c", "waits", "2026-01-01T00:30:00Z"), stop("d", "missed", "2026-01-01T00:05:00Z")];
  const { done, all, bad, next } = progress({ runs: true, stops });
  equal([done, all, bad, next.point], [1, 4, 2, "c"]);
  equal(progress({ runs: false, stops }).next, null);
});

test("a fire door stands where it should", () => {
  equal(stands({ fire_door: { state: "open", normally: "open" } }), true);
  equal(stands({ fire_door: { state: "unknown", normally: "closed" } }), false);
});
