// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The adversary of test_budget.c: episodes by chance, and changes to one that was bad
// already. Half of these are aimed: requests come due, and faults begin, just before
// the moments at which the point's device was asked or a reply did not come, for there
// they hold it up. Test code only; one thread.
#ifndef TESTS_UNIT_BUDGET_ADVERSARY_H
#define TESTS_UNIT_BUDGET_ADVERSARY_H

#include "budget_plan.h"
#include "budget_rig.h"
#include "config/budget.h"

struct search {
	struct dice dice;
	struct site *site;
	uint32_t point;
	struct point_budget budget;
	struct device_budget faults;
	struct episode best, at;
	struct episode_result last, at_result; // `last`: of the last that was judged
	uint32_t worst_ms, at_ms;
};

const struct device *adversary_device(const struct search *s);

// Anew.
void adversary_roll(struct search *s, struct episode *e);
// Those with the longest time-outs, and all of them due just before the point.
void adversary_crowd(struct search *s, struct episode *e);
// All requests evenly spread, so that somebody always waits, while event queues fill
// the time between them. Once an episode was judged.
void adversary_spread(struct search *s, struct episode *e);
// One step from `s->at`, of which `e` is a copy.
void adversary_mutate(struct search *s, struct episode *e);

#endif
