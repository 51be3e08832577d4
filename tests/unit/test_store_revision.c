// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Signed reports in the journal: one transaction with their event and anchor, never
// changed, named by verify where somebody did change one; and what a day lacks before
// it can be signed, or came to be known since.
#include <sys/resource.h>
#include <sys/stat.h>

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "store/revision.h"
#include "store_fixture.h"
#include "test.h"

#define DAY_MS INT64_C(86400000)

static const struct day_span the_day = { .day = "2026-03-01",
	.from_ms = FIXTURE_UTC_MS,
	.to_ms = FIXTURE_UTC_MS + DAY_MS,
	.closed = true };

static void
new_sealed(struct store_fixture *f)
{
	store_fixture_new(f, false);
	f->options.key_directory = f->directory;
	assert_true(store_fixture_open(f));
}

static void
settle(struct store_fixture *f)
{
	assert_true(store_fixture_wait(f, store_fixture_idle, 10000));
}

// A signature on a report of this text, as of now.
static void
submit_signature(struct store_fixture *f, const char *document)
{
	struct revision *r = xcalloc(1, sizeof(*r));
	struct unit *u = unit_new();
	struct event e;
	event_init(&e, EVENT_REPORT_SIGN);
	e.time_utc_ms = FIXTURE_UTC_MS + DAY_MS + 1000;
	(void)str_copy(e.actor, sizeof(e.actor), "li");
	(void)str_copy(r->report, sizeof(r->report), "alarms-daily");
	(void)str_copy(r->day, sizeof(r->day), the_day.day);
	r->from_utc_ms = the_day.from_ms;
	r->to_utc_ms = the_day.to_ms;
	(void)str_copy(r->who, sizeof(r->who), "li");
	(void)str_copy(r->name_zh, sizeof(r->name_zh), "李雷");
	(void)str_copy(r->role, sizeof(r->role), "leader");
	(void)str_copy(r->reason, sizeof(r->reason), "\"\"\"");
	r->unclassified = 2;
	(void)memset(r->data_sha256, 'a', 64);
	r->document = xstrdup(document);
	struct reader *reader = reader_open(f->directory, &f->err);
	assert_non_null(reader);
	assert_int_equal(query_as_of(reader, &r->as_of, &f->err), 0);
	reader_close(reader);
	(void)unit_event(u, &e);
	unit_revision(u, r);
	store_fixture_submit(f, u);
}

static void
sign(struct store_fixture *f, const char *document)
{
	submit_signature(f, document);
	settle(f);
}

static void
add_onset(
    struct store_fixture *f, enum condition condition, unsigned n, const char *params)
{
	struct event e;
	store_fixture_event(f, &e, EVENT_ALARM_ONSET, condition, n);
	e.time_utc_ms = FIXTURE_UTC_MS + n * 1000;
	(void)str_copy(e.params, sizeof(e.params), params);
	store_fixture_add(f, &e);
	settle(f);
}

static void
add_verdict(struct store_fixture *f, unsigned n, const char *params)
{
	struct event e;
	store_fixture_event(f, &e, EVENT_ALARM_VERIFY, COND_FIRE, n);
	e.time_utc_ms = FIXTURE_UTC_MS + 2 * DAY_MS;
	(void)str_copy(e.actor, sizeof(e.actor), "wang");
	(void)str_copy(e.params, sizeof(e.params), params);
	store_fixture_add(f, &e);
	settle(f);
}

static struct verify_result
verify(const struct store_fixture *f)
{
	struct verify_result v;
	struct err err = { 0 };
	assert_int_equal(
	    store_verify(store_fixture_path(f, "journal.db"), NULL, &v, &err), 0);
	return v;
}

static struct revision
get(const struct store_fixture *f, int64_t number)
{
	struct err err = { 0 };
	struct revision r;
	struct reader *reader = reader_open(f->directory, &err);
	assert_non_null(reader);
	const struct revision_key key = { "alarms-daily", the_day.day, number, true };
	assert_int_equal(query_revision(reader, &key, &r, &err), 1);
	reader_close(reader);
	return r;
}

