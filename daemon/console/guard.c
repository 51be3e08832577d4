// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The guard. evhttp waits for ever for a request that arrives byte by byte, accepts any
// number of connections and tells nobody when one without a finished request goes. So
// this file makes the bufferevents itself, stamps the first byte of each request in an
// input callback, and one sweep cuts what takes too long. Runs on the loop thread.
// Refuses: connections over a limit (shut at once).
// A record learns its evhttp_connection from the bufferevent's callback argument; until
// then it holds a reference on the bufferevent, so that a peer that goes in the same
// instant leaves no dangling pointer. Nothing here survives a crash.
#include "console/guard.h"

#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/mem.h"

enum {
	SWEEP_MS_MAX = 1000
};

struct guard {
	struct loop *loop;
	struct guard_limits limits;
	struct guard_host host;
	struct conn *conns;
	struct conn *buckets[GUARD_BUCKETS];
	struct loop_timer learn, sweep;
	uint64_t refused, cut;
};

int64_t
guard_now_ms(void)
{
	return clock_real()->mono_ms(clock_real());
}

static const unsigned char mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

void
address_text(const unsigned char address[16], char out[INET6_ADDRSTRLEN])
{
	bool v4 = memcmp(address, mapped_prefix, sizeof(mapped_prefix)) == 0;

	if (inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? address + 12 : address, out,
		INET6_ADDRSTRLEN) == NULL)
		out[0] = '\0';
}

int
address_parse(const char *text, unsigned char out[16])
{
	memcpy(out, mapped_prefix, sizeof(mapped_prefix));
	if (inet_pton(AF_INET, text, out + 12) == 1)
		return 0;
	return inet_pton(AF_INET6, text, out) == 1 ? 0 : -1;
}

static void
take_address(const struct sockaddr_storage *ss, unsigned char out[16])
{
	memset(out, 0, 16);
	if (ss->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)ss;
		memcpy(out, mapped_prefix, sizeof(mapped_prefix));
		memcpy(out + 12, &in->sin_addr, 4);
	} else if (ss->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)ss;
		memcpy(out, &in6->sin6_addr, 16);
	}
}

static size_t
bucket_of(const struct evhttp_connection *evcon)
{
	return ((uintptr_t)evcon >> 5) * 2654435761u >> 7 & (GUARD_BUCKETS - 1);
}

static void
conn_free(struct conn *k)
{
	*k->link = k->next;
	if (k->next != NULL)
		k->next->link = k->link;
	if (k->hash_link != NULL) {
		*k->hash_link = k->hash_next;
		if (k->hash_next != NULL)
			k->hash_next->hash_link = k->hash_link;
	}
	free(k);
}

static void
on_closed(struct evhttp_connection *evcon, void *arg)
{
	struct conn *k = arg;
	struct guard *g = k->guard;

	(void)evcon;
	(void)evbuffer_remove_cb_entry(bufferevent_get_input(k->bev), k->input_cb);
	if (k->output_cb != NULL)
		(void)evbuffer_remove_cb_entry(
		    bufferevent_get_output(k->bev), k->output_cb);
	g->host.closed(g->host.ctx, k);
	conn_free(k);
}

void
guard_cut(struct conn *k)
{
	evutil_socket_t fd = bufferevent_getfd(k->bev);

	if (fd >= 0)
		(void)shutdown(fd, SHUT_RDWR);
}

static bool
over_limit(const struct guard *g, const struct conn *k)
{
	unsigned plain = 0, all = 0, same = 0;

	for (const struct conn *o = g->conns; o != NULL; o = o->next) {
		if (o->refused || o->evcon == NULL)
			continue;
		all++;
		plain += !o->stream;
		same += memcmp(o->address, k->address, sizeof(k->address)) == 0;
	}
	bool desk = g->host.desk(g->host.ctx, k->address);
	unsigned most = desk ? g->limits.per_desk_address : g->limits.per_address;
	return same > most || all > g->limits.connections + g->limits.streams ||
	       (!desk && plain > g->limits.connections);
}

