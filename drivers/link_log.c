// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See link_log.h. Keeps nothing of its own; no clock; any thread.

#include "drivers/link_log.h"

static void
wait_longer(struct link_log *l, int64_t now)
{
	l->interval_ms = l->interval_ms ? l->interval_ms * 2 : LINK_LOG_FIRST_MS;
	if (l->interval_ms > LINK_LOG_LONGEST_MS)
		l->interval_ms = LINK_LOG_LONGEST_MS;
	l->next_ms = now + l->interval_ms;
}

bool
link_log_went(struct link_log *l, int64_t now_ms)
{
	if (!l->lost && l->burst > 0 && now_ms - l->since_ms >= LINK_LOG_CALM_MS)
		*l = (struct link_log){ 0 };
	l->lost = true;
	l->since_ms = now_ms;
	l->tries = 0;
	l->times++;
	l->told = l->burst < LINK_LOG_BURST || now_ms >= l->next_ms;
	if (!l->told)
		return false;
	if (l->burst < LINK_LOG_BURST) {
		l->burst++;
		l->interval_ms = 0;
	}
	wait_longer(l, now_ms);
	return true;
}

bool
link_log_still(struct link_log *l, int64_t now_ms)
{
	l->tries++;
	if (now_ms < l->next_ms)
		return false;
	wait_longer(l, now_ms);
	l->told = true;
	return true;
}

bool
link_log_back(struct link_log *l, int64_t now_ms)
{
	bool told = l->told;

	l->lost = false;
	l->told = false;
	l->since_ms = now_ms;
	if (told)
		l->times = 0;
	return told;
}

void
link_log_with(struct link_log *l, int64_t now_ms)
{
	if (!l->lost) {
		l->lost = true;
		l->since_ms = now_ms;
		l->tries = 0;
	}
	l->tries++;
	if (l->next_ms < now_ms + LINK_LOG_FIRST_MS)
		l->next_ms = now_ms + LINK_LOG_FIRST_MS;
}

bool
link_log_flaps(const struct link_log *l, int64_t now_ms)
{
	return l->burst >= LINK_LOG_BURST &&
	       (l->lost || now_ms - l->since_ms < LINK_LOG_CALM_MS);
}
