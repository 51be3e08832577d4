// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Hosts behind others: a dead parent is one fault, and hides nobody whom it does not
// cut off.
#include "host_watch_rig.h"

static void
a_dead_parent_is_one_fault(void **state)
{
	struct host_rig *g = *state;
	host_rig_add_many(g, 120);
	g->hosts[0].period_ms = 10 * SECOND;
	for (unsigned i = 1; i < 120; i++)
		g->hosts[i].parent = i < 60 ? 0 : (uint16_t)(i - 59); // two floors
	host_rig_start(g);
	host_rig_run(g, 2 * MINUTE);
	assert_int_equal(host_rig_count(g, HOST_UP), 120);
	for (unsigned i = 0; i < 120; i++)
		host_rig_dies(g, i);
	host_rig_run(g, 10 * MINUTE);
	assert_int_equal(g->status[0].state, HOST_LOST);
	assert_int_equal(host_rig_count(g, HOST_LOST), 1);
	assert_int_equal(host_rig_count(g, HOST_BLIND), 119);
	for (unsigned i = 1; i < 120; i++)
		assert_int_equal(g->status[i].blind, HOST_BEHIND_PARENT);
	for (unsigned i = 0; i < 120; i++)
		assert_int_equal(i != 0 && g->lost_at_ms[i] != 0, 0);
	// All is back within the parent's period and seconds.
	for (unsigned i = 0; i < 120; i++)
		host_rig_lives(g, i);
	host_rig_run(g, 15 * SECOND + 2 * 3 * SECOND);
	assert_int_equal(host_rig_count(g, HOST_UP), 120);
	for (unsigned i = 1; i < 120; i++)
		assert_int_equal(g->lost_at_ms[i], 0);
}

static void
a_dead_child_of_a_living_parent_is_a_fault(void **state)
{
	struct host_rig *g = *state;
	host_rig_add_many(g, 3);
	g->hosts[1].parent = g->hosts[2].parent = 0;
	g->hosts[0].period_ms = HOUR; // asked because of the child, not by its period
	host_rig_start(g);
	host_rig_run(g, MINUTE);
	host_rig_dies(g, 1);
	host_rig_run(g, 100 * SECOND);
	assert_int_equal(g->status[1].state, HOST_LOST);
	assert_int_equal(g->status[1].code, HOST_TIMEOUT);
	assert_int_equal(g->status[0].state, HOST_UP);
	assert_int_equal(g->status[2].state, HOST_UP);
	assert_true(g->tries[0] >= 2);
}

// A parent that is there but does not do what it should cuts nobody off.
static void
a_parent_with_a_wrong_password_hides_nobody(void **state)
{
	struct host_rig *g = *state;
	host_rig_add_many(g, 2);
	g->hosts[1].parent = 0;
	g->behaviour[0] =
	    (struct behaviour){ .code = HOST_WRONG_STATUS, .after_ms = 1 };
	host_rig_dies(g, 1);
	host_rig_start(g);
	host_rig_run(g, 5 * MINUTE);
	assert_int_equal(g->status[0].state, HOST_LOST);
	assert_int_equal(g->status[1].state, HOST_LOST);
}

// A parent that answers no check of its own but lets the others through.
static void
a_child_that_answers_is_up_whatever_the_parent(void **state)
{
	struct host_rig *g = *state;
	host_rig_add_many(g, 2);
	g->hosts[1].parent = 0;
	host_rig_dies(g, 0);
	host_rig_start(g);
	host_rig_run(g, 5 * MINUTE);
	assert_int_equal(g->status[0].state, HOST_LOST);
	assert_int_equal(g->status[1].state, HOST_UP);
}

static void
i6_without_a_network_of_our_own_all_is_unknown(void **state)
{
	struct host_rig *g = *state;
	host_rig_add_many(g, 50);
	host_rig_start(g);
	host_rig_run(g, MINUTE);
	for (unsigned i = 0; i < 50; i++)
		g->behaviour[i] = (struct behaviour){
			.code = HOST_UNREACHABLE, .blind = HOST_LINK_DOWN, .after_ms = 1
		};
	host_rig_run(g, 10 * MINUTE);
	assert_int_equal(host_rig_count(g, HOST_BLIND), 50);
	for (unsigned i = 0; i < 50; i++) {
		assert_int_equal(g->lost_at_ms[i], 0);
		host_rig_lives(g, i);
	}
	host_rig_run(g, MINUTE);
	assert_int_equal(host_rig_count(g, HOST_UP), 50);
}

// A parent that cannot be asked, for reasons of its own check, says nothing of the way:
// who is gone behind it is not up for ever.
static void
i6_a_parent_that_cannot_be_asked_hides_nobody(void **state)
{
	static const enum host_blind why[] = { HOST_NO_PERMISSION, HOST_NO_RESOURCES };
	struct host_rig *g = *state;
	host_rig_add_many(g, 4);
	for (unsigned i = 0; i < 2; i++) {
		g->hosts[i + 2].parent = (uint16_t)i;
		g->behaviour[i] = (struct behaviour){
			.code = HOST_UNREACHABLE, .blind = why[i], .after_ms = 1
		};
	}
	host_rig_start(g);
	host_rig_run(g, 5 * MINUTE);
	assert_int_equal(host_rig_count(g, HOST_BLIND), 2);
	assert_int_equal(host_rig_count(g, HOST_UP), 2);
	host_rig_dies(g, 2);
	host_rig_dies(g, 3);
	host_rig_run(g, 5 * MINUTE);
	assert_int_equal(g->status[2].state, HOST_LOST);
	assert_int_equal(g->status[3].state, HOST_LOST);
	assert_int_equal(g->status[3].code, HOST_TIMEOUT);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, host_rig_setup, host_rig_teardown)
	const struct CMUnitTest tests[] = {
		T(a_dead_parent_is_one_fault),
		T(a_dead_child_of_a_living_parent_is_a_fault),
		T(a_parent_with_a_wrong_password_hides_nobody),
		T(a_child_that_answers_is_up_whatever_the_parent),
		T(i6_without_a_network_of_our_own_all_is_unknown),
		T(i6_a_parent_that_cannot_be_asked_hides_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
