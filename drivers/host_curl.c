// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// TCP, HTTP and RTSP by libcurl, on the thread that talks outward. Each try has its own
// connection, which is closed behind it. It refuses redirects, proxies of the
// environment, other protocols, compressed bodies, more than 64 KiB of headers or body,
// and keeps nothing of a body. One easy handle is kept for each host that has a
// password: with it the host's nonce, so that a device is not made to refuse (and to
// log) the first request of every check; unless it forgets its nonces.
#include <sys/queue.h>

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "drivers/host_curl_options.h"
#include "drivers/host_expiry.h"
#include "drivers/host_find.h"
#include "drivers/host_try.h"
#include "lib/mem.h"
#include "lib/multi.h"

enum {
	HEAD_MAX = 64 * 1024,
	BODY_MAX = 64 * 1024,
	FORGOTTEN_MOST = 2, // then no nonce of the host is kept
	STATUS_UNAUTHORISED = 401,
	STATUS_FORBIDDEN = 403,
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

// Of a host with a password, from try to try.
struct kept {
	CURL *easy;         // NULL = the next try begins without a nonce
	bool challenged;    // easy has been given one
	unsigned forgotten; // old nonces refused in a row, while the password was good
};

struct host_try {
	LIST_ENTRY(host_try) entry;
	struct asker *asker;
	const struct host *host;
	struct sockaddr_storage to;
	CURL *easy;
	struct kept *kept; // NULL = the host has no password
	struct curl_slist *connect_to;
	struct loop_timer timer; // the next deadline, or "at once"
	int64_t began_ms;
	bool word_used;
	bool old_nonce; // of an earlier try, and no other was given since
	bool heard;     // a byte of an answer
	unsigned n_heads;
	bool offers_digest, offers_basic;
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

// One that was kept behind a challenge which libcurl cannot answer stays in its cache:
// the device is left at once, libcurl finds it dead when it next connects.
static void
close_connection(const struct host_try *t)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	if (curl_easy_getinfo(t->easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK &&
	    fd != CURL_SOCKET_BAD)
		(void)shutdown(fd, SHUT_RDWR);
}

// Out of libcurl's hands. The handle may be kept, and must not point here.
static void
let_go(struct host_try *t)
{
	close_connection(t);
	multi_remove(t->asker->multi, t->easy);
	(void)curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, NULL);
	(void)curl_easy_setopt(t->easy, CURLOPT_CONNECT_TO, NULL);
	curl_slist_free_all(t->connect_to);
	t->connect_to = NULL;
}

// A handle that was refused would show its old nonce and then a new one: the password
// twice. One of a host that forgets its nonces would do so each time.
static bool
keeps_handle(const struct host_try *t)
{
	return t->kept && t->outcome.code != HOST_AUTH &&
	       t->kept->forgotten < FORGOTTEN_MOST;
}

static void
drop_handle(struct host_try *t)
{
	curl_easy_cleanup(t->easy);
	if (!t->kept)
		return;
	t->kept->easy = NULL;
	t->kept->challenged = false;
}

static void
try_free(struct host_try *t)
{
	LIST_REMOVE(t, entry);
	loop_timer_stop(t->asker->loop, &t->timer);
	let_go(t);
	if (!keeps_handle(t))
		drop_handle(t);
	free(t);
}

static void
finish(struct host_try *t)
{
	struct host_outcome o = t->outcome;
	host_tried *done = t->done;
	void *arg = t->arg;
	o.word_used = t->word_used;
	if (t->old_nonce && o.code == HOST_ANSWERS)
		t->kept->forgotten = 0;
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

// What a technician has to know of a refusal.
static void
say_refused(struct host_try *t, long status)
{
	const char *why = "";
	char text[64];
	if (t->host->user[0] == '\0')
		why = ": it wants a user and a password";
	else if (!t->word_used)
		why = ": the password is held back";
	else if (t->offers_basic && !t->offers_digest && !t->host->basic)
		why = ": it knows auth: basic only";
	(void)snprintf(text, sizeof text, "status %ld%s", status, why);
	say(t, HOST_AUTH, text);
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

// Not to whom it is shown by this password: asking on with it may lock the account. A
// host that forbids whoever asks has not looked at a password.
static bool
is_refusal(const struct host_try *t, long status)
{
	return status == STATUS_UNAUTHORISED ||
	       (status == STATUS_FORBIDDEN && t->word_used);
}

static void
judge_http(struct host_try *t, long status)
{
	const struct host *h = t->host;
	if (is_refusal(t, status) && !status_is_good(h, status))
		say_refused(t, status);
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
	if (is_refusal(t, status))
		say_refused(t, status);
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

static void ask_anew(struct host_try *t);

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
	if (t->outcome.code == HOST_AUTH && t->old_nonce && t->word_used)
		ask_anew(t);
	else
		finish(t);
}

// ---- deadlines --------------------------------------------------------------------

// Of a kept handle it is the last try's until this one has begun.
static bool
connected(const struct host_try *t)
{
	curl_off_t us = 0;
	(void)curl_easy_getinfo(t->easy, CURLINFO_CONNECT_TIME_T, &us);
	return us > 0;
}

// The first deadline that lies ahead, from the begin of the try.
static uint32_t
next_deadline(const struct host_try *t, int64_t past, bool is_connected)
{
	const struct host *h = t->host;
	uint32_t next = h->timeout_ms;
	if (!t->heard && h->first_byte_ms > past && h->first_byte_ms < next)
		next = h->first_byte_ms;
	if (!is_connected && h->connect_ms > past && h->connect_ms < next)
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
		loop_timer_at(t->asker->loop, &t->timer,
		    t->began_ms + next_deadline(t, past, connected(t)));
}

// ---- what comes in ----------------------------------------------------------------

// Some hosts know a nonce on its own connection only: behind a challenge the same one
// is used again, behind every other answer it is closed.
static void
head_ended(struct host_try *t)
{
	long status = 0;
	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200)
		return;
	bool challenge = status == STATUS_UNAUTHORISED && t->word_used &&
			 !t->old_nonce && t->n_heads == 0;
	t->n_heads++;
	if (challenge)
		t->kept->challenged = true;
	(void)curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, challenge ? 0L : 1L);
}

static bool
line_begins(const char *line, size_t len, const char *text)
{
	size_t n = strlen(text);
	return len >= n && strncasecmp(line, text, n) == 0;
}

static void
note_challenge(struct host_try *t, const char *line, size_t len)
{
	static const char name[] = "WWW-Authenticate:";
	if (!line_begins(line, len, name))
		return;
	line += sizeof name - 1;
	len -= sizeof name - 1;
	for (; len > 0 && *line == ' '; line++)
		len--;
	t->offers_digest = t->offers_digest || line_begins(line, len, "Digest");
	t->offers_basic = t->offers_basic || line_begins(line, len, "Basic");
}

static size_t
on_head(char *data, size_t size, size_t n, void *user)
{
	struct host_try *t = user;
	t->heard = true;
	t->head_bytes += size * n;
	t->head_ends = size * n > 0 && (data[0] == '\r' || data[0] == '\n');
	note_challenge(t, data, size * n);
	if (t->head_ends)
		head_ended(t);
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

// Where the head and the body go, and what is looked for.
static void
listen_to(struct host_try *t)
{
	CURL *e = t->easy;
	(void)curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error);
	(void)curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_head);
	(void)curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
	(void)curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
	if (t->host->check == HOST_CHECK_HTTP && t->host->marker[0] != '\0')
		host_find_init(&t->find, t->host->marker);
	if (t->host->check != HOST_CHECK_RTSP || t->host->options_only)
		return;
	host_find_init(&t->find, video_media);
	(void)host_find_feed(&t->find, "\n", 1);
}

