// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Frames: examples of the specification and of makers' manuals byte for byte, every way
// a reply can be wrong, and random bytes. No wrong reply may be judged good (I6), and a
// request reads unless it names a declared write (I8).

#include <string.h>

#include "drivers/modbus_pdu.h"
#include "test.h"

#define READ(u, a, at, n)                                   \
  {                                                         \
    .unit = (u), .area = (a), .address = (at), .count = (n) \
  }

static const struct pdu_request two_registers = {
	.transaction = 0x1234,
	.unit = 17,
	.area = AREA_HOLDING,
	.address = 107,
	.count = 2,
};

// --- building ---

static void
test_builds_the_specifications_examples(void **state)
{
	// V1.1b3 6.1, 6.2, 6.3, 6.4: function, address, quantity.
	const struct {
		struct pdu_request req;
		uint8_t pdu[5];
	} cases[] = {
		{ READ(1, AREA_COIL, 19, 19), { 1, 0x00, 0x13, 0x00, 0x13 } },
		{ READ(1, AREA_DISCRETE, 196, 22), { 2, 0x00, 0xC4, 0x00, 0x16 } },
		{ READ(1, AREA_HOLDING, 107, 3), { 3, 0x00, 0x6B, 0x00, 0x03 } },
		{ READ(1, AREA_INPUT, 8, 1), { 4, 0x00, 0x08, 0x00, 0x01 } },
	};
	uint8_t frame[PDU_REQUEST_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(pdu_build(PDU_MBAP, &cases[i].req, frame), 12);
		assert_memory_equal(frame + 7, cases[i].pdu, 5);
		assert_int_equal(pdu_build(PDU_RTU, &cases[i].req, frame), 8);
		assert_memory_equal(frame + 1, cases[i].pdu, 5);
	}
}

static void
test_rtu_crc_is_the_gauges_not_its_readmes(void **state)
{
	// 01 03 00 04 00 01 C5 CB; a README prints C4 0B, the CRC of another request.
	const struct pdu_request req = READ(1, AREA_HOLDING, 4, 1);
	const uint8_t want[8] = { 0x01, 0x03, 0x00, 0x04, 0x00, 0x01, 0xC5, 0xCB };
	const uint8_t reply[7] = { 0x01, 0x03, 0x02, 0x00, 0x12, 0x38, 0x49 };
	uint8_t frame[PDU_REQUEST_MAX];
	struct pdu_reply r;

	(void)state;
	assert_int_equal(pdu_build(PDU_RTU, &req, frame), 8);
	assert_memory_equal(frame, want, 8);
	assert_int_equal(pdu_parse(PDU_RTU, &req, reply, 7, &r), PDU_GOOD);
	assert_int_equal(pdu_value(AREA_HOLDING, r.data, 0), 18);
}

// I8: whatever a request says that names no declared write, the function is one of the
// four reads. Writes: test_modbus_write.c.
static void
test_i8_a_request_reads(void **state)
{
	uint8_t frame[PDU_REQUEST_MAX];

	(void)state;
	for (int area = 0; area < AREA_COUNT; area++)
		for (unsigned unit = 0; unit < 256; unit++) {
			struct pdu_request req =
			    READ((uint8_t)unit, (enum area)area, 0xFFFF, 1);

			pdu_build(PDU_MBAP, &req, frame);
			assert_in_range(frame[7], 1, 4);
			pdu_build(PDU_RTU, &req, frame);
			assert_in_range(frame[1], 1, 4);
		}
}

// --- judging ---

static size_t
good_reply(enum pdu_framing framing, const struct pdu_request *req, uint8_t *out)
{
	size_t n = 0, bytes = req->count * 2U;
	uint16_t crc;

	if (pdu_area_is_bits(req->area))
		bytes = (req->count + 7U) / 8U;
	if (framing == PDU_MBAP) {
		out[n++] = (uint8_t)(req->transaction >> 8);
		out[n++] = (uint8_t)req->transaction;
		out[n++] = 0;
		out[n++] = 0;
		out[n++] = (uint8_t)((bytes + 3) >> 8);
		out[n++] = (uint8_t)(bytes + 3);
	}
	out[n++] = req->unit;
	out[n++] = (uint8_t)(req->area + 1);
	out[n++] = (uint8_t)bytes;
	for (size_t i = 0; i < bytes; i++)
		out[n++] = (uint8_t)(i * 7 + 1);
	if (framing == PDU_RTU) {
		crc = pdu_crc(out, n);
		out[n++] = (uint8_t)crc;
		out[n++] = (uint8_t)(crc >> 8);
	}
	return n;
}

