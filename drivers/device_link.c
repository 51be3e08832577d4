// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Whether a device answers: lost and back, good of the last polls, and what the log
// gets of it. Runs on the loop, allocates nothing. A block that alone is not answered,
// while others are, is the block's fault and not the device's. Refuses to keep anything
// known of a device that is lost (I6).

#include <string.h>

#include "drivers/device.h"
#include "drivers/device_output.h"
#include "drivers/dialog.h"
#include "lib/log.h"

enum {
	PROBATION_MS = 60000,
	USUAL_FORGET = 64, // an outlier has lost half its weight after 44 replies
};

static int64_t
now_of(const struct field_device *d)
{
	return loop_now_ms(d->host->loop);
}

static void
note_poll(struct field_device *d, bool answered)
{
	d->recent = (uint16_t)(d->recent << 1 | answered);
	if (d->n_recent < HEALTH_POLLS)
		d->n_recent++;
}

unsigned
device_health(const struct field_device *d, unsigned *of)
{
	*of = d->n_recent;
	return (unsigned)__builtin_popcount(d->recent & ((1U << d->n_recent) - 1));
}

bool
device_sickly(const struct field_device *d)
{
	unsigned of, good = device_health(d, &of);

	return link_log_flaps(&d->log, now_of(d)) ||
	       (of >= HEALTH_JUDGED && good * 100 < of * HEALTH_PERCENT);
}

bool
device_on_probation(const struct field_device *d)
{
	return d->log.since_ms != 0 && !d->log.lost &&
	       now_of(d) - d->log.since_ms < PROBATION_MS;
}

bool
device_well(const struct field_device *d)
{
	return d->link == DEVICE_UP && !device_sickly(d);
}

bool
device_may_say(struct field_device *d)
{
	if (d->said == 0 || now_of(d) - d->said_ms >= SAID_WHILE_MS) {
		d->said_ms = now_of(d);
		d->said = 0;
	}
	if (d->said == SAID_MOST)
		return false;
	d->said++;
	return true;
}

static void
say_back(struct field_device *d)
{
	int64_t since = d->log.since_ms;

	if (link_log_back(&d->log, now_of(d)))
		log_info("modbus", "device %s is back after %lld s, %u tries failed",
		    d->def->id, (long long)((now_of(d) - since) / 1000), d->log.tries);
	d->n_recent = 0;
}

void
device_up(struct field_device *d)
{
	if (d->link == DEVICE_LOST) {
		say_back(d);
		dialog_back(d);
	}
	if (d->link != DEVICE_UP && d->link != DEVICE_DOUBTFUL)
		d->host->link(d->host->ctx, d->def->link_point, false, "");
	d->link = DEVICE_UP;
	d->lost_code = NULL;
	d->misses = 0;
	d->backoff_ms = 0;
	d->hold_ms = 0;
	dialog_up(d);
}

void
device_reply_time(struct field_device *d, uint16_t block, uint32_t us)
{
	struct block_sums *sums = &d->plan.blocks[block].sums;

	sums->last_reply_us = us;
	if (us > sums->max_reply_us)
		sums->max_reply_us = us;
	d->last_reply_us = us;
	d->replies[link_reply_slot(us)]++;
	d->sums.replies++;
	d->sums.reply_us += us;
	if (us > d->max_reply_us)
		d->max_reply_us = us;
	d->usual_us -= d->usual_us / USUAL_FORGET;
	if (us > d->usual_us)
		d->usual_us = us;
}

void
device_answered(struct field_device *d, uint16_t block)
{
	if (dialog_is_of_gateway(d, block))
		return; // that says nothing of the device behind it
	note_poll(d, true);
	d->answered_ms = now_of(d);
	d->misses = 0;
}

