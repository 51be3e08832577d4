// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// One alarm's life: core's table applied to a record, and what follows from each step:
// the event, the stored row, the sound, the ladder. Part of the engine; on the loop.
//
// The invariant: every change of a record is one event and one row in the same unit of
// work, so that a restart finds what the operator saw.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatters.h"
#include "core/condition.h"
#include "effects.h"
#include "engine_impl.h"
#include "flags.h"
#include "lib/buf.h"
#include "lib/mem.h"
#include "repeats.h"
#include "resets.h"
#include "suppressions.h"

// ---- describing -----------------------------------------------------------------

void
engine_describe_point(const struct point *p, struct event *ev)
{
	(void)str_copy(ev->point, sizeof(ev->point), p->id);
	(void)str_copy(ev->place_zh, sizeof(ev->place_zh), p->place_zh);
	(void)str_copy(ev->place_en, sizeof(ev->place_en), p->place_en);
}

void
engine_describe(const struct alarm_record *r, struct event *ev)
{
	engine_describe_point(r->point, ev);
	ev->condition = (int)r->a.condition;
	(void)str_copy(ev->code, sizeof(ev->code), r->code);
	(void)str_copy(ev->occurrence_id, sizeof(ev->occurrence_id), r->occurrence);
	(void)str_copy(ev->incident_id, sizeof(ev->incident_id), r->incident);
	ev->alarm_class = (int)r->alarm_class;
}

void
engine_alarm_row(
    const struct engine *e, const struct alarm_record *r, struct alarm_row *row)
{
	*row = (struct alarm_row){
		.close = r->a.state == ALARM_NORMAL,
		.condition = r->a.condition,
		.alarm_class = r->alarm_class,
		.state = r->a.state,
		.cause = r->a.cause,
		.latch = r->a.latch,
		.flags = r->a.flags,
		.test_onset = r->a.test_onset,
		.occurrences = r->occurrences,
		.raised_utc_ms = r->raised_utc_ms,
		.first_utc_ms = r->first_utc_ms,
		.acknowledged_utc_ms = r->acknowledged_utc_ms,
		.ladder_next = r->climb.next_step,
		.ladder_rounds = r->climb.rounds,
		.value = r->value,
		.onset_seq = r->seq,
	};
	(void)str_copy(row->point, sizeof(row->point), r->point->id);
	(void)str_copy(row->code, sizeof(row->code), r->code);
	(void)str_copy(row->occurrence_id, sizeof(row->occurrence_id), r->occurrence);
	(void)str_copy(row->incident_id, sizeof(row->incident_id), r->incident);
	(void)str_copy(
	    row->acknowledged_by, sizeof(row->acknowledged_by), r->acknowledged_by);
	if (r->ladder != NULL) {
		(void)str_copy(row->ladder, sizeof(row->ladder), r->ladder->id);
		row->ladder_onset_utc_ms =
		    loop_utc_ms(e->loop) - (loop_now_ms(e->loop) - r->climb.onset_ms);
	}
	if (r->point_index < e->site->n_points)
		row->quality = (int)e->points[r->point_index].state.quality;
	else
		row->quality = (int)QUALITY_UNKNOWN;
}

// ---- after a change ---------------------------------------------------------------

void
transition_update_sound(struct engine *e)
{
	enum alarm_voice heard = e->voices[VOICE_ALARM] > 0  ? VOICE_ALARM
				 : e->voices[VOICE_TEST] > 0 ? VOICE_TEST
							     : VOICE_NONE;
	if (e->silenced)
		heard = VOICE_NONE;
	if (heard == e->heard)
		return;
	e->heard = heard;
	e->host.sound(e->host.ctx, heard == VOICE_ALARM);
}

static void
count_sound(struct engine *e, enum alarm_voice before, enum alarm_voice after)
{
	e->voices[before]--; // of VOICE_NONE nobody asks
	e->voices[after]++;
	if (!engine_has_voice(e))
		e->silenced = false;
	transition_update_sound(e);
}

