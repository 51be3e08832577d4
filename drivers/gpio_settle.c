// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Debounce of one line. Runs on the loop, keeps no time of its own. Refuses to invent:
// what it reports was a level that the line had. A contact that bounces for ever is
// judged all the same after ten debounce times, so that a fire contact with a loose
// wire is not silent.

#include "drivers/gpio_settle.h"

void
settle_init(struct settle *s, bool level)
{
	*s = (struct settle){ .level = level };
}

static struct settle_change
change_to(struct settle *s, bool level, int64_t t_ms)
{
	if (level == s->level)
		return (struct settle_change){ .changed = false };
	s->level = level;
	return (struct settle_change){ .changed = true, .level = level, .t_ms = t_ms };
}

struct settle_change
settle_edge(struct settle *s, bool level, int64_t t_ms, uint32_t debounce_ms, int latch)
{
	bool leaves = level != s->level;

	if (!s->pending || (leaves && !s->away))
		s->first_ms = t_ms;
	s->away = leaves || (s->pending && s->away);
	s->pending = true;
	s->last_ms = t_ms;
	if (leaves && (debounce_ms == 0 || (latch >= 0 && level == (latch != 0)))) {
		s->away = false; // reported: what follows is another change
		return change_to(s, level, t_ms);
	}
	return (struct settle_change){ .changed = false };
}

int64_t
settle_due(const struct settle *s, uint32_t debounce_ms)
{
	int64_t due = s->last_ms + debounce_ms;
	int64_t last = s->first_ms + (int64_t)debounce_ms * SETTLE_PATIENCE;

	if (!s->pending)
		return -1;
	return due < last ? due : last;
}

struct settle_change
settle_judge(struct settle *s, bool level, int64_t now_ms, uint32_t debounce_ms)
{
	struct settle_change none = { .changed = false };
	int64_t due = settle_due(s, debounce_ms);

	if (due >= 0 && now_ms < due)
		return none;
	if (!s->pending) // no edge told us: now is all that is known
		return change_to(s, level, now_ms);
	s->pending = false;
	if (!s->away) // the edge that led here was lost
		return change_to(s, level, now_ms);
	s->away = false;
	return change_to(s, level, s->first_ms);
}
