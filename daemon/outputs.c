// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See outputs.h. Alarms are counted in and out as they change, so that a storm costs
// one comparison an alarm. Refuses to let an output's own fault drive that output: it
// would switch itself on and off for ever.
#include "outputs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/log.h"
#include "lib/mem.h"

enum {
	END_TICK_MS = 20
};

// Why a pattern changes; the name stands in the event.
struct cause {
	const char *reason;
	const struct alarm_record *record; // NULL = none
};

struct output_run {
	struct outputs *owner;
	const struct output *def;
	uint16_t index;
	struct output_wish wish;
	enum output_pattern pattern;
	bool begun;       // the pattern was begun once
	int64_t since_ms; // it began
	struct loop_timer edge;
	bool on;            // driven now
	int64_t pending_ms; // driven then and not yet taken; 0 = taken
	bool lost, refused; // as the field says
	const char *why;    // it is
	bool read, read_on; // back
	bool changed;       // behind our back, and not told yet
	bool contact_fails;
	uint32_t contact_ms; // its contact is told so late
	struct output_watch of_line, of_contact;
	bool told_lost, told_refused, told_feedback, told_changed; // faults that stand
	uint32_t own_sounding, own_owed;                           // by its own faults
	uint64_t drives, refusals, losses;
};

struct outputs {
	struct loop *loop;
	const struct site *site;
	struct engine *engine;
	struct works *works;
	struct output_counts counts;
	outputs_drive *drive;
	void *drive_ctx;
	const char *dead; // why the daemon cannot alert people; NULL = it can
	char actor[ID_MAX];
	struct loop_timer tick, later, end;
	loop_fn *ended;
	void *ended_arg;
	bool ending;
	int64_t end_by_ms;
	uint16_t n;
	struct output_run *runs; // one per output of the site
};

static int64_t
now_of(const struct outputs *o)
{
	return loop_now_ms(o->loop);
}

// ---- to the field and to the journal ------------------------------------------------

static void
write_change(struct outputs *o, const struct output_run *r, const struct cause *why)
{
	const struct point *p = &o->site->points[r->def->fault_point];
	bool on = r->pattern != PATTERN_OFF;
	struct buf b = { 0 };
	struct event ev;

	event_init(&ev, on ? EVENT_OUTPUT_ON : EVENT_OUTPUT_OFF);
	(void)str_copy(ev.point, sizeof(ev.point), p->id);
	(void)str_copy(ev.place_zh, sizeof(ev.place_zh), p->place_zh);
	(void)str_copy(ev.place_en, sizeof(ev.place_en), p->place_en);
	(void)str_copy(ev.actor, sizeof(ev.actor), o->actor);
	ev.alarm_class = r->wish.alarm_class;
	if (why->record != NULL) {
		(void)str_copy(ev.occurrence_id, sizeof(ev.occurrence_id),
		    why->record->occurrence);
		ev.cause_seq = why->record->seq;
	}
	json_open(&b, NULL, '{');
	json_str(&b, "role", output_role_name(r->def->role));
	json_str(&b, "pattern", output_pattern_name(r->pattern));
	json_str(&b, "reason", why->reason);
	json_close(&b, '}');
	(void)str_copy(ev.params, sizeof(ev.params), b.data);
	buf_free(&b);
	(void)works_event(o->works, &ev);
}

static void
drive(struct outputs *o, struct output_run *r, bool on)
{
	r->on = on;
	r->drives++;
	if (r->pending_ms == 0)
		r->pending_ms = now_of(o);
	o->drive(o->drive_ctx, r->index, on);
}

// Drives the pattern's level of now and waits for its next edge.
static void
follow(struct outputs *o, struct output_run *r)
{
	int64_t since = now_of(o) - r->since_ms;
	int64_t next = output_next_ms(r->pattern, r->def->period_ms, since);

	drive(o, r, output_level(r->pattern, r->def->period_ms, since));
	if (next >= 0)
		loop_timer_in(o->loop, &r->edge, next);
	else
		loop_timer_stop(o->loop, &r->edge);
}

static void
on_edge(void *arg)
{
	struct output_run *r = arg;

	follow(r->owner, r);
}

static void
begin(struct outputs *o, struct output_run *r, enum output_pattern p,
    const struct cause *why)
{
	if (r->begun && r->pattern == p)
		return;
	bool first = !r->begun;
	r->begun = true;
	r->pattern = p;
	r->since_ms = now_of(o);
	output_watch_begin(&r->of_line, p, r->since_ms);
	output_watch_begin(&r->of_contact, p, r->since_ms);
	if (!first || p != PATTERN_OFF)
		write_change(o, r, why);
	follow(o, r);
}

