// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See unwatched.h. Refuses to take silence for watching: a daemon whose last sign of
// life is older than a minute counts as down from then on, for nobody has said yet how
// long.
#include "report/unwatched.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "report/event_pages.h"
#include "report/params.h"
#include "store/store.h"

enum {
	ALIVE_LATE_MS = 60000, // a daemon gives a sign of life each few seconds
	NUMBER = 24,
};

// A span is told when it ends; one that ends later than this is an open alarm's.
static const int64_t reach_ms = INT64_C(31) * 24 * 3600 * 1000;

static const enum event_kind kinds[] = { EVENT_BLIND, EVENT_DAEMON_DOWN,
	EVENT_EVENTS_LOST, EVENT_KINDS_END };

// --- spans --------------------------------------------------------------------------

void
time_spans_add(struct time_spans *s, int64_t from_ms, int64_t to_ms)
{
	if (to_ms <= from_ms)
		return;
	if (s->n == s->size) {
		s->size = s->size != 0 ? s->size * 2 : 16;
		s->all = xreallocarray(s->all, s->size, sizeof(*s->all));
	}
	s->all[s->n++] = (struct time_span){ from_ms, to_ms };
}

static int
by_begin(const void *va, const void *vb)
{
	const struct time_span *a = va, *b = vb;
	return a->from_ms < b->from_ms ? -1 : a->from_ms > b->from_ms;
}

static struct time_span
cut(struct time_span x, int64_t from_ms, int64_t to_ms)
{
	x.from_ms = x.from_ms > from_ms ? x.from_ms : from_ms;
	x.to_ms = x.to_ms < to_ms ? x.to_ms : to_ms;
	return x;
}

void
time_spans_merge(struct time_spans *s, int64_t from_ms, int64_t to_ms)
{
	size_t kept = 0;
	if (s->n > 0)
		qsort(s->all, s->n, sizeof(*s->all), by_begin);
	for (size_t i = 0; i < s->n; i++) {
		struct time_span x = cut(s->all[i], from_ms, to_ms);
		if (x.from_ms >= x.to_ms)
			continue;
		struct time_span *before = kept > 0 ? &s->all[kept - 1] : NULL;
		if (before == NULL || x.from_ms > before->to_ms)
			s->all[kept++] = x;
		else if (x.to_ms > before->to_ms)
			before->to_ms = x.to_ms;
	}
	s->n = kept;
}

int64_t
time_spans_within(const struct time_spans *s, int64_t from_ms, int64_t to_ms)
{
	int64_t sum = 0;
	for (size_t i = 0; i < s->n; i++) {
		struct time_span x = cut(s->all[i], from_ms, to_ms);
		if (x.from_ms < x.to_ms)
			sum += x.to_ms - x.from_ms;
	}
	return sum;
}

void
time_spans_free(struct time_spans *s)
{
	free(s->all);
	*s = (struct time_spans){ 0 };
}

// --- what the journal says ----------------------------------------------------------

static void
add(struct unwatched *u, const char *link, int64_t from_ms, int64_t to_ms)
{
	if (u->n == u->size) {
		u->size = u->size != 0 ? u->size * 2 : 16;
		u->all = xreallocarray(u->all, u->size, sizeof(*u->all));
	}
	struct unwatched_span *x = &u->all[u->n++];
	*x = (struct unwatched_span){ .span = { from_ms, to_ms } };
	(void)str_copy(x->link, sizeof(x->link), link);
}

static bool
take(void *arg, const struct stored_event *s)
{
	struct unwatched *u = arg;
	const struct event *e = &s->event;
	int64_t from = params_number(e->params, "from_utc_ms", e->time_utc_ms);
	int64_t to = params_number(e->params, "to_utc_ms", e->time_utc_ms);
	add(u, e->kind == EVENT_BLIND ? e->point : "", from, to);
	return true;
}

// A daemon that is down now has not said so.
static int
add_silence(const struct report_input *in, struct unwatched *u, struct err *err)
{
	char text[NUMBER];
	int found = query_meta(in->reader, STORE_META_ALIVE, text, sizeof(text), err);
	int64_t alive = found > 0 ? strtoll(text, NULL, 10) : 0;
	if (alive > 0 && alive + ALIVE_LATE_MS < u->until_ms)
		add(u, "", alive, u->until_ms);
	return found < 0 ? -1 : 0;
}

static bool
take_first(void *arg, const struct stored_event *s)
{
	int64_t *first_ms = arg;
	*first_ms = s->event.time_utc_ms;
	return false;
}

// Before its first event the journal knows of nothing: there was no daemon yet, or
// retention has cut it.
static int
add_before(const struct report_input *in, struct unwatched *u, struct err *err)
{
	const struct event_filter f = { .alarm_class = -1, .limit = 1 };
	int64_t first_ms = 0;
	if (query_events(in->reader, &f, take_first, &first_ms, err) < 0)
		return -1;
	if (first_ms > u->from_ms)
		add(u, "", u->from_ms, first_ms);
	return 0;
}

int
unwatched_read(const struct report_input *in, int64_t from_ms,
    const struct occurrences *o, struct unwatched *u, struct err *err)
{
	struct event_filter f = {
		.from_utc_ms = from_ms,
		.to_utc_ms = in->day.to_ms + reach_ms,
		.alarm_class = -1,
		.kinds = kinds,
	};
	*u = (struct unwatched){
		.site = in->request->points, .from_ms = from_ms, .until_ms = o->until_ms
	};
	for (size_t i = 0; i < o->n; i++) {
		const struct occurrence *x = &o->all[i];
		if (x->condition == COND_LINK && x->end_ms == 0)
			add(u, x->point, x->time_ms, o->until_ms);
	}
	if (event_pages(in, f, take, u, err) < 0 || add_before(in, u, err) < 0)
		return -1;
	return add_silence(in, u, err);
}

// Whether the point hangs on what was lost.
static bool
hangs_on(const struct site *s, const struct point *p, const char *link)
{
	if (link[0] == '\0' || strcmp(p->id, link) == 0)
		return true;
	if (p->gpio != INDEX_NONE)
		return strncmp(link, "@gpio/", 6) == 0 &&
		       strcmp(link + 6, s->gpios[p->gpio].id) == 0;
	if (p->device == INDEX_NONE)
		return false;
	const struct device *d = &s->devices[p->device];
	if (strncmp(link, "@device/", 8) == 0)
		return strcmp(link + 8, d->id) == 0;
	return strncmp(link, "@bus/", 5) == 0 &&
	       strcmp(link + 5, s->buses[d->bus].id) == 0;
}

void
unwatched_of(const struct unwatched *u, uint32_t point, struct time_spans *out)
{
	if (u->site == NULL || point == UINT32_MAX)
		return;
	for (size_t i = 0; i < u->n; i++) {
		const struct unwatched_span *x = &u->all[i];
		if (hangs_on(u->site, &u->site->points[point], x->link))
			time_spans_add(out, x->span.from_ms, x->span.to_ms);
	}
}

void
unwatched_free(struct unwatched *u)
{
	free(u->all);
	*u = (struct unwatched){ 0 };
}
