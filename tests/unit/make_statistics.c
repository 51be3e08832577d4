// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Writes a journal of some days through the real store, by chance but the same for the
// same seed: alarms with what follows them, bursts, chattering, tests, verdicts, second
// thoughts, isolations, missed alarms, a day without anything and a day on which the
// daemon was down. What it means is worked out by tests/unit/test_statistics.py.
//   make_statistics DIR ZONE DAY_MIN BEGIN_UTC_MS DAYS SEED
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "store/store.h"

enum {
	POINTS = 14,
	EVENTS_MAX = 20000,
	SECOND = 1000,
	MINUTE = 60 * SECOND,
	HOUR = 60 * MINUTE,
	EMPTY_DAY = 2, // from the begin
	DOWN_DAY = 4,
};

static struct event *events;
static size_t n_events;
static unsigned minted;
static uint64_t state;

static unsigned
chance(unsigned below)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state >> 33) % below;
}

static struct event *
add(enum event_kind kind, int64_t at_ms)
{
	if (n_events == EVENTS_MAX)
		exit(3);
	struct event *e = &events[n_events++];
	event_init(e, kind);
	e->time_utc_ms = at_ms;
	e->mono_ms = at_ms - 1700000000000;
	e->clock_quality = CLOCK_SYNCED;
	return e;
}

static const enum condition conditions[] = { COND_FIRE, COND_FAULT, COND_SUPERVISORY,
	COND_SECURITY, COND_PROCESS, COND_ACTIVATED };

static struct event *
add_alarm(enum event_kind kind, int64_t at_ms, unsigned point, bool test)
{
	enum condition c = conditions[point % 6];
	struct event *e = add(kind, at_ms);
	(void)snprintf(e->point, sizeof(e->point), "p%u", point);
	(void)snprintf(e->place_zh, sizeof(e->place_zh), "部位 %u", point);
	(void)snprintf(e->place_en, sizeof(e->place_en), "Place %u", point);
	(void)str_copy(e->code, sizeof(e->code), point % 3 == 0 ? "low" : "");
	e->condition = (int)c;
	e->alarm_class = (int)condition_class(c);
	e->quality = QUALITY_GOOD;
	(void)snprintf(e->occurrence_id, sizeof(e->occurrence_id), "1-%u", minted);
	(void)snprintf(e->incident_id, sizeof(e->incident_id), "1-%u", minted);
	if (test)
		(void)str_copy(e->params, sizeof(e->params), "{\"test\":true}");
	return e;
}

static void
add_verdict(int64_t at_ms, unsigned point)
{
	static const char *const said[] = { "\"real\"", "\"false\",\"cause\":\"dust\"",
		"\"false\",\"cause\":\"steam\"", "\"unknown\"", "\"test\"" };
	struct event *e = add_alarm(EVENT_ALARM_VERIFY, at_ms, point, false);
	(void)str_copy(e->actor, sizeof(e->actor), "wang");
	(void)snprintf(e->params, sizeof(e->params),
	    "{\"verdict\":%s,\"note\":\"\\\"seen\\\"\"}", said[chance(5)]);
}

static void
add_life(int64_t at_ms, unsigned point)
{
	bool test = chance(10) == 0;
	minted++;
	(void)add_alarm(EVENT_ALARM_ONSET, at_ms, point, test);
	if (chance(4) != 0) {
		int64_t after =
		    chance(20) == 0 ? chance(2 * HOUR) : chance(90 * SECOND);
		(void)str_copy(
		    add_alarm(EVENT_ALARM_ACKNOWLEDGE, at_ms + after, point, test)
			->actor,
		    ID_MAX, "li");
	}
	if (chance(8) != 0)
		(void)add_alarm(EVENT_ALARM_CLEAR,
		    at_ms + 500 + (chance(6) == 0 ? chance(60 * HOUR) : chance(HOUR)),
		    point, test);
	if (!test && chance(2) == 0) {
		int64_t said = at_ms + MINUTE + chance(3 * HOUR);
		add_verdict(said, point);
		if (chance(5) == 0)
			add_verdict(said + 1 + chance(20 * HOUR), point);
	}
}

static void
add_effect(int64_t at_ms)
{
	static const struct {
		enum event_kind kind;
		const char *params;
	} ways[] = {
		{ EVENT_EFFECT_SEEN, "\"result\":\"in-time\",\"delay_ms\":4149" },
		{ EVENT_EFFECT_SEEN,
		    "\"result\":\"late\",\"delay_ms\":61050,\"at_most\":true" },
		{ EVENT_EFFECT_SEEN, "\"result\":\"found\"" },
		{ EVENT_EFFECT_MISSED, "\"result\":\"missed\",\"reason\":\"unknown\"" },
		{ EVENT_EFFECT_OVER,
		    "\"result\":\"over\",\"within_ms\":9,\"test\":true" },
	};
	unsigned way = chance(5);
	struct event *e = add(ways[way].kind, at_ms);
	(void)str_copy(e->point, sizeof(e->point), "p1");
	(void)str_copy(e->place_zh, sizeof(e->place_zh), "部位 1");
	(void)str_copy(e->place_en, sizeof(e->place_en), "Place 1");
	(void)snprintf(e->params, sizeof(e->params),
	    "{\"rule\":\"r%u\",%s,\"cause\":{\"point\":\"p7\"}}", chance(3),
	    ways[way].params);
}

