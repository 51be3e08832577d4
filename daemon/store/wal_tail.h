// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// SQLite reads a log up to the first frame that is damaged and says nothing of the
// rest. This looks whether there was a rest. File format: sqlite.org/fileformat2.html,
// section 4, "The Write-Ahead Log".
#ifndef STORE_WAL_TAIL_H
#define STORE_WAL_TAIL_H

#include <stdbool.h>
#include <stddef.h>

// Whether the log of the database at `path` holds a commit behind the place where
// reading ends, so that commits are lost. Only while this process has no connection to
// the file: closing a descriptor of it drops SQLite's locks. A log that is absent or
// cannot be read holds nothing. *from (or NULL) is where reading ends, in bytes.
bool wal_tail_lost(const char *path, long *from);

// Whether a copy of the log that was made before, "PATH-wal.corrupt-TIME", holds the
// same from there on: the lost part stays in the log until that is begun anew, which
// may be several starts later. *name is the copy's, without its folder.
bool wal_tail_kept(const char *path, long from, char *name, size_t size);

#endif
