// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Records, gaps and writes become events in a real store: a record is durable when the
// store says so and not before, is known again after a restart, and is one event
// however often it is read; what is written to the field is told.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/config.h"
#include "engine_rig.h"
#include "field.h"
#include "store/query.h"
#include "test.h"

enum {
	KEPT = 128,
};

static struct {
	unsigned n;
	uint64_t token;
	bool durable;
} told;

static void
on_field_stored(void *ctx, uint16_t device, uint64_t token, bool durable)
{
	(void)ctx;
	assert_int_equal(device, 0);
	told.n++;
	told.token = token;
	told.durable = durable;
}

static struct {
	size_t n;
	struct event events[KEPT];
} found;

static bool
keep(void *arg, const struct stored_event *e)
{
	(void)arg;
	assert_in_range(found.n, 0, KEPT - 1);
	found.events[found.n++] = e->event;
	return true;
}

// The stored events of one kind.
static size_t
look(const struct rig *r, enum event_kind kind)
{
	struct err e = { 0 };
	struct reader *reader = reader_open(r->dir, &e);
	const struct event_filter f = {
		.alarm_class = -1,
		.kinds = (const enum event_kind[]){ kind, EVENT_KINDS_END },
		.limit = KEPT,
	};
	assert_non_null(reader);
	found.n = 0;
	assert_true(query_events(reader, &f, keep, NULL, &e) >= 0);
	reader_close(reader);
	return found.n;
}

static struct field_record
record(const struct rig *r, uint32_t sequence, uint64_t token)
{
	struct field_record rec = {
		.token = token,
		.point = UINT32_MAX,
		.numbered = true,
		.sequence = sequence,
		.code = 37,
		.n_means = 1,
		.means = { { COND_FIRE, 0 } },
		.n_values = 2,
		.values = { { RECORD_ZONE, 12 }, { RECORD_USER, 3 } },
		.t_mono_ms = loop_now_ms(r->loop),
		.t_utc_ms = loop_utc_ms(r->loop),
		.n_bytes = 4,
	};
	rec.bytes[0] = (uint8_t)(sequence >> 8);
	rec.bytes[1] = (uint8_t)sequence;
	rec.bytes[2] = 0xAB;
	return rec;
}

static void
set_up(struct rig *r)
{
	rig_set_up(r, NULL, NULL);
	memset(&told, 0, sizeof(told));
	field_attach(r->field, on_field_stored, NULL);
}

static void
test_a_record_is_durable_when_the_store_says_so(void **state)
{
	struct rig r;
	struct field_record rec;
	struct record_mark mark;

	(void)state;
	set_up(&r);
	assert_false(field_mark(r.field, 0, &mark));
	rec = record(&r, 17, 5);
	assert_false(field_record(r.field, &rec));
	assert_int_equal(told.n, 0);
	assert_false(field_mark(r.field, 0, &mark)); // it is not yet
	rig_pass(&r, 1000);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.token, 5);
	assert_true(told.durable);
	assert_true(field_mark(r.field, 0, &mark));
	assert_int_equal(mark.sequence, 17);
	rec.token = 6; // read again: known, and no second event
	assert_true(field_record(r.field, &rec));
	rig_pass(&r, 1000);
	assert_int_equal(told.n, 1);
	assert_int_equal(look(&r, EVENT_PANEL_EVENT), 1);
	const struct event *e = &found.events[0];
	assert_string_equal(e->point, "@panel/fap");
	assert_int_equal(e->condition, COND_FIRE);
	assert_int_equal(e->alarm_class, CLASS_FIRE);
	assert_string_equal(e->params,
	    "{\"device\":\"fap\",\"sequence\":17,\"raw\":37,\"zone\":12,\"user\":3,"
	    "\"bytes\":\"0011ab00\"}");
	rig_tear_down(&r);
}

static void
test_read_twice_while_it_is_being_stored_is_one_event(void **state)
{
	struct rig r;
	struct field_record rec;

	(void)state;
	set_up(&r);
	rec = record(&r, 17, 5);
	assert_false(field_record(r.field, &rec));
	rec.token = 6; // the device was lost and is back
	assert_false(field_record(r.field, &rec));
	rig_pass(&r, 1000);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.token, 6); // the newest reading is answered
	assert_int_equal(look(&r, EVENT_PANEL_EVENT), 1);
	rig_tear_down(&r);
}

static void
test_i3_a_restart_knows_the_last_record(void **state)
{
	struct rig r;
	struct field_record rec;
	struct record_mark mark;

	(void)state;
	set_up(&r);
	for (uint32_t i = 1; i <= 20; i++) {
		rec = record(&r, i, i);
		assert_false(field_record(r.field, &rec));
		rig_pass(&r, 100);
	}
	rig_stop(&r);
	rig_start(&r);
	field_attach(r.field, on_field_stored, NULL);
	assert_true(field_mark(r.field, 0, &mark));
	assert_int_equal(mark.sequence, 20);
	assert_int_equal(mark.n_bytes, 4);
	assert_memory_equal(mark.bytes, rec.bytes, 4);
	assert_true(field_record(r.field, &rec));
	rec = record(&r, 21, 1);
	assert_false(field_record(r.field, &rec));
	rig_pass(&r, 1000);
	assert_int_equal(look(&r, EVENT_PANEL_EVENT), 21);
	rig_tear_down(&r);
}

