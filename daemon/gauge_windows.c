// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Which samples of gauges are kept as they arrived (core/sample_window.h): around the
// alarms of the gauge itself and of the pumps that go by it, and of every gauge around
// a fire, so that it can be seen whether the water was there. What came before is held
// for those only that have rules of their own: the others have no alarm to look back
// from but a fire. Part of the engine; runs on the loop.
#include <math.h>
#include <stdlib.h>

#include "engine_impl.h"
#include "lib/mem.h"

enum {
	WALK_MS = 1000
};

// Whether something is judged by its value.
static bool
is_judged(const struct engine *e, uint32_t point)
{
	const struct site *s = e->site;
	for (uint16_t i = 0; i < s->n_pumps; i++)
		if (s->pumps[i].gauge == point || s->pumps[i].second_gauge == point)
			return true;
	return s->points[point].limits != NULL || s->points[point].trend != NULL;
}

void
gauge_window_init(struct engine *e, uint32_t point, uint32_t poll_ms)
{
	const struct sample_window_rule *r = &e->site->samples;
	if (r->before_ms == 0 && r->after_ms == 0 && r->every_ms == 0)
		return;
	uint16_t room = is_judged(e, point) ? sample_window_room(r, poll_ms) : 0;
	struct sample_window *w = xcalloc(1, sizeof(*w) + room * sizeof(w->held[0]));
	w->room = room;
	engine_rules(e, point)->gauge->window = w;
}

static void
feed(struct engine *e, uint32_t point, const struct kept_sample *s, int64_t t_mono_ms)
{
	struct gauge *g = engine_rules(e, point)->gauge;
	struct kept_sample kept;
	if (g == NULL || g->window == NULL)
		return;
	if (e->windows_open_until_ms > g->window->open_until_ms)
		g->window->open_until_ms = e->windows_open_until_ms;
	if (sample_window_feed(g->window, &e->site->samples, s, t_mono_ms, &kept))
		store_sample(e->store, e->site->points[point].id, &kept);
}

void
gauge_window_feed(struct engine *e, const struct sample *s)
{
	bool valued = s->quality == QUALITY_GOOD || s->quality == QUALITY_UNCERTAIN;
	const struct kept_sample kept = { .at_utc_ms = s->t_utc_ms,
		.value = valued ? s->value : (double)NAN,
		.quality = s->quality };
	feed(e, s->point, &kept, s->t_mono_ms);
}

void
gauge_window_lost(struct engine *e, uint32_t point)
{
	const struct kept_sample none = { .at_utc_ms = loop_utc_ms(e->loop),
		.value = (double)NAN,
		.quality = QUALITY_UNKNOWN };
	feed(e, point, &none, loop_now_ms(e->loop));
}

static void
open_window(struct engine *e, uint32_t point)
{
	struct gauge *g = point == UINT32_MAX ? NULL : engine_rules(e, point)->gauge;
	struct kept_sample kept;
	if (g == NULL || g->window == NULL)
		return;
	sample_window_open(g->window, &e->site->samples, loop_now_ms(e->loop));
	while (sample_window_take(g->window, &kept))
		store_sample(e->store, e->site->points[point].id, &kept);
}

// All of them. While they are open nothing is held, and where they do not stay open one
// walk a second is enough: a storm of fires costs no walk each.
static void
open_all(struct engine *e)
{
	const struct sample_window_rule *r = &e->site->samples;
	int64_t now = loop_now_ms(e->loop);
	bool open =
	    now < e->windows_open_until_ms || now - e->windows_walked_ms < WALK_MS;
	e->windows_open_until_ms = now + r->after_ms;
	if (open || (r->before_ms == 0 && r->after_ms == 0))
		return;
	e->windows_walked_ms = now;
	for (uint32_t i = 0; i < e->site->n_site_points; i++)
		open_window(e, i);
}

void
gauge_windows_alarm(struct engine *e, const struct alarm_record *r)
{
	const struct site *s = e->site;
	open_window(e, r->point_index < s->n_points ? r->point_index : UINT32_MAX);
	for (uint16_t i = 0; i < s->n_pumps; i++) {
		if (s->pumps[i].point != r->point_index)
			continue;
		open_window(e, s->pumps[i].gauge);
		open_window(e, s->pumps[i].second_gauge);
	}
	if (r->alarm_class == CLASS_FIRE)
		open_all(e);
}