static void
read_addresses(struct conn *k)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);
	unsigned char local[16] = { 0 };
	int fd = bufferevent_getfd(k->bev);

	if (getpeername(fd, (struct sockaddr *)&ss, &len) == 0)
		take_address(&ss, k->address);
	address_text(k->address, k->peer);
	len = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) == 0)
		take_address(&ss, local);
	address_text(local, k->local);
}

// Learns the connection that evhttp made of our bufferevent. False where it has gone.
static bool
learn(struct conn *k)
{
	struct guard *g = k->guard;
	bufferevent_data_cb read_cb, write_cb;
	bufferevent_event_cb event_cb;
	void *evcon;

	bufferevent_getcb(k->bev, &read_cb, &write_cb, &event_cb, &evcon);
	if (evcon == NULL)
		return false;
	k->evcon = evcon;
	evhttp_connection_set_closecb(k->evcon, on_closed, k);
	(void)bufferevent_priority_set(k->bev, LOOP_CONSOLE);
	struct conn **head = &g->buckets[bucket_of(k->evcon)];
	k->hash_next = *head;
	k->hash_link = head;
	if (*head != NULL)
		(*head)->hash_link = &k->hash_next;
	*head = k;
	read_addresses(k);
	if (over_limit(g, k)) {
		k->refused = true;
		g->refused++;
		guard_cut(k);
	}
	return true;
}

static bool
holds_nul(struct evbuffer *b, size_t from)
{
	struct evbuffer_ptr at;
	struct evbuffer_iovec part[4];

	while (from < evbuffer_get_length(b)) {
		if (evbuffer_ptr_set(b, &at, from, EVBUFFER_PTR_SET) < 0)
			return false;
		int n = evbuffer_peek(b, -1, &at, part, 4);
		for (int i = 0; i < n && i < 4; i++) {
			if (memchr(part[i].iov_base, 0, part[i].iov_len) != NULL)
				return true;
			from += part[i].iov_len;
		}
		if (n <= 0)
			return false;
	}
	return false;
}

static void
on_input(struct evbuffer *b, const struct evbuffer_cb_info *info, void *arg)
{
	struct conn *k = arg;

	if (info->n_added == 0)
		return;
	if (k->evcon == NULL && learn(k))
		bufferevent_decref(k->bev);
	if (k->stream) {
		if (evbuffer_get_length(b) > GUARD_STREAM_INPUT_MAX)
			guard_cut(k);
		return;
	}
	if (evbuffer_get_length(b) > GUARD_INPUT_MAX)
		guard_cut(k);
	// While a reply leaves, evhttp reads on but takes nothing: that time is ours.
	if (k->first_byte_ms == 0 && k->reply_ms == 0)
		k->first_byte_ms = guard_now_ms();
	if (!k->dirty)
		k->dirty = holds_nul(b, info->orig_size);
}

// The next round after an accept: what sent nothing yet is learnt here.
static void
on_learn(void *arg)
{
	struct guard *g = arg;
	struct conn *next;

	for (struct conn *k = g->conns; k != NULL; k = next) {
		next = k->next;
		if (k->evcon != NULL)
			continue;
		struct bufferevent *bev = k->bev;
		if (!learn(k)) {
			(void)evbuffer_remove_cb_entry(
			    bufferevent_get_input(bev), k->input_cb);
			conn_free(k);
		}
		bufferevent_decref(bev);
	}
}

static unsigned
sweep_ms(const struct guard *g)
{
	unsigned quarter = g->limits.request_ms / 4 + 1;

	return quarter < SWEEP_MS_MAX ? quarter : SWEEP_MS_MAX;
}

