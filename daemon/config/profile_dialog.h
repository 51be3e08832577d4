// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The dialogs of a panel profile from YAML: what is read first, the event queue, and
// the only writes there are. Private to config.
#ifndef CONFIG_PROFILE_DIALOG_H
#define CONFIG_PROFILE_DIALOG_H

#include "config/load.h"
#include "config/schema.h"
#include "config/yaml.h"
#include "core/profile_dialog.h"

// Reads the map `dialogs`; the profile's decoders and items are known already.
// What each of them may hold.
extern const struct schema_map profile_dialogs_map, queue_map;
extern const struct schema_field alive_item, summary_item;

const struct profile_dialogs *dialogs_read(
    struct load *l, const struct yaml_node *node, const struct profile *p);

// profile_summary.c: the lists `alive` and `summaries`.
void alive_read(
    struct load *l, const struct yaml_node *list, struct profile_dialogs *d);
void summaries_read(struct load *l, const struct yaml_node *list,
    const struct profile *p, struct profile_dialogs *d);

// profile_queue.c: the map `queue`; the writes are known already.
const struct profile_queue *dialog_queue_read(struct load *l,
    const struct yaml_node *node, const struct profile *p,
    const struct profile_dialogs *d);

// Names that a dialog refers to: the index, or -1 with a problem.
int dialog_decoder(
    struct load *l, const struct schema_value *name, const struct profile *p);
int dialog_item(struct load *l, struct pos at, const char *key, const char *name,
    const struct profile *p);
int dialog_write(struct load *l, const struct schema_value *name,
    const struct profile_dialogs *d, enum write_purpose purpose);

// A list of numbers of at most `max` into out[]; returns how many.
uint8_t dialog_numbers(struct load *l, const struct schema_value *list, const char *key,
    int64_t most, uint16_t *out, size_t max);

// The text in the site's arena, or "".
const char *dialog_text(struct load *l, const struct schema_value *v);

// An address as the device that is being loaded moves it: by `bases` of this name (NULL
// = none), else by `address_shift`.
uint16_t dialog_address(struct load *l, const struct schema_value *v, const char *name);

// A problem at `at` where the registers end beyond 65535.
void dialog_span(struct load *l, const struct schema_value *at, uint32_t address,
    uint32_t registers);

// The choices of `area`.
const char *dialog_area(size_t i);

#endif
