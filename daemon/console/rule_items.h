// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The stream's items of rules: a point with a rule, a patrol with its round. What
// changes several times in one round of the loop is one item, formatted when the round
// is over, so that it never shows a half of what happened. The loop thread only.
#ifndef CONSOLE_RULE_ITEMS_H
#define CONSOLE_RULE_ITEMS_H

#include <stdint.h>

struct console;
struct rule_items;

struct rule_items *rule_items_new(struct console *c); // after its stream
void rule_items_free(struct rule_items *q);           // before it; NULL is fine

void rule_items_point(struct rule_items *q, uint32_t point);
void rule_items_patrol(struct rule_items *q, uint16_t patrol);

#endif
