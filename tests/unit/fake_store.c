// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The store that is not there: these functions stand in for daemon/store at link time,
// so the console's tests need no database. One thread; the reader thread's jobs run on
// the loop a round later, as if they had come back.
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "console_fixture.h"
#include "lib/mem.h"
#include "store/commission.h"
#include "store/store.h"
#include "test.h"

struct fake_store fake_store;

struct pending {
	struct loop_timer timer;
	store_job *job;
	void (*done)(void *arg, int result);
	void *arg;
};

static void
on_read(void *arg)
{
	struct pending *p = arg;
	int result = fake_store.fails ? -1 : p->job(NULL, p->arg);

	loop_release(fake_store.loop);
	p->done(p->arg, result);
	free(p);
}

void
store_read(
    struct store *s, store_job *job, void (*done)(void *arg, int result), void *arg)
{
	struct pending *p = xcalloc(1, sizeof(*p));

	(void)s;
	fake_store.reads++;
	p->job = job;
	p->done = done;
	p->arg = arg;
	loop_timer_init(&p->timer, on_read, p);
	loop_timer_in(fake_store.loop, &p->timer, 0);
	loop_hold(fake_store.loop);
}

// "today" is the 2nd of January; a date that no calendar has is refused as the store
// does.
int
query_day(struct reader *r, const char *day, int64_t now_utc_ms, struct day_span *out,
    struct err *err)
{
	(void)r;
	(void)now_utc_ms;
	if (fake_store.fails)
		return err_set(err, EIO, "no");
	if (strcmp(day, "2026-02-30") == 0)
		return err_set(err, EINVAL, "no date");
	*out = (struct day_span){ 0 };
	(void)str_copy(
	    out->day, sizeof(out->day), strcmp(day, "today") == 0 ? "2026-01-02" : day);
	return 0;
}

int
query_person(struct reader *r, const char *id, struct person *out, struct err *err)
{
	(void)r;
	(void)err;
	for (size_t i = 0; i < ARRAY_LEN(fake_store.people); i++) {
		if (strcmp(fake_store.people[i].id, id) != 0)
			continue;
		*out = fake_store.people[i];
		return 1;
	}
	return 0;
}

int
query_people(struct reader *r, bool (*row)(void *arg, const struct person *p),
    void *arg, struct err *err)
{
	(void)r;
	(void)err;
	(void)row(arg, &fake_store.people[0]);
	return 1;
}

int
query_events(struct reader *r, const struct event_filter *f,
    bool (*row)(void *arg, const struct stored_event *e), void *arg, struct err *err)
{
	int n = 0;

	(void)r;
	(void)err;
	fake_store.filter = *f;
	(void)str_copy(
	    fake_store.point, sizeof(fake_store.point), f->point ? f->point : "");
	(void)str_copy(fake_store.occurrence, sizeof(fake_store.occurrence),
	    f->occurrence ? f->occurrence : "");
	if (strcmp(fake_store.occurrence, "7-404") == 0)
		return 0;
	for (int64_t seq = f->after_seq + 1; seq <= FAKE_EVENTS && n < (int)f->limit;
	     seq++) {
		struct stored_event e = {
			.boot_id = "7", .epoch = "e1", .hash = "beef"
		};
		event_init(&e.event, EVENT_ALARM_ONSET);
		e.event.seq = seq;
		e.event.time_utc_ms = 1000 * seq;
		(void)str_copy(e.event.occurrence_id, sizeof(e.event.occurrence_id),
		    fake_store.occurrence);
		n++;
		if (!row(arg, &e))
			break;
	}
	return n;
}

int
query_missed(struct reader *r, int64_t after, unsigned limit,
    bool (*row)(void *arg, const struct missed_row *m), void *arg, struct err *err)
{
	const struct missed_row m = { .n = after + 1,
		.seq = 57,
		.time_utc_ms = 2000,
		.happened_utc_ms = 1000,
		.place_zh = "锅炉房",
		.place_en = "锅炉房",
		.condition = "fire",
		.found = "burnt cable",
		.who = "li" };

	(void)r;
	(void)err;
	(void)limit;
	(void)row(arg, &m);
	return 1;
}

const char *
blind_reason_name(enum blind_reason r)
{
	static const char *const names[] = { "link", "quality", "isolated", "down",
		"clock", "store" };
	return names[r];
}

