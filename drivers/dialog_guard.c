// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Which points a summary guards: they are read next when it differs, and otherwise only
// at the period of the full scan. Runs on the loop, keeps nothing. Refuses to slow down
// a point whose guard is absent or not read yet.

#include "drivers/dialog.h"

static const struct point *
point_of(const struct field_device *d, uint32_t i)
{
	return &d->host->site->points[d->def->points[i]];
}

bool
guard_covers(const struct field_device *d, const struct dialog_summary *s, uint32_t i)
{
	const struct profile_summary *def = &d->dialog->def->summaries[s->def];
	const struct point *p = point_of(d, i);

	if (def->loop_max > 0 && p->loop != s->loop)
		return false;
	for (uint16_t g = 0; g < def->n_guards; g++)
		if (def->guards[g] == p->item)
			return true;
	return false;
}

// Whether the block has a point that `s` guards (NULL: any point at all).
static bool
block_is_of(const struct field_device *d, const struct plan_block *b,
    const struct dialog_summary *s)
{
	if (b->kind != PLAN_POINTS)
		return false;
	for (uint32_t i = b->first; s && i < (uint32_t)b->first + b->n; i++)
		if (guard_covers(d, s, i))
			return true;
	return !s;
}

void
guard_hurry(struct field_device *d, const struct dialog_summary *s)
{
	for (uint16_t i = 0; i < d->plan.n; i++) {
		const struct plan_block *b = &d->plan.blocks[i];

		if (block_is_of(d, b, s))
			device_hurry(d, b->first, b->n);
	}
}

bool
guard_scanning(const struct field_device *d, const struct dialog_summary *s)
{
	for (uint16_t i = 0; i < d->plan.n; i++) {
		const struct plan_block *b = &d->plan.blocks[i];

		if (b->poll != b->own_poll &&
		    !(b->flags & (PLAN_ABSENT | PLAN_REFUSED)) && block_is_of(d, b, s))
			return true;
	}
	return false;
}

uint32_t
guard_fires(const struct field_device *d, const struct dialog_summary *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < d->def->n_points; i++)
		n += d->seen[i].have && d->seen[i].fire && guard_covers(d, s, i);
	return n;
}

static bool
point_is_guarded(const struct field_device *d, uint32_t i)
{
	const struct dialog *g = d->dialog;

	for (uint16_t k = 0; k < g->n_summaries; k++)
		if (g->summaries[k].known && !g->summaries[k].absent &&
		    guard_covers(d, &g->summaries[k], i))
			return true;
	return false;
}

static bool
block_is_guarded(const struct field_device *d, const struct plan_block *b)
{
	for (uint32_t i = b->first; i < (uint32_t)b->first + b->n; i++)
		if (!point_is_guarded(d, i))
			return false;
	return true;
}

void
guard_periods(struct field_device *d)
{
	uint32_t full = d->def->dialogs.full_scan_ms;

	for (uint16_t i = 0; i < d->plan.n; i++) {
		struct plan_block *b = &d->plan.blocks[i];

		if (b->kind == PLAN_POINTS)
			b->period_ms =
			    full > d->def->poll_ms && block_is_guarded(d, b) ? full : 0;
	}
}

// Spreads the full scan over its period, so that it is no burst on a shared line.
int64_t
guard_next_ms(const struct field_device *d, const struct plan_block *b, int64_t now)
{
	uint16_t head = d->dialog->n_steps, at = (uint16_t)(b - d->plan.blocks);
	int64_t period = b->period_ms,
		share = period * (at - head) / (d->plan.n - head);
	int64_t due = now - now % period + share;

	return due > now ? due : due + period;
}
