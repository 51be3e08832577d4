// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The plan of a site as figures: how long a bus is busy, and how long the worst case
// from contact to event is. Pure: computed from a loaded site. Private to config, but
// for tests.
#ifndef CONFIG_BUDGET_H
#define CONFIG_BUDGET_H

#include <stddef.h>
#include <stdint.h>

#include "core/site.h"

// Figures the load check holds a site to (DESIGN section 4).
enum {
	BUDGET_LOAD_PERCENT = 80,
	BUDGET_FIRE_MS = 10000,   // GB 26875: a fire is passed on within 10 s
	BUDGET_OTHER_MS = 100000, // and other states within 100 s
};

struct bus_budget {
	uint32_t devices, blocks; // blocks: requests of one pass over all points
	double cycle_ms;          // time of one pass, every device once
	double load;              // share of time in use, 1 = always
	uint32_t timeout_ms;      // the longest of its devices
	// A shared bus: a dead unit is tried again within this, while it is the only
	// one and while all but one are dead.
	uint32_t ceiling_one_ms, ceiling_all_ms;
};

struct point_budget {
	uint32_t worst_ms; // from contact to event
	uint32_t pulse_ms; // the shortest pulse that is surely seen
	uint32_t limit_ms; // of its class
};

struct bus_budget budget_of_bus(const struct site *s, uint16_t bus);

// Requests that one pass over a device's points takes.
uint32_t budget_blocks(const struct site *s, const struct device *d);

// `bus` is that of the point's device; not looked at for a GPIO line.
struct point_budget budget_of_point(
    const struct site *s, const struct point *p, const struct bus_budget *bus);

// Of a host: how long one check takes at most, and from gone to fault, while all else
// at its address is gone too.
struct host_budget {
	uint32_t check_ms;
	uint32_t worst_ms, limit_ms;
};

struct host_budget budget_of_host(const struct site *s, uint16_t host);

// Of all hosts in the minute when every one of them goes and each try takes its whole
// time-out: checks a second, and tries under way at once.
struct hosts_budget {
	double per_second, at_once;
};

struct hosts_budget budget_of_hosts(const struct site *s);

// Worst case of a device without its points' own delays.
uint32_t budget_of_device(const struct device *d, const struct bus_budget *bus);

#endif
