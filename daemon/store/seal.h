// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Signatures of the journal: Ed25519 (RFC 8032, libsodium) over the canonical bytes of
// chain.h. What is signed begins with a text that says what it is, so that no signature
// can stand for another thing. Any thread.
#ifndef STORE_SEAL_H
#define STORE_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "store/cell.h"

enum {
	SEAL_PUBLIC = 32,
	SEAL_SECRET = 64,
	SEAL_SIGNATURE = 64
};

struct seal_key {
	bool there;
	uint8_t public_key[SEAL_PUBLIC], secret[SEAL_SECRET];
};

// Reads DIRECTORY/journal.key, or makes it (mode 0600, on disk before it is used). 0,
// or -1 with *err: a file that is no key is refused and left as it is. Blocks.
int seal_key_load(const char *directory, struct seal_key *out, struct err *err);

void seal_sign(const struct seal_key *key, const struct cell *cells, size_t n,
    uint8_t signature[static SEAL_SIGNATURE]);

bool seal_check(const uint8_t public_key[static SEAL_PUBLIC], const struct cell *cells,
    size_t n, const uint8_t signature[static SEAL_SIGNATURE]);

#endif
