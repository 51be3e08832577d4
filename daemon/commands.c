// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What people ask of the engine: acknowledge, note, reset, silence; and what a restart
// asks of it. Part of the engine; runs on the loop. Each command is an event with its
// actor, whether or not it moved a state.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatters.h"
#include "core/own_code.h"
#include "core/trend.h"
#include "deadman.h"
#include "doors.h"
#include "effects.h"
#include "engine_impl.h"
#include "fire_doors.h"
#include "flags.h"
#include "isolations.h"
#include "lib/buf.h"
#include "lib/mem.h"
#include "loops.h"
#include "patrols.h"
#include "pumps.h"
#include "repeats.h"
#include "resets.h"
#include "shelves.h"
#include "suppressions.h"
#include "test_mode.h"

// ---- acknowledge ------------------------------------------------------------------

static void
write_acknowledge(struct engine *e, enum event_kind kind, const struct alarm_record *r,
    const char *actor)
{
	struct event ev;
	event_init(&ev, kind);
	engine_describe(r, &ev);
	(void)str_copy(ev.actor, sizeof(ev.actor), actor);
	ev.cause_seq = r->seq;
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	json_str(&b, "state", alarm_state_name(r->a.state));
	json_double(
	    &b, "seconds", (double)(loop_utc_ms(e->loop) - r->raised_utc_ms) / 1000.0);
	if (r->a.test_onset)
		json_bool(&b, "test", true);
	engine_put_params(&ev, &b);
	(void)works_event(e->works, &ev);
}

enum engine_answer
engine_acknowledge(struct engine *e, const char *occurrence, const char *actor)
{
	struct alarm_record *r = alarms_by_occurrence(e->alarms, occurrence);
	if (r == NULL)
		return alarms_superseded(e->alarms, occurrence)
			   ? ENGINE_NEWER_OCCURRENCE
			   : ENGINE_NOT_FOUND;
	enum alarm_voice before = alarm_voice(&r->a);
	struct alarm_step step = alarm_apply(&r->a, ALARM_EV_ACKNOWLEDGE, true);
	if (step.verdict == ALARM_REFUSED)
		return ENGINE_REFUSED;
	if (step.verdict != ALARM_MOVED) { // repeated, or hidden
		write_acknowledge(e, EVENT_ALARM_SEEN, r, actor);
		return ENGINE_OK;
	}
	r->acknowledged_utc_ms = loop_utc_ms(e->loop);
	r->acknowledged_mono_ms = loop_now_ms(e->loop);
	(void)str_copy(r->acknowledged_by, sizeof(r->acknowledged_by), actor);
	write_acknowledge(e, EVENT_ALARM_ACKNOWLEDGE, r, actor);
	engine_decide_alarm(e, r, DECISION_ACKNOWLEDGED);
	if (r->a.state != ALARM_NORMAL)
		e->host.answered(e->host.ctx, r);
	transition_settle(e, r, before);
	return ENGINE_OK;
}

enum engine_answer
engine_note(
    struct engine *e, const char *occurrence, const char *actor, const char *text)
{
	struct alarm_record *r = alarms_by_occurrence(e->alarms, occurrence);
	if (r == NULL)
		return ENGINE_NOT_FOUND;
	struct event ev;
	event_init(&ev, EVENT_ALARM_NOTE);
	engine_describe(r, &ev);
	(void)str_copy(ev.actor, sizeof(ev.actor), actor);
	ev.cause_seq = r->seq;
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	json_str(&b, "note", text);
	if (b.len + 2 > sizeof(ev.params)) {
		buf_free(&b);
		return ENGINE_REFUSED;
	}
	engine_put_params(&ev, &b);
	(void)works_event(e->works, &ev);
	return ENGINE_OK;
}

void
engine_word(struct engine *e, const struct event *word, const char *verdict)
{
	struct event copy = *word;
	(void)works_event(e->works, &copy);
	struct alarm_record *r = alarms_by_occurrence(e->alarms, word->occurrence_id);
	if (word->kind != EVENT_ALARM_VERIFY || r == NULL ||
	    !verdict_from_name(verdict, &r->verdict))
		return;
	e->host.alarm(e->host.ctx, r, false);
}

