// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Event queues: a layout made of the input, as the configuration would let it pass,
// then records of the input, then the queue's rules fed with them and with stores that
// fail, devices that are lost and answers that come late. A record never holds what is
// not in it, a valid stamp is a time, and nothing is acknowledged that was not stored
// (I8).

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/dialog_queue.h"
#include "drivers/dialog_record.h"
#include "lib/cursor.h"
#include "lib/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	FIELDS = 6,
	POLL_MS = 1000,
};

static uint8_t
below(struct cursor *c, size_t n)
{
	return (uint8_t)(cursor_u8(c) % n);
}

static uint8_t
some_width(struct cursor *c, size_t most)
{
	static const uint8_t widths[] = { 1, 2, 4 };
	uint8_t w = widths[below(c, 3)];

	return w <= most ? w : 1;
}

static void
take_stamp(struct cursor *c, size_t len, struct record_stamp *s)
{
	static const char *const parts[] = { "hmsDMY", "YMDhms", "MDh", "-D-Mhms-" };
	size_t bytes;

	s->format = (enum stamp_format)below(c, STAMP_UNIX + 1);
	s->type = cursor_u8(c);
	s->utc = s->format == STAMP_UNIX;
	bytes = 4;
	if (s->format != STAMP_UNIX) {
		const char *p = parts[below(c, 4)];

		memcpy(s->parts, p, strlen(p) + 1);
		bytes = strlen(p) * (s->format == STAMP_WORDS ? 2 : 1);
	}
	if (bytes > len)
		s->format = STAMP_NONE;
	else
		s->at = (uint8_t)(len - bytes);
}

static void
take_layout(
    struct cursor *c, struct profile_queue *q, struct profile_record_field *fields)
{
	size_t len;

	q->registers = (uint16_t)(1 + below(c, RECORD_REGISTERS_MAX));
	len = 2U * q->registers;
	q->layout = (enum record_layout)below(c, 2);
	q->empty_bytes = (uint8_t)(1 + below(c, len));
	q->sequence_bytes = below(c, 4) ? some_width(c, len) : 0;
	q->sequence_at = below(c, len - q->sequence_bytes + 1);
	q->first = below(c, 3);
	q->last = q->sequence_bytes == 1 ? 255 : 65535;
	q->code_bytes = (uint8_t)(1 + below(c, 2));
	q->code_at = below(c, len - q->code_bytes + 1);
	q->length_at = below(c, len);
	q->fields_at = below(c, len);
	q->n_fields = below(c, FIELDS + 1);
	for (uint8_t i = 0; i < q->n_fields; i++) {
		fields[i].field = (enum record_field)i;
		fields[i].type = cursor_u8(c);
		fields[i].bytes = some_width(c, len);
		fields[i].at = below(c, len - fields[i].bytes + 1);
	}
	q->fields = fields;
	take_stamp(c, len, &q->stamp);
	q->acknowledge = q->sequence_bytes > 0 && below(c, 3) ? 0 : -1;
}

static bool
holds(const uint8_t *data, size_t len, uint32_t value)
{
	for (size_t width = 1; width <= 4; width++)
		for (size_t at = 0; at + width <= len; at++) {
			uint32_t v = 0;

			for (size_t i = 0; i < width; i++)
				v = v << 8 | data[at + i];
			if (v == value)
				return true;
		}
	return false;
}

static void
check_time(const struct record_time *t, const struct record_stamp *s)
{
	wr_assert(!t->given || s->format != STAMP_NONE);
	wr_assert(!t->valid || t->given);
	if (!t->valid || s->format == STAMP_UNIX)
		return;
	wr_assert(t->month >= 1 && t->month <= 12 && t->day >= 1 && t->day <= 31);
	wr_assert(t->hour < 24 && t->minute < 60 && t->second < 60);
}

