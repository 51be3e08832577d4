// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// One profile while it is being read, and the readers of its sections. Private to
// config. A section is read after those it refers to.
#ifndef CONFIG_PROFILE_LOAD_H
#define CONFIG_PROFILE_LOAD_H

#include "config/decoder.h"
#include "config/load.h"
#include "config/outcome.h"
#include "config/schema.h"
#include "config/sections.h"

struct profile_load {
	struct load *l;
	struct profile *p;
	const struct profile_override *site; // what the device says differs; not NULL
	struct value_tables tables;
	struct decoders decoders;
};

extern const struct schema_field transports_item, identity_item, exceptions_item,
    items_item;
extern const struct schema_map limits_map;

enum {
	TRANSPORTS_MAX = 3,
	IDENTITY_MAX = 16,
	EXCEPTIONS_MAX = 16,
	DECODERS_MAX = 64,
	ITEMS_MAX = 256,
};

void profile_read_transports(struct profile_load *pl, const struct yaml_node *list);
void profile_read_limits(struct profile_load *pl, const struct yaml_node *node);
void profile_read_exceptions(struct profile_load *pl, const struct yaml_node *list);

// profile_identity.c
void profile_read_identity(struct profile_load *pl, const struct yaml_node *list);

// profile_items.c
void profile_read_items(struct profile_load *pl, const struct yaml_node *list);
// Once items and dialogs are known: the names that the site gives other bases for.
void profile_check_bases(struct profile_load *pl);

// `address` as the site moves it (`address_shift`); a problem where nothing is there.
uint16_t profile_shift(struct profile_load *pl, struct pos at, int64_t address);

// The child of a map with this key, or NULL.
const struct yaml_node *profile_child(const struct yaml_node *map, const char *key);

const char *profile_area_choice(size_t i); // "coil", ...

#endif
