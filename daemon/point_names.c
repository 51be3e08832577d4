// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See point_names.h. One sorted array, built once and searched by halves.
#include "point_names.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

struct named_point {
	const char *id;
	uint32_t index;
};

struct point_names {
	uint32_t n;
	struct named_point points[];
};

static int
compare_names(const void *left, const void *right)
{
	const struct named_point *a = left, *b = right;
	return strcmp(a->id, b->id);
}

struct point_names *
point_names_new(const struct site *s)
{
	struct point_names *n =
	    xcalloc(1, sizeof(*n) + s->n_points * sizeof(n->points[0]));
	n->n = s->n_points;
	for (uint32_t i = 0; i < s->n_points; i++)
		n->points[i] = (struct named_point){ s->points[i].id, i };
	qsort(n->points, n->n, sizeof(n->points[0]), compare_names);
	return n;
}

void
point_names_free(struct point_names *n)
{
	free(n);
}

uint32_t
point_names_find(const struct point_names *n, const char *id)
{
	const struct named_point wanted = { .id = id };
	const struct named_point *found =
	    bsearch(&wanted, n->points, n->n, sizeof(n->points[0]), compare_names);
	return found != NULL ? found->index : UINT32_MAX;
}
