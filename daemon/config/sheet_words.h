// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What people write in the point tables of fire panels, in Chinese and English, and our
// word for it: headings of columns, kinds of points, latches. Tables; pure.
#ifndef CONFIG_SHEET_WORDS_H
#define CONFIG_SHEET_WORDS_H

#include <stdbool.h>

#include "config/sections.h"

enum {
	SHEET_WORD_MAX = 64 // bytes, folded
};

// The column that a heading names; CELL_COUNT where it names none.
enum point_cell sheet_column(const char *heading);

// Whether a column is one that people keep for themselves: 序号, 备注, remark.
bool sheet_column_left_out(const char *heading);

// Our word for a kind, or for a latch; NULL where it is not known.
const char *sheet_kind(const char *word);
const char *sheet_latch(const char *word);

// For suggestions: calls fn with each word that may stand in a heading, or for a kind.
void sheet_each_heading(void (*fn)(void *arg, const char *word), void *arg);
void sheet_each_kind(void (*fn)(void *arg, const char *word), void *arg);

// One word in Chinese for each kind that has one.
void sheet_first_kinds(void (*fn)(void *arg, const char *word), void *arg);

#endif
