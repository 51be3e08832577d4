// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See budget_rig.h. Test code only.
#include "budget_rig.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "budget_units.h"
#include "drivers/dialog.h"
#include "drivers/modbus_schedule.h"
#include "test.h"

enum {
	TURNAROUND_MS = 5, // as a plan counts on: config/requests.c
	NETWORK_MS = 5,
	DEAD_KNOWN_S = 120, // at most, until they are known
	BLINK_MS = 500,     // half a period: core/output.c
	QUIET_POLLS = 10,   // until the health of a unit is known, and more
};

static bool
is_shared(const struct rig *r)
{
	return r->site->n_devices > 1;
}

static void
deliver(struct rig *r, const uint8_t *bytes, size_t n)
{
	while (n > 0 && r->is_open) {
		size_t room;
		uint8_t *at = mbus_room(&r->bus, &room);
		size_t part = n < room ? n : room;

		memcpy(at, bytes, part);
		bytes += part;
		n -= part;
		mbus_received(&r->bus, part);
	}
}

static void
keep_marks(struct rig *r)
{
	r->result.n_marks = r->n_marks;
	memcpy(r->result.marks_ms, r->marks_ms, sizeof(r->marks_ms));
}

static void
note_gap(struct rig *r, int64_t gap)
{
	r->result.gap_ms = (uint32_t)gap;
	if (r->summary < 0)
		keep_marks(r);
}

static void
on_answer(void *arg)
{
	struct answer *a = arg;
	struct rig *r = a->rig;
	int64_t gap = rig_now(r) - r->last_sampled_ms;

	a->used = false;
	if (a->of_point) {
		if (r->last_sampled_ms != 0 && rig_now(r) > r->quiet_until_ms &&
		    gap > r->result.gap_ms)
			note_gap(r, gap);
		r->last_sampled_ms = a->sampled_ms;
		if (r->summary < 0)
			r->n_marks = 0;
	}
	deliver(r, a->frame, a->n);
}

static void
mark(struct rig *r)
{
	bool shown = r->summary < 0 || (r->closed_ms != 0 && !r->result.seen);

	if (shown && rig_now(r) >= r->quiet_until_ms && r->n_marks < RIG_MARKS)
		r->marks_ms[r->n_marks++] = (uint32_t)(rig_now(r) - r->quiet_until_ms);
}

static struct answer *
free_answer(struct rig *r)
{
	int i = 0;

	while (i < FLIGHTS - 1 && r->answers[i].used)
		i++;
	assert_false(r->answers[i].used); // more in flight than any window
	return &r->answers[i];
}

// What a request and its reply take: the wire, the network, and the unit.
static int64_t
latency_ms(struct rig *r, size_t request, size_t reply)
{
	const struct bus *b = r->bus.def;
	bool mbap = b->kind == BUS_MODBUS_TCP;
	double bytes = (double)(request + reply) - (mbap ? 2 * 6 - 2 * 2 : 0);

	if (b->baud == 0)
		return NETWORK_MS;
	double bits = 1.0 + b->data_bits + (b->parity != 'N') + b->stop_bits;
	return (int64_t)ceil(bytes * 1000 * bits / b->baud + TURNAROUND_MS +
			     (b->kind == BUS_MODBUS_RTU ? 0 : NETWORK_MS));
}

// ---- the contact -----------------------------------------------------------------

static bool
reads(const uint8_t *q, enum area area, uint32_t address)
{
	static const uint8_t functions[] = { [AREA_COIL] = 1,
		[AREA_DISCRETE] = 2,
		[AREA_HOLDING] = 3,
		[AREA_INPUT] = 4 };
	uint32_t from = (uint32_t)(q[2] << 8 | q[3]), n = (uint32_t)(q[4] << 8 | q[5]);

	return q[1] == functions[area] && address >= from && address < from + n;
}

