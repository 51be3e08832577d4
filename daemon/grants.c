// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See grants.h. The invariant: a grant of which nothing is known is unknown to the
// doors, never idle (I6).
#include "grants.h"

#include <stdlib.h>

#include "core/door.h"
#include "engine_impl.h"
#include "lib/mem.h"

static const char code_stuck[] = "stuck";

struct grant_run {
	struct grants *grants;
	const struct grant_def *def;
	struct grant grant;
	enum contact_state contact; // as known
	enum contact_state counts;  // what doors go by
	int64_t earliest_ms;        // it acts, not since before
	bool told;                  // stuck
	const char *shown;          // its state, as it was told; static
	struct loop_timer due;
};

struct grants {
	struct engine *engine;
	grant_changed *changed;
	void *ctx;
	uint16_t n;
	struct grant_run *runs;
};

static const char *
state_name(const struct grant_run *g)
{
	static const char *const names[] = {
		[CONTACT_UNKNOWN] = "unknown",
		[CONTACT_IDLE] = "idle",
		[CONTACT_ACTIVE] = "acts",
	};

	return g->grant.stuck ? "stuck" : names[g->contact];
}

static void
show(struct grant_run *g)
{
	const char *is = state_name(g);
	if (g->shown == is)
		return;
	g->shown = is;
	engine_tell_rule(g->grants->engine, g->def->point);
}

static void
tell_stuck(struct grant_run *g)
{
	struct engine *e = g->grants->engine;
	if (g->told == g->grant.stuck)
		return;
	g->told = g->grant.stuck;
	struct facts now = engine_facts_now(e);
	engine_feed(e, g->def->point, COND_FAULT, code_stuck, g->told, &now);
}

static void
update(struct grant_run *g)
{
	struct grants *all = g->grants;
	struct loop *loop = all->engine->loop;
	g->counts =
	    grant_feed(&g->grant, g->contact, g->def->stuck_ms, loop_now_ms(loop));
	tell_stuck(g);
	show(g);
	int64_t due = grant_due(&g->grant, g->def->stuck_ms);
	if (due >= 0)
		loop_timer_at(loop, &g->due, due);
	else
		loop_timer_stop(loop, &g->due);
	all->changed(all->ctx, (uint16_t)(g - all->runs));
}

static void
on_due(void *arg)
{
	update(arg);
}

static void
level(void *arg, uint32_t point, const struct sample *s, const struct facts *f)
{
	struct grant_run *g = arg;
	const struct site *site = g->grants->engine->site;
	enum contact_state before = g->contact;
	g->contact = CONTACT_UNKNOWN;
	if (s != NULL)
		g->contact = point_active(&site->points[point], s->value)
				 ? CONTACT_ACTIVE
				 : CONTACT_IDLE;
	if (g->contact == CONTACT_ACTIVE && before != CONTACT_ACTIVE)
		g->earliest_ms = engine_facts_earliest(f, 0);
	update(g);
}

static void
list(const void *arg, struct condition_list *out)
{
	const struct grant_run *g = arg;
	if (!g->told)
		return;
	out->condition[out->n] = COND_FAULT;
	out->code[out->n++] = code_stuck;
}

static void
put_json(const void *arg, struct buf *out)
{
	json_open(out, "grant", '{');
	json_str(out, "state", state_name(arg));
	json_close(out, '}');
}

static const struct meaning grant_meaning = { level, list, put_json };

struct grants *
grants_new(struct engine *e, grant_changed *changed, void *ctx)
{
	struct grants *all = xcalloc(1, sizeof(*all));
	all->engine = e;
	all->changed = changed;
	all->ctx = ctx;
	all->n = e->site->n_grants;
	all->runs = xcalloc(all->n + 1U, sizeof(*all->runs));
	for (uint16_t i = 0; i < all->n; i++) {
		struct grant_run *g = &all->runs[i];
		g->grants = all;
		g->def = &e->site->grants[i];
		loop_timer_init(&g->due, on_due, g);
		engine_give_meaning(e, g->def->point, &grant_meaning, g);
	}
	return all;
}

void
grants_free(struct grants *all)
{
	for (uint16_t i = 0; i < all->n; i++)
		loop_timer_stop(all->engine->loop, &all->runs[i].due);
	free(all->runs);
	free(all);
}

void
grants_recover(struct grants *all)
{
	for (uint16_t i = 0; i < all->n; i++) {
		struct grant_run *g = &all->runs[i];
		g->told = g->grant.stuck =
		    engine_stands(all->engine, g->def->point, COND_FAULT, code_stuck);
	}
}

enum contact_state
grants_state(const struct grants *all, uint16_t grant, int64_t *earliest_ms)
{
	const struct grant_run *g = &all->runs[grant];
	*earliest_ms = g->earliest_ms;
	return g->counts;
}
