// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Expected effects: what is told of them, in the journal, in `explain` and in the API.
// On the loop.
#include <math.h>
#include <string.h>

#include "effects_impl.h"
#include "lib/mem.h"

// ---- the journal --------------------------------------------------------------------

static const struct point *
point_of(const struct site *site, const struct effect_named *n)
{
	return n->index < site->n_points ? &site->points[n->index] : NULL;
}

static void
put_names(const char *key, const char *zh, const char *en, struct buf *out)
{
	json_open(out, key, '{');
	json_str(out, "zh", zh);
	json_str(out, "en", en);
	json_close(out, '}');
}

static void
put_cause(
    const struct site *site, const struct effect_named *n, bool words, struct buf *out)
{
	json_open(out, "cause", '{');
	json_str(out, "point", n->point);
	if (words) {
		const struct point *p = point_of(site, n);
		put_names("place", p != NULL ? p->place_zh : "",
		    p != NULL ? p->place_en : "", out);
	}
	json_str(out, "condition", condition_name(n->condition));
	json_str(out, "code", n->code[0] != '\0' ? n->code : NULL);
	json_str(out, "occurrence", n->occurrence);
	json_close(out, '}');
}

static enum event_kind
kind_of(enum effect_step step)
{
	return step == EFFECT_STEP_MISSED ? EVENT_EFFECT_MISSED
	       : step == EFFECT_STEP_OVER ? EVENT_EFFECT_OVER
					  : EVENT_EFFECT_SEEN;
}

// The number of its onset, if it became durable meanwhile.
static void
learn_seq(const struct engine *e, struct effect_named *n)
{
	const struct alarm_record *r = alarms_by_occurrence(e->alarms, n->occurrence);

	if (r != NULL)
		n->seq = r->seq;
}

static void
write_event(struct effect_run *run, enum effect_track_kind k, enum effect_step step)
{
	struct engine *e = run->effects->engine;
	struct effect_track *t = &run->tracks[k];
	const struct point_state *st = &e->points[run->def->point].state;
	struct event ev;
	struct buf b = { 0 };

	event_init(&ev, kind_of(step));
	engine_describe_point(&e->site->points[run->def->point], &ev);
	(void)str_copy(ev.occurrence_id, sizeof(ev.occurrence_id), t->named.occurrence);
	(void)str_copy(ev.incident_id, sizeof(ev.incident_id), t->named.incident);
	ev.cause_seq = t->named.seq;
	if (run->def->by == EFFECT_BY_VALUE)
		ev.value = st->value;
	ev.quality = (int)st->quality;
	json_open(&b, NULL, '{');
	json_str(&b, "rule", run->def->id);
	json_str(&b, "result", effect_step_name(step));
	if (step == EFFECT_STEP_MISSED)
		json_str(&b, "reason", effect_sight_name(t->why));
	if (t->delay_ms >= 0)
		json_int(&b, "delay_ms", t->delay_ms);
	if (t->delay_ms > 0 && t->effect.blind)
		json_bool(&b, "at_most", true);
	json_int(&b, "within_ms", run->def->within_ms);
	if (k == TRACK_TEST)
		json_bool(&b, "test", true);
	put_cause(e->site, &t->named, false, &b);
	engine_put_params(&ev, &b);
	(void)works_event(e->works, &ev);
}

void
effect_tell(struct effect_run *run, enum effect_track_kind k, enum effect_step step)
{
	struct engine *e = run->effects->engine;
	struct effect_track *t = &run->tracks[k];
	enum decision_kind decided =
	    step == EFFECT_STEP_BEGAN    ? DECISION_EFFECT_WAITS
	    : step == EFFECT_STEP_MISSED ? DECISION_EFFECT_MISSED
	    : step == EFFECT_STEP_OVER || step == EFFECT_STEP_ENDED
		? DECISION_EFFECT_OVER
		: DECISION_EFFECT_CAME;

	engine_decide(e, run->def->point, decided, COND_COUNT, run->def->id,
	    t->delay_ms >= 0 ? (double)t->delay_ms / 1000.0 : (double)NAN);
	learn_seq(e, &t->named);
	if (step == EFFECT_STEP_MISSED)
		learn_seq(e, &t->missed);
	// A wait that begins is told by the onset of its cause; what ends with its
	// cause by the end of its alarm.
	if (step != EFFECT_STEP_BEGAN && step != EFFECT_STEP_ENDED)
		write_event(run, k, step);
}

// ---- the alarm ----------------------------------------------------------------------

static bool
is_newer_miss(const struct effect_run *a, const struct effect_run *z)
{
	bool stands_a = a->tracks[TRACK_REAL].effect.state == EFFECT_MISSED;
	bool stands_z = z->tracks[TRACK_REAL].effect.state == EFFECT_MISSED;

	return stands_a != stands_z ? stands_a : a->missed_n > z->missed_n;
}

const struct effect_run *
effect_of_alarm(const struct effects *s, uint32_t point)
{
	const struct effect_run *best = NULL;

	for (uint16_t i = 0; i < s->n; i++) {
		const struct effect_run *run = &s->runs[i];
		if (run->def->point != point ||
		    run->tracks[TRACK_REAL].why == EFFECT_SIGHT_SEEN)
			continue;
		if (best == NULL || is_newer_miss(run, best))
			best = run;
	}
	return best;
}

