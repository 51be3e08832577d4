// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Why an alarm sounded, or why none did. What the engine decided lately is copied on
// the loop; the journal is asked, and the answer written, in the store's reader thread
// (I1).
#include <stdlib.h>
#include <string.h>

#include "console/console_int.h"
#include "lib/mem.h"
#include "store/explain.h"
#include "store/store.h"

struct question {
	struct http_request *r; // the loop's
	struct explain_question q;
	int64_t now_utc_ms;
	bool found;
	struct buf b;
};

static int
ask(struct reader *reader, void *arg)
{
	struct question *q = arg;
	struct explanation *x;
	int found = explain_ask(reader, &q->q, q->now_utc_ms, &x, NULL);

	if (found < 0)
		return -1;
	q->found = found > 0;
	if (!q->found)
		return 0;
	explain_json(x, &q->b);
	explain_free(x);
	return 0;
}

static void
on_answer(void *arg, int result)
{
	struct question *q = arg;

	if (result != 0)
		http_error(q->r, 503, "unavailable", NULL);
	else if (q->found)
		http_send_json(q->r, 200, &q->b);
	else
		http_error(q->r, 404, "not_found", "id");
	buf_free(&q->b);
	free(q);
}

// What only the loop knows of the point: its zone, its links, its decisions.
static void
take_point(struct console *c, struct explain_question *q, uint32_t point)
{
	const struct site *site = c->host.site(c->host.ctx);
	struct decision d[DECISIONS_PER_POINT];

	explain_site(q, site, point);
	explain_take_decisions(q, d, c->host.decisions(c->host.ctx, point, d));
}

static void
put_question(struct console *c, struct question *q)
{
	q->now_utc_ms = loop_utc_ms(c->loop);
	http_takes_long(q->r);
	store_read(c->host.store(c->host.ctx), ask, on_answer, q);
}

void
api_explain_point(struct console *c, struct http_request *r)
{
	uint32_t point = site_find_point(c->host.site(c->host.ctx), r->id);

	if (point == UINT32_MAX) {
		http_error(r, 404, "not_found", "id");
		return;
	}
	struct question *q = xcalloc(1, sizeof(*q));
	q->r = r;
	(void)str_copy(q->q.point, sizeof(q->q.point), r->id);
	take_point(c, &q->q, point);
	put_question(c, q);
}

// One that is open has its point's decisions; of one that is closed the journal tells.
void
api_explain_alarm(struct console *c, struct http_request *r)
{
	struct question *q = xcalloc(1, sizeof(*q));

	q->r = r;
	if (!str_copy(q->q.occurrence, sizeof(q->q.occurrence), r->id)) {
		free(q);
		http_error(r, 404, "not_found", "id");
		return;
	}
	uint32_t point = c->host.alarm_point(c->host.ctx, r->id);
	if (point != UINT32_MAX)
		take_point(c, &q->q, point);
	else
		q->q.site = c->host.site(c->host.ctx);
	put_question(c, q);
}
