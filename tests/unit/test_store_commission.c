// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The commissioning ledger: what counts as seen, what a mark keeps, when a proof
// lapses, and that entries are only ever added.
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"
#include "store/commission_view.h"
#include "store/schema.h"
#include "store_fixture.h"
#include "test.h"

#define HOUR INT64_C(3600000)

enum {
	POINTS = 4 // p0 and p1 in zone z1, p2 in z2, p3 a door on a GPIO line
};

static const struct decoder word = { .name = "w", .form = DECODE_WORD };
static const struct profile_item items[] = {
	{ .name = "detector", .area = AREA_HOLDING, .base = 0, .device_max = 99 },
};
static const struct profile profile = {
	.id = "x", .n_items = 1, .items = items, .n_decoders = 1, .decoders = &word
};
static struct zone zones[] = { { "z1", "一区", "Zone 1" }, { "z2", "二区", "Zone 2" } };
static struct device devices[] = { { .id = "fap1", .unit = 7, .profile = &profile } };
static struct gpio gpios[] = { { .id = "room-io" } };

static void
make_site(struct site *s, struct point points[static POINTS], const char *revision)
{
	static const char *const ids[POINTS] = { "p0", "p1", "p2", "p3" };

	*s = (struct site){ .n_zones = 2,
		.zones = zones,
		.n_devices = 1,
		.devices = devices,
		.n_gpios = 1,
		.gpios = gpios,
		.n_points = POINTS,
		.n_site_points = POINTS,
		.points = points };
	(void)str_copy(s->revision, sizeof(s->revision), revision);
	for (unsigned i = 0; i < POINTS; i++)
		points[i] = (struct point){ .id = ids[i],
			.place_zh = "大厅",
			.place_en = "Lobby",
			.kind = KIND_SMOKE,
			.zone = i < 2 ? 0 : 1,
			.device = 0,
			.gpio = INDEX_NONE,
			.pdu = (uint16_t)i,
			.line = "" };
	points[3].kind = KIND_DOOR;
	points[3].device = INDEX_NONE;
	points[3].gpio = 0;
	points[3].line = "door-b1";
}

// --- a journal and what is asked of it
// ------------------------------------------------

struct rig {
	struct store_fixture f;
	struct site site;
	struct point points[POINTS];
	unsigned occurrence;
	int64_t now;
	struct commission_entry entries[POINTS];
	struct commission_state states[POINTS];
	struct commission_counts counts;
};

static bool
all_done(const struct store_fixture *f)
{
	return store_fixture_idle(f) && f->done_units > 0;
}

static void
rig_new(struct rig *r)
{
	*r = (struct rig){ .now = FIXTURE_UTC_MS };
	store_fixture_new(&r->f, false);
	assert_true(store_fixture_open(&r->f));
	make_site(&r->site, r->points, "rev-1");
	store_set_config_rev(r->f.store, "rev-1");
}

static void
rig_free(struct rig *r)
{
	store_fixture_close(&r->f);
	assert_true(store_fixture_verify(&r->f) > 0);
	store_fixture_free(&r->f);
}

static void
add(struct rig *r, struct event *e)
{
	e->time_utc_ms = r->now += 1000;
	store_fixture_add(&r->f, e);
}

static void
walk(struct rig *r, const char *scope, const char *target, bool open)
{
	struct event e;

	commission_walk_event(scope, target, open, "li", &e);
	add(r, &e);
}

// The condition comes, and goes where `back` says so.
static void
alarm_at(struct rig *r, unsigned point, enum condition c, bool back)
{
	struct event e;
	char occurrence[MINT_MAX];

	(void)snprintf(occurrence, sizeof(occurrence), "9-%u", ++r->occurrence);
	for (int i = 0; i < 1 + back; i++) {
		store_fixture_event(&r->f, &e,
		    i == 0 ? EVENT_ALARM_ONSET : EVENT_ALARM_CLEAR, c, point);
		(void)str_copy(e.occurrence_id, sizeof(e.occurrence_id), occurrence);
		add(r, &e);
	}
}

static bool
take_state(void *arg, const struct commission_state *st)
{
	struct rig *r = arg;

	commission_count(&r->counts, st);
	r->states[st->point] = *st;
	if (st->entry != NULL) {
		r->entries[st->point] = *st->entry;
		r->states[st->point].entry = &r->entries[st->point];
	}
	return true;
}

