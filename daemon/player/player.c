// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See player.h. The parts are those of the daemon, started in its order, without a
// console and without people. Time moves on when everything was answered, the store
// included; with a speed it is held back to that.
#include "player/player.h"

#include <stdlib.h>
#include <time.h>

#include "engine.h"
#include "field.h"
#include "lib/clock.h"
#include "lib/mem.h"
#include "player/print.h"
#include "site.h"
#include "store/store.h"
#include "work.h"

enum {
	MONO_BEGIN_MS = 1000000,
	PACE_MS = 20,
	LOOK_MS = 1000, // without a speed: how often it is asked whether to stop
	STORE_PATIENCE_MS = 5000,
};

// 2026-01-01T00:00:00Z, whenever it is played.
static const int64_t utc_begin_ms = 1767225600000;

struct player {
	const struct player_options *o;
	struct clock clock;
	struct loop *loop;
	struct store *store;
	struct works *works;
	struct engine *engine;
	struct field *field;
	struct running_site *running;
	struct loop_timer end, pace;
	int64_t real_begin_ms;
	bool lost; // events, to the store
	struct print print;
};

static long long
played_ms(const struct player *p)
{
	return loop_now_ms(p->loop) - MONO_BEGIN_MS;
}

// ---- what is heard ------------------------------------------------------------------

static void
on_sample(void *ctx, const struct sample *s)
{
	struct player *p = ctx;
	print_sample(&p->print, played_ms(p), s);
}

static void
on_link(void *ctx, uint32_t point, bool lost, const char *code)
{
	const struct player *p = ctx;
	print_link(&p->print, played_ms(p), point, lost, code);
}

static void
on_event(void *ctx, const struct event *e)
{
	const struct player *p = ctx;
	print_event(&p->print, played_ms(p), e);
}

static void
on_durable(void *ctx, const struct event *e)
{
	const struct player *p = ctx;
	engine_durable(p->engine, e);
}

static void
on_saved(void *ctx, uint64_t serial, bool durable)
{
	(void)ctx;
	(void)serial;
	(void)durable;
}

static void
on_alarm(void *ctx, struct alarm_record *r, bool closed)
{
	(void)ctx;
	(void)r;
	(void)closed;
}

static void
on_raised(void *ctx, struct alarm_record *r, const struct event *onset)
{
	(void)ctx;
	(void)r;
	(void)onset;
}

static void
on_answered(void *ctx, struct alarm_record *r)
{
	(void)ctx;
	(void)r;
}

static void
on_sound(void *ctx, bool on)
{
	(void)ctx;
	(void)on;
}

static void
on_store_mode(void *ctx, enum store_mode mode, const char *detail)
{
	(void)ctx;
	(void)mode;
	(void)detail;
}

static void
on_store_lost(void *ctx, int64_t from, int64_t to, const uint32_t lost[CLASS_COUNT])
{
	struct player *p = ctx;
	(void)from;
	(void)to;
	(void)lost;
	p->lost = true;
}

// ---- time ---------------------------------------------------------------------------

static void
on_end(void *arg)
{
	const struct player *p = arg;
	loop_stop(p->loop);
}

