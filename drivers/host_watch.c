// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See host_watch.h. Each host has one timer: for its next check, or for the next try of
// the check under way. A check that finds no free place waits in a list, first come
// first served but for lost hosts, which come last; no more than two run at one
// address, 256 in all. The first checks come within seconds of the start, later ones
// are spread over the period. A password that was refused is held back for minutes:
// devices lock accounts.
//
// The invariant (I6): a host is up by an answer of its own only; what could not be
// asked is unknown.
#include "drivers/host_watch.h"

#include <sys/queue.h>

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/host_judge.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/names.h"

enum {
	FIRST_ROUND_MS = 5000, // every host is asked once within
	RECHECK_MS = 2000,     // a lost host that answers is asked again soon,
			       // and so is one whose parent is back
	LOOK_UPS_AT_ONCE = 8,
	KEPT_PLACES = 32,       // not for lost hosts
	ADDRESS_AGE_MS = 60000, // an address is looked up again
	HOLD_FIRST_MS = 300000, // a refused password, then twice as long each time,
	HOLD_MOST_MS = 1800000, // at most this
};

enum {
	QUEUE_OTHERS,
	QUEUE_LOST,
	QUEUES
};

// Hosts with the same address share its places.
struct place {
	const char *address;
	unsigned busy;
};

struct watched {
	TAILQ_ENTRY(watched) entry; // while it waits for a place
	struct host_watch *watch;
	const struct host *def;
	uint16_t index;
	struct place *place;
	struct loop_timer timer;
	int64_t nominal_ms; // the next check of its period, without jitter
	bool waiting, checking;
	bool is_parent;
	bool reached; // by the last check: a packet of it came back
	int64_t reached_ms;
	uint8_t tries_left;
	int64_t check_began_ms;
	struct names_query *query;
	struct loop_timer look_up_timer;
	struct host_try *attempt;
	bool known; // an address
	struct names_answer address;
	int64_t looked_up_ms;
	void *kept; // the asker's
	unsigned words_refused;
	struct host_judge judge;
	struct host_status status;
};

struct host_watch {
	struct loop *loop;
	struct host_watch_host host;
	struct host *defs;
	uint16_t n;
	struct watched *hosts;
	struct place *places;
	struct names *names;
	const struct asker_kind *kinds[HOST_CHECK_COUNT];
	struct asker *askers[HOST_CHECK_COUNT]; // curl's is one for three
	unsigned busy;
	uint64_t random;
	// Those that wait for a place: who may be there goes before who is lost.
	struct {
		TAILQ_HEAD(, watched) hosts;
	} queue[QUEUES];
};

static void start_try(struct watched *h);
static void pump(struct host_watch *w);

static int64_t
now_of(const struct watched *h)
{
	return loop_now_ms(h->watch->loop);
}

// xorshift64*: phases and jitter need no more.
static uint32_t
below(struct host_watch *w, uint32_t n)
{
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return (uint32_t)((w->random * 0x2545F4914F6CDD1Du) >> 33) % n;
}

// ---- when -------------------------------------------------------------------------

// The next check of the period, with jitter. One that was asked for in between moves it
// only where it came just before.
static void
arm_next(struct watched *h)
{
	int64_t period = h->def->period_ms, jitter = period * HOST_JITTER_PERCENT / 100;
	while (h->nominal_ms - jitter <= h->check_began_ms)
		h->nominal_ms += period;
	int64_t by = (int64_t)below(h->watch, (uint32_t)(2 * jitter + 1)) - jitter;
	loop_timer_at(h->watch->loop, &h->timer, h->nominal_ms + by);
}

static void
arm_soon(struct watched *h, uint32_t within_ms)
{
	int64_t due = now_of(h) + below(h->watch, within_ms);
	if (!h->checking && (!loop_timer_armed(&h->timer) || due < h->timer.due_ms))
		loop_timer_at(h->watch->loop, &h->timer, due);
}

// ---- parents ----------------------------------------------------------------------

static struct watched *
parent_of(const struct watched *h)
{
	return h->def->parent == INDEX_NONE ? NULL : &h->watch->hosts[h->def->parent];
}

static enum host_way
way_to(const struct watched *h)
{
	const struct watched *parent = parent_of(h);
	if (!parent)
		return WAY_OPEN;
	return host_judge_beyond(&parent->judge, parent->reached,
	    parent->reached && parent->reached_ms >= h->check_began_ms);
}

static void report(struct watched *h);

