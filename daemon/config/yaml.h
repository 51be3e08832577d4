// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A YAML file as a small tree of our own: every scalar is text, every node knows its
// place. Only yaml.c knows libfyaml. Nodes live as long as the load.
#ifndef CONFIG_YAML_H
#define CONFIG_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "config/load.h"

enum yaml_kind {
	YAML_EMPTY,
	YAML_SCALAR,
	YAML_LIST,
	YAML_MAP
};

enum {
	YAML_DEPTH_MAX = 16,
	YAML_KEYS_MAX = 64,
	YAML_LINE_MAX = 4096
};

struct yaml_node {
	enum yaml_kind kind;
	struct pos pos;
	const char *key; // inside a map; NULL elsewhere
	struct pos key_pos;
	const char *text; // of a scalar
	size_t n;         // children of a list or map, in order of the file
	struct yaml_node *first, *last, *next;
};

// The tree of source `file`, or NULL with one problem: libfyaml stops at the first
// error of syntax. Refuses anchors, aliases, tags, directives, keys that are no plain
// text, two documents, a key given twice.
const struct yaml_node *yaml_parse(struct load *l, uint16_t file);

// "a list", "a map", "text", "nothing": for messages.
const char *yaml_kind_name(enum yaml_kind k);

#endif
