// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See effects.h: the rules, their waits, and the alarms of what did not come.
//
// The invariants: each wait ends in one event (seen, missed or over), so that a count
// of them adds up; the alarm `no-effect` of a point stands just while some real miss of
// it stands. It is raised and ended only where nobody walks over alarms: not in the
// midst of another alarm's change, but when the loop comes round.
#include "effects.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "effects_impl.h"
#include "lib/mem.h"

// ---- the alarm ----------------------------------------------------------------------

static bool
is_missed(const struct effects *s, uint32_t point)
{
	for (uint16_t i = 0; i < s->n; i++) {
		const struct effect_run *run = &s->runs[i];
		if (run->def->point == point &&
		    run->tracks[TRACK_REAL].effect.state == EFFECT_MISSED)
			return true;
	}
	return false;
}

// Puts the alarm of the run's point as it should be.
static void
align(struct effect_run *run)
{
	struct effects *s = run->effects;
	struct engine *e = s->engine;
	uint32_t point = run->def->point;
	bool missed = is_missed(s, point);

	run->owed = false;
	if (missed == engine_stands(e, point, COND_FAULT, EFFECT_CODE))
		return;
	const struct effect_run *of = effect_of_alarm(s, point);
	const struct effect_named *cause = &of->tracks[TRACK_REAL].missed;
	struct facts f = engine_facts_now(e);
	struct effect_miss miss = effect_miss_of(of);
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	effects_put_miss(&miss, &b);
	json_close(&b, '}');
	f.value =
	    of->def->by == EFFECT_BY_VALUE ? e->points[point].state.value : (double)NAN;
	f.quality = e->points[point].state.quality;
	const struct missed_effect why = { b.data, cause->incident, cause->seq };
	f.effect = &why;
	transition_condition(e, point, COND_FAULT, EFFECT_CODE, missed, &f);
	buf_free(&b);
}

// ---- the waits ----------------------------------------------------------------------

static void
arm(struct effect_run *run)
{
	struct loop *loop = run->effects->engine->loop;
	int64_t due = run->owed ? loop_now_ms(loop) : -1;

	for (unsigned k = 0; k < TRACK_COUNT; k++) {
		int64_t at = effect_due(&run->tracks[k].effect);
		if (at >= 0 && (due < 0 || at < due))
			due = at;
	}
	if (due >= 0)
		loop_timer_at(loop, &run->due, due);
	else
		loop_timer_stop(loop, &run->due);
}

// What follows from a step, but for the alarm.
static void
took(struct effect_run *run, enum effect_track_kind k, enum effect_step step)
{
	struct effect_track *t = &run->tracks[k];
	struct loop *loop = run->effects->engine->loop;

	if (step == EFFECT_STEP_NONE)
		return;
	if (step == EFFECT_STEP_MISSED) {
		t->why = t->effect.why;
		t->missed = t->named;
		run->missed_n =
		    k == TRACK_REAL ? ++run->effects->misses : run->missed_n;
	}
	t->delay_ms = -1;
	if (step == EFFECT_STEP_PRESENT)
		t->delay_ms = 0;
	else if (step == EFFECT_STEP_IN_TIME || step == EFFECT_STEP_LATE)
		t->delay_ms = loop_now_ms(loop) - t->effect.since_ms;
	if (step != EFFECT_STEP_BEGAN)
		t->last = step;
	effect_tell(run, k, step);
	effect_keep(run, k);
	engine_tell_rule(run->effects->engine, run->def->point);
}

// Looks at once; where `safe` is false, sees to the alarm when the loop comes round.
static void
look(struct effect_run *run, bool safe)
{
	const struct engine *e = run->effects->engine;
	int64_t now = loop_now_ms(e->loop);
	enum effect_sight sight = effect_sight_of(e, run->def);

	for (unsigned k = 0; k < TRACK_COUNT; k++)
		took(run, (enum effect_track_kind)k,
		    effect_look(
			&run->tracks[k].effect, run->def->within_ms, sight, now));
	run->owed = true;
	if (safe)
		align(run);
	arm(run);
}

static void
on_due(void *arg)
{
	look(arg, true);
}

static void
look_at(struct effects *s, uint32_t point, bool safe)
{
	for (uint16_t i = 0; s != NULL && s->ready && i < s->n; i++)
		if (s->runs[i].def->point == point)
			look(&s->runs[i], safe);
}

void
effects_look(struct effects *s, uint32_t point)
{
	look_at(s, point, true);
}

void
effects_lost(struct effects *s, uint32_t point)
{
	look_at(s, point, false);
}

