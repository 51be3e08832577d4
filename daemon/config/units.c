// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The parsers of config/units.h. Any thread; no state, no allocation, no locale: digits
// are read by hand and one rounding makes the result, so 0.60MPa is exactly 600 kPa.
// Refuses bare numbers where a unit belongs, exponents, signs where none can be, digits
// beyond what a double holds, and everything after the last expected character.
#include "config/units.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/event.h"
#include "lib/mem.h"

// Codes and built-in points are named after ids; an event must hold them whole.
_Static_assert((int)ID_LENGTH_MAX < (int)CODE_MAX, "a code fits");
_Static_assert((int)sizeof("@channel/") + (int)ID_LENGTH_MAX <= (int)ID_MAX,
    "a built-in point fits");

// clang-format off
static const struct unit {
	const char *name;
	enum quantity quantity;
	double num, den; // base unit = value * num / den; both whole, so exact
} units[] = {
	{ "Pa",      QUANTITY_PRESSURE,    1,              1000 },
	{ "hPa",     QUANTITY_PRESSURE,    1,              10 },
	{ "kPa",     QUANTITY_PRESSURE,    1,              1 },
	{ "MPa",     QUANTITY_PRESSURE,    1000,           1 },
	{ "mbar",    QUANTITY_PRESSURE,    1,              10 },
	{ "bar",     QUANTITY_PRESSURE,    100,            1 },
	{ "psi",     QUANTITY_PRESSURE,    6894757293168,  1e12 },
	{ "kgf/cm2", QUANTITY_PRESSURE,    980665,         10000 },
	{ "mH2O",    QUANTITY_PRESSURE,    980665,         100000 },
	{ "mmH2O",   QUANTITY_PRESSURE,    980665,         100000000 },
	{ "mm",      QUANTITY_LEVEL,       1,              1000 },
	{ "cm",      QUANTITY_LEVEL,       1,              100 },
	{ "m",       QUANTITY_LEVEL,       1,              1 },
	{ "degC",    QUANTITY_TEMPERATURE, 1,              1 },
	{ "mA",      QUANTITY_CURRENT,     1,              1 },
	{ "A",       QUANTITY_CURRENT,     1000,           1 },
	{ "mV",      QUANTITY_VOLTAGE,     1,              1000 },
	{ "V",       QUANTITY_VOLTAGE,     1,              1 },
	{ "kOhm",    QUANTITY_RESISTANCE,  1000,           1 },
	{ "mOhm",    QUANTITY_RESISTANCE,  1,              1000 },
	{ "Ohm",     QUANTITY_RESISTANCE,  1,              1 },
	{ "%",       QUANTITY_RATIO,       1,              1 },
	{ "s",       QUANTITY_DURATION,    1,              1 },
	{ "min",     QUANTITY_DURATION,    60,             1 },
	{ "h",       QUANTITY_DURATION,    3600,           1 },
	{ "%/m",     QUANTITY_OBSCURATION, 1,              1 },
	{ "",        QUANTITY_NUMBER,      1,              1 },
};

static const struct {
	const char *name;
	int64_t ms;
} times[] = {
	{ "ms", 1 }, { "s", 1000 }, { "min", 60000 }, { "h", 3600000 }, { "d", 86400000 },
};

static const struct {
	const char *name;
	const char *example;
} quantities[QUANTITY_COUNT] = {
	[QUANTITY_NONE] = { "none", "1" },
	[QUANTITY_PRESSURE] = { "pressure", "0.6MPa" },
	[QUANTITY_LEVEL] = { "level", "2.5m" },
	[QUANTITY_TEMPERATURE] = { "temperature", "5degC" },
	[QUANTITY_CURRENT] = { "current", "4mA" },
	[QUANTITY_VOLTAGE] = { "voltage", "24V" },
	[QUANTITY_RESISTANCE] = { "resistance", "100mOhm" },
	[QUANTITY_RATIO] = { "ratio", "50%" },
	[QUANTITY_DURATION] = { "duration", "10min" },
	[QUANTITY_OBSCURATION] = { "obscuration", "0.5%/m" },
	[QUANTITY_NUMBER] = { "number", "3" },
};
// clang-format on

