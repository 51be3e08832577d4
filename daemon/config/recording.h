// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Recordings of buses (watchroom-recording(5)): a head in YAML, then one line a frame.
// Private to config. One thread.
#ifndef CONFIG_RECORDING_H
#define CONFIG_RECORDING_H

#include "config/sections.h"
#include "core/recording.h"

struct recording_head {
	const char *bus;                 // its id where it was recorded; "" = not said
	const struct yaml_node *devices; // as in a site, without `bus`; NULL = none
	const struct recording *frames;  // in the site's arena
};

// Reads the file named at `at` (file UINT16_MAX: by the caller). 0, or -1 with at least
// one problem.
int recording_read(
    struct load *l, struct pos at, const char *name, struct recording_head *out);

// recording_frames.c: the lines of source `file` from byte `from`, which begins line
// `line`. NULL with at least one problem.
const struct recording *recording_frames(
    struct load *l, uint16_t file, size_t from, uint32_t line);

// recording_site.c: buses that are played: their frames, and the devices of the
// recording where the site has none on that bus. Between buses_read and devices_read.
void recordings_read(struct load *l, struct sections *s);

#endif
