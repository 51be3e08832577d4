// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See deadman.h. A contact answers by closing: one that is held, or taped, or that was
// closed when it was first seen, answers nothing.
#include "deadman.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_impl.h"
#include "lib/mem.h"
#include "local_time.h"

static const char code_missed[] = "no-answer";
static const char key_alive[] = META_RULE "deadman"; // UTC, for a restart

struct answer_run {
	struct deadman_watch *watch;
	enum contact_state contact;
};

struct deadman_watch {
	struct engine *engine;
	const struct deadman_def *def;
	struct local_time *local;
	struct deadman state;
	int64_t kept_ms; // alive_ms, as it is kept
	struct answer_run answers[DEADMAN_POINTS_MAX];
	struct loop_timer due; // at least once a minute: day and night change
};

static const struct point *
point_of(const struct deadman_watch *w)
{
	return &w->engine->site->points[w->engine->site->deadman_point];
}

static bool
is_night(const struct deadman_watch *w)
{
	int64_t utc_ms = loop_utc_ms(w->engine->loop);
	return schedule_covers(
	    &w->def->night, schedule_minute(local_time_s(w->local, utc_ms)));
}

static void
tell(const struct deadman_watch *w, bool missed)
{
	struct engine *e = w->engine;
	struct facts now = engine_facts_now(e);
	engine_set_quality(e, e->site->deadman_point, QUALITY_GOOD, now.t_utc_ms);
	engine_feed(
	    e, e->site->deadman_point, COND_SECURITY, code_missed, missed, &now);
	e->host.asked(e->host.ctx);
}

static void
write_ask(const struct deadman_watch *w, bool taken_back)
{
	struct event ev;
	event_init(&ev, EVENT_DEADMAN_ASK);
	engine_describe_point(point_of(w), &ev);
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	json_int(&b, "answer_within_s", (int64_t)w->def->rule.answer_ms / 1000);
	json_bool(&b, "taken_back", taken_back);
	engine_put_params(&ev, &b);
	(void)works_event(w->engine->works, &ev);
}

static void
keep(struct deadman_watch *w)
{
	const struct loop *loop = w->engine->loop;
	char value[META_VALUE_MAX];
	if (w->state.alive_ms == w->kept_ms)
		return;
	w->kept_ms = w->state.alive_ms;
	deadman_draw(&w->state, &w->def->rule, randombytes_random());
	(void)snprintf(value, sizeof(value), "%lld",
	    (long long)(loop_utc_ms(loop) - loop_now_ms(loop) + w->kept_ms));
	works_meta(w->engine->works, key_alive, value);
}

static void
update(struct deadman_watch *w)
{
	struct loop *loop = w->engine->loop;
	int64_t now = loop_now_ms(loop);
	bool night = is_night(w);
	enum deadman_step step = deadman_feed(&w->state, &w->def->rule, night, now);
	if (step == DEADMAN_ASK || step == DEADMAN_TAKE_BACK)
		write_ask(w, step == DEADMAN_TAKE_BACK);
	if (step != DEADMAN_NOTHING)
		tell(w, w->state.missed);
	keep(w);
	int64_t due = deadman_due(&w->state, &w->def->rule, night);
	int64_t minute = now + MINUTE_MS - loop_utc_ms(loop) % MINUTE_MS;
	loop_timer_at(loop, &w->due, due >= 0 && due < minute ? due : minute);
}

static void
on_due(void *arg)
{
	update(arg);
}

bool
deadman_watch_alive(struct deadman_watch *w, const char *actor, const char *how)
{
	int64_t took;
	if (w == NULL)
		return false;
	if (!deadman_alive(&w->state, loop_now_ms(w->engine->loop), &took)) {
		update(w);
		return false;
	}
	struct event ev;
	event_init(&ev, EVENT_DEADMAN_ANSWER);
	engine_describe_point(point_of(w), &ev);
	(void)str_copy(ev.actor, sizeof(ev.actor), actor);
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	json_double(&b, "seconds", (double)took / 1000.0);
	json_str(&b, "by", how);
	engine_put_params(&ev, &b);
	(void)works_event(w->engine->works, &ev);
	tell(w, false);
	update(w);
	return true;
}