int
query_blind(struct reader *r, const struct blind_query *q,
    bool (*row)(void *arg, const struct blind_sum *s), void *arg, struct err *err)
{
	static const int64_t seqs[] = { 5, 9 };
	const struct blind_sum sum = { .points = 7,
		.blind_ms = 5000,
		.by_ms = { [BLIND_LINK] = 4000, [BLIND_DOWN] = 2000 },
		.goes_on = true,
		.n_seqs = 2,
		.seqs = seqs };

	(void)r;
	(void)err;
	(void)str_copy(fake_store.point, sizeof(fake_store.point),
	    q->point != NULL ? q->point : "");
	fake_store.from_ms = q->from_ms;
	fake_store.to_ms = q->to_ms;
	for (int i = 0; q->point == NULL && i < 1002; i++)
		(void)row(arg, &sum);
	return 1002;
}

int
query_kept_from(struct reader *r, int64_t *utc_ms, struct err *err)
{
	(void)r;
	(void)err;
	*utc_ms = 0;
	return 0;
}

int
query_readings(struct reader *r, const struct reading_range *q,
    bool (*row)(void *arg, const struct reading_step *s), void *arg, struct err *err)
{
	int64_t from_ms = q->from_ms, to_ms = q->to_ms, step_ms = q->step_ms;
	const struct reading_step steps[] = {
		{ .from_ms = from_ms,
		    .to_ms = from_ms + step_ms,
		    .min = 700,
		    .max = 720,
		    .mean = 710.5,
		    .good_ms = 60000,
		    .minutes = 1 },
		{ .from_ms = from_ms + step_ms,
		    .to_ms = to_ms,
		    .min = (double)NAN,
		    .max = (double)NAN,
		    .mean = (double)NAN },
	};

	(void)r;
	(void)err;
	(void)str_copy(fake_store.point, sizeof(fake_store.point), q->point);
	fake_store.from_ms = from_ms;
	fake_store.to_ms = to_ms;
	fake_store.step_ms = step_ms;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		(void)row(arg, &steps[i]);
	return 2;
}

// Two pages of two: a value, and a moment without one.
int
query_samples(struct reader *r, struct reading_walk *w,
    bool (*row)(void *arg, const char *point, const struct kept_sample *s), void *arg,
    struct err *err)
{
	(void)r;
	(void)err;
	if (!w->in_gauge) {
		(void)str_copy(fake_store.point, sizeof(fake_store.point), w->only);
		fake_store.from_ms = w->from_ms;
		fake_store.to_ms = w->to_ms;
		w->next_ms = w->from_ms;
		w->in_gauge = true;
		return 0;
	}
	const struct kept_sample samples[] = {
		{ w->next_ms, 652.5, QUALITY_GOOD, true },
		{ w->next_ms + 1000, (double)NAN, QUALITY_UNKNOWN, false },
	};
	for (size_t i = 0; i < ARRAY_LEN(samples); i++)
		(void)row(arg, w->only, &samples[i]);
	w->next_ms += 1001;
	w->in_gauge = w->page == 2;
	return 2;
}

int
query_commission(struct reader *r, const struct site *s, struct commission_range which,
    bool (*row)(void *arg, const struct commission_state *st), void *arg,
    struct err *err)
{
	(void)r;
	(void)err;
	for (uint32_t i = which.from; i < which.to && i < s->n_site_points; i++) {
		const struct commission_state st = { .point = i };
		if (!row(arg, &st))
			break;
	}
	return 0;
}

int
query_walks(struct reader *r, int64_t now_utc_ms,
    void (*row)(void *arg, const struct commission_walk *w), void *arg, struct err *err)
{
	(void)r;
	(void)now_utc_ms;
	(void)row;
	(void)arg;
	(void)err;
	return 0;
}

// Of the occurrence 7-404 nothing is known.
int
explain_ask(struct reader *r, const struct explain_question *q, int64_t now_utc_ms,
    struct explanation **out, struct err *err)
{
	(void)r;
	(void)now_utc_ms;
	(void)err;
	fake_store.explain = *q;
	*out = NULL;
	if (fake_store.fails)
		return -1;
	return strcmp(q->occurrence, "7-404") != 0;
}

void
explain_json(const struct explanation *x, struct buf *out)
{
	(void)x;
	buf_str(out, "{\"why\":\"told\"}");
}

void
explain_free(struct explanation *x)
{
	(void)x;
}

void
explain_take_decisions(struct explain_question *q, const struct decision *d, unsigned n)
{
	q->live = true;
	q->n_decisions = n;
	q->decision[0].d = d[0];
	(void)str_copy(q->decision[0].word, sizeof(q->decision[0].word), d[0].word);
}

void
explain_site(struct explain_question *q, const struct site *site, uint32_t point)
{
	(void)str_copy(q->point, sizeof(q->point), site->points[point].id);
}
