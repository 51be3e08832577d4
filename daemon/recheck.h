// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// SIGHUP: the configuration is tried beside the daemon, with the checks of a start, and
// compared with the one that runs. The log gets what was found; what becomes of it is
// the owner's matter. The running state does not change (I12). Runs on the loop.
#ifndef DAEMON_RECHECK_H
#define DAEMON_RECHECK_H

#include "lib/loop.h"

enum recheck_outcome {
	RECHECK_BROKEN,
	RECHECK_SAME, // good, and what runs already
	RECHECK_CHANGES,
};

struct recheck_report {
	enum recheck_outcome outcome;
	// The first problem, or the first change. Valid during the call.
	char first[256];
	char revision[17]; // of a good one
	unsigned changes;
};

struct recheck_host {
	void *ctx;
	void (*done)(void *ctx, const struct recheck_report *r);
};

struct recheck;

// `file` is what a start would take, `against` a copy of what runs and `revision` its
// revision. Borrows all three.
struct recheck *recheck_new(struct loop *loop, const char *file, const char *against,
    const char *revision, const struct recheck_host *host);
// Begins, or begins again once the one that runs has ended; done() comes for the last.
void recheck_start(struct recheck *r);
// Ends one that runs; done() does not come. NULL is fine.
void recheck_free(struct recheck *r);

#endif
