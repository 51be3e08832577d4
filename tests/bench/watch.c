// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Gaps between the requests of a poller. Owns nothing.
#include "watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int64_t
watch_now_us(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
note_gap(struct watch *w, int64_t gap_us, int64_t period_us)
{
	if (gap_us > w->worst_us)
		w->worst_us = gap_us;
	if (2 * gap_us > 3 * period_us)
		w->missing += (uint64_t)((gap_us + period_us / 2) / period_us - 1);
}

void
watch_asked(struct watch *w, int64_t now_us, int64_t period_us)
{
	if (w->last_us != 0)
		note_gap(w, now_us - w->last_us, period_us);
	w->last_us = now_us;
	w->asked++;
}

void
watch_reset(struct watch *all, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		all[i].worst_us = 0;
		all[i].missing = 0;
		all[i].asked = 0;
	}
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

void
watch_print(struct watch *all, const bool *skip, unsigned n, int64_t period_us)
{
	int64_t now = watch_now_us(), *worst = calloc(n + 1, sizeof(*worst));
	uint64_t missing = 0;
	unsigned units = 0;
	if (worst == NULL)
		exit(EXIT_FAILURE);
	for (unsigned i = 0; i < n; i++) {
		if (all[i].last_us == 0 || (skip != NULL && skip[i]))
			continue;
		note_gap(&all[i], now - all[i].last_us, period_us);
		worst[units++] = all[i].worst_us;
		missing += all[i].missing;
	}
	qsort(worst, units, sizeof(*worst), by_value);
	(void)printf("gaps %u %" PRId64 " %" PRId64 " %" PRIu64 "\n", units,
	    units ? worst[units - 1] : 0, units ? worst[units / 2] : 0, missing);
	(void)fflush(stdout);
	free(worst);
}

bool
watch_command(struct watch_command *c)
{
	char line[128];
	if (fgets(line, sizeof(line), stdin) == NULL)
		return false;
	unsigned *a = c->arg;
	// Our own runner writes these lines. NOLINTNEXTLINE(cert-err34-c)
	int n = sscanf(line, "%15s %u %u %u", c->word, &a[0], &a[1], &a[2]);
	if (n < 1)
		c->word[0] = '\0';
	c->n = n > 1 ? (unsigned)n - 1 : 0;
	return true;
}

long
watch_number(const char *text)
{
	char *tail;
	long value = strtol(text, &tail, 10);
	if (*text == '\0' || *tail != '\0' || value < 0 || value > 10000000) {
		(void)fprintf(stderr, "bad number: %s\n", text);
		exit(EXIT_FAILURE);
	}
	return value;
}
