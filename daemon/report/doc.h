// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A report between its making and its writing: tables of typed cells. Columns are
// constant data; cells own copies of what they show. Inside report/ only. One thread.
#ifndef REPORT_DOC_H
#define REPORT_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/text.h"

enum column_kind {
	// What json does not show as it is, a person reads as said here.
	COLUMN_TEXT,   // data as it is: ids, codes
	COLUMN_KEY,    // a name of ours: the catalogue's prefix + name
	COLUMN_CODE,   // of an alarm: its word
	COLUMN_PLACE,  // zh and en: the one asked for
	COLUMN_COUNT,  // integer
	COLUMN_KPA,    // MPa with 3 decimals; json: kPa
	COLUMN_TENTHS, // integer of tenths: one decimal
	COLUMN_TIME,   // UTC ms: local with offset
	COLUMN_SPAN,   // ms: h:mm:ss
	COLUMN_IDS,    // event seqs
};

// For whom a column is: programs, spreadsheets, paper.
enum column_where {
	IN_JSON = 1,
	IN_CSV = 2, // and xlsx
	IN_PRINT = 4,
	IN_DATA = IN_JSON | IN_CSV,
	IN_TABLE = IN_CSV | IN_PRINT,
	IN_ALL = IN_JSON | IN_CSV | IN_PRINT,
};

struct report_column {
	const char *name;    // in json
	const char *heading; // elsewhere: catalogue key, or as it stands
	enum column_kind kind;
	enum column_where where;
	const char
	    *prefix; // COLUMN_KEY; of COLUMN_TIME what an absent one means, or NULL
};

struct report_cell {
	bool none; // no such value: csv says so in a word, json null
	int64_t n;
	double x;
	char *text, *text_en;
	int64_t *ids;
	size_t n_ids;
};

struct report_table {
	const char *name;  // in json
	const char *title; // catalogue key; NULL: goes on under the table before it
	bool single;       // json: one object instead of a list
	const struct report_column *columns;
	size_t n_columns;
	size_t n_rows, rows_size;
	struct report_cell *cells; // n_rows x n_columns
	void *owned; // columns made for this table alone, freed with it; or NULL
};

enum {
	DOC_TABLES_MAX = 64
};

// A curve over the report's span: printed sheets draw it. Steps of equal length; NaN
// where there was no good value, which is a gap in the line.
struct report_chart {
	char *point;
	char *place_zh, *place_en;
	int64_t from_ms, to_ms, step_ms;
	size_t n, size;
	struct chart_step {
		double min, mean, max; // kPa
	} * steps;
};

struct report_doc {
	size_t n_tables;
	struct report_table tables[DOC_TABLES_MAX];
	size_t n_charts;
	struct report_chart *charts; // after the tables
	int64_t first_seq, last_seq; // events of the day
};

// Adds a table described by `shape` (without rows).
struct report_table *doc_table(struct report_doc *d, const struct report_table *shape);

// Adds a row of "none" cells; fill them in order. Valid until the next row.
struct report_cell *doc_row(struct report_table *t);

void doc_put_count(struct report_cell *c, int64_t n); // also tenths, times, spans
void doc_put_number(struct report_cell *c, double x); // NaN = none
void doc_put_text(struct report_cell *c, const char *s);
void doc_put_place(struct report_cell *c, const char *zh, const char *en);
void doc_put_ids(struct report_cell *c, const int64_t *ids, size_t n);

// Adds a curve without steps. Valid until the next; copies the texts.
struct report_chart *doc_chart(struct report_doc *d, const char *point,
    const char *place_zh, const char *place_en);
void chart_put(struct report_chart *c, double min, double mean, double max);

size_t doc_rows(const struct report_doc *d); // of all tables, `single` ones aside
void doc_free(struct report_doc *d);         // leaves it empty

// "2026-11-23T08:00:00+08:00", in the process' zone.
enum {
	LOCAL_TIME_MAX = 40
};
void doc_local_time(int64_t utc_ms, char out[static LOCAL_TIME_MAX]);

#endif
