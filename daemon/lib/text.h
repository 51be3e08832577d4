// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The catalogue: every text a person sees, in Chinese and English, generated from
// lib/text/catalog.yaml at build time. Read-only, any thread.
#ifndef LIB_TEXT_H
#define LIB_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

enum lang {
	LANG_ZH,
	LANG_EN,
	LANG_COUNT
};

// The text of a key; the key itself where the catalogue has none (a test refuses
// that). Static storage.
const char *text_get(enum lang l, const char *key);
bool text_has(const char *key);

// The word of an alarm's code: its own, a limit's ("low"), or that of the code or kind
// it ends in ("fire/smoke"); else the code itself.
const char *text_code(enum lang l, const char *code);

// All keys in order: text_key(0) .. text_key(text_count() - 1).
size_t text_count(void);
const char *text_key(size_t index);

// Adds the key's text with each {name} replaced by its value; a name that is not given
// stays as it is.
struct text_value {
	const char *name, *value;
};
void text_fill(struct buf *out, enum lang l, const char *key,
    const struct text_value *values, size_t n);

bool lang_from_name(const char *name, enum lang *out); // "zh", "en"
const char *lang_name(enum lang l);

#endif
