// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The lines of a replay. Private to the player. One thread.
#ifndef PLAYER_PRINT_H
#define PLAYER_PRINT_H

#include <stdbool.h>
#include <stdio.h>

#include "alarms.h"
#include "core/event.h"
#include "core/sample.h"
#include "core/site.h"

struct print {
	const struct site *site;
	FILE *out;
	bool json;
	struct sample *last; // of each point: what was printed last; caller's
	bool *printed;
};

// A sample that differs from the one printed before of its point.
void print_sample(struct print *p, long long ms, const struct sample *s);
void print_link(
    const struct print *p, long long ms, uint32_t point, bool lost, const char *code);
void print_event(const struct print *p, long long ms, const struct event *e);
// An alarm that is open at the end.
void print_open(const struct print *p, long long ms, const struct alarm_record *r);

#endif
