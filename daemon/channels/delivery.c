// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The delivery thread and its two mailboxes. The main loop's side posts orders and
// hands receipts over; the thread's side gives each channel a lane and brings receipts
// back. Neither side ever waits for the other. It refuses more than HELD_MAX notices of
// one channel at once, so that a dead one never keeps another from its notices: the
// outbox keeps them. Fires have places of their own. The invariant: each notice taken
// brings its last receipt, and a full mailbox of receipts delays one but never loses
// it.
#include "channels/delivery.h"

#include <sys/queue.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "channels/channel.h"
#include "channels/lane.h"
#include "lib/log.h"
#include "lib/mailbox.h"
#include "lib/mem.h"

enum {
	ORDERS_MAX = 4096,
	RECEIPTS_MAX = 8192,
	HELD_MAX = 7168,  // notices of one channel in the thread's hands
	HELD_FIRE = 1024, // more of them, for fires
	AT_ONCE = 128,    // messages taken in one callback
	JOBS_MAX = 64,    // of others: a few at start, reload and stop
	AGAIN_MS = 20,    // a full mailbox is tried again
};

enum order_kind {
	ORDER_SEND,
	ORDER_CANCEL,
	ORDER_SETTLED
};

struct order {
	STAILQ_ENTRY(order) entry;
	enum order_kind kind;
	struct notice n; // ORDER_CANCEL: the id only; ORDER_SETTLED: and the channel
};

struct job {
	void (*fn)(struct loop *delivery_loop, void *arg);
	void *arg;
};

struct slip {
	STAILQ_ENTRY(slip) entry;
	struct receipt r;
};

// What the thread has of one channel.
struct hand {
	struct delivery *delivery;
	atomic_size_t held;
};

struct delivery {
	const struct site *site;
	pthread_t thread;
	struct mailbox *orders, *receipts, *jobs, *stop;
	struct hand *hands; // one for each channel, and one for channels that are none

	// The main loop's.
	struct loop *main_loop;
	struct delivery_host host;
	struct loop_watch *receipts_watch;
	STAILQ_HEAD(orders, order) backlog; // that found the mailbox full; no SEND
	struct loop_timer backlog_timer;

	// The thread's, and the main loop's once it has ended.
	struct loop *loop;
	struct lane *
	    *lanes; // one for each channel of the site; NULL = no kind takes it
	STAILQ_HEAD(slips, slip) kept; // receipts that found the mailbox full
	struct loop_timer kept_timer;
};

// ---- the thread -------------------------------------------------------------------

static void
post_kept(void *arg)
{
	struct delivery *d = arg;
	struct slip *s;
	while ((s = STAILQ_FIRST(&d->kept))) {
		// Out of the list before it belongs to the other side.
		STAILQ_REMOVE_HEAD(&d->kept, entry);
		if (mailbox_post(d->receipts, s) != 0) {
			STAILQ_INSERT_HEAD(&d->kept, s, entry);
			loop_timer_in(d->loop, &d->kept_timer, AGAIN_MS);
			return;
		}
	}
}

static void
bring_receipt(void *ctx, const struct receipt *r)
{
	struct delivery *d = ((struct hand *)ctx)->delivery;
	struct slip *s = xcalloc(1, sizeof *s);
	s->r = *r;
	bool was_empty = STAILQ_EMPTY(&d->kept);
	STAILQ_INSERT_TAIL(&d->kept, s, entry);
	if (was_empty)
		post_kept(d);
}

static void
notice_left(void *ctx)
{
	struct hand *h = ctx;
	(void)atomic_fetch_sub(&h->held, 1);
}

// n_channels where there is none of this name. Any thread.
static uint16_t
channel_index(const struct delivery *d, const char *channel)
{
	uint16_t i = 0;
	while (i < d->site->n_channels && strcmp(d->site->channels[i].id, channel) != 0)
		i++;
	return i;
}

static struct lane *
lane_named(const struct delivery *d, const char *channel)
{
	uint16_t i = channel_index(d, channel);
	return i < d->site->n_channels ? d->lanes[i] : NULL;
}

