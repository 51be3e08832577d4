// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Reads a TZif file (RFC 8536) of version 2 or later: the list of past changes, and the
// rule for the future. All reading goes through a bounds-checked cursor and the counts
// have limits, because the file is outside input. Immutable once loaded, any thread. It
// refuses version 1 files, leap-second files and names that leave the tz directory.
#include "store/zone.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cursor.h"
#include "lib/mem.h"
#include "store/posix_tz.h"

enum {
	FILE_MAX = 256 * 1024,
	CHANGES_MAX = 4096,
	TYPES_MAX = 256,
	DAY_S = 86400,
	OFFSET_MAX_S = 26 * 3600, // RFC 8536 3.2: -25 h to 26 h
};

struct zone {
	bool has_rule;
	struct posix_tz rule;
	uint32_t n_changes, n_types;
	int32_t offset_s[TYPES_MAX];
	int64_t *at_s; // n_changes, ascending
	uint8_t *type; // n_changes
};

struct counts {
	uint8_t version;
	uint32_t isut, isstd, leap, time, type, chars;
};

// From Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
int64_t
civil_to_days(struct civil c)
{
	int64_t y = c.year - (c.month <= 2 ? 1 : 0);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t month = c.month + (c.month > 2 ? -3 : 9);
	int64_t doy = (153 * month + 2) / 5 + c.day - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

struct civil
civil_from_days(int64_t days)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	unsigned month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
	return (struct civil){
		.year = yoe + era * 400 + (month <= 2 ? 1 : 0),
		.month = month,
		.day = (unsigned)(doy - (153 * mp + 2) / 5 + 1),
	};
}

static int64_t
read_i64(struct cursor *c)
{
	uint64_t high = cursor_u32be(c);
	return (int64_t)(high << 32 | cursor_u32be(c));
}

static bool
read_header(struct cursor *c, struct counts *n)
{
	const uint8_t *magic = cursor_take(c, 4);
	n->version = cursor_u8(c);
	cursor_skip(c, 15);
	n->isut = cursor_u32be(c);
	n->isstd = cursor_u32be(c);
	n->leap = cursor_u32be(c);
	n->time = cursor_u32be(c);
	n->type = cursor_u32be(c);
	n->chars = cursor_u32be(c);
	return cursor_ok(c) && magic != NULL && memcmp(magic, "TZif", 4) == 0 &&
	       n->version >= '2' && n->time <= CHANGES_MAX && n->type >= 1 &&
	       n->type <= TYPES_MAX && n->leap == 0 && n->isut <= n->type &&
	       n->isstd <= n->type && n->chars <= FILE_MAX;
}

static bool
read_changes(struct cursor *c, const struct counts *n, struct zone *z)
{
	z->n_changes = n->time;
	z->n_types = n->type;
	z->at_s = xcalloc(n->time + 1, sizeof(*z->at_s));
	z->type = xcalloc(n->time + 1, sizeof(*z->type));
	bool ok = true;
	for (uint32_t i = 0; i < n->time; i++) {
		z->at_s[i] = read_i64(c);
		if (i > 0 && z->at_s[i] <= z->at_s[i - 1])
			ok = false;
	}
	for (uint32_t i = 0; i < n->time; i++) {
		z->type[i] = cursor_u8(c);
		if (z->type[i] >= n->type)
			ok = false;
	}
	for (uint32_t i = 0; i < n->type; i++) {
		z->offset_s[i] = (int32_t)cursor_u32be(c);
		if (z->offset_s[i] < -OFFSET_MAX_S || z->offset_s[i] > OFFSET_MAX_S)
			ok = false;
		cursor_skip(c, 2); // daylight flag and name
	}
	cursor_skip(c, (size_t)n->chars + n->isstd + n->isut);
	return ok && cursor_ok(c);
}

// "\n", the rule or nothing, "\n".
static bool
read_rule(struct cursor *c, struct zone *z)
{
	size_t len = cursor_left(c);
	const char *text = (const char *)cursor_take(c, len);
	if (text == NULL || len < 2 || text[0] != '\n')
		return false;
	const char *end = memchr(text + 1, '\n', len - 1);
	if (end == NULL)
		return false;
	z->has_rule = end != text + 1;
	return !z->has_rule ||
	       posix_tz_parse(text + 1, (size_t)(end - text - 1), &z->rule) == 0;
}

struct zone *
zone_parse(const void *data, size_t len, struct err *err)
{
	struct cursor c = cursor_new(data, len);
	struct counts n;
	struct zone *z = xcalloc(1, sizeof(*z));
	bool ok = read_header(&c, &n);
	if (ok) {
		cursor_skip(&c, (size_t)n.time * 5 + (size_t)n.type * 6 + n.chars +
				    n.isstd + n.isut);
		ok = read_header(&c, &n) && read_changes(&c, &n, z) && read_rule(&c, z);
	}
	if (ok)
		return z;
	zone_free(z);
	(void)err_set(err, EINVAL, "not a time zone file of version 2 or later");
	return NULL;
}

static bool
name_allowed(const char *name)
{
	size_t len = strlen(name);
	return len > 0 && len < 64 && name[0] != '/' && name[0] != '.' &&
	       strstr(name, "..") == NULL &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz012345"
			    "6789_+-/") == len;
}

struct zone *
zone_load(const char *name, struct err *err)
{
	if (!name_allowed(name)) {
		(void)err_set(err, EINVAL, "time zone name not allowed");
		return NULL;
	}
	const char *dir = getenv("TZDIR");
	char *path =
	    xasprintf("%s/%s", dir != NULL ? dir : "/usr/share/zoneinfo", name);
	struct zone *z = NULL;
	uint8_t *data = xmalloc(FILE_MAX);
	FILE *f = fopen(path, "rbe");
	if (f == NULL) {
		(void)err_set(err, errno, "time zone %s: no file %s", name, path);
	} else {
		size_t len = fread(data, 1, FILE_MAX, f);
		(void)fclose(f);
		z = zone_parse(data, len, err);
	}
	free(data);
	free(path);
	return z;
}

void
zone_free(struct zone *z)
{
	if (z == NULL)
		return;
	free(z->at_s);
	free(z->type);
	free(z);
}

int32_t
zone_offset_s(const struct zone *z, int64_t utc_s)
{
	uint32_t low = 0, high = z->n_changes; // changes at or before utc_s
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (z->at_s[middle] <= utc_s)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == z->n_changes && z->has_rule)
		return posix_tz_offset_s(&z->rule, utc_s);
	return low == 0 ? z->offset_s[0] : z->offset_s[z->type[low - 1]];
}

int64_t
zone_local_to_utc_s(const struct zone *z, int64_t local_s)
{
	int32_t before = zone_offset_s(z, local_s - DAY_S);
	int32_t after = zone_offset_s(z, local_s + DAY_S);
	int64_t early = local_s - before, late = local_s - after;
	bool early_fits = zone_offset_s(z, early) == before;
	bool late_fits = zone_offset_s(z, late) == after;
	if (late_fits && (!early_fits || late < early))
		return late;
	return early;
}
