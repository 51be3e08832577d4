// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Which span a report is of: a statistics day, or the week (ISO 8601, from Monday),
// month or year of statistics days that holds the day asked for. Its bounds are bounds
// of days, so that figures of the days add up to it. Inside report/ only. One thread.
#ifndef REPORT_INTERVAL_H
#define REPORT_INTERVAL_H

#include "core/report_name.h"
#include "store/query.h"

// *out is named by its first day. 0, or -1 with *err: EINVAL where day is none.
int interval_find(struct reader *r, enum report_span span, const char *day,
    int64_t now_utc_ms, struct day_span *out, struct err *err);

// The one before it, of the same kind.
int interval_before(struct reader *r, enum report_span span, const struct day_span *d,
    int64_t now_utc_ms, struct day_span *out, struct err *err);

// The statistics day that holds the moment.
int interval_day_at(struct reader *r, int64_t utc_ms, int64_t now_utc_ms,
    struct day_span *out, struct err *err);

#endif
