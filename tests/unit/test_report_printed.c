// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The printed formats and the curve: the same request gives the same bytes, data is
// text and nothing else, and a gap stays a gap. What the pages look like is read by
// other programs (tests/integration/test_printed_reports.py).
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "report/chart.h"
#include "report_fixture.h"
#include "test.h"

static void
one_fire(void)
{
	store.n_alarms = 1;
	store.alarms[0] = (struct alarm_count){ .alarm_class = CLASS_FIRE,
		.condition = COND_FIRE,
		.point = "d1",
		.place_zh = "<b>\"甲\"&乙",
		.place_en = "=1+1",
		.onsets = 1,
		.n_seqs = 1,
		.seqs = store.seqs };
	store.classes.onsets[CLASS_FIRE] = 1;
	store.last_seq = 1;
}

static void
render_bytes(const char *format, struct buf *out)
{
	struct report_request q = request("alarms-daily", format);
	struct err err = { 0 };
	q.lang = LANG_ZH;
	assert_int_equal(report_render(NULL, &q, out, &err), 0);
	assert_true(out->len > 0);
}

static void
test_the_same_report_has_the_same_bytes(void **ctx)
{
	static const char *const formats[] = { "csv", "json", "html", "pdf", "xlsx" };
	(void)ctx;
	one_fire();
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct buf first = { 0 }, second = { 0 };
		render_bytes(formats[i], &first);
		render_bytes(formats[i], &second);
		if (first.len != second.len ||
		    memcmp(first.data, second.data, first.len) != 0)
			fail_msg("%s differs from time to time", formats[i]);
		buf_free(&first);
		buf_free(&second);
	}
}

static void
test_html_escapes_data(void **ctx)
{
	(void)ctx;
	one_fire();
	struct report_request q = request("alarms-daily", "html");
	q.lang = LANG_ZH;
	char *text = render(&q);
	assert_has(text, "<td>&lt;b&gt;&quot;甲&quot;&amp;乙</td>");
	assert_null(strstr(text, "<b>"));
	free(text);
}

// Ten minutes a step, two hours; nothing from the fourth to the sixth.
static struct report_chart
chart(void)
{
	static struct chart_step steps[12];
	for (size_t i = 0; i < 12; i++) {
		bool none = i >= 3 && i < 6;
		steps[i] =
		    none ? (struct chart_step){ (double)NAN, (double)NAN, (double)NAN }
			 : (struct chart_step){ 600, 650, 700 };
	}
	return (struct report_chart){ .from_ms = REPORT_DAY_FROM_MS,
		.to_ms = REPORT_DAY_FROM_MS + INT64_C(7200000),
		.step_ms = 600000,
		.n = 12,
		.steps = steps };
}

static void
test_a_gap_in_a_curve_stays_a_gap(void **ctx)
{
	(void)ctx;
	struct report_chart c = chart();
	struct chart_plan p;
	struct chart_dot dots[14];
	size_t begin, end;

	assert_true(chart_plan(&c, 120.0, 100.0, &p));
	assert_true(chart_run(&c, 0, &begin, &end));
	assert_int_equal(begin, 0);
	assert_int_equal(end, 3);
	// To the edges of the run: three steps of ten.
	size_t n =
	    chart_outline(&p, &c, begin, end, offsetof(struct chart_step, mean), dots);
	assert_int_equal(n, 5);
	assert_true(fabs(dots[0].x) < 1e-9 && fabs(dots[4].x - 30.0) < 1e-9);
	assert_true(chart_run(&c, end, &begin, &end));
	assert_int_equal(begin, 6);
	assert_int_equal(end, 12);
	assert_false(chart_run(&c, end, &begin, &end));
}

static void
test_the_axes_of_a_curve_are_round(void **ctx)
{
	(void)ctx;
	struct report_chart c = chart();
	struct chart_plan p;

	assert_true(chart_plan(&c, 120.0, 100.0, &p));
	assert_true(p.least <= 600.0 && p.greatest >= 700.0);
	assert_string_equal(p.values[0].text, "0.60");
	assert_string_equal(p.times[0].text, "08:00");
	assert_string_equal(p.times[2].text, "10:00");
	for (size_t i = 1; i < p.n_values; i++)
		assert_string_not_equal(p.values[i].text, p.values[i - 1].text);
	// A flat line has a scale as well, and one without a value has none.
	for (size_t i = 0; i < c.n; i++)
		c.steps[i] = (struct chart_step){ 180.2, 180.2, 180.2 };
	assert_true(chart_plan(&c, 120.0, 100.0, &p));
	for (size_t i = 1; i < p.n_values; i++)
		assert_string_not_equal(p.values[i].text, p.values[i - 1].text);
	c.n = 0;
	assert_false(chart_plan(&c, 120.0, 100.0, &p));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
		    test_the_same_report_has_the_same_bytes, report_set_up),
		cmocka_unit_test_setup(test_html_escapes_data, report_set_up),
		cmocka_unit_test_setup(
		    test_a_gap_in_a_curve_stays_a_gap, report_set_up),
		cmocka_unit_test_setup(
		    test_the_axes_of_a_curve_are_round, report_set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