static void
test_good_replies_of_every_size(void **state)
{
	uint8_t buf[PDU_FRAME_MAX];
	struct pdu_reply r;

	(void)state;
	for (int framing = PDU_MBAP; framing <= PDU_RTU; framing++)
		for (int area = 0; area < AREA_COUNT; area++) {
			bool bits = pdu_area_is_bits((enum area)area);
			uint16_t max = bits ? PDU_BITS_MAX : PDU_REGISTERS_MAX;

			for (uint16_t count = 1; count <= max; count++) {
				struct pdu_request req =
				    READ(3, (enum area)area, 0, count);
				size_t n =
				    good_reply((enum pdu_framing)framing, &req, buf);

				assert_int_equal(
				    n, pdu_reply_size((enum pdu_framing)framing, &req));
				assert_int_equal(pdu_parse((enum pdu_framing)framing,
						     &req, buf, n, &r),
				    PDU_GOOD);
				assert_int_equal(r.used, n);
			}
		}
}

static void
test_a_reply_cut_at_every_byte_needs_more(void **state)
{
	uint8_t buf[PDU_FRAME_MAX];
	struct pdu_reply r;

	(void)state;
	for (int framing = PDU_MBAP; framing <= PDU_RTU; framing++) {
		size_t n = good_reply((enum pdu_framing)framing, &two_registers, buf);

		for (size_t cut = 0; cut < n; cut++) {
			// Exactly sized, so that reading beyond is seen.
			uint8_t *part = test_malloc(cut ? cut : 1);

			memcpy(part, buf, cut);
			assert_int_equal(pdu_parse((enum pdu_framing)framing,
					     &two_registers, part, cut, &r),
			    PDU_NEED_MORE);
			assert_int_equal(r.used, 0);
			test_free(part);
		}
	}
}

static void
test_every_wrong_tcp_reply_has_its_verdict(void **state)
{
	const struct {
		const char *what;
		size_t at;
		uint8_t value;
		enum pdu_verdict want;
	} cases[] = {
		{ "transaction high", 0, 0x13, PDU_STALE },
		{ "transaction low", 1, 0x35, PDU_STALE },
		{ "protocol high", 2, 1, PDU_MALFORMED },
		{ "protocol low", 3, 1, PDU_MALFORMED },
		{ "length 0x107", 4, 1, PDU_MALFORMED },
		{ "length 2", 5, 2, PDU_MALFORMED },
		{ "length 0", 5, 0, PDU_MALFORMED },
		{ "length 255", 5, 255, PDU_MALFORMED },
		{ "length 254, not yet there", 5, 254, PDU_NEED_MORE },
		{ "length one short", 5, 6, PDU_WRONG_COUNT },
		{ "unit", 6, 18, PDU_WRONG_UNIT },
		{ "unit 0", 6, 0, PDU_WRONG_UNIT },
		{ "function 4", 7, 4, PDU_WRONG_FUNCTION },
		{ "function 16", 7, 16, PDU_WRONG_FUNCTION },
		{ "exception of the wrong size", 7, 0x83, PDU_WRONG_COUNT },
		{ "exception of another function", 7, 0x84, PDU_WRONG_FUNCTION },
		{ "byte count 2", 8, 2, PDU_WRONG_COUNT },
		{ "byte count 6", 8, 6, PDU_WRONG_COUNT },
		{ "byte count 0", 8, 0, PDU_WRONG_COUNT },
	};
	uint8_t buf[PDU_FRAME_MAX];
	struct pdu_reply r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t n = good_reply(PDU_MBAP, &two_registers, buf);

		buf[cases[i].at] = cases[i].value;
		if (pdu_parse(PDU_MBAP, &two_registers, buf, n, &r) != cases[i].want)
			fail_msg("%s", cases[i].what);
		assert_null(r.data);
	}
}

static size_t
with_crc(uint8_t *buf, size_t n)
{
	uint16_t crc = pdu_crc(buf, n);

	buf[n] = (uint8_t)crc;
	buf[n + 1] = (uint8_t)(crc >> 8);
	return n + 2;
}

