// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Open alarms and what a person does about them: acknowledge, note, silence, reset; and
// what a console says of its sound. Owns nothing; runs on the loop thread. The daemon
// answers each command when its event is durable, so nothing here says 200 by itself.
// Refuses to confirm what was not saved: that is 202 (I3).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/body.h"
#include "console/console_int.h"
#include "console/format.h"
#include "console/presence.h"
#include "lib/mem.h"

enum {
	ALARMS_LIMIT = 500,
	NOTE_CHARACTERS = 200,
	NOTE_BYTES = NOTE_CHARACTERS * 4 + 1
};

// --- the list ---------------------------------------------------------------------

// A cursor is "<offset>.<occurrence>": the last alarm seen, and where it stood in case
// it has closed meanwhile.
struct page {
	struct buf *b;
	const struct site *site;
	const char *after; // occurrence, or NULL
	uint32_t offset;   // where to begin; found by the first walk
	uint32_t index, limit, written;
	bool more;
	char last[MINT_MAX];
};

static bool
find_after(void *arg, const struct alarm_view *a)
{
	struct page *p = arg;

	p->index++;
	if (strcmp(a->occurrence, p->after) != 0)
		return true;
	p->offset = p->index;
	return false;
}

static bool
write_one(void *arg, const struct alarm_view *a)
{
	struct page *p = arg;

	if (p->index++ < p->offset)
		return true;
	if (p->written == p->limit) {
		p->more = true;
		return false;
	}
	format_alarm(p->b, NULL, p->site, a);
	(void)str_copy(p->last, sizeof(p->last), a->occurrence);
	p->written++;
	return true;
}

static int
read_cursor(struct http_request *r, struct page *p)
{
	const char *text = target_value(&r->target, "after");

	if (text == NULL)
		return 0;
	size_t digits = strspn(text, "0123456789");
	if (digits == 0 || digits > 8 || text[digits] != '.') {
		http_error(r, 400, "bad_parameter", "after");
		return -1;
	}
	p->offset = (uint32_t)strtoul(text, NULL, 10);
	p->after = text + digits + 1;
	return 0;
}

void
api_alarms(struct console *c, struct http_request *r)
{
	struct buf b = { 0 };
	struct page p = { .b = &b, .site = c->host.site(c->host.ctx) };
	int64_t limit;
	char cursor[MINT_MAX + 16];

	if (api_number(r, "limit", 1, ALARMS_LIMIT, 100, &limit) < 0 ||
	    read_cursor(r, &p) < 0)
		return;
	p.limit = (uint32_t)limit;
	if (p.after != NULL)
		c->host.alarms(c->host.ctx, find_after, &p);
	p.index = 0;
	json_open(&b, NULL, '{');
	json_open(&b, "alarms", '[');
	c->host.alarms(c->host.ctx, write_one, &p);
	json_close(&b, ']');
	(void)snprintf(cursor, sizeof(cursor), "%u.%s", p.offset + p.written, p.last);
	json_str(&b, "next", p.more ? cursor : NULL);
	json_close(&b, '}');
	http_send_json(r, 200, &b);
}

// --- commands ---------------------------------------------------------------------

void
api_confirmed(void *arg, const struct reply *reply)
{
	struct http_request *r = arg;
	struct buf b = { 0 };

	if (reply->status >= 300 || reply->code != NULL) {
		http_error(r, reply->status >= 300 ? reply->status : 409,
		    reply->code != NULL ? reply->code : "conflict", reply->field);
		return;
	}
	if (r->console != NULL) // whoever asks next sees what was done
		r->console->snapshots.urgent = true;
	json_open(&b, NULL, '{');
	json_bool(&b, "durable", reply->durable);
	if (reply->durable && reply->seq > 0)
		json_int(&b, "seq", reply->seq);
	else
		json_none(&b, "seq");
	json_close(&b, '}');
	http_send_json(r, reply->durable ? 200 : 202, &b);
}

int
api_body(struct http_request *r, const struct body_member *members, size_t n)
{
	struct body_fault fault;

	if (body_read(r->body, r->body_len, members, n, &fault) == 0)
		return 0;
	http_error(r, 400, fault.code, fault.field[0] != '\0' ? fault.field : NULL);
	return -1;
}

void
api_acknowledge(struct console *c, struct http_request *r)
{
	if (api_body(r, NULL, 0) < 0)
		return;
	http_takes_long(r);
	c->host.acknowledge(c->host.ctx, r->id, r->actor, r->desk, api_confirmed, r);
}

void
api_note(struct console *c, struct http_request *r)
{
	char text[NOTE_BYTES] = "";
	const struct body_member members[] = {
		{ .name = "text",
		    .required = true,
		    .text = text,
		    .size = sizeof(text),
		    .characters = NOTE_CHARACTERS },
	};

	if (api_body(r, members, 1) < 0)
		return;
	if (text[strspn(text, " ")] == '\0') {
		http_error(r, 400, "bad_member", "text");
		return;
	}
	http_takes_long(r);
	c->host.note(c->host.ctx, r->id, r->actor, text, api_confirmed, r);
}

void
api_reset(struct console *c, struct http_request *r)
{
	uint32_t point = site_find_point(c->host.site(c->host.ctx), r->id);

	if (api_body(r, NULL, 0) < 0)
		return;
	if (point == UINT32_MAX) {
		http_error(r, 404, "not_found", "id");
		return;
	}
	http_takes_long(r);
	c->host.reset(c->host.ctx, point, r->actor, api_confirmed, r);
}

void
api_silence(struct console *c, struct http_request *r)
{
	if (api_body(r, NULL, 0) < 0)
		return;
	http_takes_long(r);
	c->host.silence(c->host.ctx, r->actor, r->desk, api_confirmed, r);
}

void
api_sound(struct console *c, struct http_request *r)
{
	bool can_sound = false;
	const struct body_member members[] = {
		{ .name = "can_sound", .required = true, .flag = &can_sound },
	};
	struct buf b = { 0 };

	if (api_body(r, members, 1) < 0)
		return;
	if (!presence_id_is_fine(r->id)) {
		http_error(r, 404, "not_found", "id");
		return;
	}
	// Said again and again it is one event.
	if (sse_can_sound(c->sse, r->id, can_sound))
		c->host.console_sound(c->host.ctx, r->id, can_sound);
	json_open(&b, NULL, '{');
	json_close(&b, '}');
	http_send_json(r, 200, &b);
}
