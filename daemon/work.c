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

#include "lib/mem.h"

enum {
	REPLY_PATIENCE_MS = 1000,
	REPLY_SWEEP_MS = 250
};

struct waiting_reply {
	TAILQ_ENTRY(waiting_reply) link;
	reply_fn *done;
	void *arg;
	uint64_t serial;
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
	struct unit *open;
	uint64_t serial; // of the open or the next unit
	uint64_t minted;
	uint64_t stream_n;
	char boot[24];
	enum clock_quality clock_quality;
	TAILQ_HEAD(reply_list, waiting_reply) replies;
	TAILQ_HEAD(watcher_list, watcher) watchers; // in order of serial
};

struct submitted {
	struct works *works;
	uint64_t serial;
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

static void
answer_serial(struct works *w, uint64_t serial, bool durable, int64_t seq)
{
	struct waiting_reply *r = TAILQ_FIRST(&w->replies);
	while (r != NULL && r->serial <= serial) {
		struct waiting_reply *next = TAILQ_NEXT(r, link);
		TAILQ_REMOVE(&w->replies, r, link);
		answer(r, durable, seq);
		r = next;
	}
}

// Units end in the order in which they were submitted, but for those that were lost:
// each watcher is told of its own unit and of no other.
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

	if (durable) {
		for (size_t i = 0; i < n; i++)
			w->host.durable(w->host.ctx, &events[i]);
		w->host.saved(w->host.ctx, s->serial);
	}
	answer_serial(w, s->serial, durable, last_seq);
	tell_watchers(w, s->serial, durable);
	free(s);
}

static struct unit *
open_unit(struct works *w)
{
	if (w->open == NULL) {
		w->open = unit_new();
		loop_timer_in(w->loop, &w->flush, 0);
	}
	return w->open;
}

void
works_flush(struct works *w)
{
	if (w->open == NULL)
		return;
	struct submitted *s = xcalloc(1, sizeof(*s));
	s->works = w;
	s->serial = w->serial++;
	struct unit *u = w->open;
	w->open = NULL;
	loop_timer_stop(w->loop, &w->flush);
	unit_on_done(u, on_done, s);
	store_submit(w->store, u);
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
	w->serial = 1;
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
	answer_serial(w, UINT64_MAX, false, 0);
	while (!TAILQ_EMPTY(&w->watchers))
		tell_watchers(w, TAILQ_FIRST(&w->watchers)->serial, false);
	loop_timer_stop(w->loop, &w->flush);
	loop_timer_stop(w->loop, &w->sweep);
	if (w->open != NULL)
		unit_free(w->open);
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
	return unit_event(open_unit(w), e);
}

void
works_alarm(struct works *w, const struct alarm_row *row)
{
	unit_alarm(open_unit(w), row);
}

void
works_notice(struct works *w, const struct notice *n)
{
	unit_notice(open_unit(w), n);
}

void
works_sign(struct works *w, struct event *e, struct revision *r)
{
	works_flush(w);
	(void)works_event(w, e);
	unit_revision(open_unit(w), r);
}

void
works_flag(struct works *w, const struct flag_row *row)
{
	unit_flag(open_unit(w), row);
}

void
works_meta(struct works *w, const char *key, const char *value)
{
	unit_meta(open_unit(w), key, value);
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
	(void)open_unit(w);
	return w->serial;
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
	r->serial = works_serial(w);
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
