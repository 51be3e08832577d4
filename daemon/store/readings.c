// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See readings.h. The merge is one upsert: sums are added, extremes compared with their
// times, and good time is never more than the minute has; where it would be (the clock
// went back and the minute was lived twice), the integral shrinks with it, so the mean
// stays. Runs in its writer thread. It refuses values that are not numbers: they become
// "none".
#include "store/readings.h"

#include <math.h>
#include <string.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "store/cell.h"
#include "store/journal.h"

enum {
	SOUND_LIMIT_MS = 100,
	DAYS_MAX = 40000
};

static const char *const statements[RD_COUNT] = {
	[RD_POINT] = "INSERT INTO point (name) VALUES (?1) ON CONFLICT DO NOTHING",
	[RD_MINUTE] =
	    "INSERT INTO minute (point, minute_utc_ms, min, max, min_at_ms, max_at_ms, "
	    "integral, good_ms, samples, last) VALUES ((SELECT id FROM point WHERE "
	    "name = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO UPDATE "
	    "SET "
	    "min_at_ms = CASE WHEN min IS NULL OR excluded.min < min "
	    "THEN excluded.min_at_ms ELSE min_at_ms END, "
	    "max_at_ms = CASE WHEN max IS NULL OR excluded.max > max "
	    "THEN excluded.max_at_ms ELSE max_at_ms END, "
	    "min = CASE WHEN min IS NULL OR excluded.min < min "
	    "THEN excluded.min ELSE min END, "
	    "max = CASE WHEN max IS NULL OR excluded.max > max "
	    "THEN excluded.max ELSE max END, "
	    "integral = CASE WHEN good_ms + excluded.good_ms > 60000 "
	    "THEN (integral + excluded.integral) * 60000.0 "
	    "/ (good_ms + excluded.good_ms) ELSE integral + excluded.integral END, "
	    "good_ms = min(60000, good_ms + excluded.good_ms), "
	    "samples = samples + excluded.samples, "
	    "last = coalesce(excluded.last, last)",
	// Of two for one hour the nearer stays, and a reason takes no reading away.
	[RD_SET] = "INSERT INTO set_reading (point, due_utc_ms, value, at_ms, reason) "
		   "VALUES ((SELECT id FROM point WHERE name = ?1), ?2, ?3, ?4, ?5) "
		   "ON CONFLICT DO UPDATE SET value = excluded.value, "
		   "at_ms = excluded.at_ms, reason = excluded.reason "
		   "WHERE excluded.value IS NOT NULL AND (value IS NULL OR "
		   "abs(excluded.at_ms - due_utc_ms) < abs(at_ms - due_utc_ms))",
	// One of all that an alarm then says matters.
	[RD_SAMPLE] =
	    "INSERT INTO sample (point, at_ms, value, quality, around) VALUES ((SELECT "
	    "id FROM point WHERE name = ?1), ?2, ?3, ?4, ?5) "
	    "ON CONFLICT DO UPDATE SET around = max(around, excluded.around)",
};

static int
open_file(
    struct readings *r, struct fault *fault, enum db_refusal *refused, struct err *err)
{
	*refused = DB_ACCEPTED;
	int rc = db_open(r->path, DB_WRITE, &r->db, fault);
	if (rc != SQLITE_OK)
		return rc;
	rc = db_migrate(r->db, DB_READINGS, refused, err);
	for (unsigned i = 0; i < RD_COUNT && rc == SQLITE_OK; i++)
		rc = sqlite3_prepare_v3(r->db, statements[i], -1,
		    SQLITE_PREPARE_PERSISTENT, &r->st[i], NULL);
	if (rc != SQLITE_OK) {
		db_fault(r->db, rc, fault);
		readings_close(r);
	}
	return rc;
}

void
readings_close(struct readings *r)
{
	db_close(r->db); // finalizes the statements
	r->db = NULL;
	memset(r->st, 0, sizeof(r->st));
	r->have_day = false;
}