// Stores and shows the record; removes it when it is normal again.
void
transition_settle(struct engine *e, struct alarm_record *r, enum alarm_voice before)
{
	bool closed = r->a.state == ALARM_NORMAL;
	struct alarm_row row;
	engine_alarm_row(e, r, &row);
	works_alarm(e->works, &row);
	count_sound(e, before, closed ? VOICE_NONE : alarm_voice(&r->a));
	e->host.alarm(e->host.ctx, r, closed);
	effects_alarm(e->effects, r);
	if (!closed)
		return;
	wr_assert(r->chatter == NULL);
	engine_decide_alarm(e, r, DECISION_CLOSED);
	struct event ev;
	event_init(&ev, EVENT_ALARM_CLOSE);
	engine_describe(r, &ev);
	(void)works_event(e->works, &ev);
	e->host.answered(e->host.ctx, r);
	if (r->alarm_class == CLASS_FIRE)
		incident_close(
		    &e->incidents, r->a.test_onset, r->incident, loop_now_ms(e->loop));
	alarms_remove(e->alarms, r);
}

void
engine_put_facts(struct event *ev, const struct facts *f)
{
	ev->time_utc_ms = f->t_utc_ms;
	ev->mono_ms = f->t_mono_ms;
	ev->value = f->value;
	ev->quality = (int)f->quality;
	ev->not_before_utc_ms = f->not_before_utc_ms;
	ev->device_time_ms = f->device_time_ms;
}

void
engine_put_params(struct event *ev, struct buf *b)
{
	json_close(b, '}');
	wr_assert(b->len < sizeof(ev->params));
	memcpy(ev->params, b->data, b->len + 1);
	buf_free(b);
}

static void
put_finding(struct buf *b, const struct finding_facts *f)
{
	if (f == NULL)
		return;
	json_double(b, "measured", f->measured);
	json_double(b, "allowed", f->allowed);
	json_str(b, "unit", f->unit);
	json_time(b, "since", f->since_utc_ms);
}

static void
put_effect(struct event *ev, struct buf *b, const struct missed_effect *f)
{
	if (f == NULL)
		return;
	json_raw(b, "effect", f->json);
	ev->cause_seq = f->cause_seq;
}

// ---- onset ------------------------------------------------------------------------

static struct alarm_record *
new_record(struct engine *e, uint32_t point, enum condition c, const char *code)
{
	const struct point *p = &e->site->points[point];
	struct alarm_record *r = alarms_add(e->alarms, p, point, c, code);
	bool own =
	    c == point_kind_condition(p->kind); // what the point is there to tell
	r->a.state = ALARM_NORMAL;
	r->a.latch = alarm_latch_for(c, own && p->kind == KIND_PANIC,
	    c == COND_FIRE || own ? p->latch : LATCH_NONE);
	r->a.panic = own && p->kind == KIND_PANIC;
	r->a.silent = own && p->silent;
	r->alarm_class = point_class(p, c);
	r->a.called_fire = c != COND_FIRE && r->alarm_class == CLASS_FIRE;
	r->value = NAN;
	return r;
}

// Whether the link of a device is lost behind its bus.
static bool
behind_dead_bus(const struct engine *e, uint32_t point)
{
	if (point < e->site->n_site_points)
		return false;
	const struct builtin *b = &e->builtins[point - e->site->n_site_points];
	if (b->kind != BUILTIN_DEVICE)
		return false;
	uint32_t bus_point = e->site->buses[e->site->devices[b->index].bus].link_point;
	return engine_link_lost(e, bus_point);
}

// The flags of a new occurrence: what people have set, and what rules have.
static uint8_t
flags_at_onset(const struct engine *e, const struct alarm_record *r)
{
	unsigned mask = flags_over(e->flags, r->point_index, r->a.condition, r->code);
	if (behind_dead_bus(e, r->point_index) ||
	    suppressions_over(e->suppressions, r->point_index, r->a.condition, r->code))
		mask |= FLAG_SUPPRESSED;
	return (uint8_t)mask;
}

