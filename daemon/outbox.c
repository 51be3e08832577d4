// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See outbox.h. A notice is written with the step that made it, waits for that unit's
// commit, goes to the delivery thread, and is settled by its receipt.
//
// The invariant (I5): a row exists, or is on its way in the same transaction as its
// cause, before anything is sent; what may have been sent before a crash is marked.
#include "outbox.h"

#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/mem.h"

enum {
	PATIENCE_MS = 1000, // DESIGN I5: sent after 1 s without a commit
	SCAN_MS = 200,
};

enum owed_stage {
	OWED_UNSAVED,
	OWED_READY,
	OWED_SENT
};

struct owed {
	TAILQ_ENTRY(owed) link;
	struct notice n;
	enum owed_stage stage;
	uint64_t serial; // unit of work it is written in
	int64_t since_ms;
};

struct outbox {
	struct loop *loop;
	const struct site *site;
	struct works *works;
	struct engine *engine;
	struct delivery *delivery;
	struct loop_timer scan;
	TAILQ_HEAD(owed_list, owed) owed;
	size_t n_owed;
};

// ---- sending ----------------------------------------------------------------------

static void
try_send(struct outbox *o, struct owed *w)
{
	if (o->delivery == NULL || w->stage != OWED_READY)
		return;
	if (delivery_send(o->delivery, &w->n) == 0)
		w->stage = OWED_SENT;
}

void
outbox_saved(struct outbox *o, uint64_t serial)
{
	struct owed *w;
	TAILQ_FOREACH (w, &o->owed, link) {
		if (w->stage != OWED_UNSAVED || w->serial > serial)
			continue;
		w->n.saved = true;
		w->stage = OWED_READY;
		try_send(o, w);
	}
}

// ---- making notices -----------------------------------------------------------------

static struct owed *
add_owed(struct outbox *o, const struct notice *n)
{
	struct owed *w = xcalloc(1, sizeof(*w));
	w->n = *n;
	w->since_ms = loop_now_ms(o->loop);
	TAILQ_INSERT_TAIL(&o->owed, w, link);
	o->n_owed++;
	return w;
}

static void
drop_owed(struct outbox *o, struct owed *w)
{
	TAILQ_REMOVE(&o->owed, w, link);
	o->n_owed--;
	free(w);
}

static void
make_notice(struct outbox *o, const struct alarm_record *r, const struct ladder_due *d,
    uint16_t channel)
{
	struct notice n = {
		.step = d->step,
		.round = d->round,
		.state = NOTICE_OWED,
		.created_utc_ms = loop_utc_ms(o->loop),
	};
	n.next_utc_ms = n.created_utc_ms;
	works_mint(o->works, n.id);
	(void)str_copy(n.channel, sizeof(n.channel), o->site->channels[channel].id);
	(void)str_copy(n.ladder, sizeof(n.ladder), r->ladder->id);
	event_init(&n.subject, EVENT_ALARM_ONSET);
	engine_describe(r, &n.subject);
	n.subject.time_utc_ms = r->raised_utc_ms;
	n.subject.value = r->value;
	n.subject.seq = r->seq;
	n.subject.not_before_utc_ms = r->not_before_utc_ms;
	if (r->a.test_onset)
		(void)str_copy(
		    n.subject.params, sizeof(n.subject.params), "{\"test\":true}");
	works_notice(o->works, &n);
	struct owed *w = add_owed(o, &n);
	w->serial = works_serial(o->works);
}

// Takes what is due off the alarm's climb.
static void
climb(struct outbox *o, struct alarm_record *r)
{
	int64_t now = loop_now_ms(o->loop);
	bool moved = false;
	struct ladder_due d = ladder_take(r->ladder, &r->climb, now);
	for (; d.due; d = ladder_take(r->ladder, &r->climb, now)) {
		const struct ladder_step *step = &r->ladder->steps[d.step];
		for (unsigned i = 0; i < step->n_channels; i++)
			make_notice(o, r, &d, step->channels[i]);
		moved = true;
	}
	if (!moved)
		return;
	struct alarm_row row;
	engine_alarm_row(o->engine, r, &row);
	works_alarm(o->works, &row);
}

// One timer for all: the next step of any ladder, the next notice out of patience.
static void
on_scan(void *arg)
{
	struct outbox *o = arg;
	int64_t now = loop_now_ms(o->loop);
	size_t n;
	struct alarm_record *const *all = alarms_all(engine_alarms(o->engine), &n);
	for (size_t i = 0; i < n; i++) {
		struct alarm_record *r = all[i];
		if (r->ladder == NULL)
			continue;
		int64_t due = ladder_next(r->ladder, &r->climb);
		if (due >= 0 && due <= now)
			climb(o, r);
	}
	struct owed *w;
	TAILQ_FOREACH (w, &o->owed, link) {
		if (w->stage == OWED_UNSAVED && now - w->since_ms >= PATIENCE_MS)
			w->stage = OWED_READY; // n.saved stays false: it says so
		try_send(o, w);
	}
	loop_timer_in(o->loop, &o->scan, SCAN_MS);
}

static const struct ladder *
ladder_of(const struct site *s, enum alarm_class c)
{
	for (uint16_t i = 0; i < s->n_ladders; i++) {
		if ((s->ladders[i].classes & (1u << c)) != 0)
			return &s->ladders[i];
	}
	return NULL;
}

