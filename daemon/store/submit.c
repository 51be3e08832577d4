// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The loop's side of writing: units and minutes go to the writers as there is room,
// reports come back, callbacks run in order, modes are told. While the journal writes,
// virtual time stands still for work not yet durable; while it cannot, time goes on,
// because alarms do. Runs on the loop; refuses to block, so everything here is memory.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/mailbox.h"
#include "lib/mem.h"
#include "store/db.h"
#include "store/store_impl.h"

enum {
	SAMPLES_GATHER_MS = 2000
};

bool
store_mode_writes(enum store_mode m)
{
	return m == STORE_OK || m == STORE_SLOW;
}

// ---- modes
// ------------------------------------------------------------------------------

void
store_tell_mode(void *store)
{
	struct store *s = store;
	const struct lane *j = &s->journal_lane, *r = &s->readings_lane;
	bool readings = store_mode_writes(j->mode) && r->mode > j->mode;
	const struct lane *worse = readings ? r : j;
	char detail[sizeof(s->told_detail)];
	(void)snprintf(detail, sizeof(detail), "%s%s", readings ? "readings: " : "",
	    worse->detail);
	if (worse->mode == s->told_mode && strcmp(detail, s->told_detail) == 0)
		return;
	s->told_mode = worse->mode;
	(void)str_copy(s->told_detail, sizeof(s->told_detail), detail);
	if (s->host.mode != NULL && !s->closed)
		s->host.mode(s->host.ctx, worse->mode, detail);
}

static void
hold(struct store *s, struct lane *l, bool wanted)
{
	if (wanted == l->held)
		return;
	l->held = wanted;
	if (wanted)
		loop_hold(s->loop);
	else
		loop_release(s->loop);
}

void
store_hold_update(struct store *s)
{
	hold(s, &s->journal_lane,
	    s->in_hand > 0 && store_mode_writes(s->journal_lane.mode) && !s->closed);
	hold(s, &s->readings_lane,
	    s->minutes_in_hand && store_mode_writes(s->readings_lane.mode) &&
		!s->closed);
}

// ---- units
// ------------------------------------------------------------------------------

void
store_finish_unit(struct store *s, struct unit *u, bool durable)
{
	(void)s;
	if (u->done != NULL)
		u->done(u->arg, u, durable);
	unit_free(u);
}

static void
hand_over(struct store *s, struct unit *u)
{
	u->work.rows = unit_rows(u);
	size_t slot = (s->handed_first + s->in_hand) % WINDOW_UNITS;
	s->handed_ms[slot] = u->submitted_ms;
	s->in_hand++;
	s->in_hand_rows += u->work.rows;
	int posted = writer_post(s->journal_lane.writer, &u->work);
	wr_assert(posted == 0); // the mailbox has room for the whole window
}

static bool
has_room(const struct store *s, size_t rows, bool urgent)
{
	if (s->in_hand == 0 || (urgent && s->in_hand < WINDOW_UNITS))
		return true;
	return s->in_hand < WINDOW_UNITS - WINDOW_URGENT &&
	       s->in_hand_rows + rows <= WINDOW_ROWS;
}

// An events_lost row at the head of what waits: nothing newer is written before it.
static void
say_lost(struct store *s)
{
	struct lost_events lost = s->queue.lost;
	struct unit *u = unit_new();
	struct event e;
	queue_lost_event(&s->queue, &e, loop_utc_ms(s->loop));
	e.mono_ms = loop_now_ms(s->loop);
	(void)unit_event(u, &e);
	(void)str_copy(u->config_rev, sizeof(u->config_rev), s->config_rev);
	u->submitted_ms = e.mono_ms;
	u->real_ms = db_now_ms();
	s->waiting_events++;
	queue_add_first(&s->queue, u);
	if (s->host.lost != NULL && !s->closed)
		s->host.lost(s->host.ctx, lost.from_utc_ms, lost.to_utc_ms, lost.n);
}

void
store_pump(struct store *s)
{
	if (s->queue.lost.any && store_mode_writes(s->journal_lane.mode) &&
	    s->queue.rows <= s->queue.rows_max / 2)
		say_lost(s);
	struct unit *u;
	size_t rows = 0;
	while ((u = queue_next(&s->queue)) != NULL && rows < PUMP_ROWS &&
	       has_room(s, u->work.rows, queue_urgent(&s->queue))) {
		rows += u->work.rows + 1;
		u = queue_take(&s->queue);
		hand_over(s, u);
	}
	store_hold_update(s);
}

// Callbacks of lost units run later: store_submit is called from many places.
void
store_on_dropped(void *store)
{
	struct store *s = store;
	struct unit *u;
	while ((u = TAILQ_FIRST(&s->dropped)) != NULL) {
		TAILQ_REMOVE(&s->dropped, u, queue);
		store_finish_unit(s, u, false);
	}
}

static void
drop(struct store *s, struct unit *u)
{
	TAILQ_INSERT_TAIL(&s->dropped, u, queue);
	if (!loop_timer_armed(&s->drop_timer))
		loop_timer_in(s->loop, &s->drop_timer, 0);
}

void
store_submit(struct store *s, struct unit *u)
{
	wr_assert(!s->read_only);
	(void)str_copy(u->config_rev, sizeof(u->config_rev), s->config_rev);
	u->submitted_ms = loop_now_ms(s->loop);
	u->real_ms = db_now_ms();
	if (s->closed) {
		store_finish_unit(s, u, false);
		return;
	}
	if (queue_next(&s->queue) == NULL && has_room(s, unit_rows(u), false)) {
		s->waiting_events += u->events.n;
		hand_over(s, u);
		store_hold_update(s);
		return;
	}
	if (queue_add(&s->queue, u))
		s->waiting_events += u->events.n; // stands while packed
	else
		drop(s, u);
	if (queue_urgent(&s->queue) && store_mode_writes(s->journal_lane.mode))
		store_pump(s);
}

