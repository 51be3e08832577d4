// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The isolation ledger: points that a named person has taken out of watch here, with
// reason, stand-in measure and end, beside those that are disabled at their panel.
// Nothing ends by itself: 30 min before the end the ledger warns, after it an
// isolation that nobody restored is an alarm. On a fire it is an entry and hides
// nothing (I14). Part of the engine; runs on the loop.
#ifndef DAEMON_ISOLATIONS_H
#define DAEMON_ISOLATIONS_H

#include "core/flag.h"
#include "engine.h"

struct flag_set;

enum {
	ISOLATION_WARNING_MS = 30 * 60 * 1000
};

// ENGINE_REFUSED with *reason, ENGINE_NOT_FOUND for a built-in point.
enum engine_answer isolations_order(
    struct engine *e, const struct flag_order *o, const char **reason);

// As shelves_page. An entry is of "source" `here` or `panel`.
uint32_t isolations_page(
    const struct engine *e, uint32_t from, unsigned limit, struct buf *out);

// Points isolated here or at their panel, and those whose isolation is forgotten.
void isolations_count(const struct engine *e, uint32_t *isolated, uint32_t *forgotten);

// Coverage: of each zone the detectors, and those of them that are isolated, here or at
// the panel. A detector is a point whose kind reports a fire. Arrays of n_zones.
void isolations_coverage(
    const struct engine *e, uint32_t *detectors, uint32_t *isolated);

// ---- for flags.c
// When it next has something to say, monotonic ms; -1 = never.
int64_t isolations_due(const struct flag_set *s, int64_t now_ms);
void isolations_tell(struct engine *e, struct flag_set *s, int64_t now_ms);
// Its warning and its alarm end.
void isolations_hush(struct engine *e, uint32_t point);
bool isolations_own(enum condition c, const char *code);

#endif
