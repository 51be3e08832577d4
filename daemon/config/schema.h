// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Our schema: a map is a table of fields, each with a type, a range, a default and a
// sentence of help. The reader walks a YAML map by the table and reports everything
// that does not fit. Private to config.
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/load.h"
#include "config/yaml.h"

enum schema_type {
	SCHEMA_TEXT,     // any text that is not empty
	SCHEMA_ID,       // units_id
	SCHEMA_BOOL,     // true, false -> number
	SCHEMA_INTEGER,  // min..max -> number
	SCHEMA_DECIMAL,  // -> decimal
	SCHEMA_DURATION, // min..max in ms -> number
	SCHEMA_CHOICE,   // one of choice(0..) -> number
	SCHEMA_NAME,     // {zh: .., en: ..} -> zh, en; one stands in for the other
	SCHEMA_MAP,      // a map for the caller to read
	SCHEMA_LIST,     // a list for the caller to read, at most max items
	SCHEMA_ANY,      // the caller looks
};

// What a text looks like, for editors: its own reader judges it.
enum schema_shape {
	SHAPE_ANY,
	SHAPE_QUANTITY,    // "0.60MPa"
	SHAPE_UNIT,        // "MPa"
	SHAPE_TIME_OF_DAY, // "08:00"
	SHAPE_LINE,        // "9600 8N1"
	SHAPE_CONDITION,   // "fire/co"
	SHAPE_MEANING,     // the same, or none
	SHAPE_VALUE,       // the same, or none or empty
	SHAPE_ENDS,        // the same, or all
};

struct schema_field;

// The keys of one kind of map.
struct schema_map {
	const struct schema_field *fields;
	size_t n;
};

struct schema_field {
	const char *key;
	enum schema_type type;
	bool required;
	int64_t min, max;
	int64_t fallback;                // number where the key is absent
	const char *(*choice)(size_t i); // NULL behind the last. What an editor
					 // offers of SCHEMA_TEXT, and of the names in
					 // a SCHEMA_MAP with `each`
	const char *help;                // completes "KEY is missing: .."
	enum schema_shape shape;         // SCHEMA_TEXT
	// What is inside, for editors and for people (config/json_schema.c); the reader
	// of a section walks the same tables on its own.
	const struct schema_map *map;    // SCHEMA_MAP: its keys
	const struct schema_field *each; // SCHEMA_LIST: an item; SCHEMA_MAP whose keys
					 // are names or numbers: a value
	const struct schema_field *either; // SCHEMA_ANY: what it may be; key NULL ends
};

#define SCHEMA_KEYS(f)              \
  &(const struct schema_map)        \
  {                                 \
    (f), sizeof(f) / sizeof((f)[0]) \
  }

struct schema_value {
	const struct yaml_node *node; // NULL = absent
	struct pos pos, key_pos;      // its places
	bool ok;                      // present and good
	int64_t number;
	double decimal;
	const char *text; // of a scalar; lives as long as the load
	const char *zh, *en;
};

// Reads `map` by `n` fields into out[n]. `what` names the thing in messages ("a bus").
// Returns whether everything that is there fits and nothing required is missing.
bool schema_read(struct load *l, const struct yaml_node *map, const char *what,
    const struct schema_field *fields, size_t n, struct schema_value *out);

// A scalar by a field's type; the key's name is used in messages.
bool schema_scalar(struct load *l, const struct yaml_node *node,
    const struct schema_field *f, struct schema_value *out);

// The same for text that comes from elsewhere (CSV).
bool schema_text(struct load *l, struct pos at, const char *text,
    const struct schema_field *f, struct schema_value *out);

// A quantity with its unit, in the base unit of `q`. False where it is absent, or bad:
// then that is a problem.
bool schema_quantity(struct load *l, const struct schema_value *v, const char *key,
    enum quantity q, double *out);

// The names of the conditions that a point may have, for `choice`.
const char *schema_condition(size_t i);

// "must be true or false": the problem "KEY: .. found ..".
void schema_refuse(
    struct load *l, struct pos at, const char *key, const char *found, const char *why);

#endif
