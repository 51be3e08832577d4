// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The rules of each dialog, step by step, without a bus: the queue is never told to
// drop what is not durable; a fire is unlisted only after a scan; a source lives when
// it says so; a selector is started once a period.

#include <string.h>

#include "drivers/dialog_alive.h"
#include "drivers/dialog_cursor.h"
#include "drivers/dialog_queue.h"
#include "drivers/dialog_summary.h"
#include "test.h"

enum {
	POLL = 1000,
};

// ---- event queue --------------------------------------------------------------------

static const struct profile_queue queue_def = {
	.first = 1,
	.last = 65535,
	.acknowledge = 0,
	.sequence_bytes = 2,
};
static const struct profile_queue read_acknowledges = {
	.first = 1,
	.last = 65535,
	.acknowledge = -1,
	.sequence_bytes = 2,
};

static struct field_record
record(uint32_t sequence, uint8_t content)
{
	struct field_record r = {
		.numbered = true, .sequence = sequence, .n_bytes = 3
	};

	r.bytes[0] = (uint8_t)(sequence >> 8);
	r.bytes[1] = (uint8_t)sequence;
	r.bytes[2] = content;
	return r;
}

static enum queue_outcome
take(struct dialog_queue *q, uint32_t sequence, uint8_t content, int64_t now)
{
	struct field_record r = record(sequence, content);
	struct record_gap gap;
	enum queue_outcome o = dialog_queue_take(q, &queue_def, &r, POLL, now, &gap);

	if (o != QUEUE_NEW)
		assert_int_equal(gap.reason, GAP_REASON_COUNT);
	return o;
}

static struct record_gap
gap_of(uint32_t last, uint32_t next)
{
	const struct record_mark mark = {
		.numbered = true, .sequence = last, .n_bytes = 1, .bytes = { 0xEE }
	};
	struct field_record r = record(next, 1);
	struct dialog_queue q;
	struct record_gap gap;

	dialog_queue_start(&q, &mark, 0);
	assert_int_equal(
	    dialog_queue_take(&q, &queue_def, &r, POLL, 0, &gap), QUEUE_NEW);
	return gap;
}

static void
test_a_record_is_acknowledged_only_when_durable(void **state)
{
	struct dialog_queue q;

	(void)state;
	dialog_queue_start(&q, NULL, 0);
	assert_int_equal(take(&q, 7, 1, 0), QUEUE_NEW);
	assert_int_equal(q.state, QUEUE_STORING);
	assert_true(q.due_ms == INT64_MAX); // nothing is asked meanwhile
	dialog_queue_stored(&q, &queue_def, q.token - 1, true, 5); // an old answer
	assert_int_equal(q.state, QUEUE_STORING);
	dialog_queue_stored(&q, &queue_def, q.token, true, 5);
	assert_int_equal(q.state, QUEUE_ACKNOWLEDGING);
	assert_int_equal(q.last.sequence, 7);
	assert_int_equal(q.due_ms, 5);
	dialog_queue_acknowledged(&q, 6);
	assert_int_equal(q.state, QUEUE_READING);
	assert_int_equal(q.due_ms, 6); // the next one at once
	struct record_gap gap;
	assert_int_equal(
	    dialog_queue_take(&q, &queue_def, NULL, POLL, 7, &gap), QUEUE_NOTHING);
	assert_int_equal(q.due_ms, 7 + POLL);
}

static void
test_what_could_not_be_stored_is_not_acknowledged(void **state)
{
	struct dialog_queue q;

	(void)state;
	dialog_queue_start(&q, NULL, 0);
	assert_int_equal(take(&q, 7, 1, 0), QUEUE_NEW);
	dialog_queue_stored(&q, &queue_def, q.token, false, 5);
	assert_int_equal(q.state, QUEUE_READING);
	assert_int_equal(q.due_ms, 5 + QUEUE_STORE_RETRY_MS);
	assert_int_equal(take(&q, 7, 1, 5005), QUEUE_OFFER); // handed over again
	assert_int_equal(q.state, QUEUE_STORING);
	dialog_queue_stored(&q, &queue_def, q.token, true, 5010);
	assert_int_equal(q.state, QUEUE_ACKNOWLEDGING);
}

