// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// TCP, HTTP and RTSP by libcurl, on the thread that talks outward. Each try has its own
// connection, which is closed behind it. It refuses redirects, proxies of the
// environment, other protocols, compressed bodies, more than 64 KiB of headers or body,
// and keeps nothing of a body. One easy handle is kept for each host that has a
// password: with it the host's nonce, so that a device is not made to refuse (and to
// log) the first request of every check.
#include <sys/queue.h>

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/host_expiry.h"
#include "drivers/host_find.h"
#include "drivers/host_try.h"
#include "lib/mem.h"
#include "lib/multi.h"

enum {
	HEAD_MAX = 64 * 1024,
	BODY_MAX = 64 * 1024,
	BUFFER = 4096, // of libcurl, for each handle
	STATUS_UNAUTHORISED = 401,
	STATUS_NO_SUCH_STREAM = 404,
	STATUS_NOT_ENOUGH_BANDWIDTH = 453, // RFC 2326 7.1.1: the device is full
};

// RFC 4566 5.14. A body that begins with it counts as well.
static const char video_media[] = "\nm=video ";

struct asker {
	struct loop *loop;
	struct multi *multi;
	LIST_HEAD(tries, host_try) tries;
};

// What stopped the body, or nothing did.
enum stop {
	STOP_NOT,
	STOP_ENOUGH,   // what was looked for is there, or nothing was
	STOP_OVERSIZE, // more than the bounds
};

struct host_try {
	LIST_ENTRY(host_try) entry;
	struct asker *asker;
	const struct host *host;
	CURL *easy;
	void **kept; // the easy handle outlives the try; NULL = it does not
	struct curl_slist *connect_to;
	struct loop_timer timer; // the next deadline, or "at once"
	int64_t began_ms;
	bool word_used;
	bool heard;     // a byte of an answer
	bool head_ends; // the empty line behind it was there
	size_t head_bytes, body_bytes;
	enum stop stop;
	struct host_find find;
	bool found;
	char error[CURL_ERROR_SIZE];
	struct host_outcome outcome;
	host_tried *done;
	void *arg;
};

// ---- the end of a try -------------------------------------------------------------

static void
try_free(struct host_try *t)
{
	LIST_REMOVE(t, entry);
	loop_timer_stop(t->asker->loop, &t->timer);
	multi_remove(t->asker->multi, t->easy);
	// The handle may be kept, and must not point here.
	(void)curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, NULL);
	(void)curl_easy_setopt(t->easy, CURLOPT_CONNECT_TO, NULL);
	// One that was refused would try its old nonce and then a new one: the password
	// twice.
	bool refused = t->outcome.code == HOST_AUTH;
	if (refused && t->kept)
		*t->kept = NULL;
	if (refused || !t->kept)
		curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->connect_to);
	free(t);
}

static void
finish(struct host_try *t)
{
	struct host_outcome o = t->outcome;
	host_tried *done = t->done;
	void *arg = t->arg;
	o.word_used = t->word_used;
	try_free(t);
	done(arg, &o);
}

static void
say(struct host_try *t, enum host_code code, const char *detail)
{
	t->outcome.code = code;
	host_detail(t->outcome.detail, detail);
}

static void
say_status(struct host_try *t, enum host_code code, long status)
{
	char text[32];
	(void)snprintf(text, sizeof text, "status %ld", status);
	say(t, code, text);
}

static bool
status_is_good(const struct host *h, long status)
{
	if (h->n_status == 0)
		return status >= 200 && status < 300;
	for (uint8_t i = 0; i < h->n_status; i++)
		if (h->status[i] == status)
			return true;
	return false;
}

static void
judge_http(struct host_try *t, long status)
{
	const struct host *h = t->host;
	if (status == STATUS_UNAUTHORISED && !status_is_good(h, status))
		say_status(t, HOST_AUTH, status);
	else if (!status_is_good(h, status))
		say_status(t, HOST_WRONG_STATUS, status);
	else if (h->marker[0] != '\0' && !t->found)
		say(t, HOST_NO_MARKER,
		    t->stop == STOP_OVERSIZE ? "not in the first 64 KiB" : "not there");
	else
		t->outcome.code = HOST_ANSWERS;
}

static void
judge_rtsp(struct host_try *t, long status)
{
	if (status == STATUS_UNAUTHORISED)
		say_status(t, HOST_AUTH, status);
	else if (status == STATUS_NO_SUCH_STREAM)
		say_status(t, HOST_NO_STREAM, status);
	else if (status == STATUS_NOT_ENOUGH_BANDWIDTH)
		say_status(t, HOST_BUSY, status);
	else if (status < 200 || status > 299)
		say_status(t, HOST_WRONG_STATUS, status);
	else if (t->stop == STOP_OVERSIZE)
		say(t, HOST_OVERSIZE, "more than 64 KiB");
	else if (!t->host->options_only && !t->found)
		say(t, HOST_NO_STREAM, "the description has no video");
	else
		t->outcome.code = HOST_ANSWERS;
}

