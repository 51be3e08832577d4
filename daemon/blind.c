// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Blind time: what is not watched is told in a row when that begins and in one when it
// ends, so that it can be summed while it lasts (I9, I13). A lost link tells once for
// all points behind it; a point that gives no value while its link stands tells for
// itself once that lasts. Part of the engine; runs on the loop.
#include "blind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

enum {
	LOOK_EVERY_MS = 5000,
	LASTS_MS = 10000,   // a point without a value for so long has a row
	SETTLES_MS = 60000, // and one that was not read yet since its link is back
	AT_ONCE = 200,      // rows: the others wait for the next round (I1)
	NEXT_ROUND_MS = 50,
};

enum sight {
	SIGHT_UNREAD, // since the start, or since its link is back
	SIGHT_KNOWN,
	SIGHT_COVERED, // behind a link whose span goes on
	SIGHT_NONE,    // its link stands, and it gives no value
	SIGHT_TOLD,    // and a row says so
};

struct blinds {
	struct engine *engine;
	struct loop_timer look;
	uint8_t *sight;    // per point of the site
	int64_t *since_ms; // UTC: not known since
	uint32_t waiting;  // UNREAD and NONE
};

static void
write_row(struct engine *e, uint32_t point, const char *reason,
    const struct blind_span *span, const char *more)
{
	struct event ev;
	event_init(&ev, EVENT_BLIND);
	engine_describe_point(&e->site->points[point], &ev);
	(void)snprintf(ev.params, sizeof(ev.params),
	    "{\"reason\":\"%s\",\"from_utc_ms\":%lld,\"points\":%u%s}", reason,
	    (long long)span->from_ms, span->n, more);
	(void)works_event(e->works, &ev);
}

static void
write_end(struct engine *e, uint32_t point, const char *reason,
    const struct blind_span *span, const char *more)
{
	char to[160];
	(void)snprintf(to, sizeof(to), ",\"to_utc_ms\":%lld%s",
	    (long long)loop_utc_ms(e->loop), more);
	write_row(e, point, reason, span, to);
}

// ---- points by themselves -------------------------------------------------------

static bool
is_waiting(uint8_t sight)
{
	return sight == SIGHT_UNREAD || sight == SIGHT_NONE;
}

static void
set_sight(struct blinds *b, uint32_t point, enum sight sight)
{
	b->waiting -= is_waiting(b->sight[point]);
	b->sight[point] = (uint8_t)sight;
	b->waiting += is_waiting(b->sight[point]);
}

static bool
is_covered(const struct engine *e, const struct point *p)
{
	if (p->device != INDEX_NONE)
		return engine_link_spans(e, e->site->devices[p->device].link_point);
	return p->gpio != INDEX_NONE &&
	       engine_link_spans(e, e->site->gpios[p->gpio].link_point);
}

static void
tell_known(struct blinds *b, uint32_t point)
{
	if (b->sight[point] == SIGHT_TOLD)
		write_end(b->engine, point, "quality",
		    &(struct blind_span){ NULL, 1, b->since_ms[point] }, "");
	set_sight(b, point, SIGHT_KNOWN);
}

void
blinds_quality(struct engine *e, uint32_t point, enum quality q, int64_t utc_ms)
{
	struct blinds *b = e->blinds;
	if (b == NULL || point >= e->site->n_site_points)
		return;
	enum sight s = (enum sight)b->sight[point];
	if (q == QUALITY_GOOD || q == QUALITY_UNCERTAIN) {
		tell_known(b, point);
		return;
	}
	bool covered = is_covered(e, &e->site->points[point]);
	if (s == SIGHT_KNOWN) {
		b->since_ms[point] = utc_ms;
		set_sight(b, point, covered ? SIGHT_COVERED : SIGHT_NONE);
	} else if (covered && s != SIGHT_TOLD) {
		set_sight(b, point, SIGHT_COVERED);
	}
}

static bool
look_at(struct blinds *b, uint32_t point, int64_t now_ms)
{
	int64_t lasts = now_ms - b->since_ms[point];
	bool due =
	    b->sight[point] == SIGHT_UNREAD ? lasts >= SETTLES_MS : lasts >= LASTS_MS;
	if (!due)
		return false;
	// Not known before its link was lost: that span says it.
	if (is_covered(b->engine, &b->engine->site->points[point])) {
		set_sight(b, point, SIGHT_COVERED);
		return false;
	}
	set_sight(b, point, SIGHT_TOLD);
	write_row(b->engine, point, "quality",
	    &(struct blind_span){ NULL, 1, b->since_ms[point] }, "");
	return true;
}

static void
on_look(void *arg)
{
	struct blinds *b = arg;
	struct engine *e = b->engine;
	int64_t now_ms = loop_utc_ms(e->loop);
	unsigned told = 0;
	for (uint32_t i = 0; b->waiting > 0 && i < e->site->n_site_points; i++) {
		if (is_waiting(b->sight[i]))
			told += look_at(b, i, now_ms);
		if (told == AT_ONCE)
			break;
	}
	loop_timer_in(
	    e->loop, &b->look, told == AT_ONCE ? NEXT_ROUND_MS : LOOK_EVERY_MS);
}

// ---- links ----------------------------------------------------------------------

void
blinds_link_begins(struct engine *e, uint32_t link_point, const struct blind_span *span)
{
	write_row(e, link_point, "link", span, "");
}

// What is not read yet now that its link is back is blind on its own account, where
// that lasts.
static void
uncover(struct engine *e, const struct blind_span *span)
{
	struct blinds *b = e->blinds;
	for (uint32_t i = 0; b != NULL && i < span->n; i++) {
		uint32_t point = span->points[i];
		if (b->sight[point] != SIGHT_COVERED)
			continue;
		b->since_ms[point] = loop_utc_ms(e->loop);
		set_sight(b, point, SIGHT_UNREAD);
	}
}

void
blinds_link_ends(struct engine *e, uint32_t link_point, const struct blind_span *span)
{
	write_end(e, link_point, "link", span, "");
	uncover(e, span);
}

void
blinds_link_flapped(struct engine *e, uint32_t link_point,
    const struct blind_span *span, uint32_t changes, int64_t blind_ms)
{
	char more[80];
	(void)snprintf(more, sizeof(more), ",\"changes\":%u,\"blind_ms\":%lld", changes,
	    (long long)blind_ms);
	write_end(e, link_point, "flapping", span, more);
	uncover(e, span);
}

// ---- life -----------------------------------------------------------------------

struct blinds *
blinds_new(struct engine *e)
{
	struct blinds *b = xcalloc(1, sizeof(*b));
	size_t n = (size_t)e->site->n_site_points + 1;
	b->engine = e;
	b->sight = xcalloc(n, sizeof(*b->sight));
	b->since_ms = xcalloc(n, sizeof(*b->since_ms));
	b->waiting = e->site->n_site_points;
	for (uint32_t i = 0; i < e->site->n_site_points; i++)
		b->since_ms[i] = loop_utc_ms(e->loop);
	loop_timer_init(&b->look, on_look, b);
	loop_timer_in(e->loop, &b->look, LOOK_EVERY_MS);
	return b;
}

void
blinds_free(struct blinds *b)
{
	loop_timer_stop(b->engine->loop, &b->look);
	free(b->sight);
	free(b->since_ms);
	free(b);
}
