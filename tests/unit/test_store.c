// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The store as the daemon uses it: units in, callbacks in order, what a restart gets
// back, one daemon per folder, people added beside a running daemon, virtual time.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"
#include "store_fixture.h"
#include "test.h"

static bool
all_done(const struct store_fixture *f)
{
	return store_fixture_idle(f) && f->done_units > 0;
}

// I4: ten thousand events in groups of random size get seq 1 to 10,000 in the order of
// submission, callbacks in the same order, and the chain holds.
static void
test_i4_ten_thousand_events(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_new(&f, true);
	assert_true(store_fixture_open(&f));
	f.next_seq = 1;
	srand(1);
	unsigned n = 0, units = 0;
	while (n < 10000) {
		struct unit *u = unit_new();
		unsigned group = (unsigned)rand() % 40u + 1;
		for (unsigned i = 0; i < group && n < 10000; i++) {
			struct event e;
			store_fixture_event(&f, &e, EVENT_ALARM_ONSET,
			    (enum condition)(n % COND_LINK), n % 700);
			e.mono_ms = ++n;
			(void)unit_event(u, &e);
		}
		store_fixture_submit(&f, u);
		units++;
		if (units % 50 == 0)
			loop_run_ready(f.loop);
	}
	assert_true(store_fixture_wait(&f, all_done, 20000));
	assert_int_equal(f.durable_events, 10000);
	assert_int_equal(f.done_units, units);
	assert_false(f.out_of_order);
	assert_int_equal(f.next_seq, 10001);
	assert_int_equal(store_fixture_verify(&f), 10000); // beside the open store
	store_fixture_close(&f);
	assert_int_equal(store_fixture_verify(&f), 10000);
	store_fixture_free(&f);
}

struct seen {
	size_t n;
	int64_t last_seq, last_mono;
	bool ordered;
	struct stored_event first;
};

static bool
see(void *arg, const struct stored_event *e)
{
	struct seen *s = arg;
	if (s->n++ == 0)
		s->first = *e;
	else if (e->event.seq <= s->last_seq)
		s->ordered = false;
	s->last_seq = e->event.seq;
	s->last_mono = e->event.mono_ms;
	return true;
}

// Every field comes back as it went in.
static void
test_event_survives_whole(void **state)
{
	(void)state;
	struct store_fixture f;
	struct event e;
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	store_fixture_event(&f, &e, EVENT_ALARM_ONSET, COND_PROCESS, 3);
	e.value = 0.1;
	e.clock_quality = CLOCK_UNSYNCED;
	e.not_before_utc_ms = 5;
	e.device_time_ms = -6;
	e.cause_seq = 7;
	(void)str_copy(e.actor, sizeof(e.actor), "王");
	(void)str_copy(e.params, sizeof(e.params), "{\"raw\":4096}");
	store_fixture_add(&f, &e);
	assert_true(store_fixture_wait(&f, all_done, 5000));
	struct reader *r = reader_open(f.directory, &f.err);
	assert_non_null(r);
	struct seen s = { .ordered = true };
	struct event_filter all = { .alarm_class = -1, .limit = 10 };
	assert_int_equal(query_events(r, &all, see, &s, &f.err), 1);
	const struct event *b = &s.first.event;
	assert_int_equal(b->seq, 1);
	assert_int_equal(b->kind, e.kind);
	assert_int_equal(b->time_utc_ms, e.time_utc_ms);
	assert_int_equal(b->mono_ms, e.mono_ms);
	assert_int_equal(b->clock_quality, e.clock_quality);
	assert_string_equal(b->point, "p3");
	assert_string_equal(b->place_zh, e.place_zh);
	assert_string_equal(b->place_en, e.place_en);
	assert_int_equal(b->condition, COND_PROCESS);
	assert_string_equal(b->code, e.code);
	assert_string_equal(b->occurrence_id, e.occurrence_id);
	assert_string_equal(b->incident_id, e.incident_id);
	assert_int_equal(b->alarm_class, CLASS_PROCESS);
	assert_string_equal(b->actor, "王");
	assert_memory_equal(&b->value, &e.value, sizeof(double));
	assert_int_equal(b->quality, QUALITY_GOOD);
	assert_string_equal(b->params, e.params);
	assert_int_equal(b->not_before_utc_ms, 5);
	assert_int_equal(b->device_time_ms, -6);
	assert_int_equal(b->cause_seq, 7);
	assert_string_equal(s.first.config_rev, "0123456789abcdef");
	assert_int_equal(strlen(s.first.epoch), 32);
	assert_int_equal(strlen(s.first.boot_id), 32);
	assert_string_equal(s.first.epoch, store_recovered(f.store)->epoch);
	reader_close(r);
	store_fixture_free(&f);
}

