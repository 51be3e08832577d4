// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Links that only come and go: the rule by itself, and the engine with the real store
// on a virtual clock. The number of events is bounded, it counts as lost all the while,
// and what was not watched adds up.
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "core/flap.h"
#include "engine_rig.h"
#include "test.h"

static void
test_the_rule(void **state)
{
	const struct flap_rule rule = { .changes = 4, .within_ms = 1000 };
	struct flap f = { 0 };

	(void)state;
	assert_false(flap_change(&f, &rule, 0));
	assert_false(flap_change(&f, &rule, 900));
	assert_false(flap_change(&f, &rule, 1001)); // a new span
	assert_false(flap_change(&f, &rule, 1002));
	assert_false(flap_change(&f, &rule, 1003));
	assert_true(flap_change(&f, &rule, 1004));
	assert_false(flap_change(&f, &rule, 1500));
	assert_int_equal(f.changes, 5);
	assert_false(flap_ends(&f, &rule, 2499));
	assert_true(flap_ends(&f, &rule, 2500));
	assert_false(flap_ends(&f, &rule, 9999));
	assert_false(flap_change(&f, &rule, 3000)); // from the beginning
	const struct flap_rule never = { .within_ms = 1000 };
	f = (struct flap){ 0 };
	for (int i = 0; i < 1000; i++)
		assert_false(flap_change(&f, &never, i));
}

// Events of the journal about a built-in point.
static unsigned
count(const struct rig *r, const char *point)
{
	char path[128];
	sqlite3_stmt *st;
	sqlite3 *db;

	(void)snprintf(path, sizeof(path), "%s/journal.db", r->dir);
	assert_int_equal(
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(
		db, "SELECT count(*) FROM event WHERE point = ?", -1, &st, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_bind_text(st, 1, point, -1, SQLITE_STATIC), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	unsigned n = (unsigned)sqlite3_column_int(st, 0);
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
	return n;
}

static bool
stands(const struct rig *r, uint32_t point, enum condition c, const char *code)
{
	const struct alarm_record *a = alarms_of_point(engine_alarms(r->engine), point);

	for (; a != NULL; a = a->next_of_point)
		if (a->a.condition == c && strcmp(a->code, code) == 0 &&
		    (a->a.state == ALARM_UNACKNOWLEDGED ||
			a->a.state == ALARM_ACKNOWLEDGED))
			return true;
	return false;
}

static void
flap_for(struct rig *r, uint32_t point, int times)
{
	for (int i = 0; i < times; i++) {
		engine_link(r->engine, point, true, i % 2 ? "timeout" : "closed");
		rig_pass(r, 1000);
		engine_link(r->engine, point, false, NULL);
		rig_pass(r, 1000);
	}
}

static void
test_i9_a_link_that_flaps_for_an_hour_is_one_fault(void **state)
{
	struct rig r;
	(void)state;
	rig_set_up(&r, NULL, NULL);
	uint32_t link = r.site->devices[1].link_point;
	const char *id = r.site->points[link].id;

	flap_for(&r, link, 1800); // each second, for an hour
	assert_true(stands(&r, link, COND_FAULT, "flapping"));
	assert_true(stands(&r, link, COND_LINK, "closed") ||
		    stands(&r, link, COND_LINK, "timeout"));
	rig_pass(&r, 2000);
	unsigned events = count(&r, id);
	assert_in_range(events, 8, 40);
	// It is up now, and quiet: both end, and the span is told with its figures.
	rig_pass(&r, (int64_t)r.site->flap.within_ms + 10000);
	assert_false(stands(&r, link, COND_FAULT, "flapping"));
	assert_false(stands(&r, link, COND_LINK, "closed"));
	assert_false(stands(&r, link, COND_LINK, "timeout"));
	assert_in_range(count(&r, id), events + 2, events + 8);
	rig_tear_down(&r);
}

static void
test_i6_a_link_that_stays_away_stays_lost(void **state)
{
	struct rig r;
	(void)state;
	rig_set_up(&r, NULL, NULL);
	uint32_t link = r.site->devices[1].link_point;

	flap_for(&r, link, 20);
	engine_link(r.engine, link, true, "timeout");
	rig_pass(&r, (int64_t)r.site->flap.within_ms + 10000);
	assert_false(stands(&r, link, COND_FAULT, "flapping"));
	assert_true(engine_link_lost(r.engine, link));
	assert_true(stands(&r, link, COND_LINK, "closed") ||
		    stands(&r, link, COND_LINK, "timeout"));
	rig_tear_down(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_rule),
		cmocka_unit_test(test_i9_a_link_that_flaps_for_an_hour_is_one_fault),
		cmocka_unit_test(test_i6_a_link_that_stays_away_stays_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
