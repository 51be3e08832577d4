// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See repeats.h. Owns a run for each alarm with an onset that may count; a look at some
// of them now and then ends and frees those that are over.
//
// The invariants: the fault of a point stands while one of its runs is on; nothing here
// touches another alarm than that fault.
#include "repeats.h"

#include <stdlib.h>
#include <string.h>

#include "isolations.h"
#include "lib/mem.h"
#include "repeats_impl.h"

enum {
	LOOK_MS = 10 * 1000,
	KEEP_MS = 3600 * 1000, // no more often the time that was not heard is kept
	LOOK_SLOTS = 4096,     // at once
	SLOTS_MORE = 16,
	BUCKETS_LEAST = 64,
	POINTS_PER_BUCKET = 4
};

static const char code_repeat[] = "repeat";
static const char code_chatter[] = "chatter";

// ---- what counts --------------------------------------------------------------------

bool
repeat_is_own(const struct alarm_record *r)
{
	return r->a.condition == COND_FAULT && strcmp(r->code, code_repeat) == 0;
}

const struct repeat_rule *
repeat_rule_of_point(const struct engine *e, uint32_t point)
{
	if (point >= e->site->n_site_points)
		return NULL;
	const struct point *p = &e->site->points[point];
	const struct repeat_rule *rule =
	    p->repeat != NULL ? p->repeat : &e->site->repeat;
	return rule->count > 0 ? rule : NULL;
}

// What stands for another alarm says nothing new.
static bool
is_of_rule(const struct alarm_record *r)
{
	return repeat_is_own(r) || isolations_own(r->a.condition, r->code) ||
	       (r->a.condition == COND_FAULT && strcmp(r->code, code_chatter) == 0);
}

// A hold-up button is no matter of maintenance, and must make no sound.
static bool
counts(const struct alarm_record *r)
{
	enum condition c = r->a.condition;
	unsigned away = FLAG_ISOLATED | FLAG_SUPPRESSED | FLAG_TEST_MODE;

	return !r->a.panic && c != COND_INFO && c != COND_LINK && c != COND_TEST &&
	       r->alarm_class != CLASS_INFO && !r->a.test_onset &&
	       (r->a.flags & away) == 0 && !is_of_rule(r);
}

// ---- runs ---------------------------------------------------------------------------

static struct repeat_run **
bucket_of(const struct repeats *all, uint32_t point)
{
	return &all->buckets[point & (all->n_buckets - 1)];
}

static struct repeat_run *
find(const struct repeats *all, const struct alarm_record *r)
{
	struct repeat_run *run = *bucket_of(all, r->point_index);

	while (run != NULL &&
	       (run->point != r->point_index || run->condition != r->a.condition ||
		   strcmp(run->code, r->code) != 0))
		run = run->next;
	return run;
}

static uint32_t
free_slot(struct repeats *all)
{
	uint32_t i = all->free_slot;

	while (i < all->n_slots && all->slots[i] != NULL)
		i++;
	all->free_slot = i;
	return i;
}

static void
take_slot(struct repeats *all, struct repeat_run *run, uint32_t slot)
{
	if (slot >= all->n_slots) {
		uint32_t n = slot + slot / 2 + SLOTS_MORE;
		all->slots = xreallocarray(all->slots, n, sizeof(*all->slots));
		memset(all->slots + all->n_slots, 0,
		    (n - all->n_slots) * sizeof(*all->slots));
		all->n_slots = n;
	}
	run->slot = slot;
	all->slots[slot] = run;
	if (all->n_runs++ == 0)
		loop_timer_in(all->engine->loop, &all->look, LOOK_MS);
}

struct repeat_run *
repeat_run_new(struct repeats *all, const struct repeat_rule *rule,
    const struct repeat_key *key, uint32_t slot)
{
	uint32_t point = key->point;
	const char *code = key->code;
	size_t len = strlen(code) + 1, ring = rule->count * sizeof(int64_t);
	struct repeat_run *run = xcalloc(1, sizeof(*run) + ring + len);
	struct repeat_run **bucket = bucket_of(all, point);

	run->rule = rule;
	run->point = point;
	run->condition = key->condition;
	run->looked_ms = run->kept_ms = loop_now_ms(all->engine->loop);
	run->state.onsets_ms = (int64_t *)(run + 1);
	char *text = (char *)(run->state.onsets_ms + rule->count);
	memcpy(text, code, len);
	run->code = text;
	run->next = *bucket;
	*bucket = run;
	take_slot(all, run, slot);
	return run;
}

static void
drop(struct repeats *all, struct repeat_run *run)
{
	struct repeat_run **at = bucket_of(all, run->point);

	while (*at != run)
		at = &(*at)->next;
	*at = run->next;
	repeat_keep_nothing(all, run->slot);
	all->slots[run->slot] = NULL;
	all->n_runs--;
	if (run->slot < all->free_slot)
		all->free_slot = run->slot;
	free(run);
}

// The rule is no more: its mark is taken off, and nothing is said of the alarm.
void
repeat_forgo(struct repeats *all, struct repeat_run *run)
{
	repeat_tell_end(all, run, "rule_removed");
	drop(all, run);
}

// ---- the fault of the point ---------------------------------------------------------

bool
repeat_any_of_point(const struct repeats *all, uint32_t point)
{
	const struct repeat_run *run = *bucket_of(all, point);

	while (run != NULL && (run->point != point || !run->state.on))
		run = run->next;
	return run != NULL;
}

static void
show(struct engine *e, const struct repeat_run *run)
{
	struct alarm_record *r = alarms_of_point(e->alarms, run->point);

	for (; r != NULL; r = r->next_of_point)
		if (repeat_is_own(r) || (r->a.condition == run->condition &&
					    strcmp(r->code, run->code) == 0))
			e->host.alarm(e->host.ctx, r, false);
	engine_tell_rule(e, run->point);
}

