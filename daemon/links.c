// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Built-in points: links that are lost and come back, faults of the daemon itself. A
// lost device makes its points unknown and clears nothing (I6); a dead bus raises one
// alarm and hides those of its devices behind it. Part of the engine; runs on the loop.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blind.h"
#include "engine_impl.h"
#include "lib/mem.h"

enum {
	UNHIDE_MOST_MS = 30000,
	LOOK_MS = 5000,
	REASON_EVERY_MS = 60000, // a reason that comes and goes is told so often
};

static struct builtin *
builtin_of(const struct engine *e, uint32_t point)
{
	wr_assert(point >= e->site->n_site_points && point < e->site->n_points);
	return &e->builtins[point - e->site->n_site_points];
}

static const uint32_t *
points_behind(const struct engine *e, const struct builtin *b, uint32_t *n)
{
	if (b->kind == BUILTIN_DEVICE) {
		*n = e->site->devices[b->index].n_points;
		return e->site->devices[b->index].points;
	}
	if (b->kind == BUILTIN_GPIO) {
		*n = e->site->gpios[b->index].n_points;
		return e->site->gpios[b->index].points;
	}
	*n = 0;
	return NULL;
}

// Unknown since the link was last heard: a point that did not change for days was
// known until then.
static void
lose_points(struct engine *e, const struct builtin *b)
{
	uint32_t n;
	const uint32_t *points = points_behind(e, b, &n);
	for (uint32_t i = 0; i < n; i++) {
		engine_set_quality(e, points[i], QUALITY_UNKNOWN, b->lost_utc_ms);
		engine_forget_pending(e, points[i]);
	}
	if (b->kind == BUILTIN_DEVICE &&
	    e->site->devices[b->index].profile->dialogs != NULL)
		engine_set_quality(e, e->site->devices[b->index].panel_point,
		    QUALITY_UNKNOWN, b->lost_utc_ms);
}

// ---- one alarm for a dead bus
// --------------------------------------------------------

static void
suppress_device(struct engine *e, uint16_t device, bool on)
{
	struct alarm_record *r =
	    alarms_of_point(e->alarms, e->site->devices[device].link_point);
	while (r != NULL) {
		struct alarm_record *next = r->next_of_point;
		if (r->a.condition == COND_LINK)
			transition_flag(e, r, FLAG_SUPPRESSED, on);
		r = next;
	}
}

// A dead bus raises one link alarm; those of its devices stand hidden behind it.
static void
suppress_devices(struct engine *e, uint16_t bus, bool on)
{
	for (uint16_t d = 0; d < e->site->n_devices; d++) {
		if (e->site->devices[d].bus == bus)
			suppress_device(e, d, on);
	}
}

// The bus is back for a while, and what is still lost now is lost on its own account.
static void
on_unhide(void *arg)
{
	const struct builtin *b = arg;
	if (!b->lost)
		suppress_devices(b->engine, b->index, false);
}

// Time enough for every device of the bus to be asked and to answer.
static int64_t
unhide_ms(const struct engine *e, uint16_t bus)
{
	int64_t most = 0, timeouts = 0;
	for (uint16_t i = 0; i < e->site->n_devices; i++) {
		const struct device *d = &e->site->devices[i];
		if (d->bus != bus)
			continue;
		int64_t patience = (int64_t)d->timeout_ms * (d->retries + 1);
		timeouts += patience;
		if (2 * (int64_t)d->poll_ms > most)
			most = 2 * (int64_t)d->poll_ms;
	}
	int64_t sum = most + timeouts;
	return sum < UNHIDE_MOST_MS ? sum : UNHIDE_MOST_MS;
}

// Of a chip one line may be lost alone: then those points are blind that say so.
static bool
loses_all(const struct builtin *b, const char *code)
{
	if (b->kind == BUILTIN_GPIO)
		return strncmp(code, "chip", 4) == 0 || strcmp(code, "permission") == 0;
	return b->kind == BUILTIN_DEVICE;
}

static struct blind_span
span_of(const struct engine *e, const struct builtin *b)
{
	struct blind_span span = { .from_ms = b->blind_from_utc_ms };
	span.points = points_behind(e, b, &span.n);
	return span;
}