static void
refuse(struct delivery *d, const struct notice *n)
{
	struct receipt r = {
		.state = NOTICE_FAILED,
		.attempts = n->attempts,
		.at_utc_ms = loop_utc_ms(d->loop),
	};
	(void)str_copy(r.notice_id, sizeof r.notice_id, n->id);
	(void)str_copy(r.channel, sizeof r.channel, n->channel);
	(void)str_copy(r.detail, sizeof r.detail, "no such channel");
	struct hand *h = &d->hands[channel_index(d, n->channel)];
	bring_receipt(h, &r);
	notice_left(h);
}

static void
obey(struct delivery *d, const struct order *o)
{
	struct lane *lane;
	switch (o->kind) {
	case ORDER_SEND:
		lane = lane_named(d, o->n.channel);
		if (lane)
			lane_put(lane, &o->n);
		else
			refuse(d, &o->n);
		break;
	case ORDER_CANCEL:
		for (uint16_t i = 0; i < d->site->n_channels; i++)
			if (d->lanes[i] && lane_cancel(d->lanes[i], o->n.id))
				break;
		break;
	case ORDER_SETTLED:
		lane = lane_named(d, o->n.channel);
		if (lane)
			lane_settled(lane, o->n.id);
		break;
	}
}

static void
on_orders(void *arg)
{
	struct delivery *d = arg;
	struct order *o;
	for (int i = 0; i < AT_ONCE && (o = mailbox_take(d->orders)); i++) {
		obey(d, o);
		free(o);
	}
}

static void
on_jobs(void *arg)
{
	struct delivery *d = arg;
	struct job *j;
	while ((j = mailbox_take(d->jobs))) {
		j->fn(d->loop, j->arg);
		free(j);
	}
}

static void
on_stop(void *arg)
{
	struct delivery *d = arg;
	(void)mailbox_take(d->stop);
	loop_stop(d->loop);
}

static void
open_lanes(struct delivery *d)
{
	struct lane_host host = { .receipt = bring_receipt, .left = notice_left };
	d->lanes = xcalloc(d->site->n_channels, sizeof d->lanes[0]);
	for (uint16_t i = 0; i < d->site->n_channels; i++) {
		const struct channel_def *def = &d->site->channels[i];
		const struct channel *kind = channel_for(def);
		host.ctx = &d->hands[i];
		if (kind)
			d->lanes[i] = lane_open(d->loop, d->site, i, kind, &host);
		else
			log_warnx("delivery", "channel %s: of no known kind", def->id);
	}
}

static void *
run(void *arg)
{
	struct delivery *d = arg;
	d->loop = loop_new(clock_real());
	loop_timer_init(&d->kept_timer, post_kept, d);
	open_lanes(d);
	struct loop_watch *orders =
	    loop_watch_mailbox(d->loop, d->orders, LOOP_BUS, on_orders, d);
	struct loop_watch *jobs =
	    loop_watch_mailbox(d->loop, d->jobs, LOOP_BUS, on_jobs, d);
	struct loop_watch *stop =
	    loop_watch_mailbox(d->loop, d->stop, LOOP_ALARM, on_stop, d);
	if (loop_run(d->loop) != 0)
		log_warn("delivery", "event loop");
	on_jobs(d);
	loop_unwatch(stop);
	loop_unwatch(jobs);
	loop_unwatch(orders);
	for (uint16_t i = 0; i < d->site->n_channels; i++)
		lane_close(d->lanes[i]);
	free(d->lanes);
	loop_timer_stop(d->loop, &d->kept_timer);
	loop_free(d->loop);
	return NULL;
}

// ---- the main loop's side ---------------------------------------------------------

static void
hand_over(struct delivery *d, struct slip *s)
{
	d->host.receipt(d->host.ctx, &s->r);
	free(s);
}

static void
on_receipts(void *arg)
{
	struct delivery *d = arg;
	struct slip *s;
	for (int i = 0; i < AT_ONCE && (s = mailbox_take(d->receipts)); i++)
		hand_over(d, s);
}

static void
post_backlog(void *arg)
{
	struct delivery *d = arg;
	struct order *o;
	while ((o = STAILQ_FIRST(&d->backlog))) {
		STAILQ_REMOVE_HEAD(&d->backlog, entry);
		if (mailbox_post(d->orders, o) != 0) {
			STAILQ_INSERT_HEAD(&d->backlog, o, entry);
			loop_timer_in(d->main_loop, &d->backlog_timer, AGAIN_MS);
			return;
		}
	}
}

