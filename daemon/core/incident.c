// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The rule of core/incident.h. State is the caller's; loop thread. Refuses to join on
// old news: a reset counts for 20 s, and only for an incident that was open, or had
// closed within the same span, when the panel was reset.
#include "core/incident.h"

#include <assert.h>
#include <string.h>

static void
copy_id(char dst[static MINT_MAX], const char *id)
{
	size_t n = strlen(id);
	assert(n < MINT_MAX);
	memcpy(dst, id, n + 1);
}

static bool
same_id(const char *a, const char *b)
{
	return a[0] != '\0' && strcmp(a, b) == 0;
}

static bool
recent(int64_t then_ms, int64_t now_ms)
{
	return now_ms - then_ms <= INCIDENT_RETURN_MS;
}

// The incident a reset of this device ended not long ago, or NULL.
static const char *
reset_incident(const struct incident_state *s, uint32_t device, int64_t now_ms)
{
	const struct incident_reset *newest = NULL;
	for (unsigned i = 0; i < INCIDENT_RESETS_MAX; i++) {
		const struct incident_reset *r = &s->resets[i];
		if (!r->used || r->device != device || !recent(r->at_ms, now_ms))
			continue;
		if (newest == NULL || r->at_ms >= newest->at_ms)
			newest = r;
	}
	return newest != NULL ? newest->id : NULL;
}

static struct incident_choice
choose(const char *id, bool first_out)
{
	struct incident_choice c = { .first_out = first_out };
	copy_id(c.id, id);
	return c;
}

struct incident_choice
incident_join(struct incident_state *s, const struct incident_facts *f)
{
	if (f->own[0] != '\0')
		return choose(f->own, false);
	if (f->alarm_class != CLASS_FIRE)
		return choose(f->fresh, true);

	struct incident_track *t = f->test ? &s->test : &s->real;
	if (t->open++ > 0)
		return choose(t->id, false);
	const char *ended = f->test ? NULL : reset_incident(s, f->device, f->now_ms);
	struct incident_choice c =
	    choose(ended != NULL ? ended : f->fresh, ended == NULL);
	copy_id(t->id, c.id);
	return c;
}

void
incident_close(
    struct incident_state *s, bool test, const char *incident, int64_t now_ms)
{
	// Both may have the same id, after a test that ended while fires were open.
	struct incident_track *tracks[] = { test ? &s->test : &s->real,
		test ? &s->real : &s->test };
	for (unsigned i = 0; i < 2; i++) {
		struct incident_track *t = tracks[i];
		if (t->open == 0 || !same_id(t->id, incident))
			continue;
		t->open--;
		t->closed_ms = now_ms;
		return;
	}
}

void
incident_test_ended(struct incident_state *s, const char *incident)
{
	struct incident_track *real = &s->real, *test = &s->test;
	if (test->open == 0 || !same_id(test->id, incident) ||
	    (real->open > 0 && !same_id(real->id, incident)))
		return;
	test->open--;
	copy_id(real->id, incident);
	real->open++;
}

const char *
incident_panel_reset(struct incident_state *s, uint32_t device, int64_t now_ms)
{
	const struct incident_track *t = &s->real;
	if (t->id[0] == '\0' || (t->open == 0 && !recent(t->closed_ms, now_ms)))
		return NULL;
	incident_restore_reset(s, device, now_ms, t->id);
	return t->id;
}

void
incident_restore_reset(
    struct incident_state *s, uint32_t device, int64_t at_ms, const char *incident)
{
	struct incident_reset *r = &s->resets[s->n_resets++ % INCIDENT_RESETS_MAX];
	r->used = true;
	r->device = device;
	r->at_ms = at_ms;
	copy_id(r->id, incident);
}

void
incident_restore(struct incident_state *s, bool test, const char *incident)
{
	struct incident_track *t = test ? &s->test : &s->real;
	if (t->open > 0 && !same_id(t->id, incident))
		return; // would be counted open for ever: closing goes by id
	copy_id(t->id, incident);
	t->open++;
}
