// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Points, as they are configured and as they are now. Owns nothing; runs on the loop
// thread. Pages are bounded, so 20,000 points never make one answer (I1).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/console_int.h"
#include "console/format.h"

enum {
	POINTS_LIMIT = 1000
};

static void
put_point(struct buf *b, struct console *c, const struct site *site, uint32_t index)
{
	json_open(b, NULL, '{');
	format_point(b, site, &site->points[index]);
	c->host.point_json(c->host.ctx, index, b);
	json_close(b, '}');
}

void
api_points(struct console *c, struct http_request *r)
{
	const struct site *site = c->host.site(c->host.ctx);
	struct buf b = { 0 };
	int64_t from, limit;
	char cursor[16];

	if (api_number(r, "limit", 1, POINTS_LIMIT, 100, &limit) < 0 ||
	    api_number(r, "after", 0, UINT32_MAX, 0, &from) < 0)
		return;
	int64_t to = from + limit < site->n_points ? from + limit : site->n_points;
	json_open(&b, NULL, '{');
	json_open(&b, "points", '[');
	for (int64_t i = from; i < to; i++)
		put_point(&b, c, site, (uint32_t)i);
	json_close(&b, ']');
	(void)snprintf(cursor, sizeof(cursor), "%u", (unsigned)to);
	json_str(&b, "next", to < site->n_points ? cursor : NULL);
	json_close(&b, '}');
	http_send_json(r, 200, &b);
}

void
api_doors(struct console *c, struct http_request *r)
{
	const struct site *site = c->host.site(c->host.ctx);
	struct buf b = { 0 };
	int64_t from, limit;
	char cursor[16];

	if (api_number(r, "limit", 1, POINTS_LIMIT, POINTS_LIMIT, &limit) < 0 ||
	    api_number(r, "after", 0, UINT32_MAX, 0, &from) < 0)
		return;
	int64_t to = from + limit < site->n_doors ? from + limit : site->n_doors;
	json_open(&b, NULL, '{');
	json_open(&b, "doors", '[');
	for (int64_t i = from; i < to; i++)
		put_point(&b, c, site, site->doors[i].point);
	json_close(&b, ']');
	(void)snprintf(cursor, sizeof(cursor), "%u", (unsigned)to);
	json_str(&b, "next", to < site->n_doors ? cursor : NULL);
	json_close(&b, '}');
	http_send_json(r, 200, &b);
}

void
api_point(struct console *c, struct http_request *r)
{
	const struct site *site = c->host.site(c->host.ctx);
	uint32_t index = site_find_point(site, r->id);
	struct buf b = { 0 };

	if (index == UINT32_MAX) {
		http_error(r, 404, "not_found", "id");
		return;
	}
	put_point(&b, c, site, index);
	http_send_json(r, 200, &b);
}
