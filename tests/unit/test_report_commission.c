// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The commissioning sheet: its figures are the number of its rows (I13), each status
// has its words, and a point that nobody tried is listed like the others.
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "report/report.h"
#include "report_fixture.h"
#include "test.h"

static struct zone zones[] = { { "b1", "地下一层", "Basement 1" } };
static const struct profile_item items[] = {
	{ .name = "d", .area = AREA_HOLDING, .maturity = MATURITY_DOCUMENTED },
	{ .name = "e", .area = AREA_HOLDING, .maturity = MATURITY_INFERRED },
};
static const struct profile profile = {
	.id = "x", .maturity = MATURITY_DOCUMENTED, .n_items = 2, .items = items
};
static struct device devices[] = { { .id = "fap1", .profile = &profile } };
static struct gpio gpios[] = { { .id = "room-io" } };
static struct point points[] = {
	{ .id = "a",
	    .place_zh = "大厅",
	    .place_en = "Lobby",
	    .kind = KIND_SMOKE,
	    .zone = 0,
	    .device = 0,
	    .gpio = INDEX_NONE },
	{ .id = "b",
	    .item = 1,
	    .place_zh = "走廊",
	    .place_en = "Corridor",
	    .kind = KIND_SMOKE,
	    .zone = 0,
	    .device = 0,
	    .gpio = INDEX_NONE },
	{ .id = "c",
	    .place_zh = "门",
	    .place_en = "Door",
	    .kind = KIND_DOOR,
	    .zone = INDEX_NONE,
	    .device = INDEX_NONE,
	    .gpio = 0 },
};
static const struct site site = { .n_zones = 1,
	.zones = zones,
	.n_devices = 1,
	.devices = devices,
	.n_gpios = 1,
	.gpios = gpios,
	.n_points = 3,
	.n_site_points = 3,
	.points = points };
static const struct report_site who = {
	.id = "s", .name_zh = "测试", .name_en = "Test", .time_zone = "Asia/Shanghai"
};

static const struct commission_entry proven = { .seq = 57,
	.time_utc_ms = INT64_C(1763856000000),
	.verdict = COMMISSION_PROVEN,
	.expected = "fire",
	.at_panel = "火警 1-001",
	.here = "fire",
	.here_seq = 51,
	.who = "wang",
	.note = "=now()",
	.wiring = "fap1 unit 1 holding 0 smoke" };

static void
fill(void)
{
	store.day = (struct day_span){ .day = "2026-11-23",
		.from_ms = INT64_C(1763856000000),
		.to_ms = INT64_C(1763942400000),
		.closed = true };
	store.commission[0] = (struct commission_state){ .point = 0,
		.status = STATUS_PROVEN,
		.expected = COND_FIRE,
		.wiring = "fap1 unit 1 holding 0 smoke",
		.entry = &proven };
	store.commission[1] = (struct commission_state){ .point = 1,
		.status = STATUS_SEEN,
		.expected = COND_FIRE,
		.wiring = "fap1 unit 1 holding 1 smoke",
		.sight = { 60, 61, INT64_C(1763856060000) } };
	store.commission[2] = (struct commission_state){ .point = 2,
		.status = STATUS_UNTESTED,
		.expected = COND_SECURITY,
		.wiring = "room-io line 4 door" };
}

static char *
sheet(const char *format, const struct site *of)
{
	const struct report_request q = { .name = "commissioning",
		.day = "today",
		.format = format,
		.lang = LANG_EN,
		.site = &who,
		.points = of };
	struct buf out = { 0 };
	struct err err = { 0 };

	if (report_render(NULL, &q, &out, &err) != 0) {
		buf_free(&out);
		return xstrdup(err.text);
	}
	return buf_steal(&out);
}

static void
test_i13_the_figures_are_the_number_of_rows(void **state)
{
	(void)state;
	fill();
	char *csv = sheet("csv", &site);
	assert_has(csv, "Commissioning ledger,");
	assert_has(csv, "Site,Points,proven,\"seen, to be confirmed\",failed,");
	assert_has(csv, "Total,3,1,1,0,0,1,33.3,");
	assert_has(csv, "b1,2,1,1,0,0,0,50.0,");
	assert_has(csv, "\r\n,1,0,0,0,0,1,0.0,"); // of no zone
	assert_has(csv, "room-io,1,0,0,0,0,1,0.0,");
	assert_has(
	    csv, "proven,a,Lobby,b1,fap1,fire alarm,火警 1-001,fire alarm,51,wang,");
	assert_has(csv, "'=now()");
	assert_has(csv, "\"seen, to be confirmed\",b,Corridor,b1,fap1,fire alarm,,fire "
			"alarm,60 61,");
	assert_has(csv, "untested,c,Door,,room-io,security alarm,,,,,none");
	free(csv);
	char *json = sheet("json", &site);
	assert_has(json, "\"total\":{\"points\":3,\"proven\":1,\"seen\":1,\"failed\":0,"
			 "\"changed\":0,\"untested\":1,\"percent\":33.3}");
	assert_has(json, "\"here_events\":[51],\"who\":\"wang\"");
	assert_has(json, "\"status\":\"untested\",\"point\":\"c\"");
	free(json);
}

// A map that is not known for sure says so beside each of its points.
static void
test_a_point_of_an_inferred_item_says_so(void **state)
{
	(void)state;
	fill();
	char *json = sheet("json", &site);
	const char *a = strstr(json, "\"point\":\"a\""),
		   *b = strstr(json, "\"point\":\"b\""),
		   *c = strstr(json, "\"point\":\"c\"");
	assert_true(a != NULL && a < b && b < c);
	const char *of_a = strstr(a, "\"maturity\":\"documented\""),
		   *of_b = strstr(b, "\"maturity\":\"inferred\""),
		   *of_c = strstr(c, "\"maturity\":null");
	assert_true(of_a != NULL && of_a < b && of_b != NULL && of_b < c);
	assert_non_null(of_c);
	free(json);
	char *csv = sheet("csv", &site);
	assert_has(csv, ",Register map\r\n");
	assert_has(csv, ",inferred\r\n");
	free(csv);
}

static void
test_a_lapsed_proof_shows_both_wirings(void **state)
{
	(void)state;
	fill();
	store.commission[0].status = STATUS_CHANGED;
	(void)str_copy(store.commission[0].wiring, sizeof(store.commission[0].wiring),
	    "fap1 unit 1 holding 9 smoke");
	char *json = sheet("json", &site);
	assert_has(json, "\"changed\":1");
	assert_has(json, "\"wiring\":\"fap1 unit 1 holding 9 smoke\",\"proven_wiring\":"
			 "\"fap1 unit 1 holding 0 smoke\"");
	free(json);
}

static void
test_without_the_site_there_is_no_sheet(void **state)
{
	(void)state;
	fill();
	char *text = sheet("csv", NULL);
	assert_has(text, "the site is needed (-c FILE)");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i13_the_figures_are_the_number_of_rows),
		cmocka_unit_test(test_a_lapsed_proof_shows_both_wirings),
		cmocka_unit_test(test_a_point_of_an_inferred_item_says_so),
		cmocka_unit_test(test_without_the_site_there_is_no_sheet),
	};

	if (setenv("TZ", ":Asia/Shanghai", 1) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
