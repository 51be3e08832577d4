// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What SIGHUP does: the configuration is checked aside, refused whole, or taken by a
// daemon that renews itself. Not for others than main.c.
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

struct daemon;
struct reload;

// `running_copy` is the saved copy of what runs. Once the site and the loop are there;
// reload_start once all parts are.
struct reload *reload_new(struct daemon *d, const char *running_copy);
void reload_start(struct reload *r);
void reload_free(struct reload *r); // NULL is fine

// Runs this program again in this process, with the same arguments, once all is
// stopped.
_Noreturn void reload_renew(char *const *argv);

#endif