// ---- what it should show ------------------------------------------------------------

static bool
is_driven(const struct outputs *o, const struct output_run *r)
{
	return r->def->allow_write && o->drive != NULL && !o->ending;
}

static void
judge_beat(struct outputs *o, struct output_run *r)
{
	const struct cause why = { o->dead != NULL ? o->dead : "alive", NULL };

	begin(o, r, o->dead != NULL ? PATTERN_OFF : PATTERN_BEAT, &why);
}

static void
judge(struct outputs *o, struct output_run *r, const struct cause *why)
{
	struct output_counts c = o->counts;
	struct cause known = *why;

	if (!is_driven(o, r))
		return;
	if (r->def->role == OUTPUT_HEARTBEAT) {
		judge_beat(o, r);
		return;
	}
	c.sounding[CLASS_SYSTEM] -= r->own_sounding;
	c.owed[CLASS_SYSTEM] -= r->own_owed;
	c.silenced = engine_silenced(o->engine);
	r->wish = output_judge(r->def, &c);
	if (r->wish.silenced)
		known.reason = "silenced";
	begin(o, r, r->wish.pattern, &known);
}

static void
judge_all(struct outputs *o, const struct cause *why)
{
	for (uint16_t i = 0; i < o->n; i++)
		judge(o, &o->runs[i], why);
}

// The run of which this is the built-in point, or NULL.
static struct output_run *
run_of_point(struct outputs *o, uint32_t point)
{
	if (point < o->site->n_site_points)
		return NULL;
	for (uint16_t i = 0; i < o->n; i++)
		if (o->runs[i].def->fault_point == point)
			return &o->runs[i];
	return NULL;
}

static void
count_own(struct output_run *r, unsigned asks, bool in)
{
	uint32_t one = in ? 1 : UINT32_MAX; // modulo 2^32: out again

	if (asks & ASK_SOUND)
		r->own_sounding += one;
	if (asks & ASK_OWED)
		r->own_owed += one;
}

static void
count(struct outputs *o, struct alarm_record *r, bool closed)
{
	unsigned asks = closed || r->point->indoors ? 0 : output_asks(&r->a);
	struct output_run *own = run_of_point(o, r->point_index);
	enum alarm_class before = (enum alarm_class)r->output_class;

	output_count(&o->counts, before, r->output_asks, false);
	output_count(&o->counts, r->alarm_class, asks, true);
	if (own != NULL) {
		count_own(own, r->output_asks, false);
		count_own(own, asks, true);
	}
	r->output_asks = (uint8_t)asks;
	r->output_class = (uint8_t)r->alarm_class;
}

void
outputs_alarm(struct outputs *o, struct alarm_record *r, bool closed)
{
	const struct cause why = { "alarm", r };
	uint8_t asks = r->output_asks, alarm_class = r->output_class;

	count(o, r, closed);
	if (r->output_asks != asks || (asks != 0 && r->output_class != alarm_class))
		judge_all(o, &why);
}

static void
on_later(void *arg)
{
	const struct cause why = { "resound", NULL };

	judge_all(arg, &why);
}

void
outputs_sound(struct outputs *o)
{
	const struct cause why = { "silenced", NULL };

	// A new alarm ends a silence too, and tells of itself in a moment: its event
	// shall name it.
	if (engine_silenced(o->engine))
		judge_all(o, &why);
	else
		loop_timer_in(o->loop, &o->later, 0);
}

void
outputs_by(struct outputs *o, const char *actor)
{
	(void)str_copy(o->actor, sizeof(o->actor), actor != NULL ? actor : "");
}

void
outputs_alive(struct outputs *o, const char *why)
{
	const struct cause none = { "alive", NULL };

	o->dead = why;
	for (uint16_t i = 0; i < o->n; i++)
		if (o->runs[i].def->role == OUTPUT_HEARTBEAT)
			judge(o, &o->runs[i], &none);
}

// ---- whether it follows -------------------------------------------------------------

static void
tell_fault(
    struct outputs *o, struct output_run *r, bool *told, bool fault, const char *code)
{
	if (*told == fault)
		return;
	*told = fault;
	if (fault)
		log_warnx("output", "output %s: %s%s%s", r->def->id, code,
		    r->why != NULL ? ", " : "", r->why != NULL ? r->why : "");
	else
		log_info("output", "output %s: %s no more", r->def->id, code);
	engine_system_one(o->engine, r->def->fault_point, fault, code);
}

