// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Signed reports as rows: writing, and the check of what is written. Inside store/
// only. The writer thread, or a tool.
#ifndef STORE_REVISION_IMPL_H
#define STORE_REVISION_IMPL_H

#include "store/append.h"
#include "store/revision.h"

// Columns that are signed, in the order in which they are, behind the text
// "watchroom-report".
#define REVISION_SIGNED                                                            \
  "report, day, revision, from_utc_ms, to_utc_ms, as_of_seq, as_of_verdict, "      \
  "as_of_missed, unclassified, reason, note, who, name_zh, name_en, role, epoch, " \
  "seq, hash, time_utc_ms, data_sha256, document_sha256"
#define REVISION_COLUMNS REVISION_SIGNED ", public_key, signature, document"
enum {
	REVISION_SIGNED_CELLS = 21
};

extern const char revision_sql[], revision_last_sql[];

// Gives the revision its number, and its event the parameters that go with it. In the
// open transaction, before the event. An SQLite code.
int revision_number(struct append *a, struct revision *r, struct event *e);
// Signs what the event said and adds the row, with an anchor of the event. After it.
int revision_seal(struct append *a, struct revision *r, const struct event *e);

// SHA-256, hex digits.
void revision_sha256(const void *data, size_t len, char out[static REVISION_SHA256]);

// Every signed report: its signature, its bytes, its event. `signs` is how many events
// report.sign the chain has. On the first that is not sound fills *out.
void revision_check(
    sqlite3 *db, const char *trusted, int64_t signs, struct verify_result *out);

#endif