static int64_t
cpu_us(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

// Runs callbacks, in order, for a while; the rest in the next round (I1).
void
store_on_done(void *store)
{
	struct store *s = store;
	struct work *w;
	int64_t until_us = cpu_us() + CALLBACKS_US;
	while ((w = STAILQ_FIRST(&s->done)) != NULL && cpu_us() < until_us) {
		STAILQ_REMOVE_HEAD(&s->done, next);
		struct unit *u = (struct unit *)w;
		s->in_hand--;
		s->in_hand_rows -= w->rows;
		s->handed_first = (s->handed_first + 1) % WINDOW_UNITS;
		s->waiting_events -= u->events.n;
		if (w->refused)
			queue_count_lost(&s->queue, u);
		store_finish_unit(s, u, !w->refused);
	}
	if (!STAILQ_EMPTY(&s->done) && !loop_timer_armed(&s->done_timer))
		loop_timer_in(s->loop, &s->done_timer, 0);
	store_pump(s);
}

static void
take_mode(struct store *s, struct lane *l, const struct report *r)
{
	bool healed = store_mode_writes(r->mode) && !store_mode_writes(l->mode);
	l->mode = r->mode;
	(void)str_copy(l->detail, sizeof(l->detail), r->detail);
	if (healed && l == &s->journal_lane && s->queue.lost.any)
		say_lost(s);
	store_tell_mode(s);
	// What the change of mode ends begins anew with it.
	if (r->unread && s->host.unread != NULL && !s->closed)
		s->host.unread(s->host.ctx);
}

static void
join(struct work_list *to, struct work_list *more)
{
	STAILQ_CONCAT(to, more);
}

// Takes what the writer reported; durable work goes to the end of *done.
static void
take_reports(struct store *s, struct lane *l, struct work_list *done)
{
	struct report *r;
	while ((r = mailbox_take(writer_reports(l->writer))) != NULL) {
		join(done, &r->done);
		if (r->kind == REPORT_MODE)
			take_mode(s, l, r);
		if (r->kind == REPORT_ENDED)
			l->ended = true;
		free(r);
	}
}

void
store_on_journal(void *store)
{
	struct store *s = store;
	take_reports(s, &s->journal_lane, &s->done);
	store_on_done(s);
}

// ---- minutes
// ----------------------------------------------------------------------------

void
store_pump_minutes(struct store *s)
{
	if (s->minutes_in_hand)
		return;
	struct minute_batch *b = minutes_take(&s->minutes);
	if (b == NULL)
		return;
	s->minutes_in_hand = true;
	int posted = writer_post(s->readings_lane.writer, &b->work);
	wr_assert(posted == 0); // one at a time
	store_hold_update(s);
}

void
store_on_minutes(void *store)
{
	store_pump_minutes(store);
}

static void
minutes_wait(struct store *s)
{
	if (!s->minutes_in_hand)
		loop_timer_in(s->loop, &s->minute_timer, 0);
}

// So that they are not a commit each.
static void
samples_wait(struct store *s)
{
	if (!s->minutes_in_hand && !loop_timer_armed(&s->minute_timer))
		loop_timer_in(s->loop, &s->minute_timer, SAMPLES_GATHER_MS);
}

void
store_sample(struct store *s, const char *point, const struct kept_sample *k)
{
	wr_assert(!s->read_only);
	if (s->closed || !minutes_add_sample(&s->minutes, point, k))
		return;
	if (minutes_may_wait(&s->minutes))
		samples_wait(s);
	else
		minutes_wait(s);
}

void
store_minute(struct store *s, const char *point, const struct minute *m)
{
	wr_assert(!s->read_only);
	if (s->closed)
		return;
	minutes_add(&s->minutes, point, m);
	minutes_wait(s);
}

void
store_set_reading(struct store *s, const char *point, const struct set_reading *r)
{
	wr_assert(!s->read_only);
	if (s->closed)
		return;
	minutes_add_set(&s->minutes, point, r);
	minutes_wait(s);
}

void
store_on_readings(void *store)
{
	struct store *s = store;
	struct work_list done = STAILQ_HEAD_INITIALIZER(done);
	struct work *w;
	take_reports(s, &s->readings_lane, &done);
	while ((w = STAILQ_FIRST(&done)) != NULL) {
		STAILQ_REMOVE_HEAD(&done, next);
		s->minutes_in_hand = false;
		upkeep_readings_cut(s, (const struct minute_batch *)w);
		free(w);
	}
	if (s->minutes.n > 0 && minutes_may_wait(&s->minutes))
		samples_wait(s);
	else
		store_pump_minutes(s);
	store_hold_update(s);
}

// ---- questions about the store itself
// ---------------------------------------------------

enum store_mode
store_current_mode(const struct store *s)
{
	if (store_silent_ms(s) >= WRITER_LOST_MS)
		return STORE_WRITER_LOST;
	return s->journal_lane.mode;
}

size_t
store_waiting(const struct store *s)
{
	return s->waiting_events;
}

int64_t
store_silent_ms(const struct store *s)
{
	return s->journal_lane.writer != NULL ? writer_busy_ms(s->journal_lane.writer)
					      : 0;
}

int64_t
store_waiting_ms(const struct store *s)
{
	int64_t since = queue_since_ms(&s->queue);
	for (size_t i = 0; i < s->in_hand; i++) {
		int64_t at = s->handed_ms[(s->handed_first + i) % WINDOW_UNITS];
		since = at < since ? at : since;
	}
	int64_t age = loop_now_ms(s->loop) - since;
	return since != INT64_MAX && age > 0 ? age : 0;
}
