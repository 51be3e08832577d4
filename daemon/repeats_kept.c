// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a repeat offender leaves behind: its events, and the setting "rule/repeat/N" by
// which each count goes on after a restart (I11), in the same transaction as the onset:
// "CONDITION ON FIRST LAST ONSETS POINT CODE AGES". AGES are those of the onsets before
// the last, in minutes, four hex digits each. On the loop.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "repeats_impl.h"

#define KEY_PREFIX META_RULE "repeat/"

enum {
	SLOTS_MOST = 1 << 20,
	AGE_DIGITS = 4,
	AGE_MOST = 0xffff
};

// One that is on has no ages, and one that is not has neither first nor count.
_Static_assert(META_VALUE_MAX >= 24 + ID_MAX + CODE_MAX + AGE_DIGITS * REPEAT_COUNT_MAX,
    "what is kept fits");

static const char none[] = "-";

static void
key_of(uint32_t slot, char out[static META_KEY_MAX])
{
	(void)snprintf(out, META_KEY_MAX, KEY_PREFIX "%u", slot);
}

void
repeat_keep_nothing(struct repeats *all, uint32_t slot)
{
	char key[META_KEY_MAX];

	key_of(slot, key);
	works_meta(all->engine->works, key, "");
}

static void
put_ages(const struct repeat_run *run, char *out, size_t size)
{
	const struct repeat *r = &run->state;

	if (r->on || r->n == 0) {
		(void)snprintf(out, size, "%s", none);
		return;
	}
	int64_t last = repeat_nth_ms(r, run->rule, 0);
	for (uint16_t i = r->n; i-- > 0;) {
		int64_t age = (last - repeat_nth_ms(r, run->rule, i)) / MINUTE_MS;
		int n = snprintf(
		    out, size, "%04x", (unsigned)(age < AGE_MOST ? age : AGE_MOST));
		out += n;
		size -= (size_t)n;
	}
}

void
repeat_keep(struct repeats *all, struct repeat_run *run)
{
	const struct engine *e = all->engine;
	const struct repeat *r = &run->state;
	int64_t to_utc = loop_utc_ms(e->loop) - loop_now_ms(e->loop);
	char key[META_KEY_MAX], value[META_VALUE_MAX];

	key_of(run->slot, key);
	int n = snprintf(value, sizeof(value), "%u %u %lld %lld %u %s %s ",
	    (unsigned)run->condition, r->on ? 1U : 0U,
	    r->on ? (long long)(r->first_ms + to_utc) : 0LL,
	    (long long)(r->quiet_from_ms + to_utc), r->on ? r->onsets : 0U,
	    e->site->points[run->point].id, run->code[0] != '\0' ? run->code : none);
	put_ages(run, value + n, sizeof(value) - (size_t)n);
	works_meta(e->works, key, value);
	run->owed = false;
	run->kept_ms = loop_now_ms(e->loop);
}

void
repeats_close(struct repeats *all)
{
	for (uint32_t i = 0; i < all->n_slots; i++)
		if (all->slots[i] != NULL && all->slots[i]->owed)
			repeat_keep(all, all->slots[i]);
}

// ---- events -------------------------------------------------------------------------

void
repeat_tell_start(
    struct repeats *all, const struct repeat_run *run, const struct alarm_record *r)
{
	const struct engine *e = all->engine;
	struct event ev;
	struct buf b = { 0 };

	event_init(&ev, EVENT_REPEAT_START);
	engine_describe(r, &ev);
	json_open(&b, NULL, '{');
	json_int(&b, "onsets", run->state.onsets);
	json_int(&b, "since_utc_ms",
	    loop_utc_ms(e->loop) - loop_now_ms(e->loop) + run->state.first_ms);
	json_int(&b, "within_ms", run->rule->within_ms);
	engine_put_params(&ev, &b);
	(void)works_event(e->works, &ev);
}

void
repeat_tell_end(struct repeats *all, const struct repeat_run *run, const char *why)
{
	const struct engine *e = all->engine;
	const struct point *p = &e->site->points[run->point];
	struct event ev;
	struct buf b = { 0 };

	event_init(&ev, EVENT_REPEAT_END);
	engine_describe_point(p, &ev);
	ev.condition = (int)run->condition;
	ev.alarm_class = (int)point_class(p, run->condition);
	(void)str_copy(ev.code, sizeof(ev.code), run->code);
	json_open(&b, NULL, '{');
	json_int(&b, "onsets", run->state.onsets);
	json_int(&b, "since_utc_ms",
	    loop_utc_ms(e->loop) - loop_now_ms(e->loop) + run->state.first_ms);
	json_str(&b, "reason", why);
	engine_put_params(&ev, &b);
	(void)works_event(e->works, &ev);
}

// ---- restart ------------------------------------------------------------------------