static void
test_a_record_that_comes_again_is_no_second_one(void **state)
{
	struct record_mark mark = { .numbered = true, .sequence = 7, .n_bytes = 3 };
	const struct field_record r = record(7, 1);
	struct dialog_queue q;

	(void)state;
	memcpy(mark.bytes, r.bytes, 3);
	dialog_queue_start(&q, &mark, 0); // durable before a crash
	assert_int_equal(take(&q, 7, 1, 0), QUEUE_REPEAT);
	assert_int_equal(q.state, QUEUE_ACKNOWLEDGING); // and only that
	dialog_queue_start(&q, &mark, 0);
	assert_int_equal(take(&q, 7, 2, 0), QUEUE_NEW); // same number, other content
}

static void
test_an_acknowledgement_without_effect_is_a_fault(void **state)
{
	struct dialog_queue q;
	int64_t now = 0;

	(void)state;
	dialog_queue_start(&q, NULL, 0);
	(void)take(&q, 7, 1, now);
	dialog_queue_stored(&q, &queue_def, q.token, true, now);
	for (int i = 0; i < QUEUE_STUCK_TRIES; i++) {
		assert_false(dialog_queue_stuck(&q));
		dialog_queue_acknowledged(&q, now);
		assert_int_equal(take(&q, 7, 1, now), QUEUE_REPEAT);
		assert_int_equal(q.due_ms, now + QUEUE_AGAIN_MS); // not without pause
		now = q.due_ms;
	}
	assert_true(dialog_queue_stuck(&q));
	dialog_queue_acknowledged(&q, now);
	assert_int_equal(take(&q, 8, 1, now), QUEUE_NEW);
	assert_false(dialog_queue_stuck(&q));
}

static void
test_a_lost_echo_is_asked_by_reading(void **state)
{
	struct dialog_queue q;

	(void)state;
	dialog_queue_start(&q, NULL, 0);
	(void)take(&q, 7, 1, 0);
	dialog_queue_stored(&q, &queue_def, q.token, true, 1);
	dialog_queue_unanswered(&q, 1001);
	assert_int_equal(q.state, QUEUE_READING);
	assert_int_equal(take(&q, 7, 1, 1001), QUEUE_REPEAT);
	assert_int_equal(q.state, QUEUE_ACKNOWLEDGING);
	assert_int_equal(q.due_ms, 1001); // no echo was seen: at once
	assert_false(dialog_queue_stuck(&q));
	dialog_queue_refused(&q, 1002); // unknown number: it is gone
	assert_int_equal(q.state, QUEUE_READING);
	assert_int_equal(take(&q, 8, 1, 1502), QUEUE_NEW);
}

// Another device may answer after a loss: its record is seen before it is acknowledged.
static void
test_after_a_loss_the_record_is_seen_before_it_is_acknowledged(void **state)
{
	struct dialog_queue q;

	(void)state;
	dialog_queue_start(&q, NULL, 0);
	(void)take(&q, 7, 1, 0);
	dialog_queue_lost(&q, 10); // while the store has it
	assert_int_equal(q.state, QUEUE_STORING);
	dialog_queue_stored(&q, &queue_def, q.token, true, 20);
	assert_int_equal(q.state, QUEUE_READING);
	assert_int_equal(take(&q, 7, 1, 30), QUEUE_REPEAT);
	assert_int_equal(q.state, QUEUE_ACKNOWLEDGING);
	dialog_queue_lost(&q, 40); // before it was written
	assert_int_equal(q.state, QUEUE_READING);
}

static void
test_a_read_that_acknowledges_waits_for_the_store(void **state)
{
	struct field_record r = record(7, 1);
	struct dialog_queue q;
	struct record_gap gap;

	(void)state;
	dialog_queue_start(&q, NULL, 0);
	assert_int_equal(
	    dialog_queue_take(&q, &read_acknowledges, &r, POLL, 0, &gap), QUEUE_NEW);
	assert_int_equal(q.state, QUEUE_STORING);
	dialog_queue_stored(&q, &read_acknowledges, q.token, true, 1);
	assert_int_equal(q.state, QUEUE_READING); // no write
	for (int i = 0; i < QUEUE_STUCK_TRIES; i++)
		assert_int_equal(
		    dialog_queue_take(&q, &read_acknowledges, &r, POLL, 2, &gap),
		    QUEUE_REPEAT);
	assert_int_equal(q.state, QUEUE_READING);
	assert_true(dialog_queue_stuck(&q));
}

