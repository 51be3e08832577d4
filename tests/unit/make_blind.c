// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Writes a journal of some days through the real store, by chance but the same for the
// same seed: links that are lost, come back, flap, or go on being lost; values that are
// none; isolations; the daemon down, for known and unknown times; clock steps both
// ways; storage trouble. In the middle the site gets another wiring. What it means is
// worked out by tests/unit/test_blind.py.
//   make_blind DIR ZONE DAY_MIN BEGIN_UTC_MS DAYS SEED
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/site.h"
#include "lib/mem.h"
#include "store/store.h"

enum {
	POINTS = 6,
	EVENTS_MAX = 4000,
	MINUTE = 60 * 1000,
	HOUR = 60 * MINUTE,
};

static struct event *events;
static size_t n_events;
static uint64_t state;

static int64_t
chance(int64_t below)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (int64_t)(state >> 33) % below;
}

static struct event *
add(enum event_kind kind, int64_t at_ms, const char *point)
{
	if (n_events == EVENTS_MAX)
		exit(3);
	struct event *e = &events[n_events++];
	event_init(e, kind);
	e->time_utc_ms = at_ms;
	e->clock_quality = CLOCK_SYNCED;
	(void)str_copy(e->point, sizeof(e->point), point);
	return e;
}

static void
add_blind(const char *point, const char *reason, int64_t from_ms, int64_t to_ms)
{
	struct event *e = add(EVENT_BLIND, to_ms != 0 ? to_ms : from_ms + 900, point);
	int n = snprintf(e->params, sizeof(e->params),
	    "{\"reason\":\"%s\",\"from_utc_ms\":%lld", reason, (long long)from_ms);
	if (to_ms != 0)
		n += snprintf(e->params + n, sizeof(e->params) - (size_t)n,
		    ",\"to_utc_ms\":%lld", (long long)to_ms);
	(void)snprintf(e->params + n, sizeof(e->params) - (size_t)n, ",\"points\":3}");
}

static int64_t
length(void)
{
	int64_t kind = chance(8);
	return 1000 + (kind == 0     ? chance((int64_t)40 * HOUR)
			  : kind < 4 ? chance(3 * HOUR)
				     : chance(4 * MINUTE));
}

// Spans of one thing, one behind the other; of each tenth no word tells the end.
static void
add_spans(const char *point, const char *reason, int64_t from_ms, int64_t end_ms)
{
	int64_t at = from_ms + chance(6 * HOUR);
	while (at < end_ms) {
		int64_t to = at + length();
		int64_t kind = chance(10);
		if (kind != 0)
			add_blind(point, reason, at, 0);
		if (kind != 1)
			add_blind(point,
			    kind == 2 && point[0] == '@' ? "flapping" : reason, at, to);
		at = to + 1000 + chance(20 * HOUR);
	}
}

static void
add_isolations(const char *point, int64_t from_ms, int64_t end_ms)
{
	int64_t at = from_ms + chance(20 * HOUR);
	while (at < end_ms) {
		(void)add(EVENT_ISOLATE_START, at, point);
		if (chance(3) == 0) // anew, for longer
			(void)add(EVENT_ISOLATE_START, at + 500, point);
		at += 1000 + length();
		(void)add(EVENT_ISOLATE_END, at, point);
		at += 1000 + chance(30 * HOUR);
	}
	(void)add(EVENT_ISOLATE_START, end_ms - 3 * HOUR, point);
}

static void
add_downs(int64_t from_ms, int64_t end_ms)
{
	for (int64_t at = from_ms + chance(20 * HOUR); at < end_ms;
	     at += chance(60 * HOUR)) {
		int64_t lasted = length();
		struct event *e = add(EVENT_DAEMON_DOWN, at, "");
		bool known = chance(4) != 0;
		(void)snprintf(e->params, sizeof(e->params),
		    "{\"%s\":%lld,\"to_utc_ms\":%lld,\"by\":\"%s\"}",
		    known ? "from_utc_ms" : "last_utc_ms",
		    (long long)(at - (known ? lasted : 0)), (long long)at,
		    known ? "wall" : "unknown");
	}
}

static void
add_steps(int64_t from_ms, int64_t end_ms)
{
	for (int64_t at = from_ms; at < end_ms; at += 1 + chance(50 * HOUR)) {
		int64_t by = chance(2) ? length() : -length();
		struct event *e = add(EVENT_CLOCK_STEP, at, "@clock");
		int n = snprintf(
		    e->params, sizeof(e->params), "{\"by_ms\":%lld", (long long)by);
		if (by > 0)
			n += snprintf(e->params + n, sizeof(e->params) - (size_t)n,
			    ",\"from_utc_ms\":%lld,\"to_utc_ms\":%lld",
			    (long long)(at - by), (long long)at);
		(void)snprintf(e->params + n, sizeof(e->params) - (size_t)n, "}");
	}
}

