// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Rows of a CSV file as spreadsheets write it: RFC 4180 with comma, semicolon or tab,
// quoted cells that may hold separators, quotes and line ends. Every cell knows its
// place. Private to config; runs in the thread of the load.
#ifndef CONFIG_CSV_H
#define CONFIG_CSV_H

#include "config/sections.h"

enum {
	CSV_COLUMNS_MAX = 64,
	CSV_CELL_MAX = 1024 // bytes
};

struct csv {
	struct load *l;
	const char *s;  // what is left
	struct pos pos; // of s
	char separator;
	struct pos row; // where the last row began
	size_t n;
	struct cell cells[CSV_COLUMNS_MAX];
};

// Begins at the first row of a source. The separator is the one that is most frequent
// in the first row that has any; a line "sep=;" before it, as some programs write, is
// taken at its word.
void csv_begin(struct csv *c, struct load *l, uint16_t file);

// "comma", "semicolon", "tab".
const char *csv_separator_name(char separator);

// The next row that can be read and is not empty, into c->cells; each that cannot is a
// problem. False at the end.
bool csv_next(struct csv *c);

#endif
