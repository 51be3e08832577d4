// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See work.h. A unit lives from its first addition until the store's callback; replies
// that waited too long are answered 202 by one sweep timer and forgotten.
//
// The invariant: an event is shown at once and marked durable only by the store's
// callback; a command is answered 200 only from there.
#include "work.h"

#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

enum {
	REPLY_PATIENCE_MS = 1000,
	REPLY_SWEEP_MS = 250,
	FIRST_MAX = 16 // points; beyond it all that follows in a round is urgent
};

// Two units may be open at once.
enum lane {
	LANE_REST,
	LANE_FIRST,
	LANES
};

struct waiting_reply {
	TAILQ_ENTRY(waiting_reply) link;
	reply_fn *done;
	void *arg;
	uint64_t serials[LANES]; // still waited for; 0 = none
	int64_t seq;
	int64_t since_ms;
};

struct watcher {
	TAILQ_ENTRY(watcher) link;
	works_done *done;
	void *arg;
	uint64_t serial;
};

struct works {
	struct loop *loop;
	struct store *store;
	struct works_host host;
	struct loop_timer flush, sweep;
	struct unit *open[LANES];
	uint64_t serials[LANES]; // of the open ones
	enum lane lane;          // of the newest addition
	bool whole;              // the round is one unit
	// Points of which something urgent is in this round: what follows goes there.
	char first[FIRST_MAX][ID_MAX];
	unsigned n_first;
	uint64_t serial; // the newest
	uint64_t minted;
	uint64_t stream_n;
	char boot[24];
	enum clock_quality clock_quality;
	TAILQ_HEAD(reply_list, waiting_reply) replies;
	TAILQ_HEAD(watcher_list, watcher) watchers;
};

struct submitted {
	struct works *works;
	uint64_t serials[LANES]; // 0 = none
};

static void
answer(struct waiting_reply *r, bool durable, int64_t seq)
{
	const struct reply reply = {
		.status = durable ? 200 : 202,
		.durable = durable,
		.seq = seq,
	};
	r->done(r->arg, &reply);
	free(r);
}

// A unit has ended. Units do not end in the order of their serials: what is urgent
// overtakes, and what there is no room for is lost.
static void
answer_serial(struct works *w, uint64_t serial, bool durable, int64_t seq)
{
	struct waiting_reply *r, *next;
	for (r = TAILQ_FIRST(&w->replies); r != NULL; r = next) {
		bool mine = false, waits = false;
		next = TAILQ_NEXT(r, link);
		for (unsigned i = 0; i < LANES; i++) {
			mine = mine || r->serials[i] == serial;
			r->serials[i] = r->serials[i] == serial ? 0 : r->serials[i];
			waits = waits || r->serials[i] != 0;
		}
		if (mine && seq > r->seq)
			r->seq = seq;
		if (!mine || (durable && waits))
			continue;
		TAILQ_REMOVE(&w->replies, r, link);
		answer(r, durable, r->seq);
	}
}

// Each watcher is told of its own unit and of no other.
static void
tell_watchers(struct works *w, uint64_t serial, bool durable)
{
	struct watcher_list mine = TAILQ_HEAD_INITIALIZER(mine);
	struct watcher *r, *next;
	for (r = TAILQ_FIRST(&w->watchers); r != NULL; r = next) {
		next = TAILQ_NEXT(r, link);
		if (r->serial != serial)
			continue;
		TAILQ_REMOVE(&w->watchers, r, link);
		TAILQ_INSERT_TAIL(&mine, r, link);
	}
	while ((r = TAILQ_FIRST(&mine)) != NULL) {
		TAILQ_REMOVE(&mine, r, link);
		r->done(r->arg, durable);
		free(r);
	}
}

