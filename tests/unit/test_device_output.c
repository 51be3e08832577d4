// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Outputs on a device, frame by frame on a virtual clock: written before anything is
// read, tried again, read back, written again each refresh and when the device is back;
// never without a wish, never to a device that is not the right one, and never to
// another address than profile and site name (I8).

#include <string.h>

#include "dialog_rig.h"
#include "lib/buf.h"
#include "test.h"

// `device` keys end here; the rig closes the brace of the output.
#define OUTPUT(more)                                                                  \
  "poll: 1s, retries: 1, points: [{id: door, item: di, device: 0, kind: door, place:" \
  " {en: D}}]}\noutputs:\n  - {id: siren, role: sounder, device: dev, item: do,"      \
  " number: 3, refresh: 5s, " more

enum {
	ADAM_COIL = 16 + 3, // panels/adam-6050.yaml
	MANY = 64,          // the most a site may have
};

static struct {
	struct dialog_rig *rig;
	bool stuck;
	unsigned taken, refused, lost, reads, changed;
	bool last_taken, last_read;
	const char *code;
} seen;

static void
on_output(void *ctx, const struct output_report *report)
{
	struct dialog_rig *r = ctx;

	assert_int_equal(report->output, 0);
	switch (report->told) {
	case OUTPUT_TAKEN:
		seen.taken++;
		seen.last_taken = report->on;
		if (!seen.stuck)
			r->sim.discrete[ADAM_COIL] = report->on;
		break;
	case OUTPUT_READ:
		seen.reads++;
		seen.last_read = report->on;
		break;
	case OUTPUT_CHANGED:
		seen.changed++;
		break;
	case OUTPUT_REFUSED:
		seen.refused++;
		seen.code = report->code;
		break;
	case OUTPUT_LOST:
		seen.lost++;
		seen.code = report->code;
		break;
	}
}

static struct dialog_rig *
begin(const char *more)
{
	static struct dialog_rig rig;

	memset(&seen, 0, sizeof(seen));
	dialog_rig_init_panel(&rig, "adam-6050", more);
	rig.host.output = on_output;
	dialog_rig_run(&rig, 2000);
	return &rig;
}

static void
wish(struct dialog_rig *r, bool on)
{
	assert_true(device_drive(&r->device, 0, on));
}

static void
test_i8_nothing_is_written_without_a_wish(void **state)
{
	struct dialog_rig *r = begin(OUTPUT("allow_write: true"));

	(void)state;
	dialog_rig_run(r, 60000);
	assert_int_equal(r->sim.n_orders, 0);
	assert_int_equal(r->lost, 0);
	dialog_rig_free(r);
}

static void
test_i8_an_output_that_is_not_enabled_cannot_be_driven(void **state)
{
	struct dialog_rig *r = begin(OUTPUT("allow_write: false"));

	(void)state;
	assert_false(device_drive(&r->device, 0, true));
	dialog_rig_run(r, 60000);
	assert_int_equal(r->sim.n_orders, 0);
	dialog_rig_free(r);
}

static void
test_a_wish_is_written_at_once_and_read_back(void **state)
{
	struct dialog_rig *r = begin(OUTPUT("allow_write: true"));
	uint16_t reads = r->sim.asked[ADAM_COIL];

	(void)state;
	wish(r, true);
	dialog_rig_run(r, 30);
	assert_int_equal(r->sim.n_writes, 1);
	assert_int_equal(r->sim.writes[0].function, 5);
	assert_int_equal(r->sim.writes[0].address, ADAM_COIL);
	assert_int_equal(r->sim.writes[0].value, 0xFF00);
	assert_int_equal(r->sim.asked[ADAM_COIL], reads + 1);
	assert_true(seen.last_taken && seen.last_read);
	wish(r, false);
	dialog_rig_run(r, 30);
	assert_int_equal(r->sim.writes[1].value, 0);
	assert_false(seen.last_taken || seen.last_read);
	dialog_rig_free(r);
}