static void
test_every_wrong_rtu_reply_has_its_verdict(void **state)
{
	const struct {
		const char *what;
		size_t n;
		uint8_t frame[16];
		bool crc;
		enum pdu_verdict want;
	} cases[] = {
		{ "wrong unit", 7, { 18, 3, 4, 1, 2, 3, 4 }, true, PDU_WRONG_UNIT },
		{ "function 4", 7, { 17, 4, 4, 1, 2, 3, 4 }, true, PDU_WRONG_FUNCTION },
		{ "byte count 2", 5, { 17, 3, 2, 1, 2 }, true, PDU_WRONG_COUNT },
		{ "byte count 6", 9, { 17, 3, 6, 1, 2, 3, 4, 5, 6 }, true,
		    PDU_WRONG_COUNT },
		{ "bad crc", 9, { 17, 3, 4, 1, 2, 3, 4, 0xAA, 0x55 }, false,
		    PDU_BAD_CRC },
		{ "exception", 3, { 17, 0x83, 2 }, true, PDU_EXCEPTION },
		{ "exception of another function", 3, { 17, 0x84, 2 }, true,
		    PDU_WRONG_FUNCTION },
		{ "exception of another unit", 3, { 16, 0x83, 2 }, true,
		    PDU_WRONG_UNIT },
		{ "function 16", 6, { 17, 16, 0, 1, 0, 1 }, true, PDU_WRONG_FUNCTION },
		{ "zeros", 8, { 0 }, false, PDU_MALFORMED },
	};
	struct pdu_reply r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t buf[18] = { 0 };
		size_t n = cases[i].n;

		memcpy(buf, cases[i].frame, n);
		if (cases[i].crc)
			n = with_crc(buf, n);
		if (pdu_parse(PDU_RTU, &two_registers, buf, n, &r) != cases[i].want)
			fail_msg("%s", cases[i].what);
		assert_null(r.data);
	}
}

static void
test_exceptions_of_every_code(void **state)
{
	struct pdu_reply r;

	(void)state;
	for (unsigned code = 0; code < 256; code++) {
		uint8_t tcp[9] = { 0x12, 0x34, 0, 0, 0, 3, 17, 0x83, (uint8_t)code };
		uint8_t rtu[5] = { 17, 0x83, (uint8_t)code };

		assert_int_equal(
		    pdu_parse(PDU_MBAP, &two_registers, tcp, 9, &r), PDU_EXCEPTION);
		assert_int_equal(r.exception, code);
		with_crc(rtu, 3);
		assert_int_equal(
		    pdu_parse(PDU_RTU, &two_registers, rtu, 5, &r), PDU_EXCEPTION);
		assert_int_equal(r.exception, code);
		assert_null(r.data);
		assert_non_null(pdu_exception_name((uint8_t)code));
	}
	assert_int_equal(pdu_refusal_of(2), REFUSAL_ADDRESS);
	assert_int_equal(pdu_refusal_of(6), REFUSAL_BUSY);
	assert_int_equal(pdu_refusal_of(5), REFUSAL_BUSY);
	assert_int_equal(pdu_refusal_of(0x0B), REFUSAL_LINK);
	assert_int_equal(pdu_refusal_of(3), REFUSAL_CONFIGURATION);
	assert_int_equal(pdu_refusal_of(0x99), REFUSAL_DEVICE);
	assert_string_equal(pdu_exception_name(0x0B), "exception-0b");
}

static void
test_nobody_asked(void **state)
{
	uint8_t buf[PDU_FRAME_MAX];
	struct pdu_reply r;
	size_t n = good_reply(PDU_MBAP, &two_registers, buf);

	(void)state;
	assert_int_equal(pdu_parse(PDU_MBAP, NULL, buf, n, &r), PDU_STALE);
	assert_int_equal(r.used, n);
}

static void
test_bits_are_lowest_first(void **state)
{
	const uint8_t data[3] = { 0xCD, 0x6B, 0x05 }; // V1.1b3 6.1, coils 20 to 38
	const char *want = "1011001111010110101";

	(void)state;
	for (size_t i = 0; i < 19; i++)
		assert_int_equal(pdu_value(AREA_COIL, data, i), want[i] - '0');
}