static int64_t
real_ms(void)
{
	struct timespec ts;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
on_look(void *arg)
{
	struct player *p = arg;
	if (*p->o->stopped)
		loop_stop(p->loop);
	else
		loop_timer_in(p->loop, &p->pace, LOOK_MS);
}

// Waits until the real time has come for what was played.
static void
on_pace(void *arg)
{
	struct player *p = arg;
	if (*p->o->stopped) {
		loop_stop(p->loop);
		return;
	}
	int64_t due = p->real_begin_ms + played_ms(p) / p->o->speed;
	int64_t wait = due - real_ms();
	struct timespec ts = { wait / 1000, wait % 1000 * 1000000 };
	(void)fflush(p->o->out);
	if (wait > 0)
		(void)nanosleep(&ts, NULL);
	loop_timer_in(p->loop, &p->pace, (int64_t)PACE_MS * p->o->speed);
}

static uint32_t
length_of(const struct site *s)
{
	uint32_t length = 0;
	for (uint16_t i = 0; i < s->n_buses; i++) {
		const struct bus *b = &s->buses[i];
		if (b->kind == BUS_REPLAY &&
		    b->recording->length_ms / b->speed > length)
			length = b->recording->length_ms / b->speed;
	}
	return length;
}

// ---- start and stop
// -------------------------------------------------------------------

static int
start_store(struct player *p, struct err *err)
{
	const struct site *s = p->o->site;
	const struct store_options options = {
		.directory = p->o->directory,
		.site_id = s->id,
		.time_zone = s->time_zone,
		.statistics_day_min = s->statistics_day_min,
		.config_rev = s->revision,
	};
	const struct store_host host = {
		.ctx = p,
		.mode = on_store_mode,
		.lost = on_store_lost,
	};
	p->store = store_open(&options, p->loop, &host, err);
	return p->store != NULL ? 0 : -1;
}

static void
start_engine(struct player *p)
{
	const struct site *s = p->o->site;
	const struct recovered *r = store_recovered(p->store);
	const struct works_host works_host = { p, on_event, on_durable, on_saved };
	const struct engine_host engine_host = { p, on_alarm, on_raised, on_answered,
		on_sound, NULL, NULL, NULL };
	p->works = works_new(p->loop, p->store, r->last_boot + 1, &works_host);
	p->engine = engine_new(p->loop, s, p->store, p->works, &engine_host);
	engine_recover(p->engine, r, r->last_utc_ms);
	p->field = field_new(p->loop, s, p->works, r);
	store_recovered_free(p->store);
}

static void
print_end(const struct player *p)
{
	struct alarm_record **open = alarms_sorted(engine_alarms(p->engine));
	for (size_t i = 0; open[i] != NULL; i++)
		print_open(&p->print, played_ms(p), open[i]);
	free(open);
}

static int
play(struct player *p)
{
	const struct running_tap tap = { p, on_sample, on_link };
	const struct running_parts parts = {
		.loop = p->loop,
		.site = p->o->site,
		.engine = p->engine,
		.field = p->field,
		.tap = &tap,
	};
	loop_timer_init(&p->end, on_end, p);
	loop_timer_in(p->loop, &p->end, length_of(p->o->site));
	loop_timer_init(&p->pace, p->o->speed > 0 ? on_pace : on_look, p);
	p->real_begin_ms = real_ms();
	loop_timer_in(p->loop, &p->pace, 0);
	p->running = running_site_start(&parts);
	int rc = loop_run(p->loop);
	loop_timer_stop(p->loop, &p->pace);
	running_site_stop(p->running);
	print_end(p);
	return rc;
}

static void
stop(struct player *p)
{
	works_flush(p->works);
	store_close(p->store, STORE_PATIENCE_MS);
	engine_free(p->engine);
	works_free(p->works);
	field_free(p->field);
}

int
player_run(const struct player_options *o, struct err *err)
{
	struct player p = { .o = o };
	p.print = (struct print){
		.site = o->site,
		.out = o->out,
		.json = o->json,
		.last = xcalloc(o->site->n_points + 1, sizeof(struct sample)),
		.printed = xcalloc(o->site->n_points + 1, sizeof(bool)),
	};
	clock_virtual_init(&p.clock, MONO_BEGIN_MS, utc_begin_ms);
	p.loop = loop_new(&p.clock);
	int rc = start_store(&p, err);
	if (rc == 0) {
		start_engine(&p);
		rc = play(&p);
		stop(&p);
		if (rc != 0 || p.lost)
			rc = err_set(err, 0, "the journal of the replay: %s",
			    p.lost ? "events were lost" : "the loop failed");
	}
	loop_free(p.loop);
	free(p.print.last);
	free(p.print.printed);
	return rc;
}