struct kept {
	uint32_t slot;
	int64_t condition, on, first_utc_ms, last_utc_ms, onsets;
	char point[ID_MAX], code[CODE_MAX];
	const char *ages;
};

static bool
take_number(const char **at, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(*at, &end, 10);
	if (end == *at || *end != ' ' || errno != 0 || *out < 0)
		return false;
	*at = end + 1;
	return true;
}

static bool
take_word(const char **at, char *out, size_t size)
{
	size_t len = strcspn(*at, " ");

	if (len == 0 || len >= size || (*at)[len] != ' ')
		return false;
	memcpy(out, *at, len);
	out[len] = '\0';
	*at += len + 1;
	return true;
}

static bool
read_kept(const struct meta_row *row, struct kept *k)
{
	const char *at = row->value;

	if (strncmp(row->key, KEY_PREFIX, sizeof(KEY_PREFIX) - 1) != 0)
		return false;
	k->slot = (uint32_t)strtoul(row->key + sizeof(KEY_PREFIX) - 1, NULL, 10);
	if (k->slot >= SLOTS_MOST || !take_number(&at, &k->condition) ||
	    !take_number(&at, &k->on) || !take_number(&at, &k->first_utc_ms) ||
	    !take_number(&at, &k->last_utc_ms) || !take_number(&at, &k->onsets) ||
	    !take_word(&at, k->point, sizeof(k->point)) ||
	    !take_word(&at, k->code, sizeof(k->code)))
		return false;
	if (strcmp(k->code, none) == 0)
		k->code[0] = '\0';
	k->ages = at;
	return k->condition < COND_COUNT && k->onsets <= UINT32_MAX;
}

// A clock that was put back makes nothing of the time to come.
static int64_t
mono_of(const struct engine *e, int64_t utc_ms)
{
	int64_t ago = loop_utc_ms(e->loop) - utc_ms;

	return loop_now_ms(e->loop) - (ago > 0 ? ago : 0);
}

static void
remember(const struct engine *e, struct repeat_run *run, const struct kept *k)
{
	char digits[AGE_DIGITS + 1] = "";

	for (const char *at = k->ages; strlen(at) >= AGE_DIGITS; at += AGE_DIGITS) {
		memcpy(digits, at, AGE_DIGITS);
		int64_t age = strtol(digits, NULL, 16);
		repeat_remember(&run->state, run->rule,
		    mono_of(e, k->last_utc_ms - age * MINUTE_MS));
	}
}

// Down from then to now, nobody heard it.
static void
go_on(const struct engine *e, struct repeat_run *run, const struct kept *k)
{
	struct repeat *r = &run->state;
	int64_t down = e->down_since_utc_ms;

	r->on = true;
	r->first_ms = mono_of(e, k->first_utc_ms);
	r->onsets = (uint32_t)k->onsets;
	r->quiet_from_ms = mono_of(e, k->last_utc_ms);
	int64_t from = down != ENGINE_SINCE_UNKNOWN && down > k->last_utc_ms
			   ? down
			   : k->last_utc_ms;
	if (from < loop_utc_ms(e->loop))
		repeat_unheard(r, loop_utc_ms(e->loop) - from);
}

static void
restore(struct repeats *all, const struct kept *k, const struct point_names *names)
{
	const struct engine *e = all->engine;
	uint32_t point = point_names_find(names, k->point);
	const struct repeat_rule *rule = repeat_rule_of_point(e, point);
	static const struct repeat_rule no_rule = { .count = 1 };

	if (point >= e->site->n_site_points || (rule == NULL && k->on == 0)) {
		repeat_keep_nothing(all, k->slot);
		return;
	}
	const struct repeat_key key = { point, (enum condition)k->condition, k->code };
	struct repeat_run *run =
	    repeat_run_new(all, rule != NULL ? rule : &no_rule, &key, k->slot);
	if (k->on == 0) {
		remember(e, run, k);
		return;
	}
	go_on(e, run, k);
	if (rule == NULL)
		repeat_forgo(all, run);
}

// Nothing would ever end such a fault.
static void
withdraw_fault(const struct repeats *all, struct alarm_record *r)
{
	if (repeat_is_own(r) && r->point_index < all->engine->site->n_site_points &&
	    !repeat_any_of_point(all, r->point_index))
		transition_withdraw(all->engine, r);
}

void
repeats_recover(
    struct repeats *all, const struct recovered *r, const struct point_names *names)
{
	struct kept k;
	size_t n;

	for (size_t i = 0; i < r->n_metas; i++)
		if (read_kept(&r->metas[i], &k))
			restore(all, &k, names);
	struct alarm_record *const *open = alarms_all(all->engine->alarms, &n);
	while (n-- > 0)
		withdraw_fault(all, open[n]);
}