static void
test_gaps_and_wraps(void **state)
{
	static const struct {
		uint32_t last, next;
		enum gap_reason reason;
		uint32_t missing;
	} cases[] = {
		{ 7, 8, GAP_REASON_COUNT, 0 }, { 7, 9, GAP_MISSING, 1 },
		{ 7, 107, GAP_MISSING, 99 }, { 65534, 65535, GAP_REASON_COUNT, 0 },
		{ 65535, 0, GAP_REASON_COUNT, 0 }, // both forms of a wrap
		{ 65535, 1, GAP_REASON_COUNT, 0 }, { 65535, 2, GAP_MISSING, 1 },
		{ 65530, 3, GAP_RESTART, 0 }, { 7, 1, GAP_RESTART, 0 },
		{ 7, 7, GAP_RESTART, 0 }, // the number again, with other content
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct record_gap gap = gap_of(cases[i].last, cases[i].next);

		assert_int_equal(gap.reason, cases[i].reason);
		if (gap.reason == GAP_REASON_COUNT)
			continue;
		assert_int_equal(gap.missing, cases[i].missing);
		assert_int_equal(gap.after, cases[i].last);
		assert_int_equal(gap.before, cases[i].next);
	}
}

static void
test_the_first_record_ever_has_no_gap(void **state)
{
	struct field_record r = record(500, 1);
	struct dialog_queue q;
	struct record_gap gap;

	(void)state;
	dialog_queue_start(&q, NULL, 0);
	assert_int_equal(
	    dialog_queue_take(&q, &queue_def, &r, POLL, 0, &gap), QUEUE_NEW);
	assert_int_equal(gap.reason, GAP_REASON_COUNT);
}

// ---- alive --------------------------------------------------------------------------

static void
test_a_source_lives_when_it_says_so(void **state)
{
	const struct profile_alive def = {
		.test = ALIVE_VALUE, .mask = 0x00FF, .n_values = 2, .values = { 3, 4 }
	};
	struct dialog_alive a;

	(void)state;
	alive_start(&a, 0);
	assert_int_equal(a.state, ALIVE_UNREAD);
	assert_true(alive_take(&a, &def, 0, 0x1203, POLL, 0));
	assert_true(alive_take(&a, &def, 0, 4, POLL, 0));
	assert_false(alive_take(&a, &def, 0, 0, POLL, 0));
	assert_int_equal(a.state, ALIVE_DEAD);
	alive_lost(&a);
	assert_int_equal(a.state, ALIVE_DEAD);
	assert_true(alive_take(&a, &def, 0, 3, POLL, 0));
	alive_lost(&a);
	assert_int_equal(a.state, ALIVE_UNREAD); // to be asked anew
}

static void
test_a_node_is_a_bit_of_the_gateway(void **state)
{
	const struct profile_alive def = {
		.test = ALIVE_VALUE, .address = 5099, .nodes = 256, .of_gateway = true
	};
	struct dialog_alive a;

	(void)state;
	alive_start(&a, 0);
	assert_int_equal(alive_address(&def, 1), 5099);
	assert_int_equal(alive_address(&def, 16), 5099);
	assert_int_equal(alive_address(&def, 17), 5100);
	assert_int_equal(alive_address(&def, 256), 5114);
	assert_true(alive_take(&a, &def, 1, 0x0001, POLL, 0));
	assert_true(alive_take(&a, &def, 16, 0x8000, POLL, 0));
	assert_true(alive_take(&a, &def, 17, 0x0001, POLL, 0));
	assert_false(alive_take(&a, &def, 2, 0xFFFD, POLL, 0));
}

static void
test_a_counter_has_to_move(void **state)
{
	const struct profile_alive def = {
		.test = ALIVE_MOVES, .mask = 0xFFFF, .within_ms = 15000
	};
	struct dialog_alive a;
	int64_t now = 0;

	(void)state;
	alive_start(&a, 0);
	for (; now <= 15000; now += POLL)
		assert_true(alive_take(&a, &def, 0, 77, POLL, now)); // given its time
	assert_false(alive_take(&a, &def, 0, 77, POLL, now));
	alive_lost(&a); // its own loss does not give it time again
	assert_false(alive_take(&a, &def, 0, 77, POLL, now + POLL));
	assert_true(alive_take(&a, &def, 0, 78, POLL, now + 2 * POLL));
	assert_true(alive_take(&a, &def, 0, 0, POLL, now + 3 * POLL)); // wraps
}

