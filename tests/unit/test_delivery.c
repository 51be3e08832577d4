// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The delivery thread against a real HTTP peer that behaves well and badly: each notice
// brings the receipts it should, one hanging target delays nobody (I9), no receipt is
// lost to a full mailbox, and stopping does not wait. Run it under the address and the
// thread sanitizer. Real time, by condition with a deadline.
#include <sys/socket.h>

#include <arpa/inet.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "channels/delivery.h"
#include "channels/message.h"
#include "http_sink.h"
#include "lib/mem.h"
#include "test.h"

enum {
	DEADLINE_MS = 60000,
	CHANNELS_MAX = 8,
	RECEIPTS_KEPT = 30000,
	// Of an endless reply: our limit and what the sockets hold.
	REPLY_BOUND = 32 << 20
};

struct rig {
	struct http_sink *sink;
	struct loop *loop;
	struct loop_timer deadline;
	struct channel_def channels[CHANNELS_MAX];
	char *urls[CHANNELS_MAX];
	struct site site;
	struct delivery *delivery;
	struct receipt *receipts;
	size_t n_receipts;
	size_t wanted; // the loop stops at this many
	bool late;
};

static void
on_receipt(void *ctx, const struct receipt *r)
{
	struct rig *g = ctx;
	assert_true(g->n_receipts < RECEIPTS_KEPT);
	g->receipts[g->n_receipts++] = *r;
	if (r->settle)
		delivery_settled(g->delivery, r->channel, r->notice_id);
	if (g->n_receipts == g->wanted)
		loop_stop(g->loop);
}

static void
on_deadline(void *arg)
{
	struct rig *g = arg;
	g->late = true;
	loop_stop(g->loop);
}

static int
setup(void **state)
{
	struct rig *g = xcalloc(1, sizeof *g);
	g->sink = http_sink_start();
	g->loop = loop_new(clock_real());
	g->receipts = xcalloc(RECEIPTS_KEPT, sizeof g->receipts[0]);
	loop_timer_init(&g->deadline, on_deadline, g);
	g->site.id = "tower-a";
	g->site.name_zh = "科技大厦";
	g->site.name_en = "Tower A";
	g->site.channels = g->channels;
	*state = g;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *g = *state;
	delivery_stop(g->delivery);
	for (uint16_t i = 0; i < g->site.n_channels; i++)
		free(g->urls[i]);
	loop_timer_stop(g->loop, &g->deadline);
	loop_free(g->loop);
	http_sink_stop(g->sink);
	free(g->receipts);
	free(g);
	return 0;
}

// Takes the URL over.
static struct channel_def *
add_channel(struct rig *g, const char *id, char *url)
{
	g->urls[g->site.n_channels] = url;
	struct channel_def *c = &g->channels[g->site.n_channels++];
	*c = (struct channel_def){
		.id = id, .url = url, .timeout_ms = DEADLINE_MS, .give_up_ms = 86400000
	};
	return c;
}

static struct channel_def *
add_path(struct rig *g, const char *id, const char *path)
{
	return add_channel(g, id, http_sink_url(g->sink, path));
}

static void
start(struct rig *g)
{
	const struct delivery_host host = { .ctx = g, .receipt = on_receipt };
	g->delivery = delivery_start(&g->site, g->loop, &host);
}

static struct notice
notice(const char *id, const char *channel)
{
	struct notice n = { .saved = true };
	n.created_utc_ms = clock_real()->utc_ms(clock_real());
	(void)str_copy(n.id, sizeof n.id, id);
	(void)str_copy(n.channel, sizeof n.channel, channel);
	(void)str_copy(n.ladder, sizeof n.ladder, "fire-ladder");
	struct event *e = &n.subject;
	event_init(e, EVENT_ALARM_ONSET);
	e->alarm_class = CLASS_FIRE;
	e->condition = COND_FIRE;
	e->time_utc_ms = n.created_utc_ms;
	e->quality = QUALITY_GOOD;
	(void)str_copy(e->point, sizeof e->point, "fap1-d-1-5");
	(void)str_copy(e->place_zh, sizeof e->place_zh, "五层走廊");
	(void)str_copy(e->place_en, sizeof e->place_en, "Corridor, floor 5");
	(void)str_copy(e->code, sizeof e->code, "fire/smoke");
	(void)str_copy(e->occurrence_id, sizeof e->occurrence_id, "7-12");
	(void)str_copy(e->incident_id, sizeof e->incident_id, "7-11");
	return n;
}

