// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The control socket on a virtual clock: what a request is answered, bounds of clients,
// lines and buffers, and the frames of a bus as lines of a recording. A client that
// does not read holds up nobody, misses whole exchanges, and is told how many frames.

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "lib/mem.h"
#include "test.h"

enum {
	TEXT = 4 << 20,
	BACKLOG_FRAMES = 40000, // much more than all buffers hold
};

struct rig {
	char dir[64], path[96];
	struct clock clock;
	struct loop *loop;
	struct bus buses[2];
	struct site site;
	struct point point;
	struct control *control;
	const struct bus_tap *tap; // of bus 1
	unsigned listens;
	struct loop_timer stop;
};

static void
on_listen(void *ctx, uint16_t bus, const struct bus_tap *tap)
{
	struct rig *r = ctx;

	assert_int_equal(bus, 1);
	r->tap = tap;
	r->listens++;
}

static unsigned
on_decisions(void *ctx, uint32_t point, struct decision out[static DECISIONS_PER_POINT])
{
	(void)ctx;
	assert_int_equal(point, 0);
	out[0] = (struct decision){ DECISION_UNKNOWN, 17, COND_COUNT, "", (double)NAN };
	out[1] = (struct decision){ DECISION_ONSET, 18, COND_PROCESS, "low", 0.59 };
	return 2;
}

