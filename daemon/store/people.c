// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// People in the journal, with the event that says who was changed. The command line may
// do this beside a running daemon: both take the tail of the chain inside their
// transaction. The PIN's hash goes to the table and nowhere else; an event never
// carries it.
#include <errno.h>
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

static int
put_in_transaction(
    sqlite3 *db, const struct person *p, const char *actor, int64_t now_utc_ms)
{
	struct append a;
	struct event e;
	int rc = journal_ensure_epoch(db);
	if (rc == SQLITE_OK)
		rc = append_open(&a, db, NULL);
	if (rc != SQLITE_OK)
		return rc;
	make_event(&e, p, actor, now_utc_ms);
	rc = append_begin(&a);
	if (rc == SQLITE_OK)
		rc = put_row(db, p, now_utc_ms);
	if (rc == SQLITE_OK)
		rc = append_event(&a, &e, "");
	if (rc == SQLITE_OK)
		rc = append_commit(&a);
	if (rc != SQLITE_OK)
		append_rollback(&a);
	append_close(&a);
	return rc;
}

void
people_bring(sqlite3 *journal, const char *from, int64_t now_utc_ms)
{
	struct fault fault = { 0 };
	sqlite3 *old = NULL;
	sqlite3_stmt *st = NULL;
	unsigned n = 0;
	if (db_open_read(from, &old, &fault) == SQLITE_OK)
		(void)sqlite3_prepare_v2(old, PEOPLE_SQL, -1, &st, NULL);
	while (st != NULL && sqlite3_step(st) == SQLITE_ROW) {
		struct person p;
		read_person(st, &p);
		if (p.id[0] != '\0' && role_known(p.role) &&
		    put_in_transaction(journal, &p, "set-aside", now_utc_ms) ==
			SQLITE_OK)
			n++;
	}
	(void)sqlite3_finalize(st);
	db_close(old);
	log_warnx("store", "%u people were brought over from %s", n, from);
}

struct change {
	const struct person *person;
	int64_t now_utc_ms;
};

static int
change_person(sqlite3 *db, void *arg)
{
	const struct change *c = arg;
	return put_in_transaction(db, c->person, "cli", c->now_utc_ms);
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
