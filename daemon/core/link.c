// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The histogram of reply times. Pure; any thread.
#include "core/link.h"

static const uint32_t bounds[LINK_REPLY_BOUNDS] = {
	1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000, 1000000, 2000000,
	UINT32_MAX, // us
};

uint32_t
link_reply_bound_us(unsigned i)
{
	return bounds[i];
}

unsigned
link_reply_slot(uint32_t us)
{
	unsigned i = 0;

	while (us > bounds[i])
		i++;
	return i;
}

uint32_t
link_reply_quantile_us(const uint32_t counts[static LINK_REPLY_BOUNDS], double share)
{
	uint64_t all = 0, below = 0;

	for (unsigned i = 0; i < LINK_REPLY_BOUNDS; i++)
		all += counts[i];
	if (all == 0)
		return 0;
	for (unsigned i = 0; i < LINK_REPLY_BOUNDS; i++) {
		below += counts[i];
		if ((double)below >= share * (double)all)
			return bounds[i];
	}
	return bounds[LINK_REPLY_BOUNDS - 1];
}