static void
on_done(void *arg, const struct unit *u, bool durable)
{
	struct submitted *s = arg;
	struct works *w = s->works;
	const struct event *events = NULL;
	size_t n = unit_events(u, &events);
	int64_t last_seq = n > 0 ? events[n - 1].seq : 0;

	for (size_t i = 0; i < n && durable; i++)
		w->host.durable(w->host.ctx, &events[i]);
	for (unsigned i = 0; i < LANES; i++) {
		if (s->serials[i] == 0)
			continue;
		w->host.saved(w->host.ctx, s->serials[i], durable);
		answer_serial(w, s->serials[i], durable, last_seq);
		tell_watchers(w, s->serials[i], durable);
	}
	free(s);
}

// ---- the open units -----------------------------------------------------------------

static struct unit *
open_unit(struct works *w, enum lane lane)
{
	w->lane = lane;
	if (w->open[lane] == NULL) {
		w->open[lane] = unit_new();
		w->serials[lane] = ++w->serial;
		loop_timer_in(w->loop, &w->flush, 0);
	}
	return w->open[lane];
}

static bool
is_first(const struct works *w, const char *point)
{
	for (unsigned i = 0; i < w->n_first; i++) {
		if (strcmp(w->first[i], point) == 0)
			return true;
	}
	return w->n_first == FIRST_MAX;
}

// The unit for something of a point. Once it is the urgent one it stays so for the
// round: what is of one point keeps its order.
static struct unit *
unit_for(struct works *w, const char *point, bool urgent)
{
	if (w->whole)
		return open_unit(w, LANE_REST);
	bool first = is_first(w, point);
	if (urgent && !first)
		(void)str_copy(w->first[w->n_first++], ID_MAX, point);
	return open_unit(w, first || urgent ? LANE_FIRST : LANE_REST);
}

// The unit for something that belongs to what was added before it, whichever that is:
// the round is one from here on.
static struct unit *
whole_unit(struct works *w)
{
	struct unit *rest = open_unit(w, LANE_REST);
	if (w->open[LANE_FIRST] != NULL)
		unit_join(rest, w->open[LANE_FIRST]);
	w->open[LANE_FIRST] = NULL;
	w->whole = true;
	return rest;
}

static void
submit(struct works *w, struct unit *u, uint64_t rest, uint64_t first)
{
	if (u == NULL)
		return;
	struct submitted *s = xcalloc(1, sizeof(*s));
	s->works = w;
	s->serials[LANE_REST] = rest;
	s->serials[LANE_FIRST] = first;
	unit_on_done(u, on_done, s);
	store_submit(w->store, u);
}

// The rest goes first: what of it is of the same points came before. A store that is
// closed answers at once, and who hears of it may begin a new round.
void
works_flush(struct works *w)
{
	struct unit *rest = w->open[LANE_REST], *first = w->open[LANE_FIRST];
	uint64_t of_rest = w->serials[LANE_REST], of_first = w->serials[LANE_FIRST];
	bool whole = w->whole;

	loop_timer_stop(w->loop, &w->flush);
	w->open[LANE_REST] = w->open[LANE_FIRST] = NULL;
	memset(w->serials, 0, sizeof(w->serials));
	w->whole = false;
	w->n_first = 0;
	submit(w, rest, of_rest, whole ? of_first : 0);
	submit(w, first, 0, of_first);
}

static void
on_flush(void *arg)
{
	works_flush(arg);
}

// Commands that waited too long for the disk: the operator is told the truth.
static void
on_sweep(void *arg)
{
	struct works *w = arg;
	int64_t now = loop_now_ms(w->loop);
	struct waiting_reply *r = TAILQ_FIRST(&w->replies);
	while (r != NULL && now - r->since_ms >= REPLY_PATIENCE_MS) {
		struct waiting_reply *next = TAILQ_NEXT(r, link);
		TAILQ_REMOVE(&w->replies, r, link);
		answer(r, false, 0);
		r = next;
	}
	if (!TAILQ_EMPTY(&w->replies))
		loop_timer_in(w->loop, &w->sweep, REPLY_SWEEP_MS);
}

