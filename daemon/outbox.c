// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See outbox.h. A notice is written with the step that made it, waits for that unit's
// commit, goes to the delivery thread, and is settled by its receipt. Where a notice is
// in that line is the list it stands in.
//
// The invariant (I5): a row exists, or is on its way in the same transaction as its
// cause, before anything is sent; what may have been sent before a crash is marked. A
// channel's next notice goes when the receipt of the one before is durable.
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

enum stage {
	STAGE_UNSAVED, // by serial
	STAGE_READY,
	STAGE_SENT,       // in the delivery thread's hands
	STAGE_TAKEN_BACK, // the same, and answered meanwhile
	STAGE_COUNT
};

struct owed {
	TAILQ_ENTRY(owed) link;
	struct notice n;
	enum stage stage;
	uint64_t serial; // unit of work it is written in
	int64_t since_ms;
};
TAILQ_HEAD(owed_list, owed);

// The receipt of a channel's notice, on its way to the disk.
struct settling {
	bool waits;
	uint64_t serial;
	char notice_id[MINT_MAX];
};

struct outbox {
	struct loop *loop;
	const struct site *site;
	struct works *works;
	struct engine *engine;
	struct delivery *delivery;
	struct loop_timer scan;
	struct owed_list stages[STAGE_COUNT];
	size_t n_owed;             // without those taken back
	struct settling *settling; // one for each channel
};

// ---- what an alarm's people are still owed ------------------------------------------

// A repeat says nothing while the notice before it has not gone out: a channel that is
// dead for a night keeps one notice of each step, not one of each repeat.
static uint64_t
bit_of(const struct outbox *o, const struct ladder *l, const struct notice *n)
{
	if (l == NULL || n->step >= l->n_steps || strcmp(l->id, n->ladder) != 0)
		return 0;
	const struct ladder_step *s = &l->steps[n->step];
	for (unsigned i = 0; i < s->n_channels; i++) {
		if (strcmp(o->site->channels[s->channels[i]].id, n->channel) == 0)
			return UINT64_C(1) << (n->step * LADDER_CHANNELS_MAX + i);
	}
	return 0;
}

static void
note_owed(const struct outbox *o, const struct notice *n, bool owed)
{
	struct alarm_record *r =
	    alarms_by_occurrence(engine_alarms(o->engine), n->subject.occurrence_id);
	if (r == NULL)
		return;
	uint64_t bit = bit_of(o, r->ladder, n);
	r->owed = owed ? r->owed | bit : r->owed & ~bit;
}

static struct owed *
add_owed(struct outbox *o, const struct notice *n, enum stage stage)
{
	struct owed *w = xcalloc(1, sizeof(*w));
	w->n = *n;
	w->stage = stage;
	w->since_ms = loop_now_ms(o->loop);
	TAILQ_INSERT_TAIL(&o->stages[stage], w, link);
	o->n_owed++;
	note_owed(o, n, true);
	return w;
}

static void
move(struct outbox *o, struct owed *w, enum stage to)
{
	TAILQ_REMOVE(&o->stages[w->stage], w, link);
	if (to == STAGE_TAKEN_BACK) {
		o->n_owed--;
		note_owed(o, &w->n, false);
	}
	w->stage = to;
	TAILQ_INSERT_TAIL(&o->stages[to], w, link);
}

static void
drop_owed(struct outbox *o, struct owed *w)
{
	TAILQ_REMOVE(&o->stages[w->stage], w, link);
	if (w->stage != STAGE_TAKEN_BACK) {
		o->n_owed--;
		note_owed(o, &w->n, false);
	}
	free(w);
}

// ---- sending ----------------------------------------------------------------------

static void
try_send(struct outbox *o, struct owed *w)
{
	if (o->delivery != NULL && delivery_send(o->delivery, &w->n) == 0)
		move(o, w, STAGE_SENT);
}

// The onset's seq was not known yet when the notice was made.
static void
learn_seq(const struct outbox *o, struct event *subject)
{
	const struct alarm_record *r =
	    alarms_by_occurrence(engine_alarms(o->engine), subject->occurrence_id);
	if (subject->seq == 0 && r != NULL)
		subject->seq = r->seq;
}

static void
settle_channels(struct outbox *o, uint64_t serial)
{
	for (uint16_t i = 0; i < o->site->n_channels; i++) {
		struct settling *s = &o->settling[i];
		if (!s->waits || s->serial != serial)
			continue;
		s->waits = false;
		if (o->delivery != NULL)
			delivery_settled(
			    o->delivery, o->site->channels[i].id, s->notice_id);
	}
}

