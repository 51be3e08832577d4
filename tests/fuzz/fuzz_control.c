// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a program says to the control socket, and the frames of a bus that it is sent
// then. The first two bytes say how much of the input is the request; frames are made
// of the rest. The answer is lines of printable text, one that asked for nothing goes
// after its patience, one that hangs up is forgotten, and nobody stays on the bus.

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "lib/buf.h"
#include "lib/cursor.h"
#include "lib/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	INPUT_MOST = 8192,
	PDU_MOST = 253,
};

static struct {
	char folder[64], path[96];
	struct clock clock;
	struct loop *loop;
	struct bus buses[2];
	struct site site;
	struct control *control;
	const struct bus_tap *tap[2];
	struct loop_timer stop;
} rig;

static void
on_listen(void *ctx, uint16_t bus, const struct bus_tap *tap)
{
	(void)ctx;
	wr_assert(bus < 2 && (tap == NULL) != (rig.tap[bus] == NULL));
	rig.tap[bus] = tap;
}

static unsigned
on_decisions(void *ctx, uint32_t point, struct decision out[static DECISIONS_PER_POINT])
{
	(void)ctx;
	wr_assert(point == 0);
	for (unsigned i = 0; i < DECISIONS_PER_POINT; i++)
		out[i] = (struct decision){ DECISION_ONSET, 18, COND_FIRE, "low", 0.5 };
	return DECISIONS_PER_POINT;
}

static void
on_stop(void *arg)
{
	(void)arg;
	loop_stop(rig.loop);
}

static void
tear_down(void)
{
	control_stop(rig.control);
	loop_free(rig.loop);
	(void)rmdir(rig.folder);
}

static void
set_up(void)
{
	static struct point point = { .id = "p1" };
	const struct control_host host = { NULL, &rig.site, "0.1.0", on_listen,
		on_decisions };
	struct err err = { 0 };

	(void)snprintf(rig.folder, sizeof(rig.folder), "/tmp/fuzz-control-XXXXXX");
	wr_assert(mkdtemp(rig.folder) != NULL);
	(void)snprintf(rig.path, sizeof(rig.path), "%s/control", rig.folder);
	rig.buses[0] = (struct bus){ .id = "lan" };
	rig.buses[1] = (struct bus){ .id = "line", .kind = BUS_MODBUS_RTU };
	rig.site.n_buses = 2;
	rig.site.n_points = 1;
	rig.site.points = &point;
	rig.site.buses = rig.buses;
	(void)strcpy(rig.site.revision, "0123456789abcdef");
	clock_virtual_init(&rig.clock, 5000, 1764000000000);
	rig.loop = loop_new(&rig.clock);
	rig.control = control_start(rig.loop, &host, rig.path, &err);
	wr_assert(rig.control != NULL);
	loop_timer_init(&rig.stop, on_stop, NULL);
	(void)atexit(tear_down);
}

static int
dial(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	wr_assert(fd >= 0 && str_copy(at.sun_path, sizeof(at.sun_path), rig.path));
	wr_assert(connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0);
	loop_run_ready(rig.loop);
	return fd;
}

// Takes what there is; true where the daemon has closed.
static bool
listen_to(int fd, struct buf *answer)
{
	for (int quiet = 0; quiet < 3;) {
		char part[4096];
		ssize_t n = recv(fd, part, sizeof(part), 0);

		if (n == 0 || (n < 0 && errno != EAGAIN))
			return true;
		quiet = n > 0 ? 0 : quiet + 1;
		if (n > 0)
			buf_add(answer, part, (size_t)n);
		loop_run_ready(rig.loop);
	}
	return false;
}

// Frames as a bus might see them.
static void
pass_frames(struct cursor *c)
{
	while (cursor_ok(c) && cursor_left(c) >= 4) {
		uint8_t pdu[PDU_MOST], what = cursor_u8(c), bits = cursor_u8(c);
		size_t n = cursor_u8(c) % sizeof(pdu);
		struct bus_frame f = { .kind = (enum bus_frame_kind)(what % 8),
			.mono_ms = loop_now_ms(rig.loop),
			.unit = cursor_u8(c),
			.numbered = bits & 1,
			.alone = bits & 2,
			.transaction = bits,
			.code = "port-gone" };
		const struct bus_tap *tap = rig.tap[bits >> 2 & 1];

		n = n < cursor_left(c) ? n : cursor_left(c);
		for (size_t i = 0; i < n; i++)
			pdu[i] = cursor_u8(c);
		f.pdu = pdu;
		f.n = n > 0 ? n : 1;
		pdu[0] = n > 0 ? pdu[0] : 3;
		if (f.kind <= BUS_LINK_LOST && tap != NULL)
			tap->frame(tap->ctx, &f);
	}
	loop_run_ready(rig.loop);
}

static void
check_answer(const struct buf *answer, bool closed)
{
	wr_assert(answer->len == 0 || answer->data[0] == '{');
	for (size_t i = 0; i < answer->len; i++)
		wr_assert((answer->data[i] >= ' ' && answer->data[i] <= '~') ||
			  answer->data[i] == '\n');
	if (closed && answer->len > 0)
		wr_assert(answer->data[answer->len - 1] == '\n');
}

// Lets the patience of whoever has not asked run out.
static void
wait_for_patience(void)
{
	loop_timer_in(rig.loop, &rig.stop, CONTROL_PATIENCE_MS + 1);
	wr_assert(loop_run(rig.loop) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_new(data, size);
	struct buf answer = { 0 };
	size_t part, n;
	bool closed;
	int fd;

	if (size < 3 || size > INPUT_MOST)
		return 0;
	if (rig.loop == NULL)
		set_up();
	part = cursor_u8(&c);
	n = cursor_u8(&c) * 2U;
	n = n < size - 2 ? n : size - 2;
	part = part < n ? part : n;
	fd = dial();
	(void)send(fd, data + 2, part, MSG_NOSIGNAL);
	loop_run_ready(rig.loop);
	(void)send(fd, data + 2 + part, n - part, MSG_NOSIGNAL);
	loop_run_ready(rig.loop);
	cursor_skip(&c, n);
	pass_frames(&c);
	closed = listen_to(fd, &answer);
	if (!closed && rig.tap[0] == NULL && rig.tap[1] == NULL) {
		wait_for_patience();
		closed = listen_to(fd, &answer);
		wr_assert(closed);
	}
	check_answer(&answer, closed);
	(void)close(fd);
	loop_run_ready(rig.loop);
	wr_assert(rig.tap[0] == NULL && rig.tap[1] == NULL);
	buf_free(&answer);
	return 0;
}
