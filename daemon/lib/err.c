// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Fills struct err. Owns nothing and keeps nothing: any thread may call it. It refuses
// to judge: whether an error matters is the caller's decision.
#include "lib/err.h"

#include <stdio.h>
#include <string.h>

#include "lib/mem.h"

__attribute__((format(printf, 5, 0))) static void
err_fill(struct err *e, int code, unsigned line, unsigned column, const char *fmt,
    va_list ap)
{
	e->code = code;
	e->line = line;
	e->column = column;
	char text[ERR_TEXT * 2];
	(void)vsnprintf(text, sizeof text, fmt, ap);
	(void)str_copy(e->text, sizeof e->text, text);
}

int
err_set(struct err *e, int code, const char *fmt, ...)
{
	if (!e)
		return -1;
	va_list ap;
	va_start(ap, fmt);
	e->file[0] = '\0';
	err_fill(e, code, 0, 0, fmt, ap);
	va_end(ap);
	return -1;
}

int
err_at(struct err *e, const char *file, unsigned line, unsigned column, const char *fmt,
    ...)
{
	if (!e)
		return -1;
	va_list ap;
	va_start(ap, fmt);
	(void)str_copy(e->file, sizeof e->file, file ? file : "");
	err_fill(e, 0, line, column, fmt, ap);
	va_end(ap);
	return -1;
}