// Two records of two readings that are on their way at once: each answer is for its
// own.
static void
test_the_answer_is_for_the_newest_record(void **state)
{
	struct rig r;
	struct field_record a, b;
	struct record_mark mark;

	(void)state;
	set_up(&r);
	a = record(&r, 1, 1);
	b = record(&r, 2, 2);
	assert_false(field_record(r.field, &a));
	works_flush(r.works);
	assert_false(field_record(r.field, &b)); // another device answers now
	rig_pass(&r, 1000);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.token, 2);
	assert_true(field_mark(r.field, 0, &mark));
	assert_int_equal(mark.sequence, 2);
	assert_int_equal(look(&r, EVENT_PANEL_EVENT), 2);
	rig_tear_down(&r);
}

static void
test_what_is_not_stored_is_not_known(void **state)
{
	struct rig r;
	struct field_record rec;
	struct record_mark mark;

	(void)state;
	set_up(&r);
	rec = record(&r, 1, 1);
	assert_false(field_record(r.field, &rec));
	rig_pass(&r, 1000);
	rec = record(&r, 2, 2);
	assert_false(field_record(r.field, &rec));
	store_close(r.store, 5000); // ends before it has the unit
	supervise_free(r.supervise);
	outputs_free(r.outputs);
	r.outputs = NULL;
	outbox_free(r.outbox);
	engine_free(r.engine);
	works_free(r.works);
	assert_int_equal(told.n, 2);
	assert_false(told.durable);
	assert_true(field_mark(r.field, 0, &mark));
	assert_int_equal(mark.sequence, 1); // the one before stands
	field_free(r.field);
	loop_free(r.loop);
	site_free(r.site);
	rig_start(&r);
	field_attach(r.field, on_field_stored, NULL);
	assert_true(field_mark(r.field, 0, &mark));
	assert_int_equal(mark.sequence, 1);
	rig_tear_down(&r);
}

// 2025-11-24 16:00:00 UTC is the rig's beginning; the site is at +8.
static void
test_the_devices_clock(void **state)
{
	static const struct {
		struct record_time time;
		const char *utc; // NULL = none
		const char *word;
	} cases[] = {
		{ { 0 }, NULL, NULL },
		{ { .given = true }, NULL, "invalid" },
		{ { .given = true,
		      .valid = true,
		      .year = 2025,
		      .month = 11,
		      .day = 24,
		      .hour = 23,
		      .minute = 59,
		      .second = 30 },
		    "2025-11-24T15:59:30.000Z", "untrusted" },
		{ { .given = true,
		      .valid = true,
		      .utc = true,
		      .trusted = true,
		      .year = 2025,
		      .month = 11,
		      .day = 24,
		      .hour = 15 },
		    "2025-11-24T15:00:00.000Z", "trusted" },
		{ { .given = true,
		      .valid = true,
		      .trusted = true,
		      .year = 2025,
		      .month = 11,
		      .day = 25,
		      .hour = 0,
		      .minute = 10 },
		    "2025-11-24T16:10:00.000Z", "ahead" },
		// Without a year: of the last twelve months.
		{ { .given = true, .valid = true, .month = 11, .day = 24, .hour = 8 },
		    "2025-11-24T00:00:00.000Z", "untrusted" },
		{ { .given = true, .valid = true, .month = 12, .day = 31, .hour = 8 },
		    "2024-12-31T00:00:00.000Z", "untrusted" },
		{ { .given = true,
		      .valid = true,
		      .utc = true,
		      .trusted = true,
		      .unix_s = 1700000000 },
		    "2023-11-14T22:13:20.000Z", "trusted" },
	};
	struct rig r;

	(void)state;
	set_up(&r);
	for (uint32_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct field_record rec = record(&r, i + 1, i + 1);
		rec.time = cases[i].time;
		assert_false(field_record(r.field, &rec));
		rig_pass(&r, 100);
	}
	assert_int_equal(look(&r, EVENT_PANEL_EVENT), ARRAY_LEN(cases));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct event *e = &found.events[i];
		int64_t want = 0;
		char word[64];
		if (cases[i].utc != NULL)
			assert_int_equal(clock_parse_rfc3339(cases[i].utc, &want), 0);
		assert_int_equal(e->device_time_ms, want);
		(void)snprintf(word, sizeof(word), "\"device_clock\":\"%s\"",
		    cases[i].word != NULL ? cases[i].word : "");
		if (cases[i].word == NULL)
			assert_null(strstr(e->params, "device_clock"));
		else if (strstr(e->params, word) == NULL)
			fail_msg("%s: not %s", e->params, word);
	}
	rig_tear_down(&r);
}

