// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The settings of a serial line as people write them: "9600 8N1". Private to config.
#ifndef CONFIG_LINE_H
#define CONFIG_LINE_H

#include <stdint.h>

struct line_settings {
	uint32_t baud;
	char parity; // 'N', 'E', 'O'
	uint8_t data_bits, stop_bits;
};

// NULL and *out, or a reason why Modbus RTU cannot be spoken so.
const char *line_parse(const char *text, struct line_settings *out);

#endif