// Out of reach: the driver says so, or it has taken nothing for too long.
static bool
is_lost(const struct outputs *o, const struct output_run *r)
{
	uint32_t most = r->def->role == OUTPUT_HEARTBEAT ? 2 * r->def->period_ms
							 : r->def->within_ms;

	return r->lost ||
	       (!r->refused && r->pending_ms != 0 && now_of(o) - r->pending_ms > most);
}

// What follows later has its time again.
static void
watch_anew(const struct outputs *o, struct output_watch *w)
{
	w->followed_ms[0] = w->followed_ms[1] = now_of(o);
}

static bool
contact_follows(struct outputs *o, struct output_run *r)
{
	const struct point_state *st;
	const struct output *def = r->def;

	if (def->feedback == UINT32_MAX)
		return true;
	if (!output_contact_shows(
		r->pattern, r->contact_ms)) { // of it nothing can be seen
		watch_anew(o, &r->of_contact);
		return !r->contact_fails;
	}
	st = engine_point(o->engine, def->feedback);
	if (st->quality == QUALITY_GOOD && !isnan(st->value))
		output_watch_feed(&r->of_contact, r->on,
		    point_active(&o->site->points[def->feedback], st->value),
		    now_of(o));
	r->contact_fails =
	    output_watch_failed(&r->of_contact, r->pattern, def->within_ms, now_of(o));
	return !r->contact_fails;
}

static bool
line_follows(struct outputs *o, struct output_run *r)
{
	if (r->read)
		output_watch_feed(&r->of_line, r->on, r->read_on, now_of(o));
	return !output_watch_failed(
	    &r->of_line, r->pattern, r->def->within_ms, now_of(o));
}

static void
check(struct outputs *o, struct output_run *r)
{
	bool lost = is_lost(o, r);

	if (!is_driven(o, r) || !r->begun)
		return;
	tell_fault(o, r, &r->told_lost, lost, "output-lost");
	tell_fault(o, r, &r->told_refused, r->refused, "output-refused");
	tell_fault(o, r, &r->told_changed, r->changed, "output-changed");
	r->changed = false; // it is of one moment
	if (r->def->role == OUTPUT_HEARTBEAT)
		return;
	if (lost || r->refused) { // that is said
		watch_anew(o, &r->of_line);
		watch_anew(o, &r->of_contact);
		return;
	}
	bool line = line_follows(o, r), contact = contact_follows(o, r);
	tell_fault(o, r, &r->told_feedback, !line || !contact, "output-feedback");
}

static void
on_tick(void *arg)
{
	struct outputs *o = arg;

	for (uint16_t i = 0; i < o->n; i++)
		check(o, &o->runs[i]);
	loop_timer_in(o->loop, &o->tick, OUTPUT_LOOK_MS);
}

void
outputs_report(struct outputs *o, const struct output_report *report)
{
	struct output_run *r = &o->runs[report->output];

	switch (report->told) {
	case OUTPUT_TAKEN:
		r->lost = r->refused = false;
		r->why = NULL;
		if (report->on == r->on)
			r->pending_ms = 0;
		return;
	case OUTPUT_CHANGED:
		r->changed = true;
		// fall through
	case OUTPUT_READ:
		r->read = true;
		r->read_on = report->on;
		return;
	case OUTPUT_REFUSED:
		r->refusals++;
		r->lost = false;
		r->refused = true;
		r->why = report->code;
		return;
	case OUTPUT_LOST:
		r->losses++;
		r->lost = true;
		r->refused = r->read = false;
		r->why = report->code;
		return;
	}
	wr_unreachable("output_told");
}

// ---- the end ------------------------------------------------------------------------

static void
end_one(struct outputs *o, struct output_run *r)
{
	static const enum output_pattern patterns[OUTPUT_EXIT_COUNT] = {
		[OUTPUT_EXIT_OFF] = PATTERN_OFF,
		[OUTPUT_EXIT_ON] = PATTERN_STEADY,
	};
	const struct cause why = { "exit", NULL };

	loop_timer_stop(o->loop, &r->edge);
	if (r->def->at_exit != OUTPUT_EXIT_HOLD)
		begin(o, r, patterns[r->def->at_exit], &why);
}

