// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Open addressing, doubled at half full, FNV-1a. Any thread, one at a time. Nothing is
// ever removed: a load only adds. Refuses no name; its callers bound how many.
#include "config/index.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

struct name_slot {
	const char *name; // NULL = free
	uint32_t value;
};

static size_t
hash(const char *s)
{
	uint64_t h = 0xcbf29ce484222325u; // FNV-1a, 64 bits

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3u;
	return (size_t)(h ^ (h >> 32));
}

static struct name_slot *
slot_of(const struct name_index *ix, const char *name)
{
	size_t i = hash(name) & (ix->size - 1);

	while (ix->slots[i].name != NULL && strcmp(ix->slots[i].name, name) != 0)
		i = (i + 1) & (ix->size - 1);
	return &ix->slots[i];
}

static void
grow(struct name_index *ix)
{
	struct name_slot *old = ix->slots;
	size_t old_size = ix->size;

	ix->size = old_size > 0 ? old_size * 2 : 64;
	ix->slots = xcalloc(ix->size, sizeof(*ix->slots));
	for (size_t i = 0; i < old_size; i++)
		if (old[i].name != NULL)
			*slot_of(ix, old[i].name) = old[i];
	free(old);
}

uint32_t
index_find(const struct name_index *ix, const char *name)
{
	if (ix->size == 0)
		return UINT32_MAX;
	const struct name_slot *s = slot_of(ix, name);
	return s->name == NULL ? UINT32_MAX : s->value;
}

uint32_t
index_add(struct name_index *ix, const char *name, uint32_t value)
{
	if ((ix->n + 1) * 2 > ix->size)
		grow(ix);
	struct name_slot *s = slot_of(ix, name);
	if (s->name != NULL)
		return s->value;
	*s = (struct name_slot){ .name = name, .value = value };
	ix->n++;
	return UINT32_MAX;
}

void
index_each(
    const struct name_index *ix, void (*fn)(void *arg, const char *name), void *arg)
{
	for (size_t i = 0; i < ix->size; i++)
		if (ix->slots[i].name != NULL)
			fn(arg, ix->slots[i].name);
}

void
index_free(struct name_index *ix)
{
	free(ix->slots);
	*ix = (struct name_index){ 0 };
}
