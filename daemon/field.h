// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What the field tells beside the state of its points: records of event queues, gaps in
// them, and what was written to devices. Makes events of them; says when a record is
// durable; knows after a restart which record was the last. Runs on the loop.
#ifndef DAEMON_FIELD_H
#define DAEMON_FIELD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/record.h"
#include "core/site.h"
#include "lib/loop.h"
#include "store/store.h"
#include "work.h"

struct field;

// A record is durable, or could not be made so; on the loop.
typedef void field_stored(void *ctx, uint16_t device, uint64_t token, bool durable);

// `r` are the marks of the run before. `site` must outlive it; it must outlive `works`.
struct field *field_new(struct loop *loop, const struct site *site, struct works *works,
    const struct recovered *r);
void field_free(struct field *f); // NULL is fine

// Who is told of records; NULL = nobody any more.
void field_attach(struct field *f, field_stored *stored, void *ctx);

// A record was read. True where it is durable already: the same bytes as the newest one
// of the device. Else it becomes an event (once, however often it is read while it is
// not durable) and field_stored follows with the newest token.
bool field_record(struct field *f, const struct field_record *r);
// The newest durable record of a device. False where there is none.
bool field_mark(const struct field *f, uint16_t device, struct record_mark *out);

void field_gap(struct field *f, const struct record_gap *gap);
// Each write is an event; of heartbeats the first, each change of how it goes, and one
// with their number each hour.
void field_wrote(struct field *f, const struct field_write *w);

// Writes what is counted and not yet told; at stop.
void field_close(struct field *f);

#endif
