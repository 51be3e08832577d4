// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Incidents: which occurrences belong together. All fires that are open at the same
// time are one incident, led by its first-out; a fire that returns within 20 s after a
// reset of its panel is the same incident still (EN 54-2, 7.6). Fires in test mode are
// kept apart from real ones, so that a test never leads a real incident. Everything
// else is an incident of its own per alarm. Plain data owned by the engine; loop
// thread. Pure: `now` is an argument.
#ifndef CORE_INCIDENT_H
#define CORE_INCIDENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/condition.h"
#include "core/event.h"

enum {
	INCIDENT_RETURN_MS = 20000, // EN 54-2 7.6
	INCIDENT_RESETS_MAX = 16,   // panels reset within one such span
};

// The fire incident that runs, or that ran last.
struct incident_track {
	char id[MINT_MAX]; // "" = none yet
	uint32_t open;     // fire alarms not yet closed
	int64_t closed_ms; // monotonic, when the last of them closed
};

struct incident_reset {
	bool used;
	uint32_t device;
	int64_t at_ms;
	char id[MINT_MAX];
};

// Per site, zeroed at start.
struct incident_state {
	struct incident_track real, test;
	struct incident_reset resets[INCIDENT_RESETS_MAX]; // a ring
	uint32_t n_resets;
};

// What is known about a new occurrence.
struct incident_facts {
	enum alarm_class alarm_class;
	bool test;       // a test-mode onset
	uint32_t device; // index; UINT32_MAX = of no device
	int64_t now_ms;  // monotonic
	const char *own; // incident of the alarm record, still open; "" = a new record
	const char *fresh; // the id to use for a new incident
};

struct incident_choice {
	char id[MINT_MAX];
	bool first_out; // this occurrence began the incident
};

// Decides where an occurrence belongs, and counts a new fire record as open.
struct incident_choice incident_join(
    struct incident_state *s, const struct incident_facts *f);

// An alarm record of fire class closed (went to normal). `test`: it was one.
void incident_close(
    struct incident_state *s, bool test, const char *incident, int64_t now_ms);

// A test is over and this fire still open: it is a real one from now on. Where real
// fires run already, it stays an incident of its own.
void incident_test_ended(struct incident_state *s, const char *incident);

// A panel was reset, seen or inferred. Call it before or after the clears it caused.
// Returns the incident that this ended, or NULL.
const char *incident_panel_reset(
    struct incident_state *s, uint32_t device, int64_t now_ms);

// A reset of a run before this one, at a moment that may lie before the monotonic
// clock's begin.
void incident_restore_reset(
    struct incident_state *s, uint32_t device, int64_t at_ms, const char *incident);

// A fire record found open at start: call once per record, before any join.
void incident_restore(struct incident_state *s, bool test, const char *incident);

#endif
