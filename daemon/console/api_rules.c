// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What people do to rules: take a door out of its rule for a while, and put it back;
// answer the dead-man watch. Owns nothing; runs on the loop thread. Refuses a bypass
// without an end or without a reason.
#include <string.h>

#include "console/body.h"
#include "console/console_int.h"
#include "console/format.h"

enum {
	BYPASS_MINUTES_MAX = 24 * 60,
	REASON_BYTES = 150,
	REASON_CHARACTERS = 48,
	MINUTE_S = 60,
};

static bool
find_point(struct console *c, struct http_request *r, uint32_t *point)
{
	*point = site_find_point(c->host.site(c->host.ctx), r->id);
	if (*point == UINT32_MAX)
		http_error(r, 404, "not_found", "id");
	return *point != UINT32_MAX;
}

void
api_bypass(struct console *c, struct http_request *r)
{
	char reason[REASON_BYTES] = "";
	int64_t minutes = 0;
	uint32_t point;
	const struct body_member members[] = {
		{ .name = "minutes",
		    .required = true,
		    .number = &minutes,
		    .min = 1,
		    .max = BYPASS_MINUTES_MAX },
		{ .name = "reason",
		    .required = true,
		    .text = reason,
		    .size = sizeof(reason),
		    .characters = REASON_CHARACTERS },
	};

	if (api_body(r, members, 2) < 0)
		return;
	if (reason[strspn(reason, " ")] == '\0') {
		http_error(r, 400, "bad_member", "reason");
		return;
	}
	if (!find_point(c, r, &point))
		return;
	http_takes_long(r);
	const struct bypass_order order = {
		.actor = r->actor,
		.seconds = (uint32_t)minutes * MINUTE_S,
		.reason = reason,
	};
	c->host.bypass(c->host.ctx, point, &order, api_confirmed, r);
}

void
api_bypass_end(struct console *c, struct http_request *r)
{
	uint32_t point;

	if (api_body(r, NULL, 0) < 0 || !find_point(c, r, &point))
		return;
	http_takes_long(r);
	c->host.bypass_end(c->host.ctx, point, r->actor, api_confirmed, r);
}

void
api_alive(struct console *c, struct http_request *r)
{
	if (api_body(r, NULL, 0) < 0)
		return;
	if (!r->desk) { // who answers from a bed is not at the desk
		http_error(r, 403, "forbidden", NULL);
		return;
	}
	http_takes_long(r);
	c->host.alive(c->host.ctx, r->actor, api_confirmed, r);
}

void
api_patrols(struct console *c, struct http_request *r)
{
	const struct site *site = c->host.site(c->host.ctx);
	struct buf b = { 0 };

	json_open(&b, NULL, '{');
	json_open(&b, "patrols", '[');
	for (uint16_t i = 0; i < site->n_patrols; i++)
		c->host.patrol_json(c->host.ctx, i, &b);
	json_close(&b, ']');
	json_close(&b, '}');
	http_send_json(r, 200, &b);
}
