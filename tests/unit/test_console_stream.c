// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The live stream: what a console gets at first, what it gets when it comes back, what
// happens to one that does not read. Time is virtual and moves when a test says so.
#include <sys/socket.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "console/guard.h"
#include "console/ring.h"
#include "console/sse.h"
#include "console_fixture.h"
#include "lib/mem.h"
#include "test.h"

static void
expect_event(struct sse_reader *r, const char *event, const char *id, const char *part)
{
	struct sse_event e;

	if (!sse_next(r, &e))
		fail_msg("no %s came", event);
	assert_string_equal(e.event, event);
	assert_string_equal(e.id, id);
	if (part != NULL && strstr(e.data, part) == NULL)
		fail_msg("no %s in %s", part, e.data);
	expect_strict_json(e.data);
	free(e.data);
}

// Takes the first snapshot and the health message that each opening brings.
static struct sse_reader
open_fresh(struct fixture *f, const char *query)
{
	struct sse_reader r = fixture_stream(f, query, "");
	struct sse_event e;

	assert_true(sse_next(&r, &e));
	assert_string_equal(e.event, "state");
	free(e.data);
	pass(f, SSE_HEALTH_EVERY_MS);
	assert_true(sse_next_of(&r, "health", &e));
	free(e.data);
	return r;
}

static void
test_first_item_is_the_state(void **state)
{
	struct fixture *f = *state;

	push_event(f, 5);
	struct sse_reader r = fixture_stream(f, "", "");
	struct sse_event e;
	assert_true(sse_next(&r, &e));
	assert_string_equal(e.event, "state");
	assert_string_equal(e.id, "7-5");
	// It is what GET /state says, with this console's own head.
	assert_non_null(
	    strstr(e.data, "{\"time\":\"2026-01-02T03:04:05.678Z\","
			   "\"session\":null,\"desk\":true,\"id\":\"7-5\","));
	assert_non_null(strstr(e.data, "\"alarms_total\":2"));
	assert_int_equal(e.data[strlen(e.data) - 1], '}');
	free(e.data);
	sse_reader_free(&r);
}

static void
test_items_come_in_order_with_the_number_of_their_event(void **state)
{
	struct fixture *f = *state;
	struct sse_reader r = open_fresh(f, "");

	push_event(f, 5);
	console_push_alarm(f->console, &f->daemon.alarms[0]);
	console_push_durable(f->console, 5, 42);
	expect_event(&r, "journal", "7-5", "{\"n\":5,\"seq\":null,");
	expect_event(&r, "alarm", "7-5", "\"seq\":null");
	expect_event(&r, "durable", "7-5", "{\"n\":5,\"seq\":42}");
	sse_reader_free(&r);
}

// What changes several times in one round of the loop is one item, made when all is
// said; and who comes back gets it again.
static void
test_rules_are_items_once_a_round(void **state)
{
	struct fixture *f = *state;
	struct sse_reader r = open_fresh(f, "");

	console_push_point(f->console, 1);
	push_event(f, 5);
	console_push_patrol(f->console, 0);
	console_push_point(f->console, 1);
	expect_event(&r, "journal", "7-5", NULL);
	expect_event(&r, "point", "7-5",
	    "{\"id\":\"hydrant-main\",\"place\":{\"zh\":\"泵房\","
	    "\"en\":\"Pump room\"},");
	expect_event(&r, "patrol", "7-5", "{\"patrol\":0}");
	push_event(f, 6);
	expect_event(&r, "journal", "7-6", NULL);
	sse_reader_free(&r);
	r = fixture_stream(f, "", "Last-Event-ID: 7-5\r\n");
	expect_event(&r, "point", "7-5", NULL);
	expect_event(&r, "patrol", "7-5", NULL);
	sse_reader_free(&r);
}

