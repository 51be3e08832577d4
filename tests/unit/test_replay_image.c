// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a recording answers: the recorded request gets its recorded answers in their
// order, any other what was last read of its registers, and what was never read gets
// nothing (I6). Small recordings made here, times in ms.

#include <string.h>

#include "drivers/replay_image.h"
#include "test.h"

enum {
	READ = 3,
	READ_BITS = 1,
	WRITE = 6
};

static const uint8_t a1[] = { 0x11, 0x11 }, a2[] = { 0x22, 0x22 };
static const uint8_t pair[] = { 0xAA, 0xA0, 0xBB, 0xB0 };

static struct recorded_exchange
good(uint32_t at, uint16_t address, const uint8_t *data, uint8_t n)
{
	return (struct recorded_exchange){
		.asked_ms = at,
		.ended_ms = at + 4,
		.unit = 1,
		.function = READ,
		.end = RECORDED_ANSWER,
		.address = address,
		.count = n / 2,
		.n_data = n,
		.data = data,
	};
}

static struct recorded_exchange
silent(uint32_t at, uint16_t address)
{
	return (struct recorded_exchange){
		.asked_ms = at,
		.ended_ms = at + 1000,
		.unit = 1,
		.function = READ,
		.end = RECORDED_NOTHING,
		.address = address,
		.count = 1,
	};
}

static struct recorded_exchange
refused(uint32_t at, uint16_t address, uint8_t exception)
{
	struct recorded_exchange x = silent(at, address);

	x.ended_ms = at + 4;
	x.end = RECORDED_EXCEPTION;
	x.exception = exception;
	return x;
}

static struct replay_image *
image_of(struct recording *r, const struct recorded_exchange *list, uint32_t n)
{
	*r = (struct recording){ .n_exchanges = n, .exchanges = list };
	return replay_image_new(r);
}

// The answer to a read of `count` from `address`.
static struct replay_answer
ask(struct replay_image *i, uint32_t at_ms, uint16_t address, uint16_t count)
{
	const struct replay_question q = {
		.unit = 1,
		.function = READ,
		.address = address,
		.count = count,
		.at_ms = at_ms,
	};
	struct replay_answer a;

	replay_image_ask(i, &q, &a);
	return a;
}

static void
assert_data(const struct replay_answer *a, const uint8_t *data, size_t n)
{
	assert_int_equal(a->end, RECORDED_ANSWER);
	assert_int_equal(a->n_data, n);
	assert_memory_equal(a->data, data, n);
}

static void
test_an_answer_counts_from_when_it_came(void **state)
{
	const struct recorded_exchange list[] = { good(100, 5, a1, 2),
		good(1100, 5, a2, 2) };
	struct recording r;
	struct replay_image *i = image_of(&r, list, 2);
	struct replay_answer a;

	(void)state;
	a = ask(i, 0, 5, 1); // not yet asked then: taken to be what it then was
	assert_data(&a, a1, 2);
	a = ask(i, 1103, 5, 1);
	assert_data(&a, a1, 2);
	a = ask(i, 1104, 5, 1);
	assert_data(&a, a2, 2);
	assert_int_equal(a.took_ms, 4);
	replay_image_free(i);
}

static void
test_i6_what_was_never_recorded_is_not_answered(void **state)
{
	const struct recorded_exchange list[] = { good(100, 5, a1, 2) };
	struct recording r;
	struct replay_image *i = image_of(&r, list, 1);
	struct replay_question q = {
		.unit = 2, .function = READ, .address = 5, .count = 1, .at_ms = 200
	};
	struct replay_answer a;

	(void)state;
	a = ask(i, 200, 6, 1);
	assert_int_equal(a.end, RECORDED_NOTHING);
	a = ask(i, 200, 5, 2); // one of the two
	assert_int_equal(a.end, RECORDED_NOTHING);
	replay_image_ask(i, &q, &a);
	assert_int_equal(a.end, RECORDED_NOTHING);
	q.unit = 1;
	q.function = 4;
	replay_image_ask(i, &q, &a);
	assert_int_equal(a.end, RECORDED_NOTHING);
	q.function = WRITE;
	replay_image_ask(i, &q, &a);
	assert_int_equal(a.end, RECORDED_NOTHING);
	replay_image_free(i);
}

