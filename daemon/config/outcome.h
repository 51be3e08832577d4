// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a raw value means, and tables of such values. Private to config.
#ifndef CONFIG_OUTCOME_H
#define CONFIG_OUTCOME_H

#include "config/load.h"
#include "config/schema.h"
#include "config/yaml.h"
#include "core/profile.h"

enum {
	TABLES_MAX = 16
};

// A named list of values, for several fields to use.
struct value_table {
	const char *name;
	uint16_t n;
	const struct decode_value *values;
	struct decode_outcome unknown;
};

struct value_tables {
	size_t n;
	struct value_table *all;
};

// A condition, a list of two, or (means only) none.
extern const struct schema_field means_forms[], condition_forms[];
extern const struct schema_field value_item; // of a list of values
extern const struct schema_field tables_item;

// A condition, a list of two, or "none" where it may be.
void outcome_read(struct load *l, const struct yaml_node *node, bool may_be_none,
    struct decode_outcome *out);

// "test" or "no-value".
const char *effect_choice(size_t i);

// A list of values, sorted; none of them above `most`.
const struct decode_value *values_read(
    struct load *l, const struct yaml_node *list, uint16_t most, uint16_t *n);

// The tables of a profile. `of_site` is the device's own map of tables, or NULL.
struct value_tables tables_read(
    struct load *l, const struct yaml_node *list, const struct yaml_node *of_site);

// A table that `v` names, or NULL with a problem.
const struct value_table *tables_find(
    struct load *l, const struct value_tables *tables, const struct schema_value *v);

#endif
