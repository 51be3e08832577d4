// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The one way to a write: a profile's table. Examples of the specification byte for
// byte; address and function never come from the request; a value outside the declared
// bounds and a write that is not declared end the program (I8); only the exact echo is
// good (I6).

#include <sys/resource.h>
#include <sys/wait.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "drivers/modbus_pdu.h"
#include "test.h"

// V1.1b3 6.5, 6.6 and 6.12 with their own addresses.
static const struct profile_write writes[] = {
	{ .name = "coil",
	    .purpose = WRITE_HEARTBEAT,
	    .function = WRITE_COIL,
	    .address = 0x00AC,
	    .registers = 1,
	    .max = 1 },
	{ .name = "one",
	    .purpose = WRITE_ACKNOWLEDGE,
	    .function = WRITE_REGISTER,
	    .address = 0x0001,
	    .registers = 1,
	    .min = 1,
	    .max = 0xFFFF },
	{ .name = "two",
	    .purpose = WRITE_SELECTOR,
	    .function = WRITE_REGISTERS,
	    .address = 0x0001,
	    .registers = 2,
	    .max = UINT32_MAX },
	{ .name = "one-by-16",
	    .purpose = WRITE_SELECTOR,
	    .function = WRITE_REGISTERS,
	    .address = 0xFFFF,
	    .registers = 1,
	    .max = 512 },
};
static const struct profile_dialogs dialogs = {
	.n_writes = ARRAY_LEN(writes),
	.writes = writes,
};

struct example {
	uint16_t write;
	uint32_t value;
	size_t n;
	uint8_t pdu[10];
	uint8_t echo[5];
};

static const struct example examples[] = {
	{ 0, 1, 5, { 5, 0x00, 0xAC, 0xFF, 0x00 }, { 5, 0x00, 0xAC, 0xFF, 0x00 } },
	{ 0, 0, 5, { 5, 0x00, 0xAC, 0x00, 0x00 }, { 5, 0x00, 0xAC, 0x00, 0x00 } },
	{ 1, 3, 5, { 6, 0x00, 0x01, 0x00, 0x03 }, { 6, 0x00, 0x01, 0x00, 0x03 } },
	{ 2, 0x000A0102, 10, { 16, 0x00, 0x01, 0x00, 0x02, 4, 0x00, 0x0A, 0x01, 0x02 },
	    { 16, 0x00, 0x01, 0x00, 0x02 } },
	{ 3, 512, 8, { 16, 0xFF, 0xFF, 0x00, 0x01, 2, 0x02, 0x00 },
	    { 16, 0xFF, 0xFF, 0x00, 0x01 } },
};

static struct pdu_request
request_of(const struct example *e)
{
	struct pdu_request req = { .transaction = 0x1234 };

	pdu_write(&req, 17, &dialogs, e->write, e->value);
	return req;
}

// Frames an answer's function and data; returns its length.
static size_t
frame_of(enum pdu_framing framing, const uint8_t *pdu, size_t n, uint8_t *out)
{
	size_t at = framing == PDU_MBAP ? 6 : 0, len = at + 1 + n;
	uint16_t crc;

	memset(out, 0, at);
	if (framing == PDU_MBAP) {
		out[0] = 0x12;
		out[1] = 0x34;
		out[5] = (uint8_t)(n + 1);
	}
	out[at] = 17;
	memcpy(out + at + 1, pdu, n);
	if (framing == PDU_MBAP)
		return len;
	crc = pdu_crc(out, len);
	out[len++] = (uint8_t)crc;
	out[len++] = (uint8_t)(crc >> 8);
	return len;
}

static void
test_builds_the_specifications_examples(void **state)
{
	uint8_t frame[PDU_REQUEST_MAX], want[PDU_REQUEST_MAX + 4];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(examples); i++)
		for (int f = PDU_MBAP; f <= PDU_RTU; f++) {
			const struct example *e = &examples[i];
			struct pdu_request req = request_of(e);
			size_t n = frame_of((enum pdu_framing)f, e->pdu, e->n, want);

			assert_int_equal(
			    pdu_build((enum pdu_framing)f, &req, frame), n);
			assert_memory_equal(frame, want, n);
		}
}

