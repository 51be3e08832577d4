// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The decoders of a profile: what raw values mean. Private to config.
#ifndef CONFIG_DECODER_H
#define CONFIG_DECODER_H

#include "config/load.h"
#include "config/outcome.h"
#include "config/yaml.h"

struct decoders {
	uint16_t n;
	struct decoder *all;
	uint8_t *width; // of each: bits that a value of form word has, 1 for form bit
};

extern const struct schema_field decoders_item;

// Reads a list of decoders; new arrays in the site's and the load's arena. What does
// not fit is a problem.
struct decoders decoders_read(
    struct load *l, const struct yaml_node *list, const struct value_tables *tables);

// The decoder that `v` names; false with a problem where there is none.
bool decoders_find(struct load *l, const struct decoders *decoders,
    const struct schema_value *v, uint16_t *index);

// number.c: the forms analog and counter.
extern const struct schema_map analog_map, counter_map;
void decoder_read_analog(
    struct load *l, const struct yaml_node *node, struct decoder *d);
void decoder_read_counter(
    struct load *l, const struct yaml_node *node, struct decoder *d);

// Keys that every form has come first in its table.
enum {
	DECODER_NAME,
	DECODER_FORM,
	DECODER_COMMON,
};
const char *decoder_form_choice(size_t i);

// clang-format off
#define DECODER_COMMON_FIELDS                                                          \
	[DECODER_NAME] = { .key = "name", .type = SCHEMA_ID, .required = true,         \
	    .help = "the name that items refer to" },                                  \
	[DECODER_FORM] = { .key = "form", .type = SCHEMA_CHOICE, .required = true,     \
	    .choice = decoder_form_choice, .help = "bit, word, analog or counter" }
// clang-format on

// An integer of a list, or of a key that schema_read does not check.
bool decoder_integer(struct load *l, const struct yaml_node *node, const char *key,
    int64_t max, int64_t *out);

#endif
