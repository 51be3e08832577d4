// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Copies of signed reports: made from what was kept and from nothing else, with the
// same bytes in every format whatever changed since; and refused where what was kept is
// not what was signed.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/reading.h"
#include "lib/mem.h"
#include "report/report.h"
#include "report_fixture.h"
#include "test.h"

static const char *const formats[] = { "csv", "json", "html", "pdf", "xlsx" };
static const char *const reports[] = { "alarms-daily", "pressure-daily" };
enum {
	N_FORMATS = sizeof(formats) / sizeof(formats[0]),
	N_REPORTS = sizeof(reports) / sizeof(reports[0]),
};

static char document[400000];

static void
a_busy_day(void)
{
	store.n_alarms = 1;
	store.alarms[0] = (struct alarm_count){ .alarm_class = CLASS_FIRE,
		.condition = COND_FIRE,
		.point = "fap1-d-1-5",
		.place_zh = "五层\"走廊\"\n",
		.place_en = "=Corridor & <b>",
		.code = "fire/smoke",
		.onsets = 2,
		.n_seqs = 2,
		.seqs = store.seqs + 3 };
	store.classes.onsets[CLASS_FIRE] = 2;
	store.first_seq = 2;
	store.last_seq = 17;
	store.n_gauges = 1;
	store.gauges[0] = (struct pressure_day){ .point = "hydrant-main",
		.min = 598.4,
		.max = 712.0,
		.mean = 655.0 + 1.0 / 3.0,
		.min_at_ms = REPORT_DAY_FROM_MS + 3600000,
		.max_at_ms = REPORT_DAY_FROM_MS + 7200000,
		.good_ms = 80000000,
		.expected_ms = 86400000,
		.minutes = 1440,
		.samples = 86000 };
	store.silent_from_ms = REPORT_DAY_FROM_MS + 7200000;
	store.silent_to_ms = REPORT_DAY_FROM_MS + 9000000;
	store.as_of = (struct as_of){ 40, 7, 3 };
}

// What a leader signs, and how it is kept.
static void
sign(const char *name, int64_t revision)
{
	struct report_request q = request(name, "document");
	struct revision *r = &store.revision;
	char *text = render(&q);
	assert_true(str_copy(document, sizeof(document), text));
	free(text);
	*r = (struct revision){ .as_of = store.as_of,
		.unclassified = 2,
		.document = document,
		.revision = revision,
		.seq = 41,
		.time_utc_ms = REPORT_DAY_FROM_MS + INT64_C(90000000) };
	(void)str_copy(r->report, sizeof(r->report), name);
	(void)str_copy(r->day, sizeof(r->day), "2026-11-23");
	(void)str_copy(r->reason, sizeof(r->reason), "guard off sick");
	(void)str_copy(r->note, sizeof(r->note), "=checked");
	(void)str_copy(r->who, sizeof(r->who), "li");
	(void)str_copy(r->name_zh, sizeof(r->name_zh), "李雷");
	(void)str_copy(r->role, sizeof(r->role), "leader");
	(void)memset(r->hash, 'c', 64);
	(void)memset(r->public_key, 'd', 64);
	const char *sum = strstr(document, "\"data_sha256\":\"");
	assert_non_null(sum);
	(void)memcpy(r->data_sha256, sum + 15, 64);
}

static void
copy_of(const char *name, const char *format, enum lang lang, struct buf *out)
{
	struct report_request q = request(name, format);
	struct err err = { 0 };
	q.lang = lang;
	q.revision = store.revision.revision;
	if (report_render(NULL, &q, out, &err) != 0)
		fail_msg("%s", err.text);
}

// Everything that a report is made of, and the site's name and zone.
static void
everything_changes(void)
{
	struct revision kept = store.revision;
	memset(&store, 0, sizeof(store));
	store.revision = kept;
	store.day = (struct day_span){ .day = "2026-11-23", .from_ms = 1, .to_ms = 2 };
	report_who = (struct report_site){ .id = "tower-b",
		.name_zh = "改名",
		.name_en = "Renamed",
		.time_zone = "Europe/London" };
	assert_int_equal(setenv("TZ", "Europe/London", 1), 0);
	tzset();
}

// All formats in both languages.
static void
all_copies(const char *name, struct buf out[N_FORMATS * LANG_COUNT])
{
	for (size_t i = 0; i < N_FORMATS * LANG_COUNT; i++)
		copy_of(name, formats[i / LANG_COUNT], (enum lang)(i % LANG_COUNT),
		    &out[i]);
}

