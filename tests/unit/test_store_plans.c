// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// How SQLite goes about each question that the console, a report or the command line
// asks: every statement that runs is caught and explained. None walks through a table
// that grows with the events or the minutes, and each uses the index that is meant for
// it: ten years of a site answer as a day does.
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "store/anchor.h"
#include "store/db.h"
#include "store/explain.h"
#include "store/reader.h"
#include "store_fixture.h"
#include "test.h"

enum {
	CAUGHT_MAX = 64,
	PLAN_MAX = 8192
};
#define DAY_MS INT64_C(86400000)

// What may be walked through: it is as large as the site, or what people do or are
// owed, not as what happens. event_block has a row for 1,024 events.
static const char *const may_be_scanned[] = { "alarm_open", "flag", "person",
	"event_block", "commission_walk", "outbox USING INDEX outbox_owed", "p" };

struct catcher {
	unsigned n;
	char *sql[CAUGHT_MAX];
};

struct rig {
	struct store_fixture f;
	struct reader *r;
	struct catcher caught[2]; // journal, readings
};

static int
on_statement(unsigned what, void *ctx, void *statement, void *text)
{
	struct catcher *c = ctx;
	const char *sql = sqlite3_sql(statement);
	(void)what;
	(void)text;
	if (sql == NULL || strncmp(sql, "SELECT", 6) != 0)
		return 0;
	for (unsigned i = 0; i < c->n; i++) {
		if (strcmp(c->sql[i], sql) == 0)
			return 0;
	}
	assert_true(c->n < CAUGHT_MAX);
	c->sql[c->n++] = xstrdup(sql);
	return 0;
}

static void
fill_journal(struct store_fixture *f)
{
	static const enum event_kind kinds[] = { EVENT_ALARM_ONSET,
		EVENT_ALARM_ACKNOWLEDGE, EVENT_ALARM_CLEAR };
	for (unsigned i = 0; i < 300; i++) {
		struct event e;
		store_fixture_event(f, &e, kinds[i % 3],
		    i % 2 == 0 ? COND_FIRE : COND_FAULT, i / 3 % 10);
		e.time_utc_ms = FIXTURE_UTC_MS + i * 1000;
		store_fixture_add(f, &e);
	}
	for (unsigned i = 0; i < 180; i++) {
		const struct minute m = { .minute_utc_ms =
					      FIXTURE_UTC_MS + i * INT64_C(60000),
			.min = 1,
			.max = 2,
			.integral = 60000,
			.good_ms = 60000,
			.samples = 60 };
		store_minute(f->store, "gauge", &m);
	}
	const struct set_reading s = { .due_utc_ms = FIXTURE_UTC_MS };
	store_set_reading(f->store, "gauge", &s);
	assert_true(store_fixture_wait(f, store_fixture_idle, 10000));
}

static void
rig_new(struct rig *g)
{
	memset(g, 0, sizeof(*g));
	store_fixture_new(&g->f, false);
	assert_true(store_fixture_open(&g->f));
	fill_journal(&g->f);
	store_fixture_close(&g->f);
	g->r = reader_open(g->f.directory, &g->f.err);
	assert_non_null(g->r);
	sqlite3 *const dbs[] = { g->r->journal, g->r->readings };
	for (unsigned i = 0; i < 2; i++)
		(void)sqlite3_trace_v2(
		    dbs[i], SQLITE_TRACE_STMT, on_statement, &g->caught[i]);
}

static void
forget(struct catcher *c)
{
	while (c->n > 0)
		free(c->sql[--c->n]);
}

static void
rig_free(struct rig *g)
{
	// What was asked and nobody looked at is not proven.
	for (unsigned i = 0; i < ARRAY_LEN(g->caught); i++) {
		if (g->caught[i].n > 0)
			fail_msg("nobody looked at: %s", g->caught[i].sql[0]);
	}
	reader_close(g->r);
	store_fixture_free(&g->f);
}