static void
send_one(struct rig *g, const char *id, const char *channel)
{
	struct notice n = notice(id, channel);
	assert_int_equal(delivery_send(g->delivery, &n), 0);
}

static void
wait_receipts(struct rig *g, size_t n)
{
	if (g->n_receipts >= n)
		return;
	g->wanted = n;
	g->late = false;
	loop_timer_in(g->loop, &g->deadline, DEADLINE_MS);
	assert_int_equal(loop_run(g->loop), 0);
	if (g->late)
		fail_msg("%zu of %zu receipts", g->n_receipts, n);
}

// Turns the loop until the sink has seen `n` requests of a path.
static void
wait_requests(struct rig *g, const char *path, size_t n)
{
	int64_t until = loop_now_ms(g->loop) + DEADLINE_MS;
	while (http_sink_count(g->sink, path) < n) {
		assert_true(loop_now_ms(g->loop) < until);
		loop_run_ready(g->loop);
	}
}

static const struct receipt *
receipt_of(const struct rig *g, const char *id, size_t index)
{
	for (size_t i = 0; i < g->n_receipts; i++)
		if (strcmp(g->receipts[i].notice_id, id) == 0 && index-- == 0)
			return &g->receipts[i];
	print_error("no such receipt of %s\n", id);
	abort();
}

static void
expect(const struct rig *g, const char *id, size_t index, enum notice_state state,
    unsigned attempts, int status)
{
	const struct receipt *r = receipt_of(g, id, index);
	assert_int_equal(r->state, state);
	assert_int_equal(r->attempts, attempts);
	assert_int_equal(r->status, status);
	assert_true(r->at_utc_ms > 0);
	assert_true(strlen(r->detail) > 0);
	assert_int_equal(r->next_utc_ms != 0, state == NOTICE_OWED);
}

// A loopback port that refuses connections: bound, never listening.
static char *
refusing_url(int *fd)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(*fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(*fd, (struct sockaddr *)&a, &len), 0);
	return xasprintf("http://127.0.0.1:%u/", ntohs(a.sin_port));
}

static void
each_answer_brings_its_receipts(void **state)
{
	struct rig *g = *state;
	int refusing;
	add_path(g, "ok", "/ok");
	add_path(g, "flaky", "/flaky");
	add_path(g, "gone", "/gone");
	add_path(g, "moved", "/moved");
	add_path(g, "flood", "/flood");
	add_channel(g, "refuse", refusing_url(&refusing))->give_up_ms = 500;
	add_channel(g, "ftp", xstrdup("ftp://127.0.0.1/"));
	start(g);
	for (uint16_t i = 0; i < g->site.n_channels; i++)
		send_one(g, g->channels[i].id, g->channels[i].id);
	wait_receipts(g, 9);
	expect(g, "ok", 0, NOTICE_DELIVERED, 1, 200);
	expect(g, "flaky", 0, NOTICE_OWED, 1, 500);
	expect(g, "flaky", 1, NOTICE_DELIVERED, 3, 200);
	expect(g, "gone", 0, NOTICE_FAILED, 1, 404);
	expect(g, "moved", 0, NOTICE_FAILED, 1, 302);
	expect(g, "flood", 0, NOTICE_DELIVERED, 1, 200);
	expect(g, "refuse", 0, NOTICE_OWED, 1, 0);
	expect(g, "refuse", 1, NOTICE_FAILED, 2, 0);
	expect(g, "ftp", 0, NOTICE_FAILED, 1, 0);
	assert_int_equal(g->n_receipts, 9);
	assert_int_equal(http_sink_count(g->sink, "/ok"), 1); // no redirect followed
	assert_true(http_sink_flooded(g->sink) < REPLY_BOUND);
	(void)close(refusing);
}

