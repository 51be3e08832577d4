// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A supervised loop: a contact with resistors at its end on an analogue input. A table
// of bands turns the value into what the loop is. Towards what is worse a band begins
// at its limit; towards what is better the value must be inside by 10 %, so that a
// value on a limit rests on the worse side. A fault counts after a while, for a contact
// that closes passes through bands, and while it goes from one fault to another it
// lasts on; what the contact does counts at once. Pure.
#ifndef CORE_LOOP_BAND_H
#define CORE_LOOP_BAND_H

#include <stdbool.h>
#include <stdint.h>

// X(enum, name, severity, code of the fault or NULL)
#define LOOP_BANDS(X)                     \
  X(LOOP_NORMAL, "normal", 0, NULL)       \
  X(LOOP_ACTIVE, "active", 1, NULL)       \
  X(LOOP_SHORT, "short", 2, "loop-short") \
  X(LOOP_OPEN, "open", 2, "loop-open")    \
  X(LOOP_OUT_OF_BAND, "out-of-band", 2, "loop-out-of-band")

enum loop_band {
#define X(id, name, severity, code) id,
	LOOP_BANDS(X)
#undef X
	LOOP_BAND_COUNT,
};

enum {
	LOOP_STEPS_MAX = 16,
	LOOP_HYSTERESIS_PERCENT = 10,
};

struct loop_step {
	double below; // the band ends here; INFINITY for the last
	enum loop_band band;
};

// From the lowest value up, without holes. Neither end is normal.
struct loop_table {
	uint8_t n;
	uint32_t fault_delay_ms;
	struct loop_step steps[LOOP_STEPS_MAX];
};

// Zeroed, it is a loop that was not seen yet.
struct loop_state {
	bool seen;
	enum loop_band band;     // that the value is in
	bool told;               // `reported` is one
	enum loop_band reported; // what counts
	int64_t since_ms; // the value is in `band`, or in one fault after another
};

// Feeds a value at `now_ms`; also at loop_due, with the same value. NaN changes
// nothing. Returns true where `reported` is new, or is one for the first time.
bool loop_feed(
    struct loop_state *l, const struct loop_table *t, double value, int64_t now_ms);
// A fault that does not count yet; -1 = none.
int64_t loop_due(const struct loop_state *l, const struct loop_table *t);
// Nothing is known any more: what comes next is reported whatever it is.
void loop_forget(struct loop_state *l);

const char *loop_band_name(enum loop_band b);
const char *loop_band_code(enum loop_band b); // NULL: no fault

#endif
