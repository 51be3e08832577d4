// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Which of its profile's dialogs a device uses. Private to config.
#ifndef CONFIG_DEVICE_DIALOG_H
#define CONFIG_DEVICE_DIALOG_H

#include <stdio.h>

#include "config/load.h"
#include "config/schema.h"
#include "config/yaml.h"

extern const struct schema_map device_dialogs_map;

// Fills d->dialogs from the map `dialogs` of a device (NULL = not given); profile and
// unit are known already.
void device_dialogs_read(
    struct load *l, const struct yaml_node *node, struct device *d);

// summary_dialog.c: what --check says of them.
void device_dialogs_print(const struct device *d, FILE *out);

// A problem where a point's item is read through a selector that is off.
void device_dialogs_point(struct load *l, struct pos at, const struct device *d,
    const struct profile_item *item);

#endif