static void
begin_span(struct engine *e, uint32_t point, struct builtin *b, int64_t from_ms)
{
	b->spanned = true;
	b->blind_from_utc_ms = from_ms;
	struct blind_span span = span_of(e, b);
	blinds_link_begins(e, point, &span);
}

static void
end_span(struct engine *e, uint32_t point, struct builtin *b)
{
	struct blind_span span = span_of(e, b);
	b->spanned = false;
	blinds_link_ends(e, point, &span);
}

struct facts
engine_facts_now(const struct engine *e)
{
	return (struct facts){
		.t_utc_ms = loop_utc_ms(e->loop),
		.t_mono_ms = loop_now_ms(e->loop),
		.value = NAN,
		.quality = QUALITY_GOOD,
	};
}

int64_t
engine_facts_earliest(const struct facts *f, int64_t none)
{
	int64_t age = f->t_utc_ms - f->not_before_utc_ms;
	if (f->not_before_utc_ms == 0 || age < 0)
		return none;
	return f->t_mono_ms - age;
}

// ---- links that only come and go -------------------------------------------------

// Behind a bus that flaps its devices flap, too: that is one fault.
static bool
flaps_with_bus(const struct engine *e, const struct builtin *b)
{
	if (b->kind != BUILTIN_DEVICE)
		return false;
	const struct device *d = &e->site->devices[b->index];
	return builtin_of(e, e->site->buses[d->bus].link_point)->flap.on;
}

// What stands on the link's own point. While it flaps it counts as lost, for the same
// reason, whether it is or not.
static void
tell_link(struct engine *e, uint32_t point, const struct builtin *b)
{
	struct facts f = engine_facts_now(e);
	struct condition_list set = { .n = 0 };

	if (b->lost || b->flap.on) {
		set.condition[set.n] = COND_LINK;
		set.code[set.n++] = b->code;
	}
	if (b->flap.on && !flaps_with_bus(e, b)) {
		set.condition[set.n] = COND_FAULT;
		set.code[set.n++] = "flapping";
	}
	engine_set_quality(e, point, QUALITY_GOOD, f.t_utc_ms);
	engine_apply_set(e, point, &set, &f);
}

static void
look_soon(struct engine *e)
{
	if (!loop_timer_armed(&e->look_timer))
		loop_timer_in(e->loop, &e->look_timer, LOOK_MS);
}

static void
note_change(struct engine *e, struct builtin *b)
{
	if (!flap_change(&b->flap, &e->site->flap, loop_now_ms(e->loop)))
		return;
	b->blind_ms = 0;
	look_soon(e);
}

static void
end_flapping(struct engine *e, uint32_t point, struct builtin *b)
{
	if (b->lost)
		b->blind_ms += loop_utc_ms(e->loop) - b->lost_utc_ms;
	if (b->spanned) {
		struct blind_span span = span_of(e, b);
		b->spanned = false;
		blinds_link_flapped(e, point, &span, b->flap.changes, b->blind_ms);
	}
	if (b->lost) // from here on it is a span of its own
		b->lost_utc_ms = loop_utc_ms(e->loop);
	if (b->lost && loses_all(b, b->reason))
		begin_span(e, point, b, b->lost_utc_ms);
	tell_link(e, point, b);
}

// ---- lost and back
// -------------------------------------------------------------------

static struct alarm_record *
standing_link(const struct engine *e, uint32_t point)
{
	struct alarm_record *r = alarms_of_point(e->alarms, point);
	for (; r != NULL; r = r->next_of_point) {
		bool stands = r->a.state == ALARM_UNACKNOWLEDGED ||
			      r->a.state == ALARM_ACKNOWLEDGED;
		if (r->a.condition == COND_LINK && stands)
			return r;
	}
	return NULL;
}

// A link that is lost is one alarm until it is back, whatever becomes of the reason:
// the one that stood before a restart stands on under its code.
static void
take_code(struct engine *e, uint32_t point, struct builtin *b)
{
	const struct alarm_record *r = standing_link(e, point);
	char code[CODE_MAX];
	(void)str_copy(code, sizeof(code), r != NULL ? r->code : b->reason);
	memcpy(b->code, code, sizeof(code));
}

