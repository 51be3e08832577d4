// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See fire_doors.h. A fire door's conditions are of the point of its closed-contact.
// Its line has a fault where that contact is bad (a supervised loop, a module that says
// so), or where the contact for it acts, which is a fault of its own point as well.
#include "fire_doors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_impl.h"
#include "lib/mem.h"

struct fire_door_run {
	struct engine *engine;
	const struct fire_door_def *def;
	struct fire_door door;
	enum contact_state closed, release, line;
	uint8_t told;
	enum fire_door_state shown; // to the page
	bool kept;                  // that it closed under a release, for a restart
	struct loop_timer due;
};

struct fire_doors {
	struct engine *engine;
	uint16_t n;
	struct fire_door_run *doors;
};

static void
tell(struct fire_door_run *run)
{
	struct engine *e = run->engine;
	uint8_t stand = run->door.conditions;
	struct facts now = engine_facts_now(e);
	for (enum fire_door_condition c = 0; c < FIRE_DOOR_CONDITION_COUNT; c++) {
		bool on = (stand & 1U << c) != 0;
		if (on != ((run->told & 1U << c) != 0))
			engine_feed(e, run->def->closed, fire_door_condition(c),
			    fire_door_code(c), on, &now);
	}
	run->told = stand;
}

static bool
has_line_fault(const struct fire_door_run *run)
{
	const struct point_state *st = engine_point(run->engine, run->def->closed);
	return st->quality == QUALITY_BAD || run->line == CONTACT_ACTIVE;
}

static void
door_key(const struct fire_door_run *run, char out[static META_KEY_MAX])
{
	const struct point *p = &run->engine->site->points[run->def->closed];
	(void)snprintf(out, META_KEY_MAX, META_RULE "fire-door/%s", p->id);
}

// One that a release closed is no fault for as long after a restart as before it (I11).
static void
keep(struct fire_door_run *run)
{
	char key[META_KEY_MAX];
	if (run->door.by_release == run->kept)
		return;
	run->kept = run->door.by_release;
	door_key(run, key);
	works_meta(run->engine->works, key, run->kept ? "released" : "");
}

static void
recover_kept(struct fire_door_run *run, const struct recovered *r)
{
	char key[META_KEY_MAX];
	door_key(run, key);
	for (size_t i = 0; i < r->n_metas; i++) {
		if (strcmp(r->metas[i].key, key) == 0)
			run->kept = strcmp(r->metas[i].value, "released") == 0;
	}
}

static void
show(struct fire_door_run *run)
{
	enum fire_door_state is = fire_door_state(&run->door);
	if (run->shown == is)
		return;
	run->shown = is;
	engine_tell_rule(run->engine, run->def->closed);
}

static void
update(struct fire_door_run *run)
{
	struct loop *loop = run->engine->loop;
	const struct fire_door_facts facts = {
		.closed = run->closed,
		.release =
		    run->def->release != UINT32_MAX ? run->release : CONTACT_IDLE,
		.line_fault = has_line_fault(run),
	};
	fire_door_feed(&run->door, &run->def->rule, &facts, loop_now_ms(loop));
	tell(run);
	keep(run);
	show(run);
	int64_t due = fire_door_due(&run->door, &run->def->rule);
	if (due >= 0)
		loop_timer_at(loop, &run->due, due);
	else
		loop_timer_stop(loop, &run->due);
}

static void
on_due(void *arg)
{
	update(arg);
}

static enum contact_state
contact_of(const struct fire_door_run *run, uint32_t point, const struct sample *s)
{
	if (s == NULL)
		return CONTACT_UNKNOWN;
	return point_active(&run->engine->site->points[point], s->value)
		   ? CONTACT_ACTIVE
		   : CONTACT_IDLE;
}

// ---- the three contacts
// -----------------------------------------------------------------

static void
closed_level(void *arg, uint32_t point, const struct sample *s, const struct facts *f)
{
	struct fire_door_run *run = arg;
	(void)f;
	run->closed = contact_of(run, point, s);
	update(run);
}

