// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Point kinds, the class of a condition on a point, and finding a point in a site.
#include <string.h>

#include "core/point.h"
#include "core/site.h"
#include "test.h"

static void
test_each_kind_has_its_condition_and_latch(void **ctx)
{
	(void)ctx;
	static const struct {
		const char *name, *condition, *latch;
	} expected[] = {
		{ "smoke", "fire", "panel" },
		{ "heat", "fire", "panel" },
		{ "manual-call-point", "fire", "panel" },
		{ "fire-contact", "fire", "own" },
		{ "flow-switch", "supervisory", "none" },
		{ "valve", "supervisory", "none" },
		{ "module", "feedback", "none" },
		{ "door", "security", "none" },
		{ "request-to-exit", "info", "none" },
		{ "answer-button", "info", "none" },
		{ "fire-door", "info", "none" },
		{ "fire-door-release", "activated", "none" },
		{ "patrol-point", "info", "none" },
		{ "panic", "security", "own" },
		{ "pump-run", "activated", "none" },
		{ "pump-auto", "supervisory", "none" },
		{ "pump-manual", "supervisory", "none" },
		{ "fault-contact", "fault", "none" },
		{ "pressure", "process", "none" },
		{ "level", "process", "none" },
		{ "temperature", "process", "none" },
		{ "current", "process", "none" },
		{ "voltage", "process", "none" },
		{ "resistance", "process", "none" },
		{ "ratio", "process", "none" },
		{ "duration", "process", "none" },
		{ "obscuration", "process", "none" },
		{ "number", "process", "none" },
		{ "panel", "fault", "none" },
		{ "camera", "fault", "none" },
		{ "recorder", "fault", "none" },
		{ "terminal", "fault", "none" },
		{ "server", "fault", "none" },
		{ "broadcast", "fault", "none" },
		{ "network", "fault", "none" },
		{ "link", "link", "none" },
		{ "pump", "fault", "none" },
		{ "system", "fault", "none" },
	};
	assert_int_equal(ARRAY_LEN(expected), POINT_KIND_COUNT);
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		enum point_kind k;
		assert_true(point_kind_from_name(expected[i].name, &k));
		assert_string_equal(point_kind_name(k), expected[i].name);
		assert_string_equal(
		    condition_name(point_kind_condition(k)), expected[i].condition);
		assert_string_equal(latch_name(point_kind_latch(k)), expected[i].latch);
		// What is measured is a process value, and nothing else is.
		assert_int_equal(point_kind_quantity(k) != QUANTITY_NONE,
		    point_kind_condition(k) == COND_PROCESS);
	}
	enum point_kind k;
	assert_int_equal(point_kind_quantity(KIND_PRESSURE), QUANTITY_PRESSURE);
	assert_int_equal(point_kind_quantity(KIND_RATIO), QUANTITY_RATIO);
	assert_false(point_kind_from_name("smoke detector", &k));
}

static void
test_a_fire_kind_always_latches(void **ctx)
{
	(void)ctx;
	for (int i = 0; i < POINT_KIND_COUNT; i++) {
		enum point_kind k = (enum point_kind)i;
		if (point_kind_condition(k) == COND_FIRE || k == KIND_PANIC)
			assert_int_not_equal(point_kind_latch(k), LATCH_NONE);
	}
}

static void
test_class_of_a_condition_on_a_point(void **ctx)
{
	(void)ctx;
	static const struct {
		const char *id;
		enum condition condition;
		enum alarm_class expected;
	} cases[] = {
		{ "fap1-d-1-5", COND_FIRE, CLASS_FIRE },
		{ "fap1-d-1-5", COND_FAULT, CLASS_FAULT },
		{ "@bus/panel-lan", COND_LINK, CLASS_FAULT },
		{ "@device/fap1", COND_LINK, CLASS_FAULT },
		{ "@gpio/room-io", COND_LINK, CLASS_FAULT },
		{ "@channel/wecom", COND_LINK, CLASS_SYSTEM },
		{ "@store", COND_FAULT, CLASS_SYSTEM },
		{ "@clock", COND_FAULT, CLASS_SYSTEM },
		{ "@loop", COND_FAULT, CLASS_SYSTEM },
		{ "@console", COND_FAULT, CLASS_SYSTEM },
		{ "@network", COND_FAULT, CLASS_SYSTEM },
		{ "@console/desk-1", COND_LINK, CLASS_SYSTEM },
		{ "@storehouse", COND_FAULT, CLASS_FAULT },
		{ "@store", COND_FIRE, CLASS_FIRE },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct point p = { .id = cases[i].id };
		assert_int_equal(
		    point_class(&p, cases[i].condition), cases[i].expected);
		assert_int_equal(point_builtin(&p), cases[i].id[0] == '@');
	}
}

static void
test_a_site_may_override_the_class(void **ctx)
{
	(void)ctx;
	uint8_t override[COND_COUNT];
	memset(override, CLASS_COUNT, sizeof(override));
	override[COND_ACTIVATED] = CLASS_SUPERVISORY;
	struct point p = { .id = "sprinkler-pump", .class_override = override };
	assert_int_equal(point_class(&p, COND_ACTIVATED), CLASS_SUPERVISORY);
	assert_int_equal(point_class(&p, COND_FAULT), CLASS_FAULT);
}

static void
test_finding_a_point(void **ctx)
{
	(void)ctx;
	struct point points[] = { { .id = "a" }, { .id = "ab" }, { .id = "@store" } };
	struct site s = { .points = points, .n_points = 3 };
	assert_int_equal(site_find_point(&s, "ab"), 1);
	assert_int_equal(site_find_point(&s, "@store"), 2);
	assert_int_equal(site_find_point(&s, "abc"), UINT32_MAX);
	s.n_points = 0;
	assert_int_equal(site_find_point(&s, "a"), UINT32_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_kind_has_its_condition_and_latch),
		cmocka_unit_test(test_a_fire_kind_always_latches),
		cmocka_unit_test(test_class_of_a_condition_on_a_point),
		cmocka_unit_test(test_a_site_may_override_the_class),
		cmocka_unit_test(test_finding_a_point),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
