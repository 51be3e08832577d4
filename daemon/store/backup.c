// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See backup.h. SQLite's online backup in one step: one read transaction, which keeps
// no writer waiting. The copy grows in a folder named .NAME.part and is renamed when
// both files were proven and are on disk; a kill leaves at most that folder, which the
// next backup takes away. It refuses to call anything a backup that `watchroom verify`
// would not pass.
#include "store/backup.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/mem.h"
#include "store/copy.h"
#include "store/db.h"

int
copy_sync(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int result = fsync(fd);
	(void)close(fd);
	return result;
}

int
copy_bytes(const char *from, const char *to)
{
	char block[8192];
	FILE *in = fopen(from, "re"), *out = fopen(to, "we");
	bool ok = in != NULL && out != NULL;
	size_t n;
	while (ok && (n = fread(block, 1, sizeof(block), in)) > 0)
		ok = fwrite(block, 1, n, out) == n;
	if (in != NULL)
		(void)fclose(in);
	if (out != NULL)
		ok = fclose(out) == 0 && ok;
	return ok ? copy_sync(to) : -1;
}

static int
copy_pages(sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");
	if (b == NULL)
		return sqlite3_errcode(to);
	int rc = sqlite3_backup_step(b, -1);
	int end = sqlite3_backup_finish(b);
	return rc == SQLITE_DONE ? end : rc;
}

