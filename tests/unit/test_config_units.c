// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Scalars with units: what is taken, to the last digit, and what is refused and why.
#include <math.h>
#include <string.h>

#include "config/units.h"
#include "test.h"

static char why[WHY_MAX];

static void
test_durations(void **state)
{
	static const struct {
		const char *text;
		uint32_t ms;
	} good[] = {
		{ "500ms", 500 },
		{ "1s", 1000 },
		{ "1.5s", 1500 },
		{ "0.001s", 1 },
		{ "10min", 600000 },
		{ "24h", 86400000 },
		{ "30d", 2592000000u },
		{ "0s", 0 },
		{ "2 s", 2000 },
		{ "0.25min", 15000 },
	};
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "500", "unit required, for example 500ms" },
		{ "0", "unit required, for example 500ms" },
		{ "", "not a duration, for example 500ms" },
		{ "ms", "not a duration, for example 500ms" },
		{ "1.s", "not a duration, for example 500ms" },
		{ ".5s", "not a duration, for example 500ms" },
		{ "1sec", "unknown unit of time (ms, s, min, h, d)" },
		{ "1S", "unknown unit of time (ms, s, min, h, d)" },
		{ "1  s", "unknown unit of time (ms, s, min, h, d)" },
		{ "1e3ms", "unknown unit of time (ms, s, min, h, d)" },
		{ "0.5ms", "finer than a millisecond" },
		{ "-1s", "must be 0 ms to 30 d" },
		{ "31d", "must be 0 ms to 30 d" },
		{ "999999999999999d", "must be 0 ms to 30 d" },
		{ "9999999999999999s", "not a duration, for example 500ms" },
	};
	uint32_t ms;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(
		    units_duration(good[i].text, 0, 2592000000u, &ms, why), 0);
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(
		    units_duration(bad[i].text, 0, 2592000000u, &ms, why), -1);
		assert_string_equal(why, bad[i].why);
	}
}

static void
test_quantities(void **state)
{
	static const struct {
		const char *text;
		enum quantity q;
		double value;
	} good[] = {
		{ "0.60MPa", QUANTITY_PRESSURE, 600 },
		{ "0.07MPa", QUANTITY_PRESSURE, 70 },
		{ "1.2MPa", QUANTITY_PRESSURE, 1200 },
		{ "12bar", QUANTITY_PRESSURE, 1200 },
		{ "850kPa", QUANTITY_PRESSURE, 850 },
		{ "101325Pa", QUANTITY_PRESSURE, 101.325 },
		{ "1013.25hPa", QUANTITY_PRESSURE, 101.325 },
		{ "15mbar", QUANTITY_PRESSURE, 1.5 },
		{ "1kgf/cm2", QUANTITY_PRESSURE, 98.0665 },
		{ "10 mH2O", QUANTITY_PRESSURE, 98.0665 },
		{ "1000mmH2O", QUANTITY_PRESSURE, 9.80665 },
		{ "-1kPa", QUANTITY_PRESSURE, -1 },
		{ "250cm", QUANTITY_LEVEL, 2.5 },
		{ "5degC", QUANTITY_TEMPERATURE, 5 },
		{ "4mA", QUANTITY_CURRENT, 4 },
		{ "0.02A", QUANTITY_CURRENT, 20 },
	};
	double v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(units_quantity(good[i].text, good[i].q, &v, why), 0);
		assert_true(
		    !(v < good[i].value) && !(v > good[i].value)); // not a bit off
	}
	assert_int_equal(units_quantity("100psi", QUANTITY_PRESSURE, &v, why), 0);
	assert_true(fabs(v - 689.4757293168) < 1e-9);
	assert_int_equal(units_quantity("0.6", QUANTITY_PRESSURE, &v, why), -1);
	assert_string_equal(why, "unit required, for example 0.6MPa");
	assert_int_equal(units_quantity("5degC", QUANTITY_PRESSURE, &v, why), -1);
	assert_non_null(strstr(why, "unknown unit of pressure (Pa, hPa, kPa, MPa"));
	assert_int_equal(units_quantity("1,2MPa", QUANTITY_PRESSURE, &v, why), -1);
	assert_int_equal(units_quantity("nanMPa", QUANTITY_PRESSURE, &v, why), -1);
	assert_int_equal(units_quantity("1kPa", QUANTITY_NONE, &v, why), -1);
}

