// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Expected effects in the running engine, by the virtual clock: in time, late, never,
// while nobody knows, disabled, and what ends the wait or the alarm; which alarms are
// causes; what the journal says of each.
#include <string.h>

#include "effects_rig.h"
#include "lib/mem.h"
#include "test.h"

static void
see_all_idle(struct rig *r)
{
	rig_level(r, "run", false);
	rig_level(r, "fan", false);
}

static void
test_in_time(void **state)
{
	(void)state;
	struct rig r;
	effects_set_up(&r, NULL, NULL);
	see_all_idle(&r);
	rig_fire(&r, "s1", true);
	expect_point(&r, "run", "\"rule\":\"fire-pump\"");
	expect_point(&r, "run", "\"state\":\"waits\"");
	rig_pass(&r, 4000);
	rig_level(&r, "run", true);
	rig_pass(&r, 60000);
	assert_null(no_effect(&r, "run"));
	assert_int_equal(
	    rig_events(&r, "kind = 'effect.seen' AND point = 'run' AND"
			   " params LIKE '%\"result\":\"in-time\",\"delay_ms\":4000,%'"
			   " AND occurrence_id = (SELECT occurrence_id FROM event"
			   " WHERE kind = 'alarm.onset' AND point = 's1')"),
	    1);
	expect_point(&r, "run", "\"state\":\"came\"");
	expect_point(&r, "run", "\"last\":\"in-time\",\"delay_ms\":4000");
	rig_tear_down(&r);
}

// It names what should have done it, belongs to its incident, and says how late it
// came.
static void
test_missed_then_late(void **state)
{
	(void)state;
	struct rig r;
	effects_set_up(&r, NULL, NULL);
	see_all_idle(&r);
	rig_fire(&r, "s1", true);
	rig_pass(&r, 9900);
	assert_null(no_effect(&r, "run"));
	rig_pass(&r, 200);
	assert_true(is_no_effect(&r, "run"));
	const struct alarm_record *a = no_effect(&r, "run");
	assert_int_equal(a->alarm_class, CLASS_FAULT);
	assert_string_equal(a->incident, rig_open_alarm(&r, "s1")->incident);
	assert_false(a->first_out);
	assert_int_equal(
	    rig_events(&r,
		"kind = 'alarm.onset' AND point = 'run' AND code ="
		" 'no-effect' AND params LIKE"
		" '%\"effect\":{\"rule\":\"fire-pump\",\"reason\":\"not-seen\","
		"\"within_ms\":10000,\"cause\":{\"point\":\"s1\",\"condition\":"
		"\"fire\"%' AND cause_seq = (SELECT seq FROM event WHERE kind ="
		" 'alarm.onset' AND point = 's1')"),
	    1);
	rig_pass(&r, 20000);
	rig_level(&r, "run", true);
	assert_false(is_no_effect(&r, "run"));
	assert_int_equal(no_effect(&r, "run")->a.state, ALARM_RETURNED);
	assert_int_equal(rig_events(&r, "kind = 'effect.missed' AND point = 'run'"), 1);
	assert_int_equal(rig_events(&r, "kind = 'effect.seen' AND params LIKE"
					" '%\"result\":\"late\",\"delay_ms\":30%'"),
	    1);
	rig_tear_down(&r);
}

static void
test_present_before(void **state)
{
	(void)state;
	struct rig r;
	effects_set_up(&r, NULL, NULL);
	rig_level(&r, "run", true);
	rig_level(&r, "fan", false);
	rig_fire(&r, "s1", true);
	rig_pass(&r, 60000);
	assert_null(no_effect(&r, "run"));
	assert_null(no_effect(&r, "fan")); // it stands, as it must
	assert_int_equal(rig_events(&r, "kind = 'effect.seen' AND params LIKE"
					" '%\"result\":\"present\",\"delay_ms\":0,%'"),
	    2);
	rig_tear_down(&r);
}

static void
test_i6_unknown_is_not_that_it_happened(void **state)
{
	(void)state;
	struct rig r;
	effects_set_up(&r, NULL, NULL);
	rig_level(&r, "run", true);
	lose_io(&r, true); // it ran when it was last seen
	rig_fire(&r, "s1", true);
	rig_pass(&r, 10100);
	assert_true(is_no_effect(&r, "run"));
	assert_int_equal(
	    rig_events(&r, "kind = 'effect.missed' AND params LIKE '%\"unknown\"%'"),
	    1);
	lose_io(&r, false);
	assert_true(is_no_effect(&r, "run"));
	rig_level(&r, "run", true);
	assert_false(is_no_effect(&r, "run"));
	assert_int_equal(
	    rig_events(&r,
		"kind = 'effect.seen' AND params LIKE"
		" '%\"result\":\"found\",%' AND params NOT LIKE '%delay_ms%'"),
	    1);
	rig_tear_down(&r);
}