int
copy_of_this_version(sqlite3 **db, enum db_kind kind, struct err *err)
{
	sqlite3 *copy = NULL;
	enum db_refusal refused;
	bool older;
	if (db_check_age(*db, kind, &older, err) != 0)
		return -1;
	if (!older)
		return 0;
	// No name: a file of SQLite's own, gone with its connection.
	int rc = sqlite3_open_v2(
	    "", &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
	if (rc == SQLITE_OK)
		rc = copy_pages(*db, copy);
	if (rc == SQLITE_OK)
		rc = db_migrate(copy, kind, &refused, err);
	if (rc != SQLITE_OK) {
		(void)db_err(copy, "a copy of this version", err);
		db_close(copy);
		return -1;
	}
	db_close(*db);
	*db = copy;
	return 0;
}

int
copy_database(const char *from, const char *to, const char *last_sql, struct err *err)
{
	struct fault fault = { 0 };
	sqlite3 *source = NULL, *copy = NULL;
	if (db_open_read(from, &source, &fault) != SQLITE_OK)
		return err_set(err, EIO, "cannot open %s: %s", from, fault.detail);
	int rc = sqlite3_open_v2(
	    to, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
	if (rc == SQLITE_OK)
		rc = copy_pages(source, copy);
	// One file: its log is for who writes it.
	if (rc == SQLITE_OK)
		rc = db_exec(copy, "PRAGMA journal_mode = DELETE");
	if (rc == SQLITE_OK && last_sql != NULL)
		rc = db_exec(copy, last_sql);
	if (rc != SQLITE_OK)
		(void)db_err(copy, to, err);
	db_close(copy);
	db_close(source);
	if (rc == SQLITE_OK && (chmod(to, 0640) != 0 || copy_sync(to) != 0))
		return err_set(err, errno, "%s: %s", to, strerrordesc_np(errno));
	return rc == SQLITE_OK ? 0 : -1;
}

static int
check_readings(const char *path, struct err *err)
{
	struct fault fault = { 0 };
	sqlite3 *db = NULL;
	if (db_open_read(path, &db, &fault) != SQLITE_OK)
		return err_set(err, EIO, "cannot open %s: %s", path, fault.detail);
	int result = copy_of_this_version(&db, DB_READINGS, err);
	if (result == 0 && !db_sound(db, COPY_CHECK_MS))
		result = err_set(err, EIO, "%s is damaged", path);
	db_close(db);
	return result;
}

int
copy_check(const char *folder, struct verify_result *out, struct err *err)
{
	char *journal = xasprintf("%s/journal.db", folder);
	char *readings = xasprintf("%s/readings.db", folder);
	int result = store_verify(journal, NULL, out, err);
	if (result == 0 && out->reason[0] != '\0')
		result = err_set(err, EIO, "%s is not sound: row %lld, %s", journal,
		    (long long)out->first_bad_seq, out->reason);
	if (result == 0)
		result = check_readings(readings, err);
	free(journal);
	free(readings);
	return result;
}

static int
fill(const char *store, const char *part, enum backup_kind kind,
    struct verify_result *out, struct err *err)
{
	static const char *const names[] = { "readings.db", "journal.db" };
	static const char no_pins[] =
	    "PRAGMA secure_delete = ON; UPDATE person SET pin_hash = ''; VACUUM";
	int result = 0;
	for (unsigned i = 0; i < 2 && result == 0; i++) {
		char *from = xasprintf("%s/%s", store, names[i]);
		char *to = xasprintf("%s/%s", part, names[i]);
		result = copy_database(
		    from, to, kind == BACKUP_OPEN && i == 1 ? no_pins : NULL, err);
		free(from);
		free(to);
	}
	return result == 0 ? copy_check(part, out, err) : -1;
}

// Empties the folder, which holds files alone, and removes it.
static void
remove_part(const char *part)
{
	DIR *d = opendir(part);
	struct dirent *e;
	while (d != NULL && (e = readdir(d)) != NULL) {
		char *path = xasprintf("%s/%s", part, e->d_name);
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			(void)unlink(path);
		free(path);
	}
	if (d != NULL)
		(void)closedir(d);
	(void)rmdir(part);
}

// A lock on the folder, which goes with the process that fills it; -1: somebody has it.
static int
lock_part(const char *part)
{
	int fd = open(part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

static bool
is_part(const char *name)
{
	static const char begin[] = ".watchroom-", end[] = ".part";
	size_t len = strlen(name);
	return strncmp(name, begin, sizeof(begin) - 1) == 0 && len > sizeof(end) &&
	       strcmp(name + len - (sizeof(end) - 1), end) == 0;
}

// Of backups that were killed. One that still runs holds its lock.
static void
sweep_parts(const char *target)
{
	DIR *d = opendir(target);
	struct dirent *e;
	while (d != NULL && (e = readdir(d)) != NULL) {
		if (!is_part(e->d_name))
			continue;
		char *part = xasprintf("%s/%s", target, e->d_name);
		int lock = lock_part(part);
		if (lock >= 0) {
			remove_part(part);
			(void)close(lock);
		}
		free(part);
	}
	if (d != NULL)
		(void)closedir(d);
}

// rename(2) would replace an empty folder, so the name must be free.
static int
give_name(const char *part, const char *name, const char *target, struct err *err)
{
	if (access(name, F_OK) == 0)
		errno = EEXIST;
	else if (copy_sync(part) == 0 && rename(part, name) == 0 &&
		 copy_sync(target) == 0)
		return 0;
	return err_set(err, errno, "%s: %s", name, strerrordesc_np(errno));
}

// The folder grows as `part` and becomes `name`.
struct names {
	const char *target;
	char *part, *name;
};

static int
make(const char *store, const struct names *n, enum backup_kind kind,
    struct verify_result *out, struct err *err)
{
	sweep_parts(n->target);
	if (mkdir(n->part, 0750) != 0)
		return err_set(err, errno, "%s: %s", n->part, strerrordesc_np(errno));
	int lock = lock_part(n->part);
	int result = fill(store, n->part, kind, out, err);
	if (result == 0)
		result = give_name(n->part, n->name, n->target, err);
	if (result != 0)
		remove_part(n->part);
	if (lock >= 0)
		(void)close(lock);
	return result;
}

int
store_backup(const char *store, const char *target, enum backup_kind kind,
    int64_t now_utc_ms, struct backup_made *out, struct err *err)
{
	char stamp[32];
	time_t t = (time_t)(now_utc_ms / 1000);
	struct tm tm;
	(void)strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&t, &tm));
	struct names n = {
		.target = target,
		.part = xasprintf("%s/.watchroom-%s.part", target, stamp),
		.name = xasprintf("%s/watchroom-%s", target, stamp),
	};
	int result = make(store, &n, kind, &out->verified, err);
	free(n.part);
	out->folder = result == 0 ? n.name : NULL;
	if (result != 0)
		free(n.name);
	return result;
}
