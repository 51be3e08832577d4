// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a person can see of a bus, its devices and their blocks. Reads only; on the
// loop. Times of the monotonic clock are told as UTC of now.

#include "drivers/dialog.h"
#include "drivers/modbus_bus.h"
#include "drivers/modbus_schedule.h"
#include "lib/mem.h"

static int64_t
now_of(const struct mbus *b)
{
	return loop_now_ms(b->host->loop);
}

static int64_t
utc_of(const struct mbus *b, int64_t mono_ms)
{
	return loop_utc_ms(b->host->loop) - now_of(b) + mono_ms;
}

static const char *
state_name(enum mbus_state state)
{
	switch (state) {
	case MBUS_CLOSED:
		return "closed";
	case MBUS_OPENING:
		return "opening";
	case MBUS_OPEN:
		return "open";
	}
	wr_unreachable("mbus_state");
}

static void
count_devices(const struct mbus *b, struct bus_look *out)
{
	uint64_t timeouts = 0;

	out->devices = b->n_devices;
	for (uint16_t i = 0; i < b->n_devices; i++) {
		const struct field_device *d = &b->devices[i];

		if (d->link == DEVICE_LOST) {
			out->devices_lost++;
			timeouts += d->def->timeout_ms;
		} else if (device_sickly(d)) {
			out->devices_sick++;
		}
	}
	out->retry_within_ms = schedule_ceiling_ms(b, timeouts);
}

void
mbus_look(const struct mbus *b, struct bus_look *out)
{
	const struct bus_mark *mark = &b->marks[0];
	double us = (double)(mbus_now_us(b) - mark->us);

	*out = (struct bus_look){
		.state = state_name(b->state),
		.known = b->link_told,
		.lost = b->link_lost,
		.code = b->lost_code,
		.window = b->window,
		.in_flight = b->n_flying,
		.sums = b->sums,
	};
	if (b->n_flying > 0)
		out->sums.busy_us += (uint64_t)(mbus_now_us(b) - b->busy_since_us);
	if (us > 0) {
		out->load = (double)(out->sums.busy_us - mark->busy_us) / us;
		out->load_sick = (double)(out->sums.sick_us - mark->sick_us) / us;
	}
	count_devices(b, out);
}

static const char *
link_name(enum device_link link)
{
	switch (link) {
	case DEVICE_NEW:
		return "new";
	case DEVICE_UP:
		return "up";
	case DEVICE_DOUBTFUL:
		return "doubtful";
	case DEVICE_LOST:
		return "lost";
	}
	wr_unreachable("device_link");
}

// A dialog keeps a place in the plan for each read that it may want one day.
static bool
in_use(const struct plan_block *block)
{
	return block->count > 0;
}

// The longest it went unread while the device was up, and as long as it does now.
static int64_t
gap_of(const struct plan_block *block, int64_t now)
{
	bool given = !(block->flags & (PLAN_ABSENT | PLAN_REFUSED));
	int64_t gap = given && block->read_ms ? now - block->read_ms : 0;

	return gap > block->sums.worst_gap_ms ? gap : block->sums.worst_gap_ms;
}

static uint32_t
at_most_u32(int64_t n)
{
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static void
look_at_blocks(
    const struct mbus *b, const struct field_device *d, struct device_look *out)
{
	int64_t now = now_of(b), gap = 0;

	for (uint16_t i = 0; i < d->plan.n; i++) {
		const struct plan_block *block = &d->plan.blocks[i];

		out->blocks += in_use(block);
		if (block->kind == PLAN_POINTS && gap_of(block, now) > gap)
			gap = gap_of(block, now);
	}
	out->worst_gap_ms = at_most_u32(gap);
}

void
mbus_look_device(const struct mbus *b, uint16_t nth, struct device_look *out)
{
	const struct field_device *d = &b->devices[nth];
	unsigned of, good = device_health(d, &of);

	*out = (struct device_look){
		.state = link_name(d->link),
		.code = d->lost_code,
		.tries = d->link == DEVICE_LOST ? d->log.tries : 0,
		.health_good = (uint8_t)good,
		.health_of = (uint8_t)of,
		.sick = d->link == DEVICE_LOST || device_sickly(d),
		.flaps = link_log_flaps(&d->log, now_of(b)),
		.overdue = d->overdue,
		.last_reply_us = d->last_reply_us,
		.max_reply_us = d->max_reply_us,
		.reply_p50_us = link_reply_quantile_us(d->replies, 0.50),
		.reply_p99_us = link_reply_quantile_us(d->replies, 0.99),
		.sums = d->sums,
	};
	if (d->log.since_ms)
		out->since_utc_ms = utc_of(b, d->log.since_ms);
	if (d->last_good_ms)
		out->last_good_utc_ms = utc_of(b, d->last_good_ms);
	if (d->due_ms != INT64_MAX)
		out->next_try_utc_ms = utc_of(b, d->due_ms);
	look_at_blocks(b, d, out);
}

// The block that is `nth` among those in use.
static const struct plan_block *
block_at(const struct plan *plan, uint16_t nth)
{
	for (uint16_t i = 0; i < plan->n; i++)
		if (in_use(&plan->blocks[i]) && nth-- == 0)
			return &plan->blocks[i];
	wr_unreachable("block");
}

static const char *
block_state(const struct plan_block *block)
{
	if (block->flags & PLAN_ABSENT)
		return "absent";
	if (block->flags & PLAN_REFUSED)
		return "refused";
	return block->read_ms ? "read" : "unread";
}

static const char *
class_name_of(uint8_t poll)
{
	switch ((enum poll_class)poll) {
	case POLL_OUTPUT:
		return "output";
	case POLL_SUMMARY:
		return "summary";
	case POLL_CHANGED:
		return "changed";
	case POLL_SCAN:
	case POLL_SPARE:
		return "scan";
	}
	wr_unreachable("poll_class");
}

static const char *
kind_name_of(const struct plan_block *block)
{
	return block->kind == PLAN_DIALOG
		   ? dialog_step_name((enum dialog_step)block->first)
		   : plan_kind_name(block->kind);
}

void
mbus_look_block(
    const struct mbus *b, uint16_t nth, uint16_t block, struct block_look *out)
{
	const struct field_device *d = &b->devices[nth];
	const struct plan_block *p = block_at(&d->plan, block);

	*out = (struct block_look){
		.kind = kind_name_of(p),
		.order = class_name_of(p->poll),
		.state = block_state(p),
		.area = (enum area)p->area,
		.address = p->address,
		.count = p->count,
		.points = p->kind == PLAN_POINTS ? p->n : 0,
		.period_ms = device_period(d, p),
		.last_good_utc_ms = p->last_good_ms ? utc_of(b, p->last_good_ms) : 0,
		.sums = p->sums,
	};
	if (p->kind == PLAN_POINTS)
		out->sums.worst_gap_ms = at_most_u32(gap_of(p, now_of(b)));
}
