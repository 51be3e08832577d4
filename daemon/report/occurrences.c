// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See occurrences.h. What follows an onset comes later in the journal: one walk gathers
// onsets and what followed, and joins them by id afterwards.
#include "report/occurrences.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "report/event_pages.h"
#include "report/params.h"

// A verdict or an end that comes later than this after the span is not waited for, nor
// an onset that lies further back.
static const int64_t reach_ms = INT64_C(31) * 24 * 3600 * 1000;

static const enum event_kind onset_kinds[] = { EVENT_ALARM_ONSET, EVENT_KINDS_END };
static const enum event_kind rest_kinds[] = { EVENT_ALARM_ONSET, EVENT_ALARM_CLEAR,
	EVENT_ALARM_CLOSE, EVENT_ALARM_ACKNOWLEDGE, EVENT_ALARM_VERIFY,
	EVENT_KINDS_END };

struct walk {
	struct occurrences *o;
	const struct day_span *span;
	struct occurrence **by_id; // of all, once every onset is known
};

static void
add_onset(struct walk *w, const struct event *e)
{
	struct occurrences *o = w->o;
	if (o->n == o->size) {
		o->size = o->size != 0 ? o->size * 2 : 64;
		o->all = xreallocarray(o->all, o->size, sizeof(*o->all));
	}
	struct occurrence *x = &o->all[o->n++];
	*x = (struct occurrence){
		.seq = e->seq,
		.time_ms = e->time_utc_ms,
		.inside = e->time_utc_ms >= w->span->from_ms &&
			  e->time_utc_ms < w->span->to_ms,
		.test = strstr(e->params, "\"test\":true") != NULL,
		.alarm_class = e->alarm_class,
		.condition = e->condition,
	};
	(void)str_copy(x->id, sizeof(x->id), e->occurrence_id);
	(void)str_copy(x->point, sizeof(x->point), e->point);
	(void)str_copy(x->code, sizeof(x->code), e->code);
	(void)str_copy(x->place_zh, sizeof(x->place_zh), e->place_zh);
	(void)str_copy(x->place_en, sizeof(x->place_en), e->place_en);
}

static bool
take_onset(void *arg, const struct stored_event *s)
{
	struct walk *w = arg;
	if (s->event.kind == EVENT_ALARM_ONSET && s->event.time_utc_ms < w->span->to_ms)
		add_onset(w, &s->event);
	return true;
}

static int
by_id(const void *va, const void *vb)
{
	const struct occurrence *const *a = va, *const *b = vb;
	return strcmp((*a)->id, (*b)->id);
}

static void
add_verdict(struct occurrence *x, const struct event *e)
{
	x->verdicts =
	    xreallocarray(x->verdicts, x->n_verdicts + 1, sizeof(*x->verdicts));
	x->verdicts[x->n_verdicts++] = e->seq;
	params_text(e->params, "verdict", x->verdict, sizeof(x->verdict));
	params_text(e->params, "cause", x->cause, sizeof(x->cause));
}

static bool
take_rest(void *arg, const struct stored_event *s)
{
	struct walk *w = arg;
	const struct event *e = &s->event;
	struct occurrence wanted, *key = &wanted;
	if (e->kind == EVENT_ALARM_ONSET)
		return true;
	(void)str_copy(wanted.id, sizeof(wanted.id), e->occurrence_id);
	struct occurrence **found =
	    bsearch(&key, w->by_id, w->o->n, sizeof(struct occurrence *), by_id);
	if (found == NULL)
		return true;
	struct occurrence *x = *found;
	if (e->kind == EVENT_ALARM_VERIFY) {
		add_verdict(x, e);
	} else if (e->kind == EVENT_ALARM_ACKNOWLEDGE) {
		if (x->acknowledged_seq == 0) {
			x->acknowledged_seq = e->seq;
			x->acknowledged_ms = e->time_utc_ms;
		}
	} else if (x->end_ms == 0) {
		x->end_ms = e->time_utc_ms;
	}
	return true;
}

static int
pages(const struct report_input *in, struct walk *w, const enum event_kind *which,
    bool (*row)(void *arg, const struct stored_event *s), struct err *err)
{
	struct event_filter f = {
		.from_utc_ms = in->day.from_ms - reach_ms,
		.to_utc_ms = in->day.to_ms + reach_ms,
		.alarm_class = -1,
		.kinds = which,
	};
	return event_pages(in, f, row, w, err);
}

// Those that were over before the span began do not matter to it.
static void
drop_old(struct occurrences *o, int64_t from_ms)
{
	size_t kept = 0;
	for (size_t i = 0; i < o->n; i++) {
		struct occurrence *x = &o->all[i];
		if (!x->inside && x->end_ms != 0 && x->end_ms < from_ms)
			free(x->verdicts);
		else
			o->all[kept++] = *x;
	}
	o->n = kept;
}

static void
set_onsets_apart(struct occurrences *o)
{
	o->onsets = xcalloc(o->n + 1, sizeof(*o->onsets));
	for (size_t i = 0; i < o->n; i++) {
		const struct occurrence *x = &o->all[i];
		if (occurrence_is_alarm(x))
			o->onsets[o->n_onsets++] = (struct onset){ x->time_ms, x->seq };
	}
}

size_t
occurrences_within(
    const struct occurrences *o, int64_t from_ms, int64_t to_ms, int64_t *ids)
{
	size_t n = 0;
	// The clock may have been stepped: seqs are in order, times need not be.
	for (size_t i = 0; i < o->n_onsets; i++)
		if (o->onsets[i].time_ms >= from_ms && o->onsets[i].time_ms < to_ms)
			ids[n++] = o->onsets[i].seq;
	return n;
}

int
occurrences_read(const struct report_input *in, struct occurrences *o, struct err *err)
{
	struct walk w = { .o = o, .span = &in->day };
	int64_t now = in->request->now_utc_ms;
	*o = (struct occurrences){ .until_ms =
				       in->day.to_ms < now ? in->day.to_ms : now };
	if (pages(in, &w, onset_kinds, take_onset, err) < 0)
		return -1;
	w.by_id = xcalloc(o->n + 1, sizeof(struct occurrence *));
	for (size_t i = 0; i < o->n; i++)
		w.by_id[i] = &o->all[i];
	qsort(w.by_id, o->n, sizeof(struct occurrence *), by_id);
	int result = pages(in, &w, rest_kinds, take_rest, err);
	free(w.by_id);
	drop_old(o, in->day.from_ms);
	set_onsets_apart(o);
	return result;
}

void
occurrences_free(struct occurrences *o)
{
	for (size_t i = 0; i < o->n; i++)
		free(o->all[i].verdicts);
	free(o->all);
	free(o->onsets);
	*o = (struct occurrences){ 0 };
}