static bool
reads_point(struct rig *r, const uint8_t *q)
{
	const struct profile *p = r->site->devices[r->point->device].profile;

	if (r->selector == NULL)
		return reads(q, p->items[r->point->item].area, r->low);
	return r->selected == r->point->number &&
	       reads(q, r->selector->area, r->selector->address);
}

// Itself, or what is read before it.
static bool
concerns_point(struct rig *r, const uint8_t *q)
{
	const struct profile_summary *s = units_summary(r);

	return reads_point(r, q) || (r->selector != NULL && q[1] > 4) ||
	       (s != NULL && reads(q, s->area, s->address));
}

// The value is that of the moment at which it was selected.
static bool
selects_point(struct rig *r, const uint8_t *q)
{
	const struct profile *p = r->site->devices[r->point->device].profile;
	const struct profile_write *w;

	if (r->selector == NULL || q[1] <= 4)
		return false;
	w = &p->dialogs->writes[r->selector->write];
	if ((q[2] << 8 | q[3]) != w->address)
		return false;
	r->selected = (uint32_t)(q[4] << 8 | q[5]);
	r->selected_ms = r->asked_ms;
	r->selected_word =
	    r->selected == r->point->number && units_closed(r) ? FIRE_WORD : 0;
	return r->selected == r->point->number;
}

// The contact closes right after a reading.
static void
note_reading(struct rig *r, const uint8_t *q)
{
	const struct profile_summary *s = units_summary(r);
	bool selects = selects_point(r, q);
	bool shows = s != NULL             ? reads(q, s->area, s->address)
		     : r->selector != NULL ? selects
					   : reads_point(r, q);

	if (!shows || rig_now(r) < r->quiet_until_ms || r->closed_ms != 0)
		return;
	if (r->readings++ == r->e->change_after)
		r->closed_ms = r->asked_ms + 1;
}

// ---- faults ----------------------------------------------------------------------

// That the request in hand is for.
static uint16_t
block_in_hand(const struct rig *r)
{
	for (uint8_t i = 0; i < r->bus.n_flights; i++)
		if (r->bus.flights[i].used && r->bus.flights[i].asked == r->bus.asked)
			return r->bus.flights[i].block;
	return PLAN_NONE;
}

static bool
is_spared(const struct rig *r)
{
	uint8_t block = r->e->loss_block[r->lost];

	return block != RIG_ANY_BLOCK && block != block_in_hand(r);
}

static bool
is_lost(struct rig *r, uint16_t device, const uint8_t *q)
{
	const struct episode *e = r->e;
	int64_t since = rig_now(r) - r->quiet_until_ms;

	if (e->dead[device])
		return true;
	for (int i = 0; i < RIG_SILENT; i++) {
		const struct silent_unit *u = &e->silent[i];

		if (device == u->device && since >= u->from_ms &&
		    r->silenced[i] < u->requests) {
			r->silenced[i]++;
			return true;
		}
	}
	if (device != r->point->device || since < e->losses_from_ms ||
	    r->lost == e->n_losses || r->silenced[0] < e->losses_after ||
	    (e->losses_of_point && !concerns_point(r, q)) || is_spared(r))
		return false;
	if (r->let_through < e->before[r->lost]) {
		r->let_through++;
		return false;
	}
	r->let_through = 0;
	r->lost++;
	return true;
}

// ---- transport -------------------------------------------------------------------

static uint16_t
device_of(struct rig *r, uint8_t unit)
{
	for (uint16_t i = 0; i < r->site->n_devices; i++)
		if (r->site->devices[i].unit == unit)
			return i;
	fail_msg("nobody has unit %u", unit);
	return 0;
}

// "  1510 d3 4 30020+1 lost", of the time after the quiet time.
static void
trace(struct rig *r, uint16_t device, const uint8_t *q, const char *what)
{
	int64_t since = rig_now(r) - r->quiet_until_ms;

	if (r->e->trace && since >= 0)
		print_message("%7lld %s %d %d+%d%s%s\n", (long long)since,
		    r->site->devices[device].id, q[1], q[2] << 8 | q[3],
		    q[4] << 8 | q[5], what, r->closed_ms != 0 ? "" : " (open)");
}

