// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What --check prints of the rules that give points a meaning in time, and of signals
// with a live zero, one line each.
// Private to config.
#ifndef CONFIG_SUMMARY_RULES_H
#define CONFIG_SUMMARY_RULES_H

#include <stdio.h>

#include "core/site.h"

void summary_rules_print(const struct site *s, FILE *out);

// What the signal of a scaled point means, one line; nothing of others.
void summary_signal_print(const struct site *s, const struct point *p, FILE *out);

#endif
