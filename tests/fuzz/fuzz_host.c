// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a host answers to a check by HTTP or RTSP, whatever it is: heads, bodies, ends
// in the middle. The first byte says how it is asked; the rest goes to every connection
// as it is. The real asker on the real loop, over the loopback interface. The try ends
// in time, its words for technicians are printable, and a host counts as answering only
// where the bytes of a good answer were there.

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "drivers/host_try.h"
#include "lib/loop.h"
#include "lib/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	INPUT_MOST = 65536,
	TIMEOUT_MS = 30, // an input that waits it out costs others their turn
	PATIENCE_MS = 60000,
	ADDRESSES = 200, // of the loopback: one alone runs out of ports
};

// How a host is asked: bits of the first byte.
enum {
	BY_RTSP = 1 << 0,
	WITH_MARKER = 1 << 1,
	WITH_WORD = 1 << 2,
	OPTIONS_ONLY = 1 << 3,
};

static const char marker[] = "ready";

static struct {
	struct loop *loop;
	struct asker *curl;
	int listener;
	uint16_t port;
	uint32_t turn;
	const uint8_t *data;
	size_t size;
	bool done;
	struct host_outcome outcome;
} rig;

// Answers before it was asked, and closes: the end of the bytes is the end.
static void
on_connection(void *arg)
{
	int fd = accept4(rig.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)arg;
	if (fd < 0)
		return;
	(void)send(fd, rig.data, rig.size, MSG_NOSIGNAL);
	(void)shutdown(fd, SHUT_WR);
	(void)close(fd);
}

static void
on_tried(void *arg, const struct host_outcome *o)
{
	(void)arg;
	rig.outcome = *o;
	rig.done = true;
	loop_stop(rig.loop);
}

static void
on_patience(void *arg)
{
	(void)arg;
	wr_assert(!"a try that never ends");
}

static void
set_up(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);

	rig.loop = loop_new(clock_real());
	rig.curl = asker_curl.open(rig.loop);
	rig.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	wr_assert(rig.listener >= 0);
	wr_assert(bind(rig.listener, (struct sockaddr *)&at, sizeof(at)) == 0);
	wr_assert(listen(rig.listener, 16) == 0);
	wr_assert(getsockname(rig.listener, (struct sockaddr *)&at, &len) == 0);
	rig.port = ntohs(at.sin_port);
	(void)loop_watch_read(rig.loop, rig.listener, LOOP_BUS, on_connection, NULL);
}

// In whatever case: libcurl is not particular.
static bool
contains(const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i + n <= rig.size; i++)
		if (strncasecmp((const char *)rig.data + i, text, n) == 0)
			return true;
	return false;
}

static void
check(const struct host *h)
{
	const struct host_outcome *o = &rig.outcome;

	wr_assert(o->code < HOST_CODE_COUNT && o->blind < HOST_BLIND_COUNT);
	for (const char *c = o->detail; *c != '\0'; c++)
		wr_assert(*c >= ' ' && *c <= '~');
	if (o->blind != HOST_SEEN || o->code != HOST_ANSWERS)
		return;
	wr_assert(contains(h->check == HOST_CHECK_RTSP ? "rtsp/" : "http/"));
	wr_assert(h->marker[0] == '\0' || contains(marker));
	wr_assert(h->check != HOST_CHECK_RTSP || h->options_only || contains("video"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct host h = { .id = "h",
		.address = "127.0.0.1",
		.shown = "",
		.ca = "",
		.pin = "",
		.verify = true,
		.timeout_ms = TIMEOUT_MS,
		.connect_ms = TIMEOUT_MS,
		.first_byte_ms = TIMEOUT_MS };
	struct host_question q = { .host = &h };
	struct sockaddr_in *to = (struct sockaddr_in *)&q.to;
	struct loop_timer patience;
	void *kept = NULL;
	char url[64];
	bool rtsp;

	if (size == 0 || size > INPUT_MOST)
		return 0;
	if (rig.loop == NULL)
		set_up();
	rtsp = (data[0] & BY_RTSP) != 0;
	h.check = rtsp ? HOST_CHECK_RTSP : HOST_CHECK_HTTP;
	h.port = rig.port;
	h.marker = !rtsp && (data[0] & WITH_MARKER) != 0 ? marker : "";
	h.options_only = (data[0] & OPTIONS_ONLY) != 0;
	h.user = (data[0] & WITH_WORD) != 0 ? "watch" : "";
	h.password = (data[0] & WITH_WORD) != 0 ? "room" : "";
	(void)snprintf(url, sizeof(url), "%s://127.0.0.1:%u/", rtsp ? "rtsp" : "http",
	    (unsigned)rig.port);
	h.url = url;
	rig.data = data + 1;
	rig.size = size - 1;
	to->sin_family = AF_INET;
	to->sin_addr.s_addr = htonl(INADDR_LOOPBACK + rig.turn++ % ADDRESSES);
	q.to_len = sizeof(*to);
	q.began_ms = loop_now_ms(rig.loop);
	q.give_word = true;
	q.kept = &kept;
	rig.done = false;
	loop_timer_init(&patience, on_patience, NULL);
	loop_timer_in(rig.loop, &patience, PATIENCE_MS);
	(void)asker_curl.start(rig.curl, &q, on_tried, NULL);
	wr_assert(loop_run(rig.loop) == 0 && rig.done);
	loop_timer_stop(rig.loop, &patience);
	asker_curl.forget(kept);
	check(&h);
	return 0;
}
