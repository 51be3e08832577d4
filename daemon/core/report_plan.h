// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A report that is made by itself at a time of day, and where it goes. When its days
// are, and which statistics day each is about. Pure.
#ifndef CORE_REPORT_PLAN_H
#define CORE_REPORT_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/report_name.h"

enum report_target {
	REPORT_TO_FOLDER,
	REPORT_TO_POST,
	REPORT_TARGET_COUNT,
};

enum {
	REPORT_LANGS = 2, // zh, en
	// One delivery: a format in a language to a target.
	REPORT_ITEMS = REPORT_TARGET_COUNT * REPORT_LANGS * REPORT_FORMAT_COUNT,
	REPORT_DAY_SIZE = 11, // "2026-11-26" with its NUL
};

struct report_plan {
	const char *id;
	enum report_id report;
	uint8_t formats; // mask of 1 << enum report_format
	uint8_t langs;   // mask: 1 zh, 2 en
	uint16_t at_min; // local minutes after midnight; not before the statistics day
	const char *folder;  // absolute; "" = none
	const char *url;     // http or https; "" = none
	uint32_t timeout_ms; // of a post
	uint32_t give_up_ms; // how long one report is tried
};

struct report_item {
	enum report_target target;
	uint8_t lang; // 0 zh, 1 en
	enum report_format format;
};

const char *report_name(enum report_id r);
enum report_span report_span(enum report_id r);
const char *report_format_name(enum report_format f);
const char *report_format_type(enum report_format f);
const char *report_target_name(enum report_target t); // "folder", "post"

// Item `i` of REPORT_ITEMS; whether the plan has it.
bool report_plan_item(const struct report_plan *p, unsigned i, struct report_item *out);

// Whether a report of this span falls due on a local day: each day; Mondays; the first
// of a month; the first of January. Seconds since 1970-01-01 00:00 local.
bool report_plan_falls(enum report_span span, int64_t local_s);

// The statistics day before that local day, by its date: the newest of the span that is
// over.
void report_plan_day(int64_t local_s, char out[static REPORT_DAY_SIZE]);

#endif
