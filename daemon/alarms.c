// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See alarms.h. Two chained hash tables that double with the number of records, a dense
// array for walks, and a list per point. Records are allocated one by one: their
// addresses are stable while they live.
#include "alarms.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

enum {
	FIRST_BUCKETS = 256,
	SUPERSEDED_MAX = 1024
};

struct alarms {
	struct alarm_record **by_key, **by_occurrence;
	size_t buckets; // a power of two
	struct alarm_record **all;
	size_t n, room;
	struct alarm_record **of_point;
	uint32_t n_points;
	char superseded[SUPERSEDED_MAX][MINT_MAX]; // a ring
	size_t superseded_at;
};

static uint32_t
hash_add(uint32_t h, const char *s)
{
	for (; *s != '\0'; s++) // FNV-1a
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}

static uint32_t
hash_key(const char *point, enum condition c, const char *code)
{
	uint32_t h = hash_add(2166136261u, point);
	h = (h ^ (uint32_t)c) * 16777619u;
	return hash_add(h, code);
}

static size_t
key_bucket(const struct alarms *t, const struct alarm_record *r)
{
	return hash_key(r->point->id, r->a.condition, r->code) & (t->buckets - 1);
}

static size_t
occurrence_bucket(const struct alarms *t, const char *occurrence)
{
	return hash_add(2166136261u, occurrence) & (t->buckets - 1);
}

static void
link_key(struct alarms *t, struct alarm_record *r)
{
	struct alarm_record **head = &t->by_key[key_bucket(t, r)];
	r->next_by_key = *head;
	*head = r;
}

static void
link_occurrence(struct alarms *t, struct alarm_record *r)
{
	struct alarm_record **head =
	    &t->by_occurrence[occurrence_bucket(t, r->occurrence)];
	r->next_by_occurrence = *head;
	*head = r;
}

static void
unlink_key(struct alarms *t, struct alarm_record *r)
{
	struct alarm_record **p = &t->by_key[key_bucket(t, r)];
	while (*p != r)
		p = &(*p)->next_by_key;
	*p = r->next_by_key;
}

static void
unlink_occurrence(struct alarms *t, struct alarm_record *r)
{
	struct alarm_record **p =
	    &t->by_occurrence[occurrence_bucket(t, r->occurrence)];
	while (*p != r)
		p = &(*p)->next_by_occurrence;
	*p = r->next_by_occurrence;
}

static void
unlink_point(struct alarms *t, struct alarm_record *r)
{
	if (r->point_index >= t->n_points)
		return;
	struct alarm_record **p = &t->of_point[r->point_index];
	while (*p != r)
		p = &(*p)->next_of_point;
	*p = r->next_of_point;
}

static void
grow(struct alarms *t)
{
	t->buckets *= 2;
	free(t->by_key);
	free(t->by_occurrence);
	t->by_key = xcalloc(t->buckets, sizeof(struct alarm_record *));
	t->by_occurrence = xcalloc(t->buckets, sizeof(struct alarm_record *));
	for (size_t i = 0; i < t->n; i++) {
		link_key(t, t->all[i]);
		link_occurrence(t, t->all[i]);
	}
}

struct alarms *
alarms_new(uint32_t n_points)
{
	struct alarms *t = xcalloc(1, sizeof(*t));
	t->buckets = FIRST_BUCKETS;
	t->by_key = xcalloc(t->buckets, sizeof(struct alarm_record *));
	t->by_occurrence = xcalloc(t->buckets, sizeof(struct alarm_record *));
	t->n_points = n_points;
	t->of_point = xcalloc(n_points + 1, sizeof(struct alarm_record *));
	return t;
}

static void
record_free(struct alarm_record *r)
{
	free(r->withdrawn_point);
	free(r);
}

void
alarms_free(struct alarms *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n; i++)
		record_free(t->all[i]);
	free(t->all);
	free(t->by_key);
	free(t->by_occurrence);
	free(t->of_point);
	free(t);
}

