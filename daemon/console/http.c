// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The HTTP server on evhttp. Owns the listening socket, each request from evhttp's
// callback to its answer, and the security headers. Runs on the loop thread and never
// waits. Refuses before any handler runs: NUL or control bytes, empty header names,
// a body length said twice, targets that are not plain paths, a Host that is not ours.
// A peer may go while its answer is being made: the request then outlives the
// connection with ev == NULL, and answering it only frees it.
// Invariant: each request is answered exactly once, whoever goes first.
#include "console/http.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "console/headers.h"
#include "console/listen.h"
#include "lib/log.h"
#include "lib/mem.h"

enum {
	BACKLOG = 512,
	ACCEPT_PAUSE_MS = 200
};

struct http_server {
	struct loop *loop;
	struct http_config config;
	char *host;
	struct guard *guard;
	struct evhttp *http;
	struct evconnlistener *listener; // owned by http
	struct loop_timer resume;
	struct http_request *requests; // not yet answered
	uint64_t n_requests;
	uint16_t port;
};

const struct guard_limits http_default_limits = {
	.connections = HTTP_CONNECTIONS,
	.streams = HTTP_STREAMS,
	.per_address = HTTP_PER_ADDRESS,
	.per_desk_address = HTTP_PER_DESK_ADDRESS,
	.request_ms = HTTP_REQUEST_MS,
	.idle_ms = HTTP_IDLE_MS,
	.reply_ms = HTTP_REPLY_MS,
};

// clang-format off
static const struct { int status; const char *reason; } reasons[] = {
	{ 200, "OK" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 304, "Not Modified" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 409, "Conflict" },
	{ 413, "Content Too Large" },
	{ 421, "Misdirected Request" },
	{ 429, "Too Many Requests" },
	{ 503, "Service Unavailable" },
};