static void
judge_answer(struct host_try *t)
{
	long status = 0;
	curl_off_t us = 0;
	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	switch (t->host->check) {
	case HOST_CHECK_HTTP:
		judge_http(t, status);
		break;
	case HOST_CHECK_RTSP:
		judge_rtsp(t, status);
		break;
	case HOST_CHECK_TCP:
		t->outcome.code = HOST_ANSWERS;
		break;
	case HOST_CHECK_PING:
	case HOST_CHECK_COUNT:
		wr_unreachable("host_curl");
	}
	(void)curl_easy_getinfo(t->easy,
	    t->host->check == HOST_CHECK_TCP ? CURLINFO_CONNECT_TIME_T
					     : CURLINFO_TOTAL_TIME_T,
	    &us);
	t->outcome.round_trip_us = us > 0 && us < UINT32_MAX ? (uint32_t)us : 1;
}

static void
say_connect(struct host_try *t)
{
	long error = 0;
	(void)curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &error);
	t->outcome.detail[0] = '\0';
	host_outcome_errno(&t->outcome, (int)error);
}

static void
judge_failure(struct host_try *t, CURLcode code)
{
	// clang-format off
	static const struct { CURLcode code; enum host_code means; } meanings[] = {
		{ CURLE_OPERATION_TIMEDOUT,       HOST_TIMEOUT },
		{ CURLE_GOT_NOTHING,              HOST_CLOSED },
		{ CURLE_SEND_ERROR,               HOST_CLOSED },
		{ CURLE_RECV_ERROR,               HOST_CLOSED },
		{ CURLE_PARTIAL_FILE,             HOST_CLOSED },
		{ CURLE_PEER_FAILED_VERIFICATION, HOST_CERTIFICATE },
		{ CURLE_SSL_PINNEDPUBKEYNOTMATCH, HOST_CERTIFICATE },
		{ CURLE_SSL_ISSUER_ERROR,         HOST_CERTIFICATE },
		{ CURLE_SSL_CONNECT_ERROR,        HOST_TLS },
		{ CURLE_SSL_CIPHER,               HOST_TLS },
		{ CURLE_LOGIN_DENIED,             HOST_AUTH },
		// Of libcurl's own bounds: a line of more than 100 KiB.
		{ CURLE_OUT_OF_MEMORY,            HOST_OVERSIZE },
	};
	// clang-format on
	say(t, HOST_MALFORMED,
	    t->error[0] != '\0' ? t->error : curl_easy_strerror(code));
	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
		if (meanings[i].code == code)
			t->outcome.code = meanings[i].means;
	if (code == CURLE_COULDNT_CONNECT)
		say_connect(t);
	long error = 0;
	(void)curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &error);
	if (code == CURLE_RECV_ERROR && error == 0) // its bytes, not its connection
		t->outcome.code = HOST_MALFORMED;
	if (code == CURLE_FAILED_INIT)
		t->outcome.blind = HOST_NO_RESOURCES;
}

static void
look_at_certificate(struct host_try *t)
{
	struct curl_certinfo *all = NULL;
	if (t->host->check != HOST_CHECK_HTTP ||
	    curl_easy_getinfo(t->easy, CURLINFO_CERTINFO, &all) != CURLE_OK || !all ||
	    all->num_of_certs < 1)
		return;
	// The host's own comes first.
	for (const struct curl_slist *l = all->certinfo[0]; l; l = l->next)
		if (strncmp(l->data, "Expire date:", 12) == 0)
			t->outcome.certificate_end_s = host_expiry(l->data + 12);
}

static void
on_ended(void *transfer, CURLcode code)
{
	struct host_try *t = transfer;
	bool cut = code == CURLE_WRITE_ERROR && t->stop != STOP_NOT;
	t->outcome = (struct host_outcome){ 0 };
	look_at_certificate(t);
	if (cut && t->stop == STOP_OVERSIZE && t->head_bytes > HEAD_MAX)
		say(t, HOST_OVERSIZE, "more than 64 KiB of headers");
	else if (code == CURLE_OK && t->host->check != HOST_CHECK_TCP && !t->head_ends)
		say(t, HOST_CLOSED, "closed within the head");
	else if (code == CURLE_OK || cut)
		judge_answer(t);
	else
		judge_failure(t, code);
	finish(t);
}

// ---- deadlines --------------------------------------------------------------------

static bool
connected(const struct host_try *t)
{
	curl_off_t us = 0;
	(void)curl_easy_getinfo(t->easy, CURLINFO_CONNECT_TIME_T, &us);
	return us > 0;
}