static void
fill_alarm(struct alarm_row *a, unsigned n)
{
	memset(a, 0, sizeof(*a));
	(void)snprintf(a->point, sizeof(a->point), "p%u", n);
	a->condition = COND_FIRE;
	(void)str_copy(a->code, sizeof(a->code), "fire/x");
	a->alarm_class = CLASS_FIRE;
	a->state = ALARM_RETURNED;
	a->cause = CAUSE_PANEL_RESET;
	a->latch = LATCH_PANEL;
	a->flags = FLAG_ISOLATED;
	(void)snprintf(a->occurrence_id, sizeof(a->occurrence_id), "1-%u", n);
	(void)snprintf(a->incident_id, sizeof(a->incident_id), "1-%u", n);
	a->occurrences = 2;
	a->raised_utc_ms = FIXTURE_UTC_MS + n;
	a->first_utc_ms = FIXTURE_UTC_MS - 5;
	(void)str_copy(a->ladder, sizeof(a->ladder), "fire");
	a->ladder_next = 2;
	a->ladder_rounds = 3;
	a->ladder_onset_utc_ms = FIXTURE_UTC_MS;
	a->value = (double)NAN;
	a->quality = QUALITY_UNKNOWN;
}

static void
fill_notice(struct notice *n, const char *id, const struct event *subject)
{
	memset(n, 0, sizeof(*n));
	(void)str_copy(n->id, sizeof(n->id), id);
	(void)str_copy(n->channel, sizeof(n->channel), "hook");
	(void)str_copy(n->ladder, sizeof(n->ladder), "fire");
	n->step = 1;
	n->round = 4;
	n->created_utc_ms = FIXTURE_UTC_MS;
	n->next_utc_ms = FIXTURE_UTC_MS + 9;
	n->subject = *subject;
}

// I5: ids are minted as "<boot>-<n>", so no two runs may have the same number, even
// where the first wrote nothing and was killed at once.
static void
test_i5_each_run_takes_a_boot_number_of_its_own(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_new(&f, false);
	int64_t first = 0;
	for (int run = 0; run < 4; run++) {
		assert_true(store_fixture_open(&f));
		if (run == 0)
			first = store_recovered(f.store)->last_boot;
		// Not even a journal that was taken away brings a number back.
		assert_true(first > 1000000);
		assert_int_equal(store_recovered(f.store)->last_boot, first + run);
		store_fixture_close(&f);
	}
	store_fixture_free(&f);
}

