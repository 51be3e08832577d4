// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See multi.h. libcurl says which descriptors it wants watched and when it wants to be
// called; the loop calls it back. Owns the watches, not the transfers. Runs on the loop
// it was made for.
#include "lib/multi.h"

#include <sys/queue.h>

#include <stdlib.h>

#include "lib/mem.h"

// A socket of libcurl's that it wants watched.
struct sock {
	LIST_ENTRY(sock) entry;
	struct multi *multi;
	curl_socket_t fd;
	struct loop_watch *readable, *writable;
};

struct multi {
	struct loop *loop;
	CURLM *handle;
	multi_ended *ended;
	struct loop_timer timer;
	LIST_HEAD(socks, sock) socks;
};

static void
finish_ended(struct multi *m)
{
	CURLMsg *msg;
	int left;
	while ((msg = curl_multi_info_read(m->handle, &left))) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		CURLcode code = msg->data.result;
		void *transfer = NULL;
		(void)curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &transfer);
		wr_assert(transfer);
		m->ended(transfer, code);
	}
}

static void
act(struct multi *m, curl_socket_t fd, int what)
{
	int running;
	(void)curl_multi_socket_action(m->handle, fd, what, &running);
	finish_ended(m);
}

static void
on_timer(void *arg)
{
	act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void
on_readable(void *arg)
{
	struct sock *s = arg; // may be freed by the action
	act(s->multi, s->fd, CURL_CSELECT_IN);
}

static void
on_writable(void *arg)
{
	struct sock *s = arg;
	act(s->multi, s->fd, CURL_CSELECT_OUT);
}

// libcurl: call me again in so many ms; -1 = not.
static int
want_timer(CURLM *handle, long ms, void *user)
{
	(void)handle;
	struct multi *m = user;
	if (ms < 0)
		loop_timer_stop(m->loop, &m->timer);
	else
		loop_timer_in(m->loop, &m->timer, ms);
	return 0;
}

static void
sock_free(struct sock *s)
{
	LIST_REMOVE(s, entry);
	loop_unwatch(s->readable);
	loop_unwatch(s->writable);
	free(s);
}

static void
watch_if(struct loop_watch **w, bool wanted, struct sock *s, bool write)
{
	if (!wanted) {
		loop_unwatch(*w);
		*w = NULL;
	} else if (!*w && write) {
		*w = loop_watch_write(s->multi->loop, s->fd, LOOP_BUS, on_writable, s);
	} else if (!*w) {
		*w = loop_watch_read(s->multi->loop, s->fd, LOOP_BUS, on_readable, s);
	}
}

// libcurl: watch this socket for that.
static int
want_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *known)
{
	(void)easy;
	struct multi *m = user;
	struct sock *s = known;
	if (what == CURL_POLL_REMOVE) {
		if (s)
			sock_free(s);
		return 0;
	}
	if (!s) {
		s = xcalloc(1, sizeof *s);
		s->multi = m;
		s->fd = fd;
		LIST_INSERT_HEAD(&m->socks, s, entry);
		(void)curl_multi_assign(m->handle, fd, s);
	}
	watch_if(&s->readable, what & CURL_POLL_IN, s, false);
	watch_if(&s->writable, what & CURL_POLL_OUT, s, true);
	return 0;
}

struct multi *
multi_new(struct loop *l, long per_host, multi_ended *ended)
{
	// By whoever needs it, not by every start: it brings 3 MiB of a TLS library
	// into memory. It counts its callers and takes its own lock (libcurl 7.84 or
	// later).
	wr_assert(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
	struct multi *m = xcalloc(1, sizeof *m);
	m->loop = l;
	m->ended = ended;
	m->handle = curl_multi_init();
	wr_assert(m->handle);
	loop_timer_init(&m->timer, on_timer, m);
	LIST_INIT(&m->socks);
	(void)curl_multi_setopt(m->handle, CURLMOPT_SOCKETFUNCTION, want_socket);
	(void)curl_multi_setopt(m->handle, CURLMOPT_SOCKETDATA, m);
	(void)curl_multi_setopt(m->handle, CURLMOPT_TIMERFUNCTION, want_timer);
	(void)curl_multi_setopt(m->handle, CURLMOPT_TIMERDATA, m);
	(void)curl_multi_setopt(m->handle, CURLMOPT_MAX_HOST_CONNECTIONS, per_host);
	// Idle connections that are kept.
	(void)curl_multi_setopt(m->handle, CURLMOPT_MAXCONNECTS, per_host);
	return m;
}

void
multi_free(struct multi *m)
{
	if (!m)
		return;
	(void)curl_multi_cleanup(m->handle);
	struct sock *s = LIST_FIRST(&m->socks);
	while (s) {
		struct sock *next = LIST_NEXT(s, entry);
		sock_free(s);
		s = next;
	}
	loop_timer_stop(m->loop, &m->timer);
	free(m);
	curl_global_cleanup();
}

void
multi_add(struct multi *m, CURL *easy, void *transfer)
{
	(void)curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	wr_assert(curl_multi_add_handle(m->handle, easy) == CURLM_OK);
}

void
multi_remove(struct multi *m, CURL *easy)
{
	(void)curl_multi_remove_handle(m->handle, easy);
}