static void
test_i3_report_event_and_anchor_are_one(void **state)
{
	(void)state;
	struct store_fixture f;
	new_sealed(&f);
	add_onset(&f, COND_FIRE, 1, "");
	sign(&f, "{\"document\":1}");
	sign(&f, "{\"document\":2}");
	struct revision one = get(&f, 1), two = get(&f, 2), newest = get(&f, 0);
	assert_string_equal(one.document, "{\"document\":1}");
	assert_string_equal(two.document, "{\"document\":2}");
	assert_int_equal(newest.revision, 2);
	assert_int_equal(one.revision, 1);
	assert_int_equal(one.seq, 2);
	assert_int_equal(one.as_of.seq, 1);
	assert_int_equal(two.as_of.seq, 2);
	assert_int_equal(one.unclassified, 2);
	assert_string_equal(one.who, "li");
	assert_string_equal(one.name_zh, "李雷");
	assert_string_equal(one.name_en, "");
	assert_string_equal(one.reason, "\"\"\"");
	assert_string_equal(one.note, "");
	assert_int_equal(strlen(one.hash), 64);
	assert_string_not_equal(one.document_sha256, two.document_sha256);
	// The event names the checksums, the anchor signs the event.
	struct reader *reader = reader_open(f.directory, &f.err);
	struct store_anchor anchor;
	assert_int_equal(query_anchor(reader, &anchor, &f.err), 1);
	assert_int_equal(anchor.seq, two.seq);
	assert_string_equal(anchor.hash, two.hash);
	assert_string_equal(anchor.public_key, two.public_key);
	reader_close(reader);
	char sql[400];
	(void)snprintf(sql, sizeof(sql),
	    "CREATE TEMP TABLE t (x INTEGER CHECK (x = 2)); INSERT INTO t SELECT "
	    "count(*) "
	    "FROM event e JOIN report_revision r USING (seq, hash) WHERE "
	    "json_extract(params, '$.revision') = revision AND "
	    "json_extract(params, '$.document_sha256') = r.document_sha256 AND "
	    "json_extract(params, '$.reason') = r.reason");
	store_fixture_run_sql(&f, sql);
	struct verify_result v = verify(&f);
	assert_string_equal(v.reason, "");
	assert_int_equal(v.reports, 2);
	revision_free(&one);
	revision_free(&two);
	revision_free(&newest);
	store_fixture_free(&f);
}

static void
test_i4_a_signed_report_is_never_changed(void **state)
{
	(void)state;
	struct store_fixture f;
	sqlite3 *db = NULL;
	new_sealed(&f);
	sign(&f, "x");
	assert_int_equal(
	    sqlite3_open(store_fixture_path(&f, "journal.db"), &db), SQLITE_OK);
	assert_int_not_equal(
	    sqlite3_exec(db, "UPDATE report_revision SET note = 'x'", NULL, NULL, NULL),
	    SQLITE_OK);
	assert_int_not_equal(
	    sqlite3_exec(db, "DELETE FROM report_revision", NULL, NULL, NULL),
	    SQLITE_OK);
	(void)sqlite3_close(db);
	assert_int_equal(verify(&f).reports, 1);
	store_fixture_free(&f);
}

static void
test_i4_verify_names_a_report_that_was_changed(void **state)
{
	(void)state;
	static const struct {
		const char *change, *reason;
	} changes[] = {
		{ "SET document = 'y'", "report: alarms-daily 2026-03-01 revision 1" },
		{ "SET document = 'y', document_sha256 = 'b'",
		    "report_signature: alarms-daily 2026-03-01 revision 1" },
		{ "SET reason = NULL",
		    "report_signature: alarms-daily 2026-03-01 revision 1" },
		{ "SET who = 'wang'",
		    "report_signature: alarms-daily 2026-03-01 revision 1" },
		{ "SET unclassified = 0",
		    "report_signature: alarms-daily 2026-03-01 revision 1" },
		{ "SET time_utc_ms = time_utc_ms - 1",
		    "report_signature: alarms-daily 2026-03-01 revision 1" },
		{ "SET revision = 3",
		    "report_signature: alarms-daily 2026-03-01 revision 3" },
		{ "SET data_sha256 = lower(hex(zeroblob(32)))",
		    "report_signature: alarms-daily 2026-03-01 revision 1" },
		{ "SET signature = x'00'",
		    "report_signature: alarms-daily 2026-03-01 revision 1" },
		{ "SET public_key = zeroblob(32)",
		    "report_signature: alarms-daily 2026-03-01 revision 1" },
		{ NULL, "report_missing" },
	};
	for (unsigned i = 0; i < ARRAY_LEN(changes); i++) {
		struct store_fixture f;
		char sql[200];
		new_sealed(&f);
		sign(&f, "x");
		store_fixture_close(&f);
		store_fixture_run_sql(&f, "DROP TRIGGER report_revision_no_update;"
					  "DROP TRIGGER report_revision_no_delete");
		assert_string_equal(verify(&f).reason, "trigger");
		(void)snprintf(sql, sizeof(sql), "UPDATE report_revision %s",
		    changes[i].change != NULL ? changes[i].change : "");
		store_fixture_run_sql(&f,
		    changes[i].change != NULL ? sql : "DELETE FROM report_revision");
		struct verify_result v = verify(&f);
		assert_string_equal(v.reason, changes[i].reason);
		assert_int_equal(v.first_bad_seq, 1);
		store_fixture_free(&f);
	}
}

