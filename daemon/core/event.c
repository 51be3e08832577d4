// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Names of event kinds and an event with nothing in it. Owns nothing; any thread.
// An event leaves event_init with every field at "none", so that a field which its
// maker forgot reads as unknown and never as a value. The names stand in journals
// already written and never change their meaning.
#include "core/event.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const char *const kinds[EVENT_KIND_COUNT] = {
#define X(id, name) [id] = name,
	EVENT_KINDS(X)
#undef X
};

const char *
event_kind_name(enum event_kind k)
{
	assert((unsigned)k < EVENT_KIND_COUNT);
	return kinds[k];
}

bool
event_kind_from_name(const char *name, enum event_kind *out)
{
	for (unsigned i = 0; i < EVENT_KIND_COUNT; i++) {
		if (strcmp(name, kinds[i]) == 0) {
			*out = (enum event_kind)i;
			return true;
		}
	}
	return false;
}

bool
event_kind_among(const enum event_kind *list, enum event_kind k)
{
	for (; *list != EVENT_KINDS_END; list++) {
		if (*list == k)
			return true;
	}
	return false;
}

bool
event_by_person(const struct event *e)
{
	static const enum event_kind always[] = { EVENT_SESSION_OPEN,
		EVENT_SESSION_CLOSE, EVENT_SESSION_REFUSED, EVENT_USER_CHANGE,
		EVENT_KINDS_END };

	return event_kind_among(always, e->kind) ||
	       (e->actor[0] != '\0' && strncmp(e->actor, "panel:", 6) != 0);
}

void
event_init(struct event *e, enum event_kind kind)
{
	memset(e, 0, sizeof(*e));
	e->kind = kind;
	e->clock_quality = CLOCK_UNKNOWN;
	e->condition = -1;
	e->alarm_class = -1;
	e->quality = -1;
	e->value = NAN;
}
