// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Time on a serial line; see wire.h. Any thread: the second one waits for the line.

#include "wire.h"

#include <time.h>

enum {
	BITS_PER_CHAR = 10,
	US_PER_S = 1000000,
};

static void
take(struct wire *w, long us)
{
	const struct timespec delay = { us / US_PER_S, us % US_PER_S * 1000 };

	(void)pthread_mutex_lock(&w->lock);
	(void)nanosleep(&delay, NULL);
	(void)pthread_mutex_unlock(&w->lock);
}

void
wire_carry(struct wire *w, int chars)
{
	take(w, w->turnaround_us + (long)chars * BITS_PER_CHAR * US_PER_S / w->baud);
}

void
wire_wait_in_vain(struct wire *w)
{
	if (w->silence_ms > 0)
		take(w, w->silence_ms * 1000L);
}