static bool
late(const struct guard *g, const struct conn *k, int64_t now)
{
	if (k->stream || k->refused)
		return false;
	if (k->first_byte_ms != 0 && now - k->first_byte_ms > g->limits.request_ms)
		return true;
	return k->reply_ms != 0 && now - k->reply_ms > g->limits.reply_ms &&
	       evbuffer_get_length(bufferevent_get_output(k->bev)) > 0;
}

static void
on_sweep(void *arg)
{
	struct guard *g = arg;
	int64_t now = guard_now_ms();

	for (struct conn *k = g->conns; k != NULL; k = k->next) {
		if (!late(g, k, now))
			continue;
		g->cut++;
		k->first_byte_ms = k->reply_ms = 0;
		guard_cut(k);
	}
	if (g->conns != NULL)
		loop_timer_in(g->loop, &g->sweep, sweep_ms(g));
}

struct bufferevent *
guard_bufferevent(struct event_base *base, void *arg)
{
	struct guard *g = arg;
	// Closing with the last reference: the events of a closed descriptor must not
	// stay registered while a record holds the bufferevent.
	struct bufferevent *bev =
	    bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

	if (bev == NULL)
		return NULL;
	struct conn *k = xcalloc(1, sizeof(*k));
	k->guard = g;
	k->bev = bev;
	bufferevent_incref(bev);
	k->input_cb = evbuffer_add_cb(bufferevent_get_input(bev), on_input, k);
	k->next = g->conns;
	k->link = &g->conns;
	if (g->conns != NULL)
		g->conns->link = &k->next;
	g->conns = k;
	loop_timer_in(g->loop, &g->learn, 0);
	if (!loop_timer_armed(&g->sweep))
		loop_timer_in(g->loop, &g->sweep, sweep_ms(g));
	return bev;
}

struct conn *
guard_find(struct guard *g, struct evhttp_connection *evcon)
{
	struct conn *k = g->buckets[bucket_of(evcon)];

	while (k != NULL && k->evcon != evcon)
		k = k->hash_next;
	return k;
}

void
guard_arrived(struct conn *k)
{
	// While an answer is owed nothing is read, so no clock runs against the peer.
	k->first_byte_ms = 0;
	k->reply_ms = 0;
}

void
guard_takes_long(struct conn *k)
{
	(void)bufferevent_set_timeouts(k->bev, NULL, NULL);
}

void
guard_replied(struct conn *k)
{
	// evhttp's own time limits would end a long answer: who receives says nothing,
	// and a socket takes more only after a third of its buffer has left.
	guard_takes_long(k);
	k->reply_ms = guard_now_ms();
	k->first_byte_ms = 0;
}

void
guard_sent(struct conn *k)
{
	unsigned ms = k->guard->limits.idle_ms;
	struct timeval idle = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
	size_t left = evbuffer_get_length(bufferevent_get_input(k->bev));

	(void)bufferevent_set_timeouts(k->bev, &idle, &idle);
	k->reply_ms = 0;
	k->first_byte_ms = left > 0 ? guard_now_ms() : 0;
}

struct guard_counts
guard_counts(const struct guard *g)
{
	struct guard_counts n = { .refused = g->refused, .cut = g->cut };

	for (const struct conn *k = g->conns; k != NULL; k = k->next) {
		n.connections++;
		n.streams += k->stream;
	}
	return n;
}

struct guard *
guard_new(
    struct loop *loop, const struct guard_limits *limits, const struct guard_host *host)
{
	struct guard *g = xcalloc(1, sizeof(*g));

	g->loop = loop;
	g->limits = *limits;
	g->host = *host;
	loop_timer_init(&g->learn, on_learn, g);
	loop_timer_init(&g->sweep, on_sweep, g);
	return g;
}

void
guard_free(struct guard *g)
{
	on_learn(g); // lets go of connections that never became known
	wr_assert(g->conns == NULL);
	loop_timer_stop(g->loop, &g->learn);
	loop_timer_stop(g->loop, &g->sweep);
	free(g);
}
