// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The order in which what waits is written: fire, acknowledge and system events
// overtake in a storm (I2), and nothing is written before what it refers to (I4, I5).
// The queue is compared, step by step over thousands of random ones, with a plain list
// that looks at every pair.
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "store/queue.h"
#include "store_fixture.h"
#include "test.h"

enum {
	UNITS = 400, // in a run
	KEYS_MAX = 8
};

// ---- the plain list
// --------------------------------------------------------------------

// A unit as the test knows it. Keys are numbers: points, then settings.
struct sketch {
	struct unit *u;
	bool urgent, stop;
	unsigned n_keys, keys[KEYS_MAX];
};

struct model {
	struct sketch urgent[UNITS], others[UNITS];
	unsigned n_urgent, n_others;
};

static uint32_t dice;

static unsigned
chance(unsigned sides)
{
	dice = dice * 1664525u + 1013904223u;
	return (dice >> 8) % sides;
}

static bool
share(const struct sketch *a, const struct sketch *b)
{
	for (unsigned i = 0; i < a->n_keys; i++) {
		for (unsigned k = 0; k < b->n_keys; k++) {
			if (a->keys[i] == b->keys[k])
				return true;
		}
	}
	return false;
}

// From the back of the line: whatever shares a key with what goes must go before it.
static void
model_overtake(struct model *m, const struct sketch *s)
{
	bool goes[UNITS] = { false };
	for (unsigned i = m->n_others; i > 0; i--) {
		const struct sketch *o = &m->others[i - 1];
		goes[i - 1] = share(o, s);
		for (unsigned k = i; k < m->n_others && !goes[i - 1]; k++)
			goes[i - 1] = goes[k] && share(o, &m->others[k]);
	}
	unsigned kept = 0;
	for (unsigned i = 0; i < m->n_others; i++) {
		if (goes[i])
			m->urgent[m->n_urgent++] = m->others[i];
		else
			m->others[kept++] = m->others[i];
	}
	m->n_others = kept;
	m->urgent[m->n_urgent++] = *s;
}

static struct sketch
model_take(struct model *m)
{
	struct sketch *line = m->n_urgent > 0 ? m->urgent : m->others;
	unsigned *n = m->n_urgent > 0 ? &m->n_urgent : &m->n_others;
	struct sketch s = line[0];
	memmove(line, line + 1, --*n * sizeof(*line));
	return s;
}

// ---- random units
// ----------------------------------------------------------------------

static void
note_key(struct sketch *s, unsigned key)
{
	assert_true(s->n_keys < KEYS_MAX);
	s->keys[s->n_keys++] = key;
}

static void
add_event(struct sketch *s, unsigned point)
{
	static const enum event_kind kinds[] = { EVENT_ALARM_ONSET, EVENT_ALARM_CLEAR,
		EVENT_ALARM_ACKNOWLEDGE, EVENT_POINT_CHANGE, EVENT_OUTPUT_ON };
	struct event e;
	unsigned roll = chance(40);
	event_init(&e, kinds[chance(ARRAY_LEN(kinds))]);
	if (roll == 0)
		e.kind = EVENT_DAEMON_STOP;
	e.alarm_class = roll == 1 ? CLASS_FIRE : roll == 2 ? CLASS_SYSTEM : CLASS_FAULT;
	// Some are known by their occurrence alone.
	if (point == 0)
		(void)str_copy(e.occurrence_id, sizeof(e.occurrence_id), "p0");
	else
		(void)snprintf(e.point, sizeof(e.point), "p%u", point);
	(void)unit_event(s->u, &e);
	note_key(s, point);
	s->stop = s->stop || e.kind == EVENT_DAEMON_STOP;
	s->urgent =
	    s->urgent || roll == 1 || roll == 2 || e.kind == EVENT_ALARM_ACKNOWLEDGE;
}

static void
add_row(struct sketch *s, unsigned point)
{
	struct alarm_row row = { .condition = COND_FAULT, .alarm_class = CLASS_FAULT };
	if (chance(30) == 0) {
		row.alarm_class = CLASS_FIRE;
		s->urgent = true;
	}
	(void)snprintf(row.point, sizeof(row.point), "p%u", point);
	unit_alarm(s->u, &row);
	note_key(s, point);
}

