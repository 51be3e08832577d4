// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What is watched, and on which link it hangs, from when and until when: the site's
// points in the table `watched`, brought up to date where a run has another
// configuration than the one before. Blind time of a link is that of the points behind
// it at that time. Runs in the writer's transaction.
#include <stdlib.h>
#include <string.h>

#include "core/site.h"
#include "lib/mem.h"
#include "store/db.h"
#include "store/journal.h"

#define KEY "watched_rev"

static const char *
link_of(const struct site *s, const struct point *p)
{
	if (p->device != INDEX_NONE)
		return s->points[s->devices[p->device].link_point].id;
	if (p->gpio != INDEX_NONE)
		return s->points[s->gpios[p->gpio].link_point].id;
	return "";
}

static int
by_id(const void *va, const void *vb)
{
	const struct point *const *a = va, *const *b = vb;
	return strcmp((*a)->id, (*b)->id);
}

static const struct point **
sorted_points(const struct site *s)
{
	const struct point **all = xcalloc((size_t)s->n_site_points + 1, sizeof(*all));
	for (uint32_t i = 0; i < s->n_site_points; i++)
		all[i] = &s->points[i];
	qsort(all, s->n_site_points, sizeof(*all), by_id);
	return all;
}

static bool
still_so(const struct site *s, const struct point *const *sorted, const char *id,
    const char *link)
{
	const struct point key = { .id = id }, *wanted = &key;
	const struct point *const *p =
	    bsearch(&wanted, sorted, s->n_site_points, sizeof(*sorted), by_id);
	return p != NULL && strcmp(link_of(s, *p), link) == 0;
}

// Ends the row of a point that is no more, or hangs on another link now.
static int
end_gone(sqlite3 *db, const struct site *s, int64_t now_ms)
{
	sqlite3_stmt *all = NULL, *end = NULL;
	int rc = sqlite3_prepare_v2(
	    db, "SELECT point, link FROM watched WHERE to_ms IS NULL", -1, &all, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(db,
		    "UPDATE watched SET to_ms = max(from_ms, ?2) "
		    "WHERE point = ?1 AND to_ms IS NULL",
		    -1, &end, NULL);
	const struct point **sorted = sorted_points(s);
	while (rc == SQLITE_OK && (rc = sqlite3_step(all)) == SQLITE_ROW) {
		const char *id = (const char *)sqlite3_column_text(all, 0);
		const char *link = (const char *)sqlite3_column_text(all, 1);
		rc = SQLITE_OK;
		if (id != NULL && link != NULL && still_so(s, sorted, id, link))
			continue;
		(void)sqlite3_bind_value(end, 1, sqlite3_column_value(all, 0));
		(void)sqlite3_bind_int64(end, 2, now_ms);
		rc = sqlite3_step(end);
		(void)sqlite3_reset(end);
		rc = rc == SQLITE_DONE ? SQLITE_OK : rc;
	}
	free((void *)sorted);
	(void)sqlite3_finalize(all);
	(void)sqlite3_finalize(end);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int
begin_new(sqlite3 *db, const struct site *s, int64_t from_ms)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db,
	    "INSERT OR REPLACE INTO watched (point, link, from_ms) SELECT ?1, ?2, ?3 "
	    "WHERE NOT EXISTS (SELECT 1 FROM watched WHERE point = ?1 "
	    "AND to_ms IS NULL)",
	    -1, &st, NULL);
	for (uint32_t i = 0; i < s->n_site_points && rc == SQLITE_OK; i++) {
		const struct point *p = &s->points[i];
		(void)sqlite3_bind_text(st, 1, p->id, -1, SQLITE_STATIC);
		(void)sqlite3_bind_text(st, 2, link_of(s, p), -1, SQLITE_STATIC);
		(void)sqlite3_bind_int64(st, 3, from_ms);
		rc = sqlite3_step(st);
		(void)sqlite3_reset(st);
		rc = rc == SQLITE_DONE ? SQLITE_OK : rc;
	}
	(void)sqlite3_finalize(st);
	return rc;
}

int
watched_keep(sqlite3 *db, const struct site *s, int64_t now_ms)
{
	char known[sizeof(s->revision)];
	int64_t n = 0;
	if (s == NULL)
		return SQLITE_OK;
	if (db_meta(db, KEY, known, sizeof(known)) && strcmp(known, s->revision) == 0)
		return SQLITE_OK;
	// What the file had no word of was as it is now.
	int rc = db_integer(db, "SELECT EXISTS (SELECT 1 FROM watched)", 0, &n);
	if (rc == SQLITE_OK)
		rc = end_gone(db, s, now_ms);
	if (rc == SQLITE_OK)
		rc = begin_new(db, s, n != 0 ? now_ms : 0);
	return rc == SQLITE_OK ? db_set_meta(db, KEY, s->revision) : rc;
}
