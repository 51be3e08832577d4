// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The hash chain of the journal. An event's hash is SHA-256 over its canonical bytes:
//
//   version byte 1, then for each column from seq to prev_hash, in the order of the
//   table: type byte (0 absent, 1 integer, 2 real, 3 text, 4 bytes), length as 4 bytes,
//   then as many bytes. Numbers are big-endian: an integer 8 bytes of two's complement,
//   a real 8 bytes of IEEE 754 binary64. An absent value has length 0; every NaN is
//   7ff8000000000000, which is not absent. prev_hash of the first event is 32 zeros.
//
// Pure; any thread. docs/schema.md repeats this for those who check without us.
#ifndef STORE_CHAIN_H
#define STORE_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "store/cell.h"

enum {
	CHAIN_HASH = 32,
	CHAIN_VERSION = 1
};

// Appends the canonical bytes of these cells to `out`.
void chain_canonical(const struct cell *cells, size_t n, struct buf *out);

void chain_hash(const struct cell *cells, size_t n, uint8_t hash[static CHAIN_HASH]);

#endif