enum engine_answer
engine_reset(struct engine *e, uint32_t point, const char *actor, const char **reason)
{
	bool good = e->points[point].state.quality == QUALITY_GOOD;
	enum engine_answer answer = ENGINE_NOT_FOUND;
	*reason = NULL;
	struct alarm_record *r = alarms_of_point(e->alarms, point);
	while (r != NULL) {
		struct alarm_record *next = r->next_of_point;
		enum alarm_voice before = alarm_voice(&r->a);
		struct alarm_step step = alarm_apply(&r->a, ALARM_EV_OWN_RESET, good);
		struct event ev;
		event_init(&ev, EVENT_ALARM_RESET);
		engine_describe(r, &ev);
		(void)str_copy(ev.actor, sizeof(ev.actor), actor);
		bool refused = step.verdict != ALARM_MOVED;
		(void)snprintf(ev.params, sizeof(ev.params), "{\"refused\":%s%s%s%s}",
		    refused ? "true" : "false", step.reason ? ",\"reason\":\"" : "",
		    step.reason ? step.reason : "", step.reason ? "\"" : "");
		(void)works_event(e->works, &ev);
		if (refused) {
			if (answer != ENGINE_OK)
				answer = ENGINE_REFUSED;
			*reason = step.reason;
		} else {
			answer = ENGINE_OK;
			transition_settle(e, r, before);
		}
		r = next;
	}
	return answer;
}

// ---- flags --------------------------------------------------------------------------

enum engine_answer
engine_flag(struct engine *e, const struct flag_order *order, const char **reason)
{
	*reason = NULL;
	switch (order->flag) {
	case FLAG_SHELVED:
		return shelves_order(e, order, reason);
	case FLAG_ISOLATED:
		return isolations_order(e, order, reason);
	case FLAG_TEST_MODE:
		return test_mode_order(e, order, reason);
	case FLAG_SUPPRESSED:
		break; // a rule's, and no person's
	}
	return ENGINE_NOT_FOUND;
}

uint32_t
engine_flag_page(const struct engine *e, enum alarm_flag flag, uint32_t from,
    unsigned limit, struct buf *out)
{
	switch (flag) {
	case FLAG_SHELVED:
		return shelves_page(e, from, limit, out);
	case FLAG_ISOLATED:
		return isolations_page(e, from, limit, out);
	case FLAG_TEST_MODE:
		return test_mode_page(e, from, limit, out);
	case FLAG_SUPPRESSED:
		break;
	}
	return UINT32_MAX;
}

// ---- rules of points ----------------------------------------------------------------

enum engine_answer
engine_bypass(struct engine *e, uint32_t point, const struct bypass_order *order)
{
	return doors_bypass(e->doors, point, order);
}

enum engine_answer
engine_bypass_end(
    struct engine *e, uint32_t point, const char *actor, const char **reason)
{
	return doors_bypass_end(e->doors, point, actor, reason);
}

enum engine_answer
engine_alive(struct engine *e, const char *actor, const char **reason)
{
	*reason = "not_asked";
	return deadman_watch_alive(e->deadman, actor, "console") ? ENGINE_OK
								 : ENGINE_REFUSED;
}

void
engine_present(struct engine *e, const char *actor)
{
	(void)deadman_watch_alive(e->deadman, actor, "alarm");
}

void
engine_rules_json(const struct engine *e, struct buf *out)
{
	deadman_watch_json(e->deadman, out);
	test_mode_summary(e, out);
}

void
engine_patrol_json(const struct engine *e, uint16_t patrol, struct buf *out)
{
	patrols_json(e->patrols, patrol, out);
}

void
engine_tell_rule(const struct engine *e, uint32_t point)
{
	if (e->host.point_rule != NULL)
		e->host.point_rule(e->host.ctx, point);
}

void
engine_tell_round(const struct engine *e, uint16_t patrol)
{
	if (e->host.round != NULL)
		e->host.round(e->host.ctx, patrol);
}