static int
copy_days(sqlite3 *from, sqlite3 *to)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(from,
	    "SELECT day, from_ms, to_ms FROM day ORDER BY from_ms", -1, &st, NULL);
	int copied = 0;
	while ((rc == SQLITE_OK || rc == SQLITE_ROW) && copied++ < DAYS_MAX) {
		rc = sqlite3_step(st);
		if (rc != SQLITE_ROW)
			break;
		struct day d = { .from_ms = sqlite3_column_int64(st, 1),
			.to_ms = sqlite3_column_int64(st, 2) };
		const char *name = (const char *)sqlite3_column_text(st, 0);
		(void)str_copy(d.name, sizeof(d.name), name != NULL ? name : "");
		rc = day_record(to, &d);
	}
	(void)sqlite3_finalize(st);
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

// Copies what is missing, in one transaction of `to`.
static int
bring_days(sqlite3 *from, sqlite3 *to)
{
	int rc = db_exec(to, "BEGIN IMMEDIATE");
	if (rc == SQLITE_OK)
		rc = copy_days(from, to);
	if (rc == SQLITE_OK)
		rc = db_exec(to, "COMMIT");
	if (sqlite3_get_autocommit(to) == 0)
		(void)db_exec(to, "ROLLBACK");
	return rc;
}

int
readings_first_open(
    struct readings *r, sqlite3 *journal, struct fault *fault, struct err *err)
{
	enum db_refusal refused;
	int rc = open_file(r, fault, &refused, err);
	if (refused == DB_FOREIGN)
		return -1;
	r->aside_mode = refused == DB_NEWER ? STORE_NEWER : STORE_CORRUPT;
	if (rc == SQLITE_OK && !db_sound(r->db, SOUND_LIMIT_MS)) {
		readings_close(r);
		rc = SQLITE_CORRUPT;
	}
	if (refused == DB_NEWER || (rc & 0xff) == SQLITE_CORRUPT ||
	    (rc & 0xff) == SQLITE_NOTADB) {
		if (journal_set_aside(r->path, store_mode_name(r->aside_mode),
			r->opened_utc_ms, r->aside, sizeof(r->aside)) == 0)
			rc = open_file(r, fault, &refused, err);
		fault->mode = rc == SQLITE_OK ? fault->mode : r->aside_mode;
	}
	if (rc != SQLITE_OK)
		return 1;
	// The journal's days win; a journal that was lost gets them back.
	if (journal != NULL && (bring_days(journal, r->db) != SQLITE_OK ||
				   bring_days(r->db, journal) != SQLITE_OK))
		log_warnx("store", "the days of journal and readings differ for now");
	return 0;
}

// ---- the writer's functions
// -------------------------------------------------------------

static int
op_open(void *ctx, struct fault *fault)
{
	struct readings *r = ctx;
	struct err err = { 0 };
	enum db_refusal refused;
	if (r->db != NULL)
		return 0;
	return open_file(r, fault, &refused, &err) == SQLITE_OK ? 0 : -1;
}

static void
op_close(void *ctx)
{
	readings_close(ctx);
}

static sqlite3 *
op_db(void *ctx)
{
	return ((struct readings *)ctx)->db;
}

static int
op_begin(void *ctx)
{
	return db_exec(((struct readings *)ctx)->db, "BEGIN IMMEDIATE");
}

static int
enter_day(struct readings *r, int64_t utc_ms)
{
	if (r->have_day && utc_ms >= r->day.from_ms && utc_ms < r->day.to_ms)
		return SQLITE_OK;
	bool known = false;
	struct day day = { 0 };
	int rc = day_find(r->db, &r->rule, utc_ms, &day, &known);
	if (rc == SQLITE_OK && !known)
		rc = day_record(r->db, &day);
	if (rc == SQLITE_OK) {
		r->day = day;
		r->have_day = true;
	}
	return rc;
}