// A host has been judged: what waits for it is settled.
static void
settle_children(struct watched *parent, bool is_back)
{
	struct host_watch *w = parent->watch;
	for (uint16_t i = 0; parent->is_parent && i < w->n; i++) {
		struct watched *h = &w->hosts[i];
		if (parent_of(h) != parent)
			continue;
		enum host_state before = h->judge.state;
		host_judge_way(&h->judge, way_to(h));
		if (h->judge.state != before)
			report(h);
		if (is_back && h->judge.state == HOST_BLIND)
			arm_soon(h, RECHECK_MS);
	}
}

// ---- what is told -----------------------------------------------------------------

static void
log_change(const struct watched *h, enum host_state before)
{
	const struct host_status *s = &h->status;
	const char *id = h->def->id, *shown = h->def->shown;
	switch (s->state) {
	case HOST_UP:
		if (before == HOST_LOST)
			log_info("host", "%s: answers again (%s)", id, shown);
		break;
	case HOST_LOST:
		log_info("host", "%s: %s (%s): %s", id, host_code_name(s->code), shown,
		    s->detail);
		break;
	case HOST_BLIND:
		log_info(
		    "host", "%s: cannot be asked: %s", id, host_blind_name(s->blind));
		break;
	case HOST_UNASKED:
	case HOST_STATE_COUNT:
		break;
	}
}

static void
report(struct watched *h)
{
	struct host_status *s = &h->status;
	enum host_state before = s->state;
	s->state = h->judge.state;
	s->code = s->state == HOST_LOST ? h->judge.code : HOST_ANSWERS;
	s->blind = s->state == HOST_BLIND ? h->judge.blind : HOST_SEEN;
	s->misses = host_judge_misses(&h->judge, h->def);
	if (s->state != before) {
		log_change(h, before);
		settle_children(h, s->state == HOST_UP);
	}
	h->watch->host.report(h->watch->host.ctx, h->index, s);
}

// ---- the end of a check -----------------------------------------------------------

static void
leave_place(struct watched *h)
{
	h->place->busy--;
	h->watch->busy--;
}

static void
note_certificate(struct watched *h, int64_t end_s)
{
	if (end_s == 0)
		return;
	int64_t left_ms = end_s * 1000 - loop_utc_ms(h->watch->loop);
	h->status.certificate_end_s = end_s;
	h->status.warned = left_ms < (int64_t)h->def->warn_ms;
}

static void
note_word(struct watched *h, const struct host_outcome *o)
{
	if (!o->word_used || o->blind != HOST_SEEN)
		return;
	if (o->code == HOST_ANSWERS) {
		h->words_refused = 0;
		h->status.held_until_ms = 0;
	} else if (o->code == HOST_AUTH) {
		int64_t hold = HOLD_FIRST_MS;
		for (unsigned i = 0; i < h->words_refused && hold < HOLD_MOST_MS; i++)
			hold *= 2;
		h->words_refused++;
		h->status.held_until_ms =
		    now_of(h) + (hold < HOLD_MOST_MS ? hold : HOLD_MOST_MS);
	}
}

static void
note_reached(struct watched *h, const struct host_outcome *o)
{
	bool far = o->code == HOST_TIMEOUT || o->code == HOST_UNREACHABLE ||
		   o->code == HOST_NAME;
	h->reached = o->blind == HOST_SEEN && (o->reached || !far);
	if (h->reached)
		h->reached_ms = now_of(h);
}

static void
end_check(struct watched *h, const struct host_outcome *o)
{
	struct host_status *s = &h->status;
	bool was_lost = h->judge.state == HOST_LOST;
	h->checking = false;
	note_reached(h, o);
	s->checks++;
	s->last_code = o->code;
	if (o->blind == HOST_SEEN && o->code == HOST_ANSWERS) {
		s->answered_ms = now_of(h);
		s->round_trip_us = o->round_trip_us;
		s->detail[0] = '\0';
	} else {
		s->failed++;
		host_detail(s->detail, o->detail);
	}
	note_certificate(h, o->certificate_end_s);
	arm_next(h);
	bool ask_parent =
	    host_judge_check(&h->judge, h->def, o->code, o->blind, way_to(h));
	if (ask_parent)
		arm_soon(parent_of(h), 1);
	if (was_lost && h->judge.state == HOST_LOST && o->code == HOST_ANSWERS)
		arm_soon(h, RECHECK_MS);
	report(h);
	settle_children(h, false);
}

