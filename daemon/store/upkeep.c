// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What the store does for itself: an anchor now and then, and retention, a month a day.
// A clock that is wrong by years so costs one month before somebody sees it, not all.
// Both are units of work like any other; the writer thread does them between others,
// few rows at a time. Runs on the loop. It refuses to start while work is queued behind
// the writer: alarms come first.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "store/store_impl.h"
#include "store/unit.h"

enum {
	ANCHOR_FIRST_MS = 2000, // the start is in it
	CUT_FIRST_MS = 10000,
	AGAIN_MS = 5000,
	DAY_MS = 24 * 3600 * 1000,
	CUT_EVENTS = 500, // a transaction; it is one piece of work in the window
	CUT_ROWS = 2000,
};

static bool
at_ease(const struct store *s)
{
	return queue_next(&s->queue) == NULL && store_mode_writes(s->journal_lane.mode);
}

static void
on_anchored(void *arg, const struct unit *u, bool durable)
{
	const struct store *s = arg;
	if (durable && u->anchor->seq != 0 && s->host.anchored != NULL && !s->closed)
		s->host.anchored(s->host.ctx, u->anchor);
}

static void
on_anchor_timer(void *arg)
{
	struct store *s = arg;
	if (!at_ease(s)) {
		loop_timer_in(s->loop, &s->upkeep.anchor_timer, AGAIN_MS);
		return;
	}
	struct unit *u = unit_new();
	unit_want_anchor(u, loop_utc_ms(s->loop));
	unit_on_done(u, on_anchored, s);
	store_submit(s, u);
	loop_timer_in(s->loop, &s->upkeep.anchor_timer, s->upkeep.anchor_every_ms);
}

// ---- retention
// --------------------------------------------------------------------------

static int64_t
months_back(const struct store *s, unsigned months)
{
	return day_month(&s->journal.rule, loop_utc_ms(s->loop), -(int)months);
}

static void cut_step(struct store *s);

static void
end_run(struct store *s)
{
	struct cut_done run = s->upkeep.run;
	s->upkeep.cutting = false;
	s->upkeep.run = (struct cut_done){ 0 };
	if (run.events > 0 && s->host.cut != NULL && !s->closed)
		s->host.cut(s->host.ctx, run.before_utc_ms, run.events, run.last_seq);
}

static void
on_cut(void *arg, const struct unit *u, bool durable)
{
	struct store *s = arg;
	struct cut_done *run = &s->upkeep.run;
	if (durable) {
		run->before_utc_ms = u->cut.before_utc_ms;
		run->events += u->cut.events;
		run->last_seq = u->cut.last_seq;
	}
	if (!durable || !u->cut.more || s->closed)
		end_run(s);
	else
		cut_step(s);
}

static void
cut_step(struct store *s)
{
	struct unit *u = unit_new();
	u->order = (struct cut_order){
		.limit_utc_ms = months_back(s, s->upkeep.keep_events_months),
		.before_utc_ms = s->upkeep.run.before_utc_ms,
		.most = CUT_EVENTS,
	};
	u->upkeep_utc_ms = loop_utc_ms(s->loop);
	s->upkeep.cutting = true;
	unit_on_done(u, on_cut, s);
	store_submit(s, u);
}

// Before when readings of this kind leave; 0 = none do.
static int64_t
readings_limit(const struct store *s, enum readings_cut what)
{
	const struct upkeep *u = &s->upkeep;
	unsigned months =
	    what == CUT_MINUTES ? u->keep_minutes_months : u->keep_samples_months;
	if (what == CUT_SAMPLES)
		return loop_utc_ms(s->loop) - u->keep_every_sample_ms;
	return months == 0 ? 0 : months_back(s, months);
}

// Of this kind, or of the first after it of which some leave.
static void
readings_step(struct store *s, enum readings_cut what)
{
	int64_t before = 0;
	while (what < CUT_COUNT && (before = readings_limit(s, what)) == 0)
		what++;
	if (what == CUT_COUNT)
		return;
	struct minute_batch *b = xcalloc(1, sizeof(*b));
	b->what = what;
	b->cut_before_ms = before;
	b->most = CUT_ROWS;
	b->work.rows = CUT_ROWS;
	s->minutes.cut = b;
	store_pump_minutes(s);
}

void
upkeep_readings_cut(struct store *s, const struct minute_batch *b)
{
	if (b->most > 0 && !b->work.refused && !s->closing)
		readings_step(s, b->cut > 0 ? b->what : b->what + 1);
}

static void
on_cut_timer(void *arg)
{
	struct store *s = arg;
	if (!at_ease(s)) {
		loop_timer_in(s->loop, &s->upkeep.cut_timer, AGAIN_MS);
		return;
	}
	if (s->upkeep.keep_events_months > 0 && !s->upkeep.cutting)
		cut_step(s);
	if (s->minutes.cut == NULL)
		readings_step(s, CUT_SAMPLES);
	loop_timer_in(s->loop, &s->upkeep.cut_timer, DAY_MS);
}

void
upkeep_start(struct store *s, const struct store_options *o)
{
	struct upkeep *u = &s->upkeep;
	u->anchor_every_ms = o->anchor_every_ms;
	u->keep_events_months = o->keep_events_months;
	u->keep_minutes_months = o->keep_minutes_months;
	u->keep_samples_months = o->keep_samples_months;
	u->keep_every_sample_ms = o->keep_every_sample_ms;
	loop_timer_init(&u->anchor_timer, on_anchor_timer, s);
	loop_timer_init(&u->cut_timer, on_cut_timer, s);
	if (!s->key.there)
		return;
	if (u->anchor_every_ms > 0)
		loop_timer_in(s->loop, &u->anchor_timer, ANCHOR_FIRST_MS);
	loop_timer_in(s->loop, &u->cut_timer, CUT_FIRST_MS);
}

void
upkeep_stop(struct store *s)
{
	loop_timer_stop(s->loop, &s->upkeep.anchor_timer);
	loop_timer_stop(s->loop, &s->upkeep.cut_timer);
}