static void
test_event_object_is_complete(void **state)
{
	struct fixture *f = *state;
	struct sse_reader r = open_fresh(f, "");
	struct sse_event e;

	push_event(f, 5);
	assert_true(sse_next(&r, &e));
	assert_string_equal(e.data,
	    "{\"n\":5,\"seq\":null,\"epoch\":null,\"time\":\"2026-01-02T03:04:05."
	    "678Z\","
	    "\"mono_ms\":0,\"boot_id\":null,\"clock_quality\":\"unknown\","
	    "\"kind\":\"alarm.onset\",\"point\":\"fap1-d-1-5\","
	    "\"place\":{\"zh\":\"\",\"en\":\"\"},\"condition\":null,\"code\":null,"
	    "\"occurrence\":null,\"incident\":null,\"class\":null,\"actor\":null,"
	    "\"value\":null,\"quality\":null,\"params\":{\"limit\":3},"
	    "\"not_before\":null,\"device_time\":null,\"cause_seq\":null,"
	    "\"config_rev\":\"0123456789abcdef\",\"hash\":null}");
	free(e.data);
	sse_reader_free(&r);
}

static void
test_coming_back_replays_what_was_missed(void **state)
{
	struct fixture *f = *state;
	struct sse_reader r = open_fresh(f, "");

	push_event(f, 1);
	expect_event(&r, "journal", "7-1", NULL);
	sse_reader_free(&r);
	push_event(f, 2);
	console_push_alarm(f->console, &f->daemon.alarms[0]);
	push_event(f, 3);
	r = fixture_stream(f, "", "Last-Event-ID: 7-1\r\n");
	expect_event(&r, "journal", "7-2", NULL);
	expect_event(&r, "alarm", "7-2", NULL);
	expect_event(&r, "journal", "7-3", NULL);
	// Health is not kept: the present one comes.
	pass(f, SSE_HEALTH_EVERY_MS);
	struct sse_event e;
	assert_true(sse_next(&r, &e));
	assert_string_equal(e.event, "health");
	free(e.data);
	sse_reader_free(&r);
	// The same by parameter; the header is the newer word.
	r = fixture_stream(f, "?last=7-2", "");
	expect_event(&r, "alarm", "7-2", NULL);
	sse_reader_free(&r);
	r = fixture_stream(f, "?last=7-1", "Last-Event-ID: 7-2\r\n");
	expect_event(&r, "alarm", "7-2", NULL);
	sse_reader_free(&r);
}

static void
test_coming_back_from_elsewhere_gets_the_state(void **state)
{
	static const char *const from[] = { "?last=6-1", "?last=7-99", "?last=7-",
		"?last=x", "?last=7-1x", "?last=77-1",
		"?last=7-99999999999999999999999" };
	struct fixture *f = *state;

	push_event(f, 1);
	push_event(f, 2);
	for (size_t i = 0; i < ARRAY_LEN(from); i++) {
		struct sse_reader r = fixture_stream(f, from[i], "");
		expect_event(&r, "state", "7-2", NULL);
		sse_reader_free(&r);
	}
}

static void
test_coming_back_too_late_gets_the_state(void **state)
{
	struct fixture *f = *state;

	for (uint64_t n = 1; n <= RING_ITEMS + 5; n++)
		push_event(f, n);
	// Numbers 1 to 5 are gone; after 5 everything is there.
	struct sse_reader r = fixture_stream(f, "?last=7-4", "");
	expect_event(&r, "state", "7-4101", NULL);
	sse_reader_free(&r);
	r = fixture_stream(f, "?last=7-5", "");
	expect_event(&r, "journal", "7-6", NULL);
	sse_reader_free(&r);
}

static void
test_heartbeat_every_two_seconds(void **state)
{
	struct fixture *f = *state;
	struct sse_reader r = open_fresh(f, "");

	push_event(f, 9);
	expect_event(&r, "journal", "7-9", NULL);
	for (int i = 0; i < 3; i++) {
		pass(f, i == 0 ? SSE_BEAT_MS - SSE_HEALTH_EVERY_MS : SSE_BEAT_MS);
		expect_event(&r, "hb", "", "\"n\":9}");
	}
	assert_int_equal(r.text.len, 0);
	sse_reader_free(&r);
}

static void
test_health_is_merged(void **state)
{
	struct fixture *f = *state;
	struct sse_reader r = open_fresh(f, "");
	struct sse_event e;
	unsigned n = 0;

	for (int i = 0; i < 50; i++) {
		f->daemon.health.notices_owed++;
		console_push_health(f->console);
		pass(f, 20);
	}
	pass(f, SSE_HEALTH_EVERY_MS);
	push_event(f, 1); // marks the end
	for (;;) {
		assert_true(sse_next(&r, &e));
		bool end = strcmp(e.event, "journal") == 0;
		n += strcmp(e.event, "health") == 0;
		if (strcmp(e.event, "health") == 0) {
			assert_string_equal(e.id, "7-0");
			assert_non_null(strstr(e.data, "{\"counters\":{\"fire\""));
			assert_non_null(strstr(e.data, "\"readings\":["));
		}
		free(e.data);
		if (end)
			break;
	}
	// A second and a half: 50 changes, at most one message in 500 ms.
	assert_in_range(n, 2, 4);
	sse_reader_free(&r);
}