static void
test_no_recorded_change_is_passed_over(void **state)
{
	// A pulse between two looks.
	const struct recorded_exchange list[] = { good(0, 5, a1, 2),
		good(1000, 5, a2, 2), good(2000, 5, a1, 2), good(3000, 5, a1, 2) };
	struct replay_question hasty = { 1, READ, 5, 1, 5000, true };
	struct recording r;
	struct replay_image *i = image_of(&r, list, 4);
	struct replay_answer a;

	(void)state;
	a = ask(i, 900, 5, 1);
	assert_data(&a, a1, 2);
	a = ask(i, 2500, 5, 1);
	assert_data(&a, a2, 2);
	a = ask(i, 3500, 5, 1);
	assert_data(&a, a1, 2);
	replay_image_free(i);
	i = image_of(&r, list, 4);
	replay_image_ask(i, &hasty, &a); // too fast to see it
	assert_data(&a, a1, 2);
	replay_image_free(i);
}

static void
test_after_a_long_time_what_holds_is_given(void **state)
{
	const struct recorded_exchange list[] = { good(0, 5, a1, 2),
		good(9000, 5, a2, 2), good(15000, 5, a1, 2) };
	struct recording r;
	struct replay_image *i = image_of(&r, list, 3);
	struct replay_answer a;

	(void)state;
	for (uint32_t at = 0; at <= 8000; at += 1000) {
		a = ask(i, at, 5, 1);
		assert_data(&a, a1, 2);
	}
	a = ask(i, 20000, 5, 1); // the pulse is 5 s old
	assert_data(&a, a1, 2);
	replay_image_free(i);
}

static void
test_registers_are_gathered_from_what_was_read_last(void **state)
{
	const uint8_t wanted[] = { 0x22, 0x22, 0xBB, 0xB0 };
	const struct recorded_exchange list[] = { good(0, 5, pair, 4),
		good(1000, 5, a2, 2) };
	struct recording r;
	struct replay_image *i = image_of(&r, list, 2);
	struct replay_answer a;

	(void)state;
	a = ask(i, 500, 6, 1);
	assert_data(&a, pair + 2, 2);
	a = ask(i, 1500, 6, 1);
	assert_data(&a, pair + 2, 2);
	replay_image_free(i);
	i = image_of(&r, list, 2);
	a = ask(i, 2000, 4, 3);
	assert_int_equal(a.end, RECORDED_NOTHING);
	// The very request of the first line is a lane; a longer one never was.
	const struct recorded_exchange three[] = { good(0, 5, pair, 4),
		good(0, 7, a1, 2), good(1000, 5, a2, 2) };
	replay_image_free(i);
	i = image_of(&r, three, 3);
	a = ask(i, 2000, 5, 3);
	assert_int_equal(a.n_data, 6);
	assert_memory_equal(a.data, wanted, 4);
	assert_memory_equal(a.data + 4, a1, 2);
	replay_image_free(i);
}

static void
test_bits_are_gathered_bit_by_bit(void **state)
{
	const uint8_t low[] = { 0x05 }, high[] = { 0x02 };
	struct recorded_exchange list[] = { good(0, 0, low, 1), good(0, 3, high, 1) };
	struct replay_question q = { 1, READ_BITS, 1, 4, 100, false };
	struct recording r;
	struct replay_answer a;

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		list[k].function = READ_BITS;
		list[k].count = 3 - (uint16_t)k;
		list[k].n_data = 1;
	}
	struct replay_image *i = image_of(&r, list, 2);
	replay_image_ask(i, &q, &a); // bits 1, 2 of the first; 3, 4 of the second
	assert_int_equal(a.end, RECORDED_ANSWER);
	assert_int_equal(a.n_data, 1);
	assert_int_equal(a.data[0], 0x0A); // 0, 1, 0, 1
	replay_image_free(i);
}

