// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See boot.h. Read once per connection; it does not change while the machine runs.
#include "store/boot.h"

#include <stdio.h>
#include <string.h>

#include "store/hex.h"

void
boot_id(uint8_t out[static BOOT_ID])
{
	char text[64] = "", digits[2 * BOOT_ID + 1] = "";
	memset(out, 0, BOOT_ID);
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	if (f == NULL)
		return;
	if (fgets(text, sizeof(text), f) == NULL)
		text[0] = '\0';
	(void)fclose(f);
	size_t n = 0;
	for (const char *p = text; *p != '\0' && *p != '\n' && n < 2 * BOOT_ID; p++) {
		if (*p != '-')
			digits[n++] = *p;
	}
	if (!hex_decode(digits, out, BOOT_ID))
		memset(out, 0, BOOT_ID);
}
