// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See host_judge.h. Owns nothing; any thread. The invariants: a host is up only by an
// answer of its own (I6), and it is lost only by failed checks that could have got
// through.
#include "drivers/host_judge.h"

enum {
	OTHER_RUNNING = 2 // checks that show another code before it is believed
};

static void
shift(struct host_judge *j, bool miss)
{
	j->window = (uint16_t)(j->window << 1 | miss);
}

unsigned
host_judge_misses(const struct host_judge *j, const struct host *def)
{
	return (unsigned)__builtin_popcount(j->window & ((1u << def->of) - 1));
}

static void
become_blind(struct host_judge *j, enum host_blind why)
{
	j->state = HOST_BLIND;
	j->blind = why;
	j->pending = HOST_ANSWERS;
	j->n_other = 0;
	if (why == HOST_BEHIND_PARENT)
		j->window = 0; // what failed may have failed for the parent's sake
}

static void
become_lost(struct host_judge *j, enum host_code code)
{
	bool same_absence = host_code_gone(j->code) && host_code_gone(code);
	if (!same_absence)
		j->code = code;
	j->state = HOST_LOST;
	j->blind = HOST_SEEN;
	j->pending = HOST_ANSWERS;
}

static void
answered(struct host_judge *j, const struct host *def)
{
	shift(j, false);
	j->pending = HOST_ANSWERS;
	j->blind = HOST_SEEN;
	j->n_other = 0;
	if (j->state == HOST_LOST && host_judge_misses(j, def) >= def->misses)
		return;
	if (j->state != HOST_LOST && host_judge_misses(j, def) >= def->misses)
		j->window = 0;
	j->state = HOST_UP;
	j->code = HOST_ANSWERS;
}

// Still lost; for another reason only where it is seen for some time.
static void
still_lost(struct host_judge *j, enum host_code code)
{
	bool same =
	    code == j->code || (host_code_gone(code) && host_code_gone(j->code));
	if (same) {
		j->n_other = 0;
		return;
	}
	j->n_other = code == j->other ? (uint8_t)(j->n_other + 1) : 1;
	j->other = code;
	if (j->n_other < OTHER_RUNNING)
		return;
	j->code = code;
	j->n_other = 0;
}

bool
host_judge_check(struct host_judge *j, const struct host *def, enum host_code code,
    enum host_blind blind, enum host_way way)
{
	if (blind != HOST_SEEN) {
		become_blind(j, blind);
		return false;
	}
	if (code == HOST_ANSWERS) {
		answered(j, def);
		return false;
	}
	if (host_code_gone(code) && way == WAY_CUT) {
		become_blind(j, HOST_BEHIND_PARENT);
		return false;
	}
	shift(j, true);
	if (j->state == HOST_BLIND) {
		j->state = HOST_UNASKED;
		j->blind = HOST_SEEN;
	}
	if (j->state == HOST_LOST) {
		still_lost(j, code);
		return false;
	}
	if (host_judge_misses(j, def) < def->misses)
		return false;
	if (host_code_gone(code) && way == WAY_UNSURE) {
		j->pending = code;
		return true;
	}
	become_lost(j, code);
	return false;
}

void
host_judge_way(struct host_judge *j, enum host_way way)
{
	if (j->pending == HOST_ANSWERS || way == WAY_UNSURE)
		return;
	if (way == WAY_CUT)
		become_blind(j, HOST_BEHIND_PARENT);
	else
		become_lost(j, j->pending);
}

// One that answers, but not as it should, cuts nobody off.
static bool
cuts(const struct host_judge *parent, bool reached)
{
	return (parent->state == HOST_LOST && !reached) ||
	       (parent->state == HOST_BLIND && parent->blind == HOST_BEHIND_PARENT);
}

// Its own check cannot be made from here, and never will be. (Without a link or a route
// the child is asked in vain, and shows so itself.)
static bool
is_mute(const struct host_judge *parent)
{
	return parent->state == HOST_BLIND && (parent->blind == HOST_NO_PERMISSION ||
						  parent->blind == HOST_NO_RESOURCES);
}

enum host_way
host_judge_beyond(const struct host_judge *parent, bool reached, bool since)
{
	if (cuts(parent, reached))
		return WAY_CUT;
	return since || is_mute(parent) ? WAY_OPEN : WAY_UNSURE;
}