static void
add_day(int64_t from_ms)
{
	for (unsigned i = 0, n = 20 + chance(40); i < n; i++)
		add_life(from_ms + chance(24 * HOUR), chance(POINTS));
	int64_t burst = from_ms + chance(22 * HOUR);
	for (unsigned i = 0; i < 60; i++)
		add_life(burst + chance(25 * MINUTE), chance(POINTS));
	int64_t chatter = from_ms + chance(23 * HOUR);
	for (unsigned i = 0; i < 7; i++)
		add_life(chatter + (int64_t)i * 19 * SECOND, 3);
	struct event *e;
	for (unsigned i = 0; i < 4; i++) {
		unsigned n = chance(500);
		e = add_alarm(i % 2 == 0 ? EVENT_CHATTER_COUNT : EVENT_CHATTER_END,
		    chatter + chance(10 * HOUR), 3 + i / 2, false);
		(void)snprintf(e->params, sizeof(e->params),
		    "{\"onsets\":%u,\"clears\":%u,\"all_onsets\":%u}", n, n + i % 2,
		    n + 1000);
	}
	for (unsigned i = 0; i < 3; i++) {
		e = add_alarm(i < 2 ? EVENT_REPEAT_START : EVENT_REPEAT_END,
		    chatter + (int64_t)i * HOUR, 3 + i, false);
		(void)snprintf(e->params, sizeof(e->params),
		    "{\"onsets\":%u,\"since_utc_ms\":%lld}", 4 + i,
		    (long long)(from_ms - (int64_t)i * HOUR));
	}
	e = add_alarm(EVENT_ISOLATE_START, from_ms + chance(12 * HOUR), 5, false);
	e->occurrence_id[0] = e->incident_id[0] = '\0';
	(void)str_copy(e->actor, sizeof(e->actor), "li");
	(void)str_copy(e->params, sizeof(e->params),
	    "{\"reason\":\"hot work \\\"B1\\\"\",\"measure\":\"guard\"}");
	int64_t set = e->time_utc_ms;
	e = add_alarm(EVENT_ISOLATE_END, set + 1 + chance(30 * HOUR), 5, false);
	e->occurrence_id[0] = e->incident_id[0] = '\0';
	int64_t missed = from_ms + chance(24 * HOUR);
	e = add(EVENT_ALARM_MISSED, missed + chance(20 * HOUR));
	e->condition = COND_FIRE;
	(void)str_copy(e->point, sizeof(e->point), "p0");
	(void)str_copy(e->actor, sizeof(e->actor), "wang");
	(void)snprintf(e->params, sizeof(e->params),
	    "{\"happened_utc_ms\":%lld,\"found\":\"burnt \\\"bin\\\"\"}",
	    (long long)missed);
	for (unsigned i = 0; i < 12; i++)
		add_effect(from_ms + chance(24 * HOUR));
}

static void
add_down_day(int64_t from_ms)
{
	struct event *e = add(EVENT_DAEMON_DOWN, from_ms + 30 * HOUR);
	(void)snprintf(e->params, sizeof(e->params),
	    "{\"from_utc_ms\":%lld,\"to_utc_ms\":%lld}", (long long)(from_ms - HOUR),
	    (long long)(from_ms + 30 * HOUR));
}

static int
by_time(const void *va, const void *vb)
{
	const struct event *a = va, *b = vb;
	return (a->time_utc_ms > b->time_utc_ms) - (a->time_utc_ms < b->time_utc_ms);
}

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
	exit(4);
}

int
main(int argc, char **argv)
{
	struct err err = { 0 };
	if (argc != 7)
		return 2;
	int64_t begin_ms = strtoll(argv[4], NULL, 10);
	long days = strtol(argv[5], NULL, 10);
	state = strtoull(argv[6], NULL, 10);
	events = xcalloc(EVENTS_MAX, sizeof(*events));
	(void)add(EVENT_DAEMON_START, begin_ms);
	for (long i = 0; i < days; i++) {
		int64_t from_ms = begin_ms + i * 24 * HOUR;
		if (i == DOWN_DAY)
			add_down_day(from_ms);
		else if (i != EMPTY_DAY)
			add_day(from_ms);
	}
	qsort(events, n_events, sizeof(*events), by_time);

	struct loop *loop = loop_new(clock_real());
	const struct store_options options = { .directory = argv[1],
		.site_id = "tower-a",
		.site_name_zh = "科技大厦",
		.site_name_en = "Tower A",
		.time_zone = argv[2],
		.statistics_day_min = (uint16_t)strtoul(argv[3], NULL, 10),
		.config_rev = "0123456789abcdef" };
	const struct store_host host = { .mode = no_mode, .lost = no_lost };
	struct store *s = store_open(&options, loop, &host, &err);
	if (s == NULL) {
		(void)fprintf(stderr, "make_statistics: %s\n", err.text);
		return 1;
	}
	for (size_t i = 0; i < n_events; i++) {
		struct unit *u = unit_new();
		(void)unit_event(u, &events[i]);
		store_submit(s, u);
	}
	store_close(s, 60000);
	loop_free(loop);
	free(events);
	return 0;
}
