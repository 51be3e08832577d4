// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The engine on a virtual clock, with the real store: delays, ladders, sound, links,
// restart.
#include <stdio.h>
#include <string.h>

#include "engine_rig.h"
#include "lib/mem.h"
#include "store/query.h"
#include "test.h"

static void
test_on_delay_runs_on_virtual_time(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	rig_level(&r, "door", true);
	rig_pass(&r, 4900);
	assert_null(rig_open_alarm(&r, "door"));
	rig_pass(&r, 200);
	assert_int_equal(rig_state(&r, "door"), ALARM_UNACKNOWLEDGED);
	rig_tear_down(&r);
}

static void
test_i6_an_on_delay_does_not_run_on_while_the_link_is_lost(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	rig_level(&r, "door", true);
	rig_pass(&r, 2000);
	engine_link(r.engine, r.site->devices[1].link_point, true, "timeout");
	rig_pass(&r, 60000);
	assert_null(rig_open_alarm(&r, "door"));
	assert_int_equal(
	    engine_point(r.engine, site_find_point(r.site, "door"))->quality,
	    QUALITY_UNKNOWN);
	rig_tear_down(&r);
}

static void
test_i6_lost_link_and_bad_samples_clear_nothing(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	rig_fire(&r, "s1", true);
	engine_link(r.engine, r.site->devices[0].link_point, true, "timeout");
	assert_int_equal(rig_state(&r, "s1"), ALARM_UNACKNOWLEDGED);
	struct sample s = rig_sample(&r, "s1", SAMPLE_CODE);
	s.quality = QUALITY_BAD;
	engine_sample(r.engine, &s);
	s.quality = QUALITY_UNKNOWN;
	engine_sample(r.engine, &s);
	const struct alarm_record *a =
	    alarms_find(engine_alarms(r.engine), "s1", COND_FIRE, "");
	assert_non_null(a);
	assert_int_equal(a->a.state, ALARM_UNACKNOWLEDGED);
	rig_tear_down(&r);
}

static void
test_ladder_steps_come_in_time_once_and_stop_on_acknowledge(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	rig_fire(&r, "s1", true);
	assert_int_equal(outbox_owed(r.outbox), 1);
	rig_pass(&r, 59000);
	assert_int_equal(outbox_owed(r.outbox), 1);
	rig_pass(&r, 2000);
	assert_int_equal(outbox_owed(r.outbox), 2);
	// Nothing has gone out: its repeats would say nothing new.
	rig_pass(&r, 6 * 3600000);
	assert_int_equal(outbox_owed(r.outbox), 2);
	const struct alarm_record *a = rig_open_alarm(&r, "s1");
	assert_int_equal(
	    engine_acknowledge(r.engine, a->occurrence, "wang"), ENGINE_OK);
	assert_int_equal(outbox_owed(r.outbox), 0);
	rig_pass(&r, 600000);
	assert_int_equal(outbox_owed(r.outbox), 0);
	rig_tear_down(&r);
}

static void
test_silence_ends_with_the_next_alarm_and_with_time(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	rig_fire(&r, "s1", true);
	assert_true(engine_sound_on(r.engine));
	engine_silence(r.engine, "desk");
	assert_false(engine_sound_on(r.engine));
	rig_fire(&r, "s2", true);
	assert_true(engine_sound_on(r.engine));
	engine_silence(r.engine, "desk");
	rig_pass(&r, 59000);
	assert_false(engine_sound_on(r.engine));
	rig_pass(&r, 2000);
	assert_true(engine_sound_on(r.engine));
	rig_tear_down(&r);
}

static void
test_info_owes_nothing_and_a_pump_out_of_automatic_does(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	rig_level(&r, "run", true);
	assert_int_equal(rig_state(&r, "run"), ALARM_ACKNOWLEDGED);
	assert_false(engine_sound_on(r.engine));
	rig_level(&r, "run", false);
	assert_null(rig_open_alarm(&r, "run"));
	rig_level(&r, "auto", true);
	assert_null(rig_open_alarm(&r, "auto"));
	rig_level(&r, "auto", false);
	assert_int_equal(rig_state(&r, "auto"), ALARM_UNACKNOWLEDGED);
	assert_int_equal(rig_open_alarm(&r, "auto")->alarm_class, CLASS_SUPERVISORY);
	rig_tear_down(&r);
}

