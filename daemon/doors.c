// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See doors.h. A door's conditions are alarms of its contact's point, each with a code
// of its own.
#include "doors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bypass.h"
#include "engine_impl.h"
#include "grants.h"
#include "lib/mem.h"
#include "local_time.h"

static const char code_bypass[] = "bypass", code_bypass_ending[] = "bypass-ending";

// What the page was told of a door.
struct door_shown {
	enum door_state state;
	bool unlocked, open;
	int64_t open_ms;
	int64_t bypass_until_ms; // 0 = none
};

struct door_run {
	struct doors *doors;
	const struct door_def *def;
	struct door door;
	enum contact_state contact;
	int64_t earliest_ms;
	uint8_t told;        // mask of conditions that stand as alarms
	uint16_t last_grant; // that acted, index into grants; INDEX_NONE = none
	struct bypass bypass;
	bool told_bypass, told_ending;
	enum contact_state kept; // for after a restart
	struct facts facts;      // of the newest sample
	struct door_shown shown;
	uint32_t doubts; // whether a grant acts is not known
	struct loop_timer due;
};

struct doors {
	struct engine *engine;
	struct local_time *local;
	struct loop_timer minute; // of the hours
	uint16_t n_doors;
	struct door_run *doors;
	struct grants *grants;
};

static const struct point *
point_of(const struct door_run *run)
{
	return &run->doors->engine->site->points[run->def->point];
}

// A warning is told on the screen and asks nothing of anybody.
static enum condition
condition_of(enum door_condition c)
{
	return c == DOOR_HELD_SOON ? COND_INFO : point_kind_condition(KIND_DOOR);
}

// ---- what follows from a step of the rule
// -----------------------------------------------

static void
tell_conditions(struct door_run *run)
{
	struct engine *e = run->doors->engine;
	uint8_t stand = run->door.conditions;
	struct facts now = engine_facts_now(e);
	for (enum door_condition c = 0; c < DOOR_CONDITION_COUNT; c++) {
		bool on = (stand & 1U << c) != 0;
		if (on == ((run->told & 1U << c) != 0))
			continue;
		// An intrusion is of the moment at which the door was opened.
		bool opening = on && (c == DOOR_FORCED || c == DOOR_UNPROVEN);
		engine_feed(e, run->def->point, condition_of(c), door_condition_code(c),
		    on, opening ? &run->facts : &now);
	}
	run->told = stand;
}

static void
acknowledge_bypass(struct engine *e, const struct door_run *run)
{
	const struct alarm_record *r =
	    alarms_find(e->alarms, point_of(run)->id, COND_DISABLED, code_bypass);
	char occurrence[MINT_MAX];
	if (r == NULL || !alarm_owed(&r->a))
		return;
	memcpy(occurrence, r->occurrence, sizeof(occurrence));
	(void)engine_acknowledge(e, occurrence, run->bypass.by);
}

// Who sets a bypass has seen it: it stands acknowledged, for all to see.
static void
tell_bypass(struct door_run *run)
{
	struct engine *e = run->doors->engine;
	struct facts now = engine_facts_now(e);
	bool ending = bypass_ends_soon(&run->bypass, now.t_mono_ms);
	if (run->told_bypass != run->bypass.on)
		engine_feed(e, run->def->point, COND_DISABLED, code_bypass,
		    run->bypass.on, &now);
	if (run->bypass.on)
		acknowledge_bypass(e, run);
	if (run->told_ending != ending)
		engine_feed(
		    e, run->def->point, COND_INFO, code_bypass_ending, ending, &now);
	run->told_bypass = run->bypass.on;
	run->told_ending = ending;
}

static void
write_access(const struct door_run *run)
{
	struct engine *e = run->doors->engine;
	const char *granted = "";
	struct event ev;
	event_init(&ev, EVENT_DOOR_ACCESS);
	engine_describe_point(point_of(run), &ev);
	engine_put_facts(&ev, &run->facts);
	if (run->last_grant != INDEX_NONE) {
		uint32_t by = e->site->grants[run->last_grant].point;
		struct buf b = { 0 };
		json_open(&b, NULL, '{');
		granted = e->site->points[by].id;
		json_str(&b, "by", granted);
		engine_put_params(&ev, &b);
	}
	engine_decide(e, run->def->point, DECISION_DOOR_ALLOWED, COND_COUNT, granted,
	    run->facts.value);
	(void)works_event(e->works, &ev);
}