void
engine_point_json(const struct engine *e, uint32_t point, struct buf *out)
{
	const struct point_rules *rules = engine_rules(e, point);
	loops_json(e->loops, point, out);
	suppressions_json(e->suppressions, point, out);
	effects_json(e->effects, point, out);
	chatters_json(e, point, out);
	repeats_json(e, point, out);
	if (rules->meaning != NULL)
		rules->meaning->json(rules->meaning_arg, out);
}

struct effect_miss
engine_miss(const struct engine *e, const struct alarm_record *r)
{
	return effects_miss(e->effects, r);
}

void
engine_put_miss(const struct engine *e, const struct alarm_record *r, struct buf *out)
{
	struct effect_miss m = effects_miss(e->effects, r);

	if (m.rule == NULL)
		return;
	json_open(out, "effect", '{');
	effects_put_miss(&m, out);
	json_close(out, '}');
}

// ---- sound ------------------------------------------------------------------------

bool
engine_sound_on(const struct engine *e)
{
	return e->voices[VOICE_ALARM] > 0 && !e->silenced;
}

bool
engine_has_voice(const struct engine *e)
{
	return e->voices[VOICE_ALARM] > 0 || e->voices[VOICE_TEST] > 0;
}

bool
engine_silenced(const struct engine *e)
{
	return e->silenced;
}

void
engine_silence(struct engine *e, const char *actor)
{
	struct event ev;
	event_init(&ev, EVENT_SILENCE);
	(void)str_copy(ev.actor, sizeof(ev.actor), actor);
	(void)snprintf(
	    ev.params, sizeof(ev.params), "{\"sounding\":%u}", e->voices[VOICE_ALARM]);
	(void)works_event(e->works, &ev);
	if (!engine_has_voice(e))
		return;
	e->silenced = true;
	loop_timer_in(e->loop, &e->resound_timer, e->site->resound_ms);
	transition_update_sound(e);
}

// ---- durable ------------------------------------------------------------------------

void
engine_durable(struct engine *e, const struct event *onset)
{
	if (onset->kind != EVENT_ALARM_ONSET)
		return;
	struct alarm_record *r = alarms_by_occurrence(e->alarms, onset->occurrence_id);
	if (r == NULL)
		return;
	r->seq = onset->seq;
	e->host.alarm(e->host.ctx, r, false);
}

// ---- restart ------------------------------------------------------------------------

// A point that the site no longer has: the record keeps a point of its own.
static struct point *
missing_point(const char *id)
{
	size_t len = strlen(id) + 1;
	struct point *p = xcalloc(1, sizeof(*p) + len);
	char *copy = (char *)(p + 1);
	memcpy(copy, id, len);
	p->id = p->place_zh = p->place_en = copy;
	p->kind = KIND_SYSTEM;
	p->zone = p->device = p->gpio = INDEX_NONE;
	return p;
}

static const struct ladder *
ladder_named(const struct site *s, const char *id)
{
	for (uint16_t i = 0; i < s->n_ladders; i++) {
		if (strcmp(s->ladders[i].id, id) == 0)
			return &s->ladders[i];
	}
	return NULL;
}

// The monotonic time of something that happened in a run before. A wall clock that is
// behind it must put nothing off (I10).
static int64_t
mono_of(const struct engine *e, int64_t utc_ms)
{
	int64_t ago = loop_utc_ms(e->loop) - utc_ms;
	return loop_now_ms(e->loop) - (ago > 0 ? ago : 0);
}