static void
test_snapshot_is_shared_for_100_ms(void **state)
{
	struct fixture *f = *state;

	f->daemon.health.notices_owed = 1;
	expect(ask(f, "GET /api/v1/state", "", NULL), 200, "\"notices_owed\":1");
	f->daemon.health.notices_owed = 2;
	console_push_health(f->console);
	expect(ask(f, "GET /api/v1/state", "", NULL), 200, "\"notices_owed\":1");
	pass(f, 100);
	expect(ask(f, "GET /api/v1/state", "", NULL), 200, "\"notices_owed\":2");
}

static void
test_old_snapshot_is_followed_by_what_it_lacks(void **state)
{
	struct fixture *f = *state;

	push_event(f, 1);
	expect(ask(f, "GET /api/v1/state", "", NULL), 200, "\"id\":\"7-1\"");
	push_event(f, 2); // the cached snapshot does not have it
	struct sse_reader r = fixture_stream(f, "", "");
	expect_event(&r, "state", "7-1", NULL);
	expect_event(&r, "journal", "7-2", NULL);
	sse_reader_free(&r);
}

// In a storm the ring turns over sooner than a snapshot grows old: the shared one then
// stands for a place that is gone, and a new one must be made.
static void
test_I2_storm_between_two_snapshots_ends_nothing(void **state)
{
	struct fixture *f = *state;

	expect(ask(f, "GET /api/v1/state", "", NULL), 200, "\"id\":\"7-0\"");
	for (uint64_t n = 1; n <= RING_ITEMS + 5; n++)
		push_event(f, n); // in no time
	struct sse_reader r = fixture_stream(f, "", "");
	expect_event(&r, "state", "7-4101", NULL);
	push_event(f, RING_ITEMS + 6);
	expect_event(&r, "journal", "7-4102", NULL);
	sse_reader_free(&r);
}

// --- readers that do not read -----------------------------------------------------

