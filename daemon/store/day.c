// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See day.h. Pure arithmetic on top of zone.c, and the few statements on the table
// `day`. Runs in the writer that owns the connection, or in a reader. It refuses to
// move a recorded day: figures already printed must open to the same events for ever.
#include "store/day.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

enum {
	DAY_S = 86400
};

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0 ? 1 : 0);
}

static int64_t
boundary_ms(const struct day_rule *rule, int64_t date)
{
	int64_t local = date * DAY_S + (int64_t)rule->start_min * 60;
	return zone_local_to_utc_s(rule->zone, local) * 1000;
}

static void
name_date(int64_t date, char name[static 11])
{
	struct civil c = civil_from_days(date);
	int64_t year = c.year < 0 ? 0 : c.year > 9999 ? 9999 : c.year;
	(void)snprintf(name, 11, "%04u-%02u-%02u", (unsigned)year % 10000u,
	    c.month % 100u, c.day % 100u);
}

static void
fill(const struct day_rule *rule, int64_t date, struct day *out)
{
	name_date(date, out->name);
	out->from_ms = boundary_ms(rule, date);
	out->to_ms = boundary_ms(rule, date + 1);
}

static int64_t
date_of(const struct day_rule *rule, int64_t utc_ms)
{
	int64_t utc_s = floor_div(utc_ms, 1000);
	int64_t local = utc_s + zone_offset_s(rule->zone, utc_s);
	// Clocks turned back may show a boundary twice: ask the boundaries themselves.
	int64_t date = floor_div(local - (int64_t)rule->start_min * 60, DAY_S) + 1;
	while (boundary_ms(rule, date) > utc_ms)
		date--;
	return date;
}

void
day_natural(const struct day_rule *rule, int64_t utc_ms, struct day *out)
{
	fill(rule, date_of(rule, utc_ms), out);
}

// The next `digits` digits as a number; -1 where there are others.
static int
take_digits(const char **at, unsigned digits)
{
	int n = 0;
	for (unsigned i = 0; i < digits; i++, (*at)++) {
		if (**at < '0' || **at > '9')
			return -1;
		n = n * 10 + (**at - '0');
	}
	return n;
}

// Days since 1970 of "YYYY-MM-DD", or -1 with *ok false.
static int64_t
parse_date(const char *name, bool *ok)
{
	const char *at = name;
	*ok = false;
	int year = take_digits(&at, 4);
	if (year < 0 || *at++ != '-')
		return -1;
	int month = take_digits(&at, 2);
	if (month < 1 || month > 12 || *at++ != '-')
		return -1;
	int day = take_digits(&at, 2);
	if (day < 1 || day > 31 || *at != '\0')
		return -1;
	struct civil wanted = { year, (unsigned)month, (unsigned)day };
	int64_t date = civil_to_days(wanted);
	*ok = civil_from_days(date).day == wanted.day;
	return date;
}

int
day_named(const struct day_rule *rule, const char *name, struct day *out)
{
	bool ok;
	int64_t date = parse_date(name, &ok);
	if (!ok)
		return -1;
	fill(rule, date, out);
	return 0;
}

// One recorded day. SQLITE_ROW, SQLITE_DONE, or an error.
static int
recorded(sqlite3 *db, const char *sql, const char *name, int64_t ms, struct day *out)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
	if (rc != SQLITE_OK)
		return rc;
	rc = name != NULL ? sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC)
			  : sqlite3_bind_int64(st, 1, ms);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(st, 0);
		(void)str_copy(out->name, sizeof(out->name), text != NULL ? text : "");
		out->from_ms = sqlite3_column_int64(st, 1);
		out->to_ms = sqlite3_column_int64(st, 2);
	}
	(void)sqlite3_finalize(st);
	return rc;
}

static const char BEFORE[] = "SELECT day, from_ms, to_ms FROM day WHERE from_ms <= ?1 "
			     "ORDER BY from_ms DESC LIMIT 1";
static const char AFTER[] = "SELECT day, from_ms, to_ms FROM day WHERE from_ms > ?1 "
			    "ORDER BY from_ms LIMIT 1";
