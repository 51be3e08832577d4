// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See flags.h. Sets are kept sorted by (flag, index, condition) and found by halves;
// one timer waits for the next that is due.
//
// The invariant: the flags of an alarm are those of the sets over it, at its onset,
// after each change and after a restart; setting one moves no state (I14).
#include "flags.h"

#include <stdlib.h>
#include <string.h>

#include "engine_impl.h"
#include "isolations.h"
#include "lib/log.h"
#include "lib/mem.h"

struct flags {
	struct engine *engine;
	struct flag_set **sets;
	size_t n, room;
	struct loop_timer due;
};

static const struct kind {
	enum alarm_flag flag;
	enum event_kind start, end;
} kinds[] = {
	{ FLAG_SHELVED, EVENT_SHELVE_START, EVENT_SHELVE_END },
	{ FLAG_ISOLATED, EVENT_ISOLATE_START, EVENT_ISOLATE_END },
	{ FLAG_TEST_MODE, EVENT_TEST_START, EVENT_TEST_END },
};

// "suppressed" is a rule's, and no person sets it.
static bool
is_a_persons(enum alarm_flag flag)
{
	return flag != FLAG_SUPPRESSED;
}

static const struct kind *
kind_of(enum alarm_flag flag)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].flag == flag)
			return &kinds[i];
	}
	wr_unreachable("flag");
}

// ---- the table ----------------------------------------------------------------------

static int
compare(const struct flag_set *s, enum alarm_flag flag, uint32_t index, int condition)
{
	if (s->entry.flag != flag)
		return s->entry.flag < flag ? -1 : 1;
	if (s->index != index)
		return s->index < index ? -1 : 1;
	return s->entry.condition < condition ? -1 : s->entry.condition > condition;
}