static struct sse_reader
open_narrow(struct fixture *f)
{
	struct sse_reader r = fixture_stream(f, "", "");
	int size = 65536;

	assert_int_equal(
	    setsockopt(r.client->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	turn_until(f, f->daemon.consoles >= 1);
	return r;
}

static uint64_t
push_many(struct fixture *f, uint64_t from, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		push_event(f, from + i);
		if (i % 64 == 0)
			loop_run_ready(f->loop);
	}
	loop_run_ready(f->loop);
	return from + n;
}

static void
test_reader_that_never_reads_is_cut_and_others_are_not(void **state)
{
	struct fixture *f = *state;
	struct sse_reader good = open_fresh(f, "");
	struct sse_reader bad = open_narrow(f);

	turn_until(f, f->daemon.consoles == 2);
	// Far more than the socket and 64 KiB hold.
	uint64_t n = 1;
	for (int i = 0; i < 8; i++) {
		n = push_many(f, n, 200);
		for (uint64_t k = n - 200; k < n; k++) {
			char id[24];
			(void)snprintf(id, sizeof(id), "7-%u", (unsigned)k);
			expect_event(&good, "journal", id, NULL);
		}
	}
	assert_int_equal(f->daemon.consoles, 2);
	for (int i = 0; i <= SSE_STALL_BEATS + 1; i++)
		pass(f, SSE_BEAT_MS);
	assert_int_equal(f->daemon.consoles, 1);
	// It reads what is left, sees the end and goes on from there without a loss.
	struct sse_event e;
	char last[64] = "";
	while (sse_next(&bad, &e)) {
		if (e.id[0] != '\0')
			assert_true(str_copy(last, sizeof(last), e.id));
		free(e.data);
	}
	assert_true(bad.client->closed);
	sse_reader_free(&bad);
	char query[80], next[64];
	(void)snprintf(query, sizeof(query), "?last=%s", last);
	(void)snprintf(next, sizeof(next), "7-%d", (int)strtol(last + 2, NULL, 10) + 1);
	bad = fixture_stream(f, query, "");
	expect_event(&bad, "journal", next, NULL);
	sse_reader_free(&bad);
	sse_reader_free(&good);
}

static size_t
in_use(void)
{
	return mallinfo2().uordblks;
}

static void
test_reader_that_never_reads_holds_little(void **state)
{
	struct fixture *f = *state;

	(void)push_many(f, 1, RING_ITEMS); // the ring is full and stays so
	struct sse_reader bad[20];
	for (int i = 0; i < 20; i++)
		bad[i] = open_narrow(f);
	turn_until(f, f->daemon.consoles == 20);
	size_t before = in_use();
	(void)push_many(f, RING_ITEMS + 1, 3 * RING_ITEMS);
	size_t after = in_use();
	// Shared bytes of overtaken items stay alive while they are queued: 64 KiB of
	// them for all, and a chain of small headers each. Without the cap it would be
	// 150 MiB.
	if (after > before && after - before > 20 * 2 * (size_t)SSE_OUTPUT_MAX)
		fail_msg("%zu bytes more", after - before);
	for (int i = 0; i < 20; i++)
		sse_reader_free(&bad[i]);
}

static void
test_reader_that_is_overtaken_gets_the_state(void **state)
{
	struct fixture *f = *state;
	struct sse_reader r = open_narrow(f);
	struct sse_event e;
	bool fresh = false;

	expect_event(&r, "state", "7-0", NULL);
	uint64_t n = push_many(f, 1, 3 * RING_ITEMS);
	uint64_t last = 0;
	while (last != n - 1) {
		if (!sse_next(&r, &e))
			fail_msg("nothing after 7-%u", (unsigned)last);
		uint64_t id = e.id[0] != '\0' ? strtoull(e.id + 2, NULL, 10) : last;
		bool is_state = strcmp(e.event, "state") == 0;
		// Without a gap, but for where a snapshot stands for all that was
		// missed.
		if (strcmp(e.event, "journal") == 0)
			assert_int_equal(id, last + 1);
		fresh = fresh || is_state;
		last = id;
		free(e.data);
		pass(f, 1);
	}
	assert_true(fresh);
	assert_int_equal(f->daemon.consoles, 1); // never cut
	sse_reader_free(&r);
}

// --- consoles ---------------------------------------------------------------------

static void
say_sound(struct fixture *f, const char *id, bool can)
{
	char target[80];

	(void)snprintf(target, sizeof(target), "POST /api/v1/consoles/%s/sound", id);
	expect(ask(f, target, "X-Watchroom: 1\r\n",
		   can ? "{\"can_sound\":true}" : "{\"can_sound\":false}"),
	    200, "{}");
}

static void
test_I9_a_console_sounds_while_its_stream_is_open(void **state)
{
	struct fixture *f = *state;

	say_sound(f, "desk-1", true);
	assert_string_equal(f->daemon.sound, "desk-1 true");
	assert_int_equal(f->daemon.sounding, 0); // said so, but is not there
	struct sse_reader a = open_fresh(f, "?console=desk-1");
	assert_int_equal(f->daemon.consoles, 1);
	assert_int_equal(f->daemon.sounding, 1);
	struct sse_reader b = open_fresh(f, "?console=desk-2");
	assert_int_equal(f->daemon.consoles, 2);
	assert_int_equal(f->daemon.sounding, 1);
	say_sound(f, "desk-2", true);
	assert_int_equal(f->daemon.sounding, 2);
	say_sound(f, "desk-1", false);
	assert_int_equal(f->daemon.sounding, 1);
	unsigned told = f->daemon.told;
	say_sound(f, "desk-1", false); // nothing new
	assert_int_equal(f->daemon.told, told);
	assert_int_equal(f->daemon.sounds, 3);
	sse_reader_free(&b);
	turn_until(f, f->daemon.consoles == 1);
	assert_int_equal(f->daemon.sounding, 0);
	sse_reader_free(&a);
	turn_until(f, f->daemon.consoles == 0);
}

static void
test_console_ids_are_plain(void **state)
{
	struct fixture *f = *state;

	expect(
	    ask(f, "GET /api/v1/stream?console=a%20b", "", NULL), 400, "\"console\"");
	expect(ask(f, "GET /api/v1/stream?console=", "", NULL), 400, "\"console\"");
	expect(ask(f, "POST /api/v1/consoles/a%20b/sound", "X-Watchroom: 1\r\n",
		   "{\"can_sound\":true}"),
	    404, NULL);
	expect(ask(f, "POST /api/v1/consoles/a/sound", "X-Watchroom: 1\r\n",
		   "{\"can_sound\":\"yes\"}"),
	    400, "\"can_sound\"");
}

static void
test_stream_of_a_session_ends_with_it(void **state)
{
	struct fixture *f = *state;
	char session[400], headers[500];

	log_in(f, "wang", "1234", session);
	f->daemon.site.accept_plain_http = "a cable of our own";
	(void)snprintf(
	    headers, sizeof(headers), "%sX-Forwarded-For: 1.2.3.4\r\n", session);
	struct sse_reader r = fixture_stream(f, "", headers);
	expect_event(&r, "state", "7-0", "\"session\":{\"user\":\"wang\"");
	pass(f, SSE_BEAT_MS);
	assert_int_equal(f->daemon.consoles, 1);
	expect(ask(f, "DELETE /api/v1/session", session, NULL), 204, NULL);
	pass(f, SSE_BEAT_MS);
	assert_int_equal(f->daemon.consoles, 0);
	assert_true(client_ends(r.client));
	sse_reader_free(&r);
}

static void
in_and_out(struct fixture *f, unsigned n)
{
	struct client **list = xcalloc(n, sizeof(*list));

	for (unsigned i = 0; i < n; i++) {
		list[i] = fixture_connect(f, NULL);
		client_say(
		    list[i], "GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
	}
	turn_until(f, f->daemon.consoles == n);
	push_event(f, 1);
	loop_run_ready(f->loop);
	for (unsigned i = 0; i < n; i++)
		client_close(list[i]);
	turn_until(f, f->daemon.consoles == 0);
	free(list);
}

static size_t
resident(void)
{
	FILE *in = fopen("/proc/self/statm", "r");
	char line[120] = "", *rest;

	assert_non_null(in);
	assert_non_null(fgets(line, sizeof(line), in));
	(void)fclose(in);
	(void)strtoul(line, &rest, 10); // size; the resident pages follow
	return strtoul(rest, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

static void
test_300_consoles_in_and_out_leave_nothing(void **state)
{
	struct fixture *f = *state;

	in_and_out(f, 300);
	in_and_out(f, 300);
	size_t before = resident();
	for (int i = 0; i < 4; i++)
		in_and_out(f, 300);
	size_t after = resident();
	// Sanitizers keep freed memory; leaks show at the end of the address
	// sanitizer's run.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	const char *preload = getenv("LD_PRELOAD"); // valgrind keeps it too
	if (preload != NULL && strstr(preload, "vgpreload") != NULL)
		print_message("memory is not judged under valgrind\n");
	else if (after > before + 512 * 1024)
		fail_msg("%zu bytes more", after - before);
#endif
	assert_true(before > 0 && after > 0);
}

int
main(void)
{
#define T(f) \
  cmocka_unit_test_setup_teardown(f, console_set_up_virtual, console_tear_down)
	const struct CMUnitTest tests[] = {
		T(test_first_item_is_the_state),
		T(test_items_come_in_order_with_the_number_of_their_event),
		T(test_rules_are_items_once_a_round),
		T(test_event_object_is_complete),
		T(test_coming_back_replays_what_was_missed),
		T(test_coming_back_from_elsewhere_gets_the_state),
		T(test_coming_back_too_late_gets_the_state),
		T(test_heartbeat_every_two_seconds),
		T(test_health_is_merged),
		T(test_snapshot_is_shared_for_100_ms),
		T(test_old_snapshot_is_followed_by_what_it_lacks),
		T(test_I2_storm_between_two_snapshots_ends_nothing),
		T(test_reader_that_never_reads_is_cut_and_others_are_not),
		T(test_reader_that_never_reads_holds_little),
		T(test_reader_that_is_overtaken_gets_the_state),
		T(test_I9_a_console_sounds_while_its_stream_is_open),
		T(test_console_ids_are_plain),
		T(test_stream_of_a_session_ends_with_it),
		T(test_300_consoles_in_and_out_leave_nothing),
	};
#undef T
	return cmocka_run_group_tests(tests, console_group_set_up, NULL);
}