// It stands open, and nothing permits that.
static bool
is_left_open(const struct door *d)
{
	return d->contact == CONTACT_ACTIVE && d->open_ms >= 0;
}

static bool
unlocked(const struct door_run *run)
{
	const struct doors *d = run->doors;
	int64_t utc_ms = loop_utc_ms(d->engine->loop);
	return schedule_covers(
	    &run->def->unlocked, schedule_minute(local_time_s(d->local, utc_ms)));
}

// One that acts, else one of which nothing is known: it may.
static enum contact_state
grants_of(struct door_run *run, int64_t *earliest_ms)
{
	enum contact_state all = CONTACT_IDLE;
	*earliest_ms = INT64_MAX;
	for (unsigned i = 0; i < run->def->n_grants; i++) {
		uint16_t index = run->def->grants[i];
		int64_t since_ms;
		enum contact_state c =
		    grants_state(run->doors->grants, index, &since_ms);
		if (c == CONTACT_ACTIVE) {
			run->last_grant = index;
			if (since_ms < *earliest_ms)
				*earliest_ms = since_ms;
		}
		if (c == CONTACT_ACTIVE ||
		    (c == CONTACT_UNKNOWN && all == CONTACT_IDLE))
			all = c;
	}
	return all;
}

static void
arm(struct door_run *run, int64_t now)
{
	struct loop *loop = run->doors->engine->loop;
	const int64_t at[] = {
		door_due(&run->door, &run->def->rule),
		door_state_due(&run->door, now),
		bypass_due(&run->bypass, now),
	};
	int64_t due = -1;
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		if (at[i] >= 0 && (due < 0 || at[i] < due))
			due = at[i];
	}
	if (due >= 0)
		loop_timer_at(loop, &run->due, due);
	else
		loop_timer_stop(loop, &run->due);
}

static void
door_key(const struct door_run *run, char out[static META_KEY_MAX])
{
	(void)snprintf(out, META_KEY_MAX, META_RULE "door/%s", point_of(run)->id);
}

// What the door was like outlives a restart, so that one that was opened meanwhile is
// known to have been (I11).
static void
keep(struct door_run *run)
{
	enum contact_state now = door_to_keep(&run->door);
	char key[META_KEY_MAX];
	if (now == run->kept || now == CONTACT_UNKNOWN)
		return;
	run->kept = now;
	door_key(run, key);
	works_meta(
	    run->doors->engine->works, key, now == CONTACT_IDLE ? "closed" : "open");
}

static void
recover_kept(struct door_run *run, const struct recovered *r)
{
	char key[META_KEY_MAX];
	door_key(run, key);
	for (size_t i = 0; i < r->n_metas; i++) {
		if (strcmp(r->metas[i].key, key) == 0)
			run->kept = strcmp(r->metas[i].value, "closed") == 0
					? CONTACT_IDLE
					: CONTACT_ACTIVE;
	}
}

static void
show(struct door_run *run, int64_t now)
{
	const struct door *d = &run->door;
	const struct door_shown is = {
		.state = door_state(d, now),
		.unlocked = d->permitted && !d->bypassed,
		.open = is_left_open(d),
		.open_ms = d->open_ms,
		.bypass_until_ms = run->bypass.on ? run->bypass.until_ms : 0,
	};
	const struct door_shown *was = &run->shown;
	bool same = is.state == was->state && is.unlocked == was->unlocked &&
		    is.open == was->open && is.open_ms == was->open_ms &&
		    is.bypass_until_ms == was->bypass_until_ms;
	if (is.unlocked != was->unlocked)
		engine_decide(run->doors->engine, run->def->point,
		    is.unlocked ? DECISION_DOOR_UNLOCKED : DECISION_DOOR_LOCKED,
		    COND_COUNT, "", NAN);
	run->shown = is;
	if (!same)
		engine_tell_rule(run->doors->engine, run->def->point);
}

