// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Events as CSV rows: what the exports of the journal share. One thread. Texts are set
// off so that no spreadsheet takes them for a formula.
#ifndef CLI_EXPORT_H
#define CLI_EXPORT_H

#include "cli/cli.h"
#include "lib/buf.h"
#include "store/query.h"

enum {
	EXPORT_PAGE = 1000 // rows a question asks for
};

// The heading, with the byte order mark before it.
extern const char export_csv_head[];

// One event as one row, CR LF at its end.
void export_csv_event(struct buf *b, const struct stored_event *s);

#endif
