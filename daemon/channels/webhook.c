// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The webhook: one POST of the message in docs/webhook.md for each notice. libcurl's
// multi interface, driven by the delivery loop; one multi handle for each channel, so
// that a target that never answers holds only its own connections. It refuses
// redirects, other protocols than HTTP and long replies, and knows nothing of retries.
// A repeat carries the same Idempotency-Key, whatever happened in between.
#include <sys/queue.h>

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channels/channel.h"
#include "channels/message.h"
#include "lib/mem.h"

enum {
	CONNECTIONS_MAX = 4,   // a channel's notices in flight (channels/lane.c)
	REPLY_MAX = 64 * 1024, // headers and body
	TIMEOUT_DEFAULT_MS = 10000,
};

struct transfer {
	LIST_ENTRY(transfer) entry;
	struct channel_instance *channel;
	CURL *easy;
	struct curl_slist *headers;
	struct buf body;
	size_t reply_bytes;
	channel_done *done;
	void *arg;
};

// A socket of libcurl's that it wants watched.
struct sock {
	LIST_ENTRY(sock) entry;
	struct channel_instance *channel;
	curl_socket_t fd;
	struct loop_watch *readable, *writable;
};

struct channel_instance {
	struct loop *loop;
	const struct site *site;
	const struct channel_def *def;
	CURLM *multi;
	struct loop_timer timer;
	LIST_HEAD(transfers, transfer) transfers;
	LIST_HEAD(socks, sock) socks;
};

static bool
webhook_takes(const struct channel_def *def)
{
	return def->url && def->url[0];
}

static void
transfer_free(struct transfer *t)
{
	LIST_REMOVE(t, entry);
	(void)curl_multi_remove_handle(t->channel->multi, t->easy);
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->headers);
	buf_free(&t->body);
	free(t);
}

static enum delivery_result
result_of_status(long status)
{
	if (status >= 200 && status < 300)
		return DELIVERY_ACCEPTED;
	if (status == 408 || status == 425 || status == 429 || status >= 500)
		return DELIVERY_RETRY;
	return DELIVERY_REFUSED;
}

static enum delivery_result
result_of_failure(const struct transfer *t, CURLcode code)
{
	// Once a byte of the request went out, it may have arrived. A reply that is not
	// HTTP is an "unsupported protocol" too, and no answer.
	long sent = 0;
	(void)curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
	if (sent > 0)
		return DELIVERY_UNSURE;
	if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL)
		return DELIVERY_REFUSED;
	return DELIVERY_RETRY;
}

static void
finish(struct transfer *t, CURLcode code)
{
	long status = 0;
	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	enum delivery_result result;
	char detail[120];
	// A reply over our limit is cut off by us: its status stands.
	bool answered =
	    code == CURLE_OK ||
	    (code == CURLE_WRITE_ERROR && t->reply_bytes > REPLY_MAX && status >= 200);
	if (answered) {
		result = result_of_status(status);
		(void)snprintf(detail, sizeof detail, "HTTP %ld", status);
	} else {
		status = 0;
		result = result_of_failure(t, code);
		(void)str_copy(detail, sizeof detail, curl_easy_strerror(code));
	}
	channel_done *done = t->done;
	void *arg = t->arg;
	transfer_free(t);
	done(arg, result, (int)status, detail);
}

static void
finish_ended(struct channel_instance *c)
{
	CURLMsg *m;
	int left;
	while ((m = curl_multi_info_read(c->multi, &left))) {
		if (m->msg != CURLMSG_DONE)
			continue;
		CURLcode code = m->data.result;
		struct transfer *t = NULL;
		(void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
		wr_assert(t);
		finish(t, code);
	}
}

static void
act(struct channel_instance *c, curl_socket_t fd, int what)
{
	int running;
	(void)curl_multi_socket_action(c->multi, fd, what, &running);
	finish_ended(c);
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
	act(s->channel, s->fd, CURL_CSELECT_IN);
}

static void
on_writable(void *arg)
{
	struct sock *s = arg;
	act(s->channel, s->fd, CURL_CSELECT_OUT);
}

// libcurl: call me again in so many ms; -1 = not.
static int
want_timer(CURLM *multi, long ms, void *user)
{
	(void)multi;
	struct channel_instance *c = user;
	if (ms < 0)
		loop_timer_stop(c->loop, &c->timer);
	else
		loop_timer_in(c->loop, &c->timer, ms);
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
		*w =
		    loop_watch_write(s->channel->loop, s->fd, LOOP_BUS, on_writable, s);
	} else if (!*w) {
		*w = loop_watch_read(s->channel->loop, s->fd, LOOP_BUS, on_readable, s);
	}
}