static void
check_record(const struct profile_queue *q, const uint8_t *data,
    const struct field_record *r, enum record_verdict v)
{
	size_t len = 2U * q->registers;
	bool zero = true;

	for (uint8_t i = 0; i < q->empty_bytes; i++)
		zero = zero && data[i] == 0;
	wr_assert(zero == (v == RECORD_EMPTY));
	if (v == RECORD_EMPTY)
		return;
	wr_assert(r->n_bytes <= len && memcmp(r->bytes, data, r->n_bytes) == 0);
	wr_assert(r->n_values <= RECORD_FIELD_COUNT);
	for (uint8_t i = 0; i < r->n_values; i++) {
		wr_assert(r->values[i].field < q->n_fields);
		wr_assert(holds(data, len, r->values[i].value));
	}
	check_time(&r->time, &q->stamp);
}

// The record whose bytes the store has, by the words of this test and not of the rules.
struct kept {
	bool stored;
	uint8_t n;
	uint8_t bytes[RECORD_BYTES_MAX];
};

static void
check_state(const struct dialog_queue *q, const struct kept *k)
{
	if (q->state != QUEUE_ACKNOWLEDGING)
		return;
	wr_assert(k->stored && q->last.n_bytes == k->n);
	wr_assert(memcmp(q->last.bytes, k->bytes, k->n) == 0);
}

static void
offer(struct dialog_queue *q, const struct profile_queue *def,
    const struct field_record *r, struct kept *k, int64_t now)
{
	struct record_gap gap;
	enum queue_outcome o = dialog_queue_take(q, def, r, POLL_MS, now, &gap);

	wr_assert(gap.reason <= GAP_REASON_COUNT);
	wr_assert((o == QUEUE_NOTHING) == (r == NULL));
	if (o == QUEUE_NEW) {
		k->stored = false;
		k->n = r->n_bytes;
		memcpy(k->bytes, r->bytes, r->n_bytes);
	}
	if (o == QUEUE_NEW || o == QUEUE_OFFER)
		wr_assert(q->state == QUEUE_STORING && !k->stored);
	if (o == QUEUE_REPEAT)
		wr_assert(k->stored);
}

static void
turn(struct cursor *c, struct dialog_queue *q, const struct profile_queue *def,
    struct kept *k, int64_t now)
{
	bool durable = cursor_u8(c) & 1;

	switch (below(c, 6)) {
	case 0:
		dialog_queue_lost(q, now);
		return;
	case 1: // an answer for an older reading
		dialog_queue_stored(q, def, q->token - 1, true, now);
		return;
	case 2:
		if (q->state == QUEUE_STORING)
			k->stored = durable;
		dialog_queue_stored(q, def, q->token, durable, now);
		return;
	case 3:
		if (q->state == QUEUE_ACKNOWLEDGING)
			dialog_queue_acknowledged(q, now);
		return;
	case 4:
		if (q->state == QUEUE_ACKNOWLEDGING)
			dialog_queue_refused(q, now);
		return;
	default:
		if (q->state == QUEUE_ACKNOWLEDGING)
			dialog_queue_unanswered(q, now);
		return;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_new(data, size);
	struct profile_record_field fields[FIELDS] = { 0 };
	struct profile_queue def = { 0 };
	struct dialog_queue q;
	struct kept kept = { 0 };
	size_t len;
	int64_t now = 0;

	take_layout(&c, &def, fields);
	len = 2U * def.registers;
	dialog_queue_start(&q, NULL, now);
	while (cursor_left(&c) > 0) {
		uint8_t *record = xcalloc(1, len); // of exactly its size
		size_t n = cursor_left(&c) < len ? cursor_left(&c) : len;
		struct field_record r;
		enum record_verdict v;

		memcpy(record, cursor_take(&c, n), n);
		v = record_decode(&def, record, &r);
		check_record(&def, record, &r, v);
		if (q.state == QUEUE_READING)
			offer(&q, &def, v == RECORD_EMPTY ? NULL : &r, &kept, now);
		check_state(&q, &kept);
		for (int i = below(&c, 4); i > 0; i--) {
			turn(&c, &q, &def, &kept, ++now);
			check_state(&q, &kept);
		}
		free(record);
	}
	return 0;
}
