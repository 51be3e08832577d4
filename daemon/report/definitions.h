// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What the files of report/ share: one report's making. Not for others; they include
// report.h.
#ifndef REPORT_DEFINITIONS_H
#define REPORT_DEFINITIONS_H

#include "core/report_name.h"
#include "report/doc.h"
#include "report/report.h"
#include "store/query.h"
#include "store/revision.h"

struct report_input {
	struct reader *reader;
	const struct report_request *request;
	enum report_span span;
	struct day_span day; // the whole span
};

// Row sources: fill an empty doc. 0 or -1.
int alarms_build(const struct report_input *in, struct report_doc *d, struct err *err);
int pressure_daily_build(
    const struct report_input *in, struct report_doc *d, struct err *err);
int actions_daily_build(
    const struct report_input *in, struct report_doc *d, struct err *err);
int commissioning_build(
    const struct report_input *in, struct report_doc *d, struct err *err);

// What goes around the tables, ready to be written.
struct report_frame {
	const char *name;
	const struct report_request *request;
	const struct report_doc *doc;
	enum report_span span;
	const struct day_span *day;    // the whole span
	const char *const *signatures; // catalogue keys of who signs; NULL at the end
	const struct store_anchor *anchor; // the newest; seq 0 = none
	const char *version;               // of the program that made the figures
	// Of a report that is signed:
	bool signable;
	const struct revision *copy_of; // this is a copy of that one; NULL = it is not
	const struct revision *newest;  // of the day; NULL = nobody has signed
	int n_changes;                  // since the newest
	struct as_of as_of;
	int64_t unclassified;
};

// Formats: add the whole report to out. 0, or -1 with *err (out is then to be dropped).
int format_csv(const struct report_frame *f, struct buf *out, struct err *err);
int format_json(const struct report_frame *f, struct buf *out, struct err *err);
int format_html(const struct report_frame *f, struct buf *out, struct err *err);
int format_pdf(const struct report_frame *f, struct buf *out, struct err *err);
int format_document(const struct report_frame *f, struct buf *out, struct err *err);
int format_xlsx(const struct report_frame *f, struct buf *out, struct err *err);

// Spans of the day in which the system or a part of it saw nothing, from events. Adds
// a table "gaps".
int gaps_build(const struct report_input *in, struct report_doc *d, struct err *err);

// How long what was not watched, by reason, worst first (query_blind). Adds a table
// "blind".
int blind_build(const struct report_input *in, struct report_doc *d, struct err *err);
// What came to be known since the newest revision: adds a table "changes" where there
// is any. Returns how many, or -1.
int changes_build(const struct report_input *in, const struct revision *newest,
    struct report_doc *d, struct err *err);

// SHA-256 of the bytes, 64 hex digits and NUL.
enum {
	SHA256_HEX = 65
};
void report_sha256(const void *data, size_t len, char out[static SHA256_HEX]);
// The same of the figures, as json writes them.
void json_data_sha256(const struct report_doc *d, char out[static SHA256_HEX]);

#endif
