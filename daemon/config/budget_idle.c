// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See budget_idle.h. The rules are those of drivers/modbus_schedule.c.
#include "config/budget_idle.h"

#include <math.h>

enum {
	ROUNDS = 64, // until the sum stands; else the most
};

double
budget_times_due(const struct budget_idle *i, double ms, uint32_t period)
{
	return fmin(1 + ceil(ms / period), ceil((ms + i->after_ms) / period));
}

double
budget_idle_ms(const struct budget_idle *i)
{
	const struct bus_budget *bus = i->bus;
	double t = bus->cycle_ms - i->without_ms;

	for (int round = 0; round < ROUNDS; round++) {
		double next = bus->rest_ms - i->without_ms;
		for (uint8_t k = 0; k < bus->n_periods; k++)
			next += bus->periods[k].busy_ms *
				budget_times_due(i, t, bus->periods[k].ms);
		if (next <= t || next > i->most_ms)
			return fmin(fmax(next, 0), i->most_ms);
		t = next;
	}
	return i->most_ms;
}

double
budget_idle_of_shorter_ms(const struct budget_idle *i, uint32_t period, double idle_ms)
{
	double ms = i->bus->rest_ms;

	for (uint8_t k = 0; k < i->bus->n_periods; k++)
		if (i->bus->periods[k].ms < period)
			ms += i->bus->periods[k].busy_ms *
			      budget_times_due(i, idle_ms, i->bus->periods[k].ms);
	return fmin(ms, idle_ms);
}
