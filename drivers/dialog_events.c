// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The event queue of a device: from a record to the host that stores it, and to the
// points it speaks of, which are read next. Runs on the loop. Refuses to believe a
// record of a fire that no point shows any more: then the panel as a whole has it,
// rather than nobody.

#include "drivers/dialog.h"
#include "drivers/dialog_record.h"
#include "lib/log.h"

enum {
	SLOW_MS = 60000,
	BITS_A_WORD = 64,
};

static int64_t
now_of(const struct field_device *d)
{
	return loop_now_ms(d->host->loop);
}

// The point a record is about: the first of the profile's rules that finds one. The
// index into the device's points, or UINT32_MAX.
static uint32_t
find_point(const struct field_device *d, const struct field_record *r)
{
	const struct profile_queue *q = d->dialog->def->queue;
	uint32_t number, loop = 0;

	(void)record_value_of(r, RECORD_LOOP, &loop);
	for (uint8_t k = 0; k < q->n_points; k++) {
		const struct profile_item *item =
		    &d->def->profile->items[q->points[k].item];

		if (!record_value_of(r, q->points[k].field, &number))
			continue;
		for (uint32_t i = 0; i < d->def->n_points; i++) {
			const struct point *p =
			    &d->host->site->points[d->def->points[i]];

			if (p->item == q->points[k].item && p->number == number &&
			    (item->loop_max == 0 || p->loop == loop))
				return i;
		}
	}
	return UINT32_MAX;
}

static void
take_means(const struct field_device *d, struct field_record *r)
{
	const struct profile_queue *q = d->dialog->def->queue;
	struct sample s = { 0 };
	struct decode_edge edge;

	decode_point(&d->def->profile->decoders[q->decoder], d->codes, &r->code, NULL,
	    &s, &edge);
	for (uint8_t i = 0; i < s.n_codes && r->n_means < RECORD_MEANS_MAX; i++)
		r->means[r->n_means++] = s.codes[i];
	if (edge.happened && r->n_means < RECORD_MEANS_MAX)
		r->means[r->n_means++] = edge.is;
}

static bool
means_fire(const struct field_record *r)
{
	for (uint8_t i = 0; i < r->n_means; i++)
		if (r->means[i].condition == COND_FIRE)
			return true;
	return false;
}

static bool
has_code(const uint16_t *codes, uint8_t n, uint16_t code)
{
	for (uint8_t i = 0; i < n; i++)
		if (codes[i] == code)
			return true;
	return false;
}

// ---- fires of the queue
// ---------------------------------------------------------------

static void
unlisted(struct field_device *d)
{
	struct dialog_panel *p = &d->dialog->panel;

	p->unlisted_until_ms = now_of(d) + PANEL_UNLISTED_MS;
}

static void
expect_fire(struct field_device *d, uint32_t i)
{
	struct dialog *g = d->dialog;
	uint64_t bit;

	if (i == UINT32_MAX) {
		unlisted(d);
		return;
	}
	bit = 1ULL << (i % BITS_A_WORD);
	if (!(g->expects[i / BITS_A_WORD] & bit))
		g->n_expects++;
	g->expects[i / BITS_A_WORD] |= bit;
}

void
events_scanned(struct field_device *d, const struct plan_block *b)
{
	struct dialog *g = d->dialog;

	if (g->n_expects == 0)
		return;
	for (uint32_t i = b->first; i < (uint32_t)b->first + b->n; i++) {
		uint64_t bit = 1ULL << (i % BITS_A_WORD);

		if (!(g->expects[i / BITS_A_WORD] & bit))
			continue;
		g->expects[i / BITS_A_WORD] &= ~bit;
		g->n_expects--;
		if (!d->seen[i].fire)
			unlisted(d);
	}
	panel_update(d);
}

// ---- gaps
// -------------------------------------------------------------------------------

static void
report_gap(struct field_device *d, struct record_gap *gap)
{
	struct dialog_panel *p = &d->dialog->panel;

	gap->device = d->index;
	if (device_may_say(d))
		log_warnx("modbus", "device %s: event queue: %s, %u after %u",
		    d->def->id, gap_reason_name(gap->reason), gap->before, gap->after);
	if (d->host->gap)
		d->host->gap(d->host->ctx, gap);
	p->gap_until_ms = now_of(d) + PANEL_GAP_MS;
	panel_fault(d, PANEL_QUEUE_GAP, true);
	guard_hurry(d, NULL);
}

// What a record, seen for the first time, leads to beside its event.
static void
follow(struct field_device *d, const struct field_record *r, uint32_t i,
    struct record_gap *gap)
{
	const struct profile_queue *q = d->dialog->def->queue;

