// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a chatter leaves behind: its events, and the setting "rule/chatter/N" by which
// it goes on after a restart (I11): eight numbers, then the occurrence that is held. A
// crash loses the count of some seconds at most; from then on the events say "at
// least". Owns what was read of the settings until all alarms are recovered. On the
// loop.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatters_impl.h"
#include "lib/mem.h"

#define KEY_PREFIX META_RULE "chatter/"

enum {
	SLOTS_MOST = 1 << 20,
	KEPT_ACTIVE = 1,
	KEPT_AT_LEAST = 2
};

static void
key_of(uint32_t slot, char out[static META_KEY_MAX])
{
	(void)snprintf(out, META_KEY_MAX, KEY_PREFIX "%u", slot);
}

void
chatter_keep_nothing(struct chatters *all, uint32_t slot)
{
	char key[META_KEY_MAX];

	key_of(slot, key);
	works_meta(all->engine->works, key, "");
}

void
chatter_keep(struct chatter_run *run)
{
	struct engine *e = run->all->engine;
	const struct chatter *c = &run->of->state;
	char key[META_KEY_MAX], value[META_VALUE_MAX];

	key_of(run->slot, key);
	(void)snprintf(value, sizeof(value), "%lld %lld %lld %u %u %u %u %u %s",
	    (long long)run->since_utc_ms, (long long)run->counted_utc_ms,
	    (long long)run->change_utc_ms,
	    (c->active ? KEPT_ACTIVE : 0U) | (run->at_least ? KEPT_AT_LEAST : 0U),
	    c->tally.onsets, c->tally.clears, c->counted.onsets, c->counted.clears,
	    run->record->occurrence);
	works_meta(e->works, key, value);
	run->owed = false;
	run->kept_ms = loop_now_ms(e->loop);
	e->host.alarm(e->host.ctx, run->record, false);
	engine_tell_rule(e, run->record->point_index);
}

// ---- events
// ---------------------------------------------------------------------------

void
chatter_tell_start(const struct chatter_run *run)
{
	struct engine *e = run->all->engine;
	struct event ev;
	struct buf b = { 0 };
	int64_t ago =
	    loop_now_ms(e->loop) - chatter_first_ms(&run->of->state, run->of->rule);

	event_init(&ev, EVENT_CHATTER_START);
	engine_describe(run->record, &ev);
	json_open(&b, NULL, '{');
	json_int(&b, "count", run->of->rule->count);
	json_int(&b, "from_utc_ms", loop_utc_ms(e->loop) - ago);
	json_int(&b, "within_ms", run->of->rule->within_ms);
	json_int(&b, "quiet_ms", run->of->rule->quiet_ms);
	engine_put_params(&ev, &b);
	(void)works_event(e->works, &ev);
}

// What was counted since the last such event; `why` it is the last one, or NULL.
void
chatter_tell_count(struct chatter_run *run, const char *why)
{
	struct engine *e = run->all->engine;
	struct chatter_tally all = run->of->state.tally;
	struct chatter_tally since = chatter_count(&run->of->state);
	struct event ev;
	struct buf b = { 0 };

	run->counted_ms = loop_now_ms(e->loop);
	if (why == NULL && since.onsets == 0 && since.clears == 0)
		return;
	event_init(&ev, why != NULL ? EVENT_CHATTER_END : EVENT_CHATTER_COUNT);
	engine_describe(run->record, &ev);
	json_open(&b, NULL, '{');
	json_int(&b, "onsets", since.onsets);
	json_int(&b, "clears", since.clears);
	json_int(&b, "from_utc_ms", run->counted_utc_ms);
	json_int(&b, "all_onsets", all.onsets);
	json_int(&b, "all_clears", all.clears);
	json_int(&b, "since_utc_ms", run->since_utc_ms);
	if (run->at_least)
		json_bool(&b, "at_least", true);
	if (why != NULL)
		json_str(&b, "reason", why);
	engine_put_params(&ev, &b);
	(void)works_event(e->works, &ev);
	run->counted_utc_ms = loop_utc_ms(e->loop);
}

// ---- restart
// --------------------------------------------------------------------------

