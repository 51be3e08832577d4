// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The plan of a site as figures: how long a bus is busy, and how long the worst case
// from contact to event is, with the faults that this holds for. Pure: computed from a
// loaded site. Private to config, but for tests.
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

enum {
	BUDGET_PERIODS = 16, // told apart on one bus; the rest counts as drifting
};

struct bus_budget {
	uint32_t devices;
	unsigned window;   // requests in flight
	uint32_t blocks;   // requests of one pass over all points
	uint32_t requests; // the same with dialogs and settings
	double cycle_ms;   // time of one pass, every request of every device once
	double load;       // share of time in use, 1 = always
	double longest_ms; // request
	double timeout_ms; // the longest
	double drift_ms;   // of cycle_ms: requests without fixed times
	double rest_ms;    // of cycle_ms: those whose period is not told apart
	uint8_t n_periods;
	struct {
		uint32_t ms; // period
		double busy_ms;
		double drift_ms, first_ms; // of it
	} periods[BUDGET_PERIODS];
	// A shared bus: a dead unit is tried again within this, while it is the only
	// one and while all but one are dead.
	uint32_t ceiling_one_ms, ceiling_all_ms;
};

// Of a device, for its points. The faults inside the bound: `lost_replies` of its own,
// in all, from contact to event; on a shared bus `silent` other units fall silent or
// slow meanwhile (the bus's silent_units), and any number of others are dead already.
// Each reply that is not lost comes as fast as the plan counts on.
struct device_budget {
	uint8_t lost_replies;
	uint8_t silent;
	double varies_ms; // beyond the period: what comes before, and not always
	double wait_ms;   // and the rest, while nothing is lost
	double faults_ms; // beyond that, for the faults
	double drift_ms;  // and further, for what is not asked at fixed times
	double own_ms;    // one pass over the device itself
};

struct point_budget {
	uint32_t worst_ms; // from contact to event, with the faults
	uint32_t calm_ms;  // while every reply comes
	uint32_t pulse_ms; // the shortest pulse that is surely seen, with the faults
	uint32_t limit_ms; // of its class
};

struct bus_budget budget_of_bus(const struct site *s, uint16_t bus);
struct device_budget budget_of_device(
    const struct site *s, const struct device *d, const struct bus_budget *bus);

// What a point adds itself: on_delay, and that of its slowest limit. ms.
uint32_t budget_own_delay(const struct point *p);

// Requests that one pass over a device's points takes.
uint32_t budget_blocks(const struct site *s, const struct device *d);

// All points of a device, in its order.
typedef void budget_point_fn(
    void *ctx, const struct point *p, const struct point_budget *b);
void budget_of_points(const struct site *s, const struct device *d,
    const struct bus_budget *bus, budget_point_fn *fn, void *ctx);
// One point, of a device or of a GPIO chip, for which `bus` is not looked at.
struct point_budget budget_of_point(
    const struct site *s, const struct point *p, const struct bus_budget *bus);

// Worst case of a device without its points' own delays, when a point is read each
// period: device.budget_ms.
uint32_t budget_of_reading(const struct device *d, const struct device_budget *b);

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

#endif
