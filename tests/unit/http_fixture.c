// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The server of the HTTP tests. Owns the loop and the server of one test.
#include "http_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/clock.h"
#include "lib/mem.h"
#include "test.h"

static void
on_stream_gone(void *arg)
{
	struct fixture *f = arg;

	f->stream = NULL;
	f->streams_gone++;
}

static void
send_bytes(struct http_request *r, size_t len)
{
	char *bytes = xcalloc(1, len);

	http_send(r, 200, "text/plain", blob_copy(bytes, len));
	free(bytes);
}

// Uses 20 ms of the processor.
static void
be_slow(void)
{
	clock_t from = clock();

	while (clock() - from < CLOCKS_PER_SEC / 50)
		;
}

void
http_handle(void *ctx, struct http_request *r)
{
	struct fixture *f = ctx;
	struct buf b = { 0 };

	f->handled++;
	if (strcmp(r->target.path, "/stream") == 0) {
		if (http_stream(r, "text/event-stream", on_stream_gone, NULL, f) == 0)
			f->stream = r;
		return;
	}
	if (strcmp(r->target.path, "/big") == 0 ||
	    strcmp(r->target.path, "/long") == 0) {
		send_bytes(r, r->target.path[1] == 'b' ? BIG : LONG);
		return;
	}
	if (strcmp(r->target.path, "/slow") == 0)
		be_slow();
	if (f->hold) {
		http_takes_long(r);
		f->held = r;
		return;
	}
	buf_printf(&b, "{\"path\":\"%s\",\"body\":%zu}", r->target.path, r->body_len);
	http_send_json(r, 200, &b);
}

bool
http_desk(void *ctx, const unsigned char address[16])
{
	(void)ctx;
	return address[15] == 1; // 127.0.0.1
}

const struct guard_limits limits = {
	.connections = 8,
	.streams = 4,
	.per_address = 3,
	.per_desk_address = 10,
	.request_ms = 300,
	.idle_ms = 1500, // no stall of a busy machine is so long
	.reply_ms = 700,
};

int
http_set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->loop = loop_new(clock_real());
	f->server = http_start(f->loop,
	    &(struct http_config){ .host = "127.0.0.1",
		.limits = limits,
		.ctx = f,
		.desk = http_desk,
		.handle = http_handle },
	    NULL);
	assert_non_null(f->server);
	*state = f;
	return 0;
}

int
http_tear_down(void **state)
{
	struct fixture *f = *state;

	http_stop(f->server);
	if (f->held != NULL)
		http_send(f->held, 204, NULL, NULL); // to nobody
	loop_free(f->loop);
	free(f);
	return 0;
}

struct client *
connect_to(struct fixture *f)
{
	return client_open(f->loop, http_port(f->server), NULL);
}
