// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What people have set beside the states: one table for shelved (point, condition)s,
// isolated points and zones in test mode, with who, why and until when. Each beginning
// and end is an event, the set is kept in the journal, and the flag stands on every
// alarm it is over. The rules of each kind are in shelves.c, isolations.c and
// test_mode.c. Part of the engine; runs on the loop.
#ifndef DAEMON_FLAGS_H
#define DAEMON_FLAGS_H

#include "core/flag.h"
#include "engine.h"
#include "point_names.h"

struct flag_set {
	struct flag_entry entry;
	uint32_t index;   // of the point, or of the zone
	int64_t until_ms; // monotonic: a step of the clock puts nothing off (I10)
	bool warned, due; // of an isolation: it was said
};

struct flags;

struct flags *flags_new(struct engine *e);
void flags_free(struct flags *f); // NULL is fine
// Takes over what was set in the run before, after its alarms: what ran out meanwhile
// ends now; what names a point or zone that is gone ends as withdrawn.
void flags_recover(
    struct flags *f, const struct recovered *r, const struct point_names *names);

// Mask of what stands over an alarm of this key.
uint8_t flags_over(
    const struct flags *f, uint32_t point, enum condition c, const char *code);

// `condition` is -1 but for a shelved one. NULL where it is not set.
struct flag_set *flags_find(
    const struct flags *f, enum alarm_flag flag, uint32_t index, int condition);
// In the order of flag, index and condition; valid until one is set or ended.
struct flag_set *const *flags_all(const struct flags *f, size_t *n);
// The place of the first that is not before (flag, index).
size_t flags_from(const struct flags *f, enum alarm_flag flag, uint32_t index);
uint32_t flags_count(const struct flags *f, enum alarm_flag flag);

// Sets it, or gives the one that is set a new end, person and text.
void flags_set(struct flags *f, const struct flag_order *order);
// Ends it. `cause` is "ended", "expired" or "withdrawn"; `actor` "" = nobody.
void flags_end(
    struct flags *f, struct flag_set *s, const char *actor, const char *cause);

// "by", "from", "until", "reason" as members of an open object.
void flags_put_who(struct buf *out, const struct flag_entry *e);
// "point", "place", "zone" of a point.
void flags_put_point(struct buf *out, const struct site *site, uint32_t point);

#endif