// ---- causes -------------------------------------------------------------------------

static void
name_cause(struct effect_track *t, const struct alarm_record *r)
{
	struct effect_named *n = &t->named;

	*n = (struct effect_named){
		.index = r->point_index,
		.condition = r->a.condition,
		.seq = r->seq,
	};
	(void)str_copy(n->occurrence, sizeof(n->occurrence), r->occurrence);
	(void)str_copy(n->incident, sizeof(n->incident), r->incident);
	(void)str_copy(n->point, sizeof(n->point), r->point->id);
	(void)str_copy(n->code, sizeof(n->code), r->code);
}

// A cause began, or one that stands began again.
static void
begin(struct effect_run *run, struct alarm_record *r, unsigned track)
{
	struct effect_track *t = &run->tracks[track];
	const struct engine *e = run->effects->engine;
	enum effect_step step = effect_cause(&t->effect, run->def->within_ms,
	    effect_sight_of(e, run->def), loop_now_ms(e->loop));

	if (step == EFFECT_STEP_NONE)
		return;
	name_cause(t, r);
	t->since_utc_ms = loop_utc_ms(e->loop);
	took(run, (enum effect_track_kind)track, step);
	arm(run);
}

static void
count_in(struct effect_run *run, struct alarm_record *r, unsigned track)
{
	run->tracks[track].causes++;
	begin(run, r, track);
}

static void
count_out(struct effect_run *run, struct alarm_record *r, unsigned track)
{
	struct effect_track *t = &run->tracks[track];
	enum effect_track_kind k = (enum effect_track_kind)track;

	(void)r;
	if (t->causes == 0 || --t->causes > 0)
		return;
	enum effect_step step = effect_over(&t->effect);
	took(run, k, step);
	if (step == EFFECT_STEP_NONE) { // it had come: nothing to tell
		effect_keep(run, k);
		engine_tell_rule(run->effects->engine, run->def->point);
	}
	run->owed = true;
	arm(run);
}

// A record keeps as what it is counted: 0 = not, else its track + 1.
void
effects_alarm(struct effects *s, struct alarm_record *r)
{
	if (s == NULL || !s->ready || r->point_index >= s->engine->site->n_site_points)
		return;
	enum effect_track_kind is = effect_asks(s, r);
	unsigned was = r->effect_asks;
	bool again = r->effect_occurrence != r->occurrences;

	r->effect_asks = (uint8_t)(is == TRACK_COUNT ? 0 : is + 1);
	r->effect_occurrence = r->occurrences;
	// In before out: a test that ends leaves no moment without a cause.
	if (is != TRACK_COUNT && was != r->effect_asks)
		effect_each(s, r, count_in, is);
	else if (is != TRACK_COUNT && again)
		effect_each(s, r, begin, is);
	if (was != 0 && was != r->effect_asks)
		effect_each(s, r, count_out, was - 1);
	if (engine_rules(s->engine, r->point_index)->expected)
		look_at(s, r->point_index, false);
}

// ---- life ---------------------------------------------------------------------------

static void
put_link(struct effects *s, uint16_t run, uint16_t trigger)
{
	const struct effect_trigger *t = &s->runs[run].def->causes[trigger];
	uint32_t *head = t->point != UINT32_MAX  ? &s->of_point[t->point]
			 : t->zone != INDEX_NONE ? &s->of_zone[t->zone]
						 : &s->anywhere;

	s->links[s->n_links] = (struct effect_link){ run, trigger, *head };
	*head = ++s->n_links;
}

static void
start(struct effects *s, uint16_t i)
{
	struct effect_run *run = &s->runs[i];

	run->effects = s;
	run->def = &s->engine->site->effects[i];
	for (unsigned k = 0; k < TRACK_COUNT; k++) {
		run->tracks[k].delay_ms = -1;
		run->tracks[k].named.index = UINT32_MAX;
	}
	loop_timer_init(&run->due, on_due, run);
	engine_own_rules(s->engine, run->def->point)->expected = true;
	for (uint16_t k = 0; k < run->def->n_causes; k++)
		put_link(s, i, k);
}

struct effects *
effects_new(struct engine *e)
{
	const struct site *site = e->site;
	size_t links = 0;

	if (site->n_effects == 0)
		return NULL;
	for (uint16_t i = 0; i < site->n_effects; i++)
		links += site->effects[i].n_causes;
	struct effects *s = xcalloc(1, sizeof(*s));
	s->engine = e;
	s->n = site->n_effects;
	s->runs = xcalloc(s->n, sizeof(*s->runs));
	s->links = xcalloc(links, sizeof(*s->links));
	s->of_point = xcalloc(site->n_site_points + 1, sizeof(*s->of_point));
	s->of_zone = xcalloc((size_t)site->n_zones + 1, sizeof(*s->of_zone));
	for (uint16_t i = 0; i < s->n; i++)
		start(s, i);
	return s;
}

