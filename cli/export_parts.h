// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What exports share: CSV fields for a spreadsheet, the span and format asked for, and
// an output that appears whole or not at all. One thread.
#ifndef CLI_EXPORT_PARTS_H
#define CLI_EXPORT_PARTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/cli.h"
#include "lib/buf.h"

// A text; one that begins like a formula is set off by an apostrophe (OWASP, CSV
// injection).
void export_text(struct buf *b, const char *s);
// A comma and the text; a comma and the moment in RFC 3339 (0: nothing).
void export_field(struct buf *b, const char *s);
void export_time(struct buf *b, int64_t utc_ms);
// A comma and the number (NaN: nothing).
void export_number(struct buf *b, double x);

// --from and --to: a date (local midnight of the site) or a moment in UTC; 0 where not
// given. False: said on stderr.
bool export_span(const struct cli *c, int64_t *from_ms, int64_t *to_ms);

// --format, csv where neither it nor --json is given. NULL: said on stderr.
const char *export_format(const struct cli *c);

// Writes head, then what walk() writes, to -o or standard output; nothing stays where
// it fails. walk() returns 0, or -1 with *err.
struct export_job {
	const char *head; // NULL = none
	int (*walk)(void *arg, FILE *out, struct err *err);
	void *arg;
};
int export_run(const struct cli *c, const struct export_job *job, struct err *err);

// Writes the line and empties it. False where it cannot: errno says why.
bool export_line(FILE *out, struct buf *line);

#endif
