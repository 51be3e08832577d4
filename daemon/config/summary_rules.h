// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What --check prints of the rules that give points a meaning in time, one line each.
// Private to config.
#ifndef CONFIG_SUMMARY_RULES_H
#define CONFIG_SUMMARY_RULES_H

#include <stdio.h>

#include "core/site.h"

void summary_rules_print(const struct site *s, FILE *out);

#endif