static int
set_up(void **state)
{
	struct rig *r = xcalloc(1, sizeof(*r));
	struct err err = { 0 };

	(void)snprintf(r->dir, sizeof(r->dir), "/tmp/test-control-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	(void)snprintf(r->path, sizeof(r->path), "%s/control", r->dir);
	r->buses[0] = (struct bus){ .id = "lan" };
	r->buses[1] = (struct bus){ .id = "line", .kind = BUS_MODBUS_RTU };
	r->site.n_buses = 2;
	r->point = (struct point){ .id = "p1" };
	r->site.n_points = 1;
	r->site.points = &r->point;
	r->site.buses = r->buses;
	(void)strcpy(r->site.revision, "0123456789abcdef");
	clock_virtual_init(&r->clock, 5000, 1764000000000);
	r->loop = loop_new(&r->clock);
	const struct control_host host = { r, &r->site, "0.1.0", on_listen,
		on_decisions };
	r->control = control_start(r->loop, &host, r->path, &err);
	assert_non_null(r->control);
	*state = r;
	return 0;
}

static int
tear_down(void **state)
{
	struct rig *r = *state;

	control_stop(r->control);
	assert_int_equal(access(r->path, F_OK), -1);
	loop_free(r->loop);
	(void)rmdir(r->dir);
	free(r);
	return 0;
}

static int
dial(const struct rig *r)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	assert_true(str_copy(at.sun_path, sizeof(at.sun_path), r->path));
	assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void
say(struct rig *r, int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	loop_run_ready(r->loop);
}

// Reads what there is, and what comes while it is read; true where it was closed.
static bool
listen_to(struct rig *r, int fd, char *text, size_t size)
{
	size_t len = strlen(text);
	bool closed = false;

	for (int quiet = 0; quiet < 3 && !closed;) {
		ssize_t n = recv(fd, text + len, size - len - 1, 0);

		closed = n == 0;
		quiet = n > 0 ? 0 : quiet + 1;
		len += n > 0 ? (size_t)n : 0;
		loop_run_ready(r->loop);
	}
	text[len] = '\0';
	return closed;
}

static void
assert_answer(struct rig *r, const char *request, const char *wanted)
{
	char text[1024] = "";
	int fd = dial(r);

	say(r, fd, request);
	assert_true(listen_to(r, fd, text, sizeof(text)));
	assert_non_null(strstr(text, wanted));
	(void)close(fd);
}

static void
frame(const struct rig *r, enum bus_frame_kind kind, bool alone, const char *bytes,
    size_t n)
{
	const struct bus_frame f = {
		.kind = kind,
		.mono_ms = loop_now_ms(r->loop),
		.unit = 3,
		.alone = alone,
		.pdu = (const uint8_t *)bytes,
		.n = n,
		.code = kind == BUS_LINK_LOST ? "port-gone" : NULL,
	};

	r->tap->frame(r->tap->ctx, &f);
}

static void
test_the_socket_is_for_owner_and_group(void **state)
{
	const struct rig *r = *state;
	struct stat st;

	assert_int_equal(stat(r->path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0660);
}

static void
test_decisions_are_lines(void **state)
{
	struct rig *r = *state;
	assert_answer(r, "decisions p1\n",
	    "{\"ok\":true,\"decisions\":2}\n17 unknown - - -\n"
	    "18 onset process low 0.59\n");
	assert_answer(r, "decisions p2\n", "\"code\":\"not_found\"");
}

static void
test_what_is_no_request_is_refused(void **state)
{
	struct rig *r = *state;
	char line[CONTROL_LINE_MAX + 1];

	assert_answer(r, "shoot\n", "\"code\":\"unknown_verb\"");
	assert_answer(r, "\n", "\"code\":\"unknown_verb\"");
	assert_answer(r, "record nowhere\n", "\"code\":\"not_found\"");
	assert_answer(r, "record\n", "\"code\":\"not_found\"");
	memset(line, 'x', sizeof(line));
	line[CONTROL_LINE_MAX] = '\0';
	assert_answer(r, line, "\"code\":\"too_long\"");
	assert_int_equal(r->listens, 0);
}

static void
on_stop(void *arg)
{
	loop_stop(((struct rig *)arg)->loop);
}

static void
test_a_client_that_asks_nothing_goes(void **state)
{
	struct rig *r = *state;
	char text[64] = "";
	int fd = dial(r);

	loop_run_ready(r->loop);
	assert_false(listen_to(r, fd, text, sizeof(text)));
	loop_timer_init(&r->stop, on_stop, r);
	loop_timer_in(r->loop, &r->stop, CONTROL_PATIENCE_MS + 1);
	assert_int_equal(loop_run(r->loop), 0);
	assert_true(listen_to(r, fd, text, sizeof(text)));
	(void)close(fd);
}

static void
test_one_too_many_is_told_so(void **state)
{
	struct rig *r = *state;
	int fds[CONTROL_CLIENTS_MAX];
	char text[256] = "";

	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		fds[i] = dial(r);
		say(r, fds[i], "record line\n");
	}
	assert_int_equal(r->listens, 1);
	int more = dial(r);
	loop_run_ready(r->loop);
	assert_true(listen_to(r, more, text, sizeof(text)));
	assert_non_null(strstr(text, "\"code\":\"busy\""));
	(void)close(more);
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
		(void)close(fds[i]);
	loop_run_ready(r->loop);
	assert_int_equal(r->listens, 2); // and nobody listens any more
	assert_null(r->tap);
	assert_answer(r, "record nowhere\n", "not_found"); // there is room again
}

static void
test_frames_are_lines_of_a_recording(void **state)
{
	struct rig *r = *state;
	static char text[4096];
	int fd = dial(r);

	text[0] = '\0';
	say(r, fd, "record line\n");
	assert_non_null(r->tap);
	clock_virtual_advance(&r->clock, 250);
	frame(r, BUS_ANSWER, false, "\x03\x02\x14\x00", 4); // to a request before it
	frame(r, BUS_REQUEST, true, "\x03\x00\x04\x00\x02", 5);
	frame(r, BUS_ANSWER, false, "\x03\x04\x02\xBC\x00\x01", 6);
	frame(r, BUS_REQUEST, true, "\x03\x00\x04\x00\x02", 5);
	frame(r, BUS_EXCEPTION, false, "\x83\x0B", 2);
	frame(r, BUS_REQUEST, true, "\x06\xB4\x53\x01\x02", 5);
	frame(r, BUS_ANSWER, false, "\x06\xB4\x53\x01\x02", 5);
	frame(r, BUS_REQUEST, true, "\x01\x00\x00\x00\x09", 5);
	frame(r, BUS_TIMEOUT, false, NULL, 0);
	frame(r, BUS_LINK_LOST, true, NULL, 0);
	frame(r, BUS_LINK_OPEN, true, NULL, 0);
	assert_false(listen_to(r, fd, text, sizeof(text)));
	const char *first = strchr(text, '\n');
	assert_non_null(first);
	assert_non_null(
	    strstr(text, "{\"ok\":true,\"bus\":\"line\",\"kind\":\"modbus_rtu\""));
	assert_non_null(strstr(text, "\"revision\":\"0123456789abcdef\""));
	assert_string_equal(first + 1, "     250 > 3 03 0004 0002\n"
				       "     250 < 3 03 04 02BC 0001\n"
				       "     250 > 3 03 0004 0002\n"
				       "     250 x 3 83 0B\n"
				       "     250 > 3 06 B453 0102\n"
				       "     250 < 3 06 B453 0102\n"
				       "     250 > 3 01 0000 0009\n"
				       "     250 ! 3 timeout\n"
				       "     250 ! link lost port-gone\n"
				       "     250 ! link open\n");
	(void)close(fd);
	loop_run_ready(r->loop);
}

static unsigned
count(const char *text, const char *what)
{
	unsigned n = 0;

	for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what))
		n++;
	return n;
}

