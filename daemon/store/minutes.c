// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See minutes.h. Bounded: beyond a hundred thousand rows (50 gauges for a day and a
// half with the disk away) the oldest tenth goes, and is said in the log. Samples have
// room of their own, so that they push out no minute. Minutes of
// the same point are merged by the database, so nothing is looked up here.
#include "store/minutes.h"

#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/mem.h"

enum {
	ROWS_MAX = 100000,
	SAMPLES_MAX = 50000, // a minute of 800 gauges before a fire
	BATCH_MAX = 2000,
	FIRST_ROWS = 64
};

static size_t
samples_of(const struct minute_queue *q, size_t n)
{
	size_t samples = 0;
	for (size_t i = 0; i < n; i++)
		samples += q->rows[i].kind == ROW_SAMPLE;
	return samples;
}

static void
drop_oldest(struct minute_queue *q)
{
	size_t n = ROWS_MAX / 10;
	if (q->dropped == 0)
		log_warnx("store", "readings cannot be written; the oldest minutes are "
				   "dropped from now on");
	q->dropped += n;
	q->n_samples -= samples_of(q, n);
	q->n -= n;
	memmove(q->rows, q->rows + n, q->n * sizeof(*q->rows));
}

static struct minute_row *
new_row(struct minute_queue *q, const char *point)
{
	if (q->n - q->n_samples >= ROWS_MAX)
		drop_oldest(q);
	if (q->n == q->size) {
		q->size = q->size == 0 ? FIRST_ROWS : q->size * 2;
		q->rows = xreallocarray(q->rows, q->size, sizeof(*q->rows));
	}
	struct minute_row *row = &q->rows[q->n++];
	(void)str_copy(row->point, sizeof(row->point), point);
	return row;
}

void
minutes_add(struct minute_queue *q, const char *point, const struct minute *m)
{
	struct minute_row *row = new_row(q, point);
	row->kind = ROW_MINUTE;
	row->m = *m;
}

void
minutes_add_set(struct minute_queue *q, const char *point, const struct set_reading *s)
{
	struct minute_row *row = new_row(q, point);
	row->kind = ROW_SET;
	row->set = *s;
}

bool
minutes_add_sample(
    struct minute_queue *q, const char *point, const struct kept_sample *s)
{
	bool refuse = q->n_samples == SAMPLES_MAX;
	if (refuse && !q->samples_refused)
		log_warnx("store", "samples cannot be written as fast as they come; "
				   "some are not kept");
	q->samples_refused = refuse || (q->samples_refused && q->n_samples > 0);
	if (refuse)
		return false;
	struct minute_row *row = new_row(q, point);
	row->kind = ROW_SAMPLE;
	row->sample = *s;
	q->n_samples++;
	return true;
}

bool
minutes_may_wait(const struct minute_queue *q)
{
	return q->cut == NULL && q->n == q->n_samples && q->n < BATCH_MAX;
}

struct minute_batch *
minutes_take(struct minute_queue *q)
{
	size_t n = q->n < BATCH_MAX ? q->n : BATCH_MAX;
	// Samples that stream in do not keep retention from its turn.
	if (n == 0 || (q->cut != NULL && q->n == q->n_samples && q->n < BATCH_MAX)) {
		struct minute_batch *cut = q->cut;
		q->cut = NULL;
		return cut;
	}
	struct minute_batch *b = xcalloc(1, sizeof(*b) + n * sizeof(b->rows[0]));
	b->work.rows = b->n = n;
	memcpy(b->rows, q->rows, n * sizeof(b->rows[0]));
	q->n_samples -= samples_of(q, n);
	q->n -= n;
	if (q->n > 0)
		memmove(q->rows, q->rows + n, q->n * sizeof(*q->rows));
	return b;
}

void
minutes_free(struct minute_queue *q)
{
	free(q->rows);
	free(q->cut);
	*q = (struct minute_queue){ 0 };
}