static void
test_a_gateway_that_does_not_tell(void **state)
{
	struct dialog_alive a;

	(void)state;
	alive_start(&a, 0);
	assert_false(alive_unanswered(&a, 2, 0));
	assert_false(alive_unanswered(&a, 2, 1000));
	assert_true(alive_unanswered(&a, 2, 2000));
	assert_int_equal(a.state, ALIVE_UNWATCHED);
	assert_int_equal(a.due_ms, 2000 + ALIVE_SLOW_MS);
	assert_true(alive_unanswered(&a, 2, 62000)); // not waited for thrice again
}

// ---- summaries ----------------------------------------------------------------------

static const struct profile_summary count_def = {
	.registers = 2,
	.kind = SUMMARY_COUNT,
	.fire_mask = 0xFFFF,
	.fire_registers = 1 << 1,
};

static enum summary_outcome
look(struct dialog_summary *s, uint16_t troubles, uint16_t fires, bool scanning,
    uint32_t shown, int64_t now)
{
	const uint16_t words[2] = { troubles, fires };
	const struct summary_guarded guarded = { scanning, shown, POLL };

	return summary_take(s, &count_def, words, &guarded, now);
}

static void
test_a_summary_that_differs(void **state)
{
	struct dialog_summary s = { 0 };

	(void)state;
	assert_int_equal(look(&s, 3, 0, false, 0, 0), SUMMARY_SAME); // first
	assert_int_equal(look(&s, 3, 0, false, 0, 1000), SUMMARY_SAME);
	assert_int_equal(look(&s, 4, 0, false, 0, 2000), SUMMARY_CHANGED);
	assert_int_equal(look(&s, 3, 0, false, 0, 3000), SUMMARY_CHANGED);
	summary_lost(&s);
	assert_int_equal(look(&s, 9, 0, false, 0, 4000), SUMMARY_SAME);
	summary_absent(&s, 5000);
	assert_true(s.absent && !s.known);
	assert_int_equal(s.due_ms, 5000 + SUMMARY_SLOW_MS);
	(void)look(&s, 9, 0, false, 0, 65000);
	assert_false(s.absent);
}

static void
test_a_fire_without_a_point_is_unlisted_after_a_scan(void **state)
{
	struct dialog_summary s = { 0 };

	(void)state;
	(void)look(&s, 0, 0, false, 0, 0);
	assert_int_equal(look(&s, 0, 1, false, 0, 1000), SUMMARY_SEEK);
	assert_int_equal(s.fire, FIRE_SOUGHT);
	(void)look(&s, 0, 1, true, 0, 2000);
	assert_int_equal(s.fire, FIRE_SOUGHT); // the scan goes on
	(void)look(&s, 0, 1, false, 0, 3000);
	assert_int_equal(s.fire, FIRE_UNLISTED);
	(void)look(&s, 0, 1, false, 1, 4000); // a point shows it now
	assert_int_equal(s.fire, FIRE_SEEN);
	(void)look(&s, 0, 0, false, 0, 5000);
	assert_int_equal(s.fire, FIRE_NONE);
}

static void
test_a_fire_that_a_point_shows_is_the_points(void **state)
{
	struct dialog_summary s = { 0 };

	(void)state;
	(void)look(&s, 0, 0, false, 0, 0);
	assert_int_equal(look(&s, 0, 1, false, 0, 1000), SUMMARY_SEEK);
	(void)look(&s, 0, 1, false, 1, 2000);
	assert_int_equal(s.fire, FIRE_SEEN);
	// The point was reset and the summary not read since: sought, not unlisted.
	assert_int_equal(look(&s, 0, 1, false, 0, 3000), SUMMARY_SEEK);
	assert_int_equal(s.fire, FIRE_SOUGHT);
	(void)look(&s, 0, 0, false, 0, 4000);
	assert_int_equal(s.fire, FIRE_NONE);
}

