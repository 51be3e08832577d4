// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// One channel's queue. Runs on the delivery loop. A lane knows only its own channel, so
// one that hangs delays nobody else. It refuses to decide what is owed: it sends what
// it is given until the far side took it, refused it, or its time is over, and says so
// once. Nothing here survives a crash, nor needs to: the outbox owns what is owed.
//
// The invariant (I5): one notice is on its way at a time, and the next one waits until
// what became of it is durable, or 1 s where the store is slow. So a crash repeats at
// most one of a channel, and people read them in order.
#include "channels/lane.h"

#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "core/ladder.h"
#include "lib/log.h"
#include "lib/mem.h"

enum {
	SETTLE_PATIENCE_MS = 1000, // DESIGN I5: a store that takes longer is degraded
	GIVE_UP_DEFAULT_MS = 24 * 60 * 60 * 1000,
};

enum urgency {
	URGENCY_FIRE,
	URGENCY_OTHER,
	URGENCY_COUNT
};

struct parcel {
	TAILQ_ENTRY(parcel) entry;
	struct lane *lane;
	struct notice n;
	enum urgency urgency;
	int64_t born_ms; // monotonic; the clock on the wall may step
	int64_t due_ms;  // of the next attempt
	bool cancelled;
	bool told; // that it failed once
};

TAILQ_HEAD(parcels, parcel);

struct lane {
	struct loop *loop;
	const struct channel_def *def;
	const struct channel *kind;
	struct channel_instance *channel;
	struct lane_host host;
	struct parcels ready[URGENCY_COUNT]; // oldest first
	struct parcels later;                // by due time
	size_t n_waiting;
	struct parcel *on_way;   // NULL = none
	char settling[MINT_MAX]; // went, and its receipt is not yet durable; "" = none
	struct loop_timer timer, patience;
	bool down; // for the log: the last attempt failed
};

static void pump(struct lane *l);

static void
on_timer(void *arg)
{
	pump(arg);
}

static void
on_patience(void *arg)
{
	struct lane *l = arg;
	l->settling[0] = '\0';
	pump(l);
}

struct lane *
lane_open(struct loop *loop, const struct site *site, uint16_t index,
    const struct channel *kind, const struct lane_host *host)
{
	struct lane *l = xcalloc(1, sizeof *l);
	l->loop = loop;
	l->def = &site->channels[index];
	l->kind = kind;
	l->host = *host;
	l->channel = kind->open(loop, site, index);
	for (enum urgency u = 0; u < URGENCY_COUNT; u++)
		TAILQ_INIT(&l->ready[u]);
	TAILQ_INIT(&l->later);
	loop_timer_init(&l->timer, on_timer, l);
	loop_timer_init(&l->patience, on_patience, l);
	return l;
}

static void
insert_ready(struct lane *l, struct parcel *p)
{
	struct parcels *queue = &l->ready[p->urgency];
	struct parcel *before = TAILQ_LAST(queue, parcels);
	while (before && before->n.created_utc_ms > p->n.created_utc_ms)
		before = TAILQ_PREV(before, parcels, entry);
	if (before)
		TAILQ_INSERT_AFTER(queue, before, p, entry);
	else
		TAILQ_INSERT_HEAD(queue, p, entry);
}

static void
insert_later(struct lane *l, struct parcel *p)
{
	struct parcel *before = TAILQ_LAST(&l->later, parcels);
	while (before && before->due_ms > p->due_ms)
		before = TAILQ_PREV(before, parcels, entry);
	if (before)
		TAILQ_INSERT_AFTER(&l->later, before, p, entry);
	else
		TAILQ_INSERT_HEAD(&l->later, p, entry);
}

// The parcel is in no list any more.
static void
leave(struct parcel *p)
{
	struct lane *l = p->lane;
	free(p);
	l->host.left(l->host.ctx);
}

static void
tell(const struct parcel *p, enum notice_state state, int status, const char *detail)
{
	struct lane *l = p->lane;
	struct receipt r = {
		.state = state,
		.settle = strcmp(l->settling, p->n.id) == 0,
		.attempts = p->n.attempts,
		.status = status,
		.at_utc_ms = loop_utc_ms(l->loop),
	};
	if (state == NOTICE_OWED)
		r.next_utc_ms = r.at_utc_ms + (p->due_ms - loop_now_ms(l->loop));
	(void)str_copy(r.notice_id, sizeof r.notice_id, p->n.id);
	(void)str_copy(r.channel, sizeof r.channel, p->n.channel);
	(void)str_copy(r.detail, sizeof r.detail, detail);
	l->host.receipt(l->host.ctx, &r);
}

// What became of a notice that was on its way.
static void
settle(const struct parcel *p, enum notice_state state, int status, const char *detail)
{
	struct lane *l = p->lane;
	(void)str_copy(l->settling, sizeof l->settling, p->n.id);
	loop_timer_in(l->loop, &l->patience, SETTLE_PATIENCE_MS);
	tell(p, state, status, detail);
}

// FNV-1a (Fowler, Noll, Vo), 32 bits: the jitter's seed.
static uint32_t
hash(const char *s)
{
	uint32_t h = 2166136261u;
	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}

static bool
given_up(const struct parcel *p)
{
	int64_t give_up = p->lane->def->give_up_ms;
	if (give_up == 0)
		give_up = GIVE_UP_DEFAULT_MS;
	return loop_now_ms(p->lane->loop) - p->born_ms >= give_up;
}