// The gateway waits for a unit that does not answer, and lets nobody through.
static void
hold(struct rig *r)
{
	uint32_t ms = is_shared(r) ? r->bus.def->hold_ms : 0;
	int64_t from =
	    rig_now(r) > r->gateway_free_ms ? rig_now(r) : r->gateway_free_ms;

	r->gateway_free_ms = from + ms;
}

static int64_t
held_ms(struct rig *r)
{
	int64_t ms = r->gateway_free_ms - rig_now(r);

	return ms > 0 ? ms : 0;
}

static int
rig_send(struct mbus *b, const uint8_t *frame, size_t len)
{
	struct rig *r = (struct rig *)b;
	const uint8_t *q = frame + (b->transport->framing == PDU_MBAP ? 6 : 0);
	uint16_t device = device_of(r, q[0]);
	struct answer *a;

	r->asked_ms = rig_now(r) + held_ms(r);

	if (device == r->point->device)
		mark(r);
	if (is_lost(r, device, q)) {
		trace(r, device, q, " lost");
		if (device != r->point->device)
			mark(r);
		hold(r);
		return 0;
	}
	units_take(r, device, q);
	trace(
	    r, device, q, device == r->point->device && reads_point(r, q) ? " *" : "");
	a = free_answer(r);
	a->used = true;
	if (device == r->point->device)
		note_reading(r, q);
	a->of_point = device == r->point->device && reads_point(r, q);
	a->sampled_ms = r->selector != NULL ? r->selected_ms : r->asked_ms;
	a->n = units_answer(r, device, frame, a->frame);
	loop_timer_in(r->host.loop, &a->timer, latency_ms(r, len, a->n) + held_ms(r));
	return 0;
}

static enum mbus_open
rig_open(struct mbus *b, const char **code)
{
	(void)code;
	((struct rig *)b)->is_open = true;
	return MBUS_OPEN_DONE;
}

static void
rig_close(struct mbus *b)
{
	struct rig *r = (struct rig *)b;

	r->is_open = false;
	for (int i = 0; i < FLIGHTS; i++) {
		loop_timer_stop(r->host.loop, &r->answers[i].timer);
		r->answers[i].used = false;
	}
}

static const struct mbus_transport tcp = { .framing = PDU_MBAP,
	.port = false,
	.open = rig_open,
	.close = rig_close,
	.send = rig_send };
static const struct mbus_transport rtu = { .framing = PDU_RTU,
	.port = true,
	.open = rig_open,
	.close = rig_close,
	.send = rig_send };
static const struct mbus_transport rtu_tcp = { .framing = PDU_RTU,
	.port = false,
	.open = rig_open,
	.close = rig_close,
	.send = rig_send };

// As drivers/modbus_rtu.c and modbus_tcp.c set it up.
static const struct mbus_transport *
set_up_line(struct rig *r)
{
	const struct bus *b = &r->site->buses[0];

	if (b->kind == BUS_MODBUS_TCP)
		return &tcp;
	r->bus.byte_us = pdu_character_us(b->baud);
	if (b->kind == BUS_MODBUS_RTU_TCP)
		return &rtu_tcp;
	r->bus.gap_us = pdu_silence_us(b->baud);
	return &rtu;
}

// ---- host ------------------------------------------------------------------------

static void
on_sample(void *ctx, const struct sample *s)
{
	struct rig *r = ctx;
	bool fire = s->n_codes > 0 && s->codes[0].condition == COND_FIRE;

	if (s->point != r->e->point || !fire || r->closed_ms == 0 || r->result.seen)
		return;
	r->result.seen = true;
	r->result.took_ms = (uint32_t)(rig_now(r) - r->closed_ms);
	if (r->summary >= 0)
		keep_marks(r);
}

