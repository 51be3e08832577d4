// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See supervise.h. One tick a second compares the clocks, takes the loop's lag and
// looks at the store's queue. Nothing here is trusted to be quiet: losing any of these
// is itself an alarm (I9).
#include "supervise.h"

#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "core/alive.h"
#include "lib/buf.h"
#include "lib/log.h"
#include "lib/mem.h"

enum {
	TICK_MS = 1000,
	STEP_MS = 1000,     // a wall clock that moved this much has been stepped
	LAG_ALARM_MS = 250, // DESIGN I1
	LAG_CLEAR_TICKS = 10,
	OVERDUE_MS = 1000,   // DESIGN I5: the store then counts as degraded
	NO_SOUND_MS = 60000, // grace for a console to come (back) and sound
	SYNC_EVERY_TICKS = 10,
	ALIVE_EVERY_TICKS = 60,
};

// 2025-01-01T00:00:00Z: before this program was. A machine whose clock has no battery,
// or a dead one, begins in 1970 or at its firmware's date.
#define NO_TIME_BEFORE_MS INT64_C(1735689600000)

struct supervise {
	struct loop *loop;
	const struct site *site;
	struct engine *engine;
	struct works *works;
	struct store *store;
	struct loop_timer tick;
	int64_t offset_ms; // UTC minus monotonic
	struct loop_lag lag[LAG_CLEAR_TICKS];
	unsigned ticks;
	bool synchronised, timeless;
	int64_t unsynchronised_since_ms; // -1 = it is
	enum store_mode store_mode, store_shown;
	uint32_t consoles, sounding;
	int64_t silent_since_ms;
	bool lagging;
	const char *dead; // why the daemon cannot alert people; NULL = it can
	void (*alive)(void *ctx, const char *why); // or NULL
	void *alive_ctx;
};

static void
watch_clock(struct supervise *s)
{
	int64_t offset = loop_utc_ms(s->loop) - loop_now_ms(s->loop);
	int64_t by = offset - s->offset_ms;
	s->offset_ms = offset;
	if (by > -STEP_MS && by < STEP_MS)
		return;
	const struct point *p = &s->site->points[s->site->clock_point];
	struct event ev;
	event_init(&ev, EVENT_CLOCK_STEP);
	(void)str_copy(ev.point, sizeof(ev.point), p->id);
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	json_int(&b, "by_ms", by);
	if (by > 0) { // moments that never were: nothing can stand in them
		json_int(&b, "from_utc_ms", loop_utc_ms(s->loop) - by);
		json_int(&b, "to_utc_ms", loop_utc_ms(s->loop));
	}
	json_close(&b, '}');
	(void)str_copy(ev.params, sizeof(ev.params), b.data);
	buf_free(&b);
	(void)works_event(s->works, &ev);
	log_warnx("clock", "the wall clock was stepped by %lld ms", (long long)by);
}

// For so long that the records of this and of other systems no longer agree (I9, I10).
static void
watch_unsynchronised(struct supervise *s)
{
	int64_t now = loop_now_ms(s->loop);
	int64_t after = s->site->clock_fault_after_ms;
	if (s->synchronised)
		s->unsynchronised_since_ms = -1;
	else if (s->unsynchronised_since_ms < 0)
		s->unsynchronised_since_ms = now;
	bool fault =
	    !s->synchronised && after > 0 && now - s->unsynchronised_since_ms >= after;
	engine_system_one(s->engine, s->site->clock_point, fault, "unsynchronised");
}

void
supervise_clock_behind(struct supervise *s)
{
	// A moment, not a state: it stays on the screen until somebody has seen it.
	engine_system_one(s->engine, s->site->clock_point, true, "behind-journal");
	engine_system_one(s->engine, s->site->clock_point, false, "behind-journal");
}

static void
watch_sync(struct supervise *s)
{
	bool timeless = loop_utc_ms(s->loop) < NO_TIME_BEFORE_MS;
	if (timeless != s->timeless) {
		s->timeless = timeless;
		engine_system_one(s->engine, s->site->clock_point, timeless, "no-time");
	}
	if (s->ticks % SYNC_EVERY_TICKS != 0)
		return;
	s->synchronised = clock_synchronised(loop_clock(s->loop));
	works_clock_quality(s->works, s->synchronised ? CLOCK_SYNCED : CLOCK_UNSYNCED);
	watch_unsynchronised(s);
}

static struct loop_lag
worst_lag(const struct supervise *s)
{
	struct loop_lag worst = { 0 };
	for (unsigned i = 0; i < LAG_CLEAR_TICKS; i++) {
		const struct loop_lag *lag = &s->lag[i];
		if (lag->late_ms > worst.late_ms)
			worst.late_ms = lag->late_ms;
		if (lag->callback_us > worst.callback_us)
			worst.callback_us = lag->callback_us;
	}
	return worst;
}

static void
watch_lag(struct supervise *s)
{
	s->lag[s->ticks % LAG_CLEAR_TICKS] = loop_take_lag(s->loop);
	bool lagging = worst_lag(s).late_ms > LAG_ALARM_MS;
	if (lagging != s->lagging) {
		s->lagging = lagging;
		engine_system_one(s->engine, s->site->loop_point, lagging, "lag");
	}
}

static void
tell_store(const struct supervise *s, const char *code, bool fault)
{
	engine_system_one(s->engine, s->site->store_point, fault, code);
}