static void
test_panic_latches_until_it_is_reset_here(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	uint32_t point = site_find_point(r.site, "panic");
	const char *reason;
	rig_level(&r, "panic", true);
	rig_level(&r, "panic", false);
	assert_int_equal(rig_state(&r, "panic"), ALARM_LATCHED_UNACKNOWLEDGED);
	assert_int_equal(
	    engine_reset(r.engine, point, "wang", &reason), ENGINE_REFUSED);
	assert_non_null(reason);
	const struct alarm_record *a = rig_open_alarm(&r, "panic");
	assert_int_equal(
	    engine_acknowledge(r.engine, a->occurrence, "wang"), ENGINE_OK);
	engine_link(r.engine, r.site->devices[1].link_point, true, "timeout");
	assert_int_equal(
	    engine_reset(r.engine, point, "wang", &reason), ENGINE_REFUSED);
	engine_link(r.engine, r.site->devices[1].link_point, false, NULL);
	rig_level(&r, "panic", false);
	assert_int_equal(engine_reset(r.engine, point, "wang", &reason), ENGINE_OK);
	assert_null(rig_open_alarm(&r, "panic"));
	rig_tear_down(&r);
}

static void
test_dead_bus_raises_one_alarm_and_hides_its_devices(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	const struct device *d = &r.site->devices[0];
	uint32_t bus = r.site->buses[0].link_point;
	engine_link(r.engine, d->link_point, true, "timeout");
	const struct alarm_record *a =
	    alarms_of_point(engine_alarms(r.engine), d->link_point);
	assert_false(alarm_hidden(&a->a));
	engine_link(r.engine, bus, true, "refused");
	assert_true(alarm_hidden(&a->a));
	assert_non_null(alarms_of_point(engine_alarms(r.engine), bus));
	engine_link(r.engine, bus, false, NULL);
	assert_true(alarm_hidden(&a->a)); // the device has not been asked yet
	rig_pass(&r, 30000);
	assert_false(alarm_hidden(&a->a)); // still dead: the operator must see it
	engine_link(r.engine, d->link_point, false, NULL);
	assert_int_equal(a->a.state, ALARM_RETURNED);
	rig_tear_down(&r);
}

static void
test_device_that_comes_back_with_its_bus_owes_nothing(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	const struct device *d = &r.site->devices[0];
	engine_link(r.engine, r.site->buses[0].link_point, true, "refused");
	engine_link(r.engine, d->link_point, true, "refused");
	assert_non_null(alarms_of_point(engine_alarms(r.engine), d->link_point));
	engine_link(r.engine, r.site->buses[0].link_point, false, NULL);
	engine_link(r.engine, d->link_point, false, NULL);
	assert_null(alarms_of_point(engine_alarms(r.engine), d->link_point));
	rig_tear_down(&r);
}

// What was acknowledged and then hidden is owed again when it shows: by nobody so far.
static void
test_an_alarm_that_shows_again_is_acknowledged_by_nobody(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	const struct device *d = &r.site->devices[0];
	uint32_t bus = r.site->buses[0].link_point;
	engine_link(r.engine, d->link_point, true, "timeout");
	const struct alarm_record *a =
	    alarms_of_point(engine_alarms(r.engine), d->link_point);
	assert_int_equal(
	    engine_acknowledge(r.engine, a->occurrence, "wang"), ENGINE_OK);
	engine_link(r.engine, bus, true, "refused");
	assert_string_equal(a->acknowledged_by, "wang");
	engine_link(r.engine, bus, false, NULL);
	rig_pass(&r, 30000);
	assert_int_equal(a->a.state, ALARM_UNACKNOWLEDGED);
	assert_string_equal(a->acknowledged_by, "");
	assert_true(a->acknowledged_utc_ms == 0);
	rig_tear_down(&r);
}

