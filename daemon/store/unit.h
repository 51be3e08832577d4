// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Inside of a unit of work (store.h has its public verbs). A unit belongs to the loop,
// then to the writer, then to the loop again; whoever has it may touch it.
#ifndef STORE_UNIT_H
#define STORE_UNIT_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/query.h"
#include "store/store.h"
#include "store/writer.h"

struct rows {
	size_t n, size;
	void *data;
};

// What the writer is to delete: up to `most` events before before_utc_ms, or where that
// is 0 before the end of the oldest event's month; in no case at or after limit_utc_ms.
struct cut_order {
	int64_t limit_utc_ms, before_utc_ms;
	unsigned most; // 0 = nothing
};

struct cut_done {
	int64_t before_utc_ms, last_seq, events;
	bool more; // there may be more before before_utc_ms
};

struct unit {
	struct work work; // first: the writer knows only this
	struct rows events, alarms, notices, metas, flags;
	char config_rev[17];
	int64_t submitted_ms; // monotonic, by the loop's clock
	int64_t real_ms;      // the same by db_now_ms, whatever the loop's clock is
	void (*done)(void *arg, const struct unit *u, bool durable);
	void *arg;
	int64_t upkeep_utc_ms;
	// Wanted after what else it has, then what became of it; NULL = none. Owned.
	// Not in here: a storm makes hundreds of thousands of units wait in memory.
	struct store_anchor *anchor;
	struct revision
	    *revision; // of the report.sign among the events, or NULL; owned
	struct cut_order order;
	struct cut_done cut;
	TAILQ_ENTRY(unit) queue; // of the loop-side queue
	uint64_t place;          // in line (order.h)
	uint32_t keys;
	bool pulled, urgent;
	uint8_t *packed; // non-NULL while the rows are packed away
	size_t packed_len;
};

// Asks for an anchor, signed as of this moment.
void unit_want_anchor(struct unit *u, int64_t utc_ms);

// Rows of all kinds; what a transaction is measured by.
size_t unit_rows(const struct unit *u);

static inline const struct event *
unit_event_at(const struct unit *u, size_t i)
{
	return &((const struct event *)u->events.data)[i];
}

// Packs the rows into few bytes, for a unit that must wait long; and back.
void unit_pack(struct unit *u);
void unit_unpack(struct unit *u);

// Fire, acknowledge and system events: these keep room of their own when the disk is
// away for long.
bool unit_event_reserved(const struct event *e);

// Something of it is urgent.
bool unit_urgent(const struct unit *u);

#endif
