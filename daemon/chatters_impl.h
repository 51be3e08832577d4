// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What chatters.c (rules and runs), chatter_onsets.c (what is remembered) and
// chatters_kept.c (settings, events, restart) share. Not for others. On the loop.
#ifndef DAEMON_CHATTERS_IMPL_H
#define DAEMON_CHATTERS_IMPL_H

#include "chatters.h"

enum {
	CHATTER_KEPT_NUMBERS = 8
};

// The last onsets of an alarm; behind it the ring and the code.
struct onsets {
	struct onsets *next; // of its bucket
	const struct chatter_rule *rule;
	uint32_t point;
	enum condition condition;
	const char *code;
	struct chatter state;
};

// While it chatters; its onsets stay as long.
struct chatter_run {
	struct chatters *all;
	struct alarm_record *record;
	struct onsets *of;
	uint32_t slot; // N of its setting
	bool at_least; // what was counted before a crash may be short
	int64_t since_utc_ms;
	int64_t counted_utc_ms; // up to there it is told
	int64_t counted_ms;
	int64_t change_utc_ms; // the last
	bool owed;             // it is not kept as it is now
	int64_t kept_ms;
	struct loop_timer due;
};

// As a setting says it.
struct kept {
	uint32_t slot;
	long long v[CHATTER_KEPT_NUMBERS];
	char occurrence[MINT_MAX];
	bool taken;
};

struct chatters {
	struct engine *engine;
	uint32_t n_buckets; // a power of two
	struct onsets **buckets;
	uint32_t n_onsets;
	struct loop_timer forget;
	uint32_t n_slots, n_runs;
	uint32_t free_slot; // none below it is free
	struct chatter_run **slots;
	bool clean;    // the run before had kept all it counted
	size_t n_kept; // between load and recovered
	struct kept *kept;
};

// chatters.c
// NULL: such an alarm never chatters.
const struct chatter_rule *chatter_rule_of(
    const struct engine *e, const struct alarm_record *r);
// Whether it is the fault that a chatter raises.
bool chatter_is_own(const struct alarm_record *r);
bool chatter_any_of_point(const struct engine *e, uint32_t point);
struct chatter_run *chatter_run_new(
    struct chatters *all, struct alarm_record *r, struct onsets *o, uint32_t slot);
void chatter_run_arm(struct chatter_run *run);
// Tells, forgets and frees it; the record stays as it is.
void chatter_run_end(struct chatter_run *run, const char *why);

// chatter_onsets.c
struct onsets *onsets_find(const struct chatters *all, const struct alarm_record *r);
struct onsets *onsets_add(struct chatters *all, const struct alarm_record *r,
    const struct chatter_rule *rule);
void onsets_init(struct chatters *all);
void onsets_free(struct chatters *all);

// chatters_kept.c
// Stores how it stands, and shows it.
void chatter_keep(struct chatter_run *run);
void chatter_keep_nothing(struct chatters *all, uint32_t slot);
void chatter_tell_start(const struct chatter_run *run);
// What was counted since the last such event; `why` it is the last one, or NULL.
void chatter_tell_count(struct chatter_run *run, const char *why);

#endif