static void
ask(struct rig *r)
{
	struct err err = { 0 };

	assert_true(store_fixture_wait(&r->f, all_done, 20000));
	struct reader *reader = reader_open(r->f.directory, &err);
	assert_non_null(reader);
	r->counts = (struct commission_counts){ 0 };
	assert_int_equal(query_commission(reader, &r->site, commission_all(&r->site),
			     take_state, r, &err),
	    0);
	reader_close(reader);
}

static void
expect(struct rig *r, unsigned point, enum commission_status status)
{
	ask(r);
	if (r->states[point].status != status)
		fail_msg("point %u is %s, wanted %s", point,
		    commission_status_name(r->states[point].status),
		    commission_status_name(status));
}

static void
mark(struct rig *r, unsigned point, enum commission_verdict v, const char *note)
{
	const struct commission_mark m = {
		.verdict = v, .at_panel = "火警 1-007", .note = note
	};
	struct event e;

	ask(r);
	assert_true(commission_mark_event(&r->site, &r->states[point], &m, "wang", &e));
	add(r, &e);
}

// --- what counts as seen
// -----------------------------------------------------------------

static void
test_seen_is_an_alarm_that_came_and_went_in_an_open_walk(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r);
	alarm_at(&r, 0, COND_FIRE, true); // before any walk
	expect(&r, 0, STATUS_UNTESTED);
	walk(&r, "zone", "z1", true);
	alarm_at(&r, 0, COND_FAULT, true); // not what should come
	alarm_at(&r, 1, COND_FIRE, false); // has not gone
	alarm_at(&r, 2, COND_FIRE, true);  // another zone
	expect(&r, 0, STATUS_UNTESTED);
	assert_int_equal(r.states[1].status, STATUS_UNTESTED);
	assert_int_equal(r.states[2].status, STATUS_UNTESTED);
	alarm_at(&r, 0, COND_FIRE, true);
	expect(&r, 0, STATUS_SEEN);
	assert_int_equal(r.states[0].sight.clear_seq, r.states[0].sight.onset_seq + 1);
	walk(&r, "zone", "z1", false);
	expect(&r, 0, STATUS_SEEN); // waits for the person
	alarm_at(&r, 1, COND_FIRE, true);
	expect(&r, 1, STATUS_UNTESTED); // after the walk
	rig_free(&r);
}

static void
test_walks_of_a_device_and_of_a_gpio_chip(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r);
	walk(&r, "device", "fap1", true);
	alarm_at(&r, 2, COND_FIRE, true);
	alarm_at(&r, 3, COND_SECURITY, true); // of another chip
	expect(&r, 2, STATUS_SEEN);
	assert_int_equal(r.states[3].status, STATUS_UNTESTED);
	walk(&r, "device", "room-io", true);
	alarm_at(&r, 3, COND_SECURITY, true);
	expect(&r, 3, STATUS_SEEN);
	assert_int_equal(r.states[3].expected, COND_SECURITY);
	rig_free(&r);
}

struct open_walks {
	unsigned n;
	struct commission_walk last;
};

static void
count_walk(void *arg, const struct commission_walk *w)
{
	struct open_walks *o = arg;

	o->n++;
	o->last = *w;
}

static struct open_walks
open_walks(struct rig *r)
{
	struct open_walks o = { 0 };
	struct err err = { 0 };

	assert_true(store_fixture_wait(&r->f, all_done, 20000));
	struct reader *reader = reader_open(r->f.directory, &err);
	assert_non_null(reader);
	assert_int_equal(query_walks(reader, r->now, count_walk, &o, &err), 0);
	reader_close(reader);
	return o;
}

static void
test_a_walk_that_nobody_closes_ends_by_itself(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r);
	walk(&r, "zone", "z2", false); // closes nothing
	walk(&r, "zone", "z1", true);
	walk(&r, "zone", "z1", true); // goes on
	struct open_walks o = open_walks(&r);
	assert_int_equal(o.n, 1);
	assert_string_equal(o.last.target, "z1");
	assert_string_equal(o.last.who, "li");
	r.now += 12 * HOUR;
	assert_int_equal(open_walks(&r).n, 0);
	alarm_at(&r, 0, COND_FIRE, true);
	expect(&r, 0, STATUS_UNTESTED);
	walk(&r, "zone", "z1", true); // a new one
	alarm_at(&r, 1, COND_FIRE, true);
	expect(&r, 1, STATUS_SEEN);
	assert_int_equal(open_walks(&r).n, 1);
	walk(&r, "zone", "z1", false);
	assert_int_equal(open_walks(&r).n, 0);
	rig_free(&r);
}