static void
update(struct door_run *run)
{
	struct engine *e = run->doors->engine;
	int64_t now = loop_now_ms(e->loop);
	if (run->bypass.on && now >= run->bypass.until_ms)
		bypass_end(&run->bypass, e->works, point_of(run), "");
	int64_t grant_ms;
	enum contact_state grant = grants_of(run, &grant_ms);
	engine_decide_rule(e,
	    &(struct rule_doubt){
		run->def->point, COND_COUNT, "grant", 0, grant != CONTACT_UNKNOWN },
	    &run->doubts);
	const struct door_facts facts = {
		.contact = run->contact,
		.earliest_ms = run->earliest_ms,
		.grant = grant,
		.grant_earliest_ms = grant_ms,
		.unlocked = unlocked(run),
		.bypassed = run->bypass.on,
	};
	if (door_feed(&run->door, &run->def->rule, &facts, now))
		write_access(run);
	tell_conditions(run);
	tell_bypass(run);
	keep(run);
	show(run, now);
	arm(run, now);
}

// ---- what comes in
// ------------------------------------------------------------------------

static void
door_level(void *arg, uint32_t point, const struct sample *s, const struct facts *f)
{
	struct door_run *run = arg;
	const struct engine *e = run->doors->engine;
	run->contact = CONTACT_UNKNOWN;
	if (s != NULL) {
		bool open = point_active(&e->site->points[point], s->value);
		run->contact = open ? CONTACT_ACTIVE : CONTACT_IDLE;
		run->facts = *f;
		run->earliest_ms = engine_facts_earliest(f, f->t_mono_ms);
	}
	update(run);
}

static void
on_grant(void *ctx, uint16_t grant)
{
	struct doors *d = ctx;
	for (uint16_t i = 0; i < d->n_doors; i++) {
		const struct door_def *def = d->doors[i].def;
		for (unsigned k = 0; k < def->n_grants; k++) {
			if (def->grants[k] == grant)
				update(&d->doors[i]);
		}
	}
}

static void
on_door_due(void *arg)
{
	update(arg);
}

// The hours begin and end on whole minutes, of whatever clock the wall has by then.
static void
on_minute(void *arg)
{
	struct doors *d = arg;
	int64_t utc_ms = loop_utc_ms(d->engine->loop);
	for (uint16_t i = 0; i < d->n_doors; i++) {
		if (d->doors[i].def->unlocked.n > 0)
			update(&d->doors[i]);
	}
	loop_timer_in(d->engine->loop, &d->minute, MINUTE_MS - utc_ms % MINUTE_MS);
}

// ---- what stands, for the engine and for the API
// --------------------------------------------

static void
add(struct condition_list *out, enum condition c, const char *code)
{
	out->condition[out->n] = c;
	out->code[out->n++] = code;
}

static void
door_list(const void *arg, struct condition_list *out)
{
	const struct door_run *run = arg;
	for (enum door_condition c = 0; c < DOOR_CONDITION_COUNT; c++) {
		if ((run->told & 1U << c) != 0)
			add(out, condition_of(c), door_condition_code(c));
	}
	if (run->told_bypass)
		add(out, COND_DISABLED, code_bypass);
	if (run->told_ending)
		add(out, COND_INFO, code_bypass_ending);
}

static void
door_json(const void *arg, struct buf *out)
{
	const struct door_run *run = arg;
	const struct loop *loop = run->doors->engine->loop;
	int64_t now = loop_now_ms(loop);
	const struct door *d = &run->door;
	bool open = is_left_open(d);
	int64_t open_utc = loop_utc_ms(loop) - (now - d->open_ms);
	json_open(out, "door", '{');
	json_str(out, "state", door_state_name(door_state(d, now)));
	json_bool(out, "unlocked", d->permitted && !d->bypassed);
	json_time(out, "open_since", open ? open_utc : 0);
	json_time(out, "held_at",
	    open && run->def->rule.held_ms > 0 ? open_utc + run->def->rule.held_ms : 0);
	bypass_json(&run->bypass, out);
	json_close(out, '}');
}

