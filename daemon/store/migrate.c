// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Steps of the schema. A step and its version number are one transaction: a crash
// leaves the old schema or the new one. Runs at opening, or in the writer when a file
// that could not be opened at start can be again. It refuses files of a newer program,
// because an older one would write them wrongly: the daemon sets them aside.
#include <errno.h>

#include "store/db.h"
#include "store/schema.h"

struct schema {
	const char *name;
	int32_t application_id;
	int version;
	const char *const *steps; // steps[i] leads from version i to i + 1
	const char *tables;       // three that every version has
};

static const char *const journal_steps[] = { schema_journal_1, schema_journal_2,
	schema_journal_3, schema_journal_4, schema_journal_5 };
static const char *const readings_steps[] = { schema_readings_1, schema_readings_2,
	schema_readings_3, schema_readings_4, schema_readings_5 };

static const struct schema schemas[] = {
	[DB_JOURNAL] = { "journal.db", JOURNAL_APPLICATION_ID, JOURNAL_VERSION,
	    journal_steps, "'event', 'alarm_open', 'outbox'" },
	[DB_READINGS] = { "readings.db", READINGS_APPLICATION_ID, READINGS_VERSION,
	    readings_steps, "'point', 'minute', 'tally'" },
};

static int
read_version(sqlite3 *db, int64_t *application_id, int64_t *version, int64_t *tables)
{
	int rc = db_integer(db, "PRAGMA application_id", 0, application_id);
	if (rc == SQLITE_OK)
		rc = db_integer(db, "PRAGMA user_version", 0, version);
	if (rc == SQLITE_OK)
		rc = db_integer(db, "SELECT count(*) FROM sqlite_schema", 0, tables);
	return rc;
}

static int
refuse(const struct schema *s, int64_t application_id, int64_t version, struct err *err)
{
	if (application_id != s->application_id)
		return err_set(
		    err, EINVAL, "%s is not a file of this program", s->name);
	if (version > s->version)
		return err_set(err, EINVAL,
		    "%s has schema version %lld, written by a newer program (this one "
		    "knows %d)",
		    s->name, (long long)version, s->version);
	return err_set(err, EINVAL,
	    "%s has schema version %lld; start the daemon once to bring it to %d",
	    s->name, (long long)version, s->version);
}

int
db_schema_version(enum db_kind kind)
{
	return schemas[kind].version;
}

int
db_check_age(sqlite3 *db, enum db_kind kind, bool *older, struct err *err)
{
	const struct schema *s = &schemas[kind];
	int64_t application_id, version, tables;
	*older = false;
	if (read_version(db, &application_id, &version, &tables) != SQLITE_OK)
		return db_err(db, s->name, err);
	if (application_id != s->application_id || version < 1 || version > s->version)
		return refuse(s, application_id, version, err);
	*older = version < s->version;
	return 0;
}

int
db_check_version(sqlite3 *db, enum db_kind kind, struct err *err)
{
	const struct schema *s = &schemas[kind];
	int64_t version = 0;
	bool older;
	if (db_check_age(db, kind, &older, err) != 0)
		return -1;
	if (older)
		(void)db_integer(db, "PRAGMA user_version", 0, &version);
	return older ? refuse(s, s->application_id, version, err) : 0;
}

static int
step_up(sqlite3 *db, const struct schema *s, int64_t from)
{
	int rc = SQLITE_OK;
	if (from < 0)
		return SQLITE_CORRUPT;
	for (int64_t v = from; v < s->version && rc == SQLITE_OK; v++)
		rc = db_exec(db, s->steps[v]);
	if (rc != SQLITE_OK)
		return rc;
	char *sql =
	    sqlite3_mprintf("PRAGMA application_id = %d; PRAGMA user_version = %d",
		s->application_id, s->version);
	rc = sql != NULL ? db_exec(db, sql) : SQLITE_NOMEM;
	sqlite3_free(sql);
	return rc;
}

// Whether the file has our tables, whatever its header says.
static bool
has_tables(sqlite3 *db, const struct schema *s)
{
	int64_t n = 0;
	char *sql = sqlite3_mprintf(
	    "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN (%s)",
	    s->tables);
	int rc = sql != NULL ? db_integer(db, sql, 0, &n) : SQLITE_NOMEM;
	sqlite3_free(sql);
	return rc == SQLITE_OK && n == 3;
}

int
db_migrate(sqlite3 *db, enum db_kind kind, enum db_refusal *refused, struct err *err)
{
	const struct schema *s = &schemas[kind];
	int64_t application_id, version, tables;
	*refused = DB_ACCEPTED;
	int rc = read_version(db, &application_id, &version, &tables);
	if (rc != SQLITE_OK ||
	    (application_id == s->application_id && version == s->version))
		return rc;
	rc = db_exec(db, "BEGIN IMMEDIATE");
	if (rc == SQLITE_OK)
		rc = read_version(db, &application_id, &version, &tables);
	bool empty = tables == 0 && version == 0 && application_id == 0;
	// Our tables under another name or number: the header is damaged.
	if (rc == SQLITE_OK && !empty &&
	    (application_id != s->application_id || version < 1) && has_tables(db, s))
		rc = SQLITE_CORRUPT;
	if (rc == SQLITE_OK && !empty &&
	    (application_id != s->application_id || version > s->version)) {
		*refused = application_id != s->application_id ? DB_FOREIGN : DB_NEWER;
		(void)refuse(s, application_id, version, err);
		rc = SQLITE_MISMATCH;
	}
	if (rc == SQLITE_OK)
		rc = step_up(db, s, version);
	if (rc == SQLITE_ERROR) // a step does not fit: it is not of that version
		rc = SQLITE_CORRUPT;
	if (rc == SQLITE_OK)
		rc = db_exec(db, "COMMIT");
	if (rc != SQLITE_OK && sqlite3_get_autocommit(db) == 0)
		(void)db_exec(db, "ROLLBACK");
	return rc;
}
