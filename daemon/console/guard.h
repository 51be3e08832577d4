// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The guard in front of evhttp: who may connect, how long a request may take to arrive,
// how long a reply may take to leave. Each connection has one record here from accept
// to close. The loop thread only.
#ifndef CONSOLE_GUARD_H
#define CONSOLE_GUARD_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/loop.h"

struct bufferevent;
struct evbuffer_cb_entry;
struct event_base;
struct evhttp_connection;
struct guard;

enum {
	GUARD_BUCKETS = 1024,
	GUARD_INPUT_MAX = 131072, // read ahead: evhttp has no limit while it replies
	GUARD_STREAM_INPUT_MAX = 4096, // a stream's reader has nothing to say
};

struct guard_limits {
	unsigned connections; // without streams
	unsigned streams;
	unsigned per_address;
	unsigned per_desk_address;
	unsigned request_ms; // first byte to last
	unsigned idle_ms;    // between requests, and between bytes
	unsigned reply_ms;   // handed over to drained
};

struct conn {
	struct guard *guard;
	struct conn *next, **link;           // all connections
	struct conn *hash_next, **hash_link; // by evcon
	struct bufferevent *bev;
	struct evhttp_connection *evcon;                // NULL until known
	struct evbuffer_cb_entry *input_cb, *output_cb; // the second may be NULL
	unsigned char address[16];                      // IPv6, or IPv4 mapped
	char peer[INET6_ADDRSTRLEN], local[INET6_ADDRSTRLEN];
	bool refused; // over a limit, already shut down
	bool dirty;   // a NUL byte came in
	bool stream;
	int64_t first_byte_ms; // real monotonic time; 0 = no request is arriving
	int64_t reply_ms;      // 0 = no reply is leaving
	void *request;         // of http.c
};

struct guard_host {
	void *ctx;
	bool (*desk)(void *ctx, const unsigned char address[16]);
	// The connection goes; the record is freed after the call.
	void (*closed)(void *ctx, struct conn *k);
};

struct guard *guard_new(struct loop *loop, const struct guard_limits *limits,
    const struct guard_host *host);
// After evhttp_free: connections are gone by then.
void guard_free(struct guard *g);

// The callback of evhttp_set_bevcb; arg is the guard.
struct bufferevent *guard_bufferevent(struct event_base *base, void *arg);

// The record of a connection that has a request; NULL where it is unknown.
struct conn *guard_find(struct guard *g, struct evhttp_connection *evcon);

// A whole request has arrived; its reply takes its time, was handed to evhttp, has
// left.
void guard_arrived(struct conn *k);
void guard_takes_long(struct conn *k);
void guard_replied(struct conn *k);
void guard_sent(struct conn *k);

// Shuts the socket; evhttp sees the end and frees, which calls closed().
void guard_cut(struct conn *k);

struct guard_counts {
	unsigned connections, streams;
	uint64_t refused, cut; // since start
};
struct guard_counts guard_counts(const struct guard *g);

// Writes an address as text, IPv4 where it is mapped; and back. -1 = not numeric.
void address_text(const unsigned char address[16], char out[INET6_ADDRSTRLEN]);
int address_parse(const char *text, unsigned char out[16]);

// The clock that sockets live by, whatever clock the loop runs on.
int64_t guard_now_ms(void);

#endif
