// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The one table of what the console answers. The loop thread only.
#ifndef CONSOLE_ROUTES_H
#define CONSOLE_ROUTES_H

#include <stddef.h>

#include "console/access.h"
#include "console/console_int.h"

enum {
	ROUTE_PARAMETERS = 7
};

struct route {
	enum http_method method;
	const char *path; // "{id}" stands for one segment
	enum access access;
	api_call *call;
	const char *parameters[ROUTE_PARAMETERS]; // of the query, NULL-terminated
};

// The table, for tests and documentation checks.
const struct route *routes_table(size_t *n);

#endif
