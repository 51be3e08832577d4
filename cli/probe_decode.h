// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The decode bench: every number that may lie in a few registers, and which of them is
// what a gauge beside the transmitter shows. Numbers are made by the drivers' own
// decoder, so what is shown is what the daemon would read. Pure.
#ifndef CLI_PROBE_DECODE_H
#define CLI_PROBE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/profile.h"

// Registers from `first` on; a hole is one that the device did not give.
enum {
	PROBE_WORDS_MAX = 64
};
struct window {
	uint32_t first;
	size_t n;
	uint16_t words[PROBE_WORDS_MAX];
	bool given[PROBE_WORDS_MAX];
};

// How a number may lie in registers.
struct number_form {
	const char *type;  // as a profile names it; "bcd16", "bcd32": no profile can
	const char *order; // "abcd" ..
	unsigned width;    // registers
	unsigned odd;      // the greater, the less often met
};
size_t number_forms(const struct number_form **out);

// The number of this form at `address`; false where a register is missing, or it is
// none (not finite, no BCD).
bool number_at(
    const struct window *w, uint32_t address, const struct number_form *f, double *out);

// What a gauge shows, as it was read and typed: "0.62MPa".
struct gauge {
	enum quantity quantity;
	double value;      // in the base unit
	double resolution; // half of the last digit typed, in the base unit
	char unit[16];
};
// 0, or -1 with a reason in `why`.
int gauge_parse(const char *text, struct gauge *out, char why[static 200]);

// One way to read the registers that comes near the gauge.
struct candidate {
	uint32_t address;
	const struct number_form *form;
	double raw;
	double scale;     // value in `unit` = raw * scale
	char unit[16];    // that the device would count in
	double value;     // in the base unit
	double error;     // |value - gauge| / |gauge|
	unsigned penalty; // the smaller, the more likely
	bool far;         // more than 1 % off: kept only where nothing is nearer
};

// Fills at most `room`, the most likely first; all within 1 % of the gauge, or within 3
// % where none is nearer. `asked` is the address that should be right: others must be
// much better.
size_t gauge_match(const struct window *w, uint32_t asked, const struct gauge *g,
    struct candidate *out, size_t room);

#endif