struct works *
works_new(
    struct loop *loop, struct store *store, int64_t boot, const struct works_host *host)
{
	struct works *w = xcalloc(1, sizeof(*w));
	w->loop = loop;
	w->store = store;
	w->host = *host;
	w->clock_quality = CLOCK_UNKNOWN;
	(void)snprintf(w->boot, sizeof(w->boot), "%lld", (long long)boot);
	loop_timer_init(&w->flush, on_flush, w);
	loop_timer_init(&w->sweep, on_sweep, w);
	TAILQ_INIT(&w->replies);
	TAILQ_INIT(&w->watchers);
	return w;
}

void
works_free(struct works *w)
{
	if (w == NULL)
		return;
	struct waiting_reply *r;
	while ((r = TAILQ_FIRST(&w->replies)) != NULL) {
		TAILQ_REMOVE(&w->replies, r, link);
		answer(r, false, 0);
	}
	while (!TAILQ_EMPTY(&w->watchers))
		tell_watchers(w, TAILQ_FIRST(&w->watchers)->serial, false);
	loop_timer_stop(w->loop, &w->flush);
	loop_timer_stop(w->loop, &w->sweep);
	unit_free(w->open[LANE_REST]);
	unit_free(w->open[LANE_FIRST]);
	free(w);
}

void
works_mint(struct works *w, char out[static MINT_MAX])
{
	(void)snprintf(
	    out, MINT_MAX, "%s-%llu", w->boot, (unsigned long long)++w->minted);
}

uint64_t
works_stream(const struct works *w)
{
	return w->stream_n;
}

const char *
works_boot(const struct works *w)
{
	return w->boot;
}

const struct event *
works_event(struct works *w, struct event *e)
{
	if (e->time_utc_ms == 0)
		e->time_utc_ms = loop_utc_ms(w->loop);
	if (e->mono_ms == 0)
		e->mono_ms = loop_now_ms(w->loop);
	e->clock_quality = w->clock_quality;
	e->stream_n = ++w->stream_n;
	w->host.event(w->host.ctx, e);
	return unit_event(unit_for(w, e->point, unit_event_urgent(e)), e);
}

void
works_alarm(struct works *w, const struct alarm_row *row)
{
	unit_alarm(unit_for(w, row->point, row->alarm_class == CLASS_FIRE), row);
}

void
works_notice(struct works *w, const struct notice *n)
{
	const struct event *e = &n->subject;
	unit_notice(unit_for(w, e->point, e->alarm_class == CLASS_FIRE), n);
}

void
works_sign(struct works *w, struct event *e, struct revision *r)
{
	works_flush(w);
	(void)works_event(w, e);
	unit_revision(whole_unit(w), r);
}

void
works_flag(struct works *w, const struct flag_row *row)
{
	unit_flag(whole_unit(w), row);
}

void
works_meta(struct works *w, const char *key, const char *value)
{
	unit_meta(whole_unit(w), key, value);
}

void
works_watch(struct works *w, works_done *done, void *arg)
{
	struct watcher *r = xcalloc(1, sizeof(*r));
	r->done = done;
	r->arg = arg;
	r->serial = works_serial(w);
	TAILQ_INSERT_TAIL(&w->watchers, r, link);
}

uint64_t
works_serial(struct works *w)
{
	enum lane lane = w->open[w->lane] != NULL ? w->lane : LANE_REST;
	(void)open_unit(w, lane);
	return w->serials[lane];
}

bool
works_saves(const struct works *w)
{
	enum store_mode mode = store_current_mode(w->store);
	return mode == STORE_OK || mode == STORE_SLOW;
}

void
works_reply(struct works *w, reply_fn *done, void *arg)
{
	struct waiting_reply *r = xcalloc(1, sizeof(*r));
	r->done = done;
	r->arg = arg;
	(void)works_serial(w);
	memcpy(r->serials, w->serials, sizeof(r->serials));
	r->since_ms = loop_now_ms(w->loop);
	if (!works_saves(w)) {
		answer(r, false, 0);
		return;
	}
	TAILQ_INSERT_TAIL(&w->replies, r, link);
	if (!loop_timer_armed(&w->sweep))
		loop_timer_in(w->loop, &w->sweep, REPLY_SWEEP_MS);
}

void
works_clock_quality(struct works *w, enum clock_quality q)
{
	w->clock_quality = q;
}
