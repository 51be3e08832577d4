// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// How long what was not watched on a statistics day. Asked and written in the store's
// reader thread; counting is the store's. Refuses a day that is none and a point that
// the site does not have.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console/console_int.h"
#include "lib/mem.h"
#include "store/query.h"
#include "store/store.h"

enum {
	ROWS_MOST = 1000
};

struct question {
	struct http_request *r; // the loop's
	const struct site *site;
	char day[11];
	char point[ID_MAX]; // "" = all
	int64_t now_utc_ms;
	bool is_day;
	uint32_t rows, left_out;
	struct buf b;
};

static void
put_place(struct question *q, const char *point)
{
	uint32_t i = point[0] != '\0' ? site_find_point(q->site, point) : UINT32_MAX;
	bool known = i != UINT32_MAX;
	json_open(&q->b, "place", '{');
	json_str(&q->b, "zh", known ? q->site->points[i].place_zh : "");
	json_str(&q->b, "en", known ? q->site->points[i].place_en : "");
	json_close(&q->b, '}');
}

static bool
each_sum(void *arg, const struct blind_sum *s)
{
	struct question *q = arg;
	if (q->rows == ROWS_MOST) {
		q->left_out++;
		return true;
	}
	q->rows++;
	json_open(&q->b, NULL, '{');
	json_str(&q->b, "point", s->point[0] != '\0' ? s->point : NULL);
	put_place(q, s->point);
	json_int(&q->b, "points", s->points);
	json_int(&q->b, "blind_ms", s->blind_ms);
	json_open(&q->b, "by_ms", '{');
	for (int i = 0; i < BLIND_REASON_COUNT; i++)
		json_int(&q->b, blind_reason_name((enum blind_reason)i), s->by_ms[i]);
	json_close(&q->b, '}');
	json_int(&q->b, "unmeasured", s->unmeasured);
	json_bool(&q->b, "goes_on", s->goes_on);
	json_open(&q->b, "events", '[');
	for (size_t i = 0; i < s->n_seqs; i++)
		json_int(&q->b, NULL, s->seqs[i]);
	json_close(&q->b, ']');
	json_close(&q->b, '}');
	return true;
}

static int
ask(struct reader *reader, void *arg)
{
	struct question *q = arg;
	struct day_span day;
	struct err err = { 0 };
	if (query_day(reader, q->day, q->now_utc_ms, &day, &err) < 0) {
		q->is_day = err.code != EINVAL;
		return -1;
	}
	json_open(&q->b, NULL, '{');
	json_str(&q->b, "day", day.day);
	json_time(&q->b, "from", day.from_ms);
	json_time(&q->b, "to", day.to_ms);
	json_bool(&q->b, "closed", day.closed);
	json_open(&q->b, "rows", '[');
	const struct blind_query of = { day.from_ms, day.to_ms, q->now_utc_ms,
		q->point[0] != '\0' ? q->point : NULL };
	if (query_blind(reader, &of, each_sum, q, NULL) < 0)
		return -1;
	json_close(&q->b, ']');
	json_int(&q->b, "left_out", q->left_out);
	json_close(&q->b, '}');
	return 0;
}

static void
on_answer(void *arg, int result)
{
	struct question *q = arg;
	if (result == 0)
		http_send_json(q->r, 200, &q->b);
	else if (!q->is_day)
		http_error(q->r, 400, "bad_parameter", "day");
	else
		http_error(q->r, 503, "unavailable", NULL);
	buf_free(&q->b);
	free(q);
}

void
api_blind(struct console *c, struct http_request *r)
{
	const struct site *site = c->host.site(c->host.ctx);
	const char *day = target_value(&r->target, "day");
	const char *point = target_value(&r->target, "point");
	struct question *q;

	if (point != NULL && site_find_point(site, point) == UINT32_MAX) {
		http_error(r, 404, "not_found", "point");
		return;
	}
	q = xcalloc(1, sizeof(*q));
	q->r = r;
	q->is_day = true;
	q->site = site;
	q->now_utc_ms = loop_utc_ms(c->loop);
	if (!str_copy(q->day, sizeof(q->day), day != NULL ? day : "today")) {
		free(q);
		http_error(r, 400, "bad_parameter", "day");
		return;
	}
	(void)str_copy(q->point, sizeof(q->point), point != NULL ? point : "");
	store_read(c->host.store(c->host.ctx), ask, on_answer, q);
}
