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
	POINTS_LIMIT = 1000,
	POINTS_USUAL = 100,
};

void
api_put_point(struct console *c, uint32_t point, struct buf *out)
{
	const struct site *site = c->host.site(c->host.ctx);

	json_open(out, NULL, '{');
	format_point(out, site, &site->points[point]);
	c->host.point_json(c->host.ctx, point, out);
	json_close(out, '}');
}

// What a list of points is of: which point its element i is.
typedef uint32_t point_at(const struct site *site, uint32_t i);

static uint32_t
any_point(const struct site *site, uint32_t i)
{
	(void)site;
	return i;
}

static uint32_t
door_point(const struct site *site, uint32_t i)
{
	return site->doors[i].point;
}

static uint32_t
fire_door_point(const struct site *site, uint32_t i)
{
	return site->fire_doors[i].closed;
}

static uint32_t
pump_point(const struct site *site, uint32_t i)
{
	return site->pumps[i].point;
}

static uint32_t
effect_point(const struct site *site, uint32_t i)
{
	return site->effect_points[i];
}

// Answers with a page of `n` points, as the member `name`.
static void
send_page(struct console *c, struct http_request *r, const char *name, uint32_t n,
    point_at *at, int64_t usual)
{
	const struct site *site = c->host.site(c->host.ctx);
	struct buf b = { 0 };
	int64_t from, limit;
	char cursor[16];

	if (api_number(r, "limit", 1, POINTS_LIMIT, usual, &limit) < 0 ||
	    api_number(r, "after", 0, UINT32_MAX, 0, &from) < 0)
		return;
	int64_t to = from + limit < n ? from + limit : n;
	json_open(&b, NULL, '{');
	json_open(&b, name, '[');
	for (int64_t i = from; i < to; i++)
		api_put_point(c, at(site, (uint32_t)i), &b);
	json_close(&b, ']');
	(void)snprintf(cursor, sizeof(cursor), "%u", (unsigned)to);
	json_str(&b, "next", to < n ? cursor : NULL);
	json_close(&b, '}');
	http_send_json(r, 200, &b);
}

void
api_points(struct console *c, struct http_request *r)
{
	send_page(c, r, "points", c->host.site(c->host.ctx)->n_points, any_point,
	    POINTS_USUAL);
}

void
api_doors(struct console *c, struct http_request *r)
{
	send_page(c, r, "doors", c->host.site(c->host.ctx)->n_doors, door_point,
	    POINTS_LIMIT);
}

void
api_fire_doors(struct console *c, struct http_request *r)
{
	send_page(c, r, "fire_doors", c->host.site(c->host.ctx)->n_fire_doors,
	    fire_door_point, POINTS_LIMIT);
}

void
api_pumps(struct console *c, struct http_request *r)
{
	send_page(c, r, "pumps", c->host.site(c->host.ctx)->n_pumps, pump_point,
	    POINTS_LIMIT);
}

void
api_effects(struct console *c, struct http_request *r)
{
	send_page(c, r, "effects", c->host.site(c->host.ctx)->n_effect_points,
	    effect_point, POINTS_LIMIT);
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
	api_put_point(c, index, &b);
	http_send_json(r, 200, &b);
}