// An alarm that comes and goes and that nobody answers: the second step comes all the
// same, when it is due from the first onset.
static void
test_an_alarm_that_flutters_does_not_put_the_ladder_off(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	for (int s = 0; s < 60; s += 20) {
		rig_fire(&r, "s1", true);
		rig_pass(&r, 10000);
		rig_fire(&r, "s1", false);
		rig_pass(&r, 10000);
	}
	assert_int_equal(rig_open_alarm(&r, "s1")->occurrences, 3);
	// The first step for each occurrence, and the second once.
	rig_pass(&r, 1000);
	assert_int_equal(outbox_owed(r.outbox), 3 + 1);
	rig_tear_down(&r);
}

// What is owed is told by the ladder that there is now.
static void
test_i11_an_alarm_owed_goes_on_when_its_ladder_was_renamed(void **state)
{
	(void)state;
	struct rig r;
	char path[128];
	rig_set_up(&r, NULL, NULL);
	rig_fire(&r, "s1", true);
	rig_fire(&r, "s2", true);
	assert_int_equal(
	    engine_acknowledge(r.engine, rig_open_alarm(&r, "s2")->occurrence, "wang"),
	    ENGINE_OK);
	assert_int_equal(outbox_owed(r.outbox), 1);
	rig_pass(&r, 10);
	rig_stop(&r);
	(void)snprintf(path, sizeof(path), "%s/site.yaml", r.dir);
	rig_write_site(path, "{id: l, classes", "{id: other, classes");
	rig_start(&r);
	assert_non_null(rig_open_alarm(&r, "s1")->ladder);
	assert_null(rig_open_alarm(&r, "s2")->ladder);
	assert_int_equal(outbox_owed(r.outbox), 2); // the old one, and from the start
	rig_pass(&r, 61000);
	assert_int_equal(outbox_owed(r.outbox), 3);
	rig_tear_down(&r);
}

struct kinds {
	const char *actor;
	unsigned acknowledge, seen;
};

static bool
count_kinds(void *arg, const struct stored_event *e)
{
	struct kinds *k = arg;
	bool mine = strcmp(e->event.actor, k->actor) == 0;
	k->acknowledge += mine && e->event.kind == EVENT_ALARM_ACKNOWLEDGE;
	k->seen += mine && e->event.kind == EVENT_ALARM_SEEN;
	return true;
}

static void
assert_journaled(struct rig *r, const char *actor, unsigned acknowledge, unsigned seen)
{
	struct err err = { 0 };
	struct kinds k = { .actor = actor };
	const struct event_filter all = { .alarm_class = -1, .limit = 1000 };
	rig_pass(r, 10); // virtual time waits for the disk
	struct reader *reader = reader_open(r->dir, &err);
	assert_non_null(reader);
	assert_true(query_events(reader, &all, count_kinds, &k, &err) > 0);
	reader_close(reader);
	assert_int_equal(k.acknowledge, acknowledge);
	assert_int_equal(k.seen, seen);
}

// Unchanged is recorded too: who pressed the key, whatever it did.
static void
test_an_acknowledge_that_changes_nothing_is_journaled(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	rig_fire(&r, "s1", true);
	const struct alarm_record *a = rig_open_alarm(&r, "s1");
	assert_int_equal(
	    engine_acknowledge(r.engine, a->occurrence, "wang"), ENGINE_OK);
	assert_int_equal(engine_acknowledge(r.engine, a->occurrence, "li"), ENGINE_OK);
	assert_string_equal(a->acknowledged_by, "wang");
	assert_journaled(&r, "wang", 1, 0);
	assert_journaled(&r, "li", 0, 1);
	// Hidden behind a dead bus.
	const struct device *d = &r.site->devices[1];
	engine_link(r.engine, r.site->buses[1].link_point, true, "refused");
	engine_link(r.engine, d->link_point, true, "refused");
	a = alarms_of_point(engine_alarms(r.engine), d->link_point);
	assert_int_equal(engine_acknowledge(r.engine, a->occurrence, "li"), ENGINE_OK);
	assert_int_equal(a->a.state, ALARM_UNACKNOWLEDGED);
	assert_journaled(&r, "li", 0, 2);
	rig_tear_down(&r);
}

