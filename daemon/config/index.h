// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Which number a name has: a hash table from text to index, for ids and codes. Keys are
// not copied and must outlive it. One thread.
#ifndef CONFIG_INDEX_H
#define CONFIG_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct name_index {
	size_t n, size;
	struct name_slot *slots;
};

// The value of `name`, or UINT32_MAX.
uint32_t index_find(const struct name_index *ix, const char *name);

// Adds it; returns UINT32_MAX, or the value that the name already has and keeps.
uint32_t index_add(struct name_index *ix, const char *name, uint32_t value);

void index_free(struct name_index *ix); // leaves it empty and usable

// Calls fn for every name, in no order.
void index_each(
    const struct name_index *ix, void (*fn)(void *arg, const char *name), void *arg);

#endif
