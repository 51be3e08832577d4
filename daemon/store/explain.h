// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `explain`: why an alarm sounded, or why none did, as one trace. From the journal come
// events, notices that are owed, flags and open alarms; from a running engine its last
// decisions. Used in the reader thread and by the tool; a trace is bounded.
#ifndef STORE_EXPLAIN_H
#define STORE_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/decision.h"
#include "core/event.h"
#include "core/site.h"
#include "lib/buf.h"
#include "lib/err.h"
#include "lib/text.h"

struct reader;

enum {
	EXPLAIN_EVENTS = 200,  // of the point, the newest
	EXPLAIN_OWN = 1000,    // of the occurrence, the oldest: with its end
	EXPLAIN_RELATED = 20,  // of each link that it hangs on
	EXPLAIN_LINKS_MAX = 3, // device, bus, chip
	EXPLAIN_SITE = 20,     // of the whole site, the newest
};

// What is asked. All copied.
struct explain_question {
	char point[ID_MAX];        // "" with an occurrence alone
	char occurrence[MINT_MAX]; // "" = all of the point's
	char zone[ID_MAX];         // of the point, for a test in force; "" = unknown
	char link[EXPLAIN_LINKS_MAX][ID_MAX]; // built-in points of its links; "" = none
	const struct site *site; // of an occurrence alone: where its links are found
	bool live;               // `decision` is what a running engine decided
	unsigned n_decisions;
	struct {
		struct decision d; // its word is in `word`
		char word[CODE_MAX];
	} decision[DECISIONS_PER_POINT];
};

void explain_take_decisions(
    struct explain_question *q, const struct decision *d, unsigned n);

// Its zone and links, as the site has them.
void explain_site(struct explain_question *q, const struct site *site, uint32_t point);

struct explanation;

// 1 with *out (explain_free), 0 where the journal knows no such occurrence, -1 with
// *err. `now_utc_ms` judges which flags are in force.
int explain_ask(struct reader *r, const struct explain_question *q, int64_t now_utc_ms,
    struct explanation **out, struct err *err);
void explain_free(struct explanation *x);        // NULL is fine
bool explain_known(const struct explanation *x); // anything is said of it

// The object of docs/api.md.
void explain_json(const struct explanation *x, struct buf *out);
// Lines for a person; times in the process's zone (TZ).
void explain_text(const struct explanation *x, enum lang l, struct buf *out);

#endif