// The write goes before what is due anyhow.
static void
test_a_wish_goes_before_the_polls(void **state)
{
	struct dialog_rig *r = begin(OUTPUT("allow_write: true"));
	struct field_device *d = &r->device;
	struct pdu_request req = { .transaction = 1 };

	(void)state;
	clock_virtual_advance(&r->clock, 3000); // everything is due
	wish(r, true);
	device_request(d, device_next_block(d, loop_now_ms(r->loop)), &req);
	assert_true(pdu_is_write(&req));
	assert_int_equal(device_next_class(d, loop_now_ms(r->loop)), POLL_OUTPUT);
	dialog_rig_free(r);
}

static void
test_it_is_written_again_each_refresh(void **state)
{
	struct dialog_rig *r = begin(OUTPUT("allow_write: true"));

	(void)state;
	wish(r, true);
	dialog_rig_run(r, 1000);
	r->sim.discrete[ADAM_COIL] = 0; // the module restarted
	dialog_rig_run(r, 5000);
	assert_int_equal(r->sim.discrete[ADAM_COIL], 1);
	assert_in_range(r->sim.n_writes, 2, 3);
	dialog_rig_run(r, 50000);
	assert_in_range(r->sim.n_writes, 11, 13);
	dialog_rig_free(r);
}

static void
test_what_reads_otherwise_is_written_again_soon(void **state)
{
	struct dialog_rig *r = begin(OUTPUT("allow_write: true"));

	(void)state;
	seen.stuck = true;
	wish(r, true);
	dialog_rig_run(r, 4500);
	assert_in_range(r->sim.n_writes, 4, 6); // at the pace of the device's polls
	assert_false(seen.last_read);
	seen.stuck = false;
	dialog_rig_run(r, 1500);
	assert_true(seen.last_read);
	dialog_rig_free(r);
}

static void
test_a_refusal_is_told_and_tried_again(void **state)
{
	struct dialog_rig *r = begin(OUTPUT("allow_write: true"));

	(void)state;
	r->sim.exception = 2;
	r->sim.exceptions = 3;
	r->sim.exception_at = ADAM_COIL;
	wish(r, true);
	dialog_rig_run(r, 500);
	assert_int_equal(seen.refused, 1);
	assert_string_equal(seen.code, "exception-02");
	assert_int_equal(seen.lost, 0);
	assert_int_equal(r->lost, 0); // the device lives
	dialog_rig_run(r, 5000);
	assert_int_equal(seen.refused, 3);
	assert_true(seen.last_taken);
	dialog_rig_free(r);
}

static void
test_i9_lost_is_told_once_and_back_it_is_written_first(void **state)
{
	struct dialog_rig *r = begin(OUTPUT("allow_write: true"));
	unsigned taken;

	(void)state;
	wish(r, true);
	dialog_rig_run(r, 1000);
	r->sim.silent = true;
	dialog_rig_run(r, 20000);
	assert_int_equal(seen.lost, 1);
	assert_string_equal(seen.code, "timeout");
	wish(r, false); // meanwhile it is silenced
	dialog_rig_run(r, 5000);
	r->sim.discrete[ADAM_COIL] = 1;
	taken = seen.taken;
	r->sim.silent = false;
	dialog_rig_run(r, 4000);
	assert_true(seen.taken > taken);
	assert_false(seen.last_taken);
	assert_int_equal(r->sim.discrete[ADAM_COIL], 0);
	assert_int_equal(seen.lost, 1);
	dialog_rig_free(r);
}

// Its identity is another: a module that was exchanged is not written to (I8).
static void
test_i8_another_device_is_not_written_to(void **state)
{
	struct dialog_rig *r = begin(OUTPUT("allow_write: true"));
	unsigned writes;

	(void)state;
	r->sim.silent = true;
	dialog_rig_run(r, 20000);
	writes = r->sim.n_writes;
	r->sim.holding[210] = 0x1234;
	r->sim.silent = false;
	wish(r, true);
	dialog_rig_run(r, 30000);
	assert_int_equal(r->sim.n_writes, writes);
	assert_string_equal(r->lost_code, "identity");
	dialog_rig_free(r);
}

