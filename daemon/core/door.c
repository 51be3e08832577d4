// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See door.h. The table there is the rule; this file says it once. Owns nothing; any
// thread. The invariant: while the contact is unknown no condition begins that was not
// seen to begin, and none ends (I6).
#include "core/door.h"

#include <assert.h>
#include <stddef.h>

static const char *const condition_codes[DOOR_CONDITION_COUNT] = {
#define X(id, code) [id] = code,
	DOOR_CONDITIONS(X)
#undef X
};

static const char *const state_names[DOOR_STATE_COUNT] = {
#define X(id, name) [id] = name,
	DOOR_STATES(X)
#undef X
};

enum {
	INTRUSION = 1 << DOOR_FORCED | 1 << DOOR_UNPROVEN,
	LEFT_OPEN = 1 << DOOR_HELD | 1 << DOOR_HELD_SOON,
};

// ---- a contact that grants ----------------------------------------------------------

enum contact_state
grant_feed(
    struct grant *g, enum contact_state contact, uint32_t stuck_ms, int64_t now_ms)
{
	if (contact == CONTACT_IDLE)
		g->stuck = false;
	if (contact == CONTACT_ACTIVE && g->contact != CONTACT_ACTIVE)
		g->since_ms = now_ms;
	g->contact = contact;
	if (contact == CONTACT_ACTIVE && stuck_ms > 0 &&
	    now_ms - g->since_ms >= (int64_t)stuck_ms)
		g->stuck = true;
	return contact == CONTACT_ACTIVE && g->stuck ? CONTACT_IDLE : contact;
}

int64_t
grant_due(const struct grant *g, uint32_t stuck_ms)
{
	if (g->contact != CONTACT_ACTIVE || g->stuck || stuck_ms == 0)
		return -1;
	return g->since_ms + (int64_t)stuck_ms;
}

// ---- the door -----------------------------------------------------------------------

static void
set(struct door *d, enum door_condition c)
{
	d->conditions |= (uint8_t)(1U << c);
}

static void
end(struct door *d, unsigned mask)
{
	d->conditions &= (uint8_t)~mask;
}

// The window runs from the last moment at which the grant acted.
static void
follow_grant(
    struct door *d, const struct door_rule *r, enum contact_state grant, int64_t now)
{
	if (grant == CONTACT_ACTIVE ||
	    (d->grant == CONTACT_ACTIVE && grant != CONTACT_ACTIVE))
		d->window_until_ms = now + (int64_t)r->window_ms;
	if (grant == CONTACT_UNKNOWN || d->grant_unknown)
		d->blind_until_ms = now + (int64_t)r->window_ms;
	d->grant_unknown = grant == CONTACT_UNKNOWN;
	d->grant = grant;
}

static void
consume_grant(struct door *d, const struct door_rule *r, int64_t now)
{
	int64_t relocked = now + (int64_t)r->relock_ms;

	if (d->window_until_ms > relocked)
		d->window_until_ms = relocked;
}

// It was closed when it was last seen, and is open now.
static bool
opened(struct door *d, const struct door_rule *r, const struct door_facts *f,
    bool unseen, int64_t now)
{
	if (d->permitted)
		return false;
	if (!unseen && d->window_until_ms != 0 &&
	    f->earliest_ms <= d->window_until_ms) {
		consume_grant(d, r, now);
		return true;
	}
	// Who opens and closes it again and again does not put the judgement off.
	if (!d->pending) {
		d->judge_ms = now + (int64_t)r->settle_ms;
		d->opened_ms = now;
	}
	d->unseen = unseen || (d->pending && d->unseen);
	d->blind = (d->blind_until_ms != 0 && f->earliest_ms <= d->blind_until_ms) ||
		   (d->pending && d->blind);
	d->pending = r->forced;
	return false;
}

static bool
follow_contact(
    struct door *d, const struct door_rule *r, const struct door_facts *f, int64_t now)
{
	enum contact_state before = d->contact;
	bool lawful = false;

	d->contact = f->contact;
	if (f->contact == CONTACT_UNKNOWN)
		return false;
	if (f->contact == CONTACT_ACTIVE && d->known == CONTACT_IDLE)
		lawful = opened(d, r, f, before == CONTACT_UNKNOWN, now);
	if (f->contact == CONTACT_IDLE || d->permitted)
		d->open_ms = -1;
	else if (d->known != CONTACT_ACTIVE || d->open_ms < 0)
		d->open_ms = now;
	d->known = f->contact;
	return lawful;
}

// True where the grant is told after the opening that it allows. One that surely acted
// after the door was seen open allows nothing: who broke in pressed the button inside.
static bool
judge(
    struct door *d, const struct door_rule *r, const struct door_facts *f, int64_t now)
{
	if (d->bypassed)
		d->pending = false;
	if (!d->pending)
		return false;
	if (!d->unseen && d->grant == CONTACT_ACTIVE &&
	    f->grant_earliest_ms <= d->opened_ms) {
		d->pending = false;
		consume_grant(d, r, now);
		return true;
	}
	if (now < d->judge_ms)
		return false;
	d->pending = false;
	d->raised_ms = now;
	bool doubt = d->unseen || d->blind || d->grant == CONTACT_UNKNOWN;
	set(d, doubt ? DOOR_UNPROVEN : DOOR_FORCED);
	return false;
}