enum {
	DIGITS_MAX = 15
};

// A decimal number as digits: value = digits / 10^places, negated.
struct decimal {
	bool negative;
	int64_t digits;
	unsigned places;
	const char *rest; // behind it
};

#define REFUSE(...) ((void)snprintf(why, WHY_MAX, __VA_ARGS__), -1)

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static double
power_of_ten(unsigned n)
{
	double p = 1;

	while (n-- > 0)
		p *= 10;
	return p; // exact up to 10^22
}

// False where the text does not begin with a number, or it has too many digits.
static bool
scan_decimal(const char *s, struct decimal *d)
{
	unsigned significant = 0, seen = 0;
	bool point = false;

	*d = (struct decimal){ 0 };
	if (*s == '+' || *s == '-')
		d->negative = *s++ == '-';
	for (; is_digit(*s) || (*s == '.' && !point && seen > 0); s++) {
		if (*s == '.') {
			point = true;
			if (!is_digit(s[1]))
				return false;
			continue;
		}
		seen++;
		if (significant > 0 || *s != '0')
			significant++;
		if (significant > DIGITS_MAX || d->places >= DIGITS_MAX)
			return false;
		d->digits = d->digits * 10 + (*s - '0');
		d->places += point;
	}
	d->rest = s;
	return seen > 0;
}

static int
digit_value(char c, int base)
{
	int v = -1;

	if (is_digit(c))
		v = c - '0';
	else if (c >= 'a' && c <= 'f')
		v = c - 'a' + 10;
	else if (c >= 'A' && c <= 'F')
		v = c - 'A' + 10;
	return v < base ? v : -1;
}

static bool
scan_integer(const char *s, int64_t *out)
{
	bool negative = *s == '-';
	int base = 10;

	s += negative;
	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
	} else if (s[0] == '0' && s[1] != '\0') {
		return false;
	}
	size_t len = strlen(s);
	if (len == 0 || len > 15)
		return false;
	*out = 0;
	for (; *s != '\0'; s++) {
		int v = digit_value(*s, base);
		if (v < 0)
			return false;
		*out = *out * base + v;
	}
	*out = negative ? -*out : *out;
	return true;
}

int
units_integer(
    const char *text, int64_t min, int64_t max, int64_t *out, char why[static WHY_MAX])
{
	int64_t v;

	if (!scan_integer(text, &v))
		return REFUSE("not a whole number (decimal, or hexadecimal with 0x)");
	if (v < min || v > max)
		return REFUSE("must be %" PRId64 " to %" PRId64, min, max);
	*out = v;
	return 0;
}

int
units_decimal(const char *text, double *out, char why[static WHY_MAX])
{
	struct decimal d;

	if (!scan_decimal(text, &d) || *d.rest != '\0')
		return REFUSE(
		    "not a number (at most %d digits, no exponent)", DIGITS_MAX);
	double v = (double)d.digits / power_of_ten(d.places);
	*out = d.negative ? -v : v;
	return 0;
}

// Skips the one space that may stand between number and unit.
static const char *
unit_text(const struct decimal *d)
{
	return *d->rest == ' ' ? d->rest + 1 : d->rest;
}

// "0,6": the number was read up to its comma.
static bool
decimal_comma(const struct decimal *d)
{
	return d->rest[0] == ',' && is_digit(d->rest[1]);
}

static int
check_duration(const struct decimal *d, int64_t factor, uint32_t min_ms,
    uint32_t max_ms, uint32_t *ms, char why[static WHY_MAX])
{
	char low[32], high[32];
	int64_t scale = (int64_t)power_of_ten(d->places), product;
	bool over = __builtin_mul_overflow(d->digits, factor, &product);

	if (!over && product % scale != 0)
		return REFUSE("finer than a millisecond");
	if (over || d->negative || product / scale < min_ms || product / scale > max_ms)
		return REFUSE("must be %s to %s", units_show_ms(min_ms, low),
		    units_show_ms(max_ms, high));
	*ms = (uint32_t)(product / scale);
	return 0;
}