void
effects_free(struct effects *s)
{
	if (s == NULL)
		return;
	for (uint16_t i = 0; i < s->n; i++)
		loop_timer_stop(s->engine->loop, &s->runs[i].due);
	free(s->runs);
	free(s->links);
	free(s->of_point);
	free(s->of_zone);
	free(s);
}

// ---- restart ------------------------------------------------------------------------

static void
count_recovered(struct effect_run *run, struct alarm_record *r, unsigned track)
{
	struct effect_track *t = &run->tracks[track];

	// The first of them, for a rule that is new.
	if (t->causes++ == 0 || r->raised_utc_ms < t->since_utc_ms) {
		name_cause(t, r);
		t->since_utc_ms = r->raised_utc_ms;
	}
}

// A miss whose alarm the point does not have is of another point, or of a rule that
// was not there: it is judged anew. So is one without a reason, which nobody kept.
static bool
is_trusted(const struct effect_run *run, unsigned k, const struct effect_kept *kept)
{
	if (kept->state != EFFECT_MISSED)
		return true;
	return kept->why != EFFECT_SIGHT_SEEN &&
	       (k != TRACK_REAL || engine_stands(run->effects->engine, run->def->point,
				       COND_FAULT, EFFECT_CODE));
}

static void
recover_track(struct effect_run *run, unsigned k, const struct recovered *r,
    const struct point_names *names)
{
	struct effect_track *t = &run->tracks[k];
	const struct loop *loop = run->effects->engine->loop;
	struct effect_kept kept;
	bool found = effect_kept_find(run, (enum effect_track_kind)k, r, names, &kept);
	int64_t now = loop_now_ms(loop), now_utc = loop_utc_ms(loop);

	if (found && kept.why != EFFECT_SIGHT_SEEN) {
		t->why = kept.why; // of an alarm that nobody has acknowledged, maybe
		t->missed = kept.named;
	}
	if (found && kept.state != EFFECT_IDLE && is_trusted(run, k, &kept)) {
		// A wall clock that is behind it must put nothing off (I10).
		int64_t ago = now_utc - kept.since_utc_ms;
		effect_restore(&t->effect, kept.state, kept.why,
		    now - (ago > 0 ? ago : 0), run->def->within_ms, now);
		t->named = kept.named;
		t->since_utc_ms = kept.since_utc_ms;
		run->missed_n = kept.state == EFFECT_MISSED && k == TRACK_REAL
				    ? ++run->effects->misses
				    : 0;
		if (t->causes == 0)
			took(run, (enum effect_track_kind)k, effect_over(&t->effect));
		return;
	}
	if (t->causes == 0)
		return;
	t->since_utc_ms = now_utc;
	took(run, (enum effect_track_kind)k,
	    effect_cause(&t->effect, run->def->within_ms, EFFECT_SIGHT_UNKNOWN, now));
}

// Of which no rule says any more that it was missed.
static void
withdraw(struct engine *e, uint32_t point)
{
	struct alarm_record *r =
	    alarms_find(e->alarms, e->site->points[point].id, COND_FAULT, EFFECT_CODE);

	if (r != NULL && !is_missed(e->effects, point))
		transition_withdraw(e, r);
}

void
effects_recover(
    struct engine *e, const struct recovered *r, const struct point_names *names)
{
	struct effects *s = e->effects;
	size_t n;

	if (s == NULL)
		return;
	struct alarm_record *const *all = alarms_all(e->alarms, &n);
	for (size_t i = 0; i < n; i++) {
		enum effect_track_kind is = effect_asks(s, all[i]);
		all[i]->effect_occurrence = all[i]->occurrences;
		if (is == TRACK_COUNT)
			continue;
		all[i]->effect_asks = (uint8_t)(is + 1);
		effect_each(s, all[i], count_recovered, is);
	}
	s->ready = true;
	for (uint16_t i = 0; i < s->n; i++) {
		for (unsigned k = 0; k < TRACK_COUNT; k++)
			recover_track(&s->runs[i], k, r, names);
		arm(&s->runs[i]);
	}
	for (uint16_t i = 0; i < e->site->n_effect_points; i++)
		withdraw(e, e->site->effect_points[i]);
}
