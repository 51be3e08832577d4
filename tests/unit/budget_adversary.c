// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See budget_adversary.h. Test code only.
#include "budget_adversary.h"

#include <string.h>

const struct device *
adversary_device(const struct search *s)
{
	return &s->site->devices[s->site->points[s->point].device];
}

static void
roll_phases(struct search *s, struct episode *e)
{
	uint32_t grain = 1 + dice_below(&s->dice, 64);

	for (int i = 0; i < RIG_DEVICES; i++)
		for (int k = 0; k < RIG_BLOCKS; k++)
			e->phases[i][k] =
			    (uint16_t)(dice_below(&s->dice, grain) * 65536 / grain);
}

static void
roll_losses(struct search *s, struct episode *e)
{
	e->n_losses = s->faults.lost_replies;
	for (int i = 0; i < RIG_LOSSES; i++) {
		e->before[i] =
		    dice_below(&s->dice, 3) == 0 ? (uint8_t)dice_below(&s->dice, 4) : 0;
		e->loss_block[i] = RIG_ANY_BLOCK;
	}
	e->losses_of_point = dice_below(&s->dice, 2) == 0;
	if (e->silent[0].device == INDEX_NONE || dice_below(&s->dice, 3) == 0) {
		e->losses_from_ms =
		    dice_below(&s->dice, 2 * adversary_device(s)->poll_ms + 1000);
		e->losses_after = 0;
	} else {
		e->losses_from_ms = 0;
		e->losses_after = 1 + dice_below(&s->dice, 2);
	}
}

static bool
is_silent(const struct episode *e, uint16_t device)
{
	for (int i = 0; i < RIG_SILENT; i++)
		if (e->silent[i].device == device)
			return true;
	return false;
}

static void
roll_one_silent(struct search *s, struct episode *e, int i)
{
	uint16_t own = s->site->points[s->point].device, u;

	do
		u = (uint16_t)dice_below(&s->dice, s->site->n_devices);
	while (u == own || is_silent(e, u));
	e->dead[u] = false;
	e->silent[i].device = u;
	e->silent[i].requests =
	    dice_below(&s->dice, 4) == 0 ? 1 + dice_below(&s->dice, 4) : UINT32_MAX;
	e->silent[i].from_ms = dice_below(
	    &s->dice, 2 * adversary_device(s)->poll_ms + s->site->devices[u].poll_ms);
}

static void
roll_silent(struct search *s, struct episode *e)
{
	for (int i = 0; i < RIG_SILENT; i++)
		e->silent[i].device = INDEX_NONE;
	if (s->faults.silent == 0 || dice_below(&s->dice, 8) == 0)
		return;
	for (int i = 0; i < s->faults.silent; i++)
		roll_one_silent(s, e, i);
}

static void
roll_dead(struct search *s, struct episode *e)
{
	uint16_t own = s->site->points[s->point].device;
	uint32_t share = dice_below(&s->dice, 3);

	e->probe_ms = dice_below(&s->dice, 2 * adversary_device(s)->poll_ms + 1000);

	for (uint16_t i = 0; i < s->site->n_devices; i++)
		e->dead[i] = i != own && !is_silent(e, i) && share > 0 &&
			     dice_below(&s->dice, 3) < share;
}

// What the daemon itself has to say meanwhile.
static void
roll_writes(struct search *s, struct episode *e)
{
	e->records = dice_below(&s->dice, 2) == 0
			 ? 0
			 : (uint16_t)(1 + dice_below(&s->dice, 200));
	e->wishes = dice_below(&s->dice, 2) == 0;
	e->wishes_more_ms = dice_below(&s->dice, 1 + dice_below(&s->dice, 1000));
	for (int i = 0; i < RIG_OUTPUTS; i++)
		e->wishes_ms[i] =
		    dice_below(&s->dice, 2 * adversary_device(s)->poll_ms);
}

void
adversary_roll(struct search *s, struct episode *e)
{
	memset(e, 0, sizeof(*e));
	e->point = s->point;
	roll_phases(s, e);
	roll_writes(s, e);
	roll_silent(s, e);
	roll_losses(s, e);
	if (dice_below(&s->dice, 4) == 0)
		roll_dead(s, e);
	e->change_after = dice_below(&s->dice, 4);
}

