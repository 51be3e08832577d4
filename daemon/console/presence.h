// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Which consoles there are by name, and which of them can sound (I9). Pure.
#ifndef CONSOLE_PRESENCE_H
#define CONSOLE_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	PRESENCE_MAX = 2048, // more than streams, so there is always one to forget
	PRESENCE_ID = 33,
	PRESENCE_NONE = -1,
};

struct presence {
	struct presence_one {
		char id[PRESENCE_ID];
		bool said, can_sound; // as it said last
		unsigned streams;
		uint64_t used; // order of use
	} list[PRESENCE_MAX];
	int n;
	uint64_t uses;
};

// Letters, digits, '.', '_' and '-', at most 32.
bool presence_id_is_fine(const char *id);

// A stream of this console opens; returns what presence_leave takes.
int presence_enter(struct presence *p, const char *id);
void presence_leave(struct presence *p, int which); // PRESENCE_NONE is fine
// True where it says so for the first time, or says something else than before.
bool presence_can_sound(struct presence *p, const char *id, bool can_sound);

// Open streams whose console can sound.
unsigned presence_sounding(const struct presence *p);

#endif
