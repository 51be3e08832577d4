// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The pages: files of the web directory, read once at start and served from memory. The
// loop thread only; pages_load blocks and is for start-up.
#ifndef CONSOLE_PAGES_H
#define CONSOLE_PAGES_H

#include <stdbool.h>

#include "console/http.h"

struct pages;

enum {
	PAGES_MAX = 256,
	PAGE_BYTES_MAX = 4 * 1024 * 1024,
	PAGES_DEPTH = 3
};

// Reads every regular file of a known type with a plain name, folders included. A
// directory that cannot be read is logged and leaves no pages: the alarm comes first.
// directory may be NULL. Never NULL.
struct pages *pages_load(const char *directory);
void pages_free(struct pages *p); // NULL is fine

// Whether the raw path of a request is a page; "/" is index.html.
bool pages_knows(const struct pages *p, const char *path);
void pages_send(struct pages *p, struct http_request *r);

#endif
