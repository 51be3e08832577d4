// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A person as the command line and the import file give one: checked field by field,
// the PIN hashed with argon2id. Shared by user.c and user_csv.c. One thread. Nothing
// here keeps a PIN: it is wiped where it was read.
#ifndef CLI_USER_H
#define CLI_USER_H

#include <stddef.h>

#include "lib/err.h"
#include "store/query.h"

enum {
	PIN_LEAST = 4,
	PIN_MOST = 12
};

// What was given; NULL or "" = not given, keep what is stored.
struct user_input {
	const char *id, *name_zh, *name_en, *role, *pin, *enabled;
};

// Fills *p (the person as stored, or zeroed) from the input. 0, or -1 with *err: field,
// found, allowed. A new person needs every field. Takes about 100 ms for a PIN.
int user_apply(
    struct person *p, bool known, const struct user_input *in, struct err *err);

// Who says so: reads the PIN of person `id` from standard input and checks it. 0, or -1
// with *err. Takes about 100 ms.
int user_log_in(struct reader *r, const char *id, struct err *err);

// Checks only, without hashing.
int user_check(bool known, const struct user_input *in, struct err *err);

// People read from a CSV file with a heading line: id, name_zh, name_en, role, pin,
// enabled, in any order. Fields stay valid until user_csv_free.
struct user_csv {
	char *text;
	size_t len;
	size_t n;
	struct user_input *rows;
	unsigned *lines; // where each row begins
};

// All faults of the file's form are told through `problem`; returns their number, or -1
// where it could not be read.
int user_csv_read(const char *file, struct user_csv *out,
    void (*problem)(void *arg, const struct err *e), void *arg, struct err *err);
void user_csv_free(struct user_csv *u); // wipes it: it holds PINs

#endif
