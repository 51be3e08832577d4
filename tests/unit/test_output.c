// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The table of outputs: every row by role, class, silence and flags; patterns in time;
// what is read back and what is not; the judgement whether people can be alerted.

#include "core/alive.h"
#include "core/output.h"
#include "test.h"

static const struct output sounder = {
	.role = OUTPUT_SOUNDER,
	.steady = 1U << CLASS_FIRE | 1U << CLASS_SUPERVISORY,
	.blink = 1U << CLASS_SECURITY,
};
static const struct output lamp = {
	.role = OUTPUT_LAMP,
	.steady = 1U << CLASS_FIRE,
	.blink = 1U << CLASS_FAULT,
};

static struct alarm
alarm_in(enum alarm_state state, enum condition c, uint8_t flags)
{
	return (struct alarm){
		.state = state, .condition = c, .flags = flags, .latch = LATCH_OWN
	};
}

static void
test_what_an_alarm_asks(void **state)
{
	static const struct {
		enum alarm_state state;
		enum condition condition;
		uint8_t flags;
		bool test;
		unsigned asks;
	} rows[] = {
		{ ALARM_NORMAL, COND_FIRE, 0, false, 0 },
		{ ALARM_UNACKNOWLEDGED, COND_FIRE, 0, false, ASK_SOUND | ASK_OWED },
		{ ALARM_ACKNOWLEDGED, COND_FIRE, 0, false, 0 },
		{ ALARM_RETURNED, COND_FIRE, 0, false, ASK_OWED },
		{ ALARM_LATCHED_UNACKNOWLEDGED, COND_FIRE, 0, false,
		    ASK_SOUND | ASK_OWED },
		{ ALARM_LATCHED_ACKNOWLEDGED, COND_FIRE, 0, false, 0 },
		// I14: no flag silences a fire ...
		{ ALARM_UNACKNOWLEDGED, COND_FIRE,
		    FLAG_SHELVED | FLAG_ISOLATED | FLAG_SUPPRESSED, false,
		    ASK_SOUND | ASK_OWED },
		// ... a test relabels it, with a sound of its own, until acknowledged.
		{ ALARM_UNACKNOWLEDGED, COND_FIRE, FLAG_TEST_MODE, true, ASK_TEST },
		{ ALARM_LATCHED_UNACKNOWLEDGED, COND_FIRE, FLAG_TEST_MODE, true,
		    ASK_TEST },
		{ ALARM_ACKNOWLEDGED, COND_FIRE, FLAG_TEST_MODE, true, 0 },
		// A fire from before the test stays real.
		{ ALARM_UNACKNOWLEDGED, COND_FIRE, FLAG_TEST_MODE, false,
		    ASK_SOUND | ASK_OWED },
		// Others are hidden by what puts them aside.
		{ ALARM_UNACKNOWLEDGED, COND_FAULT, 0, false, ASK_SOUND | ASK_OWED },
		{ ALARM_UNACKNOWLEDGED, COND_FAULT, FLAG_SHELVED, false, 0 },
		{ ALARM_UNACKNOWLEDGED, COND_FAULT, FLAG_SUPPRESSED, false, 0 },
		{ ALARM_RETURNED, COND_SECURITY, 0, false, ASK_OWED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct alarm a =
		    alarm_in(rows[i].state, rows[i].condition, rows[i].flags);

		a.test_onset = rows[i].test;
		if (output_asks(&a) != rows[i].asks)
			fail_msg("row %zu: %u", i, output_asks(&a));
	}
}

static void
test_the_table(void **state)
{
	// What stands, and what sounder and lamp show; silenced or not.
	static const struct {
		struct output_counts c;
		enum output_pattern sounder, silenced, lamp;
		int sounder_class, lamp_class;
	} rows[] = {
		{ { .tests = 0 }, PATTERN_OFF, PATTERN_OFF, PATTERN_OFF, -1, -1 },
		{ { .sounding = { [CLASS_FIRE] = 1 }, .owed = { [CLASS_FIRE] = 1 } },
		    PATTERN_STEADY, PATTERN_OFF, PATTERN_STEADY, CLASS_FIRE,
		    CLASS_FIRE },
		{ { .sounding = { [CLASS_SECURITY] = 2 } }, PATTERN_BLINK, PATTERN_OFF,
		    PATTERN_OFF, CLASS_SECURITY, -1 },
		{ { .sounding = { [CLASS_SUPERVISORY] = 1 } }, PATTERN_STEADY,
		    PATTERN_OFF, PATTERN_OFF, CLASS_SUPERVISORY, -1 },
		// A class of another pattern above it decides.
		{ { .sounding = { [CLASS_SECURITY] = 1, [CLASS_SUPERVISORY] = 1 } },
		    PATTERN_BLINK, PATTERN_OFF, PATTERN_OFF, CLASS_SECURITY, -1 },
		{ { .sounding = { [CLASS_FIRE] = 1, [CLASS_SECURITY] = 1 } },
		    PATTERN_STEADY, PATTERN_OFF, PATTERN_OFF, CLASS_FIRE, -1 },
		// Owed, but it does not sound any more.
		{ { .owed = { [CLASS_FIRE] = 1, [CLASS_FAULT] = 4 } }, PATTERN_OFF,
		    PATTERN_OFF, PATTERN_STEADY, -1, CLASS_FIRE },
		{ { .owed = { [CLASS_FAULT] = 4 } }, PATTERN_OFF, PATTERN_OFF,
		    PATTERN_BLINK, -1, CLASS_FAULT },
		// Classes that it is not for.
		{ { .sounding = { [CLASS_FAULT] = 1, [CLASS_PROCESS] = 1 },
		      .owed = { [CLASS_PROCESS] = 1, [CLASS_SYSTEM] = 1 } },
		    PATTERN_OFF, PATTERN_OFF, PATTERN_OFF, -1, -1 },
		// A test has its own, and a real fire goes before it (I14).
		{ { .tests = 1 }, PATTERN_TEST, PATTERN_OFF, PATTERN_TEST, CLASS_FIRE,
		    CLASS_FIRE },
		{ { .tests = 3,
		      .sounding = { [CLASS_FIRE] = 1 },
		      .owed = { [CLASS_FIRE] = 1 } },
		    PATTERN_STEADY, PATTERN_OFF, PATTERN_STEADY, CLASS_FIRE,
		    CLASS_FIRE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct output_counts c = rows[i].c;
		struct output_wish s = output_judge(&sounder, &c);
		struct output_wish l = output_judge(&lamp, &c);

		if (s.pattern != rows[i].sounder || s.silenced ||
		    s.alarm_class != rows[i].sounder_class ||
		    l.pattern != rows[i].lamp || l.alarm_class != rows[i].lamp_class)
			fail_msg("row %zu: %s, %s", i, output_pattern_name(s.pattern),
			    output_pattern_name(l.pattern));
		c.silenced = true;
		s = output_judge(&sounder, &c);
		assert_int_equal(s.pattern, rows[i].silenced);
		assert_int_equal(s.silenced, rows[i].sounder != PATTERN_OFF);
		assert_int_equal(output_judge(&lamp, &c).pattern, rows[i].lamp);
	}
}

static void
test_a_heartbeat_follows_no_alarm(void **state)
{
	static const struct output beat = { .role = OUTPUT_HEARTBEAT, .steady = 0x1FF };
	struct output_counts c = { .sounding = { [CLASS_FIRE] = 1 },
		.owed = { [CLASS_FIRE] = 1 } };

	(void)state;
	assert_int_equal(output_judge(&beat, &c).pattern, PATTERN_OFF);
}

// A silent panic shows nowhere in the room: only on what the site names for it, and
// there whatever the desk silences.
static void
test_a_silent_alarm_shows_only_where_the_site_says_so(void **state)
{
	struct output_counts c = { .silenced = false };
	struct alarm a = alarm_in(ALARM_UNACKNOWLEDGED, COND_SECURITY, 0);

	(void)state;
	a.silent = true;
	assert_int_equal(output_asks(&a), ASK_SOUND | ASK_OWED | ASK_SILENT);
	output_count(&c, CLASS_SECURITY, output_asks(&a), true);
	for (enum output_role role = OUTPUT_SOUNDER; role <= OUTPUT_LAMP; role++) {
		const struct output room = { .role = role, .steady = 0x1FF };
		const struct output guards = {
			.role = role, .steady = 0x1FF, .silent_alarms = true
		};
		for (int silenced = 0; silenced < 2; silenced++) {
			c.silenced = silenced == 1;
			struct output_wish w = output_judge(&room, &c);
			assert_int_equal(w.pattern, PATTERN_OFF);
			assert_false(w.silenced);
			w = output_judge(&guards, &c);
			assert_int_equal(w.pattern, PATTERN_STEADY);
			assert_int_equal(w.alarm_class, CLASS_SECURITY);
		}
	}
	output_count(&c, CLASS_SECURITY, output_asks(&a), false);
	a.state = ALARM_ACKNOWLEDGED;
	assert_int_equal(output_asks(&a), 0);
	const struct output guards = {
		.role = OUTPUT_SOUNDER, .steady = 0x1FF, .silent_alarms = true
	};
	assert_int_equal(output_judge(&guards, &c).pattern, PATTERN_OFF);
}

static void
test_alarms_are_counted_in_and_out(void **state)
{
	struct output_counts c = { .silenced = false };

	(void)state;
	output_count(&c, CLASS_FIRE, ASK_SOUND | ASK_OWED, true);
	output_count(&c, CLASS_FAULT, ASK_OWED, true);
	output_count(&c, CLASS_FIRE, ASK_TEST, true);
	assert_int_equal(c.sounding[CLASS_FIRE], 1);
	assert_int_equal(c.owed[CLASS_FIRE], 1);
	assert_int_equal(c.owed[CLASS_FAULT], 1);
	assert_int_equal(c.tests, 1);
	output_count(&c, CLASS_FIRE, ASK_SOUND, false);
	output_count(&c, CLASS_FIRE, ASK_TEST, false);
	assert_int_equal(c.sounding[CLASS_FIRE], 0);
	assert_int_equal(c.owed[CLASS_FIRE], 1);
	assert_int_equal(c.tests, 0);
}

static void
test_patterns_in_time(void **state)
{
	static const struct {
		enum output_pattern p;
		int64_t since;
		bool level;
		int64_t next;
	} rows[] = {
		{ PATTERN_OFF, 0, false, -1 },
		{ PATTERN_STEADY, 12345, true, -1 },
		{ PATTERN_BLINK, 0, true, 500 },
		{ PATTERN_BLINK, 499, true, 1 },
		{ PATTERN_BLINK, 500, false, 500 },
		{ PATTERN_BLINK, 10700, false, 300 },
		{ PATTERN_TEST, 0, true, 250 },
		{ PATTERN_TEST, 250, false, 1750 },
		{ PATTERN_BEAT, 0, true, 1000 },
		{ PATTERN_BEAT, 1500, false, 500 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(
		    output_level(rows[i].p, 2000, rows[i].since), rows[i].level);
		assert_int_equal(
		    output_next_ms(rows[i].p, 2000, rows[i].since), rows[i].next);
	}
}

static void
test_what_is_read_back_must_follow(void **state)
{
	struct output_watch w = { .needed = { false } };
	enum output_pattern p = PATTERN_OFF;

	(void)state;
	output_watch_begin(&w, p, 1000);
	output_watch_feed(&w, false, false, 9000);
	assert_false(output_watch_failed(&w, p, 2000, 9000));
	p = PATTERN_STEADY;
	output_watch_begin(&w, p, 10000);
	output_watch_feed(&w, true, false, 12000);
	assert_false(output_watch_failed(&w, p, 2000, 12000));
	assert_true(output_watch_failed(&w, p, 2000, 12001));
	output_watch_feed(&w, true, true, 13000);
	assert_false(output_watch_failed(&w, p, 2000, 15000));
	// It falls off by itself.
	output_watch_feed(&w, true, false, 15001);
	assert_true(output_watch_failed(&w, p, 2000, 15001));
	// Nothing is read at all: that is not following (I6).
	output_watch_begin(&w, PATTERN_OFF, 20000);
	assert_true(output_watch_failed(&w, PATTERN_OFF, 2000, 22001));
}

static void
test_a_pattern_must_be_seen_both_on_and_off(void **state)
{
	struct output_watch w = { .needed = { false } };
	const enum output_pattern p = PATTERN_BLINK;

	(void)state;
	output_watch_begin(&w, p, 0);
	for (int64_t t = 0; t < 10000; t += 100) {
		bool driven = output_level(p, 0, t);
		output_watch_feed(&w, driven, driven, t);
		assert_false(output_watch_failed(&w, p, 500, t));
	}
	// The lamp is broken: it reads off whatever is driven.
	for (int64_t t = 10000; t < 13000; t += 100)
		output_watch_feed(&w, output_level(p, 0, t), false, t);
	assert_true(output_watch_failed(&w, p, 500, 13000));
}

static void
test_who_can_alert_people(void **state)
{
	static const struct {
		struct alive_facts f;
		const char *why;
	} rows[] = {
		{ { 0, 0 }, NULL },
		{ { ALIVE_LATE_MS, ALIVE_SILENT_MS }, NULL },
		{ { ALIVE_LATE_MS + 1, 0 }, "loop-late" },
		{ { 0, ALIVE_SILENT_MS + 1 }, "writer-silent" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *why = alive_judge(&rows[i].f);

		if (rows[i].why == NULL)
			assert_null(why);
		else
			assert_string_equal(why, rows[i].why);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_an_alarm_asks),
		cmocka_unit_test(test_the_table),
		cmocka_unit_test(test_a_heartbeat_follows_no_alarm),
		cmocka_unit_test(test_alarms_are_counted_in_and_out),
		cmocka_unit_test(test_a_silent_alarm_shows_only_where_the_site_says_so),
		cmocka_unit_test(test_patterns_in_time),
		cmocka_unit_test(test_what_is_read_back_must_follow),
		cmocka_unit_test(test_a_pattern_must_be_seen_both_on_and_off),
		cmocka_unit_test(test_who_can_alert_people),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
