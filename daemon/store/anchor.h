// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Rows that sign the chain. An anchor says: at this time the journal's head was this
// row with this hash. A cut says: the rows up to this one were deleted by retention,
// and the chain goes on from its hash. docs/schema.md repeats the bytes for those who
// check without us.
#ifndef STORE_ANCHOR_H
#define STORE_ANCHOR_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/append.h"
#include "store/seal.h"

// A row of anchor or cut; what an anchor does not have is 0.
struct mark {
	int64_t before_utc_ms, events, from_utc_ms, to_utc_ms; // of a cut
	int64_t seq, time_utc_ms;
	uint8_t epoch[EPOCH_BYTES];
	uint8_t hash[CHAIN_HASH];
	uint8_t public_key[SEAL_PUBLIC];
	uint8_t signature[SEAL_SIGNATURE];
};

// Columns in the order in which mark_read takes them.
#define ANCHOR_COLUMNS "epoch, seq, hash, time_utc_ms, public_key, signature"
#define CUT_COLUMNS                                                            \
  "epoch, last_seq, hash, time_utc_ms, public_key, signature, before_utc_ms, " \
  "events, from_utc_ms, to_utc_ms"

// From columns 0.. of a row. false where a field has not the bytes it should.
bool mark_read(sqlite3_stmt *st, bool cut, struct mark *out);
bool mark_genuine(const struct mark *m, bool cut);
void mark_sign(struct mark *m, bool cut, const struct seal_key *key);

// In the open transaction: an anchor of the head as it is now. *out.seq is 0 where
// there is no key or no event. Returns an SQLite code.
int anchor_append(struct append *a, int64_t now_utc_ms, struct store_anchor *out);

// The cut with the highest seq; *out.seq is 0 where there is none, -1 where it cannot
// be read. Returns an SQLite code.
int cut_last(sqlite3 *db, struct mark *out);

// In the open transaction: deletes up to `most` of the oldest events, all before
// `before_utc_ms`, and moves the cut over them. Stops at what must stay: the onset of
// an open alarm or the first of its incident, a notice that is owed, the newest event,
// the first event at or after before_utc_ms. *out says what was deleted. An SQLite
// code.
int cut_append(struct append *a, const struct cut_order *order, int64_t now_utc_ms,
    struct cut_done *out);

#endif
