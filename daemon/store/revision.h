// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Signed revisions of a day's report, and what a day still lacks before it can be
// signed. The report itself is kept with its revision, as a document that this folder
// does not look into (report/document.h): every later copy is made from it. Questions
// run in the reader thread or in a tool; docs/schema.md says what is signed.
#ifndef STORE_REVISION_H
#define STORE_REVISION_H

#include "core/verdict.h"
#include "store/query.h"

enum {
	REVISION_NAME = 32,
	REVISION_SHA256 = 65, // hex digits and NUL
};

// What was known when the report was made: bounds of events, verdicts, missed alarms.
struct as_of {
	int64_t seq, verdict, missed;
};

struct revision {
	char report[REVISION_NAME]; // "alarms-daily"
	char day[11];
	int64_t from_utc_ms, to_utc_ms; // of the day
	struct as_of as_of;
	int64_t unclassified;          // alarms without a verdict
	char reason[VERDICT_NOTE_MAX]; // why it was signed all the same; "" = none
	char note[VERDICT_NOTE_MAX];   // "" = none
	char who[ID_MAX], name_zh[ID_MAX], name_en[ID_MAX], role[16];
	char data_sha256[REVISION_SHA256];
	char *document; // owned; NULL where it was not asked for
	// Given by the transaction that writes it:
	int64_t revision;           // 1, 2, 3, ... of this report and day
	int64_t seq, time_utc_ms;   // of the event report.sign
	char hash[REVISION_SHA256]; // of that event
	char document_sha256[REVISION_SHA256];
	char public_key[REVISION_SHA256];
};

// One of a report and day, by its number or (0) the newest; with its document where
// that is wanted, to be freed with revision_free. 1 found, 0 not, -1 error.
struct revision_key {
	const char *report, *day;
	int64_t revision;
	bool document;
};
int query_revision(struct reader *r, const struct revision_key *key,
    struct revision *out, struct err *err);
void revision_free(struct revision *r); // what it owns

// What is known now. 0 or -1.
int query_as_of(struct reader *r, struct as_of *out, struct err *err);

// An alarm that a day's signer is told of. "" where there is none.
struct day_alarm {
	int64_t seq, time_utc_ms; // of the onset
	char occurrence[MINT_MAX];
	char point[ID_MAX];
	char place_zh[PLACE_MAX], place_en[PLACE_MAX];
	char condition[24], code[CODE_MAX], alarm_class[16];
};
typedef bool day_alarm_fn(void *arg, const struct day_alarm *a);

// Alarms of the span that nobody has judged and somebody should (verdict_asked), tests
// aside; oldest first. Calls row() until it returns false; NULL: counts only. Returns
// how many there are in all, or -1.
int query_unclassified(struct reader *r, const struct day_span *d, day_alarm_fn *row,
    void *arg, struct err *err);
// Alarms that began before the end of the span and are open now, in the same way.
int query_still_open(struct reader *r, const struct day_span *d, day_alarm_fn *row,
    void *arg, struct err *err);

// What came to be known about a span after a revision.
struct day_change {
	const char
	    *what; // "verdict", "missed", "late": an event that was committed later
	int64_t seq, time_utc_ms;   // of the event that says so
	struct day_alarm about;     // its seq is that of the onset; 0 = none
	char before[24], after[24]; // verdicts; "" = none
	char who[ID_MAX];
};
typedef bool day_change_fn(void *arg, const struct day_change *c);

// Verdicts (the newest of each alarm), missed alarms, and events of the span's alarms
// that were committed late, each in its order. Returns how many, or -1.
int query_day_changes(struct reader *r, const struct day_span *d,
    const struct as_of *since, day_change_fn *row, void *arg, struct err *err);

// How a day of a report stands.
struct day_close {
	struct day_span day;
	bool gone; // it lies before every event that is kept: nothing can be signed
	struct revision newest; // number 0 = nobody has signed; without its document
	int unclassified, still_open, changes;
};

// `judged`: the report is of alarms, which people judge. 0 or -1.
int query_day_close(struct reader *r, const char *report, bool judged,
    const struct day_span *d, struct day_close *out, struct err *err);

// "running", "gone", "open" (to be signed), "signed", "changed" (since it was).
const char *day_close_state(const struct day_close *c);

#endif