static void
recover_fields(
    const struct engine *e, struct alarm_record *r, const struct alarm_row *row)
{
	r->a.state = row->state;
	r->a.cause = row->cause;
	r->a.latch = row->latch;
	r->a.flags = row->flags;
	r->a.test_onset = row->test_onset;
	bool own = row->condition == point_kind_condition(r->point->kind);
	r->a.panic = own && r->point->kind == KIND_PANIC;
	r->a.silent = own && r->point->silent;
	r->alarm_class = row->alarm_class;
	r->a.called_fire =
	    row->condition != COND_FIRE && row->alarm_class == CLASS_FIRE;
	(void)str_copy(r->incident, sizeof(r->incident), row->incident_id);
	r->occurrences = row->occurrences;
	r->first_out = row->first_out;
	r->verdict = row->verdict;
	r->raised_utc_ms = row->raised_utc_ms;
	r->first_utc_ms = row->first_utc_ms;
	r->acknowledged_utc_ms = row->acknowledged_utc_ms;
	r->acknowledged_mono_ms = mono_of(e, row->acknowledged_utc_ms);
	(void)str_copy(
	    r->acknowledged_by, sizeof(r->acknowledged_by), row->acknowledged_by);
	r->value = row->value;
	r->seq = row->onset_seq;
	r->ladder = ladder_named(e->site, row->ladder);
	r->climb.next_step = row->ladder_next;
	r->climb.rounds = row->ladder_rounds;
	r->climb.onset_ms = mono_of(e, row->ladder_onset_utc_ms);
}

// The limit or rule that raised it was taken out of the site: no value will ever clear
// it.
static bool
rule_is_gone(const struct engine *e, const struct alarm_record *r)
{
	const struct limit *limits = r->point->limits;
	const struct trend_rules *trend = r->point->trend;
	if (!own_code(r->a.condition, r->code))
		return false;
	if (strcmp(r->code, "no-effect") == 0)
		return !engine_rules(e, r->point_index)->expected;
	for (enum limit_kind k = 0; k < LIMIT_COUNT; k++) {
		if (strcmp(r->code, limit_name(k)) == 0)
			return limits == NULL || !limits[k].set;
	}
	for (enum trend t = 0; t < TREND_COUNT; t++) {
		if (strcmp(r->code, trend_name(t)) == 0)
			return trend == NULL || trend_ms(trend, t) == 0;
	}
	if (strcmp(r->code, hand_code) == 0)
		return r->point->hand == NULL;
	return false;
}

static void
recover_one(struct engine *e, const struct alarm_row *row, uint32_t index)
{
	struct point *missing = index == UINT32_MAX ? missing_point(row->point) : NULL;
	const struct point *p = missing != NULL ? missing : &e->site->points[index];
	struct alarm_record *r =
	    alarms_add(e->alarms, p, index, row->condition, row->code);
	r->withdrawn_point = missing;
	recover_fields(e, r, row);
	alarms_rename(e->alarms, r, row->occurrence_id);
	// Nothing is left that could take the flag off again.
	if (missing != NULL)
		r->a.flags &= (uint8_t)~FLAG_SUPPRESSED;
	transition_count_recovered(e, r);
	chatters_restore(e->chatters, r);
	if (missing != NULL || rule_is_gone(e, r))
		transition_withdraw(e, r);
}

void
engine_recover(struct engine *e, const struct recovered *r, int64_t down_since_utc_ms)
{
	bool known = down_since_utc_ms != ENGINE_SINCE_UNKNOWN;
	int64_t since_utc_ms = known ? down_since_utc_ms : loop_utc_ms(e->loop);
	e->down_since_utc_ms = down_since_utc_ms;
	for (uint32_t i = 0; i < e->site->n_points && down_since_utc_ms != 0; i++)
		e->points[i].state.unknown_since_utc_ms = since_utc_ms;
	struct point_names *names = point_names_new(e->site);
	chatters_load(e->chatters, r);
	for (size_t i = 0; i < r->n_alarms; i++)
		recover_one(
		    e, &r->alarms[i], point_names_find(names, r->alarms[i].point));
	chatters_recovered(e->chatters);
	repeats_recover(e->repeats, r, names);
	flags_recover(e->flags, r, names);
	suppressions_recover(e);
	effects_recover(e, r, names);
	point_names_free(names);
	doors_recover(e->doors, r);
	fire_doors_recover(e->fire_doors, r);
	pumps_recover(e->pumps, r);
	patrols_recover(e->patrols, r);
	deadman_watch_recover(e->deadman, r);
	resets_recover(e, r);
}
