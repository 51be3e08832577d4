// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A device with an event queue against a panel on a virtual clock: what is read, stored
// and acknowledged, and in which order; what a record makes of the points it is about.

#include <string.h>

#include "dialog_rig.h"
#include "test.h"

#define QUEUE                                                           \
  "  writes:\n"                                                         \
  "    - {name: handled, for: acknowledge, function: 6, address: 4613," \
  " printed: \"4613\", min: 0, max: 65535}\n"                           \
  "  queue:\n"                                                          \
  "    area: holding\n"                                                 \
  "    address: 4600\n"                                                 \
  "    printed: \"4600\"\n"                                             \
  "    registers: 10\n"                                                 \
  "    empty: 4\n"                                                      \
  "    layout: tlv\n"                                                   \
  "    sequence: {at: 0, bytes: 2, first: 1, last: 65535}\n"            \
  "    length: 2\n"                                                     \
  "    code: {at: 3, bytes: 1, decoder: state}\n"                       \
  "    fields_from: 4\n"                                                \
  "    fields: [{type: 3, is: zone}]\n"                                 \
  "    stamp: {type: 11, format: bytes, parts: hmsDMY}\n"               \
  "    acknowledge: handled\n"                                          \
  "    points: [{field: zone, item: zone}]\n"                           \
  "    resync: [250]\n"                                                 \
  "    overflow: [69]\n"

enum {
	QUEUE_AT = 4600,
	HANDLED = 4613,
};

static void
set_up_queue(struct dialog_rig *r)
{
	dialog_rig_init(r, DIALOG_RIG_HEAD "dialogs:\n" QUEUE, DIALOG_RIG_ZONES);
	r->sim.queue.read_at = QUEUE_AT;
	r->sim.queue.acknowledge_at = HANDLED;
	r->sim.holding[DIALOG_RIG_ZONE + 1] = r->sim.holding[DIALOG_RIG_ZONE + 2] =
	    r->sim.holding[DIALOG_RIG_ZONE + 60] = 24;
}

// ---- event queue --------------------------------------------------------------------

static void
test_the_queue_is_drained_in_order(void **state)
{
	static struct dialog_rig r;

	(void)state;
	set_up_queue(&r);
	for (uint16_t i = 1; i <= 50; i++)
		dialog_rig_push(&r, i, 24, 2);
	dialog_rig_run(&r, 3000);
	assert_int_equal(r.n_records, 50);
	for (uint16_t i = 0; i < 50; i++) {
		assert_int_equal(r.records[i].sequence, i + 1);
		assert_int_equal(r.records[i].point, site_find_point(r.site, "z2"));
		assert_true(r.records[i].time.valid);
		assert_int_equal(r.sim.writes[i].value, i + 1);
		assert_int_equal(r.sim.writes[i].address, HANDLED);
	}
	assert_int_equal(r.sim.n_writes, 50);
	assert_int_equal(r.n_wrote, 50); // each is reported
	assert_int_equal(r.n_gaps, 0);
	// Empty: read once a period.
	unsigned before = r.sim.asked[QUEUE_AT];
	dialog_rig_run(&r, 10000);
	assert_in_range(r.sim.asked[QUEUE_AT] - before, 9, 11);
	dialog_rig_free(&r);
}

static void
test_i8_nothing_is_acknowledged_before_it_is_durable(void **state)
{
	static struct dialog_rig r;

	(void)state;
	set_up_queue(&r);
	r.record_answer = RECORD_WAITS;
	dialog_rig_push(&r, 1, 24, 2);
	dialog_rig_push(&r, 2, 24, 2);
	dialog_rig_run(&r, 60000);
	assert_int_equal(r.n_records, 1);
	assert_int_equal(r.sim.n_writes, 0);
	assert_non_null(dialog_rig_last(&r, "z1")); // points are read all the while
	device_stored(&r.device, r.records[0].token, true);
	dialog_rig_run(&r, 1000);
	assert_int_equal(r.sim.n_writes, 1);
	assert_int_equal(r.sim.writes[0].value, 1);
	assert_int_equal(r.n_records, 2);
	// Not stored: handed over again, and still not acknowledged.
	device_stored(&r.device, r.records[1].token, false);
	dialog_rig_run(&r, QUEUE_STORE_RETRY_MS + 1000);
	assert_int_equal(r.n_records, 3);
	assert_int_equal(r.records[2].sequence, 2);
	assert_int_equal(r.sim.n_writes, 1);
	dialog_rig_free(&r);
}

