// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A gauge's readings per step. Asked and written in the store's reader thread; counting
// is the store's. Refuses more steps than the store gives in one answer.
#include <stdlib.h>
#include <string.h>

#include "console/console_int.h"
#include "console/format.h"
#include "core/reading.h"
#include "lib/mem.h"
#include "store/query.h"
#include "store/store.h"

enum {
	STEP_MAX_S = 366 * 86400,
	SPAN_DEFAULT_MS = 3600 * 1000
};

struct question {
	struct http_request *r; // the loop's
	char point[ID_MAX];
	const char *unit; // static storage
	int64_t from_ms, to_ms, step_ms;
	struct buf b;
};

static const char *const rows_names[] = {
	[ROWS_MINUTE] = "minute",
	[ROWS_HOUR] = "hour",
	[ROWS_DAY] = "day",
};

static bool
each_step(void *arg, const struct reading_step *s)
{
	struct question *q = arg;

	json_open(&q->b, NULL, '{');
	json_time(&q->b, "from", s->from_ms);
	json_time(&q->b, "to", s->to_ms);
	json_double(&q->b, "min", s->min);
	json_double(&q->b, "mean", s->mean);
	json_double(&q->b, "max", s->max);
	json_int(&q->b, "good_ms", s->good_ms);
	json_int(&q->b, "minutes", s->minutes);
	json_close(&q->b, '}');
	return true;
}

static int
ask(struct reader *reader, void *arg)
{
	struct question *q = arg;

	json_open(&q->b, NULL, '{');
	json_str(&q->b, "point", q->point);
	json_str(&q->b, "unit", q->unit);
	json_int(&q->b, "step_ms", q->step_ms);
	json_str(&q->b, "rows", rows_names[reading_rows_of(q->step_ms)]);
	int64_t kept_from_ms;
	if (query_kept_from(reader, &kept_from_ms, NULL) != 0)
		return -1;
	json_time(&q->b, "kept_from", kept_from_ms);
	json_open(&q->b, "steps", '[');
	const struct reading_range range = { q->point, q->from_ms, q->to_ms,
		q->step_ms };
	if (query_readings(reader, &range, each_step, q, NULL) < 0)
		return -1;
	json_close(&q->b, ']');
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
refuse(struct http_request *r, int status, const char *code, const char *field)
{
	http_error(r, status, code, field);
	return -1;
}

static int
read_span(struct console *c, struct http_request *r, struct question *q)
{
	int64_t step;

	if (api_time(r, "to", loop_utc_ms(c->loop), &q->to_ms) < 0 ||
	    api_time(r, "from", q->to_ms - SPAN_DEFAULT_MS, &q->from_ms) < 0 ||
	    api_number(r, "step", 60, STEP_MAX_S, 60, &step) < 0)
		return -1;
	if (step % 60 != 0)
		return refuse(r, 400, "bad_parameter", "step");
	if (q->from_ms >= q->to_ms)
		return refuse(r, 400, "bad_parameter", "from");
	q->step_ms = step * 1000;
	if (reading_steps(q->from_ms, q->to_ms, q->step_ms) > READING_STEPS_MAX)
		return refuse(r, 400, "too_many_steps", "step");
	return 0;
}

int
api_gauge(struct console *c, struct http_request *r, char point[static ID_MAX],
    const char **unit)
{
	const struct site *site = c->host.site(c->host.ctx);
	const char *name = target_value(&r->target, "point");

	if (name == NULL)
		return refuse(r, 400, "missing_parameter", "point");
	uint32_t index = site_find_point(site, name);
	if (index == UINT32_MAX || !str_copy(point, ID_MAX, name))
		return refuse(r, 404, "not_found", "point");
	*unit = format_unit(&site->points[index]);
	return 0;
}

void
api_readings(struct console *c, struct http_request *r)
{
	struct question *q = xcalloc(1, sizeof(*q));

	q->r = r;
	if (api_gauge(c, r, q->point, &q->unit) < 0 || read_span(c, r, q) < 0) {
		free(q);
		return;
	}
	http_takes_long(r);
	store_read(c->host.store(c->host.ctx), ask, on_answer, q);
}