static int
run(sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);
	(void)sqlite3_reset(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static void
bind_minute(sqlite3_stmt *st, const struct minute *m)
{
	bool some = (m->samples > 0 || m->good_ms > 0) && isfinite(m->min) &&
		    isfinite(m->max) && isfinite(m->integral);
	const struct cell cells[] = {
		cell_integer(m->minute_utc_ms),
		some ? cell_real(m->min) : cell_absent(),
		some ? cell_real(m->max) : cell_absent(),
		some ? cell_integer(m->min_at_ms) : cell_absent(),
		some ? cell_integer(m->max_at_ms) : cell_absent(),
		cell_real(some ? m->integral : 0.0),
		cell_integer(some ? m->good_ms : 0),
		cell_integer(m->samples),
		some ? cell_real(m->last) : cell_absent(),
	};
	for (int i = 0; i < (int)(sizeof(cells) / sizeof(cells[0])); i++)
		(void)cell_bind(st, i + 2, &cells[i]);
}

static int
put_set(struct readings *r, const struct minute_row *row)
{
	const struct set_reading *s = &row->set;
	bool some = s->have && isfinite(s->value);
	const struct cell cells[] = {
		cell_integer(s->due_utc_ms),
		some ? cell_real(s->value) : cell_absent(),
		some ? cell_integer(s->at_utc_ms) : cell_absent(),
		some ? cell_absent() : cell_text(s->reason != NULL ? s->reason : "bad"),
	};
	sqlite3_stmt *st = r->st[RD_SET];
	(void)sqlite3_bind_text(st, 1, row->point, -1, SQLITE_STATIC);
	for (int i = 0; i < (int)(sizeof(cells) / sizeof(cells[0])); i++)
		(void)cell_bind(st, i + 2, &cells[i]);
	return run(st);
}

static int
put_sample(struct readings *r, const struct minute_row *row)
{
	const struct kept_sample *s = &row->sample;
	const struct cell cells[] = {
		cell_integer(s->at_utc_ms),
		isfinite(s->value) ? cell_real(s->value) : cell_absent(),
		cell_text(quality_name(s->quality)),
		cell_integer(s->around),
	};
	sqlite3_stmt *st = r->st[RD_SAMPLE];
	(void)sqlite3_bind_text(st, 1, row->point, -1, SQLITE_STATIC);
	for (int i = 0; i < (int)(sizeof(cells) / sizeof(cells[0])); i++)
		(void)cell_bind(st, i + 2, &cells[i]);
	return run(st);
}

static int
put_minute(struct readings *r, const struct minute_row *row)
{
	(void)sqlite3_bind_text(r->st[RD_MINUTE], 1, row->point, -1, SQLITE_STATIC);
	bind_minute(r->st[RD_MINUTE], &row->m);
	return run(r->st[RD_MINUTE]);
}

static int64_t
time_of(const struct minute_row *row)
{
	switch (row->kind) {
	case ROW_SET:
		return row->set.due_utc_ms;
	case ROW_SAMPLE:
		return row->sample.at_utc_ms;
	case ROW_MINUTE:
	default:
		return row->m.minute_utc_ms;
	}
}

static int
put_row(struct readings *r, const struct minute_row *row)
{
	static int (*const put[])(struct readings * r, const struct minute_row *row) = {
		[ROW_MINUTE] = put_minute,
		[ROW_SET] = put_set,
		[ROW_SAMPLE] = put_sample,
	};
	int rc = enter_day(r, time_of(row));
	if (rc != SQLITE_OK)
		return rc;
	(void)sqlite3_bind_text(r->st[RD_POINT], 1, row->point, -1, SQLITE_STATIC);
	rc = run(r->st[RD_POINT]);
	return rc == SQLITE_OK ? put[row->kind](r, row) : rc;
}

// Whole recorded days only.
#define CUT_END                                                     \
  "WITH e (ms) AS (SELECT coalesce((SELECT from_ms FROM day WHERE " \
  "from_ms <= ?1 AND to_ms > ?1), ?1)) "

// Runs a statement that deletes before b->cut_before_ms, b->most rows at most.
static int
cut_rows(struct readings *r, struct minute_batch *b, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(r->db, sql, -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(st, 1, b->cut_before_ms);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(st, 2, b->most);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	(void)sqlite3_finalize(st);
	if (rc != SQLITE_DONE)
		return rc;
	b->cut = sqlite3_changes(r->db);
	return SQLITE_OK;
}

// So that nobody takes what retention took for what was never there.
static int
note_cut(struct readings *r, const struct minute_batch *b)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(r->db,
	    CUT_END "INSERT INTO tally (name, n) SELECT 'kept_from_ms', ms FROM e "
		    "WHERE true ON CONFLICT (name) DO UPDATE SET n = max(n, "
		    "excluded.n)",
	    -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(st, 1, b->cut_before_ms);
	if (rc == SQLITE_OK)
		rc = run(st);
	(void)sqlite3_finalize(st);
	return rc;
}

// The oldest minutes of one point that has some before this; the readings at set hours
// leave with them. Once all are gone, the set hours that have no reading, only a
// reason: no minute takes those along.
static int
cut_minutes(struct readings *r, struct minute_batch *b)
{
	int rc = cut_rows(r, b,
	    CUT_END
	    "DELETE FROM minute WHERE (point, minute_utc_ms) IN (SELECT m.point, "
	    "m.minute_utc_ms FROM minute m WHERE m.point = (SELECT p.id FROM point p "
	    "WHERE (SELECT min(x.minute_utc_ms) FROM minute x WHERE x.point = p.id) < "
	    "(SELECT ms FROM e) LIMIT 1) AND m.minute_utc_ms < (SELECT ms FROM e) "
	    "ORDER BY m.minute_utc_ms LIMIT ?2)");
	if (rc == SQLITE_OK && b->cut == 0)
		rc = cut_rows(r, b,
		    CUT_END
		    "DELETE FROM set_reading WHERE (point, due_utc_ms) IN (SELECT "
		    "s.point, s.due_utc_ms FROM point p JOIN set_reading s ON "
		    "s.point = p.id AND s.due_utc_ms < (SELECT ms FROM e) "
		    "WHERE s.at_ms IS NULL OR s.at_ms < (SELECT ms FROM e) LIMIT ?2)");
	if (rc == SQLITE_OK && b->cut > 0)
		rc = note_cut(r, b);
	return rc != SQLITE_OK ? rc : db_exec(r->db, "PRAGMA incremental_vacuum(256)");
}

static int
cut_samples(struct readings *r, struct minute_batch *b)
{
	int rc = cut_rows(r, b,
	    b->what == CUT_SAMPLES
		? "DELETE FROM sample WHERE (point, at_ms) IN (SELECT point, at_ms "
		  "FROM "
		  "sample WHERE around = 0 AND at_ms < ?1 LIMIT ?2)"
		: "DELETE FROM sample WHERE (point, at_ms) IN (SELECT point, at_ms "
		  "FROM "
		  "sample WHERE around = 1 AND at_ms < ?1 LIMIT ?2)");
	return rc != SQLITE_OK ? rc : db_exec(r->db, "PRAGMA incremental_vacuum(256)");
}

static int
op_apply(void *ctx, struct work *w)
{
	struct minute_batch *b = (struct minute_batch *)w;
	if (b->most > 0)
		return b->what == CUT_MINUTES ? cut_minutes(ctx, b)
					      : cut_samples(ctx, b);
	int rc = SQLITE_OK;
	for (size_t i = 0; i < b->n && rc == SQLITE_OK; i++)
		rc = put_row(ctx, &b->rows[i]);
	return rc;
}

static int
op_commit(void *ctx)
{
	return db_exec(((struct readings *)ctx)->db, "COMMIT");
}

static void
op_rollback(void *ctx)
{
	struct readings *r = ctx;
	if (sqlite3_get_autocommit(r->db) == 0)
		(void)db_exec(r->db, "ROLLBACK");
	r->have_day = false;
}

static int
op_renew(void *ctx, char *aside, size_t size, bool *unread)
{
	struct readings *r = ctx;
	*unread = false; // nothing is open in it
	return journal_set_aside(
	    r->path, store_mode_name(STORE_CORRUPT), r->opened_utc_ms, aside, size);
}

const struct writer_ops readings_ops = {
	.name = "readings",
	.open = op_open,
	.close = op_close,
	.db = op_db,
	.begin = op_begin,
	.apply = op_apply,
	.commit = op_commit,
	.rollback = op_rollback,
	.renew = op_renew,
};