// Any single bit wrong in any byte that is not data: never good.
static void
test_i6_one_flipped_bit_is_never_good(void **state)
{
	uint8_t buf[PDU_FRAME_MAX];
	struct pdu_reply r;

	(void)state;
	for (int framing = PDU_MBAP; framing <= PDU_RTU; framing++) {
		size_t n = good_reply((enum pdu_framing)framing, &two_registers, buf);
		size_t data = framing == PDU_MBAP ? 9 : n; // all of RTU has the CRC

		for (size_t at = 0; at < data; at++)
			for (int bit = 0; bit < 8; bit++) {
				buf[at] ^= (uint8_t)(1U << bit);
				assert_int_not_equal(
				    pdu_parse((enum pdu_framing)framing, &two_registers,
					buf, n, &r),
				    PDU_GOOD);
				buf[at] ^= (uint8_t)(1U << bit);
			}
	}
}

static uint32_t
next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void
test_random_bytes(void **state)
{
	const uint8_t start[5] = { 0x12, 0x34, 0, 0, 0 };
	uint32_t seed = 0xC0FFEE;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		size_t n = next_random(&seed) % 40;
		uint8_t *buf = test_malloc(n ? n : 1);
		enum pdu_framing framing = (enum pdu_framing)(i & 1);
		struct pdu_reply r;
		enum pdu_verdict v;

		for (size_t b = 0; b < n; b++)
			buf[b] = (uint8_t)next_random(&seed);
		if (n > 6 && (i & 2)) // past the header checks
			memcpy(buf, start, sizeof(start));
		v = pdu_parse(framing, &two_registers, buf, n, &r);
		assert_true(r.used <= n);
		assert_true((v == PDU_NEED_MORE) == (r.used == 0) || n == 0);
		if (v == PDU_GOOD)
			assert_true(r.data >= buf && r.data + r.data_len <= buf + n);
		test_free(buf);
	}
}

// A reply names the number of its bytes alone: three bits pass for five (I6).
static void
test_i6_replies_of_one_size_pass_for_one_another(void **state)
{
	static const struct {
		struct pdu_request a, b;
		bool alike;
	} cases[] = {
		{ { .unit = 1, .area = AREA_COIL, .address = 0, .count = 3 },
		    { .unit = 1, .area = AREA_COIL, .address = 8, .count = 5 }, true },
		{ { .unit = 1, .area = AREA_COIL, .address = 0, .count = 8 },
		    { .unit = 1, .area = AREA_COIL, .address = 8, .count = 9 }, false },
		{ { .unit = 1, .area = AREA_DISCRETE, .address = 0, .count = 9 },
		    { .unit = 1, .area = AREA_DISCRETE, .address = 40, .count = 16 },
		    true },
		{ { .unit = 1, .area = AREA_COIL, .address = 0, .count = 3 },
		    { .unit = 1, .area = AREA_DISCRETE, .address = 0, .count = 3 },
		    false },
		{ { .unit = 1, .area = AREA_HOLDING, .address = 0, .count = 2 },
		    { .unit = 1, .area = AREA_HOLDING, .address = 9, .count = 2 },
		    true },
		{ { .unit = 1, .area = AREA_HOLDING, .address = 0, .count = 2 },
		    { .unit = 1, .area = AREA_HOLDING, .address = 0, .count = 3 },
		    false },
		{ { .unit = 1, .area = AREA_HOLDING, .address = 0, .count = 2 },
		    { .unit = 1, .area = AREA_INPUT, .address = 0, .count = 2 },
		    false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(pdu_alike(&cases[i].a, &cases[i].b), cases[i].alike);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_builds_the_specifications_examples),
		cmocka_unit_test(test_rtu_crc_is_the_gauges_not_its_readmes),
		cmocka_unit_test(test_i8_a_request_reads),
		cmocka_unit_test(test_good_replies_of_every_size),
		cmocka_unit_test(test_a_reply_cut_at_every_byte_needs_more),
		cmocka_unit_test(test_every_wrong_tcp_reply_has_its_verdict),
		cmocka_unit_test(test_every_wrong_rtu_reply_has_its_verdict),
		cmocka_unit_test(test_exceptions_of_every_code),
		cmocka_unit_test(test_nobody_asked),
		cmocka_unit_test(test_bits_are_lowest_first),
		cmocka_unit_test(test_i6_replies_of_one_size_pass_for_one_another),
		cmocka_unit_test(test_i6_one_flipped_bit_is_never_good),
		cmocka_unit_test(test_random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