static void
test_the_longest_record_fits(void **state)
{
	struct rig r;
	struct record_mark mark;

	(void)state;
	set_up(&r);
	struct field_record rec = record(&r, UINT32_MAX, 1);
	rec.n_bytes = RECORD_BYTES_MAX;
	memset(rec.bytes, 0xFE, sizeof(rec.bytes));
	rec.n_values = RECORD_FIELD_COUNT;
	for (unsigned i = 0; i < RECORD_FIELD_COUNT; i++)
		rec.values[i] = (struct record_value){ (uint8_t)i, UINT32_MAX };
	rec.malformed = true;
	rec.time = (struct record_time){ .given = true };
	assert_false(field_record(r.field, &rec));
	rig_pass(&r, 1000);
	assert_true(told.durable);
	rig_stop(&r);
	rig_start(&r);
	assert_true(field_mark(r.field, 0, &mark));
	assert_int_equal(mark.n_bytes, RECORD_BYTES_MAX);
	assert_memory_equal(mark.bytes, rec.bytes, RECORD_BYTES_MAX);
	rig_tear_down(&r);
}

static void
test_gaps(void **state)
{
	const struct record_gap missing = { .reason = GAP_MISSING,
		.numbered = true,
		.after = 7,
		.before = 11,
		.missing = 3 };
	const struct record_gap overflow = {
		.reason = GAP_OVERFLOW, .numbered = true, .before = 12
	};
	struct rig r;

	(void)state;
	set_up(&r);
	field_gap(r.field, &missing);
	field_gap(r.field, &overflow);
	rig_pass(&r, 100);
	assert_int_equal(look(&r, EVENT_PANEL_GAP), 2);
	assert_string_equal(found.events[0].params,
	    "{\"device\":\"fap\",\"reason\":\"missing\",\"after\":7,\"before\":11,"
	    "\"missing\":3}");
	assert_string_equal(found.events[1].params,
	    "{\"device\":\"fap\",\"reason\":\"overflow\",\"before\":12}");
	rig_tear_down(&r);
}

static const struct profile_write handled = {
	.name = "handled",
	.purpose = WRITE_ACKNOWLEDGE,
	.function = WRITE_REGISTER,
	.address = 46163,
	.max = 65535,
};
static const struct profile_write beat = {
	.name = "beat",
	.purpose = WRITE_HEARTBEAT,
	.function = WRITE_COIL,
	.address = 7,
	.max = 1,
};

static void
test_i8_each_write_is_an_event(void **state)
{
	struct rig r;

	(void)state;
	set_up(&r);
	for (uint32_t i = 1; i <= 3; i++) {
		const struct field_write w = { .write = &handled, .value = i };
		field_wrote(r.field, &w);
	}
	const struct field_write refused = {
		.write = &handled, .value = 3, .refused = "exception-03"
	};
	field_wrote(r.field, &refused);
	rig_pass(&r, 100);
	assert_int_equal(look(&r, EVENT_FIELD_WRITE), 4);
	assert_string_equal(found.events[0].params,
	    "{\"device\":\"fap\",\"write\":\"handled\",\"for\":\"acknowledge\","
	    "\"function\":6,\"address\":46163,\"value\":1}");
	assert_non_null(strstr(found.events[3].params, "\"refused\":\"exception-03\""));
	rig_tear_down(&r);
}

static void
test_heartbeats_are_told_together(void **state)
{
	const struct field_write w = { .write = &beat, .value = 1 };
	const struct field_write refused = {
		.write = &beat, .value = 1, .refused = "exception-01"
	};
	struct rig r;

	(void)state;
	set_up(&r);
	for (int i = 0; i < 1081; i++) { // three hours at 10 s
		field_wrote(r.field, &w);
		rig_pass(&r, 10000);
	}
	assert_int_equal(look(&r, EVENT_FIELD_WRITE), 4); // the first, and each hour
	assert_null(strstr(found.events[0].params, "writes"));
	assert_non_null(strstr(found.events[1].params, "\"writes\":360"));
	assert_non_null(strstr(found.events[3].params, "\"writes\":360"));
	field_wrote(r.field, &w);
	field_wrote(r.field, &refused); // at once, with what came before it
	field_wrote(r.field, &w);
	field_wrote(r.field, &refused);
	field_close(r.field);
	rig_pass(&r, 1000);
	assert_int_equal(look(&r, EVENT_FIELD_WRITE), 7);
	assert_null(strstr(found.events[4].params, "refused"));
	assert_non_null(strstr(found.events[5].params, "\"refused\":\"exception-01\""));
	assert_non_null(strstr(found.events[6].params, "\"writes\":2"));
	rig_tear_down(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_record_is_durable_when_the_store_says_so),
		cmocka_unit_test(test_read_twice_while_it_is_being_stored_is_one_event),
		cmocka_unit_test(test_i3_a_restart_knows_the_last_record),
		cmocka_unit_test(test_the_answer_is_for_the_newest_record),
		cmocka_unit_test(test_what_is_not_stored_is_not_known),
		cmocka_unit_test(test_the_devices_clock),
		cmocka_unit_test(test_the_longest_record_fits),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_i8_each_write_is_an_event),
		cmocka_unit_test(test_heartbeats_are_told_together),
	};

	// As the daemon does for its site.
	(void)setenv("TZ", "Asia/Shanghai", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
