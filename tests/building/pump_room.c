// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The pump room; see pump_room.h. The jockey pump starts at 0.72 MPa and stops at
// 0.80 MPa, ten seconds of leak and three and a half of topping up: far quicker
// than a real main, so that a short demonstration shows several starts.

#include "pump_room.h"

#include <math.h>

enum {
	HYDRANT_STOP = 800,
	HYDRANT_START = 720,
	LEAK_MS = 10000,
	RISE_MS = 3500,
	CYCLE_MS = LEAK_MS + RISE_MS,
	NOISE_MS = 400,
};

// -1, 0 or 1 for each 400 ms of each gauge: a small integer hash, so that the same
// moment always shows the same noise.
static int
noise(int64_t ms, uint32_t gauge)
{
	uint32_t x = (uint32_t)(ms / NOISE_MS) * 2654435761U ^ (gauge * 40503U);

	x ^= x >> 15;
	x *= 2246822519U;
	x ^= x >> 13;
	return (int)(x % 3U) - 1;
}

static int
sine(int64_t ms, double period_ms, double amplitude)
{
	const double turn = 6.283185307179586;

	return (int)lround(amplitude * sin(turn * (double)ms / period_ms));
}

struct pump_room
pump_room_at(int64_t ms)
{
	const int span = HYDRANT_STOP - HYDRANT_START;
	int phase = (int)(ms % CYCLE_MS);
	bool rising = phase >= LEAK_MS;
	int level;

	if (rising)
		level = HYDRANT_START + span * (phase - LEAK_MS) / RISE_MS;
	else
		level = HYDRANT_STOP - span * phase / LEAK_MS;
	return (struct pump_room){
		.hydrant = level + noise(ms, 1),
		.sprinkler = 1000 + sine(ms, 47000.0, 2.0) + noise(ms, 2),
		.domestic = 350 + sine(ms, 31000.0, 8.0) + noise(ms, 3),
		.tank = 180 + noise(ms, 4),
		.jockey_running = rising,
		.jockey_starts = (uint32_t)(ms / CYCLE_MS) + (rising ? 1U : 0U),
	};
}
