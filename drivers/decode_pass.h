// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// One pass over the words of a point: what it says so far. Private to decode.c and
// decode_number.c.
#ifndef DRIVERS_DECODE_PASS_H
#define DRIVERS_DECODE_PASS_H

#include "drivers/decode.h"

struct decode_pass {
	const struct decode_codes *codes;
	struct sample *out;
	struct decode_edge *edge;
	uint16_t ends;          // of all edges
	bool said;              // by the decoder that is at work
	bool is_test, no_value; // EFFECT_TEST, EFFECT_VOID
};

void pass_add(struct decode_pass *p, struct condition_code c);
void pass_outcome(struct decode_pass *p, const struct decode_outcome *o);
void pass_void(struct decode_pass *p, code_id fault);

// decode_number.c
void pass_analog(struct decode_pass *p, const struct decoder *dec,
    const uint16_t *words, const struct decode_helper *h);
void pass_counter(
    struct decode_pass *p, const struct decoder *dec, const uint16_t *words);

#endif
