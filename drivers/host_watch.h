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