static void
tell_fault(struct engine *e, uint32_t point)
{
	struct facts f = engine_facts_now(e);

	transition_condition(e, point, COND_FAULT, code_repeat,
	    repeat_any_of_point(e->repeats, point), &f);
}

void
repeats_onset(struct engine *e, struct alarm_record *r)
{
	struct repeats *all = e->repeats;
	const struct repeat_rule *rule = repeat_rule_of_point(e, r->point_index);

	if (rule == NULL || !counts(r))
		return;
	struct repeat_run *run = find(all, r);
	if (run == NULL) {
		const struct repeat_key key = { r->point_index, r->a.condition,
			r->code };
		run = repeat_run_new(all, rule, &key, free_slot(all));
	}
	bool begins = repeat_onset(&run->state, rule, loop_now_ms(e->loop));
	if (begins)
		repeat_tell_start(all, run, r);
	repeat_keep(all, run);
	if (begins)
		tell_fault(e, run->point);
	if (run->state.on)
		show(e, run);
}

// ---- the look at them ---------------------------------------------------------------

static bool
is_heard(const struct engine *e, uint32_t point)
{
	enum quality q = e->points[point].state.quality;

	return q == QUALITY_GOOD || q == QUALITY_UNCERTAIN;
}

static void
over(struct repeats *all, struct repeat_run *run)
{
	struct engine *e = all->engine;
	uint32_t point = run->point;
	struct alarm_record *r = alarms_find(
	    e->alarms, e->site->points[point].id, run->condition, run->code);

	repeat_tell_end(all, run, "quiet");
	drop(all, run);
	if (r != NULL)
		e->host.alarm(e->host.ctx, r, false);
	engine_tell_rule(e, point);
	if (!repeat_any_of_point(all, point))
		tell_fault(e, point);
}

static void
look(struct repeats *all, struct repeat_run *run)
{
	int64_t now = loop_now_ms(all->engine->loop);

	if (run->state.on && !is_heard(all->engine, run->point)) {
		repeat_unheard(&run->state, now - run->looked_ms);
		run->owed = true;
	}
	run->looked_ms = now;
	if (run->owed && now - run->kept_ms >= KEEP_MS)
		repeat_keep(all, run);
	if (repeat_ends(&run->state, run->rule, now))
		over(all, run);
	else if (repeat_forgotten(&run->state, run->rule, now))
		drop(all, run);
}

static void
on_look(void *arg)
{
	struct repeats *all = arg;
	uint32_t n = all->n_slots < LOOK_SLOTS ? all->n_slots : LOOK_SLOTS;

	while (n-- > 0) {
		all->at = all->at + 1 < all->n_slots ? all->at + 1 : 0;
		if (all->slots[all->at] != NULL)
			look(all, all->slots[all->at]);
	}
	if (all->n_runs > 0)
		loop_timer_in(all->engine->loop, &all->look, LOOK_MS);
}

// ---- what is shown ------------------------------------------------------------------

static int64_t
since_utc_ms(const struct engine *e, const struct repeat_run *run)
{
	return loop_utc_ms(e->loop) - (loop_now_ms(e->loop) - run->state.first_ms);
}

static const struct repeat_run *
worst_of_point(const struct repeats *all, uint32_t point)
{
	const struct repeat_run *worst = NULL, *run = *bucket_of(all, point);

	for (; run != NULL; run = run->next)
		if (run->point == point && run->state.on &&
		    (worst == NULL || run->state.onsets > worst->state.onsets))
			worst = run;
	return worst;
}

bool
repeats_view(const struct engine *e, const struct alarm_record *r, int64_t *since,
    uint32_t *onsets)
{
	if (e->repeats->n_runs == 0 || r->point_index >= e->site->n_site_points)
		return false;
	const struct repeat_run *run = repeat_is_own(r)
					   ? worst_of_point(e->repeats, r->point_index)
					   : find(e->repeats, r);
	if (run == NULL || !run->state.on)
		return false;
	*since = since_utc_ms(e, run);
	*onsets = run->state.onsets;
	return true;
}

void
repeats_json(const struct engine *e, uint32_t point, struct buf *out)
{
	const struct repeat_run *run = *bucket_of(e->repeats, point);

	if (!repeat_any_of_point(e->repeats, point))
		return;
	json_open(out, "repeat", '[');
	for (; run != NULL; run = run->next) {
		if (run->point != point || !run->state.on)
			continue;
		json_open(out, NULL, '{');
		json_str(out, "condition", condition_name(run->condition));
		json_str(out, "code", run->code[0] != '\0' ? run->code : NULL);
		json_time(out, "since", since_utc_ms(e, run));
		json_int(out, "onsets", run->state.onsets);
		json_close(out, '}');
	}
	json_close(out, ']');
}

// ---- life ---------------------------------------------------------------------------

struct repeats *
repeats_new(struct engine *e)
{
	struct repeats *all = xcalloc(1, sizeof(*all));

	all->engine = e;
	all->n_buckets = BUCKETS_LEAST;
	while (all->n_buckets < e->site->n_site_points / POINTS_PER_BUCKET)
		all->n_buckets *= 2;
	all->buckets = xcalloc(all->n_buckets, sizeof(struct repeat_run *));
	loop_timer_init(&all->look, on_look, all);
	return all;
}

void
repeats_free(struct repeats *all)
{
	if (all == NULL)
		return;
	loop_timer_stop(all->engine->loop, &all->look);
	for (uint32_t i = 0; i < all->n_slots; i++)
		free(all->slots[i]);
	free(all->slots);
	free(all->buckets);
	free(all);
}