static void
expect_same_copies(const char *name, const struct buf first[N_FORMATS * LANG_COUNT])
{
	struct buf again[N_FORMATS * LANG_COUNT] = { 0 };
	all_copies(name, again);
	for (size_t i = 0; i < N_FORMATS * LANG_COUNT; i++) {
		if (again[i].len != first[i].len ||
		    memcmp(again[i].data, first[i].data, first[i].len) != 0)
			fail_msg("%s %s", name, formats[i / LANG_COUNT]);
		buf_free(&again[i]);
	}
}

static void
test_a_copy_does_not_depend_on_what_changes(void **ctx)
{
	(void)ctx;
	for (size_t n = 0; n < N_REPORTS; n++) {
		struct buf first[N_FORMATS * LANG_COUNT] = { 0 };
		assert_int_equal(report_set_up(NULL), 0);
		a_busy_day();
		sign(reports[n], 1);
		all_copies(reports[n], first);
		everything_changes();
		expect_same_copies(reports[n], first);
		for (size_t i = 0; i < N_FORMATS * LANG_COUNT; i++)
			buf_free(&first[i]);
	}
}

static char *
part(const char *text, const char *from, const char *to)
{
	const char *begin = strstr(text, from);
	const char *end = begin != NULL ? strstr(begin, to) : NULL;
	assert_non_null(end);
	return xasprintf("%.*s", (int)(end - begin), begin);
}

// The figures of the copy are those that were shown when it was signed, byte for byte;
// so is the curve.
static void
test_a_copy_shows_what_was_signed(void **ctx)
{
	(void)ctx;
	for (size_t n = 0; n < N_REPORTS; n++) {
		assert_int_equal(report_set_up(NULL), 0);
		a_busy_day();
		struct report_request q = request(reports[n], "json");
		char *now = render(&q);
		q.format = "html";
		char *page = render(&q);
		sign(reports[n], 1);
		struct buf json = { 0 }, html = { 0 };
		copy_of(reports[n], "json", LANG_EN, &json);
		copy_of(reports[n], "html", LANG_EN, &html);
		char *a = part(now, "\"data\":", ",\"rows\":");
		char *b = part(json.data, "\"data\":", ",\"rows\":");
		assert_string_equal(a, b);
		assert_has(json.data, store.revision.data_sha256);
		assert_has(now, store.revision.data_sha256);
		char *c = part(page, "<h2>", "<div class=s>");
		char *d = part(html.data, "<h2>", "<div class=s>");
		assert_string_equal(c, d);
		free(a);
		free(b);
		free(c);
		free(d);
		free(now);
		free(page);
		buf_free(&json);
		buf_free(&html);
	}
}

static void
test_the_head_says_who_signed_what(void **ctx)
{
	struct buf html = { 0 }, csv = { 0 }, json = { 0 };
	(void)ctx;
	a_busy_day();
	sign("alarms-daily", 2);
	copy_of("alarms-daily", "html", LANG_ZH, &html);
	assert_has(html.data, "<th>修订版</th><td>2</td>");
	assert_has(
	    html.data, "<th>签字人</th><td>李雷 (li) 2026-11-24T09:00:00+08:00</td>");
	assert_has(html.data, "<td>2: guard off sick</td>");
	assert_has(html.data, "<td>=checked</td>");
	assert_has(html.data, store.revision.data_sha256);
	assert_has(html.data,
	    "<td>41 – cccccccccccccccccccccccccccccccccccccccccccccccc"
	    "cccccccccccccccc</td>");
	copy_of("alarms-daily", "csv", LANG_EN, &csv);
	assert_has(csv.data, "Revision,2,");
	assert_has(csv.data, "Signer's note,'=checked,");
	assert_checksum_holds(csv.data);
	copy_of("alarms-daily", "json", LANG_EN, &json);
	assert_has(json.data,
	    "\"revision\":2,\"signed\":{\"revision\":2,\"by\":\"li\",\"name\":{\"zh\":"
	    "\"李雷\",\"en\":\"\"},\"role\":\"leader\",\"time\":"
	    "\"2026-11-24T01:00:00.000Z\",\"seq\":41,\"unclassified\":2,\"reason\":"
	    "\"guard off sick\",\"note\":\"=checked\"");
	assert_has(json.data, "\"produced\":\"2026-11-24T01:00:00.000Z\"");
	buf_free(&html);
	buf_free(&csv);
	buf_free(&json);
}