// Only one wish counts: the last.
static void
test_a_wish_that_changes_while_it_flies(void **state)
{
	struct dialog_rig *r = begin(OUTPUT("allow_write: true"));
	struct field_device *d = &r->device;
	struct pdu_request req = { .transaction = 1 };
	uint16_t block;
	uint32_t serial;
	const char *reason = "";

	(void)state;
	wish(r, true);
	block = device_next_block(d, loop_now_ms(r->loop));
	device_request(d, block, &req);
	assert_true(pdu_is_write(&req));
	serial = device_asked(d, block);
	wish(r, false);
	block = device_landed(d, block, serial);
	(void)device_good(d, block, NULL, &reason); // the echo of "on"
	assert_true(seen.last_taken);
	dialog_rig_run(r, 100);
	assert_false(seen.last_taken);
	assert_int_equal(r->sim.writes[r->sim.n_writes - 1].value, 0);
	dialog_rig_free(r);
}

// The module takes the write and will not say what it shows: one refusal that stands,
// no coming and going.
static void
test_a_coil_that_cannot_be_read_back_stays_refused(void **state)
{
	struct dialog_rig *r = begin(OUTPUT("allow_write: true"));

	(void)state;
	r->sim.unreadable = ADAM_COIL;
	wish(r, true);
	dialog_rig_run(r, 10000);
	assert_int_equal(r->sim.writes[r->sim.n_writes - 1].value, 0xFF00);
	assert_true(seen.refused > 2);
	assert_int_equal(seen.taken, 1); // before it was known
	r->sim.unreadable = 0;
	dialog_rig_run(r, 3000);
	assert_true(seen.last_taken && seen.last_read);
	dialog_rig_free(r);
}

// It was written by somebody else, or lost: that is told before it is written again.
static void
test_i9_what_somebody_else_wrote_is_told(void **state)
{
	struct dialog_rig *r = begin(OUTPUT("allow_write: true"));

	(void)state;
	wish(r, true);
	dialog_rig_run(r, 12000);
	assert_int_equal(seen.changed, 0);
	r->sim.discrete[ADAM_COIL] = 0;
	dialog_rig_run(r, 5500);
	assert_int_equal(seen.changed, 1);
	assert_int_equal(r->sim.discrete[ADAM_COIL], 1);
	assert_true(seen.last_read);
	dialog_rig_run(r, 12000);
	assert_int_equal(seen.changed, 1);
	dialog_rig_free(r);
}

// A module that answers all but writes is not lost, its inputs are read as ever, and
// the tries take no more than a tenth of the line (I7).
static void
test_i7_writes_that_are_not_answered_cost_the_inputs_nothing(void **state)
{
	struct dialog_rig *r = begin(OUTPUT("allow_write: true"));
	unsigned before;

	(void)state;
	r->sim.mute_writes = true;
	wish(r, true);
	dialog_rig_run(r, 10000);
	assert_int_equal(seen.lost, 1);
	assert_string_equal(seen.code, "timeout");
	assert_int_equal(r->lost, 0);
	before = r->sim.n_orders;
	dialog_rig_run(r, 60000);
	assert_in_range(r->sim.n_orders - before, 3, 8);
	assert_int_equal(r->lost, 0);
	before = r->sim.n_orders; // a blink asks no more often
	for (int i = 0; i < 60; i++) {
		wish(r, i % 2 == 0);
		dialog_rig_run(r, 500);
	}
	assert_in_range(r->sim.n_orders - before, 1, 5);
	r->sim.mute_writes = false;
	wish(r, true);
	dialog_rig_run(r, 11000);
	assert_true(seen.last_taken && seen.last_read);
	dialog_rig_free(r);
}

