// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The last onsets of each alarm that may chatter: a table by point, whose rows are
// freed once they are too old to count. Owns the rows. On the loop.
#include <stdlib.h>
#include <string.h>

#include "chatters_impl.h"
#include "lib/mem.h"

enum {
	FORGET_MS = 30 * 1000,
	BUCKETS_LEAST = 64,
	POINTS_PER_BUCKET = 4
};

static struct onsets **
bucket_of(const struct chatters *all, uint32_t point)
{
	return &all->buckets[point & (all->n_buckets - 1)];
}

struct onsets *
onsets_find(const struct chatters *all, const struct alarm_record *r)
{
	struct onsets *o = *bucket_of(all, r->point_index);

	while (o != NULL &&
	       (o->point != r->point_index || o->condition != r->a.condition ||
		   strcmp(o->code, r->code) != 0))
		o = o->next;
	return o;
}

struct onsets *
onsets_add(
    struct chatters *all, const struct alarm_record *r, const struct chatter_rule *rule)
{
	size_t code = strlen(r->code) + 1, ring = rule->count * sizeof(int64_t);
	struct onsets *o = xcalloc(1, sizeof(*o) + ring + code);
	struct onsets **bucket = bucket_of(all, r->point_index);

	o->rule = rule;
	o->point = r->point_index;
	o->condition = r->a.condition;
	o->state.onsets_ms = (int64_t *)(o + 1);
	char *text = (char *)(o->state.onsets_ms + rule->count);
	memcpy(text, r->code, code);
	o->code = text;
	o->next = *bucket;
	*bucket = o;
	if (all->n_onsets++ == 0)
		loop_timer_in(all->engine->loop, &all->forget, FORGET_MS);
	return o;
}

static void
on_forget(void *arg)
{
	struct chatters *all = arg;
	int64_t now = loop_now_ms(all->engine->loop);

	for (uint32_t i = 0; i < all->n_buckets; i++) {
		struct onsets **at = &all->buckets[i];
		while (*at != NULL) {
			struct onsets *o = *at;
			if (!chatter_forgotten(&o->state, o->rule, now)) {
				at = &o->next;
				continue;
			}
			*at = o->next;
			all->n_onsets--;
			free(o);
		}
	}
	if (all->n_onsets > 0)
		loop_timer_in(all->engine->loop, &all->forget, FORGET_MS);
}

void
onsets_init(struct chatters *all)
{
	all->n_buckets = BUCKETS_LEAST;
	while (all->n_buckets < all->engine->site->n_site_points / POINTS_PER_BUCKET)
		all->n_buckets *= 2;
	all->buckets = xcalloc(all->n_buckets, sizeof(struct onsets *));
	loop_timer_init(&all->forget, on_forget, all);
}

void
onsets_free(struct chatters *all)
{
	loop_timer_stop(all->engine->loop, &all->forget);
	for (uint32_t i = 0; i < all->n_buckets; i++) {
		while (all->buckets[i] != NULL) {
			struct onsets *next = all->buckets[i]->next;
			free(all->buckets[i]);
			all->buckets[i] = next;
		}
	}
	free(all->buckets);
}