static void
new_occurrence(struct engine *e, struct alarm_record *r, const struct facts *f)
{
	char id[MINT_MAX];
	works_mint(e->works, id);
	alarms_rename(e->alarms, r, id);
	bool fresh = r->occurrences == 0;
	r->occurrences++;
	r->raised_utc_ms = f->t_utc_ms;
	if (fresh)
		r->first_utc_ms = f->t_utc_ms;
	r->not_before_utc_ms = f->not_before_utc_ms;
	r->device_time_ms = f->device_time_ms;
	r->value = f->value;
	r->seq = 0;
	r->acknowledged_utc_ms = 0;
	r->acknowledged_by[0] = '\0';
	r->verdict = VERDICT_NONE;
	const struct incident_facts facts = {
		.alarm_class = r->alarm_class,
		.test = r->a.test_onset,
		.device =
		    r->point->device == INDEX_NONE ? UINT32_MAX : r->point->device,
		.now_ms = loop_now_ms(e->loop),
		.own = r->incident,
		.fresh = r->occurrence,
	};
	struct incident_choice c = incident_join(&e->incidents, &facts);
	// What did not follow a fire belongs to it.
	if (f->effect != NULL && f->effect->incident[0] != '\0' &&
	    r->alarm_class != CLASS_FIRE) {
		(void)str_copy(r->incident, sizeof(r->incident), f->effect->incident);
		return;
	}
	memcpy(r->incident, c.id, sizeof(r->incident));
	r->first_out = c.first_out || (r->first_out && !fresh);
}

// Info asks nothing of anybody: such an alarm stands acknowledged from its onset.
static bool
owes_nothing(const struct alarm_record *r)
{
	return r->alarm_class == CLASS_INFO;
}

// A ladder may start.
static void
tell_people(struct engine *e, struct alarm_record *r, const struct event *ev)
{
	e->host.raised(e->host.ctx, r, ev);
	if (r->ladder != NULL)
		engine_decide(e, r->point_index, DECISION_LADDER, r->a.condition,
		    r->ladder->id, NAN);
	else
		engine_decide_alarm(e, r, DECISION_NO_LADDER);
}

static void
onset(struct engine *e, struct alarm_record *r, const struct facts *f,
    enum alarm_voice before)
{
	new_occurrence(e, r, f);
	if (owes_nothing(r))
		(void)alarm_apply(&r->a, ALARM_EV_ACKNOWLEDGE, true);
	struct event ev;
	event_init(&ev, EVENT_ALARM_ONSET);
	engine_describe(r, &ev);
	engine_put_facts(&ev, f);
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	json_int(&b, "occurrences", r->occurrences);
	if (r->first_out)
		json_bool(&b, "first_out", true);
	if (f->found_after_gap)
		json_bool(&b, "found_after_gap", true);
	if (r->a.test_onset)
		json_bool(&b, "test", true);
	if (f->raw != 0)
		json_int(&b, "raw", f->raw);
	put_finding(&b, f->finding);
	put_effect(&ev, &b, f->effect);
	engine_put_params(&ev, &b);
	(void)works_event(e->works, &ev);
	r->onset_n = works_stream(e->works);
	gauge_windows_alarm(e, r);

	// A silent one ends no silence: who stands at the button would hear it. A test
	// does not bring back the sound of what is none.
	enum alarm_voice voice = alarm_voice(&r->a);
	if (voice == VOICE_ALARM ||
	    (voice == VOICE_TEST && e->voices[VOICE_ALARM] == 0))
		e->silenced = false;
	bool owed = r->a.state == ALARM_UNACKNOWLEDGED && !alarm_hidden(&r->a);
	engine_decide_onset(e, r);
	if (owed)
		tell_people(e, r, &ev);
	transition_settle(e, r, before);
}

static void
began(struct engine *e, uint32_t point, enum condition c, const char *code,
    const struct facts *f)
{
	const char *id = e->site->points[point].id;
	struct alarm_record *r = alarms_find(e->alarms, id, c, code);
	if (r == NULL) {
		r = new_record(e, point, c, code);
		r->a.flags = flags_at_onset(e, r);
	}
	enum alarm_voice before = alarm_voice(&r->a);
	struct alarm_step step = alarm_apply(&r->a, ALARM_EV_TRUE, true);
	if (!step.new_occurrence)
		return;
	uint16_t device = r->point->device;
	if (c == COND_FIRE && device != INDEX_NONE)
		e->device_fires[device]++;
	onset(e, r, f, before);
	chatters_onset(e, r);
	repeats_onset(e, r);
}

