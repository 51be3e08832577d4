// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The operator action log (E8): what people did in a statistics day, by person, by what
// they did, and one by one as the journal has it; and the times in which nobody wrote
// one. One thread. Which events are people's is core's rule, the same as that of the
// archive for an inspector. Refuses to leave a figure without its events (I13).
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "report/definitions.h"
#include "report/event_pages.h"
#include "report/params.h"

enum {
	TEXT = 512, // of what a person wrote
	WORD = 24,
};

// clang-format off
#define COUNT_COLUMNS                                                   \
	{ "actions", "report.col.actions", COLUMN_COUNT, IN_ALL, NULL },  \
	{ "first",   "report.col.first",   COLUMN_TIME,  IN_ALL, NULL },  \
	{ "last",    "report.col.last",    COLUMN_TIME,  IN_ALL, NULL },  \
	{ "events",  "report.col.seqs",    COLUMN_IDS,   IN_DATA, NULL }

static const struct report_column person_columns[] = {
	{ "by",      "report.col.by",      COLUMN_TEXT,  IN_ALL, NULL },
	COUNT_COLUMNS,
};
static const struct report_column kind_columns[] = {
	{ "kind",    "report.col.action",  COLUMN_KEY,   IN_ALL, "event." },
	COUNT_COLUMNS,
};
static const struct report_column action_columns[] = {
	{ "time",      "report.col.time",      COLUMN_TIME,  IN_ALL, NULL },
	{ "by",        "report.col.by",        COLUMN_TEXT,  IN_ALL, NULL },
	{ "kind",      "report.col.action",    COLUMN_KEY,   IN_ALL, "event." },
	{ "place",     "report.col.place",     COLUMN_PLACE, IN_ALL, NULL },
	{ "point",     "report.col.point",     COLUMN_TEXT,  IN_ALL, NULL },
	{ "condition", "report.col.condition", COLUMN_KEY,   IN_ALL, "condition." },
	{ "code",      "report.col.code",      COLUMN_CODE,  IN_ALL, NULL },
	{ "verdict",   "report.col.verdict",   COLUMN_KEY,   IN_ALL, "verdict." },
	{ "cause",     "report.col.cause",     COLUMN_KEY,   IN_ALL, "verdict.cause." },
	{ "said",      "report.col.said",      COLUMN_TEXT,  IN_ALL, NULL },
	{ "class",     NULL,                   COLUMN_KEY,   IN_JSON, "class." },
	{ "occurrence", NULL,                  COLUMN_TEXT,  IN_JSON, NULL },
	{ "params",    NULL,                   COLUMN_TEXT,  IN_JSON, NULL },
	{ "events",    "report.col.seqs",      COLUMN_IDS,   IN_ALL, NULL },
};

#define COLUMNS(c) .columns = c, .n_columns = sizeof(c) / sizeof((c)[0])
static const struct report_table people_shape  = { .name = "people", .title = "report.by_person", COLUMNS(person_columns) };
static const struct report_table kinds_shape   = { .name = "kinds", .title = "report.by_action", COLUMNS(kind_columns) };
static const struct report_table actions_shape = { .name = "actions", .title = "report.actions", COLUMNS(action_columns) };
// clang-format on

// Those of one person, or of one kind.
struct group {
	char name[ID_MAX];
	int64_t first_ms, last_ms;
	int64_t *seqs; // owned
	size_t n, size;
};

struct groups {
	struct group *all;
	size_t n;
};

struct walk {
	struct report_table *actions;
	struct groups people, kinds;
};

static struct group *
group_of(struct groups *g, const char *name)
{
	for (size_t i = 0; i < g->n; i++)
		if (strcmp(g->all[i].name, name) == 0)
			return &g->all[i];
	g->all = xreallocarray(g->all, g->n + 1, sizeof(*g->all));
	struct group *x = &g->all[g->n++];
	*x = (struct group){ 0 };
	(void)str_copy(x->name, sizeof(x->name), name);
	return x;
}