// ---- contacts
// -------------------------------------------------------------------------

static void
answer_level(void *arg, uint32_t point, const struct sample *s, const struct facts *f)
{
	struct answer_run *a = arg;
	const struct point *p = &a->watch->engine->site->points[point];
	enum contact_state before = a->contact;
	(void)f;
	a->contact = CONTACT_UNKNOWN;
	if (s != NULL)
		a->contact = point_active(p, s->value) ? CONTACT_ACTIVE : CONTACT_IDLE;
	if (before == CONTACT_IDLE && a->contact == CONTACT_ACTIVE)
		(void)deadman_watch_alive(a->watch, p->id, "point");
}

// A press is an answer and no condition.
static void
answer_list(const void *arg, struct condition_list *out)
{
	(void)arg;
	(void)out;
}

static void
answer_json(const void *arg, struct buf *out)
{
	(void)arg;
	(void)out;
}

static const struct meaning answer_meaning = { answer_level, answer_list, answer_json };

// ---- life
// -------------------------------------------------------------------------------

struct deadman_watch *
deadman_watch_new(struct engine *e)
{
	const struct deadman_def *def = e->site->deadman;
	if (def == NULL || e->host.asked == NULL)
		return NULL;
	struct deadman_watch *w = xcalloc(1, sizeof(*w));
	w->engine = e;
	w->def = def;
	w->local = local_time_new(e->site->time_zone);
	for (unsigned i = 0; i < def->n_points; i++) {
		w->answers[i].watch = w;
		engine_give_meaning(e, def->points[i], &answer_meaning, &w->answers[i]);
	}
	loop_timer_init(&w->due, on_due, w);
	return w;
}

void
deadman_watch_free(struct deadman_watch *w)
{
	if (w == NULL)
		return;
	loop_timer_stop(w->engine->loop, &w->due);
	local_time_free(w->local);
	free(w);
}

static int64_t
alive_before(const struct deadman_watch *w, const struct recovered *r)
{
	const struct loop *loop = w->engine->loop;
	int64_t now = loop_now_ms(loop);
	for (size_t k = 0; k < r->n_metas; k++) {
		if (strcmp(r->metas[k].key, key_alive) != 0)
			continue;
		int64_t age = loop_utc_ms(loop) - strtoll(r->metas[k].value, NULL, 10);
		return age > 0 ? now - age : now;
	}
	return now;
}

void
deadman_watch_recover(struct deadman_watch *w, const struct recovered *r)
{
	if (w == NULL)
		return;
	struct engine *e = w->engine;
	bool missed =
	    engine_stands(e, e->site->deadman_point, COND_SECURITY, code_missed);
	deadman_start(&w->state, missed, alive_before(w, r), loop_now_ms(e->loop));
	w->kept_ms = -1;
	engine_set_quality(
	    e, e->site->deadman_point, QUALITY_GOOD, loop_utc_ms(e->loop));
	loop_timer_at(e->loop, &w->due, loop_now_ms(e->loop)); // once all is there
}

void
deadman_watch_json(const struct deadman_watch *w, struct buf *out)
{
	if (w == NULL) {
		json_none(out, "deadman");
		return;
	}
	const struct loop *loop = w->engine->loop;
	int64_t utc_of_mono = loop_utc_ms(loop) - loop_now_ms(loop);
	int64_t due = deadman_due(&w->state, &w->def->rule, is_night(w));
	json_open(out, "deadman", '{');
	json_time(out, "asked", w->state.asked ? utc_of_mono + w->state.asked_ms : 0);
	json_time(out, "until",
	    w->state.asked ? utc_of_mono + w->state.asked_ms + w->def->rule.answer_ms
			   : 0);
	json_bool(out, "missed", w->state.missed);
	// Where chance decides, nobody shall know before.
	bool told = w->def->rule.spread_ms == 0 && !w->state.asked && due >= 0;
	json_time(out, "next", told ? utc_of_mono + due : 0);
	json_close(out, '}');
}
