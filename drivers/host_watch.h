// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Watching the hosts of a site: when each is asked, how many at once, what its answers
// mean, which of them stand behind a parent that is gone. On the loop of the thread
// that talks outward; tells what it knows by value, so that the main loop can hold it.
#ifndef DRIVERS_HOST_WATCH_H
#define DRIVERS_HOST_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/site.h"
#include "drivers/host_try.h"

// What is known of one host. Times are monotonic ms of the loop's clock; 0 = never.
struct host_status {
	enum host_state state;
	enum host_code code;       // of the fault, while lost
	enum host_blind blind;     // why, while blind
	enum host_code last_code;  // of the last check; HOST_ANSWERS = it answered
	unsigned misses;           // failed checks among those that count
	bool warned;               // the certificate ends soon
	int64_t certificate_end_s; // UTC; 0 = none seen
	uint32_t round_trip_us;    // of the last answer
	int64_t asked_ms, answered_ms;
	int64_t held_until_ms; // the password is not tried before
	uint64_t checks, failed, tries;
	char detail[HOST_DETAIL_MAX]; // of the last failed check
};

struct host_watch;

struct host_watch_host {
	void *ctx;
	// After every check and every change of state.
	void (*report)(void *ctx, uint16_t host, const struct host_status *s);
};

// The hosts of a site, copied whole, so that the watch does not need the site. Taken
// over by host_watch_new, or freed with hosts_free.
struct host *hosts_copy(const struct site *site);
void hosts_free(struct host *hosts, uint16_t n);

// `askers` for each way of asking, or NULL for the real ones.
struct host_watch *host_watch_new(struct loop *l, struct host *hosts, uint16_t n,
    const struct host_watch_host *host,
    const struct asker_kind *const askers[HOST_CHECK_COUNT]);
void host_watch_free(struct host_watch *w); // NULL is fine

#endif
