// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A writer thread: takes work from its mailbox, puts what is there into one
// transaction, and reports on a mailbox to the loop. What the work is, the owner's
// functions know.
//
// Work is never reordered and never dropped: a transaction that fails is tried again,
// whole, until it holds or the writer is told to give up. But for a row that the schema
// refuses, which is a fault of ours: its piece of work comes back as refused, alone,
// and keeps nothing else from the disk.
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include <sys/queue.h>

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/db.h"
#include "store/store.h"

enum {
	WRITER_ROWS_MAX = 200,    // rows after which a transaction takes no more work,
	WRITER_ROWS_STORM = 2000, // unless work has piled up: then up to here
	WRITER_MS_MAX = 50,       // and never longer than this
	SLOW_COMMIT_MS = 1000,
	LOCKED_ERROR_MS = 5000, // a foreign lock shorter than this is no error
};

// First member of every piece of work.
struct work {
	STAILQ_ENTRY(work) next;
	size_t rows;
	bool refused; // set by the writer; nothing of it was written
};
STAILQ_HEAD(work_list, work);

// Runs in the writer thread, but for close, which may also run after it ended.
struct writer_ops {
	const char *name;
	// Opens the file where it is not open. 0, or -1 with *fault.
	int (*open)(void *ctx, struct fault *fault);
	void (*close)(void *ctx);
	sqlite3 *(*db)(void *ctx);
	// SQLite codes.
	int (*begin)(void *ctx);
	int (*apply)(void *ctx, struct work *w);
	int (*commit)(void *ctx);
	void (*rollback)(void *ctx);
	// The file, which is closed, stays damaged also after it was opened anew: puts
	// another in its place. 0 with the old one's new name in `aside`, and whether
	// not all it held could be read; or -1.
	int (*renew)(void *ctx, char *aside, size_t size, bool *unread);
	// A commit that failed may be in the file all the same, and nobody knows until
	// its log is read anew. NULL: what is written twice is as written once.
	// Whether the one that has just failed is of that kind; whether, after begin,
	// what it was of is in the file; takes over what a piece of it was given.
	bool (*in_doubt)(void *ctx);
	bool (*was_in)(void *ctx);
	void (*confirm)(void *ctx, struct work *w);
};

enum report_kind {
	REPORT_DONE,
	REPORT_MODE,
	REPORT_ENDED
};

// To the loop, which frees it.
struct report {
	enum report_kind kind;
	struct work_list done; // REPORT_DONE: durable or refused, in order
	enum store_mode mode;  // REPORT_MODE
	char detail[64];
	bool unread; // REPORT_MODE: of a file that was set aside
};

struct writer;

// Room for `capacity` pieces of work. `mode` and `detail` are how it begins.
struct writer *writer_start(const struct writer_ops *ops, void *ctx, size_t capacity,
    enum store_mode mode, const char *detail);

// 0, or -1 where it is full. The loop only.
int writer_post(struct writer *w, struct work *work);
// Reports, in order; the loop takes them.
struct mailbox *writer_reports(struct writer *w);

// How long the attempt has lasted that it is in; 0 = it is in none. Any thread.
int64_t writer_busy_ms(const struct writer *w);

// Tells it to end: after the transaction it is in, or at its next failure. Its last
// report is REPORT_ENDED.
void writer_stop(struct writer *w);
// After REPORT_ENDED was taken: frees it; what was not written is in *left.
void writer_join(struct writer *w, struct work_list *left);
// Where REPORT_ENDED does not come, because the thread hangs in the disk: leaves it and
// its memory alone. The process is about to end.
void writer_abandon(struct writer *w);

#endif