// Off and on again while a read is on its way: the wish is taken anew.
static void
test_a_wish_that_comes_back_while_a_read_flies(void **state)
{
	struct dialog_rig *r = begin(OUTPUT("allow_write: true"));
	struct field_device *d = &r->device;
	struct pdu_request req = { .transaction = 1 };
	uint16_t block;
	uint32_t serial;
	const char *reason = "";
	const uint8_t one = 1;
	unsigned taken;

	(void)state;
	wish(r, true);
	block = device_next_block(d, loop_now_ms(r->loop));
	serial = device_asked(d, block);
	(void)device_good(d, device_landed(d, block, serial), NULL, &reason);
	block = device_next_block(d, loop_now_ms(r->loop));
	device_request(d, block, &req);
	assert_false(pdu_is_write(&req));
	serial = device_asked(d, block);
	taken = seen.taken;
	wish(r, false);
	wish(r, true);
	(void)device_good(d, device_landed(d, block, serial), &one, &reason);
	dialog_rig_run(r, 100);
	assert_true(seen.taken > taken);
	dialog_rig_free(r);
}

static void
on_any_output(void *ctx, const struct output_report *report)
{
	(void)ctx;
	if (report->told == OUTPUT_TAKEN) {
		seen.taken++;
		assert_int_equal(report->output, MANY - 1);
	}
}

// As many outputs as a site may have, all on one device: none is forgotten.
static void
test_a_device_with_many_outputs(void **state)
{
	static const char profile[] =
	    "profile: test\n"
	    "name: {zh: 测, en: Test}\n"
	    "source: made up\n"
	    "firmware: none\n"
	    "maturity: inferred\n"
	    "provenance: made up for the tests\n"
	    "transports: [tcp]\n"
	    "limits: {max_registers: 10}\n"
	    "decoders: [{name: bit, form: bit}]\n"
	    "items:\n"
	    "  - {name: do, area: coil, base: 1000, printed:"
	    " \"1001\", device: {from: 1, to: 400, stride: 1},"
	    " decoder: bit, output: true}\n";
	static struct dialog_rig rig;
	struct buf site = { 0 };

	(void)state;
	memset(&seen, 0, sizeof(seen));
	buf_str(&site, "poll: 1s, points: [{id: p, item: do, device: 400, kind:"
		       " module, place: {en: P}}]}\noutputs:\n");
	for (int i = 1; i <= MANY; i++)
		buf_printf(&site,
		    "  - {id: o%d, role: lamp, device: dev, item: do, number: %d,"
		    " allow_write: true%s",
		    i, i, i < MANY ? "}\n" : "");
	dialog_rig_init(&rig, profile, site.data);
	buf_free(&site);
	rig.host.output = on_any_output;
	dialog_rig_run(&rig, 2000);
	assert_true(device_drive(&rig.device, MANY - 1, true));
	dialog_rig_run(&rig, 2000);
	assert_true(seen.taken >= 1);
	dialog_rig_free(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i8_nothing_is_written_without_a_wish),
		cmocka_unit_test(
		    test_i8_an_output_that_is_not_enabled_cannot_be_driven),
		cmocka_unit_test(test_a_wish_is_written_at_once_and_read_back),
		cmocka_unit_test(test_a_wish_goes_before_the_polls),
		cmocka_unit_test(test_it_is_written_again_each_refresh),
		cmocka_unit_test(test_what_reads_otherwise_is_written_again_soon),
		cmocka_unit_test(test_a_refusal_is_told_and_tried_again),
		cmocka_unit_test(
		    test_i9_lost_is_told_once_and_back_it_is_written_first),
		cmocka_unit_test(test_i8_another_device_is_not_written_to),
		cmocka_unit_test(test_a_wish_that_changes_while_it_flies),
		cmocka_unit_test(test_a_coil_that_cannot_be_read_back_stays_refused),
		cmocka_unit_test(test_i9_what_somebody_else_wrote_is_told),
		cmocka_unit_test(
		    test_i7_writes_that_are_not_answered_cost_the_inputs_nothing),
		cmocka_unit_test(test_a_wish_that_comes_back_while_a_read_flies),
		cmocka_unit_test(test_a_device_with_many_outputs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
