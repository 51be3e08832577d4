// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The journal, paged. The question is put and the answer written in the store's reader
// thread, which sees nothing but its own struct; the loop only sends (I1).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/console_int.h"
#include "console/format.h"
#include "lib/mem.h"
#include "store/query.h"
#include "store/store.h"

enum {
	EVENTS_LIMIT = 1000,
	EVENTS_DEFAULT = 100
};

struct question {
	struct http_request *r; // the loop's
	struct event_filter filter;
	char point[ID_MAX], occurrence[MINT_MAX];
	struct buf b;
	unsigned rows;
	int64_t last_seq;
};

static bool
each_row(void *arg, const struct stored_event *e)
{
	struct question *q = arg;

	format_stored_event(&q->b, e);
	q->last_seq = e->event.seq;
	q->rows++;
	return true;
}

static int
ask(struct reader *reader, void *arg)
{
	struct question *q = arg;
	char cursor[24];

	json_open(&q->b, NULL, '{');
	json_open(&q->b, "events", '[');
	if (query_events(reader, &q->filter, each_row, q, NULL) < 0)
		return -1;
	json_close(&q->b, ']');
	(void)snprintf(cursor, sizeof(cursor), "%lld", (long long)q->last_seq);
	json_str(&q->b, "next", q->rows == q->filter.limit ? cursor : NULL);
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
read_filter(struct http_request *r, struct question *q)
{
	const char *point = target_value(&r->target, "point");
	const char *class = target_value(&r->target, "class");
	const char *occurrence = target_value(&r->target, "occurrence");
	struct event_filter *f = &q->filter;
	int64_t limit;
	enum alarm_class of_class = CLASS_COUNT;

	if (api_number(r, "after", 0, INT64_MAX, 0, &f->after_seq) < 0 ||
	    api_number(r, "limit", 1, EVENTS_LIMIT, EVENTS_DEFAULT, &limit) < 0 ||
	    api_time(r, "from", 0, &f->from_utc_ms) < 0 ||
	    api_time(r, "to", 0, &f->to_utc_ms) < 0)
		return -1;
	f->limit = (unsigned)limit;
	f->alarm_class = -1;
	if (class != NULL && !class_from_name(class, &of_class)) {
		http_error(r, 400, "bad_parameter", "class");
		return -1;
	}
	if (class != NULL)
		f->alarm_class = (int)of_class;
	if (point != NULL && !str_copy(q->point, sizeof(q->point), point)) {
		http_error(r, 400, "bad_parameter", "point");
		return -1;
	}
	f->point = point != NULL ? q->point : NULL;
	if (occurrence != NULL &&
	    !str_copy(q->occurrence, sizeof(q->occurrence), occurrence)) {
		http_error(r, 400, "bad_parameter", "occurrence");
		return -1;
	}
	f->occurrence = occurrence != NULL ? q->occurrence : NULL;
	return 0;
}

void
api_events(struct console *c, struct http_request *r)
{
	struct question *q = xcalloc(1, sizeof(*q));

	q->r = r;
	if (read_filter(r, q) < 0) {
		free(q);
		return;
	}
	http_takes_long(r);
	store_read(c->host.store(c->host.ctx), ask, on_answer, q);
}
