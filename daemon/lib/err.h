// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What is wrong with an input, where, and what would be right. Filled where the fault
// is seen; the caller decides. Any thread; no global state.
#ifndef LIB_ERR_H
#define LIB_ERR_H

#include <stdarg.h>

enum {
	ERR_TEXT = 400,
	ERR_FILE = 200
};

struct err {
	int code;              // errno-like, or 0
	char file[ERR_FILE];   // "" = none
	unsigned line, column; // 0 = none
	char text[ERR_TEXT];   // one line, lower case, no full stop
};

// Fills *e (which may be NULL) and returns -1.
int err_set(struct err *e, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

// The same with a place in a file.
int err_at(struct err *e, const char *file, unsigned line, unsigned column,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#endif
