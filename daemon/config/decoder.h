// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The decoders of a profile: what raw values mean. Private to config.
#ifndef CONFIG_DECODER_H
#define CONFIG_DECODER_H

#include "config/load.h"
#include "config/yaml.h"

// Reads a list of decoders; a new array in the site's arena, *n of them. What does not
// fit is a problem.
struct decoder *decoders_read(
    struct load *l, const struct yaml_node *list, uint16_t *n);

// Registers that one item of this decoder takes (bits: 1).
unsigned decoder_width(const struct decoder *d);

#endif