// With a password the handle is the one that was kept, and with it the nonce.
static void
send_request(struct host_try *t)
{
	t->easy = t->kept && t->kept->easy ? t->kept->easy : curl_easy_init();
	wr_assert(t->easy);
	t->old_nonce = t->kept && t->kept->challenged;
	if (t->kept)
		t->kept->easy = t->easy;
	host_curl_options(t->easy, t->host, &t->to, t->word_used, &t->connect_to);
	listen_to(t);
	multi_add(t->asker->multi, t->easy, t);
}

// An old nonce was refused, and libcurl takes it for a refused password where the host
// does not say that it is stale. Devices forget nonces with their connection (live555),
// after minutes or with a restart: once more, with a nonce of this try.
static void
ask_anew(struct host_try *t)
{
	let_go(t);
	drop_handle(t);
	t->kept->forgotten++;
	t->n_heads = 0;
	t->head_bytes = t->body_bytes = 0;
	t->heard = t->head_ends = t->found = false;
	t->stop = STOP_NOT;
	t->error[0] = '\0';
	send_request(t);
}

static struct kept *
kept_of(const struct host_question *q)
{
	if (q->host->user[0] == '\0')
		return NULL;
	if (!*q->kept)
		*q->kept = xcalloc(1, sizeof(struct kept));
	return *q->kept;
}

static struct host_try *
curl_start(struct asker *a, const struct host_question *q, host_tried *done, void *arg)
{
	struct host_try *t = xcalloc(1, sizeof *t);
	*t = (struct host_try){ .asker = a,
		.host = q->host,
		.to = q->to,
		.word_used = q->give_word && q->host->user[0] != '\0',
		.kept = kept_of(q),
		.began_ms = q->began_ms,
		.done = done,
		.arg = arg };
	LIST_INSERT_HEAD(&a->tries, t, entry);
	loop_timer_init(&t->timer, on_timer, t);
	loop_timer_at(a->loop, &t->timer, t->began_ms + next_deadline(t, 0, false));
	send_request(t);
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
	struct kept *k = kept;
	if (k)
		curl_easy_cleanup(k->easy);
	free(k);
}

const struct asker_kind asker_curl = {
	.name = "curl",
	.open = curl_open,
	.close = curl_close,
	.start = curl_start,
	.cancel = try_free,
	.forget = curl_forget,
};