// A lost notice stays unsaved, and goes without the disk; a lost receipt holds up
// nobody.
void
outbox_saved(struct outbox *o, uint64_t serial, bool durable)
{
	struct owed *w, *next;
	settle_channels(o, serial);
	if (!durable)
		return;
	for (w = TAILQ_FIRST(&o->stages[STAGE_UNSAVED]); w != NULL; w = next) {
		next = TAILQ_NEXT(w, link);
		if (w->serial != serial)
			continue;
		w->n.saved = true;
		learn_seq(o, &w->n.subject);
		move(o, w, STAGE_READY);
		try_send(o, w);
	}
}

// ---- making notices -----------------------------------------------------------------

// What a message says beside the alarm.
static void
put_params(const struct outbox *o, const struct alarm_record *r, struct event *subject)
{
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	if (r->a.test_onset)
		json_bool(&b, "test", true);
	engine_put_miss(o->engine, r, &b);
	json_close(&b, '}');
	if (b.len > 2) // else there is nothing to say
		(void)str_copy(subject->params, sizeof(subject->params), b.data);
	buf_free(&b);
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
	(void)str_copy(n.channel, sizeof(n.channel), o->site->channels[channel].id);
	(void)str_copy(n.ladder, sizeof(n.ladder), r->ladder->id);
	if ((r->owed & bit_of(o, r->ladder, &n)) != 0)
		return;
	works_mint(o->works, n.id);
	event_init(&n.subject, EVENT_ALARM_ONSET);
	engine_describe(r, &n.subject);
	n.subject.time_utc_ms = r->raised_utc_ms;
	n.subject.value = r->value;
	n.subject.seq = r->seq;
	n.subject.not_before_utc_ms = r->not_before_utc_ms;
	put_params(o, r, &n.subject);
	works_notice(o->works, &n);
	add_owed(o, &n, STAGE_UNSAVED)->serial = works_serial(o->works);
}

void
outbox_tell(struct outbox *o, const char *channel, const struct event *subject)
{
	struct notice n = {
		.state = NOTICE_OWED,
		.created_utc_ms = loop_utc_ms(o->loop),
		.subject = *subject,
	};
	n.next_utc_ms = n.created_utc_ms;
	n.subject.time_utc_ms = n.created_utc_ms;
	n.subject.mono_ms = loop_now_ms(o->loop);
	(void)str_copy(n.channel, sizeof(n.channel), channel);
	works_mint(o->works, n.id);
	works_notice(o->works, &n);
	add_owed(o, &n, STAGE_UNSAVED)->serial = works_serial(o->works);
}

static void
tell_step(struct outbox *o, const struct alarm_record *r, const struct ladder_due *d)
{
	const struct ladder_step *step = &r->ladder->steps[d->step];
	for (unsigned i = 0; i < step->n_channels; i++)
		make_notice(o, r, d, step->channels[i]);
}

// Takes what is due off the alarm's climb.
static void
climb(struct outbox *o, struct alarm_record *r)
{
	int64_t now = loop_now_ms(o->loop);
	bool moved = false;
	struct ladder_due d = ladder_take(r->ladder, &r->climb, now);
	for (; d.due; d = ladder_take(r->ladder, &r->climb, now)) {
		tell_step(o, r, &d);
		moved = true;
	}
	if (!moved)
		return;
	struct alarm_row row;
	engine_alarm_row(o->engine, r, &row);
	works_alarm(o->works, &row);
}