// The index by point has runs of 16,384 events; a walk may reach over several.
static void
test_a_long_walk_over_many_events(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r);
	walk(&r, "zone", "z1", true);
	struct unit *u = unit_new();
	for (unsigned i = 0; i < 17000; i++) {
		struct event e;
		store_fixture_event(&r.f, &e, EVENT_POINT_CHANGE, COND_INFO, 2);
		e.time_utc_ms = r.now;
		(void)unit_event(u, &e);
	}
	store_fixture_submit(&r.f, u);
	// A fire overtakes what waits.
	assert_true(store_fixture_wait(&r.f, store_fixture_idle, 20000));
	alarm_at(&r, 1, COND_FIRE, true);
	expect(&r, 1, STATUS_SEEN);
	assert_true(r.states[1].sight.onset_seq > 17000);
	rig_free(&r);
}

// --- what a mark keeps
// -----------------------------------------------------------------------

static void
test_a_mark_confirms_what_was_seen(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r);
	walk(&r, "zone", "z1", true);
	alarm_at(&r, 0, COND_FIRE, true);
	mark(&r, 0, COMMISSION_PROVEN, "");
	expect(&r, 0, STATUS_PROVEN);
	const struct commission_entry *e = &r.entries[0];
	assert_int_equal(e->seq, 4);
	assert_int_equal(e->here_seq, 2);
	assert_string_equal(e->here, "fire");
	assert_string_equal(e->expected, "fire");
	assert_string_equal(e->at_panel, "火警 1-007");
	assert_string_equal(e->who, "wang");
	assert_string_equal(e->note, "");
	assert_string_equal(e->wiring, "fap1 unit 7 holding 0 smoke");
	assert_int_equal(r.counts.points, POINTS);
	assert_int_equal(r.counts.of[STATUS_PROVEN], 1);
	assert_int_equal(r.counts.of[STATUS_UNTESTED], 3);
	assert_int_equal(commission_tenths(&r.counts), 250);
	// Proven stays proven, whatever comes.
	alarm_at(&r, 0, COND_FIRE, true);
	expect(&r, 0, STATUS_PROVEN);
	rig_free(&r);
}

static void
test_failed_waits_for_another_try(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r);
	walk(&r, "zone", "z1", true);
	alarm_at(&r, 0, COND_FIRE, true);
	mark(&r, 0, COMMISSION_FAILED, "the lamp of the base stays dark");
	expect(&r, 0, STATUS_FAILED);
	assert_string_equal(r.entries[0].note, "the lamp of the base stays dark");
	alarm_at(&r, 0, COND_FIRE, true);
	expect(&r, 0, STATUS_SEEN);
	assert_int_equal(r.states[0].entry->verdict, COMMISSION_FAILED);
	mark(&r, 0, COMMISSION_PROVEN, "");
	expect(&r, 0, STATUS_PROVEN);
	rig_free(&r);
}

static void
test_what_was_not_seen_needs_a_note(void **state)
{
	const struct commission_state unseen = { 0 };
	const struct commission_state seen = { .sight = { 5, 6, 7 } };
	struct commission_mark m = {
		.verdict = COMMISSION_PROVEN, .at_panel = "", .note = ""
	};

	(void)state;
	assert_false(commission_mark_is_founded(&unseen, &m));
	assert_true(commission_mark_is_founded(&seen, &m));
	m.note = "gauge 0.62 MPa, screen 0.618 MPa";
	assert_true(commission_mark_is_founded(&unseen, &m));
	m.verdict = COMMISSION_FAILED;
	m.note = "";
	assert_true(commission_mark_is_founded(&unseen, &m));
}

