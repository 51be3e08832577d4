// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See chatters.h. Owns a run for each alarm that chatters. A run ends in its timer, or
// with its record: never where samples are looked through, so that no list of alarms
// loses the one that comes next.
//
// The invariants: each change of a condition is either an event or counted in one of a
// chatter (I4, I13); what is unknown never ends a chatter (I6).
#include "chatters.h"

#include <stdlib.h>
#include <string.h>

#include "chatters_impl.h"
#include "core/own_code.h"
#include "isolations.h"
#include "lib/mem.h"
#include "suppressions.h"

enum {
	KEEP_MS = 5000,         // no more often it is stored and shown
	COUNT_MS = 3600 * 1000, // so often it is told how much there was
	SLOTS_MORE = 16
};

static const char code_chatter[] = "chatter";

// ---- what may chatter ---------------------------------------------------------------

bool
chatter_is_own(const struct alarm_record *r)
{
	return r->a.condition == COND_FAULT && strcmp(r->code, code_chatter) == 0;
}

const struct chatter_rule *
chatter_rule_of(const struct engine *e, const struct alarm_record *r)
{
	enum condition c = r->a.condition;

	if (r->point_index >= e->site->n_site_points || r->a.panic || c == COND_FIRE ||
	    c == COND_PREALARM || c == COND_INFO || c == COND_LINK ||
	    r->alarm_class == CLASS_FIRE || r->alarm_class == CLASS_PREALARM ||
	    r->alarm_class == CLASS_INFO)
		return NULL;
	if (isolations_own(c, r->code) || chatter_is_own(r))
		return NULL;
	const struct chatter_rule *rule =
	    r->point->chatter != NULL ? r->point->chatter : &e->site->chatter;
	return rule->count > 0 ? rule : NULL;
}

static bool
is_known(const struct engine *e, uint32_t point, enum quality said)
{
	enum quality now = e->points[point].state.quality;

	return (said == QUALITY_GOOD || said == QUALITY_UNCERTAIN) &&
	       (now == QUALITY_GOOD || now == QUALITY_UNCERTAIN);
}

// ---- the fault of the point
// ----------------------------------------------------------

bool
chatter_any_of_point(const struct engine *e, uint32_t point)
{
	const struct alarm_record *r = alarms_of_point(e->alarms, point);

	while (r != NULL && r->chatter == NULL)
		r = r->next_of_point;
	return r != NULL;
}

static void
tell_fault(struct engine *e, uint32_t point)
{
	struct facts f = engine_facts_now(e);

	transition_condition(
	    e, point, COND_FAULT, code_chatter, chatter_any_of_point(e, point), &f);
	engine_tell_rule(e, point);
}

// ---- a run
// ---------------------------------------------------------------------------

void
chatter_run_arm(struct chatter_run *run)
{
	int64_t due = chatter_due(&run->of->state, run->of->rule);
	int64_t next = run->owed ? run->kept_ms + KEEP_MS : run->counted_ms + COUNT_MS;

	if (due < 0 || next < due)
		due = next;
	loop_timer_at(run->all->engine->loop, &run->due, due);
}

static void
free_run(struct chatter_run *run)
{
	struct chatters *all = run->all;

	loop_timer_stop(all->engine->loop, &run->due);
	all->slots[run->slot] = NULL;
	all->n_runs--;
	if (run->slot < all->free_slot)
		all->free_slot = run->slot;
	run->record->chatter = NULL;
	free(run);
}

void
chatter_run_end(struct chatter_run *run, const char *why)
{
	struct engine *e = run->all->engine;

	run->of->state.on = false;
	run->of->state.n = 0;
	chatter_tell_count(run, why);
	chatter_keep_nothing(run->all, run->slot);
	engine_decide_alarm(e, run->record, DECISION_CHATTER_OVER);
	free_run(run);
}

// It was quiet: the alarm is what the field says. A clear lies between its last change
// and now.
static void
over(struct chatter_run *run)
{
	struct engine *e = run->all->engine;
	struct alarm_record *r = run->record;
	uint32_t point = r->point_index;
	struct facts f = engine_facts_now(e);

	f.not_before_utc_ms = run->change_utc_ms;
	f.value = e->points[point].state.value;
	f.quality = e->points[point].state.quality;
	bool active = run->of->state.active;
	chatter_run_end(run, "quiet");
	if (active)
		e->host.alarm(e->host.ctx, r, false);
	else
		transition_condition(e, point, r->a.condition, r->code, false, &f);
	tell_fault(e, point);
	suppressions_look(e->suppressions, point);
}

static void
on_due(void *arg)
{
	struct chatter_run *run = arg;
	int64_t now = loop_now_ms(run->all->engine->loop);

	if (chatter_ends(&run->of->state, run->of->rule, now)) {
		over(run);
		return;
	}
	bool counts = now - run->counted_ms >= COUNT_MS;
	if (counts)
		chatter_tell_count(run, NULL);
	if (counts || (run->owed && now - run->kept_ms >= KEEP_MS))
		chatter_keep(run);
	chatter_run_arm(run);
}

static void
take_slot(struct chatter_run *run, uint32_t slot)
{
	struct chatters *all = run->all;

	if (slot >= all->n_slots) {
		uint32_t n = slot + SLOTS_MORE;
		all->slots = xreallocarray(all->slots, n, sizeof(*all->slots));
		memset(all->slots + all->n_slots, 0,
		    (n - all->n_slots) * sizeof(*all->slots));
		all->n_slots = n;
	}
	run->slot = slot;
	all->slots[slot] = run;
	all->n_runs++;
}

