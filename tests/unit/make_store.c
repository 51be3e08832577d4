// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Writes a small journal and readings through the real store, for the tests of the
// command line: one statistics day with known figures. Usage:
//   make_store DIR BEGIN_UTC_MS DOORS
// BEGIN is the day's begin (08:00 in Shanghai); DOORS is how often a door opens and
// shuts.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/reading.h"
#include "lib/mem.h"
#include "store/store.h"

static int64_t begin_ms;
static unsigned minted;

static void
no_mode(void *ctx, enum store_mode mode, const char *detail)
{
	(void)ctx;
	(void)fprintf(stderr, "mode %s: %s\n", store_mode_name(mode), detail);
}

static void
no_lost(
    void *ctx, int64_t from_utc_ms, int64_t to_utc_ms, const uint32_t lost[CLASS_COUNT])
{
	(void)ctx;
	(void)from_utc_ms;
	(void)to_utc_ms;
	(void)lost;
}

static struct event
event_at(enum event_kind kind, int64_t after_ms)
{
	struct event e;
	event_init(&e, kind);
	e.time_utc_ms = begin_ms + after_ms;
	e.mono_ms = 1000 + after_ms;
	e.clock_quality = CLOCK_SYNCED;
	return e;
}

static struct event
alarm_at(enum event_kind kind, int64_t after_ms, const char *point, enum condition c,
    const char *code)
{
	struct event e = event_at(kind, after_ms);
	(void)str_copy(e.point, sizeof(e.point), point);
	(void)str_copy(e.code, sizeof(e.code), code);
	e.condition = (int)c;
	e.alarm_class = (int)condition_class(c);
	e.quality = QUALITY_GOOD;
	if (kind == EVENT_ALARM_ONSET)
		minted++;
	(void)snprintf(e.occurrence_id, sizeof(e.occurrence_id), "1-%u", minted);
	(void)snprintf(e.incident_id, sizeof(e.incident_id), "1-%u", minted);
	return e;
}

static void
submit(struct store *s, const struct event *e)
{
	struct unit *u = unit_new();
	(void)unit_event(u, e);
	store_submit(s, u);
}

static void
write_fire(struct store *s)
{
	struct event e =
	    alarm_at(EVENT_ALARM_ONSET, 60000, "d1", COND_FIRE, "fire/smoke");
	(void)str_copy(e.place_zh, sizeof(e.place_zh), "五层走廊");
	(void)str_copy(e.place_en, sizeof(e.place_en), "=Corridor, floor 5");
	submit(s, &e);
	e.kind = EVENT_ALARM_ACKNOWLEDGE;
	e.time_utc_ms += 9000;
	(void)str_copy(e.actor, sizeof(e.actor), "wang");
	submit(s, &e);
	e.kind = EVENT_ALARM_CLEAR;
	e.time_utc_ms += 9000;
	e.actor[0] = '\0';
	submit(s, &e);
	e.kind = EVENT_ALARM_CLOSE;
	submit(s, &e);
	e = alarm_at(EVENT_ALARM_ONSET, 120000, "d2", COND_FIRE, "fire/smoke");
	(void)str_copy(e.params, sizeof(e.params), "{\"test\":true}");
	submit(s, &e);
}

// A fault that stays open, in one unit with its alarm row, and a blind span.
static void
write_fault(struct store *s)
{
	struct event e =
	    alarm_at(EVENT_ALARM_ONSET, 180000, "@device/fap1", COND_LINK, "");
	struct alarm_row row = { .condition = COND_LINK,
		.alarm_class = CLASS_FAULT,
		.state = ALARM_UNACKNOWLEDGED,
		.occurrences = 1,
		.raised_utc_ms = e.time_utc_ms,
		.first_utc_ms = e.time_utc_ms,
		.value = (double)NAN };
	(void)str_copy(row.point, sizeof(row.point), e.point);
	(void)str_copy(row.occurrence_id, sizeof(row.occurrence_id), e.occurrence_id);
	(void)str_copy(row.incident_id, sizeof(row.incident_id), e.incident_id);
	struct unit *u = unit_new();
	(void)unit_event(u, &e);
	unit_alarm(u, &row);
	store_submit(s, u);
	e = event_at(EVENT_BLIND, 7200000);
	(void)str_copy(e.point, sizeof(e.point), "@device/fap1");
	(void)snprintf(e.params, sizeof(e.params),
	    "{\"reason\":\"link\",\"from_utc_ms\":%lld,\"to_utc_ms\":%lld,\"points\":"
	    "3}",
	    (long long)(begin_ms + 3600000), (long long)(begin_ms + 7200000));
	submit(s, &e);
}

static void
write_doors(struct store *s, long doors)
{
	for (long i = 0; i < doors; i++) {
		struct event e = alarm_at(
		    EVENT_ALARM_ONSET, 8000000 + i * 1000, "door-1", COND_SECURITY, "");
		submit(s, &e);
		e.kind = EVENT_ALARM_CLEAR;
		e.time_utc_ms += 500;
		submit(s, &e);
	}
}

static void
write_minutes(struct store *s)
{
	static const struct {
		int minute;
		double min, max, mean;
		int32_t good_ms;
	} rows[] = {
		{ 0, 600.25, 710.5, 650.0, 60000 },
		{ 1, 590.0, 700.0, 640.0, 30000 },
		{ 10, 640.0, 812.75, 700.0, 60000 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t at = begin_ms + (int64_t)rows[i].minute * MINUTE_MS;
		struct minute m = { .minute_utc_ms = at,
			.samples = 60,
			.good_ms = rows[i].good_ms,
			.min = rows[i].min,
			.max = rows[i].max,
			.min_at_ms = at + 1000,
			.max_at_ms = at + 2000,
			.integral = rows[i].mean * rows[i].good_ms,
			.last = rows[i].mean };
		store_minute(s, "hydrant-main", &m);
	}
}

int
main(int argc, char **argv)
{
	struct err err = { 0 };
	if (argc != 4)
		return 2;
	begin_ms = strtoll(argv[2], NULL, 10);
	struct loop *loop = loop_new(clock_real());
	const struct store_options options = { .directory = argv[1],
		.site_id = "tower-a",
		.site_name_zh = "科技大厦",
		.site_name_en = "Tower A",
		.time_zone = "Asia/Shanghai",
		.statistics_day_min = 480,
		.config_rev = "0123456789abcdef" };
	const struct store_host host = { .mode = no_mode, .lost = no_lost };
	struct store *s = store_open(&options, loop, &host, &err);
	if (s == NULL) {
		(void)fprintf(stderr, "make_store: %s\n", err.text);
		return 1;
	}
	struct event e = event_at(EVENT_DAEMON_START, 0);
	submit(s, &e);
	write_fire(s);
	write_fault(s);
	write_doors(s, strtol(argv[3], NULL, 10));
	write_minutes(s);
	store_close(s, 20000);
	loop_free(loop);
	return 0;
}
