// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The engine on a virtual clock, with the real store in a temporary directory: delays,
// ladders, sound, links, restart. Minutes of virtual time pass in milliseconds; the
// clock moves only when every commit was answered.
#include <sys/stat.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "engine.h"
#include "lib/mem.h"
#include "outbox.h"
#include "store/query.h"
#include "supervise.h"
#include "test.h"

static const char site_text[] =
    "site: {id: t, name: {zh: 测, en: T}, time_zone: Asia/Shanghai,"
    " statistics_day: \"08:00\"}\n"
    "console: {listen: \"127.0.0.1:0\", desk: [127.0.0.1]}\n"
    "zones: [{id: z, name: {zh: 区, en: Z}}]\n"
    "buses:\n"
    "  - {id: lan, modbus_tcp: \"127.0.0.1:5020\"}\n"
    "  - {id: lan2, modbus_tcp: \"127.0.0.1:5021\"}\n"
    "devices:\n"
    "  - id: fap\n"
    "    bus: lan\n"
    "    unit: 1\n"
    "    profile: notifier-modbus-gw\n"
    "    poll: 1s\n"
    "    points:\n"
    "      - {id: s1, item: detector, loop: 1, device: 1, kind: smoke, zone: z,"
    " place: {zh: 甲, en: A}}\n"
    "      - {id: s2, item: detector, loop: 1, device: 2, kind: smoke, zone: z,"
    " place: {zh: 乙, en: B}}\n"
    "  - id: io\n"
    "    bus: lan2\n"
    "    unit: 1\n"
    "    profile: iologik-e1200\n"
    "    poll: 1s\n"
    "    points:\n"
    "      - {id: door, item: di, device: 0, kind: door, zone: z, on_delay: 5s,"
    " place: {zh: 门, en: Door}}\n"
    "      - {id: run, item: di, device: 1, kind: pump-run, zone: z,"
    " place: {zh: 泵, en: Pump}}\n"
    "      - {id: auto, item: di, device: 2, kind: pump-auto, zone: z,"
    " place: {zh: 自动, en: Auto}}\n"
    "      - {id: panic, item: di, device: 3, kind: panic, zone: z,"
    " place: {zh: 报警按钮, en: Panic}}\n"
    "channels: [{id: c, webhook: \"http://127.0.0.1:9/x\"},"
    " {id: m, webhook: \"http://127.0.0.1:9/y\"}]\n"
    "ladders: [{id: l, classes: [fire], steps: [{after: 0s, channels: [c]},"
    " {after: 60s, channels: [m], repeat: 120s}]}]\n";

struct rig {
	char dir[64];
	struct clock clock;
	struct loop *loop;
	struct site *site;
	struct store *store;
	struct works *works;
	struct engine *engine;
	struct outbox *outbox;
	struct supervise *supervise;
	struct loop_timer stop;
	unsigned sound_changes;
};

enum {
	START_UTC = 1764000000
};

static void
no_event(void *ctx, const struct event *e)
{
	(void)ctx;
	(void)e;
}

static void
on_durable(void *ctx, const struct event *e)
{
	const struct rig *r = ctx;
	if (r->engine != NULL)
		engine_durable(r->engine, e);
}

static void
on_saved(void *ctx, uint64_t serial)
{
	const struct rig *r = ctx;
	if (r->outbox != NULL)
		outbox_saved(r->outbox, serial);
}

static void
no_alarm(void *ctx, const struct alarm_record *a, bool closed)
{
	(void)ctx;
	(void)a;
	(void)closed;
}

static void
on_raised(void *ctx, struct alarm_record *a, const struct event *onset)
{
	(void)onset;
	outbox_raised(((struct rig *)ctx)->outbox, a);
}

static void
on_answered(void *ctx, struct alarm_record *a)
{
	outbox_answered(((struct rig *)ctx)->outbox, a);
}

static void
on_sound(void *ctx, bool on)
{
	(void)on;
	((struct rig *)ctx)->sound_changes++;
}

static void
on_mode(void *ctx, enum store_mode mode, const char *detail)
{
	(void)ctx;
	(void)mode;
	(void)detail;
}

static void
on_lost(void *ctx, int64_t from, int64_t to, const uint32_t lost[CLASS_COUNT])
{
	(void)ctx;
	(void)from;
	(void)to;
	(void)lost;
	fail_msg("events were lost");
}

static void
on_stop(void *arg)
{
	loop_stop(((struct rig *)arg)->loop);
}

