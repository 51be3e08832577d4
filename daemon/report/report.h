// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Reports: the daily figures that a control room hands in, in any of the formats, from
// the store's queries. Run in a tool's process (`watchroom report`), never on the loop:
// it takes as long as the day was busy. TZ must be set to the site's zone before.
//
// The same figures in every format: a report is built once and written by a format.
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/site.h"
#include "lib/buf.h"
#include "lib/err.h"
#include "lib/text.h"

struct reader;

enum {
	REPORT_TEXT = 128
};

// Whose report it is.
struct report_site {
	char id[REPORT_TEXT];
	char name_zh[REPORT_TEXT], name_en[REPORT_TEXT];
	char time_zone[REPORT_TEXT]; // tz database name
};

// From the loaded site, or where that is NULL from the journal. 0 or -1.
int report_site_read(struct reader *r, const struct site *site, struct report_site *out,
    struct err *err);

struct report_request {
	const char *name;   // "alarms-daily"
	const char *day;    // "today" or "YYYY-MM-DD"
	int64_t revision;   // a copy of this signed one; 0: as it is now
	const char *format; // "csv", "json"; "document" is what a signature keeps
	enum lang lang;     // of headings, in csv
	int64_t now_utc_ms;
	const struct report_site *site;
	const struct site
	    *points; // places and gauges; NULL: known from the journal only
};

// Adds the report to out (nothing on failure). 0, or -1 with *err: an unknown name or
// format, a day that is none, a revision that there is not, or figures that
// do not add up (I13). A copy of a revision is in the time zone that it was signed in:
// TZ is set to it.
int report_render(
    struct reader *r, const struct report_request *q, struct buf *out, struct err *err);

#endif