// I11, I5: alarms, owed notices and the boot counter survive; what was closed or
// delivered does not come back; the subject and its seq are found.
static void
test_i11_restart_gets_everything_back(void **state)
{
	(void)state;
	struct store_fixture f;
	struct event e;
	struct alarm_row a;
	struct notice n;
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	assert_int_equal(store_recovered(f.store)->last_utc_ms, 0);
	int64_t boot = store_recovered(f.store)->last_boot;
	struct unit *u = unit_new();
	for (unsigned i = 1; i <= 3; i++) {
		char id[8];
		store_fixture_event(&f, &e, EVENT_ALARM_ONSET, COND_FIRE, i);
		(void)unit_event(u, &e);
		fill_alarm(&a, i);
		unit_alarm(u, &a);
		(void)snprintf(id, sizeof(id), "1-9%u", i);
		fill_notice(&n, id, &e);
		unit_notice(u, &n);
	}
	store_fixture_submit(&f, u);
	u = unit_new();
	fill_alarm(&a, 2);
	a.close = true;
	unit_alarm(u, &a);
	fill_notice(&n, "1-92", &e);
	n.state = NOTICE_DELIVERED;
	n.attempts = 3;
	unit_notice(u, &n);
	store_fixture_submit(&f, u);
	assert_true(store_fixture_wait(&f, all_done, 5000));
	store_fixture_close(&f);

	assert_true(store_fixture_open(&f));
	const struct recovered *r = store_recovered(f.store);
	assert_int_equal(r->last_boot, boot + 1);
	assert_int_equal(r->last_seq, 3);
	assert_int_equal(r->last_utc_ms, FIXTURE_UTC_MS);
	assert_false(r->clean_stop);
	assert_int_equal(r->n_alarms, 2);
	assert_string_equal(r->alarms[0].point, "p1");
	assert_string_equal(r->alarms[1].point, "p3");
	fill_alarm(&a, 3);
	a.onset_seq = 3;
	// NaN is not equal to itself, its bytes are.
	assert_int_equal(r->alarms[1].state, a.state);
	assert_int_equal(r->alarms[1].cause, a.cause);
	assert_int_equal(r->alarms[1].latch, a.latch);
	assert_int_equal(r->alarms[1].flags, a.flags);
	assert_int_equal(r->alarms[1].occurrences, 2);
	assert_int_equal(r->alarms[1].onset_seq, 3);
	assert_int_equal(r->alarms[1].ladder_next, 2);
	assert_int_equal(r->alarms[1].ladder_rounds, 3);
	assert_int_equal(r->alarms[1].quality, QUALITY_UNKNOWN);
	assert_true(isnan(r->alarms[1].value));
	assert_int_equal(r->n_notices, 2);
	assert_string_equal(r->notices[0].id, "1-91");
	assert_string_equal(r->notices[1].id, "1-93");
	assert_int_equal(r->notices[1].subject.seq, 3);
	assert_string_equal(r->notices[1].subject.point, "p3");
	assert_string_equal(r->notices[1].subject.place_zh, "3层走廊");
	assert_int_equal(r->notices[1].round, 4);
	store_recovered_free(f.store);

	store_fixture_event(&f, &e, EVENT_DAEMON_STOP, COND_INFO, 0);
	store_fixture_add(&f, &e);
	store_fixture_close(&f);
	assert_true(store_fixture_open(&f));
	assert_true(store_recovered(f.store)->clean_stop);
	store_fixture_free(&f);
}

static void
test_second_daemon_is_refused(void **state)
{
	(void)state;
	struct store_fixture f;
	char pid[32];
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	const struct store_host host = { .ctx = NULL };
	struct err err = { 0 };
	assert_null(store_open(&f.options, f.loop, &host, &err));
	(void)snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
	assert_non_null(strstr(err.text, pid));
	assert_non_null(strstr(err.text, f.directory));
	store_fixture_close(&f);
	assert_true(store_fixture_open(&f));
	store_fixture_free(&f);
}

static void
test_what_is_refused_at_opening(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_new(&f, false);
	f.options.time_zone = "Mars/Olympus";
	assert_false(store_fixture_open(&f));
	assert_true(f.err.text[0] != '\0');
	f.options.time_zone = "Asia/Shanghai";
	f.options.directory = "/nonexistent/folder";
	assert_false(store_fixture_open(&f));
	f.options.directory = f.directory;
	assert_true(store_fixture_open(&f));
	store_fixture_free(&f);
}

// The command line beside a running daemon: one chain, no hole.
static void
test_people_beside_the_daemon(void **state)
{
	(void)state;
	struct store_fixture f;
	struct event e;
	store_fixture_new(&f, true);
	struct person wang = { .id = "wang",
		.name_zh = "王",
		.name_en = "Wang",
		.role = "operator",
		.enabled = true,
		.pin_hash = "$argon2id$x" };
	// Before the daemon ever ran.
	assert_int_equal(store_put_person(f.directory, &wang, 5, &f.err), 0);
	assert_true(store_fixture_open(&f));
	assert_int_equal(store_recovered(f.store)->last_utc_ms, 0);
	for (unsigned i = 0; i < 200; i++) {
		store_fixture_event(&f, &e, EVENT_ALARM_ONSET, COND_FIRE, i);
		store_fixture_add(&f, &e);
		if (i % 10 == 0) {
			(void)snprintf(wang.id, sizeof(wang.id), "user%u", i);
			if (store_put_person(f.directory, &wang, 5, &f.err) != 0)
				fail_msg("%s", f.err.text);
		}
	}
	assert_true(store_fixture_wait(&f, all_done, 10000));
	assert_int_equal(store_fixture_verify(&f), 221);
	struct reader *r = reader_open(f.directory, &f.err);
	struct person p;
	assert_int_equal(query_person(r, "wang", &p, &f.err), 1);
	assert_string_equal(p.name_zh, "王");
	assert_string_equal(p.pin_hash, "$argon2id$x");
	assert_int_equal(query_person(r, "nobody", &p, &f.err), 0);
	reader_close(r);
	(void)str_copy(wang.role, sizeof(wang.role), "king");
	assert_int_equal(store_put_person(f.directory, &wang, 5, &f.err), -1);
	store_fixture_free(&f);
}

