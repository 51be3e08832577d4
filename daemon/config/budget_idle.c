// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See budget_idle.h. The rules are those of drivers/modbus_schedule.c.
#include "config/budget_idle.h"

#include <math.h>
#include <stddef.h>

enum {
	ROUNDS = 64, // until the sum stands; else the most
};

double
budget_times_due(const struct budget_idle *i, double ms, uint32_t period)
{
	return fmin(1 + ceil(ms / period), ceil((ms + i->after_ms) / period));
}

// What those ask in this period who do not ask meanwhile.
static double
without_ms(const struct budget_idle *i, uint32_t period)
{
	double ms = 0;

	for (size_t k = 0; k < sizeof(i->without) / sizeof(i->without[0]); k++)
		for (uint8_t j = 0;
		     i->without[k] != NULL && j < i->without[k]->n_periods; j++)
			if (i->without[k]->periods[j].ms == period)
				ms += i->without[k]->periods[j].busy_ms;
	return ms;
}

static double
busy_ms(const struct budget_idle *i, uint8_t period)
{
	return i->bus->periods[period].busy_ms -
	       without_ms(i, i->bus->periods[period].ms);
}

double
budget_idle_ms(const struct budget_idle *i)
{
	const struct bus_budget *bus = i->bus;
	double t = 0;

	for (int round = 0; round < ROUNDS; round++) {
		double next = bus->rest_ms;
		for (uint8_t k = 0; k < bus->n_periods; k++)
			next +=
			    busy_ms(i, k) * budget_times_due(i, t, bus->periods[k].ms);
		if (next <= t || next > i->most_ms)
			return fmin(next, i->most_ms);
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
			ms += busy_ms(i, k) *
			      budget_times_due(i, idle_ms, i->bus->periods[k].ms);
	return fmin(ms, idle_ms);
}