// libcurl: watch this socket for that.
static int
want_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *known)
{
	(void)easy;
	struct channel_instance *c = user;
	struct sock *s = known;
	if (what == CURL_POLL_REMOVE) {
		if (s)
			sock_free(s);
		return 0;
	}
	if (!s) {
		s = xcalloc(1, sizeof *s);
		s->channel = c;
		s->fd = fd;
		LIST_INSERT_HEAD(&c->socks, s, entry);
		(void)curl_multi_assign(c->multi, fd, s);
	}
	watch_if(&s->readable, what & CURL_POLL_IN, s, false);
	watch_if(&s->writable, what & CURL_POLL_OUT, s, true);
	return 0;
}

static size_t
take_reply(char *data, size_t size, size_t n, void *user)
{
	(void)data; // nothing in it is needed
	struct transfer *t = user;
	t->reply_bytes += size * n;
	return t->reply_bytes > REPLY_MAX ? 0 : size * n;
}

static struct channel_instance *
webhook_open(struct loop *delivery_loop, const struct site *site, uint16_t index)
{
	struct channel_instance *c = xcalloc(1, sizeof *c);
	c->loop = delivery_loop;
	c->site = site;
	c->def = &site->channels[index];
	c->multi = curl_multi_init();
	wr_assert(c->multi);
	loop_timer_init(&c->timer, on_timer, c);
	LIST_INIT(&c->transfers);
	LIST_INIT(&c->socks);
	(void)curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	(void)curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
	(void)curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, want_timer);
	(void)curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
	(void)curl_multi_setopt(
	    c->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)CONNECTIONS_MAX);
	(void)curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_MAX);
	return c;
}

static void
add_header(struct transfer *t, const char *line)
{
	struct curl_slist *l = curl_slist_append(t->headers, line);
	wr_assert(l);
	t->headers = l;
}

static void
set_headers(struct transfer *t, const struct notice *n)
{
	char key[MINT_MAX + 32];
	(void)snprintf(key, sizeof key, "Idempotency-Key: %s", n->id);
	add_header(t, "Content-Type: application/json; charset=utf-8");
	add_header(t, key);
	add_header(t, "Expect:"); // no round trip before the body
}

static void
set_limits(const struct transfer *t)
{
	CURL *e = t->easy;
	uint32_t ms = t->channel->def->timeout_ms;
	if (ms == 0)
		ms = TIMEOUT_DEFAULT_MS;
	(void)curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	// Without it libcurl waits for a name look-up that is past its time-out, and
	// one broken name would hold every channel.
	(void)curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
	(void)curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)ms);
	(void)curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)ms);
	(void)curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_reply);
	(void)curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
	(void)curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, take_reply);
	(void)curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
}

static void
webhook_send(
    struct channel_instance *c, const struct notice *n, channel_done *done, void *arg)
{
	struct transfer *t = xcalloc(1, sizeof *t);
	*t = (struct transfer){ .channel = c, .done = done, .arg = arg };
	t->easy = curl_easy_init();
	wr_assert(t->easy);
	LIST_INSERT_HEAD(&c->transfers, t, entry);
	message_json(&t->body, c->site, n);
	set_headers(t, n);
	set_limits(t);
	CURL *e = t->easy;
	(void)curl_easy_setopt(e, CURLOPT_PRIVATE, t);
	(void)curl_easy_setopt(e, CURLOPT_URL, c->def->url);
	(void)curl_easy_setopt(e, CURLOPT_USERAGENT, "watchroom");
	(void)curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->headers);
	(void)curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE, (long)t->body.len);
	(void)curl_easy_setopt(e, CURLOPT_POSTFIELDS, t->body.data);
	wr_assert(curl_multi_add_handle(c->multi, e) == CURLM_OK);
}

static void
webhook_close(struct channel_instance *c)
{
	struct transfer *t = LIST_FIRST(&c->transfers);
	while (t) {
		struct transfer *next = LIST_NEXT(t, entry);
		transfer_free(t);
		t = next;
	}
	(void)curl_multi_cleanup(c->multi);
	struct sock *s = LIST_FIRST(&c->socks);
	while (s) {
		struct sock *next = LIST_NEXT(s, entry);
		sock_free(s);
		s = next;
	}
	loop_timer_stop(c->loop, &c->timer);
	free(c);
}

const struct channel channel_webhook = {
	.name = "webhook",
	.takes = webhook_takes,
	.open = webhook_open,
	.send = webhook_send,
	.close = webhook_close,
};