static void
test_texts_that_do_not_fit_are_refused_whole(void **state)
{
	struct rig r;
	struct event e;
	char note[COMMISSION_NOTE_MAX];

	(void)state;
	rig_new(&r);
	walk(&r, "zone", "z1", true);
	ask(&r);
	for (size_t i = 0; i + 1 < sizeof(note); i++)
		note[i] = i % 2 == 0 ? '"' : '\\'; // each takes two bytes in JSON
	note[sizeof(note) - 1] = '\0';
	struct commission_mark m = {
		.verdict = COMMISSION_FAILED, .at_panel = "", .note = note
	};
	assert_false(commission_mark_event(&r.site, &r.states[0], &m, "wang", &e));
	// The longest that the console takes fits, in the longest characters.
	char panel[COMMISSION_PANEL_MAX] = "";
	note[0] = '\0';
	for (int i = 0; i < COMMISSION_NOTE_CHARS; i++)
		memcpy(note + strlen(note), "字", 4);
	for (int i = 0; i < COMMISSION_PANEL_CHARS; i++)
		memcpy(panel + strlen(panel), "字", 4);
	m.at_panel = panel;
	assert_true(commission_mark_event(&r.site, &r.states[0], &m, "wang", &e));
	add(&r, &e);
	ask(&r);
	assert_string_equal(r.entries[0].note, note);
	assert_string_equal(r.entries[0].at_panel, panel);
	rig_free(&r);
}

// --- when a proof lapses
// ------------------------------------------------------------------------

static void
test_a_proof_lapses_with_the_wiring(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r);
	walk(&r, "zone", "z1", true);
	alarm_at(&r, 0, COND_FIRE, true);
	mark(&r, 0, COMMISSION_PROVEN, "");
	alarm_at(&r, 0, COND_FIRE, true); // with the wiring of then
	expect(&r, 0, STATUS_PROVEN);
	make_site(&r.site, r.points, "rev-2");
	expect(&r, 0, STATUS_PROVEN); // another configuration, the same wiring
	r.points[0].pdu = 50;
	expect(&r, 0, STATUS_CHANGED);
	assert_int_equal(commission_tenths(&r.counts), 0);
	store_set_config_rev(r.f.store, "rev-2");
	alarm_at(&r, 0, COND_FIRE, true);
	expect(&r, 0, STATUS_SEEN);
	mark(&r, 0, COMMISSION_PROVEN, "");
	expect(&r, 0, STATUS_PROVEN);
	rig_free(&r);
}

static void
test_the_wiring_of_each_kind_of_point(void **state)
{
	struct site s;
	struct point points[POINTS];
	char text[WIRING_MAX];

	(void)state;
	make_site(&s, points, "r");
	commission_wiring(&s, &points[1], text);
	assert_string_equal(text, "fap1 unit 7 holding 1 smoke");
	points[3].active_low = true;
	commission_wiring(&s, &points[3], text);
	assert_string_equal(text, "room-io line door-b1 door active low");
}

// --- only ever added
// ------------------------------------------------------------------------------

static int
run_sql(const struct store_fixture *f, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(
	    sqlite3_open(store_fixture_path(f, "journal.db"), &db), SQLITE_OK);
	int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
	(void)sqlite3_close(db);
	return rc;
}

static void
test_i4_entries_are_never_changed_or_deleted(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r);
	walk(&r, "zone", "z1", true);
	mark(&r, 0, COMMISSION_PROVEN, "by hand");
	expect(&r, 0, STATUS_PROVEN);
	store_fixture_close(&r.f);
	assert_int_not_equal(
	    run_sql(&r.f, "UPDATE commission SET verdict = 'failed'"), SQLITE_OK);
	assert_int_not_equal(run_sql(&r.f, "DELETE FROM commission"), SQLITE_OK);
	assert_int_not_equal(
	    run_sql(&r.f, "UPDATE commission_walk SET who = 'x'"), SQLITE_OK);
	assert_int_not_equal(run_sql(&r.f, "DELETE FROM commission_walk"), SQLITE_OK);
	assert_int_equal(run_sql(&r.f, "SELECT 1 FROM v_commission"), SQLITE_OK);
	assert_true(store_fixture_open(&r.f));
	rig_free(&r);
}

