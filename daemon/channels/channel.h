// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Channels: ways to reach people, the mirror image of drivers. A channel turns a notice
// into a message and tells what became of it. Runs in the delivery thread only.
#ifndef CHANNELS_CHANNEL_H
#define CHANNELS_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/notice.h"
#include "core/site.h"
#include "lib/loop.h"

struct channel_instance;

enum delivery_result {
	DELIVERY_ACCEPTED, // the far side took it: 2xx
	DELIVERY_RETRY,    // not reached, or 408, 425, 429, 5xx: try again later
	DELIVERY_UNSURE, // it went out and no answer came: the next one may be a repeat
	DELIVERY_REFUSED, // another answer: trying again cannot help
};

typedef void channel_done(
    void *arg, enum delivery_result result, int status, const char *detail);

struct channel {
	const char *name;
	// Whether this channel of the site is of this kind.
	bool (*takes)(const struct channel_def *def);
	// Never fails for a far side that is down. The site must outlive the instance.
	struct channel_instance *(*open)(
	    struct loop *delivery_loop, const struct site *site, uint16_t index);
	// Sends one notice; calls done exactly once, later. Many may be in flight. The
	// notice is not kept. `detail` is valid during the call, never NULL.
	void (*send)(struct channel_instance *c, const struct notice *n,
	    channel_done *done, void *arg);
	// Drops what is in flight; its done does not come.
	void (*close)(struct channel_instance *c);
};

extern const struct channel channel_webhook;

// The kind that takes this channel of the site; NULL where none does.
const struct channel *channel_for(const struct channel_def *def);

#endif