// ---- clear ------------------------------------------------------------------------

// All fires of a panel went in one scan: somebody reset it (alarm-table note 1).
static void
panel_reset_seen(struct engine *e, const struct point *p, const struct facts *f)
{
	const struct device *d = &e->site->devices[p->device];
	const struct point *built_in = &e->site->points[d->link_point];
	struct event ev;
	event_init(&ev, EVENT_PANEL_RESET);
	engine_describe_point(built_in, &ev);
	engine_put_facts(&ev, f);
	ev.value = NAN;
	(void)str_copy(ev.params, sizeof(ev.params), "{\"inferred\":true}");
	(void)works_event(e->works, &ev);
	resets_note(e, p->device);
}

static void
ended(struct engine *e, struct alarm_record *r, const struct facts *f)
{
	const struct point *p = r->point;
	bool panel_fire = r->a.condition == COND_FIRE && p->device != INDEX_NONE;
	bool panel_latch = r->a.latch == LATCH_PANEL;
	enum alarm_voice before = alarm_voice(&r->a);
	(void)alarm_apply(&r->a, ALARM_EV_CLEAR, true);

	struct event ev;
	event_init(&ev, EVENT_ALARM_CLEAR);
	engine_describe(r, &ev);
	engine_put_facts(&ev, f);
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	json_str(&b, "state", alarm_state_name(r->a.state));
	if (r->a.cause != CAUSE_NONE)
		json_str(&b, "cause", alarm_cause_name(r->a.cause));
	if (f->found_after_gap)
		json_bool(&b, "found_after_gap", true);
	if (r->a.test_onset)
		json_bool(&b, "test", true);
	put_finding(&b, f->finding);
	put_effect(&ev, &b, f->effect);
	engine_put_params(&ev, &b);
	(void)works_event(e->works, &ev);
	engine_decide(
	    e, r->point_index, DECISION_CLEARED, r->a.condition, r->code, f->value);
	gauge_windows_alarm(e, r);
	transition_settle(e, r, before);

	if (panel_fire && e->device_fires[p->device] > 0 &&
	    --e->device_fires[p->device] == 0 && panel_latch)
		panel_reset_seen(e, p, f);
}

// In the regime `acknowledge: panel` the panel's own acknowledgement acts as one here.
static void
panel_acknowledged(struct engine *e, uint32_t point)
{
	const struct point *p = &e->site->points[point];
	if (!e->site->acknowledge_panel || p->device == INDEX_NONE)
		return;
	char actor[ID_MAX + 8];
	(void)snprintf(
	    actor, sizeof(actor), "panel:%s", e->site->devices[p->device].id);
	struct alarm_record *r = alarms_of_point(e->alarms, point);
	while (r != NULL) {
		struct alarm_record *next = r->next_of_point;
		if (alarm_owed(&r->a))
			(void)engine_acknowledge(e, r->occurrence, actor);
		r = next;
	}
}

void
transition_condition(struct engine *e, uint32_t point, enum condition c,
    const char *code, bool active, const struct facts *f)
{
	struct alarm_record *r =
	    alarms_find(e->alarms, e->site->points[point].id, c, code);
	bool standing = r != NULL && (r->a.state == ALARM_UNACKNOWLEDGED ||
					 r->a.state == ALARM_ACKNOWLEDGED);
	if (standing && r->chatter != NULL)
		chatters_told(e, r, active, f);
	else if (active && !standing)
		began(e, point, c, code, f);
	else if (!active && standing)
		ended(e, r, f);
	if (active && !standing && c == COND_INFO &&
	    strcmp(code, "panel-acknowledged") == 0)
		panel_acknowledged(e, point);
}

// ---- flags, withdrawal, re-alarm
// ------------------------------------------------------

