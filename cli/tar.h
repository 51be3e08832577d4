// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A tar archive (ustar, POSIX.1-1988) of files whose size is not known before they are
// written: the head of a member is filled in behind its contents, so the archive must
// be a file that can be sought in. Counts and hashes each member. One thread; blocks,
// so it is for tools.
#ifndef CLI_TAR_H
#define CLI_TAR_H

#include <sys/types.h>

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct tar {
	FILE *out;      // borrowed
	int64_t time_s; // of every member, seconds since 1970
	bool failed;    // errno is that of the first failure
	int error;
	off_t head; // of the member that is open
	int64_t bytes;
	crypto_hash_sha256_state hash;
};

enum {
	TAR_SHA256_HEX = 2 * crypto_hash_sha256_BYTES + 1
};

// Begins a member, adds to it, ends it. `name`: at most 99 bytes. tar_end() returns the
// member's bytes and its SHA-256 in hex.
void tar_begin(struct tar *t);
void tar_add(struct tar *t, const void *data, size_t len);
int64_t tar_end(struct tar *t, const char *name, char sha256[static TAR_SHA256_HEX]);

// The two empty blocks at the end. False: something could not be written, see errno.
bool tar_finish(struct tar *t);

#endif
