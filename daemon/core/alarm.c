// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The alarm table as data: one row per event and latch kind, one cell per state, in the
// words of docs/alarm-states.md, and the rules of the flags that hide an alarm. Owns no
// state; whoever holds a struct alarm may call, on the loop thread. Refuses what the
// table refuses, with the reason's code.
//
// The invariant that must survive everything: no sequence of events takes an
// unacknowledged fire to normal. tests/unit/test_alarm.c walks every cell and every
// reachable state for it.
#include "core/alarm.h"

#include <assert.h>
#include <string.h>

// What a cell of the table says.
enum cell {
	STAY,  // unchanged, recorded
	NEVER, // unreachable for this latch kind
	TO_N,
	TO_U,
	TO_A,
	TO_LU,
	TO_LA,
	R_CLEARED,
	R_RESET,
	R_WITHDRAWN,
	N_IF_GOOD,    // refused while the quality is not good
	N_IF_CLEARED, // else unchanged
	X_ACTIVE,     // refused: the condition still holds
	X_UNACKED,    // refused: acknowledge first
	X_FOREIGN,    // refused: the latch is not ours
	CELL_COUNT,
};

enum {
	ANY = 1 << LATCH_NONE | 1 << LATCH_OWN | 1 << LATCH_PANEL,
	NONE = 1 << LATCH_NONE,
	OWN = 1 << LATCH_OWN,
	PANEL = 1 << LATCH_PANEL,
};

struct row {
	enum alarm_event event;
	unsigned latches; // mask of 1 << enum latch
	enum cell cells[ALARM_STATE_COUNT];
};

// clang-format off
static const struct row table[] = {
	//                                    N          U            A         R             LU           LA
	{ ALARM_EV_TRUE,        ANY,        { TO_U,      STAY,        STAY,     TO_U,         TO_U,        TO_U } },
	{ ALARM_EV_CLEAR,       NONE,       { STAY,      R_CLEARED,   TO_N,     STAY,         NEVER,       NEVER } },
	{ ALARM_EV_CLEAR,       OWN,        { STAY,      TO_LU,       TO_LA,    NEVER,        STAY,        STAY } },
	{ ALARM_EV_CLEAR,       PANEL,      { STAY,      R_RESET,     TO_N,     STAY,         NEVER,       NEVER } },
	{ ALARM_EV_ACKNOWLEDGE, ANY,        { STAY,      TO_A,        STAY,     TO_N,         TO_LA,       STAY } },
	{ ALARM_EV_PANEL_RESET, ANY,        { STAY,      STAY,        STAY,     STAY,         STAY,        STAY } },
	{ ALARM_EV_OWN_RESET,   OWN,        { STAY,      X_ACTIVE,    X_ACTIVE, NEVER,        X_UNACKED,   N_IF_GOOD } },
	{ ALARM_EV_OWN_RESET,   NONE|PANEL, { X_FOREIGN, X_FOREIGN,   X_FOREIGN, X_FOREIGN,   NEVER,       NEVER } },
	{ ALARM_EV_REALARM,     ANY,        { STAY,      STAY,        TO_U,     STAY,         STAY,        TO_LU } },
	{ ALARM_EV_LINK_LOST,   ANY,        { STAY,      STAY,        STAY,     STAY,         STAY,        STAY } },
	{ ALARM_EV_LINK_BACK,   ANY,        { STAY,      STAY,        STAY,     STAY,         STAY,        STAY } },
	{ ALARM_EV_WITHDRAWN,   ANY,        { STAY,      R_WITHDRAWN, TO_N,     STAY,         R_WITHDRAWN, TO_N } },
	{ ALARM_EV_UNHIDE,      ANY,        { STAY,      STAY,        TO_U,     N_IF_CLEARED, STAY,        TO_LU } },
};

