// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A server with shortened limits and a handler that does as the test says.
#ifndef TESTS_UNIT_HTTP_FIXTURE_H
#define TESTS_UNIT_HTTP_FIXTURE_H

#include "console/http.h"
#include "http_client.h"

struct fixture {
	struct loop *loop;
	struct http_server *server;
	unsigned handled;
	bool hold; // keep the request, answer later
	struct http_request *held;
	struct http_request *stream;
	unsigned streams_gone;
};

enum {
	BIG = 16 * 1024 * 1024, // more than the kernel takes for a peer
	LONG = 1024 * 1024,
};

extern const struct guard_limits limits;

// "/stream" becomes a stream, "/big" and "/long" are so many bytes, others say what
// came.
void http_handle(void *ctx, struct http_request *r);
bool http_desk(void *ctx, const unsigned char address[16]); // 127.0.0.1

int http_set_up(void **state);
int http_tear_down(void **state);
struct client *connect_to(struct fixture *f);

#endif
