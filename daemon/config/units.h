// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Scalars as people write them: whole and decimal numbers, durations and physical
// quantities with their unit, addresses. Every one is parsed from its text, so that no
// YAML rule (octal, no -> false) is ever met. Pure.
//
// Each parser returns 0, or -1 with a reason in `why`: one line, lower case.
#ifndef CONFIG_UNITS_H
#define CONFIG_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/profile.h"

enum {
	WHY_MAX = 200,
	ID_LENGTH_MAX = 63,
	HOST_MAX = 64
};

// Decimal, or hexadecimal with 0x. A leading zero is refused: it might mean octal.
int units_integer(
    const char *text, int64_t min, int64_t max, int64_t *out, char why[static WHY_MAX]);

// Decimal without exponent, at most 15 significant digits.
int units_decimal(const char *text, double *out, char why[static WHY_MAX]);

// "500ms", "1.5s", "10min", "24h", "30d"; whole milliseconds.
int units_duration(const char *text, uint32_t min_ms, uint32_t max_ms, uint32_t *ms,
    char why[static WHY_MAX]);

// "0.60MPa" with a unit of `q`; *out in the base unit (core/profile.h).
int units_quantity(
    const char *text, enum quantity q, double *out, char why[static WHY_MAX]);

// The factor from a unit to the base unit of its quantity.
bool units_factor(const char *unit, enum quantity q, double *factor);

// The base unit itself: "kPa", ...; "" of a plain number.
const char *units_base(enum quantity q);

// "Pa, hPa, kPa, ...": the units of `q`, cut where `size` ends.
void units_names(enum quantity q, char *out, size_t size);

// The name of the i-th unit, and of the i-th unit of time, or NULL behind the last; ""
// is the unit of a plain number.
const char *units_unit_name(size_t i);
const char *units_time_name(size_t i);

// The name of the i-th quantity that a profile may use, or NULL behind the last.
const char *units_quantity_name(size_t i);

// "08:00" -> minutes after midnight.
int units_time_of_day(const char *text, uint16_t *minutes, char why[static WHY_MAX]);

// "127.0.0.1:8470", "[::1]:8470". The host must be numeric: a name would need a
// look-up. fallback_port < 0: the port must be written.
int units_endpoint(const char *text, int fallback_port, char host[static HOST_MAX],
    uint16_t *port, char why[static WHY_MAX]);

bool units_is_address(const char *text); // numeric IPv4 or IPv6
// The same host, however it is written: an IPv4 address is what is mapped of it, too.
bool units_same_address(const char *a, const char *b);

// [a-z0-9][a-z0-9._-]*, at most ID_LENGTH_MAX bytes.
int units_id(const char *text, char why[static WHY_MAX]);

// "200 ms", "1.5 s", "10 min": for people.
const char *units_show_ms(uint64_t ms, char out[static 32]);

#endif