// The row is signed by another key, in itself sound.
static void
test_i4_a_report_signed_by_another_key_is_named(void **state)
{
	(void)state;
	struct store_fixture f;
	struct err err = { 0 };
	struct verify_result v;
	char other[65];
	new_sealed(&f);
	sign(&f, "x");
	(void)memset(other, '0', 64);
	other[64] = '\0';
	assert_int_equal(
	    store_verify(store_fixture_path(&f, "journal.db"), other, &v, &err), 0);
	assert_string_equal(v.reason, "key"); // of the anchor
	store_fixture_run_sql(&f, "DROP TRIGGER anchor_no_delete; DELETE FROM anchor");
	assert_int_equal(
	    store_verify(store_fixture_path(&f, "journal.db"), other, &v, &err), 0);
	assert_string_equal(v.reason, "report_key: alarms-daily 2026-03-01 revision 1");
	store_fixture_free(&f);
}

// ---- a disk that is full
// ------------------------------------------------------------------

static void
limit_files(rlim_t bytes)
{
	struct rlimit l;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &l), 0);
	l.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

static bool
mode_full(const struct store_fixture *f)
{
	return f->mode == STORE_FULL;
}

static bool
mode_ok(const struct store_fixture *f)
{
	return f->mode == STORE_OK && store_waiting(f->store) == 0;
}

static void
test_i3_a_signature_is_whole_or_not_there(void **state)
{
	(void)state;
	struct store_fixture f;
	struct stat st;
	struct err err = { 0 };
	struct revision r;
	char *document = xcalloc(1, 300001);
	(void)memset(document, 'd', 300000);
	(void)signal(SIGXFSZ, SIG_IGN);
	new_sealed(&f);
	add_onset(&f, COND_FIRE, 1, "");
	size_t before = f.durable_events;
	assert_int_equal(stat(store_fixture_path(&f, "journal.db-wal"), &st), 0);
	limit_files((rlim_t)st.st_size + 8192);
	submit_signature(&f, document);
	assert_true(store_fixture_wait(&f, mode_full, 10000));
	assert_int_equal(f.durable_events, before);
	struct reader *reader = reader_open(f.directory, &err);
	const struct revision_key key = { "alarms-daily", the_day.day, 0, false };
	assert_int_equal(query_revision(reader, &key, &r, &err), 0);
	reader_close(reader);
	limit_files(RLIM_INFINITY);
	assert_true(store_fixture_wait(&f, mode_ok, 10000));
	assert_int_equal(f.durable_events, before + 1);
	r = get(&f, 0);
	assert_int_equal(r.revision, 1);
	assert_string_equal(r.document, document);
	revision_free(&r);
	store_fixture_close(&f);
	assert_int_equal(verify(&f).reports, 1);
	store_fixture_free(&f);
	free(document);
}

// Without a key nothing can be signed: no row, and the unit says so.
static void
test_nothing_is_signed_without_a_key(void **state)
{
	(void)state;
	struct store_fixture f;
	struct err err = { 0 };
	struct revision r;
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	assert_false(store_seals(f.store));
	add_onset(&f, COND_FIRE, 1, "");
	submit_signature(&f, "x");
	settle(&f);
	assert_int_equal(f.not_durable, 1);
	struct reader *reader = reader_open(f.directory, &err);
	const struct revision_key key = { "alarms-daily", the_day.day, 0, false };
	assert_int_equal(query_revision(reader, &key, &r, &err), 0);
	reader_close(reader);
	store_fixture_free(&f);
}

