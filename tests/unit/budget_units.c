// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See budget_units.h. Registers hold 0; those of the watched point hold FIRE_WORD while
// its contact is closed, and a summary of kind revision counts its changes. Test code
// only.
#include "budget_units.h"

#include <string.h>

#include "test.h"

enum {
	ALIVE_WORD = 1,
};

int64_t
rig_now(const struct rig *r)
{
	return loop_now_ms(r->host.loop);
}

// ---- registers -------------------------------------------------------------------

bool
units_closed(const struct rig *r)
{
	if (r->closed_ms == 0 || r->asked_ms < r->closed_ms)
		return false;
	return r->e->pulse_ms == 0 || r->asked_ms < r->closed_ms + r->e->pulse_ms;
}

const struct profile_summary *
units_summary(const struct rig *r)
{
	const struct profile *p = r->site->devices[r->point->device].profile;

	return r->summary < 0 ? NULL : &p->dialogs->summaries[r->summary];
}

// One change is behind a revision when the contact closed, another when it opened.
static uint16_t
revision_of(struct rig *r)
{
	if (r->closed_ms == 0 || r->asked_ms < r->closed_ms)
		return 0;
	return units_closed(r) ? 1 : 2;
}

// The record that the queue of a device shows: its number, then what it is of. All
// zeros: none is left.
static uint16_t
record_at(struct rig *r, uint16_t device, uint32_t word)
{
	bool any = rig_now(r) >= r->quiet_until_ms && r->record[device] < r->e->records;

	return any && word == 0 ? r->record[device] + 1 : 0;
}

static bool
is_queue(const struct device *d, enum area area, uint32_t address, uint32_t *word)
{
	const struct profile_dialogs *g = d->profile->dialogs;
	const struct profile_queue *q = g != NULL ? g->queue : NULL;

	if (q == NULL || q->area != area || address < q->address ||
	    address >= (uint32_t)q->address + q->registers)
		return false;
	*word = address - q->address;
	return true;
}

void
units_take(struct rig *r, uint16_t device, const uint8_t *q)
{
	const struct profile_dialogs *g = r->site->devices[device].profile->dialogs;

	if (q[1] == 5)
		r->coils[device] = q[4] != 0 ? 0xFF : 0;
	if (q[1] == 6 && g != NULL && g->queue != NULL &&
	    (q[2] << 8 | q[3]) == g->writes[g->queue->acknowledge].address)
		r->record[device] = (uint16_t)(q[4] << 8 | q[5]);
}

static uint16_t
word_at(struct rig *r, uint16_t device, enum area area, uint32_t address)
{
	const struct device *d = &r->site->devices[device];
	const struct profile_dialogs *g = d->profile->dialogs;
	const struct profile_summary *s = units_summary(r);
	uint32_t word;

	for (uint8_t i = 0; g != NULL && i < g->n_alive; i++)
		if (g->alive[i].area == area && g->alive[i].address == address)
			return ALIVE_WORD;
	if (is_queue(d, area, address, &word))
		return record_at(r, device, word);
	if (device != r->point->device)
		return 0;
	if (s != NULL && s->area == area && s->address == address)
		return revision_of(r);
	if (r->selector != NULL)
		return address == r->selector->address ? (uint16_t)r->selected_word : 0;
	if (d->profile->items[r->point->item].area == area && address >= r->low &&
	    address <= r->high)
		return units_closed(r) ? FIRE_WORD : 0;
	return 0;
}

// ---- answers ---------------------------------------------------------------------

static size_t
finish(struct rig *r, uint8_t *out, size_t n)
{
	if (r->bus.transport->framing == PDU_MBAP) {
		out[4] = (uint8_t)((n - 6) >> 8);
		out[5] = (uint8_t)(n - 6);
		return n;
	}
	uint16_t crc = pdu_crc(out, n);
	out[n++] = (uint8_t)crc;
	out[n++] = (uint8_t)(crc >> 8);
	return n;
}

size_t
units_answer(struct rig *r, uint16_t device, const uint8_t *frame, uint8_t *out)
{
	static const enum area areas[] = { AREA_COIL, AREA_COIL, AREA_DISCRETE,
		AREA_HOLDING, AREA_INPUT };
	size_t at = r->bus.transport->framing == PDU_MBAP ? 6 : 0, n = at + 2;
	const uint8_t *q = frame + at;
	uint16_t address = (uint16_t)(q[2] << 8 | q[3]);
	uint16_t count = (uint16_t)(q[4] << 8 | q[5]);

	memcpy(out, frame, at + 6);
	if (q[1] > 4)
		return finish(r, out, at + 6); // the echo of a write
	if (q[1] <= 2) {
		out[n++] = (uint8_t)((count + 7) / 8);
		for (uint16_t i = 0; i < count; i += 8)
			out[n++] = r->coils[device];
		return finish(r, out, n);
	}
	out[n++] = (uint8_t)(count * 2);
	for (uint16_t i = 0; i < count; i++) {
		uint16_t v = word_at(r, device, areas[q[1]], (uint32_t)address + i);
		out[n++] = (uint8_t)(v >> 8);
		out[n++] = (uint8_t)v;
	}
	return finish(r, out, n);
}
