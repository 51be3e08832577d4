// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a rig's journal holds, asked with SQL. Test code only.
#ifndef ENGINE_JOURNAL_H
#define ENGINE_JOURNAL_H

#include "engine_rig.h"

// How many events there are of which `where` holds, once all that was written is saved.
unsigned rig_events(struct rig *r, const char *where);

#endif
