// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a browser, or whoever else, says to the console: the input goes over a real
// connection to the real server behind its guard, cut in two where the first byte says.
// A handler sees only what was checked: a clean target, our own name as the host, a
// body read against its members. Every answer is one that is meant, a stream ends with
// its reader, and no connection is left behind.

#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "console/body.h"
#include "console/http.h"
#include "lib/buf.h"
#include "lib/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	INPUT_MOST = 16384,
	ADDRESSES = 200, // of the loopback: one alone runs out of ports
	PATIENCE_S = 20,
	TEXT_MOST = 100,
};

static struct {
	struct loop *loop;
	struct http_server *server;
	uint32_t turn;
	unsigned handled, streams;
	char text[TEXT_MOST];
	int64_t number;
	bool flag;
} rig;

static const int meant[] = { 100, 200, 400, 408, 411, 413, 414, 417, 421, 501, 503,
	505 };

static void
check_text(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		wr_assert((unsigned char)*c >= ' ' && *c != 0x7F);
}

static void
check_target(const struct target *t)
{
	wr_assert(t->path[0] == '/' && strlen(t->path) <= TARGET_MAX);
	check_text(t->path);
	wr_assert(t->n_segments <= TARGET_SEGMENTS);
	for (unsigned i = 0; i < t->n_segments; i++) {
		check_text(t->segment[i]);
		wr_assert(strcmp(t->segment[i], "..") != 0);
	}
	wr_assert(t->n_parameters <= TARGET_PARAMETERS);
	for (unsigned i = 0; i < t->n_parameters; i++) {
		check_text(t->name[i]);
		check_text(t->value[i]);
		wr_assert(target_value(t, t->name[i]) == t->value[i]);
	}
}

// A body as an order of the API has one.
static void
read_body(const struct http_request *r, struct body_fault *fault)
{
	const struct body_member members[] = {
		{ .name = "text",
		    .required = true,
		    .text = rig.text,
		    .size = sizeof(rig.text),
		    .characters = 20 },
		{ .name = "flag", .flag = &rig.flag },
		{ .name = "number", .number = &rig.number, .min = -5, .max = 1000 },
	};

	rig.number = 0;
	if (body_read(r->body, r->body_len, members, 3, fault) == 0) {
		wr_assert(memchr(rig.text, '\0', sizeof(rig.text)) != NULL);
		wr_assert(rig.number >= -5 && rig.number <= 1000);
	} else {
		wr_assert(fault->code != NULL);
		wr_assert(memchr(fault->field, '\0', sizeof(fault->field)) != NULL);
	}
}

static void
on_gone(void *arg)
{
	(void)arg;
	rig.streams--;
}

static void
on_drained(void *arg)
{
	(void)arg;
}

static void
handle(void *ctx, struct http_request *r)
{
	struct body_fault fault = { 0 };
	struct buf b = { 0 };

	(void)ctx;
	rig.handled++;
	check_target(&r->target);
	wr_assert(r->body_len <= HTTP_BODY_MAX);
	if (r->method == METHOD_POST)
		read_body(r, &fault);
	if (r->target.n_segments > 0 && strcmp(r->target.segment[0], "stream") == 0) {
		if (http_stream(r, "text/event-stream", on_gone, on_drained, NULL) == 0)
			rig.streams++;
		return;
	}
	if (fault.code != NULL) {
		http_error(r, 400, fault.code, fault.field);
		return;
	}
	json_open(&b, NULL, '{');
	json_str(&b, "path", r->target.path);
	json_close(&b, '}');
	http_send_json(r, 200, &b);
}

static bool
desk(void *ctx, const unsigned char address[16])
{
	(void)ctx;
	return address[15] % 2 == 0;
}

static void
set_up(void)
{
	const struct http_config config = { .host = "127.0.0.1",
		.limits = http_default_limits,
		.desk = desk,
		.handle = handle };

	rig.loop = loop_new(clock_real());
	rig.server = http_start(rig.loop, &config, NULL);
	wr_assert(rig.server != NULL);
}

static int
dial(void)
{
	struct sockaddr_in from = { .sin_family = AF_INET }, to = from;
	const struct linger none = { 1, 0 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + rig.turn++ % ADDRESSES);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons(http_port(rig.server));
	wr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&from, sizeof(from)) == 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	wr_assert(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
	return fd;
}

static int64_t
seconds(void)
{
	return guard_now_ms() / 1000;
}

// All that it answers, until it closes.
static void
listen_to(int fd, struct buf *answer)
{
	int64_t end = seconds() + PATIENCE_S;

	for (bool open = true; open;) {
		char part[4096];
		ssize_t n;

		loop_run_ready(rig.loop);
		n = recv(fd, part, sizeof(part), MSG_DONTWAIT);
		if (n > 0)
			buf_add(answer, part, (size_t)n);
		open = n > 0 || (n < 0 && errno == EAGAIN);
		wr_assert(seconds() < end);
	}
}

static void
check_answer(const struct buf *answer)
{
	bool known = false;
	int status;

	if (answer->len == 0)
		return; // hung up on
	// It repeats the version that it was asked in.
	wr_assert(answer->len > 12 && memcmp(answer->data, "HTTP/", 5) == 0);
	const char *gap = memchr(answer->data, ' ', answer->len);

	wr_assert(gap != NULL);
	status = (int)strtol(gap, NULL, 10);
	for (size_t i = 0; i < sizeof(meant) / sizeof(meant[0]); i++)
		known = known || status == meant[i];
	wr_assert(known);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf answer = { 0 };
	unsigned before;
	size_t cut;
	int fd;

	if (size < 2 || size > INPUT_MOST)
		return 0;
	if (rig.loop == NULL)
		set_up();
	before = rig.handled;
	cut = data[0] % size;
	fd = dial();
	(void)send(fd, data + 1, cut, MSG_NOSIGNAL);
	loop_run_ready(rig.loop);
	(void)send(fd, data + 1 + cut, size - 1 - cut, MSG_NOSIGNAL);
	(void)shutdown(fd, SHUT_WR);
	listen_to(fd, &answer);
	(void)close(fd);
	loop_run_ready(rig.loop);
	check_answer(&answer);
	if (rig.handled > before)
		wr_assert(memmem(data, size, "HTTP/", 5) != NULL);
	wr_assert(rig.streams == 0 && http_counts(rig.server).connections == 0);
	buf_free(&answer);
	return 0;
}