static void
test_regime_panel_acknowledges_with_the_panel_as_actor(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, "zones:", "engine: {acknowledge: panel}\nzones:");
	rig_fire(&r, "s1", true);
	struct sample s = rig_sample(&r, "s1", SAMPLE_CODE);
	s.n_codes = 2;
	s.codes[0].condition = COND_FIRE;
	s.codes[0].code = 0;
	s.codes[1].condition = COND_INFO;
	s.codes[1].code = rig_code(&r, "panel-acknowledged");
	s.raw = 0x0D10;
	engine_sample(r.engine, &s);
	const struct alarm_record *a =
	    alarms_find(engine_alarms(r.engine), "s1", COND_FIRE, "");
	assert_int_equal(a->a.state, ALARM_ACKNOWLEDGED);
	assert_string_equal(a->acknowledged_by, "panel:fap");
	rig_tear_down(&r);
}

static void
test_realarm_brings_an_acknowledged_fire_back(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, "zones:", "engine: {realarm: 600s}\nzones:");
	rig_fire(&r, "s1", true);
	assert_int_equal(
	    engine_acknowledge(r.engine, rig_open_alarm(&r, "s1")->occurrence, "wang"),
	    ENGINE_OK);
	rig_pass(&r, 598000);
	assert_int_equal(rig_state(&r, "s1"), ALARM_ACKNOWLEDGED);
	rig_pass(&r, 4000);
	assert_int_equal(rig_state(&r, "s1"), ALARM_UNACKNOWLEDGED);
	rig_tear_down(&r);
}

static void
test_i10_a_step_of_the_wall_clock_does_not_move_the_realarm(void **state)
{
	(void)state;
	struct rig r;
	static const int64_t steps_ms[] = { -86400000, 86400000 };
	for (size_t i = 0; i < 2; i++) {
		rig_set_up(&r, "zones:", "engine: {realarm: 600s}\nzones:");
		rig_fire(&r, "s1", true);
		assert_int_equal(engine_acknowledge(r.engine,
				     rig_open_alarm(&r, "s1")->occurrence, "wang"),
		    ENGINE_OK);
		clock_virtual_step(&r.clock, steps_ms[i]);
		rig_pass(&r, 598000);
		assert_int_equal(rig_state(&r, "s1"), ALARM_ACKNOWLEDGED);
		rig_pass(&r, 4000);
		assert_int_equal(rig_state(&r, "s1"), ALARM_UNACKNOWLEDGED);
		rig_tear_down(&r);
	}
}

// A latched alarm that was forgotten owes an answer again: it sounds through a silence,
// and people are told.
static void
test_realarm_of_a_latched_alarm_sounds_and_is_told(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, "ladders: [{id: l, classes: [fire]",
	    "engine: {realarm: 600s}\nladders: [{id: l, classes: [fire, security]");
	rig_level(&r, "panic", true);
	rig_level(&r, "panic", false);
	assert_int_equal(engine_acknowledge(
			     r.engine, rig_open_alarm(&r, "panic")->occurrence, "wang"),
	    ENGINE_OK);
	assert_int_equal(rig_state(&r, "panic"), ALARM_LATCHED_ACKNOWLEDGED);
	assert_int_equal(outbox_owed(r.outbox), 0);
	rig_pass(&r, 590000);
	rig_fire(&r, "s1", true);
	engine_silence(r.engine, "desk");
	assert_false(engine_sound_on(r.engine));
	size_t owed = outbox_owed(r.outbox);
	rig_pass(&r, 12000); // less than the silence would last
	assert_int_equal(rig_state(&r, "panic"), ALARM_LATCHED_UNACKNOWLEDGED);
	assert_true(engine_sound_on(r.engine));
	assert_int_equal(outbox_owed(r.outbox), owed + 1);
	rig_tear_down(&r);
}