// Another try in this check? One that fails for sure, or whose host is known to be
// gone, is not repeated.
static bool
try_again(struct watched *h, const struct host_outcome *o)
{
	if (h->tries_left == 0 || o->blind != HOST_SEEN || o->code == HOST_ANSWERS ||
	    o->code == HOST_AUTH || o->code == HOST_CERTIFICATE ||
	    h->judge.state == HOST_LOST || h->judge.state == HOST_BLIND ||
	    way_to(h) == WAY_CUT)
		return false;
	h->tries_left--;
	uint32_t gap = HOST_RETRY_GAP_MS / 2 + below(h->watch, HOST_RETRY_GAP_MS / 2);
	loop_timer_in(h->watch->loop, &h->timer, gap);
	return true;
}

static void
end_try(struct watched *h, struct host_outcome *o)
{
	bool far = o->code == HOST_TIMEOUT || o->code == HOST_UNREACHABLE;
	leave_place(h);
	if (o->blind == HOST_SEEN && far && !o->reached && h->known)
		o->blind = host_own_side(&h->address.address, h->address.len);
	note_word(h, o);
	if (!try_again(h, o))
		end_check(h, o);
	pump(h->watch);
}

static void
on_tried(void *arg, const struct host_outcome *o)
{
	struct watched *h = arg;
	struct host_outcome copy = *o;
	h->attempt = NULL;
	end_try(h, &copy);
}

// ---- a try: the name first, then the host -----------------------------------------

static void
ask(struct watched *h)
{
	struct host_watch *w = h->watch;
	enum host_check check = h->def->check;
	int64_t now = now_of(h);
	const struct host_question q = { .host = h->def,
		.to = h->address.address,
		.to_len = h->address.len,
		.began_ms = now,
		.give_word = now >= h->status.held_until_ms,
		.kept = &h->kept };
	h->attempt = w->kinds[check]->start(w->askers[check], &q, on_tried, h);
}

static void
no_name(struct watched *h, const char *why)
{
	struct host_outcome o = { .code = HOST_NAME };
	host_detail(o.detail, why);
	end_try(h, &o);
}

// What the resolver cannot say now, it said before.
static bool
use_old_address(struct watched *h, int error)
{
	bool gone = error == EAI_NONAME || error == EAI_NODATA;
	return h->known && !gone;
}

static void
on_looked_up(void *arg, const struct names_answer *a)
{
	struct watched *h = arg;
	h->query = NULL;
	loop_timer_stop(h->watch->loop, &h->look_up_timer);
	if (a->error == 0) {
		h->address = *a;
		h->known = true;
		h->looked_up_ms = now_of(h);
	} else if (!use_old_address(h, a->error)) {
		h->known = false;
		no_name(h, gai_strerror(a->error));
		return;
	}
	ask(h);
}

static void
on_look_up_late(void *arg)
{
	struct watched *h = arg;
	names_cancel(h->query);
	h->query = NULL;
	if (use_old_address(h, EAI_AGAIN))
		ask(h);
	else
		no_name(h, "the resolver does not answer");
}

static void
start_try(struct watched *h)
{
	struct host_watch *w = h->watch;
	h->status.tries++;
	h->status.asked_ms = now_of(h);
	bool fresh = h->known && (h->looked_up_ms < 0 ||
				     now_of(h) - h->looked_up_ms < ADDRESS_AGE_MS);
	if (fresh) {
		ask(h);
		return;
	}
	h->query = names_ask(w->names, h->def->address, on_looked_up, h);
	loop_timer_in(w->loop, &h->look_up_timer, h->def->look_up_ms);
}

// ---- places -----------------------------------------------------------------------

// Some are kept for those that may be there.
static bool
has_place(const struct watched *h)
{
	unsigned most =
	    HOST_CHECKS_MAX - (h->judge.state == HOST_LOST ? KEPT_PLACES : 0);
	return h->watch->busy < most && h->place->busy < HOST_CHECKS_PER_ADDRESS;
}

static void
take_place(struct watched *h)
{
	h->place->busy++;
	h->watch->busy++;
	if (!h->checking) {
		h->checking = true;
		h->check_began_ms = now_of(h);
		h->tries_left = h->def->retries;
	}
	start_try(h);
}

// Starts those that waited and have a place now, in their order.
static void
pump_queue(struct host_watch *w, int queue)
{
	struct watched *h = TAILQ_FIRST(&w->queue[queue].hosts);
	while (h && w->busy < HOST_CHECKS_MAX) {
		struct watched *next = TAILQ_NEXT(h, entry);
		if (has_place(h)) {
			TAILQ_REMOVE(&w->queue[queue].hosts, h, entry);
			h->waiting = false;
			take_place(h);
		}
		h = next;
	}
}

static void
pump(struct host_watch *w)
{
	for (int i = 0; i < QUEUES; i++)
		pump_queue(w, i);
}