static bool
read_kept(struct kept *k, const struct meta_row *row)
{
	const char *text = row->value;
	char *end;

	if (strncmp(row->key, KEY_PREFIX, sizeof(KEY_PREFIX) - 1) != 0)
		return false;
	k->slot = (uint32_t)strtoul(row->key + sizeof(KEY_PREFIX) - 1, NULL, 10);
	if (k->slot >= SLOTS_MOST)
		return false;
	for (unsigned i = 0; i < CHATTER_KEPT_NUMBERS; i++) {
		k->v[i] = strtoll(text, &end, 10);
		if (end == text || *end != ' ')
			return false;
		text = end;
	}
	return str_copy(k->occurrence, sizeof(k->occurrence), text + 1);
}

void
chatters_close(struct chatters *all)
{
	for (uint32_t i = 0; i < all->n_slots; i++)
		if (all->slots[i] != NULL && all->slots[i]->owed)
			chatter_keep(all->slots[i]);
}

void
chatters_load(struct chatters *all, const struct recovered *r)
{
	all->clean = r->clean_stop;
	all->kept = xcalloc(r->n_metas + 1, sizeof(*all->kept));
	for (size_t i = 0; i < r->n_metas; i++) {
		struct kept k = { 0 };
		if (read_kept(&k, &r->metas[i]))
			all->kept[all->n_kept++] = k;
	}
}

static struct kept *
find_kept(const struct chatters *all, const struct alarm_record *r)
{
	for (size_t i = 0; i < all->n_kept; i++)
		if (strcmp(all->kept[i].occurrence, r->occurrence) == 0)
			return &all->kept[i];
	return NULL;
}

// It goes on; what the field says is unknown until it is heard.
static void
resume(struct chatters *all, struct alarm_record *r, struct onsets *o,
    const struct kept *k)
{
	struct chatter_run *run = chatter_run_new(all, r, o, k->slot);

	o->state.on = true;
	o->state.active = (k->v[3] & KEPT_ACTIVE) != 0;
	o->state.tally.onsets = (uint32_t)k->v[4];
	o->state.tally.clears = (uint32_t)k->v[5];
	o->state.counted.onsets = (uint32_t)k->v[6];
	o->state.counted.clears = (uint32_t)k->v[7];
	run->since_utc_ms = k->v[0];
	run->counted_utc_ms = k->v[1];
	run->change_utc_ms = k->v[2];
	run->at_least = !all->clean || (k->v[3] & KEPT_AT_LEAST) != 0;
	chatter_run_arm(run);
}

// The rule, or the point, is no more: the alarm is as any other again.
static void
forgo(struct chatters *all, struct alarm_record *r, const struct kept *k)
{
	static const struct chatter_rule none = { .count = 1 };
	struct onsets *o = onsets_find(all, r);

	if (o == NULL)
		o = onsets_add(all, r, &none);
	resume(all, r, o, k);
	chatter_run_end(
	    r->chatter, r->withdrawn_point != NULL ? "withdrawn" : "rule_removed");
}

void
chatters_restore(struct chatters *all, struct alarm_record *r)
{
	struct kept *k = find_kept(all, r);
	const struct chatter_rule *rule = chatter_rule_of(all->engine, r);
	bool standing =
	    r->a.state == ALARM_UNACKNOWLEDGED || r->a.state == ALARM_ACKNOWLEDGED;

	if (k == NULL || !standing)
		return;
	k->taken = true;
	if (rule == NULL)
		forgo(all, r, k);
	else
		resume(all, r, onsets_add(all, r, rule), k);
}

// Nothing would ever end such a fault.
static void
withdraw_fault(struct engine *e, struct alarm_record *r)
{
	if (chatter_is_own(r) && r->point_index < e->site->n_points &&
	    !chatter_any_of_point(e, r->point_index))
		transition_withdraw(e, r);
}

void
chatters_recovered(struct chatters *all)
{
	struct engine *e = all->engine;
	size_t n;

	for (size_t i = 0; i < all->n_kept; i++)
		if (!all->kept[i].taken)
			chatter_keep_nothing(all, all->kept[i].slot);
	free(all->kept);
	all->kept = NULL;
	all->n_kept = 0;
	struct alarm_record *const *open = alarms_all(e->alarms, &n);
	while (n-- > 0)
		withdraw_fault(e, open[n]);
}
