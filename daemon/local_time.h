// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Local time of the site for rules that go by the clock on the wall. Behind a face of
// its own, because the store's zones and the site's are both called struct zone.
#ifndef DAEMON_LOCAL_TIME_H
#define DAEMON_LOCAL_TIME_H

#include <stdint.h>

struct local_time;

// A tz database name. Where this machine does not have it (the configuration has
// refused it before) it is UTC, and the log says so.
struct local_time *local_time_new(const char *name);
void local_time_free(struct local_time *t); // NULL is fine

// Seconds since 1970-01-01 00:00 local, at this moment.
int64_t local_time_s(const struct local_time *t, int64_t utc_ms);

// The first moment after `utc_ms` at which clocks there show one of these minutes after
// midnight; n > 0. UTC ms.
int64_t local_time_next(
    const struct local_time *t, const uint16_t *minutes, unsigned n, int64_t utc_ms);

#endif
