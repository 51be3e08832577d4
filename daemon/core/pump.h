// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A fire, sprinkler or jockey pump: what its gauges and contacts say together. Facts
// and `now` in, findings, steps and the next deadline out. Times are monotonic ms,
// pressures kPa. Pure. No finding has a limit of its own: a bound that the site does
// not give is not watched (reference: a site's commissioning sheet rules).
//
//   short cycling    more starts in an hour than allowed
//   long run         it runs for longer than allowed
//   leak-down        at night the header loses more an hour than allowed
//   no rise          it runs, and the pressure has not risen by so much in that time
//   not started      the pressure is at the start point, and it does not run
//   not in automatic its controller is not in automatic
//   gauges differ    two gauges on one header say what cannot both be
//
// Unknown is never normal (DESIGN I6): where what a finding hangs on is not known it
// neither begins nor ends, and a delay that ran begins anew.
#ifndef CORE_PUMP_H
#define CORE_PUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/condition.h"
#include "core/contact.h"
#include "core/limit.h"
#include "core/pump_cycle.h"
#include "core/pump_leak.h"

// X(enum, name as the site and the API have it, condition, code, unit of what is
// measured)
#define PUMP_FINDINGS(X)                                                         \
  X(PUMP_SHORT_CYCLING, "short_cycling", COND_PROCESS, "pump-short-cycling", "") \
  X(PUMP_LONG_RUN, "long_run", COND_PROCESS, "pump-long-run", "s")               \
  X(PUMP_LEAK_DOWN, "leak_down", COND_PROCESS, "pump-leak-down", "kPa/h")        \
  X(PUMP_NO_RISE, "no_rise", COND_FAULT, "pump-no-rise", "kPa")                  \
  X(PUMP_NOT_STARTED, "not_started", COND_FAULT, "pump-not-started", "kPa")      \
  X(PUMP_NOT_IN_AUTO, "not_in_auto", COND_SUPERVISORY, "pump-not-in-auto", "")   \
  X(PUMP_GAUGES_DIFFER, "gauges_differ", COND_FAULT, "pump-gauges-differ", "kPa")

enum pump_finding {
#define X(id, name, condition, code, unit) id,
	PUMP_FINDINGS(X)
#undef X
	PUMP_FINDING_COUNT,
};

// X(enum, name): what is known of a finding.
#define PUMP_VERDICTS(X)         \
  X(PUMP_UNWATCHED, "unwatched") \
  X(PUMP_UNKNOWN, "unknown")     \
  X(PUMP_NORMAL, "normal")       \
  X(PUMP_STANDS, "stands")

enum pump_verdict {
#define X(id, name) id,
	PUMP_VERDICTS(X)
#undef X
	PUMP_VERDICT_COUNT,
};

struct pump_bound {
	bool set;
	double limit;      // starts, kPa/h, kPa; unused by long run and not in auto
	double hysteresis; // >= 0, so far back it must come to have ended
	uint32_t after_ms; // so long it must be so; of leak-down the time measured over
	uint32_t off_ms;   // so long it must be over to have ended
};

enum pump_role {
	PUMP_JOCKEY,
	PUMP_MAIN,
};

struct pump_rule {
	enum pump_role role;
	bool has_run, has_auto, has_manual; // contacts
	double swing; // kPa; of the trend, where it has no run contact
	struct pump_bound bounds[PUMP_FINDING_COUNT];
};

struct pump_facts {
	enum contact_state run;      // active = runs
	enum contact_state off_auto; // active = not in automatic
	enum contact_state manual;   // active = in manual
	double kpa, second_kpa;      // NaN = not known
	bool night;
};

// One finding as it is.
struct pump_look {
	struct delay delay; // active = it stands
	bool known;
	double measured;  // NaN = none
	int64_t since_ms; // when it began to be so; of one that is not so, unused
};

// X(enum, name): how a run began, by the controller's contacts.
#define PUMP_MODES(X)                 \
  X(PUMP_MODE_UNKNOWN, "unknown")     \
  X(PUMP_MODE_AUTOMATIC, "automatic") \
  X(PUMP_MODE_MANUAL, "manual")

enum pump_mode {
#define X(id, name) id,
	PUMP_MODES(X)
#undef X
	PUMP_MODE_COUNT,
};

// Zeroed, it is a pump of which nothing is known.
struct pump {
	struct pump_cycle cycle;
	struct pump_leak leak;
	struct pump_look looks[PUMP_FINDING_COUNT];
};

// What stood when the daemon stopped (mask of 1 << enum pump_finding), and whether it
// ran then.
void pump_restore(
    struct pump *p, unsigned standing, enum contact_state was, int64_t started_ms);

// Feeds all that is known at `now_ms`; also at pump_due. Returns a start or a stop.
struct pump_turn pump_feed(struct pump *p, const struct pump_rule *r,
    const struct pump_facts *f, int64_t now_ms);
int64_t pump_due(const struct pump *p, const struct pump_rule *r, int64_t now_ms);

bool pump_stands(const struct pump *p, enum pump_finding f);
enum pump_verdict pump_verdict(
    const struct pump *p, const struct pump_rule *r, enum pump_finding f);
// What is allowed, in the unit of what is measured. NaN where that is no number.
double pump_allowed(const struct pump_rule *r, enum pump_finding f);
enum pump_mode pump_mode(const struct pump_rule *r, const struct pump_facts *f);

enum condition pump_finding_condition(enum pump_finding f);
const char *pump_finding_code(enum pump_finding f);
const char *pump_finding_name(enum pump_finding f);
const char *pump_finding_unit(enum pump_finding f);
const char *pump_verdict_name(enum pump_verdict v);
const char *pump_mode_name(enum pump_mode m);

#endif