static bool
all_taken(const struct outputs *o)
{
	for (uint16_t i = 0; i < o->n; i++) {
		const struct output_run *r = &o->runs[i];
		if (r->pending_ms != 0 && !r->lost && !r->refused)
			return false;
	}
	return true;
}

static void
on_end(void *arg)
{
	struct outputs *o = arg;

	if (all_taken(o) || now_of(o) >= o->end_by_ms)
		o->ended(o->ended_arg);
	else
		loop_timer_in(o->loop, &o->end, END_TICK_MS);
}

void
outputs_end(struct outputs *o, loop_fn *done, void *arg)
{
	if (o->ending)
		return; // told to once more
	for (uint16_t i = 0; i < o->n; i++)
		if (is_driven(o, &o->runs[i]))
			end_one(o, &o->runs[i]);
	o->ending = true;
	o->ended = done;
	o->ended_arg = arg;
	o->end_by_ms = now_of(o) + OUTPUTS_END_MS;
	loop_timer_in(o->loop, &o->end, 0);
}

// ---- life ---------------------------------------------------------------------------

static void
count_recovered(struct outputs *o)
{
	size_t n;
	struct alarm_record *const *all = alarms_all(engine_alarms(o->engine), &n);

	for (size_t i = 0; i < n; i++)
		count(o, all[i], false);
}

struct outputs *
outputs_new(struct loop *loop, const struct site *site, struct engine *engine,
    struct works *works)
{
	struct outputs *o = xcalloc(1, sizeof(*o));

	o->loop = loop;
	o->site = site;
	o->engine = engine;
	o->works = works;
	o->n = site->n_outputs;
	o->runs = xcalloc(o->n + 1U, sizeof(*o->runs));
	loop_timer_init(&o->tick, on_tick, o);
	loop_timer_init(&o->later, on_later, o);
	loop_timer_init(&o->end, on_end, o);
	for (uint16_t i = 0; i < o->n; i++) {
		struct output_run *r = &o->runs[i];
		r->owner = o;
		r->index = i;
		r->def = &site->outputs[i];
		r->wish.alarm_class = -1;
		if (r->def->feedback != UINT32_MAX)
			r->contact_ms =
			    site_told_within_ms(site, &site->points[r->def->feedback]);
		loop_timer_init(&r->edge, on_edge, r);
	}
	for (uint16_t i = 0; i < o->n; i++)
		engine_system(engine, site->outputs[i].fault_point, false, NULL);
	count_recovered(o);
	return o;
}

void
outputs_free(struct outputs *o)
{
	if (o == NULL)
		return;
	outputs_attach(o, NULL, NULL);
	loop_timer_stop(o->loop, &o->end);
	loop_timer_stop(o->loop, &o->later);
	free(o->runs);
	free(o);
}

void
outputs_attach(struct outputs *o, outputs_drive *way, void *ctx)
{
	const struct cause why = { "start", NULL };

	o->drive = way;
	o->drive_ctx = ctx;
	if (way != NULL && o->n > 0) {
		judge_all(o, &why);
		loop_timer_in(o->loop, &o->tick, OUTPUT_LOOK_MS);
		return;
	}
	loop_timer_stop(o->loop, &o->tick);
	for (uint16_t i = 0; i < o->n; i++)
		loop_timer_stop(o->loop, &o->runs[i].edge);
}

// ---- for people ---------------------------------------------------------------------

static const char *
fault_of(const struct output_run *r)
{
	if (r->told_lost)
		return "output-lost";
	if (r->told_refused)
		return "output-refused";
	if (r->told_feedback)
		return "output-feedback";
	return r->told_changed ? "output-changed" : NULL;
}

static const char *
state_of(const struct output_run *r)
{
	if (!r->def->allow_write)
		return "disabled";
	if (fault_of(r) != NULL)
		return "failed";
	return r->begun && r->pending_ms == 0 ? "ok" : "waiting";
}

void
outputs_look(const struct outputs *o, uint16_t output, struct output_look *out)
{
	const struct output_run *r = &o->runs[output];

	*out = (struct output_look){
		.pattern = r->pattern,
		.alarm_class = r->wish.alarm_class,
		.silenced = r->wish.silenced,
		.on = r->on,
		.read = r->read,
		.read_on = r->read_on,
		.state = state_of(r),
		.code = fault_of(r),
		.why = r->why,
		.drives = r->drives,
		.refusals = r->refusals,
		.losses = r->losses,
	};
	if (r->begun)
		out->since_utc_ms = loop_utc_ms(o->loop) - (now_of(o) - r->since_ms);
}
