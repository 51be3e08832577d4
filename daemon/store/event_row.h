// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The columns of the table event, and the way between them and struct event. One list
// for creating, writing, reading and checking rows. Any thread.
#ifndef STORE_EVENT_ROW_H
#define STORE_EVENT_ROW_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"
#include "store/cell.h"
#include "store/chain.h"
#include "store/query.h"

// X(id, name, type, may be absent), in the order of the table and of the canonical
// bytes. The body is what struct event carries; outbox repeats it with the prefix
// subject_.
#define EVENT_COLUMNS_HEAD(X)        \
  X(SEQ, "seq", CELL_INTEGER, false) \
  X(EPOCH, "epoch", CELL_BYTES, false)

#define EVENT_COLUMNS_BODY_A(X)               \
  X(TIME, "time_utc_ms", CELL_INTEGER, false) \
  X(MONO, "mono_ms", CELL_INTEGER, false)

#define EVENT_COLUMNS_BOOT(X) X(BOOT, "boot_id", CELL_BYTES, false)

#define EVENT_COLUMNS_BODY_B(X)                          \
  X(CLOCK, "clock_quality", CELL_TEXT, false)            \
  X(KIND, "kind", CELL_TEXT, false)                      \
  X(POINT, "point", CELL_TEXT, true)                     \
  X(PLACE_ZH, "place_zh", CELL_TEXT, true)               \
  X(PLACE_EN, "place_en", CELL_TEXT, true)               \
  X(CONDITION, "condition", CELL_TEXT, true)             \
  X(CODE, "code", CELL_TEXT, true)                       \
  X(OCCURRENCE, "occurrence_id", CELL_TEXT, true)        \
  X(INCIDENT, "incident_id", CELL_TEXT, true)            \
  X(CLASS, "class", CELL_TEXT, true)                     \
  X(ACTOR, "actor", CELL_TEXT, true)                     \
  X(VALUE, "value", CELL_REAL, true)                     \
  X(QUALITY, "quality", CELL_TEXT, true)                 \
  X(PARAMS, "params", CELL_TEXT, true)                   \
  X(NOT_BEFORE, "not_before_utc_ms", CELL_INTEGER, true) \
  X(DEVICE_TIME, "device_time", CELL_INTEGER, true)      \
  X(CAUSE, "cause_seq", CELL_INTEGER, true)

#define EVENT_COLUMNS_TAIL(X)                  \
  X(CONFIG_REV, "config_rev", CELL_TEXT, true) \
  X(PREV_HASH, "prev_hash", CELL_BYTES, false) \
  X(HASH, "hash", CELL_BYTES, false)

#define EVENT_COLUMNS(X)  \
  EVENT_COLUMNS_HEAD(X)   \
  EVENT_COLUMNS_BODY_A(X) \
  EVENT_COLUMNS_BOOT(X)   \
  EVENT_COLUMNS_BODY_B(X) \
  EVENT_COLUMNS_TAIL(X)

enum event_column {
#define X(id, name, type, absent) COL_##id,
	EVENT_COLUMNS(X)
#undef X
	COL_COUNT,
};

enum {
	EPOCH_BYTES = 16,
	BOOT_BYTES = 16
};

// What the row has beyond the event itself.
struct event_frame {
	int64_t seq;
	uint8_t epoch[EPOCH_BYTES];
	uint8_t boot_id[BOOT_BYTES];
	char config_rev[17];
	uint8_t prev_hash[CHAIN_HASH];
	uint8_t hash[CHAIN_HASH]; // filled by event_row_cells
};

// "seq, epoch, ... hash", and "?1, ?2, ..." for as many.
extern const char event_row_names[];
extern const char event_row_parameters[];

// Fills the cells of the body, and leaves the others.
void event_body_cells(const struct event *e, struct cell cells[static COL_COUNT]);
// Reads the body back; seq stays 0. false where a name is not known to this program.
bool event_body_read(const struct cell cells[static COL_COUNT], struct event *out);

// Fills COL_COUNT cells and f->hash. The cells borrow from `e` and `f`.
void event_row_cells(
    const struct event *e, struct event_frame *f, struct cell cells[static COL_COUNT]);

// The cells of a row that selected event_row_names from column `first` on.
void event_row_columns(
    sqlite3_stmt *st, int first, struct cell cells[static COL_COUNT]);

// NULL where the types are as the table says and hash and canonical bytes agree, else
// the code of what is wrong: "type" or "hash".
const char *event_row_check(const struct cell cells[static COL_COUNT]);

// Reads a row back. false where a name is not known to this program.
bool event_row_read(
    const struct cell cells[static COL_COUNT], struct stored_event *out);

// Whether the event belongs to a test: its params say "test":true.
bool event_row_test(const struct event *e);

const char *clock_quality_name(enum clock_quality q);

#endif
