// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Parameters of an event, which the daemon wrote as a flat JSON object. Inside report/
// only.
#ifndef REPORT_PARAMS_H
#define REPORT_PARAMS_H

#include <stddef.h>
#include <stdint.h>

// A number; `otherwise` where there is none of this key.
int64_t params_number(const char *params, const char *key, int64_t otherwise);

// A text, "" where there is none of this key; cut at the end of out.
void params_text(const char *params, const char *key, char *out, size_t size);
// NaN where it is not there or null.
double params_double(const char *params, const char *key);

#endif
