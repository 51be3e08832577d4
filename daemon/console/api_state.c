// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// GET /state and GET /stream, and reading parameters for all calls. Owns nothing; runs
// on the loop thread. The state's bytes are shared, only its head is this console's.
#include <stdlib.h>
#include <string.h>

#include "console/console_int.h"
#include "console/format.h"
#include "console/presence.h"
#include "lib/clock.h"

static int
bad_parameter(struct http_request *r, const char *name)
{
	http_error(r, 400, "bad_parameter", name);
	return -1;
}

void
api_answer(struct http_request *r, int result, struct buf *b)
{
	if (result == 0)
		http_send_json(r, 200, b);
	else
		http_error(r, 503, "unavailable", NULL);
	buf_free(b);
}

int
api_number(struct http_request *r, const char *name, int64_t min, int64_t max,
    int64_t none, int64_t *out)
{
	const char *text = target_value(&r->target, name);

	*out = none;
	if (text == NULL)
		return 0;
	size_t digits = strspn(text, "0123456789");
	if (digits == 0 || digits > 18 || text[digits] != '\0')
		return bad_parameter(r, name);
	*out = (int64_t)strtoull(text, NULL, 10);
	return *out < min || *out > max ? bad_parameter(r, name) : 0;
}

int
api_time(struct http_request *r, const char *name, int64_t none, int64_t *out)
{
	const char *text = target_value(&r->target, name);

	*out = none;
	if (text == NULL)
		return 0;
	if (clock_parse_rfc3339(text, out) < 0 || *out < 0)
		return bad_parameter(r, name);
	return 0;
}

void
api_state(struct console *c, struct http_request *r)
{
	struct buf b = { 0 };
	struct stream_position here = sse_position(c->sse);

	snapshot_refresh(&c->snapshots, &c->host, loop_now_ms(c->loop), &here);
	snapshot_head(&b, loop_utc_ms(c->loop), r);
	buf_add(&b, c->snapshots.state->data + 1, c->snapshots.state->len - 1);
	http_send_json(r, 200, &b);
}

void
api_stream(struct console *c, struct http_request *r)
{
	const char *console = target_value(&r->target, "console");
	const char *last = http_header(r, "Last-Event-ID");

	if (console != NULL && !presence_id_is_fine(console)) {
		(void)bad_parameter(r, "console");
		return;
	}
	if (last == NULL)
		last = target_value(&r->target, "last");
	sse_open(c->sse, r, console, last);
}