static void
test_i12_reports_outlive_a_journal_that_is_set_aside(void **state)
{
	(void)state;
	struct store_fixture f;
	new_sealed(&f);
	sign(&f, "x");
	sign(&f, "y");
	store_fixture_close(&f);
	store_fixture_run_sql(&f, "PRAGMA user_version = 99");
	assert_true(store_fixture_open(&f));
	struct revision one = get(&f, 1), newest = get(&f, 0);
	assert_string_equal(one.document, "x");
	assert_int_equal(newest.revision, 2);
	revision_free(&one);
	revision_free(&newest);
	sign(&f, "z");
	newest = get(&f, 0);
	assert_int_equal(newest.revision, 3);
	revision_free(&newest);
	store_fixture_close(&f);
	struct verify_result v = verify(&f);
	assert_string_equal(v.reason, "");
	assert_int_equal(v.reports, 3);
	store_fixture_free(&f);
}

static bool
was_cut(const struct store_fixture *f)
{
	return f->cuts > 0 && store_fixture_idle(f);
}

// Its event has left, its signature has not.
static void
test_a_report_stays_when_its_events_leave(void **state)
{
	(void)state;
	struct store_fixture f;
	new_sealed(&f);
	add_onset(&f, COND_FAULT, 1, "");
	sign(&f, "x");
	struct event e;
	store_fixture_event(&f, &e, EVENT_ALARM_ONSET, COND_FAULT, 2);
	e.time_utc_ms = FIXTURE_UTC_MS + 100 * DAY_MS;
	store_fixture_add(&f, &e);
	settle(&f);
	store_fixture_close(&f);
	loop_free(f.loop);
	clock_virtual_init(&f.clock, 1000, FIXTURE_UTC_MS + 101 * DAY_MS);
	f.loop = loop_new(&f.clock);
	f.options.keep_events_months = 1;
	f.poll_ms = 600000;
	f.next_seq = 0;
	assert_true(store_fixture_open(&f));
	assert_true(store_fixture_wait(&f, was_cut, 20000));
	store_fixture_close(&f);
	struct verify_result v = verify(&f);
	assert_string_equal(v.reason, "");
	assert_true(v.cut_seq >= 2);
	assert_int_equal(v.reports, 1);
	struct revision r = get(&f, 1);
	assert_string_equal(r.document, "x");
	revision_free(&r);
	store_fixture_run_sql(&f, "DROP TRIGGER report_revision_no_update;"
				  "UPDATE report_revision SET document = 'y'");
	assert_string_equal(
	    verify(&f).reason, "report: alarms-daily 2026-03-01 revision 1");
	store_fixture_free(&f);
}

// ---- what a day lacks, and what came later
// -------------------------------------------------

struct seen {
	char text[400];
};

static void
note(struct seen *s, const char *text)
{
	size_t len = strlen(s->text);
	(void)snprintf(
	    s->text + len, sizeof(s->text) - len, "%s%s", len > 0 ? " " : "", text);
}

static bool
see_alarm(void *arg, const struct day_alarm *a)
{
	note(arg, a->occurrence);
	return true;
}

static bool
see_change(void *arg, const struct day_change *c)
{
	char text[240];
	(void)snprintf(text, sizeof(text), "%s/%s/%s/%s/%s", c->what,
	    c->about.occurrence, c->before, c->after, c->who);
	note(arg, text);
	return true;
}

static void
expect_unclassified(struct store_fixture *f, const char *wanted)
{
	struct seen s = { 0 };
	struct reader *reader = reader_open(f->directory, &f->err);
	int n = query_unclassified(reader, &the_day, see_alarm, &s, &f->err);
	assert_int_equal(query_unclassified(reader, &the_day, NULL, NULL, &f->err), n);
	reader_close(reader);
	assert_string_equal(s.text, wanted);
	int spaces = wanted[0] != '\0';
	for (const char *p = wanted; *p != '\0'; p++)
		spaces += *p == ' ';
	assert_int_equal(n, spaces);
}