static void
test_more_fires_than_points_show_are_unlisted(void **state)
{
	static const struct profile_summary two = {
		.registers = 3,
		.kind = SUMMARY_COUNT,
		.fire_mask = 0xFF00, // counted in the upper byte
		.fire_registers = 1 << 0 | 1 << 2,
	};
	const uint16_t words[3] = { 0x01FF, 0xFFFF, 0x02FF };
	struct summary_guarded guarded = { .fires = 3, .poll_ms = POLL };
	struct dialog_summary s = { 0 };

	(void)state;
	assert_int_equal(summary_take(&s, &two, words, &guarded, 0), SUMMARY_SAME);
	assert_int_equal(s.fire, FIRE_SEEN);
	guarded.fires = 2; // one of three is nobody's
	assert_int_equal(summary_take(&s, &two, words, &guarded, 1000), SUMMARY_SEEK);
	(void)summary_take(&s, &two, words, &guarded, 2000);
	assert_int_equal(s.fire, FIRE_UNLISTED);
	guarded.fires = 3;
	(void)summary_take(&s, &two, words, &guarded, 3000);
	assert_int_equal(s.fire, FIRE_SEEN);
}

static void
test_flags_of_a_fire_are_no_number(void **state)
{
	static const struct profile_summary flags = {
		.registers = 1,
		.kind = SUMMARY_FLAGS,
		.fire_mask = 0x00F0,
		.fire_registers = 1 << 0,
	};
	const uint16_t words[1] = { 0x00F0 };
	const struct summary_guarded guarded = { .fires = 1, .poll_ms = POLL };
	struct dialog_summary s = { 0 };

	(void)state;
	(void)summary_take(&s, &flags, words, &guarded, 0);
	assert_int_equal(s.fire, FIRE_SEEN);
}

static void
test_a_scan_that_does_not_end_is_not_waited_for_for_ever(void **state)
{
	struct dialog_summary s = { 0 };
	int64_t now = 0;

	(void)state;
	(void)look(&s, 0, 1, false, 0, now);
	while (s.fire != FIRE_UNLISTED && now < 60000) {
		now += POLL;
		(void)look(&s, 0, 1, true, 0, now);
	}
	assert_in_range(now, SUMMARY_SCAN_MS + 3 * POLL, SUMMARY_SCAN_MS + 4 * POLL);
	summary_lost(&s); // a fire that stands is not cleared by silence (I6)
	assert_int_equal(s.fire, FIRE_UNLISTED);
}

static void
test_where_a_summary_is(void **state)
{
	const struct profile_summary def = {
		.address = 14100, .loop_min = 1, .loop_max = 10, .loop_stride = 11
	};
	const struct dialog_summary first = { .loop = 1 }, last = { .loop = 10 };

	(void)state;
	assert_int_equal(summary_address(&def, &first), 14100);
	assert_int_equal(summary_address(&def, &last), 14199);
}

// ---- selectors ----------------------------------------------------------------------

static const struct profile_selector selector_def = {
	.wait_ms = 200,
	.every_ms = 10000,
	.patience_ms = 3000,
	.n_pending = 1,
	.pending = { 15 },
};

static void
test_a_selector_and_its_result(void **state)
{
	struct cursor_point points[2] = { { .index = 4 }, { .index = 9 } };
	struct dialog_cursor c;

	(void)state;
	cursor_start(&c, points, 2, 100);
	assert_int_equal(c.state, CURSOR_IDLE);
	assert_int_equal(c.due_ms, 100);
	cursor_begin(&c, &selector_def, POLL, 100);
	assert_int_equal(cursor_good(&c, &selector_def, 110), CURSOR_GOES_ON);
	assert_int_equal(c.state, CURSOR_READING);
	assert_int_equal(c.due_ms, 310);
	assert_int_equal(cursor_good(&c, &selector_def, 320), CURSOR_VALUE);
	cursor_next(&c, 320);
	assert_int_equal(c.at, 1);
	assert_int_equal(c.due_ms, 1100); // one start a period
	cursor_begin(&c, &selector_def, POLL, 1100);
	(void)cursor_good(&c, &selector_def, 1110);
	(void)cursor_good(&c, &selector_def, 1320);
	cursor_next(&c, 1320);
	assert_int_equal(c.at, 0);
	assert_int_equal(c.due_ms, 10100); // and each point at its own pace
}

