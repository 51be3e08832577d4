// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// I9, I13: blind time in the running engine: a row when it begins and one when it ends;
// once for all behind a link, and by themselves the points that give no value.
#include <math.h>
#include <string.h>

#include "engine_journal.h"
#include "engine_rig.h"
#include "test.h"

#define BLIND  "kind = 'blind' AND point = "
#define BEGINS " AND params NOT LIKE '%to_utc_ms%'"
#define ENDS   " AND params LIKE '%to_utc_ms%'"

static const char chip_site[] =
    "site: {id: t, name: {zh: 测, en: T}, time_zone: Asia/Shanghai,"
    " statistics_day: \"08:00\"}\n"
    "console: {listen: \"127.0.0.1:0\", desk: [127.0.0.1]}\n"
    "gpio:\n"
    "  - id: room\n"
    "    chip: gpio-sim.0-node0\n"
    "    points:\n"
    "      - {id: valve, line: a, kind: valve, debounce: 50ms,"
    " place: {zh: 阀, en: Valve}}\n"
    "      - {id: door, line: b, kind: door, debounce: 50ms,"
    " place: {zh: 门, en: Door}}\n";

static uint32_t
link_of(const struct rig *r)
{
	return r->site->n_gpios > 0 ? r->site->gpios[0].link_point
				    : r->site->devices[0].link_point;
}

static void
read_point(struct rig *r, const char *point, enum quality q)
{
	struct sample s = rig_sample(r, point, SAMPLE_LEVEL);
	s.quality = q;
	s.value = q == QUALITY_GOOD ? 0 : (double)NAN;
	engine_sample(r->engine, &s);
}

static void
read_all(struct rig *r)
{
	for (uint32_t i = 0; i < r->site->n_site_points; i++)
		read_point(r, r->site->points[i].id, QUALITY_GOOD);
}

static void
test_a_lost_link_begins_and_ends_one_span_of_all_behind_it(void **state)
{
	struct rig r;

	(void)state;
	rig_set_up(&r, NULL, NULL);
	engine_link(r.engine, link_of(&r), false, NULL);
	read_all(&r);
	engine_link(r.engine, link_of(&r), true, "timeout");
	rig_pass(&r, 20000);
	assert_int_equal(rig_events(&r, BLIND "'@device/fap'" BEGINS
					      " AND params LIKE '%\"points\":2%'"),
	    1);
	assert_int_equal(rig_events(&r, BLIND "'@device/fap'" ENDS), 0);
	engine_link(r.engine, link_of(&r), true, "refused"); // it goes on
	engine_link(r.engine, link_of(&r), false, NULL);
	read_all(&r);
	rig_pass(&r, 90000);
	assert_int_equal(rig_events(&r, BLIND "'@device/fap'"), 2);
	assert_int_equal(rig_events(&r, BLIND "'@device/fap'" ENDS), 1);
	assert_int_equal(rig_events(&r, "kind = 'blind' AND point LIKE 's%'"), 0);
	rig_tear_down(&r);
}

static void
test_what_is_not_read_after_its_link_is_back_is_blind_by_itself(void **state)
{
	struct rig r;

	(void)state;
	rig_set_up(&r, NULL, NULL);
	engine_link(r.engine, link_of(&r), false, NULL);
	read_all(&r);
	engine_link(r.engine, link_of(&r), true, "timeout");
	rig_pass(&r, 90000); // its span says it all
	assert_int_equal(rig_events(&r, BLIND "'s2'"), 0);
	engine_link(r.engine, link_of(&r), false, NULL);
	read_point(&r, "s1", QUALITY_GOOD);
	rig_pass(&r, 50000);
	assert_int_equal(rig_events(&r, BLIND "'s2'"), 0);
	rig_pass(&r, 20000);
	assert_int_equal(rig_events(&r, BLIND "'s2'" BEGINS), 1);
	read_point(&r, "s2", QUALITY_GOOD);
	assert_int_equal(rig_events(&r, BLIND "'s2'" ENDS), 1);
	assert_int_equal(rig_events(&r, BLIND "'s1'"), 0);
	rig_tear_down(&r);
}

// A device that is not there at a start: its points were never read, and its one span
// says so for all of them.
static void
test_a_device_that_never_answered_is_one_span(void **state)
{
	struct rig r;

	(void)state;
	rig_set_up(&r, NULL, NULL);
	engine_link(r.engine, link_of(&r), true, "timeout");
	rig_pass(&r, 90000);
	assert_int_equal(rig_events(&r, BLIND "'@device/fap'" BEGINS), 1);
	assert_int_equal(rig_events(&r, BLIND "'s1'"), 0);
	// What has no link to blame, and was not read either, says so itself.
	assert_int_equal(rig_events(&r, BLIND "'run'" BEGINS), 1);
	engine_link(r.engine, link_of(&r), false, NULL);
	rig_pass(&r, 50000);
	assert_int_equal(rig_events(&r, BLIND "'s1'"), 0);
	rig_pass(&r, 20000);
	assert_int_equal(rig_events(&r, BLIND "'s1'" BEGINS), 1);
	rig_tear_down(&r);
}