// What a cell does once its condition, if any, is met.
static const struct {
	enum alarm_verdict verdict;
	enum alarm_state to;
	enum alarm_cause cause;
	const char *reason;
} effects[CELL_COUNT] = {
	[STAY]         = { .verdict = ALARM_UNCHANGED },
	[NEVER]        = { .verdict = ALARM_UNREACHABLE },
	[TO_N]         = { ALARM_MOVED, ALARM_NORMAL,                 CAUSE_NONE,        NULL },
	[TO_U]         = { ALARM_MOVED, ALARM_UNACKNOWLEDGED,         CAUSE_NONE,        NULL },
	[TO_A]         = { ALARM_MOVED, ALARM_ACKNOWLEDGED,           CAUSE_NONE,        NULL },
	[TO_LU]        = { ALARM_MOVED, ALARM_LATCHED_UNACKNOWLEDGED, CAUSE_NONE,        NULL },
	[TO_LA]        = { ALARM_MOVED, ALARM_LATCHED_ACKNOWLEDGED,   CAUSE_NONE,        NULL },
	[R_CLEARED]    = { ALARM_MOVED, ALARM_RETURNED,               CAUSE_CLEARED,     NULL },
	[R_RESET]      = { ALARM_MOVED, ALARM_RETURNED,               CAUSE_PANEL_RESET, NULL },
	[R_WITHDRAWN]  = { ALARM_MOVED, ALARM_RETURNED,               CAUSE_WITHDRAWN,   NULL },
	[N_IF_GOOD]    = { ALARM_MOVED, ALARM_NORMAL,                 CAUSE_NONE,        NULL },
	[N_IF_CLEARED] = { ALARM_MOVED, ALARM_NORMAL,                 CAUSE_NONE,        NULL },
	[X_ACTIVE]     = { .verdict = ALARM_REFUSED, .reason = "condition_active" },
	[X_UNACKED]    = { .verdict = ALARM_REFUSED, .reason = "not_acknowledged" },
	[X_FOREIGN]    = { .verdict = ALARM_REFUSED, .reason = "latch_not_ours" },
};

static const char *const states[ALARM_STATE_COUNT] = {
	[ALARM_NORMAL]                 = "normal",
	[ALARM_UNACKNOWLEDGED]         = "unacknowledged",
	[ALARM_ACKNOWLEDGED]           = "acknowledged",
	[ALARM_RETURNED]               = "returned",
	[ALARM_LATCHED_UNACKNOWLEDGED] = "latched_unacknowledged",
	[ALARM_LATCHED_ACKNOWLEDGED]   = "latched_acknowledged",
};

static const char *const causes[CAUSE_COUNT] = {
	[CAUSE_NONE]        = "",
	[CAUSE_CLEARED]     = "cleared",
	[CAUSE_PANEL_RESET] = "panel_reset",
	[CAUSE_WITHDRAWN]   = "withdrawn",
};

static const char *const latches[LATCH_COUNT] = {
	[LATCH_NONE]  = "none",
	[LATCH_OWN]   = "own",
	[LATCH_PANEL] = "panel",
};
// clang-format on

static enum cell
table_cell(const struct alarm *a, enum alarm_event event)
{
	assert((unsigned)a->state < ALARM_STATE_COUNT);
	assert((unsigned)a->latch < LATCH_COUNT);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].event == event && (table[i].latches & 1U << a->latch))
			return table[i].cells[a->state];
	}
	return NEVER;
}

static bool
is_fire(const struct alarm *a)
{
	return a->condition == COND_FIRE || a->called_fire;
}

// Shelved, isolated or suppressed: what happens here is recorded and moves nothing.
static bool
put_aside(const struct alarm *a)
{
	const unsigned aside = FLAG_SHELVED | FLAG_ISOLATED | FLAG_SUPPRESSED;
	return !is_fire(a) && (a->flags & aside) != 0;
}

bool
alarm_hidden(const struct alarm *a)
{
	if (a->condition == COND_FIRE)
		return a->test_onset && (a->flags & FLAG_TEST_MODE) != 0;
	return put_aside(a);
}

enum alarm_voice
alarm_voice(const struct alarm *a)
{
	bool loud = a->state == ALARM_UNACKNOWLEDGED ||
		    a->state == ALARM_LATCHED_UNACKNOWLEDGED;
	if (!loud || a->silent)
		return VOICE_NONE;
	if (!alarm_hidden(a))
		return VOICE_ALARM;
	return a->test_onset ? VOICE_TEST : VOICE_NONE;
}