// Signals are the main loop's: the thread is born with all of them blocked.
static void
start_thread(struct delivery *d)
{
	sigset_t all, before;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int e = pthread_create(&d->thread, NULL, run, d);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	wr_assert(e == 0);
	(void)pthread_setname_np(d->thread, "delivery");
}

struct delivery *
delivery_start(
    const struct site *site, struct loop *main_loop, const struct delivery_host *host)
{
	struct delivery *d = xcalloc(1, sizeof *d);
	d->site = site;
	d->main_loop = main_loop;
	d->host = *host;
	d->orders = mailbox_new(ORDERS_MAX);
	d->receipts = mailbox_new(RECEIPTS_MAX);
	d->jobs = mailbox_new(JOBS_MAX);
	d->stop = mailbox_new(1);
	d->hands = xcalloc(site->n_channels + 1U, sizeof d->hands[0]);
	for (uint16_t i = 0; i <= site->n_channels; i++)
		d->hands[i].delivery = d;
	STAILQ_INIT(&d->backlog);
	STAILQ_INIT(&d->kept);
	loop_timer_init(&d->backlog_timer, post_backlog, d);
	d->receipts_watch =
	    loop_watch_mailbox(main_loop, d->receipts, LOOP_BUS, on_receipts, d);
	start_thread(d);
	return d;
}

int
delivery_send(struct delivery *d, const struct notice *n)
{
	struct hand *h = &d->hands[channel_index(d, n->channel)];
	bool fire = n->subject.alarm_class == (int)CLASS_FIRE;
	size_t most = fire ? HELD_MAX + HELD_FIRE : HELD_MAX;
	if (!STAILQ_EMPTY(&d->backlog) || atomic_load(&h->held) >= most)
		return -1;
	struct order *o = xcalloc(1, sizeof *o);
	o->kind = ORDER_SEND;
	o->n = *n;
	(void)atomic_fetch_add(&h->held, 1);
	if (mailbox_post(d->orders, o) == 0)
		return 0;
	(void)atomic_fetch_sub(&h->held, 1);
	free(o);
	return -1;
}

// An order that must not be refused.
static void
post_order(struct delivery *d, enum order_kind kind, const char *channel,
    const char *notice_id)
{
	struct order *o = xcalloc(1, sizeof *o);
	o->kind = kind;
	(void)str_copy(o->n.id, sizeof o->n.id, notice_id);
	(void)str_copy(o->n.channel, sizeof o->n.channel, channel);
	bool was_empty = STAILQ_EMPTY(&d->backlog);
	STAILQ_INSERT_TAIL(&d->backlog, o, entry);
	if (was_empty)
		post_backlog(d);
}

void
delivery_run(
    struct delivery *d, void (*fn)(struct loop *delivery_loop, void *arg), void *arg)
{
	struct job *j = xcalloc(1, sizeof *j);
	*j = (struct job){ .fn = fn, .arg = arg };
	wr_assert(mailbox_post(d->jobs, j) == 0);
}

void
delivery_cancel(struct delivery *d, const char *notice_id)
{
	post_order(d, ORDER_CANCEL, "", notice_id);
}

void
delivery_settled(struct delivery *d, const char *channel, const char *notice_id)
{
	post_order(d, ORDER_SETTLED, channel, notice_id);
}

void
delivery_stop(struct delivery *d)
{
	if (!d)
		return;
	wr_assert(mailbox_post(d->stop, d) == 0);
	wr_assert(pthread_join(d->thread, NULL) == 0);
	loop_unwatch(d->receipts_watch);
	struct slip *s;
	while ((s = mailbox_take(d->receipts)))
		hand_over(d, s);
	while ((s = STAILQ_FIRST(&d->kept))) {
		STAILQ_REMOVE_HEAD(&d->kept, entry);
		hand_over(d, s);
	}
	struct order *o;
	while ((o = mailbox_take(d->orders)))
		free(o);
	while ((o = STAILQ_FIRST(&d->backlog))) {
		STAILQ_REMOVE_HEAD(&d->backlog, entry);
		free(o);
	}
	loop_timer_stop(d->main_loop, &d->backlog_timer);
	mailbox_free(d->orders);
	mailbox_free(d->receipts);
	mailbox_free(d->jobs);
	mailbox_free(d->stop);
	free(d->hands);
	free(d);
}