static const struct meaning door_meaning = { door_level, door_list, door_json };

// ---- life
// ---------------------------------------------------------------------------------

static void
start_door(struct doors *d, uint16_t i)
{
	struct door_run *run = &d->doors[i];
	run->doors = d;
	run->def = &d->engine->site->doors[i];
	run->last_grant = INDEX_NONE;
	loop_timer_init(&run->due, on_door_due, run);
	engine_give_meaning(d->engine, run->def->point, &door_meaning, run);
}

struct doors *
doors_new(struct engine *e)
{
	const struct site *s = e->site;
	if (s->n_doors == 0)
		return NULL;
	struct doors *d = xcalloc(1, sizeof(*d));
	d->engine = e;
	d->local = local_time_new(s->time_zone);
	d->n_doors = s->n_doors;
	d->doors = xcalloc(s->n_doors, sizeof(*d->doors));
	for (uint16_t i = 0; i < s->n_doors; i++)
		start_door(d, i);
	d->grants = grants_new(e, on_grant, d);
	loop_timer_init(&d->minute, on_minute, d);
	loop_timer_in(
	    e->loop, &d->minute, MINUTE_MS - loop_utc_ms(e->loop) % MINUTE_MS);
	return d;
}

void
doors_free(struct doors *d)
{
	if (d == NULL)
		return;
	for (uint16_t i = 0; i < d->n_doors; i++)
		loop_timer_stop(d->engine->loop, &d->doors[i].due);
	loop_timer_stop(d->engine->loop, &d->minute);
	local_time_free(d->local);
	grants_free(d->grants);
	free(d->doors);
	free(d);
}

void
doors_recover(struct doors *d, const struct recovered *r)
{
	if (d == NULL)
		return;
	struct engine *e = d->engine;
	grants_recover(d->grants);
	for (uint16_t i = 0; i < d->n_doors; i++) {
		struct door_run *run = &d->doors[i];
		uint32_t point = run->def->point;
		for (enum door_condition c = 0; c < DOOR_CONDITION_COUNT; c++) {
			if (engine_stands(
				e, point, condition_of(c), door_condition_code(c)))
				run->told |= (uint8_t)(1U << c);
		}
		recover_kept(run, r);
		door_restore(&run->door, run->told, run->kept, loop_now_ms(e->loop));
		run->told_bypass = engine_stands(e, point, COND_DISABLED, code_bypass);
		run->told_ending =
		    engine_stands(e, point, COND_INFO, code_bypass_ending);
		bypass_recover(&run->bypass, e->loop, point_of(run), r);
		update(run);
	}
}

// ---- what people do
// --------------------------------------------------------------------------

static struct door_run *
door_at(struct doors *d, uint32_t point)
{
	for (uint16_t i = 0; d != NULL && i < d->n_doors; i++) {
		if (d->doors[i].def->point == point)
			return &d->doors[i];
	}
	return NULL;
}

enum engine_answer
doors_bypass(struct doors *d, uint32_t point, const struct bypass_order *order)
{
	struct door_run *run = door_at(d, point);
	if (run == NULL)
		return ENGINE_NOT_FOUND;
	bypass_start(
	    &run->bypass, d->engine->works, d->engine->loop, point_of(run), order);
	update(run);
	return ENGINE_OK;
}

enum engine_answer
doors_bypass_end(
    struct doors *d, uint32_t point, const char *actor, const char **reason)
{
	struct door_run *run = door_at(d, point);
	*reason = NULL;
	if (run == NULL)
		return ENGINE_NOT_FOUND;
	if (!run->bypass.on) {
		*reason = "not_bypassed";
		return ENGINE_REFUSED;
	}
	bypass_end(&run->bypass, d->engine->works, point_of(run), actor);
	update(run);
	return ENGINE_OK;
}