// As a raw change within one code: a note, never a clear and an onset.
static void
tell_reason(struct engine *e, uint32_t point, struct builtin *b)
{
	struct alarm_record *r = standing_link(e, point);
	struct event ev;
	b->reason_owed = false;
	if (r == NULL || !b->lost || strcmp(b->reason, b->told) == 0)
		return;
	b->told = b->reason;
	b->reason_ms = loop_now_ms(e->loop);
	event_init(&ev, EVENT_POINT_CHANGE);
	engine_describe(r, &ev);
	(void)snprintf(ev.params, sizeof(ev.params), "{\"reason\":\"%s\"}", b->reason);
	(void)works_event(e->works, &ev);
	e->host.alarm(e->host.ctx, r, false);
}

static void
other_reason(struct engine *e, uint32_t point, struct builtin *b, const char *code)
{
	int64_t now = loop_now_ms(e->loop);
	b->reason = code;
	if (!b->spanned && loses_all(b, code))
		begin_span(e, point, b, loop_utc_ms(e->loop));
	else if (b->spanned && !b->flap.on && !loses_all(b, code))
		end_span(e, point, b);
	if (b->reason_ms == 0 || now - b->reason_ms >= REASON_EVERY_MS) {
		tell_reason(e, point, b);
		return;
	}
	b->reason_owed = true;
	look_soon(e);
}

static void
link_lost(struct engine *e, uint32_t point, struct builtin *b, const char *code)
{
	struct facts f = engine_facts_now(e);
	b->lost = true;
	b->lost_utc_ms = f.t_utc_ms;
	if (b->kind == BUILTIN_DEVICE && e->heard_mono_ms[b->index] != 0)
		b->lost_utc_ms -= f.t_mono_ms - e->heard_mono_ms[b->index];
	if (!b->spanned && loses_all(b, code))
		begin_span(e, point, b, b->lost_utc_ms);
	lose_points(e, b);
	b->reason = b->told = code;
	b->reason_owed = false;
	if (!b->flap.on)
		take_code(e, point, b);
	note_change(e, b);
	tell_link(e, point, b);
	if (b->kind == BUILTIN_BUS)
		suppress_devices(e, b->index, true);
}

static void
link_back(struct engine *e, uint32_t point, struct builtin *b)
{
	bool was_lost = b->lost;
	b->lost = false;
	if (was_lost)
		note_change(e, b);
	tell_link(e, point, b);
	if (b->kind == BUILTIN_BUS)
		loop_timer_in(e->loop, &b->unhide, unhide_ms(e, b->index));
	if (b->kind == BUILTIN_DEVICE)
		suppress_device(e, b->index, false);
	if (was_lost && b->flap.on)
		b->blind_ms += loop_utc_ms(e->loop) - b->lost_utc_ms;
	else if (b->spanned && !b->flap.on)
		end_span(e, point, b);
}

// What flaps may be quiet by now, and a reason may be told.
static void
on_look(void *arg)
{
	struct engine *e = arg;
	uint32_t n = e->site->n_points - e->site->n_site_points;
	int64_t now = loop_now_ms(e->loop);
	bool any = false;

	for (uint32_t i = 0; i < n; i++) {
		struct builtin *b = &e->builtins[i];
		if (flap_ends(&b->flap, &e->site->flap, now))
			end_flapping(e, e->site->n_site_points + i, b);
		if (b->reason_owed && now - b->reason_ms >= REASON_EVERY_MS)
			tell_reason(e, e->site->n_site_points + i, b);
		any |= b->flap.on || b->reason_owed;
	}
	if (any)
		look_soon(e);
}

void
engine_link(struct engine *e, uint32_t link_point, bool lost, const char *code)
{
	struct builtin *b = builtin_of(e, link_point);
	if (lost && !b->lost)
		link_lost(e, link_point, b, code == NULL ? "" : code);
	else if (lost && code != NULL && strcmp(code, b->reason) != 0)
		other_reason(e, link_point, b, code);
	else if (!lost && (b->lost || !e->points[link_point].state.seen))
		link_back(e, link_point, b);
	e->points[link_point].state.seen = true;
}