// A tool adds to the chain beside the daemon's writer.
static void
test_a_tool_marks_beside_a_running_daemon(void **state)
{
	struct rig r;
	struct event e;

	(void)state;
	rig_new(&r);
	walk(&r, "zone", "z1", true);
	alarm_at(&r, 0, COND_FIRE, true);
	ask(&r);
	const struct commission_mark m = {
		.verdict = COMMISSION_PROVEN, .at_panel = "", .note = ""
	};
	assert_true(commission_mark_event(&r.site, &r.states[0], &m, "wang", &e));
	assert_int_equal(
	    store_put_event(r.f.directory, &e, "rev-1", r.now, &r.f.err), 0);
	assert_int_equal(e.seq, 4);
	r.f.next_seq = 0;
	alarm_at(&r, 1, COND_FIRE, true);
	expect(&r, 0, STATUS_PROVEN);
	assert_int_equal(r.states[1].status, STATUS_SEEN);
	rig_free(&r);
}

// What was proven is proven although the journal had to be begun anew.
static void
test_the_ledger_is_brought_over_from_a_damaged_journal(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r);
	walk(&r, "zone", "z1", true);
	mark(&r, 0, COMMISSION_PROVEN, "by hand");
	mark(&r, 1, COMMISSION_FAILED, "");
	expect(&r, 1, STATUS_FAILED);
	store_fixture_close(&r.f);
	// Of a newer program: all of it can be read, none of it may be written.
	assert_int_equal(run_sql(&r.f, "PRAGMA user_version = 99"), SQLITE_OK);
	assert_true(store_fixture_open(&r.f));
	r.f.next_seq = 0;
	r.f.done_units = 0;
	walk(&r, "zone", "z1", true);
	expect(&r, 0, STATUS_PROVEN);
	assert_int_equal(r.states[0].entry->seq, 0); // its number is of another journal
	assert_string_equal(r.states[0].entry->note, "by hand");
	assert_int_equal(r.states[1].status, STATUS_FAILED);
	alarm_at(&r, 1, COND_FIRE, true);
	expect(&r, 1, STATUS_SEEN);
	rig_free(&r);
}

// A journal of version 1 is stepped up with all that it holds.
static void
test_a_journal_of_version_1_is_stepped_up(void **state)
{
	struct rig r;
	sqlite3 *db = NULL;

	(void)state;
	r = (struct rig){ .now = FIXTURE_UTC_MS };
	store_fixture_new(&r.f, false);
	make_site(&r.site, r.points, "rev-1");
	assert_int_equal(
	    sqlite3_open(store_fixture_path(&r.f, "journal.db"), &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, schema_journal_1, NULL, NULL, NULL), SQLITE_OK);
	char *sql =
	    sqlite3_mprintf("PRAGMA application_id = %d; PRAGMA user_version = 1;"
			    "INSERT INTO meta VALUES ('epoch', "
			    "'00112233445566778899aabbccddeeff');"
			    "INSERT INTO person VALUES ('wang', '王', 'Wang', "
			    "'operator', 1, 'x', 5)",
		JOURNAL_APPLICATION_ID);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_free(sql);
	(void)sqlite3_close(db);
	assert_true(store_fixture_open(&r.f));
	assert_int_equal(store_current_mode(r.f.store), STORE_OK);
	walk(&r, "zone", "z1", true);
	alarm_at(&r, 0, COND_FIRE, true);
	expect(&r, 0, STATUS_SEEN);
	struct reader *reader = reader_open(r.f.directory, &r.f.err);
	struct person p;
	assert_int_equal(query_person(reader, "wang", &p, &r.f.err), 1);
	reader_close(reader);
	rig_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_seen_is_an_alarm_that_came_and_went_in_an_open_walk),
		cmocka_unit_test(test_walks_of_a_device_and_of_a_gpio_chip),
		cmocka_unit_test(test_a_walk_that_nobody_closes_ends_by_itself),
		cmocka_unit_test(test_a_long_walk_over_many_events),
		cmocka_unit_test(test_a_mark_confirms_what_was_seen),
		cmocka_unit_test(test_failed_waits_for_another_try),
		cmocka_unit_test(test_what_was_not_seen_needs_a_note),
		cmocka_unit_test(test_texts_that_do_not_fit_are_refused_whole),
		cmocka_unit_test(test_a_proof_lapses_with_the_wiring),
		cmocka_unit_test(test_the_wiring_of_each_kind_of_point),
		cmocka_unit_test(test_i4_entries_are_never_changed_or_deleted),
		cmocka_unit_test(test_a_tool_marks_beside_a_running_daemon),
		cmocka_unit_test(
		    test_the_ledger_is_brought_over_from_a_damaged_journal),
		cmocka_unit_test(test_a_journal_of_version_1_is_stepped_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