static void
test_not_obtained_yet_repeats_what_was_asked(void **state)
{
	struct cursor_point point = { 0 };
	struct dialog_cursor c;

	(void)state;
	cursor_start(&c, &point, 1, 0);
	cursor_begin(&c, &selector_def, POLL, 0);
	// To the selector itself: the selector again.
	assert_int_equal(cursor_exception(&c, &selector_def, 15, 10), CURSOR_GOES_ON);
	assert_int_equal(c.state, CURSOR_SELECTING);
	assert_int_equal(c.due_ms, 10 + CURSOR_RETRY_MS);
	cursor_begin(&c, &selector_def, POLL, 260);
	assert_int_equal(c.begun_ms, 0); // not a new start
	(void)cursor_good(&c, &selector_def, 270);
	// To the result: the result again, no selector.
	assert_int_equal(cursor_exception(&c, &selector_def, 15, 500), CURSOR_GOES_ON);
	assert_int_equal(c.state, CURSOR_READING);
	assert_int_equal(cursor_exception(&c, &selector_def, 6, 800), CURSOR_GOES_ON);
	assert_int_equal(
	    cursor_exception(&c, &selector_def, 15, 3000), CURSOR_NO_VALUE);
}

static void
test_a_selector_that_is_refused_has_no_value(void **state)
{
	struct cursor_point point = { 0 };
	struct dialog_cursor c;

	(void)state;
	cursor_start(&c, &point, 1, 0);
	cursor_begin(&c, &selector_def, POLL, 0);
	assert_int_equal(cursor_exception(&c, &selector_def, 3, 10), CURSOR_NO_VALUE);
	cursor_next(&c, 10);
	assert_int_equal(c.due_ms, 10000);
	cursor_begin(&c, &selector_def, POLL, 10000);
	(void)cursor_good(&c, &selector_def, 10010);
	cursor_lost(&c, 10020); // begins anew, but not twice in a period
	assert_int_equal(c.state, CURSOR_IDLE);
	assert_int_equal(c.due_ms, 11000);
}

static void
test_nothing_behind_selectors(void **state)
{
	struct dialog_cursor c;

	(void)state;
	cursor_start(&c, NULL, 0, 0);
	assert_int_equal(c.state, CURSOR_OFF);
	assert_true(c.due_ms == INT64_MAX);
	cursor_lost(&c, 0);
	assert_int_equal(c.state, CURSOR_OFF);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_record_is_acknowledged_only_when_durable),
		cmocka_unit_test(test_what_could_not_be_stored_is_not_acknowledged),
		cmocka_unit_test(test_a_record_that_comes_again_is_no_second_one),
		cmocka_unit_test(test_an_acknowledgement_without_effect_is_a_fault),
		cmocka_unit_test(test_a_lost_echo_is_asked_by_reading),
		cmocka_unit_test(
		    test_after_a_loss_the_record_is_seen_before_it_is_acknowledged),
		cmocka_unit_test(test_a_read_that_acknowledges_waits_for_the_store),
		cmocka_unit_test(test_gaps_and_wraps),
		cmocka_unit_test(test_the_first_record_ever_has_no_gap),
		cmocka_unit_test(test_a_source_lives_when_it_says_so),
		cmocka_unit_test(test_a_node_is_a_bit_of_the_gateway),
		cmocka_unit_test(test_a_counter_has_to_move),
		cmocka_unit_test(test_a_gateway_that_does_not_tell),
		cmocka_unit_test(test_a_summary_that_differs),
		cmocka_unit_test(test_a_fire_without_a_point_is_unlisted_after_a_scan),
		cmocka_unit_test(test_more_fires_than_points_show_are_unlisted),
		cmocka_unit_test(test_flags_of_a_fire_are_no_number),
		cmocka_unit_test(test_a_fire_that_a_point_shows_is_the_points),
		cmocka_unit_test(
		    test_a_scan_that_does_not_end_is_not_waited_for_for_ever),
		cmocka_unit_test(test_where_a_summary_is),
		cmocka_unit_test(test_a_selector_and_its_result),
		cmocka_unit_test(test_not_obtained_yet_repeats_what_was_asked),
		cmocka_unit_test(test_a_selector_that_is_refused_has_no_value),
		cmocka_unit_test(test_nothing_behind_selectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
