// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See loops.h. A loop in a fault is a contact of which nothing is known: its level is
// bad, so that nothing it said before is cleared (I6), and the fault has the code of
// the band.
#include "loops.h"

#include <math.h>
#include <stdlib.h>

#include "engine_impl.h"
#include "lib/mem.h"

struct loop_run {
	struct engine *engine;
	const struct loop_table *table;
	struct loop_state state;
	struct sample newest;
	struct loop_timer due;
};

struct loops {
	struct engine *engine;
	struct loop_run **of_point; // NULL = no such point
};

static code_id
code_of(const struct loop_run *run, enum loop_band band)
{
	return site_find_code(run->engine->site, loop_band_code(band));
}

static void
end_other_faults(struct loop_run *run, enum loop_band stands, const struct sample *s)
{
	struct facts f = engine_facts_now(run->engine);
	for (enum loop_band b = LOOP_SHORT; b < LOOP_BAND_COUNT; b++) {
		if (b != stands)
			engine_feed(run->engine, s->point, COND_FAULT,
			    loop_band_code(b), false, &f);
	}
}

// What the point's samples would be if its contact were read by itself. What the device
// says beside the value stands beside the contact.
static void
report(struct loop_run *run)
{
	struct sample s = run->newest;
	const struct point *p = &run->engine->site->points[s.point];
	enum loop_band band = run->state.reported;
	bool active_at_1 = point_active(p, 1);
	s.kind = SAMPLE_LEVEL;
	s.value = (band == LOOP_ACTIVE) == active_at_1 ? 1 : 0;
	if (loop_band_code(band) != NULL) {
		s.quality = QUALITY_BAD;
		if (s.n_codes == SAMPLE_CODES_MAX)
			s.n_codes--; // the line comes before what the device adds
		s.codes[s.n_codes++] =
		    (struct condition_code){ COND_FAULT, code_of(run, band) };
		end_other_faults(run, band, &s);
	}
	engine_take(run->engine, &s);
}

static void
feed(struct loop_run *run)
{
	struct loop *loop = run->engine->loop;
	(void)loop_feed(&run->state, run->table, run->newest.value, loop_now_ms(loop));
	// Each sample is passed on, for it says that the point is seen.
	if (run->state.told && run->state.reported == run->state.band)
		report(run);
	int64_t due = loop_due(&run->state, run->table);
	if (due >= 0)
		loop_timer_at(loop, &run->due, due);
	else
		loop_timer_stop(loop, &run->due);
}

static void
on_due(void *arg)
{
	feed(arg);
}

bool
loops_sample(struct loops *l, const struct sample *s)
{
	struct loop_run *run = l != NULL ? l->of_point[s->point] : NULL;
	bool good = s->quality == QUALITY_GOOD || s->quality == QUALITY_UNCERTAIN;
	if (run == NULL)
		return false;
	if (good && isnan(s->value)) { // an answer that says nothing (I6)
		struct sample none = *s;
		none.quality = QUALITY_BAD;
		loops_lost(l, s->point);
		engine_take(l->engine, &none);
		return true;
	}
	if (!good || s->kind != SAMPLE_ANALOG) {
		loops_lost(l, s->point);
		return false;
	}
	run->newest = *s;
	feed(run);
	return true;
}

void
loops_lost(struct loops *l, uint32_t point)
{
	struct loop_run *run = l != NULL ? l->of_point[point] : NULL;
	if (run == NULL)
		return;
	loop_forget(&run->state);
	loop_timer_stop(run->engine->loop, &run->due);
}

void
loops_json(const struct loops *l, uint32_t point, struct buf *out)
{
	const struct loop_run *run = l != NULL ? l->of_point[point] : NULL;
	if (run == NULL)
		return;
	json_open(out, "loop", '{');
	json_str(
	    out, "band", run->state.told ? loop_band_name(run->state.reported) : NULL);
	json_double(out, "value", run->state.seen ? run->newest.value : (double)NAN);
	json_close(out, '}');
}

static void
start(struct loops *l, uint32_t point)
{
	const struct site *s = l->engine->site;
	struct loop_run *run = xcalloc(1, sizeof(*run));
	run->engine = l->engine;
	run->table = s->points[point].supervised;
	loop_timer_init(&run->due, on_due, run);
	l->of_point[point] = run;
}

struct loops *
loops_new(struct engine *e)
{
	const struct site *s = e->site;
	if (s->n_loops == 0)
		return NULL;
	struct loops *l = xcalloc(1, sizeof(*l));
	l->engine = e;
	l->of_point = xcalloc(s->n_points + 1U, sizeof(struct loop_run *));
	for (uint32_t i = 0; i < s->n_site_points; i++) {
		if (s->points[i].supervised != NULL)
			start(l, i);
	}
	return l;
}

void
loops_free(struct loops *l)
{
	if (l == NULL)
		return;
	for (uint32_t i = 0; i < l->engine->site->n_points; i++) {
		struct loop_run *run = l->of_point[i];
		if (run != NULL)
			loop_timer_stop(l->engine->loop, &run->due);
		free(run);
	}
	free(l->of_point);
	free(l);
}
