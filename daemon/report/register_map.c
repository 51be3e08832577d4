// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See register_map.h. Points by id, for a day of a storm names nearly all of them.
#include "report/register_map.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

static int
by_id(const void *va, const void *vb)
{
	const struct point *const *a = va, *const *b = vb;

	return strcmp((*a)->id, (*b)->id);
}

void
register_map_init(struct register_map *m, const struct site *site)
{
	*m = (struct register_map){ .site = site };
	if (site == NULL || site->n_points == 0)
		return;
	m->points = xcalloc(site->n_points, sizeof(*m->points));
	for (uint32_t i = 0; i < site->n_points; i++)
		m->points[i] = &site->points[i];
	qsort(m->points, site->n_points, sizeof(*m->points), by_id);
}

void
register_map_free(struct register_map *m)
{
	free(m->points);
	*m = (struct register_map){ 0 };
}

const struct point *
register_map_point(const struct register_map *m, const char *id)
{
	const struct point wanted = { .id = id }, *key = &wanted;

	if (m->points == NULL)
		return NULL;
	const struct point *const *found =
	    bsearch(&key, m->points, m->site->n_points, sizeof(*m->points), by_id);
	return found != NULL ? *found : NULL;
}

void
register_map_put(const struct register_map *m, const char *point, struct report_cell *c)
{
	const struct point *p = register_map_point(m, point);
	enum maturity maturity;

	if (p != NULL && site_point_maturity(m->site, p, &maturity))
		doc_put_text(c, maturity_name(maturity));
}