static bool
may_scan(const char *detail)
{
	const char *what = detail + strlen("SCAN ");
	for (unsigned i = 0; i < ARRAY_LEN(may_be_scanned); i++) {
		size_t n = strlen(may_be_scanned[i]);
		if (strncmp(what, may_be_scanned[i], n) == 0 &&
		    (what[n] == '\0' || what[n] == ' ' || what[n] == '-'))
			return true;
	}
	return false;
}

// Adds the lines of the plan to `plan`; a scan that may not be fails the test.
static void
explain_one(const struct rig *g, unsigned which, const char *sql, char *plan)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db = which == 0 ? g->r->journal : g->r->readings;
	char *ask = xasprintf("EXPLAIN QUERY PLAN %s", sql);
	assert_int_equal(sqlite3_prepare_v2(db, ask, -1, &st, NULL), SQLITE_OK);
	free(ask);
	while (sqlite3_step(st) == SQLITE_ROW) {
		const char *detail = (const char *)sqlite3_column_text(st, 3);
		size_t used = strlen(plan);
		if (strncmp(detail, "SCAN ", 5) == 0 && !may_scan(detail))
			fail_msg("%s\n  %s", sql, detail);
		(void)snprintf(plan + used, PLAN_MAX - used, "%s\n", detail);
	}
	(void)sqlite3_finalize(st);
}

// What ran since the last time; `wanted` must be in the plans, line by line.
static void
expect(struct rig *g, const char *name, const char *const *wanted)
{
	static char plan[PLAN_MAX];
	unsigned n = 0;
	plan[0] = '\0';
	for (unsigned i = 0; i < 2; i++) {
		struct catcher c = g->caught[i];
		g->caught[i].n = 0;
		for (unsigned k = 0; k < c.n; k++, n++) {
			explain_one(g, i, c.sql[k], plan);
			free(c.sql[k]);
		}
		forget(&g->caught[i]); // the explanations themselves
	}
	assert_true(n > 0);
	for (; *wanted != NULL; wanted++) {
		if (strstr(plan, *wanted) == NULL)
			fail_msg("%s: no \"%s\" in\n%s", name, *wanted, plan);
	}
}

#define EXPECT(g, name, ...) expect(g, name, (const char *const[]){ __VA_ARGS__, NULL })

static bool
any_event(void *arg, const struct stored_event *e)
{
	unsigned *n = arg;
	*n += e->event.seq > 0;
	return true;
}

static void
ask_events(struct rig *g, struct event_filter f, unsigned least)
{
	unsigned n = 0;
	f.limit = 100;
	assert_true(query_events(g->r, &f, any_event, &n, &g->f.err) >= 0);
	assert_true(n >= least);
}

#define BY_SEQ "SEARCH event USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"

static void
test_pages_of_events(void **state)
{
	struct rig g;
	const struct event_filter all = { .alarm_class = -1 };
	struct event_filter f = all;
	(void)state;
	rig_new(&g);
	ask_events(&g, f, 100);
	EXPECT(&g, "all", BY_SEQ);
	f.from_utc_ms = FIXTURE_UTC_MS + 5000;
	f.to_utc_ms = FIXTURE_UTC_MS + DAY_MS;
	f.after_seq = 2;
	ask_events(&g, f, 100);
	EXPECT(&g, "a span", BY_SEQ, "SCAN event_block");
	f.alarm_class = CLASS_FIRE;
	ask_events(&g, f, 10);
	EXPECT(&g, "a class in a span",
	    "SEARCH event USING INDEX event_class (class=? AND rowid>? AND rowid<?)");
	f.point = "p3";
	ask_events(&g, f, 3);
	EXPECT(&g, "a class at a point",
	    "SEARCH event USING INDEX event_point (<expr>=? AND point=? AND rowid>? "
	    "AND "
	    "rowid<?)");
	f = all;
	f.point = "p3";
	ask_events(&g, f, 10);
	EXPECT(&g, "a point",
	    "SEARCH event USING INDEX event_point (<expr>=? AND point=?");
	f.occurrence = "1-3";
	ask_events(&g, f, 10);
	EXPECT(&g, "an occurrence at a point",
	    "SEARCH event USING INDEX event_occurrence (occurrence_id=?");
	f.point = NULL;
	f.alarm_class = CLASS_FIRE;
	ask_events(&g, f, 1);
	EXPECT(&g, "an occurrence of a class",
	    "SEARCH event USING INDEX event_occurrence (occurrence_id=?");
	rig_free(&g);
}

