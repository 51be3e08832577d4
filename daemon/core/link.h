// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a bus promises about units that do not answer: figures that the scheduler keeps,
// that --check prints and that the API shows. Plain data. Pure.
#ifndef CORE_LINK_H
#define CORE_LINK_H

enum {
	// On a shared bus a dead unit is tried less and less often, down to this ...
	LINK_BACKOFF_MAX_MS = 30000,
	// ... and all dead units together get one part in so many of the time (I7).
	LINK_DEAD_SHARE = 10,
};

#endif