// A site on which nothing happens: the time that nobody watched is known all the same.
static void
test_i11_a_quiet_hour_is_not_taken_for_a_blind_one(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	rig_fire(&r, "s1", false);
	rig_pass(&r, 3600000);
	int64_t end = loop_utc_ms(r.loop);
	rig_stop(&r);
	clock_virtual_advance(&r.clock, 300000);
	rig_start(&r);
	uint32_t s1 = site_find_point(r.site, "s1");
	int64_t since = engine_point(r.engine, s1)->unknown_since_utc_ms;
	assert_in_range(since, end - 60000, end);
	rig_tear_down(&r);
}

static void
test_i11_first_out_is_known_after_a_restart(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	rig_fire(&r, "s1", true);
	rig_fire(&r, "s2", true);
	rig_fire(&r, "s1", false);
	rig_fire(&r, "s1", true); // its second occurrence
	for (int run = 0; run < 2; run++) {
		assert_int_equal(rig_open_alarm(&r, "s1")->occurrences, 2);
		assert_true(rig_open_alarm(&r, "s1")->first_out);
		assert_false(rig_open_alarm(&r, "s2")->first_out);
		rig_stop(&r);
		rig_start(&r);
	}
	rig_tear_down(&r);
}

// Closed and raised anew while its incident goes on: it began it once, not twice.
static void
test_i11_a_fire_that_comes_again_is_no_first_out_after_a_restart(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	rig_fire(&r, "s1", true);
	rig_fire(&r, "s2", true);
	assert_int_equal(
	    engine_acknowledge(r.engine, rig_open_alarm(&r, "s1")->occurrence, "wang"),
	    ENGINE_OK);
	rig_fire(&r, "s1", false);
	assert_null(rig_open_alarm(&r, "s1"));
	rig_pass(&r, 1000);
	rig_fire(&r, "s1", true);
	for (int run = 0; run < 2; run++) {
		assert_false(rig_open_alarm(&r, "s1")->first_out);
		rig_stop(&r);
		rig_start(&r);
	}
	rig_tear_down(&r);
}

// The longest id that a site may give: the built-in point's name is longer still.
static void
test_i11_an_alarm_is_found_again_whatever_the_length_of_its_name(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, "id: io",
	    "id: a23456789.b23456789.c23456789.d23456789.e23456789.f23456789.g23");
	uint32_t link = r.site->devices[1].link_point;
	engine_link(r.engine, link, true, "timeout");
	char occurrence[MINT_MAX];
	(void)str_copy(occurrence, sizeof(occurrence),
	    alarms_of_point(engine_alarms(r.engine), link)->occurrence);
	rig_stop(&r);
	rig_start(&r);
	const struct alarm_record *a = alarms_of_point(engine_alarms(r.engine), link);
	assert_non_null(a);
	assert_int_equal(a->a.state, ALARM_UNACKNOWLEDGED);
	assert_string_equal(a->occurrence, occurrence);
	rig_tear_down(&r);
}

static void
test_i11_restart_keeps_acknowledgements_and_the_ladder(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	rig_fire(&r, "s1", true);
	rig_fire(&r, "s2", true);
	assert_int_equal(
	    engine_acknowledge(r.engine, rig_open_alarm(&r, "s1")->occurrence, "wang"),
	    ENGINE_OK);
	char occurrence[MINT_MAX];
	(void)str_copy(
	    occurrence, sizeof(occurrence), rig_open_alarm(&r, "s2")->occurrence);
	rig_pass(&r, 30000);
	rig_stop(&r);
	clock_virtual_advance(&r.clock, 20000);
	rig_start(&r);
	assert_int_equal(rig_state(&r, "s1"), ALARM_ACKNOWLEDGED);
	assert_string_equal(rig_open_alarm(&r, "s1")->acknowledged_by, "wang");
	assert_int_equal(rig_state(&r, "s2"), ALARM_UNACKNOWLEDGED);
	assert_string_equal(rig_open_alarm(&r, "s2")->occurrence, occurrence);
	assert_int_equal(outbox_owed(r.outbox), 1); // the first step, still owed
	rig_pass(&r, 9000);
	assert_int_equal(outbox_owed(r.outbox), 1);
	rig_pass(&r, 2000); // 60 s after the onset, across the restart
	assert_int_equal(outbox_owed(r.outbox), 2);
	assert_true(engine_sound_on(r.engine));
	rig_tear_down(&r);
}

