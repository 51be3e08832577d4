// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// When the log of a file of the store is moved into the file: by the writer, between
// two transactions, each CHECKPOINT_PAGES pages; a log that readers have made long is
// cut off once all of it is moved. Runs on the writer's thread.
#ifndef STORE_CHECKPOINT_H
#define STORE_CHECKPOINT_H

struct sqlite3;

// Zeroed = no connection yet.
struct checkpoint {
	struct sqlite3 *db; // it looks at; borrowed
	int pages;          // in the log
	int due;            // at so many
};

// Looks at this connection from now on; NULL where it was closed.
void checkpoint_watch(struct checkpoint *c, struct sqlite3 *db);
// Moves what is to be moved. name: of the file, for the log.
void checkpoint_run(struct checkpoint *c, const char *name);

#endif
