// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A request's JSON body read against a list of members: strict types, bounded lengths,
// nothing unknown. Any thread.
#ifndef CONSOLE_BODY_H
#define CONSOLE_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BODY_DEPTH_MAX = 8,
	BODY_FIELD_MAX = 64
};

struct body_member {
	const char *name;
	bool required;
	// One of the three is set.
	char *text;        // where the string goes
	size_t size;       // of text, in bytes
	size_t characters; // most characters; 0 = as many as fit
	bool *flag;
	int64_t *number; // a whole number within [min, max]
	int64_t min, max;
};

struct body_fault {
	const char *code;           // of the API's error
	char field[BODY_FIELD_MAX]; // "" = none
};

// An empty body counts as {}. 0, or -1 with *fault.
int body_read(const char *body, size_t len, const struct body_member *members,
    size_t n_members, struct body_fault *fault);

#endif
