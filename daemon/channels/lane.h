// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A lane: the notices that wait for one channel, fire before others, oldest first, and
// the one that is on its way; when a failed one is tried again and when it is given up.
// For delivery.c only; on the delivery loop.
#ifndef CHANNELS_LANE_H
#define CHANNELS_LANE_H

#include "channels/channel.h"
#include "channels/delivery.h"

struct lane;

struct lane_host {
	void *ctx;
	void (*receipt)(void *ctx, const struct receipt *r);
	void (*left)(void *ctx); // a notice has left the lane, whatever became of it
};

// Opens the site's channel `index` as `kind`. The host is copied.
struct lane *lane_open(struct loop *loop, const struct site *site, uint16_t index,
    const struct channel *kind, const struct lane_host *host);

// Queues a copy and sends it as soon as its turn comes.
void lane_put(struct lane *l, const struct notice *n);

// As delivery_cancel; false where there is no such notice.
bool lane_cancel(struct lane *l, const char *notice_id);

// As delivery_settled.
void lane_settled(struct lane *l, const char *notice_id);

size_t lane_waiting(const struct lane *l); // not on their way

// Drops everything, no receipts. NULL is fine.
void lane_close(struct lane *l);

#endif
