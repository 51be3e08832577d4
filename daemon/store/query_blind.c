// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Sums of blind time over a span, as the view v_blind_daily has them by day: of the
// whole site, and of what has spans of its own. A point without them is as its link, a
// link without them as the site. Runs in the reader thread or in a tool.
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "store/db.h"
#include "store/reader.h"

// ?1 from, ?2 to, ?3 now, ?4 the only point, or NULL. Of each span counts what lies
// behind all that began before it: what overlaps counts once.
#define PART_OF(kind)           \
  ", sum(CASE kind WHEN '" kind \
  "' THEN max(0, to_ms - max(from_ms, coalesce(same_ms, from_ms))) ELSE 0 END)"
#define BEHIND "w.from_ms < ?2 AND coalesce(w.to_ms, ?2) > ?1"
static const char SQL[] =
    "WITH e (point) AS (SELECT ?4 WHERE ?4 IS NOT NULL "
    "UNION SELECT '' WHERE ?4 IS NULL "
    "UNION SELECT point FROM blind WHERE ?4 IS NULL AND from_ms < ?2 "
    "AND (to_ms IS NULL OR to_ms >= ?1)), "
    "mine (point, of, from_ms, to_ms) AS ("
    "SELECT w.point, w.point, w.from_ms, w.to_ms FROM e JOIN watched w USING (point) "
    "UNION SELECT w.point, w.link, w.from_ms, w.to_ms FROM e JOIN watched w "
    "USING (point) "
    "UNION SELECT w.point, '', w.from_ms, w.to_ms FROM e JOIN watched w USING (point) "
    "UNION SELECT point, point, 0, NULL FROM e WHERE point NOT IN "
    "(SELECT point FROM watched) "
    "UNION SELECT point, '', 0, NULL FROM e WHERE point NOT IN "
    "(SELECT point FROM watched)), "
    "span AS (SELECT m.point, b.n, b.to_ms IS NULL AND m.to_ms IS NULL AS goes_on, "
    "CASE WHEN o.seq IS NULL THEN '' ELSE b.seq || ',' || coalesce(b.end_seq, b.seq) "
    "|| ',' END AS ids, "
    "CASE b.reason WHEN 'flapping' THEN 'link' ELSE b.reason END AS kind, b.measured, "
    "max(b.from_ms, m.from_ms, ?1) AS from_ms, "
    "min(coalesce(b.to_ms, ?3), coalesce(m.to_ms, ?2), ?2) AS to_ms "
    "FROM blind b JOIN mine m ON m.of = b.point "
    "LEFT JOIN event o ON o.seq = b.seq AND o.epoch = b.epoch "
    "WHERE b.from_ms < ?2 AND (b.to_ms IS NULL OR b.to_ms >= ?1)), "
    "part AS (SELECT *, "
    "max(to_ms) OVER (PARTITION BY point ORDER BY from_ms, n ROWS BETWEEN UNBOUNDED "
    "PRECEDING AND 1 PRECEDING) AS before_ms, "
    "max(to_ms) OVER (PARTITION BY point, kind ORDER BY from_ms, n ROWS BETWEEN "
    "UNBOUNDED PRECEDING AND 1 PRECEDING) AS same_ms FROM span "
    "WHERE from_ms < to_ms OR (measured = 0 AND from_ms = to_ms AND from_ms < ?2)), "
    "sums AS (SELECT point, "
    "sum(max(0, to_ms - max(from_ms, coalesce(before_ms, from_ms)))) AS "
    "blind_ms" PART_OF("link") PART_OF("quality") PART_OF("isolated") PART_OF("down")
	PART_OF("clock") PART_OF(
	    "store") ", sum(measured = 0), max(goes_on), group_concat(ids, '') "
		     "FROM part GROUP BY point) "
		     "SELECT s.*, CASE WHEN point = '' THEN (SELECT count(DISTINCT "
		     "point) FROM watched w WHERE " BEHIND
		     ") WHEN point IN (SELECT point FROM watched) THEN 1 ELSE "
		     "(SELECT count(DISTINCT point) FROM watched w WHERE "
		     "w.link = s.point AND " BEHIND ") END "
		     "FROM sums s ORDER BY blind_ms DESC, point";