// Lets virtual time pass.
static void
pass(struct rig *r, int64_t ms)
{
	loop_timer_init(&r->stop, on_stop, r);
	loop_timer_in(r->loop, &r->stop, ms);
	assert_int_equal(loop_run(r->loop), 0);
}

static void
write_site(const char *path, const char *replace_from, const char *replace_to)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	const char *at = replace_from ? strstr(site_text, replace_from) : NULL;
	if (at == NULL) {
		assert_null(replace_from);
		assert_true(fputs(site_text, f) >= 0);
	} else {
		(void)fwrite(site_text, 1, (size_t)(at - site_text), f);
		(void)fputs(replace_to, f);
		(void)fputs(at + strlen(replace_from), f);
	}
	assert_int_equal(fclose(f), 0);
}

static void
start(struct rig *r)
{
	char path[128];
	(void)snprintf(path, sizeof(path), "%s/site.yaml", r->dir);
	struct problems *p = xcalloc(1, sizeof(*p));
	r->site = site_load(path, getenv("TEST_PANELS"), p);
	if (r->site == NULL)
		problems_print(p, stderr);
	assert_non_null(r->site);
	problems_free(p);
	free(p);
	r->loop = loop_new(&r->clock);
	const struct store_options options = {
		.directory = r->dir,
		.site_id = r->site->id,
		.time_zone = r->site->time_zone,
		.statistics_day_min = r->site->statistics_day_min,
		.config_rev = r->site->revision,
	};
	const struct store_host host = { r, on_mode, on_lost };
	struct err e = { 0 };
	r->store = store_open(&options, r->loop, &host, &e);
	if (r->store == NULL)
		fail_msg("%s", e.text);
	const struct recovered *rec = store_recovered(r->store);
	const struct works_host works_host = { r, no_event, on_durable, on_saved };
	r->works = works_new(r->loop, r->store, rec->last_boot + 1, &works_host);
	const struct engine_host engine_host = { r, no_alarm, on_raised, on_answered,
		on_sound };
	r->engine = engine_new(r->loop, r->site, r->store, r->works, &engine_host);
	r->outbox = outbox_new(r->loop, r->site, r->works, r->engine);
	engine_recover(r->engine, rec, rec->last_utc_ms);
	outbox_recover(r->outbox, rec);
	store_recovered_free(r->store);
	r->supervise = supervise_new(r->loop, r->site, r->engine, r->works, r->store);
}

static void
stop(struct rig *r)
{
	works_flush(r->works);
	store_close(r->store, 5000);
	supervise_free(r->supervise);
	outbox_free(r->outbox);
	engine_free(r->engine);
	works_free(r->works);
	loop_free(r->loop);
	site_free(r->site);
}

static void
set_up(struct rig *r, const char *replace_from, const char *replace_to)
{
	memset(r, 0, sizeof(*r));
	(void)snprintf(r->dir, sizeof(r->dir), "/tmp/test-engine-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	char path[128];
	(void)snprintf(path, sizeof(path), "%s/site.yaml", r->dir);
	write_site(path, replace_from, replace_to);
	clock_virtual_init(&r->clock, 1000000, START_UTC * 1000LL);
	start(r);
}

static void
tear_down(struct rig *r)
{
	stop(r);
	char command[128];
	(void)snprintf(command, sizeof(command), "%s/journal.db", r->dir);
	struct verify_result v;
	struct err e = { 0 };
	assert_int_equal(store_verify(command, &v, &e), 0);
	assert_int_equal(v.first_bad_seq, 0);
	static const char *const files[] = { "journal.db", "readings.db", "lock",
		"site.yaml", "journal.db-wal", "journal.db-shm", "readings.db-wal",
		"readings.db-shm" };
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)snprintf(command, sizeof(command), "%s/%s", r->dir, files[i]);
		(void)unlink(command);
	}
	(void)rmdir(r->dir);
}

static struct sample
sample_of(const struct rig *r, const char *point, enum sample_kind kind)
{
	uint32_t index = site_find_point(r->site, point);
	assert_true(index != UINT32_MAX);
	return (struct sample){
		.point = index,
		.kind = kind,
		.quality = QUALITY_GOOD,
		.t_mono_ms = loop_now_ms(r->loop),
		.t_utc_ms = loop_utc_ms(r->loop),
	};
}

static code_id
code_of(const struct rig *r, const char *name)
{
	for (code_id i = 0; i < r->site->n_codes; i++) {
		if (strcmp(r->site->codes[i], name) == 0)
			return i;
	}
	fail_msg("the profile has no code %s", name);
	return 0;
}

