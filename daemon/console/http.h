// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The HTTP server: evhttp behind the guard. Gives checked requests to one handler and
// sends its answers, at once or later. Nothing of libevent's is seen above this header.
// The loop thread only.
#ifndef CONSOLE_HTTP_H
#define CONSOLE_HTTP_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "console/blob.h"
#include "console/guard.h"
#include "console/target.h"
#include "core/event.h"
#include "lib/err.h"
#include "lib/loop.h"
#include "lib/text.h"

struct console;
struct evhttp_request;
struct http_server;
struct session;

enum {
	HTTP_HEADER_MAX = 8192,
	HTTP_BODY_MAX = 65536,
	HTTP_REQUEST_MS = 8000,
	HTTP_REPLY_MS = 60000,
	HTTP_IDLE_MS = 10000,
	HTTP_CONNECTIONS = 512,
	HTTP_STREAMS = 1200,
	HTTP_PER_ADDRESS = 64,
	HTTP_PER_DESK_ADDRESS = 1100,
	HTTP_STREAM_SOCKET_BYTES = 131072, // kernel's share of what a slow reader holds
};

// A set: routes name several.
enum http_method {
	METHOD_GET = 1 << 0, // and HEAD
	METHOD_POST = 1 << 1,
	METHOD_DELETE = 1 << 2,
	METHOD_OTHER = 1 << 3,
};

struct http_request {
	// For handlers; valid until the answer.
	enum http_method method;
	bool head;
	struct target target;
	const char *body; // not terminated; may be NULL
	size_t body_len;
	enum lang lang;
	char peer[INET6_ADDRSTRLEN];
	unsigned char address[16];
	// Filled by access.c:
	bool desk;
	uint64_t session_serial;       // 0 = none
	char actor[ID_MAX];            // log-in name, or "desk", or ""
	const struct session *session; // valid during the handler's call only
	// Filled by routes.c:
	char id[2 * ID_MAX];     // what stood for {id}
	char id2[ID_MAX];        // what stood for {id2}
	struct console *console; // NULL once the console has stopped
	// Of http.c:
	struct conn *conn;         // NULL once the peer has gone
	struct evhttp_request *ev; // NULL once the peer has gone
	bool close;
	void (*gone)(void *arg); // a stream's end
	void (*drained)(void *arg);
	void *stream_arg;
	struct http_request *next, **link; // all of a server
};

struct http_config {
	const char *host; // numeric
	uint16_t port;    // 0 = any
	struct guard_limits limits;
	void *ctx;
	bool (*desk)(void *ctx, const unsigned char address[16]);
	// Must answer r exactly once, now or later, or make it a stream.
	void (*handle)(void *ctx, struct http_request *r);
};

extern const struct guard_limits http_default_limits;

// NULL with *err ("address 127.0.0.1:8470 is in use"). Ignores SIGPIPE for the process.
struct http_server *http_start(
    struct loop *loop, const struct http_config *config, struct err *err);
// Drops all connections. Requests not yet answered stay valid and their answers go
// nowhere. NULL is fine.
void http_stop(struct http_server *s);

uint16_t http_port(const struct http_server *s);
struct guard_counts http_counts(const struct http_server *s);
uint64_t http_requests(const struct http_server *s); // since start

// Value of a request header, or NULL. Only before the answer.
const char *http_header(const struct http_request *r, const char *name);
// Whether there is one whose name begins so.
bool http_header_begins(const struct http_request *r, const char *prefix);

// Adds a header to the answer to come. Values are ours, never the peer's.
void http_add(struct http_request *r, const char *name, const char *value);

// Answers and frees r. body may be NULL; its reference is taken over.
void http_send(struct http_request *r, int status, const char *type, struct blob *body);
// The same with application/json and the bytes taken out of *b.
void http_send_json(struct http_request *r, int status, struct buf *b);
// The API's error object; the message is the catalogue's "error.<code>".
void http_error(
    struct http_request *r, int status, const char *code, const char *field);

// Reading stops counting time against this peer: a long answer is being made.
void http_takes_long(struct http_request *r);

// Makes r an endless answer. gone(arg) when the peer goes or http_stream_end is called
// or the server stops; r is freed right after. drained(arg) when output left. -1 where
// the peer cannot take one (HTTP/1.0), r is then answered.
int http_stream(struct http_request *r, const char *type, void (*gone)(void *arg),
    void (*drained)(void *arg), void *arg);
// What waits to leave, in bytes.
size_t http_stream_queued(struct http_request *r);
// Sends bytes, framed as HTTP chunks by the caller: at once as far as the socket takes
// them while nothing waits, the rest when it can.
enum {
	HTTP_PARTS = 32
};
struct http_part {
	struct blob *blob;
	size_t from, to;
};
void http_stream_send(struct http_request *r, const struct http_part *parts, size_t n);
// Ends it now; not from within drained().
void http_stream_end(struct http_request *r);

#endif
