// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The open alarms: one record per (point, condition, code) while it is not normal.
// Found by that key and by occurrence; listed fire first, then oldest first. Owns the
// records and nothing else: no rule lives here. Runs on the loop.
#ifndef DAEMON_ALARMS_H
#define DAEMON_ALARMS_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/alarm.h"
#include "core/event.h"
#include "core/ladder.h"
#include "core/site.h"
#include "core/verdict.h"

struct alarm_record {
	struct alarm a;
	const struct point *point;
	struct point *withdrawn_point; // owned; set where the site has no such point
	uint32_t point_index;          // UINT32_MAX for a withdrawn point
	char code[CODE_MAX];
	enum alarm_class alarm_class;
	char occurrence[MINT_MAX]; // the newest
	char incident[MINT_MAX];
	uint32_t occurrences;
	bool first_out;
	enum verdict verdict;  // on the newest occurrence
	int64_t raised_utc_ms; // of the newest occurrence
	int64_t first_utc_ms;
	int64_t not_before_utc_ms; // of the newest occurrence; 0 = none
	int64_t device_time_ms;
	int64_t acknowledged_utc_ms; // 0 = nobody
	int64_t acknowledged_mono_ms;
	char acknowledged_by[ID_MAX];
	double value;     // at onset; NaN = none
	int64_t seq;      // of the onset; 0 = not durable
	uint64_t onset_n; // stream number of the onset
	// Escalation, kept by outbox.c
	const struct ladder *ladder; // NULL = none
	struct ladder_climb climb;   // onset in monotonic ms
	uint64_t owed; // notices of the newest occurrence not settled: a bit for each
		       // channel of each step
	// What it asks of outputs, kept by outputs.c
	uint8_t output_asks, output_class;
	// As what it asks for effects, kept by effects.c
	uint8_t effect_asks;
	uint32_t effect_occurrence;
	struct chatter_run *chatter; // kept by chatters.c; NULL = it does not chatter
	// Links of the tables
	struct alarm_record *next_of_point;
	struct alarm_record *next_by_key, *next_by_occurrence;
	size_t slot;
};

struct alarms;

struct alarms *alarms_new(uint32_t n_points);
void alarms_free(struct alarms *t); // NULL is fine

size_t alarms_count(const struct alarms *t);

// NULL where there is none.
struct alarm_record *alarms_find(
    const struct alarms *t, const char *point, enum condition c, const char *code);
struct alarm_record *alarms_by_occurrence(
    const struct alarms *t, const char *occurrence);
// Whether this id was the occurrence of a record that has a newer one since. Remembers
// the last 1,024 of them.
bool alarms_superseded(const struct alarms *t, const char *occurrence);
// First open alarm of a point of the site; follow next_of_point.
struct alarm_record *alarms_of_point(const struct alarms *t, uint32_t point);

// Adds a zeroed record with its key set. There must be none.
struct alarm_record *alarms_add(struct alarms *t, const struct point *p,
    uint32_t point_index, enum condition c, const char *code);
// Puts the record under its new occurrence id.
void alarms_rename(struct alarms *t, struct alarm_record *r, const char *occurrence);
void alarms_remove(struct alarms *t, struct alarm_record *r); // frees it

// The records in no order; valid until one is added or removed.
struct alarm_record *const *alarms_all(const struct alarms *t, size_t *n);
// A new array, fire first, then oldest first; NULL-terminated; caller frees.
struct alarm_record **alarms_sorted(const struct alarms *t);

#endif