static void
fire(struct rig *r, const char *point, bool on)
{
	struct sample s = sample_of(r, point, SAMPLE_CODE);
	s.raw = on ? 0x0C10 : 0x1400;
	if (on) {
		s.n_codes = 1;
		s.codes[0].condition = COND_FIRE;
		s.codes[0].code = 0;
	}
	engine_sample(r->engine, &s);
}

static void
level(struct rig *r, const char *point, bool on)
{
	struct sample s = sample_of(r, point, SAMPLE_LEVEL);
	s.value = on ? 1.0 : 0.0;
	engine_sample(r->engine, &s);
}

static const struct alarm_record *
open_alarm(const struct rig *r, const char *point)
{
	uint32_t index = site_find_point(r->site, point);
	assert_true(index != UINT32_MAX);
	return alarms_of_point(engine_alarms(r->engine), index);
}

static enum alarm_state
state_of(const struct rig *r, const char *point)
{
	const struct alarm_record *a = open_alarm(r, point);
	return a == NULL ? ALARM_NORMAL : a->a.state;
}

static void
test_on_delay_runs_on_virtual_time(void **state)
{
	(void)state;
	struct rig r;
	set_up(&r, NULL, NULL);
	level(&r, "door", true);
	pass(&r, 4900);
	assert_null(open_alarm(&r, "door"));
	pass(&r, 200);
	assert_int_equal(state_of(&r, "door"), ALARM_UNACKNOWLEDGED);
	tear_down(&r);
}

static void
test_i6_an_on_delay_does_not_run_on_while_the_link_is_lost(void **state)
{
	(void)state;
	struct rig r;
	set_up(&r, NULL, NULL);
	level(&r, "door", true);
	pass(&r, 2000);
	engine_link(r.engine, r.site->devices[1].link_point, true, "timeout");
	pass(&r, 60000);
	assert_null(open_alarm(&r, "door"));
	assert_int_equal(
	    engine_point(r.engine, site_find_point(r.site, "door"))->quality,
	    QUALITY_UNKNOWN);
	tear_down(&r);
}

static void
test_i6_lost_link_and_bad_samples_clear_nothing(void **state)
{
	(void)state;
	struct rig r;
	set_up(&r, NULL, NULL);
	fire(&r, "s1", true);
	engine_link(r.engine, r.site->devices[0].link_point, true, "timeout");
	assert_int_equal(state_of(&r, "s1"), ALARM_UNACKNOWLEDGED);
	struct sample s = sample_of(&r, "s1", SAMPLE_CODE);
	s.quality = QUALITY_BAD;
	engine_sample(r.engine, &s);
	s.quality = QUALITY_UNKNOWN;
	engine_sample(r.engine, &s);
	const struct alarm_record *a =
	    alarms_find(engine_alarms(r.engine), "s1", COND_FIRE, "");
	assert_non_null(a);
	assert_int_equal(a->a.state, ALARM_UNACKNOWLEDGED);
	tear_down(&r);
}

static void
test_ladder_steps_come_in_time_and_stop_on_acknowledge(void **state)
{
	(void)state;
	struct rig r;
	set_up(&r, NULL, NULL);
	fire(&r, "s1", true);
	assert_int_equal(outbox_owed(r.outbox), 1);
	pass(&r, 59000);
	assert_int_equal(outbox_owed(r.outbox), 1);
	pass(&r, 2000);
	assert_int_equal(outbox_owed(r.outbox), 2);
	pass(&r, 120000);
	assert_int_equal(outbox_owed(r.outbox), 3);
	const struct alarm_record *a = open_alarm(&r, "s1");
	assert_int_equal(
	    engine_acknowledge(r.engine, a->occurrence, "wang"), ENGINE_OK);
	assert_int_equal(outbox_owed(r.outbox), 0);
	pass(&r, 600000);
	assert_int_equal(outbox_owed(r.outbox), 0);
	tear_down(&r);
}

static void
test_silence_ends_with_the_next_alarm_and_with_time(void **state)
{
	(void)state;
	struct rig r;
	set_up(&r, NULL, NULL);
	fire(&r, "s1", true);
	assert_true(engine_sound_on(r.engine));
	engine_silence(r.engine, "desk");
	assert_false(engine_sound_on(r.engine));
	fire(&r, "s2", true);
	assert_true(engine_sound_on(r.engine));
	engine_silence(r.engine, "desk");
	pass(&r, 59000);
	assert_false(engine_sound_on(r.engine));
	pass(&r, 2000);
	assert_true(engine_sound_on(r.engine));
	tear_down(&r);
}

