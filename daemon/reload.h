// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What SIGHUP does: the configuration is checked aside, refused whole, or taken by a
// daemon that renews itself. Not for others than main.c.
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include "recheck.h"

struct daemon;

// Once the site and the loop are there; recheck_start once all parts are.
struct recheck *reload_new(struct daemon *d);

// Runs this program again in this process, with the same arguments, once all is
// stopped. Signals that are blocked stay so and wait.
_Noreturn void reload_renew(char *const *argv);

#endif
