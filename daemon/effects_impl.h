// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Expected effects: what effects.c (the rules and their waits), effect_sight.c (what a
// point shows, which alarms are causes), effect_kept.c (over a restart) and
// effect_show.c (events and the API) share. Not for others.
#ifndef DAEMON_EFFECTS_IMPL_H
#define DAEMON_EFFECTS_IMPL_H

#include "core/effect.h"
#include "effects.h"
#include "engine_impl.h"

// The alarm that began a wait, as it was then.
struct effect_named {
	char occurrence[MINT_MAX]; // "" = none
	char incident[MINT_MAX];
	char point[ID_MAX];
	uint32_t index; // UINT32_MAX = the site has it no more
	enum condition condition;
	char code[CODE_MAX];
	int64_t seq; // of its onset; 0 = not known
};

enum effect_track_kind {
	TRACK_REAL,
	TRACK_TEST, // of alarms that began in test mode
	TRACK_COUNT
};

struct effect_track {
	struct effect effect;
	uint32_t causes; // that stand now, once for each trigger that names them
	struct effect_named named;
	int64_t since_utc_ms;  // the wait began
	int64_t delay_ms;      // of what came last; -1 = not known
	enum effect_step last; // of which an event tells; EFFECT_STEP_NONE = none yet
	// Of the newest miss; SEEN = there was none.
	enum effect_sight why;
	struct effect_named missed;
};

struct effect_run {
	struct effects *effects;
	const struct effect_def *def;
	struct effect_track tracks[TRACK_COUNT];
	uint64_t missed_n; // counts misses: the newest has the greatest; 0 = never
	bool owed;         // the alarm is to be seen to when the loop comes round
	struct loop_timer due;
};

// A trigger in a list: of a point, of a zone, or of all points.
struct effect_link {
	uint16_t run, trigger;
	uint32_t next; // 0 = none, else index + 1
};

struct effects {
	struct engine *engine;
	bool ready; // recovered: before, nothing is judged
	uint16_t n;
	struct effect_run *runs;
	uint32_t n_links;
	struct effect_link *links;
	uint32_t *of_point, *of_zone; // heads, as `next`
	uint32_t anywhere;
	uint64_t misses;
};

#define EFFECT_CODE "no-effect"

// effect_sight.c
enum effect_sight effect_sight_of(const struct engine *e, const struct effect_def *d);
// Whether the record asks for effects at all, and as what: TRACK_COUNT = it does not.
enum effect_track_kind effect_asks(
    const struct effects *s, const struct alarm_record *r);
// Calls each() for every trigger that the record fits.
void effect_each(const struct effects *s, struct alarm_record *r,
    void (*each)(struct effect_run *run, struct alarm_record *r, unsigned track),
    unsigned track);

// effect_kept.c
void effect_keep(struct effect_run *run, enum effect_track_kind k);
// What was kept of a track: false where nothing was, or it reads as nothing.
struct effect_kept {
	enum effect_state state;
	enum effect_sight why;
	int64_t since_utc_ms;
	struct effect_named named;
};
bool effect_kept_find(const struct effect_run *run, enum effect_track_kind k,
    const struct recovered *r, const struct point_names *names,
    struct effect_kept *out);

// effect_show.c
void effect_tell(
    struct effect_run *run, enum effect_track_kind k, enum effect_step step);
// The newest real miss of the run.
struct effect_miss effect_miss_of(const struct effect_run *run);
// The run whose miss the alarm on the point tells of; NULL = none.
const struct effect_run *effect_of_alarm(const struct effects *s, uint32_t point);

#endif
