// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Whether the daemon can still alert people: the one judgement behind the heartbeat
// output and behind the service manager's watchdog. It is asked from the loop and of
// the loop, so that a loop (and the engine on it) that stands still says nothing at
// all, which is the same answer. Pure.
#ifndef CORE_ALIVE_H
#define CORE_ALIVE_H

#include <stdint.h>

enum {
	// A timer that comes this late: a fire would be as late on the screen. A fifth
	// of the 10 s that a fire may take (GB 25506-2010); the alarm comes at 250 ms.
	ALIVE_LATE_MS = 2000,
	// The journal's writer is in one attempt for so long: it hangs. A store that is
	// full, locked or broken answers within a second and is alive: fires still
	// reach screen, sounder and people (I2), and @store is an alarm of its own
	// (I9).
	ALIVE_SILENT_MS = 60000,
};

struct alive_facts {
	int64_t late_ms;          // worst lateness of the loop since it was last asked
	int64_t writer_silent_ms; // how long the writer's present attempt has taken
};

// NULL: it is alive. Else why not: "loop-late", "writer-silent" (static).
const char *alive_judge(const struct alive_facts *f);

#endif
