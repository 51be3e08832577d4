// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Bytes as lower-case hex digits. Pure; any thread.
#ifndef STORE_HEX_H
#define STORE_HEX_H

#include <stdbool.h>
#include <stddef.h>

// Writes 2 * len digits and a NUL.
void hex_encode(const void *data, size_t len, char *out);

// Reads exactly 2 * len digits. false where there are others.
bool hex_decode(const char *hex, void *out, size_t len);

#endif
