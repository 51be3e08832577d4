// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A whole report as one JSON text that describes itself: what is kept with a signature
// (store/revision.h), and what every later copy is made from. It has the columns as
// well as the cells, so that a program with other tables still reads it as it was.
// Inside report/ only, but for its first members, which docs/reports.md tells. One
// thread.
#ifndef REPORT_DOCUMENT_H
#define REPORT_DOCUMENT_H

#include "report/definitions.h"

enum {
	DOCUMENT_SIGNATURES = 6
};

struct document {
	struct report_doc doc;
	struct report_site site;
	struct day_span day;
	enum report_span span;
	char name[REPORT_TEXT], version[REPORT_TEXT];
	char data_sha256[SHA256_HEX];
	const char *signatures[DOCUMENT_SIGNATURES + 1]; // NULL at the end
	void *text;                                      // what the strings are part of
};

// Reads what format_document wrote. 0, or -1 with *err where it is none; free in both
// cases.
int document_read(const char *json, struct document *out, struct err *err);
void document_free(struct document *d);

// Names of kinds of columns, as they stand in it.
const char *document_kind(enum column_kind k);

#endif