static void
test_integers(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
	} good[] = {
		{ "0", 0 },
		{ "247", 247 },
		{ "0x00FF", 255 },
		{ "0Xff", 255 },
		{ "-3", -3 },
	};
	static const char *const bad[] = { "", "-", "010", "0x", "1_000", "1e3", "1.0",
		" 1", "1 ", "0b1", "zwölf", "99999999999999999999", "--1" };
	int64_t v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(units_integer(good[i].text, -10, 255, &v, why), 0);
		assert_int_equal(v, good[i].value);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(units_integer(bad[i], -10, 255, &v, why), -1);
		assert_non_null(strstr(why, "not a whole number"));
	}
	assert_int_equal(units_integer("256", 0, 255, &v, why), -1);
	assert_string_equal(why, "must be 0 to 255");
}

static void
test_decimals(void **state)
{
	double v;

	(void)state;
	assert_int_equal(units_decimal("0.1", &v, why), 0);
	assert_true(!(v < 0.1) && !(v > 0.1));
	assert_int_equal(units_decimal("-273.15", &v, why), 0);
	assert_true(!(v < -273.15) && !(v > -273.15));
	assert_int_equal(units_decimal("1e3", &v, why), -1);
	assert_int_equal(units_decimal("inf", &v, why), -1);
	assert_int_equal(units_decimal("0.12345678901234567", &v, why), -1);
}

static void
test_times_of_day(void **state)
{
	static const char *const bad[] = { "8:00", "24:00", "08:60", "08:0", "0800",
		"08:00:00", "", "ab:cd" };
	uint16_t minutes;

	(void)state;
	assert_int_equal(units_time_of_day("08:00", &minutes, why), 0);
	assert_int_equal(minutes, 480);
	assert_int_equal(units_time_of_day("23:59", &minutes, why), 0);
	assert_int_equal(minutes, 1439);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(units_time_of_day(bad[i], &minutes, why), -1);
}

static void
test_endpoints(void **state)
{
	static const char *const bad[] = { "", ":502", "localhost:502",
		"192.0.2.1:", "[::1", "192.0.2.1:65536", "192.0.2.1:-1", "192.0.2.1:5x",
		"192.0.2:502", "::1:502", "192.0.2.1:502:1",
		"11111111111111111111111111111111111111111111111111111111111111111:5" };
	char host[HOST_MAX];
	uint16_t port;

	(void)state;
	assert_int_equal(units_endpoint("192.0.2.10:502", -1, host, &port, why), 0);
	assert_string_equal(host, "192.0.2.10");
	assert_int_equal(port, 502);
	assert_int_equal(units_endpoint("[2001:db8::1]:8470", -1, host, &port, why), 0);
	assert_string_equal(host, "2001:db8::1");
	assert_int_equal(port, 8470);
	assert_int_equal(units_endpoint("192.0.2.10", 502, host, &port, why), 0);
	assert_int_equal(port, 502);
	assert_int_equal(units_endpoint("192.0.2.10", -1, host, &port, why), -1);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(units_endpoint(bad[i], -1, host, &port, why), -1);
}

static void
test_ids(void **state)
{
	static const char *const good[] = { "a", "0", "door-b1.pump_2",
		"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg" };
	static const char *const bad[] = { "", "-a", ".a", "_a", "A", "a b", "@bus",
		"a/b", "é",
		"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(units_id(good[i], why), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(units_id(bad[i], why), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_quantities),
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_decimals),
		cmocka_unit_test(test_times_of_day),
		cmocka_unit_test(test_endpoints),
		cmocka_unit_test(test_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
