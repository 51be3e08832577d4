// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The watch over hosts on a virtual clock, asked by a fake that answers as each host is
// told to. Times in ms.
#ifndef TESTS_HOST_WATCH_RIG_H
#define TESTS_HOST_WATCH_RIG_H

#include "drivers/host_watch.h"
#include "test.h"

enum {
	HOST_RIG_MAX = 400,
	SECOND = 1000,
	MINUTE = 60 * SECOND,
	HOUR = 60 * MINUTE
};

// How a host of the test behaves.
struct behaviour {
	enum host_code code;
	enum host_blind blind;
	bool reached;
	int64_t after_ms; // HOST_TIMEOUT: at the time-out, whatever stands here
	bool wants_word;  // without the password: HOST_AUTH
	int64_t certificate_end_s;
};

struct host_rig {
	struct clock clock;
	struct loop *loop;
	struct site site;
	struct host hosts[HOST_RIG_MAX];
	char ids[HOST_RIG_MAX][16], addresses[HOST_RIG_MAX][16];
	struct behaviour behaviour[HOST_RIG_MAX];
	struct host_watch *watch;
	struct host_status status[HOST_RIG_MAX];
	// What was seen.
	unsigned busy, most_busy, most_at_one_address;
	unsigned at_address[HOST_RIG_MAX];
	unsigned tries[HOST_RIG_MAX], words[HOST_RIG_MAX], reports[HOST_RIG_MAX];
	int64_t last_try_ms[HOST_RIG_MAX], longest_gap_ms[HOST_RIG_MAX],
	    lost_at_ms[HOST_RIG_MAX];
	struct loop_timer stop;
};

// Fixtures of cmocka: *state is a rig without hosts.
int host_rig_setup(void **state);
int host_rig_teardown(void **state);

// Adds a host of its own address that answers at once.
unsigned host_rig_add(struct host_rig *g);
void host_rig_add_many(struct host_rig *g, unsigned n);
// Begins the watch; no host is added after.
void host_rig_start(struct host_rig *g);
void host_rig_run(struct host_rig *g, int64_t ms);

void host_rig_dies(struct host_rig *g, unsigned i);
void host_rig_lives(struct host_rig *g, unsigned i);
// How many hosts are in the state.
unsigned host_rig_count(const struct host_rig *g, enum host_state s);

#endif