int
units_duration(const char *text, uint32_t min_ms, uint32_t max_ms, uint32_t *ms,
    char why[static WHY_MAX])
{
	struct decimal d;

	if (!scan_decimal(text, &d))
		return REFUSE("not a duration, for example 500ms");
	const char *unit = unit_text(&d);
	if (*unit == '\0')
		return REFUSE("unit required, for example 500ms");
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		if (strcmp(unit, times[i].name) == 0)
			return check_duration(&d, times[i].ms, min_ms, max_ms, ms, why);
	if (decimal_comma(&d))
		return REFUSE("a decimal comma: write a point, for example 1.5s");
	return REFUSE("unknown unit of time (ms, s, min, h, d)");
}

static const struct unit *
find_unit(const char *name, enum quantity q)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (units[i].quantity == q && strcmp(units[i].name, name) == 0)
			return &units[i];
	return NULL;
}

// The unit that differs in capitals only: Mpa, KPA, PSI.
static const struct unit *
nearest_unit(const char *name, enum quantity q)
{
	const struct unit *found = NULL;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (units[i].quantity != q || strcasecmp(units[i].name, name) != 0)
			continue;
		if (found != NULL)
			return NULL; // which one?
		found = &units[i];
	}
	return found;
}

void
units_names(enum quantity q, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (units[i].quantity != q || used >= size)
			continue;
		int n = snprintf(out + used, size - used, "%s%s", used > 0 ? ", " : "",
		    units[i].name);
		wr_assert(n > 0);
		used += (size_t)n;
	}
}

bool
units_factor(const char *unit, enum quantity q, double *factor)
{
	const struct unit *u = find_unit(unit, q);

	if (u != NULL)
		*factor = u->num / u->den;
	return u != NULL;
}

const char *
units_base(enum quantity q)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (units[i].quantity == q && !(units[i].num > units[i].den) &&
		    !(units[i].num < units[i].den))
			return units[i].name;
	return "";
}

int
units_quantity(const char *text, enum quantity q, double *out, char why[static WHY_MAX])
{
	struct decimal d;
	char names[WHY_MAX / 2];

	if (!scan_decimal(text, &d))
		return REFUSE("not a %s, for example %s", quantities[q].name,
		    quantities[q].example);
	const char *unit = unit_text(&d);
	if (*unit == '\0' && q != QUANTITY_NUMBER)
		return REFUSE("unit required, for example %s", quantities[q].example);
	const struct unit *u = find_unit(unit, q), *near = nearest_unit(unit, q);
	if (u == NULL && decimal_comma(&d))
		return REFUSE("a decimal comma: write a point, for example %s",
		    quantities[q].example);
	if (u == NULL && near != NULL)
		return REFUSE(
		    "a unit of %s is written %s", quantities[q].name, near->name);
	if (u == NULL) {
		units_names(q, names, sizeof(names));
		return REFUSE("unknown unit of %s (%s)", quantities[q].name, names);
	}
	double v = (double)d.digits * u->num / (power_of_ten(d.places) * u->den);
	*out = d.negative ? -v : v;
	return 0;
}

const char *
units_unit_name(size_t i)
{
	return i < sizeof(units) / sizeof(units[0]) ? units[i].name : NULL;
}

const char *
units_time_name(size_t i)
{
	return i < sizeof(times) / sizeof(times[0]) ? times[i].name : NULL;
}

const char *
units_quantity_name(size_t i)
{
	return i + 1 < QUANTITY_COUNT ? quantities[i + 1].name : NULL;
}

int
units_time_of_day(const char *text, uint16_t *minutes, char why[static WHY_MAX])
{
	if (strlen(text) == 5 && is_digit(text[0]) && is_digit(text[1]) &&
	    text[2] == ':' && is_digit(text[3]) && is_digit(text[4])) {
		int hour = (text[0] - '0') * 10 + text[1] - '0';
		int minute = (text[3] - '0') * 10 + text[4] - '0';
		if (hour < 24 && minute < 60) {
			*minutes = (uint16_t)(hour * 60 + minute);
			return 0;
		}
	}
	return REFUSE("not a time of day, for example \"08:00\"");
}

