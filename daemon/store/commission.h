// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The commissioning ledger: point by point what should come, what was seen at the
// panel, what was seen here, who says so and when. A mark is an event; its row in the
// ledger is written in the same transaction and never changed. What was seen here is
// not typed by anybody: it is the alarm of the expected condition that came and went
// while a walk of the point's zone or device was open, and a person confirms it with
// the mark.
//
// Questions run in the reader thread, or in a tool. They read the site as loaded, which
// is immutable and must outlive them.
#ifndef STORE_COMMISSION_H
#define STORE_COMMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/commission.h"
#include "core/event.h"
#include "core/site.h"
#include "lib/err.h"

struct reader;

enum {
	COMMISSION_PANEL_CHARS = 40,
	COMMISSION_NOTE_CHARS = 160,
	COMMISSION_PANEL_MAX =
	    COMMISSION_PANEL_CHARS * 4 + 1, // bytes of UTF-8 with NUL
	COMMISSION_NOTE_MAX = COMMISSION_NOTE_CHARS * 4 + 1,
	WIRING_MAX = 192,
};
// A walk that nobody closes ends by itself.
#define WALK_LASTS_MS (INT64_C(12) * 60 * 60 * 1000)

// One entry of the ledger.
struct commission_entry {
	int64_t seq; // of its event; 0 where it is from an older journal
	int64_t time_utc_ms;
	enum commission_verdict verdict;
	char expected[16];
	char at_panel[COMMISSION_PANEL_MAX]; // "" = nothing told
	char here[CODE_MAX];                 // condition seen here, "" = none
	int64_t here_seq;                    // of its onset, 0 = none
	char who[ID_MAX];
	char note[COMMISSION_NOTE_MAX];
	char wiring[WIRING_MAX];
};

// An alarm seen during a walk; onset_seq 0 = none.
struct commission_sight {
	int64_t onset_seq, clear_seq, onset_utc_ms;
};

// Where one point stands. `entry` is valid during the call only.
struct commission_state {
	uint32_t point; // index into site->points
	enum commission_status status;
	enum condition expected;
	char wiring[WIRING_MAX];              // as it is now
	const struct commission_entry *entry; // the newest, or NULL
	struct commission_sight sight;        // since that entry
};

// How a point is wired: "fap1 unit 1 holding 3 smoke". A mark holds for this wiring.
void commission_wiring(
    const struct site *s, const struct point *p, char out[static WIRING_MAX]);

// Points by index, half-open.
struct commission_range {
	uint32_t from, to;
};
// All points of the site; the built-in ones are not commissioned.
struct commission_range commission_all(const struct site *s);

// Calls row() for the points of the range in their order, until it returns false. 0 or
// -1.
int query_commission(struct reader *r, const struct site *s,
    struct commission_range which,
    bool (*row)(void *arg, const struct commission_state *st), void *arg,
    struct err *err);

// A walk that is open now.
struct commission_walk {
	bool of_device; // else of a zone
	char target[ID_MAX];
	char who[ID_MAX];
	int64_t opened_utc_ms;
};
int query_walks(struct reader *r, int64_t now_utc_ms,
    void (*row)(void *arg, const struct commission_walk *w), void *arg,
    struct err *err);

// --- entries -------------------------------------------------------------------------

struct commission_mark {
	enum commission_verdict verdict;
	const char *at_panel, *note; // "" = none
};

// The event of a mark on a point whose state is `st`. False: the texts do not fit.
bool commission_mark_event(const struct site *s, const struct commission_state *st,
    const struct commission_mark *m, const char *who, struct event *out);

// Whether a mark says enough: what was not seen here is proven only with a note of how.
bool commission_mark_is_founded(
    const struct commission_state *st, const struct commission_mark *m);

// The event of a walk that is opened or closed.
void commission_walk_event(const char *scope, const char *target, bool open,
    const char *who, struct event *out);

// Adds an event to the journal, for tools; works beside a running daemon (waits for the
// lock at most 5 s). Times are filled. 0, or -1.
int store_put_event(const char *directory, struct event *e, const char *config_rev,
    int64_t now_utc_ms, struct err *err);

#endif