static void
test_a_record_known_from_before_a_crash_is_only_acknowledged(void **state)
{
	static struct dialog_rig r;

	(void)state;
	set_up_queue(&r);
	dialog_rig_push(&r, 17, 24, 2);
	r.mark_known = true;
	r.mark = (struct record_mark){ .numbered = true, .sequence = 17 };
	r.mark.n_bytes = (uint8_t)(4 + r.sim.queue.records[0][2]);
	memcpy(r.mark.bytes, r.sim.queue.records[0], r.mark.n_bytes);
	dialog_rig_push(&r, 18, 24, 1);
	dialog_rig_run(&r, 2000);
	assert_int_equal(r.n_records, 1);
	assert_int_equal(r.records[0].sequence, 18);
	assert_int_equal(r.sim.n_writes, 2);
	assert_int_equal(r.n_gaps, 0);
	dialog_rig_free(&r);
}

static void
test_a_gap_is_told_and_everything_read_again(void **state)
{
	static struct dialog_rig r;

	(void)state;
	set_up_queue(&r);
	dialog_rig_push(&r, 10, 24, 2);
	dialog_rig_run(&r, 1500);
	dialog_rig_push(&r, 14, 24, 2); // 11, 12, 13 went to somebody else
	dialog_rig_run(&r, 2000);
	assert_int_equal(r.n_gaps, 1);
	assert_int_equal(r.gaps[0].reason, GAP_MISSING);
	assert_int_equal(r.gaps[0].missing, 3);
	assert_true(dialog_rig_shows(&r, "@panel/dev", COND_FAULT, "queue-gap"));
	dialog_rig_run(&r, PANEL_GAP_MS + 2000);
	assert_false(dialog_rig_shows(&r, "@panel/dev", COND_FAULT, "queue-gap"));
	dialog_rig_push(&r, 3, 24, 2);
	dialog_rig_run(&r, 2000);
	assert_int_equal(r.n_gaps, 2);
	assert_int_equal(r.gaps[1].reason, GAP_RESTART);
	dialog_rig_push(&r, 4, 69, -1);
	dialog_rig_run(&r, 2000);
	assert_int_equal(r.n_gaps, 3);
	assert_int_equal(r.gaps[2].reason, GAP_OVERFLOW);
	dialog_rig_free(&r);
}

static void
test_a_record_makes_its_point_be_read_next(void **state)
{
	static struct dialog_rig r;
	unsigned before;

	(void)state;
	// A long period, so that it is plain why something is read.
	dialog_rig_init(&r, DIALOG_RIG_HEAD "dialogs:\n" QUEUE,
	    "poll: 60s, accept_budget: {limit: 10min, reason: a test}, "
	    "points: [{id: z1, item: zone, device: 1, kind: smoke, place: {en: A}}, "
	    "{id: z60, item: zone, device: 60, kind: smoke, place: {en: C}}]");
	r.sim.queue.read_at = QUEUE_AT;
	r.sim.queue.acknowledge_at = HANDLED;
	r.sim.holding[DIALOG_RIG_ZONE + 1] = r.sim.holding[DIALOG_RIG_ZONE + 60] = 24;
	dialog_rig_run(&r, 2000);
	before = r.sim.asked[DIALOG_RIG_ZONE + 60];
	dialog_rig_push(&r, 1, 37, 60);
	r.sim.holding[DIALOG_RIG_ZONE + 60] = 37;
	dialog_rig_run(&r, 60000);
	assert_int_equal(r.n_records, 1);
	// Once by the record; the other zone waited for its period.
	assert_in_range(r.sim.asked[DIALOG_RIG_ZONE + 60] - before, 1, 2);
	assert_true(dialog_rig_shows(&r, "z60", COND_FIRE, ""));
	assert_false(dialog_rig_shows(&r, "@panel/dev", COND_FIRE, "unlisted"));
	// 250: states may have changed unseen, so all are read.
	before = r.sim.asked[DIALOG_RIG_ZONE + 1];
	dialog_rig_push(&r, 2, 250, -1);
	dialog_rig_run(&r, 62000);
	assert_in_range(r.sim.asked[DIALOG_RIG_ZONE + 1] - before, 2, 3);
	assert_int_equal(r.n_gaps, 0);
	dialog_rig_free(&r);
}

