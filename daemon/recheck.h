// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// SIGHUP: the configuration is tried beside the daemon, with the checks of a start, and
// the log says what would become of it; its problems are printed as at a start. The
// running state does not change, whatever is found (I12). Runs on the loop.
#ifndef DAEMON_RECHECK_H
#define DAEMON_RECHECK_H

#include "lib/loop.h"

struct recheck;

// Borrows `file`.
struct recheck *recheck_new(struct loop *loop, const char *file);
// Begins, or begins again once the one that runs has ended.
void recheck_start(struct recheck *r);
// Ends one that runs. NULL is fine.
void recheck_free(struct recheck *r);

#endif