static void
test_the_exact_echo_is_good(void **state)
{
	uint8_t frame[PDU_FRAME_MAX];
	struct pdu_reply r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(examples); i++)
		for (int f = PDU_MBAP; f <= PDU_RTU; f++) {
			enum pdu_framing framing = (enum pdu_framing)f;
			struct pdu_request req = request_of(&examples[i]);
			size_t n = frame_of(framing, examples[i].echo, 5, frame);

			assert_int_equal(n, pdu_reply_size(framing, &req));
			for (size_t cut = 0; cut < n; cut++)
				assert_int_equal(
				    pdu_parse(framing, &req, frame, cut, &r),
				    PDU_NEED_MORE);
			assert_int_equal(
			    pdu_parse(framing, &req, frame, n, &r), PDU_GOOD);
			assert_int_equal(r.used, n);
			assert_int_equal(r.data_len, 0);
		}
}

// Every other echo: one byte differs, one bit of it each time.
static void
test_i6_no_other_echo_is_good(void **state)
{
	uint8_t frame[PDU_FRAME_MAX];
	struct pdu_reply r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(examples); i++)
		for (int f = PDU_MBAP; f <= PDU_RTU; f++)
			for (unsigned bit = 0; bit < 40; bit++) {
				enum pdu_framing framing = (enum pdu_framing)f;
				struct pdu_request req = request_of(&examples[i]);
				uint8_t pdu[5];
				size_t n;

				memcpy(pdu, examples[i].echo, 5);
				pdu[bit / 8] ^= (uint8_t)(1U << bit % 8);
				n = frame_of(framing, pdu, 5, frame);
				assert_int_not_equal(
				    pdu_parse(framing, &req, frame, n, &r), PDU_GOOD);
			}
}

static void
test_exceptions_and_reads_are_not_echoes(void **state)
{
	const uint8_t refusal[2] = { 0x86, 3 }, read[4] = { 3, 2, 0, 3 };
	struct pdu_request req = request_of(&examples[2]);
	uint8_t frame[PDU_FRAME_MAX];
	struct pdu_reply r;

	(void)state;
	for (int f = PDU_MBAP; f <= PDU_RTU; f++) {
		enum pdu_framing framing = (enum pdu_framing)f;
		size_t n = frame_of(framing, refusal, 2, frame);

		assert_int_equal(pdu_parse(framing, &req, frame, n, &r), PDU_EXCEPTION);
		assert_int_equal(r.exception, 3);
		n = frame_of(framing, read, 4, frame);
		assert_int_equal(
		    pdu_parse(framing, &req, frame, n, &r), PDU_WRONG_FUNCTION);
	}
}

// The echo of a write that nobody asked for, or that comes when a read is in flight.
static void
test_a_late_echo_is_no_answer_to_a_read(void **state)
{
	const struct pdu_request req = {
		.transaction = 0x1234,
		.unit = 17,
		.area = AREA_HOLDING,
		.address = 1,
		.count = 1,
	};
	uint8_t frame[PDU_FRAME_MAX];
	struct pdu_reply r;
	size_t n = frame_of(PDU_RTU, examples[2].echo, 5, frame);

	(void)state;
	assert_int_equal(pdu_parse(PDU_RTU, &req, frame, n, &r), PDU_WRONG_FUNCTION);
	assert_int_equal(r.used, n);
	assert_int_equal(pdu_parse(PDU_RTU, NULL, frame, n, &r), PDU_STALE);
}

// I8: the address and function on the wire are the table's, whatever else stands in the
// request.
static void
test_i8_a_write_goes_where_the_profile_says(void **state)
{
	uint8_t frame[PDU_REQUEST_MAX];

	(void)state;
	for (size_t w = 0; w < ARRAY_LEN(writes); w++)
		for (int area = 0; area < AREA_COUNT; area++) {
			struct pdu_request req = { 0 };

			pdu_write(&req, 1, &dialogs, (uint16_t)w, writes[w].max);
			req.area = (enum area)area;
			req.address = 40000;
			req.count = 77;
			(void)pdu_build(PDU_MBAP, &req, frame);
			assert_int_equal(frame[7], writes[w].function);
			assert_int_equal(frame[8] << 8 | frame[9], writes[w].address);
		}
}

// An output's coil comes from the profile's item and the site's number.
static const struct profile_item coils = {
	.name = "do",
	.area = AREA_COIL,
	.base = 0x00A0,
	.device_min = 1,
	.device_max = 8,
	.device_stride = 2,
	.output = true,
};
static const struct output siren = { .allow_write = true, .item = &coils, .number = 7 };

