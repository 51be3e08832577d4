// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The table that text/generate.py writes, sorted by key. For lib/text.c only.
#ifndef LIB_TEXT_TABLE_H
#define LIB_TEXT_TABLE_H

#include <stddef.h>

#include "lib/text.h"

struct text_entry {
	const char *key;
	const char *text[LANG_COUNT];
};

extern const struct text_entry text_table[];
extern const size_t text_table_size;

#endif