static void
test_i6_a_value_that_is_none_is_blind_once_that_lasts(void **state)
{
	struct rig r;

	(void)state;
	rig_set_up(&r, NULL, NULL);
	engine_link(r.engine, link_of(&r), false, NULL);
	read_all(&r);
	read_point(&r, "run", QUALITY_BAD);
	rig_pass(&r, 4000);
	read_point(&r, "run", QUALITY_GOOD); // a moment is no span
	rig_pass(&r, 30000);
	assert_int_equal(rig_events(&r, BLIND "'run'"), 0);
	read_point(&r, "run", QUALITY_BAD);
	rig_pass(&r, 8000);
	read_point(&r, "run", QUALITY_UNKNOWN); // none either: one span
	rig_pass(&r, 9000);
	assert_int_equal(rig_events(&r, BLIND "'run'" BEGINS), 1);
	engine_link(r.engine, r.site->devices[1].link_point, true, "timeout");
	rig_pass(&r, 5000);
	engine_link(r.engine, r.site->devices[1].link_point, false, NULL);
	read_all(&r);
	assert_int_equal(rig_events(&r, BLIND "'run'" ENDS), 1);
	assert_int_equal(rig_events(&r, BLIND "'run'"), 2);
	rig_tear_down(&r);
}

static void
test_a_busy_line_is_blind_alone_and_the_rest_of_its_chip_is_not(void **state)
{
	struct rig r;

	(void)state;
	rig_set_up_site(&r, chip_site);
	engine_link(r.engine, link_of(&r), true, "line-busy");
	read_point(&r, "valve", QUALITY_GOOD);
	read_point(&r, "door", QUALITY_BAD);
	rig_pass(&r, 70000);
	assert_int_equal(rig_events(&r, BLIND "'@gpio/room'"), 0);
	assert_int_equal(rig_events(&r, BLIND "'valve'"), 0);
	assert_int_equal(rig_events(&r, BLIND "'door'" BEGINS), 1);
	// The chip goes: now all of it is; and comes back with the one line still held.
	engine_link(r.engine, link_of(&r), true, "chip-gone");
	assert_int_equal(rig_events(&r, BLIND "'@gpio/room'" BEGINS), 1);
	rig_pass(&r, 5000);
	engine_link(r.engine, link_of(&r), true, "line-busy");
	assert_int_equal(rig_events(&r, BLIND "'@gpio/room'" ENDS), 1);
	read_point(&r, "valve", QUALITY_GOOD);
	read_point(&r, "door", QUALITY_BAD);
	rig_pass(&r, 20000);
	engine_link(r.engine, link_of(&r), false, NULL);
	read_all(&r);
	assert_int_equal(rig_events(&r, BLIND "'@gpio/room'"), 2);
	assert_int_equal(rig_events(&r, BLIND "'door'" ENDS), 1);
	assert_int_equal(rig_events(&r, BLIND "'valve'"), 0);
	rig_tear_down(&r);
}

static void
test_a_link_that_flaps_is_one_span(void **state)
{
	struct rig r;

	(void)state;
	rig_set_up(&r, NULL, NULL);
	engine_link(r.engine, link_of(&r), false, NULL);
	read_all(&r);
	for (int i = 0; i < 60; i++) {
		engine_link(r.engine, link_of(&r), i % 2 == 0, "timeout");
		rig_pass(&r, 2000);
		if (i % 2 != 0)
			read_all(&r);
	}
	int before = rig_events(&r, BLIND "'@device/fap'");
	assert_true(before > 0 && before < 20);
	rig_pass(&r, 3600000);
	assert_int_equal(
	    rig_events(&r, BLIND "'@device/fap'" ENDS
				 " AND params LIKE '%flapping%' AND params LIKE "
				 "'%blind_ms%'"),
	    1);
	assert_int_equal(rig_events(&r, BLIND "'@device/fap'" BEGINS),
	    rig_events(&r, BLIND "'@device/fap'" ENDS));
	rig_tear_down(&r);
}

// Times in which nobody can write are told as such; nothing stands in them.
static void
test_i10_a_clock_set_forward_leaves_moments_that_never_were(void **state)
{
	struct rig r;

	(void)state;
	rig_set_up(&r, NULL, NULL);
	rig_pass(&r, 2000);
	clock_virtual_step(&r.clock, 600000);
	rig_pass(&r, 2000);
	assert_int_equal(
	    rig_events(&r,
		"kind = 'clock.step' AND json_extract(params, '$.to_utc_ms') "
		"- json_extract(params, '$.from_utc_ms') = 600000"),
	    1);
	clock_virtual_step(&r.clock, -300000);
	rig_pass(&r, 2000);
	assert_int_equal(
	    rig_events(&r, "kind = 'clock.step' AND params NOT LIKE '%to_utc_ms%'"), 1);
	rig_tear_down(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_a_lost_link_begins_and_ends_one_span_of_all_behind_it),
		cmocka_unit_test(
		    test_what_is_not_read_after_its_link_is_back_is_blind_by_itself),
		cmocka_unit_test(test_a_device_that_never_answered_is_one_span),
		cmocka_unit_test(test_i6_a_value_that_is_none_is_blind_once_that_lasts),
		cmocka_unit_test(
		    test_a_busy_line_is_blind_alone_and_the_rest_of_its_chip_is_not),
		cmocka_unit_test(test_a_link_that_flaps_is_one_span),
		cmocka_unit_test(
		    test_i10_a_clock_set_forward_leaves_moments_that_never_were),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