static void
watch_held(struct door *d, const struct door_rule *r, int64_t now)
{
	if (d->contact != CONTACT_ACTIVE || d->open_ms < 0 || r->held_ms == 0 ||
	    (d->conditions & 1U << DOOR_HELD) != 0)
		return;
	int64_t open = now - d->open_ms;
	if (open >= (int64_t)r->held_ms) {
		end(d, 1U << DOOR_HELD_SOON);
		set(d, DOOR_HELD);
	} else if (r->held_soon_ms > 0 &&
		   open >= (int64_t)r->held_ms - (int64_t)r->held_soon_ms) {
		set(d, DOOR_HELD_SOON);
	}
}

static void
end_what_is_over(struct door *d, const struct door_rule *r, int64_t now)
{
	if (d->contact == CONTACT_UNKNOWN)
		return;
	if (d->contact == CONTACT_IDLE || d->permitted)
		end(d, LEFT_OPEN);
	if (d->bypassed || (d->contact == CONTACT_IDLE &&
			       now - d->raised_ms >= (int64_t)r->forced_least_ms))
		end(d, INTRUSION);
}

void
door_restore(
    struct door *d, unsigned conditions, enum contact_state known, int64_t now_ms)
{
	d->conditions = (uint8_t)conditions;
	d->raised_ms = now_ms;
	d->known = known;
	d->open_ms = -1;
}

enum contact_state
door_to_keep(const struct door *d)
{
	return d->pending ? CONTACT_IDLE : d->known;
}

bool
door_feed(struct door *d, const struct door_rule *r, const struct door_facts *f,
    int64_t now_ms)
{
	d->bypassed = f->bypassed;
	d->permitted = f->unlocked || f->bypassed;
	follow_grant(d, r, f->grant, now_ms);
	bool lawful = follow_contact(d, r, f, now_ms);
	lawful = judge(d, r, f, now_ms) || lawful;
	watch_held(d, r, now_ms);
	end_what_is_over(d, r, now_ms);
	return lawful;
}

static void
sooner(int64_t *due, int64_t at)
{
	if (*due < 0 || at < *due)
		*due = at;
}

int64_t
door_due(const struct door *d, const struct door_rule *r)
{
	int64_t due = -1;

	if (d->pending)
		sooner(&due, d->judge_ms);
	if (d->contact == CONTACT_ACTIVE && d->open_ms >= 0 && r->held_ms > 0 &&
	    (d->conditions & 1U << DOOR_HELD) == 0) {
		int64_t held = d->open_ms + (int64_t)r->held_ms;
		bool warns =
		    r->held_soon_ms > 0 && (d->conditions & 1U << DOOR_HELD_SOON) == 0;
		sooner(&due, warns ? held - (int64_t)r->held_soon_ms : held);
	}
	if (d->contact == CONTACT_IDLE && (d->conditions & INTRUSION) != 0)
		sooner(&due, d->raised_ms + (int64_t)r->forced_least_ms);
	return due;
}

static bool
window_is_open(const struct door *d, int64_t now)
{
	return d->window_until_ms != 0 && now <= d->window_until_ms;
}

enum door_state
door_state(const struct door *d, int64_t now_ms)
{
	if (d->contact == CONTACT_UNKNOWN)
		return DOOR_STATE_UNKNOWN;
	if (d->contact == CONTACT_IDLE)
		return d->grant == CONTACT_ACTIVE || window_is_open(d, now_ms)
			   ? DOOR_STATE_GRANTED
			   : DOOR_STATE_CLOSED;
	if (d->pending)
		return DOOR_STATE_OPENING;
	if ((d->conditions & INTRUSION) != 0)
		return DOOR_STATE_FORCED;
	if ((d->conditions & 1U << DOOR_HELD) != 0)
		return DOOR_STATE_HELD;
	return (d->conditions & 1U << DOOR_HELD_SOON) != 0 ? DOOR_STATE_HELD_SOON
							   : DOOR_STATE_OPEN;
}

int64_t
door_state_due(const struct door *d, int64_t now_ms)
{
	bool granted = d->contact == CONTACT_IDLE && d->grant != CONTACT_ACTIVE &&
		       window_is_open(d, now_ms);

	return granted ? d->window_until_ms + 1 : -1;
}

const char *
door_condition_code(enum door_condition c)
{
	assert((unsigned)c < DOOR_CONDITION_COUNT);
	return condition_codes[c];
}

const char *
door_state_name(enum door_state s)
{
	assert((unsigned)s < DOOR_STATE_COUNT);
	return state_names[s];
}
