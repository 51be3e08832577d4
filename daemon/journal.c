// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What the daemon says of its journal's upkeep: an anchor goes outside, where the site
// names a channel for it (what was cut off the journal's end later is missed there);
// rows that left by retention are an event. Runs on the loop.
#include "daemon.h"
#include "lib/buf.h"
#include "lib/mem.h"
#include "store/query.h"

static void
take_params(struct event *ev, struct buf *b)
{
	json_close(b, '}');
	bool fits = str_copy(ev->params, sizeof(ev->params), b->data);
	wr_assert(fits);
	buf_free(b);
}

void
journal_anchored(void *ctx, const struct store_anchor *a)
{
	struct daemon *d = ctx;
	struct event ev;
	struct buf b = { 0 };
	if (d->site->anchor_channel[0] == '\0' || d->outbox == NULL)
		return;
	event_init(&ev, EVENT_JOURNAL_ANCHOR);
	json_open(&b, NULL, '{');
	json_int(&b, "seq", a->seq);
	json_str(&b, "epoch", a->epoch);
	json_str(&b, "hash", a->hash);
	json_int(&b, "time_utc_ms", a->time_utc_ms);
	json_str(&b, "public_key", a->public_key);
	json_str(&b, "signature", a->signature);
	take_params(&ev, &b);
	(void)works_event(d->works, &ev);
	ev.seq = a->seq; // what it is about
	outbox_tell(d->outbox, d->site->anchor_channel, &ev);
}

void
journal_cut(void *ctx, int64_t before_utc_ms, int64_t events, int64_t last_seq)
{
	struct daemon *d = ctx;
	struct event ev;
	struct buf b = { 0 };
	event_init(&ev, EVENT_JOURNAL_CUT);
	json_open(&b, NULL, '{');
	json_int(&b, "before_utc_ms", before_utc_ms);
	json_int(&b, "events", events);
	json_int(&b, "last_seq", last_seq);
	take_params(&ev, &b);
	(void)works_event(d->works, &ev);
}