	if (gap->reason != GAP_REASON_COUNT)
		report_gap(d, gap);
	if (has_code(q->overflow, q->n_overflow, r->code)) {
		struct record_gap lost = { .reason = GAP_OVERFLOW,
			.numbered = r->numbered,
			.before = r->sequence };

		report_gap(d, &lost);
	}
	if (has_code(q->resync, q->n_resync, r->code) || r->malformed)
		guard_hurry(d, NULL);
	if (means_fire(r))
		expect_fire(d, i);
	if (i != UINT32_MAX)
		device_hurry(d, i, 1);
	else if (means_fire(r))
		guard_hurry(d, NULL);
}

// ---- answers
// ----------------------------------------------------------------------------

// A number that the declared write cannot carry is never written.
static void
check_writable(struct field_device *d)
{
	struct dialog_queue *q = d->dialog->queue;
	const struct profile_dialogs *def = d->dialog->def;
	const struct profile_write *w;

	if (q->state != QUEUE_ACKNOWLEDGING)
		return;
	w = &def->writes[def->queue->acknowledge];
	if (q->last.sequence < w->min || q->last.sequence > w->max)
		dialog_queue_unwritable(q, d->def->poll_ms, now_of(d));
}

static void
settle(struct field_device *d, struct plan_block *b)
{
	check_writable(d);
	b->due_ms = d->dialog->queue->due_ms;
	panel_fault(d, PANEL_QUEUE_STUCK, dialog_queue_stuck(d->dialog->queue));
}

static void
offer(struct field_device *d, struct field_record *r)
{
	struct dialog_queue *q = d->dialog->queue;

	r->token = q->token;
	if (d->host->record(d->host->ctx, r) == RECORD_STORED)
		dialog_queue_stored(
		    q, d->dialog->def->queue, q->token, true, now_of(d));
}

static void
take_record(struct field_device *d, struct field_record *r)
{
	struct dialog *g = d->dialog;
	uint32_t i;
	struct record_gap gap;
	enum queue_outcome outcome;

	r->device = d->index;
	r->t_mono_ms = now_of(d);
	r->t_utc_ms = loop_utc_ms(d->host->loop);
	take_means(d, r);
	i = find_point(d, r);
	if (i != UINT32_MAX)
		r->point = d->def->points[i];
	outcome = dialog_queue_take(
	    g->queue, g->def->queue, r, d->def->poll_ms, now_of(d), &gap);
	if (outcome == QUEUE_NEW)
		follow(d, r, i, &gap);
	if (outcome == QUEUE_NEW || outcome == QUEUE_OFFER)
		offer(d, r);
}

enum device_answer
events_good(struct field_device *d, struct plan_block *b, const uint8_t *data)
{
	struct dialog *g = d->dialog;
	struct field_record r;
	struct record_gap gap;

	panel_fault(d, PANEL_QUEUE_UNREADABLE, false);
	if (g->queue->state == QUEUE_ACKNOWLEDGING)
		dialog_queue_acknowledged(g->queue, now_of(d));
	else if (record_decode(g->def->queue, data, &r) == RECORD_EMPTY)
		(void)dialog_queue_take(
		    g->queue, g->def->queue, NULL, d->def->poll_ms, now_of(d), &gap);
	else
		take_record(d, &r);
	settle(d, b);
	return ANSWER_GOOD;
}

void
events_refused(struct field_device *d, struct plan_block *b, const char *reason)
{
	struct dialog_queue *q = d->dialog->queue;

	if (q->state == QUEUE_ACKNOWLEDGING) {
		log_debug("modbus", "device %s: acknowledgement of %u: %s", d->def->id,
		    q->last.sequence, reason);
		dialog_queue_refused(q, now_of(d));
		settle(d, b);
		return;
	}
	if (!(d->dialog->panel.faults & 1U << PANEL_QUEUE_UNREADABLE) &&
	    device_may_say(d))
		log_warnx("modbus", "device %s: event queue cannot be read: %s",
		    d->def->id, reason);
	panel_fault(d, PANEL_QUEUE_UNREADABLE, true);
	b->due_ms = now_of(d) + SLOW_MS;
}

void
events_unanswered(struct field_device *d, struct plan_block *b)
{
	struct dialog_queue *q = d->dialog->queue;

	if (q->state != QUEUE_ACKNOWLEDGING)
		return;
	dialog_queue_unanswered(q, now_of(d));
	b->due_ms = q->due_ms;
}

void
events_stored(struct field_device *d, uint64_t token, bool durable)
{
	struct dialog_queue *q = d->dialog->queue;
	bool waiting = q->state == QUEUE_STORING;

	dialog_queue_stored(q, d->dialog->def->queue, token, durable, now_of(d));
	if (!waiting || q->state == QUEUE_STORING)
		return;
	for (uint16_t i = 0; i < d->dialog->n_steps; i++)
		if (d->plan.blocks[i].first == STEP_QUEUE)
			settle(d, &d->plan.blocks[i]);
}
