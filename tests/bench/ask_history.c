// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Asks a store that make_history wrote what the console, reports and people ask, and
// prints what each answer took: lines of "NAME MILLISECONDS ROWS KIB", the last of what
// the disk had to read. Beside them the bare peers: a scan of the events that counts
// them, and one that reads each row and hashes it, both without any of the store's
// code.
//   ask_history lists|cold-lists|statistics|scan|verify|chart|cold-chart DIR
//       BEGIN_UTC_MS END_UTC_MS
// "cold": before each question the file leaves the machine's memory and SQLite's.
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/mem.h"
#include "store/db.h"
#include "store/reader.h"

enum {
	PAGE = 100,
	COLUMNS = 25,
	DISK_PAGE = 4096,
};
#define DAY_MS INT64_C(86400000)

struct span {
	int64_t from_ms, to_ms;
};

static double
now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

// What this process has had the disk read so far.
static long long
read_kib(void)
{
	static const char name[] = "read_bytes: ";
	char line[64];
	long long bytes = 0;
	FILE *f = fopen("/proc/self/io", "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, name, sizeof(name) - 1) == 0)
			bytes = strtoll(line + sizeof(name) - 1, NULL, 10);
	if (f != NULL)
		(void)fclose(f);
	return bytes / 1024;
}

static long long kib_before; // the question

static void
say(const char *name, double began, long long rows)
{
	double took = now_ms() - began;
	long long kib = read_kib();
	(void)printf("%s %.3f %lld %lld\n", name, took, rows, kib - kib_before);
	(void)fflush(stdout);
	kib_before = kib;
}

static void
must(bool good, const char *what, const struct err *err)
{
	if (good)
		return;
	(void)fprintf(stderr, "ask_history: %s: %s\n", what, err->text);
	exit(1);
}

static bool
any_event(void *arg, const struct stored_event *e)
{
	(void)arg;
	(void)e;
	return true;
}

static bool
any_count(void *arg, const struct alarm_count *c)
{
	int64_t *sum = arg;
	*sum += c->onsets;
	return true;
}

static bool
any_step(void *arg, const struct reading_step *s)
{
	unsigned *with_readings = arg;
	*with_readings += s->good_ms > 0;
	return true;
}

static bool
any_missed(void *arg, const struct missed_row *m)
{
	(void)arg;
	(void)m;
	return true;
}

static bool
any_flag(void *arg, const struct flag_entry *f)
{
	(void)arg;
	(void)f;
	return true;
}

static bool
any_disabled(void *arg, const char *point, int64_t since_utc_ms)
{
	(void)arg;
	(void)point;
	(void)since_utc_ms;
	return true;
}

// ---- whom is asked
// ------------------------------------------------------------------------

struct asked {
	struct reader *reader;
	const char *directory;
	bool cold;
};

static void
forget(const char *directory, const char *name)
{
	char *path = xasprintf("%s/%s", directory, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fdatasync(fd) != 0 ||
	    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0) {
		perror(path);
		exit(1);
	}
	(void)close(fd);
	free(path);
}

// The one that has answered before; a new one that knows nothing, where it is cold.
static struct reader *
reader_of(struct asked *a)
{
	struct err err = { 0 };
	if (a->reader != NULL && !a->cold)
		return a->reader;
	reader_close(a->reader);
	if (a->cold) {
		forget(a->directory, "journal.db");
		forget(a->directory, "readings.db");
	}
	a->reader = reader_open(a->directory, &err);
	must(a->reader != NULL, "open", &err);
	kib_before = read_kib();
	return a->reader;
}

// Rows of a statement by SQLite alone; ?1 and ?2 are the span.
static long long
bare(sqlite3 *db, const char *sql, const struct span *s)
{
	sqlite3_stmt *st = NULL;
	long long rows = 0;
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		must(false, sqlite3_errmsg(db), &(struct err){ 0 });
	(void)sqlite3_bind_int64(st, 1, s->from_ms);
	(void)sqlite3_bind_int64(st, 2, s->to_ms);
	while (sqlite3_step(st) == SQLITE_ROW)
		rows++;
	(void)sqlite3_finalize(st);
	return rows;
}

// ---- first pages
// -------------------------------------------------------------------------

static void
ask_page(struct asked *a, const char *name, struct event_filter f)
{
	struct err err = { 0 };
	struct reader *r = reader_of(a);
	f.limit = PAGE;
	double began = now_ms();
	int n = query_events(r, &f, any_event, NULL, &err);
	must(n >= 0, name, &err);
	say(name, began, n);
}

// A page as somebody would read it with SQLite alone.
static void
bare_page(struct asked *a, const struct span *s)
{
	struct reader *r = reader_of(a);
	double began = now_ms();
	say("bare-page", began,
	    bare(r->journal,
		"SELECT * FROM event WHERE seq > (SELECT max(seq) / 2 FROM event) "
		"ORDER BY seq LIMIT 100",
		s));
}

static void
ask_pages(struct asked *a, const struct span *s)
{
	int64_t mid = s->from_ms + (s->to_ms - s->from_ms) / 2;
	const struct event_filter all = { .alarm_class = -1 };
	struct event_filter f = all;
	ask_page(a, "all", f);
	f.from_utc_ms = s->to_ms - DAY_MS;
	ask_page(a, "last-day", f);
	f.from_utc_ms = mid;
	f.to_utc_ms = mid + DAY_MS;
	ask_page(a, "day-in-the-middle", f);
	f.alarm_class = CLASS_FIRE;
	ask_page(a, "fires-of-a-day", f);
	f.from_utc_ms = s->to_ms - DAY_MS / 24;
	f.to_utc_ms = 0;
	ask_page(a, "fires-of-the-last-hour", f);
	f = all;
	f.alarm_class = CLASS_FIRE;
	ask_page(a, "fires", f);
	f.alarm_class = CLASS_SECURITY;
	ask_page(a, "class-without-events", f);
	f = all;
	f.point = "p49-91";
	ask_page(a, "point", f);
	f.alarm_class = CLASS_FIRE;
	ask_page(a, "fires-of-a-point", f);
	f.alarm_class = CLASS_SECURITY;
	ask_page(a, "class-without-events-of-a-point", f);
	f.point = "nowhere";
	ask_page(a, "point-without-events", f);
	f = all;
	f.occurrence = "1-5000";
	ask_page(a, "occurrence", f);
}

static void
ask_books(struct asked *a)
{
	struct err err = { 0 };
	struct store_totals totals;
	struct reader *r = reader_of(a);
	double began = now_ms();
	must(query_totals(r, &totals, &err) == 0, "totals", &err);
	say("totals", began, totals.events);
	r = reader_of(a);
	began = now_ms();
	int n = query_missed(r, 0, PAGE, any_missed, NULL, &err);
	must(n >= 0, "missed", &err);
	say("missed", began, n);
	r = reader_of(a);
	began = now_ms();
	n = query_flags(r, any_flag, NULL, &err);
	must(n >= 0, "flags", &err);
	say("flags", began, n);
	r = reader_of(a);
	began = now_ms();
	n = query_disabled(r, any_disabled, NULL, &err);
	must(n >= 0, "disabled", &err);
	say("disabled", began, n);
}

// ---- statistics
// --------------------------------------------------------------------------

static int64_t
count_day(struct reader *r, const struct day_span *d)
{
	struct err err = { 0 };
	struct class_count c;
	int64_t sum = 0;
	must(query_class_counts(r, d, &c, &err) == 0, "counts", &err);
	for (unsigned i = 0; i < CLASS_COUNT; i++)
		sum += c.onsets[i];
	return sum;
}

static void
ask_counts(struct reader *r, const char *name, const struct span *s, int days)
{
	struct err err = { 0 };
	int64_t sum = 0, at = s->to_ms - (int64_t)days * DAY_MS;
	double began = now_ms();
	for (; at < s->to_ms; at += DAY_MS) {
		char day[16];
		time_t t = (time_t)(at / 1000);
		struct day_span d;
		(void)strftime(day, sizeof(day), "%Y-%m-%d", gmtime(&t));
		must(query_day(r, day, s->to_ms, &d, &err) == 0, "day", &err);
		sum += count_day(r, &d);
	}
	say(name, began, sum);
}

static void
ask_statistics(struct reader *r, const struct span *s)
{
	struct err err = { 0 };
	struct day_span d;
	int64_t sum = 0;
	ask_counts(r, "day", s, 1);
	ask_counts(r, "month", s, 30);
	ask_counts(r, "year", s, 365);
	double began = now_ms();
	must(query_day(r, "today", s->to_ms - 1, &d, &err) == 0, "day", &err);
	must(query_alarms_daily(r, &d, any_count, &sum, &err) >= 0, "daily", &err);
	say("day-by-point-with-ids", began, sum);
}

// The events counted by class, as somebody would without roll-ups.
static void
scan(struct reader *r, const char *name, int64_t from_ms)
{
	sqlite3_stmt *st = NULL;
	int64_t rows = 0;
	double began = now_ms();
	if (sqlite3_prepare_v2(r->journal,
		"SELECT class, sum(kind = 'alarm.onset'), sum(kind = 'alarm.clear'), "
		"sum(kind = 'alarm.acknowledge') FROM event NOT INDEXED "
		"WHERE time_utc_ms >= ?1 GROUP BY class",
		-1, &st, NULL) != SQLITE_OK)
		exit(1);
	(void)sqlite3_bind_int64(st, 1, from_ms);
	while (sqlite3_step(st) == SQLITE_ROW)
		rows += sqlite3_column_int64(st, 1);
	(void)sqlite3_finalize(st);
	say(name, began, rows);
}

// ---- verify
// ------------------------------------------------------------------------------

static void
hash_column(crypto_hash_sha256_state *state, sqlite3_stmt *st, int i)
{
	const void *data = sqlite3_column_type(st, i) == SQLITE_TEXT
			       ? (const void *)sqlite3_column_text(st, i)
			       : sqlite3_column_blob(st, i);
	int len = sqlite3_column_bytes(st, i);
	if (data != NULL && len > 0)
		(void)crypto_hash_sha256_update(state, data, (unsigned long long)len);
}

// Reads each row and hashes what it holds: the least that a check must do.
static void
bare_hashes(struct reader *r)
{
	sqlite3_stmt *st = NULL;
	long long rows = 0;
	double began = now_ms();
	if (sqlite3_prepare_v2(r->journal,
		"SELECT * FROM event NOT INDEXED ORDER BY seq", -1, &st,
		NULL) != SQLITE_OK)
		exit(1);
	for (; sqlite3_step(st) == SQLITE_ROW; rows++) {
		crypto_hash_sha256_state state;
		unsigned char hash[crypto_hash_sha256_BYTES];
		(void)crypto_hash_sha256_init(&state);
		for (int i = 0; i < COLUMNS - 1; i++)
			hash_column(&state, st, i);
		(void)crypto_hash_sha256_final(&state, hash);
	}
	(void)sqlite3_finalize(st);
	say("bare-hashes", began, rows);
}

static void
bare_integrity(struct reader *r)
{
	double began = now_ms();
	must(db_exec(r->journal, "PRAGMA integrity_check(1)") == SQLITE_OK,
	    "integrity_check", &(struct err){ 0 });
	say("integrity-check", began, 0);
}

static void
ask_verify(struct reader *r, const char *directory)
{
	struct err err = { 0 };
	struct verify_result v;
	char *file = xasprintf("%s/journal.db", directory);
	double began = now_ms();
	must(store_verify(file, NULL, &v, &err) == 0 && v.reason[0] == '\0', v.reason,
	    &err);
	say("verify", began, v.events);
	bare_hashes(r);
	bare_integrity(r);
	free(file);
}

// ---- a gauge
// -----------------------------------------------------------------------------

static const struct chart {
	const char *name;
	int64_t days, step_ms;
} charts[] = {
	{ "day-by-minute", 1, 60000 },
	{ "month-by-10-minutes", 31, 600000 },
	{ "month-by-hour", 31, 3600000 },
	{ "year-by-day", 365, DAY_MS },
};

static void
ask_chart(struct asked *a, const struct chart *c, const struct span *s)
{
	struct err err = { 0 };
	const struct reading_range q = { .point = "gauge-0",
		.from_ms = s->to_ms - c->days * DAY_MS,
		.to_ms = s->to_ms,
		.step_ms = c->step_ms };
	struct reader *r = reader_of(a);
	double began = now_ms();
	unsigned n = 0;
	must(query_readings(r, &q, any_step, &n, &err) >= 0 && n > 0, c->name, &err);
	say(c->name, began, n);
}

// The same month from its minutes, as somebody would who has SQLite alone.
static void
bare_month(struct asked *a, const struct span *s)
{
	const struct span month = { s->to_ms - 31 * DAY_MS, s->to_ms };
	struct reader *r = reader_of(a);
	double began = now_ms();
	say("bare-month", began,
	    bare(r->readings,
		"SELECT minute_utc_ms / 600000, min(min), max(max), sum(integral) / "
		"sum(good_ms) FROM minute WHERE point = (SELECT id FROM point WHERE "
		"name = 'gauge-0') AND minute_utc_ms >= ?1 AND minute_utc_ms < ?2 "
		"GROUP BY 1",
		&month));
}

static void
ask_charts(struct asked *a, const struct span *s)
{
	for (unsigned i = 0; i < sizeof(charts) / sizeof(charts[0]); i++)
		ask_chart(a, &charts[i], s);
	bare_month(a, s);
}

// A page of the file anywhere, for each run of the index by point: what a disk takes to
// find as many pages as the events of one point need.
static void
bare_reads(struct asked *a)
{
	struct err err = { 0 };
	struct store_totals totals;
	char block[DISK_PAGE], *path = xasprintf("%s/journal.db", a->directory);
	must(query_totals(reader_of(a), &totals, &err) == 0, "totals", &err);
	int64_t runs = (totals.last_seq >> 14) + 1;
	(void)reader_of(a);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t pages = lseek(fd, 0, SEEK_END) / DISK_PAGE;
	double began = now_ms();
	for (int64_t i = 0; i < runs; i++) {
		off_t page = (off_t)randombytes_uniform((uint32_t)pages);
		if (pread(fd, block, sizeof(block), page * DISK_PAGE) < 0)
			exit(1);
	}
	say("bare-reads", began, runs);
	(void)close(fd);
	free(path);
}

static void
ask_lists(struct asked *a, const struct span *s)
{
	ask_pages(a, s);
	ask_books(a);
	bare_page(a, s);
	bare_reads(a);
}

int
main(int argc, char **argv)
{
	if (argc != 5 || sodium_init() < 0)
		return 2;
	const struct span s = { strtoll(argv[3], NULL, 10),
		strtoll(argv[4], NULL, 10) };
	const char *what = argv[1];
	struct asked a = { .directory = argv[2],
		.cold = strncmp(what, "cold-", 5) == 0 };
	struct reader *r = reader_of(&a);
	if (strcmp(what + (a.cold ? 5 : 0), "lists") == 0) {
		ask_lists(&a, &s);
	} else if (strcmp(what, "statistics") == 0) {
		ask_statistics(r, &s);
	} else if (strcmp(what, "scan") == 0) {
		r->until_ms = INT64_MAX;
		scan(r, "scan-all", 0);
		scan(r, "scan-year", s.to_ms - 365 * DAY_MS);
	} else if (strcmp(what, "verify") == 0) {
		r->until_ms = INT64_MAX;
		ask_verify(r, argv[2]);
	} else {
		ask_charts(&a, &s);
	}
	reader_close(a.reader);
	return 0;
}