// Notices that waited too long for the disk go without it: saved stays false.
static void
run_out_of_patience(struct outbox *o, int64_t now)
{
	struct owed *w;
	while ((w = TAILQ_FIRST(&o->stages[STAGE_UNSAVED])) != NULL &&
	       now - w->since_ms >= PATIENCE_MS)
		move(o, w, STAGE_READY);
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
	run_out_of_patience(o, now);
	struct owed *w = TAILQ_FIRST(&o->stages[STAGE_READY]);
	while (w != NULL) {
		struct owed *next = TAILQ_NEXT(w, link);
		try_send(o, w);
		w = next;
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
	static const struct ladder_due again = { .due = true };
	bool climbs = r->ladder != NULL;
	if (r->point->indoors)
		return;
	if (!climbs) {
		r->ladder = ladder_of(o->site, r->alarm_class);
		r->climb = (struct ladder_climb){ .onset_ms = loop_now_ms(o->loop) };
	}
	if (r->ladder == NULL)
		return;
	r->owed = 0; // an occurrence that nobody has been told of
	// It came again and nobody has answered: who is told at once is told again, and
	// the others are not put off by it.
	if (climbs && r->climb.next_step > 0 && r->ladder->steps[0].after_ms == 0)
		tell_step(o, r, &again);
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

// What has not gone out is not owed any more. One that is on its way at this moment may
// arrive all the same: then its receipt says so, after this.
static void
take_back(struct outbox *o, struct owed *w)
{
	w->n.state = NOTICE_CANCELLED;
	works_notice(o->works, &w->n);
	write_event(o, EVENT_NOTICE_CANCELLED, &w->n, NULL);
	if (w->stage == STAGE_SENT && o->delivery != NULL) {
		delivery_cancel(o->delivery, w->n.id);
		move(o, w, STAGE_TAKEN_BACK);
	} else {
		drop_owed(o, w);
	}
}

void
outbox_answered(struct outbox *o, struct alarm_record *r)
{
	r->ladder = NULL;
	r->owed = 0;
	for (enum stage s = STAGE_UNSAVED; s <= STAGE_SENT; s++) {
		struct owed *w = TAILQ_FIRST(&o->stages[s]);
		while (w != NULL) {
			struct owed *next = TAILQ_NEXT(w, link);
			if (is_about(&w->n.subject, r))
				take_back(o, w);
			w = next;
		}
	}
}

// n_channels where the site has no such channel any more.
static uint16_t
channel_index(const struct site *s, const char *id)
{
	uint16_t i = 0;
	while (i < s->n_channels && strcmp(s->channels[i].id, id) != 0)
		i++;
	return i;
}

// The channel itself is supervised: its failure is an alarm, its success ends it (I9).
static void
supervise_channel(struct outbox *o, uint16_t channel, const struct receipt *r)
{
	if (channel < o->site->n_channels && r->state != NOTICE_CANCELLED)
		engine_link(o->engine, o->site->channels[channel].link_point,
		    r->state != NOTICE_DELIVERED, "undelivered");
}

static struct owed *
find_sent(const struct outbox *o, const char *id)
{
	for (enum stage s = STAGE_SENT; s <= STAGE_TAKEN_BACK; s++) {
		struct owed *w;
		TAILQ_FOREACH (w, &o->stages[s], link) {
			if (strcmp(w->n.id, id) == 0)
				return w;
		}
	}
	return NULL;
}

static void
take_receipt(struct outbox *o, struct owed *w, const struct receipt *r)
{
	bool delivered = r->state == NOTICE_DELIVERED;
	bool over = r->state != NOTICE_OWED;
	w->n.attempts = r->attempts;
	if (delivered || w->stage != STAGE_TAKEN_BACK) {
		w->n.state = r->state;
		w->n.next_utc_ms = r->next_utc_ms;
		works_notice(o->works, &w->n);
		if (over)
			write_event(o,
			    delivered ? EVENT_NOTICE_SENT : EVENT_NOTICE_FAILED, &w->n,
			    r);
	}
	if (over)
		drop_owed(o, w);
}

void
outbox_receipt(struct outbox *o, const struct receipt *r)
{
	uint16_t channel = channel_index(o->site, r->channel);
	struct owed *w = find_sent(o, r->notice_id);
	supervise_channel(o, channel, r);
	if (w != NULL)
		take_receipt(o, w, r);
	if (!r->settle || channel == o->site->n_channels)
		return;
	struct settling *s = &o->settling[channel];
	*s = (struct settling){ .waits = true, .serial = works_serial(o->works) };
	memcpy(s->notice_id, r->notice_id, sizeof(s->notice_id));
	if (!works_saves(o->works))
		settle_channels(o, s->serial);
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
	for (unsigned i = 0; i < STAGE_COUNT; i++)
		TAILQ_INIT(&o->stages[i]);
	o->settling = xcalloc(site->n_channels + 1U, sizeof(*o->settling));
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
		struct owed *w = add_owed(o, &r->notices[i], STAGE_READY);
		w->n.repeated = true;
		w->n.saved = true;
	}
	// An answer is owed, and the ladder it was on is not of this site any more.
	size_t n;
	struct alarm_record *const *all = alarms_all(engine_alarms(o->engine), &n);
	for (size_t i = 0; i < n; i++) {
		if (all[i]->ladder == NULL && alarm_owed(&all[i]->a) &&
		    !alarm_hidden(&all[i]->a))
			outbox_raised(o, all[i]);
	}
}

void
outbox_free(struct outbox *o)
{
	if (o == NULL)
		return;
	loop_timer_stop(o->loop, &o->scan);
	for (unsigned i = 0; i < STAGE_COUNT; i++) {
		struct owed *w = TAILQ_FIRST(&o->stages[i]);
		while (w != NULL) {
			struct owed *next = TAILQ_NEXT(w, link);
			free(w);
			w = next;
		}
	}
	free(o->settling);
	free(o);
}

size_t
outbox_owed(const struct outbox *o)
{
	return o->n_owed;
}