// The first deadline that lies ahead, from the begin of the try.
static uint32_t
next_deadline(const struct host_try *t, int64_t past)
{
	const struct host *h = t->host;
	uint32_t next = h->timeout_ms;
	if (!t->heard && h->first_byte_ms > past && h->first_byte_ms < next)
		next = h->first_byte_ms;
	if (!connected(t) && h->connect_ms > past && h->connect_ms < next)
		next = h->connect_ms;
	return next;
}

static void
on_timer(void *arg)
{
	struct host_try *t = arg;
	const struct host *h = t->host;
	int64_t past = loop_now_ms(t->asker->loop) - t->began_ms;

	t->outcome =
	    (struct host_outcome){ .code = HOST_TIMEOUT, .reached = connected(t) };
	if (!connected(t) && past >= h->connect_ms)
		say(t, HOST_TIMEOUT, "no connection");
	else if (!t->heard && past >= h->first_byte_ms)
		say(t, HOST_TIMEOUT, "connected, no answer");
	else if (past >= h->timeout_ms)
		say(t, HOST_TIMEOUT, "the answer does not end");
	if (t->outcome.detail[0] != '\0')
		finish(t);
	else
		loop_timer_at(
		    t->asker->loop, &t->timer, t->began_ms + next_deadline(t, past));
}

// ---- what comes in ----------------------------------------------------------------

static size_t
on_head(char *data, size_t size, size_t n, void *user)
{
	struct host_try *t = user;
	t->heard = true;
	t->head_bytes += size * n;
	t->head_ends = size * n > 0 && (data[0] == '\r' || data[0] == '\n');
	if (t->head_bytes <= HEAD_MAX)
		return size * n;
	t->stop = STOP_OVERSIZE;
	return 0;
}

// Whether the body matters at all: the answer is the one that is looked into.
static bool
body_matters(const struct host_try *t)
{
	long status = 0;
	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (t->host->check == HOST_CHECK_HTTP)
		return t->find.len > 0 && status_is_good(t->host, status);
	return t->find.len > 0 && status >= 200 && status <= 299;
}

static size_t
on_body(char *data, size_t size, size_t n, void *user)
{
	struct host_try *t = user;
	size_t len = size * n;
	t->heard = true;
	t->body_bytes += len;
	if (body_matters(t)) {
		t->found = host_find_feed(&t->find, data, len);
		if (!t->found && t->body_bytes <= BODY_MAX)
			return len;
		t->stop = t->found ? STOP_ENOUGH : STOP_OVERSIZE;
	} else {
		t->stop = STOP_ENOUGH;
	}
	return 0;
}

// ---- the begin of a try -----------------------------------------------------------

static void
set_common(struct host_try *t)
{
	CURL *e = t->easy;
	const struct host *h = t->host;
	(void)curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(e, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
	(void)curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
	(void)curl_easy_setopt(e, CURLOPT_BUFFERSIZE, (long)BUFFER);
	// Our own timer ends a try; these are for the day it does not.
	(void)curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, 2L * h->timeout_ms);
	(void)curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, 2L * h->timeout_ms);
	(void)curl_easy_setopt(e, CURLOPT_USERAGENT, "watchroom");
	(void)curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error);
	(void)curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_head);
	(void)curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
	(void)curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
}

// Connects to the address that was looked up, whatever the name in the URL: libcurl
// looks nothing up. "::" stands for the URL's own host and port.
static void
set_address(struct host_try *t, const struct sockaddr_storage *to)
{
	char text[INET6_ADDRSTRLEN] = "", line[INET6_ADDRSTRLEN + 16];
	bool v6 = to->ss_family == AF_INET6;
	const void *address =
	    v6 ? (const void *)&((const struct sockaddr_in6 *)to)->sin6_addr
	       : (const void *)&((const struct sockaddr_in *)to)->sin_addr;
	(void)inet_ntop(to->ss_family, address, text, sizeof text);
	(void)snprintf(
	    line, sizeof line, v6 ? "::[%s]:%u" : "::%s:%u", text, t->host->port);
	t->connect_to = curl_slist_append(NULL, line);
	wr_assert(t->connect_to);
	(void)curl_easy_setopt(t->easy, CURLOPT_CONNECT_TO, t->connect_to);
}

static void
set_word(struct host_try *t, bool give)
{
	const struct host *h = t->host;
	t->word_used = give && h->user[0] != '\0';
	(void)curl_easy_setopt(t->easy, CURLOPT_HTTPAUTH,
	    (long)(h->basic ? CURLAUTH_BASIC : CURLAUTH_DIGEST));
	(void)curl_easy_setopt(
	    t->easy, CURLOPT_USERNAME, t->word_used ? h->user : NULL);
	(void)curl_easy_setopt(
	    t->easy, CURLOPT_PASSWORD, t->word_used ? h->password : NULL);
}