static void
watch_store(struct supervise *s)
{
	enum store_mode m = s->store_mode;
	if (store_current_mode(s->store) == STORE_WRITER_LOST)
		m = STORE_WRITER_LOST;
	else if (m == STORE_OK && store_waiting_ms(s->store) > OVERDUE_MS)
		m = STORE_SLOW;
	if (m == s->store_shown)
		return;
	// What happened at a moment ends with the next change; it stays on the screen
	// until somebody has seen it.
	tell_store(s, "events-lost", false);
	tell_store(s, "not-carried", false);
	if (s->store_shown != STORE_OK)
		tell_store(s, store_mode_name(s->store_shown), false);
	if (m != STORE_OK)
		tell_store(s, store_mode_name(m), true);
	s->store_shown = m;
}

// No console that can sound: the operator may sleep through it (I9).
static void
watch_consoles(struct supervise *s)
{
	int64_t now = loop_now_ms(s->loop);
	if (s->sounding > 0)
		s->silent_since_ms = -1;
	else if (s->silent_since_ms < 0)
		s->silent_since_ms = now;
	bool silent =
	    s->silent_since_ms >= 0 && now - s->silent_since_ms >= NO_SOUND_MS;
	engine_system_one(s->engine, s->site->console_point, silent, "no-sound");
}

// A sign of life, so that the next run knows how long nobody watched, however quiet the
// site was (I11).
static void
write_alive(const struct supervise *s)
{
	char now[24], mono[24];
	if (s->ticks % ALIVE_EVERY_TICKS != 0 || !works_saves(s->works) ||
	    store_waiting_ms(s->store) > OVERDUE_MS)
		return;
	struct unit *u = unit_new();
	(void)snprintf(now, sizeof(now), "%lld", (long long)loop_utc_ms(s->loop));
	(void)snprintf(mono, sizeof(mono), "%lld", (long long)loop_now_ms(s->loop));
	unit_meta(u, STORE_META_ALIVE, now);
	unit_meta(u, STORE_META_ALIVE_MONO, mono);
	store_submit(s->store, u);
}

// One judgement for the heartbeat outputs and for the service manager.
static void
tell_alive(struct supervise *s)
{
	const struct alive_facts facts = {
		.late_ms = s->lag[s->ticks % LAG_CLEAR_TICKS].late_ms,
		.writer_silent_ms = store_silent_ms(s->store),
	};
	const char *dead = alive_judge(&facts);

	if (dead != NULL && s->dead == NULL)
		log_warnx("main", "cannot be relied on to alert people: %s", dead);
	s->dead = dead;
	if (s->alive != NULL)
		s->alive(s->alive_ctx, dead);
	if (dead == NULL)
		(void)sd_notify(0, "WATCHDOG=1");
}

static void
on_tick(void *arg)
{
	struct supervise *s = arg;
	watch_clock(s);
	watch_sync(s);
	watch_lag(s);
	watch_store(s);
	watch_consoles(s);
	write_alive(s);
	tell_alive(s);
	s->ticks++;
	loop_timer_in(s->loop, &s->tick, TICK_MS);
}

void
supervise_store(struct supervise *s, enum store_mode mode, const char *detail)
{
	if (mode == s->store_mode)
		return;
	log_warnx("store", "mode went from %s to %s: %s",
	    store_mode_name(s->store_mode), store_mode_name(mode), detail);
	const struct point *p = &s->site->points[s->site->store_point];
	struct event ev;
	event_init(&ev, EVENT_STORE_MODE);
	(void)str_copy(ev.point, sizeof(ev.point), p->id);
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	json_str(&b, "from", store_mode_name(s->store_mode));
	json_str(&b, "to", store_mode_name(mode));
	if (detail[0] != '\0')
		json_str(&b, "detail", detail);
	json_close(&b, '}');
	(void)str_copy(ev.params, sizeof(ev.params), b.data);
	buf_free(&b);
	s->store_mode = mode;
	(void)works_event(s->works, &ev);
	watch_store(s);
}

void
supervise_consoles(struct supervise *s, uint32_t consoles, uint32_t sounding)
{
	s->consoles = consoles;
	s->sounding = sounding;
	watch_consoles(s);
}

struct supervise *
supervise_new(struct loop *loop, const struct site *site, struct engine *engine,
    struct works *works, struct store *store)
{
	struct supervise *s = xcalloc(1, sizeof(*s));
	s->loop = loop;
	s->site = site;
	s->engine = engine;
	s->works = works;
	s->store = store;
	s->offset_ms = loop_utc_ms(loop) - loop_now_ms(loop);
	s->store_mode = STORE_OK;
	s->silent_since_ms = loop_now_ms(loop);
	s->unsynchronised_since_ms = -1;
	loop_timer_init(&s->tick, on_tick, s);
	// Faults of a run before this one end here, unless they are found again.
	engine_system(engine, site->store_point, false, NULL);
	engine_system(engine, site->loop_point, false, NULL);
	engine_system(engine, site->clock_point, false, NULL);
	engine_system(engine, site->network_point, false, NULL);
	engine_system(engine, site->console_point, false, NULL);
	tell_store(s, "no-key", store_keyless(store));
	on_tick(s);
	return s;
}

void
supervise_tell_alive(
    struct supervise *s, void (*alive)(void *ctx, const char *why), void *ctx)
{
	s->alive = alive;
	s->alive_ctx = ctx;
	alive(ctx, s->dead);
}

void
supervise_free(struct supervise *s)
{
	if (s == NULL)
		return;
	loop_timer_stop(s->loop, &s->tick);
	free(s);
}

void
supervise_look(const struct supervise *s, struct supervise_view *out)
{
	struct loop_lag lag = worst_lag(s);
	*out = (struct supervise_view){
		.late_ms = lag.late_ms,
		.callback_us = lag.callback_us,
		.store = s->store_shown,
		.clock_synchronised = s->synchronised,
		.consoles = s->consoles,
		.sounding = s->sounding,
	};
}
