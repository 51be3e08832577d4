// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What repeats.c (what is counted, marks, the fault) and repeats_kept.c (settings,
// events, restart) share. Not for others. On the loop.
#ifndef DAEMON_REPEATS_IMPL_H
#define DAEMON_REPEATS_IMPL_H

#include "repeats.h"

// Which alarm.
struct repeat_key {
	uint32_t point;
	enum condition condition;
	const char *code;
};

// Of one alarm; behind it the ring and the code.
struct repeat_run {
	struct repeat_run *next; // of its bucket
	const struct repeat_rule *rule;
	uint32_t point, slot; // N of its setting
	enum condition condition;
	const char *code;
	struct repeat state;
	int64_t looked_ms;
	bool owed; // it is not kept as it is now
	int64_t kept_ms;
};

struct repeats {
	struct engine *engine;
	uint32_t n_buckets; // a power of two
	struct repeat_run **buckets;
	uint32_t n_slots, n_runs;
	uint32_t free_slot; // none below it is free
	uint32_t at;        // where the next look begins
	struct repeat_run **slots;
	struct loop_timer look;
};

// repeats.c
bool repeat_is_own(const struct alarm_record *r);
bool repeat_any_of_point(const struct repeats *all, uint32_t point);
// NULL where the point has none.
const struct repeat_rule *repeat_rule_of_point(const struct engine *e, uint32_t point);
struct repeat_run *repeat_run_new(struct repeats *all, const struct repeat_rule *rule,
    const struct repeat_key *key, uint32_t slot);
// Ends and frees it: its rule is taken out of the site.
void repeat_forgo(struct repeats *all, struct repeat_run *run);

// repeats_kept.c
void repeat_keep(struct repeats *all, struct repeat_run *run);
void repeat_keep_nothing(struct repeats *all, uint32_t slot);
void repeat_tell_start(
    struct repeats *all, const struct repeat_run *run, const struct alarm_record *r);
void repeat_tell_end(
    struct repeats *all, const struct repeat_run *run, const char *why);

#endif