static void
try_later(struct parcel *p, int status, const char *detail)
{
	struct lane *l = p->lane;
	if (p->cancelled || given_up(p)) {
		settle(
		    p, p->cancelled ? NOTICE_CANCELLED : NOTICE_FAILED, status, detail);
		leave(p);
		return;
	}
	p->due_ms =
	    loop_now_ms(l->loop) + ladder_backoff_ms(p->n.attempts, hash(p->n.id));
	insert_later(l, p);
	l->n_waiting++;
	if (!p->told)
		tell(p, NOTICE_OWED, status, detail);
	p->told = true;
}

// Transitions at info, each repeat at debug.
static void
log_result(struct lane *l, bool accepted, const char *detail)
{
	if (accepted && l->down)
		log_info("delivery", "channel %s: takes notices again", l->def->id);
	else if (!accepted && !l->down)
		log_info("delivery", "channel %s: %s", l->def->id, detail);
	else if (!accepted)
		log_debug("delivery", "channel %s: %s", l->def->id, detail);
	l->down = !accepted;
}

static void
on_done(void *arg, enum delivery_result result, int status, const char *detail)
{
	struct parcel *p = arg;
	struct lane *l = p->lane;
	l->on_way = NULL;
	log_result(l, result == DELIVERY_ACCEPTED, detail);
	switch (result) {
	case DELIVERY_ACCEPTED:
	case DELIVERY_REFUSED:
		settle(p,
		    result == DELIVERY_ACCEPTED ? NOTICE_DELIVERED : NOTICE_FAILED,
		    status, detail);
		leave(p);
		break;
	case DELIVERY_UNSURE:
		p->n.repeated = true; // the next one may be
		try_later(p, status, detail);
		break;
	case DELIVERY_RETRY:
		try_later(p, status, detail);
		break;
	}
	pump(l);
}

// The one whose turn it is, NULL where none may go now.
static struct parcel *
next_ready(const struct lane *l)
{
	if (l->on_way || l->settling[0] != '\0')
		return NULL;
	struct parcel *fire = TAILQ_FIRST(&l->ready[URGENCY_FIRE]);
	return fire ? fire : TAILQ_FIRST(&l->ready[URGENCY_OTHER]);
}

static void
send(struct lane *l, struct parcel *p)
{
	TAILQ_REMOVE(&l->ready[p->urgency], p, entry);
	l->n_waiting--;
	l->on_way = p;
	if (p->n.attempts < UINT16_MAX)
		p->n.attempts++;
	l->kind->send(l->channel, &p->n, on_done, p);
}

static void
pump(struct lane *l)
{
	int64_t now = loop_now_ms(l->loop);
	struct parcel *p;
	while ((p = TAILQ_FIRST(&l->later)) && p->due_ms <= now) {
		TAILQ_REMOVE(&l->later, p, entry);
		insert_ready(l, p);
	}
	p = next_ready(l);
	if (p)
		send(l, p);
	p = TAILQ_FIRST(&l->later);
	if (p)
		loop_timer_at(l->loop, &l->timer, p->due_ms);
	else
		loop_timer_stop(l->loop, &l->timer);
}

void
lane_put(struct lane *l, const struct notice *n)
{
	struct parcel *p = xcalloc(1, sizeof *p);
	p->lane = l;
	p->n = *n;
	bool fire = n->subject.alarm_class == (int)CLASS_FIRE;
	p->urgency = fire ? URGENCY_FIRE : URGENCY_OTHER;
	int64_t age = loop_utc_ms(l->loop) - n->created_utc_ms;
	p->born_ms = loop_now_ms(l->loop) - (age > 0 ? age : 0);
	insert_ready(l, p);
	l->n_waiting++;
	pump(l);
}

static struct parcel *
find(const struct parcels *list, const char *id)
{
	struct parcel *p;
	TAILQ_FOREACH (p, list, entry)
		if (strcmp(p->n.id, id) == 0)
			return p;
	return NULL;
}

static bool
drop_from(struct lane *l, struct parcels *list, const char *id)
{
	struct parcel *p = find(list, id);
	if (!p)
		return false;
	TAILQ_REMOVE(list, p, entry);
	l->n_waiting--;
	tell(p, NOTICE_CANCELLED, 0, "cancelled");
	leave(p);
	return true;
}

bool
lane_cancel(struct lane *l, const char *notice_id)
{
	if (l->on_way && strcmp(l->on_way->n.id, notice_id) == 0) {
		l->on_way->cancelled = true;
		return true;
	}
	return drop_from(l, &l->ready[URGENCY_FIRE], notice_id) ||
	       drop_from(l, &l->ready[URGENCY_OTHER], notice_id) ||
	       drop_from(l, &l->later, notice_id);
}

void
lane_settled(struct lane *l, const char *notice_id)
{
	if (strcmp(l->settling, notice_id) != 0)
		return;
	l->settling[0] = '\0';
	loop_timer_stop(l->loop, &l->patience);
	pump(l);
}

size_t
lane_waiting(const struct lane *l)
{
	return l->n_waiting;
}

static void
drop_all(struct parcels *list)
{
	struct parcel *p;
	while ((p = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, p, entry);
		leave(p);
	}
}

void
lane_close(struct lane *l)
{
	if (!l)
		return;
	l->kind->close(l->channel);
	loop_timer_stop(l->loop, &l->timer);
	loop_timer_stop(l->loop, &l->patience);
	for (enum urgency u = 0; u < URGENCY_COUNT; u++)
		drop_all(&l->ready[u]);
	drop_all(&l->later);
	if (l->on_way)
		leave(l->on_way);
	free(l);
}
