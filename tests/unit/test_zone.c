// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Local time against figures known from elsewhere, and damaged files. With an argument
// it answers questions on standard input instead, for check_zone.py: "ZONE utc S" gives
// the offset, "ZONE local S" the moment.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "store/posix_tz.h"
#include "store/zone.h"
#include "test.h"

static int32_t
offset(const char *name, int64_t utc_s)
{
	struct err e = { 0 };
	struct zone *z = zone_load(name, &e);
	assert_non_null(z);
	int32_t o = zone_offset_s(z, utc_s);
	zone_free(z);
	return o;
}

static void
test_offsets(void **state)
{
	(void)state;
	const struct {
		const char *zone;
		int64_t utc_s;
		int32_t offset_s;
	} cases[] = {
		{ "Asia/Shanghai", 1772323200, 28800 },
		{ "Asia/Shanghai", -2500000000, 29143 }, // local mean time
		{ "Asia/Shanghai", 520000000, 32400 },   // summer of 1986
		{ "Europe/Berlin", 1774745999, 3600 },   // 2026-03-29T00:59:59Z
		{ "Europe/Berlin", 1774746000, 7200 },
		{ "America/New_York", 1793512799, -14400 }, // 2026-11-01T05:59:59Z
		{ "America/New_York", 1793512800, -18000 },
		{ "Australia/Lord_Howe", 1775314799, 39600 }, // 2026-04-04T14:59:59Z
		{ "Australia/Lord_Howe", 1775314800, 37800 },
		{ "Europe/Berlin", 4109878799,
		    3600 }, // 2100-03-28T00:59:59Z, by the rule
		{ "Europe/Berlin", 4109878800, 7200 },
		{ "UTC", 0, 0 },
	};
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(
		    offset(cases[i].zone, cases[i].utc_s), cases[i].offset_s);
}

static void
test_gap_and_fold(void **state)
{
	(void)state;
	struct zone *z = zone_load("Europe/Berlin", NULL);
	assert_non_null(z);
	// 2026-03-29 02:30 does not exist: as 01:30 standard time plus one hour.
	int64_t local = 1774751400; // as if UTC
	assert_int_equal(zone_local_to_utc_s(z, local), 1774751400 - 3600);
	// 2026-10-25 02:30 exists twice: the first is summer time.
	local = 1792895400;
	assert_int_equal(zone_local_to_utc_s(z, local), 1792895400 - 7200);
	zone_free(z);
}

static void
test_calendar(void **state)
{
	(void)state;
	assert_int_equal(civil_to_days((struct civil){ 1970, 1, 1 }), 0);
	assert_int_equal(civil_to_days((struct civil){ 2000, 3, 1 }), 11017);
	assert_int_equal(civil_to_days((struct civil){ 1969, 12, 31 }), -1);
	for (int64_t d = -800000; d < 800000; d += 97)
		assert_int_equal(civil_to_days(civil_from_days(d)), d);
}

static void
test_names_that_are_refused(void **state)
{
	(void)state;
	const char *const names[] = { "", "/etc/passwd", "../../etc/passwd",
		"Nowhere/City", "Asia/..", "Asia/Shanghai;", "." };
	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		struct err e = { 0 };
		assert_null(zone_load(names[i], &e));
		assert_true(e.text[0] != '\0');
	}
}

// Every prefix of a real file, and every single damaged byte, is refused or gives a
// zone that answers: never a read beyond the end (sanitizers watch).
static void
test_damaged_files(void **state)
{
	(void)state;
	static uint8_t data[8192];
	FILE *f = fopen("/usr/share/zoneinfo/Europe/Berlin", "rbe");
	assert_non_null(f);
	size_t len = fread(data, 1, sizeof(data), f);
	(void)fclose(f);
	assert_true(len > 1000 && len < sizeof(data));
	for (size_t n = 0; n < len; n++)
		assert_null(zone_parse(data, n, NULL));
	for (size_t i = 0; i < len; i++) {
		for (int bit = 0; bit < 8; bit += 3) {
			data[i] ^= (uint8_t)(1u << bit);
			struct zone *z = zone_parse(data, len, NULL);
			if (z != NULL) {
				(void)zone_offset_s(z, 0);
				(void)zone_local_to_utc_s(z, 4000000000);
			}
			zone_free(z);
			data[i] ^= (uint8_t)(1u << bit);
		}
	}
}

static void
test_rules(void **state)
{
	(void)state;
	struct posix_tz tz;
	const char *const good[] = { "CST-8", "CET-1CEST,M3.5.0,M10.5.0/3",
		"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "EST5EDT,M3.2.0,M11.1.0",
		"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "XXX3YYY,J60/2,300/167:59:59" };
	const char *const bad[] = { "", "CS-8", "CST", "CST-8x", "CET-1CEST",
		"CET-1CEST,", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.5.0",
		"CET-1CEST,M3.6.0,M1.1.1", "<+1030-10:30", "CET-168",
		"CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J365",
		"CET-1CEST,M3.5.0,M10.5.0/3," };
	for (unsigned i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(posix_tz_parse(good[i], strlen(good[i]), &tz), 0);
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(posix_tz_parse(bad[i], strlen(bad[i]), &tz), -1);
	assert_int_equal(posix_tz_parse("XXX3YYY,J60/2,J300", 18, &tz), 0);
	// J60 is 1 March in leap years too: 2024-03-01T05:00Z.
	assert_int_equal(posix_tz_offset_s(&tz, 1709269199), -10800);
	assert_int_equal(posix_tz_offset_s(&tz, 1709269200), -7200);
}

static void
answer_line(char *line, struct zone **z, char loaded[static 64])
{
	const char *name = strtok(line, " "), *what = strtok(NULL, " ");
	const char *number = strtok(NULL, " ");
	struct err e = { 0 };
	if (number == NULL)
		return;
	if (strcmp(name, loaded) != 0) {
		zone_free(*z);
		*z = zone_load(name, &e);
		(void)str_copy(loaded, 64, name);
	}
	if (*z == NULL)
		return; // one answer too few
	int64_t s = strtoll(number, NULL, 10);
	(void)printf("%lld\n", strcmp(what, "utc") == 0
				   ? (long long)zone_offset_s(*z, s)
				   : (long long)zone_local_to_utc_s(*z, s));
}

static int
answer(void)
{
	char line[128], loaded[64] = "";
	struct zone *z = NULL;
	while (fgets(line, sizeof(line), stdin) != NULL)
		answer_line(line, &z, loaded);
	zone_free(z);
	return 0;
}

int
main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return answer();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_gap_and_fold),
		cmocka_unit_test(test_calendar),
		cmocka_unit_test(test_names_that_are_refused),
		cmocka_unit_test(test_damaged_files),
		cmocka_unit_test(test_rules),
	};
	return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
