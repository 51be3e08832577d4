// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Gauges that people read at the dial: an event with what the sensor said then, and a
// fault of the point while the newest reading differs by more than the site allows.
// Part of the engine; runs on the loop. Refuses to judge without a value of the sensor:
// then the fault stays as it is (I6). The sensor's value is never corrected.
#include "core/hand.h"

#include <math.h>

#include "engine_impl.h"
#include "lib/mem.h"

static double
sensor_now(const struct engine *e, uint32_t point)
{
	const struct point_state *st = &e->points[point].state;
	return st->quality == QUALITY_GOOD ? st->value : (double)NAN;
}

static void
write_reading(struct engine *e, const struct hand_entry *h, double sensor,
    const struct hand_rule *rule, enum hand_answer answer)
{
	struct event ev;
	struct buf b = { 0 };
	event_init(&ev, EVENT_READING_HAND);
	engine_describe_point(&e->site->points[h->point], &ev);
	(void)str_copy(ev.actor, sizeof(ev.actor), h->actor);
	ev.value = h->value;
	json_open(&b, NULL, '{');
	json_int(&b, "read_utc_ms", h->read_utc_ms);
	json_str(&b, "unit", hand_unit_name(h->unit));
	json_double(&b, "sensor", sensor);
	json_double(&b, "difference", sensor - h->value);
	json_double(&b, "tolerance", rule != NULL ? rule->tolerance : (double)NAN);
	json_str(&b, "is", hand_answer_name(answer));
	if (h->note[0] != '\0')
		json_str(&b, "note", h->note);
	engine_put_params(&ev, &b);
	(void)works_event(e->works, &ev);
}

void
engine_hand(struct engine *e, const struct hand_entry *h)
{
	const struct hand_rule *rule = e->site->points[h->point].hand;
	double sensor = h->live ? sensor_now(e, h->point) : h->sensor;
	enum hand_answer answer = hand_compare(h->value, sensor, rule);
	struct facts f = engine_facts_now(e);

	write_reading(e, h, sensor, rule, answer);
	if (!h->newest || (answer != HAND_AGREES && answer != HAND_DIFFERS))
		return;
	f.value = sensor;
	transition_condition(
	    e, h->point, COND_FAULT, hand_code, answer == HAND_DIFFERS, &f);
}
