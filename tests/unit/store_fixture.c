// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See store_fixture.h. Owns a folder under $TMPDIR or /tmp and removes it whole.
#include "store_fixture.h"

#include <sys/stat.h>

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"
#include "test.h"

static void
on_mode(void *ctx, enum store_mode mode, const char *detail)
{
	struct store_fixture *f = ctx;
	f->mode = mode;
	f->modes_seen |= 1u << mode;
	(void)str_copy(f->detail, sizeof(f->detail), detail);
}

static void
on_unread(void *ctx)
{
	((struct store_fixture *)ctx)->unread++;
}

static void
on_lost(
    void *ctx, int64_t from_utc_ms, int64_t to_utc_ms, const uint32_t lost[CLASS_COUNT])
{
	struct store_fixture *f = ctx;
	assert_true(from_utc_ms <= to_utc_ms);
	f->lost_calls++;
	for (unsigned i = 0; i < CLASS_COUNT; i++)
		f->lost[i] += lost[i];
}

static void
on_anchored(void *ctx, const struct store_anchor *a)
{
	struct store_fixture *f = ctx;
	f->anchor = *a;
	f->anchors++;
}

static void
on_cut(void *ctx, int64_t before_utc_ms, int64_t events, int64_t last_seq)
{
	struct store_fixture *f = ctx;
	assert_true(before_utc_ms > 0 && events > 0);
	f->cut_seq = last_seq;
	f->cuts++;
}

void
store_fixture_new(struct store_fixture *f, bool real_clock)
{
	memset(f, 0, sizeof(*f));
	const char *base = getenv("TMPDIR");
	(void)snprintf(f->directory, sizeof(f->directory), "%s/wr-store-XXXXXX",
	    base != NULL && strlen(base) < 40 ? base : "/tmp");
	assert_non_null(mkdtemp(f->directory));
	clock_virtual_init(&f->clock, 1000, FIXTURE_UTC_MS);
	f->loop = loop_new(real_clock ? clock_real() : &f->clock);
	f->options = (struct store_options){
		.directory = f->directory,
		.site_id = "tower-a",
		.site_name_zh = "科技大厦",
		.site_name_en = "Tower A",
		.time_zone = "Asia/Shanghai",
		.statistics_day_min = 8 * 60,
		.config_rev = "0123456789abcdef",
	};
}

bool
store_fixture_open(struct store_fixture *f)
{
	const struct store_host host = {
		.ctx = f,
		.mode = on_mode,
		.lost = on_lost,
		.unread = on_unread,
		.anchored = on_anchored,
		.cut = on_cut,
	};
	f->err = (struct err){ 0 };
	f->store = store_open(&f->options, f->loop, &host, &f->err);
	return f->store != NULL;
}

void
store_fixture_close(struct store_fixture *f)
{
	store_close(f->store, 10000);
	f->store = NULL;
}

static void
remove_folder(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *e;
	while (d != NULL && (e = readdir(d)) != NULL) {
		char file[400];
		(void)snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		(void)unlink(file);
	}
	if (d != NULL)
		(void)closedir(d);
	(void)rmdir(path);
}

void
store_fixture_free(struct store_fixture *f)
{
	store_fixture_close(f);
	loop_free(f->loop);
	remove_folder(f->directory);
}

// Polls the condition from inside the loop, so that virtual time moves on.
struct waiting {
	struct store_fixture *f;
	bool (*until)(const struct store_fixture *f);
	struct loop_timer timer;
	int64_t deadline_ms; // of the machine's clock
};

static void
on_check(void *arg)
{
	struct waiting *w = arg;
	struct clock *real = clock_real();
	if (w->until(w->f) || real->mono_ms(real) >= w->deadline_ms)
		loop_stop(w->f->loop);
	else
		loop_timer_in(
		    w->f->loop, &w->timer, w->f->poll_ms > 0 ? w->f->poll_ms : 2);
}

bool
store_fixture_wait(struct store_fixture *f,
    bool (*until)(const struct store_fixture *f), int deadline_ms)
{
	struct clock *real = clock_real();
	struct waiting w = {
		.f = f, .until = until, .deadline_ms = real->mono_ms(real) + deadline_ms
	};
	loop_timer_init(&w.timer, on_check, &w);
	loop_timer_in(f->loop, &w.timer, 0);
	assert_int_equal(loop_run(f->loop), 0);
	loop_timer_stop(f->loop, &w.timer);
	return until(f);
}

bool
store_fixture_idle(const struct store_fixture *f)
{
	return store_waiting(f->store) == 0 && store_waiting_ms(f->store) == 0;
}

void
store_fixture_event(struct store_fixture *f, struct event *e, enum event_kind kind,
    enum condition condition, unsigned n)
{
	event_init(e, kind);
	e->time_utc_ms = loop_utc_ms(f->loop);
	e->mono_ms = loop_now_ms(f->loop);
	e->clock_quality = CLOCK_SYNCED;
	e->condition = (int)condition;
	e->alarm_class = (int)condition_class(condition);
	e->quality = QUALITY_GOOD;
	(void)snprintf(e->point, sizeof(e->point), "p%u", n);
	(void)snprintf(e->place_zh, sizeof(e->place_zh), "%u层走廊", n);
	(void)snprintf(e->place_en, sizeof(e->place_en), "Corridor, floor %u", n);
	(void)snprintf(e->code, sizeof(e->code), "%s/x", condition_name(condition));
	(void)snprintf(e->occurrence_id, sizeof(e->occurrence_id), "1-%u", n);
	(void)snprintf(e->incident_id, sizeof(e->incident_id), "1-%u", n);
}

static void
on_done(void *arg, const struct unit *u, bool durable)
{
	struct store_fixture *f = arg;
	const struct event *events;
	size_t n = unit_events(u, &events);
	f->done_units++;
	if (!durable)
		f->not_durable++;
	for (size_t i = 0; i < n && durable; i++) {
		if (f->next_seq != 0 && events[i].seq != f->next_seq)
			f->out_of_order = true;
		f->next_seq = events[i].seq + 1;
		f->durable_events++;
	}
}

void
store_fixture_submit(struct store_fixture *f, struct unit *u)
{
	unit_on_done(u, on_done, f);
	store_submit(f->store, u);
}

void
store_fixture_add(struct store_fixture *f, const struct event *e)
{
	struct unit *u = unit_new();
	(void)unit_event(u, e);
	store_fixture_submit(f, u);
}

const char *
store_fixture_path(const struct store_fixture *f, const char *name)
{
	static char path[200];
	(void)snprintf(path, sizeof(path), "%s/%s", f->directory, name);
	return path;
}

int64_t
store_fixture_verify(const struct store_fixture *f)
{
	struct verify_result v;
	struct err err = { 0 };
	int rc = store_verify(store_fixture_path(f, "journal.db"), NULL, &v, &err);
	if (rc != 0 || v.reason[0] != '\0')
		print_error("verify: %s, seq %lld, %s\n", v.reason,
		    (long long)v.first_bad_seq, err.text);
	assert_int_equal(rc, 0);
	assert_string_equal(v.reason, "");
	assert_int_equal(v.first_bad_seq, 0);
	return v.events;
}

void
store_fixture_run_sql_on(
    const struct store_fixture *f, const char *name, const char *sql)
{
	sqlite3 *db = NULL;
	char *message = NULL;

	assert_int_equal(sqlite3_open(store_fixture_path(f, name), &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
	(void)sqlite3_close(db);
}

void
store_fixture_run_sql(const struct store_fixture *f, const char *sql)
{
	store_fixture_run_sql_on(f, "journal.db", sql);
}
