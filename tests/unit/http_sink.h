// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A small HTTP server in a thread of its own, on loopback, that answers by path:
//   /ok...     200
//   /flaky...  500 to the first two requests of a path, then 200
//   /gone...   404
//   /moved...  302 to /ok
//   /flood...  200 and a body without end
//   /never...  reads and never answers
// It keeps what it was sent. Tests only.
#ifndef TESTS_UNIT_HTTP_SINK_H
#define TESTS_UNIT_HTTP_SINK_H

#include <stddef.h>
#include <stdint.h>

struct http_sink;

struct http_sink *http_sink_start(void);
void http_sink_stop(struct http_sink *s);

// "http://127.0.0.1:<port><path>"; caller frees.
char *http_sink_url(const struct http_sink *s, const char *path);

// How many requests came for paths that begin so.
size_t http_sink_count(struct http_sink *s, const char *path);

// Head and body of the index-th request of such a path, NULL where there is none;
// caller frees.
char *http_sink_request(struct http_sink *s, const char *path, size_t index);

// Bytes sent in bodies without end.
size_t http_sink_flooded(struct http_sink *s);

#endif