static struct sketch
random_unit(unsigned points)
{
	struct sketch s = { .u = unit_new() };
	unsigned n = chance(3);
	for (unsigned i = 0; i <= n; i++) {
		unsigned what = chance(12), key = chance(points);
		char name[16];
		(void)snprintf(name, sizeof(name), "set/%u", key);
		if (what == 0) {
			unit_meta(s.u, name, "1");
			note_key(&s, points + key);
		} else if (what == 1) {
			struct flag_row row = { .entry.condition = -1 };
			(void)snprintf(row.entry.target, ID_MAX, "p%u", key);
			unit_flag(s.u, &row);
			note_key(&s, key);
		} else if (what < 4) {
			add_row(&s, key);
		} else {
			add_event(&s, key);
		}
	}
	s.urgent = s.urgent && !s.stop;
	return s;
}

static void
take_one(struct unit_queue *q, struct model *m)
{
	struct sketch wanted = model_take(m);
	struct unit *u = queue_take(q);
	assert_ptr_equal(u, wanted.u);
	unit_free(u);
}

// Any line of units, at any moment: written is what the plain list says, in its order.
static void
test_i2_i4_urgent_overtakes_what_it_may(void **state)
{
	(void)state;
	unsigned overtaken = 0, taken_along = 0;
	for (uint32_t run = 1; run <= 3000; run++) {
		struct unit_queue q;
		static struct model m;
		memset(&m, 0, sizeof(m));
		queue_init(&q, 100000, 100000000);
		dice = run;
		unsigned points = 2 + chance(60), takes = 2 + chance(6);
		for (unsigned i = 0; i < 120; i++) {
			struct sketch s = random_unit(points);
			assert_int_equal(unit_urgent(s.u), s.urgent);
			assert_true(queue_add(&q, s.u));
			unsigned before = m.n_urgent;
			if (s.urgent) {
				model_overtake(&m, &s);
				overtaken += m.n_others > 0;
				taken_along += m.n_urgent - before - 1;
			} else {
				m.others[m.n_others++] = s;
			}
			if (chance(takes) == 0 && m.n_urgent + m.n_others > 0)
				take_one(&q, &m);
		}
		while (m.n_urgent + m.n_others > 0)
			take_one(&q, &m);
		assert_null(queue_take(&q));
		assert_int_equal(q.rows, 0);
		assert_int_equal(q.bytes, 0);
		queue_free(&q);
	}
	assert_true(overtaken > 10000 && taken_along > 10000);
}

static struct unit *
unit_of(const char *point, enum alarm_class class)
{
	struct unit *u = unit_new();
	struct event e;
	event_init(&e, EVENT_ALARM_ONSET);
	e.alarm_class = class;
	(void)str_copy(e.point, sizeof(e.point), point);
	(void)unit_event(u, &e);
	return u;
}

// Where too much would have to come along, the fire keeps its place, and so does a fire
// behind it; once it is through, the next overtakes again.
static void
test_i4_too_many_to_take_along(void **state)
{
	(void)state;
	struct unit_queue q;
	queue_init(&q, 100000, 100000000);
	for (unsigned i = 0; i < ORDER_PULL_MAX + 5; i++)
		assert_true(queue_add(&q, unit_of("chatters", CLASS_FAULT)));
	struct unit *same = unit_of("chatters", CLASS_FIRE);
	struct unit *other = unit_of("quiet", CLASS_FIRE);
	assert_true(queue_add(&q, same));
	assert_true(queue_add(&q, other));
	for (unsigned i = 0; i < ORDER_PULL_MAX + 5; i++)
		unit_free(queue_take(&q));
	struct unit *u = queue_take(&q);
	assert_ptr_equal(u, same);
	unit_free(u);
	assert_true(queue_add(&q, unit_of("more", CLASS_FAULT)));
	u = queue_take(&q);
	assert_ptr_equal(u, other);
	unit_free(u);
	struct unit *last = unit_of("quiet", CLASS_FIRE);
	assert_true(queue_add(&q, last));
	u = queue_take(&q);
	assert_ptr_equal(u, last);
	unit_free(u);
	unit_free(queue_take(&q));
	assert_null(queue_take(&q));
	queue_free(&q);
}

// ---- through the store
// -----------------------------------------------------------------

