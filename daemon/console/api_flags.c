// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What people set beside the alarms: shelve a condition of a point, isolate a point,
// put a zone into test mode; take it back; and the lists of what is set. Owns nothing;
// runs on the loop thread. Refuses what has no end or no reason, and from an operator
// what takes a part of the building out of watch.
#include <stdio.h>
#include <string.h>

#include "console/body.h"
#include "console/console_int.h"
#include "console/format.h"
#include "console/session.h"
#include "core/flag.h"

enum {
	MINUTE_S = 60,
	SHELVE_MINUTES_MAX = 24 * 60,
	TEST_MINUTES_MAX = 24 * 60,
	ISOLATE_MINUTES_MAX = 30 * 24 * 60,
	LIST_DEFAULT = 100,
	LIST_MAX = 500,
};

// --- who ----------------------------------------------------------------------------

// Everybody but an operator: the watch of a part of the building is not a duty
// operator's to give up alone. Giving it back is anybody's.
static bool
may_take_out(struct http_request *r)
{
	if (r->session != NULL && strcmp(r->session->role, "operator") != 0)
		return true;
	http_error(r, 403, "role_required", NULL);
	return false;
}

// --- the order -----------------------------------------------------------------------

struct wish {
	int64_t minutes;
	char reason[FLAG_TEXT_MAX], measure[FLAG_TEXT_MAX];
	bool end;
};

static bool
is_blank(const char *text)
{
	return text[strspn(text, " ")] == '\0';
}

// A text that must be there, -1 = answered 400.
static int
need_text(struct http_request *r, const char *text, const char *name)
{
	if (!is_blank(text))
		return 0;
	http_error(r, 400, "bad_member", name);
	return -1;
}

enum {
	WISH_MEASURE = 1 << 0, // may say what stands in
	WISH_END = 1 << 1,     // may say "end" in place of the rest
};

static int
read_wish(struct http_request *r, struct wish *w, int64_t max_minutes, unsigned what)
{
	bool ends = (what & WISH_END) != 0;
	// What the call does not have comes last.
	struct body_member members[4] = {
		{ .name = "minutes",
		    .required = !ends,
		    .number = &w->minutes,
		    .min = 1,
		    .max = max_minutes },
		{ .name = "reason",
		    .required = !ends,
		    .text = w->reason,
		    .size = sizeof(w->reason),
		    .characters = FLAG_CHARACTERS },
	};
	size_t n = 2;
	if (what & WISH_MEASURE)
		members[n++] = (struct body_member){ .name = "measure",
			.required = true,
			.text = w->measure,
			.size = sizeof(w->measure),
			.characters = FLAG_CHARACTERS };
	if (ends)
		members[n++] = (struct body_member){ .name = "end", .flag = &w->end };
	if (api_body(r, members, n) < 0)
		return -1;
	if (w->end)
		return 0;
	if (w->minutes == 0) {
		http_error(r, 400, "missing_member", "minutes");
		return -1;
	}
	if (need_text(r, w->reason, "reason") < 0)
		return -1;
	return what & WISH_MEASURE ? need_text(r, w->measure, "measure") : 0;
}

static void
send_order(struct console *c, struct http_request *r, struct flag_order o,
    const struct wish *w)
{
	o.on = w->minutes > 0 && !w->end;
	o.seconds = o.on ? (uint32_t)w->minutes * MINUTE_S : 0;
	o.actor = r->actor;
	o.reason = w->reason;
	o.measure = w->measure;
	http_takes_long(r);
	c->host.flag(c->host.ctx, &o, api_confirmed, r);
}

static bool
find_point(struct console *c, struct http_request *r, uint32_t *point)
{
	*point = site_find_point(c->host.site(c->host.ctx), r->id);
	if (*point == UINT32_MAX)
		http_error(r, 404, "not_found", "id");
	return *point != UINT32_MAX;
}

// --- shelving
// -------------------------------------------------------------------------

static bool
find_condition(struct http_request *r, enum condition *out)
{
	if (condition_from_name(r->id2, out))
		return true;
	http_error(r, 404, "not_found", "condition");
	return false;
}

static void
shelve(struct console *c, struct http_request *r, const struct wish *w)
{
	struct flag_order o = { .flag = FLAG_SHELVED };

	if (find_point(c, r, &o.target) && find_condition(r, &o.condition))
		send_order(c, r, o, w);
}

void
api_shelve(struct console *c, struct http_request *r)
{
	struct wish w = { 0 };

	if (read_wish(r, &w, SHELVE_MINUTES_MAX, 0) == 0)
		shelve(c, r, &w);
}

void
api_unshelve(struct console *c, struct http_request *r)
{
	if (api_body(r, NULL, 0) == 0)
		shelve(c, r, &(struct wish){ .end = true });
}

// --- isolation
// ------------------------------------------------------------------------

static void
isolate(struct console *c, struct http_request *r, const struct wish *w)
{
	struct flag_order o = { .flag = FLAG_ISOLATED };

	if (find_point(c, r, &o.target))
		send_order(c, r, o, w);
}

void
api_isolate(struct console *c, struct http_request *r)
{
	struct wish w = { 0 };

	if (may_take_out(r) && read_wish(r, &w, ISOLATE_MINUTES_MAX, WISH_MEASURE) == 0)
		isolate(c, r, &w);
}

void
api_restore(struct console *c, struct http_request *r)
{
	if (api_body(r, NULL, 0) == 0)
		isolate(c, r, &(struct wish){ .end = true });
}

// --- test mode
// ------------------------------------------------------------------------

void
api_test(struct console *c, struct http_request *r)
{
	const struct site *site = c->host.site(c->host.ctx);
	struct flag_order o = { .flag = FLAG_TEST_MODE };
	struct wish w = { 0 };

	if (read_wish(r, &w, TEST_MINUTES_MAX, WISH_END) < 0 ||
	    (!w.end && !may_take_out(r)))
		return;
	while (o.target < site->n_zones && strcmp(site->zones[o.target].id, r->id) != 0)
		o.target++;
	if (o.target == site->n_zones)
		http_error(r, 404, "not_found", "id");
	else
		send_order(c, r, o, &w);
}

// --- the lists
// ------------------------------------------------------------------------

static void
send_list(
    struct console *c, struct http_request *r, enum alarm_flag flag, const char *name)
{
	struct buf b = { 0 };
	int64_t from, limit;
	char cursor[16];

	if (api_number(r, "limit", 1, LIST_MAX, LIST_DEFAULT, &limit) < 0 ||
	    api_number(r, "after", 0, UINT32_MAX - 1, 0, &from) < 0)
		return;
	json_open(&b, NULL, '{');
	json_open(&b, name, '[');
	uint32_t next =
	    c->host.flag_page(c->host.ctx, flag, (uint32_t)from, (unsigned)limit, &b);
	json_close(&b, ']');
	(void)snprintf(cursor, sizeof(cursor), "%u", next);
	json_str(&b, "next", next != UINT32_MAX ? cursor : NULL);
	json_close(&b, '}');
	http_send_json(r, 200, &b);
}

void
api_shelves(struct console *c, struct http_request *r)
{
	send_list(c, r, FLAG_SHELVED, "shelves");
}

void
api_isolations(struct console *c, struct http_request *r)
{
	send_list(c, r, FLAG_ISOLATED, "isolations");
}

void
api_zones(struct console *c, struct http_request *r)
{
	send_list(c, r, FLAG_TEST_MODE, "zones");
}
