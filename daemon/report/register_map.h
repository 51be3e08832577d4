// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// How sure it is what a point of a report is: the column "maturity" of every table of
// points. Inside report/ only. One thread.
#ifndef REPORT_REGISTER_MAP_H
#define REPORT_REGISTER_MAP_H

#include "core/site.h"
#include "report/doc.h"

// The last column of a table of points.
#define MATURITY_COLUMN                                                \
  {                                                                    \
    "maturity", "report.col.maturity", COLUMN_KEY, IN_ALL, "maturity." \
  }

struct register_map {
	const struct site *site;     // NULL: not known
	const struct point **points; // by id
};

// The site may be NULL and outlives the map.
void register_map_init(struct register_map *m, const struct site *site);
void register_map_free(struct register_map *m);

// The point of the site with this id, or NULL.
const struct point *register_map_point(const struct register_map *m, const char *id);

// Leaves the cell at none where the site no longer has the point, or no profile says
// what it is.
void register_map_put(
    const struct register_map *m, const char *point, struct report_cell *c);

#endif