static const struct { const char *name, *value; } security_headers[] = {
	{ "Content-Security-Policy", "default-src 'self'; base-uri 'none'; "
	    "form-action 'self'; frame-ancestors 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
	{ "X-Frame-Options", "DENY" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
};
// clang-format on

static const char *
reason_of(int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Status";
}

static void
request_free(struct http_request *r)
{
	if (r->link != NULL)
		*r->link = r->next;
	if (r->next != NULL)
		r->next->link = r->link;
	free(r);
}

static void
request_link(struct http_server *s, struct http_request *r)
{
	r->next = s->requests;
	r->link = &s->requests;
	if (s->requests != NULL)
		s->requests->link = &r->next;
	s->requests = r;
}

static void
end_stream(struct http_request *r)
{
	if (r->gone != NULL) {
		r->gone(r->stream_arg);
		request_free(r);
	}
}

static void
on_conn_closed(void *ctx, struct conn *k)
{
	struct http_request *r = k->request;

	(void)ctx;
	if (r == NULL)
		return;
	k->request = NULL;
	r->conn = NULL;
	struct evhttp_request *ev = r->ev;
	r->ev = NULL;
	// Where the peer went first, evhttp has let go of the request and this frees
	// it; where we close, it is still attached and evhttp frees it.
	if (evhttp_request_get_connection(ev) == NULL)
		evhttp_send_reply_end(ev);
	end_stream(r);
}

const char *
http_header(const struct http_request *r, const char *name)
{
	return r->ev == NULL
		   ? NULL
		   : evhttp_find_header(evhttp_request_get_input_headers(r->ev), name);
}

bool
http_header_begins(const struct http_request *r, const char *prefix)
{
	const struct evkeyval *h;

	if (r->ev == NULL)
		return false;
	for (h = evhttp_request_get_input_headers(r->ev)->tqh_first; h != NULL;
	     h = h->next.tqe_next)
		if (strncasecmp(h->key, prefix, strlen(prefix)) == 0)
			return true;
	return false;
}

void
http_add(struct http_request *r, const char *name, const char *value)
{
	if (r->ev != NULL)
		(void)evhttp_add_header(
		    evhttp_request_get_output_headers(r->ev), name, value);
}

static void
add_common(struct http_request *r, const char *type)
{
	struct evkeyvalq *out = evhttp_request_get_output_headers(r->ev);

	for (size_t i = 0; i < sizeof(security_headers) / sizeof(security_headers[0]);
	     i++)
		http_add(r, security_headers[i].name, security_headers[i].value);
	if (evhttp_find_header(out, "Cache-Control") == NULL)
		http_add(r, "Cache-Control", "no-store");
	if (type != NULL)
		http_add(r, "Content-Type", type);
	if (r->close)
		http_add(r, "Connection", "close");
}

static void
on_sent(struct evhttp_request *ev, void *arg)
{
	(void)ev;
	guard_sent(arg);
}

static void
send_now(struct http_request *r, int status, const char *type, struct blob *body)
{
	struct evbuffer *out = evbuffer_new();
	struct conn *k = r->conn;
	struct evhttp_request *ev = r->ev;
	size_t len = body != NULL ? body->len : 0;
	bool has_body = status != 204 && status != 304;

	wr_assert(out != NULL);
	add_common(r, type);
	if (has_body) {
		char text[24];
		(void)snprintf(text, sizeof(text), "%zu", len);
		http_add(r, "Content-Length", text);
		if (body != NULL && !r->head)
			blob_send(body, 0, len, out);
	}
	k->request = NULL;
	r->ev = NULL;
	r->conn = NULL;
	evhttp_request_set_on_complete_cb(ev, on_sent, k);
	guard_replied(k);
	evhttp_send_reply(ev, status, reason_of(status), out);
	evbuffer_free(out);
}

void
http_send(struct http_request *r, int status, const char *type, struct blob *body)
{
	wr_assert(r->gone == NULL);
	if (r->ev != NULL)
		send_now(r, status, type, body);
	blob_unref(body);
	request_free(r);
}

void
http_send_json(struct http_request *r, int status, struct buf *b)
{
	http_send(r, status, "application/json; charset=utf-8", blob_take(b));
}

void
http_error(struct http_request *r, int status, const char *code, const char *field)
{
	struct buf b = { 0 };
	char key[80];

	(void)snprintf(key, sizeof(key), "error.%s", code);
	json_open(&b, NULL, '{');
	json_open(&b, "error", '{');
	json_str(&b, "code", code);
	json_str(&b, "message", text_get(r->lang, key));
	json_str(&b, "field", field);
	json_close(&b, '}');
	json_close(&b, '}');
	http_send_json(r, status, &b);
}

void
http_takes_long(struct http_request *r)
{
	if (r->conn != NULL)
		guard_takes_long(r->conn);
}

static void
on_stream_output(struct evbuffer *b, const struct evbuffer_cb_info *info, void *arg)
{
	struct conn *k = arg;
	struct http_request *r = k->request;

	(void)b;
	if (info->n_deleted > 0 && r != NULL && r->drained != NULL)
		r->drained(r->stream_arg);
}

int
http_stream(struct http_request *r, const char *type, void (*gone)(void *arg),
    void (*drained)(void *arg), void *arg)
{
	if (r->ev == NULL || r->head || r->ev->major != 1 || r->ev->minor < 1) {
		http_error(r, 400, "bad_request", NULL);
		return -1;
	}
	struct conn *k = r->conn;
	int fd = bufferevent_getfd(k->bev), size = HTTP_STREAM_SOCKET_BYTES;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	add_common(r, type);
	evhttp_send_reply_start(r->ev, 200, reason_of(200));
	k->stream = true;
	r->gone = gone;
	r->drained = drained;
	r->stream_arg = arg;
	guard_takes_long(k);
	// Without this the peer's end is seen at the next write only.
	(void)bufferevent_enable(k->bev, EV_READ);
	k->output_cb =
	    evbuffer_add_cb(bufferevent_get_output(k->bev), on_stream_output, k);
	return 0;
}

size_t
http_stream_queued(struct http_request *r)
{
	return evbuffer_get_length(bufferevent_get_output(r->conn->bev));
}

// What the socket takes at once. An error shows again when the rest is written.
static size_t
send_at_once(const struct http_request *r, const struct http_part *parts, size_t n)
{
	struct iovec iov[HTTP_PARTS];
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = n };

	for (size_t i = 0; i < n; i++) {
		iov[i].iov_base = parts[i].blob->data + parts[i].from;
		iov[i].iov_len = parts[i].to - parts[i].from;
	}
	ssize_t sent =
	    sendmsg(bufferevent_getfd(r->conn->bev), &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	return sent > 0 ? (size_t)sent : 0;
}

void
http_stream_send(struct http_request *r, const struct http_part *parts, size_t n)
{
	struct evbuffer *out = bufferevent_get_output(r->conn->bev);
	size_t sent = 0;

	wr_assert(n <= HTTP_PARTS);
	// Past evbuffer and epoll: for a thousand readers that is half of the work.
	if (evbuffer_get_length(out) == 0)
		sent = send_at_once(r, parts, n);
	for (size_t i = 0; i < n; i++) {
		size_t len = parts[i].to - parts[i].from;
		size_t skip = sent < len ? sent : len;
		sent -= skip;
		if (skip < len)
			blob_send(
			    parts[i].blob, parts[i].from + skip, parts[i].to, out);
	}
}

void
http_stream_end(struct http_request *r)
{
	evhttp_connection_free(r->conn->evcon); // calls on_conn_closed
}

static enum http_method
method_of(enum evhttp_cmd_type type)
{
	if (type == EVHTTP_REQ_GET || type == EVHTTP_REQ_HEAD)
		return METHOD_GET;
	if (type == EVHTTP_REQ_POST)
		return METHOD_POST;
	return type == EVHTTP_REQ_DELETE ? METHOD_DELETE : METHOD_OTHER;
}

static void
refuse(struct http_request *r, int status, const char *code)
{
	r->close = true;
	http_error(r, status, code, NULL);
}

static void
check_and_handle(struct http_server *s, struct http_request *r)
{
	const char *fault = headers_fault(evhttp_request_get_input_headers(r->ev));
	const char *uri = evhttp_request_get_uri(r->ev);

	if (r->conn->refused) {
		refuse(r, 503, "too_many_connections");
	} else if (r->conn->dirty) {
		refuse(r, 400, "bad_request");
	} else if (fault != NULL) {
		refuse(r, 400, fault);
	} else if (!host_is_ours(http_header(r, "Host"), s->host, r->conn->local)) {
		refuse(r, 421, "misdirected");
	} else if (uri == NULL || target_parse(&r->target, uri) < 0) {
		refuse(r, 400, "bad_request");
	} else {
		s->config.handle(s->config.ctx, r);
	}
}

static void
take_request(struct http_server *s, struct evhttp_request *ev)
{
	struct conn *k = guard_find(s->guard, evhttp_request_get_connection(ev));

	if (k == NULL || k->request != NULL) {
		evhttp_send_error(ev, 500, NULL);
		return;
	}
	guard_arrived(k);
	s->n_requests++;
	struct http_request *r = xcalloc(1, sizeof(*r));
	request_link(s, r);
	r->conn = k;
	r->ev = ev;
	k->request = r;
	r->method = method_of(evhttp_request_get_command(ev));
	r->head = evhttp_request_get_command(ev) == EVHTTP_REQ_HEAD;
	r->lang = headers_language(http_header(r, "Accept-Language"));
	(void)str_copy(r->peer, sizeof(r->peer), k->peer);
	memcpy(r->address, k->address, sizeof(r->address));
	struct evbuffer *in = evhttp_request_get_input_buffer(ev);
	r->body_len = evbuffer_get_length(in);
	if (r->body_len > 0)
		r->body = (const char *)evbuffer_pullup(in, -1);
	check_and_handle(s, r);
}

static void
on_request(struct evhttp_request *ev, void *arg)
{
	struct http_server *s = arg;
	int64_t from = loop_callback_begins(s->loop);

	take_request(s, ev);
	loop_callback_ends(s->loop, from);
}

static void
on_accept_error(struct evconnlistener *listener, void *arg)
{
	struct http_server *s = arg;

	// Out of descriptors, mostly: pause, or the loop spins on a ready socket.
	if (!loop_timer_armed(&s->resume))
		log_warn("console", "accept failed");
	(void)evconnlistener_disable(listener);
	loop_timer_in(s->loop, &s->resume, ACCEPT_PAUSE_MS);
}

static void
on_resume(void *arg)
{
	struct http_server *s = arg;

	(void)evconnlistener_enable(s->listener);
}

static void
set_up_evhttp(struct http_server *s)
{
	struct timeval idle = { .tv_sec = s->config.limits.idle_ms / 1000,
		.tv_usec = s->config.limits.idle_ms % 1000 * 1000 };

	evhttp_set_timeout_tv(s->http, &idle);
	evhttp_set_max_headers_size(s->http, HTTP_HEADER_MAX);
	evhttp_set_max_body_size(s->http, HTTP_BODY_MAX);
	// All it knows, so that our 405 answers and not its 501.
	evhttp_set_allowed_methods(
	    s->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD |
			 EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS |
			 EVHTTP_REQ_TRACE | EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH);
	evhttp_set_bevcb(s->http, guard_bufferevent, s->guard);
	evhttp_set_gencb(s->http, on_request, s);
}

struct http_server *
http_start(struct loop *loop, const struct http_config *config, struct err *err)
{
	int fd = listen_open(config->host, config->port, err);

	if (fd < 0)
		return NULL;
	(void)signal(SIGPIPE, SIG_IGN);
	struct http_server *s = xcalloc(1, sizeof(*s));
	s->loop = loop;
	s->config = *config;
	s->host = xstrdup(config->host);
	s->port = listen_port(fd);
	s->guard = guard_new(loop, &config->limits,
	    &(struct guard_host){
		.ctx = config->ctx, .desk = config->desk, .closed = on_conn_closed });
	loop_timer_init(&s->resume, on_resume, s);
	s->http = evhttp_new(loop_base(loop));
	wr_assert(s->http != NULL);
	set_up_evhttp(s);
	s->listener = evconnlistener_new(loop_base(loop), NULL, NULL,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	wr_assert(s->listener != NULL);
	wr_assert(evhttp_bind_listener(s->http, s->listener) != NULL);
	evconnlistener_set_error_cb(s->listener, on_accept_error);
	return s;
}

void
http_stop(struct http_server *s)
{
	if (s == NULL)
		return;
	evhttp_free(s->http); // closes each connection: streams end here
	guard_free(s->guard);
	loop_timer_stop(s->loop, &s->resume);
	struct http_request *next;
	for (struct http_request *r = s->requests; r != NULL; r = next) {
		next = r->next;
		r->next = NULL;
		r->link = NULL;
		r->console = NULL; // who answers later sees that there is none
	}
	free(s->host);
	free(s);
}

uint16_t
http_port(const struct http_server *s)
{
	return s->port;
}

struct guard_counts
http_counts(const struct http_server *s)
{
	return guard_counts(s->guard);
}

uint64_t
http_requests(const struct http_server *s)
{
	return s->n_requests;
}
