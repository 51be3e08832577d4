// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A channel's queue over a virtual clock and a channel that does what the test says:
// order, places on the way, retries, giving up, cancelling, and the receipts of each.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channels/lane.h"
#include "core/ladder.h"
#include "lib/mem.h"
#include "test.h"

enum {
	SENT_MAX = 256,
	RECEIPTS_MAX = 256
};
static const int64_t start_utc = INT64_C(1767225600000);

struct sent {
	struct notice n;
	int64_t at_ms;
	channel_done *done;
	void *arg;
	bool answered;
};

struct rig {
	struct clock clock;
	struct loop *loop;
	struct loop_timer end;
	struct channel_def def;
	struct site site;
	struct lane *lane;
	struct sent sent[SENT_MAX];
	size_t n_sent;
	struct receipt receipts[RECEIPTS_MAX];
	size_t n_receipts;
	size_t left, closed;
	bool hold; // receipts do not become durable
};

static struct rig *rig; // the fake channel has no other way to find it

static bool
fake_takes(const struct channel_def *def)
{
	(void)def;
	return true;
}

static struct channel_instance *
fake_open(struct loop *loop, const struct site *site, uint16_t index)
{
	(void)loop;
	assert_ptr_equal(site, &rig->site);
	assert_int_equal(index, 0);
	return NULL; // the lane must not care
}

static void
fake_send(
    struct channel_instance *c, const struct notice *n, channel_done *done, void *arg)
{
	(void)c;
	assert_true(rig->n_sent < SENT_MAX);
	rig->sent[rig->n_sent++] = (struct sent){
		.n = *n, .at_ms = loop_now_ms(rig->loop), .done = done, .arg = arg
	};
}

static void
fake_close(struct channel_instance *c)
{
	(void)c;
	rig->closed++;
}

static const struct channel fake = {
	.name = "fake",
	.takes = fake_takes,
	.open = fake_open,
	.send = fake_send,
	.close = fake_close,
};

static void
on_receipt(void *ctx, const struct receipt *r)
{
	struct rig *g = ctx;
	assert_true(g->n_receipts < RECEIPTS_MAX);
	g->receipts[g->n_receipts++] = *r;
	if (r->settle && !g->hold)
		lane_settled(g->lane, r->notice_id);
}

static void
on_left(void *ctx)
{
	((struct rig *)ctx)->left++;
}

static void
on_end(void *arg)
{
	loop_stop(((struct rig *)arg)->loop);
}

static int
setup(void **state)
{
	rig = xcalloc(1, sizeof *rig);
	clock_virtual_init(&rig->clock, 1000000, start_utc);
	rig->loop = loop_new(&rig->clock);
	loop_timer_init(&rig->end, on_end, rig);
	rig->def = (struct channel_def){ .id = "duty", .give_up_ms = 3600000 };
	rig->site.n_channels = 1;
	rig->site.channels = &rig->def;
	const struct lane_host host = {
		.ctx = rig, .receipt = on_receipt, .left = on_left
	};
	rig->lane = lane_open(rig->loop, &rig->site, 0, &fake, &host);
	*state = rig;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	lane_close(rig->lane);
	assert_int_equal(rig->closed, 1);
	loop_free(rig->loop);
	free(rig);
	return 0;
}

static void
run_for(int64_t ms)
{
	loop_timer_in(rig->loop, &rig->end, ms);
	assert_int_equal(loop_run(rig->loop), 0);
}

static void
put(const char *id, enum alarm_class c, int64_t age_ms)
{
	struct notice n = { .created_utc_ms = loop_utc_ms(rig->loop) - age_ms };
	(void)str_copy(n.id, sizeof n.id, id);
	(void)str_copy(n.channel, sizeof n.channel, "duty");
	event_init(&n.subject, EVENT_ALARM_ONSET);
	n.subject.alarm_class = c;
	lane_put(rig->lane, &n);
}

static void
answer(size_t i, enum delivery_result result, int status)
{
	assert_true(i < rig->n_sent && !rig->sent[i].answered);
	rig->sent[i].answered = true;
	rig->sent[i].done(rig->sent[i].arg, result, status, "told");
}

// The ids sent so far, in order.
static const char *
order(void)
{
	static char text[SENT_MAX * 8];
	size_t len = 0;
	text[0] = '\0';
	for (size_t i = 0; i < rig->n_sent && len < sizeof text; i++) {
		int n = snprintf(text + len, sizeof text - len, "%s%s", i ? " " : "",
		    rig->sent[i].n.id);
		assert_true(n > 0);
		len += (size_t)n;
	}
	return text;
}

static const struct receipt *
only_receipt(void)
{
	assert_int_equal(rig->n_receipts, 1);
	rig->n_receipts = 0;
	return &rig->receipts[0];
}