// libcurl reads it, but says void *.
static void
set_ca(CURL *e, const char *pem)
{
	union {
		const char *in;
		void *out;
	} text = { .in = pem };
	struct curl_blob ca = { .data = text.out, .len = strlen(pem) };
	(void)curl_easy_setopt(e, CURLOPT_CAINFO_BLOB, &ca);
}

static void
set_certificate(struct host_try *t)
{
	const struct host *h = t->host;
	CURL *e = t->easy;
	(void)curl_easy_setopt(e, CURLOPT_CERTINFO, 1L);
	// A resumed session would show no certificate.
	(void)curl_easy_setopt(e, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	(void)curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, h->verify ? 1L : 0L);
	(void)curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, h->verify ? 2L : 0L);
	// With a folder of authorities libcurl would not keep them read: 30 ms a try.
	(void)curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	if (h->ca[0] != '\0')
		set_ca(e, h->ca);
	if (h->pin[0] != '\0')
		(void)curl_easy_setopt(e, CURLOPT_PINNEDPUBLICKEY, h->pin);
}

static void
set_http(struct host_try *t)
{
	CURL *e = t->easy;
	(void)curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	(void)curl_easy_setopt(e, CURLOPT_URL, t->host->url);
	set_certificate(t);
	if (t->host->marker[0] != '\0')
		host_find_init(&t->find, t->host->marker);
}

static void
set_rtsp(struct host_try *t)
{
	CURL *e = t->easy;
	long request =
	    t->host->options_only ? CURL_RTSPREQ_OPTIONS : CURL_RTSPREQ_DESCRIBE;
	(void)curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "rtsp");
	(void)curl_easy_setopt(e, CURLOPT_URL, t->host->url);
	// The address in the digest must be the request line's, byte for byte.
	(void)curl_easy_setopt(e, CURLOPT_RTSP_STREAM_URI, t->host->url);
	(void)curl_easy_setopt(e, CURLOPT_RTSP_REQUEST, request);
	// A kept handle would want the session of the last try again.
	(void)curl_easy_setopt(e, CURLOPT_RTSP_SESSION_ID, NULL);
	if (t->host->options_only)
		return;
	host_find_init(&t->find, video_media);
	(void)host_find_feed(&t->find, "\n", 1);
}

static void
set_tcp(struct host_try *t)
{
	(void)curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http");
	(void)curl_easy_setopt(t->easy, CURLOPT_URL, "http://host/");
	(void)curl_easy_setopt(t->easy, CURLOPT_CONNECT_ONLY, 1L);
}

// Sets t->easy; with a password it is the one that was kept.
static void
take_easy(struct host_try *t, const struct host_question *q)
{
	bool keep = q->host->user[0] != '\0';
	t->kept = keep ? q->kept : NULL;
	t->easy = keep && *q->kept ? *q->kept : curl_easy_init();
	wr_assert(t->easy);
	if (keep)
		*q->kept = t->easy;
}

static struct host_try *
curl_start(struct asker *a, const struct host_question *q, host_tried *done, void *arg)
{
	struct host_try *t = xcalloc(1, sizeof *t);
	*t = (struct host_try){ .asker = a,
		.host = q->host,
		.began_ms = q->began_ms,
		.done = done,
		.arg = arg };
	take_easy(t, q);
	LIST_INSERT_HEAD(&a->tries, t, entry);
	set_common(t);
	set_address(t, &q->to);
	set_word(t, q->give_word);
	if (t->host->check == HOST_CHECK_HTTP)
		set_http(t);
	else if (t->host->check == HOST_CHECK_RTSP)
		set_rtsp(t);
	else
		set_tcp(t);
	loop_timer_init(&t->timer, on_timer, t);
	loop_timer_at(a->loop, &t->timer, t->began_ms + next_deadline(t, 0));
	multi_add(a->multi, t->easy, t);
	return t;
}

// ---- the asker --------------------------------------------------------------------

static struct asker *
curl_open(struct loop *l)
{
	struct asker *a = xcalloc(1, sizeof *a);
	a->loop = l;
	a->multi = multi_new(l, 0, on_ended);
	LIST_INIT(&a->tries);
	return a;
}

static void
curl_close(struct asker *a)
{
	wr_assert(LIST_EMPTY(&a->tries));
	multi_free(a->multi);
	free(a);
}

static void
curl_forget(void *kept)
{
	curl_easy_cleanup(kept);
}

const struct asker_kind asker_curl = {
	.name = "curl",
	.open = curl_open,
	.close = curl_close,
	.start = curl_start,
	.cancel = try_free,
	.forget = curl_forget,
};