static void
test_i1_a_client_that_does_not_read_misses_whole_exchanges(void **state)
{
	struct rig *r = *state;
	char *text = xcalloc(1, TEXT);
	int fd = dial(r), other = dial(r);
	unsigned missed;

	say(r, fd, "record line\n");
	say(r, other, "record line\n");
	for (int i = 0; i < BACKLOG_FRAMES / 2; i++) {
		frame(r, BUS_REQUEST, true, "\x03\x00\x04\x00\x02", 5);
		frame(r, BUS_ANSWER, false, "\x03\x04\x02\xBC\x00\x01", 6);
		if (i % 100 == 0) // one reads, one does not
			(void)listen_to(r, other, text, TEXT);
	}
	(void)listen_to(r, other, text, TEXT);
	assert_int_equal(count(text, " gap "), 0);
	assert_int_equal(count(text, " > 3 "), BACKLOG_FRAMES / 2);

	text[0] = '\0';
	(void)listen_to(r, fd, text, TEXT);
	frame(r, BUS_ANSWER, false, "\x03\x04\x02\xBC\x00\x01", 6); // not alone
	frame(r, BUS_REQUEST, true, "\x03\x00\x04\x00\x02", 5);
	frame(r, BUS_ANSWER, false, "\x03\x04\x02\xBC\x00\x01", 6);
	(void)listen_to(r, fd, text, TEXT);
	const char *gap = strstr(text, "! gap ");
	assert_non_null(gap);
	missed = (unsigned)strtoul(gap + strlen("! gap "), NULL, 10);
	assert_int_equal(count(text, " gap "), 1);
	assert_int_equal(
	    count(text, " > 3 ") + count(text, " < 3 ") + missed, BACKLOG_FRAMES + 3);
	assert_true(missed > BACKLOG_FRAMES / 4);
	// What follows begins with a request.
	assert_non_null(strstr(gap, "\n       0 > 3 03 0004 0002\n"));
	(void)close(fd);
	(void)close(other);
	loop_run_ready(r->loop);
	free(text);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_the_socket_is_for_owner_and_group),
		T(test_decisions_are_lines),
		T(test_what_is_no_request_is_refused),
		T(test_a_client_that_asks_nothing_goes),
		T(test_one_too_many_is_told_so),
		T(test_frames_are_lines_of_a_recording),
		T(test_i1_a_client_that_does_not_read_misses_whole_exchanges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
