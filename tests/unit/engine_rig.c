// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See engine_rig.h.
#include "engine_rig.h"

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "lib/mem.h"
#include "store/query.h"
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
on_saved(void *ctx, uint64_t serial, bool durable)
{
	const struct rig *r = ctx;
	if (r->outbox != NULL)
		outbox_saved(r->outbox, serial, durable);
}

static void
on_alarm(void *ctx, struct alarm_record *a, bool closed)
{
	const struct rig *r = ctx;
	if (r->outputs != NULL)
		outputs_alarm(r->outputs, a, closed);
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
	struct rig *r = ctx;
	(void)on;
	r->sound_changes++;
	if (r->outputs != NULL)
		outputs_sound(r->outputs);
}

static void
nobody_looks(void *ctx)
{
	(void)ctx;
}

static void
on_point_rule(void *ctx, uint32_t point)
{
	struct rig *r = ctx;
	if (point < RIG_RULES)
		r->rules_told[point]++;
}

static void
on_round(void *ctx, uint16_t patrol)
{
	(void)patrol;
	((struct rig *)ctx)->rounds_told++;
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
void
rig_pass(struct rig *r, int64_t ms)
{
	loop_timer_init(&r->stop, on_stop, r);
	loop_timer_in(r->loop, &r->stop, ms);
	assert_int_equal(loop_run(r->loop), 0);
}

void
rig_write_site(const char *path, const char *replace_from, const char *replace_to)
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

void
rig_start(struct rig *r)
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
		.site_name_zh = r->site->name_zh,
		.site_name_en = r->site->name_en,
		.watched = r->site,
	};
	const struct store_host host = {
		.ctx = r,
		.mode = on_mode,
		.lost = on_lost,
	};
	struct err e = { 0 };
	r->store = store_open(&options, r->loop, &host, &e);
	if (r->store == NULL)
		fail_msg("%s", e.text);
	const struct recovered *rec = store_recovered(r->store);
	const struct works_host works_host = { r, no_event, on_durable, on_saved };
	r->works = works_new(r->loop, r->store, rec->last_boot + 1, &works_host);
	const struct engine_host engine_host = { r, on_alarm, on_raised, on_answered,
		on_sound, nobody_looks, on_point_rule, on_round };
	r->engine = engine_new(r->loop, r->site, r->store, r->works, &engine_host);
	r->outbox = outbox_new(r->loop, r->site, r->works, r->engine);
	engine_recover(r->engine, rec, rec->last_utc_ms);
	outbox_recover(r->outbox, rec);
	r->outputs = outputs_new(r->loop, r->site, r->engine, r->works);
	r->field = field_new(r->loop, r->site, r->works, rec);
	const struct report_plans_parts reports = {
		.loop = r->loop,
		.site = r->site,
		.engine = r->engine,
		.works = r->works,
		.program = r->reports_program,
		.file = path,
		.directory = r->dir,
	};
	if (r->reports_program != NULL)
		r->report_plans = report_plans_new(&reports, rec);
	store_recovered_free(r->store);
	r->supervise = supervise_new(r->loop, r->site, r->engine, r->works, r->store);
}

void
rig_stop(struct rig *r)
{
	report_plans_free(r->report_plans);
	r->report_plans = NULL;
	works_flush(r->works);
	store_close(r->store, 5000);
	supervise_free(r->supervise);
	outputs_free(r->outputs);
	r->outputs = NULL;
	outbox_free(r->outbox);
	engine_free(r->engine);
	works_free(r->works);
	field_free(r->field);
	loop_free(r->loop);
	site_free(r->site);
}

void
rig_make_directory(struct rig *r)
{
	const char *where = getenv("TMPDIR");
	memset(r, 0, sizeof(*r));
	int n = snprintf(r->dir, sizeof(r->dir), "%s/test-engine-XXXXXX",
	    where != NULL ? where : "/tmp");
	assert_in_range(n, 1, sizeof(r->dir) - 1);
	assert_non_null(mkdtemp(r->dir));
	clock_virtual_init(&r->clock, 1000000, START_UTC * 1000LL);
}

static void
prepare(struct rig *r, char path[static 128])
{
	rig_make_directory(r);
	(void)snprintf(path, 128, "%s/site.yaml", r->dir);
}

void
rig_set_up(struct rig *r, const char *replace_from, const char *replace_to)
{
	char path[128];
	prepare(r, path);
	rig_write_site(path, replace_from, replace_to);
	rig_start(r);
}

void
rig_set_up_site(struct rig *r, const char *text)
{
	char path[128];
	prepare(r, path);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	rig_start(r);
}

void
rig_tear_down(struct rig *r)
{
	rig_stop(r);
	char command[128];
	(void)snprintf(command, sizeof(command), "%s/journal.db", r->dir);
	struct verify_result v;
	struct err e = { 0 };
	assert_int_equal(store_verify(command, NULL, &v, &e), 0);
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

struct sample
rig_sample(const struct rig *r, const char *point, enum sample_kind kind)
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

code_id
rig_code(const struct rig *r, const char *name)
{
	for (code_id i = 0; i < r->site->n_codes; i++) {
		if (strcmp(r->site->codes[i], name) == 0)
			return i;
	}
	fail_msg("the profile has no code %s", name);
	return 0;
}

void
rig_fire(struct rig *r, const char *point, bool on)
{
	struct sample s = rig_sample(r, point, SAMPLE_CODE);
	s.raw = on ? 0x0C10 : 0x1400;
	if (on) {
		s.n_codes = 1;
		s.codes[0].condition = COND_FIRE;
		s.codes[0].code = 0;
	}
	engine_sample(r->engine, &s);
}

void
rig_level(struct rig *r, const char *point, bool on)
{
	struct sample s = rig_sample(r, point, SAMPLE_LEVEL);
	s.value = on ? 1.0 : 0.0;
	engine_sample(r->engine, &s);
}

const struct alarm_record *
rig_open_alarm(const struct rig *r, const char *point)
{
	uint32_t index = site_find_point(r->site, point);
	assert_true(index != UINT32_MAX);
	return alarms_of_point(engine_alarms(r->engine), index);
}

enum alarm_state
rig_state(const struct rig *r, const char *point)
{
	const struct alarm_record *a = rig_open_alarm(r, point);
	return a == NULL ? ALARM_NORMAL : a->a.state;
}