// An answer is owed again: whoever gave the last one has not given this one.
static void
raise_again(struct engine *e, struct alarm_record *r, enum event_kind kind,
    const char *why, enum alarm_voice before)
{
	r->acknowledged_utc_ms = 0;
	r->acknowledged_by[0] = '\0';
	struct event ev;
	event_init(&ev, kind);
	engine_describe(r, &ev);
	(void)snprintf(ev.params, sizeof(ev.params), "{\"reason\":\"%s\"}", why);
	(void)works_event(e->works, &ev);
	if (alarm_sounds(&r->a))
		e->silenced = false;
	// The ladder runs wherever an answer is owed, whatever made no sound.
	engine_decide(
	    e, r->point_index, DECISION_REALARM, r->a.condition, why, r->value);
	if (alarm_owed(&r->a) && !alarm_hidden(&r->a))
		tell_people(e, r, &ev);
	transition_settle(e, r, before);
}

// The last flag that hid it is off: the operator must see it again.
static void
unhide(
    struct engine *e, struct alarm_record *r, const char *why, enum alarm_voice before)
{
	bool was_test = r->a.test_onset;
	if (!owes_nothing(r))
		(void)alarm_apply(&r->a, ALARM_EV_UNHIDE, true);
	bool still_test = r->a.condition == COND_FIRE && r->a.test_onset;
	if (!alarm_owed(&r->a) || still_test) {
		transition_settle(e, r, before);
		return;
	}
	if (r->a.condition == COND_FIRE && was_test)
		incident_test_ended(&e->incidents, r->incident);
	r->acknowledged_utc_ms = 0;
	r->acknowledged_by[0] = '\0';
	raise_again(e, r, EVENT_ALARM_REALARM, why, before);
}

void
transition_flag(struct engine *e, struct alarm_record *r, enum alarm_flag flag, bool on)
{
	bool is_on = (r->a.flags & flag) != 0;
	if (is_on == on)
		return;
	enum alarm_voice before = alarm_voice(&r->a);
	bool was_hidden = alarm_hidden(&r->a);
	if (on)
		r->a.flags = (uint8_t)(r->a.flags | (unsigned)flag);
	else
		r->a.flags = (uint8_t)(r->a.flags & ~(unsigned)flag);
	bool hidden = alarm_hidden(&r->a);
	engine_decide_flag(e, r, flag, on);
	if (hidden && !was_hidden)
		e->host.answered(e->host.ctx, r);
	if (was_hidden && !hidden)
		unhide(
		    e, r, flag == FLAG_TEST_MODE ? "test_ended" : "unhidden", before);
	else
		transition_settle(e, r, before);
}

void
transition_realarm(struct engine *e, struct alarm_record *r)
{
	enum alarm_voice before = alarm_voice(&r->a);
	if (owes_nothing(r))
		return;
	if (alarm_apply(&r->a, ALARM_EV_REALARM, true).verdict != ALARM_MOVED)
		return;
	raise_again(e, r, EVENT_ALARM_REALARM, "realarm", before);
}

void
transition_withdraw(struct engine *e, struct alarm_record *r)
{
	enum alarm_voice before = alarm_voice(&r->a);
	chatters_drop(e, r, "withdrawn");
	if (alarm_apply(&r->a, ALARM_EV_WITHDRAWN, true).verdict != ALARM_MOVED)
		return;
	struct event ev;
	event_init(&ev, EVENT_ALARM_CLEAR);
	engine_describe(r, &ev);
	(void)snprintf(ev.params, sizeof(ev.params),
	    "{\"state\":\"%s\",\"cause\":\"withdrawn\"}", alarm_state_name(r->a.state));
	(void)works_event(e->works, &ev);
	engine_decide_alarm(e, r, DECISION_WITHDRAWN);
	transition_settle(e, r, before);
}

void
transition_count_recovered(struct engine *e, struct alarm_record *r)
{
	e->voices[alarm_voice(&r->a)]++;
	bool standing =
	    r->a.state == ALARM_UNACKNOWLEDGED || r->a.state == ALARM_ACKNOWLEDGED;
	if (standing && r->a.condition == COND_FIRE && r->point->device != INDEX_NONE)
		e->device_fires[r->point->device]++;
	if (r->alarm_class == CLASS_FIRE)
		incident_restore(&e->incidents, r->a.test_onset, r->incident);
	transition_update_sound(e);
}