bool
alarm_sounds(const struct alarm *a)
{
	return alarm_voice(a) == VOICE_ALARM;
}

bool
alarm_owed(const struct alarm *a)
{
	return a->state == ALARM_UNACKNOWLEDGED || a->state == ALARM_RETURNED ||
	       a->state == ALARM_LATCHED_UNACKNOWLEDGED;
}

static struct alarm_step
move(struct alarm *a, enum alarm_event event, enum cell cell)
{
	struct alarm_step step = {
		.verdict = effects[cell].verdict,
		.reason = effects[cell].reason,
	};
	if (step.verdict != ALARM_MOVED)
		return step;
	a->state = effects[cell].to;
	a->cause = effects[cell].cause;
	if (event == ALARM_EV_TRUE) {
		step.new_occurrence = true;
		a->test_onset = (a->flags & FLAG_TEST_MODE) != 0 && !a->called_fire;
	}
	return step;
}

struct alarm_step
alarm_apply(struct alarm *a, enum alarm_event event, bool quality_good)
{
	enum cell cell = table_cell(a, event);

	if (event == ALARM_EV_ACKNOWLEDGE && put_aside(a))
		cell = STAY;
	if (event == ALARM_EV_UNHIDE && alarm_hidden(a))
		cell = NEVER;
	if (cell == N_IF_CLEARED && a->cause != CAUSE_CLEARED)
		cell = STAY;
	if (cell == N_IF_GOOD && !quality_good)
		return (struct alarm_step){ ALARM_REFUSED, false, "quality_not_good" };

	struct alarm_step step = move(a, event, cell);
	// A fire still open when its test ends is a real one from now on.
	if (event == ALARM_EV_UNHIDE && a->condition == COND_FIRE && alarm_owed(a) &&
	    a->state != ALARM_RETURNED)
		a->test_onset = false;
	return step;
}

bool
alarm_flag_allowed(const struct alarm *a, enum alarm_flag flag, const char **reason)
{
	*reason = a->panic && flag == FLAG_SHELVED ? "panic_not_shelved" : NULL;
	if (!is_fire(a))
		return *reason == NULL;
	switch (flag) {
	case FLAG_SHELVED:
		*reason = "fire_not_shelved";
		break;
	case FLAG_SUPPRESSED:
		*reason = "fire_not_suppressed";
		break;
	case FLAG_TEST_MODE:
		if (a->state != ALARM_NORMAL)
			*reason = "fire_open";
		break;
	case FLAG_ISOLATED:
		break;
	}
	return *reason == NULL;
}

enum latch
alarm_latch_for(enum condition c, bool panic, enum latch wanted)
{
	if (wanted == LATCH_NONE && (c == COND_FIRE || panic))
		return LATCH_OWN;
	return wanted;
}

static bool
find_name(const char *const *names, unsigned n, const char *name, unsigned *out)
{
	for (unsigned i = 0; i < n; i++) {
		if (strcmp(names[i], name) == 0) {
			*out = i;
			return true;
		}
	}
	return false;
}

const char *
alarm_state_name(enum alarm_state s)
{
	assert((unsigned)s < ALARM_STATE_COUNT);
	return states[s];
}

bool
alarm_state_from_name(const char *name, enum alarm_state *out)
{
	unsigned i;
	if (!find_name(states, ALARM_STATE_COUNT, name, &i))
		return false;
	*out = (enum alarm_state)i;
	return true;
}

const char *
alarm_cause_name(enum alarm_cause c)
{
	assert((unsigned)c < CAUSE_COUNT);
	return causes[c];
}

bool
alarm_cause_from_name(const char *name, enum alarm_cause *out)
{
	unsigned i;
	if (!find_name(causes, CAUSE_COUNT, name, &i))
		return false;
	*out = (enum alarm_cause)i;
	return true;
}

const char *
latch_name(enum latch l)
{
	assert((unsigned)l < LATCH_COUNT);
	return latches[l];
}

bool
latch_from_name(const char *name, enum latch *out)
{
	unsigned i;
	if (!find_name(latches, LATCH_COUNT, name, &i))
		return false;
	*out = (enum latch)i;
	return true;
}