static bool
any_count(void *arg, const struct alarm_count *c)
{
	unsigned *n = arg;
	*n += c->onsets;
	return true;
}

static void
test_i13_counts_come_from_roll_ups(void **state)
{
	struct rig g;
	struct day_span d;
	struct class_count c;
	unsigned n = 0;
	int64_t first, last;
	(void)state;
	rig_new(&g);
	assert_int_equal(query_day(g.r, "today", FIXTURE_UTC_MS + 1, &d, &g.f.err), 0);
	EXPECT(&g, "today", "SEARCH day USING INDEX");
	assert_int_equal(query_day(g.r, d.day, FIXTURE_UTC_MS + 1, &d, &g.f.err), 0);
	EXPECT(&g, "a day by its name", "SEARCH day USING PRIMARY KEY (day=?)");
	for (unsigned closed = 0; closed < 2; closed++) {
		d.closed = closed != 0;
		assert_int_equal(query_class_counts(g.r, &d, &c, &g.f.err), 0);
		assert_true(c.onsets[CLASS_FIRE] > 0);
		EXPECT(&g, "counts of a day",
		    "SEARCH class_day USING PRIMARY KEY (class=? AND day<?)");
	}
	assert_int_equal(query_edges(g.r, &d, &first, &last, &g.f.err), 0);
	assert_true(first == 1 && last == 300);
	EXPECT(&g, "edges of a day", BY_SEQ, "SCAN event_block");
	assert_true(query_alarms_daily(g.r, &d, any_count, &n, &g.f.err) > 0);
	assert_int_equal(n, 100);
	EXPECT(&g, "a day by point, with the events behind each count",
	    "SEARCH alarm_day USING PRIMARY KEY (day=? AND class=?)",
	    "SEARCH event USING INDEX event_class (class=? AND rowid>? AND rowid<?)",
	    "SEARCH event USING INTEGER PRIMARY KEY (rowid=?)");
	rig_free(&g);
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

static bool
any_missed(void *arg, const struct missed_row *m)
{
	(void)arg;
	(void)m;
	return true;
}

static bool
any_anchor(void *arg, const struct store_anchor *a)
{
	(void)arg;
	(void)a;
	return true;
}

static bool
any_person(void *arg, const struct person *p)
{
	(void)arg;
	(void)p;
	return true;
}

static void
test_books_and_totals(void **state)
{
	struct rig g;
	struct store_totals totals;
	struct store_anchor anchor;
	struct person person;
	(void)state;
	rig_new(&g);
	assert_int_equal(query_totals(g.r, &totals, &g.f.err), 0);
	assert_int_equal(totals.events, 300);
	EXPECT(&g, "totals", "SEARCH event", "SEARCH tally USING PRIMARY KEY (name=?)");
	assert_true(query_missed(g.r, 0, 100, any_missed, NULL, &g.f.err) >= 0);
	EXPECT(&g, "missed", "SEARCH missed USING INTEGER PRIMARY KEY (rowid>?)");
	assert_true(query_anchor(g.r, &anchor, &g.f.err) >= 0);
	forget(&g.caught[0]); // one row, from the end
	assert_true(query_anchors(g.r, 0, 100, any_anchor, NULL, &g.f.err) >= 0);
	EXPECT(&g, "anchors", "SEARCH anchor USING INTEGER PRIMARY KEY (rowid>?)");
	assert_true(query_flags(g.r, any_flag, NULL, &g.f.err) >= 0);
	EXPECT(&g, "flags", "SCAN flag");
	assert_true(query_disabled(g.r, any_disabled, NULL, &g.f.err) >= 0);
	EXPECT(&g, "disabled", "SCAN alarm_open");
	assert_true(query_person(g.r, "li", &person, &g.f.err) >= 0);
	EXPECT(&g, "a person", "SEARCH person USING PRIMARY KEY (id=?)");
	assert_true(query_people(g.r, any_person, NULL, &g.f.err) >= 0);
	EXPECT(&g, "people", "SCAN person");
	rig_free(&g);
}

static void
test_explain(void **state)
{
	struct rig g;
	struct explanation *x = NULL;
	struct explain_question q = { .point = "p3",
		.occurrence = "1-3",
		.zone = "z1",
		.link = { "@device/d1", "@bus/b1" } };
	(void)state;
	rig_new(&g);
	assert_int_equal(
	    explain_ask(g.r, &q, FIXTURE_UTC_MS + DAY_MS, &x, &g.f.err), 1);
	explain_free(x);
	EXPECT(&g, "explain",
	    "SEARCH event USING INDEX event_point (<expr>=? AND point=?",
	    "SEARCH event USING INDEX event_occurrence (occurrence_id=?",
	    "SEARCH alarm_open USING PRIMARY KEY (point=?)", "USING INDEX outbox_owed");
	rig_free(&g);
}

static bool
any_step(void *arg, const struct reading_step *s)
{
	(void)arg;
	(void)s;
	return true;
}

static bool
any_gauge(void *arg, const struct pressure_day *p)
{
	(void)arg;
	(void)p;
	return true;
}

static bool
any_minute(void *arg, const char *point, const struct minute *m)
{
	(void)arg;
	(void)point;
	(void)m;
	return true;
}

static bool
any_set(void *arg, const struct set_hour_row *s)
{
	(void)arg;
	(void)s;
	return true;
}

static void
test_readings(void **state)
{
	struct rig g;
	struct day_span d;
	static const struct {
		int64_t step_ms;
		const char *wanted;
	} charts[] = {
		{ 60000, "SEARCH minute USING PRIMARY KEY (point=? AND" },
		{ 3600000, "SEARCH reading_hour USING PRIMARY KEY (point=? AND" },
		{ DAY_MS, "SEARCH reading_day USING PRIMARY KEY (point=? AND" },
	};
	struct reading_walk w = { .from_ms = FIXTURE_UTC_MS };
	static const uint16_t hours[] = { 480, 1200 };
	const struct set_hours_query s = { .point = "gauge",
		.from_ms = FIXTURE_UTC_MS,
		.to_ms = FIXTURE_UTC_MS + DAY_MS,
		.now_utc_ms = FIXTURE_UTC_MS + DAY_MS,
		.hours_min = hours,
		.n_hours = 2 };
	(void)state;
	rig_new(&g);
	for (unsigned i = 0; i < ARRAY_LEN(charts); i++) {
		const struct reading_range q = { .point = "gauge",
			.from_ms = FIXTURE_UTC_MS,
			.to_ms = FIXTURE_UTC_MS + DAY_MS,
			.step_ms = charts[i].step_ms };
		assert_true(query_readings(g.r, &q, any_step, NULL, &g.f.err) > 0);
		EXPECT(&g, "a chart", charts[i].wanted);
	}
	assert_int_equal(query_day(g.r, "today", FIXTURE_UTC_MS + 1, &d, &g.f.err), 0);
	assert_int_equal(query_pressure_daily(g.r, &d, FIXTURE_UTC_MS + DAY_MS,
			     any_gauge, NULL, &g.f.err),
	    1);
	EXPECT(&g, "gauges of a day",
	    "SEARCH m USING PRIMARY KEY (point=? AND minute_utc_ms>? AND "
	    "minute_utc_ms<?)");
	while (!w.done)
		assert_true(query_minutes(g.r, &w, any_minute, NULL, &g.f.err) >= 0);
	EXPECT(&g, "minutes", "SEARCH minute USING PRIMARY KEY (point=? AND");
	assert_true(query_set_readings(g.r, &s, any_set, NULL, &g.f.err) > 0);
	EXPECT(&g, "set hours", "SEARCH set_reading USING PRIMARY KEY (point=? AND");
	rig_free(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages_of_events),
		cmocka_unit_test(test_i13_counts_come_from_roll_ups),
		cmocka_unit_test(test_books_and_totals),
		cmocka_unit_test(test_explain),
		cmocka_unit_test(test_readings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