static void
test_i10_a_step_of_the_wall_clock_is_an_event(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	rig_pass(&r, 3000);
	uint64_t before = works_stream(r.works);
	clock_virtual_step(&r.clock, -3600000);
	rig_pass(&r, 2000);
	assert_true(works_stream(r.works) > before);
	rig_level(&r, "door", true);
	rig_pass(&r, 6000); // delays run on monotonic time
	assert_int_equal(rig_state(&r, "door"), ALARM_UNACKNOWLEDGED);
	rig_tear_down(&r);
}

static void
test_i9_no_sounding_console_is_an_alarm(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	const struct alarms *t = engine_alarms(r.engine);
	rig_pass(&r, 59000);
	assert_null(alarms_of_point(t, r.site->console_point));
	rig_pass(&r, 3000);
	const struct alarm_record *a = alarms_of_point(t, r.site->console_point);
	assert_non_null(a);
	assert_int_equal(a->alarm_class, CLASS_SYSTEM);
	supervise_consoles(r.supervise, 1, 1);
	assert_int_equal(a->a.state, ALARM_RETURNED);
	rig_tear_down(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_an_alarm_that_flutters_does_not_put_the_ladder_off),
		cmocka_unit_test(
		    test_i11_an_alarm_owed_goes_on_when_its_ladder_was_renamed),
		cmocka_unit_test(test_an_acknowledge_that_changes_nothing_is_journaled),
		cmocka_unit_test(test_on_delay_runs_on_virtual_time),
		cmocka_unit_test(
		    test_i6_an_on_delay_does_not_run_on_while_the_link_is_lost),
		cmocka_unit_test(test_i6_lost_link_and_bad_samples_clear_nothing),
		cmocka_unit_test(
		    test_ladder_steps_come_in_time_once_and_stop_on_acknowledge),
		cmocka_unit_test(test_silence_ends_with_the_next_alarm_and_with_time),
		cmocka_unit_test(
		    test_info_owes_nothing_and_a_pump_out_of_automatic_does),
		cmocka_unit_test(test_panic_latches_until_it_is_reset_here),
		cmocka_unit_test(test_dead_bus_raises_one_alarm_and_hides_its_devices),
		cmocka_unit_test(test_device_that_comes_back_with_its_bus_owes_nothing),
		cmocka_unit_test(
		    test_an_alarm_that_shows_again_is_acknowledged_by_nobody),
		cmocka_unit_test(
		    test_regime_panel_acknowledges_with_the_panel_as_actor),
		cmocka_unit_test(test_realarm_brings_an_acknowledged_fire_back),
		cmocka_unit_test(
		    test_i10_a_step_of_the_wall_clock_does_not_move_the_realarm),
		cmocka_unit_test(test_realarm_of_a_latched_alarm_sounds_and_is_told),
		cmocka_unit_test(test_i11_a_quiet_hour_is_not_taken_for_a_blind_one),
		cmocka_unit_test(test_i11_first_out_is_known_after_a_restart),
		cmocka_unit_test(
		    test_i11_a_fire_that_comes_again_is_no_first_out_after_a_restart),
		cmocka_unit_test(
		    test_i11_an_alarm_is_found_again_whatever_the_length_of_its_name),
		cmocka_unit_test(
		    test_i11_restart_keeps_acknowledgements_and_the_ladder),
		cmocka_unit_test(test_i10_a_step_of_the_wall_clock_is_an_event),
		cmocka_unit_test(test_i9_no_sounding_console_is_an_alarm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