static void
test_which_alarms_have_to_be_judged(void **state)
{
	(void)state;
	struct store_fixture f;
	static const enum condition all[] = { COND_FIRE, COND_PREALARM, COND_SECURITY,
		COND_SUPERVISORY, COND_FAULT, COND_DISABLED, COND_PROCESS, COND_INFO,
		COND_LINK, COND_TEST, COND_FEEDBACK, COND_ACTIVATED };
	new_sealed(&f);
	expect_unclassified(&f, "");
	for (unsigned i = 0; i < ARRAY_LEN(all); i++)
		add_onset(&f, all[i], i + 1, "");
	add_onset(&f, COND_FIRE, 20, "{\"test\":true}");
	add_onset(&f, COND_FIRE, 90000, ""); // of the day after
	add_onset(&f, COND_FIRE, 21, "{\"x\":1}");
	expect_unclassified(&f, "1-1 1-2 1-3 1-4 1-21");
	add_verdict(&f, 2, "{\"verdict\":\"unknown\"}");
	expect_unclassified(&f, "1-1 1-3 1-4 1-21");
	store_fixture_free(&f);
}

static void
expect_changes(struct store_fixture *f, int64_t since, const char *wanted)
{
	struct seen s = { 0 };
	struct revision r = get(f, since);
	struct reader *reader = reader_open(f->directory, &f->err);
	assert_true(query_day_changes(
			reader, &the_day, &r.as_of, see_change, &s, &f->err) >= 0);
	reader_close(reader);
	revision_free(&r);
	assert_string_equal(s.text, wanted);
}

static void
test_what_came_after_a_signature(void **state)
{
	(void)state;
	struct store_fixture f;
	struct event e;
	new_sealed(&f);
	add_onset(&f, COND_FIRE, 1, "");
	add_onset(&f, COND_FIRE, 2, "");
	add_onset(&f, COND_FIRE, 90000, "");
	add_verdict(&f, 1, "{\"verdict\":\"real\"}");
	sign(&f, "x");
	expect_changes(&f, 1, "");
	add_verdict(&f, 1, "{\"verdict\":\"false\",\"cause\":\"dust\"}");
	add_verdict(&f, 1, "{\"verdict\":\"test\"}");
	add_verdict(&f, 2, "{\"verdict\":\"real\"}");
	add_verdict(&f, 90000, "{\"verdict\":\"real\"}"); // another day's
	expect_changes(
	    &f, 1, "verdict/1-1/real/test/wang verdict/1-2/pending/real/wang");
	sign(&f, "y");
	expect_changes(&f, 2, "");
	store_fixture_event(&f, &e, EVENT_ALARM_MISSED, COND_FIRE, 3);
	e.occurrence_id[0] = '\0';
	(void)str_copy(e.actor, sizeof(e.actor), "zhao");
	(void)snprintf(e.params, sizeof(e.params),
	    "{\"happened_utc_ms\":%lld,\"found\":\"smoke\"}",
	    (long long)the_day.from_ms);
	store_fixture_add(&f, &e);
	(void)snprintf(e.params, sizeof(e.params),
	    "{\"happened_utc_ms\":%lld,\"found\":\"smoke\"}", (long long)the_day.to_ms);
	store_fixture_add(&f, &e);
	add_onset(&f, COND_FAULT, 5, ""); // of the day, written after it was signed
	expect_changes(&f, 2, "missed////zhao late/1-5///");
	expect_changes(&f, 1,
	    "verdict/1-1/real/test/wang verdict/1-2/pending/real/wang missed////zhao "
	    "late/1-5///");
	store_fixture_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i3_report_event_and_anchor_are_one),
		cmocka_unit_test(test_i4_a_signed_report_is_never_changed),
		cmocka_unit_test(test_i4_verify_names_a_report_that_was_changed),
		cmocka_unit_test(test_i4_a_report_signed_by_another_key_is_named),
		cmocka_unit_test(test_i3_a_signature_is_whole_or_not_there),
		cmocka_unit_test(test_nothing_is_signed_without_a_key),
		cmocka_unit_test(test_i12_reports_outlive_a_journal_that_is_set_aside),
		cmocka_unit_test(test_a_report_stays_when_its_events_leave),
		cmocka_unit_test(test_which_alarms_have_to_be_judged),
		cmocka_unit_test(test_what_came_after_a_signature),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