static void
fire_first_then_oldest_first(void **state)
{
	(void)state;
	put("a", CLASS_FAULT, 0);
	put("b", CLASS_FAULT, 0);
	put("c", CLASS_FAULT, 0);
	put("d", CLASS_FAULT, 100);
	put("e", CLASS_FAULT, 300);
	put("f", CLASS_FAULT, 200);
	put("F", CLASS_FIRE, 0);
	put("H", CLASS_FIRE, 10);
	put("G", CLASS_FIRE, 20);
	assert_string_equal(order(), "a"); // one on its way
	assert_int_equal(lane_waiting(rig->lane), 8);
	for (size_t i = 0; i < 9; i++)
		answer(i, DELIVERY_ACCEPTED, 200);
	assert_string_equal(order(), "a G H F e f d b c");
	assert_int_equal(rig->n_receipts, 9);
	assert_int_equal(rig->left, 9);
	assert_int_equal(lane_waiting(rig->lane), 0);
}

// I5: a crash at any instant repeats at most one.
static void
i5_the_next_waits_until_the_receipt_is_durable(void **state)
{
	(void)state;
	rig->hold = true;
	put("a", CLASS_FIRE, 0);
	put("b", CLASS_FIRE, 0);
	put("c", CLASS_FIRE, 0);
	answer(0, DELIVERY_ACCEPTED, 200);
	assert_true(only_receipt()->settle);
	run_for(900);
	lane_settled(rig->lane, "b"); // not the one
	assert_string_equal(order(), "a");
	lane_settled(rig->lane, "a");
	assert_string_equal(order(), "a b");
	// A slow disk does not keep people from being told.
	answer(1, DELIVERY_REFUSED, 404);
	assert_true(only_receipt()->settle);
	run_for(900);
	assert_string_equal(order(), "a b");
	run_for(200);
	assert_string_equal(order(), "a b c");
	lane_settled(rig->lane, "b"); // too late, and no matter
	// One that is tried again is owed as before: nobody waits for that.
	put("d", CLASS_FIRE, 0);
	answer(2, DELIVERY_RETRY, 500);
	assert_false(only_receipt()->settle);
	assert_string_equal(order(), "a b c d");
}

static void
delivered_is_one_receipt(void **state)
{
	(void)state;
	put("a", CLASS_FIRE, 0);
	run_for(1234);
	answer(0, DELIVERY_ACCEPTED, 204);
	const struct receipt *r = only_receipt();
	assert_string_equal(r->notice_id, "a");
	assert_string_equal(r->channel, "duty");
	assert_int_equal(r->state, NOTICE_DELIVERED);
	assert_int_equal(r->attempts, 1);
	assert_int_equal(r->status, 204);
	assert_int_equal(r->at_utc_ms, start_utc + 1234);
	assert_int_equal(r->next_utc_ms, 0);
	assert_string_equal(r->detail, "told");
}

static void
refused_is_never_tried_again(void **state)
{
	(void)state;
	put("a", CLASS_FIRE, 0);
	answer(0, DELIVERY_REFUSED, 404);
	assert_int_equal(only_receipt()->state, NOTICE_FAILED);
	assert_int_equal(rig->left, 1);
	run_for(600000);
	assert_int_equal(rig->n_sent, 1);
}

static void
retries_back_off_and_tell_once(void **state)
{
	(void)state;
	put("a", CLASS_FIRE, 0);
	answer(0, DELIVERY_RETRY, 500);
	const struct receipt *r = only_receipt();
	assert_int_equal(r->state, NOTICE_OWED);
	assert_int_equal(r->attempts, 1);
	assert_int_equal(r->status, 500);
	assert_in_range(r->next_utc_ms, start_utc + 750, start_utc + 1250);
	int64_t before = rig->sent[0].at_ms;
	int64_t next_utc = r->next_utc_ms;
	static const int64_t base_ms[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000,
		60000 };
	for (size_t i = 0; i < ARRAY_LEN(base_ms); i++) {
		run_for(100000);
		assert_int_equal(rig->n_sent, i + 2);
		const struct sent *s = &rig->sent[i + 1];
		if (i == 0)
			assert_int_equal(s->at_ms - before, next_utc - start_utc);
		assert_string_equal(s->n.id, "a");
		assert_int_equal(s->n.attempts, i + 2);
		assert_false(s->n.repeated); // each was answered: none arrived
		int64_t failed_at = i ? loop_now_ms(rig->loop) - 100000 : before;
		assert_in_range(
		    s->at_ms - failed_at, base_ms[i] * 3 / 4, base_ms[i] * 5 / 4);
		answer(i + 1, DELIVERY_RETRY, 503);
	}
	assert_int_equal(rig->n_receipts, 0); // told once
	run_for(100000);
	answer(rig->n_sent - 1, DELIVERY_ACCEPTED, 200);
	r = only_receipt();
	assert_int_equal(r->state, NOTICE_DELIVERED);
	assert_int_equal(r->attempts, 10);
}