static void
group_add(struct groups *g, const char *name, const struct event *e)
{
	struct group *x = group_of(g, name);
	if (x->n == x->size) {
		x->size = x->size != 0 ? x->size * 2 : 16;
		x->seqs = xreallocarray(x->seqs, x->size, sizeof(*x->seqs));
	}
	x->seqs[x->n++] = e->seq;
	// A clock that was put back makes the newest event the earlier one.
	if (x->n == 1 || e->time_utc_ms < x->first_ms)
		x->first_ms = e->time_utc_ms;
	if (x->n == 1 || e->time_utc_ms > x->last_ms)
		x->last_ms = e->time_utc_ms;
}

static int
by_name(const void *va, const void *vb)
{
	const struct group *a = va, *b = vb;
	return strcmp(a->name, b->name);
}

static void
groups_put(struct groups *g, struct report_table *t)
{
	if (g->n > 0)
		qsort(g->all, g->n, sizeof(*g->all), by_name);
	for (size_t i = 0; i < g->n; i++) {
		struct report_cell *row = doc_row(t);
		doc_put_text(&row[0], g->all[i].name);
		doc_put_count(&row[1], (int64_t)g->all[i].n);
		doc_put_count(&row[2], g->all[i].first_ms);
		doc_put_count(&row[3], g->all[i].last_ms);
		doc_put_ids(&row[4], g->all[i].seqs, g->all[i].n);
	}
}

static void
groups_free(struct groups *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->all[i].seqs);
	free(g->all);
}

// What a person wrote beside it, whatever the event calls it; else whom it is about or
// where it came from.
static void
put_said(struct report_cell *c, const struct event *e)
{
	static const char *const keys[] = { "reason", "note", "found", "user", "from" };
	char text[TEXT] = "";
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && text[0] == '\0'; i++)
		params_text(e->params, keys[i], text, sizeof(text));
	doc_put_text(c, text);
}

static void
put_word(struct report_cell *c, const struct event *e, const char *key)
{
	char word[WORD];
	params_text(e->params, key, word, sizeof(word));
	doc_put_text(c, word);
}

static void
put_action(struct report_table *t, const struct event *e)
{
	struct report_cell *row = doc_row(t);
	bool verified = e->kind == EVENT_ALARM_VERIFY;
	doc_put_count(&row[0], e->time_utc_ms);
	doc_put_text(&row[1], e->actor);
	doc_put_text(&row[2], event_kind_name(e->kind));
	doc_put_place(&row[3], e->place_zh, e->place_en);
	doc_put_text(&row[4], e->point);
	if (e->condition >= 0)
		doc_put_text(&row[5], condition_name((enum condition)e->condition));
	doc_put_text(&row[6], e->code);
	if (verified) {
		put_word(&row[7], e, "verdict");
		put_word(&row[8], e, "cause");
	}
	put_said(&row[9], e);
	if (e->alarm_class >= 0)
		doc_put_text(&row[10], class_name((enum alarm_class)e->alarm_class));
	doc_put_text(&row[11], e->occurrence_id);
	doc_put_text(&row[12], e->params);
	doc_put_ids(&row[13], &e->seq, 1);
}

static bool
take(void *arg, const struct stored_event *s)
{
	struct walk *w = arg;
	const struct event *e = &s->event;
	if (!event_by_person(e))
		return true;
	group_add(&w->people, e->actor, e);
	group_add(&w->kinds, event_kind_name(e->kind), e);
	put_action(w->actions, e);
	return true;
}

static int
walk(const struct report_input *in, struct walk *w, struct err *err)
{
	struct event_filter f = {
		.from_utc_ms = in->day.from_ms,
		.to_utc_ms = in->day.to_ms,
		.alarm_class = -1,
	};
	return event_pages(in, f, take, w, err);
}

int
actions_daily_build(
    const struct report_input *in, struct report_doc *d, struct err *err)
{
	if (query_edges(in->reader, &in->day, &d->first_seq, &d->last_seq, err) < 0)
		return -1;
	struct report_table *people = doc_table(d, &people_shape);
	struct report_table *kinds = doc_table(d, &kinds_shape);
	struct walk w = { .actions = doc_table(d, &actions_shape) };
	int result = walk(in, &w, err);
	groups_put(&w.people, people);
	groups_put(&w.kinds, kinds);
	groups_free(&w.people);
	groups_free(&w.kinds);
	return result == 0 ? gaps_build(in, d, err) : result;
}
