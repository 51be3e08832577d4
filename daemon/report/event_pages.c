// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See event_pages.h. Owns nothing.
#include "report/event_pages.h"

enum {
	PAGE = 1000
};

struct page {
	bool (*row)(void *arg, const struct stored_event *s);
	void *arg;
	int64_t last_seq;
};

static bool
take(void *arg, const struct stored_event *s)
{
	struct page *p = arg;
	p->last_seq = s->event.seq;
	return p->row(p->arg, s);
}

int
event_pages(const struct report_input *in, struct event_filter f,
    bool (*row)(void *arg, const struct stored_event *s), void *arg, struct err *err)
{
	struct page p = { .row = row, .arg = arg };
	int n;
	f.limit = PAGE;
	do {
		f.after_seq = p.last_seq;
		n = query_events(in->reader, &f, take, &p, err);
	} while (n == PAGE);
	return n < 0 ? -1 : 0;
}
