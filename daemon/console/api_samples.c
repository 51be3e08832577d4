// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Samples of a gauge as they arrived, as far as they are kept: around alarms, and all
// of them for a while where the site says so. Asked and written in the store's reader
// thread, a page at a time.
#include <stdio.h>
#include <stdlib.h>

#include "console/console_int.h"
#include "lib/mem.h"
#include "store/query.h"
#include "store/store.h"

enum {
	LIMIT_MAX = 5000,
	LIMIT_USUAL = 1000,
	SPAN_USUAL_MS = 3600 * 1000
};

struct question {
	struct http_request *r; // the loop's
	char point[ID_MAX];
	const char *unit; // static storage
	struct reading_walk walk;
	struct buf b;
};

static bool
each_sample(void *arg, const char *point, const struct kept_sample *s)
{
	struct question *q = arg;
	(void)point;

	json_open(&q->b, NULL, '{');
	json_time(&q->b, "time", s->at_utc_ms);
	json_double(&q->b, "value", s->value);
	json_str(&q->b, "quality", quality_name(s->quality));
	json_bool(&q->b, "around", s->around);
	json_close(&q->b, '}');
	return true;
}

static int
ask(struct reader *reader, void *arg)
{
	struct question *q = arg;
	char cursor[24];

	json_open(&q->b, NULL, '{');
	json_str(&q->b, "point", q->point);
	json_str(&q->b, "unit", q->unit);
	json_open(&q->b, "samples", '[');
	// First it looks for the gauge, then it reads the page.
	int n = query_samples(reader, &q->walk, each_sample, q, NULL);
	if (n >= 0 && !q->walk.done)
		n = query_samples(reader, &q->walk, each_sample, q, NULL);
	if (n < 0)
		return -1;
	json_close(&q->b, ']');
	(void)snprintf(cursor, sizeof(cursor), "%lld", (long long)q->walk.next_ms);
	json_str(&q->b, "next", q->walk.in_gauge ? cursor : NULL);
	json_close(&q->b, '}');
	return 0;
}

static void
on_answer(void *arg, int result)
{
	struct question *q = arg;

	api_answer(q->r, result, &q->b);
	free(q);
}

static int
read_question(struct console *c, struct http_request *r, struct question *q)
{
	struct reading_walk *w = &q->walk;
	int64_t after, limit;

	if (api_gauge(c, r, q->point, &q->unit) < 0 ||
	    api_time(r, "to", loop_utc_ms(c->loop), &w->to_ms) < 0 ||
	    api_time(r, "from", w->to_ms - SPAN_USUAL_MS, &w->from_ms) < 0 ||
	    api_number(r, "after", 0, INT64_MAX, 0, &after) < 0 ||
	    api_number(r, "limit", 1, LIMIT_MAX, LIMIT_USUAL, &limit) < 0)
		return -1;
	if (w->from_ms >= w->to_ms) {
		http_error(r, 400, "bad_parameter", "from");
		return -1;
	}
	w->from_ms = after > w->from_ms ? after : w->from_ms;
	w->page = (int)limit;
	w->only = q->point;
	return 0;
}

void
api_samples(struct console *c, struct http_request *r)
{
	struct question *q = xcalloc(1, sizeof(*q));

	q->r = r;
	if (read_question(c, r, q) < 0) {
		free(q);
		return;
	}
	http_takes_long(r);
	store_read(c->host.store(c->host.ctx), ask, on_answer, q);
}
