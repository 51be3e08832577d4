// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See dialog_cursor.h. Refuses a second start within a period, and to take a result for
// the value of another point: after a selector without an echo the write is repeated.
#include "drivers/dialog_cursor.h"

void
cursor_start(
    struct dialog_cursor *c, struct cursor_point *points, uint32_t n, int64_t first_ms)
{
	*c = (struct dialog_cursor){
		.state = n > 0 ? CURSOR_IDLE : CURSOR_OFF,
		.due_ms = n > 0 ? first_ms : INT64_MAX,
		.n = n,
		.points = points,
	};
}

void
cursor_begin(struct dialog_cursor *c, const struct profile_selector *def,
    uint32_t poll_ms, int64_t now)
{
	if (c->state != CURSOR_IDLE)
		return; // the write is repeated
	c->state = CURSOR_SELECTING;
	c->begun_ms = now;
	c->start_ms = now + poll_ms;
	c->points[c->at].next_ms = now + def->every_ms;
}

static bool
too_long(const struct dialog_cursor *c, const struct profile_selector *def, int64_t now)
{
	return now - c->begun_ms >= def->patience_ms;
}

enum cursor_outcome
cursor_good(struct dialog_cursor *c, const struct profile_selector *def, int64_t now)
{
	if (c->state == CURSOR_READING)
		return CURSOR_VALUE;
	c->state = CURSOR_READING;
	c->due_ms = now + def->wait_ms;
	return CURSOR_GOES_ON;
}

static bool
is_pending(const struct profile_selector *def, uint8_t exception)
{
	for (uint8_t i = 0; i < def->n_pending; i++)
		if (def->pending[i] == exception)
			return true;
	return exception == 5 || exception == 6; // V1.1b3, 7: acknowledge, busy
}

// The same request again: a result that is not there yet needs no new selector.
enum cursor_outcome
cursor_exception(struct dialog_cursor *c, const struct profile_selector *def,
    uint8_t exception, int64_t now)
{
	if (!is_pending(def, exception) || too_long(c, def, now))
		return CURSOR_NO_VALUE;
	c->due_ms = now + CURSOR_RETRY_MS;
	return CURSOR_GOES_ON;
}

void
cursor_unanswered(struct dialog_cursor *c, int64_t now)
{
	c->due_ms = now + CURSOR_RETRY_MS;
}

void
cursor_next(struct dialog_cursor *c, int64_t now)
{
	int64_t due;

	c->state = CURSOR_IDLE;
	c->at = (c->at + 1) % c->n;
	due = c->points[c->at].next_ms;
	due = due < c->start_ms ? c->start_ms : due;
	c->due_ms = due < now ? now : due;
}

void
cursor_lost(struct dialog_cursor *c, int64_t now)
{
	if (c->state == CURSOR_OFF)
		return;
	c->state = CURSOR_IDLE;
	c->due_ms = now < c->start_ms ? c->start_ms : now;
}
