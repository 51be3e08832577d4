// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Devices with dialogs (event queues, summaries, selectors, signs of life, gateways)
// before a panel that holds whatever the input says: the first byte chooses the panel,
// then come orders: registers, records of the queue, exceptions, silence, writes
// without effect, a journal that is slow or full, and time. A good sample has a finite
// value and room for its codes, and no record is acknowledged that is not stored (I8).
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dialog_rig.h"
#include "lib/cursor.h"
#include "lib/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	STEP_MS = 20,
	TIME_MOST_MS = 60000, // of one input
	SPAN_MOST = 64,
	IDENTITY_EACH = 4, // one input in so many begins without the identity
	NUMBERS = 65536,
};

static const struct panel {
	const char *profile, *device;
} panels[] = {
	{ "bolid-s2000-pp",
	    "poll: 1s, dialogs: {selectors: [numeric]}, points: ["
	    "{id: z1, item: zone, device: 1, kind: smoke, place: {en: A}},"
	    "{id: z2, item: zone-codes, device: 2, kind: smoke, place: {en: B}},"
	    "{id: z3, item: zone, device: 300, kind: smoke, place: {en: C}},"
	    "{id: r1, item: relay, device: 1, kind: module, place: {en: D}},"
	    "{id: n1, item: zone-number, device: 4, kind: number, place: {en: E}}]" },
	{ "sensepoint-xcl",
	    "poll: 1s, points: [{id: g, item: status, kind: fault-contact, place: {en: "
	    "A}}]" },
	{ "faast-schema-1",
	    "poll: 1s, points: [{id: s, item: smoke, kind: smoke, place: {en: A}}]" },
	{ "notifier-modbus-gw",
	    "poll: 1s, address_shift: 1, dialogs: {gateway: {unit: 100, node: 3}}, "
	    "points: [{id: d1, item: detector, loop: 1, device: 1, kind: smoke, place: "
	    "{en: A}}]" },
};

enum {
	PANELS = sizeof(panels) / sizeof(panels[0]),
};

// What an order does.
enum order {
	WORDS,
	RECORD,      // bytes as they come
	GOOD_RECORD, // a number, a code, a zone
	EXCEPTIONS,
	SILENCE,
	WITHOUT_EFFECT,
	JOURNAL,
	TIME,
	ORDERS
};

static struct dialog_rig rigs[PANELS];
static struct sim pristine[PANELS];
static bool stored[NUMBERS];     // numbers of records that the host has kept
static struct field_record last; // handed over; token 0 = none

static void
set_up(void)
{
	for (size_t i = 0; i < PANELS; i++) {
		const struct profile_dialogs *d;
		struct dialog_rig *r = &rigs[i];

		dialog_rig_init_panel(r, panels[i].profile, panels[i].device);
		d = r->site->devices[0].profile->dialogs;
		if (d != NULL && d->queue != NULL) {
			r->sim.queue.read_at = d->queue->address;
			r->sim.queue.acknowledge_at =
			    d->writes[d->queue->acknowledge].address;
		}
		r->sim.gateway = i == PANELS - 1 ? 100 : 0;
		pristine[i] = r->sim;
	}
}

// The same site, a panel as it was, a device that knows nothing.
static void
renew(struct dialog_rig *r, const struct sim *sim)
{
	if (r->started)
		device_free(&r->device);
	r->started = false;
	r->sim = *sim;
	r->lost = -1;
	r->record_answer = RECORD_STORED;
	r->n_samples = r->n_records = r->n_gaps = 0;
	last.token = 0;
	memset(stored, 0, sizeof(stored));
}

static void
put_words(struct cursor *c, struct sim *s)
{
	uint16_t address = cursor_u16be(c), n = cursor_u8(c) % SPAN_MOST;
	uint8_t area = cursor_u8(c);

	for (uint16_t i = 0; i < n && cursor_left(c) >= 2; i++) {
		uint16_t at = (uint16_t)(address + i), word = cursor_u16be(c);

		if (area % 4 == 0)
			s->holding[at] = word;
		else if (area % 4 == 1)
			s->input[at] = word;
		else if (area % 4 == 2)
			s->discrete[at] = word & 1;
		else
			s->gateway_input[at] = word;
	}
}