static int64_t
one_integer(const struct store_fixture *f, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	assert_int_equal(
	    sqlite3_open(store_fixture_path(f, "journal.db"), &db), SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
	return n;
}

static void
put_fire(struct store_fixture *f, unsigned point)
{
	struct unit *u = unit_new();
	struct event e;
	struct alarm_row row = {
		.condition = COND_FIRE, .alarm_class = CLASS_FIRE, .quality = -1
	};
	struct notice n = { .state = NOTICE_OWED };
	store_fixture_event(f, &e, EVENT_ALARM_ONSET, COND_FIRE, point);
	(void)str_copy(e.occurrence_id, sizeof(e.occurrence_id), "1-fire");
	(void)str_copy(row.point, sizeof(row.point), e.point);
	(void)str_copy(row.occurrence_id, sizeof(row.occurrence_id), e.occurrence_id);
	(void)str_copy(n.id, sizeof(n.id), "1-notice");
	(void)unit_event(u, &e);
	n.subject = e;
	unit_alarm(u, &row);
	unit_notice(u, &n);
	store_fixture_submit(f, u);
}

static void
put_acknowledge(struct store_fixture *f, unsigned point, const char *occurrence)
{
	struct event e;
	store_fixture_event(f, &e, EVENT_ALARM_ACKNOWLEDGE, COND_FAULT, point);
	(void)str_copy(e.occurrence_id, sizeof(e.occurrence_id), occurrence);
	store_fixture_add(f, &e);
}

// I2, I5: while another program holds the database, a storm of 20,000 gathers, in its
// middle a fire at a point that had faults before, at its end an acknowledgement. The
// fire is among the first written, with its notice and its open alarm in the same
// transaction, behind the faults of its own point; the acknowledgement behind its
// onset.
static void
test_i2_i5_fire_first_out_of_a_storm(void **state)
{
	(void)state;
	struct store_fixture f;
	struct event e;
	sqlite3 *db = NULL;
	store_fixture_new(&f, true);
	assert_true(store_fixture_open(&f));
	assert_int_equal(
	    sqlite3_open(store_fixture_path(&f, "journal.db"), &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	for (unsigned i = 0; i < 20000; i++) {
		store_fixture_event(&f, &e, EVENT_ALARM_ONSET, COND_FAULT, i % 5000);
		(void)snprintf(e.occurrence_id, sizeof(e.occurrence_id), "1-%u", i);
		store_fixture_add(&f, &e);
		if (i == 10000)
			put_fire(&f, 4999);
	}
	put_acknowledge(&f, 77, "1-15077");
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
	f.next_seq = 1;
	assert_true(store_fixture_wait(&f, store_fixture_idle, 30000));
	store_fixture_close(&f);
	assert_false(f.out_of_order);
	assert_int_equal(f.not_durable, 0);
	assert_int_equal(store_fixture_verify(&f), 20002);
	int64_t fire =
	    one_integer(&f, "SELECT seq FROM event WHERE occurrence_id = '1-fire'");
	assert_in_range(fire, 1, 6000);
	assert_int_equal(
	    one_integer(&f, "SELECT subject_seq FROM outbox WHERE id = '1-notice'"),
	    fire);
	assert_int_equal(one_integer(&f, "SELECT onset_seq FROM alarm_open WHERE "
					 "occurrence_id = '1-fire'"),
	    fire);
	assert_int_equal(
	    one_integer(&f, "SELECT max(seq) FROM event WHERE occurrence_id IN "
			    "('1-4999', '1-9999')"),
	    fire - 1);
	assert_true(
	    one_integer(&f, "SELECT seq FROM event WHERE kind = 'alarm.acknowledge'") >
	    one_integer(&f, "SELECT seq FROM event WHERE occurrence_id = '1-15077'"));
	// Of each point, in order.
	assert_int_equal(
	    one_integer(&f, "SELECT count(*) FROM event a JOIN event b ON a.point = "
			    "b.point AND a.seq < b.seq AND a.mono_ms > b.mono_ms"),
	    0);
	assert_int_equal(
	    one_integer(&f, "SELECT count(*) FROM (SELECT CAST(substr("
			    "occurrence_id, 3) AS INTEGER) AS n, lag(CAST(substr("
			    "occurrence_id, 3) AS INTEGER)) OVER (PARTITION BY point "
			    "ORDER BY seq) AS was FROM event WHERE kind = "
			    "'alarm.onset' AND class = 'fault') WHERE n < was"),
	    0);
	store_fixture_free(&f);
}

// Each kind was thought of, a new one too: what is in none of the two lists aborts.
static void
test_every_kind_has_its_claim(void **state)
{
	unsigned reserved = 0;
	(void)state;
	for (enum event_kind k = 0; k < EVENT_KIND_COUNT; k++) {
		struct event e;
		event_init(&e, k);
		e.alarm_class = CLASS_FAULT;
		reserved += unit_event_reserved(&e);
		e.alarm_class = CLASS_FIRE;
		assert_true(unit_event_reserved(&e));
	}
	assert_in_range(reserved, 1, EVENT_KIND_COUNT - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_has_its_claim),
		cmocka_unit_test(test_i2_i4_urgent_overtakes_what_it_may),
		cmocka_unit_test(test_i4_too_many_to_take_along),
		cmocka_unit_test(test_i2_i5_fire_first_out_of_a_storm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
