// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// People in the journal, with the event that says who was changed. The command line may
// do this beside a running daemon: both take the tail of the chain inside their
// transaction. The PIN's hash goes to the table and nowhere else; an event never
// carries it.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "store/append.h"
#include "store/db.h"
#include "store/journal.h"
#include "store/reader.h"

static const char PEOPLE_SQL[] =
    "SELECT id, name_zh, name_en, role, enabled, pin_hash FROM person ORDER BY id";

static void
text(sqlite3_stmt *st, int column, char *out, size_t size)
{
	const char *t = (const char *)sqlite3_column_text(st, column);
	(void)str_copy(out, size, t != NULL ? t : "");
}

static void
read_person(sqlite3_stmt *st, struct person *p)
{
	memset(p, 0, sizeof(*p));
	text(st, 0, p->id, sizeof(p->id));
	text(st, 1, p->name_zh, sizeof(p->name_zh));
	text(st, 2, p->name_en, sizeof(p->name_en));
	text(st, 3, p->role, sizeof(p->role));
	p->enabled = sqlite3_column_int(st, 4) != 0;
	text(st, 5, p->pin_hash, sizeof(p->pin_hash));
}

int
query_person(struct reader *r, const char *id, struct person *out, struct err *err)
{
	reader_begin(r);
	sqlite3_stmt *st = reader_prepare(r, r->journal,
	    "SELECT id, name_zh, name_en, role, enabled, pin_hash FROM person "
	    "WHERE id = ?1",
	    err);
	if (st == NULL)
		return -1;
	(void)sqlite3_bind_text(st, 1, id, -1, SQLITE_STATIC);
	int rc = sqlite3_step(st);
	bool found = rc == SQLITE_ROW;
	if (found)
		read_person(st, out);
	if (reader_finish(r->journal, st, rc, err) != 0)
		return -1;
	return found ? 1 : 0;
}

int
query_people(struct reader *r, bool (*row)(void *arg, const struct person *p),
    void *arg, struct err *err)
{
	reader_begin(r);
	sqlite3_stmt *st = reader_prepare(r, r->journal, PEOPLE_SQL, err);
	int rc = SQLITE_DONE, n = 0;
	bool go_on = st != NULL;
	if (st == NULL)
		return -1;
	while (go_on && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct person p;
		read_person(st, &p);
		n++;
		go_on = row(arg, &p);
	}
	return reader_finish(r->journal, st, rc, err) == 0 ? n : -1;
}

// ---- changing
// ---------------------------------------------------------------------------

static bool
role_known(const char *role)
{
	static const char *const roles[] = { "operator", "leader", "manager",
		"integrator" };
	for (unsigned i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (strcmp(role, roles[i]) == 0)
			return true;
	}
	return false;
}

static int
put_row(sqlite3 *db, const struct person *p, int64_t now_utc_ms)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db,
	    "REPLACE INTO person (id, name_zh, name_en, role, enabled, pin_hash, "
	    "changed_utc_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	    -1, &st, NULL);
	if (rc != SQLITE_OK)
		return rc;
	const char *const texts[] = { p->id, p->name_zh, p->name_en, p->role };
	for (int i = 0; i < 4; i++)
		(void)sqlite3_bind_text(st, i + 1, texts[i], -1, SQLITE_STATIC);
	(void)sqlite3_bind_int(st, 5, p->enabled);
	(void)sqlite3_bind_text(st, 6, p->pin_hash, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 7, now_utc_ms);
	rc = sqlite3_step(st);
	(void)sqlite3_finalize(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static void
make_event(
    struct event *e, const struct person *p, const char *actor, int64_t now_utc_ms)
{
	struct buf b = { 0 };
	event_init(e, EVENT_USER_CHANGE);
	tool_stamp(e, now_utc_ms);
	(void)str_copy(e->actor, sizeof(e->actor), actor);
	json_open(&b, NULL, '{');
	json_str(&b, "user", p->id);
	json_str(&b, "role", p->role);
	json_bool(&b, "enabled", p->enabled);
	json_close(&b, '}');
	bool fits = str_copy(e->params, sizeof(e->params), b.data);
	wr_assert(fits); // ID_MAX escaped is shorter
	buf_free(&b);
}

// With the event that says so; inside a transaction.
static int
put_person(
    struct append *a, const struct person *p, const char *actor, int64_t now_utc_ms)
{
	struct event e;
	make_event(&e, p, actor, now_utc_ms);
	int rc = put_row(a->db, p, now_utc_ms);
	return rc == SQLITE_OK ? append_event(a, &e, "") : rc;
}

static int
put_all(sqlite3 *db, const struct person *rows, size_t n, const char *actor,
    int64_t now_utc_ms)
{
	struct append a;
	int rc = journal_ensure_epoch(db);
	if (rc == SQLITE_OK)
		rc = append_open(&a, db, NULL);
	if (rc != SQLITE_OK)
		return rc;
	rc = append_begin(&a);
	for (size_t i = 0; i < n && rc == SQLITE_OK; i++)
		rc = put_person(&a, &rows[i], actor, now_utc_ms);
	if (rc == SQLITE_OK)
		rc = append_commit(&a);
	if (rc != SQLITE_OK)
		append_rollback(&a);
	append_close(&a);
	return rc;
}

struct people
people_read(const char *from)
{
	struct fault fault = { 0 };
	struct people all = { 0 };
	sqlite3 *old = NULL;
	sqlite3_stmt *st = NULL;
	size_t size = 0;
	int rc = db_open_read(from, &old, &fault);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(old, PEOPLE_SQL, -1, &st, NULL);
	all.whole = true;
	while (st != NULL && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		if (all.n == size) {
			size = size == 0 ? 16 : size * 2;
			all.rows = xreallocarray(all.rows, size, sizeof(*all.rows));
		}
		struct person *p = &all.rows[all.n];
		read_person(st, p);
		bool good = p->id[0] != '\0' && role_known(p->role);
		all.n += good;
		all.whole = all.whole && good;
	}
	all.whole = all.whole && rc == SQLITE_DONE;
	(void)sqlite3_finalize(st);
	db_close(old);
	return all;
}

void
people_bring(sqlite3 *journal, const struct people *p, int64_t now_utc_ms)
{
	int rc = put_all(journal, p->rows, p->n, "set-aside", now_utc_ms);
	if (rc == SQLITE_OK)
		log_warnx("store", "%zu people were brought over", p->n);
	else
		log_warnx(
		    "store", "people cannot be brought over: %s", sqlite3_errstr(rc));
}

struct change {
	const struct person *person;
	int64_t now_utc_ms;
};

static int
change_person(sqlite3 *db, void *arg)
{
	const struct change *c = arg;
	return put_all(db, c->person, 1, "cli", c->now_utc_ms);
}

int
store_put_person(
    const char *directory, const struct person *p, int64_t now_utc_ms, struct err *err)
{
	struct change c = { p, now_utc_ms };
	if (p->id[0] == '\0' || !role_known(p->role))
		return err_set(err, EINVAL,
		    "a person needs an id and a role (operator, leader, manager or "
		    "integrator)");
	return tool_change(directory, change_person, &c, err);
}
