// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The webhook: one POST of the message in docs/webhook.md for each notice, by libcurl
// on the delivery loop; one multi handle for each channel, so that a target that never
// answers holds only its own connections. It refuses redirects, other protocols than
// HTTP and long replies, and knows nothing of retries. A repeat carries the same
// Idempotency-Key, whatever happened in between.
#include <sys/queue.h>

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channels/channel.h"
#include "channels/message.h"
#include "lib/mem.h"
#include "lib/multi.h"

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

struct channel_instance {
	const struct site *site;
	const struct channel_def *def;
	struct multi *multi;
	LIST_HEAD(transfers, transfer) transfers;
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
	multi_remove(t->channel->multi, t->easy);
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
on_ended(void *transfer, CURLcode code)
{
	struct transfer *t = transfer;
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
	c->site = site;
	c->def = &site->channels[index];
	c->multi = multi_new(delivery_loop, CONNECTIONS_MAX, on_ended);
	LIST_INIT(&c->transfers);
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
	(void)curl_easy_setopt(e, CURLOPT_URL, c->def->url);
	(void)curl_easy_setopt(e, CURLOPT_USERAGENT, "watchroom");
	(void)curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->headers);
	(void)curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE, (long)t->body.len);
	(void)curl_easy_setopt(e, CURLOPT_POSTFIELDS, t->body.data);
	multi_add(c->multi, e, t);
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
	multi_free(c->multi);
	free(c);
}

const struct channel channel_webhook = {
	.name = "webhook",
	.takes = webhook_takes,
	.open = webhook_open,
	.send = webhook_send,
	.close = webhook_close,
};
