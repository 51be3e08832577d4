// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// 生活用水压力表平均读数: the mean over the site's domestic-water gauges, at each set
// hour and of the whole day. Each gauge counts once; which are in it and which had no
// value stands beside it. Inside report/ only. One thread.
#ifndef REPORT_DOMESTIC_WATER_H
#define REPORT_DOMESTIC_WATER_H

#include "core/set_hour.h"
#include "core/site.h"
#include "lib/buf.h"
#include "report/doc.h"

enum {
	DOMESTIC_MEANS_MAX = SET_HOURS_MAX + 4 // a day of 25 h, and the day itself
};

struct domestic_water {
	const struct site *site; // NULL: not known, and no gauge is one of these
	size_t n;
	struct domestic_mean {
		int64_t due_utc_ms; // 0 = the whole day
		double sum;         // kPa
		int64_t with, all;  // gauges
		struct buf points, without;
	} means[DOMESTIC_MEANS_MAX];
};

// Takes a gauge's value into the mean of that hour; NaN = it has none.
void domestic_water_add(
    struct domestic_water *w, int64_t due_utc_ms, const char *point, double value);
// Adds the table, where the site has such gauges, and frees.
void domestic_water_put(struct domestic_water *w, struct report_doc *d);

#endif
