// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A list that is asked for once and kept true by the stream: each item that the stream tells
// takes the place of what has the same id, and one that came while the list was on its way
// is the newer. Pure but for what it is given to ask with.

export class Listing {
  items = [];
  #told = null; // what the stream said since the list was asked for; null = it was not

  // fetch() resolves to the whole list.
  constructor(fetch) {
    this.fetch = fetch;
  }

  // True where the list is new; false where it could not be had, or was asked for anew
  // meanwhile.
  async ask() {
    const told = new Map();
    this.#told = told;
    try {
      const items = await this.fetch();
      if (this.#told !== told) return false;
      this.items = items.map((x) => told.get(x.id) ?? x);
      return true;
    } catch {
      return false; // the bar over the page says that the link is lost
    } finally {
      if (this.#told === told) this.#told = null;
    }
  }

  // True where the item is one of the list.
  take(item) {
    this.#told?.set(item.id, item);
    const i = this.items.findIndex((x) => x.id === item.id);
    if (i >= 0) this.items[i] = item;
    return i >= 0;
  }
}
