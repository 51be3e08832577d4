// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a person reads in a report, whatever the format: the text of a cell, and the
// lines around the tables. Inside report/ only. One thread; local time is the process'.
#ifndef REPORT_SHOW_H
#define REPORT_SHOW_H

#include "report/definitions.h"

// The text of a cell, added to out. Nothing where there is nothing to say; a figure
// that does not exist is said in a word.
void show_cell(struct buf *out, enum lang lang, const struct report_column *col,
    const struct report_cell *cell);

// The same on paper, where the head says which zone it is: local time without its
// offset, unless that is another than at the begin of the report (daylight saving).
void show_on_paper(struct buf *out, const struct report_frame *f,
    const struct report_column *col, const struct report_cell *cell);

// The name of a place or site in the language asked for, or in the other one.
const char *show_in(enum lang lang, const char *zh, const char *en);

// The report's own title.
const char *show_title(const struct report_frame *f);

// Whether the span is over.
const char *show_state(const struct report_frame *f);

// Lines above the tables and below them: a heading and what it says.
struct show_line {
	const char *heading;
	char text[480];
};
enum {
	SHOW_LINES_MAX = 12
};
size_t show_head(const struct report_frame *f, struct show_line out[SHOW_LINES_MAX]);
// Of them, those that say who signed what, or that nobody has; none of a report that
// nobody signs.
size_t show_signing(const struct report_frame *f, struct show_line *out);
size_t show_foot(const struct report_frame *f, struct show_line out[SHOW_LINES_MAX]);

// Whether figures of this column stand to the right.
bool show_is_number(enum column_kind kind);

#endif
