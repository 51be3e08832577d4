// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// For how long of a span a point was not watched: the daemon was down, its device, bus
// or chip was out of reach, events were lost, or the journal had not begun; from the
// events that say so, and from the links that are still lost. Half-open spans, UTC ms.
// Inside report/ only. One thread.
#ifndef REPORT_UNWATCHED_H
#define REPORT_UNWATCHED_H

#include "report/occurrences.h"

struct time_span {
	int64_t from_ms, to_ms;
};

// Spans in no order; may overlap until they are merged.
struct time_spans {
	struct time_span *all; // owned
	size_t n, size;
};
void time_spans_add(struct time_spans *s, int64_t from_ms, int64_t to_ms);
// In order, without overlaps, cut to a span.
void time_spans_merge(struct time_spans *s, int64_t from_ms, int64_t to_ms);
// Of merged ones: how much of a span they cover.
int64_t time_spans_within(const struct time_spans *s, int64_t from_ms, int64_t to_ms);
void time_spans_free(struct time_spans *s);

struct unwatched {
	const struct site *site;
	int64_t from_ms, until_ms;
	struct unwatched_span {
		char link[ID_MAX]; // point that was lost; "" = everything
		struct time_span span;
	} * all; // owned
	size_t n, size;
};

// What was not watched from `from_ms` on up to the end of the report's span, or now.
// `o` tells which links are lost still. 0 or -1. Free in both cases.
int unwatched_read(const struct report_input *in, int64_t from_ms,
    const struct occurrences *o, struct unwatched *u, struct err *err);
// Adds those of a point of the site (UINT32_MAX = none), by whatever it hangs on.
void unwatched_of(const struct unwatched *u, uint32_t point, struct time_spans *out);
void unwatched_free(struct unwatched *u);

#endif