static void
test_i8_an_output_goes_to_the_coil_of_profile_and_site(void **state)
{
	const uint8_t on[] = { 5, 0x00, 0xAC, 0xFF, 0x00 },
		      off[] = { 5, 0, 0xAC, 0, 0 };
	uint8_t frame[PDU_FRAME_MAX], want[PDU_FRAME_MAX];
	struct pdu_reply r;

	(void)state;
	for (int f = PDU_MBAP; f <= PDU_RTU; f++)
		for (int level = 0; level < 2; level++) {
			enum pdu_framing framing = (enum pdu_framing)f;
			struct pdu_request req = { .transaction = 0x1234 };
			size_t n = frame_of(framing, level ? on : off, 5, want);

			pdu_output(&req, 17, &siren, level != 0);
			req.address = 40000; // what stands here is not what is sent
			req.area = AREA_HOLDING;
			assert_true(pdu_is_write(&req));
			assert_int_equal(pdu_build(framing, &req, frame), n);
			assert_memory_equal(frame, want, n);
			assert_int_equal(pdu_reply_size(framing, &req), n);
			assert_int_equal(
			    pdu_parse(framing, &req, want, n, &r), PDU_GOOD);
			// The echo of the other state, or of another coil (I6).
			n = frame_of(framing, level ? off : on, 5, want);
			assert_int_equal(
			    pdu_parse(framing, &req, want, n, &r), PDU_WRONG_COUNT);
		}
}

// Runs in a child process: whether it ended by abort().
static bool
aborts(void (*run)(void))
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		const struct rlimit none = { 0, 0 };

		(void)setrlimit(RLIMIT_CORE, &none);
		(void)signal(SIGABRT, SIG_DFL);
		(void)close(STDERR_FILENO);
		run();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void
not_declared(void)
{
	struct pdu_request req = { 0 };

	pdu_write(&req, 1, &dialogs, ARRAY_LEN(writes), 1);
}

static void
below_the_bounds(void)
{
	struct pdu_request req = { 0 };

	pdu_write(&req, 1, &dialogs, 1, 0);
}

static void
above_the_bounds(void)
{
	struct pdu_request req = { 0 };

	pdu_write(&req, 1, &dialogs, 3, 513);
}

static void
changed_after(void)
{
	struct pdu_request req = { 0 };
	uint8_t frame[PDU_REQUEST_MAX];

	pdu_write(&req, 1, &dialogs, 3, 512);
	req.value = 513;
	(void)pdu_build(PDU_RTU, &req, frame);
}

static void
good_one(void)
{
	struct pdu_request req = { 0 };
	uint8_t frame[PDU_REQUEST_MAX];

	pdu_write(&req, 1, &dialogs, 3, 512);
	(void)pdu_build(PDU_RTU, &req, frame);
}

static void
drive(const struct output *o)
{
	struct pdu_request req = { 0 };

	pdu_output(&req, 1, o, true);
}

static void
output_not_enabled(void)
{
	struct output o = siren;

	o.allow_write = false;
	drive(&o);
}

static void
output_not_declared(void)
{
	struct profile_item plain = coils;
	struct output o = siren;

	plain.output = false;
	o.item = &plain;
	drive(&o);
}

static void
output_beyond_the_item(void)
{
	struct output o = siren;

	o.number = 9;
	drive(&o);
}

static void
output_that_is_good(void)
{
	drive(&siren);
}

static void
test_i8_an_output_that_is_not_enabled_ends_the_program(void **state)
{
	(void)state;
	assert_true(aborts(output_not_enabled));
	assert_true(aborts(output_not_declared));
	assert_true(aborts(output_beyond_the_item));
	assert_false(aborts(output_that_is_good));
}

static void
test_i8_what_is_not_declared_ends_the_program(void **state)
{
	(void)state;
	assert_false(aborts(good_one));
	assert_true(aborts(not_declared));
	assert_true(aborts(below_the_bounds));
	assert_true(aborts(above_the_bounds));
	assert_true(aborts(changed_after));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_builds_the_specifications_examples),
		cmocka_unit_test(test_the_exact_echo_is_good),
		cmocka_unit_test(test_i6_no_other_echo_is_good),
		cmocka_unit_test(test_exceptions_and_reads_are_not_echoes),
		cmocka_unit_test(test_a_late_echo_is_no_answer_to_a_read),
		cmocka_unit_test(test_i8_a_write_goes_where_the_profile_says),
		cmocka_unit_test(
		    test_i8_an_output_goes_to_the_coil_of_profile_and_site),
		cmocka_unit_test(
		    test_i8_an_output_that_is_not_enabled_ends_the_program),
		cmocka_unit_test(test_i8_what_is_not_declared_ends_the_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