// I6: a fan of which nobody knows has not stopped; nor one that never was seen.
static void
test_i6_unknown_is_not_idle(void **state)
{
	(void)state;
	struct rig r;
	effects_set_up(&r, NULL, NULL);
	rig_fire(&r, "s3", true); // no zone of the pump's rule
	rig_pass(&r, 20100);
	assert_true(is_no_effect(&r, "fan"));
	assert_null(no_effect(&r, "run"));
	rig_level(&r, "fan", true);
	assert_true(is_no_effect(&r, "fan"));
	rig_level(&r, "fan", false);
	assert_false(is_no_effect(&r, "fan"));
	assert_int_equal(
	    rig_events(&r, "kind = 'effect.seen' AND params LIKE '%\"late\"%'"), 1);
	rig_tear_down(&r);
}

static void
test_i6_a_lost_link_makes_the_delay_an_upper_bound(void **state)
{
	(void)state;
	struct rig r;
	effects_set_up(&r, NULL, NULL);
	see_all_idle(&r);
	rig_fire(&r, "s1", true);
	lose_io(&r, true);
	rig_pass(&r, 3000);
	lose_io(&r, false);
	rig_level(&r, "run", true);
	assert_int_equal(
	    rig_events(&r, "kind = 'effect.seen' AND params LIKE"
			   " '%\"in-time\",\"delay_ms\":3000,\"at_most\":true%'"),
	    1);
	rig_tear_down(&r);
}