struct effect_miss
effect_miss_of(const struct effect_run *run)
{
	const struct effect_track *t = &run->tracks[TRACK_REAL];
	const struct effect_named *n = &t->missed;
	const struct point *p = point_of(run->effects->engine->site, n);

	return (struct effect_miss){
		.rule = run->def->id,
		.message_zh = run->def->message_zh,
		.message_en = run->def->message_en,
		.reason = effect_sight_name(t->why),
		.within_ms = run->def->within_ms,
		.point = n->point,
		.place_zh = p != NULL ? p->place_zh : "",
		.place_en = p != NULL ? p->place_en : "",
		.condition = n->condition,
		.code = n->code,
		.occurrence = n->occurrence,
	};
}

struct effect_miss
effects_miss(const struct effects *s, const struct alarm_record *r)
{
	const struct effect_run *run = NULL;

	if (s != NULL && r->a.condition == COND_FAULT &&
	    strcmp(r->code, EFFECT_CODE) == 0)
		run = effect_of_alarm(s, r->point_index);
	return run != NULL ? effect_miss_of(run) : (struct effect_miss){ 0 };
}

void
effects_put_miss(const struct effect_miss *m, struct buf *out)
{
	json_str(out, "rule", m->rule);
	json_str(out, "reason", m->reason);
	json_int(out, "within_ms", m->within_ms);
	json_open(out, "cause", '{');
	json_str(out, "point", m->point);
	json_str(out, "condition", condition_name(m->condition));
	json_str(out, "code", m->code[0] != '\0' ? m->code : NULL);
	json_str(out, "occurrence", m->occurrence);
	json_close(out, '}');
}

// ---- the rules ----------------------------------------------------------------------

static void
put_trigger(const struct site *site, const struct effect_trigger *t, struct buf *out)
{
	json_open(out, NULL, '{');
	if (t->point != UINT32_MAX) {
		const struct point *p = &site->points[t->point];
		json_str(out, "point", p->id);
		put_names("place", p->place_zh, p->place_en, out);
	} else if (t->zone != INDEX_NONE) {
		json_str(out, "zone", site->zones[t->zone].id);
		put_names("place", site->zones[t->zone].name_zh,
		    site->zones[t->zone].name_en, out);
	}
	if (t->conditions == 0) {
		json_str(out, "class", class_name(t->alarm_class));
	} else {
		json_open(out, "conditions", '[');
		for (enum condition c = 0; c < COND_COUNT; c++)
			if ((t->conditions & 1U << c) != 0)
				json_str(out, NULL, condition_name(c));
		json_close(out, ']');
	}
	json_str(out, "code", t->code[0] != '\0' ? t->code : NULL);
	json_close(out, '}');
}

static void
put_triggers(const struct effects *s, const struct effect_def *d, struct buf *out)
{
	json_open(out, "causes", '[');
	for (uint16_t i = 0; i < d->n_causes; i++)
		put_trigger(s->engine->site, &d->causes[i], out);
	json_close(out, ']');
}

static void
put_track(const struct effect_run *run, enum effect_track_kind k, struct buf *out)
{
	const struct effect_track *t = &run->tracks[k];
	enum effect_state is = t->effect.state;
	int64_t due = t->since_utc_ms + (int64_t)run->def->within_ms;

	json_str(out, "state", effect_state_name(is));
	json_time(out, "since", is != EFFECT_IDLE ? t->since_utc_ms : 0);
	json_time(out, "due", is == EFFECT_WAITS ? due : 0);
	json_str(out, "reason",
	    is == EFFECT_MISSED ? effect_sight_name(t->effect.why) : NULL);
	if (is != EFFECT_IDLE)
		put_cause(run->effects->engine->site, &t->named, true, out);
	else
		json_none(out, "cause");
	json_str(out, "last",
	    t->last != EFFECT_STEP_NONE ? effect_step_name(t->last) : NULL);
	if (t->delay_ms >= 0)
		json_int(out, "delay_ms", t->delay_ms);
	else
		json_none(out, "delay_ms");
}

static void
put_rule(const struct effect_run *run, struct buf *out)
{
	json_open(out, NULL, '{');
	json_str(out, "rule", run->def->id);
	put_names("message", run->def->message_zh, run->def->message_en, out);
	json_int(out, "within_ms", run->def->within_ms);
	put_triggers(run->effects, run->def, out);
	put_track(run, TRACK_REAL, out);
	if (run->tracks[TRACK_TEST].effect.state != EFFECT_IDLE ||
	    run->tracks[TRACK_TEST].last != EFFECT_STEP_NONE) {
		json_open(out, "test", '{');
		put_track(run, TRACK_TEST, out);
		json_close(out, '}');
	} else {
		json_none(out, "test");
	}
	json_close(out, '}');
}

void
effects_json(const struct effects *s, uint32_t point, struct buf *out)
{
	bool any = false;

	for (uint16_t i = 0; s != NULL && i < s->n; i++) {
		if (s->runs[i].def->point != point)
			continue;
		if (!any)
			json_open(out, "effects", '[');
		any = true;
		put_rule(&s->runs[i], out);
	}
	if (any)
		json_close(out, ']');
}