static void
on_due(void *arg)
{
	struct watched *h = arg;
	if (h->waiting || h->attempt || h->query)
		return;
	if (has_place(h)) {
		take_place(h);
		return;
	}
	int queue = h->judge.state == HOST_LOST ? QUEUE_LOST : QUEUE_OTHERS;
	TAILQ_INSERT_TAIL(&h->watch->queue[queue].hosts, h, entry);
	h->waiting = true;
}

// ---- begin and end ----------------------------------------------------------------

static struct place *
place_of(struct host_watch *w, const char *address)
{
	struct place *p = w->places;
	while (p->address && strcmp(p->address, address) != 0)
		p++;
	p->address = address;
	return p;
}

// Phases: neighbours in the list, which often are of one device, lie far apart (the
// golden ratio).
static void
init_host(struct host_watch *w, uint16_t i)
{
	struct watched *h = &w->hosts[i];
	const struct host *def = &w->defs[i];
	int64_t now = loop_now_ms(w->loop);
	uint32_t round =
	    def->period_ms < FIRST_ROUND_MS ? def->period_ms : FIRST_ROUND_MS;
	uint32_t golden = (uint32_t)(i * 2654435769u);

	h->watch = w;
	h->def = def;
	h->index = i;
	h->place = place_of(w, def->address);
	h->nominal_ms = now + (int64_t)(((uint64_t)golden * def->period_ms) >> 32);
	h->known = names_numeric(def->address, &h->address);
	h->looked_up_ms = h->known ? -1 : 0;
	loop_timer_init(&h->timer, on_due, h);
	loop_timer_init(&h->look_up_timer, on_look_up_late, h);
	loop_timer_at(w->loop, &h->timer, now + (int64_t)round * i / w->n);
}

static void
open_askers(struct host_watch *w, const struct asker_kind *const askers[])
{
	static const struct asker_kind *const real[HOST_CHECK_COUNT] = {
		[HOST_CHECK_PING] = &asker_ping,
		[HOST_CHECK_TCP] = &asker_curl,
		[HOST_CHECK_HTTP] = &asker_curl,
		[HOST_CHECK_RTSP] = &asker_curl,
	};
	for (int i = 0; i < HOST_CHECK_COUNT; i++) {
		w->kinds[i] = askers ? askers[i] : real[i];
		for (int k = 0; k < i && !w->askers[i]; k++)
			if (w->kinds[k] == w->kinds[i])
				w->askers[i] = w->askers[k];
		if (!w->askers[i])
			w->askers[i] = w->kinds[i]->open(w->loop);
	}
}

static void
close_askers(struct host_watch *w)
{
	for (int i = 0; i < HOST_CHECK_COUNT; i++) {
		bool closed = false;
		for (int k = 0; k < i; k++)
			closed = closed || w->askers[k] == w->askers[i];
		if (!closed)
			w->kinds[i]->close(w->askers[i]);
	}
}

struct host_watch *
host_watch_new(struct loop *l, struct host *hosts, uint16_t n,
    const struct host_watch_host *host,
    const struct asker_kind *const askers[HOST_CHECK_COUNT])
{
	struct host_watch *w = xcalloc(1, sizeof *w);
	w->loop = l;
	w->host = *host;
	w->defs = hosts;
	w->n = n;
	w->hosts = xcalloc(n + 1u, sizeof *w->hosts);
	w->places = xcalloc(n + 1u, sizeof *w->places);
	w->names = names_new(l, LOOK_UPS_AT_ONCE);
	w->random = ((uint64_t)loop_utc_ms(l) << 1) | 1;
	for (int i = 0; i < QUEUES; i++)
		TAILQ_INIT(&w->queue[i].hosts);
	open_askers(w, askers);
	for (uint16_t i = 0; i < n; i++)
		init_host(w, i);
	for (uint16_t i = 0; i < n; i++)
		if (parent_of(&w->hosts[i]))
			parent_of(&w->hosts[i])->is_parent = true;
	return w;
}

void
host_watch_free(struct host_watch *w)
{
	if (!w)
		return;
	for (uint16_t i = 0; i < w->n; i++) {
		struct watched *h = &w->hosts[i];
		const struct asker_kind *kind = w->kinds[h->def->check];
		loop_timer_stop(w->loop, &h->timer);
		loop_timer_stop(w->loop, &h->look_up_timer);
		if (h->query)
			names_cancel(h->query);
		if (h->attempt)
			kind->cancel(h->attempt);
		kind->forget(h->kept);
	}
	names_free(w->names);
	close_askers(w);
	hosts_free(w->defs, w->n);
	free(w->places);
	free(w->hosts);
	free(w);
}