static void
on_link(void *ctx, uint32_t point, bool lost, const char *code)
{
	struct rig *r = ctx;
	const struct site *s = r->site;

	(void)code;
	if (lost && (point == s->devices[r->point->device].link_point ||
			point == s->buses[0].link_point))
		r->result.lost = true;
}

static void
on_heard(void *ctx, uint32_t device, int64_t now_ms)
{
	(void)ctx;
	(void)device;
	(void)now_ms;
}

static void
on_overdue(void *ctx, uint32_t device, bool overdue)
{
	struct rig *r = ctx;

	if (overdue && device == r->point->device)
		r->result.overdue = true;
}

static enum record_answer
on_record(void *ctx, const struct field_record *record)
{
	(void)ctx;
	(void)record;
	return RECORD_STORED;
}

static bool
on_record_mark(void *ctx, uint16_t device, struct record_mark *out)
{
	(void)ctx;
	(void)device;
	(void)out;
	return false;
}

// ---- an episode ------------------------------------------------------------------

// Where a revision guards the point, it shows the change; flags and counts may not.
static int
find_summary(const struct rig *r)
{
	const struct profile_dialogs *g =
	    r->site->devices[r->point->device].profile->dialogs;

	for (uint8_t i = 0; g != NULL && i < g->n_summaries; i++)
		for (uint16_t k = 0; k < g->summaries[i].n_guards; k++)
			if (g->summaries[i].guards[k] == r->point->item &&
			    g->summaries[i].kind == SUMMARY_REVISION)
				return i;
	return -1;
}

static void
find_registers(struct rig *r)
{
	const struct profile *p = r->site->devices[r->point->device].profile;
	struct item_span span = profile_span(p, &p->items[r->point->item],
	    r->point->pdu, r->point->loop, r->point->number);

	r->selector = profile_selector_of(p, r->point->item);
	r->low = span.low;
	r->high = span.high;
	r->summary = find_summary(r);
}

static uint32_t
period_of(const struct rig *r)
{
	uint32_t most = 0;

	for (uint16_t i = 0; i < r->site->n_devices; i++) {
		const struct device *d = &r->site->devices[i];
		most =
		    d->poll_ms * QUIET_POLLS > most ? d->poll_ms * QUIET_POLLS : most;
		if (d->profile->dialogs != NULL && d->dialogs.full_scan_ms * 3 > most)
			most = d->dialogs.full_scan_ms * 3;
	}
	return most;
}

static void
set_phases(struct rig *r)
{
	for (uint16_t i = 0; i < r->bus.n_devices; i++) {
		struct field_device *d = &r->bus.devices[i];

		assert_in_range(d->plan.n, 0, RIG_BLOCKS);
		for (uint16_t k = 0; k < d->plan.n; k++) {
			struct plan_block *b = &d->plan.blocks[k];
			uint64_t period = device_period(d, b);
			r->result.periods_ms[i][k] = (uint32_t)period;
			b->due_ms =
			    rig_now(r) + (int64_t)(period * r->e->phases[i][k] >> 16);
		}
		device_refresh_due(d);
	}
}

static void
on_end(void *arg)
{
	loop_stop(((struct rig *)arg)->host.loop);
}

// As requests.c counts on: how often an output changes at most.
static uint32_t
pace_of(const struct output *o)
{
	if (o->role == OUTPUT_HEARTBEAT)
		return o->period_ms / 2;
	if (o->blink != 0)
		return BLINK_MS < o->refresh_ms ? BLINK_MS : o->refresh_ms;
	return o->refresh_ms;
}

static void
on_wish(void *arg)
{
	struct wish *w = arg;
	struct rig *r = w->rig;
	uint16_t i = (uint16_t)(w - r->wishes);

	w->on = !w->on;
	mbus_drive(&r->bus, i, w->on);
	if (r->e->wishes)
		loop_timer_in(r->host.loop, &w->timer,
		    pace_of(&r->site->outputs[i]) + r->e->wishes_more_ms);
}