static void
forget_all(struct field_device *d, const char *code)
{
	d->link = DEVICE_LOST;
	d->lost_code = code;
	d->identified = d->def->profile->n_identity == 0;
	for (uint16_t i = 0; i < d->plan.n; i++) {
		d->plan.blocks[i].flags &= (uint16_t)~PLAN_CHECKED;
		d->plan.blocks[i].misses = 0;
		d->plan.blocks[i].read_ms = 0;
	}
	d->overdue = false; // worse than that
	for (uint32_t i = 0; i < d->def->n_points; i++)
		d->seen[i].have = 0;
	dialog_lost(d);
	device_outputs_lost(d, code);
	device_refresh_due(d);
	d->host->link(d->host->ctx, d->def->link_point, true, code);
}

static void
say_lost(struct field_device *d, const char *code)
{
	uint32_t times;

	if (!link_log_went(&d->log, now_of(d)))
		return;
	times = d->log.times;
	d->log.times = 0;
	if (times > 1)
		log_warnx("modbus",
		    "device %s (unit %u) is lost: %s, for the %uth time", d->def->id,
		    (unsigned)d->def->unit, code, times);
	else
		log_warnx("modbus", "device %s (unit %u) is lost: %s", d->def->id,
		    (unsigned)d->def->unit, code);
}

// Lost already: the reason may be another one by now.
static void
lost_still(struct field_device *d, const char *code)
{
	if (strcmp(code, d->lost_code) == 0)
		return;
	d->lost_code = code;
	d->host->link(d->host->ctx, d->def->link_point, true, code);
}

void
device_lost(struct field_device *d, const char *code)
{
	if (d->link == DEVICE_LOST) {
		lost_still(d, code);
		if (link_log_still(&d->log, now_of(d)))
			log_warnx("modbus",
			    "device %s is still lost: %s, %u tries failed", d->def->id,
			    code, d->log.tries);
		return;
	}
	say_lost(d, code);
	forget_all(d, code);
}

void
device_lost_with_bus(struct field_device *d, const char *code)
{
	link_log_with(&d->log, now_of(d));
	if (d->link == DEVICE_LOST)
		lost_still(d, code);
	else
		forget_all(d, code);
}

// The block alone is to blame: the device answered to others since it first missed.
static bool
others_answer(const struct field_device *d, const struct plan_block *b)
{
	return (b->kind == PLAN_POINTS || b->kind == PLAN_OUTPUT) &&
	       b->misses > d->def->retries && d->answered_ms > b->missed_ms;
}

static void
note_block_miss(struct field_device *d, struct plan_block *b)
{
	if (b->misses == 0)
		b->missed_ms = now_of(d);
	if (b->misses < UINT8_MAX)
		b->misses++;
}

// False where nothing else of the device is left.
static bool
give_up_block(struct field_device *d, uint16_t block, const char *code)
{
	struct plan_block *b = &d->plan.blocks[block];

	if (b->kind != PLAN_OUTPUT)
		return device_refuse_block(d, b, code);
	device_output_mute(d, block, code);
	return true;
}

static bool
is_lost_by_now(const struct field_device *d)
{
	return d->link == DEVICE_LOST || d->misses > d->def->retries;
}

bool
device_missed(struct field_device *d, uint16_t block, bool patient, const char *code,
    bool with_bus)
{
	struct plan_block *b = &d->plan.blocks[block];

	note_poll(d, false);
	if (patient)
		note_block_miss(d, b);
	if (b->kind == PLAN_DIALOG && dialog_unanswered(d, block, code)) {
		device_refresh_due(d);
		return false;
	}
	if (d->link == DEVICE_UP && (b->flags & (PLAN_REFUSED | PLAN_ABSENT))) {
		device_slow_down(d, b); // it says as little as before
		device_refresh_due(d);
		return false;
	}
	if (d->link != DEVICE_LOST && others_answer(d, b) &&
	    give_up_block(d, block, code)) {
		device_up(d);
		device_refresh_due(d);
		return false;
	}
	if (d->link == DEVICE_UP)
		d->link = DEVICE_DOUBTFUL;
	if (patient && d->misses < UINT8_MAX)
		d->misses++;
	if (!is_lost_by_now(d))
		return false;
	if (with_bus)
		device_lost_with_bus(d, code);
	else
		device_lost(d, code);
	return true;
}
