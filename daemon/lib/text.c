// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Looks texts up in the generated table and fills in their parameters. Read-only data:
// any thread. It never answers with nothing: an unknown key comes back as itself, so
// that a person sees at least the code of what happened.
#include "lib/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/mem.h"
#include "lib/text_table.h"

enum {
	KEY_MAX = 128
};

static const char *const language_names[LANG_COUNT] = {
	[LANG_ZH] = "zh",
	[LANG_EN] = "en",
};

static int
compare(const void *key, const void *entry)
{
	return strcmp(key, ((const struct text_entry *)entry)->key);
}

static const struct text_entry *
find(const char *key)
{
	return bsearch(key, text_table, text_table_size, sizeof text_table[0], compare);
}

const char *
text_get(enum lang l, const char *key)
{
	wr_assert(l < LANG_COUNT);
	const struct text_entry *e = find(key);
	return e ? e->text[l] : key;
}

bool
text_has(const char *key)
{
	return find(key) != NULL;
}

const char *
text_code(enum lang l, const char *code)
{
	const char *slash = strrchr(code, '/');
	const char *last = slash != NULL ? slash + 1 : code;
	const struct {
		const char *section, *name;
	} places[] = {
		{ "code", code },
		{ "limit", code },
		{ "code", last },
		{ "kind", last },
	};
	char key[KEY_MAX];

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		int len = snprintf(
		    key, sizeof(key), "%s.%s", places[i].section, places[i].name);
		const struct text_entry *e =
		    len > 0 && len < KEY_MAX ? find(key) : NULL;
		if (e != NULL)
			return e->text[l];
	}
	return code;
}

size_t
text_count(void)
{
	return text_table_size;
}

const char *
text_key(size_t index)
{
	wr_assert(index < text_table_size);
	return text_table[index].key;
}

// The value of the parameter whose name begins at `name`, NULL where it is not given.
static const char *
value_of(const char *name, size_t len, const struct text_value *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(values[i].name) == len && !memcmp(values[i].name, name, len))
			return values[i].value;
	return NULL;
}

void
text_fill(struct buf *out, enum lang l, const char *key,
    const struct text_value *values, size_t n)
{
	const char *s = text_get(l, key);
	while (*s) {
		size_t plain = strcspn(s, "{");
		buf_add(out, s, plain);
		s += plain;
		const char *end = strchr(s, '}');
		if (!end) {
			buf_str(out, s);
			return;
		}
		const char *value = value_of(s + 1, (size_t)(end - s - 1), values, n);
		if (value)
			buf_str(out, value);
		else
			buf_add(out, s, (size_t)(end - s + 1));
		s = end + 1;
	}
}

bool
lang_from_name(const char *name, enum lang *out)
{
	for (enum lang l = 0; l < LANG_COUNT; l++) {
		if (strcmp(name, language_names[l]) == 0) {
			*out = l;
			return true;
		}
	}
	return false;
}

const char *
lang_name(enum lang l)
{
	wr_assert(l < LANG_COUNT);
	return language_names[l];
}
