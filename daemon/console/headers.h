// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a request's headers say, and whether they may. Pure.
#ifndef CONSOLE_HEADERS_H
#define CONSOLE_HEADERS_H

#include "lib/text.h"

struct evkeyvalq;

// Error code of what is wrong with the headers, or NULL. Static storage.
const char *headers_fault(const struct evkeyvalq *headers);

// The language that an Accept-Language header (or NULL) asks for; zh where it names
// neither.
enum lang headers_language(const char *header);

#endif