static void
test_info_owes_nothing_and_a_pump_out_of_automatic_does(void **state)
{
	(void)state;
	struct rig r;
	set_up(&r, NULL, NULL);
	level(&r, "run", true);
	assert_int_equal(state_of(&r, "run"), ALARM_ACKNOWLEDGED);
	assert_false(engine_sound_on(r.engine));
	level(&r, "run", false);
	assert_null(open_alarm(&r, "run"));
	level(&r, "auto", true);
	assert_null(open_alarm(&r, "auto"));
	level(&r, "auto", false);
	assert_int_equal(state_of(&r, "auto"), ALARM_UNACKNOWLEDGED);
	assert_int_equal(open_alarm(&r, "auto")->alarm_class, CLASS_SUPERVISORY);
	tear_down(&r);
}

static void
test_panic_latches_until_it_is_reset_here(void **state)
{
	(void)state;
	struct rig r;
	set_up(&r, NULL, NULL);
	uint32_t point = site_find_point(r.site, "panic");
	const char *reason;
	level(&r, "panic", true);
	level(&r, "panic", false);
	assert_int_equal(state_of(&r, "panic"), ALARM_LATCHED_UNACKNOWLEDGED);
	assert_int_equal(
	    engine_reset(r.engine, point, "wang", &reason), ENGINE_REFUSED);
	assert_non_null(reason);
	const struct alarm_record *a = open_alarm(&r, "panic");
	assert_int_equal(
	    engine_acknowledge(r.engine, a->occurrence, "wang"), ENGINE_OK);
	engine_link(r.engine, r.site->devices[1].link_point, true, "timeout");
	assert_int_equal(
	    engine_reset(r.engine, point, "wang", &reason), ENGINE_REFUSED);
	engine_link(r.engine, r.site->devices[1].link_point, false, NULL);
	level(&r, "panic", false);
	assert_int_equal(engine_reset(r.engine, point, "wang", &reason), ENGINE_OK);
	assert_null(open_alarm(&r, "panic"));
	tear_down(&r);
}

static void
test_dead_bus_raises_one_alarm_and_hides_its_devices(void **state)
{
	(void)state;
	struct rig r;
	set_up(&r, NULL, NULL);
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
	pass(&r, 30000);
	assert_false(alarm_hidden(&a->a)); // still dead: the operator must see it
	engine_link(r.engine, d->link_point, false, NULL);
	assert_int_equal(a->a.state, ALARM_RETURNED);
	tear_down(&r);
}

static void
test_device_that_comes_back_with_its_bus_owes_nothing(void **state)
{
	(void)state;
	struct rig r;
	set_up(&r, NULL, NULL);
	const struct device *d = &r.site->devices[0];
	engine_link(r.engine, r.site->buses[0].link_point, true, "refused");
	engine_link(r.engine, d->link_point, true, "refused");
	assert_non_null(alarms_of_point(engine_alarms(r.engine), d->link_point));
	engine_link(r.engine, r.site->buses[0].link_point, false, NULL);
	engine_link(r.engine, d->link_point, false, NULL);
	assert_null(alarms_of_point(engine_alarms(r.engine), d->link_point));
	tear_down(&r);
}

static void
test_regime_panel_acknowledges_with_the_panel_as_actor(void **state)
{
	(void)state;
	struct rig r;
	set_up(&r, "zones:", "engine: {acknowledge: panel}\nzones:");
	fire(&r, "s1", true);
	struct sample s = sample_of(&r, "s1", SAMPLE_CODE);
	s.n_codes = 2;
	s.codes[0].condition = COND_FIRE;
	s.codes[0].code = 0;
	s.codes[1].condition = COND_INFO;
	s.codes[1].code = code_of(&r, "panel-acknowledged");
	s.raw = 0x0D10;
	engine_sample(r.engine, &s);
	const struct alarm_record *a =
	    alarms_find(engine_alarms(r.engine), "s1", COND_FIRE, "");
	assert_int_equal(a->a.state, ALARM_ACKNOWLEDGED);
	assert_string_equal(a->acknowledged_by, "panel:fap");
	tear_down(&r);
}