static void
put_record(struct cursor *c, struct sim_queue *q)
{
	if (q->n == SIM_RECORDS)
		return;
	for (size_t i = 0; i < SIM_RECORD_BYTES; i++)
		q->records[q->n][i] = cursor_u8(c);
	q->n++;
}

static void
put_good_record(struct cursor *c, struct dialog_rig *r)
{
	uint16_t number = cursor_u16be(c);
	uint8_t code = cursor_u8(c);

	if (r->sim.queue.n < SIM_RECORDS)
		dialog_rig_push(r, number, code, cursor_u16be(c) % 600);
}

static void
put_exceptions(struct cursor *c, struct sim *s)
{
	s->exception = cursor_u8(c);
	s->exceptions = cursor_u8(c) % 16;
	s->exception_at = cursor_u8(c) & 1 ? cursor_u16be(c) : 0;
	s->absent_from = cursor_u16be(c);
	s->absent_to = cursor_u8(c) & 1 ? cursor_u16be(c) : 0;
}

static void
set_journal(struct cursor *c, struct dialog_rig *r)
{
	uint8_t how = cursor_u8(c);

	r->record_answer = how & 1 ? RECORD_WAITS : RECORD_STORED;
	if (how < 128 || last.token == 0)
		return;
	// What was handed over last has become durable, or could not be made so.
	if (how & 2)
		stored[last.sequence % NUMBERS] = true;
	device_stored(&r->device, last.token, how & 2);
}

static void
check_sample(const struct sample *s)
{
	wr_assert(s->n_codes <= SAMPLE_CODES_MAX);
	// What a panel says of itself is codes without a value.
	if (s->quality == QUALITY_GOOD && s->kind != SAMPLE_CODE)
		wr_assert(isfinite(s->value));
}

// What the device did in one step.
static void
check(struct dialog_rig *r)
{
	const struct sim *s = &r->sim;

	for (size_t i = 0; i < r->n_samples; i++)
		check_sample(&r->samples[i]);
	for (size_t i = 0; i < r->n_records; i++) {
		last = r->records[i];
		if (r->record_answer == RECORD_STORED)
			stored[last.sequence % NUMBERS] = true;
	}
	for (unsigned i = 0; i < s->n_writes; i++)
		if (s->writes[i].address == s->queue.acknowledge_at)
			wr_assert(stored[s->writes[i].value % NUMBERS]);
	r->n_samples = r->n_gaps = r->n_records = 0;
	r->sim.n_writes = r->sim.n_orders = r->sim.n_reads = 0;
}

static void
obey(struct cursor *c, struct dialog_rig *r, int64_t *left_ms)
{
	struct sim *s = &r->sim;
	uint8_t bits;
	int64_t ms;

	switch ((enum order)(cursor_u8(c) % ORDERS)) {
	case WORDS:
		put_words(c, s);
		return;
	case RECORD:
		put_record(c, &s->queue);
		return;
	case GOOD_RECORD:
		put_good_record(c, r);
		return;
	case EXCEPTIONS:
		put_exceptions(c, s);
		return;
	case SILENCE:
		bits = cursor_u8(c);
		s->silent = bits & 1;
		s->gateway_silent = bits & 2;
		return;
	case WITHOUT_EFFECT:
		bits = cursor_u8(c);
		s->queue.deaf = bits & 1;
		s->mute_writes = bits & 2;
		return;
	case JOURNAL:
		set_journal(c, r);
		return;
	case TIME:
	case ORDERS:
		ms = STEP_MS * cursor_u8(c);
		dialog_rig_run(r, ms < *left_ms ? ms : *left_ms);
		*left_ms -= ms < *left_ms ? ms : *left_ms;
		check(r);
		return;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_new(data, size);
	int64_t left_ms = TIME_MOST_MS;
	uint8_t which;

	if (size < 2)
		return 0;
	if (rigs[0].site == NULL)
		set_up();
	which = cursor_u8(&c);
	struct dialog_rig *r = &rigs[which % PANELS];

	renew(r, &pristine[which % PANELS]);
	if (which / PANELS % IDENTITY_EACH == 0)
		memset(r->sim.input, 0, sizeof(r->sim.input));
	while (cursor_left(&c) > 0)
		obey(&c, r, &left_ms);
	dialog_rig_run(r, STEP_MS * 100);
	check(r);
	return 0;
}