static uint16_t
n_outputs(const struct rig *r)
{
	return r->site->n_outputs < RIG_OUTPUTS ? r->site->n_outputs : RIG_OUTPUTS;
}

static void
start_wishes(struct rig *r)
{
	for (uint16_t i = 0; i < n_outputs(r); i++) {
		r->wishes[i].rig = r;
		loop_timer_init(&r->wishes[i].timer, on_wish, &r->wishes[i]);
		mbus_drive(&r->bus, i, false);
	}
}

// From now on, so that one of them falls on the moment that was chosen.
static void
plan_wishes(struct rig *r)
{
	for (uint16_t i = 0; r->e->wishes && i < n_outputs(r); i++) {
		uint32_t each = pace_of(&r->site->outputs[i]) + r->e->wishes_more_ms;
		int64_t at = r->quiet_until_ms + r->e->wishes_ms[i];

		loop_timer_at(r->host.loop, &r->wishes[i].timer,
		    at - (at - rig_now(r)) / each * each);
	}
}

static void
stop_wishes(struct rig *r)
{
	for (uint16_t i = 0; i < n_outputs(r); i++)
		loop_timer_stop(r->host.loop, &r->wishes[i].timer);
}

static void
run_until(struct rig *r, int64_t ms)
{
	loop_timer_at(r->host.loop, &r->end, ms);
	(void)loop_run(r->host.loop);
}

// ---- the dead --------------------------------------------------------------------

static bool
are_known(struct rig *r)
{
	for (uint16_t i = 0; i < r->bus.n_devices; i++)
		if (r->e->dead[i] && r->bus.devices[i].link != DEVICE_LOST)
			return false;
	return true;
}

// Which of its tries is the next, and when, is chance.
static void
plan_probe(struct rig *r)
{
	for (uint16_t i = 0; i < r->bus.n_devices; i++) {
		struct field_device *d = &r->bus.devices[i];

		if (!r->e->dead[i] || d->link != DEVICE_LOST)
			continue;
		d->sums.timeouts -= d->sums.timeouts % SCHEDULE_WHOLE_PROBE;
		device_hold(d, r->quiet_until_ms + r->e->probe_ms);
		r->bus.dead_next_ms = 0;
		return;
	}
}

struct episode_result
episode_run(const struct site *s, const struct episode *e, uint32_t span_ms)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct episode_result out;

	assert_non_null(r);
	r->site = s;
	r->e = e;
	r->point = &s->points[e->point];
	clock_virtual_init(&r->clock, 1000000, 1764000000000);
	r->host = (struct driver_host){ .ctx = r,
		.loop = loop_new(&r->clock),
		.site = s,
		.sample = on_sample,
		.link = on_link,
		.heard = on_heard,
		.overdue = on_overdue,
		.record = on_record,
		.record_mark = on_record_mark };
	for (int i = 0; i < FLIGHTS; i++) {
		r->answers[i].rig = r;
		loop_timer_init(&r->answers[i].timer, on_answer, &r->answers[i]);
	}
	loop_timer_init(&r->end, on_end, r);
	find_registers(r);
	r->quiet_until_ms = INT64_MAX;
	r->start_ms = rig_now(r);
	mbus_start(&r->bus, &r->host, set_up_line(r), 0);
	set_phases(r);
	start_wishes(r);
	for (int i = 0; i < DEAD_KNOWN_S && !are_known(r); i++)
		run_until(r, rig_now(r) + 1000);
	r->quiet_until_ms = rig_now(r) + period_of(r);
	r->result.quiet_ms = (uint32_t)(r->quiet_until_ms - r->start_ms);
	plan_probe(r);
	plan_wishes(r);
	run_until(r, r->quiet_until_ms);
	r->result.overdue = r->result.lost = false;
	run_until(r, r->quiet_until_ms + span_ms);
	stop_wishes(r);
	mbus_stop(&r->bus);
	loop_free(r->host.loop);
	out = r->result;
	free(r);
	return out;
}
