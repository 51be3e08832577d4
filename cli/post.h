// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A file given to an address by HTTP POST. Blocks until it is answered or the time is
// over: for the tool, which is a process of its own.
#ifndef CLI_POST_H
#define CLI_POST_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct post {
	const char *url;         // http or https; never shown
	const char *type, *name; // of the content; the file's name
	const char *key;         // Idempotency-Key: the same for the same report
	const void *data;
	size_t len;
	uint32_t timeout_ms;
};

// 0 where the answer was 2xx; else -1 and why. A redirect is no answer.
int post_file(const struct post *p, struct err *err);

#endif