static void
add_store(int64_t from_ms, int64_t end_ms)
{
	static const char *const modes[] = { "ok", "slow", "full", "io_error" };
	int64_t was = 0;
	for (int64_t at = from_ms + HOUR; at < end_ms; at += 1 + chance(30 * HOUR)) {
		int64_t now = (was + 1 + chance(3)) % 4;
		struct event *e = add(EVENT_STORE_MODE, at, "@store");
		(void)snprintf(e->params, sizeof(e->params),
		    "{\"from\":\"%s\",\"to\":\"%s\"}", modes[was], modes[now]);
		was = now;
	}
	struct event *e = add(EVENT_EVENTS_LOST, from_ms + 50 * HOUR, "");
	(void)snprintf(e->params, sizeof(e->params),
	    "{\"from_utc_ms\":%lld,\"to_utc_ms\":%lld}",
	    (long long)(from_ms + 49 * HOUR), (long long)(from_ms + 50 * HOUR));
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

// p0 and p1 hang on io1, p2 and p3 on the chip, p4 and p5 on nothing; afterwards p1
// hangs on the chip, p3 is gone and p6 is new.
static struct site *
wiring(bool second)
{
	static char names[POINTS + 1][8];
	static struct point points[POINTS + 3];
	static struct device device;
	static struct gpio gpio;
	static struct site s;
	memset(points, 0, sizeof(points));
	uint32_t n = 0;
	for (unsigned i = 0; i <= POINTS; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "p%u", i);
		if (i == (second ? 3 : POINTS))
			continue;
		bool chip = i == 2 || i == 3 || (second && i == 1);
		bool io1 = i == 0 || (!second && i == 1) || i == POINTS;
		points[n++] = (struct point){ .id = names[i],
			.device = io1 ? 0 : INDEX_NONE,
			.gpio = chip ? 0 : INDEX_NONE };
	}
	points[n].id = "@device/io1";
	points[n + 1].id = "@gpio/chip";
	device.link_point = n;
	gpio.link_point = n + 1;
	s = (struct site){ .devices = &device,
		.n_devices = 1,
		.gpios = &gpio,
		.n_gpios = 1,
		.points = points,
		.n_site_points = n,
		.n_points = n + 2 };
	(void)str_copy(s.revision, sizeof(s.revision), second ? "second" : "first");
	return &s;
}

// The events of one run of the daemon, from `at` on until one that is not before
// until_ms. Returns where the next begins.
static size_t
write_run(
    char **argv, const struct site *s, size_t at, int64_t now_ms, int64_t until_ms)
{
	struct err err = { 0 };
	struct clock clock;
	clock_virtual_init(&clock, 1000, now_ms);
	struct loop *loop = loop_new(&clock);
	const struct store_options options = { .directory = argv[1],
		.site_id = "tower-a",
		.time_zone = argv[2],
		.statistics_day_min = (uint16_t)strtoul(argv[3], NULL, 10),
		.config_rev = "0123456789abcdef",
		.watched = s };
	const struct store_host host = { .mode = no_mode, .lost = no_lost };
	struct store *store = store_open(&options, loop, &host, &err);
	if (store == NULL) {
		(void)fprintf(stderr, "make_blind: %s\n", err.text);
		exit(1);
	}
	for (; at < n_events && events[at].time_utc_ms < until_ms; at++) {
		struct unit *u = unit_new();
		(void)unit_event(u, &events[at]);
		store_submit(store, u);
	}
	store_close(store, 60000);
	loop_free(loop);
	return at;
}

int
main(int argc, char **argv)
{
	if (argc != 7)
		return 2;
	int64_t begin_ms = strtoll(argv[4], NULL, 10);
	int64_t end_ms = begin_ms + strtoll(argv[5], NULL, 10) * 24 * HOUR;
	int64_t middle_ms = begin_ms + (end_ms - begin_ms) / 2 + 12345;
	state = strtoull(argv[6], NULL, 10);
	events = xcalloc(EVENTS_MAX, sizeof(*events));
	add_spans("@device/io1", "link", begin_ms, end_ms);
	add_spans("@gpio/chip", "link", begin_ms, end_ms);
	add_spans("p1", "quality", begin_ms, end_ms);
	add_spans("p4", "quality", begin_ms, end_ms);
	add_isolations("p2", begin_ms, end_ms);
	add_isolations("p4", begin_ms, end_ms);
	add_downs(begin_ms, end_ms);
	add_steps(begin_ms + 5 * HOUR, end_ms);
	add_store(begin_ms, end_ms);
	qsort(events, n_events, sizeof(*events), by_time);
	size_t at = write_run(argv, wiring(false), 0, begin_ms, middle_ms);
	(void)write_run(argv, wiring(true), at, middle_ms, INT64_MAX);
	free(events);
	return 0;
}
