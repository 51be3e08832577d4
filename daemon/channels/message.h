// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A notice as the JSON message of docs/webhook.md. Any thread.
#ifndef CHANNELS_MESSAGE_H
#define CHANNELS_MESSAGE_H

#include "core/notice.h"
#include "core/site.h"
#include "lib/buf.h"

// Adds the whole message. Times in the text are local to the process's time zone and
// say their offset.
void message_json(struct buf *out, const struct site *site, const struct notice *n);

#endif