static const char NAMED[] = "SELECT day, from_ms, to_ms FROM day WHERE day = ?1";

// Fits a day made by the rule between its recorded neighbours. The rule changed where
// the name is taken: the day then takes the next name and reaches to that day's end.
static void
fit(const struct day_rule *rule, const struct day *prev, const struct day *next,
    struct day *d)
{
	if (prev != NULL && strcmp(d->name, prev->name) <= 0) {
		bool ok;
		int64_t date = parse_date(prev->name, &ok);
		if (ok)
			fill(rule, date + 1, d);
		d->from_ms = prev->to_ms;
	}
	if (prev != NULL && d->from_ms < prev->to_ms)
		d->from_ms = prev->to_ms;
	if (next != NULL && d->to_ms > next->from_ms)
		d->to_ms = next->from_ms;
}

static void
rename_before(const struct day *next, struct day *d)
{
	bool ok;
	int64_t date = parse_date(next->name, &ok);
	if (ok)
		name_date(date - 1, d->name);
}

int64_t
day_month(const struct day_rule *rule, int64_t utc_ms, int months)
{
	struct day d;
	char name[32];
	day_natural(rule, utc_ms, &d);
	int n = (int)strtol(d.name, NULL, 10) * 12 + (int)strtol(d.name + 5, NULL, 10) -
		1 + months;
	(void)snprintf(name, sizeof(name), "%04d-%02d-01", n / 12, n % 12 + 1);
	return day_named(rule, name, &d) == 0 ? d.from_ms : INT64_MIN;
}

int
day_find(sqlite3 *db, const struct day_rule *rule, int64_t utc_ms, struct day *out,
    bool *known)
{
	struct day prev = { 0 }, next = { 0 };
	*known = false;
	int before = recorded(db, BEFORE, NULL, utc_ms, &prev);
	if (before != SQLITE_ROW && before != SQLITE_DONE)
		return before;
	if (before == SQLITE_ROW && utc_ms < prev.to_ms) {
		*out = prev;
		*known = true;
		return SQLITE_OK;
	}
	int after = recorded(db, AFTER, NULL, utc_ms, &next);
	if (after != SQLITE_ROW && after != SQLITE_DONE)
		return after;
	day_natural(rule, utc_ms, out);
	fit(rule, before == SQLITE_ROW ? &prev : NULL,
	    after == SQLITE_ROW ? &next : NULL, out);
	if (after != SQLITE_ROW || strcmp(out->name, next.name) < 0)
		return SQLITE_OK;
	// The clock went back over a change of the rule: the name before the next
	// day's, or, where that is taken too, the moment counts to the day before.
	rename_before(&next, out);
	if (before == SQLITE_ROW && strcmp(out->name, prev.name) <= 0) {
		*out = prev;
		*known = true;
	}
	return SQLITE_OK;
}

int
day_find_named(sqlite3 *db, const struct day_rule *rule, const char *name,
    struct day *out, bool *is_date)
{
	*is_date = day_named(rule, name, out) == 0;
	if (!*is_date)
		return SQLITE_OK;
	struct day wanted = *out;
	int rc = recorded(db, NAMED, name, 0, out);
	if (rc != SQLITE_DONE)
		return rc == SQLITE_ROW ? SQLITE_OK : rc;
	bool known;
	*out = wanted;
	struct day there;
	rc = day_find(db, rule, wanted.from_ms, &there, &known);
	if (rc == SQLITE_OK && !known && strcmp(there.name, name) == 0)
		*out = there;
	return rc;
}

int
day_record(sqlite3 *db, const struct day *d)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db,
	    "INSERT INTO day (day, from_ms, to_ms) VALUES (?1, ?2, ?3) "
	    "ON CONFLICT DO NOTHING",
	    -1, &st, NULL);
	if (rc != SQLITE_OK)
		return rc;
	(void)sqlite3_bind_text(st, 1, d->name, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 2, d->from_ms);
	(void)sqlite3_bind_int64(st, 3, d->to_ms);
	rc = sqlite3_step(st);
	(void)sqlite3_finalize(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}
