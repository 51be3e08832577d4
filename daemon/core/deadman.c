// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See deadman.h. Owns nothing; any thread.
#include "core/deadman.h"

// 0 = nobody is asked.
static int64_t
interval(const struct deadman *d, const struct deadman_rule *r, bool night)
{
	int64_t most = night ? (int64_t)r->night_ms : (int64_t)r->day_ms;

	return most > (int64_t)d->sooner_ms ? most - (int64_t)d->sooner_ms : most;
}

void
deadman_draw(struct deadman *d, const struct deadman_rule *r, uint32_t random)
{
	d->sooner_ms = r->spread_ms > 0 ? random % (r->spread_ms + 1) : 0;
}

void
deadman_start(struct deadman *d, bool missed, int64_t alive_ms, int64_t now_ms)
{
	*d = (struct deadman){ .asked = missed,
		.missed = missed,
		.alive_ms = alive_ms,
		.asked_ms = now_ms };
}

enum deadman_step
deadman_feed(
    struct deadman *d, const struct deadman_rule *r, bool night, int64_t now_ms)
{
	int64_t every = interval(d, r, night);

	if (d->missed)
		return DEADMAN_NOTHING;
	if (every == 0) {
		bool asked = d->asked;
		d->asked = false;
		d->alive_ms = now_ms;
		return asked ? DEADMAN_TAKE_BACK : DEADMAN_NOTHING;
	}
	if (!d->asked && now_ms - d->alive_ms >= every) {
		d->asked = true;
		d->asked_ms = now_ms;
		return DEADMAN_ASK;
	}
	if (d->asked && now_ms - d->asked_ms >= (int64_t)r->answer_ms) {
		d->missed = true;
		return DEADMAN_MISS;
	}
	return DEADMAN_NOTHING;
}

int64_t
deadman_due(const struct deadman *d, const struct deadman_rule *r, bool night)
{
	int64_t every = interval(d, r, night);

	if (d->missed || every == 0)
		return -1;
	return d->asked ? d->asked_ms + (int64_t)r->answer_ms : d->alive_ms + every;
}

bool
deadman_alive(struct deadman *d, int64_t now_ms, int64_t *took_ms)
{
	bool answers = d->asked;

	*took_ms = answers ? now_ms - d->asked_ms : 0;
	d->asked = d->missed = false;
	d->alive_ms = now_ms;
	return answers;
}