static uint32_t
free_slot(struct chatters *all)
{
	uint32_t i = all->free_slot;

	while (i < all->n_slots && all->slots[i] != NULL)
		i++;
	all->free_slot = i;
	return i;
}

struct chatter_run *
chatter_run_new(
    struct chatters *all, struct alarm_record *r, struct onsets *o, uint32_t slot)
{
	struct chatter_run *run = xcalloc(1, sizeof(*run));

	run->all = all;
	run->record = r;
	run->of = o;
	run->counted_ms = loop_now_ms(all->engine->loop);
	take_slot(run, slot);
	loop_timer_init(&run->due, on_due, run);
	r->chatter = run;
	return run;
}

static void
begin(struct chatters *all, struct alarm_record *r, struct onsets *o)
{
	struct engine *e = all->engine;
	struct chatter_run *run = chatter_run_new(all, r, o, free_slot(all));

	run->since_utc_ms = run->counted_utc_ms = run->change_utc_ms =
	    loop_utc_ms(e->loop);
	o->state.known = is_known(e, r->point_index, QUALITY_GOOD);
	chatter_tell_start(run);
	engine_decide_alarm(e, r, DECISION_CHATTERS);
	chatter_keep(run);
	chatter_run_arm(run);
	tell_fault(e, r->point_index);
}

// ---- what the engine tells
// ------------------------------------------------------------

void
chatters_onset(struct engine *e, struct alarm_record *r)
{
	struct chatters *all = e->chatters;
	const struct chatter_rule *rule = chatter_rule_of(e, r);

	if (rule == NULL)
		return;
	struct onsets *o = onsets_find(all, r);
	if (o == NULL)
		o = onsets_add(all, r, rule);
	if (chatter_onset(&o->state, rule, loop_now_ms(e->loop)))
		begin(all, r, o);
}

void
chatters_told(
    struct engine *e, const struct alarm_record *r, bool active, const struct facts *f)
{
	struct chatter_run *run = r->chatter;
	int64_t now = loop_now_ms(e->loop);
	bool known = is_known(e, r->point_index, f->quality);

	if (chatter_told(&run->of->state, active, known, now)) {
		run->change_utc_ms = f->t_utc_ms;
		run->owed = true;
		engine_decide(e, r->point_index, DECISION_HELD_CHATTERS, r->a.condition,
		    r->code, f->value);
		if (now - run->kept_ms >= KEEP_MS)
			chatter_keep(run);
	}
	chatter_run_arm(run);
}

void
chatters_still(struct engine *e, const struct filter *fl, const struct facts *f)
{
	if (e->chatters->n_runs == 0)
		return;
	const struct alarm_record *r = alarms_find(
	    e->alarms, e->site->points[fl->point].id, fl->condition, fl->code);
	if (r != NULL && r->chatter != NULL)
		chatters_told(e, r, fl->delay.active, f);
}

void
chatters_lost(struct engine *e, uint32_t point, unsigned conditions)
{
	if (e->chatters->n_runs == 0)
		return;
	const struct alarm_record *r = alarms_of_point(e->alarms, point);
	for (; r != NULL; r = r->next_of_point) {
		if (r->chatter == NULL || (conditions & 1U << r->a.condition) == 0)
			continue;
		if (conditions != CONDITIONS_ALL && own_code(r->a.condition, r->code))
			continue; // the field says nothing of them anyhow
		chatter_lost(&r->chatter->of->state);
		chatter_run_arm(r->chatter);
	}
}

void
chatters_drop(struct engine *e, struct alarm_record *r, const char *why)
{
	uint32_t point = r->point_index;

	if (r->chatter == NULL)
		return;
	chatter_run_end(r->chatter, why);
	if (e->chatters->kept == NULL) // else its fault may not be read yet
		tell_fault(e, point);
}

// ---- what is shown
// --------------------------------------------------------------------

bool
chatters_view(const struct alarm_record *r, int64_t *since_utc_ms, uint32_t *onsets)
{
	if (r->chatter == NULL)
		return false;
	*since_utc_ms = r->chatter->since_utc_ms;
	*onsets = r->chatter->of->state.tally.onsets;
	return true;
}

void
chatters_json(const struct engine *e, uint32_t point, struct buf *out)
{
	const struct alarm_record *r = alarms_of_point(e->alarms, point);
	int64_t since;
	uint32_t onsets;

	if (!chatter_any_of_point(e, point))
		return;
	json_open(out, "chatter", '[');
	for (; r != NULL; r = r->next_of_point) {
		if (!chatters_view(r, &since, &onsets))
			continue;
		json_open(out, NULL, '{');
		json_str(out, "condition", condition_name(r->a.condition));
		json_str(out, "code", r->code[0] != '\0' ? r->code : NULL);
		json_time(out, "since", since);
		json_int(out, "onsets", onsets);
		json_close(out, '}');
	}
	json_close(out, ']');
}

// ---- life
// -----------------------------------------------------------------------------

struct chatters *
chatters_new(struct engine *e)
{
	struct chatters *all = xcalloc(1, sizeof(*all));

	all->engine = e;
	onsets_init(all);
	return all;
}

void
chatters_free(struct chatters *all)
{
	if (all == NULL)
		return;
	for (uint32_t i = 0; i < all->n_slots; i++) {
		if (all->slots[i] != NULL)
			free_run(all->slots[i]);
	}
	onsets_free(all);
	free(all->slots);
	free(all->kept);
	free(all);
}