void
engine_heard(struct engine *e, uint32_t device, int64_t mono_ms)
{
	bool first = e->heard_mono_ms[device] == 0;
	e->heard_mono_ms[device] = mono_ms;
	uint32_t link_point = e->site->devices[device].link_point;
	if (first && !e->points[link_point].state.seen)
		engine_link(e, link_point, false, NULL);
}

void
engine_system(struct engine *e, uint32_t point, bool fault, const char *code)
{
	struct facts f = engine_facts_now(e);
	engine_set_quality(e, point, QUALITY_GOOD, f.t_utc_ms);
	struct condition_list set = { .n = 0 };
	if (fault) {
		set.n = 1;
		set.condition[0] = COND_FAULT;
		set.code[0] = code;
	}
	engine_apply_set(e, point, &set, &f);
}

void
engine_system_one(struct engine *e, uint32_t point, bool fault, const char *code)
{
	struct facts f = engine_facts_now(e);
	engine_set_quality(e, point, QUALITY_GOOD, f.t_utc_ms);
	engine_feed(e, point, COND_FAULT, code, fault, &f);
}

void
links_init(struct engine *e)
{
	const struct site *s = e->site;
	uint32_t n = s->n_points - s->n_site_points;
	e->builtins = xcalloc(n + 1, sizeof(*e->builtins));
	loop_timer_init(&e->look_timer, on_look, e);
	for (uint32_t i = 0; i < n; i++)
		e->builtins[i].kind = BUILTIN_SYSTEM;
	for (uint16_t i = 0; i < s->n_buses; i++) {
		struct builtin *b = builtin_of(e, s->buses[i].link_point);
		b->kind = BUILTIN_BUS;
		b->index = i;
		b->engine = e;
		loop_timer_init(&b->unhide, on_unhide, b);
	}
	for (uint16_t i = 0; i < s->n_devices; i++)
		*builtin_of(e, s->devices[i].link_point) =
		    (struct builtin){ .kind = BUILTIN_DEVICE, .index = i };
	for (uint16_t i = 0; i < s->n_gpios; i++)
		*builtin_of(e, s->gpios[i].link_point) =
		    (struct builtin){ .kind = BUILTIN_GPIO, .index = i };
	for (uint16_t i = 0; i < s->n_channels; i++)
		*builtin_of(e, s->channels[i].link_point) =
		    (struct builtin){ .kind = BUILTIN_CHANNEL, .index = i };
}

void
links_free(struct engine *e)
{
	for (uint16_t i = 0; i < e->site->n_buses; i++)
		loop_timer_stop(
		    e->loop, &builtin_of(e, e->site->buses[i].link_point)->unhide);
	loop_timer_stop(e->loop, &e->look_timer);
	free(e->builtins);
}

const char *
engine_link_reason(const struct engine *e, uint32_t link_point)
{
	const struct builtin *b = builtin_of(e, link_point);
	return b->lost ? b->reason : NULL;
}

bool
engine_link_spans(const struct engine *e, uint32_t link_point)
{
	return builtin_of(e, link_point)->spanned;
}

bool
engine_link_lost(const struct engine *e, uint32_t link_point)
{
	return builtin_of(e, link_point)->lost;
}

// What the site calls a fire is one.
static bool
is_unseen_fire(const struct engine *e, uint32_t point)
{
	const struct point *p = &e->site->points[point];
	enum quality q = e->points[point].state.quality;

	return (q == QUALITY_UNKNOWN || q == QUALITY_BAD) &&
	       point_class(p, point_kind_condition(p->kind)) == CLASS_FIRE;
}

bool
engine_fire_line_unseen(const struct engine *e)
{
	for (uint16_t g = 0; g < e->site->n_gpios; g++)
		for (uint32_t i = 0; i < e->site->gpios[g].n_points; i++)
			if (is_unseen_fire(e, e->site->gpios[g].points[i]))
				return true;
	return false;
}
