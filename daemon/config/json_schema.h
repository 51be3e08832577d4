// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The tables of schema.h as JSON Schema (draft 07), for editors that complete and check
// a file while it is written. It is never stricter than the reader where it can help
// it, and it cannot say all that the reader says: references, sums, plans. Pure.
#ifndef CONFIG_JSON_SCHEMA_H
#define CONFIG_JSON_SCHEMA_H

#include <stdbool.h>

#include "lib/buf.h"

// `of`: "site" (a site's file and all it includes) or "profile". False: neither.
bool json_schema_print(struct buf *out, const char *of);

#endif