static void
test_a_fire_that_is_over_before_it_is_read_is_the_panels(void **state)
{
	static struct dialog_rig r;

	(void)state;
	set_up_queue(&r);
	dialog_rig_run(&r, 1500);
	dialog_rig_push(&r, 1, 37, 2); // the zone itself says 24
	dialog_rig_run(&r, 2000);
	assert_int_equal(r.records[0].n_means, 1);
	assert_int_equal(r.records[0].means[0].condition, COND_FIRE);
	assert_true(dialog_rig_shows(&r, "@panel/dev", COND_FIRE, "unlisted"));
	dialog_rig_run(&r, PANEL_UNLISTED_MS + 2000);
	assert_false(dialog_rig_shows(&r, "@panel/dev", COND_FIRE, "unlisted"));
	dialog_rig_push(&r, 2, 37, 77); // and of a zone that the site does not have
	dialog_rig_run(&r, 2000);
	assert_int_equal(r.records[1].point, UINT32_MAX);
	assert_true(dialog_rig_shows(&r, "@panel/dev", COND_FIRE, "unlisted"));
	dialog_rig_free(&r);
}

static void
test_an_acknowledgement_that_has_no_effect(void **state)
{
	static struct dialog_rig r;
	unsigned writes;

	(void)state;
	set_up_queue(&r);
	r.sim.queue.deaf = true;
	dialog_rig_push(&r, 1, 24, 2);
	dialog_rig_run(&r, 10000);
	assert_int_equal(r.n_records, 1);
	assert_true(dialog_rig_shows(&r, "@panel/dev", COND_FAULT, "queue-stuck"));
	writes = r.sim.n_writes;
	assert_in_range(writes, 3, 20); // with pauses
	r.sim.queue.deaf = false;
	dialog_rig_push(&r, 2, 24, 2);
	dialog_rig_run(&r, 5000);
	assert_int_equal(r.n_records, 2);
	assert_false(dialog_rig_shows(&r, "@panel/dev", COND_FAULT, "queue-stuck"));
	dialog_rig_free(&r);
}

static void
test_busy_refused_and_unanswered_acknowledgements(void **state)
{
	static struct dialog_rig r;

	(void)state;
	set_up_queue(&r);
	dialog_rig_run(&r, 1500);
	r.sim.exception_at = HANDLED;
	r.sim.exception = 6;
	r.sim.exceptions = 3;
	dialog_rig_push(&r, 1, 24, 2);
	dialog_rig_run(&r, 3000);
	assert_int_equal(r.sim.queue.head, 1); // busy: the same again
	r.sim.exception = 3;
	r.sim.exceptions = 1;
	dialog_rig_push(&r, 2, 24, 2);
	dialog_rig_run(&r, 3000);
	assert_int_equal(r.sim.queue.head, 2);
	assert_int_equal(r.n_refused, 1);
	r.sim.exceptions = 0;
	r.sim.mute_writes = true; // takes effect, and the echo is lost
	dialog_rig_push(&r, 3, 24, 2);
	dialog_rig_push(&r, 4, 24, 2);
	dialog_rig_run(&r, 8000);
	r.sim.mute_writes = false;
	dialog_rig_run(&r, 4000);
	assert_int_equal(r.sim.queue.head, 4);
	assert_int_equal(r.n_records, 4); // none twice
	assert_int_equal(r.lost, 0);
	dialog_rig_free(&r);
}

