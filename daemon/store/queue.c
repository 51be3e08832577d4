// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See queue.h. What is of one point keeps its order. Nothing is dropped without being
// counted, and a fire goes only when even the reserved tenth is full.
#include "store/queue.h"

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/mem.h"

enum {
	UNIT_OVERHEAD = sizeof(struct unit)
};

void
queue_init(struct unit_queue *q, size_t rows_max, size_t bytes_max)
{
	*q = (struct unit_queue){ .rows_max = rows_max, .bytes_max = bytes_max };
	TAILQ_INIT(&q->urgent);
	TAILQ_INIT(&q->others);
}

void
queue_free(struct unit_queue *q)
{
	order_free(&q->order);
}

static void
count_lost(struct unit_queue *q, const struct event *e)
{
	struct lost_events *l = &q->lost;
	if (e->kind == EVENT_EVENTS_LOST)
		return; // an account that is lost is not accounted for, or it never
			// ends
	if (!l->any || e->time_utc_ms < l->from_utc_ms)
		l->from_utc_ms = e->time_utc_ms;
	if (!l->any || e->time_utc_ms > l->to_utc_ms)
		l->to_utc_ms = e->time_utc_ms;
	l->any = true;
	l->n[e->alarm_class < 0 ? (int)CLASS_INFO : e->alarm_class]++;
}

void
queue_count_lost(struct unit_queue *q, const struct unit *u)
{
	for (size_t i = 0; i < u->events.n; i++)
		count_lost(q, unit_event_at(u, i));
}

// Keeps the reserved events only, or none.
static void
strip(struct unit_queue *q, struct unit *u, bool all)
{
	struct event *events = u->events.data;
	size_t kept = 0;
	for (size_t i = 0; i < u->events.n; i++) {
		if (all || !unit_event_reserved(&events[i]))
			count_lost(q, &events[i]);
		else if (kept++ != i)
			memcpy(&events[kept - 1], &events[i], sizeof(events[i]));
	}
	u->events.n = kept;
}

static size_t
bytes_of(const struct unit *u)
{
	return u->packed_len + UNIT_OVERHEAD + order_bytes(u);
}

// Brings the urgent unit, and what must not come after it, into the line of the urgent.
// false where it has to wait with the others.
static bool
overtake(struct unit_queue *q, struct unit *u)
{
	int n = q->held_back == 0 ? order_before(&q->order, u) : -1;

	for (int i = 0; i < n; i++) {
		struct unit *before = q->order.pulled[i];
		order_remove(&q->order, before);
		TAILQ_REMOVE(&q->others, before, queue);
		before->place = 0;
		TAILQ_INSERT_TAIL(&q->urgent, before, queue);
	}
	if (n >= 0)
		TAILQ_INSERT_TAIL(&q->urgent, u, queue);
	return n >= 0;
}

// The unit is not packed yet.
static void
line_up(struct unit_queue *q, struct unit *u)
{
	u->urgent = unit_urgent(u);
	u->place = 0;
	if (u->urgent && overtake(q, u))
		return;
	q->held_back += u->urgent;
	order_add(&q->order, u);
	TAILQ_INSERT_TAIL(&q->others, u, queue);
}

bool
queue_add(struct unit_queue *q, struct unit *u)
{
	size_t rows_free = q->rows_max - q->rows_max / 10;
	size_t bytes_free = q->bytes_max - q->bytes_max / 10;
	size_t rows = unit_rows(u);
	if (q->rows + rows > rows_free || q->bytes >= bytes_free)
		strip(q, u, false);
	rows = unit_rows(u);
	if (rows == 0 && u->events.size > 0)
		return false;
	if (q->rows + rows > q->rows_max || q->bytes >= q->bytes_max) {
		strip(q, u, true);
		return false;
	}
	u->work.rows = rows;
	line_up(q, u);
	unit_pack(u);
	q->rows += rows;
	q->bytes += bytes_of(u);
	return true;
}

void
queue_add_first(struct unit_queue *q, struct unit *u)
{
	u->work.rows = unit_rows(u);
	unit_pack(u);
	q->rows += u->work.rows;
	q->bytes += bytes_of(u);
	u->urgent = true;
	u->place = 0;
	TAILQ_INSERT_HEAD(&q->urgent, u, queue);
}

struct unit *
queue_next(const struct unit_queue *q)
{
	struct unit *u = TAILQ_FIRST(&q->urgent);

	return u != NULL ? u : TAILQ_FIRST(&q->others);
}

bool
queue_urgent(const struct unit_queue *q)
{
	return !TAILQ_EMPTY(&q->urgent);
}

int64_t
queue_since_ms(const struct unit_queue *q)
{
	const struct unit *a = TAILQ_FIRST(&q->urgent), *b = TAILQ_FIRST(&q->others);
	int64_t since = a != NULL ? a->submitted_ms : INT64_MAX;

	return b != NULL && b->submitted_ms < since ? b->submitted_ms : since;
}

struct unit *
queue_take(struct unit_queue *q)
{
	struct unit *u = queue_next(q);
	if (u == NULL)
		return NULL;
	if (u->place != 0) {
		order_remove(&q->order, u);
		TAILQ_REMOVE(&q->others, u, queue);
		q->held_back -= u->urgent;
	} else {
		TAILQ_REMOVE(&q->urgent, u, queue);
	}
	q->rows -= u->work.rows;
	q->bytes -= bytes_of(u);
	unit_unpack(u);
	return u;
}

void
queue_lost_event(struct unit_queue *q, struct event *e, int64_t now_utc_ms)
{
	const struct lost_events *l = &q->lost;
	struct buf b = { 0 };
	event_init(e, EVENT_EVENTS_LOST);
	e->time_utc_ms = now_utc_ms;
	e->alarm_class = CLASS_SYSTEM;
	json_open(&b, NULL, '{');
	json_int(&b, "from_utc_ms", l->from_utc_ms);
	json_int(&b, "to_utc_ms", l->to_utc_ms);
	json_open(&b, "lost", '{');
	for (unsigned c = 0; c < CLASS_COUNT; c++) {
		if (l->n[c] > 0)
			json_int(&b, class_name((enum alarm_class)c), l->n[c]);
	}
	json_close(&b, '}');
	json_close(&b, '}');
	bool fits = str_copy(e->params, sizeof(e->params), b.data);
	wr_assert(fits);
	buf_free(&b);
	q->lost = (struct lost_events){ 0 };
}