// What it shows while it is disabled or in test proves nothing; a bad one has no value;
// one that has a fault and does not show it says so.
static void
test_i6_disabled_in_test_bad_and_faulty(void **state)
{
	static const struct {
		enum condition condition;
		bool on;
		const char *where;
	} cases[] = {
		{ COND_DISABLED, true, "params LIKE '%\"reason\":\"disabled\"%'" },
		{ COND_TEST, true, "params LIKE '%\"reason\":\"in-test\"%'" },
		{ COND_FAULT, false, "params LIKE '%\"reason\":\"fault\"%'" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rig r;
		effects_set_up(&r, NULL, NULL);
		level_with(&r, "run", cases[i].on, cases[i].condition);
		rig_fire(&r, "s1", true);
		rig_pass(&r, 10100);
		assert_true(is_no_effect(&r, "run"));
		assert_int_equal(rig_events(&r, cases[i].where), 2); // and the onset
		rig_level(&r, "run", true);
		assert_false(is_no_effect(&r, "run"));
		rig_tear_down(&r);
	}
	struct rig r;
	effects_set_up(&r, NULL, NULL);
	rig_level(&r, "run", true);
	struct sample s = rig_sample(&r, "run", SAMPLE_LEVEL);
	s.quality = QUALITY_BAD;
	engine_sample(r.engine, &s);
	rig_fire(&r, "s1", true);
	rig_pass(&r, 10100);
	assert_int_equal(
	    rig_events(&r, "kind = 'effect.missed' AND params LIKE '%\"no-value\"%'"),
	    1);
	rig_tear_down(&r);
}

// A feedback with a fault beside it is a feedback.
static void
test_seen_beside_a_fault(void **state)
{
	(void)state;
	struct rig r;
	effects_set_up(&r, NULL, NULL);
	see_all_idle(&r);
	rig_fire(&r, "s1", true);
	rig_pass(&r, 1000);
	level_with(&r, "run", true, COND_FAULT);
	rig_pass(&r, 20000);
	assert_null(no_effect(&r, "run"));
	rig_tear_down(&r);
}

static void
test_the_cause_ends_first(void **state)
{
	(void)state;
	struct rig r;
	effects_set_up(&r, NULL, NULL);
	see_all_idle(&r);
	rig_fire(&r, "s1", true);
	rig_pass(&r, 5000);
	rig_fire(&r, "s1", false); // reset at the panel
	rig_pass(&r, 60000);
	assert_null(no_effect(&r, "run"));
	assert_int_equal(rig_events(&r, "kind = 'effect.over' AND point = 'run'"), 1);
	expect_point(&r, "run", "\"state\":\"idle\"");
	// After a miss its end ends the alarm.
	rig_fire(&r, "s1", true);
	rig_pass(&r, 10100);
	assert_true(is_no_effect(&r, "run"));
	rig_fire(&r, "s1", false);
	rig_pass(&r, 100);
	assert_int_equal(no_effect(&r, "run")->a.state, ALARM_RETURNED);
	assert_int_equal(rig_events(&r, "kind = 'effect.missed' AND point = 'run'"), 1);
	assert_int_equal(rig_events(&r, "kind = 'effect.over' AND point = 'run'"), 1);
	rig_tear_down(&r);
}

// A cause that ends, and in the same moment another that begins: the miss of the first
// is over, and the second has its time.
static void
test_one_ends_as_another_begins(void **state)
{
	(void)state;
	struct rig r;
	effects_set_up(&r, NULL, NULL);
	see_all_idle(&r);
	rig_fire(&r, "s1", true);
	rig_pass(&r, 10100);
	assert_true(is_no_effect(&r, "run"));
	rig_fire(&r, "s1", false);
	rig_fire(&r, "s2", true);
	rig_pass(&r, 100);
	assert_int_equal(no_effect(&r, "run")->a.state, ALARM_RETURNED);
	rig_pass(&r, 9500);
	assert_false(is_no_effect(&r, "run"));
	rig_pass(&r, 600);
	assert_true(is_no_effect(&r, "run"));
	assert_int_equal(no_effect(&r, "run")->occurrences, 2);
	assert_string_equal(engine_miss(r.engine, no_effect(&r, "run")).point, "s2");
	rig_tear_down(&r);
}

// A contact that latches here is a cause until it is reset.
static void
test_a_latched_cause_stands(void **state)
{
	(void)state;
	struct rig r;
	effects_set_up(&r, NULL, NULL);
	see_all_idle(&r);
	rig_level(&r, "wired", true);
	rig_pass(&r, 200);
	rig_level(&r, "wired", false);
	assert_int_equal(rig_state(&r, "wired"), ALARM_LATCHED_UNACKNOWLEDGED);
	rig_pass(&r, 10000);
	assert_true(is_no_effect(&r, "run"));
	const char *reason;
	assert_int_equal(
	    engine_acknowledge(r.engine, rig_open_alarm(&r, "wired")->occurrence, "li"),
	    ENGINE_OK);
	assert_true(is_no_effect(&r, "run"));
	uint32_t wired = site_find_point(r.site, "wired");
	assert_int_equal(engine_reset(r.engine, wired, "li", &reason), ENGINE_OK);
	rig_pass(&r, 100);
	assert_false(is_no_effect(&r, "run"));
	rig_tear_down(&r);
}

// Many causes at once: one wait, by the first; over when the last is.
static void
test_many_causes(void **state)
{
	(void)state;
	struct rig r;
	effects_set_up(&r, NULL, NULL);
	see_all_idle(&r);
	rig_fire(&r, "s1", true);
	rig_pass(&r, 6000);
	rig_fire(&r, "s2", true);
	rig_level(&r, "wired", true);
	rig_pass(&r, 3000);
	rig_fire(&r, "s1", false);
	rig_pass(&r, 1100);
	assert_true(is_no_effect(&r, "run"));
	assert_int_equal(rig_events(&r, "kind = 'effect.missed' AND point = 'run'"), 1);
	expect_point(&r, "run", "\"cause\":{\"point\":\"s1\"");
	rig_fire(&r, "s2", false);
	rig_pass(&r, 100);
	assert_true(is_no_effect(&r, "run"));
	rig_level(&r, "run", true);
	assert_false(is_no_effect(&r, "run"));
	// Seen: what begins now is told by no row of its own, unless it is gone again.
	rig_fire(&r, "s1", true);
	assert_int_equal(rig_events(&r, "kind LIKE 'effect.%' AND point = 'run'"), 2);
	rig_level(&r, "run", false);
	rig_pass(&r, 30000);
	assert_false(is_no_effect(&r, "run"));
	rig_fire(&r, "s2", true);
	rig_pass(&r, 10100);
	assert_true(is_no_effect(&r, "run"));
	expect_point(&r, "run", "\"cause\":{\"point\":\"s2\"");
	rig_tear_down(&r);
}

// Two rules over one pump are one alarm; it stands while either does.
static void
test_two_rules_of_one_point(void **state)
{
	(void)state;
	struct rig r;
	effects_set_up(&r, NULL, NULL);
	see_all_idle(&r);
	measure_main(&r, 0.70);
	rig_fire(&r, "s1", true);
	rig_pass(&r, 2000);
	measure_main(&r, 0.50);
	rig_pass(&r, 5100); // the later cause is missed first
	assert_int_equal(rig_events(&r, "kind = 'alarm.onset' AND code = 'no-effect'"
					" AND params LIKE '%\"low-pump\"%'"),
	    1);
	rig_pass(&r, 4000);
	assert_int_equal(rig_events(&r, "kind = 'effect.missed' AND point = 'run'"), 2);
	assert_int_equal(no_effect(&r, "run")->occurrences, 1);
	measure_main(&r, 0.70);
	rig_pass(&r, 100);
	assert_true(is_no_effect(&r, "run")); // the fire's still
	rig_fire(&r, "s1", false);
	rig_pass(&r, 100);
	assert_false(is_no_effect(&r, "run"));
	rig_tear_down(&r);
}

// Flags hide a cause from people; the pump must start all the same.
static void
test_a_hidden_cause_is_one(void **state)
{
	(void)state;
	struct rig r;
	const char *reason;
	effects_set_up(&r, NULL, NULL);
	see_all_idle(&r);
	measure_main(&r, 0.70);
	const struct flag_order o = { .flag = FLAG_ISOLATED,
		.on = true,
		.target = site_find_point(r.site, "main"),
		.seconds = 3600,
		.actor = "li",
		.reason = "r",
		.measure = "m" };
	assert_int_equal(engine_flag(r.engine, &o, &reason), ENGINE_OK);
	measure_main(&r, 0.50);
	rig_pass(&r, 5100);
	assert_true(is_no_effect(&r, "run"));
	rig_tear_down(&r);
}

static void
order_test(const struct rig *r, bool on)
{
	const char *reason;
	const struct flag_order o = { .flag = FLAG_TEST_MODE,
		.on = on,
		.target = 0,
		.seconds = 3600,
		.actor = "li",
		.reason = "r",
		.measure = "m" };
	assert_int_equal(engine_flag(r->engine, &o, &reason), ENGINE_OK);
}

// A test tells what came and what did not, and alarms nobody; when it ends with the
// fire still there, that is a cause from then on.
static void
test_i14_a_test_is_judged_apart(void **state)
{
	(void)state;
	struct rig r;
	effects_set_up(&r, NULL, NULL);
	see_all_idle(&r);
	order_test(&r, true);
	rig_fire(&r, "s1", true);
	rig_pass(&r, 10100);
	assert_null(no_effect(&r, "run"));
	assert_int_equal(rig_events(&r, "kind = 'effect.missed' AND point = 'run' AND"
					" params LIKE '%\"test\":true%'"),
	    1);
	expect_point(&r, "run", "\"test\":{\"state\":\"missed\"");
	order_test(&r, false);
	rig_pass(&r, 9500);
	assert_null(no_effect(&r, "run"));
	rig_pass(&r, 600);
	assert_true(is_no_effect(&r, "run"));
	assert_int_equal(rig_events(&r, "kind = 'effect.missed' AND point = 'run' AND"
					" params NOT LIKE '%\"test\":true%'"),
	    1);
	rig_tear_down(&r);
}

// The same of what is no fire, which keeps its label.
static void
test_what_is_still_there_after_a_test(void **state)
{
	(void)state;
	struct rig r;
	effects_set_up(
	    &r, "causes: [{point: main, code: low}]", "causes: [{point: valve}]");
	see_all_idle(&r);
	order_test(&r, true);
	rig_level(&r, "valve", true);
	rig_pass(&r, 6000);
	assert_null(no_effect(&r, "run"));
	order_test(&r, false);
	rig_pass(&r, 4500);
	assert_null(no_effect(&r, "run"));
	rig_pass(&r, 600);
	assert_true(is_no_effect(&r, "run"));
	rig_tear_down(&r);
}

// The feedback of a module must follow its start, on one point; its end removes
// both alarms, while the engine walks over those of the point.
static void
test_cause_and_effect_on_one_point(void **state)
{
	(void)state;
	struct rig r;
	effects_set_up(&r,
	    "  - {id: low-pump, causes: [{point: main, code: low}], effect: "
	    "{point: run}, within: 5s,",
	    "  - {id: low-pump, causes: [{point: s3, conditions: [activated]}],"
	    " effect: {point: s3, conditions: [feedback]}, within: 5s,");
	struct sample s = rig_sample(&r, "s3", SAMPLE_CODE);
	s.n_codes = 1;
	s.codes[0] = (struct condition_code){ COND_ACTIVATED, 0 };
	engine_sample(r.engine, &s);
	rig_pass(&r, 5100);
	assert_true(is_no_effect(&r, "s3"));
	assert_int_equal(
	    engine_acknowledge(r.engine, no_effect(&r, "s3")->occurrence, "li"),
	    ENGINE_OK);
	s = rig_sample(&r, "s3", SAMPLE_CODE);
	engine_sample(r.engine, &s);
	rig_pass(&r, 10);
	assert_null(rig_open_alarm(&r, "s3"));
	rig_tear_down(&r);
}

static void
test_a_measured_effect(void **state)
{
	(void)state;
	struct rig r;
	effects_set_up(&r, "effect: {point: run}, within: 10s",
	    "effect: {point: main, least: 0.70MPa}, within: 10s");
	see_all_idle(&r);
	measure_main(&r, 0.65);
	rig_fire(&r, "s1", true);
	rig_pass(&r, 10100);
	assert_true(is_no_effect(&r, "main"));
	measure_main(&r, 0.69);
	assert_true(is_no_effect(&r, "main"));
	measure_main(&r, 0.71);
	assert_false(is_no_effect(&r, "main"));
	rig_tear_down(&r);
}

// A pump that runs, but not yet for its on-delay, is not seen.
static void
test_a_delay_of_the_effect(void **state)
{
	(void)state;
	struct rig r;
	effects_set_up(&r, "kind: pump-run,", "kind: pump-run, on_delay: 2s,");
	see_all_idle(&r);
	rig_fire(&r, "s1", true);
	rig_pass(&r, 5000);
	rig_level(&r, "run", true);
	expect_point(&r, "run", "\"state\":\"waits\"");
	rig_pass(&r, 2100);
	assert_int_equal(rig_events(&r, "kind = 'effect.seen' AND params LIKE"
					" '%\"in-time\",\"delay_ms\":7%'"),
	    1);
	rig_tear_down(&r);
}

static void
test_what_explain_is_told(void **state)
{
	(void)state;
	struct rig r;
	struct decision d[DECISIONS_PER_POINT];
	bool waits = false, missed = false;
	effects_set_up(&r, NULL, NULL);
	see_all_idle(&r);
	rig_fire(&r, "s1", true);
	rig_pass(&r, 10100);
	unsigned n = engine_decisions(r.engine, site_find_point(r.site, "run"), d);
	for (unsigned i = 0; i < n; i++) {
		bool own = strcmp(d[i].word, "fire-pump") == 0;
		waits = waits || (own && d[i].kind == DECISION_EFFECT_WAITS);
		missed =
		    missed || (own && waits && d[i].kind == DECISION_EFFECT_MISSED);
	}
	assert_true(waits && missed);
	rig_tear_down(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_time),
		cmocka_unit_test(test_missed_then_late),
		cmocka_unit_test(test_present_before),
		cmocka_unit_test(test_i6_unknown_is_not_that_it_happened),
		cmocka_unit_test(test_i6_unknown_is_not_idle),
		cmocka_unit_test(test_i6_a_lost_link_makes_the_delay_an_upper_bound),
		cmocka_unit_test(test_i6_disabled_in_test_bad_and_faulty),
		cmocka_unit_test(test_seen_beside_a_fault),
		cmocka_unit_test(test_the_cause_ends_first),
		cmocka_unit_test(test_one_ends_as_another_begins),
		cmocka_unit_test(test_a_latched_cause_stands),
		cmocka_unit_test(test_many_causes),
		cmocka_unit_test(test_two_rules_of_one_point),
		cmocka_unit_test(test_a_hidden_cause_is_one),
		cmocka_unit_test(test_i14_a_test_is_judged_apart),
		cmocka_unit_test(test_what_is_still_there_after_a_test),
		cmocka_unit_test(test_cause_and_effect_on_one_point),
		cmocka_unit_test(test_a_measured_effect),
		cmocka_unit_test(test_a_delay_of_the_effect),
		cmocka_unit_test(test_what_explain_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