static void
test_i6_a_unit_that_was_out_is_out_for_every_request(void **state)
{
	const struct recorded_exchange list[] = { good(0, 5, a1, 2), good(0, 6, a1, 2),
		silent(1000, 5), silent(2000, 5), good(5000, 6, a2, 2),
		good(5010, 5, a2, 2) };
	struct recording r;
	struct replay_image *i = image_of(&r, list, 6);
	struct replay_answer a;

	(void)state;
	a = ask(i, 999, 6, 1);
	assert_data(&a, a1, 2);
	a = ask(i, 1000, 6, 1); // from when it was asked in vain
	assert_int_equal(a.end, RECORDED_NOTHING);
	a = ask(i, 4000, 5, 1);
	assert_int_equal(a.end, RECORDED_NOTHING);
	a = ask(i, 5100, 6, 1);
	assert_data(&a, a2, 2);
	a = ask(i, 5100, 5, 1); // the silence is over and not served again
	assert_data(&a, a2, 2);
	replay_image_free(i);
}

static void
test_one_request_that_fails_is_not_the_unit(void **state)
{
	const struct recorded_exchange list[] = { good(0, 5, a1, 2), good(0, 6, a1, 2),
		silent(1000, 5), good(2000, 6, a2, 2), refused(3000, 5, 2),
		refused(4000, 5, 2) };
	struct recording r;
	struct replay_image *i = image_of(&r, list, 6);
	struct replay_answer a;

	(void)state;
	a = ask(i, 1500, 6, 1);
	assert_data(&a, a1, 2);
	a = ask(i, 1500, 5, 1);
	assert_int_equal(a.end, RECORDED_NOTHING);
	a = ask(i, 4500, 5, 1);
	assert_int_equal(a.end, RECORDED_EXCEPTION);
	assert_int_equal(a.exception, 2);
	a = ask(i, 4500, 6, 1); // an illegal address is of that address only
	assert_data(&a, a2, 2);
	a = ask(i, 4500, 5, 2); // and not to be had with others either
	assert_int_equal(a.end, RECORDED_EXCEPTION);
	replay_image_free(i);
}

static void
test_a_gateway_that_misses_its_unit(void **state)
{
	const struct recorded_exchange list[] = { good(0, 5, a1, 2), good(0, 6, a1, 2),
		refused(1000, 5, 0x0B), refused(2000, 5, 0x0B), good(3000, 5, a2, 2) };
	struct recording r;
	struct replay_image *i = image_of(&r, list, 5);
	struct replay_answer a;

	(void)state;
	a = ask(i, 2500, 6, 1);
	assert_int_equal(a.end, RECORDED_EXCEPTION);
	assert_int_equal(a.exception, 0x0B);
	a = ask(i, 3500, 6, 1);
	assert_data(&a, a1, 2);
	replay_image_free(i);
}

static void
test_a_write_is_answered_as_it_was(void **state)
{
	struct recorded_exchange list[] = { good(0, 0x10, NULL, 0),
		silent(1000, 0x10) };
	struct replay_question q = { 1, WRITE, 0x10, 1, 500, false };
	struct recording r;
	struct replay_answer a;

	(void)state;
	list[0].function = list[1].function = WRITE;
	list[0].count = 1;
	struct replay_image *i = image_of(&r, list, 2);
	replay_image_ask(i, &q, &a);
	assert_int_equal(a.end, RECORDED_ANSWER);
	q.at_ms = 1500;
	replay_image_ask(i, &q, &a);
	assert_int_equal(a.end, RECORDED_NOTHING);
	replay_image_free(i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_answer_counts_from_when_it_came),
		cmocka_unit_test(test_i6_what_was_never_recorded_is_not_answered),
		cmocka_unit_test(test_no_recorded_change_is_passed_over),
		cmocka_unit_test(test_after_a_long_time_what_holds_is_given),
		cmocka_unit_test(test_registers_are_gathered_from_what_was_read_last),
		cmocka_unit_test(test_bits_are_gathered_bit_by_bit),
		cmocka_unit_test(test_i6_a_unit_that_was_out_is_out_for_every_request),
		cmocka_unit_test(test_one_request_that_fails_is_not_the_unit),
		cmocka_unit_test(test_a_gateway_that_misses_its_unit),
		cmocka_unit_test(test_a_write_is_answered_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
