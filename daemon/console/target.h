// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The request target ("/api/v1/points/p1?limit=5") taken apart, once, strictly: what is
// odd is refused and not repaired. Pure, any thread.
#ifndef CONSOLE_TARGET_H
#define CONSOLE_TARGET_H

#include <stdbool.h>

enum {
	TARGET_MAX = 1024, // bytes of the raw target
	TARGET_SEGMENTS = 8,
	TARGET_PARAMETERS = 10,
};

struct target {
	char path[TARGET_MAX + 1]; // raw, without the query
	char text[2 * TARGET_MAX]; // decoded parts live here
	unsigned n_segments;
	const char *segment[TARGET_SEGMENTS]; // decoded; an id may hold a '/'
	unsigned n_parameters;
	const char *name[TARGET_PARAMETERS], *value[TARGET_PARAMETERS];
};

// 0, or -1 for anything but an absolute path with an optional query: control bytes raw
// or encoded, broken escapes, "." and "..", empty segments, a fragment, a parameter
// twice.
int target_parse(struct target *t, const char *raw);

// Value of a parameter, or NULL.
const char *target_value(const struct target *t, const char *name);

// Whether a Host header names us: "localhost", the configured host, or the numeric
// local address of the connection, with or without a port.
bool host_is_ours(const char *header, const char *configured, const char *local);

#endif
