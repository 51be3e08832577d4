// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Expected effects: what the point of an effect shows now, and which alarms ask for
// one. Reads only; on the loop.
#include <math.h>
#include <string.h>

#include "core/own_code.h"
#include "effects_impl.h"
#include "isolations.h"

static bool
stands(const struct alarm_record *r)
{
	return r->a.state == ALARM_UNACKNOWLEDGED || r->a.state == ALARM_ACKNOWLEDGED;
}

static bool
is_miss(enum condition c, const char *code)
{
	return c == COND_FAULT && strcmp(code, EFFECT_CODE) == 0;
}

// ---- what a point shows -----------------------------------------------------------

// What stands of the point beside the effect itself.
struct doubt {
	bool disabled, test, fault;
};

static struct doubt
doubt_of(const struct engine *e, uint32_t point)
{
	struct doubt d = { 0 };
	const struct alarm_record *r = alarms_of_point(e->alarms, point);

	for (; r != NULL; r = r->next_of_point) {
		enum condition c = r->a.condition;
		if (!stands(r) || is_miss(c, r->code) || isolations_own(c, r->code))
			continue;
		d.disabled = d.disabled || c == COND_DISABLED;
		d.test = d.test || c == COND_TEST;
		d.fault = d.fault || c == COND_FAULT;
	}
	return d;
}

static bool
has_condition(const struct engine *e, const struct effect_def *d)
{
	const struct alarm_record *r = alarms_of_point(e->alarms, d->point);

	for (; r != NULL; r = r->next_of_point) {
		enum condition c = r->a.condition;
		if (stands(r) && (d->conditions & 1U << c) != 0 &&
		    !is_miss(c, r->code) && !isolations_own(c, r->code) &&
		    (d->code[0] == '\0' || strcmp(d->code, r->code) == 0))
			return true;
	}
	return false;
}

// A condition that began or ended, and whose delay is not over yet.
static bool
is_in_delay(const struct engine *e, const struct effect_def *d)
{
	const struct filter *fl = engine_rules(e, d->point)->filters;

	for (; fl != NULL; fl = fl->next)
		if ((d->conditions & 1U << fl->condition) != 0 && fl->delay.pending)
			return true;
	return false;
}

// A contact with a rule of its own has no alarm that only says that it acts.
static bool
contact_acts(const struct engine *e, const struct effect_def *d)
{
	if (engine_rules(e, d->point)->meaning != NULL)
		return point_active(
		    &e->site->points[d->point], e->points[d->point].state.value);
	return has_condition(e, d);
}

static bool
value_fits(const struct effect_def *d, double value)
{
	return !(value < d->least) && !(value > d->most) && !isnan(value);
}

static enum effect_sight
sight_of_state(const struct engine *e, const struct effect_def *d, bool fault)
{
	bool acts =
	    d->by == EFFECT_BY_CONTACT ? contact_acts(e, d) : has_condition(e, d);

	if (!d->inverse)
		return acts    ? EFFECT_SIGHT_SEEN
		       : fault ? EFFECT_SIGHT_FAULT
			       : EFFECT_SIGHT_ABSENT;
	// What a faulty point does not say is not "no".
	if (acts || is_in_delay(e, d))
		return EFFECT_SIGHT_ABSENT;
	return fault ? EFFECT_SIGHT_FAULT : EFFECT_SIGHT_SEEN;
}

enum effect_sight
effect_sight_of(const struct engine *e, const struct effect_def *d)
{
	const struct point_state *st = &e->points[d->point].state;

	if (st->quality == QUALITY_BAD)
		return EFFECT_SIGHT_BAD;
	if (!st->seen || st->quality == QUALITY_UNKNOWN)
		return EFFECT_SIGHT_UNKNOWN;
	struct doubt doubt = doubt_of(e, d->point);
	if (doubt.disabled)
		return EFFECT_SIGHT_DISABLED;
	if (doubt.test)
		return EFFECT_SIGHT_TEST;
	if (d->by != EFFECT_BY_VALUE)
		return sight_of_state(e, d, doubt.fault);
	if (doubt.fault)
		return EFFECT_SIGHT_FAULT; // a gauge that stands still, and the like
	return value_fits(d, st->value) ? EFFECT_SIGHT_SEEN : EFFECT_SIGHT_ABSENT;
}

// ---- causes
// ---------------------------------------------------------------------------

enum effect_track_kind
effect_asks(const struct effects *s, const struct alarm_record *r)
{
	bool latched = r->a.state == ALARM_LATCHED_UNACKNOWLEDGED ||
		       r->a.state == ALARM_LATCHED_ACKNOWLEDGED;

	if (r->point_index >= s->engine->site->n_site_points ||
	    (!stands(r) && !latched) || is_miss(r->a.condition, r->code) ||
	    isolations_own(r->a.condition, r->code))
		return TRACK_COUNT;
	// When a test ends its fires become real by themselves; what else began in it
	// keeps its label.
	bool tests = r->a.condition == COND_FIRE || (r->a.flags & FLAG_TEST_MODE) != 0;
	return r->a.test_onset && tests ? TRACK_TEST : TRACK_REAL;
}

static bool
fits(const struct effect_trigger *t, const struct alarm_record *r)
{
	bool which = t->conditions == 0 ? r->alarm_class == t->alarm_class
					: (t->conditions & 1U << r->a.condition) != 0;

	return which && (t->code[0] == '\0' || strcmp(t->code, r->code) == 0);
}

static void
walk(const struct effects *s, uint32_t head, struct alarm_record *r,
    void (*each)(struct effect_run *run, struct alarm_record *r, unsigned track),
    unsigned track)
{
	while (head != 0) {
		const struct effect_link *k = &s->links[head - 1];
		struct effect_run *run = &s->runs[k->run];
		head = k->next;
		if (fits(&run->def->causes[k->trigger], r))
			each(run, r, track);
	}
}

void
effect_each(const struct effects *s, struct alarm_record *r,
    void (*each)(struct effect_run *run, struct alarm_record *r, unsigned track),
    unsigned track)
{
	uint16_t zone = r->point->zone;

	walk(s, s->of_point[r->point_index], r, each, track);
	if (zone < s->engine->site->n_zones)
		walk(s, s->of_zone[zone], r, each, track);
	walk(s, s->anywhere, r, each, track);
}