bool
units_is_address(const char *text)
{
	struct in6_addr any;

	return inet_pton(AF_INET, text, &any) == 1 ||
	       inet_pton(AF_INET6, text, &any) == 1;
}

static bool
as_ipv6(const char *text, struct in6_addr *out)
{
	static const unsigned char mapped[12] = { [10] = 0xFF, [11] = 0xFF };

	if (inet_pton(AF_INET6, text, out) == 1)
		return true;
	memcpy(out->s6_addr, mapped, sizeof(mapped));
	return inet_pton(AF_INET, text, out->s6_addr + sizeof(mapped)) == 1;
}

bool
units_same_address(const char *a, const char *b)
{
	struct in6_addr one, other;

	return as_ipv6(a, &one) && as_ipv6(b, &other) &&
	       memcmp(&one, &other, sizeof(one)) == 0;
}

// Where the host begins and ends and what stands behind it; false: brackets are open.
static bool
split_endpoint(const char *text, const char **host, size_t *len, const char **rest)
{
	if (*text == '[') {
		const char *end = strchr(text, ']');
		if (end == NULL)
			return false;
		*host = text + 1;
		*len = (size_t)(end - *host);
		*rest = end + 1;
		return true;
	}
	*host = text;
	*len = strcspn(text, ":");
	*rest = text + *len;
	return true;
}

int
units_endpoint(const char *text, int fallback_port, char host[static HOST_MAX],
    uint16_t *port, char why[static WHY_MAX])
{
	const char *start, *rest;
	size_t len;
	int64_t number = fallback_port;

	if (!split_endpoint(text, &start, &len, &rest) || len >= HOST_MAX)
		return REFUSE("not an address, for example 192.0.2.10:502");
	if (units_is_address(text) && strchr(text, ':') != NULL)
		return REFUSE("an IPv6 address stands in brackets, for example "
			      "[2001:db8::1]:502");
	if (len == 0)
		return REFUSE("the host is missing, for example 192.0.2.10:502");
	if (strspn(text, "0123456789") == strlen(text))
		return REFUSE(
		    "must be an address and a port, for example 127.0.0.1:8470");
	memcpy(host, start, len);
	host[len] = '\0';
	if (!units_is_address(host))
		return REFUSE(
		    "the host must be a numeric address: names are not looked up");
	if (*rest == '\0' && fallback_port < 0)
		return REFUSE("the port is missing, for example 127.0.0.1:8470");
	if (*rest != '\0' && (*rest != ':' || !scan_integer(rest + 1, &number) ||
				 number < 0 || number > UINT16_MAX))
		return REFUSE("the port must be 0 to 65535");
	*port = (uint16_t)number;
	return 0;
}

int
units_id(const char *text, char why[static WHY_MAX])
{
	size_t len = strlen(text);

	if (len > 0 && len <= ID_LENGTH_MAX && text[0] != '.' && text[0] != '_' &&
	    text[0] != '-' &&
	    strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len)
		return 0;
	return REFUSE("an id is 1 to %d of a-z 0-9 . _ - and begins with a-z or 0-9",
	    ID_LENGTH_MAX);
}

const char *
units_show_ms(uint64_t ms, char out[static 32])
{
	if (ms < 1000)
		(void)snprintf(out, 32, "%" PRIu64 " ms", ms);
	else if (ms % 86400000 == 0)
		(void)snprintf(out, 32, "%" PRIu64 " d", ms / 86400000);
	else if (ms % 3600000 == 0)
		(void)snprintf(out, 32, "%" PRIu64 " h", ms / 3600000);
	else if (ms % 60000 == 0)
		(void)snprintf(out, 32, "%" PRIu64 " min", ms / 60000);
	else if (ms % 1000 == 0)
		(void)snprintf(out, 32, "%" PRIu64 " s", ms / 1000);
	else
		(void)snprintf(
		    out, 32, "%" PRIu64 ".%03" PRIu64 " s", ms / 1000, ms % 1000);
	return out;
}