void
adversary_crowd(struct search *s, struct episode *e)
{
	uint16_t own = s->site->points[s->point].device;
	uint32_t poll = adversary_device(s)->poll_ms, at = dice_below(&s->dice, poll);

	for (int i = 0; i < s->faults.silent; i++) {
		struct silent_unit *u = &e->silent[i];
		uint16_t before = u->device;

		if (before == INDEX_NONE)
			return;
		u->device = INDEX_NONE;
		roll_one_silent(s, e, i);
		if (s->site->devices[u->device].timeout_ms <
		    s->site->devices[before].timeout_ms)
			u->device = before;
		u->requests = UINT32_MAX;
		u->from_ms = e->silent[0].from_ms;
	}
	for (uint16_t i = 0; i < s->site->n_devices; i++) {
		uint32_t each = s->site->devices[i].poll_ms;
		uint32_t lead = i == own ? 0 : dice_below(&s->dice, 100);
		uint32_t due = (at + each - lead % each) % each;

		for (int k = 0; k < RIG_BLOCKS; k++)
			e->phases[i][k] = (uint16_t)((uint64_t)due * 65536 / each);
	}
}

// The faults close to one another, for apart they do little.
static void
bring_together(struct search *s, struct episode *e)
{
	e->losses_from_ms = 0;
	e->losses_after =
	    e->silent[0].device == INDEX_NONE ? 0 : 1 + dice_below(&s->dice, 3);
}

// All of a device at once, or some of its requests somewhere.
static void
roll_device(struct search *s, struct episode *e, uint16_t device)
{
	uint32_t phase = dice_below(&s->dice, 65536);
	bool together = dice_below(&s->dice, 3) == 0;

	for (int k = 0; k < RIG_BLOCKS; k++)
		if (together || dice_below(&s->dice, 2) == 0)
			e->phases[device][k] =
			    (uint16_t)(together ? phase : dice_below(&s->dice, 65536));
}

// A moment of the longest gap at which more would hurt: the point's device was asked,
// or a reply did not come.
static uint32_t
sore_ms(struct search *s)
{
	const struct episode_result *r = &s->at_result;

	return r->n_marks == 0 ? 0 : r->marks_ms[dice_below(&s->dice, r->n_marks)];
}

// Of 65536 of the block's period, so that it is due then.
static uint16_t
phase_for(const struct search *s, uint16_t device, int k, uint32_t at_ms)
{
	uint32_t period = s->at_result.periods_ms[device][k];
	uint64_t due;

	if (period == 0)
		return 0;
	due = ((uint64_t)s->at_result.quiet_ms + at_ms) % period;
	return (uint16_t)((due * 65536 + period - 1) / period);
}

static uint32_t
just_before(struct search *s, uint32_t at_ms, uint32_t most_ms)
{
	uint32_t ms = dice_below(&s->dice, most_ms);

	return at_ms > ms ? at_ms - ms : 0;
}

static uint8_t
some_block(struct search *s, uint16_t device)
{
	uint8_t n = 0;

	while (n < RIG_BLOCKS && s->at_result.periods_ms[device][n] != 0)
		n++;
	return n == 0 ? RIG_ANY_BLOCK : (uint8_t)dice_below(&s->dice, n);
}

// One request, or all of a device, come due just before such a moment.
static void
aim_requests(struct search *s, struct episode *e)
{
	uint16_t device = (uint16_t)dice_below(&s->dice, s->site->n_devices);
	bool all = dice_below(&s->dice, 3) == 0;
	uint32_t at = just_before(s, sore_ms(s), 60);
	uint8_t only = some_block(s, device);

	for (int k = 0; k < RIG_BLOCKS; k++)
		if (all || k == only)
			e->phases[device][k] = phase_for(s, device, k, at);
}

// All of the others do.
static void
aim_crowd(struct search *s, struct episode *e)
{
	uint16_t own = s->site->points[s->point].device;
	uint32_t at = sore_ms(s), spread = 1 + dice_below(&s->dice, 200);

	for (uint16_t i = 0; i < s->site->n_devices; i++)
		for (int k = 0; k < RIG_BLOCKS; k++)
			if (i != own)
				e->phases[i][k] =
				    phase_for(s, i, k, just_before(s, at, spread));
}

// The replies to one block in particular are lost, or again those to any.
static void
aim_losses(struct search *s, struct episode *e)
{
	int i = (int)dice_below(&s->dice, 1 + e->n_losses);

	e->losses_of_point = false;
	if (dice_below(&s->dice, 4) == 0)
		e->losses_of_point = true;
	if (dice_below(&s->dice, 4) == 0 || e->losses_of_point)
		e->loss_block[i] = RIG_ANY_BLOCK;
	else
		e->loss_block[i] = some_block(s, s->site->points[s->point].device);
}

