// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See isolations.h. What is disabled at a panel is read from the open alarms of the
// condition `disabled`, so that the ledger and the alarm list cannot differ.
#include "isolations.h"

#include <string.h>

#include "engine_impl.h"
#include "flags.h"

static const char code_ending[] = "isolation-ending";
static const char code_forgotten[] = "isolation-forgotten";
static const char code_bypass[] = "bypass"; // of a door, by a person here

bool
isolations_own(enum condition c, const char *code)
{
	return (c == COND_INFO && strcmp(code, code_ending) == 0) ||
	       (c == COND_DISABLED && strcmp(code, code_forgotten) == 0);
}

enum engine_answer
isolations_order(struct engine *e, const struct flag_order *o, const char **reason)
{
	if (o->target >= e->site->n_site_points)
		return ENGINE_NOT_FOUND;
	if (o->on) {
		isolations_hush(e, o->target);
		flags_set(e->flags, o);
		return ENGINE_OK;
	}
	struct flag_set *s = flags_find(e->flags, FLAG_ISOLATED, o->target, -1);
	*reason = "not_isolated";
	if (s == NULL)
		return ENGINE_REFUSED;
	flags_end(e->flags, s, o->actor, "ended");
	return ENGINE_OK;
}

// ---- its end ------------------------------------------------------------------------

static bool
warns(const struct flag_set *s)
{
	return s->entry.until_utc_ms - s->entry.from_utc_ms > ISOLATION_WARNING_MS;
}

int64_t
isolations_due(const struct flag_set *s, int64_t now_ms)
{
	if (s->due)
		return -1;
	if (warns(s) && !s->warned && s->until_ms > now_ms)
		return s->until_ms - ISOLATION_WARNING_MS;
	return s->until_ms;
}

void
isolations_tell(struct engine *e, struct flag_set *s, int64_t now_ms)
{
	struct facts f = engine_facts_now(e);
	bool over = s->until_ms <= now_ms;
	s->warned = true;
	s->due = over;
	transition_condition(e, s->index, COND_INFO, code_ending, !over, &f);
	transition_condition(e, s->index, COND_DISABLED, code_forgotten, over, &f);
}

void
isolations_hush(struct engine *e, uint32_t point)
{
	struct facts f = engine_facts_now(e);
	transition_condition(e, point, COND_INFO, code_ending, false, &f);
	transition_condition(e, point, COND_DISABLED, code_forgotten, false, &f);
}

// ---- what is isolated
// -----------------------------------------------------------------

static bool
stands(const struct alarm_record *r)
{
	return r->a.state == ALARM_UNACKNOWLEDGED || r->a.state == ALARM_ACKNOWLEDGED;
}

// The alarm of a point that is disabled at its panel, or NULL.
static const struct alarm_record *
at_panel(const struct engine *e, uint32_t point)
{
	const struct alarm_record *r = alarms_of_point(e->alarms, point);
	for (; r != NULL; r = r->next_of_point) {
		if (r->a.condition == COND_DISABLED && stands(r) &&
		    !isolations_own(r->a.condition, r->code) &&
		    strcmp(r->code, code_bypass) != 0)
			return r;
	}
	return NULL;
}

void
isolations_count(const struct engine *e, uint32_t *isolated, uint32_t *forgotten)
{
	size_t n;
	struct alarm_record *const *all = alarms_all(e->alarms, &n);
	*isolated = flags_count(e->flags, FLAG_ISOLATED);
	*forgotten = 0;
	for (size_t i = 0; i < n; i++) {
		const struct alarm_record *r = all[i];
		if (r->a.condition != COND_DISABLED || !stands(r) ||
		    r->point_index >= e->site->n_site_points)
			continue;
		*forgotten += strcmp(r->code, code_forgotten) == 0;
		if (at_panel(e, r->point_index) == r &&
		    flags_find(e->flags, FLAG_ISOLATED, r->point_index, -1) == NULL)
			(*isolated)++;
	}
}

void
isolations_coverage(const struct engine *e, uint32_t *detectors, uint32_t *isolated)
{
	for (uint32_t i = 0; i < e->site->n_site_points; i++) {
		const struct point *p = &e->site->points[i];
		if (p->zone >= e->site->n_zones ||
		    point_kind_condition(p->kind) != COND_FIRE)
			continue;
		detectors[p->zone]++;
		if (flags_find(e->flags, FLAG_ISOLATED, i, -1) != NULL ||
		    at_panel(e, i) != NULL)
			isolated[p->zone]++;
	}
}

// ---- the list
// ---------------------------------------------------------------------------

static void
put_here(const struct engine *e, const struct flag_set *s, struct buf *out)
{
	json_open(out, NULL, '{');
	flags_put_point(out, e->site, s->index);
	json_str(out, "source", "here");
	flags_put_who(out, &s->entry);
	json_str(out, "measure", s->entry.measure[0] ? s->entry.measure : NULL);
	json_bool(out, "forgotten", s->due);
	json_close(out, '}');
}

// Who and why is known at the panel, and there only.
static void
put_panel(
    const struct engine *e, uint32_t point, const struct alarm_record *r, struct buf *b)
{
	json_open(b, NULL, '{');
	flags_put_point(b, e->site, point);
	json_str(b, "source", "panel");
	json_none(b, "by");
	json_time(b, "from", r->raised_utc_ms);
	json_none(b, "until");
	json_none(b, "reason");
	json_none(b, "measure");
	json_bool(b, "forgotten", false);
	json_close(b, '}');
}

uint32_t
isolations_page(const struct engine *e, uint32_t from, unsigned limit, struct buf *out)
{
	unsigned written = 0;
	for (uint32_t i = from; i < e->site->n_site_points; i++) {
		const struct flag_set *s = flags_find(e->flags, FLAG_ISOLATED, i, -1);
		const struct alarm_record *r = at_panel(e, i);
		if (s == NULL && r == NULL)
			continue;
		if (written >= limit)
			return i;
		if (s != NULL)
			put_here(e, s, out);
		if (r != NULL)
			put_panel(e, i, r, out);
		written += (s != NULL) + (r != NULL);
	}
	return UINT32_MAX;
}