static void
no_answer_is_tried_again_with_the_same_key(void **state)
{
	struct rig *g = *state;
	add_path(g, "silent", "/never")->timeout_ms = 300;
	start(g);
	send_one(g, "7-99", "silent");
	wait_requests(g, "/never", 2);
	wait_receipts(g, 1);
	expect(g, "7-99", 0, NOTICE_OWED, 1, 0);
	for (size_t i = 0; i < 2; i++) {
		char *request = http_sink_request(g->sink, "/never", i);
		assert_non_null(request);
		assert_non_null(strstr(request, "\r\nIdempotency-Key: 7-99\r\n"));
		json_error_t e;
		json_t *m = json_loads(strstr(request, "\r\n\r\n"), 0, &e);
		assert_non_null(m);
		assert_int_equal(json_is_true(json_object_get(m, "repeated")), i == 1);
		json_decref(m);
		free(request);
	}
}

static double
seconds(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
i9_a_hanging_target_delays_nobody_and_stopping_does_not_wait(void **state)
{
	struct rig *g = *state;
	add_path(g, "hangs", "/never");
	add_path(g, "works", "/ok");
	start(g);
	char id[16];
	double from = seconds();
	for (int i = 0; i < 200; i++) {
		(void)snprintf(id, sizeof id, "h%d", i);
		send_one(g, id, "hangs");
		(void)snprintf(id, sizeof id, "w%d", i);
		send_one(g, id, "works");
	}
	wait_receipts(g, 200);
	for (size_t i = 0; i < 200; i++) {
		assert_string_equal(g->receipts[i].channel, "works");
		assert_int_equal(g->receipts[i].state, NOTICE_DELIVERED);
	}
	wait_requests(g, "/never", 1);
	assert_int_equal(http_sink_count(g->sink, "/never"), 1); // one on its way
	delivery_stop(g->delivery);
	g->delivery = NULL;
	assert_int_equal(g->n_receipts, 200); // the hanging ones stay owed
	assert_true(
	    seconds() - from < DEADLINE_MS / 1000.0 / 2); // far from their time-out
}

static void
a_cancelled_notice_does_not_go_out(void **state)
{
	struct rig *g = *state;
	add_path(g, "hangs", "/never")->timeout_ms = 1000;
	start(g);
	send_one(g, "0", "hangs");
	send_one(g, "1", "hangs");
	send_one(g, "5", "hangs");
	wait_requests(g, "/never", 1);
	delivery_cancel(g->delivery, "0"); // on its way
	delivery_cancel(g->delivery, "5"); // waiting
	delivery_cancel(g->delivery, "no such notice");
	wait_receipts(g, 3); // the third is the first failure of "1"
	expect(g, "0", 0, NOTICE_CANCELLED, 1, 0);
	expect(g, "5", 0, NOTICE_CANCELLED, 0, 0);
	expect(g, "1", 0, NOTICE_OWED, 1, 0);
	for (size_t i = 0; i < http_sink_count(g->sink, "/never"); i++) {
		char *request = http_sink_request(g->sink, "/never", i);
		assert_null(strstr(request, "Idempotency-Key: 5\r\n"));
		free(request);
	}
}

static int
by_number(const void *a, const void *b)
{
	long x = strtol(((const struct receipt *)a)->notice_id, NULL, 10);
	long y = strtol(((const struct receipt *)b)->notice_id, NULL, 10);
	return (x > y) - (x < y);
}

static void
a_full_mailbox_loses_no_receipt(void **state)
{
	struct rig *g = *state;
	enum {
		N = 20000
	}; // more than the receipts' mailbox holds
	add_path(g, "ok", "/ok");
	start(g);
	char id[16];
	double until = seconds() + DEADLINE_MS / 1000.0;
	for (int i = 0; i < N;) { // the main loop does not run meanwhile
		(void)snprintf(id, sizeof id, "%d", i);
		struct notice n = notice(id, "nobody");
		i += delivery_send(g->delivery, &n) == 0;
		assert_true(seconds() < until);
	}
	assert_int_equal(g->n_receipts, 0);
	wait_receipts(g, N);
	qsort(g->receipts, N, sizeof g->receipts[0], by_number);
	for (int i = 0; i < N; i++) {
		(void)snprintf(id, sizeof id, "%d", i);
		assert_string_equal(g->receipts[i].notice_id, id);
		assert_int_equal(g->receipts[i].state, NOTICE_FAILED);
		assert_string_equal(g->receipts[i].detail, "no such channel");
	}
}

static void
beyond_its_bound_it_says_no_and_cancels_still_work(void **state)
{
	struct rig *g = *state;
	enum {
		BOUND = 8192
	};
	add_path(g, "hangs", "/never");
	start(g);
	char id[16];
	int taken = 0;
	double until = seconds() + DEADLINE_MS / 1000.0;
	while (taken < BOUND) {
		(void)snprintf(id, sizeof id, "%d", taken);
		struct notice n = notice(id, "hangs");
		taken += delivery_send(g->delivery, &n) == 0;
		assert_true(seconds() < until);
	}
	struct notice n = notice("more", "hangs");
	assert_int_equal(delivery_send(g->delivery, &n), -1);
	wait_requests(g, "/never", 1);
	for (int i = 0; i < BOUND; i++) { // more than the mailbox takes at once
		(void)snprintf(id, sizeof id, "%d", i);
		delivery_cancel(g->delivery, id);
	}
	// All but the one on its way were taken back: there is room for as many.
	for (taken = 0; taken < BOUND - 1;) {
		taken += delivery_send(g->delivery, &n) == 0;
		loop_run_ready(g->loop);
		assert_true(seconds() < until);
	}
}

static void
i9_a_dead_channel_keeps_no_other_from_its_notices(void **state)
{
	struct rig *g = *state;
	struct notice n = notice("fault", "hangs");
	add_path(g, "hangs", "/never");
	add_path(g, "well", "/ok");
	start(g);
	n.subject.alarm_class = CLASS_FAULT;
	double until = seconds() + DEADLINE_MS / 1000.0;
	// Orders wait in a mailbox that is smaller: refused many times is refused.
	for (int refused = 0; refused < 1000;) {
		bool taken = delivery_send(g->delivery, &n) == 0;
		refused = taken ? 0 : refused + 1;
		if (!taken)
			(void)usleep(1000);
		assert_true(seconds() < until);
	}
	n = notice("fire", "hangs"); // has places of its own
	assert_int_equal(delivery_send(g->delivery, &n), 0);
	n = notice("other", "well");
	assert_int_equal(delivery_send(g->delivery, &n), 0);
	wait_receipts(g, 1);
	assert_string_equal(g->receipts[0].notice_id, "other");
	assert_int_equal(g->receipts[0].state, NOTICE_DELIVERED);
}

static void
the_message_is_as_documented(void **state)
{
	(void)state;
	struct site s = {
		.id = "tower-a", .name_zh = "科技大厦", .name_en = "Tower A"
	};
	struct point gauge = { .id = "hydrant-main", .kind = KIND_PRESSURE };
	s.n_points = 1;
	s.points = &gauge;
	struct notice n = notice("7-30", "duty-chat");
	n.round = 2;
	n.step = 1;
	n.saved = false;
	n.repeated = true;
	n.subject.time_utc_ms = INT64_C(1767323045678);
	n.subject.condition = COND_PROCESS;
	n.subject.alarm_class = CLASS_PROCESS;
	n.subject.value = 580.25;
	(void)str_copy(n.subject.point, ID_MAX, "hydrant-main");
	(void)str_copy(n.subject.code, CODE_MAX, "low");
	(void)str_copy(n.subject.place_en, PLACE_MAX, "a\"b\xFF");
	struct buf b = { 0 };
	message_json(&b, &s, &n);
	json_error_t e;
	json_t *m = json_loads(b.data, JSON_REJECT_DUPLICATES, &e);
	assert_non_null(m);
	const char *id, *class, *zh, *en, *raised, *unit, *site, *place;
	int step, round, repeated, saved, test;
	double value;
	json_t *seq;
	assert_int_equal(
	    json_unpack_ex(m, &e, 0,
		"{s:s,s:i,s:i,s:b,s:b,s:b,s:{s:s},s:{s:s,s:s,s:F,s:s,s:o,s:{s:s}},"
		"s:{s:s,s:s}}",
		"id", &id, "step", &step, "round", &round, "repeated", &repeated,
		"saved", &saved, "test", &test, "site", "id", &site, "alarm", "class",
		&class, "raised", &raised, "value", &value, "unit", &unit, "seq", &seq,
		"place", "en", &place, "text", "zh", &zh, "en", &en),
	    0);
	assert_string_equal(id, "7-30");
	assert_string_equal(class, "process");
	assert_string_equal(site, "tower-a");
	assert_string_equal(raised, "2026-01-02T03:04:05.678Z");
	assert_string_equal(unit, "kPa");
	assert_string_equal(place, "a\"b\xEF\xBF\xBD");
	assert_true(step == 1 && round == 2 && repeated && !saved && !test);
	assert_true(value > 580.24 && value < 580.26);
	assert_true(json_is_null(seq));
	static const char *const in_zh[] = { "工艺参数", "科技大厦", "五层走廊",
		"参数越限（低限） 0.580 MPa", "2026-01-02", "第 2 次提醒", "（未保存）",
		"（可能重复）", "hydrant-main" };
	static const char *const in_en[] = { "[Process] Tower A", "process value (low)",
		"0.580 MPa", "reminder 2", "(not saved)", "(may be a repeat)" };
	for (size_t i = 0; i < ARRAY_LEN(in_zh); i++)
		if (!strstr(zh, in_zh[i]))
			fail_msg("%s is not in %s", in_zh[i], zh);
	for (size_t i = 0; i < ARRAY_LEN(in_en); i++)
		if (!strstr(en, in_en[i]))
			fail_msg("%s is not in %s", in_en[i], en);
	assert_null(strchr(zh, '{'));
	json_decref(m);
	buf_free(&b);
}

static void
a_test_says_so(void **state)
{
	(void)state;
	struct site s = { .id = "t", .name_zh = "甲", .name_en = "A" };
	struct notice n = notice("7-31", "duty-chat");
	(void)str_copy(n.subject.params, PARAMS_MAX, "{\"test\":true}");
	struct buf b = { 0 };
	message_json(&b, &s, &n);
	assert_non_null(strstr(b.data, "\"test\":true"));
	assert_non_null(strstr(b.data, "【测试】【火警】"));
	buf_clear(&b);
	n.subject.params[0] = '\0';
	message_json(&b, &s, &n);
	assert_null(strstr(b.data, "\"test\":true"));
	assert_null(strstr(b.data, "【测试】"));
	buf_free(&b);
}

int
main(void)
{
	// A proxy of the machine must not stand between us and loopback.
	(void)setenv("no_proxy", "*", 1);
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(each_answer_brings_its_receipts),
		TEST(no_answer_is_tried_again_with_the_same_key),
		TEST(i9_a_hanging_target_delays_nobody_and_stopping_does_not_wait),
		TEST(a_cancelled_notice_does_not_go_out),
		TEST(a_full_mailbox_loses_no_receipt),
		TEST(beyond_its_bound_it_says_no_and_cancels_still_work),
		TEST(i9_a_dead_channel_keeps_no_other_from_its_notices),
		cmocka_unit_test(the_message_is_as_documented),
		cmocka_unit_test(a_test_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
