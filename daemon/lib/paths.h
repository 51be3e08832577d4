// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Where the program's own read-only files are (panels/, web/), and the socket of the
// daemon. Start-up only.
#ifndef LIB_PATHS_H
#define LIB_PATHS_H

// The directory `sub` ("panels", "web") under the first of: $WATCHROOM_DATA; a tree
// that the running program was built in (the program's folder, its parent or
// grandparent holds `sub`); the installed data directory. Caller frees. Never NULL.
char *paths_data(const char *sub);

// The control socket of the daemon with this state directory. Caller frees.
char *paths_control(const char *state_directory);

// The file of a sibling program ("watchroom" beside "watchroomd", or in ../cli of a
// build tree, or in the installed bin directory). Caller frees; NULL where there is
// none.
char *paths_program(const char *name);

#endif