void
outbox_raised(struct outbox *o, struct alarm_record *r)
{
	r->ladder = ladder_of(o->site, r->alarm_class);
	r->climb = (struct ladder_climb){ .onset_ms = loop_now_ms(o->loop) };
	if (r->ladder != NULL)
		climb(o, r);
}

// ---- settling -----------------------------------------------------------------------

static void
write_event(struct outbox *o, enum event_kind kind, const struct notice *n,
    const struct receipt *r)
{
	struct event ev = n->subject;
	ev.kind = kind;
	ev.time_utc_ms = r != NULL ? r->at_utc_ms : 0;
	ev.mono_ms = 0;
	ev.cause_seq = n->subject.seq;
	ev.seq = 0;
	ev.not_before_utc_ms = 0;
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	json_str(&b, "notice", n->id);
	json_str(&b, "channel", n->channel);
	json_int(&b, "step", n->step);
	json_int(&b, "round", n->round);
	if (r != NULL) {
		json_int(&b, "attempts", r->attempts);
		json_int(&b, "status", r->status);
		json_str(&b, "detail", r->detail);
	}
	if (!n->saved)
		json_bool(&b, "saved", false);
	json_close(&b, '}');
	if (b.len < sizeof(ev.params))
		memcpy(ev.params, b.data, b.len + 1);
	buf_free(&b);
	(void)works_event(o->works, &ev);
}

// An answer is one for all older occurrences of the alarm too (alarm-table note 4).
static bool
is_about(const struct event *subject, const struct alarm_record *r)
{
	return subject->condition == (int)r->a.condition &&
	       strcmp(subject->point, r->point->id) == 0 &&
	       strcmp(subject->code, r->code) == 0;
}

void
outbox_answered(struct outbox *o, struct alarm_record *r)
{
	r->ladder = NULL;
	struct owed *w = TAILQ_FIRST(&o->owed);
	while (w != NULL) {
		struct owed *next = TAILQ_NEXT(w, link);
		if (is_about(&w->n.subject, r)) {
			if (w->stage == OWED_SENT && o->delivery != NULL)
				delivery_cancel(o->delivery, w->n.id);
			w->n.state = NOTICE_CANCELLED;
			works_notice(o->works, &w->n);
			write_event(o, EVENT_NOTICE_CANCELLED, &w->n, NULL);
			drop_owed(o, w);
		}
		w = next;
	}
}

static const struct channel_def *
channel_named(const struct site *s, const char *id)
{
	for (uint16_t i = 0; i < s->n_channels; i++) {
		if (strcmp(s->channels[i].id, id) == 0)
			return &s->channels[i];
	}
	return NULL;
}

// The channel itself is supervised: its failure is an alarm, its success ends it (I9).
static void
supervise_channel(struct outbox *o, const struct receipt *r)
{
	const struct channel_def *c = channel_named(o->site, r->channel);
	if (c != NULL)
		engine_link(o->engine, c->link_point, r->state != NOTICE_DELIVERED,
		    "undelivered");
}

void
outbox_receipt(struct outbox *o, const struct receipt *r)
{
	supervise_channel(o, r);
	struct owed *w;
	TAILQ_FOREACH (w, &o->owed, link) {
		if (strcmp(w->n.id, r->notice_id) == 0)
			break;
	}
	if (w == NULL)
		return; // cancelled while on its way: the receipt event is not owed
	w->n.state = r->state;
	w->n.attempts = r->attempts;
	w->n.next_utc_ms = r->next_utc_ms;
	works_notice(o->works, &w->n);
	if (r->state == NOTICE_OWED)
		return;
	bool sent = r->state == NOTICE_DELIVERED;
	write_event(o, sent ? EVENT_NOTICE_SENT : EVENT_NOTICE_FAILED, &w->n, r);
	drop_owed(o, w);
}

// ---- life ---------------------------------------------------------------------------

struct outbox *
outbox_new(struct loop *loop, const struct site *site, struct works *works,
    struct engine *engine)
{
	struct outbox *o = xcalloc(1, sizeof(*o));
	o->loop = loop;
	o->site = site;
	o->works = works;
	o->engine = engine;
	TAILQ_INIT(&o->owed);
	loop_timer_init(&o->scan, on_scan, o);
	loop_timer_in(loop, &o->scan, SCAN_MS);
	return o;
}

void
outbox_attach(struct outbox *o, struct delivery *d)
{
	o->delivery = d;
}

void
outbox_recover(struct outbox *o, const struct recovered *r)
{
	for (size_t i = 0; i < r->n_notices; i++) {
		struct owed *w = add_owed(o, &r->notices[i]);
		w->n.repeated = true;
		w->n.saved = true;
		w->stage = OWED_READY;
	}
}

void
outbox_free(struct outbox *o)
{
	if (o == NULL)
		return;
	loop_timer_stop(o->loop, &o->scan);
	struct owed *w = TAILQ_FIRST(&o->owed);
	while (w != NULL) {
		struct owed *next = TAILQ_NEXT(w, link);
		free(w);
		w = next;
	}
	free(o);
}

size_t
outbox_owed(const struct outbox *o)
{
	return o->n_owed;
}