static int
job(struct reader *r, void *arg)
{
	struct store_totals t;
	struct err err = { 0 };
	if (query_totals(r, &t, &err) != 0)
		return -1;
	*(int64_t *)arg = t.events;
	return 0;
}

static int
failing_job(struct reader *r, void *arg)
{
	(void)r;
	(void)arg;
	return -1;
}

static unsigned answers, failures;

static void
answered(void *arg, int result)
{
	(void)arg;
	answers++;
	if (result != 0)
		failures++;
}

static bool
five_answers(const struct store_fixture *f)
{
	(void)f;
	return answers == 5;
}

static void
test_reader_thread(void **state)
{
	(void)state;
	struct store_fixture f;
	struct event e;
	int64_t events[4] = { 0 };
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	store_fixture_event(&f, &e, EVENT_ALARM_ONSET, COND_FIRE, 1);
	store_fixture_add(&f, &e);
	assert_true(store_fixture_wait(&f, all_done, 5000));
	answers = failures = 0;
	for (unsigned i = 0; i < 4; i++)
		store_read(f.store, job, answered, &events[i]);
	store_read(f.store, failing_job, answered, NULL);
	assert_true(store_fixture_wait(&f, five_answers, 5000));
	assert_int_equal(failures, 1);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(events[i], 1);
	store_read(f.store, job, answered, &events[0]); // answered at the close
	store_fixture_close(&f);
	assert_int_equal(answers, 6);
	store_fixture_free(&f);
}

static int64_t committed_at_ms;

static void
note_commit_time(void *arg, const struct unit *u, bool durable)
{
	(void)u;
	const struct store_fixture *f = arg;
	assert_true(durable);
	committed_at_ms = loop_now_ms(f->loop);
}

// Virtual time stands still until the writer has answered.
static void
test_virtual_time_waits_for_the_commit(void **state)
{
	(void)state;
	struct store_fixture f;
	struct event e;
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	for (unsigned i = 0; i < 20; i++) {
		struct unit *u = unit_new();
		store_fixture_event(&f, &e, EVENT_ALARM_ONSET, COND_FIRE, i);
		(void)unit_event(u, &e);
		int64_t before = loop_now_ms(f.loop);
		committed_at_ms = -1;
		unit_on_done(u, note_commit_time, &f);
		store_submit(f.store, u);
		assert_true(store_fixture_wait(&f, store_fixture_idle, 5000));
		assert_int_equal(committed_at_ms, before);
	}
	store_fixture_free(&f);
}

// The closing of the store writes what is queued.
static void
test_close_writes_what_waits(void **state)
{
	(void)state;
	struct store_fixture f;
	struct event e;
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	for (unsigned i = 0; i < 6000; i++) {
		store_fixture_event(&f, &e, EVENT_ALARM_ONSET, COND_FAULT, i % 50);
		store_fixture_add(&f, &e);
	}
	assert_true(store_waiting(f.store) > 0);
	store_fixture_close(&f);
	assert_int_equal(f.done_units, 6000);
	assert_int_equal(f.not_durable, 0);
	assert_false(f.out_of_order);
	assert_int_equal(store_fixture_verify(&f), 6000);
	store_fixture_free(&f);
}

static void
test_read_only(void **state)
{
	(void)state;
	struct store_fixture f;
	struct event e;
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	store_fixture_event(&f, &e, EVENT_ALARM_ONSET, COND_FIRE, 1);
	store_fixture_add(&f, &e);
	store_fixture_close(&f);
	f.options.read_only = true;
	assert_true(store_fixture_open(&f));
	assert_int_equal(store_recovered(f.store)->last_seq, 1);
	store_fixture_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i4_ten_thousand_events),
		cmocka_unit_test(test_event_survives_whole),
		cmocka_unit_test(test_i5_each_run_takes_a_boot_number_of_its_own),
		cmocka_unit_test(test_i11_restart_gets_everything_back),
		cmocka_unit_test(test_second_daemon_is_refused),
		cmocka_unit_test(test_what_is_refused_at_opening),
		cmocka_unit_test(test_people_beside_the_daemon),
		cmocka_unit_test(test_reader_thread),
		cmocka_unit_test(test_virtual_time_waits_for_the_commit),
		cmocka_unit_test(test_close_writes_what_waits),
		cmocka_unit_test(test_read_only),
	};
	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
