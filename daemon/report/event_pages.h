// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Events of the journal for a report, however many: page after page, each a question of
// its own. Inside report/ only. One thread.
#ifndef REPORT_EVENT_PAGES_H
#define REPORT_EVENT_PAGES_H

#include "report/definitions.h"

// Calls row() with each event that the filter lets through, by seq; its after_seq and
// limit are this function's. 0, or -1 with *err.
int event_pages(const struct report_input *in, struct event_filter f,
    bool (*row)(void *arg, const struct stored_event *s), void *arg, struct err *err);

#endif