static void
closed_list(const void *arg, struct condition_list *out)
{
	const struct fire_door_run *run = arg;
	for (enum fire_door_condition c = 0; c < FIRE_DOOR_CONDITION_COUNT; c++) {
		if ((run->told & 1U << c) == 0)
			continue;
		out->condition[out->n] = fire_door_condition(c);
		out->code[out->n++] = fire_door_code(c);
	}
}

static void
closed_json(const void *arg, struct buf *out)
{
	const struct fire_door_run *run = arg;
	json_open(out, "fire_door", '{');
	json_str(out, "state", fire_door_state_name(fire_door_state(&run->door)));
	json_str(out, "normally", run->def->rule.normally_open ? "open" : "closed");
	json_close(out, '}');
}

static void
release_level(void *arg, uint32_t point, const struct sample *s, const struct facts *f)
{
	struct fire_door_run *run = arg;
	(void)f;
	run->release = contact_of(run, point, s);
	update(run);
}

// The release is told at the door.
static void
release_list(const void *arg, struct condition_list *out)
{
	(void)arg;
	(void)out;
}

static void
line_level(void *arg, uint32_t point, const struct sample *s, const struct facts *f)
{
	struct fire_door_run *run = arg;
	(void)f;
	run->line = contact_of(run, point, s);
	update(run);
}

static void
line_list(const void *arg, struct condition_list *out)
{
	const struct fire_door_run *run = arg;
	if (run->line != CONTACT_ACTIVE)
		return;
	out->condition[out->n] = COND_FAULT;
	out->code[out->n++] = "";
}

static void
no_json(const void *arg, struct buf *out)
{
	(void)arg;
	(void)out;
}

static const struct meaning closed_meaning = { closed_level, closed_list, closed_json };
static const struct meaning release_meaning = { release_level, release_list, no_json };
static const struct meaning line_meaning = { line_level, line_list, no_json };

// ---- life
// ---------------------------------------------------------------------------------

static void
start(struct fire_doors *d, uint16_t i)
{
	struct fire_door_run *run = &d->doors[i];
	run->engine = d->engine;
	run->def = &d->engine->site->fire_doors[i];
	loop_timer_init(&run->due, on_due, run);
	engine_give_meaning(d->engine, run->def->closed, &closed_meaning, run);
	if (run->def->release != UINT32_MAX)
		engine_give_meaning(
		    d->engine, run->def->release, &release_meaning, run);
	if (run->def->line_fault != UINT32_MAX)
		engine_give_meaning(
		    d->engine, run->def->line_fault, &line_meaning, run);
}

struct fire_doors *
fire_doors_new(struct engine *e)
{
	if (e->site->n_fire_doors == 0)
		return NULL;
	struct fire_doors *d = xcalloc(1, sizeof(*d));
	d->engine = e;
	d->n = e->site->n_fire_doors;
	d->doors = xcalloc(d->n, sizeof(*d->doors));
	for (uint16_t i = 0; i < d->n; i++)
		start(d, i);
	return d;
}

void
fire_doors_free(struct fire_doors *d)
{
	if (d == NULL)
		return;
	for (uint16_t i = 0; i < d->n; i++)
		loop_timer_stop(d->engine->loop, &d->doors[i].due);
	free(d->doors);
	free(d);
}

void
fire_doors_recover(struct fire_doors *d, const struct recovered *r)
{
	for (uint16_t i = 0; d != NULL && i < d->n; i++) {
		struct fire_door_run *run = &d->doors[i];
		for (enum fire_door_condition c = 0; c < FIRE_DOOR_CONDITION_COUNT;
		     c++) {
			if (engine_stands(d->engine, run->def->closed,
				fire_door_condition(c), fire_door_code(c)))
				run->told |= (uint8_t)(1U << c);
		}
		recover_kept(run, r);
		fire_door_restore(&run->door, run->told, run->kept);
		update(run);
	}
}