static void
test_a_draft_says_what_changed_since(void **ctx)
{
	(void)ctx;
	a_busy_day();
	struct report_request q = request("alarms-daily", "html");
	char *text = render(&q);
	assert_has(text, "<th>Signature</th><td>not signed</td>");
	assert_null(strstr(text, "Changes since"));
	free(text);
	sign("alarms-daily", 1);
	store.n_changes = 1;
	store.changes[0] = (struct day_change){ .what = "verdict",
		.seq = 50,
		.time_utc_ms = REPORT_DAY_FROM_MS + INT64_C(99000000),
		.about = { .seq = 4,
		    .time_utc_ms = REPORT_DAY_FROM_MS,
		    .place_en = "Attic" },
		.before = "pending",
		.after = "false",
		.who = "wang" };
	text = render(&q);
	assert_has(text, "<td>not signed</td>");
	assert_has(text, "<th>Signed before as revision</th><td>1 – 李雷 (li) 2026-");
	assert_has(text, "<th>Changes since then</th><td>1</td>");
	assert_has(text, "<h2>Changes since the revision before</h2>");
	assert_has(text, "verdict given</td>");
	assert_has(text, "<td>nobody has said</td><td>false alarm</td>");
	free(text);
	q.format = "json";
	text = render(&q);
	assert_has(text, "\"changes\":[{\"since\":1,\"what\":\"verdict\"");
	assert_has(text, "\"events\":[50,4]}");
	assert_has(
	    text, "\"revision\":null,\"signed\":null,\"newest\":{\"revision\":1,");
	assert_has(text, "\"changed_since\":1");
	free(text);
	// It is part of what is signed next.
	sign("alarms-daily", 2);
	struct buf copy = { 0 };
	everything_changes();
	copy_of("alarms-daily", "csv", LANG_EN, &copy);
	assert_has(copy.data, "1,verdict given,");
	buf_free(&copy);
}

// A verdict that comes while the report is made is in all of it or in none.
static void
test_a_report_is_as_of_one_moment(void **ctx)
{
	(void)ctx;
	a_busy_day();
	store.verdicts_meanwhile = 3;
	struct report_request q = request("alarms-daily", "document");
	char *text = render(&q);
	assert_has(text, "\"as_of_verdict\":10,"); // after three it rests
	free(text);
	store.verdicts_meanwhile = 99;
	assert_refused(&q, "without a pause");
}

static void
test_the_first_members_are_where_they_are_looked_for(void **ctx)
{
	(void)ctx;
	a_busy_day();
	store.n_unclassified = 5;
	sign("alarms-daily", 1);
	static const char begin[] = "{\"document\":1,\"data_sha256\":\"";
	assert_memory_equal(document, begin, sizeof(begin) - 1);
	static const char next[] = "\",\"as_of_seq\":40,\"as_of_verdict\":7,"
				   "\"as_of_missed\":3,\"unclassified\":5,";
	assert_memory_equal(document + sizeof(begin) - 1 + 64, next, sizeof(next) - 1);
}

static void
test_what_is_not_what_was_signed_is_refused(void **ctx)
{
	(void)ctx;
	a_busy_day();
	sign("alarms-daily", 1);
	struct report_request q = request("alarms-daily", "csv");
	q.revision = 2;
	assert_refused(&q, "has no revision 2");
	q.revision = 1;
	q.name = "commissioning";
	assert_refused(&q, "nobody signs");
	q.name = "alarms-daily";
	// Cut short anywhere, it is none.
	char *whole = xstrdup(document);
	size_t len = strlen(whole);
	for (size_t i = 0; i < len; i += 97) {
		document[i] = '\0';
		assert_refused(&q, "the signed report");
		document[i] = whole[i];
	}
	// Any figure, another.
	unsigned changed = 0;
	for (size_t i = 0; i + 1 < len; i++) {
		if (document[i] != '5' || document[i - 1] != ',')
			continue;
		document[i] = '6';
		struct buf out = { 0 };
		struct err err = { 0 };
		if (report_render(NULL, &q, &out, &err) != 0)
			changed++;
		buf_free(&out);
		document[i] = '5';
	}
	assert_true(changed > 0);
	// Sound in itself, but not the one in the signature.
	(void)memset(store.revision.data_sha256, 'e', 64);
	assert_refused(&q, "is not the one signed");
	free(whole);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup(f, report_set_up)
	const struct CMUnitTest tests[] = {
		T(test_a_copy_does_not_depend_on_what_changes),
		T(test_a_copy_shows_what_was_signed),
		T(test_the_head_says_who_signed_what),
		T(test_a_draft_says_what_changed_since),
		T(test_a_report_is_as_of_one_moment),
		T(test_the_first_members_are_where_they_are_looked_for),
		T(test_what_is_not_what_was_signed_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
