// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A journal that cannot go on is never repaired in place and never deleted. A new one
// is made beside it, under another name, with all that can be carried over; only then
// are the names changed: the old file leaves first, then its log, and the new one takes
// the place. A crash before the first of these leaves the old file with its log; after
// it journal_settle_names ends the change, for the new file bears the name of the old
// one's, and ".new".
#include <sys/stat.h>

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "store/carry.h"
#include "store/copy.h"
#include "store/journal.h"
#include "store/rows.h"

// The file before its log: a file without its log would pass for all that there was. A
// new file beside an old log would be taken for what the log belongs to, so it comes
// last.
static const char *const suffixes[] = { "", "-wal", "-shm" };
static const char FRESH[] = ".new";

static char *
aside_name(const char *path, const char *why, int64_t utc_ms)
{
	char stamp[32];
	time_t t = (time_t)(utc_ms / 1000);
	struct tm tm;
	(void)strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&t, &tm));
	char *base = NULL;
	for (int n = 0; base == NULL || access(base, F_OK) == 0; n++) {
		free(base);
		base = n == 0 ? xasprintf("%s.%s-%s", path, why, stamp)
			      : xasprintf("%s.%s-%s-%d", path, why, stamp, n);
	}
	return base;
}

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? slash + 1 : path;
}

// True also where there is no such file.
static bool
rename_one(const char *path, const char *base, const char *suffix)
{
	char *from = xasprintf("%s%s", path, suffix);
	char *to = xasprintf("%s%s", base, suffix);
	bool ok = rename(from, to) == 0 || errno == ENOENT;
	int error = errno;

	free(from);
	free(to);
	errno = error;
	return ok;
}

// All, or none: a file without its log lacks its last events. The file itself goes
// first, so that a crash on the way is known by its absence (settle).
static int
rename_all(const char *path, const char *base)
{
	unsigned n = 0;

	while (n < 3 && rename_one(path, base, suffixes[n]))
		n++;
	if (n == 3)
		return 0;
	int error = errno;
	while (n-- > 0)
		(void)rename_one(base, path, suffixes[n]);
	errno = error;
	return -1;
}

int
journal_set_aside(
    const char *path, const char *why, int64_t utc_ms, char *aside, size_t size)
{
	char *base = aside_name(path, why, utc_ms);
	int result = rename_all(path, base);
	(void)str_copy(aside, size, last_part(base));
	if (result != 0)
		log_warn("store", "cannot set aside %s", path);
	else
		log_warnx("store",
		    "%s is %s; it was set aside as %s and a new one begun", path, why,
		    aside);
	free(base);
	return result;
}

static void
remove_all(const char *path)
{
	for (unsigned i = 0; i < 3; i++) {
		char *name = xasprintf("%s%s", path, suffixes[i]);
		(void)unlink(name);
		free(name);
	}
}

static void
sync_folder(const char *path)
{
	char *folder = xasprintf("%.*s", (int)(last_part(path) - path), path);
	if (copy_sync(folder) != 0)
		log_warn("store", "cannot sync %s", folder);
	free(folder);
}

// `fresh` is a new file of a change that was broken off.
static void
settle(const char *path, const char *fresh)
{
	char *base = xasprintf("%.*s", (int)(strlen(fresh) - strlen(FRESH)), fresh);

	if (access(path, F_OK) == 0)
		remove_all(fresh); // it did not come so far
	else if (errno == ENOENT && rename_all(path, base) == 0 &&
		 rename(fresh, path) == 0)
		log_warnx("store", "%s was finished after a crash", path);
	sync_folder(path);
	free(base);
}

void
journal_settle_names(const char *path)
{
	char *pattern = xasprintf("%s.*%s", path, FRESH);
	glob_t found;

	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			settle(path, found.gl_pathv[i]);
		globfree(&found);
	}
	free(pattern);
}

// Makes the new file with what it takes from the old one, closed and whole.
static int
make_fresh(struct journal *j, char *fresh, struct carry_origin *from,
    struct carried *carried, struct fault *fault)
{
	struct journal n = *j;
	struct err err = { 0 };
	enum db_refusal refused;
	n.path = fresh;
	n.db = NULL;
	n.settled = false;
	int rc = journal_open_file(&n, fault, &refused, &err);
	if (rc != SQLITE_OK)
		return rc;
	struct people people = people_read(j->path);
	from->brought = (struct brought){
		.people = people.whole,
		.flags = bring_rows(n.db, j->path, "flag", flag_row_names),
		.verdicts = verdict_bring(n.db, j->path),
		.missed = missed_bring(n.db, j->path),
		.commissioning = commission_bring(n.db, j->path),
		.blind = blind_bring(n.db, j->path),
		.reports = revision_bring(n.db, j->path),
	};
	rc = carry_over(&n.append, from, carried);
	if (rc == SQLITE_OK) {
		people_bring(n.db, &people, from->now_utc_ms);
		rc = sqlite3_wal_checkpoint_v2(
		    n.db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	}
	if (rc != SQLITE_OK)
		db_fault(n.db, rc, fault);
	free(people.rows);
	journal_close(&n);
	return rc;
}

int
journal_renew(struct journal *j, enum store_mode why, struct carried *carried,
    struct fault *fault)
{
	// Our clock may have been set meanwhile; what the daemon knows is its start.
	struct carry_origin from = {
		.path = j->path,
		.why = store_mode_name(why),
		.now_utc_ms = j->opened_utc_ms + db_now_ms() - j->opened_ms,
	};
	char *base = aside_name(j->path, from.why, from.now_utc_ms);
	char *fresh = xasprintf("%s%s", base, FRESH);
	from.aside = last_part(base);
	wr_assert(j->db == NULL);
	remove_all(fresh);
	int rc = make_fresh(j, fresh, &from, carried, fault);
	if (rc != SQLITE_OK) {
		remove_all(fresh);
	} else if (rename_all(j->path, base) != 0 || rename(fresh, j->path) != 0) {
		log_warn("store", "cannot set aside %s", j->path);
		rc = SQLITE_CANTOPEN;
		*fault = (struct fault){ .mode = why };
		(void)snprintf(fault->detail, sizeof(fault->detail),
		    "%s (not set aside)", store_mode_name(why));
	} else {
		sync_folder(j->path);
		(void)str_copy(j->aside, sizeof(j->aside), last_part(base));
		j->aside_mode = why;
		log_warnx("store",
		    "%s is %s; it was set aside as %s and a new one begun", j->path,
		    store_mode_name(why), j->aside);
	}
	free(fresh);
	free(base);
	return rc;
}
