// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See trends.h. Samples come when a value changes, so that a timer looks at what comes
// of a value that stands.
//
// The invariant: what is not known neither raises nor ends anything; a gap and a
// restart leave each alarm as it is until the rule has seen enough again (I6, I11).
#include "trends.h"

#include <stdlib.h>

#include "core/trend.h"
#include "lib/mem.h"

struct trend_watch {
	struct engine *engine;
	uint32_t point;
	struct rate fall, rise;
	struct stuck stuck;
	uint32_t doubts; // rules that have not seen enough
	struct loop_timer due;
};

static const struct trend_rules *
rules_of(const struct trend_watch *w)
{
	return w->engine->site->points[w->point].trend;
}

static struct filter *
filter_of(const struct trend_watch *w, enum trend t)
{
	const struct trend_rules *r = rules_of(w);
	uint32_t off = t == TREND_RATE_FALL   ? r->fall.off_delay_ms
		       : t == TREND_RATE_RISE ? r->rise.off_delay_ms
					      : 0;

	return engine_filter(
	    w->engine, w->point, trend_condition(t), trend_name(t), 0, off);
}

static enum trend_answer
answer_of(struct trend_watch *w, enum trend t, int64_t now_ms)
{
	const struct trend_rules *r = rules_of(w);

	switch (t) {
	case TREND_RATE_FALL:
		return rate_look(&w->fall, &r->fall, now_ms);
	case TREND_RATE_RISE:
		return rate_look(&w->rise, &r->rise, now_ms);
	case TREND_STUCK:
		return stuck_look(&w->stuck, &r->stuck, now_ms);
	case TREND_COUNT:
		break;
	}
	wr_unreachable("trend");
}

// When the answer may be another though no value comes; INT64_MAX = never. A rate that
// is not too high rises with a further value only.
static int64_t
due_of(const struct trend_watch *w, enum trend t, bool stands, int64_t now_ms)
{
	const struct trend_rules *r = rules_of(w);

	if (t == TREND_STUCK)
		return stands ? INT64_MAX : w->stuck.from_ms + r->stuck.after_ms;
	if (!stands)
		return INT64_MAX;
	return now_ms + rate_slot_ms(t == TREND_RATE_FALL ? &r->fall : &r->rise);
}

static void
look(struct trend_watch *w, const struct facts *f)
{
	struct engine *e = w->engine;
	int64_t now = loop_now_ms(e->loop), due = INT64_MAX;

	for (enum trend t = 0; t < TREND_COUNT; t++) {
		if (trend_ms(rules_of(w), t) == 0)
			continue;
		struct filter *fl = filter_of(w, t);
		enum trend_answer a = answer_of(w, t, now);
		engine_decide_rule(e,
		    &(struct rule_doubt){ w->point, trend_condition(t), trend_name(t),
			(unsigned)t, a != TREND_UNKNOWN },
		    &w->doubts);
		if (a != TREND_UNKNOWN)
			engine_filter_feed(e, fl, a == TREND_YES, f);
		int64_t next = due_of(w, t, fl->raw, now);
		due = next < due ? next : due;
	}
	if (due == INT64_MAX)
		loop_timer_stop(e->loop, &w->due);
	else
		loop_timer_at(e->loop, &w->due, due);
}

static void
on_due(void *arg)
{
	struct trend_watch *w = arg;
	const struct point_state *st = &w->engine->points[w->point].state;
	struct facts f = engine_facts_now(w->engine);

	f.value = st->value;
	f.quality = st->quality;
	look(w, &f);
}

static void
forget(struct trend_watch *w)
{
	rate_forget(&w->fall);
	rate_forget(&w->rise);
	stuck_forget(&w->stuck);
	loop_timer_stop(w->engine->loop, &w->due);
}

void
trend_feed(struct engine *e, const struct sample *s, const struct facts *f)
{
	struct trend_watch *w = engine_rules(e, s->point)->trend;
	int64_t now = loop_now_ms(e->loop);

	if (w == NULL)
		return;
	const struct trend_rules *r = rules_of(w);
	rate_feed(&w->fall, &r->fall, s->value, now);
	rate_feed(&w->rise, &r->rise, -s->value, now);
	stuck_feed(&w->stuck, &r->stuck, s->value, now);
	look(w, f);
}

void
trend_lost(struct engine *e, uint32_t point)
{
	struct trend_watch *w = engine_rules(e, point)->trend;

	if (w != NULL)
		forget(w);
}

void
trends_init(struct engine *e)
{
	for (uint32_t i = 0; i < e->site->n_site_points; i++) {
		if (e->site->points[i].trend == NULL)
			continue;
		struct trend_watch *w = xcalloc(1, sizeof(*w));
		w->engine = e;
		w->point = i;
		loop_timer_init(&w->due, on_due, w);
		forget(w);
		engine_own_rules(e, i)->trend = w;
	}
}

void
trends_free(struct engine *e)
{
	for (uint32_t i = 0; i < e->site->n_site_points; i++) {
		struct trend_watch *w = engine_rules(e, i)->trend;
		if (w == NULL)
			continue;
		loop_timer_stop(e->loop, &w->due);
		free(w);
	}
}