static void
no_answer_marks_the_next_as_a_repeat(void **state)
{
	(void)state;
	put("a", CLASS_FIRE, 0);
	assert_false(rig->sent[0].n.repeated);
	answer(0, DELIVERY_UNSURE, 0);
	run_for(2000);
	assert_true(rig->sent[1].n.repeated);
	assert_string_equal(rig->sent[1].n.id, "a");
}

static void
given_up_after_its_time(void **state)
{
	(void)state;
	rig->def.give_up_ms = 10000;
	put("a", CLASS_FIRE, 0);
	for (int i = 0; i < 20 && rig->left == 0; i++) {
		answer(rig->n_sent - 1, DELIVERY_RETRY, 0);
		if (rig->left == 0)
			run_for(10000);
	}
	assert_int_equal(rig->n_receipts, 2);
	assert_int_equal(rig->receipts[0].state, NOTICE_OWED);
	assert_int_equal(rig->receipts[1].state, NOTICE_FAILED);
	assert_int_equal(rig->receipts[1].next_utc_ms, 0);
	size_t sent = rig->n_sent;
	run_for(3600000);
	assert_int_equal(rig->n_sent, sent);
}

static void
an_old_notice_is_tried_once_at_least(void **state)
{
	(void)state;
	put("a", CLASS_FIRE, INT64_C(30) * 24 * 3600000); // a month off-line
	assert_int_equal(rig->n_sent, 1);
	answer(0, DELIVERY_RETRY, 0);
	assert_int_equal(only_receipt()->state, NOTICE_FAILED);
}

static void
a_step_of_the_wall_clock_gives_nothing_up(void **state)
{
	(void)state;
	put("a", CLASS_FIRE, 0);
	clock_virtual_step(&rig->clock, INT64_C(30) * 365 * 24 * 3600000);
	answer(0, DELIVERY_RETRY, 500);
	assert_int_equal(only_receipt()->state, NOTICE_OWED);
}

static void
cancelled_before_it_went_out_stays_here(void **state)
{
	(void)state;
	put("a", CLASS_FAULT, 0);
	put("b", CLASS_FAULT, 0);
	put("c", CLASS_FAULT, 0);
	put("d", CLASS_FAULT, 0);
	assert_true(lane_cancel(rig->lane, "d"));
	assert_int_equal(only_receipt()->state, NOTICE_CANCELLED);
	assert_false(lane_cancel(rig->lane, "d"));
	assert_int_equal(rig->left, 1);
	answer(0, DELIVERY_RETRY, 500);
	assert_int_equal(only_receipt()->state, NOTICE_OWED);
	assert_true(lane_cancel(rig->lane, "a")); // waiting for its second attempt
	assert_int_equal(only_receipt()->state, NOTICE_CANCELLED);
	answer(1, DELIVERY_ACCEPTED, 200);
	run_for(600000);
	assert_string_equal(order(), "a b c");
	assert_int_equal(rig->left, 3);
}

static void
cancelled_on_its_way_brings_its_receipt(void **state)
{
	(void)state;
	const struct {
		enum delivery_result result;
		int status;
		enum notice_state state;
	} cases[] = {
		{ DELIVERY_ACCEPTED, 200, NOTICE_DELIVERED },
		{ DELIVERY_RETRY, 500, NOTICE_CANCELLED },
		{ DELIVERY_REFUSED, 404, NOTICE_FAILED },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		put("a", CLASS_FIRE, 0);
		assert_true(lane_cancel(rig->lane, "a"));
		assert_int_equal(rig->n_receipts, 0);
		answer(i, cases[i].result, cases[i].status);
		assert_int_equal(only_receipt()->state, cases[i].state);
	}
	run_for(600000);
	assert_int_equal(rig->n_sent, 3);
	assert_int_equal(rig->left, 3);
}

static void
closing_drops_what_is_there(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		put("a", CLASS_FAULT, 0);
	answer(0, DELIVERY_RETRY, 500);
	rig->n_receipts = 0;
	// The rest is the teardown's: nothing told, nothing leaked.
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(fire_first_then_oldest_first),
		TEST(i5_the_next_waits_until_the_receipt_is_durable),
		TEST(delivered_is_one_receipt),
		TEST(refused_is_never_tried_again),
		TEST(retries_back_off_and_tell_once),
		TEST(no_answer_marks_the_next_as_a_repeat),
		TEST(given_up_after_its_time),
		TEST(an_old_notice_is_tried_once_at_least),
		TEST(a_step_of_the_wall_clock_gives_nothing_up),
		TEST(cancelled_before_it_went_out_stays_here),
		TEST(cancelled_on_its_way_brings_its_receipt),
		TEST(closing_drops_what_is_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
