// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Every profile of panels/ in one site, and what registers mean by it, as a line of
// text. The tables of the tests are written from the documents that the profiles name.
#ifndef TESTS_UNIT_PANEL_FIXTURE_H
#define TESTS_UNIT_PANEL_FIXTURE_H

#include "config_fixture.h"
#include "drivers/decode.h"

enum {
	PANEL_CASE_WORDS = 20,
	PANEL_TEXT = 512,
};

struct panels {
	struct site *site; // one device a profile, its id that of the profile
	struct decode_codes codes;
};

// What the registers of one point of `item` mean: "" = nothing, "fire disabled" = both,
// "bad fault/burn-out" = no value, "12.5" = a number in base units, "edge info/restored
// ends fault". Conditions in order of their priority, then by code. Registers of parts
// follow those of the value. A packed point has its lowest bit behind the item:
// "point@10".
struct panel_case {
	const char *item;
	uint16_t words[PANEL_CASE_WORDS];
	const char *means;
};

void panels_init(struct panels *p);
void panels_free(struct panels *p);

const struct profile *panels_profile(const struct panels *p, const char *id);
const struct profile_item *panels_item(const struct profile *profile, const char *name);
void panels_show(const struct panels *p, const struct profile *profile,
    const struct panel_case *c, char out[static PANEL_TEXT]);
void panels_check(const struct panels *p, const char *profile,
    const struct panel_case *cases, size_t n);

// The register at which a point of an item stands.
uint32_t panels_address(const struct panels *p, const char *profile, const char *item,
    uint16_t loop, uint16_t device);

#endif
