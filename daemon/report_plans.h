// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Makes the site's reports at their times and sees them to where they go: `watchroom
// deliver` as a child for each file, one at a time; tried again with growing pauses
// until it is there or is given up; each is an event, one that does not come through is
// an alarm. What is owed outlives a restart: days that passed meanwhile are made up
// for. On the loop; nothing here reads or writes a file.
#ifndef DAEMON_REPORT_PLANS_H
#define DAEMON_REPORT_PLANS_H

#include "engine.h"
#include "work.h"

struct report_plans;

struct report_plans_parts {
	struct loop *loop;
	const struct site *site;
	struct engine *engine;
	struct works *works;
	const char *program;   // `watchroom`
	const char *file;      // of the site as it runs
	const char *directory; // of the databases
};

// NULL where the site has no plans. Texts of `parts` are borrowed. A plan that was
// never here before begins with the next time that it falls due.
struct report_plans *report_plans_new(
    const struct report_plans_parts *parts, const struct recovered *r);
// Adds "plans": each with its times and how it stands (docs/api.md). p may be NULL.
void report_plans_json(const struct report_plans *p, struct buf *out);
// Ends a child that runs; its file is made again after the next start. NULL is fine.
void report_plans_free(struct report_plans *p);

#endif
