// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The site's points by id: after a storm a restart has as many alarms as points to
// find. Borrows the site's texts; any thread.
#ifndef DAEMON_POINT_NAMES_H
#define DAEMON_POINT_NAMES_H

#include "core/site.h"

struct point_names;

struct point_names *point_names_new(const struct site *s);
void point_names_free(struct point_names *n); // NULL is fine
// Index of the point, or UINT32_MAX.
uint32_t point_names_find(const struct point_names *n, const char *id);

#endif