static void
test_a_number_that_cannot_be_written_is_not(void **state)
{
	static struct dialog_rig r;
	static struct profile_write writes[1];

	(void)state;
	set_up_queue(&r);
	// As if the profile had said less than the device does.
	writes[0] = r.site->devices[0].profile->dialogs->writes[0];
	writes[0].max = 100;
	struct profile_dialogs d = *r.site->devices[0].profile->dialogs;
	struct profile p = *r.site->devices[0].profile;
	d.writes = writes;
	p.dialogs = &d;
	r.site->devices[0].profile = &p;
	dialog_rig_push(&r, 101, 24, 2);
	dialog_rig_run(&r, 10000);
	assert_int_equal(r.n_records, 1);
	assert_int_equal(r.sim.n_writes, 0);
	assert_true(dialog_rig_shows(&r, "@panel/dev", COND_FAULT, "queue-stuck"));
	dialog_rig_free(&r);
}

static void
test_i8_a_device_that_is_lost_is_not_written_to(void **state)
{
	static struct dialog_rig r;

	(void)state;
	set_up_queue(&r);
	r.record_answer = RECORD_WAITS;
	dialog_rig_push(&r, 1, 24, 2);
	dialog_rig_run(&r, 2000);
	assert_int_equal(r.n_records, 1);
	r.sim.silent = true;
	dialog_rig_run(&r, 10000);
	assert_int_equal(r.lost, 1);
	device_stored(&r.device, r.records[0].token, true);
	dialog_rig_run(&r, 10000);
	assert_int_equal(r.n_wrote, 0); // not even tried
	r.sim.silent = false;
	dialog_rig_run(&r, 5000);
	assert_int_equal(r.lost, 0);
	assert_int_equal(r.sim.n_writes, 1);
	assert_int_equal(r.n_records, 1);
	dialog_rig_free(&r);
}

static void
test_a_queue_that_is_off_is_left_alone(void **state)
{
	static struct dialog_rig r;

	(void)state;
	dialog_rig_init(&r, DIALOG_RIG_HEAD "dialogs:\n" QUEUE,
	    "dialogs: {queue: false}, " DIALOG_RIG_ZONES);
	r.sim.queue.read_at = QUEUE_AT;
	r.sim.queue.acknowledge_at = HANDLED;
	dialog_rig_push(&r, 1, 24, 2);
	dialog_rig_run(&r, 10000);
	assert_int_equal(r.sim.asked[QUEUE_AT], 0);
	assert_int_equal(r.sim.n_writes, 0);
	dialog_rig_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_queue_is_drained_in_order),
		cmocka_unit_test(test_i8_nothing_is_acknowledged_before_it_is_durable),
		cmocka_unit_test(
		    test_a_record_known_from_before_a_crash_is_only_acknowledged),
		cmocka_unit_test(test_a_gap_is_told_and_everything_read_again),
		cmocka_unit_test(test_a_record_makes_its_point_be_read_next),
		cmocka_unit_test(
		    test_a_fire_that_is_over_before_it_is_read_is_the_panels),
		cmocka_unit_test(test_an_acknowledgement_that_has_no_effect),
		cmocka_unit_test(test_busy_refused_and_unanswered_acknowledgements),
		cmocka_unit_test(test_a_number_that_cannot_be_written_is_not),
		cmocka_unit_test(test_i8_a_device_that_is_lost_is_not_written_to),
		cmocka_unit_test(test_a_queue_that_is_off_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
