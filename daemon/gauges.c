// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Analog values: minute rows and the readings at set hours for the record, limits for
// the alarms. The hold of a value
// is two and a half poll periods: one lost poll leaves no gap, a dead sensor does. Part
// of the engine; runs on the loop.
#include <math.h>
#include <stdlib.h>

#include "chatters.h"
#include "engine_impl.h"
#include "lib/mem.h"
#include "local_time.h"
#include "repeats.h"

enum {
	SWEEP_MS = 5000,
	SWEEP_GRACE_MS = 2000, // a poll's sample may still come for the minute
	HOLD_MOST_MS = MINUTE_MS,
};

static void
write_minutes(struct engine *e, uint32_t point, const struct minute *m, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		store_minute(e->store, e->site->points[point].id, &m[i]);
}

static void
end_set_hour(struct engine *e, uint32_t point)
{
	struct gauge *g = engine_rules(e, point)->gauge;
	enum quality q = e->points[point].state.quality;
	struct set_reading s;
	if (set_hour_end(&g->set, q, &s))
		store_set_reading(e->store, e->site->points[point].id, &s);
}

// Every gauge waits for the set hour that comes, or is not over yet. A clock that was
// put back makes the hour awaited another one, without a word on it.
static void
await_set_hours(struct engine *e, int64_t now)
{
	const struct site *s = e->site;
	const int64_t over = SET_HOUR_WITHIN_MS + SWEEP_GRACE_MS;
	if (s->n_set_hours == 0)
		return;
	int64_t due =
	    local_time_next(e->local, s->set_hours_min, s->n_set_hours, now - over);
	for (uint32_t i = 0; i < s->n_site_points; i++) {
		struct gauge *g = engine_rules(e, i)->gauge;
		if (g == NULL || g->set.due_utc_ms == due)
			continue;
		if (now >= g->set.due_utc_ms + over)
			end_set_hour(e, i);
		set_hour_arm(&g->set, due);
	}
}

// Minutes that ended without a further sample.
static void
on_minute_sweep(void *arg)
{
	struct engine *e = arg;
	int64_t now = loop_utc_ms(e->loop);
	await_set_hours(e, now);
	for (uint32_t i = 0; i < e->site->n_site_points; i++) {
		struct gauge *g = engine_rules(e, i)->gauge;
		if (g == NULL || !g->acc.open)
			continue;
		int64_t end = g->acc.m.minute_utc_ms + MINUTE_MS;
		struct minute m;
		if (now >= end + SWEEP_GRACE_MS && minute_close(&g->acc, end, &m))
			write_minutes(e, i, &m, 1);
	}
	loop_timer_in(e->loop, &e->minute_timer, SWEEP_MS);
}

void
gauges_init(struct engine *e)
{
	const struct site *s = e->site;
	for (uint32_t i = 0; i < s->n_site_points; i++) {
		const struct point *p = &s->points[i];
		if (point_kind_quantity(p->kind) == QUANTITY_NONE)
			continue;
		struct gauge *g = xcalloc(1, sizeof(*g));
		uint32_t poll =
		    p->device == INDEX_NONE ? 1000 : s->devices[p->device].poll_ms;
		uint32_t hold = poll / 2 * 5;
		g->hold_ms = hold < HOLD_MOST_MS ? hold : HOLD_MOST_MS;
		engine_own_rules(e, i)->gauge = g;
		gauge_window_init(e, i, poll);
	}
	e->local = local_time_new(s->time_zone);
	await_set_hours(e, loop_utc_ms(e->loop));
	loop_timer_init(&e->minute_timer, on_minute_sweep, e);
	loop_timer_in(e->loop, &e->minute_timer, SWEEP_MS);
}

void
gauges_free(struct engine *e)
{
	loop_timer_stop(e->loop, &e->minute_timer);
	local_time_free(e->local);
	for (uint32_t i = 0; i < e->site->n_points; i++) {
		struct gauge *g = engine_rules(e, i)->gauge;
		if (g != NULL)
			free(g->window);
		free(g);
	}
}

void
gauge_feed(struct engine *e, const struct sample *s)
{
	struct gauge *g = engine_rules(e, s->point)->gauge;
	if (g == NULL)
		return;
	struct minute done[2];
	unsigned n = minute_feed(&g->acc, s, g->hold_ms, done, 2);
	write_minutes(e, s->point, done, n);
	gauge_window_feed(e, s);
	struct set_reading set;
	if (set_hour_feed(&g->set, s, &set))
		store_set_reading(e->store, e->site->points[s->point].id, &set);
}

void
gauge_limits(struct engine *e, const struct sample *s, const struct facts *f)
{
	const struct limit *limits = e->site->points[s->point].limits;
	if (limits == NULL)
		return;
	for (enum limit_kind k = 0; k < LIMIT_COUNT; k++) {
		const struct limit *l = &limits[k];
		if (!l->set)
			continue;
		struct filter *fl = engine_filter(e, s->point, COND_PROCESS,
		    limit_name(k), l->on_delay_ms, l->off_delay_ms);
		bool tripped = limit_tripped(l, k, s->value, fl->raw);
		if (tripped && !limit_tripped(l, k, s->value, false))
			engine_decide(e, s->point, DECISION_HYSTERESIS_HELD,
			    COND_PROCESS, limit_name(k), s->value);
		engine_filter_feed(e, fl, tripped, f);
	}
}

void
engine_close(struct engine *e)
{
	chatters_close(e->chatters);
	repeats_close(e->repeats);
	int64_t now = loop_utc_ms(e->loop);
	for (uint32_t i = 0; i < e->site->n_site_points; i++) {
		struct gauge *g = engine_rules(e, i)->gauge;
		struct minute m;
		while (g != NULL && minute_close(&g->acc, now, &m))
			write_minutes(e, i, &m, 1);
		// What the start after this one may not see any more.
		if (g != NULL && g->set.near.have)
			end_set_hour(e, i);
	}
}
