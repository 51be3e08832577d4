// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Looking for one short text in an answer that comes in pieces, without keeping the
// answer. Pure: any thread.
#ifndef DRIVERS_HOST_FIND_H
#define DRIVERS_HOST_FIND_H

#include <stdbool.h>
#include <stddef.h>

enum {
	HOST_FIND_MAX = 256 // bytes of the text looked for, its NUL included
};

struct host_find {
	const char *text; // outlives the search
	size_t len;
	size_t kept;
	char tail[HOST_FIND_MAX]; // the end of what went by
};

void host_find_init(struct host_find *f, const char *text);

// True once the text has been seen, in this piece or across its begin.
bool host_find_feed(struct host_find *f, const char *piece, size_t len);

#endif