static void
test_realarm_brings_an_acknowledged_fire_back(void **state)
{
	(void)state;
	struct rig r;
	set_up(&r, "zones:", "engine: {realarm: 600s}\nzones:");
	fire(&r, "s1", true);
	assert_int_equal(
	    engine_acknowledge(r.engine, open_alarm(&r, "s1")->occurrence, "wang"),
	    ENGINE_OK);
	pass(&r, 598000);
	assert_int_equal(state_of(&r, "s1"), ALARM_ACKNOWLEDGED);
	pass(&r, 4000);
	assert_int_equal(state_of(&r, "s1"), ALARM_UNACKNOWLEDGED);
	tear_down(&r);
}

static void
test_i11_restart_keeps_acknowledgements_and_the_ladder(void **state)
{
	(void)state;
	struct rig r;
	set_up(&r, NULL, NULL);
	fire(&r, "s1", true);
	fire(&r, "s2", true);
	assert_int_equal(
	    engine_acknowledge(r.engine, open_alarm(&r, "s1")->occurrence, "wang"),
	    ENGINE_OK);
	char occurrence[MINT_MAX];
	(void)str_copy(
	    occurrence, sizeof(occurrence), open_alarm(&r, "s2")->occurrence);
	pass(&r, 30000);
	stop(&r);
	clock_virtual_advance(&r.clock, 20000);
	start(&r);
	assert_int_equal(state_of(&r, "s1"), ALARM_ACKNOWLEDGED);
	assert_string_equal(open_alarm(&r, "s1")->acknowledged_by, "wang");
	assert_int_equal(state_of(&r, "s2"), ALARM_UNACKNOWLEDGED);
	assert_string_equal(open_alarm(&r, "s2")->occurrence, occurrence);
	assert_int_equal(outbox_owed(r.outbox), 1); // the first step, still owed
	pass(&r, 9000);
	assert_int_equal(outbox_owed(r.outbox), 1);
	pass(&r, 2000); // 60 s after the onset, across the restart
	assert_int_equal(outbox_owed(r.outbox), 2);
	assert_true(engine_sound_on(r.engine));
	tear_down(&r);
}

static void
test_i10_a_step_of_the_wall_clock_is_an_event(void **state)
{
	(void)state;
	struct rig r;
	set_up(&r, NULL, NULL);
	pass(&r, 3000);
	uint64_t before = works_stream(r.works);
	clock_virtual_step(&r.clock, -3600000);
	pass(&r, 2000);
	assert_true(works_stream(r.works) > before);
	level(&r, "door", true);
	pass(&r, 6000); // delays run on monotonic time
	assert_int_equal(state_of(&r, "door"), ALARM_UNACKNOWLEDGED);
	tear_down(&r);
}

static void
test_i9_no_sounding_console_is_an_alarm(void **state)
{
	(void)state;
	struct rig r;
	set_up(&r, NULL, NULL);
	const struct alarms *t = engine_alarms(r.engine);
	pass(&r, 59000);
	assert_null(alarms_of_point(t, r.site->console_point));
	pass(&r, 3000);
	const struct alarm_record *a = alarms_of_point(t, r.site->console_point);
	assert_non_null(a);
	assert_int_equal(a->alarm_class, CLASS_SYSTEM);
	supervise_consoles(r.supervise, 1, 1);
	assert_int_equal(a->a.state, ALARM_RETURNED);
	tear_down(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_on_delay_runs_on_virtual_time),
		cmocka_unit_test(
		    test_i6_an_on_delay_does_not_run_on_while_the_link_is_lost),
		cmocka_unit_test(test_i6_lost_link_and_bad_samples_clear_nothing),
		cmocka_unit_test(
		    test_ladder_steps_come_in_time_and_stop_on_acknowledge),
		cmocka_unit_test(test_silence_ends_with_the_next_alarm_and_with_time),
		cmocka_unit_test(
		    test_info_owes_nothing_and_a_pump_out_of_automatic_does),
		cmocka_unit_test(test_panic_latches_until_it_is_reset_here),
		cmocka_unit_test(test_dead_bus_raises_one_alarm_and_hides_its_devices),
		cmocka_unit_test(test_device_that_comes_back_with_its_bus_owes_nothing),
		cmocka_unit_test(
		    test_regime_panel_acknowledges_with_the_panel_as_actor),
		cmocka_unit_test(test_realarm_brings_an_acknowledged_fire_back),
		cmocka_unit_test(
		    test_i11_restart_keeps_acknowledgements_and_the_ladder),
		cmocka_unit_test(test_i10_a_step_of_the_wall_clock_is_an_event),
		cmocka_unit_test(test_i9_no_sounding_console_is_an_alarm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