enum {
	COL_BLIND = 1,
	COL_UNMEASURED = COL_BLIND + 1 + BLIND_REASON_COUNT,
	COL_GOES_ON,
	COL_IDS,
	COL_POINTS,
};

static const char *const names[BLIND_REASON_COUNT] = { "link", "quality", "isolated",
	"down", "clock", "store" };

const char *
blind_reason_name(enum blind_reason r)
{
	return names[r];
}

struct ids {
	int64_t *seq;
	size_t n, size;
};

static int
by_number(const void *va, const void *vb)
{
	const int64_t a = *(const int64_t *)va, b = *(const int64_t *)vb;
	return a < b ? -1 : a > b;
}

// "7,9,7,7,": each once, rising.
static void
read_ids(const char *text, struct ids *ids)
{
	char *end;
	ids->n = 0;
	for (; text != NULL && *text != '\0'; text = *end == ',' ? end + 1 : end) {
		if (ids->n == ids->size) {
			ids->size = ids->size == 0 ? 64 : ids->size * 2;
			ids->seq =
			    xreallocarray(ids->seq, ids->size, sizeof(*ids->seq));
		}
		ids->seq[ids->n++] = strtoll(text, &end, 10);
		if (end == text)
			break;
	}
	size_t kept = 0;
	if (ids->n > 0)
		qsort(ids->seq, ids->n, sizeof(*ids->seq), by_number);
	for (size_t i = 0; i < ids->n; i++) {
		if (kept == 0 || ids->seq[kept - 1] != ids->seq[i])
			ids->seq[kept++] = ids->seq[i];
	}
	ids->n = kept;
}

static void
fill(sqlite3_stmt *st, struct ids *ids, struct blind_sum *s)
{
	const char *point = (const char *)sqlite3_column_text(st, 0);
	*s = (struct blind_sum){ .blind_ms = sqlite3_column_int64(st, COL_BLIND) };
	(void)str_copy(s->point, sizeof(s->point), point != NULL ? point : "");
	for (int i = 0; i < BLIND_REASON_COUNT; i++)
		s->by_ms[i] = sqlite3_column_int64(st, COL_BLIND + 1 + i);
	s->unmeasured = (uint32_t)sqlite3_column_int64(st, COL_UNMEASURED);
	s->goes_on = sqlite3_column_int(st, COL_GOES_ON) != 0;
	s->points = (uint32_t)sqlite3_column_int64(st, COL_POINTS);
	read_ids((const char *)sqlite3_column_text(st, COL_IDS), ids);
	s->seqs = ids->seq;
	s->n_seqs = ids->n;
}

int
query_blind(struct reader *r, const struct blind_query *q,
    bool (*row)(void *arg, const struct blind_sum *s), void *arg, struct err *err)
{
	struct ids ids = { .n = 0 };
	struct blind_sum sum;
	int n = 0, rc = SQLITE_DONE;
	bool more = true;
	reader_begin(r);
	sqlite3_stmt *st = reader_prepare(r, r->journal, SQL, err);
	if (st == NULL)
		return -1;
	(void)sqlite3_bind_int64(st, 1, q->from_ms);
	(void)sqlite3_bind_int64(st, 2, q->to_ms);
	(void)sqlite3_bind_int64(st, 3, q->now_utc_ms);
	if (q->point != NULL)
		(void)sqlite3_bind_text(st, 4, q->point, -1, SQLITE_STATIC);
	while (more && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		fill(st, &ids, &sum);
		more = row(arg, &sum);
		n++;
	}
	free(ids.seq);
	return reader_finish(r->journal, st, rc, err) == 0 ? n : -1;
}