static size_t
place_of(const struct flags *f, enum alarm_flag flag, uint32_t index, int condition)
{
	size_t low = 0, high = f->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (compare(f->sets[mid], flag, index, condition) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

size_t
flags_from(const struct flags *f, enum alarm_flag flag, uint32_t index)
{
	return place_of(f, flag, index, -1);
}

struct flag_set *
flags_find(const struct flags *f, enum alarm_flag flag, uint32_t index, int condition)
{
	size_t at = place_of(f, flag, index, condition);
	if (at == f->n || compare(f->sets[at], flag, index, condition) != 0)
		return NULL;
	return f->sets[at];
}

struct flag_set *const *
flags_all(const struct flags *f, size_t *n)
{
	*n = f->n;
	return f->sets;
}

uint32_t
flags_count(const struct flags *f, enum alarm_flag flag)
{
	size_t first = flags_from(f, flag, 0);
	return (uint32_t)(flags_from(f, (enum alarm_flag)(flag + 1), 0) - first);
}

static struct flag_set *
insert(struct flags *f, const struct flag_entry *entry, uint32_t index)
{
	size_t at = place_of(f, entry->flag, index, entry->condition);
	if (f->n == f->room) {
		f->room = f->room == 0 ? 16 : f->room * 2;
		f->sets = xreallocarray(f->sets, f->room, sizeof(struct flag_set *));
	}
	memmove(&f->sets[at + 1], &f->sets[at], (f->n - at) * sizeof(f->sets[0]));
	struct flag_set *s = xcalloc(1, sizeof(*s));
	s->entry = *entry;
	s->index = index;
	f->sets[at] = s;
	f->n++;
	return s;
}

static void
drop(struct flags *f, struct flag_set *s)
{
	size_t at = place_of(f, s->entry.flag, s->index, s->entry.condition);
	memmove(&f->sets[at], &f->sets[at + 1], (--f->n - at) * sizeof(f->sets[0]));
	free(s);
}

// ---- the alarms under a flag
// ----------------------------------------------------------

uint8_t
flags_over(const struct flags *f, uint32_t point, enum condition c, const char *code)
{
	const struct site *site = f->engine->site;
	unsigned mask = 0;
	if (f->n == 0 || point >= site->n_points || isolations_own(c, code))
		return 0;
	if (flags_find(f, FLAG_SHELVED, point, (int)c) != NULL)
		mask |= FLAG_SHELVED;
	if (flags_find(f, FLAG_ISOLATED, point, -1) != NULL)
		mask |= FLAG_ISOLATED;
	uint16_t zone = site->points[point].zone;
	if (zone != INDEX_NONE && flags_find(f, FLAG_TEST_MODE, zone, -1) != NULL)
		mask |= FLAG_TEST_MODE;
	return (uint8_t)mask;
}

// Brings one flag of a record into line with the sets.
static void
align(struct flags *f, struct alarm_record *r, enum alarm_flag flag)
{
	unsigned over = flags_over(f, r->point_index, r->a.condition, r->code);
	transition_flag(f->engine, r, flag, (over & flag) != 0);
}

static void
align_point(struct flags *f, uint32_t point, enum alarm_flag flag)
{
	struct alarm_record *r = alarms_of_point(f->engine->alarms, point);
	while (r != NULL) {
		struct alarm_record *next = r->next_of_point;
		align(f, r, flag);
		r = next;
	}
}

// From the end: a record that closes meanwhile has the last one put in its place.
static void
align_all(struct flags *f, enum alarm_flag flag)
{
	size_t n;
	struct alarm_record *const *all = alarms_all(f->engine->alarms, &n);
	while (n-- > 0)
		align(f, all[n], flag);
}

static void
align_under(struct flags *f, enum alarm_flag flag, uint32_t index)
{
	if (flag == FLAG_TEST_MODE)
		align_all(f, flag);
	else
		align_point(f, index, flag);
}

// ---- events, and what is kept
// -----------------------------------------------------------

static void
describe(const struct flags *f, const struct flag_set *s, struct event *ev)
{
	const struct site *site = f->engine->site;
	if (s->entry.flag != FLAG_TEST_MODE && s->index < site->n_points) {
		engine_describe_point(&site->points[s->index], ev);
	} else if (s->entry.flag == FLAG_TEST_MODE && s->index < site->n_zones) {
		const struct zone *z = &site->zones[s->index];
		(void)str_copy(ev->place_zh, sizeof(ev->place_zh), z->name_zh);
		(void)str_copy(ev->place_en, sizeof(ev->place_en), z->name_en);
	} else if (s->entry.flag != FLAG_TEST_MODE) {
		(void)str_copy(ev->point, sizeof(ev->point), s->entry.target);
	}
	ev->condition = s->entry.condition;
}

static void
put_target(struct buf *b, const struct flag_set *s)
{
	json_open(b, NULL, '{');
	if (s->entry.flag == FLAG_TEST_MODE)
		json_str(b, "zone", s->entry.target);
}

static void
write_start(struct flags *f, const struct flag_set *s, uint32_t seconds, bool longer)
{
	struct event ev;
	struct buf b = { 0 };
	event_init(&ev, kind_of(s->entry.flag)->start);
	describe(f, s, &ev);
	(void)str_copy(ev.actor, sizeof(ev.actor), s->entry.actor);
	put_target(&b, s);
	json_int(&b, "seconds", seconds);
	json_int(&b, "until_utc_ms", s->entry.until_utc_ms);
	json_str(&b, "reason", s->entry.reason);
	if (s->entry.measure[0] != '\0')
		json_str(&b, "measure", s->entry.measure);
	if (longer)
		json_bool(&b, "extended", true);
	engine_put_params(&ev, &b);
	(void)works_event(f->engine->works, &ev);
}

static void
write_end(
    struct flags *f, const struct flag_set *s, const char *actor, const char *cause)
{
	struct event ev;
	struct buf b = { 0 };
	event_init(&ev, kind_of(s->entry.flag)->end);
	describe(f, s, &ev);
	(void)str_copy(ev.actor, sizeof(ev.actor), actor);
	put_target(&b, s);
	json_str(&b, "cause", cause);
	json_str(&b, "by", s->entry.actor);
	json_int(&b, "from_utc_ms", s->entry.from_utc_ms);
	engine_put_params(&ev, &b);
	(void)works_event(f->engine->works, &ev);
}

static void
keep(struct flags *f, const struct flag_set *s, bool end)
{
	const struct flag_row row = { .end = end, .entry = s->entry };
	works_flag(f->engine->works, &row);
}

// ---- time
// -------------------------------------------------------------------------------

static int64_t
due_of(const struct flag_set *s, int64_t now_ms)
{
	return s->entry.flag == FLAG_ISOLATED ? isolations_due(s, now_ms) : s->until_ms;
}

static void
arm(struct flags *f)
{
	int64_t now = loop_now_ms(f->engine->loop), next = -1;
	for (size_t i = 0; i < f->n; i++) {
		int64_t due = due_of(f->sets[i], now);
		if (due >= 0 && (next < 0 || due < next))
			next = due;
	}
	if (next >= 0)
		loop_timer_at(f->engine->loop, &f->due, next);
	else
		loop_timer_stop(f->engine->loop, &f->due);
}

// Ends what ran out, and has an isolation say so. From the end: one that ends is taken
// out of the table.
static void
look(struct flags *f)
{
	int64_t now = loop_now_ms(f->engine->loop);
	for (size_t i = f->n; i-- > 0;) {
		struct flag_set *s = f->sets[i];
		int64_t due = due_of(s, now);
		if (due < 0 || due > now)
			continue;
		if (s->entry.flag == FLAG_ISOLATED)
			isolations_tell(f->engine, s, now);
		else
			flags_end(f, s, "", "expired");
	}
	arm(f);
}

static void
on_due(void *arg)
{
	look(arg);
}

// ---- set and ended
// ------------------------------------------------------------------------

static const char *
target_id(const struct site *site, const struct flag_order *o)
{
	return o->flag == FLAG_TEST_MODE ? site->zones[o->target].id
					 : site->points[o->target].id;
}

void
flags_set(struct flags *f, const struct flag_order *o)
{
	int condition = o->flag == FLAG_SHELVED ? (int)o->condition : -1;
	struct flag_set *s = flags_find(f, o->flag, o->target, condition);
	bool longer = s != NULL;
	int64_t now_utc = loop_utc_ms(f->engine->loop);
	if (s == NULL) {
		struct flag_entry entry = {
			.flag = o->flag,
			.condition = condition,
			.from_utc_ms = now_utc,
		};
		(void)str_copy(
		    entry.target, sizeof(entry.target), target_id(f->engine->site, o));
		s = insert(f, &entry, o->target);
	}
	s->entry.until_utc_ms = now_utc + (int64_t)o->seconds * 1000;
	s->until_ms = loop_now_ms(f->engine->loop) + (int64_t)o->seconds * 1000;
	s->warned = s->due = false;
	(void)str_copy(s->entry.actor, sizeof(s->entry.actor), o->actor);
	(void)str_copy(s->entry.reason, sizeof(s->entry.reason), o->reason);
	(void)str_copy(s->entry.measure, sizeof(s->entry.measure), o->measure);
	write_start(f, s, o->seconds, longer);
	keep(f, s, false);
	align_under(f, o->flag, o->target);
	arm(f);
}

void
flags_end(struct flags *f, struct flag_set *s, const char *actor, const char *cause)
{
	enum alarm_flag flag = s->entry.flag;
	uint32_t index = s->index;
	write_end(f, s, actor, cause);
	keep(f, s, true);
	if (flag == FLAG_ISOLATED && index != UINT32_MAX)
		isolations_hush(f->engine, index);
	drop(f, s);
	if (index != UINT32_MAX)
		align_under(f, flag, index);
	arm(f);
}

// ---- life
// -----------------------------------------------------------------------------------

struct flags *
flags_new(struct engine *e)
{
	struct flags *f = xcalloc(1, sizeof(*f));
	f->engine = e;
	loop_timer_init(&f->due, on_due, f);
	return f;
}

void
flags_free(struct flags *f)
{
	if (f == NULL)
		return;
	loop_timer_stop(f->engine->loop, &f->due);
	for (size_t i = 0; i < f->n; i++)
		free(f->sets[i]);
	free(f->sets);
	free(f);
}

static uint32_t
zone_index(const struct site *site, const char *id)
{
	for (uint16_t i = 0; i < site->n_zones; i++) {
		if (strcmp(site->zones[i].id, id) == 0)
			return i;
	}
	return UINT32_MAX;
}

static void
recover_one(
    struct flags *f, const struct flag_entry *entry, const struct point_names *names)
{
	bool zone = entry->flag == FLAG_TEST_MODE;
	uint32_t index = zone ? zone_index(f->engine->site, entry->target)
			      : point_names_find(names, entry->target);
	if (index == UINT32_MAX) {
		struct flag_set gone = { .entry = *entry, .index = index };
		log_warnx("flags", "%s of %s ends: the site has it no more",
		    flag_name(entry->flag), entry->target);
		write_end(f, &gone, "", "withdrawn");
		keep(f, &gone, true);
		return;
	}
	struct flag_set *s = insert(f, entry, index);
	// A clock that is behind makes it no longer than it was meant to be.
	int64_t left = entry->until_utc_ms - loop_utc_ms(f->engine->loop);
	if (left > entry->until_utc_ms - entry->from_utc_ms)
		left = entry->until_utc_ms - entry->from_utc_ms;
	s->until_ms = loop_now_ms(f->engine->loop) + (left > 0 ? left : 0);
}

void
flags_recover(
    struct flags *f, const struct recovered *r, const struct point_names *names)
{
	for (size_t i = 0; i < r->n_flags; i++) {
		if (is_a_persons(r->flags[i].flag))
			recover_one(f, &r->flags[i], names);
	}
	// A point may stand in another zone now, an alarm under a flag that is gone.
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		align_all(f, kinds[i].flag);
	look(f);
}

// ---- for the lists
// --------------------------------------------------------------------------

void
flags_put_who(struct buf *out, const struct flag_entry *e)
{
	json_str(out, "by", e->actor);
	json_time(out, "from", e->from_utc_ms);
	json_time(out, "until", e->until_utc_ms);
	json_str(out, "reason", e->reason);
}

void
flags_put_point(struct buf *out, const struct site *site, uint32_t point)
{
	const struct point *p = &site->points[point];
	json_str(out, "point", p->id);
	json_open(out, "place", '{');
	json_str(out, "zh", p->place_zh);
	json_str(out, "en", p->place_en);
	json_close(out, '}');
	json_str(out, "zone", p->zone < site->n_zones ? site->zones[p->zone].id : NULL);
}
