// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The round's units of work: what is urgent goes apart from the rest and is durable
// before it, nobody is told of more than is durable (I3), and what belongs together is
// one transaction (I5).
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "lib/mem.h"
#include "store_fixture.h"
#include "test.h"
#include "work.h"

enum {
	SERIALS = 16384
};

struct rig {
	struct store_fixture f;
	struct works *works;
	int64_t last_seq; // of the newest durable event
	uint8_t saved[SERIALS];
	unsigned n_saved, lost;
};

struct answer {
	unsigned n;
	struct reply reply;
	int64_t durable_then; // last seq when it was answered
	const struct rig *rig;
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
	struct rig *r = ctx;
	assert_int_equal(e->seq, r->last_seq + 1);
	r->last_seq = e->seq;
}

static void
on_saved(void *ctx, uint64_t serial, bool durable)
{
	struct rig *r = ctx;
	assert_true(serial > 0 && serial < SERIALS && r->saved[serial] == 0);
	r->saved[serial] = 1;
	r->n_saved++;
	r->lost += !durable;
}

static void
rig_new(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	store_fixture_new(&r->f, true);
	assert_true(store_fixture_open(&r->f));
	const struct works_host host = { r, no_event, on_durable, on_saved };
	r->works = works_new(r->f.loop, r->f.store, 1, &host);
}

static void
rig_free(struct rig *r)
{
	store_fixture_close(&r->f);
	works_free(r->works);
	r->works = NULL;
	store_fixture_free(&r->f);
}

static void
on_reply(void *arg, const struct reply *reply)
{
	struct answer *a = arg;
	a->n++;
	a->reply = *reply;
	a->durable_then = a->rig->last_seq;
}

static void
add(struct rig *r, enum event_kind kind, enum condition condition, unsigned point)
{
	struct event e;
	store_fixture_event(&r->f, &e, kind, condition, point);
	(void)works_event(r->works, &e);
}

static sqlite3 *
open_journal(const struct rig *r, const char *sql)
{
	sqlite3 *db = NULL;
	assert_int_equal(
	    sqlite3_open(store_fixture_path(&r->f, "journal.db"), &db), SQLITE_OK);
	if (sql != NULL)
		assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	return db;
}

static int64_t
one_integer(const struct rig *r, const char *sql)
{
	sqlite3 *db = open_journal(r, NULL);
	sqlite3_stmt *st = NULL;
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
	return n;
}

