// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The kernel's boot id and the monotonic clock that goes with it. Any thread.
#ifndef STORE_BOOT_H
#define STORE_BOOT_H

#include <stdint.h>

enum {
	BOOT_ID = 16
};

// /proc/sys/kernel/random/boot_id (random(4)); zeros where it cannot be read.
void boot_id(uint8_t out[static BOOT_ID]);

#endif