// A unit falls silent there, or comes back sooner or later, or another does so.
static void
aim_silence(struct search *s, struct episode *e, uint32_t at_ms)
{
	int i;

	if (s->faults.silent == 0 || e->silent[0].device == INDEX_NONE)
		return;
	i = (int)dice_below(&s->dice, s->faults.silent);
	switch (dice_below(&s->dice, 6)) {
	case 0:
		e->silent[i].requests = 1 + dice_below(&s->dice, 4);
		break;
	case 1:
		e->silent[i].requests = UINT32_MAX;
		break;
	case 2:
		e->silent[i].device = INDEX_NONE;
		roll_one_silent(s, e, i);
		break;
	default:
		e->silent[i].from_ms = at_ms;
		break;
	}
}

// Outputs change there; with a little more than their pace they are looked at before
// each change.
static void
aim_wishes(struct search *s, struct episode *e, uint32_t at_ms)
{
	bool all = dice_below(&s->dice, 2) == 0;
	uint32_t only = dice_below(&s->dice, RIG_OUTPUTS);

	e->wishes = true;
	if (dice_below(&s->dice, 3) == 0)
		e->wishes_more_ms = dice_below(&s->dice, 200);
	for (uint32_t i = 0; i < RIG_OUTPUTS; i++)
		if (all || i == only)
			e->wishes_ms[i] = at_ms;
}

void
adversary_spread(struct search *s, struct episode *e)
{
	uint32_t phase = dice_below(&s->dice, 65536);
	uint32_t step = dice_below(&s->dice, 2) == 0 ? 40503 // golden ratio of 65536
						     : dice_below(&s->dice, 65536);

	for (uint16_t i = 0; i < s->site->n_devices; i++)
		for (int k = 0; k < RIG_BLOCKS; k++)
			if (s->at_result.periods_ms[i][k] != 0)
				e->phases[i][k] = (uint16_t)(phase += step);
	e->records = (uint16_t)(100 + dice_below(&s->dice, 400));
}

// A fault begins there, or an output changes.
static void
aim_fault(struct search *s, struct episode *e)
{
	uint32_t at = just_before(s, sore_ms(s), 200);

	switch (dice_below(&s->dice, s->site->n_outputs > 0 ? 6 : 4)) {
	case 0:
		e->losses_from_ms = at;
		break;
	case 1:
		e->probe_ms = at;
		break;
	case 4:
	case 5:
		aim_wishes(s, e, at);
		break;
	default:
		aim_silence(s, e, at);
		break;
	}
}

static void
aim(struct search *s, struct episode *e)
{
	switch (dice_below(&s->dice, 8)) {
	case 0:
		aim_crowd(s, e);
		break;
	case 1:
	case 2:
		aim_fault(s, e);
		break;
	case 3:
		aim_losses(s, e);
		break;
	case 4:
		if (dice_below(&s->dice, 4) == 0)
			adversary_spread(s, e);
		else
			aim_requests(s, e);
		break;
	default:
		aim_requests(s, e);
		break;
	}
}

void
adversary_mutate(struct search *s, struct episode *e)
{
	uint16_t device = (uint16_t)dice_below(&s->dice, s->site->n_devices);

	struct silent_unit *u = &e->silent[dice_below(&s->dice, RIG_SILENT)];

	if (dice_below(&s->dice, 2) == 0) {
		aim(s, e);
		return;
	}
	switch (dice_below(&s->dice, 11)) {
	case 0:
		roll_losses(s, e);
		break;
	case 1:
		roll_silent(s, e);
		break;
	case 2:
		u->from_ms += dice_below(&s->dice, 101);
		u->from_ms -= u->from_ms > 50 ? 50 : 0;
		break;
	case 3:
		e->losses_from_ms += dice_below(&s->dice, 101);
		e->losses_from_ms -= e->losses_from_ms > 50 ? 50 : 0;
		break;
	case 4:
		bring_together(s, e);
		break;
	case 5:
		e->before[dice_below(&s->dice, RIG_LOSSES)] =
		    (uint8_t)dice_below(&s->dice, 5);
		break;
	case 6:
		e->change_after = dice_below(&s->dice, 4);
		break;
	case 7:
		roll_writes(s, e);
		break;
	case 8:
		roll_dead(s, e);
		break;
	case 9:
		e->probe_ms += dice_below(&s->dice, 101);
		e->probe_ms -= e->probe_ms > 50 ? 50 : 0;
		break;
	default:
		roll_device(s, e, device);
		break;
	}
}
