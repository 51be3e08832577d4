// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Asks a store that make_history wrote what the console, reports and people ask, and
// prints what each answer took: lines of "NAME MILLISECONDS ROWS". Beside them the
// bare peers: a scan of the events that counts them, and one that reads each row and
// hashes it, both without any of the store's code.
//   ask_history lists|statistics|scan|verify|chart DIR BEGIN_UTC_MS END_UTC_MS
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/mem.h"
#include "store/db.h"
#include "store/reader.h"

enum {
	PAGE = 100,
	COLUMNS = 25,
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

static void
say(const char *name, double began, long long rows)
{
	(void)printf("%s %.3f %lld\n", name, now_ms() - began, rows);
	(void)fflush(stdout);
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

// ---- first pages
// -------------------------------------------------------------------------

static void
ask_page(struct reader *r, const char *name, struct event_filter f)
{
	struct err err = { 0 };
	f.limit = PAGE;
	double began = now_ms();
	int n = query_events(r, &f, any_event, NULL, &err);
	must(n >= 0, name, &err);
	say(name, began, n);
}

static void
ask_pages(struct reader *r, const struct span *s)
{
	int64_t mid = s->from_ms + (s->to_ms - s->from_ms) / 2;
	const struct event_filter all = { .alarm_class = -1 };
	struct event_filter f = all;
	ask_page(r, "all", f);
	f.from_utc_ms = s->to_ms - DAY_MS;
	ask_page(r, "last-day", f);
	f.from_utc_ms = mid;
	f.to_utc_ms = mid + DAY_MS;
	ask_page(r, "day-in-the-middle", f);
	f.alarm_class = CLASS_FIRE;
	ask_page(r, "fires-of-a-day", f);
	f.from_utc_ms = s->to_ms - DAY_MS / 24;
	f.to_utc_ms = 0;
	ask_page(r, "fires-of-the-last-hour", f);
	f = all;
	f.alarm_class = CLASS_FIRE;
	ask_page(r, "fires", f);
	f.alarm_class = CLASS_SECURITY;
	ask_page(r, "class-without-events", f);
	f = all;
	f.point = "p49-91";
	ask_page(r, "point", f);
	f.alarm_class = CLASS_FIRE;
	ask_page(r, "fires-of-a-point", f);
	f.point = "nowhere";
	ask_page(r, "point-without-events", f);
	f = all;
	f.occurrence = "1-5000";
	ask_page(r, "occurrence", f);
}

static void
ask_books(struct reader *r)
{
	struct err err = { 0 };
	struct store_totals totals;
	double began = now_ms();
	must(query_totals(r, &totals, &err) == 0, "totals", &err);
	say("totals", began, totals.events);
	began = now_ms();
	int n = query_missed(r, 0, PAGE, any_missed, NULL, &err);
	must(n >= 0, "missed", &err);
	say("missed", began, n);
	began = now_ms();
	n = query_flags(r, any_flag, NULL, &err);
	must(n >= 0, "flags", &err);
	say("flags", began, n);
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

static void
ask_chart(struct reader *r, const struct span *s)
{
	static const struct {
		const char *name;
		int64_t days, step_ms;
	} charts[] = {
		{ "day-by-minute", 1, 60000 },
		{ "month-by-10-minutes", 31, 600000 },
		{ "month-by-hour", 31, 3600000 },
		{ "year-by-day", 365, DAY_MS },
	};
	for (unsigned i = 0; i < sizeof(charts) / sizeof(charts[0]); i++) {
		struct err err = { 0 };
		const struct reading_range q = { .point = "gauge-0",
			.from_ms = s->to_ms - charts[i].days * DAY_MS,
			.to_ms = s->to_ms,
			.step_ms = charts[i].step_ms };
		double began = now_ms();
		unsigned n = 0;
		must(query_readings(r, &q, any_step, &n, &err) >= 0 && n > 0,
		    charts[i].name, &err);
		say(charts[i].name, began, n);
	}
}

int
main(int argc, char **argv)
{
	struct err err = { 0 };
	if (argc != 5 || sodium_init() < 0)
		return 2;
	const struct span s = { strtoll(argv[3], NULL, 10),
		strtoll(argv[4], NULL, 10) };
	struct reader *r = reader_open(argv[2], &err);
	must(r != NULL, "open", &err);
	if (strcmp(argv[1], "lists") == 0) {
		ask_pages(r, &s);
		ask_books(r);
	} else if (strcmp(argv[1], "statistics") == 0) {
		ask_statistics(r, &s);
	} else if (strcmp(argv[1], "scan") == 0) {
		r->until_ms = INT64_MAX;
		scan(r, "scan-all", 0);
		scan(r, "scan-year", s.to_ms - 365 * DAY_MS);
	} else if (strcmp(argv[1], "verify") == 0) {
		r->until_ms = INT64_MAX;
		ask_verify(r, argv[2]);
	} else {
		ask_chart(r, &s);
	}
	reader_close(r);
	return 0;
}
