// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// One daemon per directory.
#ifndef STORE_LOCK_H
#define STORE_LOCK_H

#include "lib/err.h"

// Takes DIRECTORY/lock for as long as the descriptor in *fd is open, and writes our pid
// into it. -1 with *err naming the holder where somebody else has it. Where the file
// cannot even be made because the disk is full or read-only, goes on with *fd -1.
int store_lock(const char *directory, int *fd, struct err *err);

#endif