// I2, I3: a command about a fault, then a round with faults, a fire, and a command
// about the fire. The fire and its answer come first; the answer to the earlier command
// comes when its own event is durable and not before.
static void
test_i3_an_answer_is_of_its_own_unit(void **state)
{
	static struct rig r;
	(void)state;
	rig_new(&r);
	struct answer slow = { .rig = &r }, fast = { .rig = &r };
	sqlite3 *lock = open_journal(&r, "BEGIN IMMEDIATE");
	for (unsigned i = 0; i < 6000; i++) {
		add(&r, EVENT_ALARM_ONSET, COND_FAULT, i);
		works_flush(r.works);
	}
	add(&r, EVENT_ALARM_NOTE, COND_FAULT, 5999);
	works_reply(r.works, on_reply, &slow);
	works_flush(r.works);
	add(&r, EVENT_ALARM_ONSET, COND_FAULT, 7000);
	add(&r, EVENT_ALARM_ONSET, COND_FIRE, 8000);
	uint64_t of_fire = works_serial(r.works);
	add(&r, EVENT_ALARM_ONSET, COND_FAULT, 8000); // follows the fire
	assert_int_equal(works_serial(r.works), of_fire);
	add(&r, EVENT_ALARM_ONSET, COND_FAULT, 7001);
	assert_true(works_serial(r.works) != of_fire);
	works_flush(r.works);
	add(&r, EVENT_ALARM_ACKNOWLEDGE, COND_FIRE, 8000);
	works_reply(r.works, on_reply, &fast);
	works_flush(r.works);
	assert_int_equal(sqlite3_exec(lock, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(lock);
	assert_true(store_fixture_wait(&r.f, store_fixture_idle, 20000));
	assert_int_equal(slow.n, 1);
	assert_int_equal(fast.n, 1);
	assert_int_equal(r.lost, 0);
	int64_t fire = one_integer(
	    &r, "SELECT seq FROM event WHERE class = 'fire' AND kind = 'alarm.onset'");
	assert_in_range(fire, 1, 5000);
	if (fast.reply.status == 200) {
		assert_int_equal(one_integer(&r, "SELECT seq FROM event WHERE kind = "
						 "'alarm.acknowledge'"),
		    fast.reply.seq);
		assert_true(fast.durable_then >= fast.reply.seq);
	}
	if (slow.reply.status == 200) {
		assert_int_equal(
		    one_integer(&r, "SELECT seq FROM event WHERE kind = 'alarm.note'"),
		    slow.reply.seq);
		assert_true(slow.durable_then >= slow.reply.seq);
		assert_true(slow.reply.seq > fast.reply.seq);
	}
	// The fault at the point of the fire stays behind the fire.
	assert_int_equal(
	    one_integer(&r, "SELECT seq FROM event WHERE point = 'p8000' AND class = "
			    "'fault'"),
	    fire + 1);
	rig_free(&r);
}

// I5: a setting belongs to what was added before it, whichever that is: the round is
// then one transaction, and both its serials are told with it.
static void
test_i5_a_round_with_a_setting_is_one_unit(void **state)
{
	static struct rig r;
	(void)state;
	rig_new(&r);
	r.last_seq = 0;
	struct answer a = { .rig = &r };
	add(&r, EVENT_PANEL_EVENT, COND_FAULT, 1);
	uint64_t of_record = works_serial(r.works);
	add(&r, EVENT_ALARM_ONSET, COND_FIRE, 2);
	uint64_t of_fire = works_serial(r.works);
	assert_true(of_record != of_fire);
	works_meta(r.works, "queue/panel", "17");
	add(&r, EVENT_ALARM_ONSET, COND_FIRE, 3);
	assert_int_equal(works_serial(r.works), of_record);
	works_reply(r.works, on_reply, &a);
	assert_int_equal(r.n_saved, 0);
	assert_true(store_fixture_wait(&r.f, store_fixture_idle, 20000));
	loop_run_ready(r.f.loop);
	assert_int_equal(r.n_saved, 2);
	assert_true(r.saved[of_record] && r.saved[of_fire]);
	assert_int_equal(a.n, 1);
	assert_int_equal(a.reply.status, 200);
	assert_int_equal(a.reply.seq, 3);
	assert_int_equal(r.last_seq, 3);
	rig_free(&r);
}

// A command whose rows are in both units is answered after the later of them.
static void
test_i3_an_answer_waits_for_both_units(void **state)
{
	static struct rig r;
	(void)state;
	rig_new(&r);
	struct answer a = { .rig = &r };
	add(&r, EVENT_ALARM_RESET, COND_FAULT, 1);
	add(&r, EVENT_ALARM_CLEAR, COND_FAULT, 2);
	works_reply(r.works, on_reply, &a);
	assert_true(store_fixture_wait(&r.f, store_fixture_idle, 20000));
	loop_run_ready(r.f.loop);
	assert_int_equal(a.n, 1);
	assert_int_equal(a.reply.status, 200);
	assert_int_equal(a.reply.seq, 2);
	assert_int_equal(a.durable_then, 2);
	assert_int_equal(r.n_saved, 2);
	rig_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i3_an_answer_is_of_its_own_unit),
		cmocka_unit_test(test_i5_a_round_with_a_setting_is_one_unit),
		cmocka_unit_test(test_i3_an_answer_waits_for_both_units),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
