// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A storm through the store as the daemon has it: a loop hands over EVENTS_PER_S units
// of one event for SECONDS, one in the middle a fire, and waits until all are on disk.
// Beside it the bare peer: the same rows in prepared inserts into one SQLite file with
// the same settings, a transaction of 1,000 rows at a time, or one each.
//   storm DIR EVENTS_PER_S SECONDS
// Prints lines of "NAME VALUE".
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/loop.h"
#include "lib/mem.h"
#include "store/db.h"
#include "store/event_row.h"
#include "store/store.h"

enum {
	TICK_MS = 5,
	AT_ONCE = 500, // what a callback hands over; the rest in the next round
	GROUP = 1000,
	SINGLES = 500,
	WAIT_MS = 120000,
	POINTS = 20000,
};

struct storm {
	struct loop *loop;
	struct store *store;
	struct loop_timer tick;
	unsigned per_s, seconds;
	unsigned sent, durable, lost, most_waiting;
	int64_t began_ms, sent_ms, fire_sent_ms, fire_durable_ms, worst_late_ms,
	    worst_callback_us;
};

static double
cpu_us(clockid_t clock)
{
	struct timespec t;
	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
no_mode(void *ctx, enum store_mode mode, const char *detail)
{
	(void)ctx;
	(void)fprintf(stderr, "storm: mode %s %s\n", store_mode_name(mode), detail);
}

static void
count_lost(
    void *ctx, int64_t from_utc_ms, int64_t to_utc_ms, const uint32_t lost[CLASS_COUNT])
{
	struct storm *s = ctx;
	(void)from_utc_ms;
	(void)to_utc_ms;
	for (unsigned c = 0; c < CLASS_COUNT; c++)
		s->lost += lost[c];
}

static void
fill(struct event *e, unsigned n, bool fire)
{
	enum condition c = fire ? COND_FIRE : COND_FAULT;
	event_init(e, EVENT_ALARM_ONSET);
	e->clock_quality = CLOCK_SYNCED;
	(void)snprintf(e->point, sizeof(e->point), "p%u", n % POINTS);
	(void)snprintf(e->place_zh, sizeof(e->place_zh), "点%u", n % POINTS);
	(void)snprintf(e->place_en, sizeof(e->place_en), "Point %u", n % POINTS);
	e->condition = (int)c;
	e->alarm_class = (int)condition_class(c);
	e->quality = QUALITY_GOOD;
	(void)snprintf(e->occurrence_id, sizeof(e->occurrence_id), "1-%u", n);
	(void)snprintf(e->incident_id, sizeof(e->incident_id), "1-%u", n);
}

static void
on_done(void *arg, const struct unit *u, bool durable)
{
	struct storm *s = arg;
	const struct event *e;
	(void)unit_events(u, &e);
	s->durable += durable;
	s->lost += !durable;
	if (e->alarm_class == CLASS_FIRE)
		s->fire_durable_ms = db_now_ms();
	if (s->durable + s->lost == s->per_s * s->seconds)
		loop_stop(s->loop);
}

static void
send_one(struct storm *s)
{
	struct unit *u = unit_new();
	struct event e;
	bool fire = s->sent == s->per_s * s->seconds / 2;
	fill(&e, s->sent++, fire);
	e.time_utc_ms = loop_utc_ms(s->loop);
	e.mono_ms = loop_now_ms(s->loop);
	(void)unit_event(u, &e);
	unit_on_done(u, on_done, s);
	if (fire)
		s->fire_sent_ms = db_now_ms();
	store_submit(s->store, u);
}

static void
on_tick(void *arg)
{
	struct storm *s = arg;
	int64_t now = db_now_ms();
	unsigned all = s->per_s * s->seconds;
	unsigned due = (unsigned)((now - s->began_ms) * s->per_s / 1000);
	struct loop_lag lag = loop_take_lag(s->loop);
	for (unsigned n = 0; n < AT_ONCE && s->sent < due && s->sent < all; n++)
		send_one(s);
	if (store_waiting(s->store) > s->most_waiting)
		s->most_waiting = (unsigned)store_waiting(s->store);
	if (lag.late_ms > s->worst_late_ms)
		s->worst_late_ms = lag.late_ms;
	if (lag.callback_us > s->worst_callback_us)
		s->worst_callback_us = lag.callback_us;
	if (s->sent == all && s->sent_ms == 0)
		s->sent_ms = now;
	if (now - s->began_ms > (int64_t)s->seconds * 1000 + WAIT_MS)
		loop_stop(s->loop);
	loop_timer_in(s->loop, &s->tick, s->sent < due ? 0 : TICK_MS);
}

static int
run_storm(struct storm *s, const char *directory)
{
	struct err err = { 0 };
	const struct store_options options = { .directory = directory,
		.site_id = "storm",
		.time_zone = "Asia/Shanghai",
		.config_rev = "0123456789abcdef" };
	const struct store_host host = {
		.ctx = s, .mode = no_mode, .lost = count_lost
	};
	s->loop = loop_new(clock_real());
	s->store = store_open(&options, s->loop, &host, &err);
	if (s->store == NULL) {
		(void)fprintf(stderr, "storm: %s\n", err.text);
		return -1;
	}
	loop_timer_init(&s->tick, on_tick, s);
	double all_us = cpu_us(CLOCK_PROCESS_CPUTIME_ID);
	double loop_us = cpu_us(CLOCK_THREAD_CPUTIME_ID);
	s->began_ms = db_now_ms();
	loop_timer_in(s->loop, &s->tick, 0);
	(void)loop_run(s->loop);
	all_us = cpu_us(CLOCK_PROCESS_CPUTIME_ID) - all_us;
	loop_us = cpu_us(CLOCK_THREAD_CPUTIME_ID) - loop_us;
	loop_timer_stop(s->loop, &s->tick);
	double took = (double)(db_now_ms() - s->began_ms) / 1000.0;
	(void)printf("sent %u\ndurable %u\nlost %u\n", s->sent, s->durable, s->lost);
	(void)printf("events_per_s %.0f\n", s->durable / took);
	(void)printf("seconds_to_hand_over %.3f\nseconds_to_durable %.3f\n",
	    (double)(s->sent_ms - s->began_ms) / 1000.0, took);
	(void)printf("fire_durable_ms %lld\n",
	    (long long)(s->fire_durable_ms - s->fire_sent_ms));
	(void)printf("most_waiting %u\nloop_late_ms %lld\ncallback_cpu_us %lld\n",
	    s->most_waiting, (long long)s->worst_late_ms,
	    (long long)s->worst_callback_us);
	(void)printf("writer_cpu_us_an_event %.2f\nloop_cpu_us_an_event %.2f\n",
	    (all_us - loop_us) / s->durable, loop_us / s->durable);
	store_close(s->store, WAIT_MS);
	loop_free(s->loop);
	return 0;
}

// ---- the bare peer
// -----------------------------------------------------------------------

static sqlite3_stmt *
open_peer(const char *directory, sqlite3 **db)
{
	char *path = xasprintf("%s/peer.db", directory), sql[2048];
	sqlite3_stmt *st = NULL;
	(void)snprintf(sql, sizeof(sql),
	    "CREATE TABLE event (%s); "
	    "CREATE INDEX a ON event (point); CREATE INDEX b ON event (class); "
	    "CREATE INDEX c ON event (occurrence_id)",
	    event_row_names);
	if (sqlite3_open(path, db) != SQLITE_OK ||
	    sqlite3_exec(*db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL", NULL,
		NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(*db, sql, NULL, NULL, NULL) != SQLITE_OK)
		exit(1);
	(void)snprintf(sql, sizeof(sql), "INSERT INTO event (%s) VALUES (%s)",
	    event_row_names, event_row_parameters);
	if (sqlite3_prepare_v2(*db, sql, -1, &st, NULL) != SQLITE_OK)
		exit(1);
	free(path);
	return st;
}

static void
put_bare(sqlite3_stmt *st, unsigned n)
{
	struct event e;
	struct cell cells[COL_COUNT] = { 0 };
	fill(&e, n, false);
	event_body_cells(&e, cells);
	cells[COL_SEQ] = cell_integer(n + 1);
	for (int i = 0; i < COL_COUNT; i++)
		(void)cell_bind(st, i + 1, &cells[i]);
	if (sqlite3_step(st) != SQLITE_DONE)
		exit(1);
	(void)sqlite3_reset(st);
}

static void
run_peer(const char *directory, unsigned rows)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = open_peer(directory, &db);
	double us = cpu_us(CLOCK_THREAD_CPUTIME_ID);
	int64_t began = db_now_ms();
	for (unsigned n = 0; n < rows; n++) {
		if (n % GROUP == 0)
			(void)sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
		put_bare(st, n);
		if ((n + 1) % GROUP == 0 || n + 1 == rows)
			(void)sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	}
	double took = (double)(db_now_ms() - began) / 1000.0;
	(void)printf("sqlite_events_per_s %.0f\n", rows / (took > 0 ? took : 0.001));
	(void)printf("sqlite_cpu_us_an_event %.2f\n",
	    (cpu_us(CLOCK_THREAD_CPUTIME_ID) - us) / rows);
	began = db_now_ms();
	for (unsigned n = 0; n < SINGLES; n++)
		put_bare(st, rows + n);
	took = (double)(db_now_ms() - began) / 1000.0;
	(void)printf(
	    "sqlite_commits_per_s %.0f\n", SINGLES / (took > 0 ? took : 0.001));
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
}

int
main(int argc, char **argv)
{
	if (argc != 4 || sodium_init() < 0)
		return 2;
	struct storm s = { .per_s = (unsigned)strtoul(argv[2], NULL, 10),
		.seconds = (unsigned)strtoul(argv[3], NULL, 10) };
	if (run_storm(&s, argv[1]) != 0)
		return 1;
	run_peer(argv[1], s.per_s * s.seconds);
	return s.durable == s.sent && s.lost == 0 ? 0 : 1;
}