size_t
alarms_count(const struct alarms *t)
{
	return t->n;
}

struct alarm_record *
alarms_find(
    const struct alarms *t, const char *point, enum condition c, const char *code)
{
	struct alarm_record *r = t->by_key[hash_key(point, c, code) & (t->buckets - 1)];
	for (; r != NULL; r = r->next_by_key) {
		if (r->a.condition == c && strcmp(r->code, code) == 0 &&
		    strcmp(r->point->id, point) == 0)
			return r;
	}
	return NULL;
}

struct alarm_record *
alarms_by_occurrence(const struct alarms *t, const char *occurrence)
{
	struct alarm_record *r = t->by_occurrence[occurrence_bucket(t, occurrence)];
	while (r != NULL && strcmp(r->occurrence, occurrence) != 0)
		r = r->next_by_occurrence;
	return r;
}

bool
alarms_superseded(const struct alarms *t, const char *occurrence)
{
	for (size_t i = 0; i < SUPERSEDED_MAX; i++) {
		if (strcmp(t->superseded[i], occurrence) == 0)
			return occurrence[0] != '\0';
	}
	return false;
}

struct alarm_record *
alarms_of_point(const struct alarms *t, uint32_t point)
{
	return point < t->n_points ? t->of_point[point] : NULL;
}

struct alarm_record *
alarms_add(struct alarms *t, const struct point *p, uint32_t point_index,
    enum condition c, const char *code)
{
	if (t->n == t->room) {
		t->room = t->room == 0 ? 64 : t->room * 2;
		t->all = xreallocarray(t->all, t->room, sizeof(*t->all));
	}
	struct alarm_record *r = xcalloc(1, sizeof(*r));
	r->point = p;
	r->point_index = point_index;
	r->a.condition = c;
	(void)str_copy(r->code, sizeof(r->code), code);
	r->slot = t->n;
	t->all[t->n++] = r;
	if (t->n > t->buckets) {
		grow(t);
	} else {
		link_key(t, r);
		link_occurrence(t, r);
	}
	if (point_index < t->n_points) {
		r->next_of_point = t->of_point[point_index];
		t->of_point[point_index] = r;
	}
	return r;
}

void
alarms_rename(struct alarms *t, struct alarm_record *r, const char *occurrence)
{
	unlink_occurrence(t, r);
	if (r->occurrence[0] != '\0') {
		memcpy(t->superseded[t->superseded_at], r->occurrence, MINT_MAX);
		t->superseded_at = (t->superseded_at + 1) % SUPERSEDED_MAX;
	}
	(void)str_copy(r->occurrence, sizeof(r->occurrence), occurrence);
	link_occurrence(t, r);
}

void
alarms_remove(struct alarms *t, struct alarm_record *r)
{
	unlink_key(t, r);
	unlink_occurrence(t, r);
	unlink_point(t, r);
	t->all[r->slot] = t->all[--t->n];
	t->all[r->slot]->slot = r->slot;
	record_free(r);
}

struct alarm_record *const *
alarms_all(const struct alarms *t, size_t *n)
{
	*n = t->n;
	return t->all;
}

// Fire first, then oldest first; ids break ties so that the order is total.
static int
compare(const void *left, const void *right)
{
	const struct alarm_record *a = *(struct alarm_record *const *)left;
	const struct alarm_record *b = *(struct alarm_record *const *)right;
	if (a->alarm_class != b->alarm_class)
		return a->alarm_class < b->alarm_class ? -1 : 1;
	if (a->raised_utc_ms != b->raised_utc_ms)
		return a->raised_utc_ms < b->raised_utc_ms ? -1 : 1;
	return strcmp(a->occurrence, b->occurrence);
}

struct alarm_record **
alarms_sorted(const struct alarms *t)
{
	struct alarm_record **out = xcalloc(t->n + 1, sizeof(*out));
	if (t->n > 0)
		memcpy(out, t->all, t->n * sizeof(*out));
	qsort(out, t->n, sizeof(*out), compare);
	return out;
}
