// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Names of conditions, classes, qualities, event kinds and notice states: each goes
// both ways, no two are the same, and an event begins with nothing in it. The classes
// are listed here by hand, since a wrong class changes who is woken.
#include <math.h>
#include <string.h>

#include "core/condition.h"
#include "core/event.h"
#include "core/notice.h"
#include "core/sample.h"
#include "test.h"

static void
test_each_condition_has_its_class(void **ctx)
{
	(void)ctx;
	static const char *const expected[][2] = {
		{ "fire", "fire" },
		{ "prealarm", "prealarm" },
		{ "security", "security" },
		{ "supervisory", "supervisory" },
		{ "activated", "info" },
		{ "feedback", "info" },
		{ "process", "process" },
		{ "fault", "fault" },
		{ "disabled", "disabled" },
		{ "test", "info" },
		{ "info", "info" },
		{ "link", "fault" },
	};
	assert_int_equal(ARRAY_LEN(expected), COND_COUNT);
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		enum condition c;
		assert_true(condition_from_name(expected[i][0], &c));
		assert_int_equal(c, i);
		assert_string_equal(condition_name(c), expected[i][0]);
		assert_string_equal(class_name(condition_class(c)), expected[i][1]);
	}
	enum condition c;
	assert_false(condition_from_name("Fire", &c));
	assert_false(condition_from_name("", &c));
}

static void
test_classes_stand_in_order_of_priority(void **ctx)
{
	(void)ctx;
	static const char *const order[] = { "fire", "prealarm", "security",
		"supervisory", "fault", "disabled", "process", "info", "system" };
	assert_int_equal(ARRAY_LEN(order), CLASS_COUNT);
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		enum alarm_class c;
		assert_true(class_from_name(order[i], &c));
		assert_int_equal(c, i);
		assert_string_equal(class_name(c), order[i]);
	}
	enum alarm_class c;
	assert_false(class_from_name("fires", &c));
}

static void
test_event_kinds_go_both_ways_and_differ(void **ctx)
{
	(void)ctx;
	for (int i = 0; i < EVENT_KIND_COUNT; i++) {
		enum event_kind k;
		const char *name = event_kind_name((enum event_kind)i);
		assert_true(event_kind_from_name(name, &k));
		assert_int_equal(k, i);
		assert_true(strlen(name) > 0);
	}
	enum event_kind k;
	assert_false(event_kind_from_name("alarm", &k));
}

static void
test_a_new_event_says_nothing_it_was_not_told(void **ctx)
{
	(void)ctx;
	struct event e;
	memset(&e, 0xA5, sizeof(e));
	event_init(&e, EVENT_SILENCE);
	assert_int_equal(e.kind, EVENT_SILENCE);
	assert_int_equal(e.condition, -1);
	assert_int_equal(e.alarm_class, -1);
	assert_int_equal(e.quality, -1);
	assert_true(isnan(e.value));
	assert_int_equal(e.clock_quality, CLOCK_UNKNOWN);
	assert_int_equal(e.seq, 0);
	assert_string_equal(e.point, "");
	assert_string_equal(e.params, "");
	assert_string_equal(e.actor, "");
}

static void
test_notice_states_go_both_ways(void **ctx)
{
	(void)ctx;
	for (int i = 0; i < NOTICE_STATE_COUNT; i++) {
		enum notice_state s;
		assert_true(notice_state_from_name(
		    notice_state_name((enum notice_state)i), &s));
		assert_int_equal(s, i);
	}
	enum notice_state s;
	assert_false(notice_state_from_name("sent", &s));
}

static void
test_quality_names(void **ctx)
{
	(void)ctx;
	static const char *const names[] = { "good", "uncertain", "bad", "unknown" };
	assert_int_equal(ARRAY_LEN(names), QUALITY_COUNT);
	for (int i = 0; i < QUALITY_COUNT; i++)
		assert_string_equal(quality_name((enum quality)i), names[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_condition_has_its_class),
		cmocka_unit_test(test_classes_stand_in_order_of_priority),
		cmocka_unit_test(test_event_kinds_go_both_ways_and_differ),
		cmocka_unit_test(test_a_new_event_says_nothing_it_was_not_told),
		cmocka_unit_test(test_notice_states_go_both_ways),
		cmocka_unit_test(test_quality_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
